"""Where the user left each list: filters, selection, cursor and scroll position."""

from __future__ import annotations

from launchpad_tui.domain.connection import Scope
from launchpad_tui.records import record, replace


@record
class TableState:
    """The position in a table, and its selection.

    Attributes:
        row_id: the ID of the row under the cursor, which is found again where it has moved to.
        cursor: the position of the cursor, for a row that no longer exists.
        top: the position of the first row in view; None shows the row in the middle if it is not in
            view.
        scroll_columns: the number of columns that are scrolled out.
        selected: the IDs of the selected rows.
    """

    row_id: str = ""
    cursor: int = 0
    top: int | None = None
    scroll_columns: int = 0
    selected: tuple[str, ...] = ()


@record
class ListState:
    """The state of a list: its table, and what its screen returns as its filters."""

    table: TableState
    filters: object = None


class ListStates:
    """The states of lists that were left, by the route of the list and the scope."""

    def __init__(self) -> None:
        self._states: dict[tuple[str, Scope], ListState] = {}

    def get(self, route_id: str, scope: Scope) -> ListState | None:
        """Return the state of a list, None if it has not been shown yet."""
        return self._states.get((route_id, scope))

    def put(self, route_id: str, scope: Scope, state: ListState) -> None:
        """Keep the state of a list."""
        self._states[route_id, scope] = state

    def point_at(self, route_id: str, scope: Scope, row_id: str) -> None:
        """Put the cursor on a row when the list is shown next."""
        state = self.get(route_id, scope) or ListState(TableState())
        table = replace(state.table, row_id=row_id, top=None)
        self.put(route_id, scope, replace(state, table=table))
