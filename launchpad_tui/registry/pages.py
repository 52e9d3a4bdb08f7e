"""Pages of a list by keyset pagination.

A page is found by the order value of the row before it, not by an offset, so that every page takes
the same time, in both directions. `drivers` decides whether a list is read in its order or from the
index of one of its conditions.
"""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from launchpad_tui.domain.artifact import ArtifactKind
from launchpad_tui.domain.connection import Scope
from launchpad_tui.domain.query import (
    ArtifactRow,
    Combination,
    Cursor,
    ExecutionRow,
    MetricColumn,
    Page,
    PagePart,
    Query,
    Subject,
    ValueColumn,
)
from launchpad_tui.errors import InvalidInput
from launchpad_tui.registry import artifacts, executions
from launchpad_tui.registry.cancellation import BudgetExceeded, QueryCancellation
from launchpad_tui.registry.configurations import BATCH, placeholders
from launchpad_tui.registry.connections import group_pk
from launchpad_tui.registry.database import Registry
from launchpad_tui.registry.driver import SOME, Driver, few, smallest
from launchpad_tui.registry.list_order import ListOrder
from launchpad_tui.registry.list_tables import ARTIFACTS, EXECUTIONS, ListTable

if TYPE_CHECKING:
    from launchpad_tui.registry.scan import Steps

Row = TypeVar("Row")
Curves = Mapping[str, tuple[float, ...]]
Metrics = Mapping[int, Mapping[MetricColumn, float]]

#: the instructions of SQLite for a page in the list's order, before another way is tried; about a
#: tenth of a second
_BUDGET = 1_000_000
#: Up to this part of all rows are then read from an index and sorted, which takes less time than
#: reading all of them in the order of another index.
_ONE_IN = 4
#: the subjects whose values are compared if they are few
_COMPARED = frozenset({Subject.PARAMETER, Subject.LABEL, Subject.TAG})

#: the last columns of every row: name of the configuration, duration and executable of the (source)
#: execution
_EXECUTION = (
    "(SELECT e.configuration_name FROM executions e WHERE e.pk = {0}), "
    "(SELECT e.duration FROM executions e WHERE e.pk = {0}), "
    "(SELECT e.executable_id FROM executions e WHERE e.pk = {0})"
)


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
            [tuple[Any, ...], Mapping[MetricColumn, float], Curves, Mapping[ValueColumn, str]], Row
        ],
    ) -> None:
        self._registry = registry
        self._scope = scope
        self._table = table
        self._query = query
        self._build = build
        self._kind = kind
        self._cancellation = QueryCancellation()
        self._order = ListOrder(scope, table, kind, query)
        #: the driver of all pages once it is known; None for reading in the list's order
        self._plan: tuple[Driver | None] | None = None
        self._has_drivers = False
        #: the state of a search in parts
        self._steps: Steps | None = None

    @property
    def _shown(self) -> str:
        """The SQL of the columns of a row that are shown."""
        shown = ", ".join(f"t.{name}" for name in self._table.columns.split(", "))
        return f"{shown}, {_EXECUTION.format(self._table.execution)}"

    @property
    def _columns(self) -> str:
        """The SQL of all columns of a row after its cursor."""
        return f", {self._table.execution}, {self._shown}"

    @property
    def skips_slowly(self) -> bool:
        """Whether skipping rows takes about as long as reading them.

        The rows of a list that is sorted by a metric are found by the index of the metric's values,
        and every one of them is looked up.
        """
        driven = self._plan is not None and self._plan[0] is not None
        return self._order.looked_up and not driven

    @property
    def _filtered(self) -> bool:
        return bool(self._query.search or self._query.conditions)

    def _largest(self, db: sqlite3.Connection) -> int:
        """Return about the number of rows of the table: the largest row number."""
        return int(db.execute(f"SELECT max(pk) FROM {self._table.name}").fetchone()[0] or 0)

    def cancel(self) -> None:
        """End running queries with `QueryCancelled`, and refuse further ones."""
        self._cancellation.cancel()

    def count(self, most: int | None = None) -> tuple[int, bool]:
        """Return the number of rows, and whether these are all rows.

        Args:
            most: counting ends after this number of rows, unless an index has the number.
        """
        with self._registry.read(self._cancellation) as db:
            among = self._drivers(db, few(self._largest(db)))
            source = self._order.source(db, smallest(db, among, SOME))
            inner = f"SELECT 1 FROM {source.tables} WHERE {' AND '.join(source.where)}"
            if most is None or not self._filtered:
                sql, values = f"SELECT count(*) FROM ({inner})", source.values
            else:
                sql = f"SELECT count(*) FROM ({inner} LIMIT ?)"
                values = [*source.values, most + 1]
            found = int(db.execute(sql, values).fetchone()[0])
        if most is None or not self._filtered or found <= most:
            return found, True
        return most, False

    def reaches_end(self, limit: int) -> bool:
        """Return whether the last ``limit`` rows are read within about a tenth of a second.

        It takes longer if rows without a value come last, and have to be searched.

        Raises:
            QueryCancelled: `cancel` was called.
        """
        with self._registry.read(self._cancellation) as db:
            self._planned(db)
            try:
                with self._registry.budget(_BUDGET):
                    self._planned_rows(db, None, limit, backwards=True)
            except BudgetExceeded:
                return False
        return True

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
            return self._page(db, rows)

    def part(self, cursor: Cursor | None, limit: int) -> PagePart[Row]:
        """Return the rows after a cursor that are found in a part of the time of a long search.

        Reading continues with the position that was reached. If an index has few rows among which
        all that match are, or if the list is not filtered, the result is complete.

        Raises:
            QueryCancelled: `cancel` was called.
        """
        with self._registry.read(self._cancellation) as db:
            steps = self._search_steps(db)
            if steps is None:
                page = self.page(cursor, limit)
                return PagePart(page.rows, page.cursors)
            from launchpad_tui.registry.scan import search_part

            segments = zip(
                self._order.segments(db, cursor, False, None),
                self._order.unfiltered().segments(db, cursor, False, None),
                strict=True,
            )
            with steps.measured():
                rows, reached, searched = search_part(
                    db, segments, self._columns, limit, steps.rows
                )
            if reached is not None and steps.searching and steps.total is None:
                steps.total = self._number_to_search(db)
            steps.searching = reached is not None
            page = self._page(db, rows)
        return PagePart(page.rows, page.cursors, reached, searched, steps.total)

    def _search_steps(self, db: sqlite3.Connection) -> Steps | None:
        """Return the state of the search of the list in its order; None if an index has few rows
        with all matches, or the list is short."""
        if not self._filtered or not self._order.in_index:
            return None
        from launchpad_tui.registry import scan

        if self._largest(db) <= scan.FIRST_STEP:
            return None
        if self._steps is None:
            self._steps = scan.Steps()
        if self._planned(db) is None and self._steps.searching and self._has_drivers:
            # The rows that match are at the other end of the list, or few match all conditions.
            self._plan, self._has_drivers = (smallest(db, self._drivers(db, SOME), SOME),), False
        return self._steps if self._planned(db) is None else None

    def _number_to_search(self, db: sqlite3.Connection) -> int | None:
        """Return the number of rows without the filter, None if rows without an order value have
        to be searched twice."""
        if self._order.looked_up:
            return None
        where: list[str] = ["t.group_pk = ?"]
        values: list[object] = [group_pk(db, self._scope)]
        if self._kind is not None:
            where, values = [*where, "t.kind = ?"], [*values, self._kind]
        sql = f"SELECT count(*) FROM {self._table.name} t WHERE {' AND '.join(where)}"
        return int(db.execute(sql, values).fetchone()[0])

    def _page(self, db: sqlite3.Connection, rows: Sequence[tuple[Any, ...]]) -> Page[Row]:
        """Return rows with their cursors, row numbers of executions and columns as a page."""
        metrics, curves, values = self._values_of(db, rows)
        return Page(
            tuple(
                self._build(
                    row[4:],
                    metrics.get(row[2], {}),
                    curves.get(row[2], {}),
                    values.get(row[2], {}),
                )
                for row in rows
            ),
            tuple(row[:3] for row in rows),
        )

    def _values_of(
        self, db: sqlite3.Connection, rows: Sequence[tuple[Any, ...]]
    ) -> tuple[Metrics, Mapping[int, Curves], Mapping[int, Mapping[ValueColumn, str]]]:
        """Return metrics, curves and other values of rows by row number."""
        query = self._query
        if not query.metrics and not query.curves and not query.values:
            return {}, {}, {}
        from launchpad_tui.registry import row_values
        from launchpad_tui.registry.value_columns import column_values

        return (
            row_values.metrics(db, self._table, query, rows),
            row_values.curves(self._registry, db, self._table, query, rows),
            column_values(db, self._table, query.values, [row[2] for row in rows]),
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
                    before = self._order.segments(db, cursor, True, driver)
                    return sum(segment.count(db, sys.maxsize) for segment in before)
            except BudgetExceeded:
                return None

    def _cursor_of(self, db: sqlite3.Connection, pk: int) -> Cursor | None:
        """Return the cursor of a row, None if it is not in the list."""
        for segment in self._order.segments(db, None, False, None):
            if found := segment.only(pk).fetch(db, "", 1):
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
            for segment in self._order.segments(db, cursor, backwards, driver):
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

    def near(self, position: int) -> tuple[int, Cursor] | None:
        """Return the position and the cursor of a row at or shortly before a position.

        None is returned if it is not found faster than by skipping the rows, which is the case in
        filtered lists and among rows without a value.

        Raises:
            QueryCancelled: `cancel` was called.
        """
        query = self._query
        metric = query.order.by
        one_each = self._table is not ARTIFACTS or self._kind == ArtifactKind.MODEL
        plain = one_each and not self._filtered and query.ids is None
        if not plain or not isinstance(metric, MetricColumn):
            return None
        from launchpad_tui.registry import metric_jumps

        with self._registry.read(self._cancellation) as db:
            return metric_jumps.near(
                db,
                self._table,
                group_pk(db, self._scope),
                metric,
                position,
                descending=query.order.descending,
            )

    def _drivers(self, db: sqlite3.Connection, most: int) -> list[Driver]:
        if not self._filtered:
            return []
        # Imported on use, like other modules below: most lists are not filtered.
        from launchpad_tui.registry.drivers import drivers

        group = group_pk(db, self._scope)
        return drivers(db, self._table, self._kind, self._query, group, most)

    def _planned(self, db: sqlite3.Connection) -> Driver | None:
        """Return the driver with few entries; None if the list is read in its order."""
        if self._plan is None:
            most = few(self._largest(db))
            among = self._drivers(db, most)
            # Indexes that have many rows are omitted, for example that of a short term.
            self._has_drivers = bool(
                among
                or self._query.search
                or any(
                    isinstance(one, Combination) or one.subject in _COMPARED
                    for one in self._query.conditions
                )
            )
            self._plan = (smallest(db, among, most),)
        return self._plan[0]

    def _planned_rows(
        self, db: sqlite3.Connection, cursor: Cursor | None, limit: int, backwards: bool
    ) -> list[tuple[Any, ...]]:
        first = self._plan is None
        driver = self._planned(db)
        if driver is None and not self._order.in_index:
            driver = self._few_enough(db)
        elif first and driver is None and self._has_drivers:
            try:
                with self._registry.budget(_BUDGET):
                    return self._rows(db, cursor, limit, backwards, None)
            except BudgetExceeded:
                # The rows that match are at the other end of the list, or few match all conditions.
                most = max(SOME, self._largest(db) // _ONE_IN)
                driver = smallest(db, self._drivers(db, most), most)
                self._plan = (driver,)
        return self._rows(db, cursor, limit, backwards, driver)

    def _few_enough(self, db: sqlite3.Connection) -> Driver | None:
        """Return the driver of a list that has to be sorted; None if all rows are few enough.

        Raises:
            InvalidInput: sorting would take longer than a tenth of a second.
        """
        driver = smallest(db, self._drivers(db, SOME), SOME)
        if driver is not None:
            self._plan = (driver,)
        elif (rows := self._largest(db)) > SOME:
            indexed = [
                name
                for name, one in self._table.attributes.items()
                if one.indexed or one.of_execution
            ]
            raise InvalidInput(
                f"The list has too many rows to sort it by {self._query.order.by}",
                f"All {rows:,} {self._table.name} would have to be read and sorted, because this "
                f"order has no index. At most {SOME:,} are sorted.",
                f"Filter the list, or sort it by a metric or one of {', '.join(indexed)}.",
                field="order",
            )
        return driver

    def _rows(
        self,
        db: sqlite3.Connection,
        cursor: Cursor | None,
        limit: int,
        backwards: bool,
        driver: Driver | None,
    ) -> list[tuple[Any, ...]]:
        rows: list[tuple[Any, ...]] = []
        shown, columns = self._shown, f", {self._table.execution}"
        # Rows that have to be sorted are sorted without the columns that are shown.
        later = driver is not None
        for segment in self._order.segments(db, cursor, backwards, driver):
            rows += segment.fetch(db, columns if later else self._columns, limit - len(rows))
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
        lambda row, metrics, curves, values: ArtifactRow(
            artifacts.from_row(row),
            metrics,
            row[-3] or "",
            curves,
            values,
            None if row[-2] is None else row[-2] / 1_000_000,
            row[-1] or "",
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
        lambda row, metrics, curves, values: ExecutionRow(
            executions.from_row(row), metrics, curves, values
        ),
    )
