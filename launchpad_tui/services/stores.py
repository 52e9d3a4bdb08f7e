"""The object stores of resource groups."""

from __future__ import annotations

import builtins
import contextlib
import shlex
from collections.abc import Mapping
from itertools import count
from pathlib import Path
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
from launchpad_tui.domain.fields import checked, outdated_secrets
from launchpad_tui.errors import Conflict, InvalidInput, LaunchpadError, NotFound
from launchpad_tui.net.timeouts import STORE_SECONDS, within
from launchpad_tui.registry import connections
from launchpad_tui.registry.database import Registry

if TYPE_CHECKING:
    from launchpad_tui.services.files import FileService
    from launchpad_tui.services.runtimes import Runtimes


class StoreService:
    """Adds, changes and removes the object stores of resource groups. Thread-safe.

    A remote runtime has object store secrets, which are created, replaced and deleted together with
    the object stores.
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
        """Return the names (not the values) of the stored secrets of an object store."""
        return self._credentials.names(STORE, store_owner(scope, name))

    def list(self, scope: Scope) -> builtins.list[ObjectStoreRecord]:
        """Return the group's object stores, ``default`` first. Raises NotFound."""
        return connections.stores(self._registry, scope)

    def get(self, scope: Scope, name: str) -> ObjectStoreRecord:
        """Return the object store with this name. Raises NotFound."""
        return connections.store(self._registry, scope, name)

    def add(
        self,
        scope: Scope,
        name: str,
        kind: str,
        values: Mapping[str, str],
        *,
        here: bool = False,
        restricted: bool = False,
    ) -> ObjectStoreRecord:
        """Add an object store without connecting to it, and return it.

        An object store secret with the same credentials is created in a remote runtime.

        Args:
            scope: The connection and resource group.
            name: The name of the object store.
            kind: The ID of the kind of object store.
            values: By the names of the kind's fields, secrets included.
            restricted: Whether a client of one resource group adds the store, see
                `ObjectStoreRecord`.
            here: Do not create a secret in a remote runtime, so that only this machine can use the
                store, for example a folder in which files of the runtime are mounted.

        Raises:
            InvalidInput: The name or a value is not valid, or a remote runtime does not support
                this kind of store.
            CapabilityMissing, Unreachable: A remote runtime does not support object store secrets
                or does not respond. Other errors of runtimes are possible.
            NotFound: There is no such kind or resource group.
            Conflict: An object store with this name exists.
        """
        name = check_name(name, OBJECT_STORE_NAME, "The object store's name", NAME_RULE)
        settings, secrets = checked(self._store_kind(kind).fields, values)
        remote = not here and self._runtimes.has_store_secrets(scope)
        if remote:
            # Checked first, so that no secret is created that cannot be recorded in the registry.
            if any(store.name == name for store in connections.stores(self._registry, scope)):
                raise Conflict(
                    f"The object store {name} already exists",
                    f"It belongs to {scope}.",
                    "Use another name.",
                )
            form = self._store_kind(kind)
            secret = serialize_store_secret(name, form, {**settings, **secrets})
            self._runtimes.runtime(scope, "object_stores").create_object_store_secret(secret)
        with self._registry.write():
            added = connections.add_store(
                self._registry,
                scope,
                name,
                kind,
                settings,
                remote=remote,
                restricted=restricted,
            )
            self._credentials.set(STORE, store_owner(scope, name), secrets)
        return added

    def import_secrets(self, scope: Scope, text: str) -> builtins.list[ObjectStoreRecord]:
        """Add all object stores or none from object store secrets in the form of the AI API.

        If a remote runtime rejects one, those created before it are deleted again if possible.

        Every resource group of this machine has a folder as object store ``default``. A secret of
        that name replaces it: the folder gets the name ``files`` and the URLs of its artifacts
        follow.

        Args:
            scope: The connection and resource group.
            text: JSON: one secret, a list of secrets, or ``{"resources": […]}``.

        Raises:
            InvalidInput: The text is not in this form, or a value is not valid.
            Conflict: An object store with one of the names exists.
        """
        from launchpad_tui.stores.catalog import KINDS

        added: builtins.list[ObjectStoreRecord] = []
        remote = self._runtimes.has_store_secrets(scope)
        try:
            # No transaction is open during requests to a remote runtime.
            with contextlib.nullcontext() if remote else self._registry.write():
                for secret in parse_store_secrets(text, KINDS):
                    if not remote and self._is_initial_default(scope, secret.name):
                        new, _ = self.replace(
                            scope, secret.name, secret.kind, secret.values, self._free_name(scope)
                        )
                        added.append(new)
                    else:
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

    def _is_initial_default(self, scope: Scope, name: str) -> bool:
        """Return whether the store is the folder with which the resource group was created."""
        return any(
            each.name == name == DEFAULT_STORE
            and self._store_kind(each.kind).folder_field
            and not each.settings
            for each in connections.stores(self._registry, scope)
        )

    def _free_name(self, scope: Scope) -> str:
        """Return a name for the folder that was the store ``default``."""
        names = {each.name for each in connections.stores(self._registry, scope)}
        candidates = (f"files-{number}" if number > 1 else "files" for number in count(1))
        return next(each for each in candidates if each not in names)

    def kept_where(self, scope: Scope, name: str) -> str:
        """Return a description of where the secrets of an object store are stored; empty if it has
        no secrets."""
        return self._credentials.where(STORE, store_owner(scope, name))

    def edit(
        self,
        scope: Scope,
        name: str,
        values: Mapping[str, str],
        *,
        at_runtime: bool = False,
        keep_secrets: bool = True,
        restricted: bool = False,
    ) -> ObjectStoreRecord:
        """Replace the values of an object store and return it.

        Args:
            scope: The connection and resource group.
            name: The name of the object store.
            values: By the names of the kind's fields, secrets included.
            at_runtime: Also replace the object store secret in the remote runtime. Otherwise only
                the values that this machine uses are changed.
            keep_secrets: Whether an empty secret keeps its stored value; otherwise it is removed.
            restricted: Whether a client of one resource group changes the store, see
                `ObjectStoreRecord`.

        Raises:
            Conflict: ``at_runtime`` is set, and the store has no secret in a remote runtime.
            InvalidInput, NotFound, Unreachable: As for `add`.
        """
        owner = store_owner(scope, name)
        kept = self._credentials.names(STORE, owner) if keep_secrets else frozenset()
        found = connections.store(self._registry, scope, name)
        fields = self._store_kind(found.kind).fields
        settings, secrets = checked(fields, values, kept)
        outdated = outdated_secrets(fields, settings, kept)
        if self.holds_outputs(scope, name):
            self._require_folder(found.kind, settings)
        if at_runtime:
            if not found.remote or found.deleted_at is not None:
                raise Conflict(
                    f"The object store {name} has no secret in a runtime",
                    "The object store exists on this machine only.",
                    "Change it without --update-runtime.",
                )
            complete = {**settings, **self._credentials.get(STORE, owner), **secrets}
            runtime = self._runtimes.runtime(scope, "object_stores")
            secret = serialize_store_secret(name, self._store_kind(found.kind), complete)
            runtime.change_object_store_secret(name, secret)
        with self._registry.write():
            edited = connections.edit_store(
                self._registry, scope, name, settings, restricted=restricted
            )
            if not keep_secrets:
                self._credentials.set(STORE, owner, secrets)
            elif secrets or outdated:
                self._credentials.merge(STORE, owner, secrets, outdated)
        return edited

    def rename(self, scope: Scope, name: str, new_name: str) -> int:
        """Rename an object store, change the URLs of the artifacts in it, and return their number.

        Raises:
            InvalidInput: The new name is not valid.
            NotFound: There is no such store.
            Conflict: An object store with the new name exists, executions of the resource group
                have not ended, the store has a secret in a remote runtime, or outputs of executions
                are stored in it (see `replace`).
        """
        if self.holds_outputs(scope, name):
            raise Conflict(
                f"The object store {name} cannot be renamed",
                "Outputs of executions are stored in it.",
                f"Replace it with another object store: launchpad stores replace {name}",
            )
        return self._rename(scope, name, new_name)

    def replace(
        self, scope: Scope, name: str, kind: str, values: Mapping[str, str], keep_as: str
    ) -> tuple[ObjectStoreRecord, int]:
        """Replace an object store with another one of the same name, for example to store future
        outputs in a bucket. The old store is renamed, and the URLs of its artifacts change.

        Args:
            scope: The connection and resource group.
            name: The name of the old and the new store.
            kind: The ID of the kind of the new store.
            values: By the names of the kind's fields, secrets included.
            keep_as: The new name of the old store.

        Returns:
            The new store, which has no secret in a remote runtime, and the number of changed URLs.

        Raises:
            InvalidInput: The folder of the new store does not exist.
            Conflict, InvalidInput, NotFound: As for `add` and `rename`. Nothing was changed.
        """
        self._require_folder(kind, values)
        with self._registry.write():
            changed_urls = self._rename(scope, name, keep_as)
            try:
                return self.add(scope, name, kind, values, here=True), changed_urls
            except BaseException:
                self._move_secrets(scope, keep_as, name)
                raise

    def _require_folder(self, kind: str, values: Mapping[str, str]) -> None:
        """Raise InvalidInput if a store would be in a folder that does not exist, so that
        executions could not store their outputs."""
        field = self._store_kind(kind).folder_field
        folder = values.get(field, "") if field else ""
        if folder and not Path(folder).is_dir():
            raise InvalidInput(
                f"The folder {folder[:200]} does not exist",
                "Outputs of executions could not be stored in it.",
                f"Create or mount it: mkdir -p {shlex.quote(folder)}",
                field=field,
            )

    def _rename(self, scope: Scope, name: str, new_name: str) -> int:
        new_name = check_name(new_name, OBJECT_STORE_NAME, "The object store's name", NAME_RULE)
        found = connections.store(self._registry, scope, name)
        if found.remote and found.deleted_at is None:
            raise Conflict(
                f"The object store {name} cannot be renamed",
                "Its runtime has an object store secret with this name.",
                "Add an object store with the new name, and remove this one.",
            )
        with self._registry.write():
            changed_urls = connections.rename_store(self._registry, scope, name, new_name)
            self._move_secrets(scope, name, new_name)
        return changed_urls

    def _move_secrets(self, scope: Scope, name: str, new_name: str) -> None:
        secrets = self._credentials.get(STORE, store_owner(scope, name))
        if secrets:
            self._credentials.set(STORE, store_owner(scope, new_name), dict(secrets))
            self._credentials.delete(STORE, store_owner(scope, name))

    def delete(self, scope: Scope, name: str) -> None:
        """Remove an object store and its secret in a remote runtime. The objects in it are kept.

        The secret counts as deleted if the runtime does not have it any more.

        Raises:
            NotFound: There is no such store.
            Conflict: Outputs of executions are stored in it.
            CapabilityMissing, Unreachable: As for `add`.
        """
        if self.holds_outputs(scope, name):
            raise Conflict(
                f"The object store {name} cannot be removed",
                "Outputs of executions are stored in it.",
                f"Replace it with another object store: launchpad stores replace {name}",
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
            NotFound: There is no such store.
            Unreachable, AuthenticationFailed, PermissionDenied, ConfigError: The store cannot be
                accessed.
        """
        return within(STORE_SECONDS, self._files.store(scope, name).check)

    def holds_outputs(self, scope: Scope, name: str) -> bool:
        """Return whether executions of this machine store their outputs in the store.

        Such a store can be replaced, but neither renamed nor removed. Raises NotFound for an
        unknown connection.
        """
        return name == DEFAULT_STORE and self._runtimes.stores_outputs(scope)

    def _store_kind(self, kind_id: str) -> StoreKind:
        from launchpad_tui.stores.catalog import store_kind

        return store_kind(kind_id)
