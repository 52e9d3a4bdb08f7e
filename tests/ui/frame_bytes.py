"""Count the bytes that frames of the app take on a terminal, without a terminal."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.pilot import Pilot
from textual.screen import Screen

from launchpad_tui.ui.frame_writer import FrameWriter
from launchpad_tui.ui.textual_compat import updated_rows
from tests.scenes.harness import settled

#: what begins and ends every frame
_SYNCHRONIZED = len("\x1b[?2026h\x1b[?2026l")


class FrameBytes:
    """The bytes of the frames of an app that runs without a terminal."""

    def __init__(self, pilot: Pilot[Any], size: tuple[int, int]) -> None:
        self._app: Any = pilot.app
        self._pilot = pilot
        self._size = size
        self._frames = FrameWriter()
        self.count = 0

    def display(self, screen: Screen[Any], update: Any) -> None:
        """Count the bytes of a frame; called instead of `App._display`."""
        app, frames = self._app, self._frames
        if app._batch_count or not app._running:
            return
        if not isinstance(update, LayoutUpdate | ChopsUpdate):
            return
        if frames.size != self._size:
            if not isinstance(update, LayoutUpdate):
                return
            self.count += len(frames.clear(*self._size))
        text = frames.write(updated_rows(frames, update), (0, 0))
        self.count += len(text.encode()) + _SYNCHRONIZED if text else 0

    async def begin(self) -> None:
        """Wait for a frame with the whole screen, from which the next ones differ."""
        self._app.screen.refresh(layout=True)
        deadline = time.monotonic() + 60
        while not self.count and time.monotonic() < deadline:
            await asyncio.sleep(0.01)
        await settled(self._pilot)

    async def key(self, key: str) -> int:
        """Press a key and return the bytes of its frames, without what follows a pause."""
        before = self.count
        await self._pilot.press(key)
        await settled(self._pilot)
        return self.count - before

    async def pause(self) -> int:
        """Wait for what the app shows once the keys pause, and return the bytes of its frames."""
        before = self.count
        deadline = time.monotonic() + 60
        while getattr(self._app.screen, "_resting", None) and time.monotonic() < deadline:
            await asyncio.sleep(0.01)
        await settled(self._pilot)
        return self.count - before


@contextmanager
def counted(pilot: Pilot[Any], size: tuple[int, int]) -> Iterator[FrameBytes]:
    """Count the bytes of frames while the context is open."""
    frames = FrameBytes(pilot, size)
    app: Any = pilot.app
    former = app._display
    app._display = frames.display
    try:
        yield frames
    finally:
        app._display = former
