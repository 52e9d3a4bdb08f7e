"""A search over all connections and resource groups at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.widgets import Input

from launchpad_tui.domain.connection import DEFAULT_SCOPE, Scope
from launchpad_tui.domain.query import Hit
from launchpad_tui.errors import QueryCancelled
from launchpad_tui.ui.keymap import Action
from launchpad_tui.ui.screens.common.cells import kind_text, labels_text
from launchpad_tui.ui.screens.common.columns import text_column, timestamp_column
from launchpad_tui.ui.screens.common.screen import LaunchpadScreen
from launchpad_tui.ui.widgets.columns import Cell, Column
from launchpad_tui.ui.widgets.table import VirtualTable
from launchpad_tui.ui.widgets.text_input import TextInput

if TYPE_CHECKING:
    from collections.abc import Callable

    from launchpad_tui.services.everywhere import EverywhereSearch
    from launchpad_tui.ui.theme import Look

_EMPTY = (
    "Type part of a name, ID, description or label\n"
    "The search covers artifacts and executions of all connections"
)
#: the largest number of characters of a text before the word that matches
_BEFORE = 20


class EverywhereScreen(LaunchpadScreen):
    """Search results of all connections and resource groups."""

    TITLE_TEXT = "Everywhere"
    TOPICS = frozenset({"artifacts", "executions", "connections"})
    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("everywhere.search", "/", "search", "Edit the search text", footer=2),
        Action(
            "everywhere.list",
            "down enter",
            "to the list",
            "Move to the search results",
            hidden=True,
            typing=1,
        ),
    )

    def __init__(self) -> None:
        super().__init__()
        self.kept_as = "everywhere"
        self._search: EverywhereSearch | None = None
        self._restored = False

    def body(self) -> ComposeResult:
        """Yield the search input and the results."""
        yield TextInput(placeholder="Search all resource groups", id="search")
        yield VirtualTable(
            hit_columns(self.launchpad.look, self._words),
            _key,
            title="Everywhere",
            empty=_EMPTY,
            multi=False,
            id="list",
        )

    def on_mount(self) -> None:
        """Focus the search input."""
        self.query_one(Input).focus()

    @property
    def table(self) -> VirtualTable[Hit]:
        """The search results."""
        return self.query_one("#list", VirtualTable)

    def state_scope(self) -> Scope:
        """Return the same for all scopes, because opening a result switches the scope."""
        return DEFAULT_SCOPE

    def filters(self) -> object:
        """Return the text of the input."""
        return self.query_one(Input).value

    async def restore_filters(self, filters: object) -> None:
        """Search for the former text, unless the user was faster; typing replaces it."""
        search_input = self.query_one(Input)
        if isinstance(filters, str) and filters and not search_input.value:
            with search_input.prevent(Input.Changed):
                search_input.value = filters
            search_input.select_all()
            self._restored = True

    def _words(self) -> tuple[str, ...]:
        """Return the case-folded words of the search."""
        return tuple(self.query_one(Input).value.casefold().split())

    async def load(self) -> None:
        """Search for the text of the input."""
        search_input = self.query_one(Input)
        text = search_input.value.strip()
        search = self._search = self.desk.everywhere.start(text)
        while not search.complete:
            try:
                await self.launchpad.read_list(search.search_next)
            except QueryCancelled:
                return  # The text was changed meanwhile.
            if (search.hits and not self._restored) or search.complete:
                # The first hits are shown before the others are found, unless the row that had the
                # cursor may be one of these.
                self._restored = False
                self.table.empty = (
                    f"No results for {text!r}\nOnly synchronized data is searched"
                    if text
                    else _EMPTY
                )
                self.table.set_rows(tuple(search.hits))
        if search_input.value.strip() != text:
            self.table.expect()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Search while the user types."""
        event.stop()
        self.table.expect()
        self._cancel()
        self.reload()

    def on_unmount(self) -> None:
        """End the search, which the next screen would wait for."""
        self._cancel()

    def _cancel(self) -> None:
        if self._search is not None:
            self._search.cancel()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Move the focus to the results."""
        event.stop()
        self.table.focus()

    def do_search(self) -> None:
        """Focus the search input."""
        self.query_one(Input).focus()

    def do_list(self) -> None:
        """Move the focus from the search input to the results."""
        self.table.focus()

    @on(VirtualTable.Opened)
    async def opened(self, event: VirtualTable.Opened) -> None:
        """Switch to the resource group of a result, and open its details."""
        hit: Hit = event.row
        if hit.scope != self.scope:
            await self.launchpad.choose_scope(hit.scope, "")
            self.launchpad.say(f"Switched to {hit.scope}")
        if hit.artifact is not None:
            self.launchpad.open("artifact", item_id=hit.artifact.id)
        elif hit.execution is not None:
            self.launchpad.open("execution", item_id=hit.execution.id)


def hit_columns(look: Look, words: Callable[[], tuple[str, ...]]) -> tuple[Column[Hit], ...]:
    """Return the columns of the search results.

    Args:
        look: colors and glyphs.
        words: returns the case-folded words of the search.
    """

    def kind(hit: Hit) -> Cell:
        if hit.deleted:
            return Cell(f"{look.glyphs.error} deleted", "faint")
        if hit.execution is not None:
            return Cell(*look.status(hit.execution.status))
        return Cell(kind_text(hit.artifact.kind) if hit.artifact else "", "dim")

    def about(hit: Hit) -> str:
        searched = words()
        if found := hit.matching_texts(searched):
            return ", ".join(f"{label}: {_excerpt(text, searched, look)}" for label, text in found)
        if hit.artifact is not None:
            return f"{labels_text(hit.artifact.labels)} {hit.artifact.description}".strip()
        return hit.execution.status_message if hit.execution else ""

    return (
        Column[Hit](
            "name",
            "Name",
            lambda hit: Cell(
                hit.name if hit.artifact is None else hit.artifact.name_with_version,
                "faint" if hit.deleted else "text",
            ),
            18,
            44,
            4,
            priority=0,
        ),
        Column[Hit]("kind", "Kind, status", kind, 12, 12, 0, priority=1),
        text_column(
            "source", "Source", lambda hit: hit.source, (13, 36), 2, priority=1, names=True
        ),
        Column[Hit](
            "scope",
            "Connection, group",
            lambda hit: Cell(str(hit.scope), "accent"),
            17,
            40,
            2,
            priority=1,
        ),
        timestamp_column("created", "Created", lambda hit: hit.created_at, priority=3),
        text_column("id", "ID", lambda hit: hit.id, (10, 36), 1, priority=4),
        text_column("about", "Match, about", about, (14, 80), 4, priority=2),
    )


def _excerpt(text: str, words: tuple[str, ...], look: Look) -> str:
    """Return a text from shortly before the first of the words that it contains."""
    line = " ".join(text.split())
    places = [place for word in words if (place := line.casefold().find(word)) >= 0]
    start = max(0, min(places, default=0) - _BEFORE)
    return f"{look.glyphs.ellipsis}{line[start:]}" if start else line


def _key(hit: Hit) -> str:
    return f"{hit.scope}/{hit.id}"
