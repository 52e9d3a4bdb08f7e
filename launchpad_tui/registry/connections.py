"""Connections, resource groups and object stores."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime

from launchpad_tui.domain.connection import (
    DEFAULT_SCOPE,
    DEFAULT_STORE,
    Capabilities,
    Connection,
    ObjectStoreRecord,
    ResourceGroup,
    Scope,
)
from launchpad_tui.domain.timestamps import from_micros, now, to_micros
from launchpad_tui.errors import Conflict, NotFound
from launchpad_tui.registry.codec import micros, moment, text_map, to_json
from launchpad_tui.registry.database import Registry

_CONNECTION = "name, kind, settings, created_at, modified_at, synced_at, last_error"


def connection_pk(db: sqlite3.Connection, name: str) -> int:
    """The row of a connection.

    Raises:
        NotFound: there is none of this name.
    """
    row = db.execute("SELECT pk FROM connections WHERE name = ?", (name,)).fetchone()
    if row is None:
        raise NotFound(f"There is no connection {name!r}")
    return int(row[0])


def group_pk(db: sqlite3.Connection, scope: Scope) -> int:
    """The row of a resource group.

    Raises:
        NotFound: there is no such connection or resource group.
    """
    row = db.execute(
        "SELECT g.pk FROM resource_groups g JOIN connections c ON c.pk = g.connection_pk "
        "WHERE c.name = ? AND g.name = ?",
        (scope.connection, scope.resource_group),
    ).fetchone()
    if row is None:
        connection_pk(db, scope.connection)
        raise NotFound(
            f"Connection {scope.connection} has no resource group {scope.resource_group!r}"
        )
    return int(row[0])


def connections(registry: Registry) -> list[Connection]:
    """All connections by name, ``local`` first."""
    with registry.read() as db:
        rows = db.execute(
            f"SELECT {_CONNECTION} FROM connections ORDER BY name <> ?, name",
            (DEFAULT_SCOPE.connection,),
        ).fetchall()
    return [_connection(row) for row in rows]


def connection(registry: Registry, name: str) -> Connection:
    """The connection of this name.

    Raises:
        NotFound: there is none.
    """
    with registry.read() as db:
        row = db.execute(
            f"SELECT {_CONNECTION} FROM connections WHERE name = ?", (name,)
        ).fetchone()
    if row is None:
        raise NotFound(f"There is no connection {name!r}")
    return _connection(row)


def add_connection(
    registry: Registry, name: str, kind: str, settings: Mapping[str, str]
) -> Connection:
    """A new connection; ``settings`` without secrets.

    Raises:
        Conflict: the name is taken.
    """
    at = to_micros(now())
    with registry.write("connections") as db:
        added = db.execute(
            "INSERT INTO connections (name, kind, settings, created_at, modified_at) VALUES (?, ?, ?, ?, ?) "
            "ON CONFLICT DO NOTHING",
            (name, kind, to_json(settings), at, at),
        ).rowcount
        if not added:
            raise Conflict(f"There is a connection {name} already", hint="Choose another name.")
        return connection(registry, name)


def edit_connection(registry: Registry, name: str, settings: Mapping[str, str]) -> Connection:
    """The connection with other settings. Raises NotFound."""
    with registry.write("connections") as db:
        pk = connection_pk(db, name)
        db.execute(
            "UPDATE connections SET settings = ?, modified_at = ? WHERE pk = ?",
            (to_json(settings), to_micros(now()), pk),
        )
        return connection(registry, name)


def delete_connection(registry: Registry, name: str) -> None:
    """Forget a connection and all that the registry knows of it; what is in its runtime and stores stays.

    Raises:
        NotFound: there is none.
        Conflict: it is ``local``, which always exists.
    """
    if name == DEFAULT_SCOPE.connection:
        raise Conflict(f"The connection {name} cannot be deleted", "It is this machine.")
    with registry.write(
        "connections",
        "scenarios",
        "configurations",
        "executions",
        "artifacts",
        "metrics",
        "preferences",
    ) as db:
        db.execute("DELETE FROM connections WHERE pk = ?", (connection_pk(db, name),))


def set_sync(registry: Registry, name: str, synced_at: datetime | None, last_error: str) -> None:
    """Remember when the connection was last read without an error (None: keep what is known), and what failed last."""
    with registry.write("connections") as db:
        db.execute(
            "UPDATE connections SET synced_at = coalesce(?, synced_at), last_error = ? WHERE pk = ?",
            (micros(synced_at), last_error, connection_pk(db, name)),
        )


def capabilities(registry: Registry, name: str) -> Capabilities | None:
    """What the connection's runtime said last that it can do; None where it was never asked. Raises NotFound."""
    with registry.read() as db:
        row = db.execute(
            "SELECT capabilities FROM connections WHERE pk = ?", (connection_pk(db, name),)
        ).fetchone()
    return None if row[0] is None else Capabilities(**json.loads(row[0]))


def set_capabilities(registry: Registry, name: str, found: Capabilities) -> None:
    """Remember what the connection's runtime can do. Raises NotFound."""
    with registry.write("connections") as db:
        values = asdict(found) | {"reasons": dict(found.reasons)}
        db.execute(
            "UPDATE connections SET capabilities = ? WHERE pk = ?",
            (to_json(values), connection_pk(db, name)),
        )


def groups(registry: Registry, connection_name: str) -> list[ResourceGroup]:
    """The connection's resource groups by name, ``default`` first. Raises NotFound."""
    with registry.read() as db:
        rows = db.execute(
            "SELECT name, status, labels, created_at, gone_at FROM resource_groups WHERE connection_pk = ? "
            "ORDER BY name <> ?, name",
            (connection_pk(db, connection_name), DEFAULT_SCOPE.resource_group),
        ).fetchall()
    return [
        ResourceGroup(
            connection_name, name, status, text_map(labels), from_micros(at), moment(gone)
        )
        for name, status, labels, at, gone in rows
    ]


def add_group(
    registry: Registry,
    scope: Scope,
    labels: Mapping[str, str] | None = None,
    status: str = "PROVISIONED",
) -> ResourceGroup:
    """A new resource group.

    Raises:
        NotFound: there is no such connection.
        Conflict: the name is taken.
    """
    created = now()
    with registry.write("connections") as db:
        added = db.execute(
            "INSERT INTO resource_groups (connection_pk, name, status, labels, created_at) VALUES (?, ?, ?, ?, ?) "
            "ON CONFLICT DO NOTHING",
            (
                connection_pk(db, scope.connection),
                scope.resource_group,
                status,
                to_json(labels or {}),
                to_micros(created),
            ),
        ).rowcount
        if not added:
            raise Conflict(
                f"There is a resource group {scope} already", hint="Choose another name."
            )
    return ResourceGroup(
        scope.connection, scope.resource_group, status, dict(labels or {}), created
    )


def set_group_labels(registry: Registry, scope: Scope, labels: Mapping[str, str]) -> None:
    """Give a resource group these labels in place of those it had. Raises NotFound."""
    with registry.write("connections") as db:
        pk = group_pk(db, scope)
        db.execute("UPDATE resource_groups SET labels = ? WHERE pk = ?", (to_json(labels), pk))


def delete_group(registry: Registry, scope: Scope) -> None:
    """Forget a resource group and all that is in it.

    Raises:
        NotFound: there is none.
        Conflict: it is ``default``, or executions of it are not finished.
    """
    topics = ("connections", "configurations", "executions", "artifacts", "metrics", "schedules")
    with registry.write(*topics) as db:
        check_group_deletable(registry, scope)
        db.execute("DELETE FROM resource_groups WHERE pk = ?", (group_pk(db, scope),))


def check_group_deletable(registry: Registry, scope: Scope) -> None:
    """Raises what `delete_group` does, without doing it."""
    if scope.resource_group == DEFAULT_SCOPE.resource_group:
        raise Conflict(
            f"The resource group {scope} cannot be deleted",
            "Every connection keeps its group default.",
        )
    with registry.read() as db:
        pk = group_pk(db, scope)
        busy = db.execute(
            "SELECT count(*) FROM executions WHERE group_pk = ? AND status IN ('PENDING', 'RUNNING', 'STOPPING')",
            (pk,),
        ).fetchone()[0]
        if busy:
            raise Conflict(
                f"The resource group {scope} cannot be deleted",
                f"{busy} executions in it are not finished.",
                "Stop them first.",
            )


def known(registry: Registry, name: str) -> dict[str, int]:
    """How many models, other artifacts and executions are known of a connection, by these words. Raises NotFound."""
    with registry.read() as db:
        pk = connection_pk(db, name)
        counted = (
            ("models", "artifacts", "t.kind = 'model'"),
            ("other artifacts", "artifacts", "t.kind <> 'model'"),
            ("executions", "executions", "1"),
        )
        return {
            words: int(
                db.execute(
                    f"SELECT count(*) FROM {table} t JOIN resource_groups g ON g.pk = t.group_pk "
                    f"WHERE g.connection_pk = ? AND {condition}",
                    (pk,),
                ).fetchone()[0]
            )
            for words, table, condition in counted
        }


def stores(registry: Registry, scope: Scope) -> list[ObjectStoreRecord]:
    """The group's object stores by name, ``default`` first. Raises NotFound."""
    with registry.read() as db:
        rows = db.execute(
            "SELECT name, kind, settings, created_at, origin, gone_at FROM object_stores WHERE group_pk = ? "
            "ORDER BY name <> ?, name",
            (group_pk(db, scope), DEFAULT_STORE),
        ).fetchall()
    return [
        ObjectStoreRecord(
            name, kind, text_map(settings), from_micros(at), bool(origin), moment(gone)
        )
        for name, kind, settings, at, origin, gone in rows
    ]


def store(registry: Registry, scope: Scope, name: str) -> ObjectStoreRecord:
    """The object store of this name.

    Raises:
        NotFound: the group has none.
    """
    known = stores(registry, scope)
    for found in known:
        if found.name == name:
            return found
    there = f"There are: {', '.join(one.name for one in known)}." if known else "It has none."
    raise NotFound(
        f"Resource group {scope} has no object store {name!r}",
        there,
        "Add it: `launchpad stores add`.",
    )


def add_store(
    registry: Registry,
    scope: Scope,
    name: str,
    kind: str,
    settings: Mapping[str, str],
    *,
    remote: bool = False,
) -> ObjectStoreRecord:
    """A new object store; ``settings`` without secrets. ``remote``: a runtime elsewhere has it too.

    Raises:
        NotFound: there is no such group.
        Conflict: the name is taken.
    """
    with registry.write("connections") as db:
        added = db.execute(
            "INSERT INTO object_stores (group_pk, name, kind, settings, created_at, origin) VALUES (?, ?, ?, ?, ?, ?) "
            "ON CONFLICT DO NOTHING",
            (
                group_pk(db, scope),
                name,
                kind,
                to_json(settings),
                to_micros(now()),
                "runtime" if remote else "",
            ),
        ).rowcount
        if not added:
            raise Conflict(
                f"There is an object store {name} in {scope} already", hint="Choose another name."
            )
        return store(registry, scope, name)


def edit_store(
    registry: Registry, scope: Scope, name: str, settings: Mapping[str, str]
) -> ObjectStoreRecord:
    """The object store with other settings. Raises NotFound."""
    with registry.write("connections") as db:
        store(registry, scope, name)
        db.execute(
            "UPDATE object_stores SET settings = ? WHERE group_pk = ? AND name = ?",
            (to_json(settings), group_pk(db, scope), name),
        )
        return store(registry, scope, name)


def rename_store(registry: Registry, scope: Scope, name: str, new_name: str) -> int:
    """Give an object store another name; the URLs of the artifacts in it follow. Gives how many those are.

    Raises:
        NotFound: there is none.
        Conflict: the new name is taken, or executions of the group are not finished.
    """
    with registry.write("connections", "artifacts") as db:
        store(registry, scope, name)
        pk = group_pk(db, scope)
        if any(found.name == new_name for found in stores(registry, scope)):
            raise Conflict(
                f"There is an object store {new_name} in {scope} already",
                hint="Choose another name.",
            )
        busy = db.execute(
            "SELECT count(*) FROM executions WHERE group_pk = ? AND status IN ('PENDING', 'RUNNING', 'STOPPING')",
            (pk,),
        ).fetchone()[0]
        if busy:
            raise Conflict(
                f"The object store {name} cannot be renamed now",
                f"{busy} executions of the group are not finished.",
                "Wait for them, or stop them.",
            )
        db.execute(
            "UPDATE object_stores SET name = ? WHERE group_pk = ? AND name = ?",
            (new_name, pk, name),
        )
        old, new = f"ai://{name}/", f"ai://{new_name}/"
        return db.execute(
            "UPDATE artifacts SET url = ? || substr(url, ?) WHERE group_pk = ? AND substr(url, 1, ?) = ?",
            (new, len(old) + 1, pk, len(old), old),
        ).rowcount


def delete_store(registry: Registry, scope: Scope, name: str) -> None:
    """Forget an object store; what is in it stays. Raises NotFound."""
    with registry.write("connections") as db:
        store(registry, scope, name)
        db.execute(
            "DELETE FROM object_stores WHERE group_pk = ? AND name = ?", (group_pk(db, scope), name)
        )


def _connection(row: tuple[str, str, str, int, int, int | None, str]) -> Connection:
    name, kind, settings, created_at, modified_at, synced_at, last_error = row
    return Connection(
        name,
        kind,
        text_map(settings),
        from_micros(created_at),
        from_micros(modified_at),
        moment(synced_at),
        last_error,
    )
