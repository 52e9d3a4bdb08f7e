"""Parts of a list that one index of the registry has in order."""

from __future__ import annotations

import sqlite3
from typing import Any

from launchpad_tui.domain.query import Cursor


class Segment:
    """A part of a list, ordered by keys, of which the last is the row number.

    Args:
        tables: the tables of the statement.
        where: its conditions.
        values: its parameters.
        keys: the SQL expressions to order by.
        value: the expression of the order value of cursors.
        tie: the expression of their second entry.
    """

    def __init__(
        self,
        tables: str,
        where: list[str],
        values: list[object],
        keys: tuple[str, ...],
        *,
        value: str,
        tie: str = "0",
    ) -> None:
        self._tables = tables
        self._where = where
        self._values = values
        self._keys = keys
        self._value = value
        self._tie = tie
        self.start: Cursor | None = None
        self.down = False

    def only(self, pk: int) -> Segment:
        """Return the part of the segment that consists of one row."""
        where, values = [*self._where, "t.pk = ?"], [*self._values, pk]
        return Segment(self._tables, where, values, self._keys, value=self._value, tie=self._tie)

    def fetch(
        self, db: sqlite3.Connection, columns: str, limit: int, skip: int = 0
    ) -> list[tuple[Any, ...]]:
        """Return cursors and further columns of rows, up to a limit, after ``skip`` rows.

        Args:
            columns: empty, or SQL that starts with a comma.
        """
        direction = "DESC" if self.down else "ASC"
        order = ", ".join(f"{key} {direction}" for key in self._keys)
        tables, values = self._after_start()
        shown = f"{self._value}, {self._tie}, t.pk{columns}"
        sql = f"SELECT {shown} FROM {tables} ORDER BY {order} LIMIT ? OFFSET ?"
        return db.execute(sql, (*values, limit, skip)).fetchall()

    def count(self, db: sqlite3.Connection, most: int) -> int:
        """Return the number of rows, counted up to a limit."""
        tables, values = self._after_start()
        sql = f"SELECT count(*) FROM (SELECT 1 FROM {tables} LIMIT ?)"
        return int(db.execute(sql, (*values, most)).fetchone()[0])

    def _after_start(self) -> tuple[str, list[object]]:
        where, values = self._where, self._values
        if self.start is not None:
            places = {self._value: 0, self._tie: 1}
            start = [self.start[places.get(key, 2)] for key in self._keys]
            compare = "<" if self.down else ">"
            marks = ", ".join("?" * len(start))
            # SQLite compares several columns by an index only if none has a COLLATE clause; the
            # first condition finds the start in the index.
            where = [
                *where,
                f"{self._keys[0]} {compare}= ?",
                f"({', '.join(self._keys)}) {compare} ({marks})",
            ]
            values = [*values, start[0], *start]
        return f"{self._tables} WHERE {' AND '.join(where)}", values
