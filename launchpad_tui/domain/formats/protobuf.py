"""Bounded reading of protocol buffers, without their descriptions.

https://protobuf.dev/programming-guides/encoding/
"""

from __future__ import annotations

from collections.abc import Iterator

from launchpad_tui.domain.formats.base import Malformed, Source

#: the largest number of fields of a message that are traversed
_MOST = 200_000
#: the number of bytes that are read at once
_STEP = 4096


class Fields:
    """The fields of the messages in a file, by offset."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._start = 0
        self._data = b""

    def bytes(self, at: int, length: int) -> bytes:
        """Return bytes of the file. Raises Malformed if it is too short."""
        if not (self._start <= at and at + length <= self._start + len(self._data)):
            self._data = self._source.at(at, max(length, _STEP))
            self._start = at
        found = self._data[at - self._start : at - self._start + length]
        if len(found) < length:
            raise Malformed(f"The file is truncated at {at + len(found):,} bytes.")
        return found

    def varint(self, at: int) -> tuple[int, int]:
        """Return the number at an offset, and the offset behind it."""
        value = 0
        for place in range(10):
            (byte,) = self.bytes(at + place, 1)
            value |= (byte & 0x7F) << (7 * place)
            if byte < 0x80:
                return value, at + place + 1
        raise Malformed(f"There is no valid number at byte {at:,}.")

    def fields(self, start: int, end: int) -> Iterator[tuple[int, int, int, int]]:
        """Yield the fields of the message between two offsets: field number, wire type, and start
        and end of the content; for a number its value and its end."""
        at = start
        for _ in range(_MOST):
            if at >= end:
                return
            key, at = self.varint(at)
            number, wire = key >> 3, key & 7
            if wire == 0:
                value, at = self.varint(at)
                yield number, wire, value, at
            elif wire == 2:
                length, at = self.varint(at)
                if at + length > end:
                    raise Malformed(
                        f"A part of {length:,} bytes at {at:,} is longer than the message that "
                        "contains it."
                    )
                yield number, wire, at, at + length
                at += length
            elif wire in {1, 5}:
                size = 8 if wire == 1 else 4
                yield number, wire, at, at + size
                at += size
            else:
                raise Malformed(f"There is no valid field at byte {at:,}.")
        raise Malformed("A message has too many parts to list.")

    def text(self, start: int, end: int) -> str:
        """Return the text between two offsets, cut to 2,000 bytes."""
        return self.bytes(start, min(end - start, 2000)).decode("utf-8", "replace")

    def numbers(self, wire: int, start: int, end: int) -> list[int]:
        """Return the values of a repeated number, which may be packed."""
        if wire == 0:
            return [start]
        found: list[int] = []
        at = start
        while at < end and len(found) < 64:
            value, at = self.varint(at)
            found.append(value)
        return found
