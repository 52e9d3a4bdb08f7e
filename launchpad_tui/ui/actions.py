"""What screens and widgets share: their actions become bindings, and no error in a handler ends the app."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Coroutine, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from textual.dom import DOMNode
from textual.message import Message

from launchpad_tui.ui.keymap import Action, textual_key

if TYPE_CHECKING:
    from textual.worker import Worker

    from launchpad_tui.ui.app import LaunchpadApp


class ActionOwner(DOMNode):
    """Mixin of screens and widgets that have actions.

    A class lists its own in ``ACTIONS``; those of its bases hold too, and one with the same id replaces theirs.
    """

    ACTIONS: ClassVar[tuple[Action, ...]] = ()
    _keys_bound: frozenset[str] = frozenset()
    _former: Mapping[str, Awaitable[Any]] = {}

    if TYPE_CHECKING:
        run_worker: Any
        on_mount: Any

    @property
    def launchpad(self) -> LaunchpadApp:
        """The app, typed."""
        app: Any = self.app
        return app  # type: ignore[no-any-return]

    @classmethod
    def class_actions(cls) -> tuple[Action, ...]:
        """The actions of the class and its bases, the class's own first."""
        found: dict[str, Action] = {}
        for base in cls.__mro__:
            for action in base.__dict__.get("ACTIONS", ()):
                found.setdefault(action.id, action)
        return tuple(found.values())

    def actions(self) -> tuple[Action, ...]:
        """The actions that hold here now; override to add some that depend on the object."""
        return self.class_actions()

    def bind_actions(self) -> None:
        """Make bindings of the actions, with the keys that the settings give them."""
        keymap = self.launchpad.keymap
        for key in self._keys_bound:
            self._bindings.key_to_bindings.pop(key, None)
        bound: set[str] = set()
        for action in self.actions():
            for name in keymap.keys(action):
                key = textual_key(name)
                if key in bound:
                    continue
                bound.add(key)
                # Textual's own bindings, such as tab for the next widget, give way.
                self._bindings.key_to_bindings.pop(key, None)
                self._bindings.bind(
                    key, f"do({action.id!r})", action.title, priority=action.priority, show=False
                )

        self._keys_bound = frozenset(bound)

    def _on_mount(self, *_event: Any) -> None:
        self.bind_actions()

    def action_do(self, action_id: str) -> None:
        """Textual's door to `perform`."""
        self.perform(action_id)

    def disabled_reason(self, action: Action) -> str | None:
        """Why the action cannot be done now; None where it can."""
        if action.needs and (lacking := self.launchpad.freshness.lacks(action.needs)):
            return lacking
        ask = getattr(self, f"why_not_{action.name}", None)
        return ask() if ask is not None else None

    def perform(self, action_id: str) -> bool:
        """Do an action by its id; where it is disabled, say why. False where this object has none of this id."""
        action = next((a for a in self.actions() if a.id == action_id), None)
        if action is None:
            return False
        try:
            reason = self.disabled_reason(action)
            if reason:
                self.launchpad.say(reason, "warn")
                return True
            result = getattr(self, f"do_{action.name}")()
            if inspect.isawaitable(result):
                self.launchpad.began(self.run_task(result, group=f"action {action.id}"))
        except Exception as error:  # noqa: BLE001  whatever a handler raises is shown, and the app lives on
            self.launchpad.show_error(error)
        return True

    def run_task(
        self, work: Awaitable[Any], group: str = "task", *, exclusive: bool = True
    ) -> Worker[Any]:
        """Run a coroutine in the background; its errors are shown. An exclusive one ends its group's former."""
        worker: Worker[Any] = self.run_worker(
            partial(self._guarded, work), group=group, exclusive=exclusive, exit_on_error=False
        )
        former = self._former.get(group)
        if (
            exclusive
            and inspect.iscoroutine(former)
            and inspect.getcoroutinestate(former) == inspect.CORO_CREATED
        ):
            # Its worker was ended before its first step.
            former.close()
        self._former = {**self._former, group: work}
        return worker

    async def _guarded(self, work: Awaitable[Any]) -> None:
        try:
            await work
        except Exception as error:  # noqa: BLE001  shown, not swallowed
            self.launchpad.show_error(error)

    async def _dispatch_message(self, message: Message) -> None:
        # A handler that fails must not end the message pump, and with it the app.
        try:
            await super()._dispatch_message(message)
        except Exception as error:  # noqa: BLE001
            self.launchpad.show_error(error)


Task = Coroutine[Any, Any, None]
