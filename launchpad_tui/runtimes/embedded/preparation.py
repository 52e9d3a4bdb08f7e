"""Prepares an execution: code, interpreter, input artifacts and environment."""

from __future__ import annotations

import json
import os
import shlex
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from launchpad_tui.domain.connection import Scope
from launchpad_tui.domain.execution import Execution
from launchpad_tui.domain.fields import complete_settings
from launchpad_tui.errors import ConfigError, NotFound
from launchpad_tui.records import record
from launchpad_tui.runtimes.embedded.code_copy import CodeView, copy_location
from launchpad_tui.runtimes.embedded.code_search import (
    CodeLocation,
    container_path,
    locate_code,
    located_folders,
    missing_code,
)
from launchpad_tui.runtimes.embedded.engines.base import Engine
from launchpad_tui.runtimes.embedded.failure_hints import StepFacts
from launchpad_tui.runtimes.embedded.prepared_files import (
    Prepared,
    load_prepared,
    save_prepared,
)
from launchpad_tui.runtimes.embedded.process import EXECUTION_ID_VARIABLE, Cancellation
from launchpad_tui.runtimes.embedded.provenance import (
    code_state,
    command_lines,
    environment,
    input_state,
    seeds,
)
from launchpad_tui.runtimes.embedded.recorded_code import RecordedCode, store_snapshot
from launchpad_tui.runtimes.embedded.run_context import RunContext
from launchpad_tui.runtimes.embedded.secrets import read_secret, stored_settings
from launchpad_tui.runtimes.embedded.shared_inputs import stage_shared
from launchpad_tui.runtimes.embedded.template_model import SIGNATURES, ParsedTemplate, Workflow
from launchpad_tui.runtimes.embedded.virtual_environment import (
    AUTO,
    Requirements,
    find_requirements,
    installed_python,
    virtual_environment,
)
from launchpad_tui.runtimes.embedded.workspace import Workspace, interpreter, name_interpreter
from launchpad_tui.runtimes.host import RuntimeHost
from launchpad_tui.runtimes.log_files import LogWriter

_TRACKING_ENDPOINT = "AICORE_TRACKING_ENDPOINT"
#: variables that describe the machine or the runtime, which a Dockerfile does not override
_RUNTIME_VARIABLES = frozenset(
    (
        "PATH",
        "HOME",
        "USER",
        "SHELL",
        "TMPDIR",
        "LD_LIBRARY_PATH",
        "LD_PRELOAD",
        "PYTHONHOME",
        "VIRTUAL_ENV",
        "PYTHONUNBUFFERED",
        EXECUTION_ID_VARIABLE,
        _TRACKING_ENDPOINT,
    )
)


@record
class Preparation:
    """Prepares an execution for its run.

    Args:
        host: the registry, the object stores and the settings of this machine.
        scope: the resource group of the execution.
        workspace: the folders of the execution.
        log: the log of the execution.
        engine: runs the commands of its steps.
        template: the workflow template.
        recorded: the code that the execution reproduces; None if it uses the current code.
    """

    host: RuntimeHost
    scope: Scope
    execution: Execution
    workspace: Workspace
    log: LogWriter
    engine: Engine
    template: str
    recorded: RecordedCode | None = None

    def run_context(
        self,
        parsed: ParsedTemplate,
        settings: Mapping[str, str],
        endpoint: str,
        cancellation: Cancellation,
        record: Callable[[list[bytes]], None],
    ) -> RunContext:
        """Copy the code, download the inputs and return the context of the workflow's steps.

        Args:
            parsed: the workflow template of the executable.
            settings: the settings of the executable.
            endpoint: the base URL of the tracking endpoint.
            cancellation: stops the steps.
            record: receives the lines of standard output that begin with ``::``.

        Raises:
            ConfigError: the settings of the executable are invalid, or its code cannot be copied.
            LaunchpadError: an input artifact cannot be downloaded.
        """
        workspace, workflow = self.workspace, parsed.workflow
        stored = stored_settings(
            self.host.home.secrets, self.scope.connection, self.execution.executable_id
        )
        shown = settings.get("environment", "")
        settings = complete_settings(settings, stored)
        recorded = self.recorded
        locations = (
            locate_code(workflow, parsed.executable.source, settings.get("code", ""))
            if recorded is None
            else recorded.locations(workspace)
        )
        missing = "" if recorded else missing_code(parsed.executable.id, locations)
        if missing:
            self.log.report(f"Note: {missing}")
        prepared = self._earlier_preparation()
        code = prepared.code if prepared else self._code(workflow, locations, settings)
        state: dict[str, object] = {}
        if not prepared:
            # Before a virtual environment is created, which may take long.
            folder = next(iter(locations.values())).folder
            state = recorded.code_state if recorded else dict(code_state(folder))
            state |= store_snapshot(self.host, workspace, code, self.template, self.log.report)
            state["commands"] = command_lines(workflow, code)
            self._record(state)
        python = self._python(settings, locations, cancellation)
        requirements = find_requirements(locations.values())
        name_interpreter(workspace.bin, python, sys.executable)
        isolation = self.engine.sandbox()
        self.log.report(f"Python interpreter: {python}")
        self.log.report(f"Container paths are mapped by {isolation.name}: {isolation.note}")
        parameters = {name: default or "" for name, default in workflow.parameters}
        bound = self.host.records.configuration(self.scope, self.execution.configuration_id)
        parameters |= dict(bound.parameters)
        if not prepared:
            # The stored values of credentials are not recorded.
            variables = self._configured({"environment": shown})
            state |= {**environment(python, variables), "seeds": seeds(parameters)}
            self._record(state)
        inputs, signatures = (
            (prepared.inputs, prepared.signatures) if prepared else self._stage_inputs()
        )
        if not prepared:
            self._record({**state, "inputs": self._input_states(inputs)})
        if self.engine.reattaches and not prepared:
            save_prepared(self.workspace.work, Prepared(code, inputs, signatures))
        return RunContext(
            workflow=workflow,
            execution_id=self.execution.id,
            created_at=self.execution.created_at,
            workspace=workspace,
            parameters=parameters,
            inputs=inputs,
            env=self._environment(settings, endpoint, signatures),
            python=python,
            code=code,
            engine=self.engine,
            sandbox=isolation,
            log=self.log,
            cancellation=cancellation,
            secret=lambda name: read_secret(self.host.home.secrets, name),
            record=record,
            facts={
                name: StepFacts(
                    parsed.executable.id,
                    python,
                    view,
                    locations[name].folder,
                    # The packages are installed already if there is a virtual environment.
                    requirements=() if settings.get("venv") == AUTO else requirements.files,
                    missing=missing,
                    environment=shown,
                    outputs=tuple(
                        each.path.rstrip("/") for each in workflow.templates[name].outputs
                    ),
                )
                for name, view in code.items()
            },
        )

    def _earlier_preparation(self) -> Prepared | None:
        """Return what an earlier supervisor prepared, whose commands may still run; None if there
        is nothing or the preparation was interrupted."""
        if not self.engine.reattaches:
            return None
        found = load_prepared(self.workspace.work)
        if found is None:
            # Nothing runs before the preparation is complete.
            self.workspace.clear()
            self.workspace.create()
        else:
            self.host.files.prepare(self.scope)
        return found

    def _record(self, state: Mapping[str, object]) -> None:
        self.host.records.record_provenance(self.scope, self.execution.id, state)

    def _input_states(self, inputs: Mapping[str, Path]) -> dict[str, object]:
        """Return ID, number of files, size and checksum of each input."""
        bound = dict(self.host.records.inputs_of(self.scope, self.execution.id))
        return {
            name: {"id": bound.get(name, ""), **input_state(folder)}
            for name, folder in inputs.items()
        }

    def _code(
        self,
        workflow: Workflow,
        locations: Mapping[str, CodeLocation],
        settings: Mapping[str, str],
    ) -> dict[str, CodeView]:
        """Copy the code, or restore the recorded one, and return its views by the name of the
        template."""
        if self.recorded is None:
            return self._copy_code(workflow, locations, settings)
        snapshot = self.recorded.snapshot.id[:12]
        self.log.report(
            f"Code: restored from the snapshot {snapshot} of execution {self.recorded.execution_id}"
        )
        return self.recorded.restore(self.workspace)

    def _copy_code(
        self,
        workflow: Workflow,
        locations: Mapping[str, CodeLocation],
        settings: Mapping[str, str],
    ) -> dict[str, CodeView]:
        """Copy the code and return its views by the name of the template."""
        found = located_folders(locations)
        protected = {*self._configured(settings), *_RUNTIME_VARIABLES}
        views: dict[tuple[Path, str], CodeView] = {}
        for number, location in enumerate(found, 1):
            target = self.workspace.code
            if len(found) > 1:
                target = target.with_name(f"{target.name}-{number}")
            path = container_path(workflow, location)
            view = copy_location(location, path, target, self.host.settings.code_limit_mb)
            visible = ", ".join(each.target for each in view.mounts)
            self.log.report(
                f"Code: copied from {location.folder}{f', visible at {visible}' if visible else ''}"
            )
            if location.image is not None:
                env = {
                    name: value
                    for name, value in location.image.env.items()
                    if name not in protected
                }
                view = replace(view, env=env)
                names = f"; environment: {', '.join(env)}" if env else ""
                place = f"working directory: {view.working_dir}"
                self.log.report(f"Dockerfile: {location.image.file}; {place}{names}")
            views[location.folder, location.path] = view
        return {name: views[each.folder, each.path] for name, each in locations.items()}

    def _python(
        self,
        settings: Mapping[str, str],
        locations: Mapping[str, CodeLocation],
        cancellation: Cancellation,
    ) -> Path:
        """Return the interpreter. An execution that reproduces another one has the same, unless it
        was removed or the settings name another one."""
        recorded = self.recorded
        named = settings.get("python", "") if settings.get("venv") != AUTO else ""
        if recorded is not None and not named:
            found = recorded.interpreter
            if found is not None:
                return found
            self.log.report(
                f"Note: the interpreter {recorded.provenance.get('interpreter')} does not exist"
            )
        return self._interpreter(
            settings, locations, find_requirements(locations.values()), cancellation
        )

    def _interpreter(
        self,
        settings: Mapping[str, str],
        locations: Mapping[str, CodeLocation],
        requirements: Requirements,
        cancellation: Cancellation,
    ) -> Path:
        """Return the interpreter of the execution; create its virtual environment if requested."""
        folder = next(iter(locations.values())).folder
        if settings.get("venv") != AUTO:
            return interpreter(settings.get("python", ""), folder, sys.executable)
        if not requirements:
            raise ConfigError(
                "There are no requirements for a virtual environment",
                f"Neither a Dockerfile nor {folder / 'requirements.txt'} names packages.",
                "Add a requirements.txt, or remove venv from the executable's settings.",
            )
        pythons = [interpreter(settings.get("python", ""), self.workspace.root, sys.executable)]
        images = (each.image for each in locations.values() if each.image is not None)
        wanted = next((each.python_version for each in images if each.python_version), "")
        own = "{}.{}".format(*sys.version_info[:2])
        if wanted and wanted != own and not settings.get("python"):
            if found := installed_python(wanted):
                self.log.report(f"Python {wanted} is that of the Dockerfile: {found}")
                pythons.insert(0, found)
            else:
                note = f"Python {wanted} of the Dockerfile is not installed"
                self.log.report(f"Note: {note}; {pythons[0]} is used")
        venvs = self.host.home.root / "venvs"
        if self.engine.reattaches:
            # Where the commands run, the home folder may not exist.
            venvs = self.workspace.work.parent / "venvs"
        return virtual_environment(
            venvs,
            pythons,
            requirements,
            self.log.report,
            cancellation,
            executable_id=self.execution.executable_id,
            wanted=wanted,
        )

    @staticmethod
    def _configured(settings: Mapping[str, str]) -> dict[str, str]:
        """Return the environment variables in the settings of the executable.

        Raises:
            ConfigError: the setting is not valid.
        """
        try:
            pairs = [item.partition("=") for item in shlex.split(settings.get("environment", ""))]
        except ValueError as error:
            raise ConfigError(
                "The environment of the executable is invalid",
                str(error),
                "Change environment in the executable's settings.",
            ) from error
        return {name: value for name, _, value in pairs}

    def _stage_inputs(self) -> tuple[dict[str, Path], dict[str, str]]:
        """Download the input artifacts.

        Returns:
            The folder of each input, and the signatures that were recorded when the inputs were
            created, both by the name of the input.
        """
        # The credentials are read now, because the keyring may be locked when outputs are stored.
        self.host.files.prepare(self.scope)
        folders: dict[str, Path] = {}
        signatures: dict[str, str] = {}
        records, scope = self.host.records, self.scope
        bound = records.inputs_of(scope, self.execution.id)
        ids = [artifact_id for _, artifact_id in bound]
        known = records.artifacts_by_id(scope, ids)
        restricted = records.restricted_artifacts(scope, ids)
        sources = records.executions_by_id(scope, [each.execution_id for each in known.values()])
        for name, artifact_id in bound:
            artifact = known.get(artifact_id)
            if artifact is None:
                raise NotFound(
                    f"The input artifact {name} does not exist",
                    artifact_id,
                    "Create an execution with another input artifact.",
                )
            target = self.workspace.artifacts / "inputs" / name.replace("/", "_")
            target.mkdir(parents=True, exist_ok=True)
            origin = self._stage(artifact.url, target, restricted=artifact_id in restricted)
            count = sum(1 for path in target.rglob("*") if path.is_file())
            files = f"{count} file{'s' * (count != 1)}"
            self.log.report(f"Input {name}: {artifact.name} ({files} {origin} {artifact.url})")
            folders[name] = target
            source = sources.get(artifact.execution_id)
            signature = source.status_details.get(f"signature.{artifact.name}") if source else None
            if signature:
                signatures[name] = signature
        return folders, signatures

    def _stage(self, url: str, target: Path, *, restricted: bool) -> str:
        """Put the files at a URL into a folder. Several executions share the files where commands
        run on other machines. Return ``from``, with a note if they were not downloaded again."""
        files, scope = self.host.files, self.scope

        def download(folder: Path) -> object:
            return files.stage(scope, url, folder, restricted=restricted)

        if not self.engine.reattaches:
            download(target)
            return "from"
        shared = self.workspace.work.parent / "inputs"
        locks = self.host.home.root / "locks"
        key = files.identity(scope, url, restricted=restricted)
        known = stage_shared(shared, locks, key, target, download)
        return "downloaded before from" if known else "from"

    def _environment(
        self, settings: Mapping[str, str], endpoint: str, signatures: Mapping[str, str]
    ) -> dict[str, str]:
        env = {
            name: value for name, value in os.environ.items() if not name.startswith("LAUNCHPAD_")
        }
        env |= self._configured(settings)
        if settings.get("path"):
            env["PATH"] = f"{settings['path']}{os.pathsep}{env.get('PATH', os.defpath)}"
        if signatures:
            env[SIGNATURES] = json.dumps(signatures)
        group = self.scope.resource_group
        return {
            **env,
            "PYTHONUNBUFFERED": "1",
            EXECUTION_ID_VARIABLE: self.execution.id,
            _TRACKING_ENDPOINT: endpoint,
            "AI-RESOURCE-GROUP": group,
            "AICORE_RESOURCE_GROUP": group,
        }
