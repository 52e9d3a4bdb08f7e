"""The screens that add, edit and remove connections and resource groups."""

from __future__ import annotations

from typing import Any

from launchpad_tui.config.paths import Home
from launchpad_tui.domain.connection import DEFAULT_SCOPE, Scope
from launchpad_tui.ui.screens.connections.connections import ConnectionsScreen
from launchpad_tui.ui.screens.models.artifacts import ArtifactsScreen
from launchpad_tui.ui.screens.stores.stores import StoresScreen
from launchpad_tui.ui.widgets.form import Form
from tests.scenes.harness import press, running, screen_text

TOKEN = "t0ken-of-the-server"


def groups(pilot: Any, connection: str = "local") -> dict[str, dict[str, str]]:
    return {one.name: dict(one.labels) for one in pilot.app.desk.connections.groups(connection)}


async def test_resource_group_is_added_switched_to_and_deleted(workshop_home: Home) -> None:
    async with running(workshop_home, "connections") as pilot:
        app: Any = pilot.app
        await press(pilot, "+", *"team-a", "enter", *"team=a", "enter", "enter")
        assert list(groups(pilot)) == ["default", "team-a"]
        assert "a" in groups(pilot)["team-a"].values()
        await press(pilot, "r", "end", "enter")
        assert app.desk.connections.current() == Scope("local", "team-a")
        assert isinstance(app.screen, ArtifactsScreen)
        text = screen_text(pilot)
        assert "local/team-a  1 Models" in text
        assert "No models yet" in text
        assert "running" not in text.split("\n")[0]
        await press(pilot, "0", "end", "D", "enter", "n")
        assert "team-a" in groups(pilot)
        await press(pilot, "D", "y")
        assert "team-a" not in groups(pilot)
        assert app.scope == DEFAULT_SCOPE
        assert "local/default  1 Models" in screen_text(pilot)
        assert "0 Connections" in screen_text(pilot)
        await press(pilot, "1")
        assert "churn-model" in screen_text(pilot)


async def test_invalid_name_of_a_resource_group_is_refused(workshop_home: Home) -> None:
    async with running(workshop_home, "connections") as pilot:
        await press(pilot, "+", *"Not A Name", "ctrl+n")
        assert "✗ This value is invalid. Use 3 to 253 letters" in screen_text(pilot)
        assert pilot.app.screen.query_one(Form).values()["name"] == "Not A Name"
        await press(pilot, "ctrl+u", *"default", "ctrl+n")
        assert "Connection local already has a resource group default" in screen_text(pilot)
        await press(pilot, "ctrl+x", "y")
        assert isinstance(pilot.app.screen, ConnectionsScreen)
        assert list(groups(pilot)) == ["default"]


async def test_local_connection_and_default_group_cannot_be_removed(workshop_home: Home) -> None:
    async with running(workshop_home, "connections") as pilot:
        await press(pilot, "D")
        assert "The resource group default of a connection cannot be deleted" in screen_text(pilot)
        await press(pilot, "e")
        assert "A resource group has no settings" in screen_text(pilot)
        await press(pilot, "home", "D")
        assert "The connection to this machine cannot be removed" in screen_text(pilot)
        await press(pilot, "t")
        assert "Object stores belong to a resource group" in screen_text(pilot)
        await press(pilot, "end", "t")
        assert isinstance(pilot.app.screen, StoresScreen)
        assert "archive" in screen_text(pilot)


async def test_connection_is_added_edited_and_removed(workshop_home: Home) -> None:
    async with running(workshop_home, "connections") as pilot:
        app: Any = pilot.app
        await press(pilot, "a")
        assert "SAP AI Core" in screen_text(pilot)
        await press(
            pilot,
            "ctrl+n",
            *"lab",
            "down",
            "down",
            *"http://127.0.0.1:9",
            "down",
            *"http://127.0.0.1:9/oauth",
            "down",
            *"me",
            "down",
            *TOKEN,
        )
        assert TOKEN not in screen_text(pilot)
        await press(pilot, "ctrl+n")
        text = screen_text(pilot)
        assert "● Review" in text
        assert "http://127.0.0.1:9/oauth" in text
        assert TOKEN not in text
        await press(pilot, "enter")
        assert {one.name for one in app.desk.connections.list()} == {"local", "lab"}
        assert "client_secret" in app.desk.connections.kept("lab")
        await press(pilot, "escape", "escape", "r", "home", "i", "escape")
        lines = screen_text(pilot).split("\n")
        place = next(i for i, line in enumerate(lines) if " lab " in line) - 3
        await press(pilot, "home", *["down"] * place, "i")
        text = screen_text(pilot)
        assert "set, not shown" in text
        assert TOKEN not in text
        await press(pilot, "e", "down", *"/api", "ctrl+n", "enter")
        assert (
            dict(app.desk.connections.get("lab").settings)["base_url"] == "http://127.0.0.1:9/api"
        )
        assert "client_secret" in app.desk.connections.kept("lab")
        await press(pilot, "D", "n")
        assert app.desk.connections.get("lab").name == "lab"
        await press(pilot, "D", "y")
        assert {one.name for one in app.desk.connections.list()} == {"local"}
        assert isinstance(app.screen, ConnectionsScreen)
    assert TOKEN not in workshop_home.credentials_path.read_text()


async def test_invalid_address_is_reported_below_its_field(workshop_home: Home) -> None:
    async with running(workshop_home, "connections") as pilot:
        await press(pilot, "a", "ctrl+n", *"lab", "down", "down", *"nonsense", "ctrl+n")
        lines = screen_text(pilot).split("\n")
        field = next(i for i, line in enumerate(lines) if "nonsense" in line)
        assert "✗" in lines[field + 1]
        assert pilot.app.screen.query_one(Form).values()["base_url"] == "nonsense"
