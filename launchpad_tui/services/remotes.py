"""The runtimes of connections elsewhere, each opened once and kept."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

from launchpad_tui.config.credentials import CONNECTION, Credentials
from launchpad_tui.domain.connection import LOCAL, Capabilities, Connection, Scope
from launchpad_tui.errors import CapabilityMissing
from launchpad_tui.registry import connections
from launchpad_tui.registry.database import Registry
from launchpad_tui.runtimes.base import Runtime


class Remotes:
    """Opens runtimes elsewhere. Safe for threads.

    Args:
        open_remote: makes the runtime of a connection from its settings and secrets; None where its kind has none.
    """

    def __init__(
        self,
        registry: Registry,
        credentials: Credentials,
        open_remote: Callable[[Connection, Mapping[str, str]], Runtime | None],
    ) -> None:
        self._registry = registry
        self._credentials = credentials
        self._open = open_remote
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[Connection, Runtime]] = {}

    def is_remote(self, scope: Scope) -> bool:
        """Whether the scope's connection leads elsewhere. Raises NotFound."""
        return connections.connection(self._registry, scope.connection).kind != LOCAL

    def runtime(self, scope: Scope, capability: str = "") -> Runtime:
        """The runtime of the scope's connection, in its resource group.

        Args:
            capability: what will be asked of it, an attribute of `Capabilities`.

        Raises:
            NotFound: there is no such connection.
            CapabilityMissing: its kind cannot be connected to, or it lacks the capability.
            InvalidInput, ConfigError: its credentials are missing or wrong.
        """
        found = connections.connection(self._registry, scope.connection)
        if capability:
            self._check(scope, capability)
        with self._lock:
            known = self._kept.get(found.name)
            if known is not None and _same(known[0], found):
                return known[1].in_group(scope.resource_group)
        made = self._open(found, self._credentials.get(CONNECTION, found.name))
        if made is None:
            raise CapabilityMissing(
                f"The connection {found.name} has no runtime that can be called"
            )
        with self._lock:
            known = self._kept.get(found.name)
            self._kept[found.name] = (found, made)
        if known is not None:
            known[1].close()
        return made.in_group(scope.resource_group)

    def capabilities(self, connection: str) -> Capabilities | None:
        """What the connection's runtime said last that it can do; None where it was never asked. Raises NotFound."""
        return connections.capabilities(self._registry, connection)

    def close(self) -> None:
        """Close all of them; what waits for an answer ends."""
        with self._lock:
            kept, self._kept = self._kept, {}
        for _, runtime in kept.values():
            runtime.close()

    def _check(self, scope: Scope, capability: str) -> None:
        able = self.capabilities(scope.connection)
        if able is not None and not getattr(able, capability):
            reason = able.reasons.get(capability, "")
            raise CapabilityMissing(f"The runtime of {scope.connection} does not do this", reason)


def _same(one: Connection, other: Connection) -> bool:
    return (one.kind, one.settings, one.modified_at) == (
        other.kind,
        other.settings,
        other.modified_at,
    )
