"""Logs of executions: a file of lines, and an index with the offset of every 1000th line.

``log/lines`` has ``<microseconds>\\t<stream>\\t<step>\\t<message>\\n`` for each line, in UTF-8.
``log/index`` has the offset of every 1000th line in 8 bytes, little-endian, written after these
lines. One process writes; any number of processes may read at the same time, and they read complete
lines only.

Lines that are copied from a file have its name and the position after them in ``log/positions``,
which is replaced before they are written. If the writer is killed, the next one continues with the
lines that follow.
"""

from __future__ import annotations

import contextlib
import json
import os
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from launchpad_tui.config.atomic import private
from launchpad_tui.domain.execution import LogLine
from launchpad_tui.domain.text import safe_text
from launchpad_tui.domain.timestamps import from_micros, now, to_micros, to_rfc3339
from launchpad_tui.errors import PermissionDenied, StorageFull

#: the number of lines for each entry of the index
EVERY = 1000
#: the maximum number of bytes of a line; a longer line is split
LINE_LIMIT = 16 * 1024
_OFFSET = struct.Struct("<Q")
_BLOCK = 1 << 20
#: seconds between two states of a progress bar that are logged
_PROGRESS_SECONDS = 5.0
#: the name of the file that marks a complete log
_FINISHED = "finished"


class LogWriter:
    """Appends to the log of an execution. Safe for threads. Lines are not buffered."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "log"
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lines = open(self._folder / "lines", "a+b", buffering=0, opener=private)  # noqa: SIM115  closed by close
        self._index = open(self._folder / "index", "ab", buffering=0, opener=private)  # noqa: SIM115
        self._lock = threading.Lock()
        self._positions = self._repair_positions()
        self._offset, self._count = self._repair()
        self._latest = 0
        #: the number of lines that could not be written, and the time of the first of them
        self._missing = 0
        self._missing_since = 0

    def _repair_positions(self) -> dict[str, int]:
        """Return the positions of the files whose lines are in the log.

        The lines that a killed writer did not write completely are removed.
        """
        try:
            data = json.loads((self._folder / "positions").read_bytes())
            start, end = int(data["start"]), int(data["end"])
            before = {str(name): int(at) for name, at in data["before"].items()}
            after = {**before, str(data["source"]): int(data["position"])}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return {}
        if self._lines.seek(0, os.SEEK_END) >= end:
            return after
        self._lines.truncate(min(start, self._lines.tell()))
        return before

    def positions(self) -> Mapping[str, int]:
        """Return the position in each file up to which its lines are in the log, in bytes."""
        with self._lock:
            return dict(self._positions)

    def _repair(self) -> tuple[int, int]:
        """Remove an incomplete last line, which a killed writer left, and write the index again.

        Returns:
            The number of bytes and the number of lines.
        """
        complete = count = 0
        marks: list[bytes] = []
        self._lines.seek(0)
        for block in iter(lambda: self._lines.read(_BLOCK), b""):
            start = 0
            while (end := block.find(b"\n", start) + 1) > 0:
                if count % EVERY == 0:
                    marks.append(_OFFSET.pack(complete))
                complete += end - start
                start, count = end, count + 1
            # Lines are shorter than a block. The next block starts with the incomplete last line.
            if start == 0:
                break
            self._lines.seek(complete)
        self._lines.truncate(complete)
        self._index.truncate(0)
        self._index.write(b"".join(marks))
        return complete, count

    def write(
        self,
        stream: str,
        step: str,
        messages: Sequence[bytes],
        at: datetime | None = None,
        source: str = "",
        position: int = 0,
    ) -> None:
        """Append lines that were read at the same time.

        Args:
            stream: stdout, stderr or launchpad.
            step: the name of the step that wrote them.
            messages: without line breaks; invalid UTF-8 is replaced when the lines are read.
            at: the time of the lines; None for now.
            source: names the file that the lines were copied from; empty if there is none.
            position: the position in bytes after the lines in this file.

        If the disk is full, the lines are lost, and the execution continues. The next line that can
        be written follows a line that reports the gap.
        """
        with self._lock:
            # Lines stay ordered if the clock is set back.
            time_of_lines = max(to_micros(at or now()), self._latest)
            head = f"{time_of_lines}\t{stream}\t{_single_line(step)}\t".encode()
            lines = [
                head + message[start : start + LINE_LIMIT] + b"\n"
                for message in messages
                for start in range(0, max(1, len(message)), LINE_LIMIT)
            ]
            lines_of_gap = self._gap(time_of_lines)
            if source:
                self._note_position(source, position, [*lines_of_gap, *lines])
            if self._append([*lines_of_gap, *lines]):
                self._latest = time_of_lines
                self._missing = 0
                return
            self._missing_since = self._missing_since if self._missing else time_of_lines
            self._missing += len(lines)

    def _note_position(self, source: str, position: int, lines: Sequence[bytes]) -> None:
        """Note which lines of a file are written next."""
        data = {
            "start": self._offset,
            "end": self._offset + sum(map(len, lines)),
            "source": source,
            "position": position,
            "before": self._positions,
        }
        path = self._folder / "positions"
        # If the disk is full, a later writer repeats the lines instead of losing them.
        with contextlib.suppress(OSError):
            with open(f"{path}.new", "wb", opener=private) as file:
                file.write(json.dumps(data).encode())
            os.replace(f"{path}.new", path)
        self._positions = {**self._positions, source: position}

    def _gap(self, until: int) -> list[bytes]:
        """Return the line that reports missing lines; none if no line is missing."""
        if not self._missing:
            return []
        since = to_rfc3339(from_micros(self._missing_since))
        text = f"{self._missing:,} lines are missing: the disk was full since {since}"
        return [f"{until}\tlaunchpad\t\t{text}\n".encode()]

    def _append(self, lines: Sequence[bytes]) -> bool:
        """Write all lines and their entries of the index, or nothing; return whether it worked."""
        marks: list[bytes] = []
        offset, count = self._offset, self._count
        for line in lines:
            if count % EVERY == 0:
                marks.append(_OFFSET.pack(offset))
            count += 1
            offset += len(line)
        content, entries = b"".join(lines), b"".join(marks)
        try:
            if self._lines.write(content) == len(content) and (
                not entries or self._index.write(entries) == len(entries)
            ):
                self._offset, self._count = offset, count
                return True
        except OSError:
            pass
        with contextlib.suppress(OSError):
            self._lines.truncate(self._offset)
            self._index.truncate(-(-self._count // EVERY) * _OFFSET.size)
        return False

    def report(self, text: str, step: str = "") -> None:
        """Append a message of the runtime itself."""
        self.write("launchpad", step, [line.encode() for line in text.split("\n")])

    def close(self, *, finished: bool = True) -> None:
        """Close the log.

        Args:
            finished: mark the log as complete.
        """
        with self._lock:
            self._append(self._gap(max(to_micros(now()), self._latest)))
            self._lines.close()
            self._index.close()
        if finished:
            mark_finished(self._folder.parent)


def mark_finished(folder: Path) -> None:
    """Mark the log in an execution's folder as complete."""
    if (folder / "log").is_dir():
        (folder / "log" / _FINISHED).touch(mode=0o600)


def _single_line(step: str) -> str:
    return step.replace("\t", " ").replace("\n", " ")


class LineBreaker:
    """Splits a stream of bytes into lines at ``\\n``.

    Of text that is overwritten after ``\\r``, only the last state is returned. Of a line that is
    overwritten for a long time, such as a progress bar, one state is returned every few seconds.

    Args:
        clock: returns a time in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._rest = b""
        self._clock = clock
        self._last = clock()

    def feed(self, data: bytes) -> list[bytes]:
        """Return the lines that these bytes complete."""
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
            elif self._clock() - self._last >= _PROGRESS_SECONDS:
                # The text before the last return is a complete state; the text after it may be
                # incomplete.
                state, _, rest = rest.rpartition(b"\r")
                if state.strip(b"\r"):
                    whole.append(state)
                    self._last = self._clock()
        self._rest = rest
        return [_overwritten(line) for line in whole]

    def rest(self) -> list[bytes]:
        """Return the text after the last line break."""
        rest, self._rest = self._rest, b""
        return [_overwritten(rest)] if rest else []


def _overwritten(line: bytes) -> bytes:
    if b"\r" not in line:
        return line
    return line.rstrip(b"\r").rpartition(b"\r")[2]


class LogFile:
    """Reads the log of an execution, even while it grows. Safe for threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "log"
        self._lock = threading.Lock()
        #: the number of lines counted so far, and the offset after them
        self._counted = 0
        self._counted_bytes = 0

    @property
    def finished(self) -> bool:
        """Whether the log is complete."""
        return (self._folder / _FINISHED).exists()

    def count(self) -> int:
        """Return the number of lines.

        The first call reads at most 1000 lines, later calls read the lines that were added.
        """
        with self._lock:
            try:
                with open(self._folder / "lines", "rb") as file:
                    marks = self._marks()
                    if marks and (marks - 1) * EVERY > self._counted:
                        self._counted, self._counted_bytes = (
                            (marks - 1) * EVERY,
                            self._mark(marks - 1),
                        )
                    file.seek(self._counted_bytes)
                    while block := file.read(_BLOCK):
                        last = block.rfind(b"\n")
                        if last < 0:
                            break
                        self._counted += block.count(b"\n", 0, last + 1)
                        self._counted_bytes += last + 1
                        file.seek(self._counted_bytes)
            except FileNotFoundError:
                return 0
            return self._counted

    def whole(self) -> None:
        """Do nothing: all lines are available at once."""

    def slice(self, start: int, stop: int) -> list[LogLine]:
        """Return the existing lines from ``start`` up to but not including ``stop``."""
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
        """Return the numbers of the lines that contain a text and are within a period.

        Args:
            text: the text, ignoring case; empty for all lines.
            since, until: the ends of the period, both included; None for no bound.
        """
        wanted = text.casefold()
        first = None if since is None else to_micros(since)
        last = None if until is None else to_micros(until)
        found: list[int] = []
        for number, line in self._from(0):
            at, _, rest = line.partition(b"\t")
            if first is not None and int(at) < first:
                continue
            if last is not None and int(at) > last:
                # Lines are ordered by time, so no later line is in the period.
                break
            if (
                not wanted
                or wanted in rest.split(b"\t", 2)[2].decode("utf-8", "replace").casefold()
            ):
                found.append(number)
        return found

    def save(self, path: Path, numbers: Sequence[int] | None = None) -> None:
        """Write lines with time, stream, step and message to a file, safe for terminals.

        Args:
            numbers: the numbers of the lines; None for all lines.

        Raises:
            PermissionDenied, StorageFull: the file cannot be written.
        """
        import errno

        wanted = None if numbers is None else set(numbers)
        try:
            with open(path, "w", encoding="utf-8") as file:
                for number, raw in self._from(0):
                    if wanted is None or number in wanted:
                        line = _line(number, raw)
                        step, message = safe_text(line.step), safe_text(line.message)
                        file.write(
                            f"{to_rfc3339(line.timestamp)}\t{line.stream}\t{step}\t{message}\n"
                        )
        except OSError as error:
            kind = StorageFull if error.errno in {errno.ENOSPC, errno.EDQUOT} else PermissionDenied
            raise kind(
                "The log cannot be saved",
                f"{path}: {error.strerror or error}",
                "Select a file in a folder that you may write to, on a disk with free space.",
            ) from error

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
        """Yield number and bytes of the complete lines from a number on."""
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
