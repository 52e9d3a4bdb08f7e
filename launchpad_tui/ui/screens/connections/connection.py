"""One connection: its state, its settings, and what its runtime can do."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult

from launchpad_tui.domain.connection import DEFAULT_SCOPE
from launchpad_tui.ui.keymap import Action
from launchpad_tui.ui.screens.common.screen import LaunchpadScreen
from launchpad_tui.ui.screens.connections.connection_items import connection_items
from launchpad_tui.ui.screens.connections.connection_operations import (
    delete_connection,
    probe_connection,
    refresh_connection,
)
from launchpad_tui.ui.widgets.details import Details


class ConnectionScreen(LaunchpadScreen):
    """The details of a connection.

    Args:
        item_id: its name.
        then: ``test`` tests it at once.
    """

    TOPICS = frozenset({"connections"})
    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("connection.edit", "e", "edit", "Change its settings.", footer=2),
        Action(
            "connection.remove",
            "D",
            "delete",
            "Remove the connection (nothing is deleted in the runtime)",
            footer=3,
        ),
        Action(
            "connection.test",
            "V",
            "test",
            "Reach it step by step: what is right, what is wrong?",
            footer=4,
        ),
        Action("app.refresh", "r", "refresh", "Ask its runtime what it can do.", footer=5),
    )

    def __init__(self, item_id: str, then: str = "") -> None:
        super().__init__()
        self.item_id = item_id
        self._then = then

    def title_text(self) -> str:
        """Its name."""
        return self.item_id

    def body(self) -> ComposeResult:
        """The details."""
        yield Details(id="details")

    async def load(self) -> None:
        """Read it."""
        service = self.desk.connections
        one = await self.read(service.get, self.item_id)
        groups = await self.read(service.groups, self.item_id)
        abilities = await self.read(service.capabilities, self.item_id)
        kept = await self.read(service.kept, self.item_id)
        kind = next((each for each in await self.read(service.kinds) if each.id == one.kind), None)
        items = connection_items(one, kind, groups, abilities, kept, self.launchpad.look)
        self.query_one("#details", Details).set_items(items)
        if self._then == "test":
            self._then = ""
            self.run_task(self.do_test(), "test")

    def why_not_remove(self) -> str | None:
        """This machine stays."""
        return (
            "This machine stays: it cannot be deleted"
            if self.item_id == DEFAULT_SCOPE.connection
            else None
        )

    def do_edit(self) -> None:
        """Key ``e``."""
        self.launchpad.open("connection.edit", item_id=self.item_id)

    async def do_test(self) -> None:
        """Key ``V``."""
        await probe_connection(self, self.item_id)

    async def do_remove(self) -> None:
        """Key ``D``."""
        if await delete_connection(self, self.item_id):
            self.dismiss(None)

    def do_refresh(self) -> None:
        """Key ``r``."""
        self.run_task(refresh_connection(self, self.item_id), "refresh")
