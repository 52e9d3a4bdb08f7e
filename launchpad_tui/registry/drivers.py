"""Indexes from which a list can be read, instead of reading the list in its order.

A list in which many rows match is read in its order until enough rows match. If one of its
conditions or its search matches few rows, these are read from the index of that condition, tested
for the other conditions and sorted. The numbers of matches decide, and are counted up to a limit.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable

from launchpad_tui.domain.query import Condition, Filter, Junction, Op, Query, Subject
from launchpad_tui.records import replace
from launchpad_tui.registry.codec import clean
from launchpad_tui.registry.driver import Driver, smallest, union
from launchpad_tui.registry.index_ranges import (
    Range,
    attribute_ranges,
    matching_values,
    operators,
    parameter_ranges,
)
from launchpad_tui.registry.list_tables import ARTIFACTS, Attribute, ListTable
from launchpad_tui.registry.query import (
    COMPARE,
    label_condition,
    metric_column,
    number_of,
    series_key_condition,
    statistic_column,
    text_test,
)
from launchpad_tui.registry.search_terms import search_drivers, search_terms, text_driver
from launchpad_tui.registry.sweep_filter import SWEEP, members

#: The number of values of a name that are always compared to find those that match. Of each value
#: that is compared, about 4 µs of processor time are used.
_COMPARED = 1000


def drivers(
    db: sqlite3.Connection, table: ListTable, kind: str | None, query: Query, group: int, most: int
) -> list[Driver]:
    """Return the indexes from which a list can be read.

    Args:
        most: indexes with more rows are omitted if reading them takes longer than counting so far.
    """
    found = search_drivers(db, table.name, search_terms(query.search), most)
    finder = _Drivers(db, table, kind, group, most)
    for one in query.conditions:
        found += finder.of_filter(one)
    return found


class _Drivers:
    """Finds the indexes that have all rows of conditions."""

    def __init__(
        self, db: sqlite3.Connection, table: ListTable, kind: str | None, group: int, most: int
    ) -> None:
        self._db = db
        self._table = table
        self._kind = kind
        self._group = group
        self._most = most
        self._compared = max(_COMPARED, most // 8)

    def of_filter(self, one: Filter, *, negated: bool = False) -> list[Driver]:
        """Return the drivers of a condition or combination, or of the rows that do not meet it."""
        if isinstance(one, Condition):
            texts = one.subject is Subject.ATTRIBUTE and not negated
            matches = [*_texts(self._db, self._table, one, self._most)] if texts else []
            return [*matches, *_BY_SUBJECT[one.subject](self, one, negated)]
        if one.junction is Junction.NOT:
            return self.of_filter(one.parts[0], negated=not negated)
        parts = [self.of_filter(part, negated=negated) for part in one.parts]
        # Of rows that do not meet all conditions, each fails one.
        if (one.junction is Junction.AND) is not negated:
            return [driver for part in parts for driver in part]
        return self._either(parts)

    def _either(self, parts: list[list[Driver]]) -> list[Driver]:
        """Return the drivers of conditions of which one has to hold, from the drivers of each."""
        if not all(parts):
            return []
        # Drivers of the same kind of rows are joined once.
        best = [[self._smallest(part)] for part in parts]
        chosen = [driver for part in best for driver in part if driver is not None]
        if len(chosen) < len(parts):
            return []
        if len({driver.joins for driver in chosen}) > 1:
            chosen = [self._of_rows(driver) for driver in chosen]
        return [union(*chosen)]

    def _smallest(self, part: list[Driver]) -> Driver | None:
        return part[0] if len(part) == 1 else smallest(self._db, part, self._most)

    def _of_rows(self, driver: Driver) -> Driver:
        """Return the rows of the list of a driver that has row numbers of executions."""
        if driver.joins == "t.pk":
            return driver
        joined = "SELECT r.pk AS x FROM ({}) d CROSS JOIN artifacts r WHERE r.execution_pk = d.x"
        counted = joined.format(driver.counted) if driver.counted else ""
        return Driver(joined.format(driver.sql), driver.values, "t.pk", counted)

    def _union(self, drivers: list[Driver]) -> list[Driver]:
        """Return the rows of ranges that together have all rows of a condition."""
        if not drivers:
            return [Driver("SELECT 0 AS x WHERE 0", (), "t.pk")]
        return self._either([[driver] for driver in drivers])

    def _without_execution(self) -> list[Driver]:
        """Return the rows that no execution created."""
        if self._table is not ARTIFACTS:
            return []
        return [
            Driver(
                "SELECT r.pk AS x FROM artifacts r WHERE r.execution_pk IS NULL AND r.group_pk = ?",
                (self._group,),
                "t.pk",
            )
        ]

    def metric(self, condition: Condition, negated: bool) -> list[Driver]:
        """Return the executions with values of a metric that meet a condition."""
        ops = operators(condition.op, negated=False)
        if negated or ops is None or condition.op not in COMPARE:
            return []
        column = metric_column(condition)
        value = f"s.{statistic_column(column)}"
        return self._union(
            [
                Driver(
                    "SELECT DISTINCT s.execution_pk AS x FROM series s WHERE s.group_pk = ? "
                    f"AND {series_key_condition(column.key)} AND {value} {COMPARE[op]} ?",
                    (self._group, column.key, number_of(condition)),
                    self._table.execution,
                )
                for op in ops
            ]
        )

    def parameter(self, condition: Condition, negated: bool) -> list[Driver]:
        """Return the executions with values of a parameter that meet a condition, or do not."""
        missing = condition.op is Op.MISSING
        ranges: list[Range] | None = [("1", ())] if negated else []
        if not missing:
            ranges = parameter_ranges(self._db, condition, self._compared, negated=negated)
        if ranges is None:
            return []
        joins = self._table.execution
        found = [
            Driver(
                "SELECT e.pk AS x FROM configuration_parameters p CROSS JOIN executions e "
                f"WHERE p.name = ? AND {test} AND e.configuration_pk = p.configuration_pk",
                (condition.name, *bound),
                joins,
            )
            for test, bound in ranges
        ]
        if missing is not negated:
            from launchpad_tui.registry.parameter_sets import executions_without

            without = executions_without(self._db, condition.name, self._group, joins)
            if without is None:
                return []
            found += [*without, *self._without_execution()]
        return self._union(found)

    def label(self, condition: Condition, negated: bool) -> list[Driver]:
        """Return the artifacts with values of a label that meet a condition."""
        if negated or condition.op in {Op.NOT_EQUALS, Op.MISSING}:
            return []
        label_condition(self._table, condition)
        named = "key = ?" if "/" in condition.name else "key LIKE ?"
        name = condition.name if "/" in condition.name else f"%/{condition.name}"
        # There are few keys: each step looks up the next key in the index.
        keys = self._db.execute(
            "WITH RECURSIVE keys (key) AS (SELECT min(key) FROM artifact_labels UNION ALL "
            "SELECT (SELECT min(l.key) FROM artifact_labels l WHERE l.key > keys.key) FROM keys "
            f"WHERE keys.key IS NOT NULL) SELECT key FROM keys WHERE {named}",
            (name,),
        ).fetchall()
        sql = "SELECT DISTINCT artifact_pk AS x FROM artifact_labels WHERE key = ? AND value = ?"
        found = []
        for (key,) in keys:
            values = self._values("artifact_labels", "key", key, condition)
            if values is None:
                return []
            found += [Driver(sql, (key, value), "t.pk") for value in values]
        return self._union(found)

    def tag(self, condition: Condition, negated: bool) -> list[Driver]:
        """Return the executions with values of a tag that meet a condition."""
        if negated or condition.op in {Op.NOT_EQUALS, Op.MISSING}:
            return []
        values = self._values("tags", "name", condition.name, condition)
        if values is None:
            return []
        sql = "SELECT g.execution_pk AS x FROM tags g WHERE g.name = ? AND g.value = ?"
        return self._union(
            [Driver(sql, (condition.name, value), self._table.execution) for value in values]
        )

    def _values(self, table: str, key: str, name: str, condition: Condition) -> list[str] | None:
        if condition.op is Op.EQUALS:
            return [condition.value]
        test, value = text_test("value", condition)
        return matching_values(self._db, table, key, name, test, (value,), self._compared)

    def attribute(self, condition: Condition, negated: bool) -> list[Driver]:
        """Return the rows with values of an attribute that meet a condition, or do not."""
        table = self._table
        attribute = table.attributes[condition.name]
        if condition.name == SWEEP and condition.op is Op.EQUALS and not negated:
            return [Driver(*members(condition, self._group), table.execution)]
        given = condition.op in {Op.CONTAINS, Op.EQUALS} and condition.value
        if attribute.given and given and not negated:
            # An index has the few rows with a value.
            return [
                Driver(
                    f"SELECT t.pk AS x FROM {table.name} t WHERE t.group_pk = ? "
                    f"AND {attribute.given}",
                    (self._group,),
                    "t.pk",
                )
            ]
        if attribute.of_execution:
            return self._of_execution(attribute, condition, negated)
        # The partial index of an attribute has no rows without a value.
        partial = attribute.given and (negated or condition.op in {Op.MISSING, Op.NOT_EQUALS})
        if not attribute.indexed or partial:
            return []
        ranges = attribute_ranges(table, attribute, condition, negated=negated)
        if ranges is None:
            return []
        kinds = "AND t.kind IN ('model', 'dataset', 'resultset', 'other') "
        bound: tuple[object, ...] = ()
        if table is not ARTIFACTS:
            kinds = ""
        elif self._kind is not None:
            kinds, bound = "AND t.kind = ? ", (self._kind,)
        return self._union(
            [
                Driver(
                    f"SELECT t.pk AS x FROM {table.name} t WHERE t.group_pk = ? {kinds}AND {test}",
                    (self._group, *bound, *values),
                    "t.pk",
                )
                for test, values in ranges
            ]
        )

    def _of_execution(
        self, attribute: Attribute, condition: Condition, negated: bool
    ) -> list[Driver]:
        """Return the rows whose execution has values that meet a condition, or does not."""
        own = replace(attribute, expression=f"e.{attribute.of_execution}")
        ranges = attribute_ranges(self._table, own, condition, negated=negated)
        if ranges is None:
            return []
        found = [
            Driver(
                f"SELECT e.pk AS x FROM executions e WHERE e.group_pk = ? AND {test}",
                (self._group, *values),
                self._table.execution,
            )
            for test, values in ranges
        ]
        # Rows without an execution have an empty text, or no number.
        differs = negated or condition.op is Op.MISSING or not condition.value
        if differs or (condition.op is not Op.EQUALS and not attribute.nullable):
            found += self._without_execution()
        return self._union(found)


_BY_SUBJECT = {
    Subject.ATTRIBUTE: _Drivers.attribute,
    Subject.LABEL: _Drivers.label,
    Subject.METRIC: _Drivers.metric,
    Subject.PARAMETER: _Drivers.parameter,
    Subject.TAG: _Drivers.tag,
}


def _texts(
    db: sqlite3.Connection, table: ListTable, condition: Condition, most: int
) -> Iterable[Driver]:
    """Yield the rows whose search text has a text that an attribute must contain."""
    attribute = table.attributes.get(condition.name)
    if attribute is None or not attribute.searched or "\0" in condition.value:
        return
    text = clean(condition.value).casefold()
    if condition.op is Op.LIKE:
        text = max(re.split("[%_]", text if "%" in text else text.replace("*", "%")), key=len)
    elif condition.op not in {Op.CONTAINS, Op.EQUALS}:
        return
    driver = text_driver(db, table.name, text, most) if text else None
    if driver is not None:
        yield driver
