"""Horizontal bars: one line per model or group, with its value after the bar."""

from __future__ import annotations

import math
from collections.abc import Sequence

from launchpad_tui.charts.axes import share
from launchpad_tui.charts.bars import (
    BarRange,
    bar_groups,
    bar_range,
    group_notes,
    hidden_metric_notes,
    log_notes,
    value_columns,
)
from launchpad_tui.charts.canvas import Canvas, too_small
from launchpad_tui.charts.groups import Group, best_first, missing_notes, names_along
from launchpad_tui.charts.model import ChartData, ChartSpec, Drawing
from launchpad_tui.charts.text import short_labels
from launchpad_tui.domain.numbers import number_text
from launchpad_tui.domain.text import cell_width

_PARTS = " ▏▎▍▌▋▊▉█"
#: the least width of a metric's panel
_PANEL = 19
#: the least number of cells of bars in both directions
_SHORTEST = 12


def draw_bar(spec: ChartSpec, data: ChartData) -> Drawing:
    """Draw the values of metrics as horizontal bars, colored by their model's slot, with text.

    Each metric has its own panel and axis, so that metrics of different magnitude can be read in
    one line. Against a parameter each bar is the mean of the models with that value.
    """
    canvas = Canvas(spec)
    if too_small(spec, 3):
        return canvas.drawing()
    table = data.table
    found, labels = bar_groups(table)
    columns = value_columns(table, found)
    notes = [*group_notes(found), *log_notes(spec)]
    if not found or not columns:
        return canvas.drawing([*missing_notes(table, list(columns)), *notes])
    along = names_along(table)
    size = min(
        max(cell_width(label) for label in [*labels, ", ".join(along)]),
        max(6, canvas.width // 3),
        40,
    )
    room = canvas.width - size - 1
    names = list(columns)[: max(1, room // _PANEL)]
    notes = [*missing_notes(table, names), *notes, *hidden_metric_notes(len(names), len(columns))]
    head = len(names) > 1 or bool(along)
    rows = canvas.height - canvas.top - head
    axis = rows >= 6
    shown, note = best_first(found, columns[names[0]], max(1, rows - axis), table, names[0])
    notes += [note] if note else []
    if along:
        canvas.put(0, canvas.top, canvas.fit(", ".join(along), size), style="axis")
    # Bars are separated by a blank line if there is room.
    step = 2 if len(shown) * 2 - 1 + axis <= rows else 1
    for row, text in enumerate(
        short_labels([labels[p] for p in shown], size, ascii_only=spec.ascii)
    ):
        canvas.put(0, canvas.top + head + row * step, text)
    width = room // len(names)
    for place, name in enumerate(names):
        left = size + 1 + place * width
        # The last panel takes the remaining cells.
        panel = width - 1 if place < len(names) - 1 else canvas.width - left
        if head:
            canvas.put(left, canvas.top, canvas.fit(name, panel), style="axis")
        base = _panel(
            canvas,
            canvas.top + head,
            left,
            panel,
            [columns[name][p] for p in shown],
            [found[p] for p in shown],
            step,
            axis=axis,
        )
        notes += [
            f"{canvas.fit(name, 80)}: {text}" if len(names) > 1 else text for text in base.notes()
        ]
    return canvas.drawing(notes)


def _panel(
    canvas: Canvas,
    top: int,
    left: int,
    width: int,
    values: Sequence[float | None],
    found: Sequence[Group],
    step: int,
    *,
    axis: bool,
) -> BarRange:
    finite = [value for value in values if value is not None and math.isfinite(value)]
    base = bar_range(finite)
    texts = ["" if value is None else number_text(value, 5) for value in values]
    behind = max((len(text) for text in texts), default=0) + 1
    negative = base.below > 0
    bars = max(1, width - behind * (2 if 0 < base.below < 1 else 1))
    # Bars in both directions without room for values on both sides have a column of values.
    apart = bars < _SHORTEST and 0 < base.below < 1
    bars = max(1, width - behind) if apart else bars
    start = left + (behind if negative and not apart else 0)
    zero = round(bars * base.below)
    for place, (value, text, group) in enumerate(zip(values, texts, found, strict=True)):
        row = place * step
        if value is None:
            canvas.put(start + zero, top + row, "-", style="faint")
            continue
        if not math.isfinite(value):
            canvas.put(start + zero, top + row, text)
            continue
        long = (share(value, base.low, base.high) - base.below) * bars
        if long >= 0:
            end = (
                start
                + zero
                + _right(canvas, start + zero, top + row, long, bars - zero, group.slot)
            )
            canvas.put(end + 1, top + row, "" if apart else text)
        else:
            end = start + zero - _left(canvas, start + zero, top + row, -long, zero, group.slot)
            canvas.end(end - 1, top + row, "" if apart else text)
        if apart:
            canvas.end(left + width, top + row, text)
    if axis:
        _axis(canvas, top + (len(values) - 1) * step + 1, start, bars, zero, base)
    return base


def _right(canvas: Canvas, column: int, row: int, long: float, most: int, slot: int | None) -> int:
    """Draw a bar to the right; return its number of cells."""
    if canvas.ascii:
        full, part = round(long), 0
        full = max(full, int(long > 0))
    else:
        full, part = divmod(max(round(long * 8), int(long > 0)), 8)
    full = min(full, most)
    part = part if full < most else 0
    canvas.put(
        column, row, ("#" if canvas.ascii else "█") * full + (_PARTS[part] if part else ""), slot
    )
    return full + bool(part)


def _left(canvas: Canvas, column: int, row: int, long: float, most: int, slot: int | None) -> int:
    """Draw a bar to the left of a column; return its number of cells."""
    if canvas.ascii:
        full, half = max(1, round(long)), 0
    else:
        full, half = divmod(max(1, round(long * 2)), 2)
    full = min(full, most)
    half = half if full < most else 0
    canvas.end(column, row, ("▐" if half else "") + ("#" if canvas.ascii else "█") * full, slot)
    return full + half


def _axis(canvas: Canvas, row: int, left: int, width: int, zero: int, base: BarRange) -> None:
    """Write the ends of the range and the start of the bars below them."""
    low, high = number_text(base.low, 4), number_text(base.high, 4)
    if len(low) + len(high) + 2 > width:
        return
    canvas.put(left, row, low, style="axis")
    canvas.end(left + width, row, high, style="axis")
    if 0 < base.below < 1 and left + len(low) < left + zero < left + width - len(high) - 1:
        canvas.put(left + zero, row, "0", style="axis")
