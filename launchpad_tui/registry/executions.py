"""Executions: queries, and changes of the status, which are atomic between processes."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from launchpad_tui.domain.connection import EMBEDDED_KIND, Scope
from launchpad_tui.domain.execution import (
    TRANSITIONS,
    Claim,
    Execution,
    QueuePosition,
    Status,
    TargetStatus,
    UnfinishedExecution,
    check_delete,
    check_stop,
)
from launchpad_tui.domain.timestamps import from_micros, now, to_micros
from launchpad_tui.errors import Conflict, NotFound
from launchpad_tui.registry.codec import clean, cut, micros, search_text, timestamp, to_json
from launchpad_tui.registry.configurations import BATCH, placeholders, resolve_id
from launchpad_tui.registry.connections import group_pk
from launchpad_tui.registry.database import Registry
from launchpad_tui.registry.sqlite_errors import reports_damage

COLUMNS = (
    "id, configuration_id, configuration_name, scenario_id, executable_id, executable_version, "
    "status, target_status, status_message, created_at, modified_at, submitted_at, started_at, "
    "completed_at, status_details, schedule_id, gone_at"
)
_UNFINISHED = "status IN ('UNKNOWN', 'PENDING', 'RUNNING', 'STOPPING')"


def execution(registry: Registry, scope: Scope, execution_id: str) -> Execution:
    """Return the execution with this ID.

    Raises:
        NotFound: it does not exist.
    """
    with registry.read() as db:
        return from_row(
            db.execute(
                f"SELECT {COLUMNS} FROM executions WHERE pk = ?",
                (execution_pk(db, scope, execution_id),),
            ).fetchone()
        )


def existing(registry: Registry, scope: Scope, execution_id: str) -> Execution:
    """Return the execution with this ID. Raises NotFound as `check_existing`."""
    with registry.read() as db:
        check_existing(db, scope, execution_id)
        return execution(registry, scope, execution_id)


def check_existing(db: sqlite3.Connection, scope: Scope, execution_id: str) -> int:
    """Return the row number of an execution within a transaction. Raises NotFound if it does not
    exist, or was deleted and is only kept for its outputs."""
    pk = execution_pk(db, scope, execution_id)
    if db.execute("SELECT kept FROM executions WHERE pk = ?", (pk,)).fetchone()[0]:
        raise NotFound(
            f"Execution {execution_id!r} was deleted",
            "Its parameters, inputs and metrics are kept with its outputs.",
            "List the executions with: launchpad executions list",
        )
    return pk


def by_id(registry: Registry, scope: Scope, ids: Iterable[str]) -> dict[str, Execution]:
    """Return the existing executions of these IDs, by ID."""
    found: dict[str, Execution] = {}
    wanted = list(dict.fromkeys(ids))
    with registry.read() as db:
        group = group_pk(db, scope)
        for start in range(0, len(wanted), BATCH):
            some = wanted[start : start + BATCH]
            for row in db.execute(
                f"SELECT {COLUMNS} FROM executions WHERE group_pk = ? "
                f"AND id IN ({placeholders(some)})",
                (group, *some),
            ):
                found[row[0]] = from_row(row)
    return found


def resolve(registry: Registry, scope: Scope, text: str) -> Execution:
    """Return the execution with this ID or unique ID prefix of at least 4 characters.

    Raises:
        NotFound: nothing matches.
        Conflict: several executions match; the detail lists them.
    """
    with registry.read() as db:
        return execution(
            registry,
            scope,
            resolve_id(
                db,
                "executions",
                "",
                group_pk(db, scope),
                text,
                "execution",
                # Records of artifacts have a colon in their ID.
                "AND instr(id, ':') = 0",
            ),
        )


def execution_pk(db: sqlite3.Connection, scope: Scope | None, execution_id: str) -> int:
    """Return the row number of an execution; without a scope, that of the embedded runtime.

    Raises:
        NotFound: it does not exist.
    """
    if scope is None:
        row = db.execute(
            "SELECT e.pk FROM executions e JOIN resource_groups g ON g.pk = e.group_pk "
            "JOIN connections c ON c.pk = g.connection_pk WHERE e.id = ? "
            "ORDER BY NOT on_this_machine(c.kind), e.pk LIMIT 1",
            (execution_id,),
        ).fetchone()
    else:
        row = db.execute(
            "SELECT pk FROM executions WHERE group_pk = ? AND id = ?",
            (group_pk(db, scope), execution_id),
        ).fetchone()
    if row is None:
        raise NotFound(
            f"Execution {execution_id!r} does not exist",
            hint="List the executions with: launchpad executions list",
        )
    return int(row[0])


def scope_of(registry: Registry, execution_id: str) -> Scope:
    """Return the scope of an execution of the embedded runtime. Raises NotFound."""
    with registry.read() as db:
        return _scope_of_pk(db, execution_pk(db, None, execution_id))


def create(registry: Registry, scope: Scope, new: Execution) -> None:
    """Add a new execution.

    Raises:
        NotFound: the resource group does not exist.
        Conflict: the ID exists.
    """
    with registry.write("executions") as db:
        insert(db, group_pk(db, scope), new)


def insert(db: sqlite3.Connection, group: int, new: Execution) -> int:
    """Insert an execution within a transaction; return its row number."""
    cursor = db.execute(
        f"INSERT INTO executions (group_pk, configuration_pk, search_text, {COLUMNS}) VALUES "
        "(?, (SELECT pk FROM configurations WHERE group_pk = ? AND id = ?), ?, "
        "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (
            group,
            group,
            new.configuration_id,
            searchable_text(new),
            new.id,
            new.configuration_id,
            clean(new.configuration_name),
            new.scenario_id,
            new.executable_id,
            new.executable_version,
            new.status,
            new.target_status,
            cut(new.status_message),
            to_micros(new.created_at),
            to_micros(new.modified_at),
            micros(new.submitted_at),
            micros(new.started_at),
            micros(new.completed_at),
            to_json(new.status_details),
            new.schedule_id,
            micros(new.deleted_at),
        ),
    )
    if not cursor.rowcount:
        raise Conflict(f"Execution {new.id} already exists")
    return int(cursor.lastrowid or 0)


def claim_next(
    registry: Registry,
    max_parallel: int,
    pid: int,
    boot: str,
    own_limits: Mapping[str, int] | None = None,
) -> tuple[Scope, Execution] | None:
    """Claim the oldest unclaimed PENDING execution of this machine that its limit allows.

    Args:
        max_parallel: nothing is claimed while this many claimed executions have not ended.
        pid, boot: the process that claims it; `set_supervisor` may record another one later.
        own_limits: the limits of connections that have one of their own, by name. Their executions
            do not count for the others.

    Returns:
        The execution, or None if nothing is pending or the limits are reached.
    """
    own = own_limits or {}
    joined = (
        "FROM executions e JOIN resource_groups g ON g.pk = e.group_pk "
        "JOIN connections c ON c.pk = g.connection_pk WHERE on_this_machine(c.kind) "
    )
    with registry.write("executions") as db:
        claimed = dict(
            db.execute(
                f"SELECT c.name, count(*) {joined} AND e.{_UNFINISHED} "
                "AND e.claimed_at IS NOT NULL GROUP BY c.name"
            ).fetchall()
        )
        shared = sum(count for name, count in claimed.items() if name not in own)
        free = [name for name, limit in own.items() if claimed.get(name, 0) < limit]
        # Connections without a limit of their own, unless their common limit is reached, and those
        # whose own limit is not reached.
        allowed = f"c.name IN ({placeholders(free)})"
        values = [*free]
        if shared < max_parallel:
            allowed = f"({allowed} OR c.name NOT IN ({placeholders(tuple(own))}))"
            values += own
        row = db.execute(
            f"SELECT e.pk {joined} AND e.status = 'PENDING' AND e.target_status = 'COMPLETED' "
            f"AND e.claimed_at IS NULL AND {allowed} ORDER BY e.created_at, e.pk LIMIT 1",
            values,
        ).fetchone()
        if row is None:
            return None
        db.execute(
            "UPDATE executions SET supervisor_pid = ?, supervisor_boot = ?, claimed_at = ? "
            "WHERE pk = ?",
            (pid, boot, to_micros(now()), row[0]),
        )
        found = db.execute(f"SELECT {COLUMNS} FROM executions WHERE pk = ?", row).fetchone()
        return _scope_of_pk(db, row[0]), from_row(found)


def queue_of(registry: Registry, scope: Scope, execution_id: str) -> QueuePosition | None:
    """Return what an execution of this machine waits for, None unless it is pending."""
    with registry.read() as db:
        found = db.execute(
            "SELECT c.pk, c.kind, e.created_at, e.pk FROM executions e "
            "JOIN resource_groups g ON g.pk = e.group_pk JOIN connections c ON c.pk = "
            "g.connection_pk WHERE c.name = ? AND g.name = ? AND e.id = ? AND e.status = "
            "'PENDING' AND e.claimed_at IS NULL AND on_this_machine(c.kind)",
            (scope.connection, scope.resource_group, execution_id),
        ).fetchone()
        if found is None:
            return None
        connection, kind, created, pk = found
        running, before = db.execute(
            "SELECT count(e.claimed_at), coalesce(sum(e.claimed_at IS NULL AND e.status = "
            "'PENDING' AND (e.created_at, e.pk) < (?, ?)), 0) FROM resource_groups g CROSS JOIN "
            "executions e INDEXED BY executions_unfinished WHERE e.group_pk = g.pk "
            f"AND g.connection_pk = ? AND e.{_UNFINISHED}",
            (created, pk, connection),
        ).fetchone()
        return QueuePosition(running, before, kind == EMBEDDED_KIND)


def set_supervisor(
    registry: Registry, scope: Scope, execution_id: str, pid: int | None, boot: str = ""
) -> None:
    """Record the process that supervises an execution; None returns the execution to the queue.

    Raises:
        NotFound: the execution does not exist.
    """
    with registry.write("executions") as db:
        db.execute(
            "UPDATE executions SET supervisor_pid = ?, supervisor_boot = ?, claimed_at = ? "
            "WHERE pk = ?",
            (
                pid,
                boot,
                None if pid is None else to_micros(now()),
                execution_pk(db, scope, execution_id),
            ),
        )


@reports_damage
def transition(
    registry: Registry,
    scope: Scope,
    execution_id: str,
    status: Status,
    message: str = "",
    details: Mapping[str, str] | None = None,
    *,
    submitted_at: datetime | None = None,
    started_at: datetime | None = None,
    completed_at: datetime | None = None,
) -> Execution:
    """Change an execution to its next status and return it.

    Times and details that are not given are kept; the message is replaced. No time is earlier than
    the one that it follows, even if the clock was set back.

    Raises:
        NotFound: it does not exist.
        Conflict: this status cannot follow the current one, which another process may have changed.
    """
    with registry.write("executions") as db:
        pk = execution_pk(db, scope, execution_id)
        current = Status(
            db.execute("SELECT status FROM executions WHERE pk = ?", (pk,)).fetchone()[0]
        )
        if status not in TRANSITIONS.get(current, frozenset()):
            raise Conflict(
                f"Execution {execution_id} is {current} and cannot become {status}",
                "Another process may have changed its status.",
                "Refresh the list of executions.",
            )
        db.execute(
            "UPDATE executions SET status = ?, status_message = ?, "
            "status_details = coalesce(?, status_details), "
            "submitted_at = coalesce(?, submitted_at), "
            "started_at = coalesce(max(?, created_at), started_at), "
            "completed_at = coalesce(max(?, coalesce(started_at, created_at)), completed_at), "
            "modified_at = max(?, modified_at) WHERE pk = ?",
            (
                status,
                cut(message),
                None if details is None else to_json(details),
                micros(submitted_at),
                micros(started_at),
                micros(completed_at),
                to_micros(now()),
                pk,
            ),
        )
        changed = from_row(
            db.execute(f"SELECT {COLUMNS} FROM executions WHERE pk = ?", (pk,)).fetchone()
        )
        db.execute(
            "UPDATE executions SET search_text = ? WHERE pk = ?", (searchable_text(changed), pk)
        )
        return changed


def set_target(
    registry: Registry, scope: Scope, execution_id: str, target: TargetStatus
) -> Execution:
    """Record the requested status of an execution.

    Raises:
        NotFound: it does not exist.
        Conflict: its status does not allow it.
    """
    with registry.write("executions") as db:
        current = execution(registry, scope, execution_id)
        if target is TargetStatus.STOPPED:
            check_stop(execution_id, current.status)
        elif target is TargetStatus.DELETED:
            check_delete(execution_id, current.status)
        db.execute(
            "UPDATE executions SET target_status = ?, modified_at = ? WHERE pk = ?",
            (target, to_micros(now()), execution_pk(db, scope, execution_id)),
        )
        return execution(registry, scope, execution_id)


def delete(registry: Registry, scope: Scope, execution_id: str) -> None:
    """Delete an execution that has ended, with its metrics unless it created artifacts.

    It is kept for its artifacts with parameters, inputs and metrics, but no list contains it.

    Raises:
        NotFound: it does not exist, or was deleted already.
        Conflict: it has not ended.
    """
    with registry.write("executions", "artifacts", "metrics") as db:
        check_delete(execution_id, existing(registry, scope, execution_id).status)
        pk = execution_pk(db, scope, execution_id)
        db.execute(
            "UPDATE executions SET kept = 1, gone_at = ? WHERE pk = ?", (to_micros(now()), pk)
        )
        remove_without_outputs(db, pk)


def remove_without_outputs(db: sqlite3.Connection, pk: int) -> None:
    """Remove an execution that is kept for outputs, also those in the trash, if it has none."""
    db.execute(
        "DELETE FROM executions WHERE pk = ? AND kept = 1 "
        "AND NOT EXISTS (SELECT 1 FROM artifacts a WHERE a.execution_pk = executions.pk) "
        "AND NOT EXISTS (SELECT 1 FROM trash t WHERE t.group_pk = executions.group_pk "
        "AND t.purged_at IS NULL AND t.content ->> '$.artifacts[0].execution_id' = executions.id)",
        (pk,),
    )


def unfinished(registry: Registry, scope: Scope | None = None) -> list[UnfinishedExecution]:
    """Return the unfinished executions of a group, or of the embedded runtime, oldest first."""
    where, values = (
        ("on_this_machine(c.kind)", ())
        if scope is None
        else ("c.name = ? AND g.name = ?", (scope.connection, scope.resource_group))
    )
    columns = ", ".join(f"e.{name}" for name in COLUMNS.split(", "))
    with registry.read() as db:
        rows = db.execute(
            f"SELECT c.name, g.name, e.supervisor_pid, e.supervisor_boot, e.claimed_at, {columns} "
            # Few of many executions are unfinished, which the planner does not know.
            "FROM connections c JOIN resource_groups g ON g.connection_pk = c.pk "
            "CROSS JOIN executions e INDEXED BY executions_unfinished "
            f"WHERE e.group_pk = g.pk AND e.{_UNFINISHED} AND {where} "
            "ORDER BY e.created_at, e.pk",
            values,
        ).fetchall()
    return [
        UnfinishedExecution(
            Scope(row[0], row[1]),
            from_row(row[5:]),
            None if row[4] is None else Claim(row[2], row[3], from_micros(row[4])),
        )
        for row in rows
    ]


@reports_damage
def from_row(row: tuple[Any, ...]) -> Execution:
    """Return the execution in a row of `COLUMNS`."""
    return Execution(
        row[0],
        row[1],
        row[2],
        row[3],
        row[4],
        row[5],
        Status(row[6]),
        TargetStatus(row[7]),
        row[8],
        from_micros(row[9]),
        from_micros(row[10]),
        timestamp(row[11]),
        timestamp(row[12]),
        timestamp(row[13]),
        {} if row[14] == "{}" else json.loads(row[14]),
        row[15],
        timestamp(row[16]),
    )


def _scope_of_pk(db: sqlite3.Connection, pk: int) -> Scope:
    row = db.execute(
        "SELECT c.name, g.name FROM executions e JOIN resource_groups g ON g.pk = e.group_pk "
        "JOIN connections c ON c.pk = g.connection_pk WHERE e.pk = ?",
        (pk,),
    ).fetchone()
    return Scope(row[0], row[1])


def searchable_text(of: Execution) -> str:
    """Return the text that searches match: what rows show, and the ID of the configuration."""
    return search_text(
        (
            of.configuration_name,
            of.id,
            of.scenario_id,
            of.executable_id,
            of.configuration_id,
            of.status,
            of.status_message,
        )
    )
