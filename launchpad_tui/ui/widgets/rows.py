"""Rows of a list that is read elsewhere: which are known, which have to be fetched next."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Generic, Protocol, TypeVar

Row = TypeVar("Row")
RowT_co = TypeVar("RowT_co", covariant=True)
#: rows that are read at once
BLOCK = 64
#: blocks that are kept
KEPT = 32


class RowSource(Protocol[RowT_co]):
    """What a table shows, such as `services.listing.Listing`. Both calls may block: they run on a lane."""

    def count(self) -> int:
        """How many rows there are."""

    def slice(self, start: int, stop: int) -> Sequence[RowT_co]:
        """The rows from position ``start`` up to, not with, ``stop``."""


class FixedRows(Generic[Row]):
    """A sequence as a source, for lists that are short enough to be held."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self._rows = rows

    def count(self) -> int:
        """How many rows there are."""
        return len(self._rows)

    def slice(self, start: int, stop: int) -> Sequence[Row]:
        """These rows."""
        return self._rows[start:stop]


class RowCache(Generic[Row]):
    """Blocks of rows by position; those not used for longest go first."""

    def __init__(self) -> None:
        self.count: int | None = None
        #: whether ``count`` is all there is, and not only what was read so far
        self.counted = True
        self._blocks: OrderedDict[int, Sequence[Row]] = OrderedDict()

    def get(self, index: int) -> Row | None:
        """The row at a position; None where it was not read yet."""
        block = self._blocks.get(index // BLOCK)
        if block is None:
            return None
        offset = index % BLOCK
        return block[offset] if offset < len(block) else None

    def put(self, number: int, rows: Sequence[Row]) -> None:
        """Keep a block."""
        self._blocks[number] = rows
        self._blocks.move_to_end(number)
        while len(self._blocks) > KEPT:
            self._blocks.popitem(last=False)

    def missing(self, top: int, height: int) -> int | None:
        """The block to read next for a view of ``height`` rows from ``top``: what shows first, then a page around."""
        last: int = (self.count - 1) // BLOCK if self.count else 0
        seen = range(max(0, top) // BLOCK, max(0, top + height - 1) // BLOCK + 1)
        wanted: list[int] = [*seen, max(0, top - height) // BLOCK, (top + 2 * height) // BLOCK]
        for number in wanted:
            if number in self._blocks:
                self._blocks.move_to_end(number)
            elif number <= last:
                return number
        return None

    def find(self, matches: Callable[[Row], bool]) -> int | None:
        """The position of the first row, of those that are known, that matches."""
        for number in sorted(self._blocks):
            for offset, row in enumerate(self._blocks[number]):
                if matches(row):
                    return number * BLOCK + offset
        return None

    def known(self) -> list[tuple[int, Row]]:
        """All known rows with their positions."""
        return [
            (n * BLOCK + i, row)
            for n in sorted(self._blocks)
            for i, row in enumerate(self._blocks[n])
        ]
