"""Objects that were deleted or archived: their rows are moved into the trash and back.

Objects of remote runtimes stay hidden after their entry was emptied, because the AI API cannot
delete them: the mark of the entry is kept.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from launchpad_tui.domain.artifact import RECORD_PREFIX
from launchpad_tui.domain.connection import Scope
from launchpad_tui.domain.timestamps import from_micros, now, to_micros
from launchpad_tui.domain.trash import CONFIGURATION, EXECUTABLE, TrashEntry
from launchpad_tui.errors import Conflict, NotFound
from launchpad_tui.registry import executions
from launchpad_tui.registry.codec import to_json
from launchpad_tui.registry.configurations import BATCH, placeholders
from launchpad_tui.registry.connections import connection_pk, group_pk
from launchpad_tui.registry.database import Registry

#: the tables of objects, each with the tables of its parts and their column of the object's row
_PARTS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "artifacts": (
        ("artifact_files", "artifact_pk"),
        ("artifact_notes", "artifact_pk"),
        ("restricted_artifacts", "artifact_pk"),
        ("added_values", "artifact_pk"),
    ),
    "configurations": (
        ("configuration_parameters", "configuration_pk"),
        ("configuration_inputs", "configuration_pk"),
        ("configuration_references", "configuration_pk"),
    ),
    "executables": (),
}
_KINDS = {"configurations": CONFIGURATION, "executables": EXECUTABLE}
_COLUMNS = "kind, id, name, url, size, with_files, archived, deleted_at, deleted_by"


def put(
    registry: Registry,
    scope: Scope,
    table: str,
    ids: Sequence[str],
    by: str,
    *,
    with_files: bool = False,
    archived: bool = False,
) -> None:
    """Move objects into the trash, all or none.

    Args:
        table: ``artifacts`` or ``configurations``.
        by: the user who deletes them.

    Raises:
        NotFound: an object does not exist.
    """
    with registry.write(table) as db:
        for one in ids:
            pk = copy(registry, scope, table, one, by, with_files=with_files, archived=archived)
            db.execute(f"DELETE FROM {table} WHERE pk = ?", (pk,))


def copy(
    registry: Registry,
    scope: Scope,
    table: str,
    object_id: str,
    by: str,
    *,
    with_files: bool = False,
    archived: bool = False,
) -> int:
    """Copy an object into the trash, because it is deleted next; return its row number.

    Args:
        table: ``artifacts``, ``configurations`` or ``executables``.
        by: the user who deletes it.

    Raises:
        NotFound: the object does not exist.
    """
    with registry.write() as db:
        group, connection = group_pk(db, scope), connection_pk(db, scope.connection)
        of_connection = table == "executables"
        rows = _rows(
            db,
            table,
            f"{'connection_pk' if of_connection else 'group_pk'} = ? AND id = ?",
            (connection if of_connection else group, object_id),
        )
        if not rows:
            noun = table.removesuffix("s").capitalize()
            raise NotFound(
                f"{noun} {object_id!r} does not exist",
                hint=f"List the {table} with: launchpad {table} list",
            )
        row = rows[0]
        content: dict[str, list[dict[str, Any]]] = {table: rows}
        for part, key in _PARTS[table]:
            content[part] = _rows(db, part, f"{key} = ?", (row["pk"],))
        content["scenarios"] = _rows(
            db, "scenarios", "connection_pk = ? AND id = ?", (connection, row["scenario_id"])
        )
        db.execute(
            "INSERT INTO trash (group_pk, kind, id, name, url, size, content, with_files, "
            "archived, deleted_at, deleted_by) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
            "ON CONFLICT (group_pk, kind, id) DO UPDATE SET (content, with_files, archived, "
            "deleted_at, deleted_by, purged_at) = (excluded.content, excluded.with_files, "
            "excluded.archived, excluded.deleted_at, excluded.deleted_by, NULL)",
            (
                group,
                row.get("kind") or _KINDS[table],
                object_id,
                row["name"],
                row.get("url", ""),
                row.get("size"),
                to_json(content),
                with_files,
                archived,
                to_micros(now()),
                by,
            ),
        )
        return int(row["pk"])


def entries(registry: Registry, scope: Scope, before: datetime | None = None) -> list[TrashEntry]:
    """Return the entries of a resource group, newest first.

    Args:
        before: return only entries that were deleted before this time and are not archived.

    Raises:
        NotFound: the scope does not exist.
    """
    more, values = (
        ("", ())
        if before is None
        else (
            "AND archived = 0 AND deleted_at < ?",
            (to_micros(before),),
        )
    )
    with registry.read() as db:
        rows = db.execute(
            f"SELECT {_COLUMNS}, json_extract(content, '$.artifacts[0].version') FROM trash "
            f"WHERE group_pk = ? AND purged_at IS NULL {more} ORDER BY deleted_at DESC, pk DESC",
            (group_pk(db, scope), *values),
        ).fetchall()
    return [
        TrashEntry(
            row[0], row[1], row[2], row[3], row[4], bool(row[5]), bool(row[6]),
            from_micros(row[7]), row[8], row[9],
        )
        for row in rows
    ]  # fmt: skip


def restore(registry: Registry, scope: Scope, entry: TrashEntry) -> None:
    """Move an object out of the trash. Aliases that other versions have got are not restored.

    Raises:
        NotFound: the entry does not exist.
        Conflict: an object of this ID exists.
    """
    with registry.write("artifacts", "configurations", "scenarios") as db:
        group = group_pk(db, scope)
        pk, content = _content(db, group, entry)
        table = next(name for name in _PARTS if name in content)
        owner = (
            {"connection_pk": connection_pk(db, scope.connection)}
            if table == "executables"
            else {"group_pk": group}
        )
        for row in content.get("scenarios", ()):
            _insert(db, "scenarios", row | {"connection_pk": connection_pk(db, scope.connection)})
        row = dict(content[table][0])
        if table == "artifacts":
            row["aliases"] = _free_aliases(db, group, row)
            row["execution_pk"] = _execution(
                db, group, row["execution_id"] or f"{RECORD_PREFIX}{row['id']}"
            )
        inserted = _insert(db, table, row | owner)
        if inserted is None:
            raise Conflict(
                f"The {entry.kind} {entry.name} cannot be restored",
                f"A {entry.kind} with the ID {entry.id} exists.",
                "Delete that one first.",
            )
        for part, key in _PARTS[table]:
            for each in content[part]:
                _insert(db, part, each | {key: inserted}, keep=key)
        if table == "configurations":
            from launchpad_tui.registry.parameter_sets import assign

            assign(db, inserted)
        db.execute("DELETE FROM trash WHERE pk = ?", (pk,))


def purge(registry: Registry, scope: Scope, entry: TrashEntry, *, keep_mark: bool) -> None:
    """Delete an entry of the trash for good.

    Args:
        keep_mark: whether the object stays hidden, because its remote runtime still has it.

    Raises:
        NotFound: the entry does not exist.
    """
    # Other uses of the trash do not load the modules of metrics.
    from launchpad_tui.registry import artifact_records

    with registry.write("artifacts", "executions", "metrics") as db:
        group = group_pk(db, scope)
        pk, content = _content(db, group, entry)
        if keep_mark:
            db.execute(
                "UPDATE trash SET content = '{}', purged_at = ? WHERE pk = ?",
                (to_micros(now()), pk),
            )
        else:
            db.execute("DELETE FROM trash WHERE pk = ?", (pk,))
        for row in content.get("artifacts", ()):
            artifact_records.purge(db, group, row["id"])
            execution = _execution(db, group, row["execution_id"])
            if execution is not None:
                executions.remove_without_outputs(db, execution)


def hidden(db: sqlite3.Connection, group: int, ids: Sequence[str]) -> set[str]:
    """Return those of the IDs that are in the trash of a group, within a transaction."""
    found: set[str] = set()
    for start in range(0, len(ids), BATCH):
        some = ids[start : start + BATCH]
        rows = db.execute(
            f"SELECT id FROM trash WHERE group_pk = ? AND id IN ({placeholders(some)})",
            (group, *some),
        )
        found.update(one for (one,) in rows)
    return found


def urls(registry: Registry) -> list[tuple[str, str]]:
    """Return ID and URL of all artifacts in the trash of all groups."""
    with registry.read() as db:
        return db.execute(
            "SELECT id, url FROM trash WHERE url <> '' AND purged_at IS NULL"
        ).fetchall()


def _content(
    db: sqlite3.Connection, group: int, entry: TrashEntry
) -> tuple[int, dict[str, list[dict[str, Any]]]]:
    row = db.execute(
        "SELECT pk, content FROM trash WHERE group_pk = ? AND kind = ? AND id = ? "
        "AND purged_at IS NULL",
        (group, entry.kind, entry.id),
    ).fetchone()
    if row is None:
        raise NotFound(
            f"The trash has no {entry.kind} {entry.id!r}",
            "It may have been restored or deleted already.",
            "List the trash with: launchpad trash list",
        )
    return int(row[0]), json.loads(row[1])


def _rows(
    db: sqlite3.Connection, table: str, where: str, values: Collection[object]
) -> list[dict[str, Any]]:
    cursor = db.execute(f"SELECT * FROM {table} WHERE {where}", tuple(values))
    names = [one[0] for one in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _insert(
    db: sqlite3.Connection, table: str, row: Mapping[str, Any], *, keep: str = ""
) -> int | None:
    """Insert a row that gets a new row number; return that, None if such a row exists.

    Args:
        keep: the column that refers to another row, which may be the row number itself.
    """
    values = {name: value for name, value in row.items() if name != "pk" or keep == "pk"}
    cursor = db.execute(
        f"INSERT INTO {table} ({', '.join(values)}) VALUES ({placeholders(list(values))}) "
        "ON CONFLICT DO NOTHING",
        tuple(values.values()),
    )
    return int(cursor.lastrowid or 0) if cursor.rowcount else None


def _execution(db: sqlite3.Connection, group: int, execution_id: str) -> int | None:
    row = db.execute(
        "SELECT pk FROM executions WHERE group_pk = ? AND id = ?", (group, execution_id)
    ).fetchone()
    return None if row is None else int(row[0])


def _free_aliases(db: sqlite3.Connection, group: int, row: Mapping[str, Any]) -> str:
    """Return the aliases of a deleted model that no other version of its name has now."""
    taken = {
        alias
        for (aliases,) in db.execute(
            "SELECT aliases FROM artifacts WHERE group_pk = ? AND name = ? AND scenario_id = ? "
            "AND aliases <> ''",
            (group, row["name"], row["scenario_id"]),
        )
        for alias in aliases.split()
    }
    return " ".join(one for one in row["aliases"].split() if one not in taken)
