"""Kinds of columns that the lists of several screens share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from launchpad_tui.domain.metric import series_title
from launchpad_tui.domain.numbers import metric_text, size_text, sparkline
from launchpad_tui.domain.query import ArtifactRow, ExecutionRow, MetricColumn, ValueColumn
from launchpad_tui.domain.text import cell_width
from launchpad_tui.domain.timestamps import age_text, now
from launchpad_tui.ui.screens.common.cells import timestamp_text
from launchpad_tui.ui.theme import Look
from launchpad_tui.ui.widgets.columns import Cell, Column

Row = TypeVar("Row")
#: the width of a curve in cells
CURVE_WIDTH = 16
#: the least width of a metric in cells: five digits, an exponent or zeros, and the mark of the best
_LEAST_METRIC = 11
#: the number of metrics that are shown before the age of a row
_FIRST = 2


def text_column(
    name: str,
    title: str,
    text: Callable[[Row], str],
    widths: tuple[int, int],
    weight: int = 0,
    *,
    align: str = "left",
    sort: str | None = None,
    priority: int,
    names: bool = False,
    stays: bool = True,
) -> Column[Row]:
    """Return a column of dim text.

    Args:
        name: the ID of the column.
        title: the heading.
        text: returns the text of a row.
        widths: minimum and maximum width in cells.
        weight: see `Column`, as for all other arguments.
    """
    least, most = widths
    return Column(
        name,
        title,
        lambda row: Cell(text(row), "dim"),
        least,
        most,
        weight,
        align,
        sort=sort,
        priority=priority,
        names=names,
        stays=stays,
    )


def timestamp_column(
    name: str,
    title: str,
    timestamp: Callable[[Row], datetime | None],
    *,
    sort: str | None = None,
    priority: int,
    stays: bool = True,
) -> Column[Row]:
    """Return a column of timestamps in the time zone of this machine, empty for None."""

    def text(row: Row) -> str:
        at = timestamp(row)
        return timestamp_text(at) if at is not None else ""

    return text_column(name, title, text, (16, 16), sort=sort, priority=priority, stays=stays)


def age_column(timestamp: Callable[[Row], datetime | None], *, priority: int) -> Column[Row]:
    """Return a narrow column with the time since a timestamp, empty for None."""

    def text(row: Row) -> str:
        at = timestamp(row)
        return age_text((now() - at).total_seconds()) if at is not None else ""

    return text_column("age", "Age", text, (6, 6), align="right", priority=priority)


def size_column(
    size: Callable[[Row], int | None],
    *,
    width: int = 8,
    sort: str | None = None,
    priority: int,
) -> Column[Row]:
    """Return a column of sizes in bytes, empty for None."""
    return text_column(
        "size",
        "Size",
        lambda row: size_text(size(row)),
        (width, width),
        align="right",
        sort=sort,
        priority=priority,
    )


def metric_columns(
    metrics: Sequence[MetricColumn], best: Mapping[MetricColumn, float], *, look: Look
) -> tuple[Column[Any], ...]:
    """Return a column for each metric; the first two are shown in narrow terminals as well."""
    return tuple(
        metric_column(metric, best, look=look, priority=1 if place < _FIRST else 2)
        for place, metric in enumerate(metrics)
    )


def metric_column(
    metric: MetricColumn, best: Mapping[MetricColumn, float], *, look: Look, priority: int
) -> Column[Any]:
    """Return a column of a statistic of a metric, by which the list can be sorted.

    Args:
        metric: the metric and its statistic.
        best: the best values of columns in the whole list, which are marked; it may change.
        look: colors and glyphs.
        priority: see `Column`.
    """

    def render(row: ArtifactRow | ExecutionRow) -> Cell:
        value = row.metrics.get(metric)
        text = metric_text(value)
        if value is None or best.get(metric) != value:
            return Cell(text)
        mark = look.glyphs.best
        return Cell(f"{mark} {text}", "good", (f"{mark}{text}", text))

    # The statistic follows the words, for example ``val loss:min``.
    title = series_title(metric.key) + str(metric).removeprefix(metric.key)
    return Column(
        f"metric {metric}",
        title,
        render,
        max(_LEAST_METRIC, min(24, cell_width(title) + 2)),
        24,
        0,
        "right",
        sort=metric,
        priority=priority,
    )


def curve_column(key: str, *, ascii_only: bool) -> Column[Any]:
    """Return a column of sparklines of a metric, each scaled to its own range.

    Args:
        key: the metric with its labels, as ``name{label=value}``.
        ascii_only: whether only ASCII characters are drawn.
    """

    def render(row: ArtifactRow | ExecutionRow) -> Cell:
        curve = row.curves.get(key, ())
        return Cell(sparkline(curve, CURVE_WIDTH, ascii_only=ascii_only), "accent")

    return Column(
        f"curve {key}",
        f"{series_title(key)} curve",
        render,
        CURVE_WIDTH,
        CURVE_WIDTH,
        0,
        priority=1,
    )


def value_columns(columns: Sequence[ValueColumn]) -> tuple[Column[Any], ...]:
    """Return a column for each parameter, label or tag; the first two are shown before others."""
    return tuple(
        _value_column(column, priority=1 if place < _FIRST else 2)
        for place, column in enumerate(columns)
    )


def _value_column(column: ValueColumn, *, priority: int) -> Column[Any]:
    def render(row: ArtifactRow | ExecutionRow) -> Cell:
        return Cell(row.values.get(column, ""))

    name = column.title
    return Column(
        str(column),
        name,
        render,
        max(_LEAST_METRIC, min(24, cell_width(name))),
        24,
        0,
        "right",
        sort=column,
        priority=priority,
    )
