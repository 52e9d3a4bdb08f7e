"""One object store: where it is, its settings, whether it answers."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult

from launchpad_tui.domain.connection import Scope
from launchpad_tui.errors import NotFound
from launchpad_tui.ui.keymap import Action
from launchpad_tui.ui.screens.common.screen import LaunchpadScreen
from launchpad_tui.ui.screens.stores.store_items import StoreLine, store_items
from launchpad_tui.ui.screens.stores.store_operations import (
    KEEPS_OUTPUTS,
    delete_store,
    keeps_outputs,
    probe_store,
    rename_store,
)
from launchpad_tui.ui.screens.stores.stores import store_lines
from launchpad_tui.ui.widgets.details import Details


class StoreScreen(LaunchpadScreen):
    """The details of an object store.

    Args:
        item_id: its name.
        scope: its resource group; None for the chosen one.
    """

    TOPICS = frozenset({"connections"})
    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("store.edit", "e", "edit", "Edit the settings of the object store", footer=2),
        Action("store.browse", "b", "browse", "Browse the files in the object store", footer=3),
        Action(
            "store.test",
            "V",
            "test",
            "Test access to the object store",
            footer=4,
        ),
        Action(
            "store.rename",
            "n",
            "rename",
            "Rename the object store and adapt the URLs of its artifacts",
            footer=6,
        ),
        Action(
            "store.replace",
            "R",
            "replace",
            "Replace the object store, such as by a bucket for outputs",
            footer=7,
        ),
        Action(
            "store.remove", "D", "delete", "Remove the object store (its files are kept)", footer=5
        ),
    )

    def __init__(self, item_id: str, scope: Scope | None = None) -> None:
        super().__init__()
        self.item_id = item_id
        self._of = scope
        self._line: StoreLine | None = None
        self._kept: frozenset[str] = frozenset()
        self._where = ""

    @property
    def scope(self) -> Scope:
        """Its resource group."""
        return self._of or super().scope

    def title_text(self) -> str:
        """Its name."""
        return self.item_id

    def body(self) -> ComposeResult:
        """The details."""
        yield Details(id="details")

    async def load(self) -> None:
        """Read it; what a check found stays until its settings change."""
        lines = await self.read(store_lines, self.desk, self.scope)
        found = next((line for line in lines if line.store.name == self.item_id), None)
        if found is None:
            raise NotFound(f"Resource group {self.scope} has no object store {self.item_id!r}")
        self._kept = await self.read(self.desk.stores.kept, self.scope, self.item_id)
        self._where = await self.read(self.desk.stores.kept_where, self.scope, self.item_id)
        if self._line is None or self._line.store != found.store:
            self._line = found
        self._show()

    def _show(self) -> None:
        if self._line is not None:
            items = store_items(self._line, self._kept, self._where, self.launchpad.look)
            self.query_one("#details", Details).set_items(items)

    def why_not_remove(self) -> str | None:
        """Outputs go to the default one."""
        return (
            f"{KEEPS_OUTPUTS}: it cannot be deleted" if keeps_outputs(self, self.item_id) else None
        )

    def why_not_rename(self) -> str | None:
        """Outputs go to the default one."""
        return (
            f"{KEEPS_OUTPUTS}: R puts another one in its place"
            if keeps_outputs(self, self.item_id)
            else None
        )

    def do_edit(self) -> None:
        """Key ``e``."""
        self.launchpad.open("store.edit", item_id=self.item_id, scope=self.scope)

    async def do_test(self) -> None:
        """Key ``V``."""
        if self._line is not None:
            self._line = await probe_store(self, self._line)
            self._show()

    def do_browse(self) -> None:
        """Key ``b``."""
        self.launchpad.open("browse", store=self.item_id, scope=self.scope)

    def do_replace(self) -> None:
        """Key ``R``."""
        self.launchpad.open("store.replace", item_id=self.item_id, scope=self.scope)

    async def do_rename(self) -> None:
        """Key ``n``."""
        self.item_id = await rename_store(self, self.item_id) or self.item_id
        self.reload()

    async def do_remove(self) -> None:
        """Key ``D``."""
        if await delete_store(self, self.item_id):
            self.dismiss(None)
