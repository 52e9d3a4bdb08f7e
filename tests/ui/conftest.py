"""Fixtures of the tests of screens."""

from __future__ import annotations

from pathlib import Path

import pytest

from launchpad_tui.bootstrap import open_desk
from launchpad_tui.config.paths import Home
from tests.scenes.screen_seeds import swept, workshop


@pytest.fixture
def workshop_home(tmp_path: Path) -> Home:
    """A home with items of every kind, as the scenes use it."""
    home = Home.at(tmp_path / "home").ensure()
    open_desk(home).close()
    workshop(home)
    return home


@pytest.fixture
def swept_home(tmp_path: Path) -> Home:
    """A home as `workshop_home`, with a sweep of which one execution was not created."""
    home = Home.at(tmp_path / "home").ensure()
    open_desk(home).close()
    swept(home)
    return home
