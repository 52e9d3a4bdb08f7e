"""Type-ahead: keys that arrive in a burst reach the screen or dialog that earlier keys open.

Textual sends a key to the widget that has the focus when the key arrives. A dialog that is just
opening does not have it yet, so that of ``:stores`` only the colon would have an effect.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from contextlib import suppress
from typing import Any
from weakref import WeakSet

from textual.dom import DOMNode
from textual.events import Event, Key, MouseDown, Paste
from textual.screen import Screen
from textual.worker import Worker

from launchpad_tui.ui.textual_compat import ContinuingApp, key_of_character

#: seconds after which a waiting key is delivered to the widget that has the focus
PATIENCE = 0.5
#: seconds that a key waits for the dialog of an action that the key before it started
_ACTION_PATIENCE = 0.15
#: seconds of waiting without sleep, within which nearly all keys are processed
_BUSY_WAIT = 0.005


class TypingAhead(ContinuingApp):
    """An app that delays a key or paste until the previous one has been processed completely.

    A key that comes alone is delivered at once. If the focused widget has a true attribute
    ``settling``, its content is about to be replaced, for example the results of a search; keys for
    that widget then wait for the new content.
    """

    _keys_bound: frozenset[str]

    def __init__(self) -> None:
        super().__init__()
        self._waiting: deque[Key | Paste] = deque()
        self._redelivered: Event | None = None
        self._processing: asyncio.Task[None] | None = None
        self._delivering: asyncio.Task[None] | None = None
        self._action: Worker[Any] | None = None
        self._waiting_since = 0.0
        self._without_focus: WeakSet[Screen[Any]] = WeakSet()
        #: the number of keys, pastes and clicks that have been delivered
        self.inputs = 0

    @property
    def typed_ahead(self) -> bool:
        """Whether keys are waiting or being processed."""
        processing = self._processing is not None and not self._processing.done()
        return processing or bool(self._waiting) or self._redelivered is not None

    def action_started(self, worker: Worker[Any]) -> None:
        """Note that an action continues in a worker: the next key waits for its dialog."""
        self._action = worker

    async def on_event(self, event: Event) -> None:
        """Deliver an event, or put a key or paste into the queue.

        A key comes here again when no widget handled it; then it is marked as forwarded.
        """
        if isinstance(event, Key) and not event.is_forwarded and self._is_escape_and_key(event):
            # Terminals send the same bytes for alt with a key and for a key soon after an escape.
            character = str(event.character)
            await self.on_event(Key("escape", "\x1b"))
            await self.on_event(Key(key_of_character(character), character))
            return
        if not isinstance(event, Key | Paste) or event.is_forwarded or not self.screen_stack:
            self.inputs += isinstance(event, MouseDown)
            await super().on_event(event)
        elif event is not self._redelivered and (self._waiting or self._redelivered is not None):
            self._waiting.append(event)
        elif not self._can_deliver(event):
            self._redelivered = None
            self._waiting.appendleft(event)
            if self._delivering is None or self._delivering.done():
                self._delivering = asyncio.create_task(self._deliver())
        else:
            self._redelivered, self._action, self._waiting_since = None, None, 0.0
            self.inputs += 1
            state = self._focus_state()
            await super().on_event(event)
            self._processing = asyncio.create_task(self._follow_key(state))

    def _is_escape_and_key(self, event: Key) -> bool:
        return (
            event.key.startswith("alt+")
            and len(event.character or "") == 1
            and bool(self.screen_stack)
            and not self.is_bound(event.key)
        )

    def _focus_state(self) -> tuple[Screen[Any], DOMNode | None]:
        screen = self.screen_stack[-1]
        return screen, screen.focused

    def _can_deliver(self, event: Key | Paste) -> bool:
        """Return whether a key would now reach the widget that it is meant for."""
        if self._processing is not None and not self._processing.done():
            return False
        now = time.monotonic()
        self._waiting_since = self._waiting_since or now
        late = now - self._waiting_since > PATIENCE
        screen, focused = self._focus_state()
        if screen not in self._without_focus and (
            not screen.is_mounted or (focused is None and len(screen.focus_chain) > 0)
        ):
            if late:
                self._without_focus.add(screen)
            return late
        for_content = (
            isinstance(event, Key) and event.key != "escape" and event.key not in self._keys_bound
        )
        if for_content and getattr(focused, "settling", False):
            if late:
                focused.settling = False  # type: ignore[union-attr]
            return late
        return True

    async def _deliver(self) -> None:
        """Post the waiting keys again, one by one, each after the effects of the one before it."""
        start = time.monotonic()
        while self._waiting or self._redelivered is not None:
            if self._redelivered is None and self._can_deliver(self._waiting[0]):
                start = self._waiting_since = time.monotonic()
                self._redelivered = self._waiting.popleft()
                self.post_message(self._redelivered)
            await _pause(start)

    async def _follow_key(self, state: tuple[Screen[Any], DOMNode | None]) -> None:
        """Wait until the focused widget, its ancestors and the app have processed a key."""
        screen, focused = state
        path = [*(focused or screen).ancestors_with_self, self]
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                await _drain(path)
                if self._action is not None:
                    await self._wait_for_dialog(self._action, state)
                    await _drain(path)

    async def _wait_for_dialog(
        self, action: Worker[Any], state: tuple[Screen[Any], DOMNode | None]
    ) -> None:
        """Wait until an action ends or changes screen or focus."""
        start = time.monotonic()
        while (
            not action.is_finished
            and self._focus_state() == state
            and time.monotonic() - start < _ACTION_PATIENCE
        ):
            await _pause(start)


async def _drain(path: list[DOMNode]) -> None:
    """Wait until each node has processed the messages in its queue, in the order of bubbling."""
    for node in path:
        passed, start = asyncio.Event(), time.monotonic()
        if node.call_later(passed.set):
            while not passed.is_set() and node.is_running:
                await _pause(start)


async def _pause(start: float) -> None:
    await asyncio.sleep(0 if time.monotonic() - start < _BUSY_WAIT else 0.002)
