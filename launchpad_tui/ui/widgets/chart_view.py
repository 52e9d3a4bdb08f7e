"""A chart that was drawn elsewhere, as lines of spans; only lines that changed are written again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from textual import events
from textual.message import Message
from textual.strip import Strip

from launchpad_tui.ui.text import LineBuilder
from launchpad_tui.ui.widgets.painted import Painted


class SpanLike(Protocol):
    """A piece of a line: its text, and the slot of the series that it belongs to, None for axes and words."""

    @property
    def text(self) -> str:
        """The characters."""

    @property
    def slot(self) -> int | None:
        """The series."""


class DrawingLike(Protocol):
    """What a chart kind gives: ``lines`` from top to bottom."""

    @property
    def lines(self) -> Sequence[Sequence[SpanLike]]:
        """The spans of each line."""


class ChartView(Painted):
    """The chart. It asks for a drawing of its size by `Wanted`; answer with `set_drawing`."""

    class Wanted(Message):
        """The size changed (cells): draw anew."""

        def __init__(self, view: ChartView, width: int, height: int) -> None:
            super().__init__()
            self.view, self.width, self.height = view, width, height

    def __init__(self, *, empty: str = "", id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.empty = empty
        self._drawing: DrawingLike | None = None

    def set_drawing(self, drawing: DrawingLike | None) -> None:
        """Show a drawing; None shows the words for nothing."""
        self._drawing = drawing
        self.repaint()

    def paint_line(self, y: int, width: int) -> Strip:
        """One line of the drawing."""
        look = self.look
        line = LineBuilder(width, look.style("text"))
        drawing = self._drawing
        if drawing is None:
            if y == self.size.height // 2:
                line.fill_to(max(0, (width - len(self.empty)) // 2)).add(self.empty, look.style("dim"))
        elif y < len(drawing.lines):
            for span in drawing.lines[y]:
                role = "dim" if span.slot is None else look.series(span.slot)
                line.add(span.text, look.style(role))
        return line.strip()

    def on_resize(self, event: events.Resize) -> None:
        """Ask for a drawing that fits."""
        self._strips.clear()
        self.post_message(self.Wanted(self, event.size.width, event.size.height))
