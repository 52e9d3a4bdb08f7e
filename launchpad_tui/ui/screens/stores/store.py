"""The details of an object store: its settings and the result of its last test."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult

from launchpad_tui.domain.connection import Scope
from launchpad_tui.errors import NotFound
from launchpad_tui.ui.keymap import Action
from launchpad_tui.ui.screens.common.screen import LaunchpadScreen
from launchpad_tui.ui.screens.stores.store_items import StoreLine, store_items
from launchpad_tui.ui.screens.stores.store_operations import (
    remove_store,
    rename_store,
    run_store_test,
    why_not_removable,
    why_not_renamable,
)
from launchpad_tui.ui.screens.stores.stores import store_lines
from launchpad_tui.ui.widgets.details import Details


class StoreScreen(LaunchpadScreen):
    """The details of an object store.

    Args:
        item_id: the name of the object store.
        scope: its resource group; None for the current one.
    """

    TOPICS = frozenset({"connections"})
    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("store.edit", "e", "edit", "Edit the settings of the object store", footer=2),
        Action("store.browse", "b", "browse", "Browse the files in the object store", footer=3),
        Action("store.test", "V", "test", "Test access to the object store", footer=4),
        Action(
            "store.rename",
            "M",
            "rename",
            "Rename the store and adapt the URLs of its artifacts",
            footer=6,
        ),
        Action(
            "store.replace", "R", "replace", "Replace the object store by another one", footer=7
        ),
        Action(
            "store.remove", "D", "remove", "Remove the object store (its files are kept)", footer=5
        ),
    )

    def __init__(self, item_id: str, scope: Scope | None = None) -> None:
        super().__init__()
        self.item_id = item_id
        self._of = scope
        self._line: StoreLine | None = None
        self._secrets: frozenset[str] = frozenset()
        self._secrets_location = ""

    @property
    def scope(self) -> Scope:
        """The resource group of the store."""
        return self._of or super().scope

    def title_text(self) -> str:
        """Return the name of the store."""
        return self.item_id

    def body(self) -> ComposeResult:
        """Yield the details."""
        yield Details(id="details")

    async def load(self) -> None:
        """Read the store; the result of a test is kept until the settings change."""
        lines = await self.read(store_lines, self.desk, self.scope)
        line = next((line for line in lines if line.store.name == self.item_id), None)
        if line is None:
            raise NotFound(f"Resource group {self.scope} has no object store {self.item_id!r}")
        stores = self.desk.stores
        self._secrets = await self.read(stores.kept, self.scope, self.item_id)
        self._secrets_location = await self.read(stores.kept_where, self.scope, self.item_id)
        if self._line is None or self._line.store != line.store:
            self._line = line
        self._show()

    def _show(self) -> None:
        if self._line is not None:
            items = store_items(
                self._line,
                self._secrets,
                self._secrets_location,
                str(self.desk.home.files),
                self.launchpad.look,
            )
            self.query_one("#details", Details).set_items(items)

    def why_not_remove(self) -> str | None:
        """Disable removing the store that executions store their outputs in."""
        return why_not_removable(self._line)

    def why_not_rename(self) -> str | None:
        """Disable renaming the store that executions store their outputs in."""
        return why_not_renamable(self._line)

    def do_edit(self) -> None:
        """Open the wizard that edits the settings."""
        self.launchpad.open("store.edit", item_id=self.item_id, scope=self.scope)

    async def do_test(self) -> None:
        """Test access to the store step by step."""
        if self._line is not None:
            self._line = await run_store_test(self, self._line)
            self._show()

    def do_browse(self) -> None:
        """Browse the files in the store."""
        self.launchpad.open("browse", store=self.item_id, scope=self.scope)

    def do_replace(self) -> None:
        """Open the wizard that replaces the store by another one."""
        self.launchpad.open("store.replace", item_id=self.item_id, scope=self.scope)

    async def do_rename(self) -> None:
        """Ask for a new name, and rename the store."""
        self.item_id = await rename_store(self, self.item_id) or self.item_id
        self.reload()

    async def do_remove(self) -> None:
        """Remove the store after a confirmation, and close the screen."""
        if await remove_store(self, self.item_id):
            self.dismiss(None)
