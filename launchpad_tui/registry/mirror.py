"""Copies of the artifacts, configurations and executions of remote runtimes.

Entries are stored in batches. An entry that the runtime has deleted is marked, not removed. What
only this machine knows about an entry (sizes and states of files, which metrics were fetched) is
kept when the entry is stored again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from datetime import datetime

from launchpad_tui.domain.artifact import Artifact
from launchpad_tui.domain.connection import Scope
from launchpad_tui.domain.execution import Configuration, Execution, Status
from launchpad_tui.domain.timestamps import from_micros, now, to_micros
from launchpad_tui.registry import (
    artifact_edits,
    artifacts,
    configurations,
    executions,
    trash,
    versions,
)
from launchpad_tui.registry.codec import clean, cut, micros, to_json
from launchpad_tui.registry.configurations import BATCH, placeholders
from launchpad_tui.registry.connections import group_pk
from launchpad_tui.registry.database import Registry
from launchpad_tui.registry.revisions import touch
from launchpad_tui.registry.sqlite_errors import reports_damage

ARTIFACTS, CONFIGURATIONS, EXECUTIONS, SCHEDULES = (
    "artifacts",
    "configurations",
    "executions",
    "execution_schedules",
)
#: the lists of a resource group, with the topic of changes
TOPIC = {
    ARTIFACTS: "artifacts",
    CONFIGURATIONS: "configurations",
    EXECUTIONS: "executions",
    SCHEDULES: "schedules",
}
_KINDS = "('model', 'dataset', 'resultset', 'other')"


def put_artifacts(registry: Registry, scope: Scope, found: Sequence[Artifact]) -> bool:
    """Store artifacts; return whether any was new or changed. Raises NotFound."""
    columns = (
        "url, name, kind, description, scenario_id, execution_id, labels, modified_at, "
        "runtime_name, gone_at"
    )
    excluded = ", ".join(f"excluded.{name}" for name in columns.split(", ")[:-1])
    with registry.write() as db:
        group = group_pk(db, scope)
        before = db.total_changes
        hidden = trash.hidden(db, group, [one.id for one in found])
        found = [one for one in found if one.id not in hidden]
        found = artifact_edits.with_local_changes(db, group, found)
        db.executemany(
            "INSERT INTO artifacts (execution_pk, group_pk, id, name, kind, url, description, "
            "scenario_id, execution_id, labels, created_at, modified_at, search_text, "
            "runtime_name) "
            "VALUES ((SELECT pk FROM executions WHERE group_pk = ? AND id = ?), "
            f"?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? || {artifacts.CONFIGURATION_TEXT}, ?) "
            "ON CONFLICT (group_pk, id) "
            f"DO UPDATE SET ({columns}, search_text, execution_pk) = ({excluded}, NULL, "
            "excluded.search_text, coalesce(execution_pk, excluded.execution_pk)) "
            f"WHERE ({columns}) IS NOT ({excluded}, NULL)",
            [
                (
                    group,
                    a.execution_id,
                    group,
                    a.id,
                    clean(a.name),
                    a.kind,
                    clean(a.url),
                    clean(a.description),
                    a.scenario_id,
                    a.execution_id,
                    to_json([[clean(key), clean(value)] for key, value in a.labels]),
                    to_micros(a.created_at),
                    to_micros(a.modified_at),
                    artifacts.searchable_text(a),
                    group,
                    a.execution_id,
                    clean(a.runtime_name),
                )
                for a in found
            ],
        )
        versions.number_all(db, group)
        return _announce(registry, db, before, "artifacts")


def put_configurations(registry: Registry, scope: Scope, found: Sequence[Configuration]) -> bool:
    """Store configurations; return whether any was new. Raises NotFound.

    Known configurations are not updated, because configurations never change.
    """
    with registry.write() as db:
        group = group_pk(db, scope)
        before = db.total_changes
        hidden = trash.hidden(db, group, [one.id for one in found])
        found = [one for one in found if one.id not in hidden]
        known = _known(db, CONFIGURATIONS, group, [one.id for one in found])
        fresh = [one for one in found if one.id not in known]
        for one in fresh:
            pk = configurations.insert(db, group, one)
            db.execute(
                "UPDATE executions SET configuration_pk = ? WHERE group_pk = ? "
                "AND configuration_pk IS NULL AND configuration_id = ?",
                (pk, group, one.id),
            )
        _restore(db, CONFIGURATIONS, group, known)
        return _announce(registry, db, before, "configurations")


def put_executions(registry: Registry, scope: Scope, found: Sequence[Execution]) -> bool:
    """Store executions; return whether any was new or changed. Raises NotFound."""
    columns = (
        "configuration_name, status, target_status, status_message, status_details, modified_at, "
        "submitted_at, started_at, completed_at, schedule_id, gone_at"
    )
    excluded = ", ".join(f"excluded.{name}" for name in columns.split(", ")[:-1])
    with registry.write() as db:
        group = group_pk(db, scope)
        before = db.total_changes
        known = _known(db, EXECUTIONS, group, [one.id for one in found])
        db.executemany(
            "INSERT INTO executions (configuration_pk, group_pk, id, configuration_id, "
            "configuration_name, scenario_id, executable_id, executable_version, status, "
            "target_status, status_message, status_details, created_at, modified_at, "
            "submitted_at, started_at, completed_at, search_text, schedule_id) "
            "VALUES ((SELECT pk FROM configurations WHERE group_pk = ? AND id = ?), "
            "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
            f"ON CONFLICT (group_pk, id) DO UPDATE SET ({columns}, search_text) = ({excluded}, "
            f"NULL, excluded.search_text) WHERE ({columns}) IS NOT ({excluded}, NULL)",
            [
                (
                    group,
                    e.configuration_id,
                    group,
                    e.id,
                    e.configuration_id,
                    clean(e.configuration_name),
                    e.scenario_id,
                    e.executable_id,
                    e.executable_version,
                    e.status,
                    e.target_status,
                    cut(e.status_message),
                    to_json(e.status_details),
                    to_micros(e.created_at),
                    to_micros(e.modified_at),
                    micros(e.submitted_at),
                    micros(e.started_at),
                    micros(e.completed_at),
                    executions.searchable_text(e),
                    e.schedule_id,
                )
                for e in found
            ],
        )
        fresh = [one.id for one in found if one.id not in known]
        for start in range(0, len(fresh), BATCH):
            some = fresh[start : start + BATCH]
            db.execute(
                "UPDATE artifacts SET (execution_pk, search_text) = (SELECT e.pk, "
                "artifacts.search_text || char(10) || casefold(e.configuration_name) "
                "FROM executions e "
                "WHERE e.group_pk = artifacts.group_pk AND e.id = artifacts.execution_id) "
                f"WHERE group_pk = ? AND kind IN {_KINDS} "
                f"AND execution_id IN ({placeholders(some)})",
                (group, *some),
            )
        return _announce(registry, db, before, "executions")


def mark_deleted(registry: Registry, scope: Scope, part: str, ids: Sequence[str]) -> None:
    """Mark entries of a list as deleted in their runtime. Raises NotFound for an unknown scope."""
    with registry.write(TOPIC[part]) as db:
        group, at = group_pk(db, scope), to_micros(now())
        for start in range(0, len(ids), BATCH):
            some = ids[start : start + BATCH]
            db.execute(
                f"UPDATE {part} SET gone_at = ? WHERE group_pk = ? AND gone_at IS NULL "
                f"AND id IN ({placeholders(some)})",
                (at, group, *some),
            )


def count(registry: Registry, scope: Scope, part: str) -> int:
    """Return the number of known entries of a list that are not deleted. Raises NotFound."""
    with registry.read() as db:
        sql = f"SELECT count(*) FROM {part} WHERE group_pk = ? AND gone_at IS NULL"
        return int(db.execute(sql, (group_pk(db, scope),)).fetchone()[0])


@reports_damage
def execution_states(registry: Registry, scope: Scope) -> dict[str, tuple[Status, datetime]]:
    """Return status and last change of the executions that are not deleted, by ID.

    Raises NotFound.
    """
    with registry.read() as db:
        rows = db.execute(
            "SELECT id, status, modified_at FROM executions WHERE group_pk = ? AND gone_at IS NULL",
            (group_pk(db, scope),),
        ).fetchall()
    return {one: (Status(status), from_micros(at)) for one, status, at in rows}


def unfinished(registry: Registry, scope: Scope) -> list[str]:
    """Return the IDs of unfinished executions that are not deleted, oldest first.

    Raises NotFound.
    """
    with registry.read() as db:
        rows = db.execute(
            "SELECT id FROM executions INDEXED BY executions_unfinished "
            "WHERE group_pk = ? AND gone_at IS NULL AND "
            "status IN ('UNKNOWN', 'PENDING', 'RUNNING', 'STOPPING') ORDER BY created_at",
            (group_pk(db, scope),),
        ).fetchall()
    return [one for (one,) in rows]


def metrics_due(
    registry: Registry, scope: Scope, among: Iterable[str] | None = None, recent: int = 0
) -> list[tuple[str, bool]]:
    """Return the executions whose metrics have to be fetched, newest first.

    Args:
        among: return only executions with these IDs. None: executions that are running, executions
            whose metrics were last fetched before their end, and those of the ``recent`` newest
            executions of the group that have ended.

    Returns:
        IDs, each with whether the execution has ended.

    Raises:
        NotFound: the scope does not exist.
    """
    ended = "status IN ('STOPPED', 'COMPLETED', 'DEAD')"
    selected = "id IN (SELECT value FROM json_each(:among))"
    if among is None:
        newest = (
            "SELECT pk FROM executions WHERE group_pk = :group "
            "ORDER BY created_at DESC LIMIT :recent"
        )
        selected = (
            "(metrics_read = 'some' OR status IN ('RUNNING', 'STOPPING') "
            f"OR {ended} AND pk IN ({newest}))"
        )
    with registry.read() as db:
        rows = db.execute(
            f"SELECT id, {ended} FROM executions WHERE group_pk = :group AND metrics_read <> 'all' "
            f"AND gone_at IS NULL AND {selected} ORDER BY created_at DESC",
            {"group": group_pk(db, scope), "among": to_json(list(among or ())), "recent": recent},
        ).fetchall()
    return [(one, bool(done)) for one, done in rows]


def set_metrics_read(registry: Registry, scope: Scope, read: Sequence[tuple[str, bool]]) -> None:
    """Record that metrics were fetched, by ID with whether the execution had ended before."""
    with registry.write("metrics") as db:
        group = group_pk(db, scope)
        db.executemany(
            "UPDATE executions SET metrics_read = ? WHERE group_pk = ? AND id = ?",
            [("all" if over else "some", group, one) for one, over in read],
        )


def seen(registry: Registry, scope: Scope, part: str, ids: Iterable[str]) -> None:
    """Record the entries that an incomplete list has reported so far."""
    with registry.write() as db:
        group = group_pk(db, scope)
        db.executemany(
            "INSERT INTO reading_seen (group_pk, part, id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
            [(group, part, one) for one in ids],
        )


def count_seen(registry: Registry, scope: Scope, part: str) -> int:
    """Return the number of entries that an incomplete list has reported so far."""
    with registry.read() as db:
        sql = "SELECT count(*) FROM reading_seen WHERE group_pk = ? AND part = ?"
        return int(db.execute(sql, (group_pk(db, scope), part)).fetchone()[0])


def clear_seen(registry: Registry, scope: Scope, part: str) -> None:
    """Remove the record of reported entries, because the list is fetched again from its start."""
    with registry.write() as db:
        db.execute(
            "DELETE FROM reading_seen WHERE group_pk = ? AND part = ?", (group_pk(db, scope), part)
        )


def finish_list(registry: Registry, scope: Scope, part: str) -> int:
    """Mark the entries that a complete list did not report as deleted; return their number.

    Raises NotFound.
    """
    with registry.write() as db:
        group = group_pk(db, scope)
        before = db.total_changes
        deleted = db.execute(
            f"UPDATE {part} SET gone_at = ? WHERE group_pk = ? AND gone_at IS NULL AND NOT EXISTS "
            f"(SELECT 1 FROM reading_seen s WHERE s.group_pk = {part}.group_pk AND s.part = ? "
            f"AND s.id = {part}.id)",
            (to_micros(now()), group, part),
        ).rowcount
        if part == ARTIFACTS:
            versions.number_listed(db, group)
        _announce(registry, db, before, TOPIC[part])
        db.execute("DELETE FROM reading_seen WHERE group_pk = ? AND part = ?", (group, part))
        return deleted


def _announce(registry: Registry, db: sqlite3.Connection, before: int, topic: str) -> bool:
    """Increase the revision of a topic if rows have changed; most polls bring no changes."""
    if db.total_changes == before:
        return False
    touch(registry, topic)
    return True


def _known(db: sqlite3.Connection, table: str, group: int, ids: Sequence[str]) -> set[str]:
    found: set[str] = set()
    for start in range(0, len(ids), BATCH):
        some = ids[start : start + BATCH]
        rows = db.execute(
            f"SELECT id FROM {table} WHERE group_pk = ? AND id IN ({placeholders(some)})",
            (group, *some),
        )
        found.update(one for (one,) in rows)
    return found


def _restore(db: sqlite3.Connection, table: str, group: int, ids: Iterable[str]) -> None:
    """Remove the mark of deletion from entries that the runtime reports again."""
    db.executemany(
        f"UPDATE {table} SET gone_at = NULL WHERE group_pk = ? AND id = ? AND gone_at IS NOT NULL",
        [(group, one) for one in ids],
    )
