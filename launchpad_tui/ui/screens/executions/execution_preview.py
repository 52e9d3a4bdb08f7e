"""The preview of an execution: its status, its metrics so far and the end of its log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from launchpad_tui.domain.comparison import ComparedItem
from launchpad_tui.domain.connection import Scope
from launchpad_tui.domain.execution import Execution, LogLine, Status
from launchpad_tui.domain.metric import Direction, SeriesSummary, guess_direction
from launchpad_tui.domain.metric_lines import is_metric_line
from launchpad_tui.domain.text import clip
from launchpad_tui.domain.timestamps import duration_text, now
from launchpad_tui.errors import LaunchpadError
from launchpad_tui.services.desk import Desk
from launchpad_tui.ui.screens.common.preview import RowPreview, read_series
from launchpad_tui.ui.screens.common.preview_lines import (
    SeriesLine,
    pair_lines,
    parameter_lines,
    section,
    series_lines,
    wrapped,
)
from launchpad_tui.ui.screens.common.screen import LaunchpadScreen
from launchpad_tui.ui.theme import Look
from launchpad_tui.ui.widgets.lines import Parts

#: the number of log lines that are read, and that are shown in any case
_LOG_LINES, _LEAST_LINES = 60, 6
#: the number of metrics above a log
_SERIES = 6


@dataclass(frozen=True, slots=True)
class _Content:
    """What the preview of an execution shows.

    Args:
        item: the execution with its configuration.
        varying: the parameters that differ among configurations of the executable.
        log: the last lines of the log, or why it cannot be read.
    """

    item: ComparedItem
    varying: frozenset[str]
    log: tuple[LogLine, ...] | str


async def execution_preview(screen: LaunchpadScreen, execution: Execution) -> RowPreview:
    """Read what the preview of an execution shows."""
    shell, scope = screen.launchpad, screen.scope
    (item,) = await shell.preview(screen.desk.compare.executions, scope, [execution.id])
    varying = await shell.preview(
        screen.desk.configurations.varying, scope, execution.executable_id
    )
    ordered = sorted(item.series, key=metric_rank)[:_SERIES]
    series = await read_series(screen, ordered)
    log = await shell.preview(_read_log, screen.desk, scope, execution.id)
    content, look = _Content(item, varying, log), shell.look
    return RowPreview(
        execution.configuration_name,
        lambda width, height: _lines(content, series, width, height, look),
    )


def metric_rank(one: SeriesSummary) -> tuple[bool, str]:
    """Return the rank of a series: losses first, since they show whether training converges."""
    return guess_direction(one.name) != Direction.LOWER, one.key


def _read_log(desk: Desk, scope: Scope, execution_id: str) -> tuple[LogLine, ...] | str:
    try:
        log = desk.executions.log(scope, execution_id)
        count = log.count()
        return tuple(log.slice(max(0, count - _LOG_LINES), count))
    except LaunchpadError as error:
        return error.title


def _lines(
    content: _Content, series: Sequence[SeriesLine], width: int, height: int, look: Look
) -> list[Parts]:
    item = content.item
    execution = item.execution
    assert execution is not None
    status, role = look.status(execution.status)
    seconds = execution.duration_seconds(now())
    duration = "" if seconds is None else f"  {duration_text(seconds)}"
    lines: list[Parts] = [((status, role), (duration, "text"))]
    if execution.status_message:
        lines += wrapped(execution.status_message, width, role, 4)
    metrics = [*section("Metrics"), *series_lines(series, width, look)] if series else []
    parameters: list[Parts] = []
    if item.configuration is not None and item.configuration.parameters:
        parameters = [
            *section("Parameters"),
            *parameter_lines(item.configuration.parameters, content.varying, width),
        ]
    facts = pair_lines([("Executable", execution.executable_id, "text")], width)
    facts += pair_lines([("ID", execution.id, "dim")], width)
    if execution.status is Status.DEAD:
        # The log explains the failure, so it precedes everything else.
        rest = [*metrics, *parameters, *section("Execution"), *facts]
        return [*lines, *_log_lines(content.log, width, max(_LEAST_LINES, height // 2)), *rest]
    above = [*lines, *metrics, *parameters]
    room = max(_LEAST_LINES, height - len(above) - 2)
    return [*above, *_log_lines(content.log, width, room)]


def _log_lines(log: tuple[LogLine, ...] | str, width: int, room: int) -> list[Parts]:
    """Return the heading and the last ``room`` lines of a log.

    Lines that log metrics are left out, which are shown above, unless there are no others.
    """
    heading = section("Log")
    if isinstance(log, str):
        return [*heading, *wrapped(log, width, "warn", 3)]
    if not log:
        return [*heading, (("The log is empty", "dim"),)]
    others = tuple(one for one in log if not is_metric_line(one.message))
    shown = (others or log)[-room:]
    return [
        *heading,
        *(((clip(one.message.expandtabs(4), width), _log_role(one)),) for one in shown),
    ]


def _log_role(line: LogLine) -> str:
    return {"stderr": "warn", "launchpad": "dim"}.get(line.stream, "text")
