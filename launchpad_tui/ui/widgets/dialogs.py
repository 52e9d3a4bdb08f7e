"""Dialogs of every screen: a question, an error, a choice from a list."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.strip import Strip
from textual.widgets import Input

from launchpad_tui.domain.text import clip, wrap
from launchpad_tui.errors import LaunchpadError
from launchpad_tui.ui.keymap import Action
from launchpad_tui.ui.text import LineBuilder
from launchpad_tui.ui.widgets.columns import Cell, Column
from launchpad_tui.ui.widgets.modal import LaunchpadModal
from launchpad_tui.ui.widgets.painted import Painted
from launchpad_tui.ui.widgets.table import VirtualTable

#: lines that a dialog's frame and padding take of its height, which is nine tenths of the screen's at most
_FRAME = 3


class Prose(Painted):
    """Some lines of text, each with a role; as high as its text, at most ``limit`` lines and what the screen has room
    for. What is longer loses lines of its longest part, so that what comes last (hint, keys) is there."""

    DEFAULT_CSS = "Prose { height: auto; }"

    def __init__(self, parts: Sequence[tuple[str, str]], limit: int = 30) -> None:
        super().__init__()
        self._parts = tuple(parts)
        self._limit = limit

    def set_parts(self, parts: Sequence[tuple[str, str]]) -> None:
        """Show other text, as high as before."""
        self._parts = tuple(parts)
        self.repaint()

    def lines(self, width: int) -> list[tuple[str, str]]:
        """The wrapped lines with their roles."""
        blocks = [(wrap(text, width), role) for text, role in self._parts]
        room = max(1, min(self._limit, self.app.size.height * 9 // 10 - _FRAME))
        while (over := sum(len(lines) for lines, _ in blocks) - room) > 0:
            longest = max((lines for lines, _ in blocks), key=len)
            if len(longest) < 4:
                break
            # Its last line stays too: an error's ends with the ID of the request.
            longest[max(1, len(longest) - over - 2) : -1] = [self.look.glyphs.ellipsis]
        return [(line, role) for lines, role in blocks for line in lines][:room]

    def get_content_height(self, _container: object, _viewport: object, width: int) -> int:
        """As high as the wrapped text."""
        return len(self.lines(width))

    def paint_line(self, y: int, width: int) -> Strip:
        """One wrapped line."""
        lines = self.lines(width)
        line = LineBuilder(width, self.look.style("text"))
        if y < len(lines):
            line.add(lines[y][0], self.look.style(lines[y][1]), safe=True)
        return line.strip()


class ConfirmDialog(LaunchpadModal[bool]):
    """A question; ``True`` where the user says yes.

    Args:
        title: the question.
        detail: what follows from it.
        yes: the word for doing it, such as ``delete``.
        danger: whether it cannot be undone: then only ``y`` does it, not enter.
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
        self, title: str, detail: str = "", *, yes: str = "yes", danger: bool = False
    ) -> None:
        super().__init__()
        self._title, self._detail, self._yes, self._danger = title, detail, yes, danger

    def compose(self) -> ComposeResult:
        """Question, consequence, keys."""
        keys = (
            f"y {self._yes}   n cancel" if self._danger else f"enter/y {self._yes}   n/esc cancel"
        )
        with Vertical(classes="box"):
            parts = [(self._title, "bad" if self._danger else "title")]
            parts += [("", "text"), (self._detail, "text")] if self._detail else []
            yield Prose([*parts, ("", "text"), (keys, "dim")])

    def do_yes(self) -> None:
        """Key ``y``."""
        self.dismiss(True)

    def do_no(self) -> None:
        """Key ``n``."""
        self.dismiss(False)

    def do_enter(self) -> None:
        """Key ``enter``."""
        if not self._danger:
            self.dismiss(True)


class ErrorDialog(LaunchpadModal[None]):
    """An error: title, detail, hint; ``y`` copies all of it, esc or enter goes on."""

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("error.copy", "y", "copy", "Copy the text of the error", "Dialogs"),
        Action("error.close", "enter", "close", "Close the dialog", "Dialogs", hidden=True),
    )

    def __init__(self, error: LaunchpadError) -> None:
        super().__init__()
        self.error = error

    def compose(self) -> ComposeResult:
        """Title, detail, hint, keys."""
        glyph = self.launchpad.look.glyphs.error
        parts = [(f"{glyph} {self.error.title}", "bad")]
        for text, role in ((self.error.detail, "text"), (self.error.hint, "strong")):
            if text:
                parts += [("", "text"), (text, role)]
        with Vertical(classes="box"):
            yield Prose([*parts, ("", "text"), ("esc close   y copy", "dim")])

    def do_copy(self) -> None:
        """Key ``y``."""
        self.launchpad.copy(str(self.error), "the error")

    def do_close(self) -> None:
        """Key ``enter``."""
        self.dismiss(None)


@dataclass(frozen=True, slots=True)
class Choice:
    """An entry of a `ChooseDialog`: what is given back, what is shown, a dim remark, why it cannot be taken."""

    id: str
    title: str
    note: str = ""
    reason: str = ""
    #: further words that find it
    words: str = ""


class ChooseDialog(LaunchpadModal[tuple[str, ...]]):
    """A list to choose from: typing filters, enter takes; gives the chosen IDs, None where it was left.

    Args:
        title: what is chosen.
        choices: the entries.
        multi: whether several can be taken (tab selects).
        selected: the IDs that are chosen at first.
        at: the ID that the cursor stands on at first, where none is chosen.
        empty: what to say where there is nothing to choose from.
    """

    DEFAULT_CSS = """
    ChooseDialog VirtualTable { height: auto; max-height: 18; min-height: 4; }
    ChooseDialog > .box { max-height: 100%; }
    ChooseDialog > .wide { width: 110; }
    """
    #: least cells of the title, and whether the dialog takes more of a wide terminal
    TITLE_WIDTH: ClassVar[int] = 20
    WIDE: ClassVar[bool] = False
    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action(
            "choose.down",
            "down",
            "down",
            "Move to the next item",
            "Dialogs",
            hidden=True,
            priority=True,
        ),
        Action(
            "choose.up",
            "up",
            "up",
            "Move to the previous item",
            "Dialogs",
            hidden=True,
            priority=True,
        ),
        Action(
            "choose.page-down",
            "pagedown",
            "page down",
            "Move one page down",
            "Dialogs",
            hidden=True,
            priority=True,
        ),
        Action(
            "choose.page-up",
            "pageup",
            "page up",
            "Move one page up",
            "Dialogs",
            hidden=True,
            priority=True,
        ),
        Action(
            "choose.toggle",
            "tab",
            "select",
            "Select or deselect the item if several can be selected",
            "Dialogs",
            priority=True,
        ),
        Action("choose.select", "enter", "select", "Select the item", "Dialogs", priority=True),
    )

    def __init__(
        self,
        title: str,
        choices: Iterable[Choice],
        *,
        multi: bool = False,
        selected: Iterable[str] = (),
        at: str = "",
        empty: str = "Nothing matches",
    ) -> None:
        super().__init__()
        self._title = title
        self._choices = tuple(choices)
        self._multi = multi
        self._selected = tuple(selected)
        self._at = at
        self._empty = empty
        self._filter = ""

    @property
    def table(self) -> VirtualTable[Choice]:
        """The list."""
        return self.query_one(VirtualTable)

    def compose(self) -> ComposeResult:
        """Title, filter line, list, keys."""
        columns = (
            Column[Choice](
                "title", self._title, _choice_cell, self.TITLE_WIDTH, 60, 0 if self.WIDE else 2
            ),
            Column[Choice]("note", "", lambda c: Cell(c.reason or c.note, "dim"), 10, 60, 3),
        )
        table = VirtualTable(
            columns, lambda choice: choice.id, empty=self._empty, multi=self._multi
        )
        table.can_focus = False
        # Frame, filter line and keys need five lines, the least that stays free above and below one each.
        table.styles.height = min(
            18,
            max(4, len(self._choices) + 1),
            max(4, self.app.size.height - (8 if self.WIDE else 6)),
        )
        with Vertical(classes="box wide" if self.WIDE else "box"):
            yield Input(placeholder="type to filter", select_on_focus=False)
            yield table
            yield Prose(
                [("", "text"), ("", "text"), (self._keys(), "dim")]
                if self.WIDE
                else [(self._keys(), "dim")]
            )

    def on_virtual_table_cursor_moved(self) -> None:
        """In a list of many words, the whole of what the line under the cursor says."""
        if self.WIDE:
            self._show_words()

    def _show_words(self) -> None:
        prose, row = self.query_one(Prose), self.table.row
        words = (
            wrap(row.reason or row.note, max(10, prose.size.width))[:2] if row is not None else []
        )
        lines = [(words[place] if place < len(words) else "", "text") for place in range(2)]
        prose.set_parts([*lines, (self._keys(), "dim")])

    def _keys(self) -> str:
        if not self._multi:
            return "enter select   esc cancel"
        count = len(self.table.selection) if self.is_mounted else len(self._selected)
        return f"enter select {f'the {count} selected' if count else 'this one'}   tab select   esc cancel"

    @on(VirtualTable.SelectionChanged)
    def selection_changed(self) -> None:
        """What enter takes is another."""
        self.query_one(Prose).set_parts([(self._keys(), "dim")])

    def on_mount(self) -> None:
        """Show the choices, the cursor on the one that is chosen."""
        table = self.table
        table.bright = True
        if self._multi:
            for choice_id in self._selected:
                table.selection.add(choice_id)
        table.set_rows(self._choices)
        place = next(
            (
                i
                for i, choice in enumerate(self._choices)
                if choice.id in (self._selected or (self._at,))
            ),
            0,
        )
        self.call_after_refresh(table.move_to, place)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filter by all words typed, in any order."""
        words = event.value.casefold().split()
        found = [
            c
            for c in self._choices
            if all(w in f"{c.title} {c.note} {c.id} {c.words}".casefold() for w in words)
        ]
        self.table.set_rows(found, keep_cursor=False)

    def on_virtual_table_opened(self, event: events.Event) -> None:
        """A double click takes."""
        event.stop()
        self.do_select()

    def do_down(self) -> None:
        """Key ``down``."""
        self.table.do_down()

    def do_up(self) -> None:
        """Key ``up``."""
        self.table.do_up()

    def do_page_down(self) -> None:
        """Key ``pagedown``."""
        self.table.do_page_down()

    def do_page_up(self) -> None:
        """Key ``pageup``."""
        self.table.do_page_up()

    def do_toggle(self) -> None:
        """Key ``tab``."""
        if self._multi:
            self.table.do_select()

    def do_select(self) -> None:
        """Key ``enter``."""
        table = self.table
        row = table.row
        if self._multi and len(table.selection):
            self.dismiss(table.selection.ids)
        elif row is not None and row.reason:
            self.launchpad.say(clip(row.reason, 200), "warn")
        elif row is not None:
            self.dismiss((row.id,))


def _choice_cell(choice: Choice) -> Cell:
    """A heading has no ID, what cannot be taken is grey."""
    return Cell(choice.title, "title" if not choice.id else "disabled" if choice.reason else "text")


class PromptDialog(LaunchpadModal[str]):
    """One line of text; None where it was left.

    Args:
        title: what is asked for.
        value: what stands there at first.
        hint: a remark below.
        take: the word for what enter does.
        danger: whether that cannot be undone.
        only: where it is given, the text that alone is taken, to make sure.
    """

    def __init__(
        self,
        title: str,
        value: str = "",
        hint: str = "",
        *,
        take: str = "select",
        danger: bool = False,
        only: str = "",
    ) -> None:
        super().__init__()
        self._only = only
        self._title, self._value, self._hint, self._take = title, value, hint, take
        self._role = "bad" if danger else "title"
        self._below = Prose(self._remark())

    def compose(self) -> ComposeResult:
        """Title, line, remark."""
        with Vertical(classes="box"):
            yield Prose([(self._title, self._role)])
            yield Input(self._value)
            yield self._below

    def _remark(self, problem: str = "") -> list[tuple[str, str]]:
        parts = [(self._hint, "dim")] if self._hint else []
        parts += [(problem, "bad")] if problem else []
        return [*parts, (f"enter {self._take}   esc cancel", "dim")]

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Key ``enter``."""
        if self._only and event.value.strip() != self._only:
            typed = "This is something else" if event.value.strip() else "Nothing is typed"
            self._below.set_parts(self._remark(f"{typed}: type {self._only}"))
            self._below.refresh(layout=True)
        else:
            self.dismiss(event.value)
