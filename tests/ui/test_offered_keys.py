"""Tests that the footer does not offer keys that cannot work in the current row."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from launchpad_tui.bootstrap import open_desk
from launchpad_tui.config.paths import Home
from launchpad_tui.domain.connection import DEFAULT_SCOPE
from launchpad_tui.registry import artifacts, configurations, connections, executions
from launchpad_tui.ui.screens.models.artifacts import ArtifactsScreen
from launchpad_tui.ui.widgets.bars import FooterLine
from tests.scenes.harness import press, running, screen_text, settled
from tests.scenes.screen_seeds import COMPLETED, CONFIGURATION, MODEL, swept

SERVING = "c0f19000-0000-4000-8000-00000000000d"
SERVED = "e00000000000000d"
SERVED_MODEL = "30de1000-0000-4000-8000-00000000000d"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home with a configuration and an execution whose executable it does not have."""
    home = Home.at(tmp_path / "home").ensure()
    open_desk(home).close()
    swept(home)
    desk = open_desk(home)
    one = desk.configurations.get(DEFAULT_SCOPE, CONFIGURATION)
    execution = desk.executions.get(DEFAULT_SCOPE, COMPLETED).execution
    at = one.created_at + timedelta(days=1)
    absent: dict[str, Any] = {"executable_id": "serve", "created_at": at}
    with desk.registry.write("configurations", "executions") as db:
        group = connections.group_pk(db, DEFAULT_SCOPE)
        configurations.insert(db, group, replace(one, id=SERVING, name="served", **absent))
        served = replace(execution, id=SERVED, configuration_id=SERVING, **absent)
        executions.insert(db, group, served)
        model = artifacts.artifact(desk.registry, DEFAULT_SCOPE, MODEL)
        model = replace(model, id=SERVED_MODEL, name="served", execution_id=SERVED, created_at=at)
        artifacts.insert(db, group, model)
    desk.close()
    return home


def offered(pilot: Pilot[Any]) -> dict[str, str]:
    """Return the titles of the enabled keys of the footer by the ID of their action."""
    footer = pilot.app.screen.query_one(FooterLine)
    return {action.id: action.title for action, enabled in footer.shown() if enabled}


@pytest.mark.parametrize(
    ("route", "params", "absent"),
    [
        ("configurations", {}, {"execute", "sweep"}),
        ("configuration", {"item_id": SERVING}, {"execute", "create like this", "schedule"}),
        ("executions", {}, {"rerun"}),
        ("artifact", {"item_id": SERVED_MODEL}, {"rerun"}),
        ("execution", {"item_id": SERVED}, {"rerun"}),
    ],
)
async def test_actions_that_need_a_missing_executable_are_not_offered(
    home: Home, route: str, params: dict[str, str], absent: set[str]
) -> None:
    async with running(home, size=(200, 50)) as pilot:
        pilot.app.open(route, **params)
        await settled(pilot)
        assert not absent & set(offered(pilot).values())
        if not params:
            await press(pilot, "end")
            assert absent <= set(offered(pilot).values())


async def test_models_of_a_missing_executable_cannot_be_rerun(home: Home) -> None:
    async with running(home, size=(200, 50)) as pilot:
        await press(pilot, "A")
        assert isinstance(pilot.app.screen, ArtifactsScreen)
        assert "The executable serve was deleted" in screen_text(pilot)


async def test_the_key_to_go_back_is_always_at_the_same_place(home: Home) -> None:
    async with running(home, size=(80, 24)) as pilot:
        assert "esc" not in screen_text(pilot).splitlines()[-1]
        for route, params in (
            ("artifact", {"item_id": MODEL}),
            ("execution", {"item_id": COMPLETED}),
            ("browse", {"store": "default"}),
        ):
            pilot.app.open(route, **params)
            await settled(pilot)
            assert screen_text(pilot).rstrip().endswith("esc back  : commands  ? help")
        pilot.app.open("execution.rerun", item_id=COMPLETED)
        await settled(pilot)
        assert screen_text(pilot).rstrip().endswith("esc back  ^p commands  f1 help")
