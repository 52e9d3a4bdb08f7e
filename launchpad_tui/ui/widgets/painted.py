"""The base of widgets that paint lines and write only changed cells to the terminal."""

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

#: two changes of a line that are fewer cells apart are written as one
_NEAR = 12


class Painted(ActionOwner, Widget):
    """Base of widgets that paint their own lines.

    Subclasses implement `paint_line`, a pure function of their state without I/O. After a change of
    state, call `repaint`, which paints all lines and writes those that differ, or `repaint_lines`
    for some lines.
    """

    DEFAULT_CSS = "Painted { height: 1fr; width: 1fr; }"

    #: columns at the right edge that `repaint_lines` does not write, for a scroll mark
    quiet_edge = 0

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
        """Paint all lines, and write those that changed."""
        self._compare(range(self.size.height), 0)

    def repaint_lines(self, lines: Iterable[int]) -> None:
        """Paint some lines, and write those that changed."""
        self._compare(lines, self.quiet_edge)

    def invalidate(self) -> None:
        """Discard all painted lines, for example after a change of theme."""
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
        """Call `focus_changed`. The event ``Focus`` comes before ``has_focus`` changes."""
        super().watch_has_focus(has_focus)
        self.focus_changed()

    def focus_changed(self) -> None:
        """Paint the lines that depend on the focus; subclasses may restrict it to a few lines."""
        self.repaint()

    def on_resize(self, _event: events.Resize) -> None:
        """Paint all lines: some may have been painted for the former size after the resize."""
        self.repaint()


def changed_spans(old: Strip, new: Strip) -> list[tuple[int, int]]:
    """Return the spans of cells in which two lines of the same width differ.

    Short gaps between changes are included, since skipping them costs more bytes than writing them.
    """
    before, after = list(old), list(new)
    if before == after:
        return []
    old_cells, new_cells = _cells(before), _cells(after)
    spans: list[tuple[int, int]] = []
    for place, (one, other) in enumerate(zip(old_cells, new_cells, strict=True)):
        if one == other:
            continue
        start, stop = place, place + 1
        # Wide characters are written as a whole.
        while start and not (old_cells[start][0] and new_cells[start][0]):
            start -= 1
        while stop < len(new_cells) and not (old_cells[stop][0] and new_cells[stop][0]):
            stop += 1
        if spans and start - spans[-1][1] < _NEAR:
            spans[-1] = (spans[-1][0], stop)
        else:
            spans.append((start, stop))
    return spans


def _cells(segments: list[Segment]) -> list[tuple[str, Style | None]]:
    """Return text and style of each cell.

    The second cell of a wide character is empty. A combining mark belongs to the cell before it.
    """
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
