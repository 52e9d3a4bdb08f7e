"""Indexes from which a list can be read, instead of reading the list in its order.

A list in which many rows match is read in its order until enough rows match. If one of its
conditions or its search matches few rows, these are read from the index of that condition, tested
for the other conditions and sorted. The numbers of matches decide, and are counted up to a limit.
"""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterable

from launchpad_tui.domain.query import Combination, Condition, Op, Query, Subject
from launchpad_tui.records import record
from launchpad_tui.registry.query import (
    ARTIFACTS,
    COMPARE,
    ListTable,
    attribute_condition,
    label_condition,
    match_expression,
    metric_column,
    number_of,
    parameter_test,
    series_key_condition,
    statistic_column,
)
from launchpad_tui.registry.sweep_filter import SWEEP, members

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
    """

    sql: str
    values: tuple[object, ...]
    joins: str

    def size(self, db: sqlite3.Connection, most: int) -> int:
        """Return the number of entries, counted up to ``most + 1``."""
        sql = f"SELECT count(*) FROM (SELECT 1 FROM ({self.sql}) LIMIT ?)"
        return int(db.execute(sql, (*self.values, most + 1)).fetchone()[0])


def drivers(table: ListTable, kind: str | None, query: Query, group: int) -> list[Driver]:
    """Return the indexes from which a list can be read."""
    found: list[Driver] = []
    match = match_expression(query.search)
    if match:
        found.append(search_driver(table, match))
    for condition in query.conditions:
        # Combinations are tested row by row.
        if isinstance(condition, Combination) or condition.op is Op.MISSING:
            continue
        found += _DRIVERS[condition.subject](table, kind, condition, group)
    return found


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


def search_driver(table: ListTable, match: str) -> Driver:
    """Return the rows that contain the terms of a full-text expression."""
    index = f"{table.name}_search"
    return Driver(f"SELECT rowid AS x FROM {index} WHERE {index} MATCH ?", (match,), "t.pk")


def _metric(
    table: ListTable, _kind: str | None, condition: Condition, group: int
) -> Iterable[Driver]:
    if condition.op is Op.NOT_EQUALS or condition.op not in COMPARE:
        return
    column = metric_column(condition)
    value = f"s.{statistic_column(column)}"
    yield Driver(
        f"SELECT DISTINCT s.execution_pk AS x FROM series s WHERE s.group_pk = ? "
        f"AND {series_key_condition(column.key)} AND {value} {COMPARE[condition.op]} ?",
        (group, column.key, number_of(condition)),
        table.execution,
    )


def _parameter(
    table: ListTable, _kind: str | None, condition: Condition, _group: int
) -> Iterable[Driver]:
    test, bound, ranged = parameter_test(condition)
    if not ranged:
        return
    yield Driver(
        "SELECT e.pk AS x FROM configuration_parameters p CROSS JOIN executions e "
        f"WHERE p.name = ? AND {test} AND e.configuration_pk = p.configuration_pk",
        (condition.name, *bound),
        table.execution,
    )


def _label(
    table: ListTable, _kind: str | None, condition: Condition, _group: int
) -> Iterable[Driver]:
    if condition.op is not Op.EQUALS:
        return
    _, (key, value) = label_condition(table, condition)
    # There are few keys: each step looks up the next key in the index.
    keys = (
        "(WITH RECURSIVE keys (key) AS (SELECT min(key) FROM artifact_labels UNION ALL "
        "SELECT (SELECT min(l.key) FROM artifact_labels l WHERE l.key > keys.key) FROM keys "
        "WHERE keys.key IS NOT NULL) SELECT key FROM keys WHERE key LIKE ?)"
    )
    yield Driver(
        "SELECT DISTINCT artifact_pk AS x FROM artifact_labels INDEXED BY artifact_labels_key "
        f"WHERE key IN {keys} AND value = ?",
        (key, value),
        "t.pk",
    )


def _attribute(
    table: ListTable, kind: str | None, condition: Condition, group: int
) -> Iterable[Driver]:
    attribute = table.attributes[condition.name]
    if condition.name == SWEEP and condition.op is Op.EQUALS:
        yield Driver(*members(condition, group), table.execution)
        return
    if not attribute.indexed or condition.op in {Op.CONTAINS, Op.LIKE, Op.NOT_EQUALS}:
        return
    test, values = attribute_condition(table, condition)
    if attribute.kind in {"text", "name"} and condition.op is Op.EQUALS:
        # The index ignores case, the condition does not.
        test, values = f"{attribute.ordered} = ? AND {test}", (*values, *values)
    kinds, bound = ("", ()) if table is not ARTIFACTS else ("AND t.kind = ? ", (kind,))
    if table is ARTIFACTS and kind is None:
        return
    yield Driver(
        f"SELECT t.pk AS x FROM {table.name} t WHERE t.group_pk = ? {kinds}AND {test}",
        (group, *bound, *values),
        "t.pk",
    )


_DRIVERS = {
    Subject.ATTRIBUTE: _attribute,
    Subject.LABEL: _label,
    Subject.METRIC: _metric,
    Subject.PARAMETER: _parameter,
}
