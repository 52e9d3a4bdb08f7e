"""Dialogs that all screens use: questions, errors, lists of choices and text prompts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.strip import Strip
from textual.widgets import Input

from launchpad_tui.domain.text import wrap
from launchpad_tui.errors import LaunchpadError
from launchpad_tui.ui.keymap import Action
from launchpad_tui.ui.text import LineBuilder
from launchpad_tui.ui.widgets.modal import LaunchpadModal
from launchpad_tui.ui.widgets.painted import Painted
from launchpad_tui.ui.widgets.path_input import PathInput
from launchpad_tui.ui.widgets.text_input import TextInput

#: lines of a dialog's frame; the height of a dialog is limited to nine tenths of the screen's
_FRAME = 3


class Prose(Painted):
    """Wrapped text, as high as it needs.

    If it is higher than ``limit`` or the screen, lines of the longest part are replaced by an
    ellipsis, so that the last parts (hint, keys) stay visible.

    Args:
        parts: texts with their roles.
        limit: the largest number of lines.
    """

    DEFAULT_CSS = "Prose { height: auto; }"

    def __init__(self, parts: Sequence[tuple[str, str]], limit: int = 30) -> None:
        super().__init__()
        self._parts = tuple(parts)
        self._limit = limit

    def set_parts(self, parts: Sequence[tuple[str, str]]) -> None:
        """Show other text, in the same height."""
        self._parts = tuple(parts)
        self.repaint()

    def lines(self, width: int) -> list[tuple[str, str]]:
        """Return the wrapped lines with their roles."""
        blocks = [(self.wrapped(text, width), role) for text, role in self._parts]
        room = max(1, min(self._limit, self.app.size.height * 9 // 10 - _FRAME))
        while (over := sum(len(lines) for lines, _ in blocks) - room) > 0:
            longest = max((lines for lines, _ in blocks), key=len)
            if len(longest) < 4:
                break
            # The last line is kept as well: in an error it may be the ID of the request.
            longest[max(1, len(longest) - over - 2) : -1] = [self.look.glyphs.ellipsis]
        return [(line, role) for lines, role in blocks for line in lines][:room]

    def wrapped(self, text: str, width: int) -> list[str]:
        """Return the lines of a part; subclasses may indent them."""
        return wrap(text, width)

    def get_content_height(self, _container: object, _viewport: object, width: int) -> int:
        """Return the number of wrapped lines."""
        return len(self.lines(width))

    def paint_line(self, y: int, width: int) -> Strip:
        """Return a wrapped line."""
        lines = self.lines(width)
        line = LineBuilder(width, self.look.style("text"))
        if y < len(lines):
            line.add(lines[y][0], self.look.style(lines[y][1]), safe=True)
        return line.strip()


class ConfirmDialog(LaunchpadModal[bool]):
    """A question. The result is True if the user confirms.

    Args:
        title: the question.
        detail: the consequence of confirming.
        yes: the verb for confirming, for example ``delete``.
        no: what happens without it, if that is not the same as cancelling.
        cancel: the term for not confirming; ``cancel`` would be wrong after something was created.
        danger: whether the action cannot be undone; then enter does not confirm.
    """

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("confirm.yes", "y", "yes", "Confirm", "Dialogs"),
        Action("confirm.no", "n", "no", "Cancel", "Dialogs"),
        Action(
            "confirm.enter",
            "enter",
            "yes",
            "Confirm if the action can be undone",
            "Dialogs",
            hidden=True,
        ),
    )

    def __init__(
        self,
        title: str,
        detail: str = "",
        *,
        yes: str = "yes",
        no: str = "",
        cancel: str = "cancel",
        danger: bool = False,
    ) -> None:
        super().__init__()
        self._title, self._detail, self._yes, self._danger = title, detail, yes, danger
        self._no, self._cancel = no, cancel

    def compose(self) -> ComposeResult:
        """Yield question, consequence and keys."""
        yes, cancel = self._yes, self._cancel
        keys = f"y {yes}   n {cancel}" if self._danger else f"enter/y {yes}   n/esc {cancel}"
        if self._no:
            keys = f"enter/y {self._yes}   n {self._no}   esc cancel"
        with Vertical(classes="box"):
            parts = [(self._title, "bad" if self._danger else "title")]
            parts += [("", "text"), (self._detail, "text")] if self._detail else []
            yield Prose([*parts, ("", "text"), (keys, "dim")])

    def do_yes(self) -> None:
        """Confirm."""
        self.dismiss(True)

    def do_no(self) -> None:
        """Cancel."""
        self.dismiss(False)

    def do_enter(self) -> None:
        """Confirm if the action can be undone."""
        if not self._danger:
            self.dismiss(True)


class ErrorDialog(LaunchpadModal[None]):
    """An error with title, detail and hint, which can be copied."""

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("error.copy", "y", "copy", "Copy the text of the error", "Dialogs"),
        Action("error.close", "enter", "close", "Close the dialog", "Dialogs", hidden=True),
    )

    def __init__(self, error: LaunchpadError) -> None:
        super().__init__()
        self.error = error

    def compose(self) -> ComposeResult:
        """Yield title, detail, hint and keys."""
        glyph = self.launchpad.look.glyphs.error
        parts = [(f"{glyph} {self.error.title}", "bad")]
        for text, role in ((self.error.detail, "text"), (self.error.hint, "strong")):
            if text:
                parts += [("", "text"), (text, role)]
        with Vertical(classes="box"):
            yield Prose([*parts, ("", "text"), ("esc close   y copy", "dim")])

    def do_copy(self) -> None:
        """Copy the text of the error."""
        self.launchpad.copy(str(self.error), "the error")

    def do_close(self) -> None:
        """Close the dialog."""
        self.dismiss(None)


class PromptDialog(LaunchpadModal[str]):
    """A prompt for a line of text, which is the result.

    Args:
        title: the prompt.
        value: the initial text.
        hint: a remark below the input.
        verb: the verb for what enter does.
        danger: whether that cannot be undone.
        only: if given, the only text that is accepted, as a confirmation.
        path: whether the text is a path of this machine, which tab completes.
    """

    def __init__(
        self,
        title: str,
        value: str = "",
        hint: str = "",
        *,
        verb: str = "select",
        danger: bool = False,
        only: str = "",
        path: bool = False,
    ) -> None:
        super().__init__()
        self._only, self._path = only, path
        self._title, self._value, self._hint, self._verb = title, value, hint, verb
        self._role = "bad" if danger else "title"
        self._below = Prose(self._remark())

    def compose(self) -> ComposeResult:
        """Yield title, input, hint and keys."""
        with Vertical(classes="box"):
            yield Prose([(self._title, self._role)])
            yield PathInput(self._value) if self._path else TextInput(self._value)
            yield self._below

    def _remark(self, problem: str = "") -> list[tuple[str, str]]:
        parts = [(self._hint, "dim")] if self._hint else []
        parts += [(problem, "bad")] if problem else []
        completes = "tab complete path   " if self._path else ""
        return [*parts, (f"enter {self._verb}   {completes}esc cancel", "dim")]

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Close the dialog with the typed text if it is accepted."""
        if self._only and event.value.strip() != self._only:
            self._below.set_parts(self._remark(f"Type {self._only} to confirm"))
            self._below.refresh(layout=True)
        else:
            self.dismiss(event.value)
