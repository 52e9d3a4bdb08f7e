"""The list of configurations."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult

from launchpad_tui.domain.execution import Configuration
from launchpad_tui.ui.keymap import Action
from launchpad_tui.ui.screens.common.screen import LaunchpadScreen
from launchpad_tui.ui.screens.configurations.configuration_columns import configuration_columns
from launchpad_tui.ui.widgets.dialogs import ConfirmDialog, PromptDialog
from launchpad_tui.ui.widgets.table import VirtualTable

_EMPTY = "No configurations yet\na creates one; it needs an executable (5)"


class ConfigurationsScreen(LaunchpadScreen):
    """All configurations of the resource group, newest first."""

    TITLE_TEXT = "Configurations"
    TOPICS = frozenset({"configurations"})
    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action(
            "configurations.create",
            "a",
            "create",
            "Bind an executable's parameters and inputs.",
            footer=2,
            needs="create_configuration",
        ),
        Action(
            "configurations.execute",
            "x",
            "execute",
            "Create an execution of it.",
            footer=3,
            needs="executions",
        ),
        Action(
            "configurations.search",
            "/",
            "search",
            "Show those whose name or ID holds a text.",
            footer=10,
        ),
    )

    def __init__(self) -> None:
        super().__init__()
        self._search = ""

    def body(self) -> ComposeResult:
        """The table."""
        yield VirtualTable(
            configuration_columns(),
            lambda one: one.id,
            title="Configurations",
            empty=_EMPTY,
            filtered=True,
            id="list",
        )

    @property
    def table(self) -> VirtualTable[Configuration]:
        """The list."""
        return self.query_one("#list", VirtualTable)

    async def load(self) -> None:
        """Read the list anew."""
        table = self.table
        rows = await self.read(self.desk.configurations.list, self.scope, None, self._search)
        table.empty = (
            f"No configuration's name or ID holds {self._search!r}" if self._search else _EMPTY
        )
        table.set_chips([f"search {self._search}"] if self._search else [])
        table.set_rows(rows)

    @on(VirtualTable.Opened)
    def opened(self, event: VirtualTable.Opened) -> None:
        """Key ``enter``."""
        self.launchpad.open("configuration", item_id=event.row.id)

    @on(VirtualTable.ChipRemoved)
    def chip_removed(self) -> None:
        """Show all again."""
        self._search = ""
        self.reload()

    async def do_search(self) -> None:
        """Key ``/``."""
        text = await self.launchpad.ask(
            PromptDialog("Search configurations", self._search, "Name or ID")
        )
        if text is not None:
            self._search = text.strip()
            self.reload()

    def do_create(self) -> None:
        """Key ``a``."""
        self.launchpad.open("configuration.create")

    def why_not_execute(self) -> str | None:
        """A row is needed."""
        return None if self.table.row is not None else "There is nothing under the cursor"

    async def do_execute(self) -> None:
        """Key ``x``."""
        from launchpad_tui.ui.screens.executions.execution_create import execute

        chosen = self.table.target_ids
        if len(chosen) > 1:
            question = ConfirmDialog(
                f"Execute {len(chosen):,} configurations?",
                "An execution is created of each.",
                yes="execute",
            )
            if not await self.launchpad.ask(question):
                return
        for configuration_id in chosen:
            await execute(self, configuration_id)
        if len(chosen) > 1:
            self.table.clear_selection()
            self.launchpad.say(f"Created {len(chosen):,} executions", "good")
