"""What every command needs: the services, the scope, and a way to print."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from launchpad_tui.cli import output
from launchpad_tui.domain.text import safe_text

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from launchpad_tui.config.paths import Home
    from launchpad_tui.domain.connection import Scope
    from launchpad_tui.services.desk import Desk

Row = TypeVar("Row")


class Context:
    """A command's surroundings. The desk is opened on first use."""

    def __init__(self, home: Path | None, options: argparse.Namespace) -> None:
        self._home = home
        self._options = options
        self.json: bool = options.json
        self.quiet: bool = options.quiet

    @cached_property
    def home(self) -> Home:
        """The home folder, as it is; nothing is made. Raises ConfigError."""
        from launchpad_tui.config.paths import Home

        return Home.at(self._home) if self._home else Home.find()

    @cached_property
    def desk(self) -> Desk:
        """The services. Raises LaunchpadError where the home cannot be opened."""
        from launchpad_tui.bootstrap import open_desk
        from launchpad_tui.config.logfile import setup

        desk = open_desk(self.home)
        setup(desk.home)
        return desk

    @cached_property
    def scope(self) -> Scope:
        """The connection and resource group that the options name, else those chosen last.

        Raises:
            NotFound: there is no such connection or group.
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
            title = f"Connection {scope.connection} has no resource group {scope.resource_group!r}"
            raise NotFound(title, hint=f"There are: {', '.join(names)}.")
        return scope

    def read_metrics(self, execution_ids: Sequence[str]) -> bool:
        """Read what executions elsewhere logged, where that was not read yet; says whether anything was. Without a
        network what was read before stays."""
        from launchpad_tui.errors import LaunchpadError

        try:
            return self.desk.sync.read_metrics(self.scope, execution_ids)
        except LaunchpadError as error:
            self.note(f"note: {error.title}; what was read before is shown")
            return False

    @property
    def colour(self) -> bool:
        """Whether to print with colour."""
        return output.coloured(self._options.no_color)

    def resource(self, data: Mapping[str, Any], lines: Iterable[tuple[str, str]]) -> None:
        """Print one thing: as JSON, with ``--quiet`` its ID or name, else its fields on lines of their own."""
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
        """Print a list as it comes: JSON (``{"resources": […], "count": N}``), with ``--quiet`` the first column of
        each row, else a table. Rows may be a generator of any length: few are held at a time."""
        if self.json:
            output.stream_json(to_json(row) for row in rows)
        elif self.quiet:
            for row in rows:
                self.line(safe_text(cells(row)[0]))
        else:
            output.print_table(heads, (cells(row) for row in rows))

    def print_json(self, data: Any) -> None:
        """Print a value as JSON."""
        self.line(output.json_text(data, indent=2))

    def done(self, message: str, data: Mapping[str, Any] | None = None, *, id: str = "") -> None:  # noqa: A002
        """Say that something was done: JSON where asked for, the ID alone with ``--quiet``, else the message."""
        if self.json:
            self.print_json(data if data is not None else {"id": id, "message": message})
        elif self.quiet:
            if id:
                self.line(safe_text(id))
        else:
            self.line(safe_text(message))

    @staticmethod
    def line(text: str) -> None:
        """Print a line that is safe already, at once where somebody watches."""
        print(text, flush=sys.stdout.isatty())

    @staticmethod
    def note(text: str) -> None:
        """Say something beside the output: on standard error."""
        print(safe_text(text), file=sys.stderr)
