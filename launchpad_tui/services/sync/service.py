"""What the user interface and the commands ask of the reading of runtimes elsewhere."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from launchpad_tui.domain.connection import Scope
from launchpad_tui.domain.timestamps import now
from launchpad_tui.errors import LaunchpadError
from launchpad_tui.registry import connections, mirror, mirror_tenant
from launchpad_tui.registry.database import Registry
from launchpad_tui.registry.mirror_tenant import GROUP, ReadingState
from launchpad_tui.runtimes.catalog import kind_of
from launchpad_tui.services.runtimes import Runtimes
from launchpad_tui.services.sync.group import GroupReading
from launchpad_tui.services.sync.lists import Progress
from launchpad_tui.services.sync.tenant import TenantReading

#: states that are no readings: when somebody last looked at a group, and when somebody last asked for it to be read
WANTED, ASKED = "wanted", "asked"
#: the state of a connection that nobody shall read by himself, since when
HELD = "held"
#: seconds between two looks for somebody who waits
FOLLOW = 2.0


@dataclass(frozen=True, slots=True)
class Freshness:
    """How old what is known of a resource group is.

    ``done_at`` is when it was last read without an error, None where it never was; ``error`` what failed since;
    ``part``, ``position`` and ``total`` how far the list is that is being read, ``part`` empty where none is. ``held``
    says that it is not kept fresh.
    """

    done_at: datetime | None = None
    error: str = ""
    part: str = ""
    position: int = 0
    total: int = 0
    held: bool = False


class SyncService:
    """Reads runtimes elsewhere into the registry. Safe for threads."""

    def __init__(self, registry: Registry, runtimes: Runtimes) -> None:
        self._registry = registry
        self._runtimes = runtimes
        self._follow_at: dict[Scope, float] = {}

    def sync(
        self,
        scope: Scope,
        tell: Callable[[Progress], None] = lambda _progress: None,
        stop: threading.Event | None = None,
        *,
        thorough: bool = False,
        again: bool = False,
    ) -> None:
        """Read a resource group and what its connection's groups share, while the caller waits.

        Args:
            tell: told how far it is.
            stop: set by somebody who does not want it any more.
            thorough: look at the executables of all scenarios, also where nothing says that they changed.
            again: read all lists from their beginning, whatever their counts say.

        Raises:
            NotFound: there is no such scope.
            CapabilityMissing: the connection cannot be read.
            Unreachable and others: the runtime does not answer; what was read is kept, and gone on with the next time.
            SyncCancelled: ``stop`` was set.
        """
        try:
            runtime = self._runtimes.runtime(scope)
            group = GroupReading(self._registry, scope, runtime, tell, stop)
            if self.freshness(scope).done_at is None:
                # Somebody waits for the first models; the rest is for later.
                group.first()
            TenantReading(self._registry, scope.connection, runtime, stop).whole(thorough=thorough)
            group.whole(again=again)
        except LaunchpadError as error:
            self.failed(scope, error)
            raise
        self.succeeded(scope)

    def follow(self, scope: Scope) -> None:
        """Look at the executions elsewhere that go on, for somebody who waits for one; does nothing on this machine,
        and where it looked moments ago. That a runtime does not answer now is no news.

        Raises:
            NotFound: there is no such scope.
            AuthenticationFailed and others that waiting does not mend.
        """
        if not self._runtimes.is_remote(scope) or time.monotonic() < self._follow_at.get(
            scope, 0.0
        ):
            return
        self._follow_at[scope] = time.monotonic() + FOLLOW
        try:
            GroupReading(self._registry, scope, self._runtimes.runtime(scope)).running()
        except LaunchpadError as error:
            if not error.retryable:
                raise

    def succeeded(self, scope: Scope) -> None:
        """Remember that a resource group was read."""
        at = now()
        mirror_tenant.set_state(self._registry, scope, GROUP, ReadingState(done_at=at))
        connections.set_sync(self._registry, scope.connection, at, "")

    def failed(self, scope: Scope, error: LaunchpadError) -> None:
        """Remember what failed. Raises NotFound where the connection is gone."""
        before = mirror_tenant.state(self._registry, scope, GROUP)
        mirror_tenant.set_state(
            self._registry, scope, GROUP, ReadingState(done_at=before.done_at, error=error.title)
        )
        if connections.connection(self._registry, scope.connection).last_error != error.title:
            connections.set_sync(self._registry, scope.connection, None, error.title)

    def is_remote(self, scope: Scope) -> bool:
        """Whether what is shown of a scope was read from elsewhere. Raises NotFound."""
        return self._runtimes.is_remote(scope)

    def remote_connections(self) -> list[str]:
        """The connections that can be read."""
        return [
            one.name
            for one in connections.connections(self._registry)
            if (kind := kind_of(one)) is not None and kind.remote
        ]

    def freshness(self, scope: Scope) -> Freshness:
        """How old what is known of a resource group is. Raises NotFound for an unknown connection."""
        with self._registry.read():
            whole = mirror_tenant.state(self._registry, scope, GROUP)
            if (
                mirror_tenant.state(self._registry, Scope(scope.connection, ""), HELD).done_at
                is not None
            ):
                return Freshness(whole.done_at, whole.error, held=True)
            for part in (mirror.ARTIFACTS, mirror.EXECUTIONS, mirror.CONFIGURATIONS):
                found = mirror_tenant.state(self._registry, scope, part)
                if found.total is not None:
                    return Freshness(whole.done_at, whole.error, part, found.position, found.total)
        return Freshness(whole.done_at, whole.error)

    def want(self, scope: Scope) -> None:
        """Say that somebody looks at a resource group: it is kept fresh for a while."""
        self._mark(scope, WANTED)

    def ask(self, scope: Scope) -> None:
        """Say that somebody wants a resource group read now, by whoever keeps it fresh."""
        self._mark(scope, ASKED)

    def hold(self, connection: str, on: bool) -> None:
        """Have a connection not be kept fresh any more, or again; what is being read of it is broken off, and gone on
        with later. Raises NotFound."""
        new = ReadingState(done_at=now() if on else None)
        mirror_tenant.set_state(self._registry, Scope(connection, ""), HELD, new)

    def held(self) -> frozenset[str]:
        """The connections that are not kept fresh."""
        found = mirror_tenant.states(self._registry, HELD)
        return frozenset(
            scope.connection for scope, state in found.items() if state.done_at is not None
        )

    def metrics_due(self, scope: Scope, ids: Iterable[str]) -> bool:
        """Whether any of these executions has metrics that were not read to their end. Raises NotFound."""
        return self._runtimes.is_remote(scope) and bool(
            mirror.metrics_due(self._registry, scope, ids)
        )

    def read_metrics(self, scope: Scope, ids: Sequence[str]) -> bool:
        """Read what executions logged, where that was not read to its end; says whether anything was asked for.

        Raises:
            NotFound: there is no such scope.
            Unreachable and others: the runtime does not answer.
        """
        if not self.metrics_due(scope, ids):
            return False
        return GroupReading(self._registry, scope, self._runtimes.runtime(scope)).metrics_of(ids)

    def _mark(self, scope: Scope, part: str) -> None:
        mirror_tenant.set_state(self._registry, scope, part, ReadingState(done_at=now()))
