"""A dialog and the screen beneath it follow a resize together."""

from __future__ import annotations

import time

import pytest

from launchpad_tui.config.paths import Home
from tests.scenes.harness import press, running, screen_text

KEYS = {
    "choose columns": ("o",),
    "sort": ("s",),
    "command palette": ("colon",),
    "condition": ("f",),
    "help": ("question_mark",),
    "download": ("d",),
    "delete": ("3", "D"),
    "palette over a preview": ("down", "colon", "c"),
}


@pytest.mark.parametrize("name", KEYS)
@pytest.mark.parametrize(("before", "after"), [((140, 40), (80, 24)), ((80, 24), (140, 40))])
async def test_dialog_and_screen_are_as_if_opened_at_the_new_size(
    workshop_home: Home, name: str, before: tuple[int, int], after: tuple[int, int]
) -> None:
    async with running(workshop_home, size=after) as pilot:
        await press(pilot, *KEYS[name])
        expected = screen_text(pilot)
    async with running(workshop_home, size=before) as pilot:
        await press(pilot, *KEYS[name])
        await pilot.resize_terminal(*after)
        deadline = time.monotonic() + 60
        while screen_text(pilot) != expected and time.monotonic() < deadline:
            await pilot.pause(0.02)
        assert screen_text(pilot) == expected


@pytest.mark.parametrize("size", [(40, 20), (80, 24)])
async def test_all_fields_of_a_condition_are_in_view(
    workshop_home: Home, size: tuple[int, int]
) -> None:
    async with running(workshop_home, size=size) as pilot:
        await press(pilot, "f")
        text = screen_text(pilot)
        for label in (
            "Subject *",
            "Condition *",
            "Value",
            "Dates:",
            "enter next, add   esc cancel",
        ):
            assert label in text
