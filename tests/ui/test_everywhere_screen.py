"""The search over all connections, and the state of remote data in the header."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from textual.widgets import Input

from launchpad_tui.bootstrap import open_desk
from launchpad_tui.config.paths import Home
from launchpad_tui.domain.connection import DEFAULT_SCOPE, Scope
from launchpad_tui.errors import PermissionDenied
from tests.scenes.harness import press, running, screen_text
from tests.services import tenant_server
from tests.services.tenant_server import Tenant

CORE = Scope("core", "default")


@pytest.fixture
def tenant() -> Iterator[Tenant]:
    """A tenant with three models."""
    with tenant_server.serve() as server:
        for number in range(3):
            server.groups["default"].train(number)
        yield server


@pytest.fixture
def home(tenant: Tenant, tmp_path: Path) -> Home:
    """A home with the synchronized connection ``core``; the local resource group is current."""
    place = Home.at(tmp_path / "home").ensure()
    desk = open_desk(place)
    desk.connections.add("core", "sap-ai-core", desk.connections.service_key(tenant.service_key))
    desk.sync.sync(CORE)
    desk.connections.choose(DEFAULT_SCOPE)
    desk.runtimes.close()
    desk.close()
    return place


async def until(pilot: object, check: Callable[[], bool]) -> None:
    """Wait until a condition is true."""
    deadline = time.monotonic() + 60
    while not check():
        assert time.monotonic() < deadline, screen_text(pilot)  # type: ignore[arg-type]
        await asyncio.sleep(0.05)


async def test_search_result_switches_to_its_resource_group(home: Home) -> None:
    async with running(home, size=(120, 30)) as pilot:
        assert "live" in screen_text(pilot)
        await press(pilot, "ctrl+g")
        assert "Type part of a name" in screen_text(pilot)
        await press(pilot, *"production")
        text = screen_text(pilot)
        assert "model 1" in text
        assert "core/default" in text
        assert "model 2" not in text
        assert "label: stage=production" in text
        await press(pilot, "down", "enter")
        text = screen_text(pilot)
        assert "core/default › Models › Everywhere › model 1" in text
        assert "The model of training 1" in text
        await until(pilot, lambda: "synced just now" in screen_text(pilot))


async def test_results_show_their_source_and_the_text_that_matches(home: Home) -> None:
    async with running(home, size=(160, 30)) as pilot:
        await press(pilot, "ctrl+g", *"training")
        text = screen_text(pilot)
        assert "Source" in text
        assert "description: The model of training 1" in text


async def test_the_tabs_show_the_search_where_there_is_room(home: Home) -> None:
    for width, shown in ((160, True), (80, False)):
        async with running(home, size=(width, 30)) as pilot:
            assert ("^g Everywhere" in screen_text(pilot).splitlines()[0]) is shown


def test_matching_texts_have_the_words_that_the_name_does_not_have(home: Home) -> None:
    desk = open_desk(home)
    (hit,) = [one for one in desk.everywhere.search("model 1 production") if one.artifact]
    assert hit.source
    assert hit.matching_texts(("model", "1")) == []
    assert ("label", "stage=production") in hit.matching_texts(("model", "production"))
    assert hit.matching_texts((hit.source.casefold(),)) == [("configuration", hit.source)]
    execution = next(one for one in desk.everywhere.search("completed") if one.execution)
    assert execution.source == execution.execution.executable_id  # type: ignore[union-attr]
    assert ("status", "COMPLETED") in execution.matching_texts(("completed",))
    desk.runtimes.close()
    desk.close()


async def test_text_and_cursor_are_kept_when_the_screen_is_left(home: Home) -> None:
    async with running(home, size=(120, 30)) as pilot:
        await press(pilot, "ctrl+g", *"model", "down", "down", "down", "enter")
        opened = pilot.app.screen.item_id
        assert pilot.app.scope == CORE
        await press(pilot, "1", "ctrl+g")
        screen = pilot.app.screen
        assert screen.query_one(Input).value == "model"
        await press(pilot, "down")
        assert screen.table.row_id.endswith(opened)
        assert screen.table.cursor == 2
        await press(pilot, "escape", "ctrl+g", *"zzz")
        assert "No results for 'zzz'" in screen_text(pilot)


async def test_search_without_results(home: Home) -> None:
    async with running(home, size=(80, 24)) as pilot:
        await press(pilot, "ctrl+g", *"zzz")
        assert "No results for 'zzz'" in screen_text(pilot)


async def test_missing_capability_is_shown_as_reason(home: Home, tenant: Tenant) -> None:
    tenant.capabilities = {"userExecutions": False}
    desk = open_desk(home)
    desk.sync.sync(CORE, all_executables=True)
    desk.connections.choose(CORE)
    desk.runtimes.close()
    desk.close()
    async with running(home, "executions", (120, 30)) as pilot:
        await until(pilot, lambda: "synced just now" in screen_text(pilot))
        await press(pilot, "a")
        assert "This runtime does not allow users to create executions." in screen_text(pilot)


async def test_sync_error_is_shown_and_refresh_syncs_again(home: Home, tenant: Tenant) -> None:
    desk = open_desk(home)
    desk.connections.choose(CORE)
    tenant.answer = lambda *_: (403, {}, b'{"error": {"code": "403", "message": "not for you"}}')
    with pytest.raises(PermissionDenied):
        desk.sync.sync(CORE)
    async with running(home, size=(140, 30)) as pilot:
        await until(pilot, lambda: "synced just now: " in screen_text(pilot))
        assert "model 2" in screen_text(pilot)
        await press(pilot, "r")
        assert "Sync of core requested" in screen_text(pilot)
    desk.runtimes.close()
    desk.close()


async def test_metrics_are_fetched_when_they_are_shown(home: Home, tenant: Tenant) -> None:
    group = tenant.groups["default"]
    for number in range(100, 220):
        group.train(number)
    desk = open_desk(home)
    desk.sync.sync(CORE)
    desk.connections.choose(CORE)
    old = group.train(5)
    desk.sync.sync(CORE)
    assert not desk.metrics.series(CORE, old)
    desk.runtimes.close()
    async with running(home, size=(120, 40)) as pilot:
        await until(pilot, lambda: pilot.app.sync_status.remote)
        pilot.app.open("execution", item_id=old)
        await until(pilot, lambda: bool(desk.metrics.series(CORE, old)))
    desk.close()
