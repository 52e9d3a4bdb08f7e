"""Logs of remote executions, cached on this machine so that they are also available offline."""

from __future__ import annotations

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
from launchpad_tui.runtimes.folder_lock import folder_lock
from launchpad_tui.runtimes.log_files import LINE_LIMIT, LogFile, LogWriter, mark_finished

_log = logging.getLogger(__name__)
#: Seconds between two requests for new lines, and after a failed request.
POLL_SECONDS, RETRY_SECONDS = 3.0, 30.0
#: Seconds to wait for the first lines.
FIRST_SECONDS = 20.0
#: Seconds to wait for the complete log.
COMPLETE_SECONDS = 300.0
_SAFE = re.compile(r"[\w.-]{1,64}", re.ASCII)
_Line = tuple[datetime, str, str, bytes]


def folder_of(root: Path, scope: Scope, execution_id: str) -> Path:
    """Return the cache folder of a remote log. The ID may contain any characters."""
    name = execution_id
    if not _SAFE.fullmatch(execution_id) or execution_id.startswith("."):
        # The module loads OpenSSL, which previews of logs do not require.
        import hashlib

        name = hashlib.sha256(execution_id.encode()).hexdigest()
    return root / scope.connection / scope.resource_group / name


def remove_log(root: Path, scope: Scope, execution_id: str) -> None:
    """Remove a log from the cache."""
    shutil.rmtree(folder_of(root, scope, execution_id), ignore_errors=True)


class RemoteLog:
    """A remote log, as `launchpad_tui.domain.execution.ExecutionLog`.

    A thread reads missing lines; the caller waits only for the first ones.

    Args:
        folder: The cache folder.
        runtime: Returns the runtime.
        execution: Returns the execution in its current state.
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
        """Whether the log is complete."""
        return self._file.finished

    def count(self) -> int:
        """Return the number of lines read so far.

        Raises:
            Unreachable: The runtime does not respond. An error is raised once; lines read so far
                stay readable. Other errors of runtimes are possible.
        """
        self._fetch()
        return self._file.count()

    def slice(self, start: int, stop: int) -> list[LogLine]:
        """Return the lines from ``start`` up to but not including ``stop``."""
        return self._file.slice(start, stop)

    def whole(self) -> None:
        """Wait until all current lines are read. Raises the errors of `count`."""
        self._fetch(COMPLETE_SECONDS)

    def matching(
        self, text: str = "", since: datetime | None = None, until: datetime | None = None
    ) -> list[int]:
        """Return the numbers of the lines that contain the text (case-insensitive) and lie in the
        period, both ends included. Raises the errors of `count`."""
        self.whole()
        return self._file.matching(text, since, until)

    def save(self, path: Path, numbers: Sequence[int] | None = None) -> None:
        """Write the lines with these numbers (None: all lines) to a file. Raises the errors of
        `count`, PermissionDenied and StorageFull."""
        self.whole()
        self._file.save(path, numbers)

    def _fetch(self, wait: float = 0.0) -> None:
        """Start reading new lines if it is time to, and wait for them for some seconds."""
        with self._lock:
            busy = self._thread is not None and self._thread.is_alive()
            if not busy and not self.finished and time.monotonic() >= self._next:
                self._thread = threading.Thread(target=self._read, name="remote log", daemon=True)
                self._thread.start()
        if not self.finished:
            self._first.wait(FIRST_SECONDS)
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
            self._next = time.monotonic() + POLL_SECONDS
        except LaunchpadError as error:
            self._error = error
            self._next = time.monotonic() + RETRY_SECONDS
        except OSError as error:
            _log.warning("the log in %s cannot be stored", self._folder, exc_info=error)
            self._error = LaunchpadError(
                "The log cannot be stored",
                f"{self._folder}: {error.strerror or error}",
                "Check the free disk space and the permissions of this folder.",
            )
            self._next = time.monotonic() + RETRY_SECONDS
        finally:
            self._first.set()

    def _append(self) -> None:
        found = self._execution()
        ended = found.status.final
        last, known = self._last()
        # Without a start in the request, the AI API returns only the last hour.
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
            if not ended:
                return  # The execution has not started.
            raise
        finally:
            writer.close(finished=False)
        if ended:
            mark_finished(self._folder)

    def _last(self) -> tuple[datetime | None, Counter[_Line]]:
        """Return the timestamp of the last line, and all lines with that timestamp."""
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
    """Return the lines of a record, split at line ends and the length limit."""
    stream = record.stream if record.stream in {"stdout", "stderr"} else "stdout"
    step = " ".join((record.container or record.pod).split())
    found = []
    for text in record.message.rstrip("\n").split("\n"):
        data = text.replace("\r", "").encode("utf-8", "replace")
        for start in range(0, max(1, len(data)), LINE_LIMIT):
            piece = data[start : start + LINE_LIMIT].decode("utf-8", "replace").encode()
            found.append((record.timestamp, stream, step, piece))
    return found
