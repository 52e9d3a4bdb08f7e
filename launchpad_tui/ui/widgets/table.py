"""A table over a list of any length, which holds the rows around those in view only."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Generic, TypeVar

from textual import events
from textual.message import Message

from launchpad_tui.errors import QueryCancelled
from launchpad_tui.ui.keymap import Action
from launchpad_tui.ui.widgets.columns import Column
from launchpad_tui.ui.widgets.table_rows import TableRows

Row = TypeVar("Row")
_NOT_SORTED = "This list is not sorted; press s to sort it"
NO_ROW = "No row is under the cursor"
"""Why an action on a row is disabled if the list is empty."""
#: the actions of tables whose rows can be selected
_SELECT_ACTIONS = frozenset(
    {"table.select", "table.range", "table.range-down", "table.range-up", "table.select-all"}
)


class VirtualTable(TableRows[Row], Generic[Row]):
    """A table. Set its rows with `set_source` (a listing) or `set_rows` (a sequence).

    Args:
        columns: the columns; the first one is always in view.
        key: returns the ID of a row, which cursor and selection refer to when rows move.
        title: the title line, for example ``Models``.
        empty: shown if there are no rows: why, and what to do next.
        multi: whether rows can be selected.
        opens: whether rows can be opened.
        filtered: whether the conditions of a filter are shown above the rows and can be removed.
    """

    can_focus = True
    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("table.down", "down j", "down", "Move one row down", "Moving", hidden=True),
        Action("table.up", "up k", "up", "Move one row up", "Moving", hidden=True),
        Action(
            "table.page-down",
            "pagedown ctrl+f",
            "page down",
            "Move one page down",
            "Moving",
            hidden=True,
        ),
        Action(
            "table.page-up", "pageup ctrl+b", "page up", "Move one page up", "Moving", hidden=True
        ),
        Action("table.first", "home g", "first", "Move to the first row", "Moving", hidden=True),
        Action("table.last", "end G", "last", "Move to the last row", "Moving", hidden=True),
        Action(
            "table.left", "left h", "left", "Scroll the columns to the left", "Moving", hidden=True
        ),
        Action(
            "table.right",
            "right l",
            "right",
            "Scroll the columns to the right",
            "Moving",
            hidden=True,
        ),
        Action("table.open", "enter", "open", "Open the row under the cursor", "List", 1),
        Action(
            "table.select",
            "space",
            "select",
            "Select or deselect the row",
            "List",
            1,
        ),
        Action(
            "table.range",
            "v",
            "range",
            "Select rows from here to the next cursor position",
            "List",
        ),
        Action(
            "table.range-down",
            "shift+down J",
            "range down",
            "Extend the selection downward",
            "List",
            hidden=True,
        ),
        Action(
            "table.range-up",
            "shift+up K",
            "range up",
            "Extend the selection upward",
            "List",
            hidden=True,
        ),
        Action(
            "table.select-all",
            "ctrl+a",
            "select all",
            "Select or deselect all rows of the list",
            "List",
        ),
        Action(
            "table.copy",
            "y",
            "copy ID",
            "Copy the ID, or the IDs of the selected rows",
            "List",
        ),
        Action("table.sort", "s", "sort", "Choose the column to sort by", "List", 2),
        Action("table.reverse", "I", "reverse", "Reverse the order", "List"),
        Action(
            "table.remove-condition",
            "backspace",
            "remove filter",
            "Remove the last condition of the filter",
            "List",
        ),
    )

    class Opened(Message):
        """A row was opened."""

        def __init__(self, table: VirtualTable[Any], row: Any) -> None:
            super().__init__()
            self.table = table
            self.row = row

    class CursorMoved(Message):
        """The cursor moved to another row; ``row`` is None if that has not been read."""

        def __init__(self, table: VirtualTable[Any], row: Any) -> None:
            super().__init__()
            self.table = table
            self.row = row

    class Counted(Message):
        """The list has become empty, or is no longer empty."""

    class SelectionChanged(Message):
        """The selection changed."""

        def __init__(self, table: VirtualTable[Any]) -> None:
            super().__init__()
            self.table = table

    class SortRequested(Message):
        """The user asked for the list of columns to sort by."""

        def __init__(self, table: VirtualTable[Any]) -> None:
            super().__init__()
            self.table = table

    class SortChanged(Message):
        """The user changed the order: the screen has to set a source with that order."""

        def __init__(self, table: VirtualTable[Any], by: Any, descending: bool) -> None:
            super().__init__()
            self.table = table
            self.by = by
            self.descending = descending

    class ChipRemoved(Message):
        """The user removed a condition; ``index`` is its position in `set_chips`."""

        def __init__(self, table: VirtualTable[Any], index: int) -> None:
            super().__init__()
            self.table = table
            self.index = index

    def __init__(
        self,
        columns: Sequence[Column[Row]],
        key: Callable[[Row], str],
        *,
        title: str = "",
        empty: str = "",
        multi: bool = True,
        opens: bool = True,
        filtered: bool = False,
        id: str | None = None,  # noqa: A002
    ) -> None:
        super().__init__(columns, key, title=title, empty=empty, id=id)
        self.multi = multi
        self.opens = opens
        self.filtered = filtered

    def actions(self) -> tuple[Action, ...]:
        """Return the actions that the table supports according to its arguments."""
        absent = set() if self.multi else set(_SELECT_ACTIONS)
        absent |= (set() if self.opens else {"table.open"}) | (
            set() if self.filtered else {"table.remove-condition"}
        )
        return tuple(action for action in super().actions() if action.id not in absent)

    def cursor_moved(self) -> None:
        """Report the new row to the screen."""
        self.post_message(self.CursorMoved(self, self.row))

    def emptiness_changed(self) -> None:
        """Report the change to the screen."""
        self.post_message(self.Counted())

    def passed(self, before: int, index: int, *, extend: bool) -> None:
        """Select the rows that the cursor passes while a range is being selected."""
        if self.multi and (extend or self.selection.ranging):
            self._extend(before, index)

    # Selecting ------------------------------------------------------------------------------------

    def _extend(self, before: int, index: int) -> None:
        low, high = min(before, index), max(before, index)
        for place in range(low, high + 1):
            row = self.cache.get(place)
            if row is not None:
                self.selection.add(self.key_of(row))
        self._selection_changed()

    def _selection_changed(self) -> None:
        self.repaint()
        self.post_message(self.SelectionChanged(self))

    def clear_selection(self) -> None:
        """Deselect all rows."""
        self.selection.clear()
        self._selection_changed()

    def why_not_select(self) -> str | None:
        """Return why rows cannot be selected."""
        return self.why_not_open() if self.multi else "Rows of this list cannot be selected"

    why_not_range = why_not_range_down = why_not_range_up = why_not_select_all = why_not_select

    def do_select(self) -> None:
        """Select or deselect the row, and move to the next one."""
        if self.row_id:
            self.selection.toggle(self.row_id)
            self._selection_changed()
            self.move_to(self.cursor + 1)

    def do_range(self) -> None:
        """Select rows from here to the next cursor position."""
        self.selection.ranging = not self.selection.ranging
        if self.selection.ranging:
            self._extend(self.cursor, self.cursor)
            self.launchpad.say("Selecting a range: move, then press v again")

    def do_range_down(self) -> None:
        """Extend the selection downward."""
        self.move_to(self.cursor + 1, extend=True)

    def do_range_up(self) -> None:
        """Extend the selection upward."""
        self.move_to(self.cursor - 1, extend=True)

    async def do_select_all(self) -> None:
        """Select all rows of the list, whose IDs are read in pieces, or deselect them."""
        source = self._source
        if source is None:
            return
        if self.cache.counted and len(self.selection) >= (self.cache.count or 0):
            self.clear_selection()
            return
        known = len(self.selection)
        for start in itertools.count(0, 1000):
            try:
                rows = await self.launchpad.read_list(source.slice, start, start + 1000)
            except QueryCancelled:
                return
            if len(self.selection) < known or self._source is not source:
                # The selection was cleared meanwhile, or the table shows another list.
                return
            for row in rows:
                self.selection.add(self.key_of(row))
            known = len(self.selection)
            self.repaint_lines((0,))
            if len(rows) < 1000:
                break
        self._selection_changed()

    # Keys and mouse -------------------------------------------------------------------------------

    def do_down(self) -> None:
        """Move one row down."""
        self.move_to(self.cursor + 1)

    def do_up(self) -> None:
        """Move one row up."""
        self.move_to(self.cursor - 1)

    def do_page_down(self) -> None:
        """Move one page down."""
        self.move_to(self.cursor + max(1, self.rows_high - 1))

    def do_page_up(self) -> None:
        """Move one page up."""
        self.move_to(self.cursor - max(1, self.rows_high - 1))

    def do_first(self) -> None:
        """Move to the first row."""
        self.move_to(0)

    def do_last(self) -> None:
        """Move to the last row."""
        if self.cache.counted and self.end_is_near:
            self.move_to((self.cache.count or 1) - 1)
        else:
            self.run_task(self.last_row(), group="last")

    def do_left(self) -> None:
        """Scroll the columns to the left."""
        self._scroll_columns(-1)

    def do_right(self) -> None:
        """Scroll the columns to the right."""
        self._scroll_columns(1)

    def _scroll_columns(self, by: int) -> None:
        self.scroll_columns = max(0, min(self.max_scroll, self.scroll_columns + by))
        self.repaint()
        # The screen shows the texts that are cut.
        self.cursor_moved()

    def why_not_open(self) -> str | None:
        """Return why there is no row to open."""
        return None if self.row is not None else NO_ROW

    why_not_copy = why_not_open

    def do_open(self) -> None:
        """Open the row under the cursor."""
        if self.row is not None:
            self.post_message(self.Opened(self, self.row))

    def do_copy(self) -> None:
        """Copy the ID, or the IDs of the selected rows."""
        ids = self.target_ids
        if ids:
            self.launchpad.copy("\n".join(ids), ids[0] if len(ids) == 1 else f"{len(ids)} IDs")

    def why_not_sort(self) -> str | None:
        """Return why the list cannot be sorted."""
        return None if self.sortable else "This list has one order only"

    def do_sort(self) -> None:
        """Ask the screen to let the user choose the column to sort by."""
        self.post_message(self.SortRequested(self))

    @property
    def sortable(self) -> tuple[Column[Row], ...]:
        """The columns that the list can be sorted by."""
        return tuple(column for column in self.columns if column.sort is not None)

    def why_not_reverse(self) -> str | None:
        """Return why the order cannot be reversed."""
        return self.why_not_sort() or (_NOT_SORTED if self.order[0] is None else None)

    def do_reverse(self) -> None:
        """Reverse the order."""
        if self.order[0] is not None:
            self.post_message(self.SortChanged(self, self.order[0], not self.order[1]))

    def why_not_remove_condition(self) -> str | None:
        """Return why there is no condition to remove."""
        return None if self.chips else "There is no condition to remove"

    def do_remove_condition(self) -> None:
        """Remove the last condition of the filter."""
        self.post_message(self.ChipRemoved(self, len(self.chips) - 1))

    def sort_by(self, column: Column[Row]) -> None:
        """Ask the screen to sort by a column; the column of the current order reverses it."""
        by, descending = self.order
        reverse = not descending if column.sort == by else column.align == "right"
        self.post_message(self.SortChanged(self, column.sort, reverse))

    def on_click(self, event: events.Click) -> None:
        """Remove the clicked condition, sort by the clicked heading, or go to the clicked row.

        A double click opens the row; ctrl selects it, shift selects the rows up to it.
        """
        if (chip := self.chip_at(event.x, event.y)) is not None:
            self.post_message(self.ChipRemoved(self, chip))
        elif (column := self.heading_at(event.x, event.y)) is not None:
            if column.sort is not None:
                self.sort_by(column)
        elif (index := self.index_at(event.y)) is not None:
            if event.shift and self.multi:
                self.move_to(index, extend=True)
            elif event.ctrl and self.multi:
                self.move_to(index)
                self.do_select()
            elif index == self.cursor and event.chain > 1 and self.opens:
                self.do_open()
            else:
                self.move_to(index)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Scroll the view; the cursor stays in it."""
        event.stop()
        self._wheel(3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Scroll the view; the cursor stays in it."""
        event.stop()
        self._wheel(-3)

    def _wheel(self, by: int) -> None:
        before = self.top
        self._show_from(self.top + by)
        if self.top == before:
            self.move_to(self.cursor + by)
            return
        self._painted_top = self.top
        self._wanted = None
        self.cursor = max(self.top, min(self.cursor, self.top + max(1, self.rows_high) - 1))
        self.repaint()
        self._fetch()
