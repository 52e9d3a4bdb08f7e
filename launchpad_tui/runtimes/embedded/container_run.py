"""Runs the container of a template: path mapping, command, outputs."""

from __future__ import annotations

import json
import os
import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from launchpad_tui.domain.timestamps import now
from launchpad_tui.records import record
from launchpad_tui.runtimes.embedded.code_copy import CodeView
from launchpad_tui.runtimes.embedded.engines.base import ImageRuntime, StepCommand
from launchpad_tui.runtimes.embedded.expressions import result_text
from launchpad_tui.runtimes.embedded.failure_hints import OutputTail, hint, last_error
from launchpad_tui.runtimes.embedded.mounts import Mount
from launchpad_tui.runtimes.embedded.process import Cancellation, ExitStatus
from launchpad_tui.runtimes.embedded.run_context import RunContext
from launchpad_tui.runtimes.embedded.run_results import SUCCEEDED, CallResult
from launchpad_tui.runtimes.embedded.run_variables import Variables
from launchpad_tui.runtimes.embedded.sandbox import Launch
from launchpad_tui.runtimes.embedded.step_errors import Interrupted, StepFailed
from launchpad_tui.runtimes.embedded.step_mounts import (
    add_mount,
    image_output_place,
    input_mount,
    is_covered,
    is_file_path,
    mount_key,
    output_place,
)
from launchpad_tui.runtimes.embedded.template_artifacts import path_problem
from launchpad_tui.runtimes.embedded.template_model import (
    SIGNATURES,
    Container,
    OutputArtifact,
    OutputParameter,
    Template,
)

#: Paths of Python interpreters that are replaced by the interpreter of the execution. Interpreters
#: of virtual environments do not match.
_SYSTEM_PYTHON = re.compile(
    r"(/bin/|/usr/bin/|/usr/local/bin/|/opt/(conda|python)/bin/)?python3?(\.\d+)?"
)


@record
class ContainerRun:
    """One run of the container of a template.

    Args:
        context: what all steps share.
        step: the name of the step.
        key: names this attempt within the execution, see `StepCommand`.
        template: the template; its paths may contain variables.
        variables: the variables of the template, with its input artifacts.
        cancellation: ends the command.
        add_output: receives each output artifact with its path on this machine.
        add_signatures: receives the signatures that the step wrote.
    """

    context: RunContext
    step: str
    key: str
    template: Template
    variables: Variables
    cancellation: Cancellation
    add_output: Callable[[OutputArtifact, Path], None]
    add_signatures: Callable[[Mapping[str, str]], None]

    def run(self) -> CallResult:
        """Run the command.

        Raises:
            StepFailed: the command failed, or an input or output is missing.
            Interrupted: the step was stopped.
        """
        context, step, template = self.context, self.step, self._resolved()
        if template.container is None:
            raise ValueError(f"{template.name} has no container")
        if self.cancellation.requested:
            raise Interrupted("Stopped before this step")
        place = context.engine.place(context.workspace.artifacts, _file_name(step), self.key)
        view = context.code[self.template.name]
        container = view.complete(template.container)
        is_image = context.engine.images is not None and bool(container.image)
        # An image has its own code.
        mounts = {} if is_image else self._code_mounts(template, view)
        facts = replace(context.facts[self.template.name], inputs={})
        for path, source in self._inputs(template, place):
            add_mount(mounts, input_mount(source, path))
            facts.inputs[path.rstrip("/")] = source
        paths: dict[str, Path] = {}
        find_place = image_output_place if is_image else output_place
        for output in template.outputs:
            paths[output.name] = find_place(
                mounts, place / "out", output.path, is_file=is_file_path(output.path)
            )
        for parameter in template.output_parameters:
            if parameter.path:
                paths[parameter.name] = find_place(
                    mounts, place / "out", parameter.path, is_file=True
                )
        variables = self.variables.with_texts(
            {
                **{f"inputs.artifacts.{each.name}.path": each.path for each in template.inputs},
                **{f"outputs.artifacts.{each.name}.path": each.path for each in template.outputs},
                **{
                    f"outputs.parameters.{each.name}.path": each.path
                    for each in template.output_parameters
                },
            }
        )
        launch = self._launch(container, view, variables, list(mounts.values()), place)
        command = [variables.fill_in(item) for item in (*container.command, *container.args)]
        context.log.report(f"Step {step} started: {shlex.join(command)[:2000]}", step)
        tail, started_at = OutputTail(), now()
        status = context.engine.run(
            StepCommand(
                self.key,
                step,
                launch,
                place,
                template.resource_plan,
                context.log,
                self.cancellation,
                context.record,
                tail.add,
            )
        )
        if self.cancellation.requested:
            raise Interrupted(f"Step {step} was stopped ({status})")
        context.log.report(f"Step {step} ended: {status}", step)
        values = {
            "id": f"{context.execution_id}-{step}",
            "status": SUCCEEDED,
            "exitCode": str(status.code if status.code >= 0 else 128 - status.code),
            "startedAt": started_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "finishedAt": now().strftime("%Y-%m-%dT%H:%M:%SZ"),
            "hostNodeName": status.node or os.uname().nodename,
            "outputs.result": tail.result,
        }
        if status.code:
            raise StepFailed(
                f"Step {step} failed: {_explanation(status)}",
                last_error(tail),
                status.hint or hint(tail, facts),
                outputs={name: text for name, text in values.items() if name != "status"},
                step=step,
                exitCode=str(status.code),
            )
        collected = self._collect(template, paths, variables, values)
        collected.values = values
        return collected

    def _resolved(self) -> Template:
        """Return the template with values in place of the variables in its paths and names."""
        fill_in, template = self.variables.fill_in, self.template
        found = replace(
            template,
            inputs=tuple(replace(each, path=fill_in(each.path)) for each in template.inputs),
            outputs=tuple(
                replace(each, path=fill_in(each.path), global_name=fill_in(each.global_name))
                for each in template.outputs
            ),
            output_parameters=tuple(
                replace(each, path=fill_in(each.path)) for each in template.output_parameters
            ),
        )
        for path in found.paths:
            if problem := path_problem(path):
                raise StepFailed(
                    f"Step {self.step}: a path {problem}",
                    step=self.step,
                    reason="paths",
                    is_error=True,
                )
        return found

    @staticmethod
    def _code_mounts(template: Template, view: CodeView) -> dict[str, Mount]:
        paths = {path.rstrip("/") for path in template.paths}
        return {mount_key(mount): mount for mount in view.mounts if mount.target not in paths}

    def _inputs(self, template: Template, place: Path) -> list[tuple[str, Path]]:
        """Return the path in the container and on this machine of each input that is there."""
        found: list[tuple[str, Path]] = []
        for each in template.inputs:
            source = self.variables.inputs.get(each.name) or self.context.inputs.get(each.name)
            if source is None and each.raw is not None:
                source = place / "raw" / _file_name(each.name)
                source.parent.mkdir(exist_ok=True)
                source.write_text(self.variables.fill_in(each.raw), encoding="utf-8")
            if source is None and each.optional:
                continue
            if source is None:
                raise StepFailed(
                    f"Step {self.step}: the input artifact {each.name} has no binding",
                    reason="input",
                    step=self.step,
                    is_error=True,
                )
            found.append((each.path, source))
        return found

    def _launch(
        self,
        container: Container,
        view: CodeView,
        variables: Variables,
        mounts: list[Mount],
        place: Path,
    ) -> Launch:
        context, step = self.context, self.step
        container = replace(container, working_dir=variables.fill_in(container.working_dir))
        env = {**context.env, **view.env}
        for name in container.env_secrets:
            env |= context.secret(name)
        for variable in container.env:
            if variable.secret:
                env[variable.name] = context.secret(variable.secret[0])[variable.secret[1]]
            else:
                env[variable.name] = variables.fill_in(variable.value)
        env["PATH"] = f"{context.workspace.bin}{os.pathsep}{env.get('PATH', os.defpath)}"
        argv = [variables.fill_in(item) for item in (*container.command, *container.args)]
        if container.script:
            place.mkdir(parents=True, exist_ok=True)
            file = place / "script"
            file.write_text(variables.fill_in(container.script), encoding="utf-8")
            argv = [*argv, str(file)]
        if (images := context.engine.images) is not None and container.image:
            return self._image_launch(images, container, argv, env, mounts, place)
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

    def _image_launch(
        self,
        images: ImageRuntime,
        container: Container,
        argv: Sequence[str],
        env: Mapping[str, str],
        mounts: Sequence[Mount],
        place: Path,
    ) -> Launch:
        """Return the command that runs the image; it gets no variables of this machine."""
        own = {name: text for name, text in env.items() if os.environ.get(name) != text}
        set_by_template = {each.name for each in container.env}
        if "PATH" not in set_by_template:
            # The interpreters of this machine do not exist in the image.
            own.pop("PATH", None)
        else:
            own["PATH"] = next(
                self.variables.fill_in(each.value) for each in container.env if each.name == "PATH"
            )
        if container.script:
            mounts = [*mounts, Mount(place / "script", str(place / "script"), writable=False)]
        image = self.variables.fill_in(container.image)
        self.context.log.report(f"Image {image} is run by {images.name}", self.step)
        return images.launch(image, argv, own, container.working_dir, mounts)

    def _collect(
        self,
        template: Template,
        paths: Mapping[str, Path],
        variables: Variables,
        values: Mapping[str, str],
    ) -> CallResult:
        step, collected = self.step, CallResult()
        for parameter in template.output_parameters:
            if parameter.expression:
                known = variables.with_texts(
                    {f"outputs.{key}": text for key, text in values.items()}
                )
                collected.parameters[parameter.name] = expression_value(known, parameter)
                continue
            if not parameter.path:
                collected.parameters[parameter.name] = variables.fill_in(parameter.default or "")
                continue
            try:
                text = paths[parameter.name].read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError) as error:
                if parameter.default is not None:
                    collected.parameters[parameter.name] = variables.fill_in(parameter.default)
                    continue
                if parameter.name == SIGNATURES:
                    continue
                raise StepFailed(
                    f"Step {step} wrote no value of {parameter.name}",
                    f"{parameter.path}: {error}",
                    step=step,
                    is_error=True,
                ) from error
            collected.parameters[parameter.name] = text.strip()
            if parameter.name == SIGNATURES:
                self._read_signatures(text)
        for output in template.outputs:
            path = paths[output.name]
            if not _has_content(path):
                if output.optional:
                    continue
                what = f"output {output.global_name or output.name}"
                detail = f"There is no file at {output.path} after the step."
                raise StepFailed(
                    f"Step {step} did not write its {what}",
                    detail,
                    step=step,
                    reason="output missing",
                    is_error=True,
                )
            collected.artifacts[output.name] = path
            if not output.archived:
                collected.plain.add(output.name)
            self.add_output(output, path)
        return collected

    def _read_signatures(self, text: str) -> None:
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            self.context.log.report(f"{SIGNATURES} is not valid JSON and was ignored")
            return
        if isinstance(found, dict):
            self.add_signatures({str(name): str(value) for name, value in found.items()})


def expression_value(variables: Variables, parameter: OutputParameter) -> str:
    """Return the value of an output parameter with an expression; its default if it has none.

    Raises:
        StepFailed: the expression has no value, and there is no default.
    """
    try:
        found = variables.evaluate(parameter.expression)
    except StepFailed:
        if parameter.default is None:
            raise
        found = None
    if found is None and parameter.default is not None:
        return variables.fill_in(parameter.default)
    return result_text(found)


def _has_content(path: Path) -> bool:
    if path.is_dir():
        return any(each.is_file() for each in path.rglob("*"))
    return path.is_file() and path.stat().st_size > 0


def _explanation(status: ExitStatus) -> str:
    if status.reason:
        return status.reason
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
