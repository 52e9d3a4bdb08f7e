"""The list of the object stores of a resource group."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult

from launchpad_tui.domain.connection import Scope
from launchpad_tui.services.desk import Desk
from launchpad_tui.ui.keymap import Action
from launchpad_tui.ui.screens.common.screen import LaunchpadScreen
from launchpad_tui.ui.screens.stores.store_items import StoreLine, store_columns
from launchpad_tui.ui.screens.stores.store_operations import (
    import_secrets,
    remove_store,
    rename_store,
    run_store_test,
    why_not_removable,
    why_not_renamable,
)
from launchpad_tui.ui.widgets.table import VirtualTable


class StoresScreen(LaunchpadScreen):
    """All object stores of a resource group.

    Args:
        scope: the resource group; None for the current one.
    """

    TOPICS = frozenset({"connections"})
    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("stores.add", "a", "add", "Add an object store to the resource group", footer=2),
        Action("stores.edit", "e", "edit", "Edit the settings of the object store", footer=3),
        Action("stores.browse", "b", "browse", "Browse the files in the object store", footer=3),
        Action("stores.test", "V", "test", "Test access to the object store", footer=4),
        Action(
            "stores.rename",
            "M",
            "rename",
            "Rename the store and adapt the URLs of its artifacts",
            footer=6,
        ),
        Action(
            "stores.replace", "R", "replace", "Replace the object store by another one", footer=7
        ),
        Action(
            "stores.import",
            "i",
            "import secrets",
            "Import object stores from a file of object store secrets",
            footer=8,
        ),
        Action(
            "stores.remove", "D", "remove", "Remove the object store (its files are kept)", footer=5
        ),
    )

    def __init__(self, scope: Scope | None = None) -> None:
        super().__init__()
        self._of = scope
        self._lines: list[StoreLine] = []
        self._results: dict[str, StoreLine] = {}

    @property
    def scope(self) -> Scope:
        """The resource group of the stores."""
        return self._of or super().scope

    def title_text(self) -> str:
        """Return the title, with the resource group unless it is the current one."""
        return f"Object stores of {self._of}" if self._of else "Object stores"

    def body(self) -> ComposeResult:
        """Yield the list."""
        look = self.launchpad.look
        yield VirtualTable(
            store_columns(lambda line: line.state(look)),
            lambda line: line.store.name,
            title="Object stores",
            empty="No object stores in this resource group\nPress a to add one",
            multi=False,
            id="list",
        )

    @property
    def table(self) -> VirtualTable[StoreLine]:
        """The list of object stores."""
        return self.query_one("#list", VirtualTable)

    async def load(self) -> None:
        """Read the stores; the result of a test is kept until the settings change."""
        self._lines = await self.read(store_lines, self.desk, self.scope)
        self._show()

    def _show(self) -> None:
        rows: list[StoreLine] = []
        for line in self._lines:
            tested = self._results.get(line.store.name)
            rows.append(tested if tested is not None and tested.store == line.store else line)
        self.table.set_rows(rows)

    @on(VirtualTable.Opened)
    def opened(self, event: VirtualTable.Opened) -> None:
        """Open the details of the object store."""
        self.launchpad.open("store", item_id=event.row.store.name, scope=self.scope)

    def why_not_edit(self) -> str | None:
        """Disable the action without a row under the cursor."""
        return None if self.table.row is not None else "No object store is under the cursor"

    why_not_test = why_not_browse = why_not_replace = why_not_edit

    def why_not_remove(self) -> str | None:
        """Disable removing the store that executions store their outputs in."""
        return self.why_not_edit() or why_not_removable(self.table.row)

    def why_not_rename(self) -> str | None:
        """Disable renaming the store that executions store their outputs in."""
        return self.why_not_edit() or why_not_renamable(self.table.row)

    def do_add(self) -> None:
        """Open the wizard that adds an object store."""
        self.launchpad.open("store.add", scope=self.scope)

    def do_edit(self) -> None:
        """Open the wizard that edits the object store."""
        self.launchpad.open("store.edit", item_id=self.table.row_id, scope=self.scope)

    def do_browse(self) -> None:
        """Browse the files in the object store."""
        self.launchpad.open("browse", store=self.table.row_id, scope=self.scope)

    def do_replace(self) -> None:
        """Open the wizard that replaces the object store by another one."""
        self.launchpad.open("store.replace", item_id=self.table.row_id, scope=self.scope)

    async def do_rename(self) -> None:
        """Ask for a new name, and rename the object store."""
        await rename_store(self, self.table.row_id)

    async def do_import(self) -> None:
        """Ask for a file of object store secrets, and add the stores."""
        await import_secrets(self)

    async def do_test(self) -> None:
        """Test access to the object store, and show the result in the list."""
        row = self.table.row
        if row is not None:
            self._results[row.store.name] = await run_store_test(self, row)
            self._show()

    async def do_remove(self) -> None:
        """Remove the object store after a confirmation."""
        if row := self.table.row:
            await remove_store(self, row.store.name)


def store_lines(desk: Desk, scope: Scope) -> list[StoreLine]:
    """Read the object stores of a resource group from the registry."""
    stores = desk.stores
    kinds = {kind.id: kind for kind in stores.kinds()}
    return [
        StoreLine(
            store,
            kinds.get(store.kind),
            holds_outputs=stores.holds_outputs(scope, store.name),
        )
        for store in stores.list(scope)
    ]
