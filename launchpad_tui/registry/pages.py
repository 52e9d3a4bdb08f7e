"""Pages of a list by keyset pagination.

A page is found by the order value of the row before it, not by an offset, so that every page takes
the same time, in both directions. `drivers` decides whether a list is read in its order or from the
index of one of its conditions.
"""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Generic, TypeVar

from launchpad_tui.domain.artifact import ArtifactKind
from launchpad_tui.domain.connection import Scope
from launchpad_tui.domain.query import (
    ArtifactRow,
    Condition,
    Cursor,
    ExecutionRow,
    MetricColumn,
    Op,
    Page,
    Query,
    Subject,
)
from launchpad_tui.errors import InvalidInput
from launchpad_tui.records import record
from launchpad_tui.registry import artifacts, executions
from launchpad_tui.registry.cancellation import BudgetExceeded, QueryCancellation
from launchpad_tui.registry.codec import terms, to_json
from launchpad_tui.registry.configurations import BATCH, placeholders
from launchpad_tui.registry.connections import group_pk
from launchpad_tui.registry.database import Registry
from launchpad_tui.registry.drivers import SOME, Driver, drivers, few, smallest
from launchpad_tui.registry.query import (
    ARTIFACTS,
    COMPARE,
    EXECUTIONS,
    ListTable,
    conditions_sql,
    metric_column,
    number_of,
    series_condition,
    statistic_column,
)
from launchpad_tui.registry.segments import Segment

Row = TypeVar("Row")
_Curve = tuple[float, ...]
Curves = Mapping[str, _Curve]
#: the number of points of a curve in a list
_CURVE_POINTS = 48

#: the instructions of SQLite for a page in the list's order, before another way is tried; about a
#: tenth of a second
_BUDGET = 1_000_000

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
        build: Callable[
            [tuple[Any, ...], Mapping[MetricColumn, float], Curves, Mapping[str, str]], Row
        ],
    ) -> None:
        self._registry = registry
        self._scope = scope
        self._table = table
        self._query = query
        self._build = build
        self._kind = kind
        self._cancellation = QueryCancellation()
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
        #: the driver of all pages once it is known; None for reading in the list's order
        self._plan: tuple[Driver | None] | None = None

    @property
    def skips_slowly(self) -> bool:
        """Whether skipping rows takes about as long as reading them.

        The rows of a list that is sorted by a metric are found by the index of the metric's values,
        and every one of them is looked up.
        """
        driven = self._plan is not None and self._plan[0] is not None
        return self._metric is not None and not driven

    def cancel(self) -> None:
        """End running queries with `QueryCancelled`, and refuse further ones."""
        self._cancellation.cancel()

    def count(self, most: int | None = None) -> tuple[int, bool]:
        """Return the number of rows, and whether these are all rows.

        Args:
            most: counting ends after this number of rows, unless an index has the number.
        """
        with self._registry.read(self._cancellation) as db:
            source = self._source(db, smallest(db, self._drivers(db), SOME))
            inner = f"SELECT 1 FROM {source.tables} WHERE {' AND '.join(source.where)}"
            filtered = self._query.search or self._query.conditions
            if most is None or not filtered:
                sql, values = f"SELECT count(*) FROM ({inner})", source.values
            else:
                sql = f"SELECT count(*) FROM ({inner} LIMIT ?)"
                values = [*source.values, most + 1]
            found = int(db.execute(sql, values).fetchone()[0])
        if most is None or not filtered or found <= most:
            return found, True
        return most, False

    def page(self, cursor: Cursor | None, limit: int, *, backwards: bool = False) -> Page[Row]:
        """Return at most ``limit`` rows after the cursor, or before it, always in the list's order.

        Args:
            cursor: None is the position before the first row, or after the last one if backwards.

        Raises:
            QueryCancelled: `cancel` was called.
        """
        with self._registry.read(self._cancellation) as db:
            rows = self._planned_rows(db, cursor, limit, backwards)
            if backwards:
                rows.reverse()
            metrics = self._metrics(db, rows)
            curves = self._curves(db, rows)
            parameters = self._parameters(db, rows)
        return Page(
            tuple(
                self._build(
                    row[4:],
                    metrics.get(row[2], {}),
                    curves.get(row[2], {}),
                    parameters.get(row[2], {}),
                )
                for row in rows
            ),
            tuple(row[:3] for row in rows),
        )

    def position(self, row_id: str) -> int | None:
        """Return the number of rows before the row with an ID.

        None is returned if the row is not in the list, or if counting takes more than about a tenth
        of a second.

        Raises:
            QueryCancelled: `cancel` was called.
        """
        with self._registry.read(self._cancellation) as db:
            sql = f"SELECT pk FROM {self._table.name} WHERE group_pk = ? AND id = ?"
            found = db.execute(sql, (group_pk(db, self._scope), row_id)).fetchone()
            if found is None:
                return None
            driver = self._plan[0] if self._plan is not None else None
            try:
                with self._registry.budget(_BUDGET):
                    cursor = self._cursor_of(db, int(found[0]))
                    if cursor is None:
                        return None
                    before = self._segments(db, cursor, True, driver)
                    return sum(segment.count(db, sys.maxsize) for segment in before)
            except BudgetExceeded:
                return None

    def _cursor_of(self, db: sqlite3.Connection, pk: int) -> Cursor | None:
        """Return the cursor of a row, None if it is not in the list."""
        for has_value in (True, False):
            segment = self._segment(db, has_value, None)
            if segment is not None and (found := segment.only(pk).fetch(db, "", 1)):
                value, tie, number = found[0]
                return value, tie, number
        return None

    def anchors(
        self, cursor: Cursor | None, every: int, rows: int, *, backwards: bool = False
    ) -> list[Cursor]:
        """Return the cursors of every ``every``-th row after a cursor.

        Args:
            rows: the number of rows to scan; only their order values are read.
        """
        found: list[Cursor] = []
        number = 0
        with self._registry.read(self._cancellation) as db:
            driver = self._planned(db)
            for segment in self._segments(db, cursor, backwards, driver):
                if driver is not None:
                    # The rows have to be sorted, so they are read only once.
                    read = segment.fetch(db, "", rows - number)
                    found += read[every - 1 - number % every :: every]
                    number += len(read)
                    continue
                while (len(found) + 1) * every <= rows:
                    # SQLite skips the rows, which is much faster than returning them.
                    read = segment.fetch(db, "", 1, every - number % every - 1)
                    if not read:
                        number += segment.count(db, every)
                        break
                    found += read
                    segment.start, number = found[-1], len(found) * every
        return found

    def _drivers(self, db: sqlite3.Connection) -> list[Driver]:
        return drivers(self._table, self._kind, self._query, group_pk(db, self._scope))

    def _planned(self, db: sqlite3.Connection) -> Driver | None:
        """Return the driver with few entries; None if the list is read in its order."""
        if self._plan is None:
            among = self._drivers(db)
            rows = db.execute(f"SELECT max(pk) FROM {self._table.name}").fetchone()[0] or 0
            self._plan = (smallest(db, among, few(rows)) if among else None,)
        return self._plan[0]

    def _planned_rows(
        self, db: sqlite3.Connection, cursor: Cursor | None, limit: int, backwards: bool
    ) -> list[tuple[Any, ...]]:
        first = self._plan is None
        driver = self._planned(db)
        if first and driver is None and (among := self._drivers(db)):
            try:
                with self._registry.budget(_BUDGET):
                    return self._rows(db, cursor, limit, backwards, None)
            except BudgetExceeded:
                # The rows that match are at the other end of the list, or few match all conditions.
                driver = smallest(db, among, SOME)
                self._plan = (driver,)
        return self._rows(db, cursor, limit, backwards, driver)

    def _rows(
        self,
        db: sqlite3.Connection,
        cursor: Cursor | None,
        limit: int,
        backwards: bool,
        driver: Driver | None,
    ) -> list[tuple[Any, ...]]:
        rows: list[tuple[Any, ...]] = []
        shown = ", ".join(f"t.{name}" for name in self._table.columns.split(", "))
        shown += f", {_CONFIGURATION.format(self._table.execution)}"
        columns = f", {self._table.execution}"
        # Rows that have to be sorted are sorted without the columns that are shown.
        later = driver is not None
        for segment in self._segments(db, cursor, backwards, driver):
            rows += segment.fetch(
                db, columns if later else f"{columns}, {shown}", limit - len(rows)
            )
            if len(rows) >= limit:
                break
        if not later:
            return rows
        pks = [row[2] for row in rows]
        found: dict[int, tuple[Any, ...]] = {}
        for start in range(0, len(pks), BATCH):
            some = pks[start : start + BATCH]
            sql = f"SELECT t.pk, {shown} FROM {self._table.name} t WHERE t.pk IN"
            for row in db.execute(f"{sql} ({placeholders(some)})", some):
                found[row[0]] = row[1:]
        return [(*row, *found[row[2]]) for row in rows]

    def _segments(
        self,
        db: sqlite3.Connection,
        cursor: Cursor | None,
        backwards: bool,
        driver: Driver | None,
    ) -> Iterator[Segment]:
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
            segment = self._segment(db, has_value, driver)
            if segment is not None:
                segment.start, segment.down = start, down
                yield segment

    def _segment(
        self, db: sqlite3.Connection, has_value: bool, driver: Driver | None
    ) -> Segment | None:
        source = self._source(db, driver)
        if self._metric is not None:
            return self._metric_segment(source, self._metric, has_value)
        attribute = self._table.attributes[str(self._query.order.by)]
        where = list(source.where)
        if attribute.nullable:
            where.append(f"{attribute.sql} IS {'NOT ' if has_value else ''}NULL")
        elif not has_value:
            return None
        if not has_value:
            return Segment(source.tables, where, source.values, ("t.pk",), value="NULL")
        keys = (attribute.ordered, "t.pk")
        return Segment(source.tables, where, source.values, keys, value=attribute.ordered)

    def _metric_segment(
        self, source: _Source, metric: MetricColumn, has_value: bool
    ) -> Segment | None:
        value = f"s.{statistic_column(metric)}"
        own = (
            f"s.execution_pk = {self._table.execution} "
            f"AND {series_condition(self._table, metric.key)} AND {value} IS NOT NULL"
        )
        same = [
            condition
            for condition in self._query.conditions
            if isinstance(condition, Condition)
            and condition.subject is Subject.METRIC
            and condition.op in COMPARE
            and metric_column(condition) == metric
        ]
        if not has_value:
            if same:
                return None  # Rows without a value match no condition on it.
            where = [*source.where, f"NOT EXISTS (SELECT 1 FROM series s WHERE {own})"]
            # An index has this order, so that rows can be read without sorting all of them.
            keys: tuple[str, ...] = ("t.created_at", "t.pk")
            values = [*source.values, metric.key]
            return Segment(source.tables, where, values, keys, value="NULL", tie=keys[0])
        # Conditions on the metric limit the part of its index that is read.
        ranged = [one for one in same if one.op is not Op.NOT_EQUALS]
        where = [*source.where, own, *(f"{value} {COMPARE[one.op]} ?" for one in ranged)]
        values = [*source.values, metric.key, *(number_of(one) for one in ranged)]
        # Ties are ordered as in the index, so that many equal values need not be sorted.
        keys = (value, "s.execution_pk", "t.pk")
        tables = f"{source.tables} CROSS JOIN series s"
        if not source.driven and self._query.ids is None:
            # The index on the metric's value yields the first rows without reading the others.
            tables = f"series s CROSS JOIN {source.tables}"
            where, values = ["s.group_pk = ?", *where], [source.group, *values]
        return Segment(tables, where, values, keys, value=value, tie=keys[1])

    def _source(self, db: sqlite3.Connection, driver: Driver | None) -> _Source:
        group = group_pk(db, self._scope)
        where, values = ["t.group_pk = ?", *self._where], [group, *self._values]
        if self._table.visible:
            where.append(self._table.visible)
        if self._query.ids is not None:
            # As JSON, because there may be more IDs than a statement has parameters.
            where.append("t.id IN (SELECT value FROM json_each(?))")
            values.append(to_json(list(self._query.ids)))
        tables = f"{self._table.name} t"
        if driver is not None:
            tables = f"({driver.sql}) d CROSS JOIN {tables}"
            where = [f"{driver.joins} = d.x", *where]
            values = [*driver.values, *values]
        return _Source(tables, where, values, group, driver is not None)

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
        if not self._query.curves:
            return {}
        # Commands draw no curves, and do not load the modules of points.
        from launchpad_tui.registry.small_curves import small_curve

        found: dict[int, dict[str, _Curve]] = {}
        for key in dict.fromkeys(self._query.curves):
            for pk, series in self._of_series(db, rows, "pk", key):
                found.setdefault(pk, {})[key] = small_curve(
                    self._registry, int(series), _CURVE_POINTS
                )
        return found

    def _parameters(
        self, db: sqlite3.Connection, rows: Sequence[tuple[Any, ...]]
    ) -> dict[int, dict[str, str]]:
        """Return the values of the parameter columns by the row number."""
        names = tuple(dict.fromkeys(self._query.parameters))
        pks = [row[2] for row in rows] if names else []
        found: dict[int, dict[str, str]] = {}
        for start in range(0, len(pks), BATCH):
            some = pks[start : start + BATCH]
            for pk, name, value in db.execute(
                f"SELECT t.pk, p.name, p.value FROM {self._table.name} t CROSS JOIN executions e "
                "CROSS JOIN configuration_parameters p "
                f"WHERE t.pk IN ({placeholders(some)}) AND e.pk = {self._table.execution} "
                "AND p.configuration_pk = e.configuration_pk "
                f"AND p.name IN ({placeholders(names)})",
                (*some, *names),
            ).fetchall():
                found.setdefault(pk, {})[name] = value
        return found

    def _of_series(
        self, db: sqlite3.Connection, rows: Sequence[tuple[Any, ...]], column: str, key: str
    ) -> Iterable[tuple[int, Any]]:
        """Yield row numbers, each with a column of the series that represents a metric there."""
        pks = [row[2] for row in rows]
        for start in range(0, len(pks), BATCH):
            some = pks[start : start + BATCH]
            yield from db.execute(
                f"SELECT t.pk, s.{column} FROM {self._table.name} t CROSS JOIN series s "
                f"WHERE t.pk IN ({placeholders(some)}) "
                f"AND s.execution_pk = {self._table.execution} "
                f"AND {series_condition(self._table, key)}",
                (*some, key),
            ).fetchall()


@record
class _Source:
    """The tables and conditions of all statements of a query."""

    tables: str
    where: list[str]
    values: list[object]
    group: int
    driven: bool


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
        lambda row, metrics, curves, parameters: ArtifactRow(
            artifacts.from_row(row), metrics, row[-1] or "", curves, parameters
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
        lambda row, metrics, curves, parameters: ExecutionRow(
            executions.from_row(row), metrics, curves, parameters
        ),
    )
