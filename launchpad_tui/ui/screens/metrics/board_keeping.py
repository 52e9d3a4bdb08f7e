"""Boards of charts: changed, kept, chosen, copied, taken along."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from launchpad_tui.domain.board import MOST_CHARTS, Board, ChartDefinition
from launchpad_tui.errors import Conflict
from launchpad_tui.services.charting import proposed
from launchpad_tui.ui.keymap import Action
from launchpad_tui.ui.screens.metrics.selection import SelectionScreen
from launchpad_tui.ui.widgets.board_view import BoardView
from launchpad_tui.ui.widgets.dialogs import Choice, ChooseDialog, ConfirmDialog, PromptDialog

#: the board that a first change makes
_FIRST = "My board"
PROPOSED = "All metrics"


class BoardKeeping(SelectionScreen):
    """What the metrics screen does with boards. A board that nobody made (`PROPOSED`) becomes one of the user's own
    with the first change; changes of those are kept at once."""

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("board.add", "n", "add chart", "Add a chart to the board.", "Board", 4),
        Action("board.edit", "e", "edit chart", "Edit the chart under the cursor.", "Board"),
        Action("board.duplicate", "u", "duplicate", "Put a copy of the chart behind it.", "Board"),
        Action("board.delete", "D", "delete chart", "Take the chart off the board.", "Board"),
        Action(
            "board.earlier",
            "shift+left K",
            "move chart back",
            "Move the chart towards the first.",
            "Board",
        ),
        Action(
            "board.later",
            "shift+right J",
            "move chart on",
            "Move the chart towards the last.",
            "Board",
        ),
        Action(
            "board.boards",
            "B",
            "boards",
            "Open, copy, rename, export, import or delete boards.",
            "Board",
            9,
        ),
    )

    board = Board(PROPOSED)
    #: whether the board is one of the user's
    kept = False

    @property
    def _place(self) -> int:
        return self.query_one(BoardView).cursor

    def redraw(self) -> None:
        """Show the board as it is now; the metrics screen does it."""

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
        self.redraw()
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
                f"Kept as the board {name!r}; B opens, renames and exports boards", "good"
            )
        await self.read(desk.boards.save, scope, self.board)
        self.repaint_frame()

    def _with_charts(self, charts: list[ChartDefinition]) -> None:
        self.change_board(replace(self.board, charts=tuple(charts)))

    # Charts ---------------------------------------------------------------------------------------------------------

    def why_not_add(self) -> str | None:
        """A board has a bound."""
        if not self.selected.ids:
            return "Select models or executions first"
        return (
            None
            if len(self.board.charts) < MOST_CHARTS
            else f"A board has at most {MOST_CHARTS} charts"
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
        return None if self.board.charts else "The board has no chart; n adds one"

    why_not_duplicate = why_not_delete = why_not_earlier = why_not_later = why_not_edit

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
            ConfirmDialog(f"Take {chart.title!r} off the board?", yes="delete")
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

    def do_earlier(self) -> None:
        """Key ``K``."""
        self._move(-1)

    def do_later(self) -> None:
        """Key ``J``."""
        self._move(1)

    # Boards ---------------------------------------------------------------------------------------------------------

    async def do_boards(self) -> None:
        """Key ``B``."""
        desk, scope = self.desk, self.scope
        names = await self.read(desk.boards.names, scope)
        here = "shown now"
        choices = [
            Choice(
                "open/",
                PROPOSED,
                here if not self.kept else "a chart for each metric that was logged",
            )
        ]
        choices += [
            Choice(f"open/{name}", name, here if self.kept and name == self.board.name else "open")
            for name in names
        ]
        mine = "" if self.kept else "Change something first: then the board is yours"
        choices += [
            Choice("", "This board"),
            Choice("copy", "Copy …", "keep this board under a name"),
            Choice("rename", "Rename …", "", mine),
            Choice("export", "Export …", "into a file"),
            Choice("import", "Import …", "from a file"),
            Choice("delete", "Delete …", "", mine),
        ]
        picked = await self.launchpad.ask(ChooseDialog("Boards", choices))
        if not picked or not picked[0]:
            return
        what, slash, name = picked[0].partition("/")
        if slash:
            await self._open_board(name)
        else:
            await getattr(self, f"_{what}_board")()

    async def _open_board(self, name: str) -> None:
        desk, scope = self.desk, self.scope
        await self.read(desk.boards.show, scope, name)
        if name:
            self.board, self.kept = await self.read(desk.boards.get, scope, name), True
        else:
            self.board, self.kept = proposed(self.subjects, PROPOSED), False
        self.query_one(BoardView).cursor = 0
        self.redraw()
        self.repaint_frame()

    async def _copy_board(self) -> None:
        typed = await self.launchpad.ask(
            PromptDialog("Keep this board as", f"{self.board.name} copy")
        )
        if typed:
            await self.read(
                self.desk.boards.save,
                self.scope,
                replace(self.board, name=typed.strip()),
                replace=False,
            )
            await self._open_board(typed.strip())

    async def _rename_board(self) -> None:
        before = self.board.name
        typed = await self.launchpad.ask(PromptDialog("The board's name", before))
        if typed and typed.strip() != before:
            await self.read(
                self.desk.boards.save,
                self.scope,
                replace(self.board, name=typed.strip()),
                replace=False,
            )
            await self.read(self.desk.boards.delete, self.scope, before)
            await self._open_board(typed.strip())

    async def _delete_board(self) -> None:
        name = self.board.name
        question = ConfirmDialog(
            f"Delete the board {name!r}?", "Its charts are forgotten.", yes="delete", danger=True
        )
        if await self.launchpad.ask(question):
            await self.read(self.desk.boards.delete, self.scope, name)
            await self._open_board("")

    async def _export_board(self) -> None:
        start = "".join(char if char.isalnum() or char in "-_" else "-" for char in self.board.name)
        typed = await self.launchpad.ask(
            PromptDialog("Write the board into the file", f"{start}.board.json")
        )
        if not typed:
            return
        path = Path(typed)
        try:
            written = await self.launchpad.files(self.desk.boards.export, self.board, path)
        except Conflict as error:
            if not await self.launchpad.ask(
                ConfirmDialog(error.title, "It is replaced.", yes="replace")
            ):
                return
            written = await self.launchpad.files(
                self.desk.boards.export, self.board, path, overwrite=True
            )
        self.launchpad.say(f"Written to {written}", "good", 8)

    async def _import_board(self) -> None:
        typed = await self.launchpad.ask(
            PromptDialog("Read a board from the file", "", "A file that was exported")
        )
        if not typed:
            return
        board = await self.launchpad.files(self.desk.boards.read_file, Path(typed))
        names = await self.read(self.desk.boards.names, self.scope)
        if board.name in names:
            question = ConfirmDialog(
                f"Replace the board {board.name!r}?", "There is one of that name.", yes="replace"
            )
            if not await self.launchpad.ask(question):
                return
        await self.read(self.desk.boards.save, self.scope, board)
        await self._open_board(board.name)
        self.launchpad.say(f"Imported {board.name!r} with {len(board.charts)} charts", "good")
