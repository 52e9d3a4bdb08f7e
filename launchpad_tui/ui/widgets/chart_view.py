"""A widget that shows the drawing of a chart."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.message import Message
from textual.strip import Strip

from launchpad_tui.charts.model import Drawing, Span
from launchpad_tui.ui.text import LineBuilder
from launchpad_tui.ui.theme import Look
from launchpad_tui.ui.widgets.painted import Painted

_ROLES = {"axis": "dim", "faint": "faint", "bold": "strong", "cursor": "accent"}


def add_spans(line: LineBuilder, spans: Sequence[Span], look: Look) -> None:
    """Append spans in the colors of their series, and text and axes in roles of their own."""
    for span in spans:
        if span.slot is None:
            role = _ROLES.get(span.style, "text")
        else:
            role = (
                f"{look.series(span.slot)}-{span.style}"
                if span.style in {"faint", "bold"}
                else look.series(span.slot)
            )
        line.add(span.text, look.style(role), safe=True)


class ChartView(Painted):
    """A chart. `DrawingRequested` asks for a drawing of its size, `set_drawing` shows it."""

    class DrawingRequested(Message):
        """The size (cells) changed: the chart has to be drawn again."""

        def __init__(self, view: ChartView, width: int, height: int) -> None:
            super().__init__()
            self.view, self.width, self.height = view, width, height

    class Pointed(Message):
        """The mouse was pressed, dragged or scrolled.

        Args:
            view: the widget.
            x: the column of the mouse in cells.
            dragged: cells to the right and down since the previous message.
            wheel: 1 if the wheel was turned up, -1 if it was turned down.
            upright: whether shift or ctrl directs the wheel to the y axis.
        """

        def __init__(
            self,
            view: ChartView,
            x: int,
            dragged: tuple[int, int] = (0, 0),
            wheel: int = 0,
            *,
            upright: bool = False,
        ) -> None:
            super().__init__()
            self.view, self.x, self.dragged, self.wheel, self.upright = (
                view,
                x,
                dragged,
                wheel,
                upright,
            )

    def __init__(self, *, empty: str = "", id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.empty = empty
        self.drawing: Drawing | None = None

    def set_drawing(self, drawing: Drawing | None, empty: str = "") -> None:
        """Show a drawing, or the text ``empty`` if it is None."""
        self.drawing = drawing
        self.empty = empty or self.empty
        self.repaint()

    def blank(self) -> None:
        """Show nothing, until the next drawing."""
        self.drawing, self.empty = None, ""
        self.repaint()

    def paint_line(self, y: int, width: int) -> Strip:
        """Return a line of the drawing."""
        look = self.look
        line = LineBuilder(width, look.style("text"))
        drawing = self.drawing
        if drawing is None:
            if y == self.size.height // 2:
                line.fill_to(max(0, (width - len(self.empty)) // 2)).add(
                    self.empty, look.style("dim")
                )
        elif y < len(drawing.lines):
            add_spans(line, drawing.lines[y], look)
        return line.strip()

    def on_resize(self, event: events.Resize) -> None:
        """Request a drawing of the new size."""
        self._strips.clear()
        self.post_message(self.DrawingRequested(self, event.size.width, event.size.height))

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Report where the mouse was pressed."""
        self.post_message(self.Pointed(self, event.x))

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Report a drag with a button down."""
        if event.button and (event.delta_x or event.delta_y):
            self.post_message(self.Pointed(self, event.x, (event.delta_x, event.delta_y)))

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Report the wheel turned up."""
        event.stop()
        self.post_message(self.Pointed(self, event.x, wheel=1, upright=event.shift or event.ctrl))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Report the wheel turned down."""
        event.stop()
        self.post_message(self.Pointed(self, event.x, wheel=-1, upright=event.shift or event.ctrl))
