"""Runs a command of an execution, reads its output, and stops its process group."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import threading
import time
from collections.abc import Callable

from launchpad_tui.records import record
from launchpad_tui.runtimes.embedded.sandbox import Launch
from launchpad_tui.runtimes.log_files import LineBreaker, LogWriter

_BLOCK = 1 << 16
#: seconds between two checks whether the command has to stop
_POLL_SECONDS = 0.1
#: seconds after the end of a command during which its output is still read, because a process that
#: it started may keep the output open
_LINGER_SECONDS = 1.0
#: the environment variable that marks all processes of an execution
EXECUTION_ID_VARIABLE = "AICORE_EXECUTION_ID"
#: the largest number of searches for processes that were started while others were killed
_PASSES = 10


class Cancellation:
    """A request to end an execution: by its user, or because its deadline passed. Safe for threads.

    Args:
        deadline_seconds: the time that the execution may take; None for no limit.
        grace_seconds: the time between SIGTERM and SIGKILL.
        outer: a request of which this one is a part; it applies to this one as well.
    """

    def __init__(
        self,
        deadline_seconds: float | None,
        grace_seconds: float,
        outer: Cancellation | None = None,
    ) -> None:
        self._cancelled = threading.Event()
        self._deadline = None if deadline_seconds is None else time.monotonic() + deadline_seconds
        self._outer = outer
        self.grace_seconds = grace_seconds

    def cancel(self) -> None:
        """Request that all commands end."""
        self._cancelled.set()

    @property
    def requested(self) -> bool:
        """Whether all commands have to end: they were cancelled, or the deadline has passed."""
        if self._cancelled.is_set() or self.overdue:
            return True
        return self._outer is not None and self._outer.requested

    @property
    def overdue(self) -> bool:
        """Whether the deadline has passed, no matter whether an outer request exists."""
        return self._deadline is not None and time.monotonic() > self._deadline

    @property
    def remaining(self) -> float | None:
        """The seconds until the first deadline; None if there is none."""
        own = None if self._deadline is None else self._deadline - time.monotonic()
        outer = None if self._outer is None else self._outer.remaining
        return min((each for each in (own, outer) if each is not None), default=None)

    def within(self, seconds: float) -> Cancellation:
        """Return a request for a part of the execution that has a deadline of its own."""
        return Cancellation(seconds, self.grace_seconds, self)

    def without_deadline(self) -> Cancellation:
        """Return the same request without its deadline, for what runs after the deadline."""
        found = Cancellation(None, self.grace_seconds)
        found._cancelled = self._cancelled
        return found

    def wait(self, seconds: float) -> bool:
        """Wait for some seconds; return whether the end is requested before they have passed."""
        end = time.monotonic() + seconds
        while not self.requested:
            left = end - time.monotonic()
            if left <= 0:
                return False
            self._cancelled.wait(min(left, _POLL_SECONDS))
        return True


@record
class ExitStatus:
    """The exit code of a command, or the negative number of the signal that ended it.

    Args:
        reason: why the command ended, if that is known better than from its exit code.
        hint: what the user can do about the reason.
        node: the machine on which the command ran; empty for this one.
    """

    code: int
    reason: str = ""
    hint: str = ""
    node: str = ""

    def __str__(self) -> str:
        """Return a description such as ``exit code 1`` or ``killed by SIGTERM``."""
        if self.reason:
            return self.reason
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
    observe: Callable[[str, list[bytes]], None] = lambda _stream, _lines: None,
) -> ExitStatus:
    """Run a command as a process of this machine until it ends.

    Args:
        launch: the command, its environment and its working directory.
        step: the name of the step, for the log.
        log: receives the output of the command.
        cancellation: checked ten times a second; once it is requested, SIGTERM is sent to the whole
            process group, and SIGKILL after the grace period.
        record: receives the lines of standard output that begin with ``::``.
        observe: receives ``stdout`` or ``stderr``, and its lines.

    Raises:
        OSError: the command cannot be started.
    """

    def receive(stream: str, lines: list[bytes]) -> None:
        if not lines:
            return
        log.write(stream, step, lines)
        observe(stream, lines)
        if stream == "stdout" and (marked := [line for line in lines if line.startswith(b"::")]):
            record(marked)

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
        _read_output(process, cancellation, receive)
    finally:
        # Members of the group may still run. The leader is not reaped yet, so that the ID of the
        # group cannot be reused.
        _kill(process.pid, signal.SIGKILL)
        code = process.wait()
    return ExitStatus(code)


class _GroupTermination:
    """Sends SIGTERM and later SIGKILL to a process group once its end is requested."""

    def __init__(self, group: int, cancellation: Cancellation) -> None:
        self._group = group
        self._cancellation = cancellation
        self._since: float | None = None

    def advance(self) -> None:
        """Send the signal that is due now, if any."""
        at = time.monotonic()
        if self._cancellation.requested and self._since is None:
            self._since = at
            _kill(self._group, signal.SIGTERM)
        if self._since is not None and at - self._since > self._cancellation.grace_seconds:
            _kill(self._group, signal.SIGKILL)


def _read_output(
    process: subprocess.Popen[bytes],
    cancellation: Cancellation,
    receive: Callable[[str, list[bytes]], None],
) -> None:
    termination = _GroupTermination(process.pid, cancellation)
    ended_at: float | None = None
    with selectors.DefaultSelector() as selector:
        for name, pipe in (("stdout", process.stdout), ("stderr", process.stderr)):
            if pipe is not None:
                os.set_blocking(pipe.fileno(), False)
                selector.register(pipe, selectors.EVENT_READ, (name, LineBreaker()))
        while selector.get_map():
            for key, _ in selector.select(_POLL_SECONDS):
                name, breaker = key.data
                data = _read(key.fd)
                if data is None:
                    continue
                receive(name, breaker.feed(data) if data else breaker.rest())
                if not data:
                    selector.unregister(key.fileobj)
            termination.advance()
            if ended_at is None and _has_ended(process.pid):
                ended_at = time.monotonic()
            if ended_at is not None and time.monotonic() - ended_at > _LINGER_SECONDS:
                break
        for key in list(selector.get_map().values()):
            name, breaker = key.data
            receive(name, breaker.rest())
    while not _has_ended(process.pid):
        # The command closed its output and is still running.
        termination.advance()
        time.sleep(_POLL_SECONDS / 4)


def _read(file: int) -> bytes | None:
    try:
        return os.read(file, _BLOCK)
    except BlockingIOError:
        return None


def _has_ended(pid: int) -> bool:
    """Return whether a child process has ended, without reaping it."""
    try:
        return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    except ChildProcessError:
        return True


def _kill(group: int, number: signal.Signals) -> None:
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        # The group has ended, or its processes belong to another user now.
        return


def kill_remaining(execution_id: str) -> int:
    """Kill the processes of this user that have the ID of an execution in their environment.

    Processes are found on Linux only.

    Returns:
        The number of processes that were killed.
    """
    wanted = f"{EXECUTION_ID_VARIABLE}={execution_id}".encode()
    own = {os.getpid(), os.getppid()}
    killed: set[int] = set()
    for _ in range(_PASSES):
        found = {pid for pid in _processes() if pid not in own and _has_variable(pid, wanted)}
        for pid in found:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        killed |= found
        if not found:
            break
        # A process may have started another one before it was killed.
        time.sleep(_POLL_SECONDS / 10)
    return len(killed)


def _processes() -> list[int]:
    try:
        return [int(name) for name in os.listdir("/proc") if name.isdigit()]
    except OSError:
        return []


def _has_variable(pid: int, wanted: bytes) -> bool:
    """Return whether a running process has this variable in its environment."""
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            return wanted in file.read().split(b"\0")
    except OSError:
        return False
