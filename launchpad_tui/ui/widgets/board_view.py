"""A grid of charts that fits the terminal and scrolls by rows of charts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.message import Message
from textual.strip import Strip

from launchpad_tui.charts.model import Drawing
from launchpad_tui.domain.text import cell_width, clip, wrap
from launchpad_tui.records import record
from launchpad_tui.ui.keymap import Action
from launchpad_tui.ui.text import LineBuilder
from launchpad_tui.ui.widgets.chart_view import add_spans
from launchpad_tui.ui.widgets.painted import Painted

#: the smallest size of a chart in cells, which limits the columns and rows of the grid
LEAST_WIDTH, LEAST_HEIGHT = 38, 10
_GAP = 2
#: cells; a note that would have to be clipped to fewer is left out
_LEAST_NOTE = 12


@record
class Panel:
    """A chart of the board.

    Args:
        title: the title line.
        note: text at the right end of the title line, such as series that are missing.
        drawing: the chart; None while it is being drawn or if there is none.
        empty: shown instead of a missing drawing.
    """

    title: str
    note: str = ""
    drawing: Drawing | None = None
    empty: str = ""


def grid(width: int, height: int, count: int, columns: int = 0) -> tuple[int, int]:
    """Return the number of charts per row, and the number of rows in view.

    Args:
        width: cells.
        height: cells.
        count: the number of charts.
        columns: the preferred number of charts per row; 0 chooses the grid that shows most charts
            and is closest to a square.
    """
    across = max(1, (width + _GAP) // (LEAST_WIDTH + _GAP))
    fitting = max(1, height // LEAST_HEIGHT)
    if columns:
        across = min(columns, across)
    else:
        across = min(across, 4)
        # Four charts form two rows even if all of them fit into one.
        across = next((n for n in range(1, across) if n * min(fitting, max(n, 1)) >= count), across)
    across = max(1, min(across, max(1, count)))
    return across, max(1, min(fitting, -(-count // across)))


class BoardView(Painted):
    """The grid of charts, numbered from 0 in reading order.

    The charts `in_view` need drawings of `chart_size`.
    """

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

    class DrawingRequested(Message):
        """Other charts came into view, or their size changed: they have to be drawn."""

        def __init__(self, view: BoardView) -> None:
            super().__init__()
            self.view = view

    class Opened(Message):
        """The user opened a chart."""

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
        """The number of charts per row."""
        return self._grid()[0]

    @property
    def down(self) -> int:
        """The number of rows in view."""
        return self._grid()[1]

    def _grid(self) -> tuple[int, int]:
        known = (self.size.width, self.size.height, len(self.panels), self.columns)
        if self._laid_out[0] != known:
            self._laid_out = (known, grid(*known))
        return self._laid_out[1]

    def chart_size(self) -> tuple[int, int]:
        """Return the width and height of a drawing in cells."""
        across, down = self.across, self.down
        width = (self.size.width - _GAP * (across - 1)) // across
        return max(1, width), max(1, self.size.height // down - 1)

    def in_view(self) -> range:
        """Return the numbers of the charts in view."""
        return range(
            self.top * self.across, min(len(self.panels), (self.top + self.down) * self.across)
        )

    # State ----------------------------------------------------------------------------------------

    def set_panels(self, panels: Sequence[Panel], columns: int = 0, empty: str = "") -> None:
        """Show these charts and keep cursor and view if possible.

        Args:
            panels: the charts.
            columns: see `grid`.
            empty: the text shown if there are no charts.
        """
        self.panels = tuple(panels)
        self.columns = columns
        self.empty = empty
        self.cursor = max(0, min(self.cursor, len(self.panels) - 1))
        self._scroll_to_cursor()
        self.repaint()

    def set_panel(self, index: int, panel: Panel) -> None:
        """Replace one chart."""
        if 0 <= index < len(self.panels):
            self.panels = (*self.panels[:index], panel, *self.panels[index + 1 :])

    def _scroll_to_cursor(self) -> bool:
        """Bring the cursor into view, and return whether that scrolled."""
        row = self.cursor // self.across
        rows = -(-len(self.panels) // self.across) if self.panels else 1
        top = min(max(self.top, row - self.down + 1), row)
        top = max(0, min(top, rows - self.down))
        changed = top != self.top
        self.top = top
        return changed

    def move_to(self, index: int) -> None:
        """Move the cursor to a chart."""
        index = max(0, min(index, len(self.panels) - 1))
        if index != self.cursor:
            self.cursor = index
            scrolled = self._scroll_to_cursor()
            self.repaint()
            if scrolled:
                self.post_message(self.DrawingRequested(self))

    # Lines ----------------------------------------------------------------------------------------

    def paint_line(self, y: int, width: int) -> Strip:
        """Return a line across all charts of a row."""
        look = self.look
        line = LineBuilder(width, look.style("text"))
        if not self.panels:
            lines = [one for text in self.empty.split("\n") for one in wrap(text, max(10, width))]
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
        on_cursor = index == self.cursor and self.has_focus
        glyphs = look.glyphs
        line.add(glyphs.cursor if index == self.cursor else " ", look.style("accent"))
        room = max(4, stop - line.used - 2)
        left = room - cell_width(panel.title) - 6
        note = clip(panel.note, left, glyphs.ellipsis) if left >= _LEAST_NOTE else ""
        title = clip(panel.title, room - (cell_width(note) + 2 if note else 0), glyphs.ellipsis)
        line.add(f"{title} ", look.style("title" if on_cursor else "strong"))
        if note:
            line.fill_to(stop - cell_width(note) - 1, look.style("line"), glyphs.rule).add(
                f" {note}", look.style("dim")
            )
        else:
            line.fill_to(stop, look.style("accent" if on_cursor else "line"), glyphs.rule)

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
        self._scroll_to_cursor()
        self.post_message(self.DrawingRequested(self))

    # Keys and mouse -------------------------------------------------------------------------------

    def do_right(self) -> None:
        """Move to the chart on the right."""
        self.move_to(self.cursor + 1)

    def do_left(self) -> None:
        """Move to the chart on the left."""
        self.move_to(self.cursor - 1)

    def do_down(self) -> None:
        """Move to the chart below."""
        if self.cursor + self.across < len(self.panels):
            self.move_to(self.cursor + self.across)
        elif self.cursor // self.across < (len(self.panels) - 1) // self.across:
            self.move_to(len(self.panels) - 1)

    def do_up(self) -> None:
        """Move to the chart above."""
        if self.cursor >= self.across:
            self.move_to(self.cursor - self.across)

    def do_page_down(self) -> None:
        """Move one page of charts down."""
        self.move_to(self.cursor + self.across * self.down)

    def do_page_up(self) -> None:
        """Move one page of charts up."""
        self.move_to(self.cursor - self.across * self.down)

    def do_first(self) -> None:
        """Move to the first chart."""
        self.move_to(0)

    def do_last(self) -> None:
        """Move to the last chart."""
        self.move_to(len(self.panels) - 1)

    def why_not_open(self) -> str | None:
        """Return why no chart can be opened."""
        return None if self.panels else "There is no chart to open"

    def do_open(self) -> None:
        """Open the chart alone to read, zoom and smooth it."""
        self.post_message(self.Opened(self, self.cursor))

    def on_click(self, event: events.Click) -> None:
        """Move the cursor to the clicked chart; open the chart that has the cursor."""
        wide, high = self.chart_size()
        row, column = event.y // (high + 1), event.x // (wide + _GAP)
        index = (self.top + row) * self.across + column
        if column < self.across and index < len(self.panels):
            if index == self.cursor:
                self.do_open()
            self.move_to(index)

    def on_mouse_scroll_down(self) -> None:
        """Move one row of charts down."""
        self.do_down()

    def on_mouse_scroll_up(self) -> None:
        """Move one row of charts up."""
        self.do_up()
