"""Rows of a list that are read in blocks, with a cache of the blocks that were read."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Generic, Protocol, TypeVar

Row = TypeVar("Row")
RowT_co = TypeVar("RowT_co", covariant=True)
#: the number of rows that are read at once
BLOCK = 64
#: the number of blocks that are cached
KEPT = 32


class RowSource(Protocol[RowT_co]):
    """The rows of a table, for example a `services.listing.Listing`.

    Both methods may block, so they are called on a lane.
    """

    def count(self) -> int:
        """Return the number of rows."""

    def slice(self, start: int, stop: int) -> Sequence[RowT_co]:
        """Return the rows from ``start`` up to, but not including, ``stop``."""


class FixedRows(Generic[Row]):
    """A `RowSource` over a sequence, for short lists."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self._rows = rows

    def count(self) -> int:
        """Return the number of rows."""
        return len(self._rows)

    def slice(self, start: int, stop: int) -> Sequence[Row]:
        """Return the rows from ``start`` up to, but not including, ``stop``."""
        return self._rows[start:stop]


class RowCache(Generic[Row]):
    """Blocks of rows by position. The block that was not used for longest is dropped first."""

    def __init__(self) -> None:
        self.count: int | None = None
        #: whether ``count`` is the number of all rows, and not only of those that were read
        self.counted = True
        self._blocks: OrderedDict[int, Sequence[Row]] = OrderedDict()

    def get(self, index: int) -> Row | None:
        """Return the row at a position, None if it has not been read."""
        block = self._blocks.get(index // BLOCK)
        if block is None:
            return None
        offset = index % BLOCK
        return block[offset] if offset < len(block) else None

    def put(self, number: int, rows: Sequence[Row]) -> None:
        """Add a block."""
        self._blocks[number] = rows
        self._blocks.move_to_end(number)
        while len(self._blocks) > KEPT:
            self._blocks.popitem(last=False)

    def missing(self, top: int, height: int) -> int | None:
        """Return the number of the block to read next, None if none is missing.

        Blocks in view come first, then those of the pages above and below.

        Args:
            top: the position of the first row in view.
            height: the number of rows in view.
        """
        last: int = (self.count - 1) // BLOCK if self.count else 0
        in_view = range(max(0, top) // BLOCK, max(0, top + height - 1) // BLOCK + 1)
        numbers: list[int] = [*in_view, max(0, top - height) // BLOCK, (top + 2 * height) // BLOCK]
        for number in numbers:
            if number in self._blocks:
                self._blocks.move_to_end(number)
            elif number <= last:
                return number
        return None

    def find(self, matches: Callable[[Row], bool]) -> int | None:
        """Return the position of the first cached row that matches, None if none does."""
        for number in sorted(self._blocks):
            for offset, row in enumerate(self._blocks[number]):
                if matches(row):
                    return number * BLOCK + offset
        return None

    def cached(self) -> list[tuple[int, Row]]:
        """Return all cached rows with their positions."""
        return [
            (n * BLOCK + i, row)
            for n in sorted(self._blocks)
            for i, row in enumerate(self._blocks[n])
        ]
