"""The object stores of resource groups: kept, renamed, replaced, looked at."""

from __future__ import annotations

import builtins
import contextlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from launchpad_tui.config.credentials import STORE, Credentials, store_owner
from launchpad_tui.domain.connection import (
    DEFAULT_STORE,
    LOCAL,
    OBJECT_STORE_NAME,
    ObjectStoreRecord,
    Scope,
    StoreKind,
    check_name,
)
from launchpad_tui.domain.fields import checked
from launchpad_tui.errors import Conflict, LaunchpadError
from launchpad_tui.registry import connections
from launchpad_tui.registry.database import Registry
from launchpad_tui.services.timeouts import LOOK, within

if TYPE_CHECKING:
    from launchpad_tui.services.acting import RemoteActs
    from launchpad_tui.services.files import FileService

#: what the names of connections and object stores have to look like, for people
NAME_RULE = "Lower-case letters, digits, '-' and '.', a letter or digit at both ends; at most 63 characters."


class StoreKeeping:
    """Object stores. Safe for threads.

    Args:
        files: gives the object stores, when one is looked at.
        acts: gives what acts at the runtime of a scope, None where that is this machine.
    """

    def __init__(
        self,
        registry: Registry,
        credentials: Credentials,
        files: Callable[[], FileService],
        acts: Callable[[Scope], RemoteActs | None],
    ) -> None:
        self._registry = registry
        self._credentials = credentials
        self._files = files
        self._acts = acts

    def store_kinds(self) -> tuple[StoreKind, ...]:
        """The kinds of object stores, in the order in which they are offered."""
        from launchpad_tui.stores.catalog import KINDS

        return tuple(KINDS.values())

    def kept_of_store(self, scope: Scope, name: str) -> frozenset[str]:
        """The names of the object store's secrets that are kept; never their values."""
        return self._credentials.names(STORE, store_owner(scope, name))

    def stores(self, scope: Scope) -> builtins.list[ObjectStoreRecord]:
        """The group's object stores, ``default`` first. Raises NotFound."""
        return connections.stores(self._registry, scope)

    def add_store(
        self, scope: Scope, name: str, kind: str, values: Mapping[str, str], *, here: bool = False
    ) -> ObjectStoreRecord:
        """A new object store; it is not called yet. Elsewhere its secret is made at the runtime too, with the keys that
        are given.

        Args:
            here: make nothing at a runtime elsewhere: only this machine knows the store, such as a folder where that
                of the runtime's machine is mounted.

        Raises:
            InvalidInput: the name or a value is wrong, or it has no form that a runtime elsewhere takes.
            CapabilityMissing, Unreachable and others: a runtime elsewhere does not do it.
            NotFound: there is no such kind or group.
            Conflict: the name is taken.
        """
        name = check_name(name, OBJECT_STORE_NAME, "The object store's name", NAME_RULE)
        settings, secrets = checked(self._store_kind(kind).fields, values)
        acts = None if here else self._acts(scope)
        if acts is not None:
            # Before the runtime has made something that could not be kept here.
            if any(store.name == name for store in connections.stores(self._registry, scope)):
                raise Conflict(
                    f"There is an object store {name} in {scope} already",
                    hint="Choose another name.",
                )
            acts.create_store(scope, name, kind, {**settings, **secrets})
        with self._registry.write():
            added = connections.add_store(
                self._registry, scope, name, kind, settings, remote=acts is not None
            )
            self._credentials.set(STORE, store_owner(scope, name), secrets)
        return added

    def import_secrets(self, scope: Scope, text: str) -> builtins.list[ObjectStoreRecord]:
        """Add object stores from object store secrets in the AI API's form, all or none. Elsewhere those that were made
        before one that failed are deleted again, as far as the runtime lets us.

        Args:
            text: JSON: one secret, a list of them, or ``{"resources": […]}``.

        Raises:
            InvalidInput: it is not that, or a value is wrong.
            Conflict: a name is taken.
        """
        from launchpad_tui.aiapi.store_secrets import parse_store_secrets
        from launchpad_tui.stores.catalog import KINDS

        made: builtins.list[ObjectStoreRecord] = []
        remote = self._acts(scope) is not None
        try:
            # Nobody else shall wait for the registry while a runtime is asked.
            with contextlib.nullcontext() if remote else self._registry.write():
                for secret in parse_store_secrets(text, KINDS):
                    made.append(self.add_store(scope, secret.name, secret.kind, secret.values))
        except BaseException:
            for store in made:
                if remote:
                    with contextlib.suppress(LaunchpadError):
                        self.delete_store(scope, store.name)
                else:
                    self._credentials.delete(STORE, store_owner(scope, store.name))
            raise
        return made

    def kept_where(self, scope: Scope, name: str) -> str:
        """Where the secrets of an object store are kept, for people; empty where it has none."""
        return self._credentials.where(STORE, store_owner(scope, name))

    def edit_store(
        self, scope: Scope, name: str, values: Mapping[str, str], *, at_runtime: bool = False
    ) -> ObjectStoreRecord:
        """The object store with other values; a secret that is left empty stays as it is.

        Args:
            at_runtime: replace its secret at the runtime elsewhere too, with all that it has here then. Otherwise only
                what this machine uses is changed: one's own keys are no business of the runtime.

        Raises:
            As `add_store`; and Conflict: no runtime elsewhere has it.
        """
        owner = store_owner(scope, name)
        kept = self._credentials.names(STORE, owner)
        found = connections.store(self._registry, scope, name)
        settings, secrets = checked(self._store_kind(found.kind).fields, values, kept)
        if at_runtime:
            acts = self._acts(scope)
            if acts is None or not found.remote or found.deleted_at is not None:
                raise Conflict(
                    f"The object store {name} is known here only", "No runtime elsewhere has it."
                )
            acts.change_store(
                scope,
                name,
                found.kind,
                {**settings, **self._credentials.get(STORE, owner), **secrets},
            )
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
            Conflict: the new name is taken, executions of the group are not finished, a runtime elsewhere has it, or it
                is ``default`` of the embedded runtime, where outputs go (see `replace_store`).
        """
        if (
            name == DEFAULT_STORE
            and connections.connection(self._registry, scope.connection).kind == LOCAL
        ):
            raise Conflict(
                "The object store default cannot be renamed", "Outputs of executions go there."
            )
        return self._rename(scope, name, new_name)

    def replace_store(
        self, scope: Scope, name: str, kind: str, values: Mapping[str, str], keep_as: str
    ) -> tuple[ObjectStoreRecord, int]:
        """Put another object store under a name, such as a bucket where outputs shall go from now on. The old one stays
        under the name ``keep_as``, and the artifacts in it follow; gives the new store, and how many they are. In a
        group of a runtime elsewhere only this machine knows the new one, as it did the old one.

        Raises:
            As `add_store` and `rename_store`; then nothing is changed.
        """
        with self._registry.write():
            followed = self._rename(scope, name, keep_as)
            try:
                return self.add_store(scope, name, kind, values, here=True), followed
            except BaseException:
                self._move_secrets(scope, keep_as, name)
                raise

    def _rename(self, scope: Scope, name: str, new_name: str) -> int:
        new_name = check_name(new_name, OBJECT_STORE_NAME, "The object store's name", NAME_RULE)
        found = connections.store(self._registry, scope, name)
        if found.remote and found.deleted_at is None:
            hint = "Add one of the other name, and delete this one."
            raise Conflict(
                f"The object store {name} keeps its name", "Its runtime knows it by that.", hint
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

    def delete_store(self, scope: Scope, name: str) -> None:
        """Forget an object store; what is in it stays. One that a runtime elsewhere has is deleted there.

        Raises:
            NotFound: there is none.
            CapabilityMissing, Unreachable and others: a runtime elsewhere does not do it.
            Conflict: it is ``default`` of the embedded runtime, where outputs go.
        """
        if (
            name == DEFAULT_STORE
            and connections.connection(self._registry, scope.connection).kind == LOCAL
        ):
            raise Conflict(
                "The object store default cannot be deleted", "Outputs of executions go there."
            )
        found = connections.store(self._registry, scope, name)
        if found.remote and found.deleted_at is None and (acts := self._acts(scope)) is not None:
            acts.delete_store(scope, name)
        connections.delete_store(self._registry, scope, name)
        self._credentials.delete(STORE, store_owner(scope, name))

    def check_store(self, scope: Scope, name: str) -> str:
        """Call the object store; says in a few words where it is.

        Raises:
            NotFound: there is none.
            Unreachable, AuthenticationFailed, PermissionDenied, ConfigError: it does not let us in.
        """
        return within(LOOK, self._files().store(scope, name).check)

    def _store_kind(self, kind_id: str) -> StoreKind:
        from launchpad_tui.stores.catalog import store_kind

        return store_kind(kind_id)
