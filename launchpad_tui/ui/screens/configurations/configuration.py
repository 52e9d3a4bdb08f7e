"""One configuration: what it binds, and the executions of it."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical

from launchpad_tui.domain.execution import Configuration
from launchpad_tui.domain.query import Condition, ExecutionRow, Op, Query, Subject
from launchpad_tui.errors import NotFound
from launchpad_tui.ui.keymap import Action
from launchpad_tui.ui.screens.common.detail_items import timestamp_item
from launchpad_tui.ui.screens.common.screen import LaunchpadScreen
from launchpad_tui.ui.screens.executions.execution_columns import execution_columns
from launchpad_tui.ui.widgets.details import NONE, Details, Item, heading
from launchpad_tui.ui.widgets.table import VirtualTable


class ConfigurationScreen(LaunchpadScreen):
    """The details of a configuration.

    Args:
        item_id: its ID.
    """

    TOPICS = frozenset({"configurations", "executions"})
    DEFAULT_CSS = "ConfigurationScreen #details { height: 3fr; } ConfigurationScreen #executions { height: 2fr; }"
    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action(
            "configuration.execute",
            "x",
            "execute",
            "Create an execution of it.",
            footer=2,
            needs="executions",
        ),
        Action(
            "configuration.copy",
            "C",
            "create like it",
            "Create a configuration that starts with its values.",
            footer=3,
        ),
        Action(
            "configuration.schedule",
            "E",
            "schedule",
            "Create a schedule for the configuration",
            footer=5,
            needs="schedules",
        ),
        Action(
            "configuration.switch",
            "tab",
            "switch",
            "Switch to the list of executions and back",
            footer=4,
        ),
    )

    def __init__(self, item_id: str) -> None:
        super().__init__()
        self.item_id = item_id
        self._configuration: Configuration | None = None

    def title_text(self) -> str:
        """Its name."""
        return self._configuration.name if self._configuration else "Configuration"

    def body(self) -> ComposeResult:
        """Details above, executions below."""
        yield Vertical(Details(id="bindings"), id="details")
        yield VirtualTable(
            execution_columns(self.launchpad.look),
            _key,
            title="Executions of it",
            empty="None yet\nx executes it",
            multi=False,
            id="executions",
        )

    async def load(self) -> None:
        """Read it and its executions."""
        one = self._configuration = await self.read(
            self.desk.configurations.get, self.scope, self.item_id
        )
        items = [
            heading(one.name),
            Item("ID", one.id),
            Item("Executable", one.executable_id, link="executable", link_id=one.executable_id),
            Item("Scenario", one.scenario_id),
            timestamp_item("Created", one.created_at),
            heading("Parameters"),
            *(Item(name, value) for name, value in one.parameters.items()),
            *([] if one.parameters else [NONE]),
            heading("Input artifacts"),
            *([] if one.inputs else [NONE]),
        ]
        for name, artifact_id in one.inputs.items():
            try:
                artifact = await self.read(self.desk.artifacts.get, self.scope, artifact_id)
            except NotFound:
                items.append(Item(name, f"{artifact_id} no longer exists", "warn"))
            else:
                items.append(
                    Item(
                        name,
                        f"{artifact.name}  {artifact.url}",
                        link="artifact",
                        link_id=artifact.id,
                    )
                )
        self.query_one("#bindings", Details).set_items(items)
        wanted = Query(
            conditions=(Condition(Subject.ATTRIBUTE, "configuration_id", Op.EQUALS, one.id),)
        )
        listing = await self.read(self.desk.executions.listing, self.scope, wanted)
        self.query_one("#executions", VirtualTable).set_source(listing)
        self.repaint_frame()

    @on(VirtualTable.Opened)
    def opened(self, event: VirtualTable.Opened) -> None:
        """Key ``enter`` on an execution."""
        self.launchpad.open("execution", item_id=event.row.execution.id)

    def do_switch(self) -> None:
        """Key ``tab``."""
        table, details = (
            self.query_one("#executions", VirtualTable),
            self.query_one("#bindings", Details),
        )
        (details if table.has_focus else table).focus()

    async def do_execute(self) -> None:
        """Key ``x``."""
        from launchpad_tui.ui.screens.executions.execution_create import execute

        await execute(self, self.item_id)

    def do_schedule(self) -> None:
        """Key ``E``."""
        self.launchpad.open("schedule.create", configuration=self.item_id)

    def do_copy(self) -> None:
        """Key ``C``."""
        self.launchpad.open("configuration.create", like=self.item_id)


def _key(row: ExecutionRow) -> str:
    return row.execution.id
