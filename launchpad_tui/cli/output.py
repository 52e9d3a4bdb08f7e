"""What commands print: tables for people, JSON for programs. Nothing from outside reaches the terminal as it is."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, islice
from typing import Any

from launchpad_tui.domain.text import cell_width, clip, safe_text

#: columns of a table stand so many spaces apart
GAP = 2
#: rows on which a table measures its columns, and the cells that a column is padded to at most where nothing is cut
_MEASURED, _PADDED = 500, 60
#: a column that has to give way keeps at least so many cells
_LEAST = 8
#: what JSON may hold as it is, and a terminal would obey: DEL, C1, line separators, direction controls; and lone halves
#: of surrogate pairs, which UTF-8 has no bytes for
_UNSAFE = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def json_text(data: Any, indent: int | None = None) -> str:
    """A value as JSON that is harmless on any terminal; beyond the control characters text stays as it is."""
    text = json.dumps(data, ensure_ascii=False, indent=indent, default=str)
    return _UNSAFE.sub(lambda match: f"\\u{ord(match.group()):04x}", text)


def stream_json(items: Iterable[Mapping[str, Any]]) -> None:
    """Print ``{"resources": […], "count": N}`` one item at a time; N is the number of items printed."""
    write = sys.stdout.write
    write('{"resources": [')
    count = 0
    for item in items:
        write((",\n  " if count else "\n  ") + json_text(item))
        count += 1
    write(("\n" if count else "") + f'], "count": {count}}}\n')


def coloured(no_color: bool) -> bool:
    """Whether to print with colour: to a terminal that has it, unless the option or ``NO_COLOR`` says no."""
    dumb = os.environ.get("TERM", "") in {"", "dumb"}
    return not no_color and not os.environ.get("NO_COLOR") and not dumb and sys.stdout.isatty()


def terminal_width() -> int:
    """The cells of a line of the terminal; 80 where it is not known."""
    return shutil.get_terminal_size().columns


def print_table(heads: Sequence[str], rows: Iterable[Sequence[str]], kept: int = 1) -> None:
    """Print a table with aligned columns, as the rows come.

    On a terminal lines fit its width: the widest columns are cut, the first ``kept`` (IDs and names, to copy) only
    where nothing else is left. In a pipe nothing is cut.
    """
    for line in table_lines(heads, rows, terminal_width() if sys.stdout.isatty() else None, kept):
        print(line)


def table_lines(
    heads: Sequence[str], rows: Iterable[Sequence[str]], width: int | None, kept: int = 1
) -> Iterable[str]:
    """The lines of a table of at most ``width`` cells (None: any); it holds the first 500 rows, then one at a time."""
    source = ([safe_text(cell) for cell in row] for row in rows)
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


def _fit(widths: list[int], room: int, kept: int) -> None:
    for first, least in ((kept, _LEAST), (kept, 1), (0, 1)):
        open_columns = range(min(first, len(widths) - 1), len(widths))
        while sum(widths) > room:
            widest = max(open_columns, key=lambda index: widths[index])
            if widths[widest] <= least:
                break
            widths[widest] -= 1


def print_fields(lines: Iterable[tuple[str, str]]) -> None:
    """Print fields on lines of their own, names padded; empty ones are left out. A value may have several lines."""
    shown = [(name, value) for name, value in lines if value]
    width = max((cell_width(safe_text(name)) for name, _ in shown), default=0)
    for name, value in shown:
        head = safe_text(name)
        first, *rest = value.split("\n")
        print(f"{head}{' ' * (width - cell_width(head) + GAP)}{safe_text(first)}")
        for line in rest:
            print(" " * (width + GAP) + safe_text(line))
