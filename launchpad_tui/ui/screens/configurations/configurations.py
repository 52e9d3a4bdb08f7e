"""The list of configurations."""

from __future__ import annotations

from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult

from launchpad_tui.domain.execution import Configuration
from launchpad_tui.domain.query import Query
from launchpad_tui.ui.keymap import Action
from launchpad_tui.ui.screens.common.list_screen import NO_ROW
from launchpad_tui.ui.screens.common.preview import PreviewScreenMixin, RowPreview
from launchpad_tui.ui.screens.configurations.configuration_columns import configuration_columns
from launchpad_tui.ui.widgets.dialogs import ConfirmDialog, PromptDialog
from launchpad_tui.ui.widgets.table import VirtualTable

_EMPTY = "No configurations yet\nPress a to create one from an executable (5)"


class ConfigurationsScreen(PreviewScreenMixin):
    """All configurations of the resource group, newest first."""

    TITLE_TEXT = "Configurations"
    TOPICS = frozenset({"configurations"})
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
        Action(
            "configurations.search",
            "/",
            "search",
            "Search in names and IDs",
            footer=1,
        ),
        Action("list.export", "ctrl+s", "export", "Export the list to a file", "List"),
    )

    def __init__(self) -> None:
        super().__init__()
        self._search = ""

    def body(self) -> ComposeResult:
        """Yield the table."""
        yield from self.list_and_preview(
            VirtualTable(
                configuration_columns(),
                lambda one: one.id,
                title="Configurations",
                empty=_EMPTY,
                filtered=True,
                id="list",
            )
        )

    @property
    def table(self) -> VirtualTable[Configuration]:
        """The table that shows the list."""
        return self.query_one("#list", VirtualTable)

    async def preview_of(self, row: Configuration) -> RowPreview:
        """Return the preview of a configuration."""
        from launchpad_tui.ui.screens.configurations.configuration_preview import (
            configuration_preview,
        )

        return await configuration_preview(self, row)

    def filters(self) -> object:
        """Return the search text, which is kept when the screen is left."""
        return self._search

    async def restore_filters(self, filters: object) -> None:
        """Search for the former text."""
        if isinstance(filters, str):
            self._search = filters

    async def load(self) -> None:
        """Read the list."""
        await self.prepare_preview()
        table = self.table
        listing = await self.read(self.desk.configurations.listing, self.scope, self._search)
        table.empty = (
            f"No configuration has {self._search!r} in its name or ID" if self._search else _EMPTY
        )
        table.set_chips([f"search {self._search}"] if self._search else [])
        table.set_source(listing)

    @on(VirtualTable.Opened)
    def opened(self, event: VirtualTable.Opened) -> None:
        """Open the details of the configuration."""
        self.launchpad.open("configuration", item_id=event.row.id)

    @on(VirtualTable.ChipRemoved)
    def chip_removed(self) -> None:
        """Clear the search."""
        self._search = ""
        self.reload()

    async def do_search(self) -> None:
        """Ask for a text and show the configurations whose name or ID contains it."""
        text = await self.launchpad.ask(
            PromptDialog(
                "Search configurations", self._search, "Part of a name or ID", verb="search"
            )
        )
        if text is not None:
            self._search = text.strip()
            self.reload()

    async def do_export(self) -> None:
        """Ask for a file, and write the configurations to it."""
        from launchpad_tui.ui.screens.common.list_screen import all_rows
        from launchpad_tui.ui.screens.common.list_views import export_rows

        listing = await self.read(self.desk.configurations.listing, self.scope, self._search)
        await export_rows(self, "configurations", partial(all_rows, listing), Query())

    def do_create(self) -> None:
        """Open the wizard that creates a configuration."""
        self.launchpad.open("configuration.create")

    def why_not_execute(self) -> str | None:
        """Return why there is no configuration to execute."""
        return None if self.table.row is not None else NO_ROW

    why_not_sweep = why_not_execute

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
