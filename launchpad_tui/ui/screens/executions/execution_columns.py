"""The columns of the list of executions."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from launchpad_tui.domain.query import ExecutionRow, MetricColumn, Query
from launchpad_tui.domain.timestamps import duration_text, now
from launchpad_tui.ui.screens.common.columns import (
    age_column,
    curve_column,
    metric_columns,
    text_column,
    timestamp_column,
    value_columns,
)
from launchpad_tui.ui.theme import Look
from launchpad_tui.ui.widgets.columns import Cell, Column

#: a query without columns for metrics and parameters
_NO_COLUMNS = Query()


def execution_columns(
    look: Look,
    query: Query = _NO_COLUMNS,
    best: Mapping[MetricColumn, float] = MappingProxyType({}),
) -> tuple[Column[ExecutionRow], ...]:
    """Return the columns of a list of executions.

    Args:
        look: styles and glyphs.
        query: its metrics, curves and parameters are shown as columns.
        best: the best values of the columns of metrics.
    """

    def status(row: ExecutionRow) -> Cell:
        if row.execution.deleted_at is not None:
            return Cell(f"{look.glyphs.error} deleted", "faint")
        return Cell(*look.status(row.execution.status))

    def duration(row: ExecutionRow) -> str:
        seconds = row.execution.duration_seconds(now())
        return "" if seconds is None else duration_text(seconds)

    return (
        Column[ExecutionRow](
            "configuration",
            "Configuration",
            lambda r: r.execution.configuration_name,
            20,
            44,
            4,
            sort="configuration_name",
            priority=0,
        ),
        Column[ExecutionRow]("status", "Status", status, 11, 11, 0, sort="status", priority=1),
        *metric_columns(query.metrics, best, look=look),
        *value_columns(query.values),
        age_column(lambda r: r.execution.created_at, priority=1),
        *(curve_column(key, ascii_only=look.glyphs.ascii) for key in query.curves),
        text_column(
            "duration", "Duration", duration, (9, 9), align="right", sort="duration", priority=2
        ),
        timestamp_column(
            "created",
            "Created",
            lambda r: r.execution.created_at,
            sort="created_at",
            priority=3,
            # The age shows this order as well.
            stays=False,
        ),
        text_column("id", "ID", lambda r: r.execution.id, (16, 16), sort="id", priority=4),
        text_column(
            "message", "Message", lambda r: r.execution.status_message, (16, 80), 5, priority=5
        ),
        text_column(
            "executable",
            "Executable",
            lambda r: r.execution.executable_id,
            (14, 30),
            1,
            sort="executable_id",
            priority=6,
        ),
        text_column(
            "scenario",
            "Scenario",
            lambda r: r.execution.scenario_id,
            (10, 24),
            1,
            sort="scenario_id",
            priority=7,
        ),
    )
