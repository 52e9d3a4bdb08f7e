"""The order of a list: the parts of it that an index has in order."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from launchpad_tui.domain.artifact import ArtifactKind
from launchpad_tui.domain.connection import Scope
from launchpad_tui.domain.query import (
    Condition,
    Cursor,
    MetricColumn,
    Op,
    Query,
    Subject,
    ValueColumn,
)
from launchpad_tui.errors import InvalidInput
from launchpad_tui.registry.codec import to_json
from launchpad_tui.registry.connections import group_pk
from launchpad_tui.registry.driver import Driver
from launchpad_tui.registry.list_tables import ARTIFACTS, Attribute, ListTable
from launchpad_tui.registry.segments import OrderedSource, Segment

#: The indexes of these columns have the artifacts of all kinds.
_IN_ALL_KINDS = frozenset({"id", "kind"})
_CREATED = "t.created_at"


class ListOrder:
    """The conditions and the order of a list, as SQL.

    Raises:
        InvalidInput: a condition or the order is invalid.
    """

    def __init__(self, scope: Scope, table: ListTable, kind: str | None, query: Query) -> None:
        self._scope = scope
        self._table = table
        self._kind = kind
        self._query = query
        self._unfiltered = False
        self._where: list[str] = []
        self._values: list[object] = []
        # The modules are imported on use: most lists are neither filtered nor sorted by a metric.
        if query.conditions:
            from launchpad_tui.registry.query import conditions_sql

            self._where, self._values = conditions_sql(table, query.conditions)
        if kind is not None:
            self._where.insert(0, "t.kind = ?")
            self._values.insert(0, kind)
        if query.search:
            from launchpad_tui.registry.search_terms import search_terms, term_test

            for term in search_terms(query.search):
                test, bound = term_test(table.name, term)
                self._where.append(test)
                self._values += bound
        by = query.order.by
        self._metric = by if isinstance(by, MetricColumn) else None
        self._column = by if isinstance(by, ValueColumn) else None
        # All rows of one kind are ordered by their creation.
        named = "created_at" if by == "kind" and kind is not None else by
        self._attribute = table.attributes.get(named) if isinstance(named, str) else None
        if self._column is not None:
            from launchpad_tui.registry.value_columns import check_column

            check_column(table, self._column)
        elif self._metric is None and self._attribute is None:
            hint = f"Use one of {', '.join(table.attributes)}, a metric, parameter, label or tag."
            raise InvalidInput(f"The list cannot be ordered by {by!r}", hint=hint, field="order")

    def unfiltered(self) -> ListOrder:
        """Return the same order of all rows, whether or not they match the query."""
        from copy import copy

        found = copy(self)
        kinds = int(self._kind is not None)
        found._where, found._values = self._where[:kinds], self._values[:kinds]
        found._unfiltered = True
        return found

    @property
    def in_index(self) -> bool:
        """Whether indexes have the order of the list, so that no row has to be sorted."""
        attribute = self._attribute
        return attribute is None or attribute.indexed or bool(attribute.of_execution)

    @property
    def looked_up(self) -> bool:
        """Whether the rows are found one by one in the order of other rows' index."""
        return self._attribute is None or bool(self._attribute.of_execution)

    def segments(
        self,
        db: sqlite3.Connection,
        cursor: Cursor | None,
        backwards: bool,
        driver: Driver | None,
    ) -> Iterator[Segment]:
        """Yield the segments of the list in the order of reading.

        One segment has the rows with an order value, the other one those without, which comes last.
        In the ascending order of a text of the executions it comes first, as if it were empty.
        """
        down = self._query.order.descending != backwards
        if self._column is not None:
            yield from self._value_segments(db, self._column, cursor, backwards, driver)
            return
        attribute = self._attribute
        empty_first = (
            attribute is not None and bool(attribute.of_execution) and not attribute.nullable
        )
        order: tuple[bool, ...] = (True, False)
        if empty_first and not self._query.order.descending:
            order = (False, True)
        if backwards:
            order = order[::-1]
        if cursor is not None:
            order = order[order.index(cursor[0] is not None) :]
        for has_value in order:
            segment = self.segment(db, has_value, driver)
            if segment is not None:
                started = cursor is not None and (cursor[0] is not None) == has_value
                segment.start, segment.down = cursor if started else None, down
                segment.driven = driver is not None
                yield segment

    def _value_segments(
        self,
        db: sqlite3.Connection,
        column: ValueColumn,
        cursor: Cursor | None,
        backwards: bool,
        driver: Driver | None,
    ) -> Iterator[Segment]:
        """Yield the segments of a list that is ordered by a parameter, label or tag."""
        from launchpad_tui.registry.value_columns import part_of, parts_of, value_segment

        parts = parts_of(column)
        if backwards:
            parts = parts[::-1]
        at = None if cursor is None else part_of(column, cursor)
        if at is not None:
            parts = parts[parts.index(at) :]
        for part in parts:
            segment = value_segment(self._table, column, part, self.source(db, driver), self._query)
            segment.start = cursor if part is at else None
            segment.down = self._query.order.descending != backwards
            segment.driven = driver is not None
            yield segment

    def segment(
        self, db: sqlite3.Connection, has_value: bool, driver: Driver | None
    ) -> Segment | None:
        """Return the rows with an order value, or those without; None if there are none."""
        source = self.source(db, driver)
        if self._metric is not None:
            return self._metric_segment(source, self._metric, has_value)
        attribute = self._attribute or self._table.attributes[str(self._query.order.by)]
        if attribute.of_execution:
            return self._execution_segment(source, attribute, has_value)
        where = list(source.where)
        if attribute.given:
            where.append(attribute.given if has_value else attribute.missing)
        elif attribute.nullable:
            where.append(f"{attribute.sql} IS {'NOT ' if has_value else ''}NULL")
        elif not has_value:
            return None
        kinds = () if attribute.column in _IN_ALL_KINDS else source.kinds
        if has_value:
            value, tie = attribute.ordered, attribute.tie or "0"
            keys: tuple[str, ...] = (value, tie, "t.pk") if attribute.tie else (value, "t.pk")
        else:
            # An index has the rows without a value in the order of their creation, or of their
            # numbers.
            value, tie = "NULL", _CREATED if attribute.given else "0"
            keys = (tie, "t.pk") if attribute.given else ("t.pk",)
        return Segment(source.tables, where, source.values, keys, value=value, tie=tie, kinds=kinds)

    def _execution_segment(
        self, source: OrderedSource, attribute: Attribute, has_value: bool
    ) -> Segment:
        if attribute.nullable and not has_value:
            given = (
                "EXISTS (SELECT 1 FROM executions e WHERE e.pk = t.execution_pk "
                f"AND e.{attribute.of_execution} IS NOT NULL)"
            )
            where = source.where if source.unfiltered else [*source.where, f"NOT {given}"]
            keys: tuple[str, ...] = (_CREATED, "t.pk")
            return Segment(
                source.tables, where, source.values, keys, value="NULL", tie=_CREATED,
                kinds=source.kinds,
            )  # fmt: skip
        if not has_value:
            # An index has the rows without an execution in this order.
            where = [*source.where, "t.execution_pk IS NULL"]
            keys = ("t.name", "t.pk")
            return Segment(source.tables, where, source.values, keys, value="NULL", tie=keys[0])
        where = [*source.where, "e.pk = t.execution_pk"]
        values, tables = source.values, f"{source.tables} CROSS JOIN executions e"
        if not source.driven and self._query.ids is None:
            tables = f"executions e CROSS JOIN {source.tables}"
            where, values = ["e.group_pk = ?", *where], [source.group, *values]
        value = f"e.{attribute.of_execution}"
        if attribute.nullable:
            where = [*where, f"{value} IS NOT NULL"]
        else:
            value += " COLLATE NOCASE"
        keys = (value, "e.pk", "t.pk")
        return Segment(tables, where, values, keys, value=value, tie=keys[1])

    def _metric_segment(
        self, source: OrderedSource, metric: MetricColumn, has_value: bool
    ) -> Segment | None:
        from launchpad_tui.registry.query import (
            COMPARE,
            metric_column,
            number_of,
            series_condition,
            statistic_column,
        )

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
            # An index has this order, so that rows can be read without sorting all of them.
            keys: tuple[str, ...] = (_CREATED, "t.pk")
            where, values = source.where, source.values
            if not source.unfiltered:
                where = [*where, f"NOT EXISTS (SELECT 1 FROM series s WHERE {own})"]
                values = [*values, metric.key]
            return Segment(
                source.tables,
                where,
                values,
                keys,
                value="NULL",
                tie=_CREATED,
                kinds=source.kinds,
            )
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

    def source(self, db: sqlite3.Connection, driver: Driver | None) -> OrderedSource:
        group = group_pk(db, self._scope)
        where, values = ["t.group_pk = ?", *self._where], [group, *self._values]
        hidden = self._table.hidden
        if hidden and db.execute(f"{hidden} LIMIT 1").fetchone():
            # The few hidden rows are read once from an index, and no row of the list is.
            where.append(f"t.pk NOT IN ({hidden})")
        if self._query.ids is not None:
            # As JSON, because there may be more IDs than a statement has parameters.
            where.append("t.id IN (SELECT value FROM json_each(?))")
            values.append(to_json(list(self._query.ids)))
        tables = f"{self._table.name} t"
        if driver is not None:
            tables = f"({driver.sql}) d CROSS JOIN {tables}"
            # With = SQLite may first read the whole table to build a Bloom filter of its rows
            # (https://www.sqlite.org/queryplanner-ng.html), if it overestimates the driver.
            where = [f"{driver.joins} IN (d.x, d.x)", *where]
            values = [*driver.values, *values]
        every = self._table is ARTIFACTS and self._kind is None and driver is None
        kinds = tuple(ArtifactKind) if every and self._query.ids is None else ()
        driven = driver is not None
        return OrderedSource(tables, where, values, group, driven, kinds, self._unfiltered)
