"""Parameters, labels and tags as columns by which lists are ordered.

An index has the values of each name in their order, so that the first rows are read without the
others. Numbers and other texts are different parts of a list, because they are in different parts
of the index of parameters.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from launchpad_tui.domain.query import Cursor, Query, Subject, ValueColumn
from launchpad_tui.errors import InvalidInput
from launchpad_tui.registry.configurations import BATCH, placeholders
from launchpad_tui.registry.list_tables import ARTIFACTS, ListTable
from launchpad_tui.registry.segments import OrderedSource, Segment, tie_of


class ListPart(StrEnum):
    """The parts of a list, in their order: rows with a value, rows whose value is not a number in a
    list of numbers, and rows without a value."""

    VALUE = "value"
    TEXT = "text"
    MISSING = "missing"


def parts_of(column: object) -> tuple[ListPart, ...]:
    """Return the parts of a list that is ordered by a column."""
    if isinstance(column, ValueColumn) and column.subject is Subject.PARAMETER:
        return (ListPart.VALUE, ListPart.TEXT, ListPart.MISSING)
    return (ListPart.VALUE, ListPart.MISSING)


def part_of(column: object, cursor: Cursor) -> ListPart:
    """Return the part of a list that a cursor is in."""
    if cursor[0] is None:
        return ListPart.MISSING
    text = isinstance(cursor[0], str) and ListPart.TEXT in parts_of(column)
    return ListPart.TEXT if text else ListPart.VALUE


def check_column(table: ListTable, column: ValueColumn) -> None:
    """Raise InvalidInput if the rows of a list have no such values."""
    if column.subject is Subject.LABEL and table is not ARTIFACTS:
        raise InvalidInput(
            "Executions have no labels",
            f"{column} is a label.",
            "Use an attribute, a metric, a parameter or a tag.",
            field="order",
        )


def value_segment(
    table: ListTable, column: ValueColumn, part: ListPart, source: OrderedSource, query: Query
) -> Segment:
    """Return a part of a list that is ordered by a parameter, label or tag.

    Args:
        source: the tables and conditions of the rows ``t``.
        query: the query of the list. Of few rows, the values are looked up and sorted.
    """
    names, joins, value, ties, last = _joined(table, column, part)
    own = f"{joins} AND {_NAMES[column.subject]} = ?"
    if part is ListPart.MISSING:
        keys: tuple[str, ...] = ("t.created_at", "t.pk")
        # The values of each row are looked up, also if the planner does not know that many rows
        # have one with this name.
        if column.subject is Subject.LABEL:
            own = f"{joins} AND +{_NAMES[column.subject]} = ?"
        where, values = source.where, source.values
        if not source.unfiltered:
            inside = f"SELECT 1 FROM {_reversed(names)} WHERE {own}"
            where, values = [*where, f"NOT EXISTS ({inside})"], [*values, column.name]
        return Segment(
            source.tables,
            where,
            values,
            keys,
            value="NULL",
            tie=keys[0],
            kinds=source.kinds,
        )
    if source.driven or query.ids is not None:
        tables = f"{source.tables} CROSS JOIN {_reversed(names)}"
    else:
        tables = f"{names} CROSS JOIN {source.tables}"
    where, values = [*source.where, own], [*source.values, column.name]
    keys = (value, *ties, last)
    return Segment(tables, where, values, keys, value=value, tie=tie_of(ties))


_NAMES = {Subject.PARAMETER: "p.name", Subject.LABEL: "l.key", Subject.TAG: "g.name"}


def _joined(
    table: ListTable, column: ValueColumn, part: ListPart
) -> tuple[str, str, str, tuple[str, ...], str]:
    """Return the tables of a column, their conditions, its value, what breaks ties, and the row.

    Rows with the same value are in the order of the index, because most rows may have the same.
    """
    if column.subject is Subject.LABEL:
        return "artifact_labels l", "l.artifact_pk = t.pk", "l.value", (), "l.artifact_pk"
    if column.subject is Subject.TAG:
        ties: tuple[str, ...] = ("g.execution_pk",)
        return "tags g", f"g.execution_pk = {table.execution}", "g.value", ties, "t.pk"
    kind = {ListPart.VALUE: " AND p.number IS NOT NULL", ListPart.TEXT: " AND p.number IS NULL"}
    value, ties = "p.value", ("p.configuration_pk",)
    if part is not ListPart.TEXT:
        # A number may be written in different ways.
        value, ties = "p.number", ("p.value", "p.configuration_pk")
    if table is ARTIFACTS:
        joins = "p.configuration_pk = e.configuration_pk AND e.pk = t.execution_pk"
        names = "configuration_parameters p CROSS JOIN executions e"
        return names, joins + kind.get(part, ""), value, ties, "t.pk"
    joins = "p.configuration_pk = t.configuration_pk" + kind.get(part, "")
    return "configuration_parameters p", joins, value, ties, "t.pk"


def _reversed(tables: str) -> str:
    return " CROSS JOIN ".join(reversed(tables.split(" CROSS JOIN ")))


def column_values(
    db: sqlite3.Connection, table: ListTable, columns: Sequence[ValueColumn], pks: Sequence[int]
) -> dict[int, dict[ValueColumn, str]]:
    """Return the values of columns in rows, by the row number.

    Raises:
        InvalidInput: the rows have no such values.
    """
    found: dict[int, dict[ValueColumn, str]] = {}
    for subject in dict.fromkeys(one.subject for one in columns):
        by_name = {one.name: one for one in columns if one.subject is subject}
        for column in by_name.values():
            check_column(table, column)
        for start in range(0, len(pks), BATCH):
            some = pks[start : start + BATCH]
            for pk, name, value in _read(db, table, subject, some, [*by_name]):
                found.setdefault(pk, {})[by_name[name]] = value
    return found


def _read(
    db: sqlite3.Connection,
    table: ListTable,
    subject: Subject,
    pks: Sequence[int],
    names: Sequence[str],
) -> list[tuple[Any, ...]]:
    tables, joins = {
        Subject.PARAMETER: (
            "executions e CROSS JOIN configuration_parameters v",
            f"e.pk = {table.execution} AND v.configuration_pk = e.configuration_pk AND v.name",
        ),
        Subject.LABEL: ("artifact_labels v", "v.artifact_pk = t.pk AND v.key"),
        Subject.TAG: ("tags v", f"v.execution_pk = {table.execution} AND v.name"),
    }[subject]
    name = "v.key" if subject is Subject.LABEL else "v.name"
    return db.execute(
        f"SELECT t.pk, {name}, v.value FROM {table.name} t CROSS JOIN {tables} "
        f"WHERE t.pk IN ({placeholders(pks)}) AND {joins} IN ({placeholders(names)})",
        (*pks, *names),
    ).fetchall()
