"""What the screens with a filtered, sorted list of any length have in common: search line, conditions, order."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from textual import on
from textual.app import ComposeResult

from launchpad_tui.domain.query import Condition, Query
from launchpad_tui.errors import InvalidInput, LaunchpadError
from launchpad_tui.services.listing import Listing
from launchpad_tui.ui.keymap import Action
from launchpad_tui.ui.screens.common.screen import LaunchpadScreen
from launchpad_tui.ui.widgets.columns import Column
from launchpad_tui.ui.widgets.table import VirtualTable

if TYPE_CHECKING:
    from textual.widgets import Input

    from launchpad_tui.ui.widgets.condition_input import ConditionInput

Row = TypeVar("Row")
#: seconds between the last key of a search and the reading
DEBOUNCE = 0.12
#: rows that are charted or compared at once: those of more take a minute to read
MOST_TOGETHER = 5000


class ListScreen(LaunchpadScreen, Generic[Row]):
    """A list with search, conditions and order. Override `columns`, `listing`, `key_of`, `condition_choices`."""

    EMPTY: ClassVar[str] = "Nothing here yet."
    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action(
            "list.search",
            "/",
            "search",
            "Search in names, descriptions, IDs and labels",
            "List",
            10,
        ),
        Action(
            "list.filter",
            "f",
            "filter",
            "Add a condition on an attribute, label, metric or parameter",
            "List",
            11,
        ),
        Action(
            "list.where",
            "w",
            "where",
            "Filter by an expression such as accuracy > 0.9 and rate < 0.01",
            "List",
            13,
        ),
        Action("list.clear", "F", "clear filters", "Clear the search and all conditions", "List"),
        Action(
            "list.down",
            "down",
            "to the list",
            "Move from the search line to the list",
            "List",
            hidden=True,
        ),
    )

    def __init__(self) -> None:
        super().__init__()
        self.query_now = Query()
        self._debounce: Any = None
        self._fresh_query = False

    # What subclasses write ------------------------------------------------------------------------

    @abstractmethod
    def columns(self) -> Sequence[Column[Row]]:
        """The columns."""

    @abstractmethod
    def key_of(self, row: Row) -> str:
        """A row's ID."""

    @abstractmethod
    def listing(self, query: Query) -> Listing[Row]:
        """The rows that a query wants; called on the registry's lane."""

    async def condition_names(self) -> list[tuple[str, str]]:
        """What a condition can look at: (``subject name``, title)."""
        return []

    # How it works ---------------------------------------------------------------------------------

    @property
    def table(self) -> VirtualTable[Row]:
        """The list."""
        return self.query_one("#list", VirtualTable)

    def body(self) -> ComposeResult:
        """The table; the search line comes when it is asked for."""
        table = VirtualTable(
            self.columns(),
            self.key_of,
            title=self.title_text(),
            empty=self.EMPTY,
            filtered=True,
            id="list",
        )
        table.order = (self.query_now.order.by, self.query_now.order.descending)
        table.expect()
        yield table

    def why_not_together(self) -> str | None:
        """Why what is chosen cannot be shown together."""
        count = len(self.table.selection)
        if count > MOST_TOGETHER:
            return f"{count:,} are selected: at most {MOST_TOGETHER:,} can be shown together"
        return None if count or self.table.row is not None else "There is nothing under the cursor"

    async def load(self) -> None:
        """Read the list anew; what shows stays until it is there."""
        table = self.table
        keep = not self._fresh_query
        self._fresh_query = False
        query = self.query_now
        listing = await self.read(self.listing, query)
        filtered = bool(query.search or query.conditions)
        table.empty = "Nothing matches\nesc or F drops the filter" if filtered else self.EMPTY
        table.set_source(listing, keep_cursor=keep, expected=query == self.query_now)

    def show_load_error(self, error: Exception) -> None:
        """A wrong condition shows in place of the rows."""
        self.table.settling = False
        if isinstance(error, InvalidInput):
            self.table.set_problem(f"{error.title}\n{error.hint}\nbksp drops the last condition")
        else:
            if isinstance(error, LaunchpadError):
                self.table.set_problem(str(error))
            super().show_load_error(error)

    def ask(self, query: Query) -> None:
        """Show what another query wants, from its first row."""
        if query == self.query_now:
            return
        self.query_now = query
        self._fresh_query = True
        table = self.table
        table.set_order(query.order.by, query.order.descending)
        table.set_chips([str(condition) for condition in query.conditions])
        table.expect()
        self.reload()

    def do_search(self) -> None:
        """Key ``/``."""
        lines = self.query("#search")
        if lines:
            lines.first().focus()
            return
        # Only now: importing it costs a tenth of the first paint.
        from textual.widgets import Input

        hint = "search: words in name, description, ID, labels"
        line = Input(self.query_now.search, placeholder=hint, id="search", select_on_focus=False)
        self.mount(line, before=self.table)
        line.focus()

    async def do_where(self) -> None:
        """Key ``w``."""
        if lines := self.query("#where"):
            lines.first().focus()
            return
        from launchpad_tui.ui.widgets.condition_input import ConditionInput

        self._names = await self.condition_names()
        line = ConditionInput(self._names, id="where")
        self.mount(line, before=self.table)
        line.focus()

    def _take_where(self, line: ConditionInput) -> None:
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
        known = self.query_now.conditions
        fresh = tuple(one for one in conditions if one not in known)
        self.ask(replace(self.query_now, conditions=(*known, *fresh)))

    def on_input_changed(self, event: Input.Changed) -> None:
        """Wait for a pause in typing, then search."""
        event.stop()
        if event.input.id == "where":
            return
        if self._debounce is not None:
            self._debounce.stop()
        self._debounce = self.set_timer(DEBOUNCE, partial(self._search, event.value))

    def _search(self, words: str) -> None:
        self.ask(replace(self.query_now, search=words.strip()))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Key ``enter``: on to the list."""
        event.stop()
        if event.input.id == "where":
            self._take_where(self.query_one("#where"))  # type: ignore[arg-type]
            return
        if self._debounce is not None:
            self._debounce.stop()
        self._search(event.value)
        self.do_down()

    def do_down(self) -> None:
        """Key ``down`` in the search line."""
        self.table.focus()

    def do_back(self) -> None:
        """Key ``esc``: close the search, then end a range, then drop the selection, then go back."""
        lines = self.query("#search")
        table = self.table
        if wheres := self.query("#where"):
            wheres.remove()
            table.focus()
        elif lines:
            lines.remove()
            table.focus()
            self.ask(replace(self.query_now, search=""))
        elif table.selection.ranging:
            table.selection.ranging = False
        elif len(table.selection):
            table.clear_selection()
        else:
            super().do_back()

    async def do_filter(self) -> None:
        """Key ``f``."""
        from launchpad_tui.ui.widgets.condition_dialog import ConditionDialog

        names = await self.condition_names()

        def done(condition: Condition | None) -> None:
            if condition is not None:
                self.ask(
                    replace(self.query_now, conditions=(*self.query_now.conditions, condition))
                )

        self.app.push_screen(ConditionDialog(names), done)

    def why_not_clear(self) -> str | None:
        """Nothing to clear."""
        return None if self.query_now.conditions or self.query_now.search else "There is no filter"

    def do_clear(self) -> None:
        """Key ``F``."""
        self.query("#search").remove()
        self.table.focus()
        self.ask(replace(self.query_now, conditions=(), search=""))

    @on(VirtualTable.ChipRemoved)
    def chip_removed(self, event: VirtualTable.ChipRemoved) -> None:
        """Drop one condition."""
        left = tuple(c for i, c in enumerate(self.query_now.conditions) if i != event.index)
        self.ask(replace(self.query_now, conditions=left))

    @on(VirtualTable.SortRequested)
    def sort_requested(self, event: VirtualTable.SortRequested) -> None:
        """Let the user choose the column to sort by."""
        from launchpad_tui.ui.widgets.dialogs import Choice, ChooseDialog

        table = event.table
        choices = [Choice(column.id, column.title) for column in table.sortable]
        current = next((c.id for c in table.sortable if c.sort == table.order[0]), "")

        def chosen(picked: tuple[str, ...] | None) -> None:
            if picked:
                table.sort_by(next(c for c in table.sortable if c.id == picked[0]))

        self.app.push_screen(ChooseDialog("Sort by", choices, selected=(current,)), chosen)

    @on(VirtualTable.SortChanged)
    def sort_changed(self, event: VirtualTable.SortChanged) -> None:
        """Order anew."""
        order = replace(self.query_now.order, by=event.by, descending=event.descending)
        self.ask(replace(self.query_now, order=order))

    @on(VirtualTable.SelectionChanged)
    def selection_changed(self) -> None:
        """The footer may change."""
        self.refresh_footer()
