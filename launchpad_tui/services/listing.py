"""Lists of any length by position, read by keyset paging."""

from __future__ import annotations

import bisect
import threading
from typing import Generic, Protocol, TypeVar

from launchpad_tui.domain.query import Cursor, Page, PagePart

Row = TypeVar("Row")

#: The smallest number of rows between two anchors. At most this many rows are read additionally.
ANCHOR_EVERY = 500
#: the largest number of anchors of a jump
_ANCHORS = 64
#: the number of rows that can be skipped at once if skipping them takes long
_NEAR = 20_000
#: the number of anchors that `prepare` finds in one call
_PREPARED = 20


class Pager(Protocol[Row]):
    """A source of pages for a listing."""

    @property
    def skips_slowly(self) -> bool:
        """Whether skipping rows takes about as long as reading them."""

    def count(self, most: int | None = None) -> tuple[int, bool]:
        """Return the number of rows, counted up to ``most``, and whether these are all rows."""

    def position(self, row_id: str) -> int | None:
        """Return the number of rows before a row; None if it is not in the list or takes long."""

    def cancel(self) -> None:
        """End running queries with `QueryCancelled`, and refuse further ones."""

    def page(self, cursor: Cursor | None, limit: int, *, backwards: bool = False) -> Page[Row]:
        """Return the rows after a cursor, or before it if ``backwards``.

        A cursor of None is the position before the first row, or after the last if ``backwards``.
        """

    def part(self, cursor: Cursor | None, limit: int) -> PagePart[Row]:
        """Return the rows after a cursor that are found in a part of the time of a long search."""

    def reaches_end(self, limit: int) -> bool:
        """Return whether the last ``limit`` rows are read at once."""

    def near(self, position: int) -> tuple[int, Cursor] | None:
        """Return the position and the cursor of a row at or shortly before a position; None if it
        is not found faster than by skipping the rows."""

    def anchors(
        self, cursor: Cursor | None, every: int, rows: int, *, backwards: bool = False
    ) -> list[Cursor]:
        """Return the cursor of every ``every``-th row among the next ``rows`` rows after a cursor,
        or before it if ``backwards``."""


class Listing(Generic[Row]):
    """The rows of a query by absolute position. Blocking and thread-safe.

    Rows are read without their number, which may take much longer: `count` and `at_least` can run
    on another thread at the same time. Rows that other processes add or remove later shift the
    positions until `refresh` is called, but no call fails because of them.
    """

    def __init__(self, pager: Pager[Row]) -> None:
        self._pager = pager
        self._lock = threading.RLock()
        self._count: int | None = None
        #: how often the positions were discarded
        self._generation = 0
        #: whether positions all over the list are known
        self._prepared = False
        #: Cursors by the position of their row; the positions are sorted in `_positions`.
        self._cursors: dict[int, Cursor] = {}
        self._positions: list[int] = []

    def count(self) -> int:
        """Return the number of rows, which is read once.

        Raises:
            QueryCancelled: `cancel` was called.
        """
        if self._count is None:
            self._count, _ = self._pager.count()
        return self._count

    def at_least(self, most: int) -> tuple[int, bool]:
        """Count up to ``most`` rows; return their number and whether these are all rows.

        Raises:
            QueryCancelled: `cancel` was called.
        """
        if self._count is None:
            found, complete = self._pager.count(most)
            if not complete:
                return found, False
            self._count = found
        return self._count, True

    def position(self, row_id: str) -> int | None:
        """Return the position of the row with an ID; None if it is not in the list or takes long
        to find.

        Raises:
            QueryCancelled: `cancel` was called.
        """
        return self._pager.position(row_id)

    def cancel(self) -> None:
        """End running calls of other threads with `QueryCancelled`, and refuse further calls."""
        self._pager.cancel()

    def slice(self, start: int, stop: int) -> list[Row]:
        """Return the rows from position ``start`` up to but not including ``stop``; fewer at the
        end of the list.

        Raises:
            QueryCancelled: `cancel` was called.
        """
        with self._lock:
            start = max(0, start)
            count = self._count
            if count is not None:
                stop = min(stop, count)
            if stop <= start:
                return []
            position = self._nearest(start)
            if start - position - 1 > ANCHOR_EVERY:
                if count is None:
                    # The number of all rows is in an index, unless the list is filtered.
                    _, complete = self.at_least(0)
                    if complete:
                        return self.slice(start, stop)
                if count is not None and count - start <= ANCHOR_EVERY:
                    return self._from_end(start, stop, count)
                self._anchor(position, start, count)
                position = self._nearest(start)
            cursor = self._cursors.get(position)
            page = self._pager.page(cursor, stop - position - 1)
            self._remember(position + 1, page)
            return list(page.rows[start - position - 1 :])

    def part(self, start: int, stop: int, so_far: PagePart[Row] | None = None) -> PagePart[Row]:
        """Return those rows of `slice` that are found in about the time of a frame or two.

        Args:
            so_far: the former result of this call, which continues the search.

        Raises:
            QueryCancelled: `cancel` was called.
        """
        with self._lock:
            if so_far is None:
                if start and start - 1 not in self._cursors:
                    return PagePart(tuple(self.slice(start, stop)))
                so_far = PagePart((), (), self._cursors.get(start - 1))
            first = start + len(so_far.rows)
            part = self._pager.part(so_far.reached, stop - first)
            self._remember(first, part)
            found = PagePart(
                (*so_far.rows, *part.rows),
                (*so_far.cursors, *part.cursors),
                part.reached,
                so_far.searched + part.searched,
                part.total,
            )
            if found.complete and len(found.rows) < stop - start and (found.rows or not start):
                self._count = start + len(found.rows)
            return found

    def reach_end(self, rows: int) -> bool:
        """Return whether the last ``rows`` rows can be read at once; otherwise `prepare` is needed.

        Raises:
            QueryCancelled: `cancel` was called.
        """
        with self._lock:
            count = self.count()
            start = max(0, count - rows)
            if not self._pager.skips_slowly or start - self._nearest(start) <= _NEAR:
                return True
            return self._pager.reaches_end(count - start)

    def prepare(self) -> None:
        """Find positions all over a list in which a jump takes long, so that later ones do not.

        Runs beside other calls, and takes as long as a jump to the end. A second call returns at
        once.

        Raises:
            QueryCancelled: `cancel` was called.
        """
        if not self._pager.skips_slowly or self._prepared:
            return
        with self._lock:
            generation = self._generation
        position, cursor = -1, None
        while found := self._pager.anchors(cursor, ANCHOR_EVERY, _PREPARED * ANCHOR_EVERY):
            with self._lock:
                if generation != self._generation:
                    return
                for one in found:
                    position += ANCHOR_EVERY
                    self._keep(position, one)
            cursor = found[-1]
        with self._lock:
            self._prepared = generation == self._generation

    def refresh(self) -> None:
        """Discard the count and all positions, so that changes are read."""
        with self._lock:
            self._count = None
            self._generation += 1
            self._prepared = False
            self._cursors.clear()
            self._positions.clear()

    def _nearest(self, start: int) -> int:
        """Return the nearest position before ``start`` with a known cursor; -1 stands for the
        position before the first row."""
        index = bisect.bisect_left(self._positions, start)
        return self._positions[index - 1] if index else -1

    def _from_end(self, start: int, stop: int, count: int) -> list[Row]:
        """Return rows near the end of the list, which are read backwards from the end."""
        page = self._pager.page(None, count - start, backwards=True)
        first = count - len(page.rows)
        self._remember(first, page)
        return list(page.rows[max(0, start - first) : stop - first])

    def _anchor(self, position: int, start: int, count: int | None) -> None:
        """Add anchors between known positions and ``start``, from the nearer known position."""
        index = bisect.bisect_left(self._positions, start)
        known = [position, *self._positions[index : index + 1]]
        if self._pager.skips_slowly and all(abs(start - one) > _NEAR for one in known):
            near = self._pager.near(start - 1)
            if near is not None:
                self._keep(*near)
                position = self._nearest(start)
        index = bisect.bisect_left(self._positions, start)
        after = self._positions[index] if index < len(self._positions) else count
        forward = after is None or start - position <= (after - start) * (
            # The rows without a value are at the end, and have to be searched.
            4 if self._pager.skips_slowly else 1
        )
        rows = start - position if forward or after is None else after - start
        every = max(ANCHOR_EVERY, rows // _ANCHORS)
        if forward or after is None:
            found = self._pager.anchors(self._cursors.get(position), every, rows)
            for number, cursor in enumerate(found, 1):
                self._keep(position + number * every, cursor)
        else:
            # One more interval is read, so that an anchor lies before the start.
            origin = self._cursors.get(after)
            found = self._pager.anchors(origin, every, rows + every, backwards=True)
            for number, cursor in enumerate(found, 1):
                self._keep(after - number * every, cursor)
        position = self._nearest(start)
        rest = start - 1 - position
        if rest > ANCHOR_EVERY:
            for cursor in self._pager.anchors(self._cursors.get(position), rest, rest):
                self._keep(start - 1, cursor)

    def _remember(self, first: int, page: Page[Row] | PagePart[Row]) -> None:
        # The next page starts after the last row; the middle row helps when scrolling back.
        for index in {len(page.cursors) // 2, len(page.cursors) - 1}:
            if 0 <= index < len(page.cursors):
                self._keep(first + index, page.cursors[index])

    def _keep(self, position: int, cursor: Cursor) -> None:
        if position not in self._cursors:
            bisect.insort(self._positions, position)
        self._cursors[position] = cursor
