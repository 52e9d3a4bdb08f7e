"""A list of any length by position, paged by keyset underneath."""

from __future__ import annotations

import bisect
import threading
from typing import Generic, Protocol, TypeVar

from launchpad_tui.domain.query import Cursor, Page

Row = TypeVar("Row")

#: rows between two anchors: a jump reads at most this many keys more than it shows
ANCHOR_EVERY = 500


class Pager(Protocol[Row]):
    """What a listing stands on."""

    def count(self) -> int:
        """How many rows there are."""

    def page(self, cursor: Cursor | None, limit: int, *, backwards: bool = False) -> Page[Row]:
        """Rows behind a cursor, or before it; None is the place before the first, or behind the last."""

    def anchors(
        self, cursor: Cursor | None, every: int, rows: int, *, backwards: bool = False
    ) -> list[Cursor]:
        """The cursors of each ``every``-th of the next so many rows behind a cursor, or before it."""


class Listing(Generic[Row]):
    """The rows of a query by absolute position. Blocking; safe for threads.

    A listing is a view of the query when its count was taken: rows that other processes add or remove later shift what
    stands at a position until `refresh`, but no call fails for it.
    """

    def __init__(self, pager: Pager[Row]) -> None:
        self._pager = pager
        self._lock = threading.RLock()
        self._count: int | None = None
        #: cursors by the position of their row; positions sorted
        self._cursors: dict[int, Cursor] = {}
        self._positions: list[int] = []

    def count(self) -> int:
        """How many rows there are; asked for once, then remembered."""
        with self._lock:
            if self._count is None:
                self._count = self._pager.count()
            return self._count

    def slice(self, start: int, stop: int) -> list[Row]:
        """The rows from position ``start`` up to, not with, ``stop``; fewer where the list ends before."""
        with self._lock:
            start = max(0, start)
            if stop <= start:
                return []
            position = self._nearest(start)
            # Only where the start is far from everything known is the count needed.
            if start - position - 1 > ANCHOR_EVERY:
                count = self.count()
                stop = min(stop, count)
                if stop <= start:
                    return []
                if count - start <= ANCHOR_EVERY:
                    return self._from_end(start, stop, count)
                self._anchor(position, start, count)
                position = self._nearest(start)
            cursor = self._cursors.get(position)
            page = self._pager.page(cursor, stop - position - 1)
            self._remember(position + 1, page)
            return list(page.rows[start - position - 1 :])

    def refresh(self) -> None:
        """Forget what is known of positions, so that what changed is seen."""
        with self._lock:
            self._count = None
            self._cursors.clear()
            self._positions.clear()

    def _nearest(self, start: int) -> int:
        """The nearest position before ``start`` whose cursor is known; -1 is the place before the first row."""
        index = bisect.bisect_left(self._positions, start)
        return self._positions[index - 1] if index else -1

    def _from_end(self, start: int, stop: int, count: int) -> list[Row]:
        page = self._pager.page(None, count - start, backwards=True)
        first = count - len(page.rows)
        self._remember(first, page)
        return list(page.rows[max(0, start - first) : stop - first])

    def _anchor(self, position: int, start: int, count: int) -> None:
        """Put anchors between a known place and ``start``, walking from whichever known place is nearer."""
        index = bisect.bisect_left(self._positions, start)
        after = self._positions[index] if index < len(self._positions) else count
        if start - position <= after - start:
            found = self._pager.anchors(self._cursors.get(position), ANCHOR_EVERY, start - position)
            for number, cursor in enumerate(found, 1):
                self._keep(position + number * ANCHOR_EVERY, cursor)
            return
        # One stride beyond the start, so that an anchor lies before it.
        rows = after - start + ANCHOR_EVERY
        found = self._pager.anchors(self._cursors.get(after), ANCHOR_EVERY, rows, backwards=True)
        for number, cursor in enumerate(found, 1):
            self._keep(after - number * ANCHOR_EVERY, cursor)

    def _remember(self, first: int, page: Page[Row]) -> None:
        # The last row of a page is where the next one goes on; the middle serves going back.
        for index in {len(page.cursors) // 2, len(page.cursors) - 1}:
            if 0 <= index < len(page.cursors):
                self._keep(first + index, page.cursors[index])

    def _keep(self, position: int, cursor: Cursor) -> None:
        if position not in self._cursors:
            bisect.insort(self._positions, position)
        self._cursors[position] = cursor
