"""The queue of the embedded runtime: supervisors are started for what waits, and missed where they died.

A supervisor holds a lock on its execution's folder for as long as it lives; the kernel lets go of it however the
supervisor ends. So whoever can take the lock knows that there is no supervisor, without trusting process numbers.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from launchpad_tui.config.paths import Home
from launchpad_tui.domain.artifact import ArtifactUrl
from launchpad_tui.domain.connection import DEFAULT_STORE
from launchpad_tui.domain.execution import (
    OUTPUTS,
    OUTPUTS_KEPT,
    Execution,
    Status,
    UnfinishedExecution,
)
from launchpad_tui.domain.timestamps import now
from launchpad_tui.errors import Conflict, LaunchpadError
from launchpad_tui.registry import executions
from launchpad_tui.registry.database import Registry

_log = logging.getLogger(__name__)
#: how long a supervisor may take from being started to holding its lock
_START = timedelta(seconds=30)
_LOST = "the supervisor ended without a word: it was killed, or the machine restarted"


@contextlib.contextmanager
def supervisor_lock(folder: Path, *, wait: bool = False) -> Iterator[bool]:
    """Hold the lock of an execution's folder; gives False where somebody else has it."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
            return
        yield True
    finally:
        os.close(handle)


class Dispatcher:
    """Starts supervisors and looks after them. Safe for threads and for several processes at once."""

    def __init__(self, home: Home, parallel: int, registry: Registry) -> None:
        self._home = home
        self._parallel = parallel
        self._registry = registry

    def dispatch(self) -> int:
        """Start what waits, as far as there is room; gives how many were started."""
        started = 0
        while (
            taken := executions.claim_next(self._registry, self._parallel, os.getpid(), "")
        ) is not None:
            scope, execution = taken
            try:
                self._start(execution)
            except OSError as error:
                detail = f"the supervisor cannot be started: {error.strerror or error}"
                executions.transition(
                    self._registry,
                    scope,
                    execution.id,
                    Status.DEAD,
                    detail,
                    {"reason": "supervisor"},
                    completed_at=now(),
                )
            started += 1
        return started

    def _start(self, execution: Execution) -> None:
        folder = self._home.executions / execution.id
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        environ = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("AICORE_", "LAUNCHPAD_HOME"))
        }
        with open(folder / "supervisor.log", "ab") as output:
            starter = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "launchpad_tui",
                    "_supervise",
                    str(self._home.root),
                    str(self._home.settings_path),
                    execution.id,
                ],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=environ,
                cwd="/",
                start_new_session=True,
            )
        # It forks at once, so that nobody has to wait for the supervisor itself.
        starter.wait()

    def wake(self, execution_id: str) -> None:
        """Tell a supervisor to look at once whether it has to stop; it looks by itself a little later too."""
        for each in executions.unfinished(self._registry):
            if (
                each.execution.id == execution_id
                and each.claim is not None
                and each.claim.boot == "supervisor"
            ):
                with contextlib.suppress(OSError):
                    os.kill(each.claim.pid, signal.SIGUSR1)

    def reconcile(self) -> None:
        """Say of executions without a supervisor that they died, and start what waits."""
        waiting = False
        for each in executions.unfinished(self._registry):
            if each.claim is None:
                waiting = waiting or each.execution.status is Status.PENDING
            elif self._is_lost(each):
                self._bury(each)
                waiting = True
        if waiting:
            self.dispatch()

    def _is_lost(self, each: UnfinishedExecution) -> bool:
        if each.claim is None:
            return False
        starting = each.execution.status is Status.PENDING and now() - each.claim.at < _START
        if starting and each.claim.boot != "supervisor":
            return False
        with supervisor_lock(self._home.executions / each.execution.id) as free:
            return free

    def _bury(self, each: UnfinishedExecution) -> None:
        from launchpad_tui.runtimes.embedded.logs import LogWriter
        from launchpad_tui.runtimes.embedded.process import kill_remaining
        from launchpad_tui.services.finishing import is_kept

        execution = each.execution
        kill_remaining(execution.id)
        stopping = execution.status is Status.STOPPING
        folder = self._home.executions / execution.id
        message = _LOST + _last_words(folder / "supervisor.log")
        details = {**execution.status_details, "reason": "supervisor lost"}
        if not stopping and is_kept(folder):
            details[OUTPUTS] = OUTPUTS_KEPT
            message = f"{message}; its outputs are kept"
        with contextlib.suppress(Conflict):
            executions.transition(
                self._registry,
                each.scope,
                execution.id,
                Status.STOPPED if stopping else Status.DEAD,
                message,
                details,
                completed_at=now(),
            )
            self._forget_outputs(each)
            with contextlib.suppress(OSError):
                log = LogWriter(folder)
                log.report(message)
                log.close()

    def _forget_outputs(self, each: UnfinishedExecution) -> None:
        """Remove outputs that were stored but not registered when the supervisor died."""
        from launchpad_tui.config.credentials import Credentials
        from launchpad_tui.services.files import FileService

        files = FileService(self._home, self._registry, Credentials(self._home.credentials_path))
        try:
            files.delete_output(each.scope, str(ArtifactUrl(DEFAULT_STORE, each.execution.id)))
        except LaunchpadError as error:
            _log.warning("outputs of %s are left over", each.execution.id, exc_info=error)


def _last_words(path: Path) -> str:
    try:
        lines = path.read_text("utf-8", "replace").strip().splitlines()
    except OSError:
        return ""
    return f" (it last said: {lines[-1][:120]})" if lines else ""
