"""Legends: lines below a drawing that map colors and markers to series or models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from launchpad_tui.charts.model import ChartData, Drawing, Series, Span
from launchpad_tui.charts.palette import marker
from launchpad_tui.domain.numbers import number_text
from launchpad_tui.domain.text import cell_width, pad, safe_text

#: kinds whose drawings name each model themselves, or show no single models
NAMED = frozenset({"bar", "column", "heat", "box", "histogram", "importance"})


def with_legend(
    drawing: Drawing, data: ChartData, kind: str, width: int, *, ascii_only: bool = False
) -> Drawing:
    """Return the drawing with a legend below it, unless its kind labels series or models."""
    if kind in NAMED:
        return drawing
    entries = _curves(data) if data.series else _models(data)
    labels = [safe_text(label) for _, label, _ in entries]
    wide = min(max((cell_width(label) for label in labels), default=0), max(8, width - 20))
    lines: list[tuple[Span, ...]] = []
    for (slot, _, value), label in zip(entries, labels, strict=True):
        sign = marker(slot, ascii_only=ascii_only)
        text = pad(f" {pad(label, wide)}  {value}", max(0, width - 1))
        lines.append((Span(sign, slot), Span(text)))
    return replace(drawing, lines=(*drawing.lines, *lines))


def _curves(data: ChartData) -> Sequence[tuple[int, str, str]]:
    return [
        (
            one.slot,
            one.label,
            f"last {number_text(float(one.y[-1]))}{_best(one)}" if len(one.y) else "no points",
        )
        for one in data.series
    ]


def _best(one: Series) -> str:
    if one.best is None:
        return ""
    at = f" at step {one.best_step}" if one.best_step is not None else ""
    return f", best {number_text(one.best)}{at}"


def _models(data: ChartData) -> Sequence[tuple[int, str, str]]:
    table = data.table
    found = []
    for place, (slot, label) in enumerate(zip(table.slots, table.labels, strict=True)):
        values = ", ".join(
            f"{name} {number_text(column[place])}"
            for name, column in table.metrics.items()
            if column[place] is not None
        )
        found.append((slot, label, safe_text(values)))
    return found
