"""Scales and axes of the charts that compare models."""

from __future__ import annotations

import math
from collections.abc import Sequence

from launchpad_tui.charts.canvas import Canvas
from launchpad_tui.charts.scale import log_ticks, row_ticks, ticks, widened
from launchpad_tui.domain.numbers import axis_texts, number_text
from launchpad_tui.domain.text import cell_width
from launchpad_tui.records import record

#: the number of decades from which an axis is logarithmic
_DECADES = 2.0


def share(value: float, low: float, high: float) -> float:
    """Return where a value lies between two others: 0 to 1 within them, for any finite floats."""
    span = high - low
    if not math.isfinite(span):
        return (value / 4 - low / 4) / (high / 4 - low / 4)
    found = (value - low) / span if span > 0 else 0.5
    return found if math.isfinite(found) else (2.0 if value > low else -1.0)


@record
class Scale:
    """The mapping from numbers to a share of an axis."""

    low: float
    high: float
    log: bool = False

    @classmethod
    def of(cls, values: Sequence[float], *, log: bool = False) -> Scale:
        """Return the scale of finite values (positive ones if ``log``)."""
        if not values:
            return cls(0.0, 1.0)
        low, high = widened(min(values), max(values), log=log)
        # Near the limits of floats widening has no effect or overflows.
        if not (high > low and math.isfinite(high) and math.isfinite(low)) or (log and low <= 0):
            return cls(min(low, high) if math.isfinite(low) else 0.0, max(values), log and low > 0)
        return cls(low, high, log)

    def share(self, value: float) -> float:
        """Return the position of a value, 0 to 1 within the scale."""
        if not self.log:
            return share(value, self.low, self.high)
        return (
            share(math.log10(value), math.log10(self.low), math.log10(self.high))
            if value > 0
            else -1.0
        )

    def cell(self, value: float, cells: int) -> int:
        """Return the cell of a value, counted from 0 and limited to the cells."""
        return min(cells - 1, max(0, round(self.share(value) * (cells - 1))))

    def ticks(self, most: int) -> list[float]:
        """Return round numbers on the scale."""
        found = (
            log_ticks(self.low, self.high, most) if self.log else ticks(self.low, self.high, most)
        )
        return self._inside(found)

    def row_ticks(self, rows: int) -> list[float]:
        """Return round numbers on the scale for an axis of so many rows."""
        return self._inside(row_ticks(self.low, self.high, rows, log=self.log))

    def _inside(self, found: Sequence[float]) -> list[float]:
        return [tick for tick in found if self.low <= tick <= self.high] or [self.low]

    def texts(self, found: Sequence[float]) -> list[str]:
        """Return the labels of its ticks."""
        return [number_text(tick) for tick in found] if self.log else axis_texts(found)


def is_wide(values: Sequence[float]) -> bool:
    """Return whether numbers need a logarithmic scale: all positive, over two decades or more."""
    return (
        len(values) > 1
        and min(values) > 0
        and math.log10(max(values)) - math.log10(min(values)) >= _DECADES - 1e-9
    )


def draw_y(
    canvas: Canvas, scale: Scale, top: int, height: int, most_label: int, *, least_label: int = 0
) -> int:
    """Draw the y axis at the left edge; return the column at which the plot starts.

    Args:
        canvas: what to draw on.
        scale: the values of the axis.
        top: the first row.
        height: the number of rows.
        most_label: the largest width of a label in cells.
        least_label: the least width of the labels in cells.
    """
    found = scale.row_ticks(height)
    labels = scale.texts(found)
    size = min(max(least_label, *map(cell_width, labels)), most_label)
    up, tick = ("|", "+") if canvas.ascii else ("│", "┤")
    for row in range(height):
        canvas.put(size + 1, top + row, up, style="axis")
    for value, label in zip(found, labels, strict=True):
        row = top + height - 1 - scale.cell(value, height)
        canvas.end(size, row, label[:size], style="axis")
        canvas.put(size + 1, row, tick, style="axis")
    return size + 2


def draw_x(canvas: Canvas, scale: Scale, left: int, row: int, name: str) -> bool:
    """Draw the x axis in two rows from ``row`` to the right edge, with its name if there is room.

    Returns whether there was room for the name.
    """
    width = canvas.width - left
    found = scale.ticks(max(1, min(10, width // 14)))
    labels = scale.texts(found)
    places = [left + scale.cell(value, width) for value in found]
    _line(canvas, left, row)
    return label_ticks(canvas, row, list(zip(places, labels, strict=True)), name)


def draw_categories(
    canvas: Canvas, places: Sequence[int], labels: Sequence[str], left: int, row: int, name: str
) -> bool:
    """Draw the x axis of categories at these columns, in two rows.

    Returns whether there was room for the name.
    """
    _line(canvas, left, row)
    return label_ticks(canvas, row, list(zip(places, labels, strict=True)), name)


def _line(canvas: Canvas, left: int, row: int) -> None:
    canvas.put(left, row, ("-" if canvas.ascii else "─") * (canvas.width - left), style="axis")
    canvas.put(left - 1, row, "+" if canvas.ascii else "└", style="axis")


def label_ticks(canvas: Canvas, row: int, found: Sequence[tuple[int, str]], name: str) -> bool:
    """Draw ticks on the line in ``row``, their labels below it, and the name of the axis.

    Labels that would touch others are omitted. Returns whether there was room for the name.
    """
    mark = "+" if canvas.ascii else "┬"
    free = 0
    for column, label in found:
        size = cell_width(label)
        start = min(max(0, column - size // 2), canvas.width - size)
        if start < free or size > canvas.width:
            continue
        canvas.put(column, row, mark, style="axis")
        canvas.put(start, row + 1, label, style="axis")
        free = start + size + 2
    title = canvas.fit(name, canvas.width)
    if cell_width(title) > canvas.width - free:
        return False
    canvas.end(canvas.width, row + 1, title, style="axis")
    return True


def name_on_top(canvas: Canvas, name: str, title: str) -> list[str]:
    """Write the name of an axis at the right end of the title's line, or return it as a note."""
    shown = canvas.fit(f"x: {name}", canvas.width)
    if (
        not title
        or cell_width(shown) > canvas.width - cell_width(canvas.fit(title, canvas.width)) - 2
    ):
        return [f"x axis: {name}"]
    canvas.end(canvas.width, 0, shown, style="axis")
    return []
