"""The newest changes of a resource group with what undoes them.

A change is recorded in its own transaction, so neither exists without the other.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from launchpad_tui.domain.connection import Scope
from launchpad_tui.domain.timestamps import from_micros, now, to_micros
from launchpad_tui.domain.undo import UndoEntry, UndoKind
from launchpad_tui.errors import Conflict, NotFound
from launchpad_tui.registry import artifacts, versions
from launchpad_tui.registry.codec import to_json
from launchpad_tui.registry.configurations import BATCH, placeholders
from launchpad_tui.registry.connections import group_pk
from launchpad_tui.registry.database import Registry

#: the number of changes of a resource group that are kept
KEPT = 100
#: the columns of artifacts that users edit; the version follows from the name
_EDITED = ("name", "runtime_name", "description", "labels", "local_changes", "pinned_at")
#: the state of artifacts by ID
Snapshot = Mapping[str, Mapping[str, Any]]


def record_change(
    registry: Registry,
    scope: Scope,
    kind: UndoKind,
    title: str,
    content: Mapping[str, Any],
    by: str,
) -> None:
    """Record a change, and forget the oldest one beyond `KEPT`. Raises NotFound.

    Args:
        content: what undoes the change, which depends on its kind.
    """
    with registry.write() as db:
        group = group_pk(db, scope)
        db.execute(
            "INSERT INTO undo (group_pk, kind, title, content, changed_at, changed_by) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            (group, kind, title, to_json(content), to_micros(now()), by),
        )
        db.execute(
            "DELETE FROM undo WHERE group_pk = ? AND pk <= "
            "(SELECT pk FROM undo WHERE group_pk = ? ORDER BY pk DESC LIMIT 1 OFFSET ?)",
            (group, group, KEPT),
        )


def record_deletion(
    registry: Registry, scope: Scope, title: str, pairs: Sequence[tuple[str, str]], by: str
) -> None:
    """Record that objects, given by kind and ID, were moved into the trash. Raises NotFound."""
    if pairs:
        record_change(registry, scope, UndoKind.TRASH, title, {"entries": pairs}, by)


def entries(registry: Registry, scope: Scope) -> list[UndoEntry]:
    """Return the changes that can be undone, newest first. Raises NotFound."""
    with registry.read() as db:
        rows = db.execute(
            "SELECT pk, kind, title, changed_at, changed_by, content FROM undo "
            "WHERE group_pk = ? ORDER BY pk DESC",
            (group_pk(db, scope),),
        ).fetchall()
        deleted = {
            tuple(pair)
            for pair in db.execute(
                "SELECT kind, id FROM trash WHERE group_pk = ? AND purged_at IS NULL",
                (group_pk(db, scope),),
            )
        }
    return [
        UndoEntry(row[0], UndoKind(row[1]), row[2], from_micros(row[3]), row[4])
        for row in rows
        # Objects that were restored or deleted for good meanwhile cannot be restored.
        if row[1] != UndoKind.TRASH
        or any(tuple(pair) in deleted for pair in json.loads(row[5])["entries"])
    ]


def content_of(registry: Registry, scope: Scope, entry: UndoEntry) -> dict[str, Any]:
    """Return what undoes a change. Raises NotFound if it was undone meanwhile."""
    with registry.read() as db:
        row = db.execute(
            "SELECT content FROM undo WHERE group_pk = ? AND pk = ?",
            (group_pk(db, scope), entry.number),
        ).fetchone()
    if row is None:
        raise NotFound(
            f"The {entry.title} cannot be undone",
            "It was undone already, or many other changes followed.",
            "List what can be undone with: launchpad undo --list",
        )
    found: dict[str, Any] = json.loads(row[0])
    return found


def remove(registry: Registry, scope: Scope, entry: UndoEntry) -> None:
    """Remove a change that was undone. Raises NotFound for an unknown scope."""
    with registry.write() as db:
        db.execute(
            "DELETE FROM undo WHERE group_pk = ? AND pk = ?", (group_pk(db, scope), entry.number)
        )


def snapshot(db: sqlite3.Connection, group: int, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return the state of artifacts that `restore_edit` restores, within a transaction."""
    found: dict[str, dict[str, Any]] = {}
    for start in range(0, len(ids), BATCH):
        some = ids[start : start + BATCH]
        for row in db.execute(
            f"SELECT a.id, {', '.join(f'a.{name}' for name in _EDITED)}, a.version, "
            "coalesce(n.notes, '') FROM artifacts a LEFT JOIN artifact_notes n "
            f"ON n.artifact_pk = a.pk WHERE a.group_pk = ? AND a.id IN ({placeholders(some)})",
            (group, *some),
        ):
            found[row[0]] = dict(zip((*_EDITED, "version", "notes"), row[1:], strict=True))
    return found


def restore_edit(
    registry: Registry, scope: Scope, title: str, before: Snapshot, after: Snapshot
) -> None:
    """Restore the state of artifacts before an edit, all or none.

    Args:
        title: the title of the change.
        before, after: the states before and after it, from `snapshot`.

    Raises:
        NotFound: an artifact does not exist.
        Conflict: an artifact was changed since, or an alias belongs to another version meanwhile.
    """
    with registry.write("artifacts") as db:
        group = group_pk(db, scope)
        current = snapshot(db, group, list(before))
        for artifact_id in before:
            if artifact_id not in current:
                raise NotFound(
                    f"The {title} cannot be undone",
                    f"The artifact {artifact_id} does not exist any more.",
                    "If it was deleted, restore it first with: launchpad trash restore",
                )
            if current[artifact_id] != after[artifact_id]:
                raise Conflict(
                    f"The {title} cannot be undone",
                    f"{current[artifact_id]['name']} ({artifact_id}) was changed since.",
                    "Edit it instead.",
                )
        for artifact_id, state in before.items():
            _restore_one(registry, scope, db, group, artifact_id, state)


def _restore_one(
    registry: Registry,
    scope: Scope,
    db: sqlite3.Connection,
    group: int,
    artifact_id: str,
    state: Mapping[str, Any],
) -> None:
    pk, name, scenario_id, aliases = db.execute(
        "SELECT pk, name, scenario_id, aliases FROM artifacts WHERE group_pk = ? AND id = ?",
        (group, artifact_id),
    ).fetchone()
    if name != state["name"]:
        versions.check_aliases_free(db, group, pk, scenario_id, state["name"], aliases, name)
    db.execute(
        f"UPDATE artifacts SET {', '.join(f'{column} = ?' for column in _EDITED)}, version = ? "
        "WHERE pk = ?",
        (*(state[column] for column in _EDITED), state["version"], pk),
    )
    if state["notes"]:
        db.execute(
            "INSERT INTO artifact_notes (artifact_pk, notes, modified_at) VALUES (?, ?, ?) "
            "ON CONFLICT DO UPDATE SET (notes, modified_at) = (excluded.notes, "
            "excluded.modified_at)",
            (pk, state["notes"], to_micros(now())),
        )
    else:
        db.execute("DELETE FROM artifact_notes WHERE artifact_pk = ?", (pk,))
    restored = artifacts.artifact(registry, scope, artifact_id)
    db.execute(
        f"UPDATE artifacts SET search_text = ? || {artifacts.CONFIGURATION_TEXT} WHERE pk = ?",
        (artifacts.searchable_text(restored), group, restored.execution_id, pk),
    )
