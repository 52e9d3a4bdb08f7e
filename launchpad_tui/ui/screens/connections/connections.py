"""The list of connections and their resource groups, which selects what all screens show."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult

from launchpad_tui.domain.connection import DEFAULT_SCOPE, Scope
from launchpad_tui.services.desk import Desk
from launchpad_tui.ui.keymap import Action
from launchpad_tui.ui.screens.common.screen import LaunchpadScreen
from launchpad_tui.ui.screens.connections.connection_items import ScopeLine, scope_columns
from launchpad_tui.ui.screens.connections.connection_operations import (
    refresh_connection,
    remove_connection,
    run_connection_test,
    switch_to_existing_scope,
    why_not_removable,
)
from launchpad_tui.ui.widgets.dialogs import ConfirmDialog, PromptDialog
from launchpad_tui.ui.widgets.table import VirtualTable

_NO_ROW = "No connection is under the cursor"


class _ScopeTable(VirtualTable[ScopeLine]):
    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action(
            "table.open",
            "enter",
            "switch to",
            "Switch to the resource group, or open the details of the connection",
            "List",
            1,
        ),
    )


class ConnectionsScreen(LaunchpadScreen):
    """All connections, each followed by its resource groups, one of which is the current one."""

    TITLE_TEXT = "Connections"
    TOPICS = frozenset({"connections"})
    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("connections.add", "a", "add", "Add a connection to an AI runtime", footer=2),
        Action(
            "connections.add-group",
            "+",
            "new group",
            "Add a resource group to the connection",
            footer=3,
        ),
        Action(
            "connections.details",
            "i",
            "details",
            "Show settings, status and capabilities of the connection",
            footer=4,
        ),
        Action("connections.edit", "e", "edit", "Edit the settings of the connection", footer=5),
        Action(
            "connections.remove",
            "D",
            "remove",
            "Remove the connection, or delete the resource group",
            footer=6,
        ),
        Action("connections.test", "V", "test", "Test the connection step by step", footer=4),
        Action("connections.pause", "H", "pause", "Pause or resume background sync"),
        Action(
            "connections.stores",
            "t",
            "stores",
            "Show the object stores of the resource group",
            footer=7,
        ),
        Action("app.refresh", "r", "refresh", "Refresh the capabilities of the runtime", footer=8),
    )

    def body(self) -> ComposeResult:
        """Yield the list."""
        columns = scope_columns(self.launchpad.look)
        yield _ScopeTable(
            columns, lambda line: line.key, title=self.TITLE_TEXT, multi=False, id="list"
        )

    @property
    def table(self) -> VirtualTable[ScopeLine]:
        """The list of connections and resource groups."""
        return self.query_one("#list", VirtualTable)

    async def load(self) -> None:
        """Read the connections; at first, move the cursor to the current resource group."""
        rows = await self.read(scope_lines, self.desk, self.scope)
        first = not self.table.state().row_id
        self.table.set_rows(rows)
        if first:
            current = next((place for place, line in enumerate(rows) if line.current), 0)
            self.call_after_refresh(self.table.move_to, current)

    @on(VirtualTable.Opened)
    async def opened(self, event: VirtualTable.Opened) -> None:
        """Switch to a resource group, or open the details of a connection."""
        line: ScopeLine = event.row
        if line.scope is None:
            self.launchpad.open("connection", item_id=line.connection.name)
            return
        await self.launchpad.choose_scope(line.scope)
        self.launchpad.say(f"Switched to {line.scope}", "good")

    # Actions --------------------------------------------------------------------------------------

    def why_not_details(self) -> str | None:
        """Disable the action without a row under the cursor."""
        return None if self.table.row is not None else _NO_ROW

    why_not_add_group = why_not_test = why_not_details

    def why_not_edit(self) -> str | None:
        """Disable the action on a resource group, which has no settings."""
        row = self.table.row
        if row is None:
            return _NO_ROW
        return (
            None
            if row.group is None
            else "A resource group has no settings; move the cursor to its connection"
        )

    def why_not_remove(self) -> str | None:
        """Disable removing the connection to this machine and the default resource groups."""
        row = self.table.row
        if row is None:
            return _NO_ROW
        if row.group is None:
            return why_not_removable(row.connection.name)
        if row.group.name == DEFAULT_SCOPE.resource_group:
            return f"The resource group {row.group.name} of a connection cannot be deleted"
        return None

    def why_not_stores(self) -> str | None:
        """Disable the action on a connection, whose stores belong to its resource groups."""
        row = self.table.row
        return (
            None
            if row is not None and row.group is not None
            else "Object stores belong to a resource group; move the cursor to one"
        )

    def do_add(self) -> None:
        """Open the wizard that adds a connection."""
        self.launchpad.open("connection.add")

    def do_add_group(self) -> None:
        """Open the wizard that adds a resource group to the connection."""
        if (row := self.table.row) is not None:
            self.launchpad.open("group.add", item_id=row.connection.name)

    def why_not_pause(self) -> str | None:
        """Disable the action for connections without background sync."""
        row = self.table.row
        if row is None:
            return _NO_ROW
        if row.kind is None or not row.kind.remote:
            return "This connection has no background sync"
        return None

    async def do_pause(self) -> None:
        """Pause background sync of the connection, or resume it."""
        if (row := self.table.row) is not None:
            name, service = row.connection.name, self.desk.sync
            pause = name not in await self.read(service.paused)
            await self.read(service.pause if pause else service.resume, name)
            if pause:
                text = f"Background sync of {name} paused; press H to resume it"
                self.launchpad.say(text, "warn")
            else:
                self.launchpad.say(f"Background sync of {name} resumed", "good")

    async def do_test(self) -> None:
        """Test the connection, with the resource group under the cursor."""
        if (row := self.table.row) is not None:
            group = row.group.name if row.group is not None else ""
            await run_connection_test(self, row.connection.name, group)

    def do_details(self) -> None:
        """Open the details of the connection."""
        if (row := self.table.row) is not None:
            self.launchpad.open("connection", item_id=row.connection.name)

    def do_edit(self) -> None:
        """Open the wizard that edits the connection."""
        if (row := self.table.row) is not None:
            self.launchpad.open("connection.edit", item_id=row.connection.name)

    def do_stores(self) -> None:
        """Open the list of object stores of the resource group."""
        if (row := self.table.row) is not None and row.scope is not None:
            self.launchpad.open("group.stores", scope=row.scope)

    async def do_remove(self) -> None:
        """Remove the connection, or delete the resource group, after a confirmation."""
        row = self.table.row
        if row is not None and row.scope is not None:
            await self._delete_group(row.scope)
        elif row is not None:
            await remove_connection(self, row.connection.name)

    async def _delete_group(self, scope: Scope) -> None:
        title = f"Delete the resource group {scope}?"
        if await self.read(self.desk.sync.is_remote, scope):
            detail = (
                "The runtime deletes it with all its contents, for all users. "
                "Type the name of the resource group to confirm."
            )
            prompt = PromptDialog(
                title, "", detail, verb="delete", danger=True, only=scope.resource_group
            )
            if await self.launchpad.ask(prompt) is None:
                self.launchpad.say("Nothing was deleted")
                return
        else:
            detail = (
                "Its configurations, executions, artifacts and metrics are deleted. "
                "The files in its object stores are kept."
            )
            question = ConfirmDialog(title, detail, yes="delete", danger=True)
            if not await self.launchpad.ask(question):
                return
        await self.launchpad.act(self.desk.connections.delete_group, scope)
        await switch_to_existing_scope(self)
        self.launchpad.say(f"Resource group {scope} deleted", "good")

    def do_refresh(self) -> None:
        """Refresh the capabilities of the connection's runtime, and the list."""
        if (row := self.table.row) is not None:
            self.run_task(refresh_connection(self, row.connection.name), "refresh")
        self.reload()


def scope_lines(desk: Desk, current: Scope) -> list[ScopeLine]:
    """Read all connections from the registry, each followed by its resource groups.

    Args:
        desk: the services.
        current: the current resource group, whose line is marked.
    """
    service = desk.connections
    kinds = {kind.id: kind for kind in service.kinds()}
    lines: list[ScopeLine] = []
    for connection in service.list():
        kind = kinds.get(connection.kind)
        lines.append(ScopeLine(connection, kind))
        groups = service.groups(connection.name)
        for place, group in enumerate(groups, 1):
            scope = Scope(connection.name, group.name)
            stores = tuple(desk.stores.list(scope))
            lines.append(
                ScopeLine(connection, kind, group, stores, place == len(groups), scope == current)
            )
    return lines
