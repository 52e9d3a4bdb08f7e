"""The rows of a table: fetching them, and keeping cursor and scroll position."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Generic, TypeVar

from textual import events

from launchpad_tui.errors import QueryCancelled
from launchpad_tui.records import replace
from launchpad_tui.ui.list_states import TableState
from launchpad_tui.ui.widgets.columns import Column
from launchpad_tui.ui.widgets.rows import BLOCK, FixedRows, RowCache, RowSource
from launchpad_tui.ui.widgets.table_paint import TablePaint

Row = TypeVar("Row")
#: counting the rows of a filtered list ends after this number, unless they are needed
MOST_COUNTED = 10_000
#: jumps are prepared in lists with more rows
_PREPARED_FROM = 20_000
#: the largest number of rows in view that are compared if none are selected
COMPARED = 8


class TableRows(TablePaint[Row], Generic[Row]):
    """The part of `VirtualTable` that fetches rows around those in view, on the registry's lane."""

    def __init__(
        self,
        columns: Sequence[Column[Row]],
        key: Callable[[Row], str],
        *,
        title: str = "",
        empty: str = "",
        id: str | None = None,  # noqa: A002
    ) -> None:
        super().__init__(columns, key, title=title, empty=empty, id=id)
        self._source: RowSource[Row] | None = None
        self._pending: RowCache[Row] | None = None
        self._pending_source: RowSource[Row] | None = None
        self._keep_cursor = True
        #: the state to restore with the next rows
        self._wanted: TableState | None = None
        #: the first row of the view for which rows of another source are read
        self._pending_top: int | None = None
        #: the ID of the row whose position in the other source has been read
        self._located = ""
        self._fetching = False
        #: whether the rows shown are about to be replaced
        self.settling = False
        self._settles = False
        self._empty = False
        #: is called when the cursor scrolls the list, before the frame with the new rows
        self.scrolled_by_cursor: Callable[[], None] = lambda: None

    def cursor_moved(self) -> None:
        """React to a move of the cursor; subclasses override this."""

    def emptiness_changed(self) -> None:
        """React to the list having become empty, or no longer being empty; subclasses override
        this."""

    def passed(self, before: int, index: int, *, extend: bool) -> None:
        """React to the cursor passing rows; subclasses override this.

        Args:
            before: the former position.
            index: the new position.
            extend: whether the rows between are to be selected.
        """

    # Interface for screens ------------------------------------------------------------------------

    @property
    def row(self) -> Row | None:
        """The row under the cursor, None if it has not been read."""
        return self.cache.get(self.cursor)

    @property
    def row_id(self) -> str:
        """The ID of the row under the cursor, empty if there is none."""
        row = self.row
        return "" if row is None else self.key_of(row)

    @property
    def target_ids(self) -> tuple[str, ...]:
        """The IDs that actions apply to: the selected rows, else the row under the cursor."""
        return self.selection.ids or ((self.row_id,) if self.row_id else ())

    @property
    def comparable_ids(self) -> tuple[str, ...]:
        """The IDs to compare: the selected rows, else the row under the cursor and others in view.

        One row alone compares with nothing. Those below the cursor come first, at most
        `COMPARED` in all.
        """
        if self.selection.ids or not self.row_id:
            return self.target_ids
        end = self.top + self.rows_high
        order = (*range(self.cursor, end), *range(self.cursor - 1, self.top - 1, -1))
        rows = (self.cache.get(index) for index in order)
        return tuple(self.key_of(row) for row in rows if row is not None)[:COMPARED]

    def state(self) -> TableState:
        """Return cursor, scroll position and selection, for `restore`."""
        selected = self.selection.ids
        if self._wanted is not None:
            return replace(self._wanted, selected=selected)
        return TableState(self.row_id, self.cursor, self.top, self.scroll_columns, selected)

    def restore(self, state: TableState) -> None:
        """Select rows now, and put the cursor on its row as soon as rows with it are set."""
        if state.row_id:
            self._wanted = state
            self._pending_top = None
        self.scroll_columns = state.scroll_columns
        for row_id in state.selected:
            self.selection.add(row_id)

    def expect(self) -> None:
        """Announce that the rows shown will soon be replaced, and end queries for them."""
        self.settling, self._settles = True, False
        self._cancel()
        self._pending = self._pending_source = None

    def _cancel(self) -> None:
        for source in (self._source, self._pending_source):
            if source is not None:
                source.cancel()

    def set_source(
        self, source: RowSource[Row], *, keep_cursor: bool = True, expected: bool = True
    ) -> None:
        """Show another list, once its first rows have been read.

        Args:
            source: a new listing, or the same one after `Listing.refresh`.
            keep_cursor: whether the cursor stays on its row; otherwise it moves to the first row.
            expected: whether this is the replacement that `expect` announced.
        """
        for former in (self._source, self._pending_source):
            if former is not None and former is not source:
                former.cancel()
        self._pending_source = source
        self._pending = RowCache()
        self._pending_top, self._located = None, ""
        if keep_cursor and self.cache.count:
            # The former number is shown until the rows are counted again.
            self._pending.count = self.cache.count
            self._pending.counted, self._pending.capped = self.cache.counted, self.cache.capped
        self._keep_cursor = keep_cursor
        if not keep_cursor:
            self._wanted = None
        self._settles = expected
        self._fetch()

    def set_rows(self, rows: Sequence[Row], *, keep_cursor: bool = True) -> None:
        """Show a sequence at once, since nothing has to be read."""
        cache: RowCache[Row] = RowCache()
        cache.count = len(rows)
        self._source = FixedRows(rows)
        self._pending = self._pending_source = None
        for number in range(
            (self.top // BLOCK) - 1, (self.top + 3 * max(1, self.rows_high)) // BLOCK + 1
        ):
            if number >= 0:
                cache.put(number, rows[number * BLOCK : (number + 1) * BLOCK])
        row_id = self._cursor_id()
        place = (
            next((i for i, row in enumerate(rows) if self.key_of(row) == row_id), None)
            if row_id
            else None
        )
        self._keep_cursor = keep_cursor
        self._settles = True
        self._swap(cache, place)
        self._fetch()

    def refresh_rows(self) -> None:
        """Read the list again after a change; the source's method ``refresh`` is called first."""
        source = self._source
        if source is not None:
            refresh = getattr(source, "refresh", None)
            if refresh is not None:
                refresh()
            self.set_source(source)

    def set_columns(self, columns: Sequence[Column[Row]]) -> None:
        """Show other columns."""
        self.columns = tuple(columns)
        self.clear_widths()
        self.scroll_columns = 0 if self._wanted is None else self._wanted.scroll_columns
        self.repaint()

    def set_chips(self, chips: Sequence[str]) -> None:
        """Show the conditions of the filter; an empty sequence hides their line."""
        self.chips = tuple(chips)
        self.repaint()

    def set_order(self, by: Any, descending: bool) -> None:
        """Mark the column that the list is sorted by; ``by`` is its attribute ``sort``."""
        self.order = (by, descending)
        self.repaint()

    def set_problem(self, text: str) -> None:
        """Show a problem instead of the rows; an empty text shows the rows."""
        self.problem = text
        self.repaint()

    def move_to(self, index: int, *, extend: bool = False) -> None:
        """Move the cursor to a row, and scroll as far as needed."""
        count = self.cache.count or 0
        index = max(0, min(index, count - 1))
        before = self.cursor
        self._wanted = None
        if index == before:
            return
        self.cursor = index
        self.passed(before, index, extend=extend)
        high = max(1, self.rows_high)
        top = self.top
        if index < top:
            top = index
        elif index >= top + high:
            top = index - high + 1
        self._show_from(top)
        if self.top == top and top == self._painted_top:
            self.repaint_lines((self.line_of(before), self.line_of(index)))
        else:
            self.scrolled_by_cursor()
            self.repaint()
        self._painted_top = self.top
        self._fetch()
        self.cursor_moved()

    # Fetching -------------------------------------------------------------------------------------

    def _show_from(self, top: int) -> None:
        count = self.cache.count or 0
        self.top = max(0, min(top, count - max(1, self.rows_high)))

    def _fetch(self) -> None:
        if not self._fetching and self.is_mounted:
            self._fetching = True
            self.run_task(self._fetch_all(), group="rows", exclusive=False)

    async def _fetch_all(self) -> None:
        try:
            while True:
                try:
                    if not await self._fetch_next():
                        break
                except QueryCancelled:
                    # Another source has been set, or will be.
                    if self._pending_source is None:
                        break
        except Exception as error:
            self._pending = self._pending_source = None
            self.settling = False
            self.problem = str(error)
            self.repaint()
            raise
        finally:
            self._fetching = False

    async def _fetch_next(self) -> bool:
        """Read a missing block, and return whether one was missing."""
        pending, source = self._pending, self._pending_source
        if pending is not None and source is not None:
            return await self._fetch_pending(pending, source)
        if self._source is None:
            return False
        number = self.cache.missing(self.top, max(1, self.rows_high))
        if number is None:
            return False
        cache = self.cache
        source, row_id, so_far = self._source, self.row_id, cache.so_far(number)
        start = number * BLOCK
        part = await self.launchpad.read_list(source.part, start, start + BLOCK, so_far)
        if cache is self.cache:
            cache.put_part(number, part)
            self._show_from(self.top)
            self._check_emptiness()
            self.repaint()
            if row_id != self.row_id:
                self.cursor_moved()
            if so_far is not None and part.complete and not cache.counted:
                self._start_count(source, cache)
        return True

    async def _fetch_pending(self, pending: RowCache[Row], source: RowSource[Row]) -> bool:
        """Read a missing block of another source, or show it once no row in view is missing."""
        row_id = self._cursor_id() if self._keep_cursor else ""
        wanted = self._wanted
        if self._pending_top is None:
            self._pending_top = self.top if self._keep_cursor else 0
            if wanted is not None and self._keep_cursor:
                # Reading begins where the row is now, which may be far from the first rows.
                await self._locate(pending, source, row_id, wanted)
                return True
        number = pending.missing(self._pending_top, max(1, self.rows_high), ahead=False)
        if number is not None:
            start = number * BLOCK
            so_far = pending.so_far(number)
            part = await self.launchpad.read_list(source.part, start, start + BLOCK, so_far)
            if pending is self._pending:
                pending.put_part(number, part)
            # Rows of another query are shown as they are found. Otherwise, the former rows are
            # shown until all rows in view have been found.
            replaces = self._keep_cursor and bool(self.cache.count)
            if (part.complete or replaces) and (part.rows or not number):
                return True
        if pending is self._pending:
            place = pending.find(lambda row: self.key_of(row) == row_id) if row_id else None
            if place is None and row_id and self._located != row_id:
                here = TableState(row_id, self.cursor, self.top)
                await self._locate(pending, source, row_id, wanted or here)
                return True
            self._pending = self._pending_source = None
            self._source = source
            self._swap(pending, place)
            if pending.search is None and (not pending.counted or self._keep_cursor):
                self._start_count(source, pending)
        return True

    def _start_count(self, source: RowSource[Row], cache: RowCache[Row]) -> None:
        """Count the rows; the rows never wait for their number."""
        self.run_task(self._count(source, cache), group="count", exclusive=False)

    def _check_emptiness(self) -> None:
        empty = self.cache.count == 0
        if self._empty != empty:
            self._empty = empty
            self.emptiness_changed()

    def _cursor_id(self) -> str:
        """Return the ID of the row that the cursor is on or is to be put on."""
        return self.row_id if self._wanted is None else self._wanted.row_id

    async def _locate(
        self, pending: RowCache[Row], source: RowSource[Row], row_id: str, state: TableState
    ) -> None:
        """Find the position of the cursor's row in another source, and read the rows around it."""
        self._located = row_id
        place = await self.launchpad.read_list(source.position, row_id)
        if pending is not self._pending:
            return
        self._pending_top = self._top_for(state, place)
        pending.expect(state.cursor if place is None else place)

    def _top_for(self, state: TableState, place: int | None) -> int:
        """Return the first row of the view that shows the cursor where it was."""
        if place is None:
            return self.top if state.top is None else state.top
        if state.top is not None:
            return max(0, place - (state.cursor - state.top))
        high = max(1, self.rows_high)
        return self.top if self.top <= place < self.top + high else max(0, place - high // 2)

    async def _count(
        self, source: RowSource[Row], cache: RowCache[Row], most: int | None = MOST_COUNTED
    ) -> None:
        """Count the rows, up to a limit or all of them, and show their number."""
        complete = True
        try:
            if most is None:
                count = await self.launchpad.count(source.count)
            else:
                count, complete = await self.launchpad.count(source.at_least, most)
        except QueryCancelled:
            return
        if cache is not self.cache:
            return
        cache.count = count if complete else max(count, cache.count or 0)
        cache.counted, cache.capped = complete, not complete
        self.cursor = max(0, min(self.cursor, cache.count - 1))
        self._show_from(self.top)
        self._painted_top = self.top
        self.repaint()
        self._fetch()

    @property
    def end_is_near(self) -> bool:
        """Whether the list is so short that all rows up to its end are read at once."""
        return (self.cache.count or 0) <= _PREPARED_FROM

    async def last_row(self) -> None:
        """Count all rows if they are not counted, then move the cursor to the last one.

        In an order in which that takes long, the cursor moves once positions all over the list are
        known, unless it was moved meanwhile.
        """
        source, cache = self._source, self.cache
        if source is not None and not cache.counted:
            self.launchpad.say("Counting the rows of the list")
            await self._count(source, cache, None)
        cursor = self.cursor
        with suppress(QueryCancelled):
            if source is not None and not self.end_is_near:
                high = max(1, self.rows_high)
                if not await self.launchpad.read_list(source.reach_end, high):
                    self.launchpad.say(
                        "The end of this order is not known yet, because every row has to be "
                        "looked up: the cursor moves there in a few seconds"
                    )
                    await self.launchpad.count(source.prepare)
            if cache is self.cache and cache.counted and cursor == self.cursor:
                self.move_to((cache.count or 1) - 1)

    def _swap(self, cache: RowCache[Row], place: int | None) -> None:
        """Show another cache of rows; ``place`` is the new position of the cursor's row."""
        before = self.row_id
        count = cache.count or 0
        self.cache = cache
        self._check_emptiness()
        self.settling = self.settling and not self._settles
        wanted = self._wanted
        if not self._keep_cursor:
            self.clear_widths()
            self.cursor = self.top = 0
        elif wanted is not None:
            self.cursor = wanted.cursor if place is None else place
            self._show_from(self._top_for(wanted, place))
            if place is not None:
                # Otherwise the row may still be added, unless the user moves the cursor.
                self._wanted = None
        elif place is not None:
            moved = place - self.cursor
            self.cursor = place
            if self.top:
                self._show_from(self.top + moved)
        self.cursor = max(0, min(self.cursor, count - 1))
        high = max(1, self.rows_high)
        if not self.top <= self.cursor < self.top + high:
            self._show_from(self.cursor - high // 2)
        self._show_from(self.top)
        self._painted_top = self.top
        self.problem = ""
        self.repaint()
        if before != self.row_id:
            self.cursor_moved()

    def on_mount(self) -> None:
        """Read the rows of a source that was set before the widget was mounted."""
        self._fetch()

    def on_unmount(self) -> None:
        """End queries, which the next screen would wait for."""
        self._cancel()

    def on_resize(self, _event: events.Resize) -> None:
        """Keep the cursor in view, read rows that came into view, and lay the columns out again."""
        self.clear_widths()
        high = max(1, self.rows_high)
        if self.cursor >= self.top + high:
            self._show_from(self.cursor - high + 1)
        self._show_from(self.top)
        self._painted_top = self.top
        self._fetch()
