"""Widgets for boxes whose items can be opened, and for the process flow of an execution."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from textual import events
from textual.strip import Strip

from launchpad_tui.ui.keymap import Action
from launchpad_tui.ui.widgets.flow_drawing import FlowBox, FlowDrawing, FlowStyles, draw_flow
from launchpad_tui.ui.widgets.painted import Painted

#: empty cells on the left and lines above
_LEFT, _ABOVE = 1, 1


class BoxesView(Painted):
    """A drawing of boxes with items that can be focused and opened."""

    can_focus = True

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._boxes: Sequence[FlowBox] = ()
        self._focused = 0
        self._drawing = FlowDrawing((), (), ())
        #: the first line of the drawing that is in view
        self._top = 0

    def set_boxes(self, boxes: Sequence[FlowBox]) -> None:
        """Show other boxes."""
        self._boxes = boxes
        height = len(self._drawing.lines)
        self._draw()
        if len(self._drawing.lines) != height:
            self.refresh(layout=True)
        self.repaint()

    def _drawn(self, width: int) -> FlowDrawing:
        if not self._boxes:
            return FlowDrawing((), (), ())
        focused = self._focused if self.has_focus else -1
        return self.draw_boxes(max(1, width - 2 * _LEFT), focused, self.flow_styles())

    @abstractmethod
    def draw_boxes(self, width: int, focused: int, styles: FlowStyles) -> FlowDrawing:
        """Return the drawing for a width in cells."""

    def flow_styles(self) -> FlowStyles:
        """Return the styles of the theme."""
        look = self.look
        return FlowStyles(
            look.style("line"),
            look.style("title"),
            look.style("dim"),
            look.style("accent"),
            look.style("cursor"),
        )

    def _draw(self) -> None:
        if self._boxes and self.size.width:
            self._drawing = self._drawn(self.size.width)
            self._focused = max(0, min(self._focused, len(self._drawing.items) - 1))

    def paint_line(self, y: int, width: int) -> Strip:
        """Return a line of the drawing."""
        base = self.look.style("text")
        y += self._top - _ABOVE
        if not 0 <= y < len(self._drawing.lines):
            return Strip([Segment(" " * width, base)], width)
        text = self._drawing.lines[y]
        segments = [
            Segment(" " * _LEFT, base),
            *(
                Segment(segment.text, base + segment.style if segment.style else base)
                for segment in text.render(self.app.console)
            ),
        ]
        return Strip(segments).adjust_cell_length(width, base)

    def on_resize(self, _event: events.Resize) -> None:
        """Draw the boxes at the new width."""
        self._strips.clear()
        self._draw()

    def invalidate(self) -> None:
        """Draw the boxes with the styles of the theme."""
        self._draw()
        super().invalidate()

    def focus_changed(self) -> None:
        """Mark the focused item while the widget has the focus."""
        self._draw()
        self.repaint()

    def why_not_open(self) -> str | None:
        """Return why there is nothing to open."""
        return (
            None if self._drawing.items else "Nothing to open yet: there are no inputs and outputs"
        )

    def do_open(self) -> None:
        """Open the item under the cursor."""
        item = self._drawing.items[self._focused]
        self.launchpad.open(item.route, item_id=item.id)

    def on_click(self, event: events.Click) -> None:
        """Open the item under the mouse."""
        for spot in self._drawing.spots:
            if (
                spot.row == event.y + self._top - _ABOVE
                and spot.start <= event.x - _LEFT < spot.stop
            ):
                self._focused = spot.index
                self.do_open()
                return


class FlowView(BoxesView):
    """The drawing of `flow_drawing`, as high as it needs."""

    DEFAULT_CSS = "FlowView { height: auto; max-height: 14; }"
    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action(
            "flow.next",
            "right l down j",
            "next",
            "Move to the next item in the flow",
            "Flow",
            hidden=True,
        ),
        Action(
            "flow.previous",
            "left h up k",
            "previous",
            "Move to the previous item in the flow",
            "Flow",
            hidden=True,
        ),
        Action("flow.open", "enter", "open", "Open the item under the cursor", "Flow", 1),
    )

    def get_content_height(self, _container: object, _viewport: object, width: int) -> int:
        """Return the height of the drawing at this width."""
        return len(self._drawn(width).lines) + 2 * _ABOVE

    def draw_boxes(self, width: int, focused: int, styles: FlowStyles) -> FlowDrawing:
        """Return the drawing for a width in cells."""
        ascii_only = self.look.glyphs.ascii
        return draw_flow(self._boxes, width, focused, styles, ascii_only=ascii_only)

    def _step(self, by: int) -> None:
        if self._drawing.items:
            self._focused = (self._focused + by) % len(self._drawing.items)
            self._draw()
            self.repaint()

    def do_next(self) -> None:
        """Move to the next item in the flow."""
        self._step(1)

    def do_previous(self) -> None:
        """Move to the previous item in the flow."""
        self._step(-1)
