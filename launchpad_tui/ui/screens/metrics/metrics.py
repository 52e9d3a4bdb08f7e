"""The board: charts of the selected models or executions in a grid, updated while they run."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal

from launchpad_tui.charts.model import ChartData, Drawing
from launchpad_tui.domain.board import MAX_CHARTS, Against, Board, ChartDefinition
from launchpad_tui.services.charting import proposed
from launchpad_tui.ui.keymap import Action
from launchpad_tui.ui.screens.metrics.board_dialogs import PROPOSED, manage_boards
from launchpad_tui.ui.screens.metrics.selection import X_AXES, SelectionScreen, view_of, why_empty
from launchpad_tui.ui.widgets.board_view import BoardView, Panel
from launchpad_tui.ui.widgets.dialogs import ConfirmDialog
from launchpad_tui.ui.widgets.legend import Legend

#: name of the board that is saved when the user first changes the generated one
_FIRST_NAME = "My board"
#: widths of a terminal in cells from which the legend is always shown, and from which it is wide;
#: in narrower terminals it is shown while it has the focus
LEGEND_FROM, LEGEND_WIDE_FROM = 70, 110


class MetricsScreen(SelectionScreen):
    """A board of charts, with the selected models or executions beside it.

    Args:
        item_ids: IDs of artifacts or executions; if empty, the most recent selection.
        sweep_id: the sweep whose board is shown; empty for the board that was shown last.
        varied: the parameters that differ within the sweep.
    """

    TITLE_TEXT = "Metrics"
    AUTO_FOCUS = "#board"
    DEFAULT_CSS = """
    MetricsScreen #board { width: 1fr; height: 1fr; }
    MetricsScreen .narrow { max-width: 22; }
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
            "metrics.compare", "c", "compare", "Compare the selected models or executions", footer=6
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
            "T",
            "x axis",
            "Switch all x axes between steps, relative and wall time",
            footer=8,
        ),
        Action(
            "metrics.log",
            "|",
            "log scale",
            "Switch all y axes between linear and logarithmic",
            footer=9,
        ),
        Action("metrics.columns", "w", "columns", "Change the number of charts per row"),
        Action("board.add", "a", "add chart", "Add a chart to the board", "Board", 4),
        Action("board.edit", "e", "edit chart", "Edit the chart under the cursor", "Board"),
        Action("board.duplicate", "C", "duplicate", "Duplicate the chart", "Board"),
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
            "move chart forward",
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
    #: whether the board is one of the user's, and not the generated one
    saved = False

    def __init__(
        self, item_ids: Sequence[str] = (), sweep_id: str = "", varied: Sequence[str] = ()
    ) -> None:
        super().__init__(item_ids)
        self._sweep_id, self._varied = sweep_id, tuple(varied)

    def title_text(self) -> str:
        """Return the title with the number of selected items and the name of a saved board."""
        count = len(self.selected.ids)
        title = f"Metrics of {count}" if count else "Metrics"
        return f"{title}: {self.board.name}" if self.saved else title

    def body(self) -> ComposeResult:
        """Yield the selection and the charts."""
        with Horizontal():
            yield Legend(id="legend")
            yield BoardView(id="board")

    def on_mount(self) -> None:
        """Focus the charts and fit the legend to the terminal."""
        self.query_one(BoardView).focus()
        self._fit()

    async def load(self) -> None:
        """Read the selection and the board, and draw the charts."""
        await self.load_subjects()
        await self.load_board()
        self.query_one(Legend).set_entries(self.legend_entries())
        self.repaint_frame()
        self.draw_soon()

    # Drawing --------------------------------------------------------------------------------------

    @on(BoardView.DrawingRequested)
    def drawing_requested(self) -> None:
        """Draw the charts again, for example for another size."""
        self.draw_soon()

    async def draw(self) -> None:
        """Draw the charts that are visible."""
        view = self.query_one(BoardView)
        charts, titles = self.board.charts, self.board.titles
        if not charts or [panel.title for panel in view.panels] != titles:
            view.set_panels(
                [Panel(title, empty="…") for title in titles],
                self.board.columns,
                self._empty_text(),
            )
        elif view.columns != self.board.columns:
            view.set_panels(view.panels, self.board.columns)
        width, height = view.chart_size()
        found: dict[int, tuple[ChartDefinition, ChartData, Drawing | None]] = {}
        for index in view.in_view():
            chart = charts[index]
            curve = view_of(chart)
            data = await self.chart_data(chart, curve, width)
            drawing = await self.drawing(chart, data, curve, width, height)
            found[index] = (chart, data, drawing)
        # All y axes are in the same place of their chart, so that steps are below each other.
        widest = max((one.label_width for *_, one in found.values() if one), default=0)
        self.label_width = max(widest, self.label_width)
        for index, (chart, data, first) in found.items():
            again = first and first.plot and first.label_width < widest
            drawing = (
                await self.drawing(chart, data, view_of(chart), width, height) if again else first
            )
            notes = ["log scale"] * chart.y_log + list(drawing.notes if drawing else ())
            note = "; ".join(notes)
            view.set_panel(index, Panel(titles[index], note, drawing, why_empty(chart, data)))
        view.repaint()
        self.refresh_footer()

    def _empty_text(self) -> str:
        if self.saved:
            return "This board has no charts\nPress a to add one, or B to open another board"
        if not self.selected.ids:
            return "No models are selected\nSelect models with space in Models (1), then press m"
        return (
            "No metrics have been logged\nA script logs them by printing a line:\n"
            "::metric loss=0.31 step=5\nThe manual shows other ways: ? Manual, Metrics"
        )

    def _restyle(self, charts: Sequence[ChartDefinition]) -> None:
        """Show changed charts; save them only if the board is one of the user's."""
        board = replace(self.board, charts=tuple(charts))
        if self.saved:
            self.change_board(board)
        else:
            self.board = board
            self.draw_now()

    # The board ------------------------------------------------------------------------------------

    async def load_board(self) -> None:
        """Show the saved board that was shown last; without one, generate a chart per metric."""
        desk, scope = self.desk, self.scope
        if not self.saved:
            name = await self.read(desk.boards.last, scope, self._sweep_id)
            if name:
                self.board, self.saved = await self.read(desk.boards.get, scope, name), True
                return
        if self.saved:
            return
        fresh = self._generated()
        if {(chart.metrics, chart.parameters) for chart in fresh.charts} != {
            (chart.metrics, chart.parameters) for chart in self.board.charts
        }:
            self.board = replace(fresh, columns=self.board.columns)

    def _generated(self) -> Board:
        """Return the board that is shown until the user saves one."""
        return proposed(self.subjects, PROPOSED, self._varied)

    def change_board(self, board: Board) -> None:
        """Show a changed board and save it."""
        self.board = board
        self.draw_now()
        self.run_task(self._save_board(), "save", exclusive=False)

    async def _save_board(self) -> None:
        desk, scope = self.desk, self.scope
        if not self.saved:
            names = await self.read(desk.boards.names, scope)
            numbered = (f"{_FIRST_NAME} {number}" for number in itertools.count(2))
            name = next(n for n in itertools.chain([_FIRST_NAME], numbered) if n not in names)
            self.board, self.saved = replace(self.board, name=name), True
            await self.read(desk.boards.show, scope, name, self._sweep_id)
            self.launchpad.say(
                f"Saved as board {name!r}; press B to open, rename or export boards", "good"
            )
        await self.read(desk.boards.save, scope, self.board)
        self.repaint_frame()

    def _with_charts(self, charts: list[ChartDefinition]) -> None:
        self.change_board(replace(self.board, charts=tuple(charts)))

    async def _open_board(self, name: str) -> None:
        desk, scope = self.desk, self.scope
        await self.read(desk.boards.show, scope, name, self._sweep_id)
        if name:
            self.board, self.saved = await self.read(desk.boards.get, scope, name), True
        else:
            self.board, self.saved = self._generated(), False
        self.query_one(BoardView).cursor = 0
        self.draw_now()
        self.repaint_frame()

    async def do_boards(self) -> None:
        """Show the boards, and open the one that the user selects, copies, renames or imports."""
        name = await manage_boards(self, self.board, saved=self.saved)
        if name is not None:
            await self._open_board(name)

    @property
    def _place(self) -> int:
        return self.query_one(BoardView).cursor

    def why_not_add(self) -> str | None:
        """Disable adding without a selection or on a full board."""
        if not self.selected.ids:
            return "Select models or executions first"
        return (
            None
            if len(self.board.charts) < MAX_CHARTS
            else f"A board has at most {MAX_CHARTS} charts"
        )

    def do_add(self) -> None:
        """Open the editor for a new chart."""

        def added(chart: ChartDefinition) -> None:
            self._with_charts([*self.board.charts, chart])
            self.query_one(BoardView).cursor = len(self.board.charts) - 1

        self.launchpad.open(
            "chart.edit", item_ids=self.selected.ids, chart=None, done=added, selected=self.selected
        )

    def why_not_edit(self) -> str | None:
        """Disable the action on an empty board."""
        return None if self.board.charts else "The board has no charts; press a to add one"

    why_not_duplicate = why_not_delete = why_not_log = why_not_edit

    def why_not_move_back(self) -> str | None:
        """Return why the chart cannot be moved towards the start."""
        return self.why_not_edit() or (None if self._place else "This is the first chart")

    def why_not_move_forward(self) -> str | None:
        """Return why the chart cannot be moved towards the end."""
        last = self._place >= len(self.board.charts) - 1
        return self.why_not_edit() or ("This is the last chart" if last else None)

    def why_not_smooth(self) -> str | None:
        """Return why no chart can be smoothed and no x axis changed."""
        over = any(chart.against.over for chart in self.board.charts)
        return self.why_not_edit() or (None if over else "No chart shows values over steps or time")

    why_not_axis = why_not_smooth

    def do_edit(self) -> None:
        """Open the editor for the chart under the cursor."""
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
        """Insert a copy of the chart after it."""
        charts = list(self.board.charts)
        charts.insert(self._place + 1, charts[self._place])
        self._with_charts(charts)

    async def do_delete(self) -> None:
        """Delete the chart after a confirmation."""
        title = self.board.titles[self._place]
        if await self.launchpad.ask(
            ConfirmDialog(f"Delete chart {title!r} from the board?", yes="delete")
        ):
            self._with_charts(
                [each for place, each in enumerate(self.board.charts) if place != self._place]
            )

    def _move(self, by: int) -> None:
        charts = list(self.board.charts)
        place, other = self._place, self._place + by
        charts[place], charts[other] = charts[other], charts[place]
        self.query_one(BoardView).cursor = other
        self._with_charts(charts)

    def do_move_back(self) -> None:
        """Move the chart one place towards the start of the board."""
        self._move(-1)

    def do_move_forward(self) -> None:
        """Move the chart one place towards the end of the board."""
        self._move(1)

    # Actions --------------------------------------------------------------------------------------

    @on(Legend.Changed)
    def legend_changed(self, event: Legend.Changed) -> None:
        """Apply a change that the user made in the legend."""
        if event.what == "open":
            self.open_subject(event.item_id)
            return
        self.change_selection(event.what, event.item_id)
        self.query_one(Legend).set_entries(self.legend_entries())
        self.repaint_frame()
        self.draw_now()

    @on(BoardView.Opened)
    def chart_opened(self, event: BoardView.Opened) -> None:
        """Show the chart in full screen."""
        self.launchpad.open(
            "chart",
            item_ids=self.selected.ids,
            charts=self.board.charts,
            index=event.index,
            selected=self.selected,
            changed=self._restyle,
        )

    def do_selection(self) -> None:
        """Move the focus between the legend and the charts."""
        legend, board = self.query_one(Legend), self.query_one(BoardView)
        if legend.has_focus:
            board.focus()
            self._fit()
        else:
            legend.display = True
            legend.focus()

    def do_compare(self) -> None:
        """Open the comparison of the selection."""
        self.launchpad.open("compare", item_ids=self.selected.ids)

    def do_smooth(self) -> None:
        """Switch all charts to the next level of smoothing."""
        charts = self.board.charts
        now = next(view_of(chart) for chart in charts if chart.against.over)
        weight = now.next_smoothing().smoothing
        self._restyle(
            [replace(chart, smoothing=weight) if chart.against.over else chart for chart in charts]
        )
        self.launchpad.say(f"Smoothing {weight:g}" if weight else "No smoothing")

    def do_axis(self) -> None:
        """Switch all x axes between steps, relative and wall time."""
        charts = self.board.charts
        now = next(view_of(chart) for chart in charts if chart.against.over)
        against = Against(now.next_x_kind().x_kind)
        self._restyle(
            [replace(chart, against=against) if chart.against.over else chart for chart in charts]
        )
        self.launchpad.say(f"x axis: {X_AXES[str(against)]}")

    def do_log(self) -> None:
        """Switch all y axes to logarithmic, or to linear if all are logarithmic."""
        charts = self.board.charts
        log = not all(chart.y_log for chart in charts)
        self._restyle([replace(chart, y_log=log) for chart in charts])
        self.launchpad.say("Logarithmic y axes" if log else "Linear y axes")

    def do_columns(self) -> None:
        """Switch to the next number of charts per row: as many as fit, then 1 to 4."""
        columns = (self.board.columns + 1) % 5
        board = replace(self.board, columns=columns)
        if self.saved:
            self.change_board(board)
        else:
            self.board = board
            self.draw_now()
        self.launchpad.say(
            f"Charts per row: {columns}" if columns else "Charts per row: as many as fit"
        )

    def on_resize(self, _event: events.Resize) -> None:
        """Narrow or hide the legend in narrow terminals."""
        self._fit()

    def _fit(self) -> None:
        legend = self.query_one(Legend)
        width = self.app.size.width
        legend.set_class(width < LEGEND_WIDE_FROM, "narrow")
        legend.display = legend.has_focus or width >= LEGEND_FROM
