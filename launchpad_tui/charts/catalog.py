"""The kinds of charts: one entry each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from launchpad_tui.charts.line import draw_line
from launchpad_tui.charts.model import ChartSpec, Drawing, Series


@dataclass(frozen=True, slots=True)
class ChartKind:
    """A kind of chart: its id and title, and what draws it."""

    id: str
    title: str
    draw: Callable[[ChartSpec, Sequence[Series]], Drawing]


def _scatter(spec: ChartSpec, series: Sequence[Series]) -> Drawing:
    return draw_line(spec, series, joined=False)


#: by id, in the order in which they are offered
KINDS: dict[str, ChartKind] = {
    kind.id: kind for kind in (ChartKind("line", "Line", draw_line), ChartKind("scatter", "Scatter", _scatter))
}


def draw(spec: ChartSpec, series: Sequence[Series], kind: str = "line") -> Drawing:
    """Draw series as a kind of chart. Raises KeyError for an unknown kind."""
    return KINDS[kind].draw(spec, series)
