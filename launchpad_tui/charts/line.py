"""Line charts: curves in a frame with axes."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from launchpad_tui.charts.canvas import Cell
from launchpad_tui.charts.dots import Point, cell_of, placed
from launchpad_tui.charts.model import (
    DOTS_ACROSS,
    ChartSpec,
    Drawing,
    Plot,
    Series,
    Span,
)
from launchpad_tui.charts.palette import marker
from launchpad_tui.charts.scale import (
    row_ticks,
    ticks,
    widened,
    with_margin,
    x_range,
    x_texts,
    y_range,
)
from launchpad_tui.charts.smoothing import smoothed
from launchpad_tui.charts.text import counted, fit
from launchpad_tui.domain.numbers import axis_texts, number_text
from launchpad_tui.domain.text import pad, safe_text

if TYPE_CHECKING:
    from launchpad_tui.charts.plotext_curves import Ink

#: the name of the x axis by its kind
_TITLES = {"step": "step", "relative": "time since start", "time": "time"}
#: the cells between two markers of a curve, at least, and for each curve beyond the second
_MARKER_EVERY, _MARKER_EVERY_OF_MANY = 24, 12
#: the same without color
_COLORLESS_EVERY, _COLORLESS_EVERY_OF_MANY = 8, 3
#: the cells before the end of a curve in which its last marker can be, if others are at the end
_LAST_CELLS = 4
#: the least number of rows of which two can stay free
_LEAST_WITH_ROOM = 6


def draw_line(spec: ChartSpec, series: Sequence[Series], *, joined: bool = True) -> Drawing:
    """Draw curves, or only their points if ``joined`` is False.

    Every line of the drawing is exactly ``spec.width`` cells wide. Parts of a curve outside of the
    range are not drawn. It draws any values without raising an exception.
    """
    if spec.width < 8 or spec.height < 3 + bool(spec.title):
        return Drawing(tuple((Span(" " * spec.width),) for _ in range(spec.height)))
    from launchpad_tui.charts.plotext_curves import Figure

    drawn = [_prepared(one, spec) for one in series]
    plot, y_ticks, y_labels = _layout(spec, series, drawn)
    figure = Figure(plot)
    add = figure.curve if joined else figure.points
    points = [list(placed(plot, one.x, one.y)) for one in drawn]
    if spec.markers:
        figure.marks(_marks(plot, drawn, points, spec))
    for one, found in zip(drawn, points, strict=True):
        add(found, (one.slot, "normal"), _glyph(one, spec))
    # Raw curves are behind smoothed ones.
    for one in series if spec.smoothing and spec.raw and not spec.colorless else ():
        add(placed(plot, one.x, one.y), (one.slot, "faint"), _glyph(one, spec))
    cells = figure.cells(long_runs=joined)
    if spec.cursor_x is not None and plot.x_low <= spec.cursor_x <= plot.x_high:
        _cursor(cells, plot, spec)
    lines = _framed(spec, plot, cells, y_ticks, y_labels)
    return Drawing(tuple(lines), tuple(_notes(spec, series)), plot)


def _prepared(one: Series, spec: ChartSpec) -> Series:
    if not spec.smoothing:
        return one
    return replace(one, y=smoothed(one.y, spec.smoothing))


def _layout(
    spec: ChartSpec, series: Sequence[Series], drawn: Sequence[Series]
) -> tuple[Plot, list[float], list[str]]:
    x_low, x_high = x_range(spec.x_range, series)
    height = max(1, spec.height - 2 - bool(spec.title))
    if spec.y_range is not None and not (spec.y_log and spec.y_range[0] <= 0):
        y_low, y_high = widened(*spec.y_range, log=spec.y_log)
    else:
        values: list[float] = []
        for one in drawn:
            values += _visible(one, x_low, x_high)
        y_low, y_high = y_range(values, log=spec.y_log, robust=spec.robust)
        if spec.room and height >= _LEAST_WITH_ROOM:
            y_low, y_high = with_margin(y_low, y_high, 1 / (height - 2), log=spec.y_log)
    found = row_ticks(y_low, y_high, height, log=spec.y_log)
    texts = [number_text(tick) for tick in found] if spec.y_log else axis_texts(found)
    label = max([spec.label_width, 1, *map(len, texts)])
    label = min(label, max(1, spec.width // 3))
    width = max(1, spec.width - label - 2)
    plot = Plot(
        label + 2, int(bool(spec.title)), width, height, x_low, x_high, y_low, y_high, spec.y_log
    )
    return plot, found, [text[:label] for text in texts]


def _visible(one: Series, low: float, high: float) -> list[float]:
    """Return the values of a series within an x range."""
    if not len(one.x):
        return []
    if one.x[0] >= low and one.x[-1] <= high:
        return [float(value) for value in one.y]
    return [float(value) for at, value in zip(one.x, one.y, strict=True) if low <= at <= high]


def _glyph(one: Series, spec: ChartSpec) -> str | None:
    return marker(one.slot, ascii_only=True) if spec.ascii else None


def _marks(
    plot: Plot,
    drawn: Sequence[Series],
    points: Sequence[Sequence[Point | None]],
    spec: ChartSpec,
) -> dict[Point, tuple[str, Ink]]:
    """Return the markers of the last visible point of each curve and of points along it.

    A marker whose cell another curve has is at the next point of its curve, the last one at an
    earlier point.
    """
    found: dict[Point, tuple[str, Ink]] = {}
    least, of_many = (
        (_COLORLESS_EVERY, _COLORLESS_EVERY_OF_MANY)
        if spec.colorless
        else (_MARKER_EVERY, _MARKER_EVERY_OF_MANY)
    )
    every = max(least, of_many * (len(drawn) - 2))
    for one, dots in zip(drawn, points, strict=True):
        glyph = (marker(one.slot, ascii_only=spec.ascii), (one.slot, "bold"))
        next_column = -1
        last: deque[Point] = deque(maxlen=_LAST_CELLS)
        for point in dots:
            if point is None:
                continue
            place = cell_of(point)
            if not (0 <= place[0] < plot.width and 0 <= place[1] < plot.height):
                continue
            if not last or last[-1] != place:
                last.append(place)
            if next_column < 0:
                next_column = place[0] + (one.slot * 5) % every
            if place[0] >= next_column and place not in found:
                found[place] = glyph
                next_column = place[0] + every
        free = next((at for at in reversed(last) if found.get(at, glyph) == glyph), None)
        if free is not None:
            found[free] = glyph
    return found


def _cursor(cells: list[list[Cell]], plot: Plot, spec: ChartSpec) -> None:
    column = plot.dot_column(spec.cursor_x or 0.0) // DOTS_ACROSS
    bar = "|" if spec.ascii else "│"
    for row in range(plot.height):
        text, slot, style = cells[row][column]
        cells[row][column] = (
            (bar, None, "cursor")
            if text == " "
            else (text, slot, "bold" if style != "faint" else style)
        )


def _framed(
    spec: ChartSpec,
    plot: Plot,
    cells: list[list[Cell]],
    y_ticks: Sequence[float],
    labels: Sequence[str],
) -> list[tuple[Span, ...]]:
    up, tick, corner, along, mark = (
        ("|", "+", "+", "-", "+") if spec.ascii else ("│", "┤", "└", "─", "┬")
    )
    size = plot.left - 2
    at_row = {plot.row(value) - plot.top: text for value, text in zip(y_ticks, labels, strict=True)}
    lines: list[tuple[Span, ...]] = []
    if spec.title:
        lines.append((Span(_fit(spec.title, spec), None, "bold"),))
    for row in range(plot.height):
        text = at_row.get(row, "")
        head = Span(f"{text:>{size}} {tick if text else up}", None, "axis")
        lines.append((head, *_merged(cells[row])))
    return [*lines, *_x_axis(spec, plot, corner, along, mark)]


def _merged(cells: Sequence[Cell]) -> list[Span]:
    spans: list[Span] = []
    text, slot, style = "", None, "normal"
    for char, char_slot, char_style in cells:
        if text and (char_slot, char_style) == (slot, style):
            text += char
            continue
        if text:
            spans.append(Span(text, slot, style))
        text, slot, style = char, char_slot, char_style
    return [*spans, Span(text, slot, style)]


def _x_axis(
    spec: ChartSpec, plot: Plot, corner: str, along: str, mark: str
) -> list[tuple[Span, ...]]:
    most = max(1, min(10, plot.width // 14))
    found = ticks(plot.x_low, plot.x_high, most)
    if spec.x_kind in {"step", "version"}:
        found = [value for value in found if float(value).is_integer()] or found[:1]
    texts = x_texts(found, spec.x_kind)
    axis = [along] * plot.width
    characters = [" "] * (plot.left + plot.width)
    free = 0
    name = _TITLES.get(spec.x_kind, spec.x_kind)
    for value, text in zip(found, texts, strict=True):
        if not plot.x_low <= value <= plot.x_high:
            continue
        column = plot.column(value)
        start = min(max(0, column - len(text) // 2), len(characters) - len(text))
        if start < free or start < 0:
            continue
        axis[column - plot.left] = mark
        characters[start : start + len(text)] = text
        free = start + len(text) + 2
    # The name of the axis is at the right end if there is room, otherwise below the y axis.
    start = len(characters) - len(name)
    if start >= free:
        characters[start:] = name
    elif len(name) < plot.left and not "".join(characters[: len(name) + 1]).strip():
        characters[: len(name)] = name
    return [
        (Span(" " * (plot.left - 1) + corner + "".join(axis), None, "axis"),),
        (Span(_fit("".join(characters), spec), None, "axis"),),
    ]


def _fit(text: str, spec: ChartSpec) -> str:
    """Return safe text of exactly the width of the drawing."""
    return pad(fit(text, spec.width, ascii_only=spec.ascii), spec.width)


def _notes(spec: ChartSpec, series: Sequence[Series]) -> list[str]:
    notes: list[str] = []
    for one in series:
        label = safe_text(one.label, 200)
        count = one.not_finite or sum(not math.isfinite(value) for value in one.y)
        if count:
            notes.append(
                f"{label}: {counted(count, 'value is', 'values are')} not finite (shown as gaps)"
            )
        if spec.y_log:
            hidden = sum(math.isfinite(value) and value <= 0 for value in one.y)
            if hidden:
                notes.append(
                    f"{label}: {counted(hidden, 'value is', 'values are')} "
                    "not positive (not shown on a logarithmic axis)"
                )
        if not len(one.y):
            notes.append(f"{label}: no points logged")
    return notes
