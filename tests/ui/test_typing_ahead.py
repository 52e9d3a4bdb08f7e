"""Keys that arrive in a burst have the same effect as keys typed one by one."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest
from textual.events import Paste
from textual.screen import Screen

from launchpad_tui.config.paths import Home
from launchpad_tui.services.everywhere import EverywhereService
from launchpad_tui.services.listing import Listing
from launchpad_tui.ui.keymap import Action
from launchpad_tui.ui.screens.common.screen import LaunchpadScreen
from launchpad_tui.ui.typing_ahead import PATIENCE
from launchpad_tui.ui.widgets.details import Details, Item
from launchpad_tui.ui.widgets.dialogs import PromptDialog
from tests.scenes.harness import burst, running, screen_text, settled
from tests.scenes.snapshot import open_routes


def title(pilot: Any) -> str:
    return screen_text(pilot).splitlines()[0]


async def test_keys_after_a_command_reach_its_screen(workshop_home: Home) -> None:
    async with running(workshop_home) as pilot:
        await burst(pilot, ":stores\r")
        assert open_routes(pilot.app.screen_stack)[-1] == "group.stores"
        await burst(pilot, ":models\r:executions\r:ds\r/zzz\r")
        assert open_routes(pilot.app.screen_stack)[-1] == "datasets"
        assert "No matches" in screen_text(pilot)


async def test_enter_after_a_search_opens_a_row_of_its_results(
    workshop_home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = Listing.slice

    def slowly(self: Listing[Any], start: int, stop: int) -> list[Any]:
        time.sleep(0.05)
        return read(self, start, stop)

    monkeypatch.setattr(Listing, "slice", slowly)
    async with running(workshop_home) as pilot:
        await burst(pilot, "/hand\r\r")
        assert "Models › churn-model by hand" in title(pilot)
        await burst(pilot, ":models\r/churn\rj\r")
        below = title(pilot)
        # The search and the cursor of the list were kept.
        await burst(pilot, ":models\rk\r")
        assert below != title(pilot)
        assert "Models › churn-model" in below


async def test_enter_after_a_global_search_opens_a_result(
    workshop_home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    search = EverywhereService.search

    def slowly(self: EverywhereService, text: str) -> list[Any]:
        time.sleep(0.05)
        return search(self, text)

    monkeypatch.setattr(EverywhereService, "search", slowly)
    async with running(workshop_home) as pilot:
        await burst(pilot, ":everywhere\rby hand\r\r")
        assert "churn-model by hand" in title(pilot)


async def test_an_expression_is_not_interpreted_as_keys(workshop_home: Home) -> None:
    async with running(workshop_home) as pilot:
        await burst(pilot, "wname = churn-model\r")
        text = screen_text(pilot)
        assert "name = churn-model ×" in text
        assert "by hand" not in text


class Slow(LaunchpadScreen):
    TITLE_TEXT = "Slow"
    ACTIONS = (
        Action("slow.ask", "a", "ask", "Ask after a delay."),
        Action("slow.work", "b", "work", "Work for a long time."),
        Action("slow.count", "c", "count", "Count."),
    )
    answer: str | None = None
    counted: float = 0.0
    worked: float = 0.0

    def body(self) -> Any:
        yield Details([Item("Name", "one"), Item("ID", "abc-1")], id="facts")

    async def do_ask(self) -> None:
        await asyncio.sleep(0.05)
        self.answer = await self.launchpad.ask(PromptDialog("A name"))

    async def do_work(self) -> None:
        await asyncio.sleep(3)
        self.worked = time.monotonic()

    def do_count(self) -> None:
        self.counted = time.monotonic()


async def test_a_dialog_that_opens_late_receives_typed_and_pasted_text(workshop_home: Home) -> None:
    async with running(workshop_home) as pilot:
        screen = Slow()
        await pilot.app.push_screen(screen)
        pilot.app.post_message(Paste("lost, since no widget accepts it"))
        await burst(pilot, "aab")
        pilot.app.post_message(Paste("c d"))
        await burst(pilot, "e\r")
        assert screen.answer == "abc de"
        assert not screen.counted


async def test_a_long_action_delays_the_next_key_only_briefly(workshop_home: Home) -> None:
    async with running(workshop_home) as pilot:
        screen = Slow()
        await pilot.app.push_screen(screen)
        await settled(pilot)
        await burst(pilot, "bc")
        assert 0 < screen.counted < screen.worked


class Unfocused(LaunchpadScreen):
    AUTO_FOCUS = ""
    ACTIONS = (Action("unfocused.count", "c", "count", "Count."),)
    counted = 0

    def body(self) -> Any:
        yield Details([Item("Name", "one")], id="facts")

    def do_count(self) -> None:
        self.counted += 1


async def test_keys_wait_only_once_for_a_screen_without_focus(workshop_home: Home) -> None:
    async with running(workshop_home) as pilot:
        screen = Unfocused()
        await pilot.app.push_screen(screen)
        await settled(pilot)
        start = time.monotonic()
        await burst(pilot, "cccccc")
        assert screen.counted == 6
        assert time.monotonic() - start < 5 * PATIENCE


async def test_a_list_that_never_settles_receives_keys_in_the_end(workshop_home: Home) -> None:
    async with running(workshop_home) as pilot:
        screen: Any = pilot.app.screen
        screen.table.expect()
        await burst(pilot, "jG?")
        assert screen.table.cursor == 1
        top: Screen[Any] = pilot.app.screen
        assert top is not screen
