"""Object stores: listed, checked, added, changed, deleted; what is secret never shows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from launchpad_tui.config.paths import Home
from launchpad_tui.domain.connection import DEFAULT_SCOPE
from launchpad_tui.ui.screens.store import StoreScreen
from launchpad_tui.ui.screens.stores import StoresScreen
from launchpad_tui.ui.widgets.form import Form
from tests.scenes.harness import press, running, screen_text
from tests.scenes.screen_seeds import SECRET


def stores(pilot: Any) -> dict[str, dict[str, str]]:
    return {one.name: dict(one.settings) for one in pilot.app.desk.connections.stores(DEFAULT_SCOPE)}


def secrets(home: Home) -> str:
    """Everything that is kept, as it lies on disk."""
    return home.credentials_path.read_text()


async def test_a_store_is_added_and_called(workshop_home: Home, tmp_path: Path) -> None:
    place = tmp_path / "shelf"
    place.mkdir()
    async with running(workshop_home, "stores") as pilot:
        await press(pilot, "a")
        assert "A folder of this machine" in screen_text(pilot)
        await press(pilot, "enter", *"shelf", "enter", *str(place), "enter")
        assert "● Review" in screen_text(pilot)
        assert "shelf" not in stores(pilot)
        await press(pilot, "enter")
        assert stores(pilot)["shelf"] == {"root": str(place)}
        assert isinstance(pilot.app.screen, StoresScreen)
        text = screen_text(pilot)
        assert "Added shelf: " in text
        await press(pilot, "r")
        assert "1–3 of 3" in screen_text(pilot)


async def test_wrong_values_show_beside_their_fields(workshop_home: Home) -> None:
    async with running(workshop_home, "stores") as pilot:
        await press(pilot, "a", "right", "ctrl+n", *"Big", "ctrl+n")
        lines = screen_text(pilot).split("\n")
        bucket = next(i for i, line in enumerate(lines) if line.startswith(" Bucket *"))
        assert "✗ This is needed" in lines[bucket + 1]
        await press(pilot, *"b", *["down"] * 5, *"id", "down", *"hush", "ctrl+n")
        text = screen_text(pilot)
        assert "● Settings" in text
        assert "✗ The name 'Big' is not valid" in text
        assert pilot.app.screen.query_one(Form).values()["secret_access_key"] == "hush"
        assert "hush" not in text
        await press(pilot, *["backspace"] * 3, *"archive", "ctrl+n")
        assert "There is an object store archive already" in screen_text(pilot)


async def test_editing_keeps_secrets_and_never_shows_them(workshop_home: Home) -> None:
    assert SECRET in secrets(workshop_home)
    async with running(workshop_home, "stores") as pilot:
        await press(pilot, "down", "enter")
        assert isinstance(pilot.app.screen, StoreScreen)
        seen = [screen_text(pilot)]
        await press(pilot, "e")
        seen.append(screen_text(pilot))
        assert "Empty: what is kept stays." in seen[-1]
        await press(pilot, *"-2026", "ctrl+n")
        seen.append(screen_text(pilot))
        assert "● Review" in seen[-1]
        assert "kept" in seen[-1]
        await press(pilot, "enter")
        seen.append(screen_text(pilot))
        assert stores(pilot)["archive"]["bucket"] == "models-2026"
        assert not any(SECRET in text for text in seen)
    assert SECRET in secrets(workshop_home)


async def test_a_new_secret_takes_the_place_of_the_old_one(workshop_home: Home) -> None:
    async with running(workshop_home, "stores") as pilot:
        await press(pilot, "down", "e", *["down"] * 6, *"other", "ctrl+n")
        assert "other" not in screen_text(pilot)
        await press(pilot, "enter")
    assert SECRET not in secrets(workshop_home)
    assert "other" in secrets(workshop_home)


async def test_the_default_store_stays_and_others_go_after_asking(workshop_home: Home) -> None:
    async with running(workshop_home, "stores") as pilot:
        await press(pilot, "D")
        assert "it cannot be deleted" in screen_text(pilot)
        await press(pilot, "down", "D", "enter", "n")
        assert "archive" in stores(pilot)
        await press(pilot, "D", "y")
        assert "archive" not in stores(pilot)
        assert "Deleted the object store archive" in screen_text(pilot)
    assert SECRET not in secrets(workshop_home)


async def test_a_test_says_what_is_right(workshop_home: Home) -> None:
    async with running(workshop_home, "stores") as pilot:
        assert "not tested" in screen_text(pilot)
        await press(pilot, "V")
        text = screen_text(pilot)
        assert "✓ settings     complete" in text
        assert "✓ It can be used." in text
        await press(pilot, "escape")
        assert "✓ can be used" in screen_text(pilot)


async def test_a_store_that_fails_says_why(workshop_home: Home, tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    async with running(workshop_home, "stores") as pilot:
        pilot.app.desk.connections.add_store(DEFAULT_SCOPE, "gone", "file", {"root": str(gone)})  # type: ignore[attr-defined]
        await press(pilot, "r", "end")
        gone.write_text("a file, no folder")
        await press(pilot, "enter", "V")
        assert "✗" in screen_text(pilot)
        assert "went wrong" not in screen_text(pilot)
