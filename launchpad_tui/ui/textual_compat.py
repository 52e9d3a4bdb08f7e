"""Every use of Textual's private API, each with its reason.

Nothing else in the package names a private attribute, method or module of Textual. When Textual is
updated, this is the module to check. Written for Textual 8.2.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from textual.app import App
from textual.keys import _character_to_key
from textual.message import Message
from textual.message_pump import MessagePump
from textual.screen import Screen

if TYPE_CHECKING:
    from textual.dom import DOMNode
    from textual.widget import Widget

T = TypeVar("T")


class KeyBinding(NamedTuple):
    """A key of a node: what Textual needs to know to dispatch it."""

    #: as Textual names it
    key: str
    action: str
    description: str
    priority: bool


def key_of_character(character: str) -> str:
    """Return Textual's name of the key that types a character: ``slash`` for ``/``.

    Textual translates characters in class-level bindings only; the keymap creates bindings at run
    time.
    """
    return _character_to_key(character)


def replace_bindings(node: DOMNode, former: Iterable[str], bindings: Iterable[KeyBinding]) -> None:
    """Replace the bindings of some keys of a node.

    Textual has no public way to bind keys of one object at run time: `App.bind` exists for apps
    only, and the class attribute ``BINDINGS`` is shared by all objects of a class.

    Args:
        node: the app, screen or widget.
        former: keys whose bindings are removed.
        bindings: what is bound; a binding that Textual itself has for the same key is removed.
    """
    keys = node._bindings.key_to_bindings
    for key in former:
        keys.pop(key, None)
    for key, action, description, priority in bindings:
        keys.pop(key, None)
        node._bindings.bind(key, action, description, priority=priority, show=False)


def accept_result(screen: Screen[Any], app: App[Any]) -> None:
    """Prepare a default screen for being replaced.

    Textual expects a result callback on every screen that `App.switch_screen` removes, but does not
    add one to the screen that `App.get_default_screen` returns.
    """
    screen._push_result_callback(app, None)


class GuardedMessages(MessagePump):
    """Mixin of objects whose message handlers may fail.

    An error in a handler ends the message loop of its widget and with it the app. Textual has no
    hook between a handler and the loop, so the dispatch itself is overridden.
    """

    def handler_failed(self, error: Exception) -> None:
        """Handle the error of a message handler; subclasses show it."""
        raise error

    async def _dispatch_message(self, message: Message) -> None:
        try:
            await super()._dispatch_message(message)
        except Exception as error:  # noqa: BLE001  the subclass shows it, and the app continues
            self.handler_failed(error)


class ScreenWithoutOverlays(Screen[T]):
    """A screen without Textual's toasts and tooltips.

    Both cover content, and each costs a layout when a screen opens. Textual adds them to every
    screen, and its switches for them are private attributes of the app as well.
    """

    def _extend_compose(self, widgets: list[Widget]) -> None:
        """Add nothing."""


class ContinuingApp(App[None]):
    """An app that continues after an unexpected error.

    Textual ends the app with a traceback; there is no public hook to replace that.
    """

    def unexpected_error(self, error: Exception) -> None:
        """Handle an error that no handler caught; subclasses show it."""
        raise error

    def _handle_exception(self, error: Exception) -> None:
        # Textual's test pilot raises the first error at the end of a test.
        self._exception = self._exception or error
        self.unexpected_error(error)
