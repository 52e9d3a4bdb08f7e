"""Connections and their resource groups, in one list: where everything else is shown from."""

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
    choose_existing_scope,
    delete_connection,
    probe_connection,
    refresh_connection,
)
from launchpad_tui.ui.widgets.dialogs import ConfirmDialog, PromptDialog
from launchpad_tui.ui.widgets.table import VirtualTable

_NOTHING = "There is nothing under the cursor"


class _ScopeTable(VirtualTable[ScopeLine]):
    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action(
            "table.open",
            "enter",
            "choose",
            "Choose this resource group; of a connection: its details.",
            "List",
            1,
        ),
    )


class ConnectionsScreen(LaunchpadScreen):
    """All connections, each with its resource groups below it; enter on a group chooses it."""

    TITLE_TEXT = "Connections"
    TOPICS = frozenset({"connections"})
    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("connections.add", "a", "add", "Add a connection to an AI runtime", footer=2),
        Action(
            "connections.add-group",
            "n",
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
            "delete",
            "Remove the connection, or delete the resource group",
            footer=6,
        ),
        Action(
            "connections.test",
            "V",
            "test",
            "Test the connection step by step",
            footer=4,
        ),
        Action("connections.pause", "H", "hold", "Pause or resume background sync"),
        Action(
            "connections.stores",
            "t",
            "stores",
            "The object stores of this resource group.",
            footer=7,
        ),
        Action(
            "app.refresh", "r", "refresh", "Ask this connection's runtime what it can do.", footer=8
        ),
    )

    def body(self) -> ComposeResult:
        """The list."""
        columns = scope_columns(self.launchpad.look)
        yield _ScopeTable(
            columns, lambda line: line.key, title=self.TITLE_TEXT, multi=False, id="list"
        )

    @property
    def table(self) -> VirtualTable[ScopeLine]:
        """The list."""
        return self.query_one("#list", VirtualTable)

    async def load(self) -> None:
        """Read all of them anew."""
        rows = await self.read(scope_lines, self.desk, self.scope)
        first = self.table.row is None
        self.table.set_rows(rows)
        if first:
            at = next((place for place, line in enumerate(rows) if line.chosen), 0)
            self.call_after_refresh(self.table.move_to, at)

    @on(VirtualTable.Opened)
    async def opened(self, event: VirtualTable.Opened) -> None:
        """Key ``enter``: a group is chosen, a connection shows its details."""
        line: ScopeLine = event.row
        if line.scope is None:
            self.launchpad.open("connection", item_id=line.connection.name)
            return
        await self.launchpad.choose_scope(line.scope)
        self.launchpad.say(f"Everything now shows {line.scope}", "good")

    # Actions --------------------------------------------------------------------------------------

    def why_not_details(self) -> str | None:
        """A line is needed."""
        return None if self.table.row is not None else _NOTHING

    why_not_add_group = why_not_test = why_not_details

    def why_not_edit(self) -> str | None:
        """A resource group has nothing that could be changed."""
        row = self.table.row
        if row is None:
            return _NOTHING
        return (
            None
            if row.group is None
            else "A resource group cannot be changed: e on its connection changes that"
        )

    def why_not_remove(self) -> str | None:
        """What always exists stays."""
        row = self.table.row
        if row is None:
            return _NOTHING
        if row.group is None and row.connection.name == DEFAULT_SCOPE.connection:
            return "This machine stays: it cannot be deleted"
        if row.group is not None and row.group.name == DEFAULT_SCOPE.resource_group:
            return "Every connection keeps its resource group default"
        return None

    def why_not_stores(self) -> str | None:
        """Stores belong to a group."""
        row = self.table.row
        return (
            None
            if row is not None and row.group is not None
            else "Object stores belong to a resource group"
        )

    def do_add(self) -> None:
        """Key ``a``."""
        self.launchpad.open("connection.add")

    def do_add_group(self) -> None:
        """Key ``n``."""
        if (row := self.table.row) is not None:
            self.launchpad.open("group.add", item_id=row.connection.name)

    def why_not_pause(self) -> str | None:
        """This machine is not read."""
        row = self.table.row
        if row is None:
            return _NOTHING
        if row.kind is None or not row.kind.remote:
            return "It is not read in the background"
        return None

    async def do_pause(self) -> None:
        """Key ``H``."""
        if (row := self.table.row) is not None:
            name, service = row.connection.name, self.desk.sync
            pause = name not in await self.read(service.paused)
            await self.read(service.pause if pause else service.resume, name)
            said = (
                f"Background sync of {name} paused; H resumes it"
                if pause
                else f"Background sync of {name} resumed"
            )
            self.launchpad.say(said, "warn" if pause else "good")

    async def do_test(self) -> None:
        """Key ``V``."""
        if (row := self.table.row) is not None:
            await probe_connection(
                self, row.connection.name, row.group.name if row.group is not None else ""
            )

    def do_details(self) -> None:
        """Key ``i``."""
        if (row := self.table.row) is not None:
            self.launchpad.open("connection", item_id=row.connection.name)

    def do_edit(self) -> None:
        """Key ``e``."""
        if (row := self.table.row) is not None:
            self.launchpad.open("connection.edit", item_id=row.connection.name)

    def do_stores(self) -> None:
        """Key ``t``."""
        if (row := self.table.row) is not None and row.scope is not None:
            self.launchpad.open("group.stores", scope=row.scope)

    async def do_remove(self) -> None:
        """Key ``D``."""
        row = self.table.row
        if row is not None and row.scope is not None:
            await self._delete_group(row.scope)
        elif row is not None:
            await delete_connection(self, row.connection.name)

    async def _delete_group(self, scope: Scope) -> None:
        if await self.read(self.desk.sync.is_remote, scope):
            title = f"Delete the resource group {scope.resource_group} of {scope.connection}"
            detail = "Its runtime deletes it with all that is in it, for everybody. To do it, type the group's name."
            name = scope.resource_group
            if (
                await self.launchpad.ask(
                    PromptDialog(title, "", detail, take="delete", danger=True, only=name)
                )
                is None
            ):
                self.launchpad.say("Nothing was deleted")
                return
        else:
            detail = "Its configurations, executions, artifacts and metrics are deleted. The files in its object "
            detail += "stores are kept."
            question = ConfirmDialog(
                f"Delete the resource group {scope}?", detail, yes="delete", danger=True
            )
            if not await self.launchpad.ask(question):
                return
        await self.launchpad.act(self.desk.connections.delete_group, scope)
        await choose_existing_scope(self)
        self.launchpad.say(f"Deleted the resource group {scope}", "good")

    def do_refresh(self) -> None:
        """Key ``r``."""
        if (row := self.table.row) is not None:
            self.run_task(refresh_connection(self, row.connection.name), "refresh")
        self.reload()


def scope_lines(desk: Desk, chosen: Scope) -> list[ScopeLine]:
    """Every connection, each followed by its resource groups. Reads the registry."""
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
                ScopeLine(connection, kind, group, stores, place == len(groups), scope == chosen)
            )
    return lines
