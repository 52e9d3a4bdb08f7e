"""The process flow of an execution, from its executable to its output artifacts.

The boxes are drawn side by side if the terminal is wide enough, otherwise one below the other.
Items with a route can be focused and opened.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.style import Style
from rich.text import Text

from launchpad_tui.domain.text import cell_width, clip, pad, safe_text
from launchpad_tui.records import record

#: the minimum width of a box in cells
BOX_MINIMUM = 22
ARROW = "──▶"
ARROW_ASCII = "-->"
#: the separator of items that share a line
_BETWEEN = "   "
#: the number of cells from which five boxes and four arrows are drawn side by side
WIDE = 5 * BOX_MINIMUM + 4 * len(ARROW)


@record
class FlowItem:
    """An item of a box.

    Args:
        text: the text.
        route: the id of the route that the item opens; empty if it opens none.
        id: the ``item_id`` of that route.
        shorter: the text that is shown in a box that is too narrow; empty if it is cut instead.
    """

    text: str
    route: str = ""
    id: str = ""
    shorter: str = ""

    def fitting(self, width: int) -> str:
        """Return the text or, if that is wider than ``width`` cells, its shorter form."""
        return fitting(self.text, self.shorter, width)


def fitting(text: str, shorter: str, width: int) -> str:
    """Return a text or, if that is wider than ``width`` cells, its shorter form if there is one."""
    is_wide = shorter and cell_width(safe_text(text, 4 * width + 4)) > width
    return shorter if is_wide else text


@record
class FlowBox:
    """A box of the flow with its title and items; a marked one has a frame in another color.

    ``shorter`` is the title of a box that is too narrow for it; if empty, the title is cut.
    """

    title: str
    items: tuple[FlowItem, ...]
    marked: bool = False
    shorter: str = ""


@record
class FlowStyles:
    """The styles of a drawing."""

    frame: Style
    title: Style
    text: Style
    link: Style
    focused: Style


@record
class Spot:
    """The position of an item that can be focused.

    Args:
        row: the line of the drawing.
        start: the first column.
        stop: the column after the last one.
        index: the position in `FlowDrawing.items`.
    """

    row: int
    start: int
    stop: int
    index: int


@record
class FlowDrawing:
    """The lines of a flow, the items that can be focused, and their positions."""

    lines: tuple[Text, ...]
    spots: tuple[Spot, ...]
    items: tuple[FlowItem, ...]


def draw_flow(
    boxes: Sequence[FlowBox],
    width: int,
    focused: int,
    styles: FlowStyles,
    *,
    ascii_only: bool = False,
) -> FlowDrawing:
    """Draw the boxes side by side if ``width`` is at least `WIDE`, otherwise below each other.

    Args:
        boxes: the boxes.
        width: the exact width of every line in cells.
        focused: the index of the focused item among the items with a route; -1 for none.
        styles: the styles.
        ascii_only: whether to do without box-drawing characters.
    """
    painter = BoxPainter(boxes, styles, focused, ascii_only=ascii_only)
    lines, spots = painter.beside(boxes, width) if width >= WIDE else painter.below(boxes, width)
    return FlowDrawing(tuple(lines), tuple(spots), painter.items)


class BoxPainter:
    """Draws boxes line by line, and finds the items in them that can be focused.

    Args:
        boxes: all boxes of the drawing.
        styles: the styles.
        focused: the index of the focused item among the items with a route; -1 for none.
        ascii_only: whether to do without box-drawing characters.
    """

    def __init__(
        self,
        boxes: Iterable[FlowBox],
        styles: FlowStyles,
        focused: int,
        *,
        ascii_only: bool,
    ) -> None:
        #: the items that can be focused
        self.items = tuple(item for box in boxes for item in box.items if item.route)
        self._styles = styles
        self._focused = focused
        self._order = {item: place for place, item in enumerate(self.items)}
        self._corners = (
            ("+", "+", "+", "+", "-", "|") if ascii_only else ("╭", "╮", "╰", "╯", "─", "│")
        )
        self._arrow = ARROW_ASCII if ascii_only else ARROW
        self._down = "v" if ascii_only else "▼"

    def beside(self, boxes: Sequence[FlowBox], width: int) -> tuple[list[Text], list[Spot]]:
        """Return the lines of boxes side by side, with arrows between them."""
        size = (width - (len(boxes) - 1) * len(self._arrow)) // len(boxes)
        height = max(len(box.items) for box in boxes) + 2
        lines = [Text(no_wrap=True, end="") for _ in range(height)]
        spots: list[Spot] = []
        for place, box in enumerate(boxes):
            left = place * (size + len(self._arrow))
            for row in range(height):
                spots += self.box_line(lines[row], box, row, height, size, left)
                if place < len(boxes) - 1:
                    arrow = self._arrow if row == min(1, height - 1) else " " * len(self._arrow)
                    lines[row].append(arrow, self._styles.frame)
        for line in lines:
            line.append(" " * (width - cell_width(line.plain)))
        return lines, spots

    def below(self, boxes: Sequence[FlowBox], width: int) -> tuple[list[Text], list[Spot]]:
        """Return the lines of boxes below each other, without frames."""
        lines: list[Text] = []
        spots: list[Spot] = []
        label = max(cell_width(box.title) for box in boxes) + 4
        room = max(1, width - label)
        for place, box in enumerate(boxes):
            line, used = Text(no_wrap=True, end=""), 0
            line.append(f"{self._down if place else ' '} ", self._styles.frame)
            line.append(pad(box.title, label - 2), self._styles.title)
            for number, item in enumerate(box.items):
                size = min(cell_width(safe_text(item.text, 4 * room)), room)
                if used and used + len(_BETWEEN) + size > room:
                    line.append(" " * (room - used))
                    lines.append(line)
                    line, used = Text(" " * label, no_wrap=True, end=""), 0
                elif number:
                    line.append(_BETWEEN, self._styles.frame)
                    used += len(_BETWEEN)
                spots += self._item(line, item, len(lines), label + used, size)
                used += size
            line.append(" " * (room - used))
            lines.append(line)
        return lines, spots

    def box_line(
        self, line: Text, box: FlowBox, row: int, height: int, size: int, left: int, top: int = 0
    ) -> list[Spot]:
        """Append a line of a box, and return the items in it that can be focused.

        Args:
            line: the line of the drawing.
            box: the box.
            row: the number of the line in the box, from 0 for its upper edge.
            height: the number of lines of the box.
            size: the width of the box in cells.
            left: the first column of the box in the drawing.
            top: the first line of the box in the drawing.
        """
        top_left, top_right, low_left, low_right, across, up = self._corners
        frame = self._styles.title if box.marked else self._styles.frame
        if row == 0:
            title = clip(fitting(box.title, box.shorter, size - 5), size - 5)
            line.append(f"{top_left}{across} ", frame)
            line.append(title, self._styles.title)
            line.append(" " + across * (size - cell_width(title) - 5) + top_right, frame)
            return []
        if row == height - 1:
            line.append(low_left + across * (size - 2) + low_right, frame)
            return []
        line.append(up + " ", frame)
        found: list[Spot] = []
        if row - 1 < len(box.items):
            found = self._item(line, box.items[row - 1], top + row, left + 2, size - 4)
        else:
            line.append(" " * (size - 4))
        line.append(" " + up, frame)
        return found

    def _item(self, line: Text, item: FlowItem, row: int, start: int, size: int) -> list[Spot]:
        shown = pad(item.fitting(size), size)
        place = self._order.get(item) if item.route else None
        style = self._styles.text
        if place is not None:
            style = self._styles.focused if place == self._focused else self._styles.link
        line.append(shown, style)
        return [] if place is None else [Spot(row, start, start + size, place)]
