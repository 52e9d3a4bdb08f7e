"""Choosing a configuration and executing it."""

from __future__ import annotations

from launchpad_tui.ui.screens.common.cells import pairs_text, timestamp_text
from launchpad_tui.ui.screens.common.screen import LaunchpadScreen
from launchpad_tui.ui.widgets.dialogs import Choice, ChooseDialog


async def choose_and_execute(screen: LaunchpadScreen) -> None:
    """Let the user choose a configuration, execute it, and say so."""
    configurations = await screen.read(screen.desk.configurations.list, screen.scope)
    choices = [
        Choice(one.id, one.name, f"{timestamp_text(one.created_at)}  {pairs_text(one.parameters)}")
        for one in configurations
    ]
    picked = await screen.launchpad.ask(
        ChooseDialog(
            "Execute which configuration?",
            choices,
            empty="There is no configuration yet: 4, then a, creates one",
        )
    )
    if picked:
        await execute(screen, picked[0])


async def execute(screen: LaunchpadScreen, configuration_id: str) -> str:
    """Execute a configuration; gives the new execution's ID."""
    made = await screen.launchpad.act(screen.desk.executions.create, screen.scope, configuration_id)
    screen.launchpad.say(f"Created execution {made.id} of {made.configuration_name}", "good")
    return made.id
