"""Synchronization of remote runtimes for screens and commands: sync, pause, resume, state."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from launchpad_tui.domain.connection import Scope
from launchpad_tui.domain.timestamps import now
from launchpad_tui.errors import LaunchpadError
from launchpad_tui.records import record
from launchpad_tui.registry import connections, mirror, mirror_tenant
from launchpad_tui.registry.database import Registry
from launchpad_tui.registry.mirror_tenant import GROUP, ReadingState
from launchpad_tui.runtimes.catalog import kind_of
from launchpad_tui.services.runtimes import Runtimes
from launchpad_tui.services.sync.group import GroupReading
from launchpad_tui.services.sync.lists import Progress
from launchpad_tui.services.sync.tenant import TenantReading

#: Stored states: when a resource group was last displayed, and when its sync was last requested.
DISPLAYED, REQUESTED = "wanted", "asked"
#: Stored state of a connection whose background sync is paused: when it was paused.
PAUSED = "held"
#: Minimum number of seconds between two polls while a caller waits for an execution.
FOLLOW_SECONDS = 2.0
#: The same while a caller shows lists: as often as the sync daemon polls executions.
FOLLOW_LISTS_SECONDS = 5.0


@record
class Freshness:
    """When a resource group was last synced, and the progress of the current sync.

    Attributes:
        done_at: When the last sync succeeded; None if none has succeeded.
        error: The title of the error of a later sync; empty if there was none.
        part: The list that is being read; empty if none is.
        position: The number of its entries read so far.
        total: The number of its entries.
        paused: Whether background sync of the connection is paused.
    """

    done_at: datetime | None = None
    error: str = ""
    part: str = ""
    position: int = 0
    total: int = 0
    paused: bool = False


class SyncService:
    """Syncs the registry with remote runtimes. Thread-safe."""

    def __init__(self, registry: Registry, runtimes: Runtimes) -> None:
        self._registry = registry
        self._runtimes = runtimes
        self._follow_at: dict[Scope, float] = {}
        self._follow_errors: dict[Scope, LaunchpadError] = {}

    def sync(
        self,
        scope: Scope,
        report: Callable[[Progress], None] = lambda _progress: None,
        stop: threading.Event | None = None,
        *,
        all_executables: bool = False,
        full: bool = False,
    ) -> None:
        """Sync a resource group and the shared records of its connection.

        Args:
            scope: The connection and resource group.
            report: Called with the progress.
            stop: Cancels the sync when set.
            all_executables: Read the executables of all scenarios, including unchanged ones.
            full: Read all lists from the start, even if their counts did not change.

        Raises:
            NotFound: The scope does not exist.
            CapabilityMissing: The connection does not support sync.
            Unreachable: The runtime does not respond. Records read so far are kept, and the next
                sync resumes. Other errors of runtimes are possible.
            SyncCancelled: ``stop`` was set.
        """
        try:
            runtime = self._runtimes.runtime(scope)
            group = GroupReading(self._registry, scope, runtime, report, stop)
            if self.freshness(scope).done_at is None:
                # The first models are displayed before the other lists are read.
                group.first()
            TenantReading(self._registry, scope.connection, runtime, stop).sync(
                all_executables=all_executables
            )
            group.sync(full=full)
        except LaunchpadError as error:
            self.failed(scope, error)
            raise
        self.succeeded(scope)

    def follow(self, scope: Scope, *, lists: bool = False) -> LaunchpadError | None:
        """Poll what changes often in a remote runtime, at most every `FOLLOW_SECONDS`.

        Does nothing for a runtime of this machine.

        Args:
            scope: The connection and resource group.
            lists: Whether to also read added and deleted records, not only the unfinished
                executions; at most every `FOLLOW_LISTS_SECONDS`.

        Returns:
            The temporary error of the last poll; None if it succeeded.

        Raises:
            NotFound: The scope does not exist.
            AuthenticationFailed: The credentials are not accepted. Other errors that a retry does
                not solve are possible.
        """
        if not self._runtimes.is_remote(scope):
            return None
        if time.monotonic() < self._follow_at.get(scope, 0.0):
            return self._follow_errors.get(scope)
        try:
            reading = GroupReading(self._registry, scope, self._runtimes.runtime(scope))
            if lists:
                reading.light()
                self.succeeded(scope)
            else:
                reading.running()
            self._follow_errors.pop(scope, None)
        except LaunchpadError as error:
            if lists:
                self.failed(scope, error)
            if not error.retryable:
                raise
            self._follow_errors[scope] = error
        finally:
            seconds = FOLLOW_LISTS_SECONDS if lists else FOLLOW_SECONDS
            self._follow_at[scope] = time.monotonic() + seconds
        return self._follow_errors.get(scope)

    def succeeded(self, scope: Scope) -> None:
        """Record a successful sync of a resource group."""
        at = now()
        mirror_tenant.set_state(self._registry, scope, GROUP, ReadingState(done_at=at))
        connections.set_sync(self._registry, scope.connection, at, "")

    def failed(self, scope: Scope, error: LaunchpadError) -> None:
        """Record the error of a sync. Raises NotFound if the connection was removed."""
        before = mirror_tenant.state(self._registry, scope, GROUP)
        mirror_tenant.set_state(
            self._registry, scope, GROUP, ReadingState(done_at=before.done_at, error=error.title)
        )
        if connections.connection(self._registry, scope.connection).last_error != error.title:
            connections.set_sync(self._registry, scope.connection, None, error.title)

    def is_remote(self, scope: Scope) -> bool:
        """Return whether the records of a scope are copies from a remote runtime. Raises
        NotFound."""
        return self._runtimes.is_remote(scope)

    def remote_connections(self) -> list[str]:
        """Return the names of the connections to remote runtimes."""
        return [
            one.name
            for one in connections.connections(self._registry)
            if (kind := kind_of(one)) is not None and kind.remote
        ]

    def freshness(self, scope: Scope) -> Freshness:
        """Return when a resource group was last synced, and the progress. Raises NotFound."""
        with self._registry.read():
            group = mirror_tenant.state(self._registry, scope, GROUP)
            if (
                mirror_tenant.state(self._registry, Scope(scope.connection, ""), PAUSED).done_at
                is not None
            ):
                return Freshness(group.done_at, group.error, paused=True)
            for part in (mirror.ARTIFACTS, mirror.EXECUTIONS, mirror.CONFIGURATIONS):
                found = mirror_tenant.state(self._registry, scope, part)
                if found.total is not None:
                    return Freshness(group.done_at, group.error, part, found.position, found.total)
        return Freshness(group.done_at, group.error)

    def mark_displayed(self, scope: Scope) -> None:
        """Mark a resource group as displayed, so that the sync daemon syncs it more often for a
        while."""
        self._mark(scope, DISPLAYED)

    def request(self, scope: Scope) -> None:
        """Request an immediate sync of a resource group by the sync daemon."""
        self._mark(scope, REQUESTED)

    def pause(self, connection: str) -> None:
        """Pause background sync of a connection. Raises NotFound.

        A running sync is interrupted; it resumes where it stopped.
        """
        self._set_paused(connection, now())

    def resume(self, connection: str) -> None:
        """Resume background sync of a connection. Raises NotFound."""
        self._set_paused(connection, None)

    def paused(self) -> frozenset[str]:
        """Return the names of the connections whose background sync is paused."""
        found = mirror_tenant.states(self._registry, PAUSED)
        return frozenset(
            scope.connection for scope, state in found.items() if state.done_at is not None
        )

    def metrics_due(self, scope: Scope, ids: Iterable[str]) -> bool:
        """Return whether metrics of any of these executions have not been read completely.

        Raises NotFound.
        """
        return self._runtimes.is_remote(scope) and bool(
            mirror.metrics_due(self._registry, scope, ids)
        )

    def read_metrics(self, scope: Scope, ids: Sequence[str]) -> bool:
        """Read metrics of executions that were not read completely; return whether there were any.

        Raises:
            NotFound: The scope does not exist.
            Unreachable: The runtime does not respond. Other errors of runtimes are possible.
        """
        if not self.metrics_due(scope, ids):
            return False
        return GroupReading(self._registry, scope, self._runtimes.runtime(scope)).metrics_of(ids)

    def _set_paused(self, connection: str, at: datetime | None) -> None:
        mirror_tenant.set_state(
            self._registry, Scope(connection, ""), PAUSED, ReadingState(done_at=at)
        )

    def _mark(self, scope: Scope, part: str) -> None:
        mirror_tenant.set_state(self._registry, scope, part, ReadingState(done_at=now()))
