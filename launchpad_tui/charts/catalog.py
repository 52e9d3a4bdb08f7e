"""The catalog of chart kinds, one entry each."""

from __future__ import annotations

from collections.abc import Callable

from launchpad_tui.charts.bar import draw_bar
from launchpad_tui.charts.bars import why_no_bars
from launchpad_tui.charts.box import draw_box, why_no_box
from launchpad_tui.charts.column import draw_column
from launchpad_tui.charts.heat import draw_heat, why_no_heat
from launchpad_tui.charts.histogram import draw_histogram, why_no_histogram
from launchpad_tui.charts.importance import draw_importance, why_no_importance
from launchpad_tui.charts.line import draw_line
from launchpad_tui.charts.model import ChartData, ChartSpec, Drawing
from launchpad_tui.charts.parallel import draw_parallel, why_no_parallel
from launchpad_tui.charts.scatter import draw_scatter, why_no_points
from launchpad_tui.records import record

#: what a chart compares: values over steps or time, against a parameter, or per model
OVER, AGAINST, SOURCE = "over", "parameters", "source"


@record
class ChartKind:
    """A kind of chart.

    Attributes:
        compares: the comparisons that it can show.
        why_not: returns why given data cannot be drawn, empty if they can.
        draw: draws the data.
    """

    id: str
    title: str
    compares: frozenset[str]
    why_not: Callable[[ChartData], str]
    draw: Callable[[ChartSpec, ChartData], Drawing]


def _no_curves(data: ChartData) -> str:
    return "" if any(len(one.x) for one in data.series) else "No points were logged"


def _line(spec: ChartSpec, data: ChartData) -> Drawing:
    return draw_line(spec, data.series)


#: by ID, in the order of menus
KINDS: dict[str, ChartKind] = {
    kind.id: kind
    for kind in (
        ChartKind("line", "Line", frozenset({OVER}), _no_curves, _line),
        ChartKind("scatter", "Scatter", frozenset({OVER, AGAINST}), why_no_points, draw_scatter),
        ChartKind("bar", "Bars", frozenset({AGAINST, SOURCE}), why_no_bars, draw_bar),
        ChartKind("column", "Columns", frozenset({AGAINST, SOURCE}), why_no_bars, draw_column),
        ChartKind("heat", "Heat map", frozenset({OVER, AGAINST, SOURCE}), why_no_heat, draw_heat),
        ChartKind(
            "parallel",
            "Parallel coordinates",
            frozenset({AGAINST, SOURCE}),
            why_no_parallel,
            draw_parallel,
        ),
        ChartKind("box", "Box plot", frozenset({AGAINST, SOURCE}), why_no_box, draw_box),
        ChartKind("histogram", "Histogram", frozenset({SOURCE}), why_no_histogram, draw_histogram),
        ChartKind(
            "importance",
            "Parameter importance",
            frozenset({AGAINST, SOURCE}),
            why_no_importance,
            draw_importance,
        ),
    )
}


def draw(spec: ChartSpec, data: ChartData, kind: str = "line") -> Drawing:
    """Draw data as a kind of chart. Raises KeyError for an unknown kind."""
    return KINDS[kind].draw(spec, data)
