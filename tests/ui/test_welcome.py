"""The welcome screen of an empty home, and the tabs in the header."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from launchpad_tui.bootstrap import open_desk
from launchpad_tui.config.paths import Home
from launchpad_tui.domain.artifact import ArtifactKind
from launchpad_tui.domain.connection import DEFAULT_SCOPE
from launchpad_tui.domain.query import Overview, Query
from launchpad_tui.services.desk import Desk
from launchpad_tui.services.lanes import Lane
from launchpad_tui.ui.app import LaunchpadApp
from launchpad_tui.ui.screens.models.artifacts import ArtifactsScreen
from launchpad_tui.ui.screens.welcome.welcome import WelcomeScreen
from launchpad_tui.ui.shell import START_DEMO
from tests.scenes.harness import deterministic_pauses, press, running, screen_text, settled


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home.at(tmp_path).ensure()


def test_a_home_is_empty_until_it_contains_an_object(home: Home, workshop_home: Home) -> None:
    for place, expected in ((home, True), (workshop_home, False)):
        desk = open_desk(place)
        try:
            assert desk.overview.is_empty() is expected
        finally:
            desk.close()


def test_the_counts_are_those_of_the_lists(workshop_home: Home) -> None:
    desk = open_desk(workshop_home)
    try:
        counts = desk.overview.counts(DEFAULT_SCOPE)
        listing = desk.artifacts.listing(DEFAULT_SCOPE, ArtifactKind.MODEL, Query())
        assert counts.models == listing.count()
        assert counts.executions == desk.executions.count(DEFAULT_SCOPE, Query())
        assert counts.configurations == len(desk.configurations.list(DEFAULT_SCOPE))
    finally:
        desk.close()


def test_a_count_that_reaches_the_limit_is_shown_as_such() -> None:
    counts = Overview(models=100, datasets=0, executions=99, running=0, configurations=1, limit=100)
    assert [counts.text(name) for name in ("models", "datasets", "executions")] == ["99+", "", "99"]


async def test_every_way_to_begin_has_a_key(home: Home) -> None:
    for key, route in (("C", "Add"), ("M", "Add"), ("H", "Manual"), ("a", "Scenarios")):
        async with running(home, "welcome") as pilot:
            await press(pilot, key)
            assert any(route in title for title in pilot.app.trail()), key
    async with running(home, "welcome") as pilot:
        await pilot.press("x")
        await pilot.pause()
        assert pilot.app.return_code == START_DEMO


async def test_the_welcome_screen_gives_way_once_there_is_a_model(
    home: Home, workshop_home: Home
) -> None:
    async with running(home, "welcome") as pilot:
        app = pilot.app
        app.open("welcome", automatic=True)
        await settled(pilot)
        assert isinstance(app.screen, WelcomeScreen)
    async with running(workshop_home, "datasets") as pilot:
        pilot.app.open("welcome", automatic=True)
        await settled(pilot)
        assert isinstance(pilot.app.screen, ArtifactsScreen)
        pilot.app.perform("app.welcome")
        await settled(pilot)
        assert isinstance(pilot.app.screen, WelcomeScreen)


async def test_the_header_shows_the_main_screens(workshop_home: Home) -> None:
    async with running(workshop_home, "models", (200, 24)) as pilot:
        head = screen_text(pilot).splitlines()[0]
        count = pilot.app.overview.models
        assert f"1 Models {count}" in head
        assert "0 Connections" in head
        await pilot.resize_terminal(80, 24)
        await settled(pilot)
        head = screen_text(pilot).splitlines()[0]
        assert "1 Models" in head
        assert "3 Exec" in head


@pytest.mark.parametrize("key", ["", "2"])
async def test_a_screen_that_a_key_opened_meanwhile_stays(home: Home, key: str) -> None:
    lane, opened = Lane("registry"), threading.Event()

    def open_later() -> Desk:
        opened.wait(60)
        return open_desk(home)

    app = LaunchpadApp(lane.submit(open_later), lane)
    app.sync_status.start_daemon, app.welcomes = False, True
    with deterministic_pauses():
        async with app.run_test() as pilot:
            if key:
                await pilot.press(key)
                while not app.trail() or app.trail()[-1] != "Datasets":
                    await pilot.pause()
            opened.set()
            await app.desk_opened.wait()
            await settled(pilot)
            assert app.trail() == ["Datasets" if key else "Welcome"]
            desk = app.desk
    desk.close()
