"""Vertical bars: one per model, or one per value of a parameter."""

from __future__ import annotations

import math
from collections.abc import Sequence

from launchpad_tui.charts.axes import name_on_top, share
from launchpad_tui.charts.bars import (
    BarRange,
    bar_groups,
    bar_range,
    group_marker,
    group_notes,
    hidden_metric_notes,
    key_line,
    log_notes,
    magnitude_notes,
    metric_fills,
    value_columns,
)
from launchpad_tui.charts.canvas import Canvas, too_small
from launchpad_tui.charts.groups import Group, best_first, missing_notes, names_along
from launchpad_tui.charts.model import ChartData, ChartSpec, Drawing
from launchpad_tui.charts.scale import ticks
from launchpad_tui.charts.text import short_labels
from launchpad_tui.domain.numbers import axis_texts, number_text
from launchpad_tui.domain.text import cell_width, safe_text
from launchpad_tui.records import record

_EIGHTHS = " ▁▂▃▄▅▆▇█"
#: the largest width of a bar in cells
_WIDEST = 14
#: vertical labels need a plot of this height, and take at most this fraction (1 / n) of it
_DOWNWARDS, _DOWN_SHARE = 15, 3
#: the smallest number of cells in which a name is recognizable
_NAME = 5
#: the largest number of metrics in one chart
_METRICS = 4


def draw_column(spec: ChartSpec, data: ChartData) -> Drawing:
    """Draw the values of metrics as columns from 0, colored by their model's slot.

    If all values are far from 0, the axis starts near them and a note says so. Several metrics form
    groups of columns with different fills. Against a parameter each column is the mean of the
    models with that value.
    """
    canvas = Canvas(spec)
    if too_small(spec):
        return canvas.drawing()
    table = data.table
    found, labels = bar_groups(table)
    columns = value_columns(table, found)
    names = list(columns)[:_METRICS]
    notes = [*missing_notes(table, names), *group_notes(found), *log_notes(spec)]
    notes += hidden_metric_notes(len(names), len(columns)) + magnitude_notes(
        [columns[name] for name in names]
    )
    finite = [v for name in names for v in columns[name] if v is not None and math.isfinite(v)]
    if not found or not names:
        return canvas.drawing(notes)
    base = bar_range(finite)
    left = _label_size(base, canvas) + 2
    each = len(names)
    shown, note = best_first(
        found, columns[names[0]], max(1, (canvas.width - left) // max(1, each)), table, names[0]
    )
    notes += [note] if note else []
    fills = metric_fills(each, ascii_only=spec.ascii)
    if each > 1:
        key_line(canvas, canvas.top, names, fills)
    place = _ColumnLayout(
        canvas, left, canvas.top + (each > 1), len(shown), each, names_along(table), spec.title
    )
    below = place.labels([labels[p] for p in shown], [found[p] for p in shown])
    notes += below
    place.lay_out(base)
    _axis(place, base)
    for number, group in enumerate(shown):
        for metric, name in enumerate(names):
            _bar(place, base, number, metric, columns[name][group], found[group], fills[metric])
    return canvas.drawing([*notes, *base.notes()])


class _ColumnLayout:
    """The positions of columns on a canvas."""

    def __init__(
        self,
        canvas: Canvas,
        left: int,
        top: int,
        count: int,
        each: int,
        along: Sequence[str],
        title: str,
    ) -> None:
        self.canvas, self.left, self.top = canvas, left, top
        self.count, self.each, self.along, self.title = count, each, along, title
        self.room = canvas.width - left
        self.step = max(1, min(self.room // max(1, count), (_WIDEST + 2) * each))
        gap = 1 if self.step >= 2 * each and self.step > 1 else 0
        gap = 2 if self.step >= 6 * each else gap
        self.bar = max(1, (self.step - gap) // each)
        self.bottom = canvas.height - 1
        self.zero_line = ZeroLine(0, 0, 0)

    def column(self, number: int, metric: int = 0) -> int:
        """Return the first cell of a bar."""
        return self.left + number * self.step + metric * self.bar

    def labels(self, labels: Sequence[str], shown: Sequence[Group]) -> list[str]:
        """Write the labels below the columns; return notes."""
        canvas = self.canvas
        wide = self.bar * self.each
        room = max(1, self.step - 1)
        longest = max(cell_width(label) for label in labels)
        if self.along:
            return self._thinned(labels, shown)
        if longest <= room or room >= _NAME:
            texts = short_labels(labels, room, ascii_only=canvas.ascii)
            if len(set(texts)) == len(set(labels)) or self.bottom - self.top < _DOWNWARDS:
                for number, text in enumerate(texts):
                    start = self.column(number) - max(0, (cell_width(text) - wide + 1) // 2)
                    start = max(self.column(number) + min(0, wide - room), start)
                    canvas.put(max(0, start), self.bottom, text)
                    if cell_width(text) < wide:
                        canvas.put(self.column(number), self.bottom, " " * wide)
                        canvas.middle(self.column(number), self.bottom, text, wide)
                self.bottom -= 1
                return []
        if self.step == 1:
            return self._numbered(labels)
        if self.bottom - self.top >= _DOWNWARDS:
            return self._downwards(labels)
        for number, group in enumerate(shown):
            canvas.put(
                self.column(number) + (wide - 1) // 2,
                self.bottom,
                group_marker(group.slot, canvas),
                group.slot,
            )
        self.bottom -= 1
        return ["Not enough width for names: the markers below identify the models"]

    def _thinned(self, labels: Sequence[str], shown: Sequence[Group]) -> list[str]:
        """Write the labels of ordered values: all of them, or every second, third…

        The numbers of models are omitted before any label is.
        """
        canvas = self.canvas
        wide = self.bar * self.each
        name = canvas.fit(", ".join(self.along), max(0, canvas.width // 2))
        places = [self.column(number) + (wide - 1) // 2 for number in range(len(labels))]
        texts, every = self._every(labels, places)
        notes: list[str] = []
        if every > 1:
            bare, oftener = self._every([group.label for group in shown], places)
            sizes = [len(group.places) for group in shown]
            if oftener < every and max(sizes) > 1:
                notes.append(
                    f"n is {min(sizes)}" + (f" to {max(sizes)}" if max(sizes) > min(sizes) else "")
                )
            texts, every = (bare, oftener) if oftener < every else (texts, every)
        free = 0
        for at, text in list(zip(places, texts, strict=True))[::every]:
            start = min(max(0, at - (cell_width(text) - 1) // 2), canvas.width - cell_width(text))
            canvas.put(start, self.bottom, text)
            free = start + cell_width(text)
        if free + 2 + cell_width(name) <= canvas.width:
            canvas.end(canvas.width, self.bottom, name, style="axis")
        else:
            notes += name_on_top(canvas, safe_text(", ".join(self.along), 80), self.title)
        self.bottom -= 1
        return notes

    def _every(self, labels: Sequence[str], places: Sequence[int]) -> tuple[list[str], int]:
        """Return the labels, and the smallest n for which every n-th label fits."""
        width = self.canvas.width
        texts = [self.canvas.fit(label, max(16, self.step * 3)) for label in labels]
        fitting = (k for k in range(1, len(texts) + 1) if _fits(places[::k], texts[::k], width))
        return texts, next(fitting, max(1, len(texts)))

    def _numbered(self, labels: Sequence[str]) -> list[str]:
        """Number columns that have no room for names; return which are the first and the last."""
        canvas = self.canvas
        for number in [0, *range(9, len(labels), 10)]:
            canvas.middle(self.column(number) - 2, self.bottom, str(number + 1), 5)
        self.bottom -= 1
        first, last = safe_text(labels[0], 80), safe_text(labels[-1], 80)
        return [f"Not enough width for names: 1 is {first}, {len(labels)} is {last}"]

    def _downwards(self, labels: Sequence[str]) -> list[str]:
        canvas = self.canvas
        most = (self.bottom - self.top) // _DOWN_SHARE
        texts = short_labels(labels, most, ascii_only=canvas.ascii)
        rows = max(cell_width(text) for text in texts)
        at = (self.bar * self.each - 1) // 2
        for number, text in enumerate(texts):
            # A double-width character does not fit in a column of one cell.
            for row, char in enumerate(text):
                narrow = (
                    char if cell_width(char) == 1 or self.step > 2 else "?" if canvas.ascii else "·"
                )
                canvas.put(self.column(number) + at, self.bottom - rows + 1 + row, narrow)
        self.bottom -= rows
        return []

    def lay_out(self, base: BarRange) -> None:
        """Divide the rows between values above and below zero."""
        rows = max(1, self.bottom - self.top + 1)
        bars = rows - 1
        down = min(bars - 1, max(1, round(bars * base.below))) if base.below > 0 and bars > 1 else 0
        if base.below >= 1:
            down = bars
        self.zero_line = ZeroLine(self.top + bars - down, bars - down, down)


@record
class ZeroLine:
    """The row of the zero line, and the numbers of rows above and below it."""

    zero: int
    up: int
    down: int

    def rows(self, value: float, base: BarRange) -> float:
        """Return the height of a bar in rows, negative below zero."""
        span = max(
            (1.0 - base.below) / self.up if self.up else 0.0,
            base.below / self.down if self.down else 0.0,
        )
        if span <= 0:
            return 0.0
        return (share(value, base.low, base.high) - base.below) / span


def _fits(places: Sequence[int], texts: Sequence[str], width: int) -> bool:
    free = 0
    for at, text in zip(places, texts, strict=True):
        start = min(max(0, at - (cell_width(text) - 1) // 2), width - cell_width(text))
        if start < free:
            return False
        free = start + cell_width(text) + 1
    return True


def _label_size(base: BarRange, canvas: Canvas) -> int:
    # The number of ticks is known only once the labels have their rows.
    found = [[base.zero, *ticks(base.low, base.high, most)] for most in range(1, 9)]
    longest = max(len(text) for each in found for text in axis_texts(each))
    return min(longest, max(1, canvas.width // 3))


def _axis(place: _ColumnLayout, base: BarRange) -> None:
    canvas, zero_line, size = place.canvas, place.zero_line, place.left - 2
    up, tick, line = ("|", "+", "-") if canvas.ascii else ("│", "┤", "─")
    corner = (
        "+"
        if canvas.ascii
        else "┼"
        if zero_line.up and zero_line.down
        else "└"
        if zero_line.up
        else "┌"
    )
    for row in range(zero_line.zero - zero_line.up, zero_line.zero + zero_line.down + 1):
        canvas.put(size + 1, row, up, style="axis")
    canvas.put(size + 1, zero_line.zero, corner + line * place.room, style="axis")
    found = ticks(base.low, base.high, max(1, min(8, (zero_line.up + zero_line.down) // 3)))
    if base.zero not in found:
        found = [base.zero, *found]
    free: set[int] = set()
    for value, text in sorted(
        zip(found, axis_texts(found), strict=True), key=lambda one: one[0] != base.zero
    ):
        row = zero_line.zero - round(zero_line.rows(value, base))
        if row in free:
            continue
        free |= {row}
        canvas.end(size, row, text[:size], style="axis")
        if row != zero_line.zero:
            canvas.put(size + 1, row, tick, style="axis")


def _bar(
    place: _ColumnLayout,
    base: BarRange,
    number: int,
    metric: int,
    value: float | None,
    group: Group,
    fill: str,
) -> None:
    canvas, zero_line, width = place.canvas, place.zero_line, place.bar
    column = place.column(number, metric)
    wide = place.step if place.each == 1 else width + 1
    if value is None:
        return
    if not math.isfinite(value):
        text = number_text(value)
        canvas.put(
            column,
            zero_line.zero - 1 if zero_line.up else zero_line.zero + 1,
            text if len(text) < wide else "?",
            group.slot,
        )
        return
    rows = zero_line.rows(value, base)
    if rows >= 0:
        full, part = divmod(round(rows * 8), 8)
        if fill != _EIGHTHS[8]:
            full, part = max(round(rows), int(rows > 0)), 0
        for row in range(full):
            canvas.put(column, zero_line.zero - 1 - row, fill * width, group.slot)
        if part:
            canvas.put(column, zero_line.zero - 1 - full, _EIGHTHS[part] * width, group.slot)
        end = zero_line.zero - 1 - full - bool(part)
    else:
        # Unicode has only half blocks that are filled from the top.
        full, half = divmod(max(1, round(-rows * 2)), 2)
        if fill != _EIGHTHS[8]:
            full, half = max(round(-rows), 1), 0
        for row in range(full):
            canvas.put(column, zero_line.zero + 1 + row, fill * width, group.slot)
        if half:
            canvas.put(column, zero_line.zero + 1 + full, "▀" * width, group.slot)
        end = zero_line.zero + 1 + full + half
    text = number_text(value, 4)
    if (
        len(text) < wide
        and zero_line.zero - zero_line.up <= end <= zero_line.zero + zero_line.down
        and place.each == 1
    ):
        start = column + (width - len(text)) // 2
        canvas.put(max(place.left, start), end, text, style="faint")
