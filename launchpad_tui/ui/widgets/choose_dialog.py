"""A dialog in which one or several entries of a list are chosen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Input

from launchpad_tui.domain.text import cell_width, clip, wrap
from launchpad_tui.records import record
from launchpad_tui.ui.keymap import Action
from launchpad_tui.ui.widgets.columns import GAP, Cell, Column
from launchpad_tui.ui.widgets.dialogs import Prose
from launchpad_tui.ui.widgets.modal import LaunchpadModal
from launchpad_tui.ui.widgets.table import VirtualTable
from launchpad_tui.ui.widgets.text_input import TextInput

#: the width of a dialog, and the cells of it and its list that carry no text
_WIDTH, _AROUND = 76, 9


@record
class Choice:
    """An entry of a `ChooseDialog`.

    Args:
        id: the result.
        title: the text of the entry.
        note: a remark beside it.
        reason: why the entry cannot be selected; empty if it can.
        keywords: further terms that find the entry.
        keys: the keys that have the same effect.
        heading: whether the entry is the heading of those below it, which cannot be selected.
    """

    id: str
    title: str
    note: str = ""
    reason: str = ""
    keywords: str = ""
    keys: str = ""
    heading: bool = False


class ChooseDialog(LaunchpadModal[tuple[str, ...]]):
    """A list of choices with a filter. The result is the IDs of the selected entries.

    Args:
        title: the heading of the list.
        choices: the entries.
        multi: whether several entries can be selected.
        selected: the IDs that are selected at first.
        at: the ID of the entry that has the cursor at first, if none is selected.
        empty: shown if no entry matches the filter.
    """

    DEFAULT_CSS = """
    ChooseDialog VirtualTable { height: auto; max-height: 18; min-height: 4; }
    ChooseDialog > .box { max-height: 100%; }
    ChooseDialog > .wide { width: 110; max-width: 100%; }
    """
    #: whether the dialog is wide and shows the whole note of the current entry below the list
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
            "Select or deselect the item",
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
        self._explains = self.WIDE

    def actions(self) -> tuple[Action, ...]:
        """Return the actions; the key that selects several items only where that is possible."""
        return tuple(one for one in super().actions() if self._multi or one.id != "choose.toggle")

    @property
    def table(self) -> VirtualTable[Choice]:
        """The list of choices."""
        return self.query_one(VirtualTable)

    def compose(self) -> ComposeResult:
        """Yield the filter, the list and the keys."""
        self._explains = self.WIDE or self._cuts_entries()
        table = VirtualTable(
            self.columns(), lambda choice: choice.id, empty=self._empty, multi=self._multi
        )
        table.can_focus = False
        table.styles.height = self._table_height()
        with Vertical(classes="box wide" if self.WIDE else "box"):
            yield TextInput(placeholder="Type to filter", select_on_focus=False)
            yield table
            yield Prose(
                [("", "text"), ("", "text"), (self._keys(), "dim")]
                if self._explains
                else [(self._keys(), "dim")]
            )

    def columns(self) -> Sequence[Column[Choice]]:
        """Return the columns of the list."""
        return (
            Column("title", self._title, choice_cell, 12, 60, 2, priority=0),
            Column("note", "", note_cell, 10, 60, 3),
        )

    def _cuts_entries(self) -> bool:
        """Return whether the dialog is too narrow for the entries."""
        room = min(_WIDTH, self.app.size.width * 96 // 100) - _AROUND
        titles = max((cell_width(choice.title) for choice in self._choices), default=0)
        notes = max((cell_width(choice.note) for choice in self._choices), default=0)
        return titles + notes + GAP > room

    def _table_height(self) -> int:
        # Frame, filter and keys need five lines; another one stays free above and below the dialog.
        return min(
            18,
            max(4, len(self._choices) + 1),
            max(4, self.app.size.height - (8 if self._explains else 6)),
        )

    def on_resize(self) -> None:
        """Fit the list to the new size of the terminal, and wrap the note again."""
        self._explains = self.WIDE or self._cuts_entries()
        self.table.set_columns(self.columns())
        self.table.styles.height = self._table_height()
        self.call_after_refresh(self._wrap_note)

    def _wrap_note(self) -> None:
        if self._explains:
            self._show_note()
        else:
            self.query_one(Prose).set_parts([(self._keys(), "dim")])
        self.query_one(Prose).refresh(layout=True)

    def on_virtual_table_cursor_moved(self) -> None:
        """Show the whole text of the current entry if the list may cut it."""
        if self._explains:
            self._show_note()

    def _show_note(self) -> None:
        prose, row = self.query_one(Prose), self.table.row
        width = max(10, prose.size.width)
        text = "" if row is None else row.reason or row.note
        if row is not None and not self.WIDE:
            text = f"{row.title}  {text}"
        note = wrap(" ".join(text.split()), width) if text else []
        if len(note) > 2:
            note = [
                note[0],
                clip(f"{note[1]} {note[2]}", width, self.launchpad.look.glyphs.ellipsis),
            ]
        lines = [(note[place] if place < len(note) else "", "text") for place in range(2)]
        prose.set_parts([*lines, (self._keys(), "dim")])

    def _keys(self) -> str:
        if not self._multi:
            return "enter select   esc cancel"
        count = len(self.table.selection) if self.is_mounted else len(self._selected)
        entries = f"the {count} selected" if count else "this one"
        return f"enter select {entries}   tab add or remove   esc cancel"

    @on(VirtualTable.SelectionChanged)
    def selection_changed(self) -> None:
        """Show how many entries are selected."""
        if self._explains:
            self._show_note()
        else:
            self.query_one(Prose).set_parts([(self._keys(), "dim")])

    def on_mount(self) -> None:
        """Show the choices and move the cursor to the first selected one."""
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
        """Show the entries that contain all typed words, in any order.

        Entries whose title starts with the typed text come first.
        """
        typed = event.value.strip().casefold()
        words = typed.split()
        found = [c for c in self._choices if all(word in _searched(c) for word in words)]
        if typed:
            found.sort(key=lambda choice: not choice.title.casefold().startswith(typed))
        self.table.set_rows(found, keep_cursor=False)

    def on_virtual_table_opened(self, event: events.Event) -> None:
        """Select the entry that was double-clicked."""
        event.stop()
        self.do_select()

    def do_down(self) -> None:
        """Move to the next item."""
        self.table.do_down()

    def do_up(self) -> None:
        """Move to the previous item."""
        self.table.do_up()

    def do_page_down(self) -> None:
        """Move one page down."""
        self.table.do_page_down()

    def do_page_up(self) -> None:
        """Move one page up."""
        self.table.do_page_up()

    def do_toggle(self) -> None:
        """Select or deselect the item."""
        self.table.do_select()
        # The next character starts another filter; without one, tab goes on in these rows.
        self.query_one(TextInput).select_all()

    def do_select(self) -> None:
        """Select the item."""
        table = self.table
        row = table.row
        if self._multi and len(table.selection):
            self.dismiss(table.selection.ids)
        elif row is not None and row.reason:
            self.launchpad.say(clip(row.reason, 200), "warn")
        elif row is not None and not row.heading:
            self.dismiss((row.id,))


def _searched(choice: Choice) -> str:
    """Return the text of an entry that the filter searches."""
    parts = (choice.title, choice.note, choice.id, choice.keywords, choice.keys)
    return " ".join(parts).casefold()


def note_cell(choice: Choice) -> Cell:
    """Return the cell with the remark on a choice, or why it cannot be selected."""
    return Cell(choice.reason or choice.note, "dim")


def choice_cell(choice: Choice) -> Cell:
    """Return the cell of a choice; headings and disabled entries have roles of their own."""
    return Cell(
        choice.title, "title" if choice.heading else "disabled" if choice.reason else "text"
    )
