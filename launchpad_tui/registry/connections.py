"""Connections, resource groups and object stores."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
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
from launchpad_tui.registry.codec import micros, text_map, timestamp, to_json
from launchpad_tui.registry.database import Registry
from launchpad_tui.registry.sqlite_errors import reports_damage

_CONNECTION = "name, kind, settings, created_at, modified_at, synced_at, last_error"


def connection_pk(db: sqlite3.Connection, name: str) -> int:
    """Return the row number of a connection.

    Raises:
        NotFound: it does not exist.
    """
    row = db.execute("SELECT pk FROM connections WHERE name = ?", (name,)).fetchone()
    if row is None:
        raise _unknown(name)
    return int(row[0])


def group_pk(db: sqlite3.Connection, scope: Scope) -> int:
    """Return the row number of a resource group.

    Raises:
        NotFound: the connection or resource group does not exist.
    """
    row = db.execute(
        "SELECT g.pk FROM resource_groups g JOIN connections c ON c.pk = g.connection_pk "
        "WHERE c.name = ? AND g.name = ?",
        (scope.connection, scope.resource_group),
    ).fetchone()
    if row is None:
        connection_pk(db, scope.connection)
        raise NotFound(
            f"Connection {scope.connection} has no resource group {scope.resource_group!r}",
            hint="List the resource groups with: launchpad groups list",
        )
    return int(row[0])


def connections(registry: Registry) -> list[Connection]:
    """Return all connections by name, ``local`` first."""
    with registry.read() as db:
        rows = db.execute(
            f"SELECT {_CONNECTION} FROM connections ORDER BY name <> ?, name",
            (DEFAULT_SCOPE.connection,),
        ).fetchall()
    return [_connection(row) for row in rows]


def connection(registry: Registry, name: str) -> Connection:
    """Return the connection of this name.

    Raises:
        NotFound: it does not exist.
    """
    with registry.read() as db:
        row = db.execute(
            f"SELECT {_CONNECTION} FROM connections WHERE name = ?", (name,)
        ).fetchone()
    if row is None:
        raise _unknown(name)
    return _connection(row)


def add_connection(
    registry: Registry, name: str, kind: str, settings: Mapping[str, str]
) -> Connection:
    """Add a connection; ``settings`` has no secrets.

    Raises:
        Conflict: the name exists.
    """
    at = to_micros(now())
    with registry.write("connections") as db:
        added = db.execute(
            "INSERT INTO connections (name, kind, settings, created_at, modified_at) "
            "VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (name, kind, to_json(settings), at, at),
        ).rowcount
        if not added:
            raise Conflict(f"Connection {name} already exists", hint="Select another name.")
        return connection(registry, name)


def edit_connection(registry: Registry, name: str, settings: Mapping[str, str]) -> Connection:
    """Replace the settings of a connection. Raises NotFound."""
    with registry.write("connections") as db:
        pk = connection_pk(db, name)
        db.execute(
            "UPDATE connections SET settings = ?, modified_at = ? WHERE pk = ?",
            (to_json(settings), to_micros(now()), pk),
        )
        return connection(registry, name)


def delete_connection(registry: Registry, name: str) -> None:
    """Remove a connection and everything recorded about it; its runtime and stores are not changed.

    Raises:
        NotFound: it does not exist.
        Conflict: it is ``local``, which always exists.
    """
    if name == DEFAULT_SCOPE.connection:
        raise Conflict(
            f"The connection {name} cannot be removed",
            "It is the connection to this machine, which always exists.",
            "Remove its executables and models instead.",
        )
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
    """Record the result of a synchronization.

    Args:
        synced_at: the time of the last successful synchronization; None keeps the recorded time.
        last_error: the error since then, empty if there was none.

    Raises:
        NotFound: the connection does not exist.
    """
    with registry.write("connections") as db:
        db.execute(
            "UPDATE connections SET synced_at = coalesce(?, synced_at), last_error = ? "
            "WHERE pk = ?",
            (micros(synced_at), last_error, connection_pk(db, name)),
        )


@reports_damage
def capabilities(registry: Registry, name: str) -> Capabilities | None:
    """Return the capabilities that the runtime reported last, None if they were never fetched.

    Raises:
        NotFound: the connection does not exist.
    """
    with registry.read() as db:
        row = db.execute(
            "SELECT capabilities FROM connections WHERE pk = ?", (connection_pk(db, name),)
        ).fetchone()
    return None if row[0] is None else Capabilities(**json.loads(row[0]))


def set_capabilities(registry: Registry, name: str, found: Capabilities) -> None:
    """Record the capabilities of the connection's runtime. Raises NotFound."""
    with registry.write("connections") as db:
        from dataclasses import asdict

        values = asdict(found) | {"reasons": dict(found.reasons)}
        db.execute(
            "UPDATE connections SET capabilities = ? WHERE pk = ?",
            (to_json(values), connection_pk(db, name)),
        )


@reports_damage
def groups(registry: Registry, connection_name: str) -> list[ResourceGroup]:
    """Return the connection's resource groups by name, ``default`` first. Raises NotFound."""
    with registry.read() as db:
        rows = db.execute(
            "SELECT name, status, labels, created_at, gone_at FROM resource_groups "
            "WHERE connection_pk = ? ORDER BY name <> ?, name",
            (connection_pk(db, connection_name), DEFAULT_SCOPE.resource_group),
        ).fetchall()
    return [
        ResourceGroup(
            connection_name, name, status, text_map(labels), from_micros(at), timestamp(gone)
        )
        for name, status, labels, at, gone in rows
    ]


def add_group(
    registry: Registry,
    scope: Scope,
    labels: Mapping[str, str] | None = None,
    status: str = "PROVISIONED",
) -> ResourceGroup:
    """Add a resource group.

    Raises:
        NotFound: the connection does not exist.
        Conflict: the name exists.
    """
    created = now()
    with registry.write("connections") as db:
        added = db.execute(
            "INSERT INTO resource_groups (connection_pk, name, status, labels, created_at) "
            "VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (
                connection_pk(db, scope.connection),
                scope.resource_group,
                status,
                to_json(labels or {}),
                to_micros(created),
            ),
        ).rowcount
        if not added:
            raise Conflict(f"Resource group {scope} already exists", hint="Select another name.")
    return ResourceGroup(
        scope.connection, scope.resource_group, status, dict(labels or {}), created
    )


def set_group_labels(registry: Registry, scope: Scope, labels: Mapping[str, str]) -> None:
    """Replace the labels of a resource group. Raises NotFound."""
    with registry.write("connections") as db:
        pk = group_pk(db, scope)
        db.execute("UPDATE resource_groups SET labels = ? WHERE pk = ?", (to_json(labels), pk))


def delete_group(registry: Registry, scope: Scope) -> None:
    """Remove a resource group and everything in it.

    Raises:
        NotFound: it does not exist.
        Conflict: it is ``default``, or has unfinished executions.
    """
    topics = ("connections", "configurations", "executions", "artifacts", "metrics", "schedules")
    with registry.write(*topics) as db:
        check_group_deletable(registry, scope)
        db.execute("DELETE FROM resource_groups WHERE pk = ?", (group_pk(db, scope),))


def check_group_deletable(registry: Registry, scope: Scope) -> None:
    """Raise the error that `delete_group` would raise; delete nothing."""
    if scope.resource_group == DEFAULT_SCOPE.resource_group:
        raise Conflict(
            f"The resource group {scope} cannot be deleted",
            "Every connection has a resource group default.",
            "Delete another resource group.",
        )
    with registry.read() as db:
        pk = group_pk(db, scope)
        busy = db.execute(
            "SELECT count(*) FROM executions WHERE group_pk = ? "
            "AND status IN ('PENDING', 'RUNNING', 'STOPPING')",
            (pk,),
        ).fetchone()[0]
        if busy:
            raise Conflict(
                f"The resource group {scope} cannot be deleted",
                f"{busy} of its executions have not ended.",
                "Stop these executions first.",
            )


def known(registry: Registry, name: str) -> dict[str, int]:
    """Return the numbers of models, other artifacts and executions of a connection.

    Raises NotFound.
    """
    with registry.read() as db:
        pk = connection_pk(db, name)
        counted = (
            ("models", "artifacts", "t.kind = 'model'"),
            ("other artifacts", "artifacts", "t.kind <> 'model'"),
            ("executions", "executions", "1"),
        )
        return {
            noun: int(
                db.execute(
                    f"SELECT count(*) FROM {table} t JOIN resource_groups g ON g.pk = t.group_pk "
                    f"WHERE g.connection_pk = ? AND {condition}",
                    (pk,),
                ).fetchone()[0]
            )
            for noun, table, condition in counted
        }


@reports_damage
def stores(registry: Registry, scope: Scope) -> list[ObjectStoreRecord]:
    """Return the group's object stores by name, ``default`` first. Raises NotFound."""
    with registry.read() as db:
        rows = db.execute(
            f"SELECT {_STORE} FROM object_stores WHERE group_pk = ? ORDER BY name <> ?, name",
            (group_pk(db, scope), DEFAULT_STORE),
        ).fetchall()
    return [_store(row) for row in rows]


def other_stores(registry: Registry, scope: Scope) -> list[ObjectStoreRecord]:
    """Return the object stores of all other resource groups of the connection. Raises NotFound."""
    with registry.read() as db:
        rows = db.execute(
            "SELECT s.name, s.kind, s.settings, s.created_at, s.origin, s.gone_at "
            "FROM object_stores s JOIN resource_groups g ON g.pk = s.group_pk "
            "WHERE g.connection_pk = ? AND g.name <> ?",
            (connection_pk(db, scope.connection), scope.resource_group),
        ).fetchall()
    return [_store(row) for row in rows]


def store(registry: Registry, scope: Scope, name: str) -> ObjectStoreRecord:
    """Return the object store of this name.

    Raises:
        NotFound: the resource group has no object store of this name.
    """
    with registry.read() as db:
        row = db.execute(
            f"SELECT {_STORE} FROM object_stores WHERE group_pk = ? AND name = ?",
            (group_pk(db, scope), name),
        ).fetchone()
    if row is not None:
        return _store(row)
    known = stores(registry, scope)
    names = ", ".join(one.name for one in known[:20])
    detail = f"Its object stores: {names}." if known else "It has no object stores."
    raise NotFound(
        f"Resource group {scope} has no object store {name!r}",
        detail,
        f"Add it with: launchpad stores add {name}",
    )


def add_store(
    registry: Registry,
    scope: Scope,
    name: str,
    kind: str,
    settings: Mapping[str, str],
    *,
    remote: bool = False,
    restricted: bool = False,
) -> ObjectStoreRecord:
    """Add an object store.

    Args:
        settings: the settings without secrets.
        remote: whether a remote runtime has an object store secret of the same name.
        restricted: whether a client of one resource group adds it.

    Raises:
        NotFound: the resource group does not exist.
        Conflict: the name exists.
    """
    with registry.write("connections") as db:
        added = db.execute(
            "INSERT INTO object_stores (group_pk, name, kind, settings, created_at, origin) "
            "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (
                group_pk(db, scope),
                name,
                kind,
                to_json(settings),
                to_micros(now()),
                "runtime" if remote else "client" if restricted else "",
            ),
        ).rowcount
        if not added:
            raise Conflict(
                f"Object store {name} already exists in {scope}", hint="Select another name."
            )
        return store(registry, scope, name)


def edit_store(
    registry: Registry,
    scope: Scope,
    name: str,
    settings: Mapping[str, str],
    *,
    restricted: bool = False,
) -> ObjectStoreRecord:
    """Replace the settings of an object store. Raises NotFound.

    Args:
        restricted: whether a client of one resource group changes it.
    """
    with registry.write("connections") as db:
        store(registry, scope, name)
        db.execute(
            "UPDATE object_stores SET settings = ?, origin = iif(origin = 'runtime', origin, ?) "
            "WHERE group_pk = ? AND name = ?",
            (to_json(settings), "client" if restricted else "", group_pk(db, scope), name),
        )
        return store(registry, scope, name)


def rename_store(registry: Registry, scope: Scope, name: str, new_name: str) -> int:
    """Rename an object store and adapt the URLs of its artifacts; return their number.

    Raises:
        NotFound: it does not exist.
        Conflict: the new name exists, or the group has unfinished executions.
    """
    with registry.write("connections", "artifacts") as db:
        store(registry, scope, name)
        pk = group_pk(db, scope)
        if any(found.name == new_name for found in stores(registry, scope)):
            raise Conflict(
                f"Object store {new_name} already exists in {scope}",
                hint="Select another name.",
            )
        busy = db.execute(
            "SELECT count(*) FROM executions WHERE group_pk = ? "
            "AND status IN ('PENDING', 'RUNNING', 'STOPPING')",
            (pk,),
        ).fetchone()[0]
        if busy:
            raise Conflict(
                f"The object store {name} cannot be renamed now",
                f"Executions of the resource group that have not ended: {busy}.",
                "Wait until these executions end, or stop them.",
            )
        db.execute(
            "UPDATE object_stores SET name = ? WHERE group_pk = ? AND name = ?",
            (new_name, pk, name),
        )
        old, new = f"ai://{name}/", f"ai://{new_name}/"
        return db.execute(
            "UPDATE artifacts SET url = ? || substr(url, ?), search_text = "
            "replace(search_text, casefold(url), casefold(? || substr(url, ?))) "
            "WHERE group_pk = ? AND substr(url, 1, ?) = ?",
            (new, len(old) + 1, new, len(old) + 1, pk, len(old), old),
        ).rowcount


def delete_store(registry: Registry, scope: Scope, name: str) -> None:
    """Remove an object store; its content is not changed. Raises NotFound."""
    with registry.write("connections") as db:
        store(registry, scope, name)
        db.execute(
            "DELETE FROM object_stores WHERE group_pk = ? AND name = ?", (group_pk(db, scope), name)
        )


#: the columns that `_store` takes
_STORE = "name, kind, settings, created_at, origin, gone_at"


def _store(row: tuple[str, str, str, int, str, int | None]) -> ObjectStoreRecord:
    name, kind, settings, at, origin, gone = row
    return ObjectStoreRecord(
        name,
        kind,
        text_map(settings),
        from_micros(at),
        origin == "runtime",
        timestamp(gone),
        origin == "client",
    )


def _unknown(name: str) -> NotFound:
    return NotFound(
        f"Connection {name!r} does not exist",
        hint="List the connections with: launchpad connections list",
    )


@reports_damage
def _connection(row: tuple[str, str, str, int, int, int | None, str]) -> Connection:
    name, kind, settings, created_at, modified_at, synced_at, last_error = row
    return Connection(
        name,
        kind,
        text_map(settings),
        from_micros(created_at),
        from_micros(modified_at),
        timestamp(synced_at),
        last_error,
    )
