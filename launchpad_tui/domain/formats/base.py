"""What all previews have in common: their result, and reading within bounds."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

#: gives the bytes from an offset on, fewer where the file ends; what it raises passes through a preview
Read = Callable[[int, int], bytes]

#: bytes that the beginning of a file is read to know what it is
HEAD = 64 << 10
#: bytes that are read of a file at most, and those of a single piece of it such as a header
BUDGET, PIECE = 12 << 20, 8 << 20
#: rows and lines of a preview at most
ROWS = 200
#: characters of a line or a cell at most
WIDTH = 500


class Malformed(Exception):
    """The file is not what it begins like, or is cut; the text says where."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What a file says of itself.

    ``kind`` is a word for programs, ``title`` one for people; ``facts`` are names with values; ``columns`` and ``rows``
    are a table, ``lines`` a text; ``note`` says what is wrong with the file, or what was left out. Texts come from the
    file and may hold control characters.
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
    """A file of which parts are read.

    Args:
        name: its file name.
        size: bytes.
        read: reads it.
    """

    name: str
    size: int
    read: Read
    _spent: int = 0
    _head: bytes = b""
    _tail: dict[int, bytes] = field(default_factory=dict)

    @property
    def head(self) -> bytes:
        """Its first bytes."""
        if not self._head and self.size:
            self._head = self.at(0, min(HEAD, self.size))
        return self._head

    def at(self, offset: int, length: int) -> bytes:
        """The bytes from an offset on; fewer where the file ends.

        Raises:
            Malformed: the piece is outside the file, or more would be read than is meant to be.
        """
        if offset < 0 or length < 0 or offset > self.size:
            raise Malformed(f"It points to {offset:,}, outside of its {self.size:,} bytes.")
        length = min(length, self.size - offset)
        if offset + length <= len(self._head):
            return self._head[offset : offset + length]
        if length > PIECE or self._spent + length > BUDGET:
            raise Malformed(f"A part of {length:,} bytes is too large to be looked at.")
        self._spent += length
        return self.read(offset, length)[:length]

    def exactly(self, offset: int, length: int) -> bytes:
        """As `at`, and Malformed where the file ends before."""
        found = self.at(offset, length)
        if len(found) < length:
            raise Malformed(f"It is cut off at {offset + len(found):,} bytes.")
        return found

    def ending(self, suffixes: tuple[str, ...]) -> bool:
        """Whether its name ends with one of these."""
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


def size_words(size: int) -> str:
    """``1,234,567 bytes``."""
    return f"{size:,} byte{'s' * (size != 1)}"


def short(text: str, limit: int = WIDTH) -> str:
    """The text, or its beginning."""
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def shape_words(shape: object) -> str:
    """``[384, 128]``."""
    return (
        f"[{', '.join(str(each) for each in shape)}]"
        if isinstance(shape, list | tuple)
        else str(shape)
    )


def left_out(shown: int, count: int, what: str) -> str:
    """A note on those that are not shown; empty where all are."""
    return f"The first {shown:,} of {count:,} {what} show." if shown < count else ""


def hex_lines(data: bytes, rows: int = 16) -> tuple[str, ...]:
    """Bytes as a program such as hexdump shows them."""
    lines = []
    for start in range(0, min(len(data), 16 * rows), 16):
        part = data[start : start + 16]
        text = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in part)
        lines.append(f"{start:08x}  {part.hex(' '):47}  {text}")
    return tuple(lines)
