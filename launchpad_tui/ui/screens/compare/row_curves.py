"""The chart of a comparison: the curves of the metric under the cursor."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual import events, on

from launchpad_tui.domain.comparison import Row
from launchpad_tui.ui.screens.metrics.selection import SelectionScreen, chart_of, view_of, why_empty
from launchpad_tui.ui.widgets.chart_view import ChartView
from launchpad_tui.ui.widgets.sheet import Sheet

if TYPE_CHECKING:
    from textual.timer import Timer

#: width in cells from which the chart is shown beside the sheet instead of below it
BESIDE_FROM = 190
#: the height of a chart beside the sheet: cells for each cell of its width
_ASPECT = 0.3
#: Seconds that the cursor rests on a metric before its curves are drawn. A drawing takes more bytes
#: than ten keys, so it is not transmitted between two keys.
REST = 0.4


class RowCurvesMixin(SelectionScreen):
    """A screen with a `Sheet` and a `ChartView` in the container ``#both``.

    Args:
        item_ids: IDs of artifacts or executions; if empty, the most recent selection.
    """

    def __init__(self, item_ids: Sequence[str] = ()) -> None:
        super().__init__(item_ids)
        self.with_curves = True
        self._charted = ""
        self._resting: Timer | None = None

    @property
    @abstractmethod
    def row(self) -> Row | None:
        """The comparison's row under the cursor; None on a heading."""

    @property
    @abstractmethod
    def row_title(self) -> str:
        """The title of the row under the cursor as the sheet shows it; empty on a heading."""

    @property
    def curves_are_due(self) -> bool:
        """Whether curves are drawn as soon as the cursor has rested."""
        return self._resting is not None

    @on(Sheet.Moved)
    def moved(self) -> None:
        """Draw the curves of the metric that the cursor has moved to, once it rests."""
        self.refresh_footer()
        if self._resting is not None:
            self._resting.stop()
            self._resting = None
        row = self.row
        if not self._charted or (row is not None and row.key != self._charted):
            self._resting = self.set_timer(REST, self._rested)

    def _rested(self) -> None:
        self._resting = None
        self.draw_now()

    def erase_curves(self) -> None:
        """Erase the chart beside rows that scroll.

        A terminal scrolls whole lines: those of the chart would have to be written again with each
        key, although another chart is about to be drawn.
        """
        view = self.query_one(ChartView)
        if view.display and self._beside:
            view.blank()
            self._charted = ""

    @on(ChartView.DrawingRequested)
    def drawing_requested(self) -> None:
        """Draw the chart again, for example for another size."""
        self.draw_soon()

    async def draw(self) -> None:
        """Draw the curves of the metric under the cursor."""
        view = self.query_one(ChartView)
        if not view.display or not view.size.width:
            return
        row = self.row
        self._charted = row.key if row else ""
        chart = chart_of(row, self.subjects)
        if chart is None:
            view.set_drawing(None, "Move the cursor to a metric to show its curves")
            return
        width, height = view.content_size
        if self._beside:
            height = min(height, round(width * _ASPECT))
        curve = view_of(chart)
        data = await self.chart_data(chart, curve, width)
        drawing = await self.drawing(chart, data, curve, width, height, self.row_title)
        view.set_drawing(drawing, why_empty(chart, data))

    def on_resize(self, _event: events.Resize) -> None:
        """Show the chart beside the sheet, below it, or not at all, depending on the size."""
        self.fit_curves()

    @property
    def _beside(self) -> bool:
        return self.app.size.width >= BESIDE_FROM

    def fit_curves(self) -> None:
        """Arrange the chart for the size of the terminal."""
        beside = self._beside
        self.query_one("#both").set_class(beside, "beside")
        self.query_one(ChartView).display = self.with_curves and (
            beside or self.app.size.height >= 30
        )
