"""Follows the changes of the registry, and reconciles executions with their processes."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from launchpad_tui.errors import LaunchpadError
from launchpad_tui.ui.execution_watch import ExecutionWatch
from launchpad_tui.ui.screens.common.screen import LaunchpadScreen, RegistryChanged
from launchpad_tui.ui.shell import Shell

if TYPE_CHECKING:
    from textual.screen import Screen

RECONCILE_SECONDS = 3.0
#: seconds after which polling continues when it failed
_RETRY_SECONDS = 2.0


class WatchingShell(Shell, Protocol):
    """The app as `RegistryWatch` uses it."""

    @property
    def screen_stack(self) -> Sequence[Screen[object]]:
        """The open screens, the top one last."""

    async def count_objects(self) -> None:
        """Read the numbers of the tab bar."""

    @property
    def execution_watch(self) -> ExecutionWatch:
        """Reports executions that have ended."""


class RegistryWatch:
    """The changes that this app and other processes commit. Used on the UI's thread only."""

    def __init__(self, app: WatchingShell) -> None:
        self._app = app

    async def follow(self) -> None:
        """Poll for changes and pass them to the screens, for as long as the app is open."""
        app = self._app
        while True:
            await asyncio.sleep(app.desk.settings.ui.refresh_seconds)
            try:
                topics = await app.read(app.desk.changes.poll)
                if topics:
                    await self.announce(topics)
            except Exception as error:  # noqa: BLE001  shown, then polled again
                app.show_error(error)
                await asyncio.sleep(_RETRY_SECONDS)

    async def announce(self, topics: frozenset[str]) -> None:
        """Pass changes to the screens; those below another screen load their data later."""
        app = self._app
        if topics & {"executions", "artifacts", "configurations"}:
            await app.count_objects()
        if "executions" in topics:
            await app.execution_watch.update()
        for screen in app.screen_stack:
            if isinstance(screen, LaunchpadScreen):
                if screen.is_current:
                    screen.post_message(RegistryChanged(topics))
                else:
                    screen.missed(topics)

    async def reconcile(self) -> None:
        """Reconcile executions with their processes regularly, for as long as the app is open."""
        app = self._app
        while True:
            try:
                await app.network(app.desk.executions.reconcile)
            except LaunchpadError as error:
                if not error.retryable:
                    raise
            await asyncio.sleep(RECONCILE_SECONDS)
