"""Heat maps of curves: one row per curve."""

from __future__ import annotations

import math
from collections.abc import Sequence

from launchpad_tui.charts.axes import Scale, label_ticks, share
from launchpad_tui.charts.canvas import Canvas, too_small
from launchpad_tui.charts.model import ChartSpec, Drawing, Series
from launchpad_tui.charts.scale import ticks, x_range, x_texts, y_range
from launchpad_tui.charts.shades import legend, shade
from launchpad_tui.charts.text import counted, short_labels
from launchpad_tui.domain.numbers import mean, number_text
from launchpad_tui.domain.text import cell_width, safe_text

_TITLES = {"step": "step", "relative": "time since start", "time": "time"}


def no_points(series: Sequence[Series]) -> str:
    """Return why the curves cannot be drawn as heat map, empty if they can."""
    return "" if any(len(one.x) for one in series) else "No points were logged"


def draw_over(spec: ChartSpec, series: Sequence[Series]) -> Drawing:
    """Draw a row for each curve, all with one scale.

    The shade of a cell is the mean of the values in its section of x; it is blank without values.
    """
    canvas = Canvas(spec)
    notes = _notes(series, log=spec.y_log)
    if too_small(spec, 5) or not series:
        return canvas.drawing(notes)
    size = min(
        max(cell_width(safe_text(one.label, 200)) for one in series), max(6, canvas.width // 3), 32
    )
    left = size + 1
    rows = canvas.height - canvas.top - 3
    shown = list(series[:rows])
    if len(shown) < len(series):
        notes.append(
            f"Showing {len(shown)} of {counted(len(series), 'curve', 'curves')} "
            "(not enough height for all)"
        )
    low, high = x_range(spec.x_range, shown)
    buckets = _bucket_count(shown, low, high, canvas.width - left)
    means = [_means(one, low, high, buckets, log=spec.y_log) for one in shown]
    values = [value for each in means for value in each if value is not None]
    bottom, top = spec.y_range or y_range(values, log=spec.y_log, robust=spec.robust)
    if spec.y_log and bottom <= 0:
        bottom, top = y_range(values, log=True, robust=spec.robust)
    scale = Scale(bottom, top, spec.y_log)
    labels = short_labels([one.label for one in shown], size, ascii_only=spec.ascii)
    width = canvas.width - left
    tall = max(1, min(3, rows // len(shown)))
    for number, (one, bucket_means, label) in enumerate(zip(shown, means, labels, strict=True)):
        row = canvas.top + number * tall
        canvas.put(0, row + (tall - 1) // 2, label, one.slot)
        for column in range(width):
            value = bucket_means[column * buckets // width]
            if value is not None:
                fill = shade(scale.share(value), ascii_only=spec.ascii)
                for line in range(tall):
                    canvas.put(left + column, row + line, fill, one.slot)
    _x_axis(canvas, spec, left, canvas.top + len(shown) * tall, low, high)
    same = bool(values) and min(values) == max(values)
    ends = (values[0], values[0]) if same else (bottom, top)
    legend(canvas, "log " if spec.y_log else "", *(number_text(end, 4) for end in ends))
    return canvas.drawing(notes)


def _bucket_count(series: Sequence[Series], low: float, high: float, width: int) -> int:
    """Return the number of buckets: at most the points of a curve, so that there are few gaps."""
    counts = [sum(low <= x <= high for x in one.x) for one in series]
    return max(1, min(width, max(counts, default=1)))


def _means(one: Series, low: float, high: float, buckets: int, *, log: bool) -> list[float | None]:
    found: list[list[float]] = [[] for _ in range(buckets)]
    for x, y in zip(one.x, one.y, strict=False):
        if low <= x <= high and math.isfinite(y) and (y > 0 or not log):
            part = share(float(x), low, high)
            found[min(buckets - 1, max(0, int(part * buckets)))].append(float(y))
    return [mean(each) if each else None for each in found]


def _x_axis(canvas: Canvas, spec: ChartSpec, left: int, row: int, low: float, high: float) -> None:
    width = canvas.width - left
    line, corner = ("-", "+") if canvas.ascii else ("─", "└")
    canvas.put(left - 1, row, corner + line * width, style="axis")
    found = ticks(low, high, max(1, min(10, width // 14)))
    if spec.x_kind == "step":
        found = [value for value in found if value.is_integer()] or found[:1]
    scale = Scale(low, high)
    places = [left + scale.cell(value, width) for value in found]
    label_ticks(
        canvas,
        row,
        list(zip(places, x_texts(found, spec.x_kind), strict=True)),
        _TITLES.get(spec.x_kind, ""),
    )


def _notes(series: Sequence[Series], *, log: bool) -> list[str]:
    notes: list[str] = []
    for one in series:
        label = safe_text(one.label, 80)
        if count := one.not_finite or sum(not math.isfinite(value) for value in one.y):
            notes.append(
                f"{label}: {counted(count, 'value is', 'values are')} not finite (not shown)"
            )
        if log and (count := sum(math.isfinite(value) and value <= 0 for value in one.y)):
            notes.append(
                f"{label}: {counted(count, 'value is', 'values are')} "
                "not positive (not shown on a logarithmic axis)"
            )
        if not len(one.y):
            notes.append(f"{label}: no points logged")
    return notes
