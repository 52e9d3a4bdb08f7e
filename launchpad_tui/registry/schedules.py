"""Execution schedules of this machine and of remote runtimes; their times are whole seconds."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from launchpad_tui.domain.connection import Scope
from launchpad_tui.domain.query import Filter
from launchpad_tui.domain.schedule import Schedule, ScheduleStatus
from launchpad_tui.domain.timestamps import from_micros, to_micros
from launchpad_tui.errors import NotFound
from launchpad_tui.registry.codec import clean, timestamp
from launchpad_tui.registry.configurations import resolve_id
from launchpad_tui.registry.connections import group_pk
from launchpad_tui.registry.database import Registry
from launchpad_tui.registry.sqlite_errors import reports_damage

_COLUMNS = (
    "id, name, cron, configuration_id, status, start_at, end_at, created_at, modified_at, next_at, "
    "gone_at"
)


def schedules(
    registry: Registry,
    scope: Scope,
    configuration_id: str = "",
    status: ScheduleStatus | None = None,
    filters: tuple[Filter, ...] = (),
) -> list[Schedule]:
    """Return the schedules of a resource group, newest first.

    Args:
        configuration_id: return only schedules of this configuration.
        status: return only schedules with this status.
        filters: the conditions on attributes and on parameters of the configuration.

    Raises:
        NotFound: the resource group does not exist.
        InvalidInput: a condition is invalid.
    """
    where, values = ["group_pk = ?"], list[object]()
    for column, value in (("configuration_id", configuration_id), ("status", status)):
        if value:
            where.append(f"{column} = ?")
            values.append(value)
    if filters:
        # Most lists have none.
        from launchpad_tui.registry.list_tables import SCHEDULES
        from launchpad_tui.registry.query import conditions_sql

        more, bound = conditions_sql(SCHEDULES, filters)
        where += more
        values += bound
    with registry.read() as db:
        rows = db.execute(
            f"SELECT {_COLUMNS} FROM execution_schedules t WHERE {' AND '.join(where)} "
            "ORDER BY created_at DESC, pk DESC",
            (group_pk(db, scope), *values),
        ).fetchall()
    return [_built(row) for row in rows]


def schedule(registry: Registry, scope: Scope, schedule_id: str) -> Schedule:
    """Return the schedule with this ID. Raises NotFound."""
    with registry.read() as db:
        row = db.execute(
            f"SELECT {_COLUMNS} FROM execution_schedules WHERE group_pk = ? AND id = ?",
            (group_pk(db, scope), schedule_id),
        ).fetchone()
    if row is None:
        raise NotFound(
            f"Execution schedule {schedule_id!r} does not exist",
            hint="List the execution schedules with: launchpad schedules list",
        )
    return _built(row)


def resolve(registry: Registry, scope: Scope, text: str) -> Schedule:
    """Return the schedule with this ID, unique name, or unique ID prefix of at least 4 characters.

    Raises:
        NotFound: nothing matches.
        Conflict: several schedules match; the detail lists them.
    """
    with registry.read() as db:
        found = resolve_id(
            db, "execution_schedules", "name", group_pk(db, scope), text, "execution schedule"
        )
        return schedule(registry, scope, found)


def put(registry: Registry, scope: Scope, one: Schedule) -> None:
    """Add or replace a schedule; its creation time is kept.

    Raises NotFound for an unknown group.
    """
    columns = (
        "name, cron, configuration_id, status, start_at, end_at, modified_at, next_at, gone_at"
    )
    excluded = ", ".join(f"excluded.{name}" for name in columns.split(", "))
    with registry.write("schedules") as db:
        db.execute(
            f"INSERT INTO execution_schedules (group_pk, {_COLUMNS}) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (group_pk, id) DO UPDATE "
            f"SET ({columns}) = ({excluded})",
            (
                group_pk(db, scope),
                one.id,
                clean(one.name),
                clean(one.cron),
                one.configuration_id,
                one.status,
                _seconds(one.start),
                _seconds(one.end),
                to_micros(one.created_at),
                to_micros(one.modified_at),
                _seconds(one.next_at),
                None if one.deleted_at is None else to_micros(one.deleted_at),
            ),
        )


def delete(registry: Registry, scope: Scope, schedule_id: str) -> None:
    """Remove a schedule; the executions that it created are kept. Raises NotFound."""
    with registry.write("schedules") as db:
        schedule(registry, scope, schedule_id)
        db.execute(
            "DELETE FROM execution_schedules WHERE group_pk = ? AND id = ?",
            (group_pk(db, scope), schedule_id),
        )


def due(registry: Registry, at: datetime) -> list[tuple[Scope, Schedule]]:
    """Return the due schedules of this machine, the longest overdue first.

    If none is due, this takes a single lookup in an index.
    """
    columns = ", ".join(f"s.{name}" for name in _COLUMNS.split(", "))
    with registry.read() as db:
        rows = db.execute(
            f"SELECT c.name, g.name, {columns} FROM execution_schedules s "
            "JOIN resource_groups g ON g.pk = s.group_pk "
            "JOIN connections c ON c.pk = g.connection_pk WHERE s.next_at IS NOT NULL "
            "AND s.next_at <= ? AND s.status = 'ACTIVE' AND on_this_machine(c.kind) "
            "ORDER BY s.next_at, s.pk",
            (int(at.timestamp()),),
        ).fetchall()
    return [(Scope(row[0], row[1]), _built(row[2:])) for row in rows]


@reports_damage
def next_due(registry: Registry) -> datetime | None:
    """Return when the next schedule of this machine is due, None if none is."""
    with registry.read() as db:
        return _timestamp(db.execute("SELECT min(next_at) FROM execution_schedules").fetchone()[0])


def advance(registry: Registry, scope: Scope, seen: Schedule, next_at: datetime | None) -> bool:
    """Set the next due time of a schedule; return False if another process has done so."""
    with registry.write("schedules") as db:
        return bool(
            db.execute(
                "UPDATE execution_schedules SET next_at = ? WHERE group_pk = ? AND id = ? "
                "AND next_at = ? AND status = 'ACTIVE'",
                (_seconds(next_at), group_pk(db, scope), seen.id, _seconds(seen.next_at)),
            ).rowcount
        )


@reports_damage
def _built(row: tuple[Any, ...]) -> Schedule:
    return Schedule(
        row[0],
        row[1],
        row[2],
        row[3],
        ScheduleStatus(row[4]),
        _timestamp(row[5]),
        _timestamp(row[6]),
        from_micros(row[7]),
        from_micros(row[8]),
        _timestamp(row[9]),
        timestamp(row[10]),
    )


def _timestamp(seconds: int | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def _seconds(at: datetime | None) -> int | None:
    return None if at is None else int(at.timestamp())
