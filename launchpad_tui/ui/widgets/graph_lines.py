"""The lines between two columns of a graph, as characters of box drawings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

_UP, _DOWN, _LEFT, _RIGHT = 1, 2, 4, 8
#: the character of a cell by the sides to which lines lead from its middle
_CHARACTERS = " │││─╯╮┤─╰╭├─┴┬┼"
_ASCII = " |||-+++-+++-+++"


class Link(NamedTuple):
    """A line from a row at the left to a row at the right.

    Args:
        start: the row at the left.
        end: the row at the right.
        group: lines of one group share their vertical line.
        arrow: whether it ends with an arrow.
    """

    start: int
    end: int
    group: str
    arrow: bool


def draw_links(links: Sequence[Link], height: int, *, ascii_only: bool = False) -> list[str]:
    """Return one text for each row; all are equally wide.

    Args:
        links: the lines.
        height: the number of rows.
        ascii_only: whether to do without characters of box drawings.
    """
    groups: dict[str, list[Link]] = defaultdict(list)
    for link in links:
        groups[link.group].append(link)
    channels = _channels(groups)
    count = max(channels.values(), default=-1) + 1
    width = count + 3
    cells = [[0] * width for _ in range(height)]
    for group, members in groups.items():
        column = channels.get(group)
        for link in members:
            if column is None:
                _across(cells[link.start], 0, width - 1)
                continue
            _across(cells[link.start], 0, column + 1)
            _across(cells[link.end], column + 1, width - 1)
            for row in range(min(link.start, link.end), max(link.start, link.end)):
                cells[row][column + 1] |= _DOWN
                cells[row + 1][column + 1] |= _UP
    characters = _ASCII if ascii_only else _CHARACTERS
    rows = ["".join(characters[cell] for cell in row) for row in cells]
    arrow, line = (">", "-") if ascii_only else ("▶", "─")
    for link in links:
        rows[link.end] = rows[link.end][:-1] + (arrow if link.arrow else line)
    return rows


def _across(row: list[int], start: int, stop: int) -> None:
    """Draw a horizontal line from the middle of one cell to that of another."""
    if start == 0:
        row[0] |= _LEFT
    for column in range(start, stop):
        row[column] |= _RIGHT
        row[column + 1] |= _LEFT
    if stop == len(row) - 1:
        row[stop] |= _RIGHT


def _channels(groups: Mapping[str, Sequence[Link]]) -> dict[str, int]:
    """Return the column of the vertical line of each group that has one.

    Groups share a column if their lines do not touch. If a line that leaves a row at the left and
    one that enters the same row at the right belong to different groups, the column of the first
    one is further to the left, so that they do not look connected.
    """
    spans: dict[str, tuple[int, int]] = {}
    for group, links in groups.items():
        rows = [row for link in links for row in (link.start, link.end)]
        if min(rows) != max(rows):
            spans[group] = min(rows), max(rows)
    leaving: dict[int, set[str]] = defaultdict(set)
    for group in spans:
        for link in groups[group]:
            leaving[link.start].add(group)
    before = {
        group: {one for link in groups[group] for one in leaving[link.end]} - {group}
        for group in spans
    }
    found: dict[str, int] = {}
    waiting = sorted(spans, key=lambda group: spans[group])
    while waiting:
        # Without a group that can be next, the first one is: such a circle is rare.
        group = next((one for one in waiting if not before[one] & set(waiting)), waiting[0])
        waiting.remove(group)
        low, high = spans[group]
        column = 1 + max((found[one] for one in before[group] if one in found), default=-1)
        while any(
            at == column and low <= spans[one][1] and spans[one][0] <= high
            for one, at in found.items()
        ):
            column += 1
        found[group] = column
    return found
