"""Input artifacts that a configuration names as ``name@alias`` or ``name@version``.

A configuration always has the IDs of artifacts as well, because the AI API requires them. If a
reference points at another model when an execution is created, a configuration with the current ID
is executed instead, so that the inputs of every execution are recorded as IDs.
"""

from __future__ import annotations

from collections.abc import Mapping

from launchpad_tui.domain.connection import Scope
from launchpad_tui.domain.execution import Configuration
from launchpad_tui.domain.timestamps import now
from launchpad_tui.records import replace
from launchpad_tui.registry import configurations, versions
from launchpad_tui.registry.connections import group_pk
from launchpad_tui.registry.database import Registry

#: the number of newest configurations of an input that are compared with the one to execute
_COMPARED = 200


def put(
    registry: Registry, scope: Scope, configuration_id: str, references: Mapping[str, str]
) -> None:
    """Record the references of a configuration by the name of the input."""
    if not references:
        return
    with registry.write("configurations") as db:
        db.executemany(
            "INSERT INTO configuration_references (configuration_pk, name, reference) "
            "SELECT pk, ?, ? FROM configurations WHERE group_pk = ? AND id = ? "
            "ON CONFLICT DO UPDATE SET reference = excluded.reference",
            [
                (name, reference, group_pk(db, scope), configuration_id)
                for name, reference in references.items()
            ],
        )


def of(registry: Registry, scope: Scope, configuration_id: str) -> dict[str, str]:
    """Return the references of a configuration by the name of the input. Raises NotFound for an
    unknown scope."""
    with registry.read() as db:
        return dict(
            db.execute(
                "SELECT r.name, r.reference FROM configuration_references r "
                "JOIN configurations c ON c.pk = r.configuration_pk "
                "WHERE c.group_pk = ? AND c.id = ? ORDER BY r.name",
                (group_pk(db, scope), configuration_id),
            ).fetchall()
        )


def current(
    registry: Registry, scope: Scope, configuration_id: str
) -> tuple[Configuration, Mapping[str, str]]:
    """Return the configuration to execute, whose inputs are those to which the references point
    now, and the references that it still has to get.

    It is the configuration itself, an earlier one with these inputs, or a new one that is not
    stored yet; the references are empty unless it is new.

    Raises:
        NotFound: the configuration, or the model of a reference, does not exist.
        Conflict: a reference matches models of several scenarios.
    """
    with registry.read() as db:
        source = configurations.configuration(registry, scope, configuration_id)
        references = of(registry, scope, configuration_id)
        group = group_pk(db, scope)
        inputs = dict(source.inputs) | {
            name: versions.referenced(db, group, reference)
            for name, reference in references.items()
        }
        if inputs == dict(source.inputs):
            return source, {}
        changed = next(name for name in references if inputs[name] != source.inputs.get(name))
        rows = db.execute(
            "SELECT c.id FROM configuration_inputs i JOIN configurations c "
            "ON c.pk = i.configuration_pk WHERE i.artifact_id = ? AND c.group_pk = ? "
            "AND c.executable_id = ? AND c.name = ? ORDER BY c.pk DESC LIMIT ?",
            (inputs[changed], group, source.executable_id, source.name, _COMPARED),
        ).fetchall()
        known = configurations.by_id(registry, scope, [row[0] for row in rows])
        for one in known.values():
            same = dict(one.inputs) == inputs and dict(one.parameters) == dict(source.parameters)
            if same and of(registry, scope, one.id) == references:
                return one, {}
    import uuid

    new = replace(source, id=str(uuid.uuid4()), inputs=inputs, created_at=now())
    return new, references
