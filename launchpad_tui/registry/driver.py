"""Sources of the rows of a list other than the list's own order, and when they are used."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterable

from launchpad_tui.records import record

#: A driver with at most this many entries is used if reading the list in its order took too long.
SOME = 100_000
#: the number of rows of a page
_PAGE = 64


def few(rows: int, wanted: int = _PAGE) -> int:
    """Return the largest number of entries of a driver that is used at once.

    With as many matches, as many rows have to be read in the list's order to find the wanted ones.

    Args:
        rows: the number of rows of the table.
        wanted: the number of rows that are wanted.
    """
    return math.isqrt(wanted * rows)


@record
class Driver:
    """A superset of the rows of a list.

    Attributes:
        sql: a SELECT with one column ``x``, which has row numbers without duplicates.
        values: the parameters of ``sql``.
        joins: the SQL expression of the row ``t`` of the list that equals ``x``.
        counted: a SELECT with the same parameters to count the rows, if ``sql`` cannot end before
            it has read all of them. It may have duplicates.
    """

    sql: str
    values: tuple[object, ...]
    joins: str
    counted: str = ""

    def size(self, db: sqlite3.Connection, most: int) -> int:
        """Return the number of entries, counted up to ``most + 1``."""
        sql = f"SELECT count(*) FROM (SELECT 1 FROM ({self.counted or self.sql}) LIMIT ?)"
        return int(db.execute(sql, (*self.values, most + 1)).fetchone()[0])


def smallest(db: sqlite3.Connection, among: Iterable[Driver], most: int) -> Driver | None:
    """Return the driver with the fewest entries, None if all have more than ``most``."""
    best: Driver | None = None
    for driver in among:
        size = driver.size(db, most)
        if size <= most:
            best = driver
            if not size:
                break
            most = size - 1
    return best


def union(*among: Driver | None) -> Driver:
    """Return the rows of several drivers with the same ``joins``; None stands for no rows."""
    given = [driver for driver in among if driver is not None]
    if len(given) == 1:
        return given[0]
    return Driver(
        " UNION ".join(f"SELECT x FROM ({driver.sql})" for driver in given),
        tuple(value for driver in given for value in driver.values),
        given[0].joins,
        " UNION ALL ".join(f"SELECT x FROM ({driver.counted or driver.sql})" for driver in given),
    )
