"""Resource groups and object store secrets (``/admin``)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from launchpad_tui.aiapi.lenient import parse_list, parse_one
from launchpad_tui.aiapi.resource_groups import (
    parse_resource_group,
    serialize_group_labels,
    serialize_new_group,
)
from launchpad_tui.aiapi.store_secrets import parse_store_info
from launchpad_tui.domain.connection import ResourceGroup, StoreInfo
from launchpad_tui.domain.timestamps import now
from launchpad_tui.runtimes.aicore.base import Base, below

_GROUPS = "/admin/resourceGroups"
_SECRETS = "/admin/objectStoreSecrets"
#: the API requires it of the keys of a resource group's labels
_LABEL_PREFIX = "ext.ai.sap.com/"


class Administration(Base):
    """The part of the client that deals with what is around the resources."""

    def resource_groups(self) -> Iterator[ResourceGroup]:
        """The tenant's resource groups; their ``connection`` is empty."""
        # Without a page size in its header Prefer the API gives all of them at once.
        yield from parse_list(self.http.json("GET", _GROUPS), parse_resource_group)

    def resource_group_of(self, name: str) -> ResourceGroup:
        """One resource group. Raises NotFound."""
        return parse_one(self.http.json("GET", below(_GROUPS, name)), parse_resource_group)

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
        self.http.call("PATCH", below(_GROUPS, name), body=body, again=True)
        return prefixed

    def delete_resource_group(self, name: str) -> None:
        """Delete a resource group and all that is in it; the runtime refuses for ``default``. Raises NotFound."""
        self.http.call("DELETE", below(_GROUPS, name), again=True, done=(404,))

    def object_store_secrets(self) -> Iterator[StoreInfo]:
        """The object stores of the resource group."""
        return self._list(_SECRETS, parse_store_info)

    def object_store_secret(self, name: str) -> StoreInfo:
        """One object store. Raises NotFound."""
        return parse_one(self._get(below(_SECRETS, name)), parse_store_info)

    def create_object_store_secret(self, secret: Mapping[str, object]) -> None:
        """Make an object store secret.

        Args:
            secret: in the API's form: ``name``, ``type``, ``data`` and what else its type has. No message holds a value
                of ``data``.
        """
        self.http.call(
            "POST", _SECRETS, group=self.resource_group, body=dict(secret), hide=_values(secret)
        )

    def change_object_store_secret(self, name: str, secret: Mapping[str, object]) -> None:
        """Replace an object store secret. Arguments as of `create_object_store_secret`. Raises NotFound."""
        path = below(_SECRETS, name)
        self.http.call(
            "PATCH",
            path,
            group=self.resource_group,
            body=dict(secret),
            again=True,
            hide=_values(secret),
        )

    def delete_object_store_secret(self, name: str) -> None:
        """Delete an object store secret; what is in the store stays. Raises NotFound."""
        self.http.call(
            "DELETE", below(_SECRETS, name), group=self.resource_group, again=True, done=(404,)
        )


def _prefixed(labels: Mapping[str, str]) -> dict[str, str]:
    return {
        key if key.startswith(_LABEL_PREFIX) else _LABEL_PREFIX + key: value
        for key, value in labels.items()
    }


def _values(secret: Mapping[str, object]) -> tuple[str, ...]:
    data = secret.get("data")
    return (
        tuple(each for each in data.values() if isinstance(each, str))
        if isinstance(data, Mapping)
        else ()
    )
