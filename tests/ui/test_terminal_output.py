"""What the app writes to a real terminal, compared cell by cell."""

from __future__ import annotations

import random
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import textual
from rich.console import Console
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.screen import Screen

from launchpad_tui.config.paths import Home
from launchpad_tui.ui.frame_writer import FrameWriter
from launchpad_tui.ui.textual_compat import updated_rows
from tests.benchmarks.populate import populate
from tests.benchmarks.terminal import Terminal
from tests.scenes.harness import press, running
from tests.terminal_replay import Cells, Replay

SIZE = (120, 36)
#: keys of lists, charts, comparison, help and manual; none that changes the home
KEYS = [
    *["down", "down", "up", "pagedown", "pageup", "home", "end", "right", "left", "space", "enter"],
    *["escape", "escape", "1", "2", "3", "4", "5", "m", "c", "L", "?", "+", "-", "tab"],
]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home with 60 models whose executions have metrics."""
    found = Home.at(tmp_path_factory.mktemp("terminal") / "home")
    populate(found, 60, 6000)
    return found


def quiet(terminal: Terminal) -> None:
    """Wait until the app has written nothing for 0.4 seconds, at most 8 seconds."""
    for _ in range(20):
        if not terminal.written_in(0.4):
            return
    raise TimeoutError(f"the app does not stop writing:\n{terminal.text()}")


@contextmanager
def app(home: Home, **environment: str) -> Iterator[Terminal]:
    """Run the app in a terminal until its list of models is visible."""
    terminal = Terminal(
        [sys.executable, "-m", "launchpad_tui"],
        size=SIZE,
        environment={"LAUNCHPAD_HOME": str(home.root), **environment},
    )
    try:
        terminal.wait("1–")
        quiet(terminal)
        yield terminal
    finally:
        terminal.close()


def differences(one: Cells, other: Cells) -> list[tuple[Any, ...]]:
    """Return the numbers of the cells that differ with both, at most ten."""
    found = [
        (y, x, cell, other[y][x])
        for y, row in enumerate(one)
        for x, cell in enumerate(row)
        if cell != other[y][x]
    ]
    return found[:10]


def test_a_real_terminal_shows_the_whole_screen_after_a_change_of_size(home: Home) -> None:
    with app(home) as terminal:
        for size in ((90, 24), SIZE, (60, 15)):
            terminal.resize(*size)
            quiet(terminal)
            # A narrow header has no room for the name of the app.
            terminal.wait("◆.*Models(.|\n)*Name(.|\n)*help", 20)


def test_a_real_terminal_is_repainted_when_the_app_continues_after_a_stop(home: Home) -> None:
    with app(home) as terminal:
        terminal.signal(signal.SIGTSTP)
        terminal.written_in(0.5)
        terminal.blank()
        terminal.signal(signal.SIGCONT)
        terminal.wait("launchpad.*Models(.|\n)*Name(.|\n)*help", 20)


def test_an_open_search_writes_nothing_while_no_key_is_pressed(home: Home) -> None:
    with app(home) as terminal:
        terminal.press("/")
        quiet(terminal)
        assert terminal.written_in(1.5) == 0


class BothOutputs:
    """Two terminals: one gets the changed cells of each frame, the other Textual's own output."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.console = Console(color_system="truecolor", force_terminal=True)
        self.frames = FrameWriter()
        self.changed, self.whole = Replay(*SIZE), Replay(*SIZE)
        self.count = 0

    def display(self, screen: Screen[Any], update: Any) -> None:
        """Write a frame to both terminals."""
        if update is None or self.app._batch_count or not self.app._running:
            return
        assert isinstance(update, LayoutUpdate | ChopsUpdate)
        if self.frames.size != SIZE:
            # A timer may draw a part of the screen before the whole frame that both begin with.
            if not isinstance(update, LayoutUpdate):
                return
            self.changed.feed(self.frames.clear(*SIZE))
        self.changed.feed(self.frames.write(updated_rows(self.frames, update), (0, 0)))
        self.whole.feed(update.render_segments(self.console))
        self.count += 1


@pytest.mark.parametrize("seed", range(3))
async def test_every_frame_shows_the_same_as_textuals_own_output(
    workshop_home: Home, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(seed)
    async with running(workshop_home, size=SIZE) as pilot:
        both = BothOutputs(pilot.app)
        monkeypatch.setattr(pilot.app, "_display", both.display)
        pilot.app.screen.refresh(layout=True)
        for _ in range(40):
            key = chance.choice(KEYS)
            await press(pilot, key)
            assert differences(both.changed.cells(), both.whole.cells()) == [], key
    assert both.count > 40


def test_textual_is_the_version_whose_frames_are_read() -> None:
    """`ui/textual_compat.py` reads the updates of the compositor of this version."""
    assert textual.__version__.startswith("8.2.")
