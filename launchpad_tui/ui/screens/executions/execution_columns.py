"""The columns of the list of executions."""

from __future__ import annotations

from collections.abc import Sequence

from launchpad_tui.domain.numbers import metric_text
from launchpad_tui.domain.query import ExecutionRow, MetricColumn
from launchpad_tui.domain.timestamps import duration_text, now
from launchpad_tui.ui.screens.common.cells import curve_column, timestamp_text
from launchpad_tui.ui.theme import Look
from launchpad_tui.ui.widgets.columns import Cell, Column


def execution_columns(
    look: Look, metrics: Sequence[MetricColumn] = (), curves: Sequence[str] = ()
) -> tuple[Column[ExecutionRow], ...]:
    """Return the columns of a list of executions.

    Args:
        look: styles and glyphs.
        metrics: statistics of metrics that get a column.
        curves: keys of metrics whose curve gets a column.
    """

    def status(row: ExecutionRow) -> Cell:
        if row.execution.deleted_at is not None:
            return Cell(f"{look.glyphs.error} deleted", "faint")
        return Cell(*look.status(row.execution.status))

    def duration(row: ExecutionRow) -> Cell:
        seconds = row.execution.duration_seconds(now())
        return Cell("" if seconds is None else duration_text(seconds), "dim")

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
        *(_metric_column(metric) for metric in metrics),
        *(curve_column(key, look.glyphs.ascii) for key in curves),
        Column[ExecutionRow](
            "duration", "Duration", duration, 9, 9, 0, "right", sort="duration", priority=2
        ),
        Column[ExecutionRow](
            "created",
            "Created",
            lambda r: Cell(timestamp_text(r.execution.created_at), "dim"),
            16,
            16,
            0,
            sort="created_at",
            priority=3,
        ),
        Column[ExecutionRow](
            "id", "ID", lambda r: Cell(r.execution.id, "dim"), 16, 16, 0, sort="id", priority=4
        ),
        Column[ExecutionRow](
            "message",
            "Message",
            lambda r: Cell(r.execution.status_message, "dim"),
            16,
            80,
            5,
            priority=5,
        ),
        Column[ExecutionRow](
            "executable",
            "Executable",
            lambda r: Cell(r.execution.executable_id, "dim"),
            14,
            30,
            1,
            sort="executable_id",
            priority=6,
        ),
        Column[ExecutionRow](
            "scenario",
            "Scenario",
            lambda r: Cell(r.execution.scenario_id, "dim"),
            10,
            24,
            1,
            sort="scenario_id",
            priority=7,
        ),
    )


def _metric_column(metric: MetricColumn) -> Column[ExecutionRow]:
    title = str(metric)
    return Column(
        f"metric {title}",
        title,
        lambda row: Cell(metric_text(row.metrics.get(metric)), "text"),
        max(9, min(16, len(title) + 2)),
        20,
        0,
        "right",
        metric,
        priority=2,
    )
