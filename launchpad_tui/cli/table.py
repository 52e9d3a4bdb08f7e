"""Tables: aligned columns, which are left out and cut on terminals until they fit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import NamedTuple

from launchpad_tui.domain.text import cell_width, clip, safe_text

#: Number of spaces between two columns.
GAP = 2
#: Number of first rows that determine the widths of the columns.
_MEASURED = 500
#: The maximum width to which a column is padded in a pipe.
_PADDED = 60
#: The widths to which columns are cut before optional ones are left out: a column, an optional
#: one, and one that is cut last. A head of up to 12 characters is not cut.
_MINIMUM, _OPTIONAL, _READABLE, _HEAD = 8, 16, 24, 12
#: The width to which names are cut before anything that becomes useless if it is cut.
_SHORT = 8


class TableColumn(NamedTuple):
    """A column of a table.

    Attributes:
        head: The head.
        cut_last: Whether other columns are cut before this one, such as a name.
        whole: Whether it is cut only if nothing else can be cut, because an ID that is cut is
            useless.
        optional: The order in which columns are left out if a terminal is too narrow, the greatest
            first; 0 stands for a column that is always shown.
        wide: Whether the column is shown in the format ``wide`` only.
        right: Whether the cells are aligned at the right, as numbers are.
        asked: Whether an option names the column, so that a note reports it if it is left out.
    """

    head: str
    cut_last: bool = False
    whole: bool = False
    optional: int = 0
    wide: bool = False
    right: bool = False
    asked: bool = False


#: The column of IDs, which begins most tables.
ID = TableColumn("ID", cut_last=True, whole=True)
#: The column of names.
NAME = TableColumn("NAME", cut_last=True)


def columns_of(
    heads: Sequence[str | TableColumn], *, wide: bool = True
) -> list[tuple[int, TableColumn]]:
    """Return the columns that are shown, with their places in a row.

    Args:
        heads: The columns; a text is the head of one without properties.
        wide: Whether to include the columns of the format ``wide``.
    """
    columns = [TableColumn(head) if isinstance(head, str) else head for head in heads]
    return [(place, each) for place, each in enumerate(columns) if wide or not each.wide]


def table_lines(
    heads: Sequence[str | TableColumn],
    rows: Iterable[Sequence[str]],
    width: int | None,
    kept: int = 1,
    *,
    wide: bool = True,
    left_out: list[str] | None = None,
) -> Iterable[str]:
    """Return the lines of a table.

    The first 500 rows are read at once, because they determine the widths; the others one by one.

    Args:
        heads: The columns, or their heads.
        rows: The cells of the rows; missing cells at the end of a row are empty.
        width: The maximum width of a line in cells; None for no limit.
        kept: The number of first columns that are cut last, like those with ``cut_last``.
        wide: Whether to show the columns of the format ``wide``.
        left_out: Receives the heads of the columns that are left out.
    """
    columns = columns_of(heads, wide=wide)
    source = (_cells(row, columns) for row in rows)
    first = list(islice(source, _MEASURED))
    titles = [safe_text(each.head) for _, each in columns]
    widths = [max(map(cell_width, cells)) for cells in zip(titles, *first, strict=True)]
    shown = list(range(len(columns)))
    if width is None:
        widths = [
            min(each, max(_PADDED, cell_width(title)))
            for each, title in zip(widths, titles, strict=True)
        ]
    else:
        last = [index < kept or each.cut_last for index, (_, each) in enumerate(columns)]
        least = [
            _least(column, each, cut_last)
            for (_, column), each, cut_last in zip(columns, widths, last, strict=True)
        ]
        shown = _fitting(least, [each.optional for _, each in columns], width)
        if left_out is not None:
            left_out += [titles[index] for index in range(len(columns)) if index not in shown]
        _fit(widths, width - GAP * (len(shown) - 1), shown, least, last)
    right = [each.right for _, each in columns]
    for row in chain([titles], first, source):
        yield (
            (" " * GAP)
            .join(
                _padded(row[index], widths[index], right[index], cut=width is not None)
                for index in shown
            )
            .rstrip()
        )


def _padded(cell: str, width: int, right: bool, *, cut: bool) -> str:
    cell = clip(cell, width) if cut else cell
    space = " " * (width - cell_width(cell))
    return space + cell if right else cell + space


def _cells(row: Sequence[str], columns: Sequence[tuple[int, TableColumn]]) -> list[str]:
    return [safe_text(row[place]) if place < len(row) else "" for place, _ in columns]


def _least(column: TableColumn, width: int, cut_last: bool) -> int:
    """Return the width to which a column is cut before optional columns are left out."""
    if column.whole or column.right:
        # A number that is cut is another number.
        return width
    head = min(_HEAD, cell_width(safe_text(column.head)))
    return min(
        width, _READABLE if cut_last else max(_OPTIONAL if column.optional else _MINIMUM, head)
    )


def _fitting(least: Sequence[int], optional: Sequence[int], width: int) -> list[int]:
    """Return the indexes of the columns that are shown.

    Optional columns are left out until the others fit in their least widths.
    """
    shown = list(range(len(least)))
    while sum(least[index] for index in shown) + GAP * (len(shown) - 1) > width:
        order = max((optional[index] for index in shown), default=0)
        if not order:
            break
        shown.remove(max(index for index in shown if optional[index] == order))
    return shown


def _fit(
    widths: list[int],
    room: int,
    shown: Sequence[int],
    least: Sequence[int],
    last: Sequence[bool],
) -> None:
    """Reduce the widths of the shown columns until their sum is at most ``room``."""
    others = [index for index in shown if not last[index]]
    for indexes, minimum in (
        (others, least),
        (shown, least),
        (shown, [min(each, _SHORT) if last[at] else each for at, each in enumerate(least)]),
        (others, [1] * len(widths)),
        (shown, [1] * len(widths)),
    ):
        while sum(widths[index] for index in shown) > room:
            open_columns = [index for index in indexes if widths[index] > minimum[index]]
            if not open_columns:
                break
            widths[max(open_columns, key=lambda index: widths[index])] -= 1


def markdown_lines(
    heads: Sequence[str | TableColumn], rows: Iterable[Sequence[str]]
) -> Iterator[str]:
    """Yield the lines of a table in Markdown, in which characters of its syntax are escaped."""
    from launchpad_tui.domain.comparison_text import escape_markdown

    columns = columns_of(heads, wide=False)
    yield f"| {' | '.join(escape_markdown(each.head) for _, each in columns)} |"
    yield f"| {' | '.join('---:' if each.right else '---' for _, each in columns)} |"
    for row in rows:
        yield f"| {' | '.join(map(escape_markdown, _cells(row, columns)))} |"
