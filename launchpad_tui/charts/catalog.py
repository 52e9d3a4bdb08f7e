"""The kinds of charts: one entry each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from launchpad_tui.charts.line import draw_line
from launchpad_tui.charts.model import ChartData, ChartSpec, Drawing

#: what a chart compares: over steps or time, against a parameter, the models themselves
OVER, AGAINST, SOURCE = "over", "parameters", "source"


@dataclass(frozen=True, slots=True)
class ChartKind:
    """A kind of chart: its id and title; which comparisons it can show; ``why_not`` says why these data cannot be drawn
    so, empty where they can; and what draws it."""

    id: str
    title: str
    compares: frozenset[str]
    why_not: Callable[[ChartData], str]
    draw: Callable[[ChartSpec, ChartData], Drawing]


def _no_curves(data: ChartData) -> str:
    return "" if any(len(one.x) for one in data.series) else "No points were logged"


def _line(spec: ChartSpec, data: ChartData) -> Drawing:
    return draw_line(spec, data.series)


def _scatter(spec: ChartSpec, data: ChartData) -> Drawing:
    return draw_line(spec, data.series, joined=False)


#: by id, in the order in which they are offered
KINDS: dict[str, ChartKind] = {
    kind.id: kind
    for kind in (
        ChartKind("line", "Line", frozenset({OVER}), _no_curves, _line),
        ChartKind("scatter", "Scatter", frozenset({OVER}), _no_curves, _scatter),
    )
}


def draw(spec: ChartSpec, data: ChartData, kind: str = "line") -> Drawing:
    """Draw data as a kind of chart. Raises KeyError for an unknown kind."""
    return KINDS[kind].draw(spec, data)
