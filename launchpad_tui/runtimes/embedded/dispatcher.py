"""The queue of the embedded runtime.

It starts supervisors for pending executions and detects supervisors that died.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

from launchpad_tui.config.atomic import private
from launchpad_tui.domain.artifact import ArtifactUrl
from launchpad_tui.domain.connection import DEFAULT_STORE, Scope
from launchpad_tui.domain.execution import (
    OUTPUTS,
    OUTPUTS_KEPT,
    Execution,
    Status,
    TargetStatus,
    UnfinishedExecution,
    check_stop,
)
from launchpad_tui.domain.timestamps import now
from launchpad_tui.errors import Conflict, LaunchpadError, StorageFull
from launchpad_tui.runtimes.embedded.engines.selection import reattaching_engine
from launchpad_tui.runtimes.embedded.space_reserve import SpaceReserve, check_space
from launchpad_tui.runtimes.folder_lock import folder_lock
from launchpad_tui.runtimes.host import RuntimeHost

_log = logging.getLogger(__name__)
#: the longest time from the start of a supervisor until it has its lock
_START_TIMEOUT = timedelta(seconds=30)
#: `Claim.boot` of a running supervisor; before, the claim belongs to the process that starts it
RUNNING_SUPERVISOR = "supervisor"
#: the file with the number of supervisors of an execution that died, and the largest one after
#: which another one is started
_SUPERVISORS, _MOST_SUPERVISORS = "supervisors", 1000
_LOST = "The supervisor ended unexpectedly: it was killed, or the machine restarted"


class Dispatcher:
    """Starts and monitors supervisors.

    Several threads and processes may do so at the same time.
    """

    def __init__(self, host: RuntimeHost) -> None:
        self._host = host
        self._records = host.records

    def dispatch(self) -> int:
        """Start pending executions up to the limit of parallel executions; return their number."""
        started = 0
        parallel = self._host.settings.parallel
        try:
            check_space(self._host.home.executions)
        except StorageFull as error:
            _log.warning("queued executions wait: %s", error)
            return 0
        own = self._own_limits()
        while (claimed := self._records.claim_next(parallel, os.getpid(), "", own)) is not None:
            scope, execution = claimed
            try:
                self._start(execution)
            except OSError as error:
                self._records.transition(
                    scope,
                    execution.id,
                    Status.DEAD,
                    f"The supervisor could not be started: {error.strerror or error}",
                    {"reason": "supervisor"},
                    completed_at=now(),
                )
            started += 1
        return started

    def _own_limits(self) -> dict[str, int]:
        """Return how many executions may run in the connections whose commands run elsewhere."""
        limits: dict[str, int] = {}
        for connection in self._records.local_connections():
            engine = reattaching_engine(connection)
            if engine is not None:
                try:
                    limits[connection.name] = engine.parallel(connection)
                except LaunchpadError as error:
                    # Nothing starts until the settings are valid.
                    limits[connection.name] = 0
                    _log.warning("connection %s: %s", connection.name, error)
        return limits

    def _start(self, execution: Execution) -> None:
        folder = self._host.home.executions / execution.id
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        environ = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("AICORE_", "LAUNCHPAD_HOME"))
        }
        with open(folder / "supervisor.log", "ab", opener=private) as output:
            starter = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "launchpad_tui",
                    "_supervise",
                    str(self._host.home.root),
                    str(self._host.home.settings_path),
                    execution.id,
                ],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=environ,
                cwd="/",
                start_new_session=True,
            )
        # The started process forks the supervisor and exits at once.
        starter.wait()

    def stop(self, scope: Scope, execution_id: str) -> None:
        """Stop an execution, which has not started if it is still in the queue.

        Raises:
            NotFound: there is no such execution.
            Conflict: its status does not allow it.
        """
        with self._records.transaction():
            found = self._records.execution(scope, execution_id)
            check_stop(execution_id, found.status)
            self._records.set_target(scope, execution_id, TargetStatus.STOPPED)
            queued = any(
                each.execution.id == execution_id and each.claim is None
                for each in self._records.unfinished(scope)
            )
            if queued:
                self._records.transition(
                    scope,
                    execution_id,
                    Status.STOPPED,
                    "Stopped before it started",
                    completed_at=now(),
                )
            else:
                self._records.transition(scope, execution_id, Status.STOPPING, "Stopping")
        self._wake(execution_id)

    def _wake(self, execution_id: str) -> None:
        """Make the supervisor of an execution check at once whether it has to stop."""
        for each in self._records.unfinished():
            if (
                each.execution.id == execution_id
                and each.claim is not None
                and each.claim.boot == RUNNING_SUPERVISOR
            ):
                with contextlib.suppress(OSError):
                    os.kill(each.claim.pid, signal.SIGUSR1)

    def reconcile(self) -> None:
        """Mark executions whose supervisor died as DEAD, and start pending executions."""
        pending = False
        for each in self._records.unfinished():
            if each.claim is None:
                pending = pending or each.execution.status is Status.PENDING
            elif self._is_lost(each):
                if not self._reattach(each):
                    self._mark_lost(each)
                pending = True
        if pending:
            self.dispatch()

    def _is_lost(self, each: UnfinishedExecution) -> bool:
        if each.claim is None:
            return False
        # The difference is negative if the clock was set back.
        starting = abs(now() - each.claim.at) < _START_TIMEOUT
        if starting and each.claim.boot != RUNNING_SUPERVISOR:
            return False
        with folder_lock(self._host.home.executions / each.execution.id) as acquired:
            return acquired

    def _reattach(self, each: UnfinishedExecution) -> bool:
        """Start another supervisor if the commands of the execution continue without one.

        Returns:
            False if they do not, or too many supervisors of the execution died.
        """
        connection = self._records.connection(each.scope.connection)
        engine = reattaching_engine(connection)
        if engine is None or each.claim is None:
            return False
        execution = each.execution
        folder = self._host.home.executions / execution.id
        count = _count(folder / _SUPERVISORS)
        if count > _MOST_SUPERVISORS:
            try:
                engine.cancel_jobs(connection, execution.id)
            except LaunchpadError as error:
                _log.warning("jobs of %s could not be canceled", execution.id, exc_info=error)
            return False
        if not self._records.reclaim(each.scope, execution.id, each.claim, os.getpid(), ""):
            return True
        self._delete_stored_outputs(each)
        with contextlib.suppress(OSError):
            (folder / _SUPERVISORS).write_text(str(count + 1))
            self._start(execution)
        return True

    def _mark_lost(self, each: UnfinishedExecution) -> None:
        from launchpad_tui.runtimes.embedded.output_registration import has_pending_outputs
        from launchpad_tui.runtimes.embedded.process import kill_remaining
        from launchpad_tui.runtimes.log_files import LogWriter

        execution = each.execution
        kill_remaining(execution.id)
        stopping = execution.status is Status.STOPPING
        folder = self._host.home.executions / execution.id
        SpaceReserve(folder).clear()
        message = _LOST + _last_line(folder / "supervisor.log")
        details = {**execution.status_details, "reason": "supervisor lost"}
        if not stopping and has_pending_outputs(folder):
            details[OUTPUTS] = OUTPUTS_KEPT
            message = f"{message}. Its outputs are kept"
        with contextlib.suppress(Conflict):
            self._records.transition(
                each.scope,
                execution.id,
                Status.STOPPED if stopping else Status.DEAD,
                message,
                details,
                completed_at=now(),
            )
            self._delete_stored_outputs(each)
            with contextlib.suppress(OSError):
                log = LogWriter(folder)
                log.report(message)
                log.close()

    def _delete_stored_outputs(self, each: UnfinishedExecution) -> None:
        """Delete outputs that were stored, but not yet registered, when the supervisor died."""
        url = str(ArtifactUrl(DEFAULT_STORE, each.execution.id))
        try:
            self._host.files.delete_output(each.scope, url)
        except LaunchpadError as error:
            _log.warning("outputs of %s could not be deleted", each.execution.id, exc_info=error)


def _count(path: Path) -> int:
    try:
        return int(path.read_text("utf-8"))
    except (OSError, ValueError):
        return 0


def _last_line(path: Path) -> str:
    """Return the last line of a supervisor's output as a remark; empty if there is none."""
    try:
        lines = path.read_text("utf-8", "replace").strip().splitlines()
    except OSError:
        return ""
    return f" (its last output: {lines[-1][:120]})" if lines else ""
