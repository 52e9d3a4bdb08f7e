"""Rows of a list that are read in blocks, with a cache of the blocks that were read."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any, Generic, Protocol, TypeVar

from launchpad_tui.domain.query import PagePart

Row = TypeVar("Row")
#: the number of rows that are read at once
BLOCK = 64
#: the number of blocks that are cached
KEPT = 32


class RowSource(Protocol[Row]):
    """The rows of a table, for example a `services.listing.Listing`.

    All methods may block, so they are called on a lane, except for `cancel`.
    """

    def count(self) -> int:
        """Return the number of rows."""

    def at_least(self, most: int) -> tuple[int, bool]:
        """Return the number of rows, counted up to ``most``, and whether these are all rows."""

    def slice(self, start: int, stop: int) -> Sequence[Row]:
        """Return the rows from ``start`` up to, but not including, ``stop``."""

    def part(self, start: int, stop: int, so_far: Any = None) -> PagePart[Row]:
        """Return those rows of `slice` that are found at once; ``so_far`` is the former result."""

    def position(self, row_id: str) -> int | None:
        """Return the position of a row; None if it is not in the list or takes long to find."""

    def reach_end(self, rows: int) -> bool:
        """Return whether the last ``rows`` rows can be read at once, without `prepare`."""

    def prepare(self) -> None:
        """Prepare jumps in a list in which they take long."""

    def cancel(self) -> None:
        """End running calls with `QueryCancelled`, and refuse further calls."""


class FixedRows(Generic[Row]):
    """A `RowSource` over a sequence, for short lists."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self._rows = rows

    def count(self) -> int:
        """Return the number of rows."""
        return len(self._rows)

    def at_least(self, most: int) -> tuple[int, bool]:  # noqa: ARG002
        """Return the number of rows, which are all rows."""
        return len(self._rows), True

    def position(self, row_id: str) -> int | None:  # noqa: ARG002
        """Return None: a table finds rows of a sequence by itself."""
        return None

    def reach_end(self, rows: int) -> bool:  # noqa: ARG002
        """Return True: all rows are known."""
        return True

    def prepare(self) -> None:
        """Do nothing: all rows are known."""

    def cancel(self) -> None:
        """Do nothing: no call takes long."""

    def slice(self, start: int, stop: int) -> Sequence[Row]:
        """Return the rows from ``start`` up to, but not including, ``stop``."""
        return self._rows[start:stop]

    def part(self, start: int, stop: int, so_far: Any = None) -> PagePart[Row]:  # noqa: ARG002
        """Return the same rows as `slice`."""
        return PagePart(tuple(self._rows[start:stop]))


class RowCache(Generic[Row]):
    """Blocks of rows by position. The block that was not used for longest is dropped first."""

    def __init__(self) -> None:
        #: the number of rows that are known to exist; None if nothing is known
        self.count: int | None = None
        #: whether ``count`` is the number of all rows
        self.counted = True
        #: whether counting ended before all rows were counted
        self.capped = False
        #: how often a block was added
        self.puts = 0
        self._blocks: OrderedDict[int, Sequence[Row]] = OrderedDict()
        #: the block of which only some rows have been found, and these rows
        self._unfinished: tuple[int, PagePart[Row]] | None = None

    @property
    def search(self) -> PagePart[Row] | None:
        """The rows of the block of which further rows are being searched; None if there is none."""
        return None if self._unfinished is None else self._unfinished[1]

    def so_far(self, number: int) -> PagePart[Row] | None:
        """Return the rows of a block that have been found, if further ones are being searched."""
        unfinished = self._unfinished
        return unfinished[1] if unfinished is not None and unfinished[0] == number else None

    def get(self, index: int) -> Row | None:
        """Return the row at a position, None if it has not been read."""
        block = self._blocks.get(index // BLOCK)
        if block is None:
            return None
        offset = index % BLOCK
        return block[offset] if offset < len(block) else None

    def put(self, number: int, rows: Sequence[Row]) -> None:
        """Add a block."""
        self.puts += 1
        self._blocks[number] = rows
        self._blocks.move_to_end(number)
        while len(self._blocks) > KEPT:
            self._blocks.popitem(last=False)

    def put_next(self, number: int, rows: Sequence[Row]) -> None:
        """Add a block of a list that may not be counted yet."""
        self.put(number, rows)
        end = number * BLOCK + len(rows)
        if len(rows) < BLOCK and (rows or not number):
            self.count, self.counted, self.capped = end, True, False
        elif not rows:
            self.count = min(self.count or 0, end)
        elif self.count is None or end > self.count:
            self.count, self.counted = end, False

    def put_part(self, number: int, part: PagePart[Row]) -> None:
        """Add the rows of a block that have been found."""
        if part.complete:
            if self.so_far(number) is not None:
                self._unfinished = None
            self.put_next(number, part.rows)
            return
        self._unfinished = (number, part)
        self.put(number, part.rows)
        self.count = max(self.count or 0, number * BLOCK + len(part.rows))
        self.counted = False

    def expect(self, index: int) -> None:
        """Assume that there is a row at a position, so that it is read."""
        if self.count is None or self.count <= index:
            self.count, self.counted = index + 1, False

    def missing(self, top: int, height: int, *, ahead: bool = True) -> int | None:
        """Return the number of the block to read next, None if none is missing.

        Blocks in view come first, then those of the pages above and below.

        Args:
            top: the position of the first row in view.
            height: the number of rows in view.
            ahead: whether the pages above and below are read.
        """
        # Of a list that is not counted, the block after the last known row is read, too.
        known = (self.count or 0) - self.counted
        last: int = max(0, known) // BLOCK
        in_view = range(max(0, top) // BLOCK, max(0, top + height - 1) // BLOCK + 1)
        numbers: list[int] = [*in_view]
        if ahead:
            numbers += [max(0, top - height) // BLOCK, (top + 2 * height) // BLOCK]
        for number in numbers:
            if number in self._blocks and self.so_far(number) is None:
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
