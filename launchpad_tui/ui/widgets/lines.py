"""A widget over lines of styled text: scrolls, marks a cursor line where it has one, copies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.strip import Strip

from launchpad_tui.domain.text import cell_width, safe_text
from launchpad_tui.ui.keymap import Action
from launchpad_tui.ui.text import LineBuilder
from launchpad_tui.ui.widgets.painted import Painted

#: one line: texts, each with a role of the theme
Parts = Sequence[tuple[str, str]]
#: cells that a key scrolls sideways
SIDEWAYS = 16


class Lines(Painted):
    """Lines to scroll through. Subclasses give `line_count` and `parts`; or use `set_lines`.

    ``with_cursor`` gives one line the cursor: keys move it, and the view follows.
    """

    can_focus = True
    with_cursor = False
    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("lines.down", "down j", "down", "Move one line down", "Moving", hidden=True),
        Action("lines.up", "up k", "up", "Move one line up", "Moving", hidden=True),
        Action(
            "lines.page-down",
            "pagedown ctrl+f",
            "page down",
            "Move one page down",
            "Moving",
            hidden=True,
        ),
        Action(
            "lines.page-up", "pageup ctrl+b", "page up", "Move one page up", "Moving", hidden=True
        ),
        Action("lines.first", "home g", "first", "Move to the top", "Moving", hidden=True),
        Action("lines.last", "end G", "last", "Move to the end", "Moving", hidden=True),
        Action("lines.left", "left h", "left", "Scroll to the left", "Moving", hidden=True),
        Action("lines.right", "right l", "right", "Scroll to the right", "Moving", hidden=True),
    )

    def __init__(self, *, empty: str = "", id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.top = 0
        self.cursor = 0
        #: cells that are scrolled out to the left
        self.left = 0
        self.empty = empty
        self._lines: Sequence[Parts] = ()

    def set_lines(self, lines: Sequence[Parts]) -> None:
        """Show these lines; the place scrolled to stays."""
        self._lines = lines
        self.clamp()
        self.repaint()

    def line_count(self) -> int:
        """How many lines there are."""
        return len(self._lines)

    def parts(self, number: int) -> Parts:
        """A line's texts with their roles."""
        return self._lines[number]

    def clamp(self) -> None:
        """Keep view and cursor within the lines."""
        count, high = self.line_count(), max(1, self.size.height)
        self.cursor = max(0, min(self.cursor, count - 1))
        self.top = max(0, min(self.top, count - high))

    def scroll_by(self, by: int) -> None:
        """Move the cursor where there is one, else the view."""
        if not self.with_cursor:
            self.show_from(self.top + by)
            return
        before, top, high = self.cursor, self.top, max(1, self.size.height)
        self.cursor = max(0, min(self.cursor + by, self.line_count() - 1))
        if self.cursor < top:
            self.top = max(0, self.cursor - high // 3)
        elif self.cursor >= top + high:
            self.top = self.cursor - high + 1 + (high // 3 if by == 1 else 0)
        self.clamp()
        if self.top == top:
            self.repaint_lines((before - top, self.cursor - top))
        else:
            self.repaint()
        self.cursor_moved()

    def show_from(self, top: int) -> None:
        """Scroll to a line."""
        self.top = top
        self.clamp()
        self.repaint()

    def cursor_moved(self) -> None:
        """Called after the cursor moved."""

    def paint_line(self, y: int, width: int) -> Strip:
        """One line, or in the middle of nothing the words for it."""
        look = self.look
        number = self.top + y
        at = self.with_cursor and number == self.cursor and self.has_focus
        line = LineBuilder(width, look.style("text", cursor=at))
        if number < self.line_count():
            line = LineBuilder(self.left + width + 1, line.base)
            for text, role in self.parts(number):
                line.add(text, look.style(role, cursor=at))
            return self._window(line, width, at=at)
        if not self.line_count() and y == min(2, self.size.height - 1):
            line.add("  " + self.empty, look.style("dim"))
        return line.strip()

    def _window(self, line: LineBuilder, width: int, *, at: bool) -> Strip:
        """The part of a line that is scrolled to; a mark at the edge where more follows."""
        more, strip = line.used > self.left + width, line.strip()
        if not more:
            return strip.crop(self.left, self.left + width)
        mark = (
            LineBuilder(1, self.look.style("faint", cursor=at)).add(self.look.glyphs.right).strip()
        )
        return Strip.join([strip.crop(self.left, self.left + width - 1), mark])

    def on_resize(self, _event: events.Resize) -> None:
        """The view may be higher than what is left."""
        self.clamp()

    def focus_changed(self) -> None:
        """The cursor's line is bright while this has the focus."""
        self.repaint_lines((self.cursor - self.top,))

    def do_down(self) -> None:
        """Key ``down``."""
        self.scroll_by(1)

    def do_up(self) -> None:
        """Key ``up``."""
        self.scroll_by(-1)

    def do_left(self) -> None:
        """Key ``left``."""
        self._shift(-SIDEWAYS)

    def do_right(self) -> None:
        """Key ``right``."""
        self._shift(SIDEWAYS)

    def _shift(self, by: int) -> None:
        self.left = max(0, min(self.left + by, self.widest() - self.size.width))
        self.repaint()

    def widest(self) -> int:
        """Cells of the longest line that shows."""
        shown = range(self.top, min(self.top + max(1, self.size.height), self.line_count()))
        return max(
            (
                sum(cell_width(safe_text(text)) for text, _ in self.parts(number))
                for number in shown
            ),
            default=0,
        )

    def do_page_down(self) -> None:
        """Key ``pagedown``."""
        self.scroll_by(max(1, self.size.height - 1))

    def do_page_up(self) -> None:
        """Key ``pageup``."""
        self.scroll_by(-max(1, self.size.height - 1))

    def do_first(self) -> None:
        """Key ``home``."""
        self.scroll_by(-self.line_count())

    def do_last(self) -> None:
        """Key ``end``."""
        self.scroll_by(self.line_count())

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """The wheel."""
        event.stop()
        self.scroll_by(3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """The wheel."""
        event.stop()
        self.scroll_by(-3)

    def on_click(self, event: events.Click) -> None:
        """The cursor goes where the mouse is."""
        if self.with_cursor and self.top + event.y < self.line_count():
            self.scroll_by(self.top + event.y - self.cursor)
