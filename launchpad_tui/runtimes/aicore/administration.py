"""Requests for resource groups, object store secrets and applications (``/admin``)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice

from launchpad_tui.aiapi.applications import parse_application_name, parse_template_sources
from launchpad_tui.aiapi.lenient import parse_list, parse_one
from launchpad_tui.aiapi.resource_groups import (
    parse_resource_group,
    serialize_group_labels,
    serialize_new_group,
)
from launchpad_tui.aiapi.store_secrets import parse_store_info
from launchpad_tui.domain.connection import ResourceGroup, StoreInfo
from launchpad_tui.domain.repository import TemplateSource
from launchpad_tui.domain.timestamps import now
from launchpad_tui.runtimes.aicore.base import BaseClient, item_path

_GROUPS = "/admin/resourceGroups"
_SECRETS = "/admin/objectStoreSecrets"
_APPLICATIONS = "/admin/applications"
#: the number of applications whose status is requested, one request each
_MOST_APPLICATIONS = 50
#: the prefix that the API requires of the keys of a resource group's labels
_LABEL_PREFIX = "ext.ai.sap.com/"


class AdministrationClient(BaseClient):
    """The requests for resource groups, object store secrets and applications."""

    def resource_groups(self) -> Iterator[ResourceGroup]:
        """Yield the tenant's resource groups; their ``connection`` is empty."""
        # Without a page size in the header Prefer, the API returns all of them at once.
        yield from parse_list(self.http.json("GET", _GROUPS), parse_resource_group)

    def resource_group_of(self, name: str) -> ResourceGroup:
        """Return a resource group. Raises NotFound."""
        return parse_one(self.http.json("GET", item_path(_GROUPS, name)), parse_resource_group)

    def create_resource_group(
        self, name: str, labels: Mapping[str, str] | None = None
    ) -> ResourceGroup:
        """Create a resource group and return it; it is PROVISIONING for a while.

        Args:
            labels: the prefix that the API requires of keys is added if missing.
        """
        prefixed = _prefixed(labels or {})
        self.http.call("POST", _GROUPS, body=serialize_new_group(name, prefixed))
        return ResourceGroup("", name, "PROVISIONING", prefixed, now())

    def label_resource_group(self, name: str, labels: Mapping[str, str]) -> dict[str, str]:
        """Replace the labels of a resource group and return them with the prefix that the API
        requires of their keys. Raises NotFound."""
        prefixed = _prefixed(labels)
        body = serialize_group_labels(prefixed)
        self.http.call("PATCH", item_path(_GROUPS, name), body=body, repeatable=True)
        return prefixed

    def delete_resource_group(self, name: str) -> None:
        """Delete a resource group and everything in it.

        Raises:
            NotFound: there is no such resource group.
            LaunchpadError: the runtime refuses, as it does for ``default``.
        """
        self.http.call("DELETE", item_path(_GROUPS, name), repeatable=True, done_statuses=(404,))

    def template_sources(self) -> dict[str, TemplateSource]:
        """Return where workflow templates come from, by the IDs of their executables.

        Only the first `_MOST_APPLICATIONS` applications are requested.

        Raises:
            PermissionDenied, NotFound: the user may not read the applications of the tenant.
        """
        found: dict[str, TemplateSource] = {}
        names = parse_list(self.http.json("GET", _APPLICATIONS), parse_application_name)
        for name in islice(names, _MOST_APPLICATIONS):
            status = self.http.json("GET", f"{item_path(_APPLICATIONS, name)}/status")
            if isinstance(status, Mapping):
                found |= parse_template_sources(status, name)
        return found

    def object_store_secrets(self) -> Iterator[StoreInfo]:
        """Yield the object stores of the resource group, without their credentials."""
        return self._list(_SECRETS, parse_store_info)

    def object_store_secret(self, name: str) -> StoreInfo:
        """Return an object store, without its credentials. Raises NotFound."""
        return parse_one(self._get(item_path(_SECRETS, name)), parse_store_info)

    def create_object_store_secret(self, secret: Mapping[str, object]) -> None:
        """Create an object store secret.

        Args:
            secret: the body of the request: ``name``, ``type``, ``data`` and the settings of its
                type. No message contains a value of ``data``.
        """
        self.http.call(
            "POST",
            _SECRETS,
            group=self.resource_group,
            body=dict(secret),
            body_secrets=_secret_values(secret),
        )

    def change_object_store_secret(self, name: str, secret: Mapping[str, object]) -> None:
        """Replace an object store secret.

        Args:
            secret: as for `create_object_store_secret`.

        Raises:
            NotFound: there is no such secret.
        """
        path = item_path(_SECRETS, name)
        self.http.call(
            "PATCH",
            path,
            group=self.resource_group,
            body=dict(secret),
            repeatable=True,
            body_secrets=_secret_values(secret),
        )

    def delete_object_store_secret(self, name: str) -> None:
        """Delete an object store secret; the files of the store are kept. Raises NotFound."""
        self.http.call(
            "DELETE",
            item_path(_SECRETS, name),
            group=self.resource_group,
            repeatable=True,
            done_statuses=(404,),
        )


def _prefixed(labels: Mapping[str, str]) -> dict[str, str]:
    return {
        key if key.startswith(_LABEL_PREFIX) else _LABEL_PREFIX + key: value
        for key, value in labels.items()
    }


def _secret_values(secret: Mapping[str, object]) -> tuple[str, ...]:
    """Return the texts of a secret that no message may contain."""
    data = secret.get("data")
    if not isinstance(data, Mapping):
        return ()
    return tuple(each for each in data.values() if isinstance(each, str))
