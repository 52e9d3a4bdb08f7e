"""A widget for a graph of boxes: the arrow keys move between the boxes, which can be opened."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from textual import events
from textual.strip import Strip

from launchpad_tui.ui.keymap import Action
from launchpad_tui.ui.text import LineBuilder
from launchpad_tui.ui.widgets.flow_drawing import (
    FlowBox,
    FlowDrawing,
    FlowItem,
    FlowStyles,
    Spot,
)
from launchpad_tui.ui.widgets.flow_view import BoxesView
from launchpad_tui.ui.widgets.graph_drawing import draw_graph
from launchpad_tui.ui.widgets.graph_layout import GraphLayout

#: a step to another column counts as much as this number of rows
_COLUMN_COST = 100


class GraphView(BoxesView):
    """The drawing of `graph_drawing`, which scrolls to the focused box."""

    DEFAULT_CSS = "GraphView { height: 1fr; }"
    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("graph.right", "right l", "right", "Move to the right", "Moving", hidden=True),
        Action("graph.left", "left h", "left", "Move to the left", "Moving", hidden=True),
        Action("graph.down", "down j", "down", "Move down", "Moving", hidden=True),
        Action("graph.up", "up k", "up", "Move up", "Moving", hidden=True),
        Action("graph.open", "enter", "open", "Open the object in the box", "List", 1),
        Action("graph.copy", "y", "copy ID", "Copy the ID", "List"),
    )

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._graph: Mapping[str, FlowBox] = {}
        self._layout = GraphLayout((), ())
        #: the ID of an object that is not opened, because its page is the screen itself
        self.own_id = ""

    def set_graph(self, boxes: Mapping[str, FlowBox], layout: GraphLayout, current: str) -> None:
        """Show another graph; the focus stays on its object, and is first on ``current``."""
        kept = self.item.id if self.item else current
        self._graph, self._layout = boxes, layout
        items = [item.id for box in boxes.values() for item in box.items if item.route]
        target = kept if kept in items else current
        self._focused = items.index(target) if target in items else 0
        self.set_boxes(tuple(boxes.values()))
        self._scroll_to_focus()

    def fits(self, width: int) -> bool:
        """Return whether the graph can be drawn in a width."""
        return self._try(width - 2, -1, self.flow_styles()) is not None

    @property
    def item(self) -> FlowItem | None:
        """The focused item, None if there is none."""
        items = self._drawing.items
        return items[self._focused] if 0 <= self._focused < len(items) else None

    def _try(self, width: int, focused: int, styles: FlowStyles) -> FlowDrawing | None:
        ascii_only = self.look.glyphs.ascii
        return draw_graph(self._graph, self._layout, width, focused, styles, ascii_only=ascii_only)

    def draw_boxes(self, width: int, focused: int, styles: FlowStyles) -> FlowDrawing:
        """Return the drawing for a width in cells, empty if it does not fit."""
        return self._try(width, focused, styles) or FlowDrawing((), (), ())

    def paint_line(self, y: int, width: int) -> Strip:
        """Return a line of the drawing, or at the end the number of hidden lines."""
        hidden = len(self._drawing.lines) + 1 - self._top - self.size.height
        if hidden > 0 and y == self.size.height - 1:
            look = self.look
            line = LineBuilder(width, look.style("text"))
            text = f" {look.glyphs.ellipsis} {hidden + 1} more lines"
            return line.add(text, look.style("faint")).strip()
        return super().paint_line(y, width)

    def on_resize(self, event: events.Resize) -> None:
        """Draw the graph at the new width, with the focused box in view."""
        super().on_resize(event)
        self._scroll_to_focus()
        # What can be opened is known now.
        self.launchpad.repaint_footer()

    def _spot(self) -> Spot | None:
        return next((one for one in self._drawing.spots if one.index == self._focused), None)

    def _scroll_to_focus(self) -> None:
        spot = self._spot()
        high = self.size.height
        if spot is None or not high:
            return
        # The frame above, the item below and its frame are in view as well.
        first, last = spot.row - 1, spot.row + 4
        top = min(self._top, first)
        top = max(top, last - high + 1)
        self._scroll(max(0, top))

    def _scroll(self, top: int) -> None:
        most = len(self._drawing.lines) + 1 - self.size.height
        self._top = max(0, min(top, most))
        self.repaint()

    def _move(self, across: int, down: int) -> None:
        """Focus the nearest item in a direction."""
        current = self._spot()
        if current is None:
            return

        def distance(spot: Spot) -> int:
            return abs(spot.start - current.start) * _COLUMN_COST * abs(across) + abs(
                spot.row - current.row
            )

        found = [
            spot
            for spot in self._drawing.spots
            if (
                (spot.start - current.start) * across > 0
                if across
                else spot.start == current.start and (spot.row - current.row) * down > 0
            )
        ]
        if found:
            self._focused = min(found, key=distance).index
            self._draw()
            self._scroll_to_focus()
            self.launchpad.repaint_footer()

    def do_right(self) -> None:
        """Move to the right."""
        self._move(1, 0)

    def do_left(self) -> None:
        """Move to the left."""
        self._move(-1, 0)

    def do_down(self) -> None:
        """Move down."""
        self._move(0, 1)

    def do_up(self) -> None:
        """Move up."""
        self._move(0, -1)

    def why_not_open(self) -> str | None:
        """Return why the focused box opens nothing."""
        if self.item is not None and self.item.id == self.own_id:
            return "This is the page of the artifact"
        return super().why_not_open()

    def do_copy(self) -> None:
        """Copy the ID of the focused object."""
        if self.item is not None:
            self.launchpad.copy(self.item.id)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Scroll three lines down."""
        event.stop()
        self._scroll(self._top + 3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Scroll three lines up."""
        event.stop()
        self._scroll(self._top - 3)
