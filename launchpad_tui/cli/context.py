"""The context of a command: its services, its scope and its output."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from launchpad_tui.cli import output
from launchpad_tui.cli.formats import (
    CSV,
    JSON,
    MARKDOWN,
    NAME,
    STRUCTURED,
    TABLE,
    WIDE,
    YAML,
    output_format,
)
from launchpad_tui.cli.table import TableColumn, markdown_lines
from launchpad_tui.domain.text import safe_lines, safe_text

#: The groups of commands that read records which a sync fetches from a remote runtime.
READING = frozenset(
    {
        "models",
        "datasets",
        "resultsets",
        "artifacts",
        "compare",
        "metrics",
        "executions",
        "sweeps",
        "schedules",
        "configurations",
        "executables",
        "scenarios",
    }
)

if TYPE_CHECKING:
    import argparse
    from datetime import datetime
    from pathlib import Path

    from launchpad_tui.config.paths import Home
    from launchpad_tui.domain.connection import Scope
    from launchpad_tui.services.desk import Desk
    from launchpad_tui.services.short_ids import ShortIds

Row = TypeVar("Row")


class CommandContext:
    """The services, scope and output of a command. The desk is opened on first use."""

    def __init__(self, home: Path | None, options: argparse.Namespace) -> None:
        self._home = home
        self._options = options
        self.output = output_format(options)
        #: Whether the command prints data instead of a text about it.
        self.structured = self.output in STRUCTURED
        self.quiet: bool = options.quiet
        self._fetch_tried = False

    @cached_property
    def home(self) -> Home:
        """Return the home folder, without creating it. Raises ConfigError."""
        from launchpad_tui.config.paths import Home

        return Home.at(self._home) if self._home else Home.find()

    @cached_property
    def desk(self) -> Desk:
        """Return the services. Raises LaunchpadError if the home folder cannot be opened."""
        from launchpad_tui.bootstrap import open_desk
        from launchpad_tui.config.logfile import setup
        from launchpad_tui.services.update_note import update_note

        if note := update_note(self.home.registry_path):
            self.note(note)
        desk = open_desk(self.home)
        setup(desk.home)
        return desk

    @cached_property
    def scope(self) -> Scope:
        """Return the connection and resource group named by the options, or the current ones.

        If nothing of a remote runtime was fetched yet, a command that reads its records fetches
        them first.

        Raises:
            NotFound: The connection or the resource group does not exist.
            Unreachable: The runtime does not respond, and nothing of it is stored. Other errors of
                runtimes are possible.
        """
        scope = self._named_scope()
        from launchpad_tui.domain.connection import DEFAULT_SCOPE

        local = scope.connection == DEFAULT_SCOPE.connection
        if not local and not self._fetch_tried and self._options.command.path[0] in READING:
            from launchpad_tui.cli.first_sync import fetch_first

            # Once per command: an error is not followed by a second attempt, which may wait long.
            self._fetch_tried = True
            fetch_first(self.desk, scope, note=self.note, hint=self.hint, quiet=self.quiet)
        return scope

    def _named_scope(self) -> Scope:
        """Return the scope that the options name. Raises NotFound."""
        from launchpad_tui.domain.connection import DEFAULT_SCOPE, Scope
        from launchpad_tui.errors import NotFound

        connection, group = self._options.connection, self._options.group
        current = self.desk.connections.current()
        if connection is None and group is None:
            return current
        same = connection in {None, current.connection}
        scope = Scope(
            connection or current.connection,
            group or (current.resource_group if same else DEFAULT_SCOPE.resource_group),
        )
        names = [each.name for each in self.desk.connections.groups(scope.connection)]
        if scope.resource_group not in names:
            raise NotFound(
                f"Resource group {scope.resource_group[:80]!r} not found",
                f"Resource groups of connection {scope.connection}: {', '.join(names)}.",
                "To add one: launchpad groups add NAME",
            )
        return scope

    def read_metrics(self, execution_ids: Sequence[str]) -> bool:
        """Fetch metrics of remote executions that were not fetched yet.

        If the runtime is not reachable, a note is printed and the stored metrics are used.

        Returns:
            Whether any metrics were fetched.
        """
        from launchpad_tui.errors import LaunchpadError

        try:
            return self.desk.sync.read_metrics(self.scope, execution_ids)
        except LaunchpadError as error:
            self.note(f"note: {error.title}. Metrics stored earlier are shown.")
            return False

    @property
    def colour(self) -> bool:
        """Return whether to print with color."""
        return output.coloured(self._options.no_color)

    @contextmanager
    def paged(self) -> Iterator[None]:
        """Show what the block prints in a pager if it is longer than the screen of the terminal."""
        if self._options.no_pager or not sys.stdout.isatty():
            yield
            return
        from launchpad_tui.cli.pager import paged

        with paged(self._pager):
            yield

    def _pager(self) -> list[str]:
        from launchpad_tui.cli.pager import pager_command
        from launchpad_tui.config.settings import Settings
        from launchpad_tui.errors import LaunchpadError

        try:
            setting = Settings.load(self.home).ui.pager
        except LaunchpadError:
            # Commands that do not use the settings also work if they are invalid.
            setting = "auto"
        return pager_command(setting)

    @property
    def compact(self) -> bool:
        """Return whether to print for the screen of a terminal: short IDs and relative times."""
        return self.output == TABLE and sys.stdout.isatty()

    def short_id(self, kind: str, full: str, scope: Scope | None = None) -> str:
        """Return an ID as tables show it: on a terminal the shortest unique prefix.

        Args:
            kind: A value of `launchpad_tui.services.short_ids.Identified`.
            full: The ID; empty for none.
            scope: The resource group of the object; None for the current one.
        """
        if not self.compact or not full:
            return full
        from launchpad_tui.services.short_ids import Identified

        return self._short_ids.shorten(scope or self.scope, Identified(kind), full)

    @cached_property
    def _short_ids(self) -> ShortIds:
        from launchpad_tui.services.short_ids import ShortIds

        return ShortIds(self.desk.registry)

    def time(self, timestamp: datetime | None) -> str:
        """Return a time as tables show it: relative on a terminal, otherwise as RFC 3339."""
        if timestamp is None:
            return ""
        if self.compact:
            from launchpad_tui.cli.relative_time import relative_time

            return relative_time(timestamp)
        from launchpad_tui.domain.timestamps import to_rfc3339

        return to_rfc3339(timestamp)

    def field_time(self, timestamp: datetime | None) -> str:
        """Return a time as a field of an object: RFC 3339, on a terminal with the relative time."""
        if timestamp is None:
            return ""
        from launchpad_tui.domain.timestamps import to_rfc3339

        text = to_rfc3339(timestamp)
        if not self.compact:
            return text
        from launchpad_tui.cli.relative_time import relative_time

        relative = relative_time(timestamp)
        return f"{text} ({relative})" if relative.startswith("in ") else f"{text} ({relative} ago)"

    def resource(self, data: Mapping[str, Any], lines: Iterable[tuple[str, str]]) -> None:
        """Print one object: its data in a structured format, its ID or name, or its fields.

        An object that has neither an ID nor a name is named by its fields.
        """
        if self.structured or self.output == NAME:
            self.print_data(data)
        else:
            with self.paged():
                output.print_fields(lines)

    def resources(
        self,
        rows: Iterable[Row],
        to_json: Callable[[Row], Mapping[str, Any]],
        heads: Sequence[str | TableColumn],
        cells: Callable[[Row], Sequence[str]],
        *,
        name: Callable[[Row], str] | None = None,
        metrics: Sequence[str] = (),
        parameters: Sequence[str] = (),
    ) -> None:
        """Print a list in the selected format.

        Args:
            rows: May be a generator of any length: only a few rows are kept in memory.
            to_json: Returns the JSON object of a row.
            heads: The columns of a table, or their heads.
            cells: Returns the cells of a row, for all columns.
            name: Returns the ID or name of a row; by default it is the first cell.
            metrics: The metrics in the field ``metrics`` of the JSON objects.
            parameters: The parameters in the field ``parameters`` of the JSON objects.
        """
        left_out: list[str] = []
        empty = False
        with self.paged():
            if self.output == NAME:
                for row in rows:
                    self.line(safe_text(cells(row)[0] if name is None else name(row)))
            elif self.output == MARKDOWN:
                for line in markdown_lines(heads, (cells(row) for row in rows)):
                    self.line(line)
            elif self.output == JSON:
                output.stream_json(to_json(row) for row in rows)
            elif self.structured:
                from launchpad_tui.cli.streams import stream_csv, stream_yaml

                items = (to_json(row) for row in rows)
                if self.output == CSV:
                    stream_csv(items, metrics, parameters)
                else:
                    stream_yaml(items)
            else:
                empty = not output.print_table(
                    heads,
                    (cells(row) for row in rows),
                    wide=self.output == WIDE,
                    left_out=left_out,
                )
        if empty:
            self.hint("The list is empty")
        asked = {safe_text(one.head) for one in heads if isinstance(one, TableColumn) and one.asked}
        if missing := [head for head in left_out if head in asked]:
            self.note(f"Not shown: {', '.join(missing)}. To show all columns: --wide")

    def print_data(self, data: Any, rows: str = "") -> None:
        """Print the data of an object in the selected format.

        Args:
            data: JSON data.
            rows: The field with a list that CSV, Markdown and names show instead of the object.
        """
        with self.paged():
            if self.output in {CSV, MARKDOWN, NAME}:
                from launchpad_tui.cli.streams import print_rows

                print_rows(data[rows] if rows else [data], self.output)
            elif self.output == YAML:
                from launchpad_tui.cli.streams import print_yaml

                print_yaml(data)
            else:
                self.line(output.json_text(data, indent=2))

    def done(self, message: str, data: Mapping[str, Any] | None = None, *, id: str = "") -> None:  # noqa: A002
        """Report success: as data in a structured format, as the ID or name, or as the message."""
        if self.structured:
            self.print_data(data if data is not None else {"id": id, "message": message})
        elif self.output == NAME:
            if id:
                self.line(safe_text(id))
        else:
            self.line(safe_text(message))

    @staticmethod
    def line(text: str) -> None:
        """Print a line that is safe for terminals; on a terminal it is flushed immediately."""
        print(text, flush=sys.stdout.isatty())

    def hint(self, text: str) -> None:
        """Print a message on standard error that only helps people: none for scripts."""
        if sys.stderr.isatty() and not self.structured and not self.quiet:
            self.note(text)

    def note(self, text: str) -> None:
        """Print a message on standard error; further lines of it are indented.

        In the format ``json`` it is an object in a line of its own, as errors are.
        """
        if self.output == JSON:
            print(output.json_text({"note": text}), file=sys.stderr)
            return
        first, *rest = safe_lines(text)
        print("\n".join([first, *(f"  {line}" for line in rest)]), file=sys.stderr)
