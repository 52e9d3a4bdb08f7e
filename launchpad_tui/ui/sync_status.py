"""How old what is shown of a runtime elsewhere is, in the header; and the process that keeps it fresh."""

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
from launchpad_tui.ui.widgets.bars import FooterLine, HeaderLine

if TYPE_CHECKING:
    from launchpad_tui.services.sync.service import Freshness
    from launchpad_tui.ui.app import LaunchpadApp

log = logging.getLogger("launchpad_tui.ui")
#: seconds between two looks at how old it is, and where all is of this machine
LOOK_SECONDS, REST_SECONDS = 1.0, 4.0
#: seconds between two words that somebody looks, and before a sync daemon that ended is started again
WANT_SECONDS, START_SECONDS = 30.0, 20.0
#: seconds before metrics that were asked for may be asked for again
_AGAIN = 60.0


class FreshnessWatch:
    """Follows how old what is shown is. Used on the UI's thread only."""

    def __init__(self, app: LaunchpadApp) -> None:
        self._app = app
        #: what the header says, and its role; empty for what is of this machine
        self.text, self.role = "", "dim"
        #: whether to start the sync daemon
        self.keeping = True
        self._wanted_at = self._started_at = -1e9
        self._scope: Scope | None = None
        self._daemon: subprocess.Popen[bytes] | None = None
        self._asked: dict[str, float] = {}
        self._able = Capabilities()

    @property
    def remote(self) -> bool:
        """Whether what is shown was read from elsewhere, as far as is known yet."""
        return bool(self.text)

    def lacks(self, capability: str) -> str:
        """Why the runtime of what is shown does not do something, by the attribute of `Capabilities`; empty where it
        does."""
        if getattr(self._able, capability):
            return ""
        return self._able.reasons.get(capability, "") or "The runtime does not do this"

    async def follow(self) -> None:
        """Look again and again, for as long as the app is open."""
        while True:
            try:
                await self.look()
            except LaunchpadError as error:
                log.warning("how old things are cannot be told: %s", error.title)
            await asyncio.sleep(LOOK_SECONDS if self.remote else REST_SECONDS)

    async def look(self) -> None:
        """See how old what is shown is, and that somebody keeps it fresh."""
        app = self._app
        scope, desk = app.scope, app.desk
        readable = await app.read(desk.sync.remote_connections)
        if self.keeping and desk.settings.sync.background and readable:
            await self._keep()
        try:
            remote = await app.read(desk.sync.is_remote, scope)
        except NotFound:
            # The connection was removed; the screen reports that.
            remote = False
        if not remote:
            self._able = Capabilities()
            self._say("", "dim")
            return
        able = await app.read(desk.connections.capabilities, scope.connection)
        if able != self._able:
            self._able = able
            self._app._repaint(FooterLine)
        if scope.connection not in readable:
            # This version does not know the type of the connection.
            self._say("never read", "warn")
            return
        if scope != self._scope or time.monotonic() - self._wanted_at > WANT_SECONDS:
            self._scope, self._wanted_at = scope, time.monotonic()
            await app.read(desk.sync.want, scope)
        self._say(*words(await app.read(desk.sync.freshness, scope)))

    async def ask(self) -> None:
        """Have what is shown read now, where it is of elsewhere."""
        if self.remote:
            await self._app.read(self._app.desk.sync.ask, self._app.scope)
            self._app.say(f"Asked {self._app.scope.connection} for what is new")

    async def read_metrics(self, execution_ids: Sequence[str]) -> None:
        """Read what executions elsewhere logged, where that was not read yet; what is shown follows by itself."""
        scope, at = self._app.scope, time.monotonic()
        if not self.remote:
            return
        ids = [
            one
            for one in execution_ids
            if one and at - self._asked.get(f"{scope} {one}", -1e9) > _AGAIN
        ]
        if not ids:
            return
        due = await self._app.read(self._app.desk.sync.metrics_due, scope, ids)
        if due:
            self._asked |= dict.fromkeys((f"{scope} {one}" for one in ids), at)
            await self._app.network(self._app.desk.sync.read_metrics, scope, ids)

    def close(self) -> None:
        """The sync daemon ends with its standard input."""
        if self._daemon is not None and self._daemon.stdin is not None:
            self._daemon.stdin.close()

    async def _keep(self) -> None:
        ended = self._daemon is None or self._daemon.poll() is not None
        if ended and time.monotonic() - self._started_at > START_SECONDS:
            self._started_at = time.monotonic()
            self._daemon = await self._app.read(
                _start, str(self._app.desk.home.root), str(self._app.desk.home.settings_path)
            )

    def _say(self, text: str, role: str) -> None:
        if (text, role) != (self.text, self.role):
            self.text, self.role = text, role
            self._app._repaint(HeaderLine)


def words(of: Freshness) -> tuple[str, str]:
    """What the header says, and its role. It changes at most once a minute where nothing goes on."""
    age = "" if of.done_at is None else _age((now() - of.done_at).total_seconds())
    if of.held:
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
        [sys.executable, "-m", "launchpad_tui", "_keep", root, settings],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
