"""The message above the footer: how long it stays, and with which screen it ends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any

from textual.screen import Screen

from launchpad_tui.domain.text import one_line
from launchpad_tui.ui.screens.common.screen import LaunchpadScreen
from launchpad_tui.ui.typing_ahead import TypingAhead
from launchpad_tui.ui.widgets.bars import StatusLine

#: seconds that a message stays, and that of an error
_SECONDS, _ERROR_SECONDS = 4, 12
#: the seconds after which a key seems to do nothing, and those that a message about it stays,
#: which is repeated before
_NOTICED_SECONDS, _WAITING_SECONDS = 1.0, 3.0


class MessageLine(TypingAhead):
    """Mixin of the app that shows one message at a time. It belongs to the screen shown then."""

    def __init__(self) -> None:
        super().__init__()
        self.message = ("", "text")
        self._message_timer: Any = None
        self._message_screen: Screen[Any] | None = None
        self._message_input = 0
        self._later_messages: list[tuple[str, str, float, str]] = []
        self._message_topic = ""

    def say(
        self, text: str, role: str = "text", seconds: float = 0, *, anywhere: bool = False
    ) -> None:
        """Show a message above the footer.

        Args:
            text: the message; empty clears the line. Several lines are joined to one.
            role: text, good, warn or bad.
            seconds: how long it stays; 0 stands for 4 s, for 12 s if the role is bad.
            anywhere: whether it stays when another screen is shown, as the result of a transfer.
        """
        self.message = (one_line(text), role)
        self._message_topic = ""
        self._message_input = self.inputs
        screens = [each for each in self.screen_stack if isinstance(each, LaunchpadScreen)]
        self._message_screen = screens[-1] if screens and not anywhere else None
        # The line is also visible below a dialog.
        for screen in {*self.screen_stack[-1:], *screens[-1:]}:
            for line in screen.query(StatusLine):
                line.repaint()
        if self._message_timer is not None:
            self._message_timer.stop()
            self._message_timer = None
        if text:
            default = _ERROR_SECONDS if role == "bad" else _SECONDS
            self._message_timer = self.set_timer(seconds or default, self._message_ended)

    @contextmanager
    def waiting(self, text: str) -> Iterator[None]:
        """While the block runs for longer than a second, show for how long, unless a message is.

        Args:
            text: what is waited for; the seconds are added.
        """
        shown, began = "", monotonic()

        def show() -> None:
            nonlocal shown
            if self.message[0] in {"", shown}:
                shown = f"{text}, {round(monotonic() - began)} s"
                self.say(shown, seconds=_WAITING_SECONDS)

        timer = self.set_interval(_NOTICED_SECONDS, show)
        try:
            yield
        finally:
            timer.stop()
            if shown and self.message[0] == shown:
                self._message_ended()

    def screen_shown(self, screen: Screen[Any]) -> None:
        """Remove the message of the screen that has been left for another one.

        A message that belongs to the key that led to the other screen stays, for example that
        something was created.
        """
        if not self.message[0] or self._message_screen in {None, screen}:
            return
        if self._message_input == self.inputs:
            self._message_screen = screen
        else:
            self._message_ended()

    def say_afterwards(self, text: str, role: str, seconds: float, topic: str = "") -> None:
        """Show a message on any screen, after the current message, which a key of the user led to.

        Args:
            text: the message.
            role: text, good, warn or bad.
            seconds: how long it stays.
            topic: what the message is about. It replaces an earlier message about the same, whether
                that is shown or waits, so that many events do not become a queue of old messages.
        """
        self._later_messages = [
            each for each in self._later_messages if not topic or each[3] != topic
        ]
        if self.message[0] and not (topic and self._message_topic == topic):
            self._later_messages.append((text, role, seconds, topic))
        else:
            self._say_later(text, role, seconds, topic)

    def has_message(self, topic: str) -> bool:
        """Return whether a message about a topic is shown or waits."""
        return self._message_topic == topic or any(
            each[3] == topic for each in self._later_messages
        )

    def _say_later(self, text: str, role: str, seconds: float, topic: str) -> None:
        self.say(text, role, seconds, anywhere=True)
        self._message_topic = topic

    def _message_ended(self) -> None:
        if self._later_messages:
            self._say_later(*self._later_messages.pop(0))
        else:
            self.say("")
