"""Parameter importance: how strongly each parameter is associated with the first metric."""

from __future__ import annotations

from launchpad_tui.charts.canvas import Canvas, too_small
from launchpad_tui.charts.groups import first_metric, missing_notes, not_a_table, varying
from launchpad_tui.charts.model import ChartData, ChartSpec, ChartTable, Drawing
from launchpad_tui.charts.text import short_labels
from launchpad_tui.domain.importance import MIN_MODELS, Importance, importance
from launchpad_tui.domain.text import cell_width, safe_text

_CHANCE = "could be chance"


def why_no_importance(data: ChartData) -> str:
    """Return why no importance can be computed, empty if it can."""
    return not_a_table(data, models=2) or (
        "" if varying(data.table) else "Requires a parameter that differs between the models"
    )


def draw_importance(spec: ChartSpec, data: ChartData) -> Drawing:
    """Draw the association of each varying parameter with the first metric.

    It is Spearman's rank correlation, with its sign, for numbers, and the correlation ratio,
    without one, for texts; see `domain.importance`.
    """
    canvas = Canvas(spec)
    table = data.table
    name, column = first_metric(table)
    differing = varying(table)
    notes = missing_notes(ChartTable(table.ids, metrics=table.metrics), [name] if name else [])
    if too_small(spec, 3) or not differing or not name:
        return canvas.drawing(notes)
    found = importance(differing, column)
    tried = sum(one.strength is not None for one in found)
    signed = any(one.signed and one.strength is not None for one in found)
    grouped = any(not one.signed and one.strength is not None for one in found)
    if signed:
        sign = "r" if spec.ascii else "ρ"
        notes.append(
            f"{sign}: rank correlation, + if higher values go with higher {safe_text(name, 80)}, "
            "- if with lower"
        )
    if grouped:
        notes.append(
            f"{'eta' if spec.ascii else 'η'}: correlation ratio, "
            "the square root of the share of variance between groups"
        )
    if tried > 1:
        notes.append(f"{tried} parameters were tested; p-values are corrected for that")
    rows = canvas.height - canvas.top
    shown = min(rows, len(found))
    step = 2 if shown * 2 - 1 <= rows else 1
    if shown < len(found):
        notes.append(f"Showing {shown} of {len(found)} parameters (not enough height for all)")
    size = min(max(cell_width(one.name) for one in found[:shown]), max(6, canvas.width // 4), 32)
    labels = short_labels([one.name for one in found[:shown]], size, ascii_only=spec.ascii)
    counts = max(len(f"n = {one.n}") for one in found)
    tail = counts + (len(_CHANCE) + 2 if canvas.width >= 64 else 0)
    for number, (one, label) in enumerate(zip(found[:shown], labels, strict=True)):
        row = canvas.top + number * step
        canvas.put(0, row, label, style="normal")
        _line(canvas, row, size + 1, tail, counts, one)
    if tail == counts and any(
        one.strength is not None and one.could_be_chance for one in found[:shown]
    ):
        notes.append("?: could be chance")
    return canvas.drawing(notes)


def _line(canvas: Canvas, row: int, left: int, tail: int, counts: int, one: Importance) -> None:
    if one.strength is None:
        words = (
            f"too few models (n = {one.n})"
            if one.n < MIN_MODELS
            else f"not computable (n = {one.n})"
        )
        canvas.put(left, row, canvas.fit(words, canvas.width - left), style="faint")
        return
    sign = ("r" if canvas.ascii else "ρ") if one.signed else ("eta" if canvas.ascii else "η")
    value = f"{one.strength:+.2f}" if one.signed else f"{one.strength:.2f}"
    width = 9 if canvas.ascii else 7
    canvas.put(left, row, sign, style="axis")
    canvas.end(left + width, row, value)
    start = left + width + 1
    bars = canvas.width - start - tail - 3
    style = "faint" if one.could_be_chance else "normal"
    if bars > 0:
        full, part = divmod(round(abs(one.strength) * bars * 8), 8)
        text = (
            "#" * round(abs(one.strength) * bars) if canvas.ascii else "█" * full + " ▏▎▍▌▋▊▉"[part]
        )
        canvas.put(start, row, ("." if canvas.ascii else "·") * bars, style="faint")
        canvas.put(start, row, text.rstrip(), style=style)
    at = canvas.width - tail
    canvas.put(at, row, f"n = {one.n}", style="faint")
    if one.could_be_chance:
        canvas.put(at + counts + 2, row, _CHANCE) if tail > counts else canvas.put(at - 2, row, "?")
