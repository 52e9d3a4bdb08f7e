"""Charts in a grid that fits the terminal, one of them under the cursor; scrolled by whole rows of charts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.message import Message
from textual.strip import Strip

from launchpad_tui.charts.model import Drawing
from launchpad_tui.domain.text import cell_width, clip
from launchpad_tui.ui.keymap import Action
from launchpad_tui.ui.text import LineBuilder
from launchpad_tui.ui.widgets.chart_view import add_spans
from launchpad_tui.ui.widgets.painted import Painted

#: cells of a chart: a grid has as many columns and rows as leave each of them so much
LEAST_WIDTH, LEAST_HEIGHT = 38, 10
_GAP = 2
#: shorter pieces of a note say nothing
_LEAST_NOTE = 12


@dataclass(frozen=True, slots=True)
class Panel:
    """A chart of the board: its title, words at the right end of the title's line (such as what could not be drawn),
    and its drawing, None while it is drawn; ``empty`` then says why there is none."""

    title: str
    note: str = ""
    drawing: Drawing | None = None
    empty: str = ""


def grid(width: int, height: int, count: int, columns: int = 0) -> tuple[int, int]:
    """How many of ``count`` charts stand side by side, and how many rows of them show, in so many cells.

    Args:
        columns: how many are wanted side by side; 0 is as square as can be with the most charts in view.
    """
    across = max(1, (width + _GAP) // (LEAST_WIDTH + _GAP))
    fitting = max(1, height // LEAST_HEIGHT)
    if columns:
        across = min(columns, across)
    else:
        across = min(across, 4)
        # Four charts stand two by two even where four would fit side by side.
        across = next((n for n in range(1, across) if n * min(fitting, max(n, 1)) >= count), across)
    across = max(1, min(across, max(1, count)))
    return across, max(1, min(fitting, -(-count // across)))


class BoardView(Painted):
    """The grid. Charts are numbered from 0 in reading order; those `in_view` want drawings of `chart_size`."""

    can_focus = True
    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action(
            "board.right",
            "right l",
            "right",
            "Move to the chart on the right",
            "Board",
            hidden=True,
        ),
        Action(
            "board.left", "left h", "left", "Move to the chart on the left", "Board", hidden=True
        ),
        Action("board.down", "down j", "down", "Move to the chart below", "Board", hidden=True),
        Action("board.up", "up k", "up", "Move to the chart above", "Board", hidden=True),
        Action(
            "board.page-down",
            "pagedown ctrl+f",
            "page down",
            "Move one page of charts down",
            "Board",
            hidden=True,
        ),
        Action(
            "board.page-up",
            "pageup ctrl+b",
            "page up",
            "Move one page of charts up",
            "Board",
            hidden=True,
        ),
        Action("board.first", "home g", "first", "Move to the first chart", "Board", hidden=True),
        Action("board.last", "end G", "last", "Move to the last chart", "Board", hidden=True),
        Action(
            "board.open",
            "enter",
            "full screen",
            "Open the chart alone to read, zoom and smooth it",
            "Board",
            1,
        ),
    )

    class Wanted(Message):
        """Other charts are in view, or their size changed: draw them."""

        def __init__(self, view: BoardView) -> None:
            super().__init__()
            self.view = view

    class Opened(Message):
        """Enter on a chart."""

        def __init__(self, view: BoardView, index: int) -> None:
            super().__init__()
            self.view, self.index = view, index

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.panels: tuple[Panel, ...] = ()
        self.columns = 0
        self.cursor = 0
        self.top = 0
        self.empty = ""
        self._laid_out: tuple[tuple[int, ...], tuple[int, int]] = ((), (1, 1))

    # Geometry -------------------------------------------------------------------------------------

    @property
    def across(self) -> int:
        """Charts side by side."""
        return self._grid()[0]

    @property
    def down(self) -> int:
        """Rows of charts in view."""
        return self._grid()[1]

    def _grid(self) -> tuple[int, int]:
        known = (self.size.width, self.size.height, len(self.panels), self.columns)
        if self._laid_out[0] != known:
            self._laid_out = (known, grid(*known))
        return self._laid_out[1]

    def chart_size(self) -> tuple[int, int]:
        """Width and height of a drawing, in cells."""
        across, down = self.across, self.down
        width = (self.size.width - _GAP * (across - 1)) // across
        return max(1, width), max(1, self.size.height // down - 1)

    def in_view(self) -> range:
        """The numbers of the charts in view."""
        return range(
            self.top * self.across, min(len(self.panels), (self.top + self.down) * self.across)
        )

    # State ----------------------------------------------------------------------------------------

    def set_panels(self, panels: Sequence[Panel], columns: int = 0, empty: str = "") -> None:
        """Show these charts; cursor and view stay where they can."""
        self.panels = tuple(panels)
        self.columns = columns
        self.empty = empty
        self.cursor = max(0, min(self.cursor, len(self.panels) - 1))
        self._show()
        self.repaint()

    def set_panel(self, index: int, panel: Panel) -> None:
        """Change one of them."""
        if 0 <= index < len(self.panels):
            self.panels = (*self.panels[:index], panel, *self.panels[index + 1 :])

    def _show(self) -> bool:
        row = self.cursor // self.across
        rows = -(-len(self.panels) // self.across) if self.panels else 1
        top = min(max(self.top, row - self.down + 1), row)
        top = max(0, min(top, rows - self.down))
        changed = top != self.top
        self.top = top
        return changed

    def move_to(self, index: int) -> None:
        """Put the cursor on a chart."""
        index = max(0, min(index, len(self.panels) - 1))
        if index != self.cursor:
            self.cursor = index
            scrolled = self._show()
            self.repaint()
            if scrolled:
                self.post_message(self.Wanted(self))

    # Lines ----------------------------------------------------------------------------------------

    def paint_line(self, y: int, width: int) -> Strip:
        """A line through all charts of a row."""
        look = self.look
        line = LineBuilder(width, look.style("text"))
        if not self.panels:
            lines = self.empty.split("\n")
            place = y - (self.size.height - len(lines)) // 2
            if 0 <= place < len(lines):
                line.fill_to(max(0, (width - len(lines[place])) // 2))
                line.add(lines[place], look.style("strong" if place == 0 else "dim"))
            return line.strip()
        wide, high = self.chart_size()
        across, down = self._grid()
        row, inside = divmod(y, high + 1)
        if row >= down:
            return line.strip()
        for column in range(across):
            index = (self.top + row) * across + column
            start = column * (wide + _GAP)
            line.fill_to(start)
            if index < len(self.panels):
                if inside == 0:
                    self._title(line, index, start + wide)
                else:
                    self._chart(line, self.panels[index], inside - 1, wide, high)
            line.fill_to(start + wide)
        return line.strip()

    def _title(self, line: LineBuilder, index: int, stop: int) -> None:
        look = self.look
        panel = self.panels[index]
        here = index == self.cursor and self.has_focus
        glyphs = look.glyphs
        line.add(glyphs.cursor if index == self.cursor else " ", look.style("accent"))
        room = max(4, stop - line.used - 2)
        left = room - cell_width(panel.title) - 6
        note = clip(panel.note, left, glyphs.ellipsis) if left >= _LEAST_NOTE else ""
        title = clip(panel.title, room - (cell_width(note) + 2 if note else 0), glyphs.ellipsis)
        line.add(f"{title} ", look.style("title" if here else "strong"))
        if note:
            line.fill_to(stop - cell_width(note) - 1, look.style("faint"), glyphs.rule).add(
                f" {note}", look.style("dim")
            )
        else:
            line.fill_to(stop, look.style("accent" if here else "faint"), glyphs.rule)

    def _chart(self, line: LineBuilder, panel: Panel, y: int, wide: int, high: int) -> None:
        if panel.drawing is None:
            if y == high // 2:
                text = clip(panel.empty, wide, self.look.glyphs.ellipsis)
                line.fill_to(line.used + (wide - len(text)) // 2).add(text, self.look.style("dim"))
        elif y < len(panel.drawing.lines):
            add_spans(line, panel.drawing.lines[y], self.look)

    def on_resize(self, _event: events.Resize) -> None:
        """Ask for drawings that fit."""
        self._strips.clear()
        self._show()
        self.post_message(self.Wanted(self))

    # Keys and mouse -------------------------------------------------------------------------------

    def do_right(self) -> None:
        """Key ``right``."""
        self.move_to(self.cursor + 1)

    def do_left(self) -> None:
        """Key ``left``."""
        self.move_to(self.cursor - 1)

    def do_down(self) -> None:
        """Key ``down``."""
        if self.cursor + self.across < len(self.panels):
            self.move_to(self.cursor + self.across)
        elif self.cursor // self.across < (len(self.panels) - 1) // self.across:
            self.move_to(len(self.panels) - 1)

    def do_up(self) -> None:
        """Key ``up``."""
        if self.cursor >= self.across:
            self.move_to(self.cursor - self.across)

    def do_page_down(self) -> None:
        """Key ``pagedown``."""
        self.move_to(self.cursor + self.across * self.down)

    def do_page_up(self) -> None:
        """Key ``pageup``."""
        self.move_to(self.cursor - self.across * self.down)

    def do_first(self) -> None:
        """Key ``home``."""
        self.move_to(0)

    def do_last(self) -> None:
        """Key ``end``."""
        self.move_to(len(self.panels) - 1)

    def why_not_open(self) -> str | None:
        """There has to be one."""
        return None if self.panels else "There is no chart"

    def do_open(self) -> None:
        """Key ``enter``."""
        self.post_message(self.Opened(self, self.cursor))

    def on_click(self, event: events.Click) -> None:
        """The cursor goes there; on its own chart enter."""
        wide, high = self.chart_size()
        row, column = event.y // (high + 1), event.x // (wide + _GAP)
        index = (self.top + row) * self.across + column
        if column < self.across and index < len(self.panels):
            if index == self.cursor:
                self.do_open()
            self.move_to(index)

    def on_mouse_scroll_down(self) -> None:
        """A row of charts down."""
        self.do_down()

    def on_mouse_scroll_up(self) -> None:
        """A row of charts up."""
        self.do_up()
