"""A widget that paints lines from its state and writes to the terminal only those whose content changed."""

from __future__ import annotations

from collections.abc import Iterable

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from launchpad_tui.domain.text import cell_width
from launchpad_tui.ui.actions import ActionOwner
from launchpad_tui.ui.theme import Look

#: cells between two changes of a line that are written with them
_NEAR = 12


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
            elif spans := changed_spans(old, strip):
                self._strips[y] = strip
                changed += [
                    Region(start, y, min(stop, width - edge) - start, 1)
                    for start, stop in spans
                    if start < width - edge
                ]
        if changed:
            self.refresh(*changed)

    def watch_has_focus(self, has_focus: bool) -> None:
        """Paint again what depends on the focus.

        At the time of the event ``Focus`` the attribute still has its old value.
        """
        super().watch_has_focus(has_focus)
        self.focus_changed()

    def focus_changed(self) -> None:
        """Paint what looks different with the focus; subclasses may restrict it to a few lines."""
        self.repaint()

    def on_resize(self, _event: events.Resize) -> None:
        """What was painted for another size is looked at again: a line may show before its widget hears of it."""
        self.repaint()


def changed_spans(old: Strip, new: Strip) -> list[tuple[int, int]]:
    """Between which cells two lines of the same width differ; short stretches between changes, which cost more to jump
    over than to write, count as changed."""
    before, after = list(old), list(new)
    if before == after:
        return []
    was, now = _cells(before), _cells(after)
    spans: list[tuple[int, int]] = []
    for place, (one, other) in enumerate(zip(was, now, strict=True)):
        if one == other:
            continue
        start, stop = place, place + 1
        # Wide characters are written whole.
        while start and not (was[start][0] and now[start][0]):
            start -= 1
        while stop < len(now) and not (was[stop][0] and now[stop][0]):
            stop += 1
        if spans and start - spans[-1][1] < _NEAR:
            spans[-1] = (spans[-1][0], stop)
        else:
            spans.append((start, stop))
    return spans


def _cells(segments: list[Segment]) -> list[tuple[str, Style | None]]:
    """What stands in each cell; of a wide character the second one is empty. A mark belongs to what it stands on."""
    cells: list[tuple[str, Style | None]] = []
    for text, style, _ in segments:
        if text.isascii():
            cells += [(char, style) for char in text]
            continue
        for char in text:
            size = cell_width(char)
            if size == 0 and cells:
                cells[-1] = (cells[-1][0] + char, cells[-1][1])
            else:
                cells += [(char, style), *([("", style)] * (size - 1))]
    return cells
