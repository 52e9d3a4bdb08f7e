"""Add a scenario without workflow templates from a dialog or a wizard."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from launchpad_tui.ui.widgets.choose_dialog import Choice, ChooseDialog
from launchpad_tui.ui.widgets.dialogs import PromptDialog

if TYPE_CHECKING:
    from launchpad_tui.ui.screens.common.screen import LaunchpadScreen

#: the most characters of a scenario's ID that is proposed (AI API)
MOST_ID = 63
#: the ID of the choice that adds a scenario; no scenario has this ID
NEW_SCENARIO = "+"
NEW_CHOICE = Choice(NEW_SCENARIO, "New scenario…", "without a workflow template")


async def add_scenario(screen: LaunchpadScreen, proposed: str = "") -> str:
    """Ask for the ID of a scenario, add it, and return its ID; empty if the user cancelled.

    Args:
        screen: the screen that asks.
        proposed: a name from which the ID is proposed; empty for none.
    """
    typed = await screen.launchpad.ask(
        PromptDialog(
            "ID of the new scenario",
            re.sub(r"[^A-Za-z0-9_.-]+", "-", proposed)[:MOST_ID].strip("-_."),
            "Models and datasets can be added to it, for example churn",
            verb="add",
        )
    )
    if not typed or not typed.strip():
        return ""
    app, service = screen.launchpad, screen.desk.scenarios
    added = await app.act(service.add, screen.scope, typed.strip())
    app.say(f"Added scenario {added.id}", "good")
    return added.id


async def choose_scenario(screen: LaunchpadScreen, title: str, *, new: str = "") -> str:
    """Ask for a scenario, which may be a new one, and return its ID; empty if the user cancelled.

    Args:
        screen: the screen that asks.
        title: the heading of the list.
        new: a name from which the ID of a new scenario is proposed; empty for none.
    """
    service, scope = screen.desk.scenarios, screen.scope
    found = await screen.read(service.scenarios, scope)
    choices = [Choice(each.id, each.name, each.description) for each in found]
    can_add = not screen.launchpad.sync_status.missing_reason("add_executable")
    if can_add and not choices:
        return await add_scenario(screen, new)
    picked = await screen.launchpad.ask(
        ChooseDialog(
            title,
            [*choices, NEW_CHOICE] if can_add else choices,
            empty="No scenarios yet; the runtime creates them from workflow templates",
        )
    )
    if picked == (NEW_SCENARIO,):
        return await add_scenario(screen, new)
    return picked[0] if picked else ""
