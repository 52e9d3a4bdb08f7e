"""Bars: their range, which starts at 0 if that is readable, and their fills."""

from __future__ import annotations

import math
from collections.abc import Sequence

from launchpad_tui.charts.axes import share
from launchpad_tui.charts.canvas import Canvas
from launchpad_tui.charts.groups import (
    Group,
    groups,
    mean_of,
    names_along,
    not_a_table,
    unknown_parameter,
)
from launchpad_tui.charts.model import ChartData, ChartSpec, ChartTable
from launchpad_tui.charts.palette import marker
from launchpad_tui.charts.scale import ticks
from launchpad_tui.charts.text import counted
from launchpad_tui.domain.numbers import number_text
from launchpad_tui.domain.text import safe_text
from launchpad_tui.records import record

#: fills of the bars of the first, second… metric
FILLS, ASCII_FILLS = "█▓▒░", "#=:."
#: values that differ by less than this share of the largest look equal on an axis from 0
_FAR = 0.2
#: metrics that differ by more than this factor do not fit on one axis
_UNLIKE = 100.0


@record
class BarRange:
    """The range of bars, which start at ``zero``.

    0, or a value near the smallest if all are far from 0.
    """

    low: float
    high: float
    zero: float

    @property
    def below(self) -> float:
        """The share of the range below ``zero``."""
        return share(self.zero, self.low, self.high) if self.high > self.low else 0.0

    def notes(self) -> list[str]:
        """Return a note if bars do not start at 0."""
        return [f"The axis starts at {number_text(self.zero, 4)}, not at 0"] if self.zero else []


def bar_range(values: Sequence[float]) -> BarRange:
    """Return the range of finite values."""
    low, high = min(values, default=0.0), max(values, default=1.0)
    if low == high == 0:
        return BarRange(0.0, 1.0, 0.0)
    largest = max(abs(low), abs(high))
    if (low > 0 or high < 0) and 0 < high - low < _FAR * largest:
        # The nearest round number below the smallest value, so that its bar still has a length.
        room = (high - low) * 0.25
        found = (
            ticks(low - 2 * room, low - room / 4, 3)
            if low > 0
            else ticks(high + room / 4, high + 2 * room, 3)
        )
        if found and low > 0 and 0 < found[-1] < low:
            return BarRange(found[-1], high, found[-1])
        if found and high < 0 and high < found[0] < 0:
            return BarRange(low, found[0], found[0])
    return BarRange(min(0.0, low), max(0.0, high), 0.0)


def metric_fills(count: int, *, ascii_only: bool) -> list[str]:
    """Return the fills of ``count`` metrics; they repeat after four."""
    fills = ASCII_FILLS if ascii_only else FILLS
    return [fills[place % len(fills)] for place in range(count)]


def bar_groups(table: ChartTable) -> tuple[list[Group], list[str]]:
    """Return the groups and their labels, with the number of models if groups have several."""
    found = groups(table)
    if not names_along(table):
        return found, [group.label for group in found]
    if all(len(group.places) == 1 for group in found):
        return found, [safe_text(group.label, 200) for group in found]
    return found, [f"{safe_text(group.label, 200)} (n={len(group.places)})" for group in found]


def group_notes(found: Sequence[Group]) -> list[str]:
    """Return a note if bars are means."""
    return (
        ["Each bar is the mean of its n models"]
        if any(len(group.places) > 1 for group in found)
        else []
    )


def magnitude_notes(columns: Sequence[Sequence[float | None]]) -> list[str]:
    """Return a note if metrics of different magnitude share an axis."""
    sizes = [
        size
        for column in columns
        if (
            size := max((abs(v) for v in column if v is not None and math.isfinite(v)), default=0.0)
        )
    ]
    if len(sizes) > 1 and max(sizes) / _UNLIKE > min(sizes):
        return ["The metrics differ in magnitude but share one axis: small ones are hardly visible"]
    return []


def log_notes(spec: ChartSpec) -> list[str]:
    """Return a note that bars, which start at 0, have no logarithmic axis."""
    return ["Bar charts have no logarithmic axis"] if spec.y_log else []


def value_columns(table: ChartTable, found: Sequence[Group]) -> dict[str, list[float | None]]:
    """Return the means of the groups for each metric."""
    return {
        name: [mean_of(column, group) for group in found] for name, column in table.metrics.items()
    }


def key_line(canvas: Canvas, row: int, names: Sequence[str], fills: Sequence[str]) -> None:
    """Write the legend that maps fills to metrics."""
    column = 0
    for place, (name, fill) in enumerate(zip(names, fills, strict=True)):
        left = canvas.width - column
        more = f"+{len(names) - place}"
        if left < 8:
            canvas.end(canvas.width, row, more, style="faint")
            break
        text = canvas.fit(name, min(24, left - 5))
        canvas.put(column, row, fill * 2)
        canvas.put(column + 3, row, text)
        column += 3 + len(canvas.fit(text, 24)) + 3


def group_marker(slot: int | None, canvas: Canvas) -> str:
    """Return the marker that represents a model whose name does not fit."""
    return marker(slot, ascii_only=canvas.ascii) if slot is not None else " "


def why_no_bars(data: ChartData) -> str:
    """Return why the data cannot be drawn as bars, empty if they can."""
    return not_a_table(data) or unknown_parameter(data.table)


def hidden_metric_notes(count: int, total: int) -> list[str]:
    """Return a note if metrics are not shown."""
    return (
        [f"Showing {count} of {counted(total, 'metric', 'metrics')} (not enough room for all)"]
        if count < total
        else []
    )
