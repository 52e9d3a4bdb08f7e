"""The result of a preview, and bounded reading of a file."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from launchpad_tui.records import record

#: A function that returns a number of bytes from an offset on, fewer at the end of the file. A
#: preview passes its errors on.
Read = Callable[[int, int], bytes]

#: the number of bytes at the beginning of a file by which its format is recognized
HEAD = 64 << 10
#: the largest numbers of bytes that are read of a file, and at once, for example of a header
BUDGET, PIECE = 12 << 20, 8 << 20
#: the largest number of rows or lines of a preview
ROWS = 200
#: the largest number of characters of a line or a cell
WIDTH = 500


class Malformed(Exception):
    """The file does not have the format that its first bytes announce, or it is truncated."""


@record
class Preview:
    """The preview of a file.

    Text from the file may contain control characters.

    Attributes:
        kind: the name of the format for programs.
        title: the name of the format for users.
        facts: names with values.
        columns, rows: a table.
        lines: text.
        note: problems of the file, and what the preview omits.
    """

    kind: str
    title: str
    facts: tuple[tuple[str, str], ...] = ()
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    lines: tuple[str, ...] = ()
    note: str = ""


@dataclass(slots=True)
class Source:
    """A file that is read in parts.

    Args:
        name: the name of the file.
        size: the size of the file in bytes.
        read: reads bytes at an offset.
    """

    name: str
    size: int
    read: Read
    _spent: int = 0
    _head: bytes = b""
    _tail: dict[int, bytes] = field(default_factory=dict)

    @property
    def head(self) -> bytes:
        """The first bytes."""
        if not self._head and self.size:
            self._head = self.at(0, min(HEAD, self.size))
        return self._head

    def at(self, offset: int, length: int) -> bytes:
        """Return the bytes from an offset on; fewer at the end of the file.

        Raises:
            Malformed: the offset is outside the file, or the limit of bytes to read is exceeded.
        """
        if offset < 0 or length < 0 or offset > self.size:
            raise Malformed(f"It refers to offset {offset:,}, outside of its {self.size:,} bytes.")
        length = min(length, self.size - offset)
        if offset + length <= len(self._head):
            return self._head[offset : offset + length]
        if length > PIECE or self._spent + length > BUDGET:
            raise Malformed(f"A part of {length:,} bytes is too large to read.")
        self._spent += length
        return self.read(offset, length)[:length]

    def exactly(self, offset: int, length: int) -> bytes:
        """Return exactly ``length`` bytes. Raises Malformed if the file is too short."""
        found = self.at(offset, length)
        if len(found) < length:
            raise Malformed(f"The file is truncated at {offset + len(found):,} bytes.")
        return found

    def ending(self, suffixes: tuple[str, ...]) -> bool:
        """Return whether the file name ends with one of these suffixes."""
        return self.name.lower().endswith(suffixes)


class SourceReader(io.RawIOBase):
    """A seekable file over a source; only the parts that are requested are read."""

    def __init__(self, source: Source) -> None:
        self._source, self._at = source, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._source.size}[whence]
        if base + offset < 0:
            raise OSError("before the beginning")
        self._at = base + offset
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: Any) -> int:
        if self._at >= self._source.size:
            return 0
        data = self._source.at(self._at, min(len(buffer), PIECE))
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)


def bytes_text(size: int) -> str:
    """Return a size as text, such as ``1,234,567 bytes``."""
    return f"{size:,} byte{'s' * (size != 1)}"


def short(text: str, limit: int = WIDTH) -> str:
    """Return the text, cut to a number of characters."""
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def shape_text(shape: object) -> str:
    """Return a shape as text, such as ``[384, 128]``."""
    return (
        f"[{', '.join(str(each) for each in shape)}]"
        if isinstance(shape, list | tuple)
        else str(shape)
    )


def shown_note(shown: int, count: int, what: str) -> str:
    """Return a note about items that are not shown; empty if all are."""
    return f"The first {shown:,} of {count:,} {what} are shown." if shown < count else ""


def hex_lines(data: bytes, rows: int = 16) -> tuple[str, ...]:
    """Return bytes as lines of hexadecimal numbers and text, like hexdump."""
    lines = []
    for start in range(0, min(len(data), 16 * rows), 16):
        part = data[start : start + 16]
        text = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in part)
        lines.append(f"{start:08x}  {part.hex(' '):47}  {text}")
    return tuple(lines)
