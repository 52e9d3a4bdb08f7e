"""The base of screens with a long list: search, conditions and sorting."""

from __future__ import annotations

import logging
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from textual import on
from textual.app import ComposeResult

from launchpad_tui.domain.query import Condition, Query
from launchpad_tui.domain.stored_query import stored_form, stored_query
from launchpad_tui.errors import InvalidInput, LaunchpadError
from launchpad_tui.services.listing import Listing
from launchpad_tui.ui.keymap import Action
from launchpad_tui.ui.screens.common.preview import PreviewScreenMixin
from launchpad_tui.ui.widgets.columns import Column
from launchpad_tui.ui.widgets.table import NO_ROW, VirtualTable

if TYPE_CHECKING:
    from textual.widgets import Input

    from launchpad_tui.ui.widgets.condition_input import ConditionInput

Row = TypeVar("Row")
log = logging.getLogger("launchpad_tui.ui")
#: seconds between the last key typed into the search line and the search
DEBOUNCE = 0.03
#: the most rows that are charted or compared together; reading more takes a minute
MAX_TOGETHER = 5000
#: the number of rows that are exported at a time
_BATCH = 500


class ListScreen(PreviewScreenMixin, Generic[Row]):
    """A list with search, conditions and sorting.

    Subclasses override `columns`, `listing`, `key_of` and, for conditions, `condition_names`.
    """

    EMPTY: ClassVar[str] = "The list is empty"
    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action(
            "list.search",
            "/",
            "search",
            "Search in names, descriptions, IDs and labels",
            "List",
            1,
        ),
        Action(
            "list.filter",
            "f",
            "filter",
            "Filter by an attribute, label, metric or parameter",
            "List",
            2,
        ),
        Action(
            "list.where",
            "w",
            "where",
            "Filter by an expression, for example accuracy > 0.9",
            "List",
            13,
        ),
        Action(
            "list.views",
            "Q",
            "views",
            "Show, save or delete a view: filter, order and columns",
            "List",
        ),
        Action("list.export", "ctrl+s", "export", "Export the list to a file", "List"),
        Action("list.clear", "F", "clear filters", "Clear the search and all conditions", "List"),
        Action(
            "list.down",
            "down",
            "to the list",
            "Move the focus from the search line to the list",
            "List",
            hidden=True,
            typing=1,
        ),
    )

    def __init__(self) -> None:
        super().__init__()
        self.current_query = Query()
        self._debounce: Any = None
        self._query_changed = False

    # For subclasses to override -------------------------------------------------------------------

    @abstractmethod
    def columns(self) -> Sequence[Column[Row]]:
        """Return the columns of the list."""

    @abstractmethod
    def key_of(self, row: Row) -> str:
        """Return the ID of a row."""

    @abstractmethod
    def listing(self, query: Query) -> Listing[Row]:
        """Return the rows that match a query; called on the lane for lists."""

    async def condition_names(self) -> list[tuple[str, str]]:
        """Return what conditions can filter by, as pairs of ``SUBJECT NAME`` and title."""
        return []

    # Internals ------------------------------------------------------------------------------------

    @property
    def table(self) -> VirtualTable[Row]:
        """The table that shows the list."""
        return self.query_one("#list", VirtualTable)

    def body(self) -> ComposeResult:
        """Yield the table; the search line is added by the action ``list.search``."""
        table = VirtualTable(
            self.columns(),
            self.key_of,
            title=self.title_text(),
            empty=self.EMPTY,
            filtered=True,
            id="list",
        )
        table.order = (self.current_query.order.by, self.current_query.order.descending)
        table.expect()
        yield from self.list_and_preview(table)

    def why_not_show_together(self) -> str | None:
        """Return why the selected rows cannot be charted or compared together."""
        count = len(self.table.selection)
        if count > MAX_TOGETHER:
            return f"{count:,} are selected: at most {MAX_TOGETHER:,} can be shown together"
        return None if count or self.table.row is not None else NO_ROW

    def filters(self) -> object:
        """Return the query, which is kept when the screen is left."""
        return self.current_query

    async def restore_filters(self, filters: object) -> None:
        """Search, filter and sort as before; after a restart only filter and sort as before."""
        query = filters if isinstance(filters, Query) else None
        if query is None:
            saved = await self.read(self.desk.preferences.get, self._order_preference, None)
            sorts = {column.sort for column in self.table.sortable}
            query = stored_query(saved, sorts)
        if self._query_changed:
            # The user was faster than the start of the app.
            return
        current = self.current_query
        query = replace(
            current, search=query.search, conditions=query.conditions, order=query.order
        )
        self.current_query = query
        self._show_query(query)
        if query.search:
            await self._show_search(focus=False)

    @property
    def _order_preference(self) -> str:
        return f"list.{self.kept_as}.{self.scope}"

    async def _save_query(self, query: Query) -> None:
        try:
            await self.read(self.desk.preferences.set, self._order_preference, stored_form(query))
        except LaunchpadError as error:
            # The list is sorted and filtered all the same, for example in a read-only home.
            log.info("storing the order of a list failed", exc_info=error)

    async def load(self) -> None:
        """Read the list; the former rows stay on the screen until it has been read."""
        await self.prepare_preview()
        table = self.table
        keep_cursor = not self._query_changed
        self._query_changed = False
        query = self.current_query
        listing = await self.launchpad.read_list(self.listing, query)
        filtered = bool(query.search or query.conditions)
        table.empty = "No matches\nPress esc or F to clear the filter" if filtered else self.EMPTY
        table.set_source(listing, keep_cursor=keep_cursor, expected=query == self.current_query)

    def show_load_error(self, error: Exception) -> None:
        """Show the error of a condition in place of the rows."""
        self.table.settling = False
        if isinstance(error, InvalidInput):
            self.table.set_problem(
                f"{error.title}\n{error.hint}\nPress bksp to remove the last condition"
            )
        else:
            if isinstance(error, LaunchpadError):
                self.table.set_problem(str(error))
            super().show_load_error(error)

    def set_query(self, query: Query) -> None:
        """Show the rows that match another query, from the first one."""
        if query == self.current_query:
            return
        former, self.current_query = self.current_query, query
        self._query_changed = True
        self._show_query(query)
        self.table.expect()
        self.reload()
        stored = (query.order, query.conditions)
        if (
            self.kept_as
            and self.launchpad.desk_is_open
            and stored
            != (
                former.order,
                former.conditions,
            )
        ):
            self.launchpad.run_task(self._save_query(query), "save query")

    def _show_query(self, query: Query) -> None:
        """Show order and conditions at the table."""
        self.table.set_order(query.order.by, query.order.descending)
        self.table.set_chips([str(condition) for condition in query.conditions])

    async def do_search(self) -> None:
        """Show the search line and focus it."""
        if lines := self.query("#search"):
            lines.first().focus()
        else:
            await self._show_search(focus=True)

    async def _show_search(self, *, focus: bool) -> None:
        # Importing this at start would cost a tenth of the first paint.
        from launchpad_tui.ui.widgets.text_input import TextInput

        hint = "Search in name, description, ID and labels"
        # Typing replaces a search that was kept.
        line = TextInput(self.current_query.search, placeholder=hint, id="search")
        mounted = self.mount(line, before=self.list_area)
        if focus:
            line.focus()
        await mounted

    async def do_where(self) -> None:
        """Show the line for an expression and focus it."""
        if lines := self.query("#where"):
            lines.first().focus()
            return
        from launchpad_tui.ui.widgets.condition_input import ConditionInput

        self._names = await self.condition_names()
        line = ConditionInput(self._names, id="where")
        self.mount(line, before=self.list_area)
        line.focus()

    def _add_conditions(self, line: ConditionInput) -> None:
        """Add the conditions of the typed expression, or show what is wrong with it."""
        try:
            conditions = line.conditions()
        except InvalidInput as error:
            text = ". ".join(
                part.rstrip(".") for part in (error.title, error.detail or error.hint) if part
            )
            self.launchpad.say(text, "bad")
            return
        line.remove()
        self.table.focus()
        present = self.current_query.conditions
        added = tuple(one for one in conditions if one not in present)
        self.set_query(replace(self.current_query, conditions=(*present, *added)))

    def on_input_changed(self, event: Input.Changed) -> None:
        """Search after a pause in typing."""
        event.stop()
        if event.input.id == "where":
            return
        if self._debounce is not None:
            self._debounce.stop()
        self._debounce = self.set_timer(DEBOUNCE, partial(self._search, event.value))

    def _search(self, text: str) -> None:
        self.set_query(replace(self.current_query, search=text.strip()))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Apply the search or the expression at once, and focus the list."""
        event.stop()
        if event.input.id == "where":
            self._add_conditions(self.query_one("#where"))  # type: ignore[arg-type]
            return
        if self._debounce is not None:
            self._debounce.stop()
        self._search(event.value)
        self.do_down()

    def do_down(self) -> None:
        """Focus the list."""
        self.table.focus()

    def do_back(self) -> None:
        """Close the input line, end a range, clear the selection, or else close the screen."""
        search = self.query("#search")
        table = self.table
        if expression := self.query("#where"):
            expression.remove()
            table.focus()
        elif search:
            search.remove()
            table.focus()
            self.set_query(replace(self.current_query, search=""))
        elif table.selection.ranging:
            table.selection.ranging = False
        elif len(table.selection):
            table.clear_selection()
        else:
            super().do_back()

    async def do_filter(self) -> None:
        """Ask for a condition and add it."""
        from launchpad_tui.ui.widgets.condition_dialog import ConditionDialog

        names = await self.condition_names()

        def done(condition: Condition | None) -> None:
            if condition is not None:
                query = self.current_query
                self.set_query(replace(query, conditions=(*query.conditions, condition)))

        self.app.push_screen(ConditionDialog(names), done)

    def why_not_views(self) -> str | None:
        """Return why views of the list cannot be saved."""
        return None if self.kept_as else "Views of this list cannot be saved"

    async def do_views(self) -> None:
        """Ask for a saved view and show it, or save or delete one."""
        from launchpad_tui.ui.screens.common.list_views import ask_for_view

        sorts = {column.sort for column in self.table.sortable}
        found = await ask_for_view(self, self.kept_as, self.current_query, sorts)
        if found is not None:
            await self.show_view(found)

    async def show_view(self, query: Query) -> None:
        """Search, filter and sort as in a saved view."""
        self.query("#search").remove()
        self.set_query(
            replace(
                self.current_query,
                search=query.search,
                conditions=query.conditions,
                order=query.order,
            )
        )
        if query.search:
            await self._show_search(focus=False)

    async def do_export(self) -> None:
        """Ask for a file, and write the rows of the list to it."""
        from launchpad_tui.ui.screens.common.list_views import export_rows

        query = self.current_query
        listing = await self.read(self.listing, query)
        await export_rows(self, self.title_text(), partial(all_rows, listing), query)

    def why_not_clear(self) -> str | None:
        """Return why there is nothing to clear."""
        query = self.current_query
        return None if query.conditions or query.search else "No filter is set"

    def do_clear(self) -> None:
        """Clear the search and all conditions."""
        self.query("#search").remove()
        self.table.focus()
        self.set_query(replace(self.current_query, conditions=(), search=""))

    @on(VirtualTable.ChipRemoved)
    def chip_removed(self, event: VirtualTable.ChipRemoved) -> None:
        """Remove a condition."""
        conditions = self.current_query.conditions
        remaining = conditions[: event.index] + conditions[event.index + 1 :]
        self.set_query(replace(self.current_query, conditions=remaining))

    @on(VirtualTable.SortRequested)
    def sort_requested(self, event: VirtualTable.SortRequested) -> None:
        """Ask for the column to sort by."""
        from launchpad_tui.ui.widgets.choose_dialog import Choice, ChooseDialog

        table = event.table
        choices = [Choice(column.id, column.title) for column in table.sortable]
        current = next(
            (column.id for column in table.sortable if column.sort == table.order[0]), ""
        )

        def selected(ids: tuple[str, ...] | None) -> None:
            if ids:
                table.sort_by(next(column for column in table.sortable if column.id == ids[0]))

        self.app.push_screen(ChooseDialog("Sort by", choices, selected=(current,)), selected)

    @on(VirtualTable.SortChanged)
    def sort_changed(self, event: VirtualTable.SortChanged) -> None:
        """Read the list in the new order."""
        order = replace(self.current_query.order, by=event.by, descending=event.descending)
        self.set_query(replace(self.current_query, order=order))

    @on(VirtualTable.SelectionChanged)
    def selection_changed(self) -> None:
        """Update the footer: other actions may be available."""
        self.refresh_footer()


def all_rows(listing: Listing[Row]) -> Iterator[Row]:
    """Yield the rows of a list in batches; blocking."""
    start = 0
    while rows := listing.slice(start, start + _BATCH):
        yield from rows
        start += len(rows)
