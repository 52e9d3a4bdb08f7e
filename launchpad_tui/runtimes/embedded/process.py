"""One command of an execution: started, listened to, stopped, and its whole process group with it."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from launchpad_tui.runtimes.embedded.logs import LineBreaker, LogWriter
from launchpad_tui.runtimes.embedded.sandbox import Launch

_BLOCK = 1 << 16
#: seconds between two looks whether to stop
_LOOK = 0.1
#: seconds that output of a command that has ended is waited for, where something it started keeps it open
_LINGER = 1.0
#: the environment variable that marks all processes of an execution
EXECUTION_ID_VARIABLE = "AICORE_EXECUTION_ID"
#: how often is looked for processes that a killed one started at its last moment
_PASSES = 10


class Cancellation:
    """What ends an execution from outside. Safe for threads."""

    def __init__(self, deadline_seconds: float | None, grace_seconds: float) -> None:
        self._cancelled = threading.Event()
        self._deadline = None if deadline_seconds is None else time.monotonic() + deadline_seconds
        self.grace_seconds = grace_seconds

    def cancel(self) -> None:
        """Request that all commands end."""
        self._cancelled.set()

    @property
    def requested(self) -> bool:
        """Whether all commands have to end: they were cancelled, or the deadline has passed."""
        overdue = self._deadline is not None and time.monotonic() > self._deadline
        return overdue or self._cancelled.is_set()


@dataclass(frozen=True, slots=True)
class ExitStatus:
    """How a command ended: its exit code, or minus the signal that ended it."""

    code: int

    def __str__(self) -> str:
        """In words."""
        if self.code >= 0:
            return f"exit code {self.code}"
        try:
            return f"killed by {signal.Signals(-self.code).name}"
        except ValueError:
            return f"killed by signal {-self.code}"


def run(
    launch: Launch,
    step: str,
    log: LogWriter,
    cancellation: Cancellation,
    record: Callable[[list[bytes]], None],
) -> ExitStatus:
    """Run a command to its end.

    Args:
        launch: what to start.
        step: its name, for the log.
        log: where its output goes.
        cancellation: looked at ten times a second; TERM to the whole group, and KILL after the grace.
        record: gets the lines of standard output that begin with ``::``.

    Raises:
        OSError: it cannot be started.
    """
    process = subprocess.Popen(
        launch.command(os.getpid()),
        env=dict(launch.env),
        cwd=launch.cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        _listen(process, step, log, cancellation, record)
    finally:
        # The group lives as long as one of its members; the leader is not reaped yet, so the number is still its own.
        _kill(process.pid, signal.SIGKILL)
        code = process.wait()
    return ExitStatus(code)


class _Ending:
    """Takes a process group through TERM and KILL once the control says that it has to end."""

    def __init__(self, group: int, cancellation: Cancellation) -> None:
        self._group = group
        self._cancellation = cancellation
        self._since: float | None = None

    def look(self) -> None:
        """Signal what is due now."""
        at = time.monotonic()
        if self._cancellation.requested and self._since is None:
            self._since = at
            _kill(self._group, signal.SIGTERM)
        if self._since is not None and at - self._since > self._cancellation.grace_seconds:
            _kill(self._group, signal.SIGKILL)


def _listen(
    process: subprocess.Popen[bytes],
    step: str,
    log: LogWriter,
    cancellation: Cancellation,
    record: Callable[[list[bytes]], None],
) -> None:
    ending = _Ending(process.pid, cancellation)
    ended_at: float | None = None
    with selectors.DefaultSelector() as selector:
        for name, pipe in (("stdout", process.stdout), ("stderr", process.stderr)):
            if pipe is not None:
                os.set_blocking(pipe.fileno(), False)
                selector.register(pipe, selectors.EVENT_READ, (name, LineBreaker()))
        while selector.get_map():
            for key, _ in selector.select(_LOOK):
                name, breaker = key.data
                data = _read(key.fd)
                if data is None:
                    continue
                _keep(name, step, breaker.feed(data) if data else breaker.rest(), log, record)
                if not data:
                    selector.unregister(key.fileobj)
            ending.look()
            if ended_at is None and _has_ended(process.pid):
                ended_at = time.monotonic()
            if ended_at is not None and time.monotonic() - ended_at > _LINGER:
                break
        for key in list(selector.get_map().values()):
            name, breaker = key.data
            _keep(name, step, breaker.rest(), log, record)
    while not _has_ended(process.pid):
        # Its output is closed, but it goes on.
        ending.look()
        time.sleep(_LOOK / 4)


def _keep(
    stream: str,
    step: str,
    lines: list[bytes],
    log: LogWriter,
    record: Callable[[list[bytes]], None],
) -> None:
    if not lines:
        return
    log.write(stream, step, lines)
    if stream == "stdout" and (marked := [line for line in lines if line.startswith(b"::")]):
        record(marked)


def _read(file: int) -> bytes | None:
    try:
        return os.read(file, _BLOCK)
    except BlockingIOError:
        return None


def _has_ended(pid: int) -> bool:
    """Whether a child has ended, without reaping it."""
    try:
        return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    except ChildProcessError:
        return True


def _kill(group: int, number: signal.Signals) -> None:
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        # Gone, or none of it is ours to signal any more.
        return


def kill_remaining(execution_id: str) -> int:
    """Kill what is left of an execution: all processes of this user whose environment names it. Linux only; elsewhere
    nothing is found. Gives how many there were."""
    wanted = f"{EXECUTION_ID_VARIABLE}={execution_id}".encode()
    own = {os.getpid(), os.getppid()}
    killed: set[int] = set()
    for _ in range(_PASSES):
        found = {pid for pid in _processes() if pid not in own and _names(pid, wanted)}
        for pid in found:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        killed |= found
        if not found:
            break
        # One of them may have started another between being found and being killed.
        time.sleep(_LOOK / 10)
    return len(killed)


def _processes() -> list[int]:
    try:
        return [int(name) for name in os.listdir("/proc") if name.isdigit()]
    except OSError:
        return []


def _names(pid: int, wanted: bytes) -> bool:
    """Whether a process that lives has this in its environment."""
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            return wanted in file.read().split(b"\0")
    except OSError:
        return False
