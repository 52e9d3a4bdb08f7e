"""Operations on connections that several screens offer: test, refresh and remove."""

from __future__ import annotations

from launchpad_tui.domain.connection import DEFAULT_SCOPE, Scope
from launchpad_tui.errors import CapabilityMissing
from launchpad_tui.services.desk import Desk
from launchpad_tui.ui.screens.common.probe_dialog import ProbeDialog
from launchpad_tui.ui.screens.common.screen import LaunchpadScreen
from launchpad_tui.ui.widgets.dialogs import ConfirmDialog


async def refresh_connection(screen: LaunchpadScreen, name: str) -> None:
    """Refresh the capabilities of a connection's runtime, and show the result as a message."""
    try:
        await screen.launchpad.network(screen.desk.connections.refresh, name)
    except CapabilityMissing as error:
        # An unsupported type is a known limit and not a failure, so a message is sufficient.
        screen.launchpad.say(f"{error.title}. {error.detail}", "warn", 8)
    else:
        screen.launchpad.say(f"Connection {name} refreshed", "good")


def why_not_removable(name: str) -> str | None:
    """Return why a connection cannot be removed, or None if it can."""
    if name == DEFAULT_SCOPE.connection:
        return "The connection to this machine cannot be removed"
    return None


async def remove_connection(screen: LaunchpadScreen, name: str) -> bool:
    """Remove a connection after a confirmation, and return whether it was removed."""
    known = await screen.read(screen.desk.connections.known, name)
    counts = (
        f"{count:,} {title if count != 1 else title.removesuffix('s')}"
        for title, count in known.items()
        if count
    )
    data = ", ".join(counts) or "none yet"
    secrets = (
        " and the stored credentials"
        if await screen.read(screen.desk.connections.keeps_secrets, name)
        else ""
    )
    detail = f"Its data on this machine ({data}){secrets} are removed. "
    detail += "Nothing is deleted in the runtime and its object stores."
    question = ConfirmDialog(f"Remove the connection {name}?", detail, yes="remove", danger=True)
    if not await screen.launchpad.ask(question):
        return False
    await screen.read(screen.desk.connections.delete, name)
    await switch_to_existing_scope(screen)
    screen.launchpad.say(f"Connection {name} removed", "good")
    return True


async def switch_to_existing_scope(screen: LaunchpadScreen) -> None:
    """Switch to the default resource group if the current one does not exist anymore."""
    current = await screen.read(screen.desk.connections.current)
    if current != screen.scope and not await screen.read(_exists, screen.desk, screen.scope):
        await screen.launchpad.choose_scope(current, then="")
        screen.reload()


def _exists(desk: Desk, scope: Scope) -> bool:
    names = {connection.name for connection in desk.connections.list()}
    return scope.connection in names and any(
        group.name == scope.resource_group for group in desk.connections.groups(scope.connection)
    )


async def run_connection_test(screen: LaunchpadScreen, name: str, resource_group: str = "") -> None:
    """Test a connection in a dialog that shows each step.

    Args:
        screen: the screen that opens the dialog.
        name: the name of the connection.
        resource_group: the resource group to test; if empty, the one that the credentials name,
            else ``default``.
    """
    service = screen.desk.connections
    await screen.launchpad.ask(
        ProbeDialog(name, lambda report: service.test(name, resource_group, report))
    )
