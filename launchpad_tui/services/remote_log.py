"""Logs of executions elsewhere, kept on this machine as far as they were read: what was seen once needs no network."""

from __future__ import annotations

import hashlib
import logging
import re
import shutil
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from launchpad_tui.domain.connection import Scope
from launchpad_tui.domain.execution import Execution, LogLine, LogRecord
from launchpad_tui.errors import LaunchpadError, NotFound
from launchpad_tui.runtimes.base import Runtime
from launchpad_tui.runtimes.embedded.locks import folder_lock
from launchpad_tui.runtimes.embedded.logs import LINE_LIMIT, LogFile, LogWriter, mark_finished

_log = logging.getLogger(__name__)
#: seconds between two questions for more of a log that grows, and after one that failed
EVERY, AFTER_ERROR = 3.0, 30.0
#: seconds that a first look waits for the first lines
FIRST = 20.0
#: seconds that somebody waits who needs all of it
WHOLE = 300.0
_SAFE = re.compile(r"[\w.-]{1,64}", re.ASCII)
_Line = tuple[datetime, str, str, bytes]


def folder_of(root: Path, scope: Scope, execution_id: str) -> Path:
    """Where the log of an execution elsewhere is kept. What its runtime calls it may be anything."""
    safe = _SAFE.fullmatch(execution_id) and not execution_id.startswith(".")
    name = execution_id if safe else hashlib.sha256(execution_id.encode()).hexdigest()
    return root / scope.connection / scope.resource_group / name


def forget_log(root: Path, scope: Scope, execution_id: str) -> None:
    """Remove what is kept of a log."""
    shutil.rmtree(folder_of(root, scope, execution_id), ignore_errors=True)


class RemoteLog:
    """A log elsewhere, as `launchpad_tui.runtimes.base.ExecutionLog`. What it has not read yet is asked for beside the
    caller, who waits for the first lines only.

    Args:
        folder: where it is kept.
        runtime: gives the runtime.
        execution: gives the execution as it is known now.
    """

    def __init__(
        self, folder: Path, runtime: Callable[[], Runtime], execution: Callable[[], Execution]
    ) -> None:
        self._folder = folder
        self._runtime = runtime
        self._execution = execution
        self._file = LogFile(folder)
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._first = threading.Event()
        self._next = 0.0
        self._error: LaunchpadError | None = None

    @property
    def finished(self) -> bool:
        """Whether nothing will be added any more."""
        return self._file.finished

    def count(self) -> int:
        """How many lines are here now.

        Raises:
            Unreachable and others: the runtime does not give them; told once, what is here stays readable.
        """
        self._ask()
        return self._file.count()

    def slice(self, start: int, stop: int) -> list[LogLine]:
        """The lines from ``start`` up to before ``stop``."""
        return self._file.slice(start, stop)

    def whole(self) -> None:
        """Wait until all that there is now is here. Raises as `count`."""
        self._ask(WHOLE)

    def matching(
        self, text: str = "", since: datetime | None = None, until: datetime | None = None
    ) -> list[int]:
        """The numbers of the lines that hold the text (any case) and lie in the time. Raises as `count`."""
        self.whole()
        return self._file.matching(text, since, until)

    def save(self, path: Path, numbers: Sequence[int] | None = None) -> None:
        """Write these lines (None: all) into a file. Raises as `count`, and PermissionDenied, StorageFull."""
        self.whole()
        self._file.save(path, numbers)

    def _ask(self, wait: float = 0.0) -> None:
        with self._lock:
            busy = self._thread is not None and self._thread.is_alive()
            if not busy and not self.finished and time.monotonic() >= self._next:
                self._thread = threading.Thread(target=self._read, name="remote log", daemon=True)
                self._thread.start()
        if not self.finished:
            self._first.wait(FIRST)
        if wait and self._thread is not None:
            self._thread.join(wait)
        error, self._error = self._error, None
        if error is not None:
            raise error

    def _read(self) -> None:
        try:
            with folder_lock(self._folder) as mine:
                if mine:
                    self._append()
            self._next = time.monotonic() + EVERY
        except LaunchpadError as error:
            self._error = error
            self._next = time.monotonic() + AFTER_ERROR
        except OSError as error:
            _log.warning("the log in %s cannot be kept", self._folder, exc_info=error)
            self._error = LaunchpadError(
                "The log cannot be kept", f"{self._folder}: {error.strerror or error}"
            )
            self._next = time.monotonic() + AFTER_ERROR
        finally:
            self._first.set()

    def _append(self) -> None:
        found = self._execution()
        over = found.status.final
        last, known = self._last()
        # The API gives the last hour only, unless it is told where to begin.
        start = last or found.created_at
        writer = LogWriter(self._folder)
        try:
            for record in self._runtime().logs(found.id, start=start):
                for line in _lines(record):
                    if known[line] > 0:
                        known[line] -= 1
                    else:
                        writer.write(line[1], line[2], [line[3]], line[0])
                self._first.set()
        except NotFound:
            if not over:
                return  # it has not begun
            raise
        finally:
            writer.close(finished=False)
        if over:
            mark_finished(self._folder)

    def _last(self) -> tuple[datetime | None, Counter[_Line]]:
        """The moment of the last line that is here, and the lines of that moment."""
        count = self._file.count()
        last: datetime | None = None
        known: Counter[_Line] = Counter()
        for number in range(count - 1, -1, -1):
            (line,) = self._file.slice(number, number + 1)
            if last is not None and line.timestamp != last:
                break
            last = line.timestamp
            known[line.timestamp, line.stream, line.step, line.message.encode()] += 1
        return last, known


def _lines(record: LogRecord) -> list[_Line]:
    """A record as the lines that are kept of it."""
    stream = record.stream if record.stream in {"stdout", "stderr"} else "stdout"
    step = " ".join((record.container or record.pod).split())
    found = []
    for text in record.message.rstrip("\n").split("\n"):
        data = text.replace("\r", "").encode("utf-8", "replace")
        for start in range(0, max(1, len(data)), LINE_LIMIT):
            piece = data[start : start + LINE_LIMIT].decode("utf-8", "replace").encode()
            found.append((record.timestamp, stream, step, piece))
    return found
