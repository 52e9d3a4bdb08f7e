"""Tests that every key of every scene does something visible or states why it does not.

The scenes of one home are built in one app, one after the other. A key is pressed once for each
combination of screen, action, and the widget or screen that performs it; what opened is closed.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from launchpad_tui.bootstrap import open_desk
from launchpad_tui.config.paths import Home
from launchpad_tui.errors import LaunchpadError
from launchpad_tui.ui.actions import active_keys, reachable_actions
from launchpad_tui.ui.keymap import Action
from launchpad_tui.ui.list_states import ListStates
from launchpad_tui.ui.textual_compat import key_of_character
from tests.scenes.harness import (
    Scene,
    running,
    scenes,
    screen_text,
    settled,
    stopped_clock,
)

#: keys that end or suspend the app, and keys that write to the terminal what it shows already
_NOT_PRESSED = {
    "app.close",
    "app.interrupt",
    "app.quit",
    "app.repaint",
    "app.suspend",
    "leave.yes",
    # The transfers of the scenes are not real and never end.
    "transfers.clear",
    "transfers.restart",
    "transfers.stop",
    # These end the app to start the demo.
    "welcome.demo",
    "welcome.open",
}
#: keys that move cursor, view or focus, or the value of a choice: at the end nothing moves
_MOVING = {
    *("up", "down", "left", "right", "pageup", "pagedown", "home", "end"),
    *("shift+up", "shift+down", "shift+left", "shift+right", "tab", "shift+tab"),
    *("chart.zoom-out", "^", "$"),
}
#: what was pressed already in this process: the screen's class, that of the action's owner, action
_TRIED: set[tuple[str, str, str]] = set()


def _groups() -> list[tuple[str, list[Scene]]]:
    """Return the scenes by the home that they need, at most 20 together.

    Scenes whose name begins with ``demo-`` show screens that other scenes show as well.
    """

    def home_of(scene: Scene) -> str:
        return f"{scene.seed.__module__.rpartition('.')[2]}.{scene.seed.__qualname__}"

    def rank(scene: Scene) -> tuple[bool, str]:
        """Put the scenes of the demo last: their charts take the most time to draw."""
        return "demo" in scene.seed.__module__, home_of(scene)

    found = []
    chosen = [one for one in scenes() if one.name == "demo-live" or one.name[:5] != "demo-"]
    for name, some in groupby(sorted(chosen, key=rank), home_of):
        each = list(some)
        found += [
            (f"{name} {start // 20 + 1}", each[start : start + 20])
            for start in range(0, len(each), 20)
        ]
    return found


GROUPS = _groups()


class _Watch:
    """What the app has shown and reported since the last call of `reset`."""

    def __init__(self, pilot: Pilot[Any]) -> None:
        self.app: Any = pilot.app
        self._pilot = pilot
        self.said = 0
        self.failures: list[BaseException] = []
        self._before: tuple[object, ...] = ()
        app: Any = self.app
        say, show_error = app.say, app.show_error

        def counted(*args: Any, **kwargs: Any) -> None:
            self.said += 1
            say(*args, **kwargs)

        def recorded(error: BaseException) -> None:
            if not isinstance(error, LaunchpadError):
                self.failures.append(error)
            self.said += 1
            show_error(error)

        app.say, app.show_error = counted, recorded

    def _state(self) -> tuple[object, ...]:
        app: Any = self.app
        stack = tuple(id(screen) for screen in app.screen_stack)
        return stack, id(app.screen.focused), screen_text(self._pilot)

    def reset(self) -> None:
        """Begin anew."""
        self.said = 0
        self._before = self._state()

    @property
    def changed(self) -> bool:
        """Whether something is visible that was not before."""
        return bool(self.said) or self._state() != self._before


@contextmanager
def _home(seed: Callable[[Home], None]) -> Iterator[Home]:
    folder = tempfile.mkdtemp(prefix="launchpad-")
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        stack.enter_context(stopped_clock())
        home = Home.at(Path(folder)).ensure()
        open_desk(home).close()
        seed(home)
        yield home


async def _close(pilot: Pilot[Any]) -> None:
    """Close the top screen without a result, which whoever waits for it gets."""
    pilot.app.screen.dismiss(None)
    await settled(pilot)


async def _build(pilot: Pilot[Any], scene: Scene) -> None:
    """Show a scene in an app that may show anything."""
    app: Any = pilot.app
    while len(app.screen_stack) > 1:
        await _close(pilot)
    app.list_states = ListStates()
    await pilot.resize_terminal(*scene.size)
    app.open(scene.start)
    await settled(pilot)
    await scene.drive(pilot)
    await settled(pilot)


def _name(key: str) -> str:
    return key_of_character(key) if len(key) == 1 else key


def _moves(action: Action, keys: tuple[str, ...]) -> bool:
    return keys[0] in _MOVING or action.id in _MOVING or action.group == "Moving"


async def _press_all(pilot: Pilot[Any], scene: Scene, watch: _Watch) -> list[str]:
    """Press every key of a scene that was not tried, and return what is wrong."""
    await _build(pilot, scene)
    app, wrong = watch.app, []
    screen = app.screen
    for action, owner in reachable_actions(screen):
        focused = screen.focused
        place = (type(screen).__name__, type(owner).__name__, action.id)
        keys = active_keys(screen, app.keymap).get(action.id, ())
        if place in _TRIED or not keys or action.id in _NOT_PRESSED:
            continue
        if action.id.startswith("go."):
            continue
        if action.id.startswith("app.") and action.id != "app.refresh":
            # These do the same on every screen.
            place = ("", "", action.id)
            if place in _TRIED:
                continue
        _TRIED.add(place)
        watch.reset()
        await pilot.press(_name(keys[0]))
        await settled(pilot)
        wrong += [f"{scene.name}: {keys[0]} ({action.id}): {each!r}" for each in watch.failures]
        watch.failures.clear()
        if not watch.changed and not _moves(action, keys):
            wrong.append(f"{scene.name}: {keys[0]} ({action.id}) does nothing")
        if screen not in app.screen_stack:
            await _build(pilot, scene)
            screen = app.screen
            continue
        while app.screen is not screen and len(app.screen_stack) > 1:
            await _close(pilot)
        if screen.focused is not focused:
            await _build(pilot, scene)
            screen = app.screen
    return wrong


@pytest.mark.parametrize(("name", "group"), GROUPS, ids=[name for name, _ in GROUPS])
async def test_every_key_does_something_or_states_why_not(name: str, group: list[Scene]) -> None:
    wrong: list[str] = []
    with _home(group[0].seed) as home:
        async with running(home, group[0].start, group[0].size, wait=60) as pilot:
            watch = _Watch(pilot)
            for scene in group:
                wrong += await _press_all(pilot, scene, watch)
    assert not wrong, "\n".join(wrong)
