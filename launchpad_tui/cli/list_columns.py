"""The columns that the option ``--columns`` of a list command selects."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from launchpad_tui.cli.listing import metric_table_columns
from launchpad_tui.cli.table import ID, TableColumn
from launchpad_tui.domain.query import MetricColumn, ValueColumn

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from launchpad_tui.cli.context import CommandContext
    from launchpad_tui.domain.query import ArtifactRow, ExecutionRow

Selected = str | MetricColumn | ValueColumn
#: attributes that identify objects, which are shown as short IDs on a terminal
_IDENTIFIED = {"execution_id": "executions", "configuration_id": "configurations"}


def print_columns(
    context: CommandContext,
    rows: Iterable[ArtifactRow | ExecutionRow],
    columns: Sequence[Selected],
    attributes: frozenset[str],
    kind: str,
) -> None:
    """Print the ID and the selected columns of each row, in every format.

    Args:
        context: The context of the command.
        rows: The rows.
        columns: The columns, in their order.
        attributes: The attributes of the list.
        kind: ``artifacts`` or ``executions``, for short IDs.
    """
    shown = [one for one in columns if one != "id"]
    metrics = [one for one in shown if isinstance(one, MetricColumn)]
    heads = dict(zip(metrics, metric_table_columns(context, metrics), strict=True))

    def text(row: ArtifactRow | ExecutionRow, column: Selected) -> str:
        value = _value(row, column)
        if isinstance(column, str) and column in _IDENTIFIED:
            return context.short_id(_IDENTIFIED[column], value or "")
        return _text(context, column, value)

    context.resources(
        rows,
        lambda row: {
            "id": _object(row).id,
            **{_key(column): _data(_value(row, column)) for column in shown},
        },
        (
            ID,
            *(
                heads[column]._replace(optional=place)
                if isinstance(column, MetricColumn)
                else _head(column, attributes, place)
                for place, column in enumerate(shown)
            ),
        ),
        lambda row: (
            context.short_id(kind, _object(row).id),
            *(text(row, column) for column in shown),
        ),
    )


def _key(column: Selected) -> str:
    """Return the field of a column in JSON: an attribute has the name that it has elsewhere."""
    from launchpad_tui.domain.list_names import camel_case

    return camel_case(column) if isinstance(column, str) else str(column)


def _object(row: ArtifactRow | ExecutionRow) -> Any:
    from launchpad_tui.domain.query import ArtifactRow

    return row.artifact if isinstance(row, ArtifactRow) else row.execution


def _value(row: ArtifactRow | ExecutionRow, column: Selected) -> Any:
    from launchpad_tui.domain.query import ArtifactRow

    if isinstance(column, MetricColumn):
        return row.metrics.get(column)
    if isinstance(column, ValueColumn):
        return row.values.get(column)
    if isinstance(row, ArtifactRow):
        if column in {"configuration_name", "duration"}:
            return getattr(row, column)
        return getattr(row.artifact, column)
    if column == "name":
        return row.execution.configuration_name
    if column == "duration":
        from launchpad_tui.domain.timestamps import now

        return row.execution.duration_seconds(now())
    return getattr(row.execution, column)


def _text(context: CommandContext, column: Selected, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return context.time(value)
    if isinstance(value, tuple):
        return " ".join(value)
    if isinstance(column, MetricColumn):
        from launchpad_tui.domain.numbers import metric_text

        return metric_text(value, 6)
    if column == "size":
        from launchpad_tui.domain.numbers import size_text

        return size_text(value)
    if column == "duration":
        from launchpad_tui.domain.timestamps import duration_text

        return duration_text(value)
    return str(value)


def _data(value: Any) -> Any:
    if isinstance(value, datetime):
        from launchpad_tui.domain.timestamps import to_rfc3339

        return to_rfc3339(value)
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, float):
        from launchpad_tui.aiapi.values import json_number

        return json_number(value)
    return value


def _head(column: str | ValueColumn, attributes: frozenset[str], place: int) -> TableColumn:
    """Return a column whose head is a name that expressions accept."""
    if isinstance(column, ValueColumn):
        return TableColumn(column.title, optional=place, asked=True)
    from launchpad_tui.domain.list_names import heading

    right = column in {"size", "duration"}
    name, head = column == "name", heading(column, attributes).upper()
    optional = 0 if name else place
    return TableColumn(head, cut_last=name, optional=optional, right=right, asked=True)
