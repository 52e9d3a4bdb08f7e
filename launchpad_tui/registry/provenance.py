"""The code and the environment with which executions ran."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from launchpad_tui.domain.connection import Scope
from launchpad_tui.domain.repository import TemplateSource
from launchpad_tui.domain.timestamps import from_micros, now, to_micros
from launchpad_tui.registry.codec import clean, from_json, to_json
from launchpad_tui.registry.configurations import BATCH, placeholders
from launchpad_tui.registry.connections import connection_pk, group_pk
from launchpad_tui.registry.database import Registry
from launchpad_tui.registry.executions import execution_pk
from launchpad_tui.registry.lifecycle_schema import REPRODUCES
from launchpad_tui.registry.revisions import touch
from launchpad_tui.registry.sqlite_errors import reports_damage


def put(registry: Registry, scope: Scope, execution_id: str, content: Mapping[str, object]) -> None:
    """Record the code and the environment of an execution. Raises NotFound."""
    with registry.write("executions") as db:
        db.execute(
            "INSERT INTO provenance (execution_pk, content, recorded_at) VALUES (?, ?, ?) "
            "ON CONFLICT DO UPDATE SET (content, recorded_at) = "
            "(excluded.content, excluded.recorded_at)",
            (
                execution_pk(db, scope, execution_id),
                clean(to_json(content)),
                to_micros(now()),
            ),
        )


@reports_damage
def of(registry: Registry, scope: Scope, execution_id: str) -> Mapping[str, Any]:
    """Return the code and the environment of an execution, empty if they were not recorded. Raises
    NotFound for an unknown scope."""
    with registry.read() as db:
        row = db.execute(
            "SELECT p.content FROM provenance p JOIN executions e ON e.pk = p.execution_pk "
            "WHERE e.group_pk = ? AND e.id = ?",
            (group_pk(db, scope), execution_id),
        ).fetchone()
    found: Mapping[str, Any] = {} if row is None else from_json(row[0])
    return found


@reports_damage
def reproductions(registry: Registry, scope: Scope, execution_id: str, most: int) -> list[str]:
    """Return the IDs of the executions that reproduce an execution, newest first, at most ``most``.

    Raises:
        NotFound: the scope does not exist.
    """
    with registry.read() as db:
        rows = db.execute(
            "SELECT e.id FROM provenance INDEXED BY provenance_reproduces "
            "JOIN executions e ON e.pk = execution_pk "
            f"WHERE {REPRODUCES} = ? AND e.group_pk = ? ORDER BY e.created_at DESC, e.pk DESC "
            "LIMIT ?",
            (execution_id, group_pk(db, scope), most),
        ).fetchall()
    return [str(row[0]) for row in rows]


@reports_damage
def of_many(
    registry: Registry, scope: Scope, execution_ids: Iterable[str]
) -> dict[str, Mapping[str, Any]]:
    """Return code and environment of those executions of which they were recorded, by ID."""
    found: dict[str, Mapping[str, Any]] = {}
    wanted = list(dict.fromkeys(execution_ids))
    with registry.read() as db:
        group = group_pk(db, scope)
        for start in range(0, len(wanted), BATCH):
            some = wanted[start : start + BATCH]
            for execution_id, content in db.execute(
                "SELECT e.id, p.content FROM provenance p JOIN executions e "
                "ON e.pk = p.execution_pk WHERE e.group_pk = ? "
                f"AND e.id IN ({placeholders(some)})",
                (group, *some),
            ):
                found[execution_id] = from_json(content)
    return found


@reports_damage
def snapshots(registry: Registry) -> dict[str, tuple[int, datetime]]:
    """Return the number of executions of all scopes that refer to each code snapshot, and the time
    of the newest one, by the ID of the snapshot."""
    with registry.read() as db:
        rows = db.execute(
            "SELECT json_extract(content, '$.snapshot.id') AS id, count(*), max(recorded_at) "
            "FROM provenance GROUP BY 1 HAVING id IS NOT NULL"
        ).fetchall()
    return {str(id_): (int(count), from_micros(newest)) for id_, count, newest in rows}


def put_template_sources(
    registry: Registry, connection: str, sources: Mapping[str, TemplateSource]
) -> None:
    """Record the source of the template of each execution that was created since its template was
    synchronized: earlier ones may have used another revision. Nothing is replaced.

    Args:
        connection: the connection to the runtime.
        sources: the sources by the IDs of executables.

    Raises:
        NotFound: there is no such connection.
    """
    with registry.write() as db:
        pk, before = connection_pk(db, connection), db.total_changes
        for executable_id, source in sources.items():
            if source.synced_at is None:
                continue
            content = {
                "template": {
                    "application": source.application,
                    "repository": source.repository,
                    "path": source.path,
                    "revision": source.revision,
                }
            }
            db.execute(
                "INSERT INTO provenance (execution_pk, content, recorded_at) "
                "SELECT e.pk, ?, ? FROM executions e JOIN resource_groups g ON g.pk = e.group_pk "
                "WHERE g.connection_pk = ? AND e.executable_id = ? AND e.created_at >= ? "
                "ON CONFLICT DO NOTHING",
                (
                    clean(to_json(content)),
                    to_micros(now()),
                    pk,
                    executable_id,
                    to_micros(source.synced_at),
                ),
            )
        if db.total_changes > before:
            touch(registry, "executions")
