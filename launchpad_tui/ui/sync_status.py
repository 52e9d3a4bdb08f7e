"""The age of a remote runtime's data for the header, and the sync daemon that updates the data."""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from launchpad_tui.domain.connection import Capabilities, Scope
from launchpad_tui.domain.timestamps import now
from launchpad_tui.errors import LaunchpadError, NotFound

if TYPE_CHECKING:
    from launchpad_tui.services.sync.service import Freshness
    from launchpad_tui.ui.shell import Shell

log = logging.getLogger("launchpad_tui.ui")
#: seconds between two updates of the header if the current scope is remote, and if it is not
_REMOTE_SECONDS, _LOCAL_SECONDS = 1.0, 4.0
#: seconds between two requests to keep the scope synced, and before an ended daemon is restarted
_REQUEST_SECONDS, _RESTART_SECONDS = 30.0, 20.0
#: seconds before the metrics of an execution are requested again
_METRICS_SECONDS = 60.0


class SyncStatus:
    """The age of the data shown, and the sync daemon that this app starts.

    Used on the UI's thread only.
    """

    def __init__(self, app: Shell) -> None:
        self._app = app
        #: the header's text and its color role; empty if the data belong to this machine
        self.text, self.role = "", "dim"
        #: whether to start the sync daemon
        self.start_daemon = True
        self._requested_at = self._started_at = -1e9
        self._scope: Scope | None = None
        self._daemon: subprocess.Popen[bytes] | None = None
        self._metrics_requested_at: dict[str, float] = {}
        self._capabilities = Capabilities()

    @property
    def remote(self) -> bool:
        """Whether the data shown belong to a remote runtime, as far as is known yet."""
        return bool(self.text)

    def missing_reason(self, capability: str) -> str:
        """Return why the current runtime lacks a capability, empty if it has the capability."""
        if getattr(self._capabilities, capability):
            return ""
        return self._capabilities.reasons.get(capability, "") or "The runtime does not support this"

    async def follow(self) -> None:
        """Update the header regularly, for as long as the app is open."""
        while True:
            try:
                await self.update()
            except LaunchpadError as error:
                log.warning("reading the sync status failed: %s", error.title)
            await asyncio.sleep(_REMOTE_SECONDS if self.remote else _LOCAL_SECONDS)

    async def update(self) -> None:
        """Update header and capabilities, and make sure that the sync daemon runs."""
        app = self._app
        scope, desk = app.scope, app.desk
        readable = await app.read(desk.sync.remote_connections)
        if self.start_daemon and desk.settings.sync.background and readable:
            await self._ensure_daemon()
        try:
            remote = await app.read(desk.sync.is_remote, scope)
            capabilities = await app.read(desk.connections.capabilities, scope.connection)
        except NotFound:
            # The connection was removed; the screen reports that.
            remote, capabilities = False, Capabilities()
        if capabilities != self._capabilities:
            self._capabilities = capabilities
            self._app.repaint_footer()
        if not remote:
            self._show("", "dim")
            return
        if scope.connection not in readable:
            # This version does not support the type of the connection.
            self._show("never synced", "warn")
            return
        if scope != self._scope or time.monotonic() - self._requested_at > _REQUEST_SECONDS:
            self._scope, self._requested_at = scope, time.monotonic()
            await app.read(desk.sync.mark_displayed, scope)
        self._show(*header_text(await app.read(desk.sync.freshness, scope)))

    async def request_sync(self) -> None:
        """Ask the sync daemon to sync the current scope now, if it is remote."""
        if self.remote:
            await self._app.read(self._app.desk.sync.request, self._app.scope)
            self._app.say(f"Sync of {self._app.scope.connection} requested")

    async def read_metrics(self, execution_ids: Sequence[str]) -> None:
        """Read the metrics of remote executions if they are due; screens then update themselves."""
        scope, at = self._app.scope, time.monotonic()
        if not self.remote:
            return
        ids = [
            one
            for one in execution_ids
            if one
            and at - self._metrics_requested_at.get(f"{scope} {one}", -1e9) > _METRICS_SECONDS
        ]
        if not ids:
            return
        due = await self._app.read(self._app.desk.sync.metrics_due, scope, ids)
        if due:
            self._metrics_requested_at |= dict.fromkeys((f"{scope} {one}" for one in ids), at)
            await self._app.network(self._app.desk.sync.read_metrics, scope, ids)

    def close(self) -> None:
        """Stop the sync daemon: it ends when its standard input is closed."""
        if self._daemon is not None and self._daemon.stdin is not None:
            self._daemon.stdin.close()

    async def _ensure_daemon(self) -> None:
        ended = self._daemon is None or self._daemon.poll() is not None
        if ended and time.monotonic() - self._started_at > _RESTART_SECONDS:
            self._started_at = time.monotonic()
            self._daemon = await self._app.read(
                _start, str(self._app.desk.home.root), str(self._app.desk.home.settings_path)
            )

    def _show(self, text: str, role: str) -> None:
        if (text, role) != (self.text, self.role):
            self.text, self.role = text, role
            self._app.repaint_header()


def header_text(of: Freshness) -> tuple[str, str]:
    """Return the header's text and its color role.

    Between two syncs it changes at most once a minute.
    """
    age = "" if of.done_at is None else _age((now() - of.done_at).total_seconds())
    synced = f"synced {age}" if age else "never synced"
    if of.paused:
        return f"sync paused, {synced}", "warn"
    if of.error:
        return f"{synced}: {of.error}", "warn"
    if of.part:
        return f"syncing {of.position:,} of {of.total:,} {of.part}", "accent"
    return (synced, "dim") if age else ("first sync", "accent")


def _age(seconds: float) -> str:
    if seconds < 90:
        return "just now"
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= size * (2 if unit != "min" else 1):
            return f"{int(seconds // size)} {unit} ago"
    return "just now"


def _start(root: str, settings: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "launchpad_tui", "_sync_daemon", root, settings],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
