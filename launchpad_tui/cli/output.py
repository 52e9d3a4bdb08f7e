"""Print tables, fields and JSON. Text from outside is never passed to the terminal unescaped."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from launchpad_tui.cli.table import GAP, TableColumn, table_lines
from launchpad_tui.cli.terminal_size import terminal_width
from launchpad_tui.domain.shown_credentials import hide_in_json, may_contain_credentials
from launchpad_tui.domain.text import cell_width, escape_json, safe_text


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


def without_credentials(data: Any) -> Any:
    """Return JSON data in which credentials that are recognized with certainty are hidden."""
    text = json.dumps(data, ensure_ascii=False, default=str)
    return hide_in_json(data) if may_contain_credentials(text) else data


def stream_json(items: Iterable[Mapping[str, Any]]) -> None:
    """Print ``{"resources": […], "count": N}``, one item at a time.

    Nothing is printed if there is an error before the first item. After a later one, what was
    printed is completed as valid JSON, with ``"incomplete": true``, before the error is raised.
    """
    write_json_parts([json_text(item)] for item in items)


def write_json_parts(parts: Iterator[Sequence[str]]) -> None:
    """Print the texts of JSON objects as `stream_json` does, a part of them at a time."""
    write = sys.stdout.write
    part = next(parts, None)
    write('{"resources": [')
    count = 0
    while part is not None:
        if part:
            write((",\n  " if count else "\n  ") + ",\n  ".join(part))
            count += len(part)
        try:
            part = next(parts, None)
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


def print_table(
    heads: Sequence[str | TableColumn],
    rows: Iterable[Sequence[str]],
    kept: int = 1,
    *,
    wide: bool = False,
    left_out: list[str] | None = None,
) -> bool:
    """Print a table with aligned columns, and return whether it has rows.

    On a terminal optional columns are left out, and the widest ones cut, to fit its width. In a
    pipe, and in the format ``wide``, nothing is cut.

    Args:
        heads: The columns, or their heads.
        rows: The cells of the rows; may be a generator of any length.
        kept: The number of first columns (IDs and names, to copy) that are cut last.
        wide: Whether to print the columns of the format ``wide``.
        left_out: Receives the heads of the columns that are left out.
    """
    width = terminal_width() if sys.stdout.isatty() and not wide else None
    printed = 0
    for line in table_lines(heads, rows, width, kept, wide=wide, left_out=left_out):
        print(line)
        printed += 1
    # The heads are always printed.
    return printed > 1


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
