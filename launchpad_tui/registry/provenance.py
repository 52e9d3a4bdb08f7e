"""The code and the environment with which executions ran."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from launchpad_tui.domain.connection import Scope
from launchpad_tui.domain.timestamps import from_micros, now, to_micros
from launchpad_tui.registry.codec import clean, from_json, to_json
from launchpad_tui.registry.configurations import BATCH, placeholders
from launchpad_tui.registry.connections import group_pk
from launchpad_tui.registry.database import Registry
from launchpad_tui.registry.executions import execution_pk
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
