"""Sync of a remote connection's shared records: capabilities, resource groups, scenarios, executables."""

from __future__ import annotations

import logging
import threading
from dataclasses import replace
from datetime import timedelta

from launchpad_tui.domain.connection import Scope
from launchpad_tui.domain.timestamps import now
from launchpad_tui.errors import CapabilityMissing, NotFound, PermissionDenied, RuntimeRejected
from launchpad_tui.registry import connections, mirror_tenant, scenarios
from launchpad_tui.registry.database import Registry
from launchpad_tui.runtimes.base import Runtime
from launchpad_tui.services.sync.lists import Reading

_log = logging.getLogger(__name__)
#: how long the executables of an unchanged scenario are assumed to be unchanged
_FRESH = timedelta(minutes=15)


class TenantReading(Reading):
    """Reads the records that all resource groups of a connection share.

    Args:
        connection: the name of the connection.
        runtime: the runtime of any of its resource groups.
    """

    def __init__(
        self,
        registry: Registry,
        connection: str,
        runtime: Runtime,
        stop: threading.Event | None = None,
    ) -> None:
        super().__init__(
            registry, Scope(connection, ""), lambda _progress: None, stop or threading.Event()
        )
        self._runtime = runtime

    def whole(self, *, thorough: bool = False) -> None:
        """Read all shared records.

        Args:
            thorough: read the executables of all scenarios, including unchanged ones.

        Raises:
            Unreachable: the runtime did not respond. Other errors of runtimes are possible.
            SyncCancelled: the sync was cancelled.
        """
        name = self.scope.connection
        before = mirror_tenant.state(self.registry, self.scope, mirror_tenant.TENANT)
        old = thorough or before.done_at is None or now() - before.done_at > _FRESH
        if old:
            connections.set_capabilities(self.registry, name, self._runtime.capabilities())
        self._groups()
        self.check()
        known = {one.id: one for one in scenarios.scenarios(self.registry, self.scope)}
        found = list(self._runtime.scenarios())
        for one in found:
            self.check()
            if old or known.get(one.id) != one:
                executables = list(self._runtime.executables(one.id))
                versions = list(self._runtime.versions(one.id))
                mirror_tenant.put_executables(self.registry, name, one.id, executables)
                mirror_tenant.put_versions(self.registry, name, one.id, versions)
        mirror_tenant.put_scenarios(self.registry, name, found)
        done = now() if old else before.done_at
        mirror_tenant.set_state(
            self.registry, self.scope, mirror_tenant.TENANT, replace(before, done_at=done)
        )

    def _groups(self) -> None:
        try:
            found = list(self._runtime.resource_groups())
        except (PermissionDenied, NotFound, CapabilityMissing, RuntimeRejected) as error:
            # Listing may be forbidden. Resource groups that the user named are recorded already.
            _log.info(
                "resource groups of %s cannot be listed: %s", self.scope.connection, error.title
            )
            return
        mirror_tenant.put_groups(self.registry, self.scope.connection, found)
