"""A screen that is left at any moment, while services are slow, never causes an error."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import pytest

from launchpad_tui.config.paths import Home
from launchpad_tui.errors import LaunchpadError
from launchpad_tui.services.lanes import Lane
from launchpad_tui.ui.keymap import Action
from launchpad_tui.ui.screens.common.screen import LaunchpadScreen
from launchpad_tui.ui.widgets.dialogs import ErrorDialog
from tests.scenes.harness import press, running, screen_text, settled
from tests.ui.route_walk import visits

#: seconds after which a screen is left
MOMENTS = (0.0, 0.001, 0.004, 0.01, 0.02, 0.04)


def slow_lanes(monkeypatch: pytest.MonkeyPatch, chance: random.Random) -> None:
    """Delay every call of a service by up to 10 ms."""
    submit = Lane.submit

    def submit_slowly(
        lane: Lane, function: Callable[..., Any], *args: Any, **kwargs: Any
    ) -> Future[Any]:
        seconds = 0.0 if function is int else chance.uniform(0, 0.01)

        def call() -> Any:
            time.sleep(seconds)
            return function(*args, **kwargs)

        return submit(lane, call)

    monkeypatch.setattr(Lane, "submit", submit_slowly)


def record_errors(app: Any) -> list[BaseException]:
    """Return the list to which all errors of the app are added from now on."""
    errors: list[BaseException] = []
    show = app.show_error

    def record(error: BaseException) -> None:
        errors.append(error)
        show(error)

    app.show_error = record
    asyncio.get_running_loop().set_exception_handler(
        lambda _loop, context: errors.append(
            context.get("exception") or RuntimeError(context["message"])
        )
    )
    return errors


@pytest.mark.parametrize(("route", "arguments"), visits(), ids=lambda value: str(value)[:40])
async def test_a_screen_that_is_left_while_it_loads_never_fails(
    swept_home: Home, monkeypatch: pytest.MonkeyPatch, route: str, arguments: dict[str, Any]
) -> None:
    chance = random.Random(route)
    async with running(swept_home) as pilot:
        app: Any = pilot.app
        slow_lanes(monkeypatch, chance)
        errors = record_errors(app)
        for moment in (*MOMENTS, chance.uniform(0, 0.1)):
            for leave in (app.back, lambda: app.open("models")):
                app.open(route, **arguments)
                await asyncio.sleep(moment)
                leave()
                await asyncio.sleep(moment)
        await settled(pilot)
        assert errors == []


class Working(LaunchpadScreen):
    """A screen whose action changes something in a service that takes its time."""

    TITLE_TEXT = "Working"
    ACTIONS = (Action("working.change", "c", "change", "Change something"),)

    def __init__(self, change: Callable[[], None]) -> None:
        super().__init__()
        self.change = change

    async def do_change(self) -> None:
        await self.launchpad.act(self.change)


@pytest.mark.parametrize("busy", [False, True], ids=["running", "queued"])
async def test_an_action_continues_after_its_screen_is_left_and_reports_its_error(
    workshop_home: Home, busy: bool
) -> None:
    started: list[float] = []

    def change() -> None:
        started.append(time.monotonic())
        time.sleep(0.5)
        raise LaunchpadError("The execution was not deleted", "The disk is full", "Free space")

    async with running(workshop_home) as pilot:
        app: Any = pilot.app
        app.push_screen(Working(change))
        await settled(pilot)
        if busy:
            app.lanes["acts"].submit(time.sleep, 0.2)
        await pilot.press("c")
        await pilot.press("escape")
        for _ in range(200):
            await asyncio.sleep(0.02)
            if isinstance(app.screen, ErrorDialog):
                break
        await settled(pilot)
        assert len(started) == 1
        assert "The execution was not deleted" in screen_text(pilot)


async def test_a_left_screen_opens_no_other_screen(workshop_home: Home) -> None:
    async with running(workshop_home, "executions") as pilot:
        app: Any = pilot.app
        app.lanes["registry"].submit(time.sleep, 0.3)
        await pilot.press("a")
        await pilot.press("1")
        await settled(pilot)
        assert app.trail() == ["Models"]
        await press(pilot, "escape")
        assert app.trail() == ["Models"]
