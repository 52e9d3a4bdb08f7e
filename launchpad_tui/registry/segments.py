"""Parts of a list that one index of the registry has in order."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from typing import Any

from launchpad_tui.domain.query import Cursor
from launchpad_tui.records import record

#: the lower case of ASCII letters
_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}


@record
class OrderedSource:
    """The tables and conditions of all statements of a query.

    ``kinds`` has all kinds of artifacts if a list contains all of them, and an index has the order
    of each. ``unfiltered``: the rows are all rows of the list, whether or not they match; those
    without an order value need not be told from others.
    """

    tables: str
    where: list[str]
    values: list[object]
    group: int
    driven: bool
    kinds: tuple[str, ...]
    unfiltered: bool = False


def tie_of(keys: Sequence[str]) -> str:
    """Return the expression of the second entry of cursors for the keys that break ties."""
    if len(keys) > 1:
        return f"json_array({', '.join(keys)})"
    return keys[0] if keys else "0"


class Segment:
    """A part of a list, ordered by keys, of which the last is the row number.

    Args:
        tables: the tables of the statement.
        where: its conditions.
        values: its parameters.
        keys: the SQL expressions to order by.
        value: the expression of the order value of cursors.
        tie: the expression of their second entry.
        kinds: the kinds of artifacts if an index has the order of each kind, but not of all.
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
        kinds: Sequence[str] = (),
    ) -> None:
        self._tables = tables
        self._where = where
        self._values = values
        self._keys = keys
        self._value = value
        self._tie = tie
        self._kinds = kinds
        #: the position before the first row, and that of the last one
        self.start: Cursor | None = None
        self.stop: Cursor | None = None
        self.down = False
        #: whether the rows are not in the order of an index, and are sorted by each statement
        self.driven = False

    def only(self, pk: int) -> Segment:
        """Return the part of the segment that consists of one row."""
        where, values = [*self._where, "t.pk = ?"], [*self._values, pk]
        return Segment(self._tables, where, values, self._keys, value=self._value, tie=self._tie)

    def _each_kind(self, columns: str, limit: int) -> tuple[str, list[object]]:
        """Return the SQL of the first rows of each kind, in the order of all, and its parameters.

        Each of them is read in the order of its index.
        """
        tables, values = self._after_start()
        shown = f"{self._value}, {self._tie}, t.pk{columns}"
        one = (
            f"SELECT * FROM (SELECT {shown} FROM {tables} AND t.kind = ? "
            f"ORDER BY {self._order()} LIMIT ?)"
        )
        sql = " UNION ALL ".join([one] * len(self._kinds))
        number = {self._value: 1, self._tie: 2}
        order = [
            f"{number.get(key, 3)}{' COLLATE NOCASE' if key.endswith(' NOCASE') else ''}"
            for key in self._keys
        ]
        return f"{sql} ORDER BY {self._order(order)}", [
            bound for kind in self._kinds for bound in (*values, kind, limit)
        ]

    def _order(self, keys: Sequence[str] = ()) -> str:
        direction = "DESC" if self.down else "ASC"
        return ", ".join(f"{key} {direction}" for key in keys or self._keys)

    def fetch(
        self, db: sqlite3.Connection, columns: str, limit: int, skip: int = 0
    ) -> list[tuple[Any, ...]]:
        """Return cursors and further columns of rows, up to a limit, after ``skip`` rows.

        Args:
            columns: empty, or SQL that starts with a comma.
        """
        if self._kinds:
            sql, values = self._each_kind(columns, limit + skip)
            return db.execute(f"{sql} LIMIT ? OFFSET ?", (*values, limit, skip)).fetchall()
        shown = f"{self._value}, {self._tie}, t.pk{columns}"
        found: list[tuple[Any, ...]] = []
        ranges = self._ranges()
        for number, (where, bound) in enumerate(ranges, 1):
            tables = f"{self._tables} WHERE {' AND '.join([*self._where, *where])}"
            values = [*self._values, *bound]
            rows = db.execute(
                f"SELECT {shown} FROM {tables} ORDER BY {self._order()} LIMIT ? OFFSET ?",
                (*values, limit - len(found), skip),
            ).fetchall()
            found += rows
            if len(found) >= limit or number == len(ranges):
                break
            if rows:
                skip = 0
            elif skip:
                skip -= _count(db, tables, values, skip)
        return found

    def count(self, db: sqlite3.Connection, most: int) -> int:
        """Return the number of rows, counted up to a limit."""
        found = 0
        for where, bound in self._ranges():
            tables = f"{self._tables} WHERE {' AND '.join([*self._where, *where])}"
            found += _count(db, tables, [*self._values, *bound], most - found)
        return found

    def _after_start(self) -> tuple[str, list[object]]:
        where, values = self._limits()
        where, values = [*self._where, *where], [*self._values, *values]
        return f"{self._tables} WHERE {' AND '.join(where)}", values

    def _limits(self) -> tuple[list[str], list[object]]:
        """Return one condition of the rows between start and stop, and its parameters."""
        where: list[str] = []
        values: list[object] = []
        for cursor, compare in (
            (self.start, "<" if self.down else ">"),
            (self.stop, ">=" if self.down else "<="),
        ):
            if cursor is not None:
                keys = self._keys_of(cursor)
                marks = ", ".join("?" * len(keys))
                # SQLite compares several columns by an index only if none has a COLLATE clause; the
                # first condition finds the position in the index.
                where += [
                    f"{self._keys[0]} {compare[0]}= ?",
                    f"({', '.join(self._keys)}) {compare} ({marks})",
                ]
                values += [keys[0], *keys]
        return where, values

    def _ranges(self) -> list[tuple[list[str], list[object]]]:
        """Return conditions and parameters of the rows between start and stop, in their order.

        Each range has rows with the same first keys, and limits of the next key, both of which an
        index finds. With one comparison of all keys, SQLite would read all rows with the first key
        of the start, which may be half of the list.
        """
        after, before = ("<", ">") if self.down else (">", "<")
        start = None if self.start is None else self._keys_of(self.start)
        stop = None if self.stop is None else self._keys_of(self.stop)
        last = len(self._keys) - 1
        ranges: list[tuple[list[str], list[object]]] = []

        def add(of: list[object], place: int, *limits: tuple[str, object]) -> None:
            conditions = [
                (key, "=", value) for key, value in zip(self._keys, of[:place], strict=False)
            ]
            conditions += [(self._keys[place], compare, value) for compare, value in limits]
            ranges.append(
                (
                    [f"{key} {compare} ?" for key, compare, _ in conditions],
                    [value for _, _, value in conditions],
                )
            )

        if start is None and stop is None:
            return [([], [])]
        if self.driven:
            return [self._limits()]
        common = -1
        if start is not None and stop is not None:
            common = next(
                (
                    place
                    for place, key in enumerate(self._keys)
                    if not _equal(key, start[place], stop[place])
                ),
                last + 1,
            )
            if common > last:
                return [(["0"], [])]
        if start is not None:
            deepest = last
            if last > 1 and stop is None:
                # Few rows have the same first keys: those of one execution or configuration.
                add(start, last - 1, (f"{after}=", start[last - 1]))
                where, values = ranges[0]
                where.append(f"({self._keys[-2]}, {self._keys[-1]}) {after} (?, ?)")
                values += start[-2:]
                deepest = last - 2
            for place in range(deepest, common, -1):
                add(start, place, (after, start[place]))
        if start is not None and stop is not None:
            inclusive = f"{before}=" if common == last else before
            add(start, common, (after, start[common]), (inclusive, stop[common]))
        if stop is not None:
            for place in range(common + 1, last + 1):
                add(stop, place, (f"{before}=" if place == last else before, stop[place]))
        return ranges

    def _keys_of(self, cursor: Cursor) -> list[object]:
        """Return the values of the keys at a position."""
        value, tie, number = cursor
        ties = self._keys[1:-1]
        found = [tie] if len(ties) == 1 else json.loads(str(tie)) if ties else []
        if self._keys[0] == self._value:
            return [value, *found, number]
        if self._keys[0] == self._tie:
            return [tie, number]
        return [number]


def _equal(key: str, one: object, other: object) -> bool:
    """Return whether the index of a key has two values at the same place."""
    if key.endswith(" NOCASE") and isinstance(one, str) and isinstance(other, str):
        # NOCASE ignores the case of ASCII letters only.
        return one.translate(_LOWER) == other.translate(_LOWER)
    return one == other


def _count(db: sqlite3.Connection, tables: str, values: list[object], most: int) -> int:
    sql = f"SELECT count(*) FROM (SELECT 1 FROM {tables} LIMIT ?)"
    return int(db.execute(sql, (*values, most)).fetchone()[0])
