"""What the app keeps after screens were closed."""

from __future__ import annotations

import gc
from pathlib import Path

from textual._styles_cache import StylesCache

from launchpad_tui.config.paths import Home
from tests.scenes.harness import press, running


def _caches() -> int:
    """Return the number of caches of lines, of which each widget has one."""
    gc.collect()
    return sum(isinstance(found, StylesCache) for found in gc.get_objects())


async def test_the_lines_of_closed_screens_are_freed(tmp_path: Path) -> None:
    async with running(Home.at(tmp_path)) as pilot:
        await press(pilot, "3", "1")
        before = _caches()
        await press(pilot, *("3", "1") * 3)
        assert _caches() <= before
