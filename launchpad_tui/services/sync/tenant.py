"""One look at what belongs to a whole connection elsewhere: what its runtime can do, resource groups, scenarios and
executables."""

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
#: how long what a scenario has is taken to be the same where the scenario did not change
_FRESH = timedelta(minutes=15)


class TenantReading(Reading):
    """Reads what a connection's resource groups share.

    Args:
        connection: its name.
        runtime: of any of its groups.
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
        """Look at everything.

        Args:
            thorough: look at each scenario's executables, also where nothing says that they changed.

        Raises:
            Unreachable and others: as the runtime answers.
            SyncCancelled: somebody does not want it any more.
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
            # Not everybody may list them; those that somebody named are there.
            _log.info("%s gives no resource groups: %s", self.scope.connection, error.title)
            return
        mirror_tenant.put_groups(self.registry, self.scope.connection, found)
