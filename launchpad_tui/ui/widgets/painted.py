"""The base of widgets that paint lines."""

from __future__ import annotations

from collections.abc import Iterable

from textual import events
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from launchpad_tui.ui.actions import ActionOwner
from launchpad_tui.ui.theme import Look


def in_thumb(y: int, top: int, count: int, high: int) -> bool:
    """Return whether a line shows the mark of the scroll position.

    Args:
        y: the number of the line in view.
        top: the number of the first line in view.
        count: the number of all lines.
        high: the number of lines in view; there is no mark if it is less than three.
    """
    if count <= high or high < 3:
        return False
    size = max(1, high * high // count)
    start = round(top / max(1, count - high) * (high - size))
    return start <= y < start + size


class Painted(ActionOwner, Widget):
    """Base of widgets that paint their own lines.

    Subclasses implement `paint_line`, a pure function of their state without I/O. After a change of
    state, call `repaint`, which paints all lines and passes those that differ on to Textual, or
    `repaint_lines` for some lines.
    """

    DEFAULT_CSS = "Painted { height: 1fr; width: 1fr; }"

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self._strips: dict[int, Strip] = {}

    @property
    def look(self) -> Look:
        """The styles and glyphs of the theme."""
        return self.launchpad.look

    def paint_line(self, y: int, width: int) -> Strip:  # noqa: ARG002
        """Return line ``y``, counted from 0 at the top, exactly ``width`` cells wide."""
        return Strip.blank(width)

    def render_line(self, y: int) -> Strip:
        """Return a line to Textual, painted if it is not cached."""
        strip = self._strips.get(y)
        width = self.size.width
        if strip is None or strip.cell_length != width:
            strip = self._strips[y] = self.paint_line(y, width)
        return strip

    def repaint(self) -> None:
        """Paint all lines."""
        self.repaint_lines(range(self.size.height))

    def repaint_lines(self, lines: Iterable[int]) -> None:
        """Paint some lines."""
        width, height = self.size
        if not self.is_mounted or not width:
            return
        changed: list[Region] = []
        for y in lines:
            if not 0 <= y < height:
                continue
            strip = self.paint_line(y, width)
            if strip != self._strips.get(y):
                self._strips[y] = strip
                changed.append(Region(0, y, width, 1))
        if changed:
            self.refresh(*changed)

    def invalidate(self) -> None:
        """Discard all painted lines, for example after a change of theme."""
        self._strips.clear()
        self.refresh()

    def watch_has_focus(self, has_focus: bool) -> None:
        """Call `focus_changed`. The event ``Focus`` comes before ``has_focus`` changes."""
        super().watch_has_focus(has_focus)
        self.focus_changed()

    def focus_changed(self) -> None:
        """Paint the lines that depend on the focus; subclasses may restrict it to a few lines."""
        self.repaint()

    def on_resize(self, _event: events.Resize) -> None:
        """Paint all lines: some may have been painted for the former size after the resize."""
        self.repaint()
