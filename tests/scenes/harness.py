"""Scenes: a home, a size, keys; each is a test of what stands on the screen and a picture for README.

A scene is added by writing a module ``tests/scenes/scene_*.py`` with a list ``SCENES``. Clock, time zone, locale and
cursor are the same on every machine, so that the picture is too.
"""

from __future__ import annotations

import asyncio
import importlib
import os
import time
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from textual.events import Key, Paste
from textual.pilot import Pilot
from textual.screen import ModalScreen

from launchpad_tui.bootstrap import open_desk
from launchpad_tui.config.paths import Home
from launchpad_tui.services.lanes import Lane
from launchpad_tui.ui.app import LaunchpadApp
from launchpad_tui.ui.textual_compat import key_of_character
from tests.scenes.picture import self_contained

FROZEN = {
    "TZ": "UTC",
    "LC_ALL": "C.UTF-8",
    "LANG": "C.UTF-8",
    "TERM": "xterm-256color",
    "NO_COLOR": "",
    "LAUNCHPAD_CREDENTIALS": "file",
}


@dataclass(frozen=True)
class Scene:
    """A scene.

    Args:
        name: the picture's file name without its ending.
        seed: fills a new home.
        drive: presses keys; the app shows ``start`` before.
        size: columns and lines.
        start: the first screen's route.
        expect: what has to stand on the screen at the end.
        shown: whether README shows its picture.
    """

    name: str
    seed: Callable[[Home], None]
    drive: Callable[[Pilot[Any]], Awaitable[None]]
    size: tuple[int, int] = (120, 32)
    start: str = "models"
    expect: tuple[str, ...] = ()
    shown: bool = False


def frozen() -> Any:
    """The environment of all scenes."""
    os.environ.pop("NO_COLOR", None)
    environ = {name: value for name, value in FROZEN.items() if value}
    return patch.dict(os.environ, environ)


@asynccontextmanager
async def running(home: Home, start: str = "models", size: tuple[int, int] = (120, 32)):  # type: ignore[no-untyped-def]
    """The app over a home, its first screen loaded; gives Textual's pilot."""
    with frozen():
        time.tzset()
        lane = Lane("registry")
        app = LaunchpadApp(lane.submit(open_desk, home), lane, start)
        app.sync_status.start_daemon = False
        async with app.run_test(size=size) as pilot:
            await asyncio.wait_for(app.desk_opened.wait(), 10)
            await settled(pilot)
            yield pilot


async def settled(pilot: Pilot[Any], seconds: float = 10) -> None:
    """Wait until every lane is idle, every transfer is over, and everything that was read is painted."""
    app: Any = pilot.app
    quiet = 0
    deadline = time.monotonic() + seconds
    while quiet < 3 and time.monotonic() < deadline:
        await pilot.pause()
        for lane in app.lanes.values():
            await lane.run(int)
        # What asked the user something waits for the dialog on top.
        asking = isinstance(app.screen, ModalScreen) or getattr(app.screen, "choose", False)
        busy = [
            w
            for w in app.workers
            if w.group not in {"follow", "reconcile", "sync status"}
            and not w.is_finished
            and not (asking and app.screen not in w.node.ancestors_with_self)
        ]
        quiet = 0 if busy or app.transfers.following or app.typed_ahead else quiet + 1
        await asyncio.sleep(0.01)


async def press(pilot: Pilot[Any], *keys: str) -> None:
    """Press keys, each after what the one before started has ended."""
    for key in keys:
        await pilot.press(key)
        await settled(pilot)


async def burst(pilot: Pilot[Any], text: str) -> None:
    """Type a text all at once, as it comes over a slow line; ``\\r`` is enter."""
    for character in text:
        pilot.app.post_message(
            Key("enter" if character == "\r" else key_of_character(character), character)
        )
    await settled(pilot)


async def paste(pilot: Pilot[Any], text: str) -> None:
    """Paste a text where the cursor is: a key for each of its characters would take seconds."""
    focused = pilot.app.screen.focused
    assert focused is not None
    focused.post_message(Paste(text))
    await settled(pilot)


def screen_text(pilot: Pilot[Any]) -> str:
    """What stands on the screen, line by line."""
    strips = pilot.app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in strips)


async def play(scene: Scene, folder: Path) -> tuple[str, str]:
    """Play a scene in a new home in ``folder``; gives the text on the screen and the picture (SVG)."""
    home = Home.at(folder).ensure()
    open_desk(home).close()
    scene.seed(home)
    async with running(home, scene.start, scene.size) as pilot:
        await scene.drive(pilot)
        await settled(pilot)
        picture = pilot.app.export_screenshot(title="launchpad")
        return screen_text(pilot), self_contained(picture)


def scenes() -> list[Scene]:
    """All scenes, by name."""
    found: list[Scene] = []
    for path in sorted(Path(__file__).parent.glob("scene_*.py")):
        found += importlib.import_module(f"tests.scenes.{path.stem}").SCENES
    return sorted(found, key=lambda scene: scene.name)
