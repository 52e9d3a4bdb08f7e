"""Ranking models in the list: filter expressions, metrics and curves as columns."""

from __future__ import annotations

from pathlib import Path

import pytest

from launchpad_tui.bootstrap import open_desk
from launchpad_tui.config.paths import Home
from tests.scenes.harness import press, running, screen_text
from tests.scenes.trained_seeds import falling, sweep


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home.at(tmp_path / "home").ensure()
    open_desk(home).close()
    sweep()(home)
    return home


async def test_expression_filters_the_list(home: Home) -> None:
    async with running(home, "models") as pilot:
        await press(pilot, "w", *"loss < 0.04 and rate < 6")
        await press(pilot, "enter")
        text = screen_text(pilot)
        expected = [
            f"rate-{number}"
            for number in range(6)
            if falling(1.0 + number)[-1] < 0.04 and 1 + number < 6
        ]
        assert expected == ["rate-3", "rate-4"]
        assert f"of {len(expected)}" in text
        assert all(name in text for name in expected)
        assert "loss < 0.04 ×" in text
        assert "rate < 6 ×" in text


async def test_invalid_expression_is_kept_for_correction(home: Home) -> None:
    async with running(home, "models") as pilot:
        await press(pilot, "w", *"los < 1", "enter")
        assert "There is no 'los'" in screen_text(pilot)
        assert "loss" in screen_text(pilot)
        line = pilot.app.screen.query_one("#where")
        assert line.value == "los < 1"
        assert line.has_focus
        await press(pilot, "escape")
        assert not pilot.app.screen.query("#where")
        assert "of 6" in screen_text(pilot)


async def test_tab_completes_names(home: Home) -> None:
    async with running(home, "models") as pilot:
        await press(pilot, "w", *"ac", "tab")
        assert pilot.app.screen.query_one("#where").value == "accuracy"
        await press(pilot, "tab")
        assert pilot.app.screen.query_one("#where").value == "accuracy{phase=validation}"


@pytest.mark.parametrize("route", ["models", "executions"])
async def test_curves_are_shown_as_a_column(home: Home, route: str) -> None:
    async with running(home, route, (160, 30)) as pilot:
        await press(pilot, "o", *"loss curve", "enter")
        text = screen_text(pilot)
        assert "loss curve" in text
        rows = [line.partition("│")[0] for line in text.splitlines()]
        assert sum("█" in row and "▁" in row for row in rows) == 6
    async with running(home, route, (160, 30)) as pilot:
        assert "loss curve" in screen_text(pilot)
