"""A graph drawn as boxes in columns, connected by arrows from left to right.

The boxes are those of the process flow of an execution. A box is connected at its first line below
the title.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping

from rich.text import Text

from launchpad_tui.domain.text import cell_width, safe_text
from launchpad_tui.ui.widgets.flow_drawing import (
    BoxPainter,
    FlowBox,
    FlowDrawing,
    FlowStyles,
    Spot,
)
from launchpad_tui.ui.widgets.graph_layout import GraphLayout
from launchpad_tui.ui.widgets.graph_lines import Link, draw_links

#: the width of a box in cells, at least and at most
_LEAST, _MOST = 18, 44
#: cells of the frame beside an item, and beside a title
_ITEM_FRAME, _TITLE_FRAME = 4, 5


def draw_graph(
    boxes: Mapping[str, FlowBox],
    layout: GraphLayout,
    width: int,
    focused: int,
    styles: FlowStyles,
    *,
    ascii_only: bool = False,
) -> FlowDrawing | None:
    """Return the drawing of a graph, None if it does not fit the width.

    Args:
        boxes: the boxes by their IDs.
        layout: the places of the boxes.
        width: the exact width of every line in cells.
        focused: the index of the focused item among the items with a route; -1 for none.
        styles: the styles.
        ascii_only: whether to do without box-drawing characters.
    """
    high = 2 + max((len(box.items) for box in boxes.values()), default=0)
    tops, height = _rows(layout, high)
    gutters = []
    for steps in layout.steps:
        links = [
            Link(_anchor(tops, step.start), _anchor(tops, step.end), step.group, step.arrow)
            for step in steps
        ]
        gutters.append(draw_links(links, height, ascii_only=ascii_only))
    room = width - sum(cell_width(gutter[0]) for gutter in gutters if gutter)
    sizes = _sizes(boxes, layout, room)
    if sizes is None:
        return None
    painter = BoxPainter(boxes.values(), styles, focused, ascii_only=ascii_only)
    lines = [Text(no_wrap=True, end="") for _ in range(height)]
    spots: list[Spot] = []
    left = 0
    across = "-" if ascii_only else "─"
    for number, column in enumerate(layout.columns):
        size, row = sizes[number], 0
        for place in column:
            top, rows = tops[place.key][0], 1 if place.lane else high
            while row < top:
                lines[row].append(" " * size)
                row += 1
            for inside in range(rows):
                if place.lane:
                    lines[row].append(across * size, styles.frame)
                else:
                    box = boxes[str(place.key)]
                    line = lines[row]
                    spots += painter.box_line(line, box, inside, high, size, left, top)
                row += 1
        while row < height:
            lines[row].append(" " * size)
            row += 1
        left += size
        if number < len(gutters):
            for line, text in zip(lines, gutters[number], strict=True):
                line.append(text, styles.frame)
            left += cell_width(gutters[number][0])
    for line in lines:
        line.append(" " * (width - left))
    return FlowDrawing(tuple(lines), tuple(spots), painter.items)


def _anchor(tops: Mapping[Hashable, tuple[int, bool]], key: Hashable) -> int:
    """Return the row at which a box or a lane is connected."""
    top, lane = tops[key]
    return top if lane else top + 1


def _rows(layout: GraphLayout, high: int) -> tuple[dict[Hashable, tuple[int, bool]], int]:
    """Return the first row of each place and whether it is a lane, and the number of rows."""
    heights = [sum(1 if place.lane else high for place in column) for column in layout.columns]
    height = max(heights, default=0)
    tops: dict[Hashable, tuple[int, bool]] = {}
    for column, used in zip(layout.columns, heights, strict=True):
        row = (height - used) // 2
        for place in column:
            tops[place.key] = row, place.lane
            row += 1 if place.lane else high
    return tops, height


def _sizes(boxes: Mapping[str, FlowBox], layout: GraphLayout, room: int) -> list[int] | None:
    """Return the widths of the columns, None if they do not fit; wide ones shrink first."""
    sizes = []
    for column in layout.columns:
        widest = _LEAST
        for place in column:
            if not place.lane:
                box = boxes[str(place.key)]
                texts = [
                    cell_width(safe_text(item.text, _MOST)) + _ITEM_FRAME for item in box.items
                ]
                widest = max(widest, cell_width(box.title) + _TITLE_FRAME, *texts)
        sizes.append(min(widest, _MOST))
    while sum(sizes) > room:
        most = max(sizes, default=0)
        if most <= _LEAST:
            return None
        sizes[sizes.index(most)] -= 1
    return sizes
