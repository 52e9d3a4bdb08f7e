"""Logs of executions: one file of lines with timestamp, stream and step, and a sparse index of where lines begin.

``log/lines`` holds ``<microseconds>\\t<stream>\\t<step>\\t<message>\\n`` for each line, UTF-8. ``log/index`` holds the
offset of every 1000th line as 8 bytes, little-endian, written after the lines that it counts. One process writes; any
number may read meanwhile, and see whole lines only.
"""

from __future__ import annotations

import contextlib
import struct
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

from launchpad_tui.domain.execution import LogLine
from launchpad_tui.domain.timestamps import from_micros, now, to_micros, to_rfc3339
from launchpad_tui.errors import PermissionDenied, StorageFull

#: a line in the index for each so many lines
EVERY = 1000
#: bytes of a line; a longer one is broken into several
LINE_LIMIT = 16 * 1024
_OFFSET = struct.Struct("<Q")
_BLOCK = 1 << 20
#: seconds between two states of a progress bar that are kept
_PROGRESS = 5.0
#: made when nothing will be added any more
_FINISHED = "finished"


class LogWriter:
    """Appends to an execution's log. Safe for threads; each call is on disk (not synced) when it returns."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "log"
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lines = open(self._folder / "lines", "a+b", buffering=0)  # noqa: SIM115  closed by close
        self._index = open(self._folder / "index", "ab", buffering=0)  # noqa: SIM115
        self._lock = threading.Lock()
        self._offset, self._count = self._mend()

    def _mend(self) -> tuple[int, int]:
        """Cut off what a writer that was killed had written half, and write the index anew; gives the log's bytes and
        lines."""
        whole = count = 0
        marks: list[bytes] = []
        self._lines.seek(0)
        for block in iter(lambda: self._lines.read(_BLOCK), b""):
            start = 0
            while (end := block.find(b"\n", start) + 1) > 0:
                if count % EVERY == 0:
                    marks.append(_OFFSET.pack(whole))
                whole += end - start
                start, count = end, count + 1
            # Lines are shorter than a block: the next one begins with the line that this one cuts.
            if start == 0:
                break
            self._lines.seek(whole)
        self._lines.truncate(whole)
        self._index.truncate(0)
        self._index.write(b"".join(marks))
        return whole, count

    def write(
        self, stream: str, step: str, messages: Sequence[bytes], at: datetime | None = None
    ) -> None:
        """Append lines that were read at the same moment.

        Args:
            stream: stdout, stderr or launchpad.
            step: the step that wrote them.
            messages: without line breaks; what is not UTF-8 is replaced when it is read.
            at: that moment; None: now.
        """
        head = f"{to_micros(at or now())}\t{stream}\t{_word(step)}\t".encode()
        with self._lock:
            parts: list[bytes] = []
            marks: list[bytes] = []
            offset, count = self._offset, self._count
            for message in messages:
                for start in range(0, max(1, len(message)), LINE_LIMIT):
                    if count % EVERY == 0:
                        marks.append(_OFFSET.pack(offset))
                    count += 1
                    line = head + message[start : start + LINE_LIMIT] + b"\n"
                    parts.append(line)
                    offset += len(line)
            if self._append(b"".join(parts), b"".join(marks)):
                self._offset, self._count = offset, count

    def _append(self, lines: bytes, marks: bytes) -> bool:
        """Write both or none. A full disk must not end a training: these lines are lost then."""
        before = -(-self._count // EVERY)
        try:
            if self._lines.write(lines) == len(lines) and (
                not marks or self._index.write(marks) == len(marks)
            ):
                return True
        except OSError:
            pass
        with contextlib.suppress(OSError):
            self._lines.truncate(self._offset)
            self._index.truncate(before * _OFFSET.size)
        return False

    def report(self, text: str, step: str = "") -> None:
        """Append what the runtime itself has to say."""
        self.write("launchpad", step, [line.encode() for line in text.split("\n")])

    def close(self, *, finished: bool = True) -> None:
        """Close; ``finished`` says that nothing will be added any more."""
        with self._lock:
            self._lines.close()
            self._index.close()
        if finished:
            mark_finished(self._folder.parent)


def mark_finished(folder: Path) -> None:
    """Say that nothing will be added to the log any more."""
    if (folder / "log").is_dir():
        (folder / "log" / _FINISHED).touch(mode=0o600)


def _word(step: str) -> str:
    return step.replace("\t", " ").replace("\n", " ")


class LineBreaker:
    """Breaks a stream of bytes into lines: at ``\\n``; of what ``\\r`` overwrote only the last state is kept, and of a
    line that is overwritten for long (a progress bar) one state every few seconds.

    Args:
        clock: seconds; for tests.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._rest = b""
        self._clock = clock
        self._last = clock()

    def feed(self, data: bytes) -> list[bytes]:
        """The lines that these bytes complete."""
        *whole, rest = (self._rest + data).split(b"\n")
        if len(rest) > LINE_LIMIT:
            kept = rest.rfind(b"\r")
            if kept >= 0:
                rest = rest[kept + 1 :]
            else:
                whole.append(rest)
                rest = b""
        elif b"\r" in rest:
            if whole:
                self._last = self._clock()
            elif self._clock() - self._last >= _PROGRESS:
                # What stands before the last return is a whole state; what follows may be half of the next.
                state, _, rest = rest.rpartition(b"\r")
                if state.strip(b"\r"):
                    whole.append(state)
                    self._last = self._clock()
        self._rest = rest
        return [_overwritten(line) for line in whole]

    def rest(self) -> list[bytes]:
        """What came after the last line break."""
        rest, self._rest = self._rest, b""
        return [_overwritten(rest)] if rest else []


def _overwritten(line: bytes) -> bytes:
    if b"\r" not in line:
        return line
    return line.rstrip(b"\r").rpartition(b"\r")[2]


class LogFile:
    """Reads an execution's log, also while it grows."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "log"
        self._lock = threading.Lock()
        #: lines counted so far, and the offset behind them
        self._counted = 0
        self._behind = 0

    @property
    def finished(self) -> bool:
        """Whether nothing will be added any more."""
        return (self._folder / _FINISHED).exists()

    def count(self) -> int:
        """How many lines there are now. A first call reads at most 1000 lines, later ones what was added."""
        with self._lock:
            try:
                with open(self._folder / "lines", "rb") as file:
                    marks = self._marks()
                    if marks and (marks - 1) * EVERY > self._counted:
                        self._counted, self._behind = (marks - 1) * EVERY, self._mark(marks - 1)
                    file.seek(self._behind)
                    while block := file.read(_BLOCK):
                        last = block.rfind(b"\n")
                        if last < 0:
                            break
                        self._counted += block.count(b"\n", 0, last + 1)
                        self._behind += last + 1
                        file.seek(self._behind)
            except FileNotFoundError:
                return 0
            return self._counted

    def whole(self) -> None:
        """Nothing to wait for: it is a file."""

    def slice(self, start: int, stop: int) -> list[LogLine]:
        """The lines from ``start`` up to before ``stop``, fewer where the log ends."""
        found: list[LogLine] = []
        if stop <= start:
            return found
        for number, line in self._from(start):
            if number >= stop:
                break
            found.append(_line(number, line))
        return found

    def matching(
        self, text: str = "", since: datetime | None = None, until: datetime | None = None
    ) -> list[int]:
        """The numbers of the lines that hold the text (any case) and lie in the time, both ends included."""
        wanted = text.casefold()
        first = None if since is None else to_micros(since)
        last = None if until is None else to_micros(until)
        found: list[int] = []
        for number, line in self._from(0):
            at, _, rest = line.partition(b"\t")
            if first is not None and int(at) < first:
                continue
            if last is not None and int(at) > last:
                # Lines stand in the order in which they were read, so nothing behind lies in the time.
                break
            if (
                not wanted
                or wanted in rest.split(b"\t", 2)[2].decode("utf-8", "replace").casefold()
            ):
                found.append(number)
        return found

    def save(self, path: Path, numbers: Sequence[int] | None = None) -> None:
        """Write these lines (None: all) into a file: moment, stream, step and message.

        Raises:
            PermissionDenied, StorageFull: it cannot be written.
        """
        import errno

        wanted = None if numbers is None else set(numbers)
        try:
            with open(path, "w", encoding="utf-8") as file:
                for number, raw in self._from(0):
                    if wanted is None or number in wanted:
                        line = _line(number, raw)
                        file.write(
                            f"{to_rfc3339(line.timestamp)}\t{line.stream}\t{line.step}\t{line.message}\n"
                        )
        except OSError as error:
            kind = StorageFull if error.errno in {errno.ENOSPC, errno.EDQUOT} else PermissionDenied
            raise kind("The log cannot be saved", f"{path}: {error.strerror or error}") from error

    def _marks(self) -> int:
        try:
            return (self._folder / "index").stat().st_size // _OFFSET.size
        except FileNotFoundError:
            return 0

    def _mark(self, place: int) -> int:
        with open(self._folder / "index", "rb") as file:
            file.seek(place * _OFFSET.size)
            return int(_OFFSET.unpack(file.read(_OFFSET.size))[0])

    def _from(self, start: int) -> Iterator[tuple[int, bytes]]:
        """Numbers and bytes of the whole lines from a number on."""
        try:
            file = open(self._folder / "lines", "rb")  # noqa: SIM115  closed by the with below
        except FileNotFoundError:
            return
        with file:
            place = min(start // EVERY, self._marks() - 1)
            number = max(0, place) * EVERY
            if place > 0:
                file.seek(self._mark(place))
            for line in file:
                if not line.endswith(b"\n"):
                    return
                if number >= start:
                    yield number, line[:-1]
                number += 1


def _line(number: int, raw: bytes) -> LogLine:
    at, stream, step, message = raw.split(b"\t", 3)
    return LogLine(
        number,
        from_micros(int(at)),
        stream.decode(),
        step.decode("utf-8", "replace"),
        message.decode("utf-8", "replace"),
    )
