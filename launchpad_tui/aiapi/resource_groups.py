"""Resource groups (``/admin/resourceGroups``)."""

from __future__ import annotations

import re
from collections.abc import Mapping

from launchpad_tui.aiapi import lenient, strict
from launchpad_tui.aiapi.values import Json, JsonObject, rfc3339, serialize_labels
from launchpad_tui.domain.connection import ResourceGroup
from launchpad_tui.errors import InvalidInput

#: label keys that the API allows for resource groups, and their maximum length
_LABEL_KEY = re.compile(r"ext\.ai\.sap\.com/[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?")
_LABEL_KEY_LIMIT = 63


def serialize_resource_group(group: ResourceGroup) -> Json:
    """Return a resource group."""
    return {
        "resourceGroupId": group.name,
        "status": group.status,
        "statusMessage": "",
        "labels": serialize_labels(group.labels),
        "createdAt": rfc3339(group.created_at),
    }


def extended_resource_group(group: ResourceGroup) -> Json:
    """Return a resource group with its connection and the time since which it is deleted."""
    data = serialize_resource_group(group)
    del data["statusMessage"]
    return {**data, "connection": group.connection, "deletedAt": rfc3339(group.deleted_at)}


def parse_resource_group(data: JsonObject) -> ResourceGroup:
    """Parse a resource group of a response; its ``connection`` is empty."""
    return ResourceGroup(
        "",
        lenient.required_text(data, "resourceGroupId"),
        lenient.text(data, "status") or "UNKNOWN",
        dict(lenient.pairs(data, "labels")),
        lenient.created_at(data),
    )


def serialize_new_group(name: str, labels: Mapping[str, str]) -> Json:
    """Return the body of a request that creates a resource group."""
    return {"resourceGroupId": name} | (serialize_group_labels(labels) if labels else {})


def serialize_group_labels(labels: Mapping[str, str]) -> Json:
    """Return the body of a request that replaces a resource group's labels."""
    return {"labels": serialize_labels(labels)}


def parse_new_group(data: JsonObject) -> tuple[str, dict[str, str]]:
    """Parse the body of a request that creates a resource group. Raises InvalidInput.

    Returns:
        The name, empty if the server has to choose one, and the labels.
    """
    return strict.text(data, "resourceGroupId", required=False), parse_group_labels(data)


def parse_group_labels(data: JsonObject) -> dict[str, str]:
    """Parse the labels of a request. Raises InvalidInput if a key is not a valid one."""
    labels = strict.mapping(data, "labels")
    for key in labels:
        if not _LABEL_KEY.fullmatch(key) or len(key) > _LABEL_KEY_LIMIT:
            raise InvalidInput(
                f"{key[:80]!r} is not a valid label key",
                hint=f"Use a key of at most {_LABEL_KEY_LIMIT} characters, such as "
                "ext.ai.sap.com/team.",
                field="labels",
            )
    return labels
