"""The object stores of a resource group."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from textual import on
from textual.app import ComposeResult

from launchpad_tui.domain.connection import DEFAULT_STORE, LOCAL, Scope
from launchpad_tui.errors import LaunchpadError
from launchpad_tui.services.desk import Desk
from launchpad_tui.ui.keymap import Action
from launchpad_tui.ui.render.connections import StoreLine, store_columns
from launchpad_tui.ui.screen import LaunchpadScreen
from launchpad_tui.ui.screens.dialogs import ConfirmDialog
from launchpad_tui.ui.widgets.table import VirtualTable

KEEPS_OUTPUTS = "Outputs of executions go to this object store: it cannot be deleted"


class StoresScreen(LaunchpadScreen):
    """All object stores of a resource group.

    Args:
        scope: the group; None for the chosen one.
    """

    TOPICS = frozenset({"connections"})
    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("stores.add", "a", "add", "Add an object store to this resource group.", footer=2),
        Action("stores.edit", "e", "edit", "Change its settings.", footer=3),
        Action("stores.check", "V", "check", "Call it: can it be reached with these settings?", footer=4),
        Action("stores.delete", "D", "delete", "Forget it; what is in it stays.", footer=5),
    )

    def __init__(self, scope: Scope | None = None) -> None:
        super().__init__()
        self._of = scope
        self._lines: list[StoreLine] = []
        self._results: dict[str, StoreLine] = {}

    @property
    def scope(self) -> Scope:
        """The resource group whose stores these are."""
        return self._of or super().scope

    def title_text(self) -> str:
        """Whose."""
        return f"Object stores of {self._of}" if self._of else "Object stores"

    def body(self) -> ComposeResult:
        """The list."""
        look = self.launchpad.look
        yield VirtualTable(
            store_columns(lambda line: line.state(look)),
            lambda line: line.store.name,
            title="Object stores",
            empty="No object stores in this resource group\na adds one",
            multi=False,
            id="list",
        )

    @property
    def table(self) -> VirtualTable[StoreLine]:
        """The list."""
        return self.query_one("#list", VirtualTable)

    async def load(self) -> None:
        """Read them anew; what a check found stays until a store changes."""
        self._lines = await self.read(store_lines, self.desk, self.scope)
        self._show()

    def _show(self) -> None:
        rows: list[StoreLine] = []
        for line in self._lines:
            checked = self._results.get(line.store.name)
            rows.append(checked if checked is not None and checked.store == line.store else line)
        self.table.set_rows(rows)

    @on(VirtualTable.Opened)
    def opened(self, event: VirtualTable.Opened) -> None:
        """Key ``enter``."""
        self.launchpad.open("store", item_id=event.row.store.name, scope=self.scope)

    def why_not_edit(self) -> str | None:
        """A row is needed."""
        return None if self.table.row is not None else "There is nothing under the cursor"

    why_not_check = why_not_edit

    def why_not_delete(self) -> str | None:
        """Outputs go to the default one."""
        row = self.table.row
        if row is None:
            return self.why_not_edit()
        return KEEPS_OUTPUTS if row.store.name == DEFAULT_STORE and self.scope.connection == LOCAL else None

    def do_add(self) -> None:
        """Key ``a``."""
        self.launchpad.open("store.add", scope=self.scope)

    def do_edit(self) -> None:
        """Key ``e``."""
        self.launchpad.open("store.edit", item_id=self.table.row_id, scope=self.scope)

    async def do_check(self) -> None:
        """Key ``V``."""
        row = self.table.row
        if row is None:
            return
        line = StoreLine(row.store, row.kind, checking=True)
        self._results[row.store.name] = line
        self._show()
        line = self._results[row.store.name] = await check_store(self, line)
        self._show()
        say_of(self, line)

    async def do_delete(self) -> None:
        """Key ``D``."""
        if row := self.table.row:
            await delete_store(self, row.store.name)


def store_lines(desk: Desk, scope: Scope) -> list[StoreLine]:
    """The group's object stores with their kinds. Reads the registry."""
    kinds = {kind.id: kind for kind in desk.connections.store_kinds()}
    return [StoreLine(store, kinds.get(store.kind)) for store in desk.connections.stores(scope)]


async def check_store(screen: LaunchpadScreen, line: StoreLine) -> StoreLine:
    """Call an object store; the line with what came of it."""
    try:
        found = await screen.launchpad.network(screen.desk.connections.check_store, screen.scope, line.store.name)
    except LaunchpadError as error:
        # Its own fault and not this screen's: it stands beside the store.
        words = error.title if not error.detail else f"{error.title}: {error.detail}"
        return replace(line, checking=False, problem=words)
    return replace(line, checking=False, found=found)


def say_of(screen: LaunchpadScreen, line: StoreLine) -> None:
    """Say what a check found."""
    if line.problem:
        screen.launchpad.say(f"{line.store.name}: {line.problem}", "bad")
    else:
        screen.launchpad.say(f"{line.store.name}: {line.found}", "good", 8)


async def delete_store(screen: LaunchpadScreen, name: str) -> bool:
    """Ask whether to delete an object store, and do it; says whether it was."""
    detail = "Its settings and credentials are forgotten. What is in it stays; artifacts in it cannot be read any more."
    question = ConfirmDialog(f"Delete the object store {name}?", detail, yes="delete", danger=True)
    if not await screen.launchpad.ask(question):
        return False
    await screen.read(screen.desk.connections.delete_store, screen.scope, name)
    screen.launchpad.say(f"Deleted the object store {name}", "good")
    return True
