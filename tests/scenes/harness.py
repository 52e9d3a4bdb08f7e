"""Run scenes: a home, a terminal size and keys, whose resulting screen is tested and drawn.

A scene is added to the list ``SCENES`` of a module ``tests/scenes/scene_*.py``. Clock, time zone,
locale and cursor are fixed, so that the picture is the same on every machine.
"""

from __future__ import annotations

import asyncio
import gc
import importlib
import os
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any
from unittest.mock import patch

from textual.events import Key, Paste
from textual.pilot import Pilot
from textual.screen import ModalScreen
from textual.worker import Worker

from launchpad_tui.bootstrap import open_desk
from launchpad_tui.config.paths import Home
from launchpad_tui.errors import LaunchpadError
from launchpad_tui.services.lanes import Lane
from launchpad_tui.ui.app import LaunchpadApp
from launchpad_tui.ui.textual_compat import key_of_character
from tests.scenes.legibility import illegible
from tests.scenes.picture import self_contained
from tests.scenes.snapshot import Rendering, open_routes, screen_styles
from tests.scenes.snapshot import screen_text as screen_text  # noqa: PLC0414  other tests use it

#: the current time in all scenes
NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
#: the folder and prefix of the homes of scenes, and a name of the same length to show instead
_HOMES, _HOME_PREFIX, _HOME_NAME = "/tmp", "launchpad-", "launchpad-training"
#: the longest time of a timer that is awaited before the screen is tested (seconds)
_SHORT_SECONDS = 0.15
#: a disk of 100 GB of which 80 GB are free
_DISK = os.statvfs_result((4096, 4096, 24_414_062, 19_531_250, 19_531_250, 1, 1, 1, 0, 255))
FROZEN = {
    "TZ": "UTC",
    "LC_ALL": "C.UTF-8",
    "LANG": "C.UTF-8",
    "TERM": "xterm-256color",
    "COLORTERM": "truecolor",
    "NO_COLOR": "",
    "LAUNCHPAD_CREDENTIALS": "file",
}


@dataclass(frozen=True)
class Scene:
    """A scene.

    Args:
        name: the name of its files, without the ending.
        seed: fills a new home.
        drive: presses keys, after the app has shown the screen ``start``.
        size: columns and lines.
        start: the route of the first screen.
        expect: strings that must be on the screen at the end.
        shown: whether README shows its picture.
    """

    name: str
    seed: Callable[[Home], None]
    drive: Callable[[Pilot[Any]], Awaitable[None]]
    size: tuple[int, int] = (120, 32)
    start: str = "models"
    expect: tuple[str, ...] = ()
    shown: bool = False


class _StoppedClock(datetime):
    """A ``datetime`` whose current time is always `NOW`."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> _StoppedClock:
        return cls.fromtimestamp(NOW.timestamp(), tz)


def stopped_clock() -> Any:
    """Return a context in which `launchpad_tui.domain.timestamps.now` is `NOW`."""
    return patch("launchpad_tui.domain.timestamps.datetime", _StoppedClock)


def frozen() -> Any:
    """Return a context with the environment of all scenes."""
    os.environ.pop("NO_COLOR", None)
    environ = {name: value for name, value in FROZEN.items() if value}
    return patch.dict(os.environ, environ)


@asynccontextmanager
async def running(
    home: Home, start: str = "models", size: tuple[int, int] = (120, 32), wait: float = 10
) -> AsyncIterator[Any]:
    """Run the app over a home until its first screen is loaded; yield Textual's pilot."""
    with frozen():
        time.tzset()
        lane = Lane("registry")
        app = LaunchpadApp(lane.submit(open_desk, home), lane, start)
        app.sync_status.start_daemon = False
        # As in a terminal; Textual leaves them out of tests.
        try:
            with deterministic_pauses():
                async with app.run_test(size=size, tooltips=True, notifications=True) as pilot:
                    await asyncio.wait_for(app.desk_opened.wait(), wait)
                    await settled(pilot, wait)
                    yield pilot
        finally:
            await _released(app)


async def _released(app: LaunchpadApp) -> None:
    """Close and free what a program keeps until it ends: the registry, and frozen objects."""
    for each in app.lanes.values():
        if each._thread is not None:
            await asyncio.to_thread(each._thread.join, 60)
    if app.desk_opened.is_set():
        app.desk.close()
    gc.unfreeze()


async def wait_until_idle(min_sleep: float = 0, max_sleep: float = 1) -> None:
    """Wait until nothing is left to run but timers, threads and files.

    It replaces a function of Textual, which sleeps until the process uses little CPU time. That
    takes at least 20 ms for each key, and up to a second while other threads work.

    Args:
        min_sleep: the seconds to wait at least.
        max_sleep: the seconds to wait at most.
    """
    ready: Any = asyncio.get_running_loop()
    start = time.monotonic()
    turns = 0
    while turns < 2 and time.monotonic() - start < max_sleep:
        await asyncio.sleep(0)
        turns = 0 if ready._ready else turns + 1
    if (left := start + min_sleep - time.monotonic()) > 0:
        await asyncio.sleep(left)


@contextmanager
def deterministic_pauses() -> Iterator[None]:
    """Let Textual's pilot wait for the app in the block instead of for a process without load."""
    with (
        patch("textual.app.wait_for_idle", wait_until_idle),
        patch("textual.pilot.wait_for_idle", wait_until_idle),
    ):
        yield


async def settled(pilot: Pilot[Any], seconds: float = 60) -> None:
    """Wait until every lane is idle, every transfer has ended and the screen is painted.

    What a screen does after a short rest, such as the preview of a row, is awaited as well.
    """
    app: Any = pilot.app
    quiet = 0
    deadline = time.monotonic() + seconds
    while quiet < 3 and time.monotonic() < deadline:
        await pilot.pause()
        for lane in app.lanes.values():
            await lane.run(int)
        await wait_until_idle()
        busy = [
            worker
            for worker in app.workers
            if worker.group not in {"follow", "reconcile", "sync status"}
            and not worker.is_finished
            and not _waits_for_an_answer(app, worker)
        ]
        due = getattr(app.screen, "curves_are_due", False) or _short_timers(app)
        quiet = 0 if busy or due or app.transfers.following or app.typed_ahead else quiet + 1
        if quiet == 3 and await _announce_changes(app):
            quiet = 0
        await asyncio.sleep(0.001 if quiet else 0.005)


async def _announce_changes(app: Any) -> bool:
    """Let the app announce changes of the registry now, not a moment later; return whether it did.

    An app that is closing, or whose registry cannot be read, announces nothing.
    """
    if not app.desk_opened.is_set() or not app.is_running:
        return False
    try:
        topics = await app.read(app.desk.changes.poll)
    except (LaunchpadError, RuntimeError):
        return False
    if topics:
        await app.registry_watch.announce(topics)
    return bool(topics)


def _short_timers(app: Any) -> bool:
    """Return whether a timer that ends soon, once, is running on the screen."""
    return any(
        timer._repeat == 0
        and timer._interval <= _SHORT_SECONDS
        and timer._task is not None
        and not timer._task.done()
        for node in (app, *app.screen.walk_children(with_self=True))
        for timer in node._timers
    )


def _waits_for_an_answer(app: Any, worker: Worker[Any]) -> bool:
    """Return whether the worker waits for the result of a screen above its own."""
    above = app.screen_stack
    for place, screen in enumerate(above):
        if screen in worker.node.ancestors_with_self:
            above = above[place + 1 :]
            break
    return any(
        isinstance(screen, ModalScreen) or any(one.callback for one in screen._result_callbacks)
        for screen in above
    )


async def press(pilot: Pilot[Any], *keys: str) -> None:
    """Press keys; before each key, wait until the app is idle."""
    for key in keys:
        await pilot.press(key)
        await settled(pilot)


async def burst(pilot: Pilot[Any], text: str) -> None:
    """Type a text without waiting, as it arrives over a slow connection; ``\\r`` is enter."""
    for character in text:
        pilot.app.post_message(
            Key("enter" if character == "\r" else key_of_character(character), character)
        )
    await settled(pilot)


async def paste(pilot: Pilot[Any], text: str) -> None:
    """Paste a text into the focused widget, since typing each character would take seconds."""
    focused = pilot.app.screen.focused
    assert focused is not None
    focused.post_message(Paste(text))
    await settled(pilot)


async def play(scene: Scene) -> Rendering:
    """Play a scene in a new home, which is removed afterwards, and return its rendering."""
    # Some screens show the path of the home, so its length must not differ.
    folder = tempfile.mkdtemp(prefix=_HOME_PREFIX, dir=_HOMES)
    name = folder.removeprefix(f"{_HOMES}/")
    try:
        with (
            stopped_clock(),
            patch("os.statvfs", lambda _path: _DISK),
            patch("textual.widgets.Input._toggle_cursor", lambda _input: None),
        ):
            home = Home.at(Path(folder)).ensure()
            open_desk(home).close()
            scene.seed(home)
            async with running(home, scene.start, scene.size, wait=60) as pilot:
                _keep_messages(pilot.app)
                await scene.drive(pilot)
                await _unchanging(pilot)
                app: Any = pilot.app
                picture = self_contained(app.export_screenshot(title="launchpad"))
                rendering = Rendering(
                    screen_text(pilot).replace(name, _HOME_NAME),
                    screen_styles(pilot, app.look),
                    picture.replace(name, _HOME_NAME),
                    open_routes(app.screen_stack),
                )
                return replace(rendering, illegible=tuple(await illegible(pilot)))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def _unchanging(pilot: Pilot[Any]) -> None:
    """Wait until the screen no longer changes: some changes follow after the app is idle."""
    same, before = 0, ""
    for _ in range(100):
        await settled(pilot, 60)
        app: Any = pilot.app
        now = screen_text(pilot) + screen_styles(pilot, app.look)
        same = same + 1 if now == before else 0
        if same == 3:
            return
        before = now
        await asyncio.sleep(0.05)


def _keep_messages(app: Any) -> None:
    """Keep messages on the screen: on a slow machine they would expire before the scene ends."""
    say = app.say

    def say_for_an_hour(text: str, role: str = "text", _seconds: float = 0) -> None:
        say(text, role, 3600)

    app.say = say_for_an_hour


def scenes() -> list[Scene]:
    """Return all scenes, sorted by name."""
    found: list[Scene] = []
    for path in sorted(Path(__file__).parent.glob("scene_*.py")):
        found += importlib.import_module(f"tests.scenes.{path.stem}").SCENES
    return sorted(found, key=lambda scene: scene.name)
