"""The curves of a running execution, drawn while it logs."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

from textual import events

from launchpad_tui.charts.model import ChartData, ChartSpec, Drawing, Span
from launchpad_tui.domain.board import ChartDefinition
from launchpad_tui.domain.comparison import ComparedItem
from launchpad_tui.domain.connection import Scope
from launchpad_tui.domain.metric import Direction, guess_direction
from launchpad_tui.domain.text import clip
from launchpad_tui.errors import NotFound
from launchpad_tui.services.desk import Desk
from launchpad_tui.ui.widgets.chart_view import ChartView

#: columns of the terminal from which the curves are beside the log
CURVES_FROM = 110
#: seconds between two drawings at least
DRAW_SECONDS = 0.5
#: lines of a chart with its title and legend at least, the most charts, and curves of a chart
_CHART_LINES, _MOST_CHARTS, _MOST_CURVES = 13, 3, 6


class LiveCurves(ChartView):
    """Charts of an execution's metrics below each other, losses first, as many as fit.

    Args:
        execution_id: the ID of the execution.
    """

    DEFAULT_CSS = "LiveCurves { margin-left: 1; }"

    def __init__(self, execution_id: str, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._execution_id = execution_id
        self._drawn_at = -DRAW_SECONDS
        self._scheduled = self._drawing = self._changed = False

    def draw_soon(self) -> None:
        """Draw at once, or `DRAW_SECONDS` after the previous drawing."""
        if not self.display or not self.size.width:
            return
        if self._drawing:
            self._changed = True
        elif not self._scheduled:
            self._scheduled = True
            wait = self._drawn_at + DRAW_SECONDS - time.monotonic()
            self.set_timer(max(0.001, wait), self._draw)

    def on_resize(self, _event: events.Resize) -> None:
        """Draw at the new size."""
        self._strips.clear()
        self.draw_soon()

    def _draw(self) -> None:
        self._scheduled, self._drawing, self._changed = False, True, False
        self.run_task(self._read_and_draw(), "live curves")

    async def _read_and_draw(self) -> None:
        shell = self.launchpad
        try:
            drawing = await shell.preview(
                draw_curves,
                shell.desk,
                shell.scope,
                self._execution_id,
                self.size.width,
                self.size.height,
                ascii_only=shell.look.glyphs.ascii,
                colorless=shell.look.palette.plain,
            )
            self.set_drawing(drawing)
        except NotFound:
            # The screen closes itself when it loads.
            return
        finally:
            self._drawing = False
            self._drawn_at = time.monotonic()
        if self._changed:
            self.draw_soon()


def draw_curves(
    desk: Desk,
    scope: Scope,
    execution_id: str,
    width: int,
    height: int,
    *,
    ascii_only: bool,
    colorless: bool = False,
) -> Drawing | None:
    """Return the charts of an execution as one drawing, None if it logged no metrics.

    Args:
        desk: the services.
        scope: the connection and resource group.
        execution_id: the ID of the execution.
        width: the width in cells.
        height: the height in cells.
        ascii_only: whether to draw with ASCII characters only.
        colorless: whether to tell curves apart without color.

    Raises:
        NotFound: the execution does not exist.
    """
    (item,) = desk.compare.executions(scope, [execution_id])
    names = _names(item)[: max(1, min(_MOST_CHARTS, height // _CHART_LINES))]
    if not names:
        return None
    labels = list(dict.fromkeys(tuple(sorted(one.labels)) for one in item.series))
    directions = desk.boards.directions()
    charts: list[tuple[str, ChartData]] = []
    high = height // len(names)
    for name in names:
        data = desk.charts.data(
            [item], ChartDefinition((name,)), {}, directions, points=max(64, width * 2)
        )
        shown = [one for one in item.series if one.name == name]
        curves = [
            replace(
                curve,
                slot=labels.index(tuple(sorted(one.labels))),
                label=", ".join(value for _, value in sorted(one.labels)) or name,
            )
            for curve, one in zip(data.series, shown, strict=True)
        ]
        charts.append((name, replace(data, series=tuple(curves))))
    spec = ChartSpec(width, high, ascii=ascii_only, colorless=colorless)
    drawings = [_draw_chart(item, name, data, spec) for name, data in charts]
    # The y axes are below each other.
    spec = replace(spec, label_width=max(one.label_width for one in drawings))
    drawings = [
        one if one.label_width == spec.label_width else _draw_chart(item, name, data, spec)
        for one, (name, data) in zip(drawings, charts, strict=True)
    ]
    return replace(drawings[0], lines=tuple(line for one in drawings for line in one.lines))


def _names(item: ComparedItem) -> list[str]:
    """Return the names of the metrics: losses first, then those with the most points."""
    points: dict[str, int] = {}
    for one in item.series:
        points[one.name] = max(points.get(one.name, 0), one.count)
    return sorted(
        points, key=lambda name: (guess_direction(name) != Direction.LOWER, -points[name], name)
    )


def _draw_chart(item: ComparedItem, name: str, data: ChartData, spec: ChartSpec) -> Drawing:
    """Return a chart with its title above and its legend below, of the size of ``spec`` in all."""
    from launchpad_tui.charts.catalog import KINDS
    from launchpad_tui.charts.curve import CurveView, range_with_room
    from launchpad_tui.charts.legend import with_legend

    width, height = spec.width, spec.height
    live = item.execution is not None and not item.execution.status.final
    view = CurveView(x_range=range_with_room(data, width) if live else None)
    legend = replace(data, series=data.series[:_MOST_CURVES])
    # The last line stays empty, as a gap to the next chart.
    rows = max(4, height - 2 - len(legend.series))
    curves = view.spec(width, rows, ascii_only=spec.ascii)
    curves = replace(curves, room=live, label_width=spec.label_width, colorless=spec.colorless)
    drawing = KINDS["line"].draw(curves, data)
    drawing = with_legend(drawing, legend, "line", width, ascii_only=spec.ascii)
    more = len(data.series) - _MOST_CURVES
    title = name if more <= 0 else f"{name} ({more} more not in the legend)"
    lines: Sequence[tuple[Span, ...]] = [
        (Span(clip(title, width), style="bold"),),
        *drawing.lines,
    ]
    blank = [()] * max(0, height - len(lines))
    return replace(drawing, lines=(*lines[:height], *blank))
