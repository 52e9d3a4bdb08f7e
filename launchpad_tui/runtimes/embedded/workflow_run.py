"""Runs the steps of a workflow: parameters, path mapping, commands and outputs."""

from __future__ import annotations

import json
import os
import re
import shlex
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from launchpad_tui.domain.timestamps import now
from launchpad_tui.records import record
from launchpad_tui.runtimes.embedded.code_copy import CodeView
from launchpad_tui.runtimes.embedded.failure_hints import OutputTail, StepFacts, hint, last_error
from launchpad_tui.runtimes.embedded.mounts import Mount
from launchpad_tui.runtimes.embedded.output_archive import archived
from launchpad_tui.runtimes.embedded.process import Cancellation, ExitStatus, run
from launchpad_tui.runtimes.embedded.sandbox import Launch, Sandbox
from launchpad_tui.runtimes.embedded.space_reserve import is_full
from launchpad_tui.runtimes.embedded.step_errors import Interrupted, StepFailed
from launchpad_tui.runtimes.embedded.step_mounts import (
    add_mount,
    input_mount,
    is_covered,
    is_file_path,
    mount_key,
    output_place,
)
from launchpad_tui.runtimes.embedded.template_body import REFERENCE, STEP_OUTPUT
from launchpad_tui.runtimes.embedded.template_model import (
    SIGNATURES,
    Call,
    Container,
    OutputArtifact,
    Template,
    Workflow,
)
from launchpad_tui.runtimes.embedded.template_variables import (
    INPUT_ARTIFACT,
    STEP_VALUE,
    parameters_json,
    workflow_variable,
)
from launchpad_tui.runtimes.embedded.workspace import Workspace
from launchpad_tui.runtimes.log_files import LogWriter

#: Paths of Python interpreters that are replaced by the interpreter of the execution. Interpreters
#: of virtual environments do not match.
_SYSTEM_PYTHON = re.compile(
    r"(/bin/|/usr/bin/|/usr/local/bin/|/opt/(conda|python)/bin/)?python3?(\.\d+)?"
)


@record
class RunContext:
    """The values that all steps of an execution share.

    Args:
        parameters: the values of the workflow's parameters.
        inputs: the folder of each input artifact, by the name of the input.
        env: the environment variables of all steps.
        python: the interpreter that ``python`` runs.
        code: the copies of the code by the name of the template.
        sandbox: the method of mapping the container's paths.
        secret: returns the keys and values of a secret.
        record: receives the lines of standard output that begin with ``::``.
        facts: what explanations of failures refer to, by the name of the template.
    """

    workflow: Workflow
    execution_id: str
    created_at: datetime
    workspace: Workspace
    parameters: Mapping[str, str]
    inputs: Mapping[str, Path]
    env: Mapping[str, str]
    python: Path
    code: Mapping[str, CodeView]
    sandbox: Sandbox
    log: LogWriter
    cancellation: Cancellation
    secret: Callable[[str], Mapping[str, str]]
    record: Callable[[list[bytes]], None]
    facts: Mapping[str, StepFacts]


@dataclass(slots=True)
class _CallOutputs:
    """The outputs of a call: paths of artifacts and values of parameters, by name.

    ``values`` are the other values of the step, such as ``exitCode``. ``plain`` are the names of
    artifacts that are stored without an archive.
    """

    artifacts: dict[str, Path]
    parameters: dict[str, str]
    values: dict[str, str] = field(default_factory=dict)
    plain: set[str] = field(default_factory=set)


class WorkflowRun:
    """One run of a workflow."""

    def __init__(self, context: RunContext) -> None:
        self._context = context
        self._outputs: dict[str, Path] = {}
        self.signatures: dict[str, str] = {}
        #: the ``globalName`` of outputs that could not be packed, because the disk is full
        self.unarchived: set[str] = set()
        self._lock = threading.Lock()

    def run(self) -> dict[str, Path]:
        """Run all steps.

        Returns:
            The path of each output that is to be registered, by its ``globalName``. An archived
            output is a ``.tgz`` file.

        Raises:
            StepFailed: a command failed, or an output is missing.
            Interrupted: the execution was stopped, or its deadline passed.
        """
        workflow = self._context.workflow
        # Input parameters of the entrypoint have the values of the workflow's parameters.
        declared = {name for name, _ in workflow.templates[workflow.entrypoint].parameters}
        parameters = tuple(
            (name, f"{{{{workflow.parameters.{name}}}}}")
            for name, _ in workflow.parameters
            if name in declared
        )
        self._call(Call("", workflow.entrypoint, 0, parameters), {}, {}, {})
        return self._outputs

    def _call(
        self,
        call: Call,
        given: Mapping[str, Path],
        outer: Mapping[str, str],
        outputs: Mapping[str, _CallOutputs],
    ) -> _CallOutputs:
        """Run a call.

        Args:
            call: the call.
            given: the input artifacts of the calling template, by name.
            outer: the variables of the calling template.
            outputs: the outputs of its earlier steps.
        """
        template = self._context.workflow.templates[call.template]
        values = {name: default or "" for name, default in template.parameters}
        values |= {name: self._fill_in(text, outer, outputs) for name, text in call.parameters}
        known = {f"inputs.parameters.{name}": value for name, value in values.items()}
        known |= {"inputs.parameters": parameters_json(values), "retries": "0"}
        step = call.name or template.name
        known |= dict.fromkeys(("node.name", "steps.name", "tasks.name"), step)
        artifacts: dict[str, Path] = {}
        for name, source in call.artifacts:
            reference = source.strip().strip("{} ")
            if match := STEP_OUTPUT.fullmatch(reference):
                artifacts[name] = outputs[match[1]].artifacts[match[3]]
            elif match := INPUT_ARTIFACT.fullmatch(reference):
                found = given.get(match[1]) or self._context.inputs.get(match[1])
                if found is not None:
                    artifacts[name] = found
        if template.container is not None:
            return self._run_container(step, template, template.container, artifacts, known)
        before: dict[str, _CallOutputs] = {}
        for group in template.steps:
            before |= self._group(group, known, before, artifacts)
        return self._collect_from_steps(template, known, before)

    def _collect_from_steps(
        self, template: Template, known: Mapping[str, str], before: Mapping[str, _CallOutputs]
    ) -> _CallOutputs:
        """Return the outputs of a template with steps, which are outputs of its steps."""
        collected = _CallOutputs({}, {})
        for parameter in template.output_parameters:
            collected.parameters[parameter.name] = self._fill_in(parameter.source, known, before)
        for output in template.outputs:
            match = STEP_OUTPUT.fullmatch(output.source.strip().strip("{} "))
            if match is not None:
                source = before[match[1]]
                path = collected.artifacts[output.name] = source.artifacts[match[3]]
                if match[3] in source.plain:
                    collected.plain.add(output.name)
                self._add_output(replace(output, archived=match[3] not in source.plain), path)
        return collected

    def _group(
        self,
        group: tuple[Call, ...],
        known: Mapping[str, str],
        before: Mapping[str, _CallOutputs],
        given: Mapping[str, Path],
    ) -> dict[str, _CallOutputs]:
        """Run calls in parallel; the first error is raised after all calls have ended."""
        found: dict[str, _CallOutputs] = {}
        errors: list[BaseException] = []

        def one(call: Call) -> None:
            try:
                found[call.name] = self._call(call, given, known, before)
            except BaseException as error:  # noqa: BLE001  raised by the waiting thread
                errors.append(error)

        if len(group) == 1:
            return {group[0].name: self._call(group[0], given, known, before)}
        threads = [
            threading.Thread(target=one, args=(call,), name=f"step-{call.name}") for call in group
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if errors:
            raise errors[0]
        return found

    def _run_container(
        self,
        step: str,
        template: Template,
        container: Container,
        given: Mapping[str, Path],
        known: dict[str, str],
    ) -> _CallOutputs:
        context = self._context
        if context.cancellation.requested:
            raise Interrupted("Stopped before this step")
        place = _unique(context.workspace.artifacts / _file_name(step))
        view = context.code[template.name]
        container = view.complete(container)
        paths_of_artifacts = {path.rstrip("/") for path in template.paths}
        mounts: dict[str, Mount] = {
            mount_key(mount): mount
            for mount in view.mounts
            if mount.target not in paths_of_artifacts
        }
        facts = replace(context.facts[template.name], inputs={})
        for each in template.inputs:
            source = given.get(each.name) or context.inputs.get(each.name)
            if source is None and each.raw is not None:
                source = place / "raw" / _file_name(each.name)
                source.parent.mkdir(exist_ok=True)
                source.write_text(self._fill_in(each.raw, known, {}), encoding="utf-8")
            if source is None:
                raise StepFailed(
                    f"Step {step}: the input artifact {each.name} has no binding",
                    reason="input",
                    step=step,
                )
            add_mount(mounts, input_mount(source, each.path))
            facts.inputs[each.path.rstrip("/")] = source
            known[f"inputs.artifacts.{each.name}.path"] = each.path
        paths: dict[str, Path] = {}
        for output in template.outputs:
            paths[output.name] = output_place(
                mounts, place / "out", output.path, is_file=is_file_path(output.path)
            )
        for parameter in template.output_parameters:
            paths[parameter.name] = output_place(
                mounts, place / "out", parameter.path, is_file=True
            )
        known |= {f"outputs.artifacts.{o.name}.path": o.path for o in template.outputs}
        known |= {f"outputs.parameters.{o.name}.path": o.path for o in template.output_parameters}
        launch = self._launch(step, container, view, known, list(mounts.values()), place)
        command = [self._fill_in(item, known, {}) for item in (*container.command, *container.args)]
        context.log.report(f"Step {step} started: {shlex.join(command)[:2000]}", step)
        tail, started_at = OutputTail(), now()
        status = run(launch, step, context.log, context.cancellation, context.record, tail.add)
        if context.cancellation.requested:
            raise Interrupted(f"Step {step} was stopped ({status})")
        context.log.report(f"Step {step} ended: {status}", step)
        if status.code:
            raise StepFailed(
                f"Step {step} failed: {_explanation(status)}",
                last_error(tail),
                hint(tail, facts),
                step=step,
                exitCode=str(status.code),
            )
        collected = self._collect(step, template, paths)
        collected.values = {
            "id": f"{context.execution_id}-{step}",
            "status": "Succeeded",
            "exitCode": "0",
            "startedAt": started_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "finishedAt": now().strftime("%Y-%m-%dT%H:%M:%SZ"),
            "hostNodeName": os.uname().nodename,
            "outputs.result": tail.result,
        }
        return collected

    def _launch(
        self,
        step: str,
        container: Container,
        view: CodeView,
        known: Mapping[str, str],
        mounts: list[Mount],
        place: Path,
    ) -> Launch:
        context = self._context
        env = {**context.env, **view.env}
        for name in container.env_secrets:
            env |= context.secret(name)
        for variable in container.env:
            if variable.secret:
                env[variable.name] = context.secret(variable.secret[0])[variable.secret[1]]
            else:
                env[variable.name] = self._fill_in(variable.value, known, {})
        env["PATH"] = f"{context.workspace.bin}{os.pathsep}{env.get('PATH', os.defpath)}"
        argv = [self._fill_in(item, known, {}) for item in (*container.command, *container.args)]
        if container.script:
            place.mkdir(parents=True, exist_ok=True)
            file = place / "script"
            file.write_text(self._fill_in(container.script, known, {}), encoding="utf-8")
            argv = [*argv, str(file)]
        if argv and _SYSTEM_PYTHON.fullmatch(argv[0]):
            # The path of the interpreter in the image does not exist on this machine.
            argv[0] = str(context.python)
        cwd = container.working_dir or view.working_dir or view.path or str(view.folder)
        if cwd == "/" and not context.sandbox.has_view:
            # The root of this machine has none of the files that the image has in its root.
            cwd = str(view.folder)
        if (
            container.working_dir
            and not is_covered(container.working_dir, mounts)
            and not os.path.isdir(cwd)
        ):
            raise StepFailed(
                f"Step {step}: the working directory {cwd} does not exist on this machine",
                step=step,
            )
        return context.sandbox.wrap(argv, env, cwd, mounts, place / "sandbox")

    def _fill_in(
        self, text: str, known: Mapping[str, str], outputs: Mapping[str, _CallOutputs]
    ) -> str:
        context = self._context

        def value(name: str) -> str:
            found = workflow_variable(
                name,
                context.workflow,
                context.parameters,
                context.execution_id,
                context.created_at,
            )
            if found is not None:
                return found
            if match := STEP_VALUE.fullmatch(name):
                return outputs[match[1]].values.get(match[2], "")
            if match := STEP_OUTPUT.fullmatch(name):
                return outputs[match[1]].parameters[match[3]]
            return known[name]

        return REFERENCE.sub(lambda match: value(match.group(1)), text)

    def _collect(self, step: str, template: Template, paths: Mapping[str, Path]) -> _CallOutputs:
        collected = _CallOutputs({}, {})
        for parameter in template.output_parameters:
            try:
                text = paths[parameter.name].read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError) as error:
                if parameter.name == SIGNATURES:
                    continue
                detail = f"{parameter.path}: {error}"
                raise StepFailed(
                    f"Step {step} wrote no value of {parameter.name}", detail, step=step
                ) from error
            collected.parameters[parameter.name] = text.strip()
            if parameter.name == SIGNATURES:
                self._add_signatures(text)
        for output in template.outputs:
            path = paths[output.name]
            if not _has_content(path):
                what = f"output {output.global_name or output.name}"
                detail = f"There is no file at {output.path} after the step."
                raise StepFailed(
                    f"Step {step} did not write its {what}",
                    detail,
                    step=step,
                    reason="output missing",
                )
            collected.artifacts[output.name] = path
            if not output.archived:
                collected.plain.add(output.name)
            self._add_output(output, path)
        return collected

    def _add_output(self, output: OutputArtifact, path: Path) -> None:
        """Note an output that is to be registered."""
        if output.global_name:
            stored = self._archived(path, output.global_name) if output.archived else path
            with self._lock:
                self._outputs[output.global_name] = stored

    def _archived(self, path: Path, name: str) -> Path:
        try:
            return archived(path, name)
        except OSError as error:
            if not is_full(error):
                raise
            with self._lock:
                self.unarchived.add(name)
            return path

    def _add_signatures(self, text: str) -> None:
        try:
            found = json.loads(text)
        except ValueError:
            self._context.log.report(f"{SIGNATURES} is not valid JSON and was ignored")
            return
        if isinstance(found, dict):
            with self._lock:
                self.signatures |= {str(name): str(value) for name, value in found.items()}


def _has_content(path: Path) -> bool:
    if path.is_dir():
        return any(each.is_file() for each in path.rglob("*"))
    return path.is_file() and path.stat().st_size > 0


def _explanation(status: ExitStatus) -> str:
    return {
        125: "exit code 125 (the container's paths could not be mapped; see the log)",
        126: "exit code 126 (the command is not executable)",
        127: "exit code 127 (a command was not found)",
        -9: "killed by SIGKILL (out of memory?)",
    }.get(status.code, str(status))


def _file_name(step: str) -> str:
    return (
        "".join(char if char.isalnum() or char in "-_." else "_" for char in step).lstrip(".")[:80]
        or "step"
    )


def _unique(path: Path) -> Path:
    """Create and return a new folder for a step; several steps may have the same name."""
    for number in range(1, 10_000):
        candidate = path if number == 1 else path.with_name(f"{path.name}-{number}")
        try:
            candidate.mkdir(parents=True)
        except FileExistsError:
            continue
        return candidate
    return path
