"""The app on a full disk and in a read-only home shows all lists."""

from __future__ import annotations

from pathlib import Path

import pytest

from launchpad_tui.bootstrap import open_desk
from launchpad_tui.config.paths import Home
from tests.registry.registry_data import add_artifact
from tests.scenes.harness import press, running, screen_text, settled
from tests.small_disk import fill, set_read_only, small_disk


@pytest.mark.parametrize("state", ["full", "read-only"])
async def test_the_app_shows_lists(tmp_path: Path, state: str) -> None:
    with small_disk(tmp_path / "disk", 6) as disk:
        home = Home.at(disk / "home")
        desk = open_desk(home)
        add_artifact(desk.registry, "model-1", "churn-model")
        desk.close()
        if state == "full":
            fill(disk)
        else:
            set_read_only(disk, True)
        try:
            async with running(home) as pilot:
                await settled(pilot)
                assert "churn-model" in screen_text(pilot)
                assert "unexpected error" not in screen_text(pilot)
                for keys in (("3",), ("2",), ("1",), ("enter",), ("escape",), ("s",)):
                    await press(pilot, *keys)
                    assert "unexpected error" not in screen_text(pilot)
        finally:
            set_read_only(disk, False)
