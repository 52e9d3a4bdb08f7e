"""Connections and object stores as ``--json`` prints them; the AI API has no such resources."""

from __future__ import annotations

from launchpad_tui.aiapi.values import Json, rfc3339
from launchpad_tui.domain.cluster import Cluster
from launchpad_tui.domain.connection import Capabilities, Connection, ObjectStoreRecord

#: keys of capabilities that are not the attribute's name in camel case
_CAPABILITY_KEYS = {
    "schedules": "executionSchedules",
    "bulk": "bulkUpdates",
    "groups": "resourceGroups",
}


def serialize_connection(connection: Connection) -> Json:
    """Return a connection; secrets are never among its settings."""
    return {
        "name": connection.name,
        "kind": connection.kind,
        "settings": dict(connection.settings),
        "createdAt": rfc3339(connection.created_at),
        "modifiedAt": rfc3339(connection.modified_at),
        "syncedAt": rfc3339(connection.synced_at),
        "lastError": connection.last_error or None,
    }


def serialize_cluster(cluster: Cluster) -> Json:
    """Return partitions, nodes and jobs; ``memory`` is in megabytes of a node."""
    return {
        "partitions": [
            {
                "name": each.name,
                "default": each.default,
                "state": each.state,
                "limit": each.limit,
                "idleNodes": each.idle_nodes,
                "nodes": each.nodes,
                "idleCpus": each.idle_cpus,
                "cpus": each.cpus,
            }
            for each in cluster.partitions
        ],
        "nodes": [
            {
                "partition": each.partition,
                "state": each.state,
                "count": each.count,
                "cpus": each.cpus,
                "memory": each.memory,
                "devices": each.devices or None,
                "names": each.names,
            }
            for each in cluster.nodes
        ],
        "jobs": [
            {
                "id": each.id,
                "executionId": each.execution_id or None,
                "state": each.state,
                "place": each.place,
                "elapsed": each.elapsed,
                "limit": each.limit,
            }
            for each in cluster.jobs
        ],
    }


def capability_names() -> tuple[str, ...]:
    """Return the names of all capabilities, in their order of declaration."""
    return tuple(name for name in Capabilities.__annotations__ if name != "reasons")


def serialize_capabilities(capabilities: Capabilities) -> Json:
    """Return what a runtime can do, and the reasons for what it cannot do."""
    data: Json = {
        _capability_key(name): bool(getattr(capabilities, name)) for name in capability_names()
    }
    reasons = {_capability_key(name): reason for name, reason in capabilities.reasons.items()}
    return {**data, "reasons": reasons}


def _capability_key(name: str) -> str:
    first, *others = name.split("_")
    return _CAPABILITY_KEYS.get(name) or first + "".join(each.capitalize() for each in others)


def serialize_object_store(store: ObjectStoreRecord) -> Json:
    """Return an object store; secrets are never among its settings."""
    return {
        "name": store.name,
        "type": store.kind,
        "settings": dict(store.settings),
        "createdAt": rfc3339(store.created_at),
        "deletedAt": rfc3339(store.deleted_at),
    }
