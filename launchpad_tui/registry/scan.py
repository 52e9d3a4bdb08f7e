"""Searching a list in its order, in parts that take about the same time.

If no index has the rows that match, all rows have to be searched. Rows that have been found are
shown before the others have been searched.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from launchpad_tui.domain.query import Cursor
from launchpad_tui.registry.segments import Segment

#: the number of rows that the first part searches, and the limits of the other parts
FIRST_STEP, _LEAST, _MOST = 5_000, 1_000, 200_000
#: The seconds of processor time that a part should take. The first part takes less, in most lists.
_SHORT, _LONG = 0.04, 0.09


class Steps:
    """The number of rows that each part of a search tests.

    A part takes less than a tenth of a second of processor time; a test takes 0.5 to 10 µs.
    """

    def __init__(self) -> None:
        self.rows = FIRST_STEP
        #: whether a part of the list was searched without finding all rows of a page
        self.searching = False
        #: the number of all rows, once it is known
        self.total: int | None = None

    @contextmanager
    def measured(self) -> Iterator[None]:
        """Adapt the number of rows of the next part to the time of this one."""
        started = time.thread_time()
        yield
        taken = time.thread_time() - started
        if taken < _SHORT:
            self.rows = min(2 * self.rows, _MOST)
        elif taken > _LONG:
            self.rows = max(self.rows // 2, _LEAST)


def search_part(
    db: sqlite3.Connection,
    segments: Iterable[tuple[Segment, Segment]],
    columns: str,
    limit: int,
    step: int,
) -> tuple[list[tuple[Any, ...]], Cursor | None, int]:
    """Search the next rows of a list for rows that match.

    Args:
        db: a connection.
        segments: the segments of the list, in the order of reading, each with the segment of all
            rows among which it has those that match. They start at the same position.
        columns: empty, or the SQL of further columns that starts with a comma.
        limit: the largest number of rows to return.
        step: the number of rows to search.

    Returns:
        The cursor and further columns of the rows, the position up to which the list was searched
        (None if it has no further rows that match, or if the limit was reached), and the number of
        rows that were searched.
    """
    found: list[tuple[Any, ...]] = []
    searched = 0
    for segment, all_rows in segments:
        last = all_rows.fetch(db, "", 1, step - searched - 1)
        if last:
            value, tie, number = last[0]
            segment.stop = (value, tie, number)
        found += segment.fetch(db, columns, limit - len(found))
        if len(found) >= limit:
            return found, None, searched
        if last:
            return found, segment.stop, step
        searched += all_rows.count(db, step)
    return found, None, searched
