"""The context of a command: its services, its scope and its output."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from launchpad_tui.cli import output
from launchpad_tui.domain.text import safe_lines, safe_text

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from launchpad_tui.config.paths import Home
    from launchpad_tui.domain.connection import Scope
    from launchpad_tui.services.desk import Desk

Row = TypeVar("Row")


class CommandContext:
    """The services, scope and output of a command. The desk is opened on first use."""

    def __init__(self, home: Path | None, options: argparse.Namespace) -> None:
        self._home = home
        self._options = options
        self.json: bool = options.json
        self.quiet: bool = options.quiet

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

        desk = open_desk(self.home)
        setup(desk.home)
        return desk

    @cached_property
    def scope(self) -> Scope:
        """Return the connection and resource group named by the options, or the current ones.

        Raises:
            NotFound: The connection or the resource group does not exist.
        """
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

    def resource(self, data: Mapping[str, Any], lines: Iterable[tuple[str, str]]) -> None:
        """Print one resource: as JSON, as its ID or name (``--quiet``), or one field per line."""
        if self.json:
            self.print_json(data)
        elif self.quiet and ("id" in data or "name" in data):
            self.line(safe_text(str(data.get("id", data.get("name")))))
        else:
            output.print_fields(lines)

    def resources(
        self,
        rows: Iterable[Row],
        to_json: Callable[[Row], Mapping[str, Any]],
        heads: Sequence[str],
        cells: Callable[[Row], Sequence[str]],
    ) -> None:
        """Print a list: as JSON, as the first column with ``--quiet``, or as a table.

        Args:
            rows: May be a generator of any length: only a few rows are kept in memory.
            to_json: Returns the JSON object of a row.
            heads: The heads of the columns.
            cells: Returns the cells of a row.
        """
        if self.json:
            output.stream_json(to_json(row) for row in rows)
        elif self.quiet:
            for row in rows:
                self.line(safe_text(cells(row)[0]))
        else:
            output.print_table(heads, (cells(row) for row in rows))

    def print_json(self, data: Any) -> None:
        """Print a value as indented JSON."""
        self.line(output.json_text(data, indent=2))

    def done(self, message: str, data: Mapping[str, Any] | None = None, *, id: str = "") -> None:  # noqa: A002
        """Report success: as JSON, as the ID with ``--quiet``, or as the message."""
        if self.json:
            self.print_json(data if data is not None else {"id": id, "message": message})
        elif self.quiet:
            if id:
                self.line(safe_text(id))
        else:
            self.line(safe_text(message))

    @staticmethod
    def line(text: str) -> None:
        """Print a line that is safe for terminals; on a terminal it is flushed immediately."""
        print(text, flush=sys.stdout.isatty())

    @staticmethod
    def note(text: str) -> None:
        """Print a message on standard error; further lines of it are indented."""
        first, *rest = safe_lines(text)
        print("\n".join([first, *(f"  {line}" for line in rest)]), file=sys.stderr)
