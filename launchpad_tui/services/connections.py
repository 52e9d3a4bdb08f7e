"""Connections, their resource groups and object stores, and the scope that the user stands in."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Collection, Mapping
from dataclasses import fields as dataclass_fields
from dataclasses import replace
from typing import TYPE_CHECKING

from launchpad_tui.config.credentials import CONNECTION, STORE, Credentials
from launchpad_tui.domain.connection import (
    CONNECTION_NAME,
    DEFAULT_SCOPE,
    DEFAULT_STORE,
    RESOURCE_GROUP_NAME,
    Capabilities,
    Connection,
    ConnectionKind,
    ResourceGroup,
    Scope,
    check_name,
)
from launchpad_tui.domain.fields import checked
from launchpad_tui.domain.timestamps import now
from launchpad_tui.errors import CapabilityMissing, Conflict, InvalidInput, LaunchpadError, NotFound
from launchpad_tui.registry import connections, preferences
from launchpad_tui.registry.database import Registry
from launchpad_tui.runtimes.catalog import AICORE, FORMER, KEYS, KINDS
from launchpad_tui.services.store_keeping import NAME_RULE, StoreKeeping
from launchpad_tui.services.timeouts import within

if TYPE_CHECKING:
    from launchpad_tui.services.acting import RemoteActs
    from launchpad_tui.services.files import FileService
    from launchpad_tui.services.probing import Step

_SCOPE = "scope"
#: seconds that a runtime has to say what it can do
_ASK = 90.0
#: how one logs in to SAP AI Core: by a client secret, or by a certificate and its private key
_SECRET, _PAIR = "client_secret", ("certificate", "private_key")
_TITLES = {"certificate": "Certificate", "private_key": "Private key"}
_ONE_WAY = "Either a client secret, or a certificate and its private key."
#: what the names of resource groups have to look like, for people
GROUP_RULE = "Letters, digits, '-' and '.', a letter or digit at both ends; 3 to 253 characters."


class ConnectionService(StoreKeeping):
    """Connections. Safe for threads.

    Args:
        files: gives the object stores, when one is looked at.
        probe: asks a connection's runtime what it can do.
        acts: gives what acts at the runtime of a scope, None where that is this machine.
        forget: forgets what is kept of a connection outside the registry, by its name.
    """

    def __init__(
        self,
        registry: Registry,
        credentials: Credentials,
        files: Callable[[], FileService],
        probe: Callable[[Connection, Mapping[str, str]], Capabilities] | None = None,
        acts: Callable[[Scope], RemoteActs | None] = lambda _scope: None,
        forget: Callable[[str], None] = lambda _name: None,
    ) -> None:
        super().__init__(registry, credentials, files, acts)
        self._probe = probe
        self._forget = forget

    def kinds(self) -> tuple[ConnectionKind, ...]:
        """The kinds of runtimes, in the order in which they are offered."""
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
        settings, secrets = self.check(kind, values)
        with self._registry.write():
            connections.add_connection(self._registry, name, kind, settings)
            connections.add_group(self._registry, Scope(name, DEFAULT_SCOPE.resource_group))
            # Last, so that an error of the file takes the connection back.
            self._credentials.set(CONNECTION, name, secrets)
        return self.get(name)

    def edit(self, name: str, values: Mapping[str, str]) -> Connection:
        """The connection with other values; a secret that is left empty stays as it is, as long as the credentials are
        those that are kept here. Raises as `add`."""
        known = self._credentials.names(CONNECTION, name)
        found = self.get(name)
        settings, secrets = self.check(found.kind, values, known)
        with self._registry.write():
            edited = connections.edit_connection(self._registry, name, settings)
            if not _keeps(found.kind, settings):
                self._credentials.delete(CONNECTION, name)
            elif _whole(found.kind, secrets):
                # A secret in place of a certificate, or the other way round: the old one goes.
                self._credentials.set(CONNECTION, name, secrets)
            elif secrets:
                self._credentials.merge(CONNECTION, name, secrets)
        return _today(edited)

    def check(
        self, kind: str, values: Mapping[str, str], kept: Collection[str] = ()
    ) -> tuple[dict[str, str], dict[str, str]]:
        """The settings and the secrets of a connection among values.

        Args:
            values: of the kind's fields.
            kept: names of the secrets that are kept already.

        Raises:
            InvalidInput: a value is wrong or missing, or there is not one whole way to log in; ``field`` names it.
            NotFound: there is no such kind.
        """
        settings, secrets = checked(self._kind(kind).fields, values, kept)
        if kind == AICORE and _keeps(kind, settings):
            _one_way(secrets, kept)
        return settings, secrets

    def kept(self, name: str) -> frozenset[str]:
        """The names of the connection's secrets that are kept; never their values."""
        return self._credentials.names(CONNECTION, name)

    def delete(self, name: str) -> None:
        """Forget a connection; nothing is lost in its runtime and its stores.

        Raises:
            NotFound: there is none.
            Conflict: it is ``local``.
        """
        connections.delete_connection(self._registry, name)
        self._forget(name)
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
            capabilities = (
                Capabilities() if ask is None else within(_ASK, lambda: ask(found, secrets))
            )
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
        return test(
            found,
            self._kind(found.kind),
            self._credentials.get(CONNECTION, name),
            resource_group,
            tell,
        )

    def service_key(self, text: str) -> dict[str, str]:
        """The fields of a connection to SAP AI Core that a service key fills, secrets among them.

        Raises:
            InvalidInput: it is none, or not complete.
        """
        from launchpad_tui.runtimes.aicore.credentials import parse_service_key

        return parse_service_key(text).fields()

    def profiles(self) -> builtins.list[str]:
        """The profiles of SAP AI Core's SDK on this machine, the one that counts unnamed first."""
        from launchpad_tui.runtimes.aicore.credentials import profiles

        return profiles()

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

    def add_group(
        self, connection: str, name: str, labels: Mapping[str, str] | None = None
    ) -> ResourceGroup:
        """A new resource group; of the embedded runtime with a file store ``default`` of its own, elsewhere as its
        runtime makes it, which may take a while (status PROVISIONING).

        Raises:
            InvalidInput: the name is not valid.
            Conflict: it is taken.
            CapabilityMissing, Unreachable and others: a runtime elsewhere does not do it.
        """
        name = check_name(name, RESOURCE_GROUP_NAME, "The resource group's name", GROUP_RULE)
        scope = Scope(connection, name)
        if (acts := self._acts(Scope(connection, DEFAULT_SCOPE.resource_group))) is not None:
            return acts.create_group(scope, labels or {})
        with self._registry.write():
            added = connections.add_group(self._registry, scope, labels)
            connections.add_store(self._registry, scope, DEFAULT_STORE, "file", {})
        return added

    def delete_group(self, scope: Scope) -> None:
        """Delete a resource group and all that is in it; files in its stores stay. Elsewhere its runtime deletes it.

        Raises:
            NotFound: there is none.
            Conflict: it is ``default``, or executions of it are not finished.
            CapabilityMissing, Unreachable and others: a runtime elsewhere does not do it.
        """
        connections.check_group_deletable(self._registry, scope)
        if (acts := self._acts(scope)) is not None:
            acts.delete_group(scope)
        connections.delete_group(self._registry, scope)
        self._credentials.delete(STORE, str(scope))

    def label_group(self, scope: Scope, labels: Mapping[str, str]) -> None:
        """Give a resource group these labels in place of those it had. Raises NotFound, and as `add_group`."""
        if (acts := self._acts(scope)) is not None:
            labels = acts.label_group(scope, labels)
        connections.set_group_labels(self._registry, scope, labels)

    def known(self, name: str) -> dict[str, int]:
        """How many models, other artifacts and executions are known of it, by these words. Raises NotFound."""
        return connections.known(self._registry, name)

    def keeps_secrets(self, name: str) -> bool:
        """Whether secrets of the connection or of one of its object stores are kept. Raises NotFound."""
        return bool(self.kept(name)) or any(
            self.kept_of_store(scope, store.name)
            for scope in (Scope(name, group.name) for group in self.groups(name))
            for store in self.stores(scope)
        )

    def current(self) -> Scope:
        """The scope that was chosen last; the default one where that is gone."""
        kept = preferences.get(self._registry, _SCOPE)
        if isinstance(kept, list) and len(kept) == 2:
            scope = Scope(str(kept[0]), str(kept[1]))
            try:
                if any(
                    group.name == scope.resource_group for group in self.groups(scope.connection)
                ):
                    return scope
            except NotFound:
                pass
        return DEFAULT_SCOPE

    def choose(self, scope: Scope) -> None:
        """Stand in this scope from now on. Raises NotFound."""
        if all(group.name != scope.resource_group for group in self.groups(scope.connection)):
            raise NotFound(
                f"Connection {scope.connection} has no resource group {scope.resource_group!r}"
            )
        preferences.put(self._registry, _SCOPE, [scope.connection, scope.resource_group])

    def _kind(self, kind_id: str) -> ConnectionKind:
        for kind in self.kinds():
            if kind.id == kind_id:
                return kind
        known = ", ".join(kind.id for kind in self.kinds())
        raise NotFound(f"There is no connection type {kind_id!r}", hint=f"Types: {known}.")


def _today(connection: Connection) -> Connection:
    """The connection under its kind's name of today."""
    return replace(connection, kind=FORMER.get(connection.kind, connection.kind))


def _keeps(kind: str, settings: Mapping[str, str]) -> bool:
    """Whether a connection's credentials are kept here, and not found in the environment or a profile."""
    return kind != AICORE or settings.get("credentials", KEYS) == KEYS


def _whole(kind: str, secrets: Mapping[str, str]) -> bool:
    """Whether these secrets of a connection are all that it needs."""
    return kind == AICORE and (_SECRET in secrets or set(_PAIR) <= set(secrets))


def _one_way(given: Collection[str], kept: Collection[str]) -> None:
    """Raises InvalidInput unless secrets of SAP AI Core, given and kept, are a client secret or else a certificate and
    its private key."""
    halves = [name for name in _PAIR if name in given]
    if _SECRET in given and halves:
        raise InvalidInput("There is more than one way to log in", hint=_ONE_WAY, field=halves[0])
    known = {*given, *kept}
    if halves or (_SECRET not in known and any(name in kept for name in _PAIR)):
        for name in _PAIR:
            if name not in known:
                raise InvalidInput(f"{_TITLES[name]} is missing", hint=_ONE_WAY, field=name)
    elif _SECRET not in known:
        raise InvalidInput("Client secret is missing", hint=_ONE_WAY, field=_SECRET)
