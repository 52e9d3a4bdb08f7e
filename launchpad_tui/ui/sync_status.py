"""The age of a remote runtime's data, which the header shows, and the sync daemon that updates
them."""

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
#: seconds between two updates of the header, if the chosen scope is remote and if it is local
_REMOTE_SECONDS, _LOCAL_SECONDS = 1.0, 4.0
#: seconds between two requests to keep the scope synced, and before an ended sync daemon is
#: restarted
_REQUEST_SECONDS, _RESTART_SECONDS = 30.0, 20.0
#: seconds before the metrics of an execution are requested again
_METRICS_SECONDS = 60.0


class SyncStatus:
    """The age of the data shown, and the sync daemon that this app starts.

    Used on the UI's thread only.
    """

    def __init__(self, app: Shell) -> None:
        self._app = app
        #: the header's text and its colour role; empty if the data belong to this machine
        self.text, self.role = "", "dim"
        #: whether to start the sync daemon
        self.start_daemon = True
        self._requested_at = self._started_at = -1e9
        self._scope: Scope | None = None
        self._daemon: subprocess.Popen[bytes] | None = None
        self._asked: dict[str, float] = {}
        self._capabilities = Capabilities()

    @property
    def remote(self) -> bool:
        """Whether the data shown belong to a remote runtime, as far as is known yet."""
        return bool(self.text)

    def missing_reason(self, capability: str) -> str:
        """Return why the runtime of the chosen scope does not offer a capability, empty if it
        does."""
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
        """Read the age of the data shown, and make sure that the sync daemon updates them."""
        app = self._app
        scope, desk = app.scope, app.desk
        readable = await app.read(desk.sync.remote_connections)
        if self.start_daemon and desk.settings.sync.background and readable:
            await self._ensure_daemon()
        try:
            remote = await app.read(desk.sync.is_remote, scope)
        except NotFound:
            # The connection was removed; the screen reports that.
            remote = False
        if not remote:
            self._capabilities = Capabilities()
            self._show("", "dim")
            return
        capabilities = await app.read(desk.connections.capabilities, scope.connection)
        if capabilities != self._capabilities:
            self._capabilities = capabilities
            self._app.repaint_footer()
        if scope.connection not in readable:
            # This version does not know the type of the connection.
            self._show("never read", "warn")
            return
        if scope != self._scope or time.monotonic() - self._requested_at > _REQUEST_SECONDS:
            self._scope, self._requested_at = scope, time.monotonic()
            await app.read(desk.sync.want, scope)
        self._show(*header_text(await app.read(desk.sync.freshness, scope)))

    async def request_sync(self) -> None:
        """Ask the sync daemon to read the chosen scope now, if it is remote."""
        if self.remote:
            await self._app.read(self._app.desk.sync.ask, self._app.scope)
            self._app.say(f"Asked {self._app.scope.connection} for what is new")

    async def read_metrics(self, execution_ids: Sequence[str]) -> None:
        """Read the metrics of remote executions that have not been read yet; the screens update by
        themselves."""
        scope, at = self._app.scope, time.monotonic()
        if not self.remote:
            return
        ids = [
            one
            for one in execution_ids
            if one and at - self._asked.get(f"{scope} {one}", -1e9) > _METRICS_SECONDS
        ]
        if not ids:
            return
        due = await self._app.read(self._app.desk.sync.metrics_due, scope, ids)
        if due:
            self._asked |= dict.fromkeys((f"{scope} {one}" for one in ids), at)
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
    """Return the header's text and its colour role.

    While nothing is read, it changes at most once a minute.
    """
    age = "" if of.done_at is None else _age((now() - of.done_at).total_seconds())
    if of.paused:
        return f"held, {f'read {age}' if age else 'never read'}", "warn"
    if of.error:
        return f"{f'read {age}' if age else 'never read'}: {of.error}", "warn"
    if of.part:
        return f"reading {of.position:,} of {of.total:,} {of.part}", "accent"
    return (f"read {age}", "dim") if age else ("reading for the first time", "accent")


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
