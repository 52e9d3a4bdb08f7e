"""Sync of the records that the resource groups of a remote connection share: capabilities, resource
groups, scenarios and executables."""

from __future__ import annotations

import logging
import threading
from dataclasses import replace
from datetime import timedelta

from launchpad_tui.domain.connection import Scope
from launchpad_tui.domain.timestamps import now
from launchpad_tui.errors import CapabilityMissing, NotFound, PermissionDenied, RuntimeRejected
from launchpad_tui.registry import connections, mirror_tenant, provenance, scenarios
from launchpad_tui.registry.database import Registry
from launchpad_tui.runtimes.base import Runtime, TemplateSourceRuntime
from launchpad_tui.services.sync.lists import Reading

_log = logging.getLogger(__name__)
#: How long the executables of an unchanged scenario are assumed to be unchanged.
_UNCHANGED = timedelta(minutes=15)


class TenantReading(Reading):
    """Reads the records that all resource groups of a connection share.

    Args:
        connection: The name of the connection.
        runtime: The runtime in any of its resource groups.
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

    def sync(self, *, all_executables: bool = False) -> None:
        """Read all shared records.

        Args:
            all_executables: Read the executables of all scenarios, including unchanged ones.

        Raises:
            Unreachable: The runtime does not respond. Other errors of runtimes are possible.
            SyncCancelled: The sync was cancelled.
        """
        name = self.scope.connection
        before = mirror_tenant.state(self.registry, self.scope, mirror_tenant.TENANT)
        outdated = all_executables or before.done_at is None or now() - before.done_at > _UNCHANGED
        if outdated:
            connections.set_capabilities(self.registry, name, self._runtime.capabilities())
        self._groups()
        self.check()
        known = {one.id: one for one in scenarios.scenarios(self.registry, self.scope)}
        found = list(self._runtime.scenarios())
        for one in found:
            self.check()
            if outdated or known.get(one.id) != one:
                executables = list(self._runtime.executables(one.id))
                versions = list(self._runtime.versions(one.id))
                mirror_tenant.put_executables(self.registry, name, one.id, executables)
                mirror_tenant.put_versions(self.registry, name, one.id, versions)
        mirror_tenant.put_scenarios(self.registry, name, found)
        if outdated:
            self._template_sources()
        done = now() if outdated else before.done_at
        mirror_tenant.set_state(
            self.registry, self.scope, mirror_tenant.TENANT, replace(before, done_at=done)
        )

    def _template_sources(self) -> None:
        """Record from which revision of its template each new execution was created."""
        runtime = self._runtime
        if not isinstance(runtime, TemplateSourceRuntime):
            return
        try:
            found = runtime.template_sources()
        except (PermissionDenied, NotFound, CapabilityMissing, RuntimeRejected) as error:
            _log.info("applications of %s cannot be listed: %s", self.scope.connection, error.title)
            return
        provenance.put_template_sources(self.registry, self.scope.connection, found)

    def _groups(self) -> None:
        try:
            found = list(self._runtime.resource_groups())
        except (PermissionDenied, NotFound, CapabilityMissing, RuntimeRejected) as error:
            # The user may not be allowed to list resource groups. Those that the user has named are
            # already recorded.
            _log.info(
                "resource groups of %s cannot be listed: %s", self.scope.connection, error.title
            )
            return
        mirror_tenant.put_groups(self.registry, self.scope.connection, found)
