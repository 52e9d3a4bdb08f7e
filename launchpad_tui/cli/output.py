"""Print tables, fields and JSON. Text from outside is never passed to the terminal unescaped."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, islice
from typing import Any

from launchpad_tui.cli.terminal_size import terminal_width
from launchpad_tui.domain.shown_credentials import hide_in_json, may_contain_credentials
from launchpad_tui.domain.text import cell_width, clip, escape_json, safe_text

#: Number of spaces between two columns of a table.
GAP = 2
#: Number of first rows that determine the widths of the columns.
_MEASURED = 500
#: The maximum width to which a column is padded in a pipe.
_PADDED = 60
#: The minimum width to which a column is cut while others can still be cut.
_MINIMUM = 8


def json_text(data: Any, indent: int | None = None) -> str:
    """Return a value as JSON in which characters that a terminal might interpret are escaped.

    Credentials that are recognized with certainty are hidden.
    """
    text = json.dumps(data, ensure_ascii=False, indent=indent, default=str)
    if may_contain_credentials(text):
        text = json.dumps(
            hide_in_json(json.loads(text)), ensure_ascii=False, indent=indent, default=str
        )
    return escape_json(text)


def stream_json(items: Iterable[Mapping[str, Any]]) -> None:
    """Print ``{"resources": […], "count": N}``, one item at a time.

    Nothing is printed if there is an error before the first item. After a later one, what was
    printed is completed as valid JSON, with ``"incomplete": true``, before the error is raised.
    """
    write = sys.stdout.write
    texts = (json_text(item) for item in items)
    text = next(texts, None)
    write('{"resources": [')
    count = 0
    while text is not None:
        write((",\n  " if count else "\n  ") + text)
        count += 1
        try:
            text = next(texts, None)
        except (Exception, KeyboardInterrupt):
            write(f'\n], "count": {count}, "incomplete": true}}\n')
            raise
    write(("\n" if count else "") + f'], "count": {count}}}\n')


def coloured(no_color: bool) -> bool:
    """Return whether to print with color.

    Color requires a terminal that supports it, and is disabled by ``--no-color`` and ``NO_COLOR``.
    """
    dumb = os.environ.get("TERM", "") in {"", "dumb"}
    return not no_color and not os.environ.get("NO_COLOR") and not dumb and sys.stdout.isatty()


def print_table(heads: Sequence[str], rows: Iterable[Sequence[str]], kept: int = 1) -> None:
    """Print a table with aligned columns.

    On a terminal the widest columns are cut to fit its width. In a pipe nothing is cut.

    Args:
        heads: The heads of the columns.
        rows: The cells of the rows; may be a generator of any length.
        kept: The number of first columns (IDs and names, to copy) that are cut last.
    """
    for line in table_lines(heads, rows, terminal_width() if sys.stdout.isatty() else None, kept):
        print(line)


def table_lines(
    heads: Sequence[str], rows: Iterable[Sequence[str]], width: int | None, kept: int = 1
) -> Iterable[str]:
    """Return the lines of a table.

    The first 500 rows are read at once, because they determine the widths; the others one by one.

    Args:
        heads: The heads of the columns.
        rows: The cells of the rows; missing cells at the end of a row are empty.
        width: The maximum width of a line in cells; None for no limit.
        kept: The number of first columns that are cut last.
    """
    heads = [safe_text(head) for head in heads]
    source = (_cells(row, len(heads)) for row in rows)
    first = list(islice(source, _MEASURED))
    widths = [max(map(cell_width, column)) for column in zip(heads, *first, strict=True)]
    if width is None:
        widths = [
            min(each, max(_PADDED, cell_width(head)))
            for each, head in zip(widths, heads, strict=True)
        ]
    else:
        _fit(widths, width - GAP * (len(heads) - 1), kept)
    for row in chain([list(heads)], first, source):
        shown = (
            row
            if width is None
            else [clip(cell, each) for cell, each in zip(row, widths, strict=True)]
        )
        padded = [
            cell + " " * (each - cell_width(cell)) for cell, each in zip(shown, widths, strict=True)
        ]
        yield (" " * GAP).join(padded).rstrip()


def _cells(row: Sequence[str], count: int) -> list[str]:
    return [*map(safe_text, row), *[""] * (count - len(row))]


def _fit(widths: list[int], room: int, kept: int) -> None:
    for first, minimum in ((kept, _MINIMUM), (kept, 1), (0, 1)):
        open_columns = range(min(first, len(widths) - 1), len(widths))
        while sum(widths) > room:
            widest = max(open_columns, key=lambda index: widths[index])
            if widths[widest] <= minimum:
                break
            widths[widest] -= 1


def print_fields(lines: Iterable[tuple[str, str]]) -> None:
    """Print one field per line with padded names.

    Empty fields are left out. A value may have several lines.
    """
    shown = [(name, value) for name, value in lines if value]
    width = max((cell_width(safe_text(name)) for name, _ in shown), default=0)
    for name, value in shown:
        head = safe_text(name)
        first, *rest = value.split("\n")
        print(f"{head}{' ' * (width - cell_width(head) + GAP)}{safe_text(first)}")
        for line in rest:
            print(" " * (width + GAP) + safe_text(line))
