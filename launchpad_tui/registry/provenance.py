"""The code and the environment with which executions ran."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from launchpad_tui.domain.connection import Scope
from launchpad_tui.domain.timestamps import now, to_micros
from launchpad_tui.registry.codec import clean, from_json, to_json
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
