"""A pane beside a list that shows what the row under the cursor contains."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual import events
from textual.strip import Strip

from launchpad_tui.domain.text import clip
from launchpad_tui.ui.text import LineBuilder
from launchpad_tui.ui.widgets.lines import Parts
from launchpad_tui.ui.widgets.painted import Painted

#: returns the lines for a width and a height in cells
BuildLines = Callable[[int, int], Sequence[Parts]]
#: cells of the line on the left, and of the margins beside the content
_RULE, _MARGIN = 1, 1
#: the smallest width of a screen with a pane, and the limits of the width of the pane
LEAST_SCREEN = 110
_SHARE, _LEAST, _MOST = 0.4, 44, 84


def pane_width(screen_width: int) -> int:
    """Return the width of a pane in cells, 0 if the screen is too narrow for one."""
    if screen_width < LEAST_SCREEN:
        return 0
    return max(_LEAST, min(_MOST, round(screen_width * _SHARE)))


class PreviewPane(Painted):
    """Lines about one object, under its title. The mouse wheel scrolls them."""

    DEFAULT_CSS = "PreviewPane { height: 1fr; }"

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        #: identifies the object that is shown; empty if there is none
        self.key = ""
        #: whether the content was erased because the list scrolls
        self.blanked = False
        self._title = ""
        self._build: BuildLines | None = None
        self._lines: Sequence[Parts] = ()
        self._top = 0

    def show(self, key: str, title: str, build: BuildLines) -> None:
        """Show an object.

        Args:
            key: identifies the object; the scroll position is kept as long as it is the same.
            title: the first line.
            build: returns the other lines.
        """
        if key != self.key:
            self._top = 0
        self.key, self._title, self._build, self.blanked = key, title, build, False
        self._rebuild()

    def blank(self) -> None:
        """Show the title alone, until another object is shown.

        A terminal scrolls whole lines: when the list beside the pane scrolls, lines of the pane
        would have to be written again although they are about to be replaced.
        """
        if self._lines:
            self._lines, self._build, self.blanked = (), None, True
            self.repaint()

    def clear(self) -> None:
        """Show nothing."""
        self.key, self._title, self._build, self._lines, self._top = "", "", None, (), 0
        self.blanked = False
        self.repaint()

    @property
    def lines_high(self) -> int:
        """The number of lines below the title that are in view."""
        return max(0, self.size.height - 1)

    def _rebuild(self) -> None:
        room = self.size.width - _RULE - 2 * _MARGIN
        if self._build is not None and room > 0:
            self._lines = tuple(self._build(room, self.lines_high))
        self._top = max(0, min(self._top, len(self._lines) - self.lines_high))
        self.repaint()

    def paint_line(self, y: int, width: int) -> Strip:
        """Return the title or a line of the content, right of a vertical line."""
        look = self.look
        line = LineBuilder(width, look.style("text"))
        line.add("|" if look.glyphs.ascii else "│", look.style("line"), safe=True)
        line.add(" " * _MARGIN)
        stop = width - _MARGIN
        if y == 0:
            title = clip(self._title, max(0, stop - line.used), look.glyphs.ellipsis)
            line.add(title, look.style("title"), safe=True)
            return line.strip()
        number = self._top + y - 1
        if number < len(self._lines):
            for text, role in self._lines[number]:
                line.add(text, look.style(role))
        hidden = len(self._lines) - self._top - self.lines_high
        if hidden > 0 and y == self.size.height - 1:
            line = LineBuilder(width, look.style("text"))
            line.add("|" if look.glyphs.ascii else "│", look.style("line"), safe=True)
            more = f"{look.glyphs.ellipsis} {hidden + 1} more lines"
            line.add(" " * _MARGIN).add(more, look.style("faint"))
        return line.strip()

    def on_resize(self, _event: events.Resize) -> None:
        """Build the lines for the new width."""
        self._rebuild()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Scroll three lines down."""
        event.stop()
        self._scroll(3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Scroll three lines up."""
        event.stop()
        self._scroll(-3)

    @property
    def fits(self) -> bool:
        """Whether the whole content is in view."""
        return len(self._lines) <= self.lines_high

    def scroll_by_half(self, direction: int) -> None:
        """Scroll half of the height down (1) or up (-1)."""
        self._scroll(direction * max(1, self.lines_high // 2))

    def _scroll(self, by: int) -> None:
        self._top = max(0, min(self._top + by, len(self._lines) - self.lines_high))
        self.repaint()
