"""The details of a connection: its state, its settings, and the capabilities of its runtime."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult

from launchpad_tui.errors import LaunchpadError
from launchpad_tui.ui.keymap import Action
from launchpad_tui.ui.screens.common.screen import LaunchpadScreen
from launchpad_tui.ui.screens.connections.connection_items import cluster_items, connection_items
from launchpad_tui.ui.screens.connections.connection_operations import (
    refresh_connection,
    remove_connection,
    run_connection_test,
    why_not_removable,
)
from launchpad_tui.ui.widgets.details import Details, Item, heading

#: seconds between two updates of the state of a cluster
_CLUSTER_SECONDS = 30.0


class ConnectionScreen(LaunchpadScreen):
    """The details of a connection.

    Args:
        item_id: the name of the connection.
        then: ``test`` to test the connection once the screen is loaded; empty for nothing.
    """

    TOPICS = frozenset({"connections"})
    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("connection.edit", "e", "edit", "Edit the settings of the connection", footer=2),
        Action(
            "connection.remove",
            "D",
            "remove",
            "Remove the connection (nothing is deleted in the runtime)",
            footer=3,
        ),
        Action("connection.test", "V", "test", "Test the connection step by step", footer=4),
        Action("app.refresh", "r", "refresh", "Refresh the capabilities of the runtime", footer=5),
    )

    def __init__(self, item_id: str, then: str = "") -> None:
        super().__init__()
        self.item_id = item_id
        self._then = then
        self._items: list[Item] = []
        #: the state of the cluster; empty if there is none
        self._cluster: list[Item] = []

    def title_text(self) -> str:
        """Return the name of the connection."""
        return self.item_id

    def body(self) -> ComposeResult:
        """Yield the details."""
        yield Details(id="details")

    async def load(self) -> None:
        """Read the connection and show its details."""
        service = self.desk.connections
        connection = await self.read(service.get, self.item_id)
        groups = await self.read(service.groups, self.item_id)
        capabilities = await self.read(service.capabilities, self.item_id)
        secrets = await self.read(service.kept, self.item_id)
        kinds = {kind.id: kind for kind in await self.read(service.kinds)}
        kind = kinds.get(connection.kind)
        self._items = connection_items(
            connection, kind, groups, capabilities, secrets, self.launchpad.look
        )
        self._show()
        if kind is not None and kind.engine and not self._cluster:
            self._cluster = [heading("Cluster"), Item("", "Fetching partitions and jobs", "dim")]
            self._show()
            self._fetch_cluster()
            self.set_interval(_CLUSTER_SECONDS, self._fetch_cluster)
        if self._then == "test":
            self._then = ""
            self.run_task(self.do_test(), "test")

    def _show(self) -> None:
        """Show the state of the cluster before the settings."""
        headings = [place for place, item in enumerate(self._items) if item.heading]
        place = headings[1] if len(headings) > 1 else len(self._items)
        items = [*self._items[:place], *self._cluster, *self._items[place:]]
        self.query_one("#details", Details).set_items(items)

    def _fetch_cluster(self) -> None:
        if self.is_current:
            self.run_task(self._update_cluster(), "cluster")

    async def _update_cluster(self) -> None:
        """Show the state of the cluster, or why it cannot be fetched."""
        try:
            cluster = await self.launchpad.network(self.desk.connections.cluster, self.item_id)
        except LaunchpadError as error:
            self._cluster = [heading("Cluster"), Item("Error", str(error), "bad")]
        else:
            linked = self.scope.connection == self.item_id
            self._cluster = cluster_items(cluster, linked=linked) if cluster is not None else []
        self._show()

    def why_not_remove(self) -> str | None:
        """Disable removing the connection to this machine."""
        return why_not_removable(self.item_id)

    def do_edit(self) -> None:
        """Open the wizard that edits the settings."""
        self.launchpad.open("connection.edit", item_id=self.item_id)

    async def do_test(self) -> None:
        """Test the connection step by step."""
        await run_connection_test(self, self.item_id)

    async def do_remove(self) -> None:
        """Remove the connection after a confirmation, and close the screen."""
        if await remove_connection(self, self.item_id):
            self.dismiss(None)

    def do_refresh(self) -> None:
        """Refresh the capabilities of the runtime and the state of its cluster."""
        if self._cluster:
            self._fetch_cluster()
        self.run_task(refresh_connection(self, self.item_id), "refresh")
