"""The edges of the lineage graph: from executions to their inputs, from artifacts to consumers."""

from __future__ import annotations

from collections.abc import Iterable

from launchpad_tui.domain.connection import Scope
from launchpad_tui.registry.configurations import BATCH, placeholders
from launchpad_tui.registry.connections import group_pk
from launchpad_tui.registry.database import Registry
from launchpad_tui.registry.driver import few


def inputs_of(
    registry: Registry, scope: Scope, execution_ids: Iterable[str]
) -> dict[str, tuple[tuple[str, str], ...]]:
    """Return the inputs of executions as (input name, artifact ID), in binding order."""
    found: dict[str, tuple[tuple[str, str], ...]] = {}
    wanted = list(dict.fromkeys(execution_ids))
    with registry.read() as db:
        group = group_pk(db, scope)
        for start in range(0, len(wanted), BATCH):
            some = wanted[start : start + BATCH]
            for execution, name, artifact in db.execute(
                "SELECT e.id, i.name, i.artifact_id FROM executions e "
                "JOIN configuration_inputs i ON i.configuration_pk = e.configuration_pk "
                f"WHERE e.group_pk = ? AND e.id IN ({placeholders(some)}) "
                "ORDER BY e.pk, i.position",
                (group, *some),
            ):
                found[execution] = (*found.get(execution, ()), (name, artifact))
    return found


def consumers_of(
    registry: Registry, scope: Scope, artifact_ids: Iterable[str], limit: int
) -> list[str]:
    """Return the IDs of executions that use one of the artifacts, oldest first, up to a limit."""
    found: list[str] = []
    wanted = list(dict.fromkeys(artifact_ids))
    with registry.read() as db:
        group = group_pk(db, scope)
        for start in range(0, len(wanted), BATCH):
            some = wanted[start : start + BATCH]
            used = f"i.artifact_id IN ({placeholders(some)})"
            rows = db.execute("SELECT max(pk) FROM executions").fetchone()[0] or 0
            most = few(rows, limit)
            inputs = db.execute(
                f"SELECT count(*) FROM (SELECT 1 FROM configuration_inputs i WHERE {used} LIMIT ?)",
                (*some, most + 1),
            ).fetchone()[0]
            if inputs <= most:
                # The uses are looked up in the index and sorted.
                sql = (
                    "SELECT DISTINCT e.id, e.created_at, e.pk FROM configuration_inputs i "
                    "CROSS JOIN executions e ON e.configuration_pk = i.configuration_pk "
                    f"WHERE {used} AND e.group_pk = ? ORDER BY e.created_at, e.pk LIMIT ?"
                )
                values = [*some, group, limit]
            else:
                # Executions are read from the oldest one until enough of them use an artifact.
                sql = (
                    "SELECT e.id FROM executions e WHERE e.group_pk = ? AND EXISTS (SELECT 1 "
                    "FROM configuration_inputs i WHERE i.configuration_pk = e.configuration_pk "
                    f"AND +{used}) ORDER BY e.created_at, e.pk LIMIT ?"
                )
                values = [group, *some, limit]
            found += [row[0] for row in db.execute(sql, values)]
            if len(found) >= limit:
                break
    return list(dict.fromkeys(found))[:limit]
