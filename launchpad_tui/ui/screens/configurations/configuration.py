"""The details of a configuration: its bindings and its executions."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical

from launchpad_tui.domain.execution import Configuration
from launchpad_tui.domain.query import Condition, Op, Query, Subject
from launchpad_tui.domain.shown_credentials import hide_value
from launchpad_tui.errors import NotFound
from launchpad_tui.ui.keymap import Action
from launchpad_tui.ui.screens.common.detail_items import timestamp_item
from launchpad_tui.ui.screens.common.screen import LaunchpadScreen
from launchpad_tui.ui.screens.executions.execution_table import HasExecutions
from launchpad_tui.ui.widgets.details import NONE, Details, DetailsAndTable, Item, heading


class ConfigurationScreen(HasExecutions, LaunchpadScreen):
    """The details of a configuration.

    Args:
        item_id: the ID of the configuration.
    """

    TOPICS = frozenset({"configurations", "executions", "scenarios"})
    DEFAULT_CSS = """
    ConfigurationScreen #executions { height: 1fr; }
    """
    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action(
            "configuration.execute",
            "x",
            "execute",
            "Create an execution of the configuration",
            footer=2,
            needs="executions",
        ),
        Action(
            "configuration.copy",
            "C",
            "create like this",
            "Create a configuration with the values of this one",
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
            "configuration.sweep",
            "W",
            "sweep",
            "Execute all combinations of several parameter values",
            footer=4,
            needs="executions",
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
        """Return the name of the configuration."""
        return self._configuration.name if self._configuration else "Configuration"

    def body(self) -> ComposeResult:
        """Yield the details and the list of executions below them."""
        with DetailsAndTable():
            yield Vertical(Details(id="bindings"), id="details")
            yield self.execution_list("No executions yet\nPress x to create one")

    async def load(self) -> None:
        """Read the configuration and its executions."""
        await self.read_executables()
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
            *(Item(name, hide_value(name, value)) for name, value in one.parameters.items()),
            *([] if one.parameters else [NONE]),
            heading("Input artifacts"),
            *([] if one.inputs else [NONE]),
        ]
        for name, artifact_id in one.inputs.items():
            try:
                artifact = await self.read(self.desk.artifacts.get, self.scope, artifact_id)
            except NotFound:
                items.append(Item(name, f"{artifact_id} (deleted)", "warn"))
            else:
                items.append(
                    Item(
                        name,
                        f"{artifact.name_with_version}  {artifact.url}",
                        link="artifact",
                        link_id=artifact.id,
                    )
                )
        self.query_one("#bindings", Details).set_items(items)
        query = Query(
            conditions=(Condition(Subject.ATTRIBUTE, "configuration_id", Op.EQUALS, one.id),)
        )
        listing = await self.read(self.desk.executions.listing, self.scope, query)
        self.executions.set_source(listing)
        self.repaint_frame()

    def do_switch(self) -> None:
        """Move the focus between the details and the list of executions."""
        table, details = self.executions, self.query_one("#bindings", Details)
        (details if table.has_focus else table).focus()

    def why_not_execute(self) -> str | None:
        """Return why nothing can be created from the configuration."""
        one = self._configuration
        return None if one is None else self.why_no_executable(one.executable_id)

    why_not_copy = why_not_schedule = why_not_execute

    def why_not_sweep(self) -> str | None:
        """Return why the parameters of the configuration cannot be varied."""
        one = self._configuration
        return None if one is None else self.why_no_sweep(one.executable_id)

    def do_sweep(self) -> None:
        """Open the wizard that creates a sweep, with the values of the configuration."""
        self.launchpad.open("configuration.create", like=self.item_id, sweep=True)

    async def do_execute(self) -> None:
        """Create an execution of the configuration."""
        from launchpad_tui.ui.screens.executions.execution_create import execute

        await execute(self, self.item_id)

    def do_schedule(self) -> None:
        """Open the wizard that creates a schedule for the configuration."""
        self.launchpad.open("schedule.create", configuration=self.item_id)

    def do_copy(self) -> None:
        """Open the wizard that creates a configuration, filled with the values of this one."""
        self.launchpad.open("configuration.create", like=self.item_id)
