"""Metrics overview: the charts of a selection in a grid, live."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal

from launchpad_tui.domain.board import MAX_CHARTS, Against, Board, ChartDefinition
from launchpad_tui.services.charting import proposed
from launchpad_tui.ui.keymap import Action
from launchpad_tui.ui.screens.metrics.board_dialogs import PROPOSED, manage_boards
from launchpad_tui.ui.screens.metrics.selection import SelectionScreen, view_of, why_empty
from launchpad_tui.ui.widgets.board_view import BoardView, Panel
from launchpad_tui.ui.widgets.dialogs import ConfirmDialog
from launchpad_tui.ui.widgets.legend import Legend

#: the board that a first change makes
_FIRST = "My board"
#: a terminal that is narrower shows the legend only while it has the focus, one below the second a narrow one
LEGEND_FROM, LEGEND_WIDE_FROM = 70, 110


class MetricsScreen(SelectionScreen):
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
            "Move between My Selection and the charts",
            footer=5,
        ),
        Action(
            "metrics.compare",
            "c",
            "compare",
            "Compare the selected models or executions",
            footer=6,
        ),
        Action(
            "metrics.smooth",
            "s",
            "smooth",
            "Switch all charts to the next level of smoothing",
            footer=7,
        ),
        Action(
            "metrics.axis",
            "a",
            "x axis",
            "Switch the x axis of all charts between steps, relative time and wall time",
            footer=8,
        ),
        Action(
            "metrics.log",
            "L",
            "log scale",
            "Switch all y axes between linear and logarithmic",
            footer=9,
        ),
        Action(
            "metrics.columns",
            "w",
            "columns",
            "Change the number of charts per row",
        ),
        Action("board.add", "n", "add chart", "Add a chart to the board", "Board", 4),
        Action("board.edit", "e", "edit chart", "Edit the chart under the cursor", "Board"),
        Action("board.duplicate", "u", "duplicate", "Duplicate the chart", "Board"),
        Action("board.delete", "D", "delete chart", "Delete the chart from the board", "Board"),
        Action(
            "board.move-back",
            "shift+left K",
            "move chart back",
            "Move the chart towards the start of the board",
            "Board",
        ),
        Action(
            "board.move-forward",
            "shift+right J",
            "move chart on",
            "Move the chart towards the end of the board",
            "Board",
        ),
        Action(
            "board.boards",
            "B",
            "boards",
            "Open, copy, rename, export, import or delete boards",
            "Board",
            9,
        ),
    )

    board = Board(PROPOSED)
    #: whether the board is one of the user's
    kept = False

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

    # Drawing --------------------------------------------------------------------------------------

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
            return "This board has no charts\nPress n to add one, or B to open another board"
        if not self.selected.ids:
            return "No models are selected\nSelect models with space in Models (1), then press m"
        return "No metrics were logged\nThey appear here while an execution logs them"

    def _restyle(self, charts: Sequence[ChartDefinition]) -> None:
        """Change the view of all charts; save it for a board of the user."""
        board = replace(self.board, charts=tuple(charts))
        if self.kept:
            self.change_board(board)
        else:
            self.board = board
            self.draw_now()

    # The board ------------------------------------------------------------------------------------

    async def load_board(self) -> None:
        """Show the board that was shown last, where it is one of the user's; else one for all metrics."""
        desk, scope = self.desk, self.scope
        if not self.kept:
            name = await self.read(desk.boards.last, scope)
            if name:
                self.board, self.kept = await self.read(desk.boards.get, scope, name), True
                return
        if self.kept:
            return
        fresh = proposed(self.subjects, PROPOSED)
        if {chart.metrics for chart in fresh.charts} != {
            chart.metrics for chart in self.board.charts
        }:
            self.board = replace(fresh, columns=self.board.columns)

    def change_board(self, board: Board) -> None:
        """Show a changed board, and keep it."""
        self.board = board
        self.draw_now()
        self.run_task(self._keep(), "keep", exclusive=False)

    async def _keep(self) -> None:
        desk, scope = self.desk, self.scope
        if not self.kept:
            names = await self.read(desk.boards.names, scope)
            name = next(
                n for n in (_FIRST, *(f"{_FIRST} {i}" for i in range(2, 10_000))) if n not in names
            )
            self.board, self.kept = replace(self.board, name=name), True
            await self.read(desk.boards.show, scope, name)
            self.launchpad.say(
                f"Saved as board {name!r}; B opens, renames and exports boards", "good"
            )
        await self.read(desk.boards.save, scope, self.board)
        self.repaint_frame()

    def _with_charts(self, charts: list[ChartDefinition]) -> None:
        self.change_board(replace(self.board, charts=tuple(charts)))

    async def _open_board(self, name: str) -> None:
        desk, scope = self.desk, self.scope
        await self.read(desk.boards.show, scope, name)
        if name:
            self.board, self.kept = await self.read(desk.boards.get, scope, name), True
        else:
            self.board, self.kept = proposed(self.subjects, PROPOSED), False
        self.query_one(BoardView).cursor = 0
        self.draw_now()
        self.repaint_frame()

    async def do_boards(self) -> None:
        """Show the boards, and open the one that the user selects, copies, renames or imports."""
        name = await manage_boards(self, self.board, kept=self.kept)
        if name is not None:
            await self._open_board(name)

    @property
    def _place(self) -> int:
        return self.query_one(BoardView).cursor

    def why_not_add(self) -> str | None:
        """A board has a bound."""
        if not self.selected.ids:
            return "Select models or executions first"
        return (
            None
            if len(self.board.charts) < MAX_CHARTS
            else f"A board has at most {MAX_CHARTS} charts"
        )

    def do_add(self) -> None:
        """Key ``n``."""

        def added(chart: ChartDefinition) -> None:
            self._with_charts([*self.board.charts, chart])
            self.query_one(BoardView).cursor = len(self.board.charts) - 1

        self.launchpad.open(
            "chart.edit", item_ids=self.selected.ids, chart=None, done=added, selected=self.selected
        )

    def why_not_edit(self) -> str | None:
        """There has to be a chart."""
        return None if self.board.charts else "The board has no charts; press n to add one"

    why_not_duplicate = why_not_delete = why_not_move_back = why_not_move_forward = why_not_edit

    def do_edit(self) -> None:
        """Key ``e``."""
        place = self._place

        def changed(chart: ChartDefinition) -> None:
            charts = list(self.board.charts)
            charts[place] = chart
            self._with_charts(charts)

        chart = self.board.charts[place]
        self.launchpad.open(
            "chart.edit",
            item_ids=self.selected.ids,
            chart=chart,
            done=changed,
            selected=self.selected,
        )

    def do_duplicate(self) -> None:
        """Key ``u``."""
        charts = list(self.board.charts)
        charts.insert(self._place + 1, charts[self._place])
        self._with_charts(charts)

    async def do_delete(self) -> None:
        """Key ``D``."""
        chart = self.board.charts[self._place]
        if await self.launchpad.ask(
            ConfirmDialog(f"Delete chart {chart.title!r} from the board?", yes="delete")
        ):
            self._with_charts(
                [each for place, each in enumerate(self.board.charts) if place != self._place]
            )

    def _move(self, by: int) -> None:
        charts = list(self.board.charts)
        place, other = self._place, self._place + by
        if 0 <= other < len(charts):
            charts[place], charts[other] = charts[other], charts[place]
            self.query_one(BoardView).cursor = other
            self._with_charts(charts)

    def do_move_back(self) -> None:
        """Key ``K``."""
        self._move(-1)

    def do_move_forward(self) -> None:
        """Key ``J``."""
        self._move(1)

    # What the user does ---------------------------------------------------------------------------

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
            f"{columns} charts per row" if columns else "As many charts per row as fit"
        )

    def on_resize(self, _event: events.Resize) -> None:
        """In a narrow terminal charts need all the room."""
        self._fit()

    def _fit(self) -> None:
        legend = self.query_one(Legend)
        width = self.app.size.width
        legend.set_class(width < LEGEND_WIDE_FROM, "narrow")
        legend.display = legend.has_focus or width >= LEGEND_FROM
