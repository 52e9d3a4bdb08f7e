"""What clients that may use one resource group only may reach: the one place that decides.

The endpoints of the served AI API ask before each request, and the supervisor before it downloads
the input of an execution. By default the stores ``default`` of all resource groups are the same
folder. So a client may use a location that is part of another group's only where the files were
created by executions of its own group.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from functools import partial
from urllib.parse import unquote, urlsplit

from launchpad_tui.config.paths import Home
from launchpad_tui.domain.artifact import parse_url
from launchpad_tui.domain.connection import DEFAULT_STORE, ObjectStoreRecord, Scope, StoreKind
from launchpad_tui.errors import InvalidInput, NotFound, PermissionDenied, Unreachable
from launchpad_tui.net.address_policy import AddressPolicy, AddressRefused
from launchpad_tui.net.timeouts import within
from launchpad_tui.registry import artifacts, connections, executions
from launchpad_tui.registry.database import Registry
from launchpad_tui.stores.catalog import KINDS, store_kind
from launchpad_tui.stores.locations import StoreLocation, store_location

#: seconds in which the address of a new object store must be resolved
_RESOLVE_SECONDS = 5.0
#: headers that a client may send to its object store (SAP HANA Cloud, data lake Files)
_HEADERS = frozenset({"x-sap-filecontainer"})
#: sources of credentials that belong to this machine, not to the client
_OWN_CREDENTIALS = frozenset({"environment", "profile", "instance"})


class GroupAccess:
    """Access of clients that may use one resource group only. Thread-safe.

    Args:
        policy: the servers that object stores of these clients may reach.
    """

    def __init__(self, home: Home, registry: Registry, policy: AddressPolicy) -> None:
        self._home = home
        self._registry = registry
        self.policy = policy

    def require_store(self, scope: Scope, name: str) -> None:
        """Check access to all files of an object store.

        Raises:
            NotFound: there is no such store.
            PermissionDenied: another resource group has files in the same location.
        """
        record = connections.store(self._registry, scope, name)
        if self._is_shared(scope, self._location(record)):
            raise _denied(scope, f"the object store {name[:80]}")

    def require_url(self, scope: Scope, url: str) -> None:
        """Check read access to the files at an artifact's URL.

        Raises:
            InvalidInput: the URL is invalid.
            NotFound: there is no such store.
            PermissionDenied: another resource group has files in the same location, and the files
                are not outputs of the scope's own executions.
        """
        parsed = parse_url(url)
        self.require_path(scope, parsed.store, parsed.path)

    def require_path(self, scope: Scope, name: str, path: str) -> None:
        """Check read access to the files at a path of an object store. Raises as `require_url`."""
        record = connections.store(self._registry, scope, name)
        location = self._location(record)
        if self._is_shared(scope, location) and not self._is_own_output(scope, record, path):
            raise _denied(scope, f"files of the object store {name[:80]}")

    def require_location(self, scope: Scope, kind_id: str, values: Mapping[str, str]) -> None:
        """Check an object store that a client adds or changes.

        Raises:
            InvalidInput: it uses folders or credentials of this machine, headers that are not
                allowed, or a server that is not.
            PermissionDenied: another resource group has files in the same location.
        """
        kind = store_kind(kind_id)
        if _uses_this_machine(kind, values):
            raise InvalidInput(
                "The object store uses this machine",
                "Clients of one resource group cannot use its folders and credentials.",
                "Use an object store with credentials of its own.",
                field="type",
            )
        self._check_headers(values.get("headers", ""))
        self._check_address(kind, values)
        if self._is_shared(scope, self._location_of(kind, values)):
            raise _denied(scope, "this location")

    def _check_headers(self, text: str) -> None:
        try:
            headers = json.loads(text) if text else {}
        except (ValueError, RecursionError):
            headers = {}
        for name in headers if isinstance(headers, dict) else ():
            if str(name).lower() not in _HEADERS:
                raise InvalidInput(
                    f"The header {str(name)[:60]!r} is not allowed",
                    "Clients of one resource group cannot choose what this server sends.",
                    f"Allowed headers: {', '.join(sorted(_HEADERS))}.",
                    field="headers",
                )

    def _check_address(self, kind: StoreKind, values: Mapping[str, str]) -> None:
        for name in kind.location_fields:
            value = values.get(name, "").strip()
            if name == "bucket" or not value:
                continue
            try:
                parts = urlsplit(value if "://" in value else f"https://{value}")
                host, port = parts.hostname or "", parts.port or 443
            except ValueError:
                host, port = "", 443
            try:
                within(_RESOLVE_SECONDS, partial(self.policy.resolve, host, port))
            except (AddressRefused, Unreachable):
                # A resolution that takes too long must not differ from one that fails.
                raise AddressRefused.of(field=name) from None

    def _is_shared(self, scope: Scope, location: StoreLocation) -> bool:
        """Return whether a store of another resource group has the same, an enclosing or an inner
        location."""
        # A store of a kind that this version does not know cannot be opened.
        return any(
            location.overlaps(self._location(each))
            for each in connections.other_stores(self._registry, scope)
            if each.kind in KINDS
        )

    def _is_own_output(self, scope: Scope, record: ObjectStoreRecord, path: str) -> bool:
        """Return whether the path is that of an output of one of the scope's executions.

        Outputs are stored in ``default``, in a folder named after the execution, whose ID the
        client cannot choose.
        """
        stores = connections.stores(self._registry, scope)
        default = next((each for each in stores if each.name == DEFAULT_STORE), None)
        if default is None or default.kind not in KINDS:
            return False
        if self._location(record) != self._location(default):
            return False
        execution_id, *parts = path.split("/")
        # No store decodes a path, but servers in front of one might.
        if not parts or any(each in {"", ".", ".."} for each in unquote(path).split("/")):
            return False
        if not self._has_execution(scope, execution_id):
            return False
        kind = store_kind(record.kind)
        if not kind.folder_field:
            return True
        # A symbolic link must not lead out of the folder.
        root = os.path.realpath(record.settings.get(kind.folder_field) or self._home.files)
        folder = os.path.join(root, execution_id)
        return os.path.realpath(os.path.join(root, path)).startswith(folder + os.sep)

    def _has_execution(self, scope: Scope, execution_id: str) -> bool:
        try:
            executions.execution(self._registry, scope, execution_id)
        except NotFound:
            # The artifacts of a deleted execution are kept.
            return bool(artifacts.of_executions(self._registry, scope, [execution_id]))
        return True

    def _location(self, record: ObjectStoreRecord) -> StoreLocation:
        return self._location_of(store_kind(record.kind), record.settings)

    def _location_of(self, kind: StoreKind, values: Mapping[str, str]) -> StoreLocation:
        return store_location(kind, values, str(self._home.files))


def _uses_this_machine(kind: StoreKind, values: Mapping[str, str]) -> bool:
    """Return whether a store uses folders, files or credentials of this machine.

    Only values that an object store secret can contain are known not to.
    """
    form = kind.secret
    if form is None or values.get("credentials") in _OWN_CREDENTIALS:
        return True
    posted = {*form.settings.values(), *form.data.values(), "credentials", "verify_tls"}
    return any(value and name not in posted for name, value in values.items())


def _denied(scope: Scope, subject: str) -> PermissionDenied:
    return PermissionDenied(
        f"This client may not use {subject}",
        f"It may use files of the resource group {scope.resource_group} only, and other resource "
        "groups have files in the same location.",
        "Give the resource group an object store of its own, or register the artifact on the "
        "machine of the server.",
    )
