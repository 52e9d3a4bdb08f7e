"""The state of lists: it is kept when their screen is left, and partly after a restart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from launchpad_tui.bootstrap import open_desk
from launchpad_tui.config.paths import Home
from launchpad_tui.domain.connection import DEFAULT_SCOPE, Scope
from launchpad_tui.registry import artifacts
from launchpad_tui.registry.database import Registry
from tests.scenes.harness import press, running, screen_text, settled
from tests.scenes.seeds import artifact, models


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


@pytest.mark.parametrize("inserted", [1, 70, 500])
async def test_the_cursor_stays_on_its_row_when_rows_are_inserted_above(
    home: Home, inserted: int
) -> None:
    async with running(home) as pilot:
        # The last row of a block that is read at once.
        table(pilot).move_to(63)
        await settled(pilot)
        row_id, above = table(pilot).row_id, table(pilot).cursor - table(pilot).top
        assert row_id
        add_newer(home, inserted)
        await press(pilot, "r")
        assert table(pilot).row_id == row_id
        assert table(pilot).cursor == 63 + inserted
        assert table(pilot).cursor - table(pilot).top == above
        assert f"churn-model-{63:03d}" in screen_text(pilot)


async def test_the_cursor_stays_at_its_position_when_its_row_is_deleted(home: Home) -> None:
    async with running(home) as pilot:
        table(pilot).move_to(63)
        await settled(pilot)
        row_id = table(pilot).row_id
        registry = Registry(home.registry_path)
        with registry.write("artifacts") as db:
            db.execute("DELETE FROM artifacts WHERE id = ?", (row_id,))
        registry.close()
        await press(pilot, "r")
        assert table(pilot).cursor == 63
        assert table(pilot).row_id not in ("", row_id)


async def test_a_row_is_found_again_where_it_was_moved_while_the_list_was_not_shown(
    home: Home,
) -> None:
    async with running(home) as pilot:
        table(pilot).move_to(100)
        await settled(pilot)
        before = table(pilot).state()
        await press(pilot, "3")
        add_newer(home, 150)
        await press(pilot, "1")
        after = table(pilot).state()
        assert (after.row_id, after.cursor, after.top) == (before.row_id, 250, before.top + 150)


def add_newer(home: Home, count: int) -> None:
    """Add models that are newer than all others."""
    registry = Registry(home.registry_path)
    for number in range(count):
        new = artifact(1000 + number, f"new-{number}", minutes=-1 - number)
        artifacts.add(registry, DEFAULT_SCOPE, new)
    registry.close()


@pytest.mark.parametrize("shown", [True, False])
async def test_the_cursor_is_put_on_a_new_row(home: Home, shown: bool) -> None:
    async with running(home) as pilot:
        table(pilot).sort_by(table(pilot).columns[0])
        await settled(pilot)
        table(pilot).move_to(5)
        if not shown:
            await press(pilot, "3")
        registry = Registry(home.registry_path)
        new = artifact(5000, "churn-model-150-next")
        artifacts.add(registry, DEFAULT_SCOPE, new)
        registry.close()
        pilot.app.point_at("models", new.id)
        await settled(pilot)
        if not shown:
            await press(pilot, "1")
        assert table(pilot).row_id == new.id
        assert "churn-model-150-next" in screen_text(pilot)


async def test_the_search_of_configurations_is_kept(workshop_home: Home) -> None:
    async with running(workshop_home, "configurations") as pilot:
        await press(pilot, "/", *"churn", "enter")
        assert "churn" in screen_text(pilot).split("\n")[1]
        await press(pilot, "1", "4")
        assert "churn" in screen_text(pilot).split("\n")[1]
