"""What every command needs: the services, the scope, and a way to print."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from launchpad_tui.domain.text import safe_text

if TYPE_CHECKING:
    from launchpad_tui.domain.connection import Scope
    from launchpad_tui.services.desk import Desk

Row = TypeVar("Row")
#: columns of a table stand so many spaces apart
GAP = 2


class Context:
    """A command's surroundings. The desk is opened on first use."""

    def __init__(self, home: Path | None, options: argparse.Namespace) -> None:
        self._home = home
        self._options = options
        self.json: bool = getattr(options, "json", False)
        self.quiet: bool = getattr(options, "quiet", False)

    @cached_property
    def desk(self) -> Desk:
        """The services. Raises LaunchpadError where the home cannot be opened."""
        from launchpad_tui.bootstrap import open_desk
        from launchpad_tui.config.paths import Home

        return open_desk(Home.at(self._home.absolute()) if self._home else None)

    @cached_property
    def scope(self) -> Scope:
        """The connection and resource group that the options name, else those chosen last."""
        from launchpad_tui.domain.connection import DEFAULT_SCOPE, Scope

        named: str | None = getattr(self._options, "connection", None)
        group: str | None = getattr(self._options, "group", None)
        if named is not None:
            self.desk.connections.get(named)
            return Scope(named, group or DEFAULT_SCOPE.resource_group)
        current = self.desk.connections.current()
        return Scope(current.connection, group) if group else current

    def resource(self, data: Mapping[str, Any], lines: Iterable[tuple[str, str]]) -> None:
        """Print one thing: as JSON, or its fields on lines of their own, names padded."""
        if self.json:
            self.print_json(data)
            return
        shown = [(name, value) for name, value in lines if value]
        width = max((cell_width(name) for name, _ in shown), default=0)
        for name, value in shown:
            first, *rest = value.split("\n")
            self.line(f"{name}{' ' * (width - cell_width(name) + GAP)}{safe_text(first)}")
            for line in rest:
                self.line(" " * (width + GAP) + safe_text(line))

    def resources(
        self,
        rows: Iterable[Row],
        to_json: Callable[[Row], Mapping[str, Any]],
        heads: Sequence[str],
        cells: Callable[[Row], Sequence[str]],
    ) -> None:
        """Print a list as it comes: JSON (``{"count": N, "resources": [...]}``), with ``--quiet`` the first column of
        each row, else a table. Rows may be a generator of any length: JSON and quiet hold one row at a time, the table
        measures its columns on the first 500."""
        if self.json:
            self._stream_json(to_json(row) for row in rows)
        elif self.quiet:
            for row in rows:
                self.line(safe_text(cells(row)[0]))
        else:
            print_table(heads, (cells(row) for row in rows))

    def _stream_json(self, items: Iterable[Mapping[str, Any]]) -> None:
        write = sys.stdout.write
        write('{"resources": [')
        count = 0
        for item in items:
            write((",\n  " if count else "\n  ") + json.dumps(item, ensure_ascii=False, default=str))
            count += 1
        write(("\n" if count else "") + f'], "count": {count}}}\n')

    def print_json(self, data: Any) -> None:
        """Print a value as JSON."""
        self.line(json.dumps(data, ensure_ascii=False, indent=2, default=str))

    def done(self, message: str, data: Mapping[str, Any] | None = None, *, id: str = "") -> None:
        """Say that something was done: JSON where asked for, the ID alone with ``--quiet``, else the message."""
        if self.json:
            self.print_json(data if data is not None else {"id": id, "message": message})
        elif self.quiet:
            if id:
                self.line(id)
        else:
            self.line(safe_text(message))

    @staticmethod
    def line(text: str) -> None:
        """Print a line, at once where somebody watches."""
        print(text, flush=sys.stdout.isatty())

    @staticmethod
    def note(text: str) -> None:
        """Say something beside the output: on standard error."""
        print(safe_text(text), file=sys.stderr)


def cell_width(text: str) -> int:
    """How many terminal cells a safe text takes."""
    if text.isascii():
        return len(text)
    import unicodedata

    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text
    )


def cut(text: str, width: int) -> str:
    """Text of at most so many cells; a cut is marked with ``…``."""
    if cell_width(text) <= width:
        return text
    out, used = "", 0
    for char in text:
        used += cell_width(char)
        if used > width - 1:
            break
        out += char
    return out + "…"


def print_table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A table with aligned columns. On a terminal what is too wide is cut, longest columns first; in a pipe nothing is."""
    from itertools import chain, islice

    source = iter(rows)
    first = [[safe_text(cell) for cell in row] for row in islice(source, 500)]
    widths = [max([cell_width(head), *(cell_width(row[i]) for row in first)]) for i, head in enumerate(heads)]
    if sys.stdout.isatty():
        room = shutil.get_terminal_size().columns - GAP * (len(heads) - 1)
        while sum(widths) > room and max(widths) > 8:
            widths[widths.index(max(widths))] -= 1
    rest = ([safe_text(cell) for cell in row] for row in source)
    tty = sys.stdout.isatty()
    for row in chain([list(heads)], first, rest):
        shown = [cut(cell, width) if tty else cell for cell, width in zip(row, widths, strict=True)]
        padded = [cell + " " * (width - cell_width(cell)) for cell, width in zip(shown, widths, strict=True)]
        print((" " * GAP).join(padded).rstrip())
