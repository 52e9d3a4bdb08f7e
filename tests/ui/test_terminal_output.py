"""What the app writes to a real terminal, compared cell by cell."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import textual

from launchpad_tui.config.paths import Home
from tests.benchmarks.populate import populate
from tests.benchmarks.terminal import Terminal

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
    """Wait until the app has written nothing for half a second."""
    while terminal.written_in(0.5):
        pass


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


@pytest.mark.parametrize("environment", [{}, {"NO_COLOR": "1"}, {"COLORTERM": "", "TERM": "xterm"}])
def test_the_terminal_shows_the_same_as_after_a_full_repaint(
    home: Home, environment: dict[str, str]
) -> None:
    chance = random.Random(7)
    with app(home, **environment) as terminal:
        for turn in range(12):
            for _ in range(10):
                terminal.press(chance.choice(KEYS))
                terminal.written_in(0.02)
            if turn == 5:
                terminal.resize(90, 24)
            if turn == 8:
                terminal.resize(*SIZE)
            # A message that ends between the two looks is a change; there is none the next time.
            for attempt in range(3):
                quiet(terminal)
                shown = terminal.cells()
                terminal.press("ctrl+l")
                quiet(terminal)
                if terminal.cells() == shown:
                    break
                assert attempt < 2, terminal.text()


def test_the_terminal_shows_the_same_as_with_textuals_own_output(
    home: Home, tmp_path: Path
) -> None:
    settings = home.root / "settings.toml"
    pages = []
    for own in (False, True):
        settings.write_text("[ui]\nchanged_cells_only = false\n" if own else "")
        shown = []
        with app(home) as terminal:
            for key in ["down", "pagedown", "up", "m", "escape", "enter", "escape", "3", "?"]:
                terminal.press(key)
                quiet(terminal)
                shown.append(terminal.cells())
        pages.append(shown)
    settings.unlink()
    assert pages[0] == pages[1]


def test_textual_is_the_version_whose_frames_are_read() -> None:
    """`ui/textual_compat.py` reads the compositor's updates, which may differ in another version."""
    assert textual.__version__.startswith("8.2.")
