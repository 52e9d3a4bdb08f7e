"""The error for a name or ID prefix that several objects have, with what tells them apart."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence

from launchpad_tui.domain.text import cell_width, clip, one_line
from launchpad_tui.domain.timestamps import from_micros
from launchpad_tui.errors import Conflict

#: the number of objects that the error lists
MOST_LISTED = 10
#: characters of an ID that are always shown
_SHORT_ID = 8
#: cells of a name or a value
_WIDTH = 40

#: for each table: name, kind (with the version of a model), name of the configuration, row number
#: of the configuration
_FACTS = {
    "artifacts": (
        "t.name, t.kind || coalesce(' v' || t.version, ''), coalesce(e.configuration_name, ''), "
        "e.configuration_pk",
        "LEFT JOIN executions e ON e.pk = t.execution_pk",
    ),
    "executions": ("'', t.status, t.configuration_name, t.configuration_pk", ""),
    "configurations": ("t.name, t.executable_id, '', t.pk", ""),
    "execution_schedules": (
        "t.name, t.cron, coalesce(c.name, ''), c.pk",
        "LEFT JOIN configurations c ON c.group_pk = t.group_pk AND c.id = t.configuration_id",
    ),
}


def ambiguous(
    db: sqlite3.Connection, table: str, group: int, text: str, what: str, ids: Sequence[str]
) -> Conflict:
    """Return the error for a text that means several objects.

    The detail has a line for each object: the shortest ID that is unique, the name of its
    configuration, its creation time, and the parameters and attributes that differ.

    Args:
        ids: the IDs of the objects; those after `MOST_LISTED` are not listed.
    """
    facts, join = _FACTS[table]
    rows: list[tuple[str, tuple[str, str, str], int, Mapping[str, str]]] = []
    for one in ids[:MOST_LISTED]:
        name, kind, configuration, configuration_pk, created = db.execute(
            f"SELECT {facts}, t.created_at FROM {table} t {join} WHERE t.group_pk = ? AND t.id = ?",
            (group, one),
        ).fetchone()
        parameters = db.execute(
            "SELECT name, value FROM configuration_parameters WHERE configuration_pk = ? "
            "ORDER BY position",
            (configuration_pk,),
        ).fetchall()
        rows.append((one, (name, kind, configuration), created, dict(parameters)))
    columns = [[short_id(db, table, group, row[0]) for row in rows]]
    for place in range(3):
        values = [row[1][place] for row in rows]
        # The name of the configuration is shown even if all have the same.
        if len(set(values)) > 1 or (place == 2 and any(values)):
            columns.append([clip(one_line(value), _WIDTH) for value in values])
    columns.append(_times([row[2] for row in rows]))
    columns.append(_differences([row[3] for row in rows]))
    widths = [max(map(cell_width, column)) for column in columns]
    lines = [
        "  ".join(
            cell + " " * (width - cell_width(cell))
            for cell, width in zip(line, widths, strict=True)
        ).rstrip()
        for line in zip(*columns, strict=True)
    ]
    if len(ids) > MOST_LISTED:
        lines.append("…")
    hint = "Use one of these IDs."
    if table == "artifacts" and all(row[1][0] == text and " v" in row[1][1] for row in rows):
        hint = f"Use one of these IDs, or a version, for example {text}@latest."
    return Conflict(f"{text!r} matches several {what}s", "\n".join(lines), hint)


def short_id(db: sqlite3.Connection, table: str, group: int, full: str) -> str:
    """Return the shortest prefix of an ID, of at least 8 characters, that names only this object.

    No other ID of the resource group begins with it, and no object has it as its name, because
    names are preferred to prefixes.

    Args:
        table: one of ``artifacts``, ``executions``, ``configurations``, ``execution_schedules``.
        group: the row number of the resource group.
        full: the ID.
    """
    for length in range(_SHORT_ID, len(full)):
        prefix = full[:length]
        found = db.execute(
            f"SELECT count(*) FROM (SELECT 1 FROM {table} WHERE group_pk = ? AND id >= ? "
            "AND id < ? LIMIT 2)",
            (group, prefix, prefix + "\U0010ffff"),
        ).fetchone()[0]
        if found <= 1 and not (table != "executions" and _is_name(db, table, group, prefix)):
            return prefix
    return full


def _is_name(db: sqlite3.Connection, table: str, group: int, text: str) -> bool:
    row = db.execute(
        f"SELECT 1 FROM {table} WHERE group_pk = ? AND name = ? LIMIT 1", (group, text)
    ).fetchone()
    return row is not None


def _times(created: Sequence[int]) -> list[str]:
    """Return local times, with as many digits as are required to tell them apart."""
    times = [from_micros(one).astimezone() for one in created]
    minutes = [f"{one:%Y-%m-%d %H:%M}" for one in times]
    if len(set(minutes)) == len(minutes):
        return minutes
    return [f"{one:%Y-%m-%d %H:%M:%S}" for one in times]


def _differences(parameters: Sequence[Mapping[str, str]]) -> list[str]:
    """Return the parameters that do not have the same value in all mappings, as text."""
    names = dict.fromkeys(name for one in parameters for name in one)
    differing = [name for name in names if len({one.get(name) for one in parameters}) > 1]
    return [
        ", ".join(
            clip(one_line(f"{name}={one[name]}"), _WIDTH) for name in differing if name in one
        )
        for one in parameters
    ]
