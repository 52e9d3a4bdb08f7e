"""Columns of a table, and their layout within the width of the terminal."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Generic, TypeVar

from launchpad_tui.domain.text import cell_width
from launchpad_tui.records import record

Row = TypeVar("Row")
#: cells between two columns
GAP = 2
#: the share of the contents of the first column below which it is not cut for a second column
_MOSTLY = 0.85
#: the least width of a table in which the first column leaves half of it for others
_WIDE = 60


@record
class Cell:
    """The content of a cell: text, which is made safe when it is painted, and a role of the theme.

    ``shorter`` are other forms of the text, each shorter than the one before, for narrow cells.
    """

    text: str
    role: str = "text"
    shorter: tuple[str, ...] = ()

    def fitting(self, width: int) -> str:
        """Return the first form of the text that fits a width in cells, else the shortest one."""
        forms = (self.text, *self.shorter)
        return next((form for form in forms if cell_width(form) <= width), forms[-1])


# Without slots: before Python 3.12, Column[Row](…) cannot be called on a class with slots.
@dataclass(frozen=True)
class Column(Generic[Row]):
    """A column.

    Args:
        id: the name, unique in the table.
        title: the heading.
        render: returns the cell of a row; a str has the role ``text``. It is called while
            painting, so it does no I/O.
        min_width: cells.
        max_width: cells.
        weight: the share of the width that is left over; 0 keeps the column at ``min_width``.
        align: left or right.
        sort: the sort key (`domain.query.Order.by`); None if the table cannot be sorted by it.
        priority: if not all columns fit, those with the smallest numbers come first.
        names: whether texts that are cut must still differ, as in the first column.
        stays: whether the column is in view while the rows are ordered by it.
        pairs: returns the values of a row by name, of which those that differ within the rows in
            view are first; None if the column has no such values.
        shown: whether the column is ever in view; one that is not is offered for sorting alone.
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
    names: bool = False
    stays: bool = True
    pairs: Callable[[Row], Mapping[str, str]] | None = None
    shown: bool = True


@dataclass(frozen=True)
class Placed(Generic[Row]):
    """A column with its position and width in cells."""

    column: Column[Row]
    start: int
    width: int


def place(
    columns: Sequence[Column[Row]],
    width: int,
    scroll: int = 0,
    contents: Mapping[str, int] = MappingProxyType({}),
    ordered_by: str = "",
) -> tuple[list[Placed[Row]], int]:
    """Lay out columns.

    If all columns fit at their minimum widths, they keep their order. Otherwise the first column is
    followed by the others in the order of their priority, without the first ``scroll`` of these,
    and those that do not fit are left out. A column whose contents are known is not wider than
    these, and is as wide as these if there is room.

    Args:
        columns: at least one.
        width: cells for all of them.
        scroll: the number of columns after the first that are scrolled out.
        contents: the widths of the longest contents, headings included, by the ID of the column;
            columns of a fixed width and columns that are not known are missing.
        ordered_by: the ID of the column that the rows are ordered by, which has its place beside
            the first column before all others until it is scrolled out; empty for none.

    Returns:
        The visible columns, and the largest useful ``scroll``.
    """
    columns = [column for column in columns if column.shown]
    first, rest = columns[0], list(columns[1:])
    order = next((column for column in rest if column.id == ordered_by), None)
    least = {column.id: _least(column, contents) for column in columns}
    # The first column identifies the row, so it is cut last. In a wide table it leaves half of the
    # width for other columns: of texts that look alike, what they share is cut.
    widest = width // 2 if width >= _WIDE else width * 2 // 3
    whole = min(contents.get(first.id, 0), first.max_width, widest)
    if rest:
        second = order or min(rest, key=lambda column: column.priority)
        beside = width - GAP - least[second.id]
        whole = min(whole, beside) if beside >= whole * _MOSTLY else whole
        # A few cells of a long name are worth less than another column, if that shows all columns.
        beside = width - sum(GAP + least[column.id] for column in rest)
        whole = min(whole, beside) if beside >= width // 2 else whole
    least[first.id] = max(least[first.id], whole)
    # Columns of the first priority are not cut in favor of others, but for names, whose cut texts
    # still differ.
    sizes = least | {
        column.id: max(least[column.id], min(contents.get(column.id, 0), column.max_width))
        for column in rest
        if column.priority <= 1 and not column.names
    }
    if sum(sizes[column.id] + GAP for column in columns) - GAP > width:
        # In a narrow table, names come after other columns of their priority, such as metrics.
        narrow = width < _WIDE
        rest.sort(key=lambda column: (column.priority, narrow and column.names))
        max_scroll = _max_scroll(first, rest, width, least)
    else:
        max_scroll = 0
    chosen = [first]
    used = least[first.id]
    waiting = rest[min(scroll, max_scroll) :]
    # Rows in an order that cannot be seen look unordered.
    for column in sorted(waiting, key=lambda column: column is not order):
        size = sizes[column.id]
        if used + GAP + size > width:
            size = least[column.id]
        if used + GAP + size <= width:
            chosen.append(column)
            least[column.id] = size
            used += GAP + size
    chosen[1:] = [column for column in waiting if column in chosen]
    widths = [min(least[column.id], width) for column in chosen]
    most = [min(column.max_width, contents.get(column.id, column.max_width)) for column in chosen]
    left = _grow(chosen, widths, most, width - used)
    # Room that is left over shows long texts beyond the usual width of their column.
    _grow(chosen, widths, [contents.get(column.id, 0) for column in chosen], left)
    placed: list[Placed[Row]] = []
    start = 0
    for column, size in zip(chosen, widths, strict=True):
        placed.append(Placed(column, start, size))
        start += size + GAP
    return placed, max_scroll


def _least(column: Column[Row], contents: Mapping[str, int]) -> int:
    """Return the least width of a column, at which it need not show all of its contents."""
    return min(column.min_width, contents.get(column.id, column.min_width))


def _grow(chosen: Sequence[Column[Row]], widths: list[int], most: Sequence[int], left: int) -> int:
    """Share cells among columns by their weights, up to the widths ``most``; return the rest."""
    while left > 0:
        growing = [i for i, column in enumerate(chosen) if column.weight and widths[i] < most[i]]
        if not growing:
            break
        total = sum(chosen[i].weight for i in growing)
        before = left
        for i in growing:
            share = min(max(1, before * chosen[i].weight // total), most[i] - widths[i], left)
            widths[i] += share
            left -= share
    return left


def _max_scroll(
    first: Column[Row], rest: Sequence[Column[Row]], width: int, least: Mapping[str, int]
) -> int:
    """Return how many columns can be scrolled out until the last column is in view."""
    used = least[first.id]
    shown = 0
    for column in reversed(rest):
        used += GAP + least[column.id]
        if used > width:
            break
        shown += 1
    return len(rest) - max(1, shown)
