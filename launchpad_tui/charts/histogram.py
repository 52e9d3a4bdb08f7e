"""Histograms: the distribution of a metric over the models."""

from __future__ import annotations

import math
from collections.abc import Sequence

from launchpad_tui.charts.axes import Scale, label_ticks, share
from launchpad_tui.charts.canvas import Canvas, too_small
from launchpad_tui.charts.groups import first_metric, missing_notes, not_a_table
from launchpad_tui.charts.model import ChartData, ChartSpec, Drawing
from launchpad_tui.charts.scale import ticks
from launchpad_tui.domain.numbers import axis_texts, number_text
from launchpad_tui.domain.text import safe_text

_EIGHTHS = " ▁▂▃▄▅▆▇█"
#: the least and the greatest width of a bin
_NARROWEST, _WIDEST = 2, 16


def why_no_histogram(data: ChartData) -> str:
    """Return why the data cannot be drawn as histogram, empty if they can."""
    return not_a_table(data, models=2)


def quartile(ordered: Sequence[float], part: float) -> float:
    """Return a quantile of sorted values by linear interpolation.

    This is method 7 of Hyndman and Fan, "Sample Quantiles in Statistical Packages", The American
    Statistician 50 (1996), 361-365.
    """
    at = (len(ordered) - 1) * part
    low = math.floor(at)
    high = min(low + 1, len(ordered) - 1)
    rest = at - low
    return ordered[low] * (1 - rest) + ordered[high] * rest


def bin_count(values: Sequence[float], most: int) -> int:
    """Return the number of bins, one for a constant.

    Their width is twice the interquartile range over the cube root of n (Freedman and Diaconis, "On
    the histogram as a density estimator", 1981); if that range is 0, there are log2 n + 1 bins
    (Sturges, "The choice of a class interval", 1926).
    """
    ordered = sorted(values)
    low, high = ordered[0], ordered[-1]
    if low == high:
        return 1
    inner = share(quartile(ordered, 0.75), low, high) - share(quartile(ordered, 0.25), low, high)
    count = math.ceil(math.log2(len(ordered))) + 1
    if inner > 0:
        wide = 2 * inner / len(ordered) ** (1 / 3)
        count = math.ceil(min(1 / wide, 1e6))
    return max(1, min(count, most))


def bins_of(values: Sequence[float], count: int) -> list[int]:
    """Return the number of values in each of ``count`` bins of equal width."""
    found = [0] * count
    low, high = min(values), max(values)
    for value in values:
        found[min(count - 1, int(share(value, low, high) * count)) if high > low else 0] += 1
    return found


def draw_histogram(spec: ChartSpec, data: ChartData) -> Drawing:
    """Draw the number of models per bin of the first metric."""
    canvas = Canvas(spec)
    name, column = first_metric(data.table)
    notes = missing_notes(data.table, [name] if name else [])
    values = [value for value in column if value is not None and math.isfinite(value)]
    if too_small(spec) or not values:
        return canvas.drawing(notes)
    most = len(str(len(values)))
    left = most + 2
    room = canvas.width - left
    count = bin_count(values, max(1, room // _NARROWEST))
    wide = max(1, min(_WIDEST, room // count))
    counts = bins_of(values, count)
    height = canvas.height - canvas.top - 2
    # The count above the highest bar needs a row.
    rows = max(1, height - 1) if height > 2 else height
    top = canvas.top + height - rows
    _y_axis(canvas, max(counts), left, top, rows)
    base = canvas.top + height
    for number, each in enumerate(counts):
        _bar(canvas, left + number * wide, wide - (wide > 2), base, each / max(counts) * rows, each)
    low, high = min(values), max(values)
    _x_axis(canvas, low, high, left, base, count * wide, name)
    summary = (
        f"{len(values)} models in {count} bins"
        if count > 1
        else f"{len(values)} models, all {number_text(low)}"
    )
    return canvas.drawing([*notes, summary])


def _bar(canvas: Canvas, column: int, width: int, base: int, rows: float, count: int) -> None:
    if not count:
        return
    if canvas.ascii:
        full, part = max(1, round(rows)), 0
    else:
        full, part = divmod(max(1, round(rows * 8)), 8)
    for row in range(full):
        canvas.put(column, base - 1 - row, ("#" if canvas.ascii else "█") * width)
    if part:
        canvas.put(column, base - 1 - full, _EIGHTHS[part] * width)
    if len(str(count)) <= width:
        canvas.middle(column, base - 1 - full - bool(part), str(count), width, "faint")


def _y_axis(canvas: Canvas, most: int, left: int, top: int, rows: int) -> None:
    up, tick = ("|", "+") if canvas.ascii else ("│", "┤")
    for row in range(canvas.top, top + rows):
        canvas.put(left - 1, row, up, style="axis")
    for value in ticks(0.0, float(most), max(1, min(8, rows // 3))):
        if value and value.is_integer():
            row = top + rows - round(value / most * rows)
            canvas.end(left - 2, row, str(int(value)), style="axis")
            canvas.put(left - 1, row, tick, style="axis")


def _x_axis(
    canvas: Canvas, low: float, high: float, left: int, row: int, width: int, name: str
) -> None:
    canvas.put(
        left - 1,
        row,
        ("+" if canvas.ascii else "└") + ("-" if canvas.ascii else "─") * (canvas.width - left),
        style="axis",
    )
    canvas.end(left - 2, row, "0", style="axis")
    title = safe_text(name, 80)
    if low == high:
        label_ticks(canvas, row, [(left + width // 2, number_text(low))], title)
        return
    found = ticks(low, high, max(1, width // 12)) or [low]
    scale = Scale(low, high)
    places = [left + min(width - 1, max(0, round(scale.share(value) * width))) for value in found]
    label_ticks(canvas, row, list(zip(places, axis_texts(found), strict=True)), title)
