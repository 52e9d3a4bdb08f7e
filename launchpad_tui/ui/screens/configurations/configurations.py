"""The list of configurations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on

from launchpad_tui.domain.execution import Configuration
from launchpad_tui.domain.query import Query
from launchpad_tui.services.listing import Listing
from launchpad_tui.ui.keymap import Action
from launchpad_tui.ui.screens.common.executables import NeedsExecutables
from launchpad_tui.ui.screens.common.list_screen import ListScreen
from launchpad_tui.ui.screens.common.preview import RowPreview
from launchpad_tui.ui.screens.configurations.configuration_columns import configuration_columns
from launchpad_tui.ui.widgets.columns import Column
from launchpad_tui.ui.widgets.dialogs import ConfirmDialog
from launchpad_tui.ui.widgets.table import NO_ROW, VirtualTable

_EMPTY = "No configurations yet\nPress a to create one from an executable (5)"

_ATTRIBUTES = (
    ("name", "Name"),
    ("executable_id", "Executable"),
    ("scenario_id", "Scenario"),
    ("created_at", "Created"),
    ("id", "ID"),
)


class ConfigurationsScreen(NeedsExecutables, ListScreen[Configuration]):
    """All configurations of the resource group, newest first."""

    TITLE_TEXT = "Configurations"
    EMPTY = _EMPTY
    TOPICS = frozenset({"configurations", "scenarios"})
    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action(
            "configurations.create",
            "a",
            "create",
            "Create a configuration of an executable",
            footer=2,
            needs="create_configuration",
        ),
        Action(
            "configurations.execute",
            "x",
            "execute",
            "Create an execution of each selected configuration",
            footer=3,
            needs="executions",
        ),
        Action(
            "configurations.sweep",
            "W",
            "sweep",
            "Execute all combinations of several parameter values",
            footer=4,
            needs="executions",
        ),
    )

    def columns(self) -> Sequence[Column[Configuration]]:
        """Return the columns of configurations."""
        return configuration_columns()

    def key_of(self, row: Configuration) -> str:
        """Return the ID of the configuration."""
        return row.id

    def listing(self, query: Query) -> Listing[Configuration]:
        """Return the configurations that match a query."""
        return self.desk.configurations.listing(self.scope, query.search, query.conditions)

    async def load(self) -> None:
        """Read the executables, then the list."""
        await self.read_executables()
        await super().load()

    async def condition_names(self) -> list[tuple[str, str]]:
        """Return attributes and parameters."""
        names = await self.read(self.desk.artifacts.parameter_names, self.scope)
        return [
            *((f"attribute {name}", title) for name, title in _ATTRIBUTES),
            *((f"parameter {name}", f"parameter {name}") for name in names),
        ]

    async def preview_of(self, row: Configuration) -> RowPreview:
        """Return the preview of a configuration."""
        from launchpad_tui.ui.screens.configurations.configuration_preview import (
            configuration_preview,
        )

        return await configuration_preview(self, row)

    @on(VirtualTable.Opened)
    def opened(self, event: VirtualTable.Opened) -> None:
        """Open the details of the configuration."""
        self.launchpad.open("configuration", item_id=event.row.id)

    def do_create(self) -> None:
        """Open the wizard that creates a configuration."""
        self.launchpad.open("configuration.create")

    def why_not_execute(self) -> str | None:
        """Return why there is no configuration to execute.

        Of several configurations, the service checks each one when the action is performed.
        """
        row = self.table.row
        if row is None:
            return NO_ROW
        return None if len(self.table.selection) > 1 else self.why_no_executable(row.executable_id)

    def why_not_sweep(self) -> str | None:
        """Return why there is no configuration whose parameters can be varied."""
        row = self.table.row
        return NO_ROW if row is None else self.why_no_sweep(row.executable_id)

    def do_sweep(self) -> None:
        """Open the wizard that creates a sweep, with the values of the configuration."""
        self.launchpad.open("configuration.create", like=self.table.row_id, sweep=True)

    async def do_execute(self) -> None:
        """Execute the selected configurations; of several, ask first."""
        from launchpad_tui.ui.screens.executions.execution_create import execute

        selected = self.table.target_ids
        if len(selected) > 1:
            question = ConfirmDialog(
                f"Execute {len(selected):,} configurations?",
                "An execution is created for each.",
                yes="execute",
            )
            if not await self.launchpad.ask(question):
                return
        for configuration_id in selected:
            await execute(self, configuration_id)
        if len(selected) > 1:
            self.table.clear_selection()
            self.launchpad.say(f"{len(selected):,} executions created", "good")
