"""Parallel coordinates: each model is a line through its parameters' values to its metric."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from launchpad_tui.charts.axes import Scale, is_wide
from launchpad_tui.charts.canvas import Canvas, too_small
from launchpad_tui.charts.dots import Point, placed
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
from launchpad_tui.charts.text import counted
from launchpad_tui.domain.importance import ranking
from launchpad_tui.domain.metric import series_title
from launchpad_tui.domain.numbers import number_text
from launchpad_tui.domain.text import cell_width, safe_text
from launchpad_tui.records import record

if TYPE_CHECKING:
    from launchpad_tui.charts.plotext_curves import Ink

#: the least number of cells between two axes
_APART = 13
#: the greatest number of models in color; of more, only the best are
_MANY, _BEST = 50, 10
#: dot columns between two dots of a faint line
_DOT_EVERY = 3
#: the number of lines from which the names of axes that do not fit one line are in two
_STAGGERED_FROM = 12
#: the greatest number of different numbers that are all labeled
_FEW = 8


def why_no_parallel(data: ChartData) -> str:
    """Return why the data cannot be drawn as parallel coordinates, empty if they can."""
    return not_a_table(data, models=2) or (
        "" if varying(data.table) else "Requires a parameter that differs between the models"
    )


@record
class _Axis:
    """An axis: the position of each model on it (0 to 1, or NaN), and its labels by position."""

    name: str
    places: tuple[float, ...]
    labels: tuple[tuple[float, str], ...]
    scale: str = ""


def draw_parallel(spec: ChartSpec, data: ChartData) -> Drawing:
    """Draw an axis for each varying parameter, and the first metric as the last axis.

    If not all of them fit, the most important parameters are shown. Texts are at even distances;
    numbers over two decades or more are on a logarithmic scale.
    """
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
            f"Showing the {len(kept)} of {len(differing)} parameters "
            f"most strongly associated with {safe_text(metric, 80)}"
        )
    for name in kept:
        if count := sum(value is None for value in differing[name]):
            notes.append(f"{counted(count, 'model has', 'models have')} no {safe_text(name, 80)}")
    axes = [_axis(name, differing[name]) for name in kept] + [_axis(metric, values, 0)]
    # The greatest values are above the axes, the least ones below, followed by the names.
    names = [safe_text(axis.name, 80) + axis.scale for axis in axes]
    columns = [round(number * (canvas.width - 1) / (len(axes) - 1)) for number in range(len(axes))]
    gap = (canvas.width - 1) // max(1, len(axes) - 1)
    if _fitted(canvas, columns, names, gap) != names:
        names[-1] = safe_text(series_title(metric), 80)
    cut = _fitted(canvas, columns, names, gap) != names
    staggered = cut and len(axes) > 2 and canvas.height - canvas.top >= _STAGGERED_FROM
    top, height = canvas.top + 1, canvas.height - canvas.top - 3 - staggered
    plot = Plot(0, top, canvas.width, height, 0.0, 1.0, 0.0, 1.0)
    notes += _lines(canvas, plot, table, axes, columns, values, markers=spec.markers)
    _write(canvas, plot, axes, columns)
    if staggered:
        for row, first in ((canvas.height - 2, 0), (canvas.height - 1, 1)):
            _label(canvas, row, columns[first::2], names[first::2], 2 * gap, "bold")
    else:
        _label(canvas, canvas.height - 1, columns, names, gap, "bold")
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
    *,
    markers: bool,
) -> list[str]:
    """Draw the lines of the models, the first on top; return notes."""
    from launchpad_tui.charts.plotext_curves import Figure

    figure = Figure(plot)
    across = [column / max(1, canvas.width - 1) for column in columns]
    count = len(table.ids)
    bold: list[int] = list(range(count))
    background: set[Point] = set()
    notes = []
    if count > _MANY:
        way = table.directions.get(axes[-1].name, "")
        known = [p for p, value in enumerate(values) if value is not None and math.isfinite(value)]
        known.sort(key=lambda p: values[p] or 0.0, reverse=way != "lower")
        bold = known[:_BEST]
        what = "best" if way else "highest"
        notes.append(f"The {len(bold)} {what} of {count} are in color, the others faint")
        strong = set(bold)
        others = {tuple(axis.places[p] for axis in axes) for p in range(count) if p not in strong}
        background = _dotted(plot, columns, others)
    if markers:
        figure.marks(_marks(canvas, plot, table, axes, columns, bold))
    for place in bold:
        slot = table.slots[place]
        glyph = marker(slot, ascii_only=True) if canvas.ascii else None
        points = placed(plot, across, [axis.places[place] for axis in axes])
        figure.curve(points, (slot, "normal"), glyph)
    figure.points(background, (None, "faint"), "." if canvas.ascii else None)
    canvas.place(figure.cells(), plot.left, plot.top)
    return notes


def _marks(
    canvas: Canvas,
    plot: Plot,
    table: ChartTable,
    axes: Sequence[_Axis],
    columns: Sequence[int],
    models: Sequence[int],
) -> dict[Point, tuple[str, Ink]]:
    """Return a marker on the line of each model between two axes, which tells it apart by shape.

    The markers of several models are at different distances from the axes; one whose cell another
    model has is left out.
    """
    found: dict[Point, tuple[str, Ink]] = {}
    for number, (start, stop) in enumerate(pairwise(columns)):
        for rank, place in enumerate(models):
            part = (rank + 1) / (len(models) + 1)
            low, high = axes[number].places[place], axes[number + 1].places[place]
            if math.isnan(low) or math.isnan(high):
                continue
            dots = round((low + part * (high - low)) * (plot.height * DOTS_DOWN - 1))
            cell = start + round(part * (stop - start)), dots // DOTS_DOWN
            slot = table.slots[place]
            found.setdefault(cell, (marker(slot, ascii_only=canvas.ascii), (slot, "bold")))
    return found


def _dotted(plot: Plot, columns: Sequence[int], lines: set[tuple[float, ...]]) -> set[Point]:
    """Return dotted lines for the models in the background: fainter, and drawn faster."""
    rows = plot.height * DOTS_DOWN - 1
    dots: set[Point] = set()
    for number, (start, stop) in enumerate(pairwise(columns)):
        first, across = start * DOTS_ACROSS, max(1, (stop - start) * DOTS_ACROSS)
        # Each line starts one dot column after the previous one, so that many of them look even.
        parts = [
            [(first + at, at / across) for at in range(begin, across, _DOT_EVERY)]
            for begin in range(_DOT_EVERY)
        ]
        for place, (low, high) in enumerate(
            sorted({(line[number], line[number + 1]) for line in lines})
        ):
            if math.isfinite(low) and math.isfinite(high):
                begin, rise = low * rows + 0.5, (high - low) * rows
                dots.update(
                    (column, int(begin + rise * part)) for column, part in parts[place % _DOT_EVERY]
                )
    return dots


def _write(canvas: Canvas, plot: Plot, axes: Sequence[_Axis], columns: Sequence[int]) -> None:
    """Write the labels of the axes.

    Ends are above and below, others beside them.
    """
    line = "|" if canvas.ascii else "│"
    gap = (canvas.width - 1) // max(1, len(axes) - 1)
    ends: dict[int, list[str]] = {plot.top - 1: [], plot.top + plot.height: []}
    for axis, column in zip(axes, columns, strict=True):
        for row in range(plot.height):
            canvas.put(column, plot.top + row, line, style="axis")
        for row, place in zip(ends, (1.0, 0.0), strict=True):
            ends[row].append(next((label for at, label in axis.labels if at == place), ""))
        taken: set[int] = set()
        for place, label in axis.labels:
            row = plot.top + plot.height - 1 - round(min(1.0, max(0.0, place)) * (plot.height - 1))
            if place in {0.0, 1.0} or row in taken:
                continue
            taken.add(row)
            text = canvas.fit(label, max(1, gap - 2))
            if column + cell_width(text) + 1 < canvas.width:
                canvas.put(column + 1, row, text, style="axis")
            else:
                canvas.end(column, row, text, style="axis")
    for row, labels in ends.items():
        _label(canvas, row, columns, labels, gap, "axis")


def _label(
    canvas: Canvas, row: int, columns: Sequence[int], labels: Sequence[str], gap: int, style: str
) -> None:
    """Write labels centered on their axes, limited to the drawing at both edges."""
    for column, text in zip(columns, _fitted(canvas, columns, labels, gap), strict=True):
        size = cell_width(text)
        start = min(column - size // 2, canvas.width - size)
        if column in {0, canvas.width - 1}:
            start = 0 if column == 0 else canvas.width - size
        canvas.put(max(0, start), row, text, style=style)


def _fitted(canvas: Canvas, columns: Sequence[int], labels: Sequence[str], gap: int) -> list[str]:
    """Return labels of axes that are ``gap`` cells apart, cut so that they do not touch."""
    last = len(labels) - 1
    texts = [canvas.fit(label, gap - 1) for label in labels]
    for edge, beside in ((0, 1), (last, last - 1)):
        if columns[edge] in {0, canvas.width - 1}:
            inside = 0 <= beside <= last and columns[beside] not in {0, canvas.width - 1}
            inner = (cell_width(texts[beside]) + 1) // 2 if inside else gap // 2
            texts[edge] = canvas.fit(labels[edge], max(1, gap - inner - 1))
    return texts
