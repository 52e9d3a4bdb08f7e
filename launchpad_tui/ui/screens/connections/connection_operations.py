"""Operations on connections that several screens offer: test, refresh, delete."""

from __future__ import annotations

from launchpad_tui.domain.connection import Scope
from launchpad_tui.errors import CapabilityMissing
from launchpad_tui.services.desk import Desk
from launchpad_tui.ui.screens.common.probe_dialog import ProbeDialog
from launchpad_tui.ui.screens.common.screen import LaunchpadScreen
from launchpad_tui.ui.widgets.dialogs import ConfirmDialog


async def refresh_connection(screen: LaunchpadScreen, name: str) -> None:
    """Ask a connection's runtime what it can do, and say what came of it."""
    try:
        await screen.launchpad.network(screen.desk.connections.refresh, name)
    except CapabilityMissing as error:
        # Known beforehand and no fault: it needs no dialog.
        screen.launchpad.say(f"{error.title}. {error.detail}", "warn", 8)
    else:
        screen.launchpad.say(f"{name} answered", "good")


async def delete_connection(screen: LaunchpadScreen, name: str) -> bool:
    """Ask whether to delete a connection, and do it; says whether it was."""
    known = await screen.read(screen.desk.connections.known, name)
    counted = (
        f"{count:,} {what if count != 1 else what.removesuffix('s')}"
        for what, count in known.items()
        if count
    )
    told = ", ".join(counted) or "nothing was read of it yet"
    secrets = (
        ", and the credentials kept here"
        if await screen.read(screen.desk.connections.keeps_secrets, name)
        else ""
    )
    detail = f"Its local data are removed ({told}){secrets}. "
    detail += "Nothing is deleted in the runtime and its object stores."
    question = ConfirmDialog(f"Delete the connection {name}?", detail, yes="delete", danger=True)
    if not await screen.launchpad.ask(question):
        return False
    await screen.read(screen.desk.connections.delete, name)
    await choose_existing_scope(screen)
    screen.launchpad.say(f"Deleted the connection {name}", "good")
    return True


async def choose_existing_scope(screen: LaunchpadScreen) -> None:
    """Choose the default resource group if the chosen one does not exist any more."""
    current = await screen.read(screen.desk.connections.current)
    if current != screen.scope and not await screen.read(_exists, screen.desk, screen.scope):
        await screen.launchpad.choose_scope(current, then="")
        screen.reload()


def _exists(desk: Desk, scope: Scope) -> bool:
    names = {connection.name for connection in desk.connections.list()}
    return scope.connection in names and any(
        group.name == scope.resource_group for group in desk.connections.groups(scope.connection)
    )


async def probe_connection(screen: LaunchpadScreen, name: str, resource_group: str = "") -> None:
    """Show a look at a connection.

    Args:
        resource_group: the one that is looked at; empty: what the credentials name, else ``default``.
    """
    service = screen.desk.connections
    await screen.launchpad.ask(
        ProbeDialog(name, lambda tell: service.test(name, resource_group, tell))
    )
