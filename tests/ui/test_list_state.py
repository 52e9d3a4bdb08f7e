"""The state of lists: it is kept when their screen is left, and partly after a restart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from launchpad_tui.bootstrap import open_desk
from launchpad_tui.config.paths import Home
from launchpad_tui.domain.connection import DEFAULT_SCOPE, Scope
from tests.scenes.harness import press, running, screen_text, settled
from tests.scenes.seeds import models


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home with 200 models."""
    home = Home.at(tmp_path / "home").ensure()
    open_desk(home).close()
    models(200)(home)
    return home


def table(pilot: Any) -> Any:
    return pilot.app.screen.query_one("#list")


async def leave_and_return(pilot: Any) -> None:
    await press(pilot, "3", "1")


async def test_cursor_scroll_position_and_selection_are_kept(home: Home) -> None:
    async with running(home) as pilot:
        table(pilot).move_to(150)
        table(pilot).move_to(140)
        await settled(pilot)
        await press(pilot, "space", "space")
        before = table(pilot).state()
        assert before.top
        assert len(before.selected) == 2
        await leave_and_return(pilot)
        assert table(pilot).state() == before
        assert table(pilot).row_id == before.row_id
        assert "2 selected" in screen_text(pilot)


async def test_search_filter_and_order_are_kept(home: Home) -> None:
    async with running(home) as pilot:
        table(pilot).sort_by(table(pilot).columns[0])
        await press(pilot, "w", *"size > 0 and name contains 1", "enter")
        await press(pilot, "/", *"model", "enter")
        query = pilot.app.screen.current_query
        assert (query.search, query.order.by, len(query.conditions)) == ("model", "name", 2)
        await press(pilot, "down", "down")
        row_id = table(pilot).row_id
        await leave_and_return(pilot)
        assert pilot.app.screen.current_query == query
        assert pilot.app.screen.query_one("#search").value == "model"
        assert table(pilot).has_focus
        assert table(pilot).row_id == row_id
        assert "name contains 1" in screen_text(pilot)
        await press(pilot, "escape")
        assert not pilot.app.screen.query("#search")
        assert len(pilot.app.screen.current_query.conditions) == 2


async def test_order_and_conditions_survive_a_restart_but_not_the_search(home: Home) -> None:
    async with running(home) as pilot:
        table(pilot).sort_by(table(pilot).columns[0])
        await press(pilot, "w", *"name contains 1", "enter")
        await press(pilot, "/", *"model", "enter")
        query = pilot.app.screen.current_query
    async with running(home) as pilot:
        restored = pilot.app.screen.current_query
        assert (restored.order, restored.conditions) == (query.order, query.conditions)
        assert restored.search == ""
        assert "name contains 1" in screen_text(pilot)
        await press(pilot, "3")
        assert pilot.app.screen.current_query.conditions == ()


async def test_state_belongs_to_a_resource_group(home: Home) -> None:
    desk = open_desk(home)
    desk.connections.add_group("local", "other", {})
    desk.close()
    async with running(home) as pilot:
        table(pilot).move_to(20)
        await press(pilot, "w", *"name contains 1", "enter")
        await pilot.app.choose_scope(Scope("local", "other"))
        await settled(pilot)
        assert pilot.app.screen.current_query.conditions == ()
        await pilot.app.choose_scope(DEFAULT_SCOPE)
        await settled(pilot)
        assert len(pilot.app.screen.current_query.conditions) == 1


@pytest.mark.parametrize(
    "stored", [5, [], {"order": 7}, {"order": "nothing", "conditions": [[1], "x"]}]
)
async def test_an_unknown_form_of_the_preference_is_ignored(home: Home, stored: object) -> None:
    desk = open_desk(home)
    desk.preferences.set(f"list.models.{DEFAULT_SCOPE}", stored)
    desk.close()
    async with running(home) as pilot:
        assert pilot.app.screen.current_query.order.by == "created_at"
        assert "of 200" in screen_text(pilot)


async def test_the_search_of_configurations_is_kept(workshop_home: Home) -> None:
    async with running(workshop_home, "configurations") as pilot:
        await press(pilot, "/", *"churn", "enter")
        assert "search churn" in screen_text(pilot)
        await press(pilot, "1", "4")
        assert "search churn" in screen_text(pilot)
