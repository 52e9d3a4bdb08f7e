"""The object stores of a resource group."""

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
    KEEPS_OUTPUTS,
    delete_store,
    import_secrets,
    keeps_outputs,
    probe_store,
    rename_store,
)
from launchpad_tui.ui.widgets.table import VirtualTable


class StoresScreen(LaunchpadScreen):
    """All object stores of a resource group.

    Args:
        scope: the group; None for the chosen one.
    """

    TOPICS = frozenset({"connections"})
    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("stores.add", "a", "add", "Add an object store to the resource group", footer=2),
        Action("stores.edit", "e", "edit", "Edit the settings of the object store", footer=3),
        Action("stores.browse", "b", "browse", "Browse the files in the object store", footer=3),
        Action(
            "stores.test",
            "V",
            "test",
            "Test access to the object store",
            footer=4,
        ),
        Action(
            "stores.rename",
            "n",
            "rename",
            "Rename the object store and adapt the URLs of its artifacts",
            footer=6,
        ),
        Action(
            "stores.replace",
            "R",
            "replace",
            "Replace the object store, such as by a bucket for outputs",
            footer=7,
        ),
        Action(
            "stores.import",
            "i",
            "import secrets",
            "Import object stores from a file of object store secrets",
            footer=8,
        ),
        Action(
            "stores.remove", "D", "delete", "Remove the object store (its files are kept)", footer=5
        ),
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

    why_not_test = why_not_browse = why_not_replace = why_not_edit

    def why_not_remove(self) -> str | None:
        """Outputs go to the default one."""
        row = self.table.row
        if row is None:
            return self.why_not_edit()
        return (
            f"{KEEPS_OUTPUTS}: it cannot be deleted"
            if keeps_outputs(self, row.store.name)
            else None
        )

    def why_not_rename(self) -> str | None:
        """Outputs go to the default one."""
        return self.why_not_remove() and f"{KEEPS_OUTPUTS}: R puts another one in its place"

    def do_add(self) -> None:
        """Key ``a``."""
        self.launchpad.open("store.add", scope=self.scope)

    def do_edit(self) -> None:
        """Key ``e``."""
        self.launchpad.open("store.edit", item_id=self.table.row_id, scope=self.scope)

    def do_browse(self) -> None:
        """Key ``b``."""
        self.launchpad.open("browse", store=self.table.row_id, scope=self.scope)

    def do_replace(self) -> None:
        """Key ``R``."""
        self.launchpad.open("store.replace", item_id=self.table.row_id, scope=self.scope)

    async def do_rename(self) -> None:
        """Key ``n``."""
        await rename_store(self, self.table.row_id)

    async def do_import(self) -> None:
        """Key ``i``."""
        await import_secrets(self)

    async def do_test(self) -> None:
        """Key ``V``."""
        row = self.table.row
        if row is not None:
            self._results[row.store.name] = await probe_store(self, row)
            self._show()

    async def do_remove(self) -> None:
        """Key ``D``."""
        if row := self.table.row:
            await delete_store(self, row.store.name)


def store_lines(desk: Desk, scope: Scope) -> list[StoreLine]:
    """The group's object stores with their kinds. Reads the registry."""
    kinds = {kind.id: kind for kind in desk.stores.kinds()}
    return [StoreLine(store, kinds.get(store.kind)) for store in desk.stores.list(scope)]
