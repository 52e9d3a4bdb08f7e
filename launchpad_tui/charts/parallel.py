"""Parallel coordinates: each model a line through its parameters' values to its metric."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from launchpad_tui.charts.axes import Scale, is_wide
from launchpad_tui.charts.canvas import Canvas, too_small
from launchpad_tui.charts.groups import (
    first_metric,
    missing_notes,
    not_a_table,
    value_order,
    varying,
)
from launchpad_tui.charts.model import (
    DOTS_ACROSS,
    DOTS_DOWN,
    ChartData,
    ChartSpec,
    ChartTable,
    Drawing,
    Plot,
    Value,
)
from launchpad_tui.charts.palette import marker
from launchpad_tui.charts.raster import Dots
from launchpad_tui.charts.text import counted
from launchpad_tui.domain.importance import ranking
from launchpad_tui.domain.numbers import number_text
from launchpad_tui.domain.text import cell_width, safe_text

#: cells from one axis to the next, at least
_APART = 13
#: of more models only the best are drawn in their colours
_MANY, _BEST = 50, 10
#: dot columns from one dot of a faint line to the next
_DOT_EVERY = 3
#: so many different numbers have a word each
_FEW = 8


def why_no_parallel(data: ChartData) -> str:
    """Why these data have no parallel coordinates; empty where they have."""
    return not_a_table(data, models=2) or (
        "" if varying(data.table) else "Needs a parameter that differs"
    )


@dataclass(frozen=True, slots=True)
class _Axis:
    """An axis: where each model is on it, 0 to 1, NaN where it is not; and its words by their place."""

    name: str
    places: tuple[float, ...]
    words: tuple[tuple[float, str], ...]
    scale: str = ""


def draw_parallel(spec: ChartSpec, data: ChartData) -> Drawing:
    """Draw an axis for each parameter that differs, those that matter most where not all have room, and the first
    metric as the last axis. Texts lie at even distances; numbers over two decades or more on a logarithmic scale."""
    canvas = Canvas(spec)
    table = data.table
    metric, values = first_metric(table)
    differing = varying(table)
    notes = missing_notes(ChartTable(table.ids, metrics=table.metrics), [metric] if metric else [])
    if too_small(spec, 6) or not metric or not table.ids or not differing:
        return canvas.drawing(notes)
    most = max(1, canvas.width // _APART)
    order = ranking(differing, values) if len(differing) > most else list(differing)
    kept = [name for name in differing if name in order[:most]]
    if len(kept) < len(differing):
        notes.append(
            f"Showing the {len(kept)} of {len(differing)} parameters that go most with {safe_text(metric, 80)}"
        )
    for name in kept:
        if count := sum(value is None for value in differing[name]):
            notes.append(f"{counted(count, 'model has', 'models have')} no {safe_text(name, 80)}")
    axes = [_axis(name, differing[name]) for name in kept] + [_axis(metric, values, 0)]
    # Above the axes their greatest values, below them the least, then their names.
    top, height = canvas.top + 1, canvas.height - canvas.top - 3
    plot = Plot(0, top, canvas.width, height, 0.0, 1.0, 0.0, 1.0)
    columns = [round(number * (canvas.width - 1) / (len(axes) - 1)) for number in range(len(axes))]
    notes += _lines(canvas, plot, table, axes, columns, values)
    _write(canvas, plot, axes, columns)
    return canvas.drawing(notes)


def _axis(name: str, column: Sequence[Value], few: int = _FEW) -> _Axis:
    known = [value for value in column if value is not None]
    if any(isinstance(value, str) for value in known):
        order = {
            value: place
            for place, value in enumerate(sorted(set(known), key=value_order, reverse=True))
        }
        last = max(1, len(order) - 1)
        at = {value: place / last if len(order) > 1 else 0.5 for value, place in order.items()}
        places = tuple(at[value] if value is not None else math.nan for value in column)
        return _Axis(
            name, places, tuple((place, safe_text(str(value), 80)) for value, place in at.items())
        )
    numbers = [value for value in known if isinstance(value, int | float) and math.isfinite(value)]
    log = is_wide(numbers)
    scale = Scale.of(numbers, log=log)
    places = tuple(
        scale.share(value) if isinstance(value, int | float) and math.isfinite(value) else math.nan
        for value in column
    )
    if len(set(numbers)) <= 1:
        return _Axis(name, places, ((0.5, number_text(numbers[0])),) if numbers else ())
    named = sorted(set(numbers)) if len(set(numbers)) <= few else [min(numbers), max(numbers)]
    return _Axis(
        name,
        places,
        tuple((scale.share(one), number_text(one, 4)) for one in named),
        " (log)" if log else "",
    )


def _lines(
    canvas: Canvas,
    plot: Plot,
    table: ChartTable,
    axes: Sequence[_Axis],
    columns: Sequence[int],
    values: Sequence[float | None],
) -> list[str]:
    """Draw the models' lines, the first on top; gives notes."""
    across = [column / max(1, canvas.width - 1) for column in columns]
    count = len(table.ids)
    bold: list[int] = list(range(count))
    notes = []
    if count > _MANY:
        way = table.directions.get(axes[-1].name, "")
        known = [p for p, value in enumerate(values) if value is not None and math.isfinite(value)]
        known.sort(key=lambda p: values[p] or 0.0, reverse=way != "lower")
        bold = known[:_BEST]
        what = "best" if way else "highest"
        notes.append(f"The {len(bold)} {what} of {count} are in colour, the others faint")
        strong = set(bold)
        dots = Dots(plot)
        _dotted(
            dots,
            plot,
            columns,
            {tuple(axis.places[p] for axis in axes) for p in range(count) if p not in strong},
        )
        _paint(canvas, plot, dots, None, "faint", ".")
    for place in reversed(bold):
        dots = Dots(plot)
        dots.line(across, [axis.places[place] for axis in axes])
        slot = table.slots[place]
        _paint(canvas, plot, dots, slot, "normal", marker(slot, ascii_only=True))
    return notes


def _dotted(dots: Dots, plot: Plot, columns: Sequence[int], lines: set[tuple[float, ...]]) -> None:
    """Dotted lines for the many behind: thinner to look at, and several times quicker than whole ones."""
    rows = plot.height * DOTS_DOWN - 1
    for number, (start, stop) in enumerate(pairwise(columns)):
        first, across = start * DOTS_ACROSS, max(1, (stop - start) * DOTS_ACROSS)
        # Each line begins one dot column after the one before, so that many of them have an even look.
        parts = [
            [(first + at, at / across) for at in range(begin, across, _DOT_EVERY)]
            for begin in range(_DOT_EVERY)
        ]
        for place, (low, high) in enumerate(
            sorted({(line[number], line[number + 1]) for line in lines})
        ):
            if math.isfinite(low) and math.isfinite(high):
                begin, rise = low * rows + 0.5, (high - low) * rows
                for column, part in parts[place % _DOT_EVERY]:
                    dots.columns[column] |= 1 << int(begin + rise * part)


def _paint(
    canvas: Canvas, plot: Plot, dots: Dots, slot: int | None, style: str, glyph: str
) -> None:
    for column in range(plot.width):
        for row, bits in dots.cells(column):
            at = plot.top + row
            if canvas.ascii:
                canvas.dot(column, at, glyph, slot, style)
                continue
            under = ord(canvas.at(column, at)) - 0x2800
            canvas.dot(column, at, chr(0x2800 | bits | (under if under > 0 else 0)), slot, style)


def _write(canvas: Canvas, plot: Plot, axes: Sequence[_Axis], columns: Sequence[int]) -> None:
    """The axes with their words: the ends above and below them, those between beside them, their names in the last
    line."""
    line = "|" if canvas.ascii else "│"
    gap = (canvas.width - 1) // max(1, len(axes) - 1)
    ends: dict[int, list[str]] = {plot.top - 1: [], plot.top + plot.height: []}
    for axis, column in zip(axes, columns, strict=True):
        for row in range(plot.height):
            canvas.put(column, plot.top + row, line, style="axis")
        for row, place in zip(ends, (1.0, 0.0), strict=True):
            ends[row].append(next((word for at, word in axis.words if at == place), ""))
        taken: set[int] = set()
        for place, word in axis.words:
            row = plot.top + plot.height - 1 - round(min(1.0, max(0.0, place)) * (plot.height - 1))
            if place in {0.0, 1.0} or row in taken:
                continue
            taken.add(row)
            text = canvas.fit(word, max(1, gap - 2))
            if column + cell_width(text) + 1 < canvas.width:
                canvas.put(column + 1, row, text, style="axis")
            else:
                canvas.end(column, row, text, style="axis")
    for row, words in ends.items():
        _label(canvas, row, columns, words, gap, "axis")
    names = [safe_text(axis.name, 80) + axis.scale for axis in axes]
    _label(canvas, canvas.height - 1, columns, names, gap, "bold")


def _label(
    canvas: Canvas, row: int, columns: Sequence[int], words: Sequence[str], gap: int, style: str
) -> None:
    """Words in the middle of their axes; those of the first and last axis begin and end with them, and have what their
    neighbours leave."""
    last = len(words) - 1
    texts = [canvas.fit(word, gap - 1) for word in words]
    for number, edge, beside in ((0, 0, 1), (last, last, last - 1)):
        inner = (cell_width(texts[beside]) + 1) // 2 if 0 < beside < last else gap // 2
        texts[number] = canvas.fit(words[edge], max(1, gap - inner - 1))
    for number, (column, text) in enumerate(zip(columns, texts, strict=True)):
        size = cell_width(text)
        start = 0 if number == 0 else canvas.width - size if number == last else column - size // 2
        canvas.put(max(0, start), row, text, style=style)
