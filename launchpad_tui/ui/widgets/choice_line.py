"""A line of a form to select one of several values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.message import Message
from textual.strip import Strip

from launchpad_tui.domain.text import pad
from launchpad_tui.ui.keymap import Action
from launchpad_tui.ui.text import LineBuilder
from launchpad_tui.ui.widgets.choose_dialog import Choice, ChooseDialog
from launchpad_tui.ui.widgets.painted import Painted


class ChoiceLine(Painted):
    """A line to select one of several values."""

    DEFAULT_CSS = "ChoiceLine { height: 1; }"
    can_focus = True
    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("choice.next", "right l", "next", "Select the next value", "Forms", hidden=True),
        Action(
            "choice.previous",
            "left h",
            "previous",
            "Select the previous value",
            "Forms",
            hidden=True,
        ),
        Action("choice.list", "space", "choose", "Choose a value from the list", "Forms", 4),
        Action(
            "choice.enter",
            "enter",
            "continue",
            "Choose a value if the field is empty, otherwise continue",
            "Forms",
            hidden=True,
        ),
    )

    class Changed(Message):
        """Another value was selected."""

        def __init__(self, line: ChoiceLine) -> None:
            super().__init__()
            self.line = line

    class Done(Message):
        """The user confirmed the value: the next field gets the focus."""

        def __init__(self, line: ChoiceLine) -> None:
            super().__init__()
            self.line = line

    def __init__(
        self,
        title: str,
        choices: Sequence[Choice],
        value: str,
        *,
        id: str | None = None,  # noqa: A002
    ) -> None:
        super().__init__(id=id)
        self._title = title
        self._choices = tuple(choices)
        self.value = value

    def paint_line(self, y: int, width: int) -> Strip:  # noqa: ARG002
        """Return the line ``◂ value ▸``."""
        look = self.look
        line = LineBuilder(width, look.style("cursor" if self.has_focus else "field"))
        found = next((choice for choice in self._choices if choice.id == self.value), None)
        text = (
            found.title
            if found
            else (
                self.value or ("press space to choose" if self._choices else "there are no values")
            )
        )
        line.add(f"{look.glyphs.left} ").add(
            pad(text, width - 4, ellipsis=look.glyphs.ellipsis), safe=True
        )
        return line.add(f" {look.glyphs.right}").strip()

    def about(self) -> str:
        """Return the note of the selected value."""
        return next((choice.note for choice in self._choices if choice.id == self.value), "")

    def set_value(self, value: str) -> None:
        """Select a value."""
        if value != self.value:
            self.value = value
            self.repaint()
            self.post_message(self.Changed(self))

    def _step(self, by: int) -> None:
        enabled = [choice.id for choice in self._choices if not choice.reason]
        if enabled:
            at = enabled.index(self.value) + by if self.value in enabled else 0
            self.set_value(enabled[at % len(enabled)])

    def do_next(self) -> None:
        """Select the next value."""
        self._step(1)

    def do_previous(self) -> None:
        """Select the previous value."""
        self._step(-1)

    def do_enter(self) -> None:
        """Choose a value if the field is empty, otherwise continue."""
        if self.value or not self._choices:
            self.post_message(self.Done(self))
        else:
            self.do_list()

    def do_list(self) -> None:
        """Choose a value from the list."""

        def chosen(picked: tuple[str, ...] | None) -> None:
            if picked:
                self.set_value(picked[0])

        dialog = ChooseDialog(
            self._title,
            self._choices,
            selected=(self.value,),
            empty="There are no values to choose from",
        )
        self.app.push_screen(dialog, chosen)

    def on_click(self, _event: events.Click) -> None:
        """Open the list of values."""
        self.do_list()
