"""The supervisor of an execution, a process that runs it and stores its outputs."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import threading
from collections.abc import Mapping
from pathlib import Path

from launchpad_tui.domain.connection import Connection, Scope
from launchpad_tui.domain.execution import OUTPUTS, OUTPUTS_KEPT, Execution, Status, job_details
from launchpad_tui.domain.timestamps import now
from launchpad_tui.errors import (
    Conflict,
    LaunchpadError,
    RateLimited,
    StorageFull,
    Unreachable,
    UploadInProgress,
)
from launchpad_tui.runtimes.embedded.dispatcher import RUNNING_SUPERVISOR, Dispatcher
from launchpad_tui.runtimes.embedded.engines.base import Engine, EngineContext
from launchpad_tui.runtimes.embedded.engines.selection import open_engine, reattaching_engine
from launchpad_tui.runtimes.embedded.metric_recording import ExecutionMetrics, MetricLineRecorder
from launchpad_tui.runtimes.embedded.output_registration import (
    PendingOutputs,
    discard_pending_outputs,
    has_pending_outputs,
    pending_outputs,
    register_outputs,
    save_pending_outputs,
)
from launchpad_tui.runtimes.embedded.preparation import Preparation
from launchpad_tui.runtimes.embedded.process import Cancellation
from launchpad_tui.runtimes.embedded.recorded_code import recorded_code
from launchpad_tui.runtimes.embedded.space_reserve import SpaceReserve, is_full
from launchpad_tui.runtimes.embedded.status_recorder import StatusRecorder
from launchpad_tui.runtimes.embedded.step_errors import Interrupted, StepFailed
from launchpad_tui.runtimes.embedded.templates import parse_text
from launchpad_tui.runtimes.embedded.virtual_environment import UNUSED_DAYS, remove_unused
from launchpad_tui.runtimes.embedded.workflow_run import WorkflowRun
from launchpad_tui.runtimes.embedded.workspace import Workspace, remove_work_folder
from launchpad_tui.runtimes.folder_lock import folder_lock
from launchpad_tui.runtimes.host import RuntimeHost, TrackingEndpoint
from launchpad_tui.runtimes.log_files import LogWriter

#: seconds between two checks whether the execution has to stop
_STOP_CHECK_SECONDS = 0.25
#: seconds before each further attempt to store outputs in an object store that did not respond
_RETRY_SECONDS = (2, 8, 20)
#: the message of executions that ended because of a full disk
_NO_SPACE = "No space left on the disk"
_log = logging.getLogger(__name__)


def supervise(host: RuntimeHost, endpoint: TrackingEndpoint, execution_id: str) -> None:
    """Run one execution in this process until it ends, then start the next pending executions.

    Every failure becomes the status of the execution.

    Args:
        host: the registry, the object stores and the settings of this machine.
        endpoint: opens the tracking endpoint of the execution.
        execution_id: the ID of an execution that was claimed.

    Raises:
        NotFound: there is no such execution.
    """
    scope = host.records.scope_of(execution_id)
    connection = host.records.connection(scope.connection)
    engine = reattaching_engine(connection)
    work = engine.work_folder(connection, execution_id) if engine is not None else None
    workspace = Workspace(host.home.executions, execution_id, work)
    reserve = SpaceReserve(workspace.root)
    status = StatusRecorder(host.records, scope, execution_id, reserve)
    with folder_lock(workspace.root, wait=True):
        try:
            workspace.create()
            reserve.acquire()
            host.records.set_supervisor(scope, execution_id, os.getpid(), RUNNING_SUPERVISOR)
            log = LogWriter(workspace.root)
        except (OSError, StorageFull) as error:
            _end_before_start(status, error)
            reserve.clear()
            return
        try:
            execution = host.records.execution(scope, execution_id)
            _SupervisedRun(host, endpoint, scope, execution, workspace, log, reserve).run()
        finally:
            log.close()
            reserve.clear()
    _remove_old_work_folders(host)
    if not host.records.unfinished():
        remove_unused(host.home.root / "venvs", UNUSED_DAYS)
    Dispatcher(host).dispatch()


def _end_before_start(status: StatusRecorder, error: OSError | StorageFull) -> None:
    """End an execution whose folder could not be prepared."""
    if isinstance(error, OSError) and not is_full(error):
        message, reason = (
            f"{error.strerror or error}: {error.filename or ''}".rstrip(": "),
            "system",
        )
    else:
        message, reason = _NO_SPACE, "no space"
    try:
        status.end(Status.DEAD, message, {"reason": reason})
    except Conflict:
        # A stop was requested in the meantime.
        status.end(Status.STOPPED, "Stopped before it started")


def _without_space(error: StorageFull) -> LaunchpadError:
    return LaunchpadError(f"{_NO_SPACE}: {error.title}", error.detail, error.hint)


def _remove_old_work_folders(host: RuntimeHost) -> None:
    """Remove working folders that are older than ``executions.keep_work_days`` of the settings."""
    oldest = now().timestamp() - host.settings.keep_work_days * 86400
    running = {each.execution.id for each in host.records.unfinished()}
    folder = host.home.executions
    for each in folder.iterdir() if folder.is_dir() else ():
        work = each / "work"
        if each.name in running or has_pending_outputs(each):
            continue
        if work.is_dir() and work.stat().st_mtime < oldest:
            remove_work_folder(each)


class _SupervisedRun:
    """The run of one execution by its supervisor."""

    def __init__(
        self,
        host: RuntimeHost,
        endpoint: TrackingEndpoint,
        scope: Scope,
        execution: Execution,
        workspace: Workspace,
        log: LogWriter,
        reserve: SpaceReserve,
    ) -> None:
        self._host = host
        self._records = host.records
        self._endpoint = endpoint
        self._scope = scope
        self._execution = execution
        self._workspace = workspace
        self._log = log
        self._reserve = reserve
        self._wake = threading.Event()
        self._status = StatusRecorder(host.records, scope, execution.id, reserve, self._wake.wait)
        self._metrics = ExecutionMetrics(host.records, scope, execution.id)
        self._recorder = MetricLineRecorder(self._metrics, log)
        self._finished = threading.Event()
        self._engine: Engine | None = None
        self._is_running = False
        self._running_lock = threading.Lock()

    def run(self) -> None:
        """Run the execution; every error becomes its status."""
        try:
            try:
                self._run_and_store()
            except Interrupted:
                self._set_interrupted()
            except StepFailed as error:
                self._set_dead(error, {"reason": "step failed", **error.details})
            except StorageFull as error:
                self._set_dead(_without_space(error), {"reason": "no space"})
            except LaunchpadError as error:
                hint = {"hint": error.hint} if error.hint else {}
                self._set_dead(error, {"reason": type(error).__name__, **hint})
            except OSError as error:
                _log.error("an execution ended because of a system error", exc_info=error)
                text = f"{error.strerror or error}: {error.filename or ''}".rstrip(": ")
                reason = "no space" if is_full(error) else "system"
                self._set_dead(LaunchpadError(text), {"reason": reason})
            except Exception as error:  # noqa: BLE001  the execution must not stay RUNNING
                _log.error("an execution ended because of an unexpected error", exc_info=error)
                text = f"Unexpected error: {type(error).__name__}: {error}"
                self._set_dead(LaunchpadError(text), {"reason": "internal"})
        except Conflict as conflict:
            # Another process ended the execution, for example by stopping it while it was being
            # started.
            self._log.report(str(conflict))
        finally:
            self._finished.set()
            if self._engine is not None:
                self._engine.clean_up()

    def _run_and_store(self) -> None:
        execution, scope = self._execution, self._scope
        if execution.status.final:
            return
        connection = self._records.connection(scope.connection)
        reattaches = reattaching_engine(connection) is not None
        if execution.status is Status.STOPPING and not reattaches:
            raise Interrupted("Stopped before it started")
        executable = self._records.executable(scope, execution.executable_id)
        recorded = recorded_code(self._host, scope, execution.id)
        template = executable.template if recorded is None else recorded.template
        parsed = parse_text(template, Path(executable.source or "template"), executable.id)
        engine = self._open_engine(connection, executable.settings.get("options", ""))
        if execution.status is Status.STOPPING:
            raise Interrupted("Stopped while there was no supervisor")
        if execution.status is Status.RUNNING:
            self._log.report("A new supervisor continues the execution")
            self._status.resume(execution)
            self._is_running = True
        elif engine.starts_at_once:
            self._running()
        deadline: float | None = parsed.workflow.deadline_seconds
        if deadline is not None and execution.started_at is not None:
            deadline -= (now() - execution.started_at).total_seconds()
        cancellation = Cancellation(deadline, self._host.settings.stop_grace_seconds)
        threading.Thread(
            target=self._watch, args=(cancellation,), name="supervisor-watch", daemon=True
        ).start()
        signal.signal(signal.SIGUSR1, lambda *_: self._wake.set())
        for note in executable.notes:
            if engine.images is None or not note.startswith("image is ignored"):
                self._log.report(f"Note: {note}")
        with self._endpoint(execution.id, self._metrics) as url:
            preparation = Preparation(
                self._host,
                scope,
                self._execution,
                self._workspace,
                self._log,
                engine,
                template,
                recorded,
            )
            run = WorkflowRun(
                preparation.run_context(
                    parsed, executable.settings, url, cancellation, self._recorder.record
                )
            )
            paths = run.run()
        if cancellation.requested:
            raise Interrupted("Stopped before the outputs were stored")
        self._running()
        outputs = pending_outputs(parsed, paths, run.outputs.signatures, run.outputs.unarchived)
        self._status.persist(lambda: save_pending_outputs(self._workspace.root, outputs))
        try:
            self._store(outputs, cancellation)
        except LaunchpadError as error:
            self._set_not_stored(error)
            return
        discard_pending_outputs(self._workspace.root)
        self._workspace.clear()

    def _open_engine(self, connection: Connection, options: str) -> Engine:
        records, scope, execution = self._records, self._scope, self._execution
        self._engine = open_engine(
            EngineContext(
                self._host,
                execution,
                self._workspace,
                self._log,
                self._metrics,
                options,
                self._running_later,
                lambda message, details: records.describe(scope, execution.id, message, details),
            ),
            connection,
        )
        return self._engine

    def _running(self) -> None:
        """Set the status RUNNING if it is not set yet. Raises Conflict."""
        with self._running_lock:
            if not self._is_running:
                self._execution = self._status.start()
                self._is_running = True

    def _running_later(self) -> None:
        """Set the status RUNNING if no stop was requested in the meantime."""
        with contextlib.suppress(Conflict):
            self._running()

    def _store(self, outputs: PendingOutputs, cancellation: Cancellation) -> None:
        """Store and register the outputs; retry if the object store does not respond."""
        self._recorder.flush()
        for seconds in (*_RETRY_SECONDS, None):
            try:
                register_outputs(
                    self._host,
                    self._log,
                    self._scope,
                    self._execution,
                    outputs,
                    completed_at=self._status.completion_time,
                )
                return
            except (Unreachable, RateLimited, UploadInProgress) as error:
                if seconds is None or cancellation.requested:
                    raise
                self._log.report(f"Outputs not stored: {error.title}. Retrying in {seconds} s")
                self._wake.wait(seconds)

    def _set_not_stored(self, error: LaunchpadError) -> None:
        reason = "no space" if isinstance(error, StorageFull) else type(error).__name__
        command = f"launchpad executions store-outputs {self._execution.id}"
        self._log.report(
            f"The outputs are kept on this machine. Retry storing them with: {command}"
        )
        title = f"The outputs could not be stored and are kept: {error.title}"
        self._set_dead(
            LaunchpadError(title, error.detail, error.hint),
            {"reason": reason, OUTPUTS: OUTPUTS_KEPT},
        )

    def _set_stopped(self) -> bool:
        """Set the status STOPPED if a stop was requested, even if the execution also failed.

        Returns:
            Whether a stop was requested.
        """
        execution = self._records.execution(self._scope, self._execution.id)
        if execution.status is not Status.STOPPING:
            return False
        self._log.report("STOPPED")
        discard_pending_outputs(self._workspace.root)
        self._status.end(Status.STOPPED, "Stopped")
        return True

    def _set_interrupted(self) -> None:
        if self._set_stopped():
            return
        self._set_dead(
            LaunchpadError("The deadline of the workflow (activeDeadlineSeconds) was exceeded"),
            {"reason": "deadline"},
        )

    def _set_dead(self, error: LaunchpadError, details: Mapping[str, str]) -> None:
        if self._set_stopped():
            return
        message = f"{error.title}{f': {error.detail}' if error.detail else ''}"
        self._recorder.flush()
        self._log.report(f"DEAD: {error}")
        jobs = job_details(self._records.execution(self._scope, self._execution.id))
        self._status.end(Status.DEAD, message, {**jobs, **details})

    def _watch(self, cancellation: Cancellation) -> None:
        """Cancel the run when a stop is requested, and settle the metrics that were recorded.

        The status is checked several times a second, and at once after a wake-up.
        """
        seen: int | None = None
        while not self._finished.is_set():
            try:
                version = self._records.version()
                if version != seen:
                    execution = self._records.execution(self._scope, self._execution.id)
                    seen = version
                    if execution.status is Status.STOPPING:
                        cancellation.cancel()
                self._metrics.settle()
            except LaunchpadError as error:
                _log.warning("the registry cannot be checked or written", exc_info=error)
            self._wake.wait(_STOP_CHECK_SECONDS)
            self._wake.clear()
