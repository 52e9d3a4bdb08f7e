"""Box plots: the distribution of a metric over the models, or per value of a parameter."""

from __future__ import annotations

import math
from collections.abc import Sequence

from launchpad_tui.charts.axes import Scale, draw_x
from launchpad_tui.charts.canvas import Canvas, too_small
from launchpad_tui.charts.groups import (
    Group,
    groups,
    missing_notes,
    names_along,
    not_a_table,
    numbers,
    unknown_parameter,
)
from launchpad_tui.charts.histogram import quartile
from launchpad_tui.charts.model import ChartData, ChartSpec, ChartTable, Drawing
from launchpad_tui.charts.palette import marker
from launchpad_tui.charts.text import counted, short_labels
from launchpad_tui.domain.numbers import number_text
from launchpad_tui.domain.text import cell_width, safe_text

#: the least number of values for which quartiles are drawn
LEAST = 4
#: the least width at which the median is also written as text
_WIDE = 60


def why_no_box(data: ChartData) -> str:
    """Return why the data cannot be drawn as box plot, empty if they can."""
    return not_a_table(data, models=2) or unknown_parameter(data.table)


def draw_box(spec: ChartSpec, data: ChartData) -> Drawing:
    """Draw minimum, quartiles and maximum of each group; small groups as points.

    Against a parameter the first metric has a box for each of its values, on one axis. Otherwise
    each metric has a box of all models and its own axis.
    """
    canvas = Canvas(spec)
    table = data.table
    along = names_along(table)
    names = list(table.metrics)[:1] if along else list(table.metrics)
    notes = missing_notes(table, names)
    if too_small(spec) or not names or not table.ids:
        return canvas.drawing(notes)
    notes += _along(canvas, table, names[0], along) if along else _each(canvas, table, names)
    if len(table.metrics) > len(names):
        notes.append(f"Showing the first of {len(table.metrics)} metrics")
    return canvas.drawing(notes)


def _along(canvas: Canvas, table: ChartTable, name: str, along: Sequence[str]) -> list[str]:
    found = [group for group in groups(table) if numbers(table.metrics[name], group.places)]
    values = [numbers(table.metrics[name], group.places) for group in found]
    everything = [value for each in values for value in each]
    if not everything:
        return []
    rows = canvas.height - canvas.top - 3
    if rows < 1:
        return [f"Not enough height to show {counted(len(found), 'group', 'groups')}"]
    shown = min(rows, len(found))
    step = 2 if shown * 2 - 1 <= rows else 1
    sizes = [f"n={len(each)}" for each in values]
    count = max(len(text) for text in sizes)
    title = ", ".join(safe_text(each, 80) for each in along)
    size = min(
        max(cell_width(text) for text in [title, *(group.label for group in found)]),
        canvas.width // 3,
        30,
    )
    left, right = size + count + 3, _text_column(canvas)
    scale = Scale.of(everything)
    canvas.put(0, canvas.top, canvas.fit(title, size + count + 2), style="axis")
    if right:
        canvas.end(canvas.width, canvas.top, "median", style="axis")
    labels = short_labels([group.label for group in found[:shown]], size, ascii_only=canvas.ascii)
    for number in range(shown):
        row = canvas.top + 1 + number * step
        canvas.put(0, row, labels[number])
        canvas.end(left - 2, row, sizes[number], style="faint")
        _row(
            canvas,
            scale,
            left,
            canvas.width - right,
            row,
            values[number],
            found[number],
            table,
            name,
        )
        if right:
            canvas.end(canvas.width, row, number_text(quartile(sorted(values[number]), 0.5), 4))
    _axis(
        canvas,
        scale,
        left,
        canvas.width - right,
        canvas.top + 1 + (shown - 1) * step + 1,
        safe_text(name, 80),
    )
    hidden = len(found) - shown
    notes = (
        [f"Showing {shown} of {len(found)} values (not enough height for all)"] if hidden else []
    )
    few = sum(len(each) < LEAST for each in values[:shown])
    return [*notes, *_few_notes(few, shown)]


def _few_notes(few: int, total: int) -> list[str]:
    if not few:
        return []
    if few == total:
        return [f"Groups of fewer than {LEAST} models are shown as points"]
    return [
        f"{counted(few, 'group has', 'groups have')} fewer than {LEAST} models (shown as points)"
    ]


def _each(canvas: Canvas, table: ChartTable, names: Sequence[str]) -> list[str]:
    everyone = Group("", tuple(range(len(table.ids))), None)
    room = canvas.height - canvas.top
    # A line of text, the box, its axis in two lines, and a blank line if there is room.
    shown = names[: max(1, room // 4)]
    step = 5 if room >= 5 * len(shown) else 4
    few = 0
    for number, name in enumerate(shown):
        top = canvas.top + number * step
        values = numbers(table.metrics[name], everyone.places)
        few += 0 < len(values) < LEAST
        canvas.put(0, top, canvas.fit(name, max(4, canvas.width - 30)), style="bold")
        text = f"n={len(values)}"
        if values:
            middle = quartile(sorted(values), 0.5)
            text = f"median {number_text(middle, 4)}  n={len(values)}"
            scale = Scale.of(values)
            _row(canvas, scale, 1, canvas.width, top + 1, values, everyone, table, name)
            _axis(canvas, scale, 1, canvas.width, top + 2, "")
        canvas.end(canvas.width, top, text if len(text) < 30 else "", style="faint")
    hidden = len(names) - len(shown)
    notes = (
        [f"Showing {len(shown)} of {len(names)} metrics (not enough height for all)"]
        if hidden
        else []
    )
    return [*notes, *([f"Fewer than {LEAST} models: shown as points"] if few else [])]


def _text_column(canvas: Canvas) -> int:
    return 10 if canvas.width >= _WIDE else 0


def _row(
    canvas: Canvas,
    scale: Scale,
    left: int,
    right: int,
    row: int,
    values: Sequence[float],
    group: Group,
    table: ChartTable,
    name: str,
) -> None:
    width = max(1, right - left)
    if len(values) < LEAST:
        for place in reversed(group.places):
            value = table.metrics[name][place]
            if value is not None and math.isfinite(value):
                slot = table.slots[place]
                canvas.put(
                    left + scale.cell(value, width),
                    row,
                    marker(slot, ascii_only=canvas.ascii),
                    slot,
                )
        return
    ordered = sorted(values)
    parts = [scale.cell(quartile(ordered, part), width) for part in (0.0, 0.25, 0.5, 0.75, 1.0)]
    low, first, middle, third, high = (left + part for part in parts)
    begin, line, stop, fill, median = (
        ("|", "-", "|", "=", "#") if canvas.ascii else ("├", "─", "┤", "▒", "█")
    )
    canvas.put(low, row, line * (high - low + 1), group.slot)
    canvas.put(low, row, begin, group.slot)
    canvas.put(high, row, stop, group.slot)
    canvas.put(first, row, fill * (third - first + 1), group.slot)
    canvas.put(middle, row, median, group.slot, "bold")


def _axis(canvas: Canvas, scale: Scale, left: int, right: int, row: int, name: str) -> None:
    """Draw the axis below the boxes, its name in the middle of the space to the left."""
    if right < canvas.width:
        # The axis ends with the boxes.
        part = Canvas(ChartSpec(right, canvas.height, ascii=canvas.ascii))
        draw_x(part, scale, left, row, name)
        for line in (row, row + 1):
            canvas.put(
                0, line, "".join(part.at(column, line) for column in range(right)), style="axis"
            )
        return
    draw_x(canvas, scale, left, row, name)
