"""The layout of a graph of boxes: columns from left to right, lanes for edges that pass a column.

Every edge leads from a box to one that is further to the right. The edges of one group (those of an
execution) share the vertical line between two columns.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from itertools import pairwise

from launchpad_tui.records import record

#: the number of passes that order the boxes of a column by their neighbors
_PASSES = 4


@record
class GraphEdge:
    """An edge between two boxes, and the group of edges that it belongs to."""

    start: str
    end: str
    group: str


@record
class Place:
    """A place in a column: a box, or the lane of an edge that passes the column.

    Args:
        key: the ID of the box; for a lane something else that is unique.
        lane: whether it is a lane.
    """

    key: Hashable
    lane: bool = False


@record
class EdgeStep:
    """A part of an edge, between two adjacent columns.

    Args:
        start: the key of the place in the left column.
        end: the key of the place in the right column.
        group: the group of the edge.
        arrow: whether the edge ends here.
    """

    start: Hashable
    end: Hashable
    group: str
    arrow: bool


@record
class GraphLayout:
    """The columns of places, and the steps between each column and the next one."""

    columns: tuple[tuple[Place, ...], ...]
    steps: tuple[tuple[EdgeStep, ...], ...]


def layers_of(edges: Sequence[GraphEdge], boxes: Sequence[str], root: str) -> dict[str, int] | None:
    """Return the column of each box, counted from 0; None if the edges form a cycle.

    Boxes are as near to the root as the edges permit: what leads to it as far to the right as
    possible, everything else as far to the left as possible.
    """
    following: dict[str, list[str]] = defaultdict(list)
    preceding: dict[str, list[str]] = defaultdict(list)
    for edge in edges:
        following[edge.start].append(edge.end)
        preceding[edge.end].append(edge.start)
    missing = {box: len(preceding[box]) for box in boxes}
    ready = [box for box in boxes if not missing[box]]
    layers: dict[str, int] = {}
    for box in ready:
        layers[box] = max((layers[one] + 1 for one in preceding[box]), default=0)
        for one in following[box]:
            missing[one] -= 1
            if not missing[one]:
                ready.append(one)
    if len(layers) < len(boxes):
        return None
    leading = {root}
    for box in reversed(ready):
        if any(one in leading for one in following[box]):
            leading.add(box)
            layers[box] = min(layers[one] for one in following[box]) - 1
    first = min(layers.values(), default=0)
    return {box: layer - first for box, layer in layers.items()}


def lay_out(
    boxes: Sequence[str], edges: Sequence[GraphEdge], layers: Mapping[str, int]
) -> GraphLayout:
    """Return the layout of boxes whose columns are known; edges that cross stay few.

    Args:
        boxes: the IDs of the boxes, in the order in which they are to be shown.
        edges: the edges.
        layers: the columns of the boxes, from `layers_of`.
    """
    count = max(layers.values(), default=-1) + 1
    columns: list[list[Place]] = [[] for _ in range(count)]
    for box in boxes:
        columns[layers[box]].append(Place(box))
    steps: list[list[EdgeStep]] = [[] for _ in range(max(0, count - 1))]
    for edge in edges:
        start: Hashable = edge.start
        for column in range(layers[edge.start], layers[edge.end]):
            last = column + 1 == layers[edge.end]
            end: Hashable = edge.end if last else (edge, column + 1)
            if not last:
                columns[column + 1].append(Place(end, lane=True))
            steps[column].append(EdgeStep(start, end, edge.group, last))
            start = end
    for number in range(_PASSES):
        _order(columns, steps, to_right=not number % 2)
    return GraphLayout(tuple(map(tuple, columns)), tuple(map(tuple, steps)))


def _order(columns: list[list[Place]], steps: list[list[EdgeStep]], *, to_right: bool) -> None:
    """Order each column by the middle of its neighbors in the column before it."""
    pairs = list(enumerate(pairwise(range(len(columns)))))
    for number, (left, right) in pairs if to_right else reversed(pairs):
        fixed, moved = (left, right) if to_right else (right, left)
        at = {place.key: row / len(columns[fixed]) for row, place in enumerate(columns[fixed])}
        near: dict[Hashable, list[float]] = defaultdict(list)
        for step in steps[number]:
            key, other = (step.end, step.start) if to_right else (step.start, step.end)
            near[key].append(at[other])
        size = len(columns[moved])
        middle = {
            place.key: sum(near[place.key]) / len(near[place.key])
            if near[place.key]
            else row / size
            for row, place in enumerate(columns[moved])
        }
        columns[moved].sort(key=lambda place: middle[place.key])
