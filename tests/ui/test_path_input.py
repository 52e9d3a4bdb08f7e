"""Completion of paths that are typed in dialogs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from launchpad_tui.config.paths import Home
from launchpad_tui.ui.widgets.path_input import PathInput, completions
from tests.scenes.harness import press, running, screen_text


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with two scripts, a folder and a hidden file."""
    place = tmp_path / "project"
    (place / "data").mkdir(parents=True)
    for name in ("train_a.py", "train_b.py", ".hidden"):
        (place / name).write_text("print(1)\n")
    monkeypatch.chdir(place)
    monkeypatch.setenv("HOME", str(tmp_path))
    return place


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("", ["data/", "train_a.py", "train_b.py"]),
        ("tr", ["train_a.py", "train_b.py"]),
        (".h", [".hidden"]),
        ("~/pro", ["~/project/"]),
        ("~/project/train_b", ["~/project/train_b.py"]),
        ("data/", []),
        ("missing/x", []),
        ("train_a.py/x", []),
    ],
)
def test_paths_are_completed(folder: Path, typed: str, found: list[str]) -> None:
    assert completions(typed) == found
    assert completions(f"{folder}/") == [f"{folder}/{name}" for name in completions("")]


async def test_tab_completes_a_path_and_then_steps_through_the_candidates(
    workshop_home: Home, folder: Path
) -> None:
    async with running(workshop_home, "scenarios") as pilot:
        screen: Any = pilot.app.screen
        await press(pilot, "a", "t", "tab")
        assert "tab complete path" in screen_text(pilot)
        typed = pilot.app.screen.query_one(PathInput)
        assert typed.value == "train_"
        await press(pilot, "tab")
        assert typed.value == "train_a.py"
        await press(pilot, "tab")
        assert typed.value == "train_b.py"
        await press(pilot, "tab")
        assert typed.value == "train_a.py"
        await press(pilot, "enter")
        assert (folder / "train_a.yaml").exists()
        assert pilot.app.screen is screen
