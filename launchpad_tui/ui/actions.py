"""The base of screens and widgets with actions: it binds keys, performs actions, shows errors."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Coroutine
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual.dom import DOMNode

from launchpad_tui.ui.keymap import Action, textual_key
from launchpad_tui.ui.textual_compat import (
    GuardedMessages,
    KeyBinding,
    is_consequence_of_leaving,
    is_left,
    replace_bindings,
    when_finished,
)

if TYPE_CHECKING:
    from textual.screen import Screen
    from textual.worker import Worker

    from launchpad_tui.ui.keymap import Keymap
    from launchpad_tui.ui.shell import Shell


class ActionOwner(GuardedMessages, DOMNode):
    """Mixin of the app, screens and widgets that have actions.

    A class lists its own actions in ``ACTIONS`` and inherits those of its bases; an action with the
    same id replaces an inherited one.
    """

    ACTIONS: ClassVar[tuple[Action, ...]] = ()
    _keys_bound: frozenset[str] = frozenset()

    if TYPE_CHECKING:
        run_worker: Any

    @property
    def launchpad(self) -> Shell:
        """The application."""
        return cast("Shell", self.app)

    @classmethod
    def class_actions(cls) -> tuple[Action, ...]:
        """Return the actions of the class and its bases, the class's own first."""
        found: dict[str, Action] = {}
        for base in cls.__mro__:
            for action in base.__dict__.get("ACTIONS", ()):
                found.setdefault(action.id, action)
        return tuple(found.values())

    def actions(self) -> tuple[Action, ...]:
        """Return the actions of this object; override to add actions that depend on its state."""
        return self.class_actions()

    def bind_actions(self) -> None:
        """Bind the keys of all actions, as the settings define them."""
        keymap = self.launchpad.keymap
        bindings: dict[str, KeyBinding] = {}
        for action in self.actions():
            for name in keymap.keys(action):
                key = textual_key(name)
                binding = KeyBinding(key, f"do({action.id!r})", action.title, action.priority)
                bindings.setdefault(key, binding)
        replace_bindings(self, self._keys_bound, bindings.values())
        self._keys_bound = frozenset(bindings)

    def on_mount(self) -> Any:
        """Bind the keys. Textual calls this as well if a subclass has its own ``on_mount``."""
        self.bind_actions()

    def action_do(self, action_id: str) -> None:
        """Perform an action; Textual calls this for a key binding."""
        self.perform(action_id)

    def disabled_reason(self, action: Action) -> str | None:
        """Return why the action cannot be performed now, None if it can."""
        if action.needs and (reason := self.launchpad.sync_status.missing_reason(action.needs)):
            return reason
        why_not = getattr(self, f"why_not_{action.name}", None)
        return why_not() if why_not is not None else None

    def perform(self, action_id: str) -> bool:
        """Perform an action by its id, or show why it is disabled.

        Returns:
            Whether this object has an action of this id.
        """
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
                self.launchpad.action_started(self.run_task(result, group=f"action {action.id}"))
        except Exception as error:  # noqa: BLE001  shown, and the app continues
            self.launchpad.show_error(error)
        return True

    def run_task(
        self, work: Awaitable[Any], group: str = "task", *, exclusive: bool = True
    ) -> Worker[Any]:
        """Run a coroutine in the background and show its errors.

        An exclusive task cancels the previous task of its group.
        """
        worker: Worker[Any] = self.run_worker(
            partial(self._guarded, work), group=group, exclusive=exclusive, exit_on_error=False
        )
        if inspect.iscoroutine(work):
            # A coroutine that was never started warns when it is deleted, unless it is closed.
            when_finished(worker, work.close)
        if is_left(self):
            worker.cancel()
        return worker

    async def _guarded(self, work: Awaitable[Any]) -> None:
        try:
            await work
        except Exception as error:  # noqa: BLE001  shown, not swallowed
            if not is_consequence_of_leaving(error, self):
                self.launchpad.show_error(error)

    def handler_failed(self, error: Exception) -> None:
        """Show the error of a message handler."""
        self.launchpad.show_error(error)


def reachable_actions(screen: Screen[Any]) -> list[tuple[Action, ActionOwner]]:
    """Return all actions that keys reach now, each with the object that performs it.

    They belong to the focused widget and the widgets around it, to the screen and to the app, in
    this order; an action id occurs once.
    """
    owners: list[ActionOwner] = []
    if screen.focused is not None:
        owners = [
            node for node in screen.focused.ancestors_with_self if isinstance(node, ActionOwner)
        ]
    owners += [node for node in (screen, screen.app) if isinstance(node, ActionOwner)]
    found: dict[str, tuple[Action, ActionOwner]] = {}
    for owner in owners:
        for action in owner.actions():
            found.setdefault(action.id, (action, owner))
    return list(found.values())


def active_keys(screen: Screen[Any], keymap: Keymap) -> dict[str, tuple[str, ...]]:
    """Return the keys that perform an action now, by the ID of the action.

    A key of an object is left out if the focused widget or an object nearer to it uses the same
    key, and so are characters while they are typed into an input.
    """
    # Importing this at start would cost a tenth of the first paint.
    from textual.widgets import Input

    bound = screen.active_bindings
    typing = isinstance(screen.focused, Input)
    found: dict[str, tuple[str, ...]] = {}
    for action, owner in reachable_actions(screen):
        keys = []
        for key in keymap.keys(action):
            active = bound.get(textual_key(key))
            typed = typing and (len(key) == 1 or key == "space")
            if active is not None and active.node is owner and not typed:
                keys.append(key)
        found[action.id] = tuple(keys)
    return found


Task = Coroutine[Any, Any, None]
