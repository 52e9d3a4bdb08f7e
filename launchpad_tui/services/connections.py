"""Connections, their resource groups and object stores, and the scope that the user stands in."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Mapping
from dataclasses import fields as dataclass_fields
from dataclasses import replace
from typing import TYPE_CHECKING

from launchpad_tui.config.credentials import CONNECTION, STORE, Credentials, store_owner
from launchpad_tui.domain.connection import (
    CONNECTION_NAME,
    DEFAULT_SCOPE,
    DEFAULT_STORE,
    OBJECT_STORE_NAME,
    RESOURCE_GROUP_NAME,
    Capabilities,
    Connection,
    ConnectionKind,
    ObjectStore,
    ResourceGroup,
    Scope,
    StoreKind,
    check_name,
)
from launchpad_tui.domain.fields import checked
from launchpad_tui.domain.moments import now
from launchpad_tui.errors import CapabilityMissing, Conflict, LaunchpadError, NotFound
from launchpad_tui.registry import connections, preferences
from launchpad_tui.registry.database import Registry
from launchpad_tui.services.waiting import LOOK, within

if TYPE_CHECKING:
    from launchpad_tui.services.files import FileService
    from launchpad_tui.services.probing import Step

_SCOPE = "scope"
#: seconds that a runtime has to say what it can do
_ASK = 90.0
#: what the names of connections and object stores, and those of resource groups, have to look like, for people
NAME_RULE = "Lower-case letters, digits, '-' and '.', a letter or digit at both ends; at most 63 characters."
GROUP_RULE = "Letters, digits, '-' and '.', a letter or digit at both ends; 3 to 253 characters."


class ConnectionService:
    """Connections. Safe for threads.

    Args:
        files: gives the object stores, when one is looked at.
        probe: asks a connection's runtime what it can do.
    """

    def __init__(
        self,
        registry: Registry,
        credentials: Credentials,
        files: Callable[[], FileService],
        probe: Callable[[Connection, Mapping[str, str]], Capabilities] | None = None,
    ) -> None:
        self._registry = registry
        self._credentials = credentials
        self._files = files
        self._probe = probe

    def kinds(self) -> tuple[ConnectionKind, ...]:
        """The kinds of runtimes, in the order in which they are offered."""
        from launchpad_tui.runtimes.catalog import KINDS

        return tuple(KINDS.values())

    def store_kinds(self) -> tuple[StoreKind, ...]:
        """The kinds of object stores, in the order in which they are offered."""
        from launchpad_tui.stores.catalog import KINDS

        return tuple(KINDS.values())

    def list(self) -> builtins.list[Connection]:
        """All connections, ``local`` first."""
        return [_today(one) for one in connections.connections(self._registry)]

    def get(self, name: str) -> Connection:
        """The connection of this name. Raises NotFound."""
        return _today(connections.connection(self._registry, name))

    def add(self, name: str, kind: str, values: Mapping[str, str]) -> Connection:
        """A new connection with the resource group ``default``.

        Args:
            values: of the kind's fields, secrets among them.

        Raises:
            InvalidInput: the name or a value is wrong.
            NotFound: there is no such kind.
            Conflict: the name is taken, or there may be only one connection of the kind.
        """
        name = check_name(name, CONNECTION_NAME, "The connection's name", NAME_RULE)
        if kind == DEFAULT_SCOPE.connection:
            raise Conflict("There is a connection to this machine already", "It is called local.")
        settings, secrets = checked(self._kind(kind).fields, values)
        with self._registry.write():
            connections.add_connection(self._registry, name, kind, settings)
            connections.add_group(self._registry, Scope(name, DEFAULT_SCOPE.resource_group))
            # Last, so that an error of the file takes the connection back.
            self._credentials.set(CONNECTION, name, secrets)
        return self.get(name)

    def edit(self, name: str, values: Mapping[str, str]) -> Connection:
        """The connection with other values; a secret that is left empty stays as it is. Raises as `add`."""
        known = self._credentials.names(CONNECTION, name)
        found = self.get(name)
        settings, secrets = checked(self._kind(found.kind).fields, values, known)
        with self._registry.write():
            edited = connections.edit_connection(self._registry, name, settings)
            if _whole(found.kind, secrets):
                # A secret in place of a certificate, or the other way round: the old one goes.
                self._credentials.set(CONNECTION, name, secrets)
            elif secrets:
                self._credentials.merge(CONNECTION, name, secrets)
        return _today(edited)

    def kept(self, name: str) -> frozenset[str]:
        """The names of the connection's secrets that are kept; never their values."""
        return self._credentials.names(CONNECTION, name)

    def kept_of_store(self, scope: Scope, name: str) -> frozenset[str]:
        """The names of the object store's secrets that are kept; never their values."""
        return self._credentials.names(STORE, store_owner(scope, name))

    def delete(self, name: str) -> None:
        """Forget a connection; nothing is lost in its runtime and its stores.

        Raises:
            NotFound: there is none.
            Conflict: it is ``local``.
        """
        connections.delete_connection(self._registry, name)
        self._credentials.delete(CONNECTION, name)
        self._credentials.delete(STORE, name)

    def refresh(self, name: str) -> Capabilities:
        """Ask the runtime what it can do, and remember it, or what failed.

        Raises:
            NotFound: there is no such connection.
            CapabilityMissing: this version cannot connect to its kind.
            Unreachable and others: the runtime does not answer.
        """
        found = self.get(name)
        kind = self._kind(found.kind)
        try:
            if not kind.connectable:
                raise CapabilityMissing(f"{kind.title} cannot be connected to", kind.reason)
            secrets = self._credentials.get(CONNECTION, name)
            ask = self._probe
            capabilities = Capabilities() if ask is None else within(_ASK, lambda: ask(found, secrets))
        except LaunchpadError as error:
            connections.set_sync(self._registry, name, None, error.title)
            raise
        with self._registry.write():
            connections.set_capabilities(self._registry, name, capabilities)
            connections.set_sync(self._registry, name, now(), "")
        return capabilities

    def test(self, name: str, resource_group: str, tell: Callable[[Step], None]) -> bool:
        """Look at a connection step by step (see `launchpad_tui.services.connection_probing`); whether all is right.

        Args:
            resource_group: the one that is looked at; empty: what the credentials name, else ``default``.
            tell: told each step when it is over.

        Raises:
            NotFound: there is no such connection.
            CapabilityMissing: this version cannot connect to its kind.
        """
        from launchpad_tui.services.connection_probing import test

        found = self.get(name)
        return test(found, self._kind(found.kind), self._credentials.get(CONNECTION, name), resource_group, tell)

    def service_key(self, text: str) -> dict[str, str]:
        """The fields of a connection to SAP AI Core that a service key fills, secrets among them.

        Raises:
            InvalidInput: it is none, or not complete.
        """
        from launchpad_tui.runtimes.aicore.credentials import parse_service_key

        return parse_service_key(text).fields()

    def capabilities(self, name: str) -> Capabilities:
        """What the runtime can do as far as it is known; without asking it. Raises NotFound."""
        found = connections.capabilities(self._registry, name)
        if found is not None:
            return found
        connection = self.get(name)
        if connection.kind == DEFAULT_SCOPE.connection:
            return Capabilities()
        kind = self._kind(connection.kind)
        reason = "The connection was never refreshed." if kind.connectable else kind.reason
        names = [each.name for each in dataclass_fields(Capabilities) if each.name != "reasons"]
        return Capabilities(**dict.fromkeys(names, False), reasons=dict.fromkeys(names, reason))

    def groups(self, connection: str) -> builtins.list[ResourceGroup]:
        """The connection's resource groups, ``default`` first. Raises NotFound."""
        return connections.groups(self._registry, connection)

    def add_group(self, connection: str, name: str, labels: Mapping[str, str] | None = None) -> ResourceGroup:
        """A new resource group; of the embedded runtime with a file store ``default`` of its own.

        Raises:
            InvalidInput: the name is not valid.
            Conflict: it is taken.
            CapabilityMissing: the connection's runtime has to make it.
        """
        if self.get(connection).kind != DEFAULT_SCOPE.connection:
            raise CapabilityMissing("Resource groups of this connection are made at its runtime")
        name = check_name(name, RESOURCE_GROUP_NAME, "The resource group's name", GROUP_RULE)
        scope = Scope(connection, name)
        with self._registry.write():
            added = connections.add_group(self._registry, scope, labels)
            connections.add_store(self._registry, scope, DEFAULT_STORE, "file", {})
        return added

    def delete_group(self, scope: Scope) -> None:
        """Forget a resource group and all that is in it; files in its stores stay.

        Raises:
            NotFound: there is none.
            Conflict: it is ``default``, or executions of it are not finished.
        """
        connections.delete_group(self._registry, scope)
        self._credentials.delete(STORE, str(scope))

    def stores(self, scope: Scope) -> builtins.list[ObjectStore]:
        """The group's object stores, ``default`` first. Raises NotFound."""
        return connections.stores(self._registry, scope)

    def add_store(self, scope: Scope, name: str, kind: str, values: Mapping[str, str]) -> ObjectStore:
        """A new object store; it is not called yet.

        Raises:
            InvalidInput: the name or a value is wrong.
            NotFound: there is no such kind or group.
            Conflict: the name is taken.
        """
        name = check_name(name, OBJECT_STORE_NAME, "The object store's name", NAME_RULE)
        settings, secrets = checked(self._store_kind(kind).fields, values)
        with self._registry.write():
            added = connections.add_store(self._registry, scope, name, kind, settings)
            self._credentials.set(STORE, store_owner(scope, name), secrets)
        return added

    def import_secrets(self, scope: Scope, text: str) -> builtins.list[ObjectStore]:
        """Add object stores from object store secrets in the AI API's form, all or none.

        Args:
            text: JSON: one secret, a list of them, or ``{"resources": […]}``.

        Raises:
            InvalidInput: it is not that, or a value is wrong.
            Conflict: a name is taken.
        """
        from launchpad_tui.domain.store_secret import parse_secrets

        made: builtins.list[ObjectStore] = []
        try:
            with self._registry.write():
                for secret in parse_secrets(text):
                    made.append(self.add_store(scope, secret.name, secret.kind, secret.values))
        except BaseException:
            for store in made:
                self._credentials.delete(STORE, store_owner(scope, store.name))
            raise
        return made

    def kept_where(self, scope: Scope, name: str) -> str:
        """Where the secrets of an object store are kept, for people; empty where it has none."""
        return self._credentials.where(STORE, store_owner(scope, name))

    def edit_store(self, scope: Scope, name: str, values: Mapping[str, str]) -> ObjectStore:
        """The object store with other values; a secret that is left empty stays as it is. Raises as `add_store`."""
        owner = store_owner(scope, name)
        kept = self._credentials.names(STORE, owner)
        kind = self._store_kind(connections.store(self._registry, scope, name).kind)
        settings, secrets = checked(kind.fields, values, kept)
        with self._registry.write():
            edited = connections.edit_store(self._registry, scope, name, settings)
            if secrets:
                self._credentials.merge(STORE, owner, secrets)
        return edited

    def rename_store(self, scope: Scope, name: str, new_name: str) -> int:
        """Give an object store another name; the URLs of the artifacts in it follow. Gives how many those are.

        Raises:
            InvalidInput: the new name is not valid.
            NotFound: there is no such store.
            Conflict: the new name is taken, executions of the group are not finished, or it is ``default`` of the
                embedded runtime, where outputs go (see `replace_store`).
        """
        if name == DEFAULT_STORE and self.get(scope.connection).kind == DEFAULT_SCOPE.connection:
            raise Conflict("The object store default cannot be renamed", "Outputs of executions go there.")
        return self._rename(scope, name, new_name)

    def replace_store(
        self, scope: Scope, name: str, kind: str, values: Mapping[str, str], keep_as: str
    ) -> tuple[ObjectStore, int]:
        """Put another object store under a name, such as a bucket where outputs shall go from now on. The old one stays
        under the name ``keep_as``, and the artifacts in it follow; gives the new store, and how many they are.

        Raises:
            As `add_store` and `rename_store`; then nothing is changed.
        """
        with self._registry.write():
            followed = self._rename(scope, name, keep_as)
            try:
                return self.add_store(scope, name, kind, values), followed
            except BaseException:
                self._move_secrets(scope, keep_as, name)
                raise

    def _rename(self, scope: Scope, name: str, new_name: str) -> int:
        new_name = check_name(new_name, OBJECT_STORE_NAME, "The object store's name", NAME_RULE)
        with self._registry.write():
            followed = connections.rename_store(self._registry, scope, name, new_name)
            self._move_secrets(scope, name, new_name)
        return followed

    def _move_secrets(self, scope: Scope, name: str, new_name: str) -> None:
        kept = self._credentials.get(STORE, store_owner(scope, name))
        if kept:
            self._credentials.set(STORE, store_owner(scope, new_name), kept)
            self._credentials.delete(STORE, store_owner(scope, name))

    def delete_store(self, scope: Scope, name: str) -> None:
        """Forget an object store; what is in it stays.

        Raises:
            NotFound: there is none.
            Conflict: it is ``default`` of the embedded runtime, where outputs go.
        """
        if name == DEFAULT_STORE and self.get(scope.connection).kind == DEFAULT_SCOPE.connection:
            raise Conflict("The object store default cannot be deleted", "Outputs of executions go there.")
        connections.delete_store(self._registry, scope, name)
        self._credentials.delete(STORE, store_owner(scope, name))

    def check_store(self, scope: Scope, name: str) -> str:
        """Call the object store; says in a few words where it is.

        Raises:
            NotFound: there is none.
            Unreachable, AuthenticationFailed, PermissionDenied, ConfigError: it does not let us in.
        """
        return within(LOOK, self._files().store(scope, name).check)

    def current(self) -> Scope:
        """The scope that was chosen last; the default one where that is gone."""
        kept = preferences.get(self._registry, _SCOPE)
        if isinstance(kept, list) and len(kept) == 2:
            scope = Scope(str(kept[0]), str(kept[1]))
            try:
                if any(group.name == scope.resource_group for group in self.groups(scope.connection)):
                    return scope
            except NotFound:
                pass
        return DEFAULT_SCOPE

    def choose(self, scope: Scope) -> None:
        """Stand in this scope from now on. Raises NotFound."""
        if all(group.name != scope.resource_group for group in self.groups(scope.connection)):
            raise NotFound(f"Connection {scope.connection} has no resource group {scope.resource_group!r}")
        preferences.put(self._registry, _SCOPE, [scope.connection, scope.resource_group])

    def _kind(self, kind_id: str) -> ConnectionKind:
        for kind in self.kinds():
            if kind.id == kind_id:
                return kind
        known = ", ".join(kind.id for kind in self.kinds())
        raise NotFound(f"There is no connection type {kind_id!r}", hint=f"Types: {known}.")

    def _store_kind(self, kind_id: str) -> StoreKind:
        from launchpad_tui.stores.catalog import store_kind

        return store_kind(kind_id)


def _today(connection: Connection) -> Connection:
    """The connection under its kind's name of today."""
    from launchpad_tui.runtimes.catalog import FORMER

    return replace(connection, kind=FORMER.get(connection.kind, connection.kind))


def _whole(kind: str, secrets: Mapping[str, str]) -> bool:
    """Whether these secrets of a connection are all that it needs."""
    from launchpad_tui.runtimes.catalog import AICORE

    return kind == AICORE and ("client_secret" in secrets or {"certificate", "private_key"} <= set(secrets))
