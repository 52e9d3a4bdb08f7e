"""A widget that paints lines from its state and writes to the terminal only those whose content changed."""

from __future__ import annotations

from collections.abc import Iterable

from textual import events
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from launchpad_tui.ui.owner import ActionOwner
from launchpad_tui.ui.theme import Look


class Painted(ActionOwner, Widget):
    """Base of the kit's widgets. Subclasses implement `paint_line`, a pure function of their state, without I/O.

    After a change of state call `repaint` (all lines are painted again, those that differ are written) or
    `repaint_lines` (only these are looked at).
    """

    DEFAULT_CSS = "Painted { height: 1fr; width: 1fr; }"

    #: columns at the right edge that `repaint_lines` leaves out, such as a scroll mark that did not move
    quiet_edge = 0

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self._strips: dict[int, Strip] = {}

    @property
    def look(self) -> Look:
        """The theme's styles and glyphs."""
        return self.launchpad.look

    def paint_line(self, y: int, width: int) -> Strip:  # noqa: ARG002
        """The line ``y`` (0 is the top one), exactly ``width`` cells wide; a blank one unless a subclass says more."""
        return Strip.blank(width)

    def render_line(self, y: int) -> Strip:
        """Textual's line API."""
        strip = self._strips.get(y)
        width = self.size.width
        if strip is None or strip.cell_length != width:
            strip = self._strips[y] = self.paint_line(y, width)
        return strip

    def repaint(self) -> None:
        """Look at all lines; write those that changed."""
        self._compare(range(self.size.height), 0)

    def repaint_lines(self, lines: Iterable[int]) -> None:
        """Look at these lines; write those that changed."""
        self._compare(lines, self.quiet_edge)

    def invalidate(self) -> None:
        """Forget what was painted, as after a change of theme."""
        self._strips.clear()
        self.refresh()

    def _compare(self, lines: Iterable[int], edge: int) -> None:
        width, height = self.size
        if not self.is_mounted or not width:
            return
        changed: list[Region] = []
        for y in lines:
            if not 0 <= y < height:
                continue
            strip = self.paint_line(y, width)
            old = self._strips.get(y)
            if old is None or old.cell_length != width:
                self._strips[y] = strip
                changed.append(Region(0, y, width - edge, 1))
            elif span := changed_span(old, strip):
                self._strips[y] = strip
                start, stop = span[0], min(span[1], width - edge)
                if start < stop:
                    changed.append(Region(start, y, stop - start, 1))
        if changed:
            self.refresh(*changed)

    def on_resize(self, _event: events.Resize) -> None:
        """Everything is painted anew."""
        self._strips.clear()


def changed_span(old: Strip, new: Strip) -> tuple[int, int] | None:
    """Between which cells two lines of the same width differ, whole runs of style at a time; None where they are the
    same."""
    before, after = list(old), list(new)
    if before == after:
        return None
    start = 0
    for one, other in zip(before, after, strict=False):
        if one != other:
            break
        start += one.cell_length
    stop = new.cell_length
    for one, other in zip(reversed(before), reversed(after), strict=False):
        if one != other or stop - one.cell_length < start:
            break
        stop -= one.cell_length
    return start, max(stop, start + 1)
