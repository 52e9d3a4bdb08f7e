"""What depends on an artifact or a configuration."""

from __future__ import annotations

from launchpad_tui.domain.connection import Scope
from launchpad_tui.records import record
from launchpad_tui.registry.connections import group_pk
from launchpad_tui.registry.database import Registry

#: executions and schedules are counted and listed up to this number
_LIMIT = 1000


@record
class Dependents:
    """What uses an object.

    Attributes:
        executions: the number of executions, at most 1,000.
        schedules: the names of schedules that have not been deleted.
    """

    executions: int
    schedules: tuple[str, ...]


def of_artifact(registry: Registry, scope: Scope, artifact_id: str) -> Dependents:
    """Return what uses an artifact as an input. Raises NotFound for an unknown scope."""
    with registry.read() as db:
        group = group_pk(db, scope)
        (executions,) = db.execute(
            "SELECT count(*) FROM (SELECT 1 FROM configuration_inputs i "
            "CROSS JOIN executions e ON e.configuration_pk = i.configuration_pk "
            "WHERE i.artifact_id = ? AND e.group_pk = ? LIMIT ?)",
            (artifact_id, group, _LIMIT),
        ).fetchone()
        schedules = db.execute(
            "SELECT DISTINCT s.name FROM execution_schedules s JOIN configurations c "
            "ON c.group_pk = s.group_pk AND c.id = s.configuration_id "
            "JOIN configuration_inputs i ON i.configuration_pk = c.pk "
            "WHERE s.group_pk = ? AND s.gone_at IS NULL AND i.artifact_id = ? LIMIT ?",
            (group, artifact_id, _LIMIT),
        ).fetchall()
    return Dependents(executions, tuple(name for (name,) in schedules))


def of_configuration(registry: Registry, scope: Scope, configuration_id: str) -> Dependents:
    """Return what uses a configuration. Raises NotFound for an unknown scope."""
    with registry.read() as db:
        group = group_pk(db, scope)
        (executions,) = db.execute(
            "SELECT count(*) FROM (SELECT 1 FROM configurations c "
            "CROSS JOIN executions e ON e.configuration_pk = c.pk "
            "WHERE c.group_pk = ? AND c.id = ? LIMIT ?)",
            (group, configuration_id, _LIMIT),
        ).fetchone()
        schedules = db.execute(
            "SELECT name FROM execution_schedules WHERE group_pk = ? AND configuration_id = ? "
            "AND gone_at IS NULL LIMIT ?",
            (group, configuration_id, _LIMIT),
        ).fetchall()
    return Dependents(executions, tuple(name for (name,) in schedules))
