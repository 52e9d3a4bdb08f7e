"""The values that rows of a list show beside the columns of their table."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

from launchpad_tui.domain.query import MetricColumn, Query
from launchpad_tui.registry.configurations import BATCH, placeholders
from launchpad_tui.registry.database import Registry
from launchpad_tui.registry.list_tables import ListTable
from launchpad_tui.registry.query import series_condition, statistic_column

#: cursors and further columns of rows; the third column is the row number, the fourth one that of
#: the execution
Rows = Sequence[tuple[Any, ...]]
Curve = tuple[float, ...]
#: the number of points of a curve in a list
_CURVE_POINTS = 48


def metrics(
    db: sqlite3.Connection, table: ListTable, query: Query, rows: Rows
) -> dict[int, dict[MetricColumn, float]]:
    """Return the values of the metric columns by the row number of the execution."""
    found: dict[int, dict[MetricColumn, float]] = {}
    for column in dict.fromkeys(query.metrics):
        for pk, value in _of_series(db, table, rows, statistic_column(column), column.key):
            # NULL is the stored form of NaN, which is a value.
            found.setdefault(pk, {})[column] = float("nan") if value is None else value
    return found


def curves(
    registry: Registry, db: sqlite3.Connection, table: ListTable, query: Query, rows: Rows
) -> dict[int, dict[str, Curve]]:
    """Return the curves by the row number of the execution."""
    if not query.curves:
        return {}
    # Commands draw no curves, and do not load the modules of points.
    from launchpad_tui.registry.small_curves import small_curve

    found: dict[int, dict[str, Curve]] = {}
    for key in dict.fromkeys(query.curves):
        for pk, series in _of_series(db, table, rows, "pk", key):
            found.setdefault(pk, {})[key] = small_curve(registry, int(series), _CURVE_POINTS)
    return found


def _of_series(
    db: sqlite3.Connection, table: ListTable, rows: Rows, column: str, key: str
) -> Iterable[tuple[int, Any]]:
    """Yield row numbers, each with a column of the series that represents a metric there."""
    pks = [row[2] for row in rows]
    for start in range(0, len(pks), BATCH):
        some = pks[start : start + BATCH]
        yield from db.execute(
            f"SELECT t.pk, s.{column} FROM {table.name} t CROSS JOIN series s "
            f"WHERE t.pk IN ({placeholders(some)}) "
            f"AND s.execution_pk = {table.execution} "
            f"AND {series_condition(table, key)}",
            (*some, key),
        ).fetchall()
