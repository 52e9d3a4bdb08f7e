"""Scenarios and executables, which all resource groups of a connection share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from launchpad_tui.domain.connection import Scope
from launchpad_tui.domain.scenario import ArtifactSlot, Executable, Parameter, Scenario
from launchpad_tui.domain.timestamps import from_micros, now, to_micros
from launchpad_tui.errors import NotFound
from launchpad_tui.registry.codec import from_json, text_map, to_json
from launchpad_tui.registry.connections import connection_pk
from launchpad_tui.registry.database import Registry
from launchpad_tui.registry.sqlite_errors import reports_damage

_SCENARIO = "id, name, description, labels, created_at, modified_at"
_EXECUTABLE = (
    "id, scenario_id, name, description, version, parameters, inputs, outputs, template, source, "
    "notes, settings, created_at, modified_at"
)


def scenarios(registry: Registry, scope: Scope) -> list[Scenario]:
    """Return all scenarios by name. Raises NotFound for an unknown connection."""
    with registry.read() as db:
        rows = db.execute(
            f"SELECT {_SCENARIO} FROM scenarios WHERE connection_pk = ? "
            "ORDER BY name COLLATE NOCASE, id",
            (connection_pk(db, scope.connection),),
        ).fetchall()
    return [_scenario(row) for row in rows]


def scenario(registry: Registry, scope: Scope, scenario_id: str) -> Scenario:
    """Return the scenario with this ID.

    Raises:
        NotFound: it does not exist.
    """
    with registry.read() as db:
        row = db.execute(
            f"SELECT {_SCENARIO} FROM scenarios WHERE connection_pk = ? AND id = ?",
            (connection_pk(db, scope.connection), scenario_id),
        ).fetchone()
    if row is None:
        raise NotFound(
            f"Scenario {scenario_id!r} does not exist",
            hint="List the scenarios with: launchpad scenarios list",
        )
    return _scenario(row)


def put_scenario(registry: Registry, scope: Scope, put: Scenario) -> None:
    """Add or replace a scenario; its creation time is kept."""
    with registry.write("scenarios") as db:
        db.execute(
            f"INSERT INTO scenarios (connection_pk, {_SCENARIO}) VALUES (?, ?, ?, ?, ?, ?, ?) "
            "ON CONFLICT (connection_pk, id) DO UPDATE SET name = excluded.name, "
            "description = excluded.description, labels = excluded.labels, "
            "modified_at = excluded.modified_at WHERE (name, description, labels) "
            "IS NOT (excluded.name, excluded.description, excluded.labels)",
            (
                connection_pk(db, scope.connection),
                put.id,
                put.name,
                put.description,
                to_json(put.labels),
                to_micros(put.created_at),
                to_micros(put.modified_at),
            ),
        )


def executables(
    registry: Registry, scope: Scope, scenario_id: str | None = None
) -> list[Executable]:
    """Return all executables, or those of a scenario, by name. Raises NotFound."""
    with registry.read() as db:
        rows = db.execute(
            f"SELECT {_EXECUTABLE} FROM executables WHERE connection_pk = ? AND (? IS NULL "
            "OR scenario_id = ?) ORDER BY name COLLATE NOCASE, id",
            (connection_pk(db, scope.connection), scenario_id, scenario_id),
        ).fetchall()
    return [_executable(row) for row in rows]


def executable(registry: Registry, scope: Scope, executable_id: str) -> Executable:
    """Return the executable with this ID.

    Raises:
        NotFound: it does not exist.
    """
    with registry.read() as db:
        row = db.execute(
            f"SELECT {_EXECUTABLE} FROM executables WHERE connection_pk = ? AND id = ?",
            (connection_pk(db, scope.connection), executable_id),
        ).fetchone()
    if row is None:
        raise NotFound(
            f"Executable {executable_id!r} does not exist",
            hint="List the executables with: launchpad executables list",
        )
    return _executable(row)


def put_executable(registry: Registry, scope: Scope, put: Executable) -> str:
    """Add or replace an executable; its settings and creation time are kept.

    Returns:
        ``added``, ``changed`` or ``unchanged``.
    """
    content = (
        put.scenario_id,
        put.name,
        put.description,
        put.version,
        to_json([[p.name, p.default, p.description] for p in put.parameters]),
        _slots_json(put.inputs),
        _slots_json(put.outputs),
        put.template,
        put.source,
        to_json(list(put.notes)),
    )
    columns = (
        "scenario_id, name, description, version, parameters, inputs, outputs, template, source, "
        "notes"
    )
    with registry.write("scenarios") as db:
        pk = connection_pk(db, scope.connection)
        row = db.execute(
            f"SELECT {columns} FROM executables WHERE connection_pk = ? AND id = ?", (pk, put.id)
        ).fetchone()
        if row is None:
            db.execute(
                f"INSERT INTO executables (connection_pk, id, {columns}, settings, created_at, "
                "modified_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    pk,
                    put.id,
                    *content,
                    to_json(put.settings),
                    to_micros(put.created_at),
                    to_micros(put.modified_at),
                ),
            )
            return "added"
        if tuple(row) == content:
            return "unchanged"
        changes = ", ".join(f"{name} = ?" for name in columns.split(", "))
        db.execute(
            f"UPDATE executables SET {changes}, modified_at = ? WHERE connection_pk = ? AND id = ?",
            (*content, to_micros(put.modified_at), pk, put.id),
        )
        return "changed"


def set_executable_settings(
    registry: Registry, scope: Scope, executable_id: str, settings: Mapping[str, str]
) -> Executable:
    """Replace the settings of an executable. Raises NotFound."""
    with registry.write("scenarios") as db:
        executable(registry, scope, executable_id)
        db.execute(
            "UPDATE executables SET settings = ?, modified_at = ? WHERE connection_pk = ? "
            "AND id = ?",
            (
                to_json(settings),
                to_micros(now()),
                connection_pk(db, scope.connection),
                executable_id,
            ),
        )
        return executable(registry, scope, executable_id)


def delete_executable(registry: Registry, scope: Scope, executable_id: str) -> None:
    """Remove an executable. Its configurations are kept.

    The scenario is removed if it has neither executables nor artifacts any more.

    Raises:
        NotFound: it does not exist.
    """
    with registry.write("scenarios") as db:
        found = executable(registry, scope, executable_id)
        pk = connection_pk(db, scope.connection)
        db.execute(
            "DELETE FROM executables WHERE connection_pk = ? AND id = ?", (pk, executable_id)
        )
        db.execute(
            "DELETE FROM scenarios WHERE connection_pk = ? AND id = ? AND NOT EXISTS (SELECT 1 "
            "FROM executables e WHERE e.connection_pk = scenarios.connection_pk "
            "AND e.scenario_id = ?) AND NOT EXISTS (SELECT 1 FROM artifacts a "
            "JOIN resource_groups g ON g.pk = a.group_pk "
            "WHERE g.connection_pk = scenarios.connection_pk AND a.scenario_id = scenarios.id)",
            (pk, found.scenario_id, found.scenario_id),
        )


def _slots_json(slots: tuple[ArtifactSlot, ...]) -> str:
    rows: list[list[object]] = []
    for slot in slots:
        row: list[object] = [slot.name, slot.kind, slot.description, slot.labels]
        # A fifth item marks optional inputs; earlier versions wrote four.
        rows.append([*row, True] if slot.optional else row)
    return to_json(rows)


def _slots(text: str) -> tuple[ArtifactSlot, ...]:
    return tuple(
        ArtifactSlot(
            name,
            kind,
            description,
            tuple((key, value) for key, value in labels),
            optional=bool(optional),
        )
        for name, kind, description, labels, *optional in from_json(text)
    )


@reports_damage
def _scenario(row: tuple[Any, ...]) -> Scenario:
    scenario_id, name, description, labels, created_at, modified_at = row
    return Scenario(
        scenario_id,
        name,
        description,
        text_map(labels),
        from_micros(created_at),
        from_micros(modified_at),
    )


@reports_damage
def _executable(row: tuple[Any, ...]) -> Executable:
    return Executable(
        id=row[0],
        scenario_id=row[1],
        name=row[2],
        description=row[3],
        version=row[4],
        parameters=tuple(
            Parameter(name, default, text) for name, default, text in from_json(row[5])
        ),
        inputs=_slots(row[6]),
        outputs=_slots(row[7]),
        template=row[8],
        source=row[9],
        notes=tuple(from_json(row[10])),
        settings=text_map(row[11]),
        created_at=from_micros(row[12]),
        modified_at=from_micros(row[13]),
    )
