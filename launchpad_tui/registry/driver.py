"""A source of the rows of a list other than the list's own order."""

from __future__ import annotations

import sqlite3

from launchpad_tui.records import record


@record
class Driver:
    """A superset of the rows of a list.

    Attributes:
        sql: a SELECT with one column ``x``, which has row numbers without duplicates.
        values: the parameters of ``sql``.
        joins: the SQL expression of the row ``t`` of the list that equals ``x``.
    """

    sql: str
    values: tuple[object, ...]
    joins: str

    def size(self, db: sqlite3.Connection, most: int) -> int:
        """Return the number of entries, counted up to ``most + 1``."""
        sql = f"SELECT count(*) FROM (SELECT 1 FROM ({self.sql}) LIMIT ?)"
        return int(db.execute(sql, (*self.values, most + 1)).fetchone()[0])
