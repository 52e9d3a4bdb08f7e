"""Fixtures of the tests of screens."""

from __future__ import annotations

from pathlib import Path

import pytest

from launchpad_tui.bootstrap import open_desk
from launchpad_tui.config.paths import Home
from tests.scenes.screen_seeds import workshop


@pytest.fixture
def workshop_home(tmp_path: Path) -> Home:
    """A home with items of every kind, as the scenes use it."""
    home = Home.at(tmp_path / "home").ensure()
    open_desk(home).close()
    workshop(home)
    return home
