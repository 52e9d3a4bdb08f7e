"""Connections to AI runtimes, their resource groups, and the current scope."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from launchpad_tui.config.credentials import CONNECTION, STORE, Credentials, store_owner
from launchpad_tui.domain.connection import (
    CONNECTION_NAME,
    DEFAULT_SCOPE,
    DEFAULT_STORE,
    NAME_RULE,
    RESOURCE_GROUP_NAME,
    RESOURCE_GROUP_RULE,
    Capabilities,
    Connection,
    ConnectionKind,
    ResourceGroup,
    Scope,
    check_name,
)
from launchpad_tui.domain.fields import checked, complete_settings, outdated_secrets
from launchpad_tui.domain.timestamps import now
from launchpad_tui.errors import Conflict, LaunchpadError, NotFound
from launchpad_tui.net.timeouts import within
from launchpad_tui.records import replace
from launchpad_tui.registry import connections, preferences
from launchpad_tui.runtimes.catalog import FORMER, KINDS, connection_support, kind_of, unknown_kind

if TYPE_CHECKING:
    import builtins
    from collections.abc import Callable, Collection, Mapping

    from launchpad_tui.domain.cluster import Cluster
    from launchpad_tui.domain.connection_check import CheckStep
    from launchpad_tui.registry.database import Registry
    from launchpad_tui.services.runtimes import Runtimes

_SCOPE = "scope"
#: Seconds to wait for the capabilities of a runtime.
_CAPABILITIES_SECONDS = 90.0


class ConnectionService:
    """Adds, changes, checks and removes connections and their resource groups. Thread-safe.

    Args:
        clear_cache: Removes the files that are cached for the connection with a name, and the
            credentials in the settings of its executables.
    """

    def __init__(
        self,
        registry: Registry,
        credentials: Credentials,
        runtimes: Callable[[], Runtimes],
        clear_cache: Callable[[str], None],
    ) -> None:
        self._registry = registry
        self._credentials = credentials
        self._runtimes = runtimes
        self._clear_cache = clear_cache

    def kinds(self) -> tuple[ConnectionKind, ...]:
        """Return the kinds of runtimes, in the order in which they are offered."""
        return tuple(KINDS.values())

    def kind_of(self, connection: Connection) -> ConnectionKind | None:
        """Return the kind of a connection; None if this version does not support it."""
        return kind_of(connection)

    def list(self) -> builtins.list[Connection]:
        """Return all connections, ``local`` first."""
        return [_with_current_kind(one) for one in connections.connections(self._registry)]

    def get(self, name: str) -> Connection:
        """Return the connection with this name. Raises NotFound."""
        return _with_current_kind(connections.connection(self._registry, name))

    def add(self, name: str, kind: str, values: Mapping[str, str]) -> Connection:
        """Add a connection with the resource group ``default`` and return it.

        Args:
            values: By the names of the kind's fields, secrets included.

        Raises:
            InvalidInput: The name or a value is not valid.
            NotFound: There is no such kind.
            Conflict: A connection with this name exists, or connections of this kind cannot be
                added.
        """
        name = check_name(name, CONNECTION_NAME, "The connection's name", NAME_RULE)
        if not self._kind(kind).addable:
            raise Conflict(
                f"A connection of the type {kind} cannot be added",
                f"The connection {DEFAULT_SCOPE.connection} to this machine already exists.",
                "Use the existing connection, or select another type.",
            )
        settings, secrets = self.check(kind, values)
        with self._registry.write():
            connections.add_connection(self._registry, name, kind, settings)
            scope = Scope(name, DEFAULT_SCOPE.resource_group)
            connections.add_group(self._registry, scope)
            if not self._kind(kind).remote:
                connections.add_store(self._registry, scope, DEFAULT_STORE, "file", {})
            # The last step: if the file cannot be written, the connection is rolled back.
            self._credentials.set(CONNECTION, name, secrets)
        return self.get(name)

    def edit(self, name: str, values: Mapping[str, str]) -> Connection:
        """Replace the values of a connection and return it.

        An empty secret keeps its stored value, as long as the credentials are stored on this
        machine. Raises as `add`.
        """
        stored = self._credentials.names(CONNECTION, name)
        found = self.get(name)
        support = connection_support(self._kind(found.kind))
        settings, secrets = self.check(found.kind, values, stored)
        fields = self._kind(found.kind).fields
        removed = outdated_secrets(fields, settings, stored)
        # For example, a client secret replaces a certificate.
        replaced = not support.stores_secrets(settings) or support.replaces_secrets(secrets)
        if replaced:
            removed |= {name for name in stored if name not in settings}
        with self._registry.write():
            edited = connections.edit_connection(self._registry, name, settings)
            if removed >= stored:
                self._credentials.set(CONNECTION, name, secrets)
            elif secrets or removed:
                self._credentials.merge(CONNECTION, name, secrets, removed)
        return _with_current_kind(edited)

    def check(
        self, kind: str, values: Mapping[str, str], kept: Collection[str] = ()
    ) -> tuple[dict[str, str], dict[str, str]]:
        """Return the settings and the secrets among the values of a connection.

        Args:
            values: By the names of the kind's fields.
            kept: The names of the secrets that are already stored.

        Raises:
            InvalidInput: A value is not valid or missing; ``field`` names it.
            NotFound: There is no such kind.
        """
        found = self._kind(kind)
        settings, secrets = checked(found.fields, values, kept)
        connection_support(found).check(settings, secrets, kept)
        return settings, secrets

    def discards_secrets(self, kind: str, settings: Mapping[str, str]) -> bool:
        """Return whether changing a connection to these settings removes its stored secrets.
        Raises NotFound for an unknown kind."""
        return not connection_support(self._kind(kind)).stores_secrets(settings)

    def kept(self, name: str) -> frozenset[str]:
        """Return the names of the connection's stored secrets, never their values."""
        return self._credentials.names(CONNECTION, name)

    def delete(self, name: str) -> None:
        """Remove a connection; nothing is deleted in its runtime and its stores.

        Raises:
            NotFound: There is no such connection.
            Conflict: The connection is ``local``, or executions of this machine have not ended.
        """
        self._check_ended(name)
        connections.delete_connection(self._registry, name)
        self._clear_cache(name)
        self._credentials.delete(CONNECTION, name)
        self._credentials.delete(STORE, name)

    def _check_ended(self, name: str) -> None:
        """Raise Conflict if this machine still runs executions of a connection."""
        from launchpad_tui.registry import executions

        kind = kind_of(self.get(name))
        if kind is None or kind.remote or not kind.addable:
            return
        for group in self.groups(name):
            for each in executions.unfinished(self._registry, Scope(name, group.name)):
                raise Conflict(
                    f"The connection {name} cannot be removed",
                    f"The execution {each.execution.id} has not ended.",
                    f"Stop it: launchpad executions stop {each.execution.id} --connection {name}",
                )

    def refresh(self, name: str) -> Capabilities:
        """Fetch the capabilities of the runtime, and store them or the error that occurred.

        Raises:
            NotFound: There is no such connection.
            CapabilityMissing: This version does not support the type of the connection.
            Unreachable: The runtime does not respond. Other errors of runtimes are possible.
        """
        self.get(name)
        try:
            found = within(_CAPABILITIES_SECONDS, lambda: self._runtimes().fetch_capabilities(name))
        except LaunchpadError as error:
            connections.set_sync(self._registry, name, None, error.title)
            raise
        with self._registry.write():
            connections.set_capabilities(self._registry, name, found)
            connections.set_sync(self._registry, name, now(), "")
        return found

    def test(self, name: str, resource_group: str, report: Callable[[CheckStep], None]) -> bool:
        """Check a connection step by step and return whether every step succeeded.

        If it did and the capabilities of the runtime are not known, they are fetched.

        Args:
            resource_group: The resource group to check; empty for that of the credentials, or
                ``default`` if they have none.
            report: Called with each finished step.

        Raises:
            NotFound: There is no such connection.
            CapabilityMissing: This version does not support the type of the connection.
        """
        found = self.get(name)
        kind = kind_of(found)
        if kind is None:
            raise unknown_kind(found)
        secrets = self._credentials.get(CONNECTION, name)
        passed = True
        settings = complete_settings(found.settings, secrets)
        for step in connection_support(kind).check_steps(settings, secrets, resource_group):
            report(step)
            passed = passed and step.error is None
        if passed and self._runtimes().capabilities(name) is None:
            # The connection stores the error, which its page shows as its state.
            with suppress(LaunchpadError):
                self.refresh(name)
        return passed

    def cluster(self, name: str) -> Cluster | None:
        """Return partitions, nodes and jobs of the cluster of a connection; None if it has none.

        Raises:
            NotFound: There is no such connection.
            Unreachable: The cluster does not respond. Other errors of runtimes are possible.
        """
        found = self.get(name)
        kind = kind_of(found)
        return None if kind is None else connection_support(kind).cluster(found.settings)

    def service_key(self, text: str, kind: str = "") -> dict[str, str]:
        """Return the field values that a service key contains, secrets included.

        Args:
            text: The service key, JSON.
            kind: The kind of connection; empty for the first kind that has service keys.

        Raises:
            InvalidInput: The key is not valid or not complete, or the kind has no service keys.
            NotFound: There is no such kind.
        """
        found = self._kind(kind) if kind else next(each for each in self.kinds() if each.key_title)
        return connection_support(found).parse_key(text)

    def profiles(self, kind: str) -> builtins.list[str]:
        """Return the credential profiles of a kind of connection on this machine, the default
        profile first. Raises NotFound for an unknown kind."""
        return connection_support(self._kind(kind)).profiles()

    def capabilities(self, name: str) -> Capabilities:
        """Return the last known capabilities of the runtime, without a request to it. Raises
        NotFound."""
        found = self.get(name)
        kind = kind_of(found)
        if kind is not None and (known := self._runtimes().capabilities(name)) is not None:
            return known
        reason = (
            unknown_kind(found).detail if kind is None else "The connection was never refreshed."
        )
        names = [name for name in Capabilities.__annotations__ if name != "reasons"]
        return Capabilities(**dict.fromkeys(names, False), reasons=dict.fromkeys(names, reason))

    def groups(self, connection: str) -> builtins.list[ResourceGroup]:
        """Return the connection's resource groups, ``default`` first. Raises NotFound."""
        return connections.groups(self._registry, connection)

    def add_group(
        self, connection: str, name: str, labels: Mapping[str, str] | None = None
    ) -> ResourceGroup:
        """Create a resource group and return it.

        The embedded runtime creates a file store ``default`` in it. In a remote runtime, the
        resource group may have the status PROVISIONING for a while.

        Raises:
            InvalidInput: The name is not valid.
            Conflict: A resource group with this name exists.
            CapabilityMissing, Unreachable: The runtime does not support resource groups or does not
                respond. Other errors of runtimes are possible.
        """
        name = check_name(
            name, RESOURCE_GROUP_NAME, "The resource group's name", RESOURCE_GROUP_RULE
        )
        return self._runtimes().create_group(Scope(connection, name), labels or {})

    def delete_group(self, scope: Scope) -> None:
        """Delete a resource group with everything in it, also in its runtime. Files in its object
        stores are kept.

        Raises:
            NotFound: There is no such resource group.
            Conflict: The resource group is ``default``, or executions in it have not ended.
            CapabilityMissing, Unreachable: As for `add_group`.
        """
        connections.check_group_deletable(self._registry, scope)
        self._runtimes().delete_group(scope)
        self._credentials.delete(STORE, str(scope))

    def label_group(self, scope: Scope, labels: Mapping[str, str]) -> None:
        """Replace the labels of a resource group. Raises NotFound, and the errors of
        `add_group`."""
        self._runtimes().label_group(scope, labels)

    def known(self, name: str) -> dict[str, int]:
        """Return the number of records of a connection, by their title. Raises NotFound."""
        return connections.known(self._registry, name)

    def keeps_secrets(self, name: str) -> bool:
        """Return whether secrets of the connection or of one of its object stores are stored.
        Raises NotFound."""
        return bool(self.kept(name)) or any(
            self._credentials.names(STORE, store_owner(scope, store.name))
            for scope in (Scope(name, group.name) for group in self.groups(name))
            for store in connections.stores(self._registry, scope)
        )

    def current(self) -> Scope:
        """Return the scope that was selected last; the default scope if it does not exist any
        more."""
        stored = preferences.get(self._registry, _SCOPE)
        if isinstance(stored, list) and len(stored) == 2:
            scope = Scope(str(stored[0]), str(stored[1]))
            try:
                if any(
                    group.name == scope.resource_group for group in self.groups(scope.connection)
                ):
                    return scope
            except NotFound:
                pass
        return DEFAULT_SCOPE

    def choose(self, scope: Scope) -> None:
        """Make a scope the current one. Raises NotFound."""
        if all(group.name != scope.resource_group for group in self.groups(scope.connection)):
            raise NotFound(
                f"Resource group {scope.resource_group!r} not found",
                f"The connection {scope.connection} has no resource group of this name.",
                f"List the resource groups: launchpad groups list --connection {scope.connection}",
            )
        preferences.put(self._registry, _SCOPE, [scope.connection, scope.resource_group])

    def _kind(self, kind_id: str) -> ConnectionKind:
        kind = KINDS.get(kind_id)
        if kind is None:
            raise NotFound(
                f"Connection type {kind_id!r} not found",
                f"Types: {', '.join(KINDS)}.",
                "Select one of these types.",
            )
        return kind


def _with_current_kind(connection: Connection) -> Connection:
    """Return the connection with the current ID of its kind."""
    if connection.kind not in FORMER:
        return connection
    return replace(connection, kind=FORMER[connection.kind])
