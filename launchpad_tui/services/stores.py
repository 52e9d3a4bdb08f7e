"""The object stores of resource groups."""

from __future__ import annotations

import builtins
import contextlib
from collections.abc import Mapping
from typing import TYPE_CHECKING

from launchpad_tui.aiapi.store_secrets import parse_store_secrets, serialize_store_secret
from launchpad_tui.config.credentials import STORE, Credentials, store_owner
from launchpad_tui.domain.connection import (
    DEFAULT_STORE,
    NAME_RULE,
    OBJECT_STORE_NAME,
    ObjectStoreRecord,
    Scope,
    StoreKind,
    check_name,
)
from launchpad_tui.domain.fields import checked
from launchpad_tui.errors import Conflict, LaunchpadError, NotFound
from launchpad_tui.net.timeouts import STORE_SECONDS, within
from launchpad_tui.registry import connections
from launchpad_tui.registry.database import Registry

if TYPE_CHECKING:
    from launchpad_tui.services.files import FileService
    from launchpad_tui.services.runtimes import Runtimes


class StoreService:
    """Object stores of resource groups. Safe for threads.

    A remote runtime has object store secrets of its own, which are created, replaced and deleted
    there too.
    """

    def __init__(
        self,
        registry: Registry,
        credentials: Credentials,
        files: FileService,
        runtimes: Runtimes,
    ) -> None:
        self._registry = registry
        self._credentials = credentials
        self._files = files
        self._runtimes = runtimes

    def kinds(self) -> tuple[StoreKind, ...]:
        """Return the kinds of object stores, in the order in which they are offered."""
        from launchpad_tui.stores.catalog import KINDS

        return tuple(KINDS.values())

    def kept(self, scope: Scope, name: str) -> frozenset[str]:
        """Return the names of the object store's stored secrets, never their values."""
        return self._credentials.names(STORE, store_owner(scope, name))

    def list(self, scope: Scope) -> builtins.list[ObjectStoreRecord]:
        """Return the group's object stores, ``default`` first. Raises NotFound."""
        return connections.stores(self._registry, scope)

    def add(
        self, scope: Scope, name: str, kind: str, values: Mapping[str, str], *, here: bool = False
    ) -> ObjectStoreRecord:
        """Add an object store without connecting to it. A remote runtime gets an object store
        secret with the same credentials.

        Args:
            here: create no secret in a remote runtime: only this machine knows the store, for
                example a folder in which that of the runtime's machine is mounted.

        Raises:
            InvalidInput: the name or a value is not valid, or a remote runtime does not accept
                this kind of store.
            CapabilityMissing, Unreachable and others: a remote runtime failed.
            NotFound: there is no such kind or group.
            Conflict: the name is taken.
        """
        name = check_name(name, OBJECT_STORE_NAME, "The object store's name", NAME_RULE)
        settings, secrets = checked(self._store_kind(kind).fields, values)
        remote = not here and self._runtimes.has_store_secrets(scope)
        if remote:
            # Checked first, so that the runtime creates nothing that could not be recorded here.
            if any(store.name == name for store in connections.stores(self._registry, scope)):
                raise Conflict(
                    f"The object store {name} exists already in {scope}",
                    hint="Choose another name.",
                )
            form = self._store_kind(kind)
            secret = serialize_store_secret(name, form, {**settings, **secrets})
            self._runtimes.runtime(scope, "object_stores").create_object_store_secret(secret)
        with self._registry.write():
            added = connections.add_store(
                self._registry, scope, name, kind, settings, remote=remote
            )
            self._credentials.set(STORE, store_owner(scope, name), secrets)
        return added

    def import_secrets(self, scope: Scope, text: str) -> builtins.list[ObjectStoreRecord]:
        """Add object stores from object store secrets in the AI API's form, all or none. If one
        fails in a remote runtime, those created before it are deleted again if possible.

        Args:
            text: JSON: one secret, a list of them, or ``{"resources": […]}``.

        Raises:
            InvalidInput: the text has another form, or a value is not valid.
            Conflict: a name is taken.
        """
        from launchpad_tui.stores.catalog import KINDS

        added: builtins.list[ObjectStoreRecord] = []
        remote = self._runtimes.has_store_secrets(scope)
        try:
            # The registry is not locked while a remote runtime is called.
            with contextlib.nullcontext() if remote else self._registry.write():
                for secret in parse_store_secrets(text, KINDS):
                    added.append(self.add(scope, secret.name, secret.kind, secret.values))
        except BaseException:
            for store in added:
                if remote:
                    with contextlib.suppress(LaunchpadError):
                        self.delete(scope, store.name)
                else:
                    self._credentials.delete(STORE, store_owner(scope, store.name))
            raise
        return added

    def kept_where(self, scope: Scope, name: str) -> str:
        """Return where the secrets of an object store are stored, as text for users; empty if it has
        no secrets."""
        return self._credentials.where(STORE, store_owner(scope, name))

    def edit(
        self, scope: Scope, name: str, values: Mapping[str, str], *, at_runtime: bool = False
    ) -> ObjectStoreRecord:
        """Replace the values of an object store and return it. An empty secret keeps its stored
        value.

        Args:
            at_runtime: replace the object store secret in the remote runtime too. Otherwise only
                the values that this machine uses change.

        Raises:
            As `add`; and Conflict: no remote runtime has the store.
        """
        owner = store_owner(scope, name)
        kept = self._credentials.names(STORE, owner)
        found = connections.store(self._registry, scope, name)
        settings, secrets = checked(self._store_kind(found.kind).fields, values, kept)
        if at_runtime:
            if not found.remote or found.deleted_at is not None:
                raise Conflict(
                    f"The object store {name} has no secret in a runtime",
                    "Only this machine knows the object store.",
                    "Change it on this machine only.",
                )
            complete = {**settings, **self._credentials.get(STORE, owner), **secrets}
            runtime = self._runtimes.runtime(scope, "object_stores")
            secret = serialize_store_secret(name, self._store_kind(found.kind), complete)
            runtime.change_object_store_secret(name, secret)
        with self._registry.write():
            edited = connections.edit_store(self._registry, scope, name, settings)
            if secrets:
                self._credentials.merge(STORE, owner, secrets)
        return edited

    def rename(self, scope: Scope, name: str, new_name: str) -> int:
        """Rename an object store, change the URLs of the artifacts in it, and return their number.

        Raises:
            InvalidInput: the new name is not valid.
            NotFound: there is no such store.
            Conflict: the new name is taken, executions of the group have not ended, a remote
                runtime has the store, or outputs are stored in it (see `replace`).
        """
        if self.holds_outputs(scope, name):
            raise Conflict(
                "The object store default cannot be renamed",
                "Outputs of executions are stored in it.",
                "Replace it by another object store instead.",
            )
        return self._rename(scope, name, new_name)

    def replace(
        self, scope: Scope, name: str, kind: str, values: Mapping[str, str], keep_as: str
    ) -> tuple[ObjectStoreRecord, int]:
        """Replace an object store by another one of the same name, for example to store outputs in
        a bucket from now on. The old store is renamed, and the URLs of its artifacts change.

        Args:
            keep_as: the new name of the old store.

        Returns:
            The new store, which a remote runtime does not know, and the number of changed URLs.

        Raises:
            As `add` and `rename`; nothing is changed then.
        """
        with self._registry.write():
            followed = self._rename(scope, name, keep_as)
            try:
                return self.add(scope, name, kind, values, here=True), followed
            except BaseException:
                self._move_secrets(scope, keep_as, name)
                raise

    def _rename(self, scope: Scope, name: str, new_name: str) -> int:
        new_name = check_name(new_name, OBJECT_STORE_NAME, "The object store's name", NAME_RULE)
        found = connections.store(self._registry, scope, name)
        if found.remote and found.deleted_at is None:
            raise Conflict(
                f"The object store {name} cannot be renamed",
                "Its runtime has an object store secret of this name.",
                "Add an object store with the new name and delete this one.",
            )
        with self._registry.write():
            followed = connections.rename_store(self._registry, scope, name, new_name)
            self._move_secrets(scope, name, new_name)
        return followed

    def _move_secrets(self, scope: Scope, name: str, new_name: str) -> None:
        kept = self._credentials.get(STORE, store_owner(scope, name))
        if kept:
            self._credentials.set(STORE, store_owner(scope, new_name), kept)
            self._credentials.delete(STORE, store_owner(scope, name))

    def delete(self, scope: Scope, name: str) -> None:
        """Remove an object store, in its remote runtime too; the objects in it stay. It counts as
        removed if the runtime does not have it any more.

        Raises:
            NotFound: there is no such store.
            CapabilityMissing, Unreachable and others: a remote runtime failed.
            Conflict: outputs of executions are stored in it.
        """
        if self.holds_outputs(scope, name):
            raise Conflict(
                "The object store default cannot be deleted",
                "Outputs of executions are stored in it.",
            )
        found = connections.store(self._registry, scope, name)
        if found.remote and found.deleted_at is None:
            with contextlib.suppress(NotFound):
                self._runtimes.runtime(scope, "object_stores").delete_object_store_secret(name)
        connections.delete_store(self._registry, scope, name)
        self._credentials.delete(STORE, store_owner(scope, name))

    def check(self, scope: Scope, name: str) -> str:
        """Connect to an object store and return a short description of its location.

        Raises:
            NotFound: there is no such store.
            Unreachable, AuthenticationFailed, PermissionDenied, ConfigError: access failed.
        """
        return within(STORE_SECONDS, self._files.store(scope, name).check)

    def holds_outputs(self, scope: Scope, name: str) -> bool:
        """Return whether executions of this machine store their outputs in the store: it can be
        replaced, but neither renamed nor deleted. Raises NotFound for an unknown connection."""
        return name == DEFAULT_STORE and self._runtimes.stores_outputs(scope)

    def _store_kind(self, kind_id: str) -> StoreKind:
        from launchpad_tui.stores.catalog import store_kind

        return store_kind(kind_id)
