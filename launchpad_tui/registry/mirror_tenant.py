"""Copies of the other entries of remote runtimes, and the progress of fetching them.

These entries are resource groups, scenarios, executables, schedules and object stores. Their lists
are short and fetched as a whole.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime

from launchpad_tui.domain.connection import DEFAULT_SCOPE, ResourceGroup, Scope
from launchpad_tui.domain.scenario import Executable, Scenario, Version
from launchpad_tui.domain.schedule import Schedule
from launchpad_tui.domain.timestamps import from_micros, now, to_micros
from launchpad_tui.records import record
from launchpad_tui.registry import scenarios as rows
from launchpad_tui.registry.codec import clean, micros, text_map, timestamp, to_json
from launchpad_tui.registry.connections import connection_pk, group_pk
from launchpad_tui.registry.database import Registry
from launchpad_tui.registry.revisions import touch
from launchpad_tui.registry.sqlite_errors import reports_damage

#: the parts that stand for an entire resource group, and for everything that all groups share
GROUP, TENANT = "group", "tenant"


@record
class ReadingState:
    """The progress of fetching a part of a remote runtime.

    Attributes:
        position: the number of entries that have been fetched.
        total: the number of entries of the list, None if the list is complete.
        done_at: the time at which the part was last fetched completely.
        error: the error since then, empty if there was none.
    """

    position: int = 0
    total: int | None = None
    done_at: datetime | None = None
    error: str = ""


@reports_damage
def state(registry: Registry, scope: Scope, part: str) -> ReadingState:
    """Return the state of a part of a resource group, or of the connection if the group is empty.

    Raises NotFound for an unknown connection.
    """
    with registry.read() as db:
        row = db.execute(
            "SELECT position, total, done_at, error FROM reading_state WHERE connection_pk = ? "
            "AND resource_group = ? AND part = ?",
            (connection_pk(db, scope.connection), scope.resource_group, part),
        ).fetchone()
    return (
        ReadingState() if row is None else ReadingState(row[0], row[1], timestamp(row[2]), row[3])
    )


def set_state(registry: Registry, scope: Scope, part: str, new: ReadingState) -> None:
    """Record the progress of fetching a part. Raises NotFound for an unknown connection."""
    with registry.write("sync") as db:
        db.execute(
            "INSERT INTO reading_state (connection_pk, resource_group, part, position, total, "
            "done_at, error) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE "
            "SET (position, total, done_at, error) = (excluded.position, excluded.total, "
            "excluded.done_at, excluded.error)",
            (
                connection_pk(db, scope.connection),
                scope.resource_group,
                part,
                new.position,
                new.total,
                micros(new.done_at),
                new.error,
            ),
        )


@reports_damage
def states(registry: Registry, part: str) -> dict[Scope, ReadingState]:
    """Return the state of a part in all scopes that have one."""
    with registry.read() as db:
        found = db.execute(
            "SELECT c.name, s.resource_group, s.position, s.total, s.done_at, s.error "
            "FROM reading_state s JOIN connections c ON c.pk = s.connection_pk WHERE s.part = ?",
            (part,),
        ).fetchall()
    return {
        Scope(row[0], row[1]): ReadingState(row[2], row[3], timestamp(row[4]), row[5])
        for row in found
    }


def put_groups(registry: Registry, connection: str, found: Sequence[ResourceGroup]) -> None:
    """Store resource groups; mark others as deleted, except ``default``. Raises NotFound."""
    with _announced_write(registry, "connections") as db:
        pk = connection_pk(db, connection)
        for one in found:
            _put(
                db,
                "resource_groups",
                {"connection_pk": pk, "name": one.name},
                {
                    "status": one.status,
                    "labels": to_json(one.labels),
                    "created_at": to_micros(one.created_at),
                },
            )
        named = [one.name for one in found]
        _gone(
            db,
            "resource_groups",
            "connection_pk = ? AND name <> ?",
            (pk, DEFAULT_SCOPE.resource_group),
            named,
            column="name",
        )


def put_scenarios(registry: Registry, connection: str, found: Sequence[Scenario]) -> None:
    """Store scenarios; mark others as deleted. Raises NotFound."""
    with _announced_write(registry, "scenarios") as db:
        pk = connection_pk(db, connection)
        for one in found:
            _put(
                db,
                "scenarios",
                {"connection_pk": pk, "id": one.id},
                {
                    "name": clean(one.name),
                    "description": clean(one.description),
                    "labels": to_json(one.labels),
                    "created_at": to_micros(one.created_at),
                    "modified_at": to_micros(one.modified_at),
                },
            )
        _gone(db, "scenarios", "connection_pk = ?", (pk,), [one.id for one in found])


def put_executables(
    registry: Registry, connection: str, scenario_id: str, found: Sequence[Executable]
) -> None:
    """Store the executables of a scenario; mark its others as deleted. Raises NotFound."""
    scope = Scope(connection, "")
    with _announced_write(registry, "scenarios") as db:
        pk = connection_pk(db, connection)
        for one in found:
            rows.put_executable(registry, scope, one)
        named = [one.id for one in found]
        db.executemany(
            "UPDATE executables SET gone_at = NULL WHERE connection_pk = ? AND id = ? "
            "AND gone_at IS NOT NULL",
            [(pk, one) for one in named],
        )
        _gone(db, "executables", "connection_pk = ? AND scenario_id = ?", (pk, scenario_id), named)


def put_versions(
    registry: Registry, connection: str, scenario_id: str, found: Sequence[Version]
) -> None:
    """Store the versions of a scenario; mark its others as deleted. Raises NotFound."""
    with _announced_write(registry, "scenarios") as db:
        pk = connection_pk(db, connection)
        for one in found:
            _put(
                db,
                "scenario_versions",
                {"connection_pk": pk, "scenario_id": scenario_id, "id": one.id},
                {
                    "description": clean(one.description),
                    "created_at": to_micros(one.created_at),
                    "modified_at": to_micros(one.modified_at),
                },
            )
        named = [one.id for one in found]
        _gone(
            db,
            "scenario_versions",
            "connection_pk = ? AND scenario_id = ?",
            (pk, scenario_id),
            named,
        )


@reports_damage
def versions(registry: Registry, connection: str, scenario_id: str) -> list[Version]:
    """Return the versions of a scenario, newest first.

    Raises NotFound for an unknown connection.
    """
    with registry.read() as db:
        found = db.execute(
            "SELECT id, description, created_at, modified_at FROM scenario_versions "
            "WHERE connection_pk = ? AND scenario_id = ? AND gone_at IS NULL "
            "ORDER BY created_at DESC, id",
            (connection_pk(db, connection), scenario_id),
        ).fetchall()
    return [Version(row[0], row[1], from_micros(row[2]), from_micros(row[3])) for row in found]


def put_schedules(registry: Registry, scope: Scope, found: Sequence[Schedule]) -> None:
    """Store the schedules of a remote runtime; mark others as deleted. Raises NotFound."""
    with _announced_write(registry, "schedules") as db:
        group = group_pk(db, scope)
        for one in found:
            _put(
                db,
                "execution_schedules",
                {"group_pk": group, "id": one.id},
                {
                    "name": clean(one.name),
                    "cron": clean(one.cron),
                    "configuration_id": one.configuration_id,
                    "status": one.status,
                    "start_at": _seconds(one.start),
                    "end_at": _seconds(one.end),
                    "created_at": to_micros(one.created_at),
                    "modified_at": to_micros(one.modified_at),
                },
            )
        _gone(db, "execution_schedules", "group_pk = ?", (group,), [one.id for one in found])


def put_stores(
    registry: Registry, scope: Scope, found: Mapping[str, tuple[str, Mapping[str, str]]]
) -> None:
    """Store the object stores that a runtime reports; mark others that it reported as deleted.

    The runtime's settings of a store replace its former ones; settings that the user added are
    kept. A local store of the same name becomes the runtime's.

    Args:
        found: kind and settings by name; the settings have no secrets.

    Raises:
        NotFound: the scope does not exist.
    """
    with _announced_write(registry, "connections") as db:
        group = group_pk(db, scope)
        for name, (kind, settings) in found.items():
            row = db.execute(
                "SELECT kind, settings FROM object_stores WHERE group_pk = ? AND name = ?",
                (group, name),
            ).fetchone()
            kept = text_map(row[1]) if row is not None and row[0] == kind else {}
            merged = {
                **settings,
                **{key: kept[key] for key in kept if key == "credentials" or key not in settings},
            }
            _put(
                db,
                "object_stores",
                {"group_pk": group, "name": name},
                {"kind": kind, "settings": to_json(merged), "origin": "runtime"},
                {"created_at": to_micros(now())},
            )
        _gone(
            db,
            "object_stores",
            "group_pk = ? AND origin = 'runtime'",
            (group,),
            list(found),
            column="name",
        )


@contextmanager
def _announced_write(registry: Registry, topic: str) -> Iterator[sqlite3.Connection]:
    """Open a write transaction that increases the revision of a topic if rows have changed."""
    with registry.write() as db:
        before = db.total_changes
        yield db
        if db.total_changes != before:
            touch(registry, topic)


def _put(
    db: sqlite3.Connection,
    table: str,
    key: Mapping[str, object],
    values: Mapping[str, object],
    first: Mapping[str, object] | None = None,
) -> None:
    """Insert a row, or update it if its values differ, and remove its mark of deletion.

    Args:
        first: values that only a new row gets.
    """
    new = {**key, **values, **(first or {})}
    names = ", ".join(values)
    excluded = ", ".join(f"excluded.{name}" for name in values)
    db.execute(
        f"INSERT INTO {table} ({', '.join(new)}) VALUES ({', '.join('?' * len(new))}) "
        f"ON CONFLICT ({', '.join(key)}) DO UPDATE SET ({names}, gone_at) = ({excluded}, NULL) "
        f"WHERE ({names}, gone_at) IS NOT ({excluded}, NULL)",
        tuple(new.values()),
    )


def _gone(
    db: sqlite3.Connection,
    table: str,
    where: str,
    values: tuple[object, ...],
    named: Iterable[str],
    column: str = "id",
) -> None:
    db.execute(
        f"UPDATE {table} SET gone_at = ? WHERE {where} AND gone_at IS NULL "
        f"AND {column} NOT IN (SELECT value FROM json_each(?))",
        (to_micros(now()), *values, to_json(list(named))),
    )


def _seconds(at: datetime | None) -> int | None:
    return None if at is None else int(at.timestamp())
