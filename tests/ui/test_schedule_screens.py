"""Tests of the list of schedules and of its wizard."""

from __future__ import annotations

from launchpad_tui.bootstrap import open_desk
from launchpad_tui.config.paths import Home
from launchpad_tui.domain.connection import DEFAULT_SCOPE
from launchpad_tui.domain.schedule import ScheduleStatus
from tests.scenes.harness import press, running, screen_text
from tests.scenes.screen_seeds import COMPLETED


async def test_a_schedule_is_created_paused_edited_and_deleted(workshop_home: Home) -> None:
    async with running(workshop_home, size=(100, 28)) as pilot:
        await press(pilot, "ctrl+e")
        assert "No execution schedules yet" in screen_text(pilot)
        await press(pilot, "a", "ctrl+n")
        for _ in "0 3 * * *":
            await pilot.press("backspace")
        await press(pilot, *"often", "ctrl+n")
        assert "not a valid cron" in screen_text(pilot)
        for _ in "often":
            await pilot.press("backspace")
        await press(pilot, *"30", "space", *"4", "space", "*", "space", "*", "space", "1", "ctrl+n")
        text = screen_text(pilot)
        assert "Next executions" in text
        assert text.count("04:30 UTC") == 5
        await press(pilot, "enter", "r")
        text = screen_text(pilot)
        assert "30 4 * * 1" in text
        assert "active" in text
        await press(pilot, "p", "r")
        assert "paused" in screen_text(pilot)
        await press(pilot, "e", "ctrl+n")
        assert "30 4 * * 1" in screen_text(pilot)
        await press(pilot, "ctrl+x")
        if "Leave without saving?" in screen_text(pilot):
            await press(pilot, "y")
        await press(pilot, "D", "y", "r")
        assert "No execution schedules yet" in screen_text(pilot)


async def test_the_page_of_a_schedule_shows_its_times_and_executions(workshop_home: Home) -> None:
    desk = open_desk(workshop_home)
    (configuration, *_) = desk.configurations.list(DEFAULT_SCOPE)
    one = desk.schedules.create(DEFAULT_SCOPE, "nightly", "0 3 * * *", configuration.id)
    with desk.registry.write("executions") as db:
        db.execute("UPDATE executions SET schedule_id = ? WHERE id = ?", (one.id, COMPLETED))
    async with running(workshop_home, size=(100, 34)) as pilot:
        await press(pilot, "ctrl+e", "enter")
        text = screen_text(pilot)
        assert "active" in text
        assert configuration.name in text
        assert text.count("03:00 UTC") == 5
        assert "Executions  1–1 of 1" in text
        await press(pilot, "p", "r")
        assert "none: the schedule is paused" in screen_text(pilot)
        await press(pilot, "tab", "enter")
        assert f"ID                    {COMPLETED}" in screen_text(pilot)
        assert f"Schedule              {one.id}" in screen_text(pilot)
        await press(pilot, "escape", "D", "y")
        assert "No execution schedules yet" in screen_text(pilot)
    assert not desk.schedules.list(DEFAULT_SCOPE)
    desk.close()


async def test_a_schedule_is_created_from_its_configuration(workshop_home: Home) -> None:
    desk = open_desk(workshop_home)
    (first, *_) = desk.configurations.list(DEFAULT_SCOPE)
    async with running(workshop_home, size=(80, 24)) as pilot:
        await press(pilot, "4", "enter", "E", "ctrl+n", "ctrl+n", "enter")
        (created,) = desk.schedules.list(DEFAULT_SCOPE)
        assert created.configuration_id == first.id
        assert created.status is ScheduleStatus.ACTIVE
        assert f"Schedule {first.name} created" in screen_text(pilot)
    desk.close()
