"""Typing ahead: keys that come in one burst, as from a quick hand or over a slow line, reach what the ones before them
open. Textual hands each to what has the focus when it arrives, which a dialog that is just opening does not have yet:
``:stores`` would lose all but its colon."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from contextlib import suppress
from typing import Any
from weakref import WeakSet

from textual.dom import DOMNode
from textual.events import Event, Key, Paste
from textual.screen import Screen
from textual.worker import Worker

from launchpad_tui.ui.textual_compat import ContinuingApp

#: seconds after which a key goes on to whatever is there
PATIENCE = 0.5
#: the same while something that the key before began may still open a dialog
_ACT_PATIENCE = 0.15
#: seconds of waiting without sleep: nearly all is done within them
_BRISK = 0.005


class TypingAhead(ContinuingApp):
    """Hands on a key, or what is pasted, when all that follows from the one before it is done and the screen on top can
    take it. A key that comes alone passes at once.

    A focused widget with a true attribute ``settling`` shows what is about to be replaced (a list whose search goes
    on): keys that mean its content wait for the new one.
    """

    _keys_bound: frozenset[str]

    def __init__(self) -> None:
        super().__init__()
        self._ahead: deque[Key | Paste] = deque()
        self._next: Event | None = None
        self._under_way: asyncio.Task[None] | None = None
        self._handing_on: asyncio.Task[None] | None = None
        self._act: Worker[Any] | None = None
        self._waits_since = 0.0
        self._focusless: WeakSet[Screen[Any]] = WeakSet()

    @property
    def typed_ahead(self) -> bool:
        """Whether keys wait, or what one led to is not done yet."""
        under_way = self._under_way is not None and not self._under_way.done()
        return under_way or bool(self._ahead) or self._next is not None

    def action_started(self, worker: Worker[Any]) -> None:
        """Note that an action continues in a worker: the next key waits for its dialog."""
        self._act = worker

    async def on_event(self, event: Event) -> None:
        """Every event comes through here: keys first as typed, and once more when no widget wanted them."""
        if not isinstance(event, Key | Paste) or event.is_forwarded or not self.screen_stack:
            await super().on_event(event)
        elif event is not self._next and (self._ahead or self._next is not None):
            self._ahead.append(event)
        elif not self._takes(event):
            self._next = None
            self._ahead.appendleft(event)
            if self._handing_on is None or self._handing_on.done():
                self._handing_on = asyncio.create_task(self._hand_on())
        else:
            self._next, self._act, self._waits_since = None, None, 0.0
            standing = self._standing()
            await super().on_event(event)
            self._under_way = asyncio.create_task(self._see_off(standing))

    def _standing(self) -> tuple[Screen[Any], DOMNode | None]:
        screen = self.screen_stack[-1]
        return screen, screen.focused

    def _takes(self, event: Key | Paste) -> bool:
        """Whether a key would now reach what it is meant for."""
        if self._under_way is not None and not self._under_way.done():
            return False
        now = time.monotonic()
        self._waits_since = self._waits_since or now
        late = now - self._waits_since > PATIENCE
        screen, focused = self._standing()
        if screen not in self._focusless and (
            not screen.is_mounted or (focused is None and len(screen.focus_chain) > 0)
        ):
            if late:
                self._focusless.add(screen)
            return late
        means_content = (
            isinstance(event, Key) and event.key != "escape" and event.key not in self._keys_bound
        )
        if means_content and getattr(focused, "settling", False):
            if late:
                focused.settling = False  # type: ignore[union-attr]
            return late
        return True

    async def _hand_on(self) -> None:
        """Let those that wait come again, one by one, behind what the app was told to do by the ones before."""
        start = time.monotonic()
        while self._ahead or self._next is not None:
            if self._next is None and self._takes(self._ahead[0]):
                start = self._waits_since = time.monotonic()
                self._next = self._ahead.popleft()
                self.post_message(self._next)
            await _pause(start)

    async def _see_off(self, standing: tuple[Screen[Any], DOMNode | None]) -> None:
        """Be done when all that a key led to is: in what had the focus, in all around it, in the app."""
        screen, focused = standing
        path = [*(focused or screen).ancestors_with_self, self]
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                await _pass_through(path)
                if self._act is not None:
                    await self._see_opened(self._act, standing)
                    await _pass_through(path)

    async def _see_opened(
        self, act: Worker[Any], standing: tuple[Screen[Any], DOMNode | None]
    ) -> None:
        start = time.monotonic()
        while (
            not act.is_finished
            and self._standing() == standing
            and time.monotonic() - start < _ACT_PATIENCE
        ):
            await _pause(start)


async def _pass_through(path: list[DOMNode]) -> None:
    """Wait until each of the queues has come to where its end is now, one after the other as events bubble."""
    for node in path:
        passed, start = asyncio.Event(), time.monotonic()
        if node.call_later(passed.set):
            while not passed.is_set() and node.is_running:
                await _pause(start)


async def _pause(start: float) -> None:
    await asyncio.sleep(0 if time.monotonic() - start < _BRISK else 0.002)
