"""Scatter plots: a metric against a parameter, one marker per model."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from launchpad_tui.charts.axes import Scale, draw_categories, draw_x, draw_y, is_wide, name_on_top
from launchpad_tui.charts.canvas import Canvas, too_small
from launchpad_tui.charts.dots import Point
from launchpad_tui.charts.groups import (
    NAME_SEPARATOR,
    first_metric,
    missing_notes,
    names_along,
    not_a_table,
    unknown_parameter,
    value_order,
)
from launchpad_tui.charts.line import draw_line
from launchpad_tui.charts.model import ChartData, ChartSpec, ChartTable, Drawing, Plot, Value
from launchpad_tui.charts.palette import marker
from launchpad_tui.charts.scale import y_range
from launchpad_tui.charts.text import counted
from launchpad_tui.domain.text import safe_text

if TYPE_CHECKING:
    from launchpad_tui.charts.plotext_curves import Ink

#: models with the same value are drawn beside each other within this many cells, if values are few
_ASIDE, _FEW = 6, 16


def why_no_points(data: ChartData) -> str:
    """Return why the data cannot be drawn as scatter plot, empty if they can."""
    if data.series:
        return "" if any(len(one.x) for one in data.series) else "No points were logged"
    if not data.table.ids:
        return "No points were logged"
    return (
        not_a_table(data)
        or ("" if names_along(data.table) else "Requires a parameter")
        or unknown_parameter(data.table)
    )


def draw_scatter(spec: ChartSpec, data: ChartData) -> Drawing:
    """Draw the points of curves, or the first metric of models against a parameter.

    The x axis of numbers is logarithmic if these are positive and span two decades or more; texts
    are at even distances, in order.
    """
    from launchpad_tui.charts.plotext_curves import Figure

    if data.series or not data.table.ids:
        return draw_line(spec, data.series, joined=False)
    canvas = Canvas(spec)
    table = data.table
    name = (table.along.split(NAME_SEPARATOR) or [""])[0]
    metric, values = first_metric(table)
    column = table.parameters.get(name, ())
    notes = missing_notes(
        ChartTable(table.ids, parameters=table.parameters, metrics=table.metrics, along=name),
        [metric],
    )
    points = _points(column, values, log=spec.y_log)
    if spec.y_log:
        low = sum(value is not None and math.isfinite(value) and value <= 0 for value in values)
        if low:
            notes.append(
                f"{counted(low, 'model is', 'models are')} not positive "
                "(not shown on a logarithmic axis)"
            )
    notes += _x_notes(column)
    if too_small(spec):
        return canvas.drawing(notes)
    ys = [y for _, _, y in points]
    y = Scale.of(ys, log=spec.y_log)
    if spec.y_range is not None and not (spec.y_log and spec.y_range[0] <= 0):
        y = Scale.of(spec.y_range, log=spec.y_log)
    elif spec.robust and ys:
        y = Scale.of(y_range(ys, log=spec.y_log, robust=True), log=spec.y_log)
    height = canvas.height - canvas.top - 2
    left = draw_y(
        canvas, y, canvas.top, height, max(1, canvas.width // 3), least_label=spec.label_width
    )
    places, more = _draw_x(canvas, left, name, points, spec.title)
    notes += more
    plot = Plot(left, canvas.top, canvas.width - left, height, 0.0, 1.0, y.low, y.high)
    reach = _reach(set(places.values()))
    hidden, outside, aside = 0, 0, 0
    drawn: dict[Point, tuple[str, Ink]] = {}
    # The first model is on top.
    for place, _, value in reversed(points):
        if not y.low <= value <= y.high:
            outside += 1
            continue
        row = y.cell(value, plot.height)
        middle = places[place] - left
        beside = (middle + by for by in reach)
        column_at = next(
            (c for c in beside if 0 <= c < plot.width and (c, row) not in drawn), middle
        )
        aside += column_at != middle
        hidden += (column_at, row) in drawn
        slot = table.slots[place]
        drawn[column_at, row] = (marker(slot, ascii_only=spec.ascii), (slot, "bold"))
    figure = Figure(plot)
    figure.marks(drawn)
    canvas.place(figure.cells(), plot.left, plot.top)
    if aside:
        notes.append("Models with the same value are drawn next to each other")
    if hidden:
        notes.append(f"{counted(hidden, 'model is', 'models are')} hidden behind others")
    if outside:
        notes.append(f"{counted(outside, 'model is', 'models are')} outside the visible range")
    return canvas.drawing(notes)


def _points(
    column: tuple[Value, ...], values: Sequence[float | None], *, log: bool
) -> list[tuple[int, Value, float]]:
    """Return position in the table, x and y of everything that can be drawn."""
    return [
        (place, x, y)
        for place, (x, y) in enumerate(zip(column, values, strict=False))
        if x is not None
        and (isinstance(x, str) or math.isfinite(x))
        and y is not None
        and math.isfinite(y)
        and (y > 0 or not log)
    ]


def _x_notes(column: tuple[Value, ...]) -> list[str]:
    count = sum(isinstance(x, float) and not math.isfinite(x) for x in column)
    subject = counted(count, "value of the parameter is", "values of the parameter are")
    return [f"{subject} not finite"] if count else []


def _reach(columns: set[int]) -> list[int]:
    """Return the offsets at which a model may be drawn beside others, nearest first.

    There are none if the columns are many or close, because the position then shows the value.
    """
    ordered = sorted(columns)
    gap = min((b - a for a, b in pairwise(ordered)), default=_ASIDE * 3)
    far = min(_ASIDE, gap // 3) if len(ordered) <= _FEW else 0
    return [0, *(sign * by for by in range(1, far + 1) for sign in (1, -1))]


def _draw_x(
    canvas: Canvas, left: int, name: str, points: list[tuple[int, Value, float]], title: str
) -> tuple[dict[int, int], list[str]]:
    """Draw the x axis; return the columns of the points by position, and notes."""
    width = canvas.width - left
    row = canvas.height - 2
    shown = safe_text(name, 200)
    xs = [x for _, x, _ in points]
    if any(isinstance(x, str) for x in xs):
        order = {value: number for number, value in enumerate(sorted(set(xs), key=value_order))}
        columns = {
            value: left + (2 * number + 1) * width // (2 * len(order))
            for value, number in order.items()
        }
        room = max(6, width // len(order) - 2)
        texts = [canvas.fit(str(value), room) for value in columns]
        named = draw_categories(canvas, list(columns.values()), texts, left, row, shown)
        notes = [] if named else name_on_top(canvas, shown, title)
        return {place: columns[x] for place, x, _ in points}, notes
    numbers = [x for x in xs if isinstance(x, int | float)]
    log = is_wide(numbers)
    scale = _with_room(Scale.of(numbers, log=log))
    shown += " (log)" if log else ""
    named = draw_x(canvas, scale, left, row, shown)
    notes = [] if named else name_on_top(canvas, shown, title)
    return {
        place: left + scale.cell(x, width) for place, x, _ in points if isinstance(x, int | float)
    }, notes


def _with_room(scale: Scale) -> Scale:
    """Return the scale with room at both ends, so that points are not on the frame."""
    if scale.log:
        by = (scale.high / scale.low) ** 0.05
        low, high = scale.low / by, scale.high * by
    else:
        by = scale.high * 0.05 - scale.low * 0.05
        low, high = scale.low - by, scale.high + by
    return (
        Scale(low, high, scale.log)
        if math.isfinite(low) and math.isfinite(high) and low < high and (low > 0 or not scale.log)
        else scale
    )
