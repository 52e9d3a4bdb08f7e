"""The bytes that keys write to a terminal of 200x50 cells stay within their bounds.

`tests/benchmarks/wire.py` measures the same with a real terminal and over ssh.
"""

from __future__ import annotations

import statistics
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from launchpad_tui.bootstrap import open_desk
from launchpad_tui.config.paths import Home
from launchpad_tui.ui.screens.common import preview
from launchpad_tui.ui.screens.compare import row_curves
from tests.benchmarks import wire
from tests.scenes.harness import press, running
from tests.scenes.trained_seeds import model_id
from tests.ui.frame_bytes import FrameBytes, counted

SIZE = (200, 50)
NOISY = range(wire.CURVES)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home with 300 models, of which eight have noisy curves."""
    found = Home.at(tmp_path_factory.mktemp("wire") / "home")
    wire.fill(found)
    return found


@asynccontextmanager
async def app(home: Home, selection: range, *keys: str) -> AsyncIterator[FrameBytes]:
    """Run the app with models in My Selection, press keys, and count bytes from then on."""
    desk = open_desk(home)
    desk.preferences.set("selection/local/default", [model_id(number) for number in selection])
    desk.close()
    async with running(home, size=SIZE, wait=60) as pilot:
        with counted(pilot, SIZE) as frames:
            await frames.begin()
            await press(pilot, *keys)
            yield frames


@pytest.fixture
def steady_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no key count as a pause, however slowly the machine handles the keys."""
    monkeypatch.setattr(preview, "REST", 3600)
    monkeypatch.setattr(preview, "REST_AFTER_SCROLLING", 3600)
    monkeypatch.setattr(row_curves, "REST", 3600)
    monkeypatch.setattr(row_curves.RowCurvesMixin, "curves_are_due", False)


async def sizes(frames: FrameBytes, *keys: str) -> list[int]:
    """Return the bytes of each key."""
    return [await frames.key(key) for key in keys]


@pytest.mark.usefixtures("steady_keys")
async def test_keys_of_a_list(home: Home) -> None:
    async with app(home, range(0)) as frames:
        assert 0 < max(await sizes(frames, *["down"] * 3)) <= 700
        await frames.key("pagedown")
        assert 0 < max(await sizes(frames, *["down"] * 5)) <= 800
        assert 0 < max(await sizes(frames, "pagedown", "pageup")) <= 7000
        assert 0 < max(await sizes(frames, *["up"] * 5)) <= 800
        assert 0 < await frames.key("end") <= 12_000


async def test_a_list_with_the_preview_after_each_key(home: Home) -> None:
    async with app(home, range(0)) as frames:
        await frames.pause()
        for _ in range(2):
            assert 0 < await frames.key("down") + await frames.pause() <= 700
        await frames.key("pagedown")
        await frames.pause()
        for _ in range(2):
            assert 0 < await frames.key("down") + await frames.pause() <= 1200


async def test_other_screens(home: Home) -> None:
    async with app(home, range(0)) as frames:
        await frames.pause()
        for key in ("question_mark", "escape", "slash", "escape", "enter", "escape", "3", "2"):
            assert 0 < await frames.key(key) + await frames.pause() <= 10_000, key
        assert 0 < await frames.key("colon") <= 10_000


@pytest.mark.usefixtures("steady_keys")
async def test_keys_of_a_comparison(home: Home) -> None:
    async with app(home, NOISY, "8") as frames:
        assert 0 < await frames.key("c") <= 10_000
        await frames.key("home")
        assert 0 < max(await sizes(frames, *["down"] * 3)) <= 2000
        # From the last row in view on, keys scroll.
        await frames.key("pagedown")
        assert 0 < max(await sizes(frames, *["down"] * 5)) <= 2000


async def test_a_comparison_with_the_curves_after_each_key(home: Home) -> None:
    async with app(home, NOISY, "8", "c", "end") as frames:
        await frames.pause()
        for key in ("up", "up", "home"):
            assert 0 < await frames.key(key) + await frames.pause() <= 10_000


async def test_a_board_and_a_chart(home: Home) -> None:
    async with app(home, NOISY) as frames:
        assert 0 < await frames.key("8") <= 25_000
        assert 0 < max(await sizes(frames, "right", "left")) <= 1000
        assert 0 < max(await sizes(frames, "pagedown", "pageup")) <= 8000
        await frames.key("home")
        assert 0 < await frames.key("enter") <= 25_000
        zoomed = await sizes(frames, *["plus"] * 2, *["minus"] * 2)
        assert 0 < statistics.median(zoomed) <= 14_000
        assert 0 < max(await sizes(frames, *["right"] * 4)) <= 1000


async def test_zoom_of_one_smooth_curve(home: Home) -> None:
    async with app(home, range(wire.SMOOTH, wire.SMOOTH + 1), "8", "enter") as frames:
        zoomed = await sizes(frames, *["plus"] * 2, *["minus"] * 2)
        assert 0 < statistics.median(zoomed) <= 4000
