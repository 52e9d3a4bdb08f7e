"""One execution from its claim to its end: staged, run, stored, registered; or the reason why not."""

from __future__ import annotations

import logging
import os
import shlex
import shutil
import signal
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from pathlib import Path

from launchpad_tui.config.paths import Home
from launchpad_tui.config.settings import Settings
from launchpad_tui.domain.connection import DEFAULT_STORE, Scope
from launchpad_tui.domain.execution import OUTPUTS, OUTPUTS_KEPT, Execution, Status
from launchpad_tui.domain.metric import CustomInfo, Metric, MetricResource, MetricSink, Tag
from launchpad_tui.domain.timestamps import now
from launchpad_tui.errors import (
    Conflict,
    LaunchpadError,
    NotFound,
    RateLimited,
    StorageFull,
    Unreachable,
)
from launchpad_tui.registry import artifacts, configurations, executions, lineage, scenarios
from launchpad_tui.registry.database import Registry
from launchpad_tui.runtimes.embedded import sandbox
from launchpad_tui.runtimes.embedded.logs import LogWriter
from launchpad_tui.runtimes.embedded.process import (
    EXECUTION_ID_VARIABLE,
    Cancellation,
    kill_remaining,
)
from launchpad_tui.runtimes.embedded.template_model import SIGNATURES, ParsedTemplate
from launchpad_tui.runtimes.embedded.templates import parse_text
from launchpad_tui.runtimes.embedded.workflow_run import (
    Interrupted,
    RunContext,
    StepFailed,
    WorkflowRun,
)
from launchpad_tui.runtimes.embedded.workspace import (
    Workspace,
    code_folder,
    container_code_path,
    copy_code,
    interpreter,
    name_interpreter,
)
from launchpad_tui.services.dispatch import Dispatcher, supervisor_lock
from launchpad_tui.services.executions import read_secret
from launchpad_tui.services.files import FileService
from launchpad_tui.services.finishing import Outputs, finish, forget, is_kept, keep, outputs_of
from launchpad_tui.services.metric_listener import MetricListener
from launchpad_tui.services.metrics import MetricService

#: seconds between two looks whether the execution has to stop
_LOOK = 0.25
#: seconds before a store that did not answer is asked again
_PAUSES = (2, 8, 20)
_TRACKING = "AICORE_TRACKING_ENDPOINT"
_log = logging.getLogger(__name__)


#: opens a tracking endpoint for an execution and gives its base URL
Endpoint = Callable[[str, MetricSink], AbstractContextManager[str]]


@dataclass(frozen=True, slots=True)
class _Sink:
    """The registry as a tracking endpoint sees it."""

    metrics: MetricService
    scope: Scope
    execution_id: str

    def record(
        self, metrics: Sequence[Metric], tags: Sequence[Tag], custom_info: Sequence[CustomInfo]
    ) -> None:
        self.metrics.record(self.execution_id, metrics, tags, custom_info, self.scope)

    def resource(self) -> MetricResource:
        return self.metrics.resource(self.execution_id, self.scope)

    def delete(self) -> None:
        self.metrics.delete(self.execution_id, self.scope)


class Supervisor:
    """Runs one execution in this process."""

    def __init__(
        self,
        home: Home,
        settings: Settings,
        registry: Registry,
        files: FileService,
        metrics: MetricService,
        endpoint: Endpoint,
    ) -> None:
        self._home = home
        self._settings = settings.executions
        self._registry = registry
        self._files = files
        self._metrics = metrics
        self._endpoint = endpoint
        self._dispatcher = Dispatcher(home, settings.executions.parallel, registry)

    def supervise(self, execution_id: str) -> int:
        """Run the execution to its end, whatever that is; then start what waits in the queue. Gives an exit code."""
        scope = executions.scope_of(self._registry, execution_id)
        workspace = Workspace(self._home.executions, execution_id).make()
        with supervisor_lock(workspace.root, wait=True):
            executions.set_supervisor(
                self._registry, scope, execution_id, os.getpid(), "supervisor"
            )
            execution = executions.execution(self._registry, scope, execution_id)
            log = LogWriter(workspace.root)
            try:
                _Run(self, scope, execution, workspace, log).to_its_end()
            finally:
                log.close()
        self._sweep()
        self._dispatcher.dispatch()
        return 0

    def _sweep(self) -> None:
        """Remove working folders of executions that ended longer ago than the settings keep them."""
        oldest = now().timestamp() - self._settings.keep_work_days * 86400
        running = {each.execution.id for each in executions.unfinished(self._registry)}
        for folder in self._home.executions.iterdir() if self._home.executions.is_dir() else ():
            work = folder / "work"
            if folder.name in running or is_kept(folder):
                continue
            if work.is_dir() and work.stat().st_mtime < oldest:
                shutil.rmtree(work, ignore_errors=True)


class _Run:
    """The life of one execution under a supervisor."""

    def __init__(
        self,
        owner: Supervisor,
        scope: Scope,
        execution: Execution,
        workspace: Workspace,
        log: LogWriter,
    ) -> None:
        self._owner = owner
        self._registry = owner._registry
        self._scope = scope
        self._execution = execution
        self._workspace = workspace
        self._log = log
        self._control: Cancellation | None = None
        self._woken = threading.Event()
        self._over = threading.Event()

    def to_its_end(self) -> None:
        """Do everything; every error becomes the execution's status."""
        try:
            try:
                self._all()
            except Interrupted:
                self._interrupted()
            except StepFailed as error:
                self._dead(error, {"reason": "step failed", **error.details})
            except StorageFull as error:
                self._dead(error, {"reason": "no room"})
            except LaunchpadError as error:
                self._dead(error, {"reason": type(error).__name__})
            except OSError as error:
                _log.error("an execution ended by an error of the system", exc_info=error)
                self._dead(
                    LaunchpadError(
                        f"{error.strerror or error}: {error.filename or ''}".rstrip(": ")
                    ),
                    {"reason": "system"},
                )
            except Exception as error:  # noqa: BLE001  whatever it is, the execution must not stay RUNNING
                _log.error("an execution ended by an unexpected error", exc_info=error)
                self._dead(
                    LaunchpadError(f"unexpected: {type(error).__name__}: {error}"),
                    {"reason": "internal"},
                )
        except Conflict as conflict:
            # Another process has said how it ended: it was stopped while it was being started, for example.
            self._log.report(str(conflict))
        finally:
            self._over.set()
            kill_remaining(self._execution.id)

    def _all(self) -> None:
        execution, scope = self._execution, self._scope
        if execution.status.final:
            return
        if execution.status is Status.STOPPING:
            raise Interrupted("stopped before it started")
        executable = scenarios.executable(self._registry, scope, execution.executable_id)
        parsed = parse_text(executable.template, Path(executable.source or "template"))
        self._execution = executions.transition(
            self._registry, scope, execution.id, Status.RUNNING, "", started_at=now()
        )
        control = Cancellation(
            parsed.workflow.deadline_seconds, self._owner._settings.stop_grace_seconds
        )
        self._control = control
        threading.Thread(
            target=self._watch, args=(control,), name="stop-watch", daemon=True
        ).start()
        signal.signal(signal.SIGUSR1, lambda *_: self._woken.set())
        for note in executable.notes:
            self._log.report(f"note: {note}")
        sink = _Sink(self._owner._metrics, scope, execution.id)
        with self._owner._endpoint(execution.id, sink) as url:
            context = self._surroundings(parsed, executable.settings, url, control, sink)
            run = WorkflowRun(context)
            outputs = run.run()
        if control.ending:
            raise Interrupted("stopped before the outputs were stored")
        found = outputs_of(parsed, outputs, run.signatures)
        keep(self._workspace.root, found)
        try:
            self._store(found)
        except LaunchpadError as error:
            self._unstored(error)
            return
        forget(self._workspace.root)
        self._workspace.clear()

    def _store(self, found: Outputs) -> None:
        """Store and register the outputs; a store that does not answer is asked again a few times."""
        for pause in (*_PAUSES, None):
            try:
                finish(
                    self._registry,
                    self._owner._files,
                    self._log.report,
                    self._scope,
                    self._execution,
                    found,
                )
                return
            except (Unreachable, RateLimited) as error:
                if pause is None or (self._control is not None and self._control.ending):
                    raise
                self._log.report(f"not stored: {error.title}; once more in {pause} s")
                self._woken.wait(pause)

    def _unstored(self, error: LaunchpadError) -> None:
        reason = "no room" if isinstance(error, StorageFull) else type(error).__name__
        self._log.report(f"the outputs are kept: launchpad executions finish {self._execution.id}")
        title = f"The outputs are not stored, but kept: {error.title}"
        self._dead(
            LaunchpadError(title, error.detail, error.hint),
            {"reason": reason, OUTPUTS: OUTPUTS_KEPT},
        )

    def _surroundings(
        self,
        parsed: ParsedTemplate,
        settings: Mapping[str, str],
        url: str,
        control: Cancellation,
        sink: _Sink,
    ) -> RunContext:
        workspace, workflow = self._workspace, parsed.workflow
        folder = code_folder(workflow, parsed.executable.source, settings.get("code", ""))
        size = copy_code(folder, workspace.code, self._owner._settings.code_limit_mb)
        code_path = container_code_path(workflow, folder)
        python = interpreter(settings.get("python", ""), folder, sys.executable)
        name_interpreter(workspace.bin, python, sys.executable)
        way = sandbox.choose()
        self._log.report(
            f"code: a copy of {folder} ({size / 1e6:.1f} MB){f', seen at {code_path}' if code_path else ''}"
        )
        self._log.report(f"python: {python}")
        self._log.report(f"paths of the container are mapped by {way.name}: {way.note}")
        parameters = {name: default or "" for name, default in workflow.parameters}
        bound = configurations.by_id(
            self._registry, self._scope, [self._execution.configuration_id]
        )
        parameters |= dict(bound[self._execution.configuration_id].parameters)
        inputs, signatures = self._stage()
        listener = MetricListener(sink.record, self._log)
        return RunContext(
            workflow=workflow,
            execution_id=self._execution.id,
            workspace=workspace,
            parameters=parameters,
            inputs=inputs,
            env=self._environment(settings, url, signatures),
            python=python,
            code_path=code_path,
            sandbox=way,
            log=self._log,
            control=control,
            secret=lambda name: read_secret(self._owner._home.secrets, name),
            listen=listener.listen,
        )

    def _stage(self) -> tuple[dict[str, Path], dict[str, str]]:
        """Fetch the input artifacts; gives their folders, and the signatures that their executions left, by input."""
        with suppress(LaunchpadError):
            # While its user is here: the keyring may be locked when the outputs are stored.
            self._owner._files.store(self._scope, DEFAULT_STORE)
        found: dict[str, Path] = {}
        signatures: dict[str, str] = {}
        bound = lineage.inputs_of(self._registry, self._scope, [self._execution.id]).get(
            self._execution.id, ()
        )
        known = artifacts.by_id(self._registry, self._scope, [artifact for _, artifact in bound])
        for name, artifact_id in bound:
            artifact = known.get(artifact_id)
            if artifact is None:
                raise NotFound(f"The input artifact {name} ({artifact_id}) is gone")
            target = self._workspace.artifacts / "inputs" / name.replace("/", "_")
            target.mkdir(parents=True, exist_ok=True)
            paths = self._owner._files.stage(self._scope, artifact.url, target)
            self._log.report(
                f"input {name}: {artifact.name} ({len(paths)} files from {artifact.url})"
            )
            found[name] = target
            source = executions.by_id(self._registry, self._scope, [artifact.execution_id]).get(
                artifact.execution_id
            )
            signature = source.status_details.get(f"signature.{artifact.name}") if source else None
            if signature:
                signatures[name] = signature
        return found, signatures

    def _environment(
        self, settings: Mapping[str, str], url: str, signatures: Mapping[str, str]
    ) -> dict[str, str]:
        env = {
            name: value for name, value in os.environ.items() if not name.startswith("LAUNCHPAD_")
        }
        try:
            pairs = [word.partition("=") for word in shlex.split(settings.get("environment", ""))]
        except ValueError as error:
            raise LaunchpadError(
                "The executable's environment cannot be read", str(error)
            ) from error
        env |= {name: value for name, _, value in pairs}
        if settings.get("path"):
            env["PATH"] = f"{settings['path']}{os.pathsep}{env.get('PATH', os.defpath)}"
        if signatures:
            import json

            env[SIGNATURES] = json.dumps(signatures)
        group = self._scope.resource_group
        return {
            **env,
            "PYTHONUNBUFFERED": "1",
            EXECUTION_ID_VARIABLE: self._execution.id,
            _TRACKING: url,
            "AI-RESOURCE-GROUP": group,
            "AICORE_RESOURCE_GROUP": group,
        }

    def _stopped(self) -> bool:
        """Whether the execution was to be stopped; then it is STOPPED now, whatever else ended it."""
        execution = executions.execution(self._registry, self._scope, self._execution.id)
        if execution.status is not Status.STOPPING:
            return False
        self._log.report("STOPPED")
        forget(self._workspace.root)
        executions.transition(
            self._registry, self._scope, execution.id, Status.STOPPED, "stopped", completed_at=now()
        )
        return True

    def _interrupted(self) -> None:
        if self._stopped():
            return
        seconds = "" if self._control is None else " (activeDeadlineSeconds)"
        self._dead(
            LaunchpadError(f"It took longer than its deadline{seconds}"), {"reason": "deadline"}
        )

    def _dead(self, error: LaunchpadError, details: Mapping[str, str]) -> None:
        if self._stopped():
            return
        message = f"{error.title}{f': {error.detail}' if error.detail else ''}"
        self._log.report(f"DEAD: {error}")
        executions.transition(
            self._registry,
            self._scope,
            self._execution.id,
            Status.DEAD,
            message,
            dict(details),
            completed_at=now(),
        )

    def _watch(self, control: Cancellation) -> None:
        """Look whether the execution has to stop, a few times a second, at once when woken."""
        seen: int | None = None
        while not self._over.is_set():
            try:
                with self._registry.read() as db:
                    version = db.execute("PRAGMA data_version").fetchone()[0]
                if version != seen:
                    status = executions.execution(
                        self._registry, self._scope, self._execution.id
                    ).status
                    seen = version
                    if status is Status.STOPPING:
                        control.stop()
                        return
            except LaunchpadError as error:
                _log.warning("it cannot be seen whether an execution has to stop", exc_info=error)
            self._woken.wait(_LOOK)
            self._woken.clear()
