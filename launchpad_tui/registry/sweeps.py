"""Sweeps and their members."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from launchpad_tui.domain.connection import Scope
from launchpad_tui.domain.sweep import DELETED, NOT_CREATED, Sweep, SweepMember
from launchpad_tui.domain.timestamps import from_micros, to_micros
from launchpad_tui.errors import NotFound
from launchpad_tui.registry import executions
from launchpad_tui.registry.codec import clean, text_map, to_json
from launchpad_tui.registry.configurations import BATCH, placeholders
from launchpad_tui.registry.connections import group_pk
from launchpad_tui.registry.database import Registry
from launchpad_tui.registry.sqlite_errors import reports_damage

_COLUMNS = "pk, id, name, executable_id, definition, parameters, inputs, created_at, created_by"
_MEMBER_COLUMNS = "position, parameters, configuration_id, execution_id, error"
#: the number of sweeps in a list
LIST_LIMIT = 1000


def add(registry: Registry, scope: Scope, new: Sweep) -> None:
    """Add a sweep with its members. Raises NotFound for an unknown scope."""
    with registry.write("executions") as db:
        cursor = db.execute(
            "INSERT INTO sweeps (group_pk, id, name, executable_id, definition, parameters, "
            "inputs, created_at, created_by) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                group_pk(db, scope),
                new.id,
                clean(new.name),
                new.executable_id,
                to_json(new.definition),
                to_json(new.parameters),
                to_json(new.inputs),
                to_micros(new.created_at),
                new.created_by,
            ),
        )
        db.executemany(
            "INSERT INTO sweep_members (sweep_pk, position, parameters) VALUES (?, ?, ?)",
            [(cursor.lastrowid, one.position, to_json(one.parameters)) for one in new.members],
        )


def stored(registry: Registry, scope: Scope, sweep_id: str) -> dict[str, Any]:
    """Return the rows of a sweep, which `restore` adds again. Raises NotFound."""
    with registry.read() as db:
        pk = _pk(db, scope, sweep_id)
        (*row,) = db.execute(f"SELECT {_COLUMNS} FROM sweeps WHERE pk = ?", (pk,)).fetchone()
        members = db.execute(
            f"SELECT {_MEMBER_COLUMNS} FROM sweep_members WHERE sweep_pk = ? ORDER BY position",
            (pk,),
        ).fetchall()
    return {"sweep": row[1:], "members": members}


def restore(registry: Registry, scope: Scope, content: Mapping[str, Any]) -> None:
    """Add a sweep that was removed. Raises NotFound for an unknown scope."""
    row = content["sweep"]
    with registry.write("executions") as db:
        cursor = db.execute(
            f"INSERT INTO sweeps (group_pk, {_COLUMNS.removeprefix('pk, ')}) "
            f"VALUES (?, {placeholders(row)})",
            (group_pk(db, scope), *row),
        )
        db.executemany(
            f"INSERT INTO sweep_members (sweep_pk, {_MEMBER_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)",
            [(cursor.lastrowid, *one) for one in content["members"]],
        )


def set_member(
    registry: Registry, scope: Scope, sweep_id: str, position: int, changes: Mapping[str, str]
) -> None:
    """Change ``configuration_id``, ``execution_id`` or ``error`` of a member. Raises NotFound."""
    columns = [name for name in ("configuration_id", "execution_id", "error") if name in changes]
    with registry.write("executions") as db:
        db.execute(
            f"UPDATE sweep_members SET {', '.join(f'{name} = ?' for name in columns)} "
            "WHERE sweep_pk = ? AND position = ?",
            (*(changes[name] for name in columns), _pk(db, scope, sweep_id), position),
        )


def delete(registry: Registry, scope: Scope, sweep_id: str) -> None:
    """Delete a sweep; its executions are kept. Raises NotFound."""
    with registry.write("executions") as db:
        db.execute("DELETE FROM sweeps WHERE pk = ?", (_pk(db, scope, sweep_id),))


def sweeps(registry: Registry, scope: Scope, sweep_id: str = "") -> list[Sweep]:
    """Return the newest sweeps with their members, or the one with an ID; at most `LIST_LIMIT`.

    `summaries` is faster where members are not required.

    Raises:
        NotFound: the scope does not exist.
    """
    where, values = ("AND id = ?", (sweep_id,)) if sweep_id else ("", ())
    with registry.read() as db:
        rows = db.execute(
            f"SELECT {_COLUMNS} FROM sweeps WHERE group_pk = ? {where} "
            "ORDER BY created_at DESC, pk DESC LIMIT ?",
            (group_pk(db, scope), *values, LIST_LIMIT),
        ).fetchall()
        return [_sweep(registry, db, scope, row) for row in rows]


def summaries(registry: Registry, scope: Scope) -> list[Sweep]:
    """Return the newest sweeps with the states of their members, but without these; at most
    `LIST_LIMIT`. Raises NotFound for an unknown scope."""
    with registry.read() as db:
        group = group_pk(db, scope)
        rows = db.execute(
            f"SELECT {_COLUMNS} FROM sweeps WHERE group_pk = ? "
            "ORDER BY created_at DESC, pk DESC LIMIT ?",
            (group, LIST_LIMIT),
        ).fetchall()
        states: dict[int, dict[str, int]] = {row[0]: {} for row in rows}
        pks = list(states)
        for start in range(0, len(pks), BATCH):
            some = pks[start : start + BATCH]
            for pk, state, number in db.execute(
                "SELECT m.sweep_pk, iif(m.execution_id = '', ?, coalesce(e.status, ?)), count(*) "
                "FROM sweep_members m LEFT JOIN executions e "
                "ON e.group_pk = ? AND e.id = m.execution_id "
                f"WHERE m.sweep_pk IN ({placeholders(some)}) GROUP BY 1, 2",
                (NOT_CREATED, DELETED, group, *some),
            ):
                states[pk][state] = number
        return [_read(row, (), states[row[0]]) for row in rows]


@reports_damage
def _read(row: Sequence[Any], members: tuple[SweepMember, ...], states: Mapping[str, int]) -> Sweep:
    """Return the sweep of a row."""
    return Sweep(
        row[1],
        row[2],
        row[3],
        text_map(row[4]),
        text_map(row[5]),
        text_map(row[6]),
        from_micros(row[7]),
        row[8],
        members,
        states,
    )


@reports_damage
def _sweep(registry: Registry, db: sqlite3.Connection, scope: Scope, row: Sequence[Any]) -> Sweep:
    members = db.execute(
        f"SELECT {_MEMBER_COLUMNS} FROM sweep_members WHERE sweep_pk = ? ORDER BY position",
        (row[0],),
    ).fetchall()
    known = executions.by_id(registry, scope, [one[3] for one in members if one[3]])
    return _read(
        row,
        tuple(
            SweepMember(one[0], text_map(one[1]), one[2], one[3], one[4], known.get(one[3]))
            for one in members
        ),
        {},
    )


def _pk(db: sqlite3.Connection, scope: Scope, sweep_id: str) -> int:
    row = db.execute(
        "SELECT pk FROM sweeps WHERE group_pk = ? AND id = ?", (group_pk(db, scope), sweep_id)
    ).fetchone()
    if row is None:
        raise NotFound(
            f"Sweep {sweep_id!r} does not exist",
            hint="List the sweeps with: launchpad sweeps list",
        )
    return int(row[0])
