"""Far positions in the order of a metric, found by the index of its values alone.

Looking up the row of each value takes most of the time of a far jump. An execution that created one
model has one row in a list of models, so that counting the entries of the index suffices. The other
executions are few in most groups: the rows of each of their values are counted.
"""

from __future__ import annotations

import sqlite3
from bisect import bisect_left
from itertools import accumulate

from launchpad_tui.domain.query import Cursor, MetricColumn
from launchpad_tui.registry.list_tables import ARTIFACTS, ListTable
from launchpad_tui.registry.query import (
    by_key,
    series_condition,
    series_key_condition,
    statistic_column,
)

#: The largest number of executions whose rows are counted, and that of rows to skip for each of
#: them. Counting takes about three times as long as skipping a row.
_MOST, _ROWS_EACH = 20_000, 5
#: the largest number of rows between the position that is found and the one that is wanted
_CLOSE = 2_000
#: how often a position is corrected by the number of rows before it
_ATTEMPTS = 5
#: the number of entries among which one of an execution with one row is searched
_ENTRIES = 50


def near(
    db: sqlite3.Connection,
    table: ListTable,
    group: int,
    metric: MetricColumn,
    position: int,
    *,
    descending: bool,
) -> tuple[int, Cursor] | None:
    """Return the position and the cursor of a row at or shortly before a position.

    Args:
        table: the executions, or the artifacts for a list of all models of a group.
        group: the row number of the resource group.
        metric: the metric that the list is sorted by.
        position: the number of rows before the wanted one.
        descending: whether the greatest value comes first.

    Returns:
        None if it is not found without counting the rows of many executions, or if the row has no
        value.
    """
    if table is not ARTIFACTS and by_key(metric.key):
        return None
    executions = _uneven(db, table, group, min(_MOST, int(position / _ROWS_EACH)))
    if executions is None:
        return None
    sign = -1 if descending else 1
    value = f"s.{statistic_column(metric)}"
    of_metric = f"s.group_pk = ? AND {series_key_condition(metric.key)} AND {value} IS NOT NULL"
    keys, before = _rows_of(db, table, group, metric, of_metric, executions, sign)
    way = "DESC" if descending else "ASC"
    sql = (
        f"SELECT {value}, s.execution_pk FROM series s WHERE {of_metric} "
        f"ORDER BY {value} {way}, s.execution_pk {way} LIMIT ? OFFSET ?"
    )
    entry = position
    for _ in range(_ATTEMPTS):
        entries = db.execute(sql, (group, metric.key, _ENTRIES, entry)).fetchall()
        one = next((n for n, (_, pk) in enumerate(entries) if pk not in executions), None)
        if one is None:
            return None
        found, execution = entries[one]
        place = bisect_left(keys, (sign * found, sign * execution))
        rows = entry + one + before[place]
        if rows <= position <= rows + _CLOSE:
            return rows, (found, execution, _only_row(db, table, group, execution))
        entry = max(0, entry + one + position - rows - _ENTRIES)
    return None


def _only_row(db: sqlite3.Connection, table: ListTable, group: int, execution: int) -> int:
    """Return the row number of the only row of an execution."""
    if table is not ARTIFACTS:
        return execution
    sql = "SELECT pk FROM artifacts WHERE execution_pk = ? AND group_pk = ? AND kind = 'model'"
    return int(db.execute(sql, (execution, group)).fetchone()[0])


def _uneven(db: sqlite3.Connection, table: ListTable, group: int, most: int) -> set[int] | None:
    """Return the executions whose values may not have one row each; None if there are more than
    ``most``."""
    sql = (
        "SELECT execution_pk FROM (SELECT s.execution_pk FROM series s INDEXED BY series_model "
        "WHERE s.artifact_name <> 0 LIMIT ?)"
    )
    bound: list[object] = [most + 1]
    if table is ARTIFACTS:
        others = "SELECT u.execution_pk FROM uneven_executions u WHERE u.group_pk = ?"
    else:
        others = "SELECT k.pk FROM executions k WHERE k.group_pk = ? AND k.kept = 1"
    sql += f" UNION ALL SELECT * FROM ({others} LIMIT ?)"
    bound += [group, most + 1]
    found = db.execute(sql, bound).fetchall()
    return None if len(found) > most else {pk for (pk,) in found}


def _rows_of(
    db: sqlite3.Connection,
    table: ListTable,
    group: int,
    metric: MetricColumn,
    of_metric: str,
    executions: set[int],
    sign: int,
) -> tuple[list[tuple[float, int]], list[int]]:
    """Return the sorted keys of the entries of executions, and for each place in them the number of
    rows less the number of entries before it."""
    if not executions:
        return [], [0]
    from launchpad_tui.registry.codec import to_json

    value = f"s.{statistic_column(metric)}"
    listed = "t.group_pk = ? AND t.kind = 'model'" if table is ARTIFACTS else table.visible
    bound: list[object] = [group] if table is ARTIFACTS else []
    rows = (
        f"SELECT count(*) FROM {table.name} t WHERE {table.execution} = s.execution_pk "
        f"AND {listed} AND {series_condition(table, metric.key)}"
    )
    found = db.execute(
        f"SELECT {value}, s.execution_pk, ({rows}) FROM json_each(?) x CROSS JOIN series s "
        f"INDEXED BY series_identity WHERE s.execution_pk = x.value AND {of_metric}",
        (*bound, metric.key, to_json(sorted(executions)), group, metric.key),
    ).fetchall()
    ordered = sorted((sign * one, sign * pk, number - 1) for one, pk, number in found)
    keys = [(one, pk) for one, pk, _ in ordered]
    return keys, [0, *accumulate(differs for _, _, differs in ordered)]
