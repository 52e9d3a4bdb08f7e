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
from launchpad_tui.registry.codec import clean
from launchpad_tui.registry.driver import Driver, union
from launchpad_tui.registry.list_tables import ARTIFACTS, ListTable
from launchpad_tui.registry.query import (
    COMPARE,
    attribute_condition,
    label_condition,
    metric_column,
    number_of,
    parameter_test,
    series_key_condition,
    statistic_column,
)
from launchpad_tui.registry.search_terms import search_drivers, search_terms, text_driver
from launchpad_tui.registry.sweep_filter import SWEEP, members


def drivers(
    db: sqlite3.Connection, table: ListTable, kind: str | None, query: Query, group: int, most: int
) -> list[Driver]:
    """Return the indexes from which a list can be read.

    Args:
        most: indexes with more rows are omitted if reading them takes longer than counting so far.
    """
    found = search_drivers(db, table.name, search_terms(query.search), most)

    def of_filter(one: Filter) -> list[Driver]:
        if isinstance(one, Condition):
            texts = one.subject is Subject.ATTRIBUTE
            matches = [*_texts(db, table, one, most)] if texts else []
            if one.op is not Op.MISSING:
                matches += _DRIVERS[one.subject](table, kind, one, group)
            return matches
        if one.junction is Junction.NOT:
            return []
        parts = [of_filter(part) for part in one.parts]
        if one.junction is Junction.AND:
            return [driver for part in parts for driver in part]
        return _either(parts)

    for one in query.conditions:
        found += of_filter(one)
    return found


def _either(parts: list[list[Driver]]) -> list[Driver]:
    """Return the drivers of conditions of which one has to hold, from the drivers of each."""
    found: list[Driver] = []
    for joins in dict.fromkeys(driver.joins for driver in parts[0]):
        same = [[driver for driver in part if driver.joins == joins] for part in parts]
        if all(same):
            found.append(union(*(part[0] for part in same)))
    return found


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


def _tag(
    table: ListTable, _kind: str | None, condition: Condition, _group: int
) -> Iterable[Driver]:
    if condition.op is Op.EQUALS:
        yield Driver(
            "SELECT g.execution_pk AS x FROM tags g WHERE g.name = ? AND g.value = ?",
            (condition.name, condition.value),
            table.execution,
        )


def _attribute(
    table: ListTable, kind: str | None, condition: Condition, group: int
) -> Iterable[Driver]:
    attribute = table.attributes[condition.name]
    if condition.name == SWEEP and condition.op is Op.EQUALS:
        yield Driver(*members(condition, group), table.execution)
        return
    if attribute.given and condition.op in {Op.CONTAINS, Op.EQUALS} and condition.value:
        # An index has the few rows with a value.
        yield Driver(
            f"SELECT t.pk AS x FROM {table.name} t WHERE t.group_pk = ? AND {attribute.given}",
            (group,),
            "t.pk",
        )
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
    Subject.TAG: _tag,
}
