"""Saved views of lists, and the export of lists to files."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from launchpad_tui.config.paths import Home
from tests.scenes.harness import paste, press, running, screen_text, settled


async def shown(pilot: Any, route: str) -> Any:
    pilot.app.open(route)
    await settled(pilot)
    return pilot.app.screen


async def test_a_view_is_saved_shown_and_deleted(workshop_home: Home) -> None:
    async with running(workshop_home) as pilot:
        screen = await shown(pilot, "models")
        everything = screen.table.cache.count
        await press(pilot, "w")
        await paste(pilot, "name contains hand")
        await press(pilot, "enter")
        filtered = screen.table.cache.count
        assert filtered < everything
        await press(pilot, "Q", *"save", "enter")
        await paste(pilot, "by hand")
        await press(pilot, "enter")
        assert "View by hand saved" in screen_text(pilot)
        await press(pilot, "F")
        assert screen.table.cache.count == everything
        await press(pilot, "Q", "enter")
        assert screen.table.cache.count == filtered
        assert "name contains hand" in screen_text(pilot)
        (view,) = pilot.app.desk.views.list("models")
        assert view.query.metrics == screen.current_query.metrics
        await press(pilot, "Q", *"delete", "enter", "space", "enter")
        assert pilot.app.desk.views.list() == ()


async def test_inputs_above_a_list_start_where_its_title_starts(workshop_home: Home) -> None:
    async with running(workshop_home) as pilot:
        await shown(pilot, "models")
        for key in ("slash", "w"):
            await press(pilot, key, *"zzz")
            lines = screen_text(pilot).splitlines()
            (typed,) = (line for line in lines[1:4] if "zzz" in line)
            title = next(line for line in lines[1:4] if "Models" in line)
            assert typed.index("zzz") == title.index("Models")
            await press(pilot, "escape")


@pytest.mark.parametrize("suffix", ["csv", "json", "md"])
async def test_a_list_is_exported(workshop_home: Home, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"models.{suffix}"
    async with running(workshop_home) as pilot:
        screen = await shown(pilot, "models")
        count = screen.table.cache.count
        for attempt in range(2):
            await press(pilot, "ctrl+s", *["backspace"] * 12)
            await paste(pilot, str(path))
            await press(pilot, "enter")
            if attempt:
                # An existing file is replaced after a question.
                await press(pilot, "y")
            assert f"{count:,} rows exported" in screen_text(pilot)
    text = path.read_text()
    if suffix == "json":
        names = [one["name"] for one in json.loads(text)]
    elif suffix == "csv":
        names = [one["name"] for one in csv.DictReader(text.splitlines())]
    else:
        names = text.splitlines()[2:]
    assert len(names) == count


@pytest.mark.parametrize("route", ["executions", "configurations", "schedules"])
async def test_other_lists_are_exported(workshop_home: Home, tmp_path: Path, route: str) -> None:
    path = tmp_path / "rows.json"
    async with running(workshop_home) as pilot:
        screen = await shown(pilot, route)
        await press(pilot, "ctrl+s", *["backspace"] * 20)
        await paste(pilot, str(path))
        await press(pilot, "enter")
        assert "rows exported" in screen_text(pilot)
        assert len(json.loads(path.read_text())) == screen.table.cache.count


async def test_an_unknown_format_is_refused(workshop_home: Home, tmp_path: Path) -> None:
    async with running(workshop_home) as pilot:
        await shown(pilot, "models")
        await press(pilot, "ctrl+s", *["backspace"] * 12)
        await paste(pilot, str(tmp_path / "models.xlsx"))
        await press(pilot, "enter")
        assert "Unsupported file format" in screen_text(pilot)
