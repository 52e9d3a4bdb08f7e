"""Metrics overview: the charts of a selection in a grid, live."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal

from launchpad_tui.domain.board import Against, ChartDefinition
from launchpad_tui.ui.keymap import Action
from launchpad_tui.ui.screens.metrics.board_keeping import BoardKeeping
from launchpad_tui.ui.screens.metrics.selection import view_of, why_empty
from launchpad_tui.ui.widgets.board_view import BoardView, Panel
from launchpad_tui.ui.widgets.legend import Legend

#: a terminal that is narrower shows the legend only while it has the focus, one below the second a narrow one
LEGEND_FROM, LEGEND_WIDE_FROM = 70, 110


class MetricsScreen(BoardKeeping):
    """The Visual Board, with My Selection beside it.

    Args:
        item_ids: IDs of artifacts or executions; none for what was looked at last.
    """

    TITLE_TEXT = "Metrics"
    AUTO_FOCUS = "#board"
    DEFAULT_CSS = """
    MetricsScreen #board { width: 1fr; height: 1fr; }
    MetricsScreen .narrow { width: 22; }
    """
    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action(
            "metrics.selection",
            "tab",
            "selection",
            "To My Selection, and back to the charts.",
            footer=5,
        ),
        Action(
            "metrics.compare",
            "c",
            "compare",
            "The comparison view of the same selection.",
            footer=6,
        ),
        Action(
            "metrics.smooth",
            "s",
            "smooth",
            "Smooth all curves more; after the strongest not at all.",
            footer=7,
        ),
        Action(
            "metrics.axis",
            "a",
            "x axis",
            "Steps, time since the start, or wall time, in all charts.",
            footer=8,
        ),
        Action("metrics.log", "L", "log scale", "All y axes logarithmic, and back.", footer=9),
        Action(
            "metrics.columns",
            "w",
            "columns",
            "How many charts stand side by side: as fits, 1, 2, 3, 4.",
        ),
    )

    def __init__(self, item_ids: Sequence[str] = ()) -> None:
        super().__init__(item_ids)

    def title_text(self) -> str:
        """How many."""
        count = len(self.selected.ids)
        what = f"Metrics of {count}" if count else "Metrics"
        return f"{what}: {self.board.name}" if self.kept else what

    def body(self) -> ComposeResult:
        """Selection and charts."""
        with Horizontal():
            yield Legend(id="legend")
            yield BoardView(id="board")

    def on_mount(self) -> None:
        """The charts have the focus."""
        self.query_one(BoardView).focus()
        self._fit()

    async def load(self) -> None:
        """Read the selection; charts are drawn at most twice a second."""
        await self.load_subjects()
        await self.load_board()
        self.query_one(Legend).set_entries(self.legend_entries())
        self.repaint_frame()
        self.draw_soon()

    # Drawing --------------------------------------------------------------------------------------------------------

    @on(BoardView.Wanted)
    def wanted(self) -> None:
        """Another size."""
        self.draw_soon()

    async def draw(self) -> None:
        """The charts in view."""
        view = self.query_one(BoardView)
        charts = self.board.charts
        if (
            not charts
            or len(view.panels) != len(charts)
            or any(
                panel.title != chart.title for panel, chart in zip(view.panels, charts, strict=True)
            )
        ):
            view.set_panels(
                [Panel(chart.title, empty="…") for chart in charts],
                self.board.columns,
                self._nothing(),
            )
        elif view.columns != self.board.columns:
            view.set_panels(view.panels, self.board.columns)
        width, height = view.chart_size()
        for index in view.in_view():
            chart = charts[index]
            curve = view_of(chart)
            data = await self.chart_data(chart, curve, width)
            drawing = await self.drawing(chart, data, curve, width, height)
            note = "; ".join(drawing.notes) if drawing else ""
            view.set_panel(index, Panel(chart.title, note, drawing, why_empty(chart, data)))
        view.repaint()
        self.refresh_footer()

    def _nothing(self) -> str:
        if self.kept:
            return "This board has no chart\nn adds one, B opens another board"
        if not self.selected.ids:
            return "Nothing is selected\nSelect models with space in Models (1), then press m"
        return "No metrics were logged\nThey appear here while an execution logs them"

    def redraw(self) -> None:
        """Show the board as it is now."""
        self.draw_now()

    def _restyle(self, charts: Sequence[ChartDefinition]) -> None:
        """Charts that are looked at in another way; of a board of the user's that is kept."""
        board = replace(self.board, charts=tuple(charts))
        if self.kept:
            self.change_board(board)
        else:
            self.board = board
            self.draw_now()

    # What the user does ---------------------------------------------------------------------------------------------

    @on(Legend.Changed)
    def legend_changed(self, event: Legend.Changed) -> None:
        """Show and hide, reorder, remove, open."""
        if event.what == "open":
            self.open_subject(event.item_id)
            return
        self.change_selection(event.what, event.item_id)
        self.query_one(Legend).set_entries(self.legend_entries())
        self.repaint_frame()
        self.draw_now()

    @on(BoardView.Opened)
    def chart_opened(self, event: BoardView.Opened) -> None:
        """Full screen."""
        self.launchpad.open(
            "chart",
            item_ids=self.selected.ids,
            charts=self.board.charts,
            index=event.index,
            selected=self.selected,
        )

    def do_selection(self) -> None:
        """Key ``tab``."""
        legend, board = self.query_one(Legend), self.query_one(BoardView)
        if legend.has_focus:
            board.focus()
            self._fit()
        else:
            legend.display = True
            legend.focus()

    def do_compare(self) -> None:
        """Key ``c``."""
        self.launchpad.open("compare", item_ids=self.selected.ids)

    def do_smooth(self) -> None:
        """Key ``s``."""
        charts = self.board.charts
        now = next((view_of(chart) for chart in charts if chart.against.over), None)
        if now is None:
            return
        weight = now.next_smoothing().smoothing
        self._restyle(
            [replace(chart, smoothing=weight) if chart.against.over else chart for chart in charts]
        )
        self.launchpad.say(f"Smoothing {weight:g}" if weight else "No smoothing")

    def do_axis(self) -> None:
        """Key ``a``."""
        charts = self.board.charts
        now = next((view_of(chart) for chart in charts if chart.against.over), None)
        if now is None:
            return
        against = Against(now.next_x_kind().x_kind)
        self._restyle(
            [replace(chart, against=against) if chart.against.over else chart for chart in charts]
        )
        words = {
            "step": "Over steps",
            "relative": "Over time since the start",
            "time": "Over wall time",
        }
        self.launchpad.say(words[str(against)])

    def do_log(self) -> None:
        """Key ``L``."""
        charts = self.board.charts
        log = not all(chart.y_log for chart in charts)
        self._restyle([replace(chart, y_log=log) for chart in charts])
        self.launchpad.say("Logarithmic y axes" if log else "Linear y axes")

    def do_columns(self) -> None:
        """Key ``w``."""
        columns = (self.board.columns + 1) % 5
        board = replace(self.board, columns=columns)
        if self.kept:
            self.change_board(board)
        else:
            self.board = board
            self.draw_now()
        self.launchpad.say(
            f"{columns} charts side by side" if columns else "As many side by side as fit"
        )

    def on_resize(self, _event: events.Resize) -> None:
        """In a narrow terminal charts need all the room."""
        self._fit()

    def _fit(self) -> None:
        legend = self.query_one(Legend)
        width = self.app.size.width
        legend.set_class(width < LEGEND_WIDE_FROM, "narrow")
        legend.display = legend.has_focus or width >= LEGEND_FROM
