"""Create an execution of a configuration."""

from __future__ import annotations

from launchpad_tui.ui.screens.common.cells import pairs_text, timestamp_text
from launchpad_tui.ui.screens.common.screen import LaunchpadScreen
from launchpad_tui.ui.widgets.choose_dialog import Choice, ChooseDialog


async def choose_and_execute(screen: LaunchpadScreen) -> None:
    """Ask for a configuration and execute it."""
    configurations = await screen.read(screen.desk.configurations.list, screen.scope)
    choices = [
        Choice(one.id, one.name, f"{timestamp_text(one.created_at)}  {pairs_text(one.parameters)}")
        for one in configurations
    ]
    selected = await screen.launchpad.ask(
        ChooseDialog(
            "Configuration to execute",
            choices,
            empty="No configurations yet: press 4, then a to create one",
        )
    )
    if selected:
        await execute(screen, selected[0])


async def execute(screen: LaunchpadScreen, configuration_id: str) -> str:
    """Execute a configuration, show a message, and return the ID of the execution."""
    created = await screen.launchpad.act(
        screen.desk.executions.create, screen.scope, configuration_id
    )
    screen.launchpad.point_at("executions", created.id)
    screen.launchpad.say(f"Execution {created.id} of {created.configuration_name} created", "good")
    return created.id
