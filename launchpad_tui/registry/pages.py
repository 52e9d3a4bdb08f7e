"""Pages of a list by keyset pagination.

A page is found by the order value of the row before it, not by an offset, so that every page takes
the same time, in both directions.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Generic, TypeVar

from launchpad_tui.domain.artifact import ArtifactKind
from launchpad_tui.domain.connection import Scope
from launchpad_tui.domain.query import ArtifactRow, Cursor, ExecutionRow, MetricColumn, Page, Query
from launchpad_tui.errors import InvalidInput
from launchpad_tui.registry import artifacts, executions
from launchpad_tui.registry.codec import terms, to_json
from launchpad_tui.registry.configurations import BATCH, placeholders
from launchpad_tui.registry.connections import group_pk
from launchpad_tui.registry.database import Registry
from launchpad_tui.registry.query import (
    ARTIFACTS,
    EXECUTIONS,
    ListTable,
    conditions_sql,
    match_expression,
    series_condition,
    statistic_column,
)

Row = TypeVar("Row")
_Curve = tuple[float, ...]
Curves = Mapping[str, _Curve]
#: the number of points of a curve in a list
_CURVE_POINTS = 48

#: A search with at most this many results sorts the results of the full-text index. A search with
#: more results reads the list in its order and tests each row.
_FEW = 3000

#: the last column of every row: the name of the configuration
_CONFIGURATION = "(SELECT e.configuration_name FROM executions e WHERE e.pk = {0})"


class Lister(Generic[Row]):
    """A compiled query over one table. It has neither a connection nor rows, and is thread-safe."""

    def __init__(
        self,
        registry: Registry,
        scope: Scope,
        table: ListTable,
        kind: str | None,
        query: Query,
        build: Callable[[tuple[Any, ...], Mapping[MetricColumn, float], Curves], Row],
    ) -> None:
        self._registry = registry
        self._scope = scope
        self._table = table
        self._query = query
        self._build = build
        self._match = match_expression(query.search)
        self._where, self._values = conditions_sql(table, query.conditions)
        if kind is not None:
            self._where.insert(0, "t.kind = ?")
            self._values.insert(0, kind)
        for term in terms(query.search):
            self._where.append("instr(t.search_text, ?)")
            self._values.append(term)
        by = query.order.by
        self._metric = by if isinstance(by, MetricColumn) else None
        if not isinstance(by, MetricColumn) and by not in table.attributes:
            hint = f"Use one of {', '.join(table.attributes)}, or a metric."
            raise InvalidInput(f"The list cannot be ordered by {by!r}", hint=hint, field="order")

    def count(self) -> int:
        """Return the number of rows."""
        with self._registry.read() as db:
            source = self._source(db, bool(self._match))
            sql = f"SELECT count(*) FROM {source.tables} WHERE {' AND '.join(source.where)}"
            return int(db.execute(sql, source.values).fetchone()[0])

    def page(self, cursor: Cursor | None, limit: int, *, backwards: bool = False) -> Page[Row]:
        """Return at most ``limit`` rows after the cursor, or before it, always in the list's order.

        Args:
            cursor: None is the position before the first row, or after the last one if backwards.
        """
        with self._registry.read() as db:
            rows: list[tuple[Any, ...]] = []
            columns = ", ".join(f"t.{name}" for name in self._table.columns.split(", "))
            for segment in self._segments(db, cursor, backwards):
                rows += segment.fetch(
                    db,
                    f"t.pk, {self._table.execution}, {columns}, "
                    f"{_CONFIGURATION.format(self._table.execution)}",
                    limit - len(rows),
                )
                if len(rows) >= limit:
                    break
            if backwards:
                rows.reverse()
            metrics = self._metrics(db, rows)
            curves = self._curves(db, rows)
        return Page(
            tuple(
                self._build(row[3:], metrics.get(row[1], {}), curves.get(row[1], {}))
                for row in rows
            ),
            tuple((row[0], row[1]) for row in rows),
        )

    def anchors(
        self, cursor: Cursor | None, every: int, rows: int, *, backwards: bool = False
    ) -> list[Cursor]:
        """Return the cursors of every ``every``-th row after a cursor.

        Args:
            rows: the number of rows to scan; only their order values are read.
        """
        found: list[Cursor] = []
        number = 0
        with self._registry.read() as db:
            for segment in self._segments(db, cursor, backwards):
                for key, pk in segment.keys(db, rows - number):
                    number += 1
                    if number % every == 0:
                        found.append((key, pk))
                if number >= rows:
                    break
        return found

    def _segments(
        self, db: sqlite3.Connection, cursor: Cursor | None, backwards: bool
    ) -> Iterable[_Segment]:
        """Yield the segments of the list in the order of reading.

        The first segment has the rows with an order value, the second one those without.
        """
        down = self._query.order.descending != backwards
        for has_value in (False, True) if backwards else (True, False):
            start: Cursor | None = None
            if cursor is not None:
                if (cursor[0] is not None) != has_value:
                    if has_value != backwards:
                        continue  # The cursor is in the later segment.
                else:
                    start = cursor
            segment = self._segment(db, has_value)
            if segment is not None:
                segment.start, segment.down = start, down
                yield segment

    def _segment(self, db: sqlite3.Connection, has_value: bool) -> _Segment | None:
        few = self._few(db)
        source = self._source(db, few)
        if self._metric is None:
            attribute = self._table.attributes[str(self._query.order.by)]
            if has_value:
                where = [f"t.{attribute.column} IS NOT NULL"] if attribute.nullable else []
                return _Segment(
                    source.tables, source.where + where, source.values, attribute.ordered
                )
            if not attribute.nullable:
                return None
            where = [f"t.{attribute.column} IS NULL"]
            return _Segment(source.tables, source.where + where, source.values, "NULL")
        return self._metric_segment(
            source, self._metric, has_value, few or self._query.ids is not None
        )

    def _metric_segment(
        self, source: _Source, metric: MetricColumn, has_value: bool, few: bool
    ) -> _Segment:
        value = f"s.{statistic_column(metric)}"
        own = (
            f"s.execution_pk = {self._table.execution} "
            f"AND {series_condition(self._table, metric.key)} AND {value} IS NOT NULL"
        )
        if not has_value:
            where = [*source.where, f"NOT EXISTS (SELECT 1 FROM series s WHERE {own})"]
            return _Segment(source.tables, where, [*source.values, metric.key], "NULL")
        where = [*source.where, own]
        values = [*source.values, metric.key]
        if few:
            return _Segment(f"{source.tables} CROSS JOIN series s", where, values, value)
        # The index on the metric's value yields the first rows without reading the others.
        where = ["s.group_pk = ?", *where]
        return _Segment(
            f"series s CROSS JOIN {source.tables}", where, [source.group, *values], value
        )

    def _source(self, db: sqlite3.Connection, by_index: bool) -> _Source:
        group = group_pk(db, self._scope)
        where, values = ["t.group_pk = ?", *self._where], [group, *self._values]
        if self._query.ids is not None:
            # As JSON, because there may be more IDs than a statement has parameters.
            where.append("t.id IN (SELECT value FROM json_each(?))")
            values.append(to_json(list(self._query.ids)))
        tables = f"{self._table.name} t"
        if by_index:
            index = f"{self._table.name}_search"
            tables = f"{index} f CROSS JOIN {self._table.name} t"
            where = [f"{index} MATCH ?", "t.pk = f.rowid", *where]
            values = [self._match, *values]
        return _Source(tables, where, values, group)

    def _few(self, db: sqlite3.Connection) -> bool:
        if not self._match:
            return False
        index = f"{self._table.name}_search"
        found = db.execute(
            f"SELECT count(*) FROM (SELECT 1 FROM {index} WHERE {index} MATCH ? LIMIT {_FEW + 1})",
            (self._match,),
        ).fetchone()[0]
        return int(found) <= _FEW

    def _metrics(
        self, db: sqlite3.Connection, rows: Sequence[tuple[Any, ...]]
    ) -> dict[int, dict[MetricColumn, float]]:
        """Return the values of the metric columns by the row number of the execution."""
        found: dict[int, dict[MetricColumn, float]] = {}
        for column in dict.fromkeys(self._query.metrics):
            for pk, value in self._of_series(db, rows, statistic_column(column), column.key):
                # NULL is the stored form of NaN, which is a value.
                found.setdefault(pk, {})[column] = float("nan") if value is None else value
        return found

    def _curves(
        self, db: sqlite3.Connection, rows: Sequence[tuple[Any, ...]]
    ) -> dict[int, dict[str, _Curve]]:
        """Return the curves by the row number of the execution."""
        found: dict[int, dict[str, _Curve]] = {}
        for key in dict.fromkeys(self._query.curves):
            for pk, series in self._of_series(db, rows, "pk", key):
                # Imported on use: it imports numpy, which lists without curves do not need.
                from launchpad_tui.registry.window import window

                points = window(self._registry, int(series), points=_CURVE_POINTS).values
                found.setdefault(pk, {})[key] = tuple(float(value) for value in points)
        return found

    def _of_series(
        self, db: sqlite3.Connection, rows: Sequence[tuple[Any, ...]], column: str, key: str
    ) -> Iterable[tuple[int, Any]]:
        """Yield row numbers, each with a column of the series that represents a metric there."""
        pks = [row[1] for row in rows]
        for start in range(0, len(pks), BATCH):
            some = pks[start : start + BATCH]
            yield from db.execute(
                f"SELECT t.pk, s.{column} FROM {self._table.name} t CROSS JOIN series s "
                f"WHERE t.pk IN ({placeholders(some)}) "
                f"AND s.execution_pk = {self._table.execution} "
                f"AND {series_condition(self._table, key)}",
                (*some, key),
            ).fetchall()


class _Source:
    """The tables and conditions of all statements of a query."""

    __slots__ = ("group", "tables", "values", "where")

    def __init__(self, tables: str, where: list[str], values: list[object], group: int) -> None:
        self.tables = tables
        self.where = where
        self.values = values
        self.group = group


class _Segment:
    """A part of a list, ordered by a key, and by row number for equal keys."""

    def __init__(self, tables: str, where: list[str], values: list[object], key: str) -> None:
        self._tables = tables
        self._where = where
        self._values = values
        self._key = key
        self.start: Cursor | None = None
        self.down = False

    def fetch(self, db: sqlite3.Connection, columns: str, limit: int) -> list[tuple[Any, ...]]:
        """Return key and columns of rows, up to a limit."""
        sql, values = self._sql(columns)
        return db.execute(f"{sql} LIMIT ?", (*values, limit)).fetchall()

    def keys(self, db: sqlite3.Connection, limit: int) -> Iterable[tuple[Any, int]]:
        """Return key and row number of rows, up to a limit."""
        sql, values = self._sql("t.pk")
        return db.execute(f"{sql} LIMIT ?", (*values, limit))

    def _sql(self, columns: str) -> tuple[str, list[object]]:
        where, values = list(self._where), list(self._values)
        compare = "<" if self.down else ">"
        direction = "DESC" if self.down else "ASC"
        if self._key == "NULL":
            order = f"t.pk {direction}"
            if self.start is not None:
                where.append(f"t.pk {compare} ?")
                values.append(self.start[1])
        else:
            order = f"{self._key} {direction}, t.pk {direction}"
            if self.start is not None:
                where.append(f"({self._key}, t.pk) {compare} (?, ?)")
                values += self.start
        sql = (
            f"SELECT {self._key}, {columns} FROM {self._tables} "
            f"WHERE {' AND '.join(where)} ORDER BY {order}"
        )
        return sql, values


def artifact_lister(
    registry: Registry, scope: Scope, kind: ArtifactKind | None, query: Query
) -> Lister[ArtifactRow]:
    """Return the lister of a query for artifacts of a kind.

    Raises:
        InvalidInput: a condition or the order is invalid.
    """
    return Lister(
        registry,
        scope,
        ARTIFACTS,
        kind,
        query,
        lambda row, metrics, curves: ArtifactRow(
            artifacts.from_row(row), metrics, row[-1] or "", curves
        ),
    )


def execution_lister(registry: Registry, scope: Scope, query: Query) -> Lister[ExecutionRow]:
    """Return the lister of a query for executions.

    Raises:
        InvalidInput: a condition or the order is invalid.
    """
    return Lister(
        registry,
        scope,
        EXECUTIONS,
        None,
        query,
        lambda row, metrics, curves: ExecutionRow(executions.from_row(row), metrics, curves),
    )
