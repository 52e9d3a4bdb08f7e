"""The command palette."""

from __future__ import annotations

import pytest

from launchpad_tui.config.paths import Home
from launchpad_tui.ui import routes
from tests.scenes.harness import press, running, screen_text


@pytest.mark.parametrize(
    ("typed", "screen", "first_step"),
    [
        ("import", "Object stores", "import the models in a folder"),
        ("connect to", "Connections", "add a connection"),
        ("add a temp", "Scenarios", "a training script"),
        ("train a", "Configurations", "execute the configuration"),
        ("stop an", "Executions", "stop the execution"),
    ],
)
async def test_tasks_of_other_screens_are_found(
    typed: str, screen: str, first_step: str, workshop_home: Home
) -> None:
    async with running(workshop_home, "models", size=(120, 30)) as pilot:
        await press(pilot, ":", *typed)
        assert f"{screen}: " in screen_text(pilot)
        await press(pilot, "enter")
        assert routes.BY_ID[pilot.app.screen.kept_as].title == screen
        assert first_step in screen_text(pilot)


async def test_tasks_of_the_current_screen_are_its_actions(workshop_home: Home) -> None:
    async with running(workshop_home, "models", size=(120, 30)) as pilot:
        await press(pilot, ":", *"promote")
        text = screen_text(pilot)
        assert "Models: promote" not in text
        assert "promote" in text.split("Commands")[1]
