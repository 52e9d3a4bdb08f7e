"""What the app keeps in memory."""

from __future__ import annotations

import gc
import subprocess
import sys
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


def test_screens_of_models_load_neither_openssl_nor_numpy() -> None:
    """Both take memory, 4 and 12 MB, and are not needed to show charts, details and files."""
    program = (
        "import sys\n"
        "from launchpad_tui.ui import load_asyncio\n"
        "load_asyncio()\n"
        "from launchpad_tui.ui.screens.metrics import chart, metrics\n"
        "from launchpad_tui.ui.screens.models import artifact\n"
        "from launchpad_tui.ui.screens.compare import compare\n"
        "from launchpad_tui.charts.plotext_curves import Figure\n"
        "from launchpad_tui.registry.window import window\n"
        "from launchpad_tui.services.files import FileService\n"
        "print({'numpy', '_ssl', '_hashlib'} & sys.modules.keys())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "set()\n"
