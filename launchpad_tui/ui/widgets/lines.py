"""A widget for lines of styled text, with scrolling and an optional cursor line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.strip import Strip

from launchpad_tui.domain.text import cell_width, safe_text
from launchpad_tui.ui.keymap import Action
from launchpad_tui.ui.text import LineBuilder
from launchpad_tui.ui.widgets.painted import Painted

#: a line: texts with their roles
Parts = Sequence[tuple[str, str]]
#: cells that a key scrolls to the left or right
SIDEWAYS = 16


class Lines(Painted):
    """Scrollable lines.

    Set them with `set_lines`, or override `line_count` and `parts`. If ``with_cursor`` is true,
    keys move a cursor line and the view follows it.
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
        #: cells that are scrolled out on the left
        self.left = 0
        self.empty = empty
        self._lines: Sequence[Parts] = ()

    def set_lines(self, lines: Sequence[Parts]) -> None:
        """Show other lines and keep the scroll position."""
        self._lines = lines
        self.clamp()
        self.repaint()

    def line_count(self) -> int:
        """Return the number of lines."""
        return len(self._lines)

    def parts(self, number: int) -> Parts:
        """Return the texts of a line with their roles."""
        return self._lines[number]

    def clamp(self) -> None:
        """Limit scroll position and cursor to the existing lines."""
        count, high = self.line_count(), max(1, self.size.height)
        self.cursor = max(0, min(self.cursor, count - 1))
        self.top = max(0, min(self.top, count - high))

    def scroll_by(self, by: int) -> None:
        """Move the cursor, or the view if there is no cursor, by some lines."""
        if not self.with_cursor:
            self.show_from(self.top + by)
            return
        before, top, high = self.cursor, self.top, max(1, self.size.height)
        self.cursor = max(0, min(self.cursor + by, self.line_count() - 1))
        if self.cursor < top:
            self.top = self.cursor
        elif self.cursor >= top + high:
            self.top = self.cursor - high + 1
        self.clamp()
        if self.top == top:
            self.repaint_lines((before - top, self.cursor - top))
        else:
            self.repaint()
        self.cursor_moved()

    def show_from(self, top: int) -> None:
        """Scroll so that a line is the first in view."""
        self.top = top
        self.clamp()
        self.repaint()

    def cursor_moved(self) -> None:
        """React to a move of the cursor; subclasses override this."""

    def paint_line(self, y: int, width: int) -> Strip:
        """Return a line, or the text for an empty list."""
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
        """Return the visible part of a line, with a mark at the edge if it continues."""
        more, strip = line.used > self.left + width, line.strip()
        if not more:
            return strip.crop(self.left, self.left + width)
        mark = (
            LineBuilder(1, self.look.style("faint", cursor=at)).add(self.look.glyphs.right).strip()
        )
        return Strip.join([strip.crop(self.left, self.left + width - 1), mark])

    def on_resize(self, _event: events.Resize) -> None:
        """Limit the scroll position to the new height."""
        self.clamp()

    def focus_changed(self) -> None:
        """Paint the cursor line, which is highlighted while the widget has the focus."""
        self.repaint_lines((self.cursor - self.top,))

    def do_down(self) -> None:
        """Move one line down."""
        self.scroll_by(1)

    def do_up(self) -> None:
        """Move one line up."""
        self.scroll_by(-1)

    def do_left(self) -> None:
        """Scroll to the left."""
        self._shift(-SIDEWAYS)

    def do_right(self) -> None:
        """Scroll to the right."""
        self._shift(SIDEWAYS)

    def _shift(self, by: int) -> None:
        self.left = max(0, min(self.left + by, self.widest() - self.size.width))
        self.repaint()

    def widest(self) -> int:
        """Return the width of the longest line in view, in cells."""
        shown = range(self.top, min(self.top + max(1, self.size.height), self.line_count()))
        return max(
            (
                sum(cell_width(safe_text(text)) for text, _ in self.parts(number))
                for number in shown
            ),
            default=0,
        )

    def do_page_down(self) -> None:
        """Move one page down."""
        self.scroll_by(max(1, self.size.height - 1))

    def do_page_up(self) -> None:
        """Move one page up."""
        self.scroll_by(-max(1, self.size.height - 1))

    def do_first(self) -> None:
        """Move to the top."""
        self.scroll_by(-self.line_count())

    def do_last(self) -> None:
        """Move to the end."""
        self.scroll_by(self.line_count())

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Scroll three lines down."""
        event.stop()
        self.scroll_by(3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Scroll three lines up."""
        event.stop()
        self.scroll_by(-3)

    def on_click(self, event: events.Click) -> None:
        """Move the cursor to the clicked line."""
        if self.with_cursor and self.top + event.y < self.line_count():
            self.scroll_by(self.top + event.y - self.cursor)
