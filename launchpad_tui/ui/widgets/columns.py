"""Columns of a table, and how they share the width of the terminal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

Row = TypeVar("Row")
#: cells between two columns
GAP = 2


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in a cell: untrusted text, made safe when it is painted, and a role of the theme."""

    text: str
    role: str = "text"


# Without slots: Column[Row](…) could not be called with them before Python 3.12.
@dataclass(frozen=True)
class Column(Generic[Row]):
    """A column.

    Args:
        id: its name, unique in the table.
        title: its heading.
        render: the cell of a row; a plain str is text. Pure: it is called while painting.
        min_width: it is never narrower (cells).
        max_width: it is never wider.
        weight: its share of the room that is left over; 0 keeps it at its least width.
        align: left or right.
        sort: the key for ordering (`domain.page.Order.by`); None where it cannot be ordered by.
        priority: in terminals that are too narrow for all, small ones come first.
    """

    id: str
    title: str
    render: Callable[[Row], Cell | str]
    min_width: int = 8
    max_width: int = 60
    weight: int = 1
    align: str = "left"
    sort: Any = None
    priority: int = 5


@dataclass(frozen=True)
class Placed(Generic[Row]):
    """A column with its place on the line (cells)."""

    column: Column[Row]
    start: int
    width: int


def place(
    columns: Sequence[Column[Row]], width: int, scroll: int = 0
) -> tuple[list[Placed[Row]], int]:
    """Lay out columns.

    Where all fit at their least widths they stand in their own order; otherwise the first stays, the others stand by
    priority, and ``scroll`` of these are skipped.

    Args:
        columns: at least one.
        width: cells for all of them.
        scroll: how many columns behind the first are scrolled out.

    Returns:
        The columns that show, and the greatest useful ``scroll``.
    """
    first, rest = columns[0], list(columns[1:])
    needed = sum(column.min_width + GAP for column in columns) - GAP
    if needed > width:
        rest.sort(key=lambda column: column.priority)
        most = _most_scroll(first, rest, width)
    else:
        most = 0
    chosen = [first]
    used = first.min_width
    for column in rest[min(scroll, most) :]:
        if used + GAP + column.min_width > width:
            break
        chosen.append(column)
        used += GAP + column.min_width
    widths = [min(column.min_width, width) for column in chosen]
    left = width - used
    while left > 0:
        open_ones = [
            i for i, column in enumerate(chosen) if column.weight and widths[i] < column.max_width
        ]
        if not open_ones:
            break
        total = sum(chosen[i].weight for i in open_ones)
        before = left
        for i in open_ones:
            share = min(
                max(1, before * chosen[i].weight // total), chosen[i].max_width - widths[i], left
            )
            widths[i] += share
            left -= share
    placed: list[Placed[Row]] = []
    start = 0
    for column, size in zip(chosen, widths, strict=True):
        placed.append(Placed(column, start, size))
        start += size + GAP
    return placed, most


def _most_scroll(first: Column[Row], rest: Sequence[Column[Row]], width: int) -> int:
    """How many columns may be scrolled out so that the last one still fills the line."""
    used = first.min_width
    shown = 0
    for column in reversed(rest):
        used += GAP + column.min_width
        if used > width:
            break
        shown += 1
    return len(rest) - max(1, shown)
