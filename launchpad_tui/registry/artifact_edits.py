"""What users of this machine change about artifacts: shown name, description, labels, notes, pins.

The AI API cannot change artifacts, so the changes of artifacts of remote runtimes are kept here and
applied again whenever the runtime reports the artifact.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from launchpad_tui.domain.artifact import Artifact
from launchpad_tui.domain.connection import Scope
from launchpad_tui.domain.model_version import ArtifactEdit
from launchpad_tui.domain.timestamps import now, to_micros
from launchpad_tui.errors import NotFound
from launchpad_tui.records import replace
from launchpad_tui.registry import artifacts, versions
from launchpad_tui.registry.codec import clean, from_json, to_json
from launchpad_tui.registry.configurations import BATCH, placeholders
from launchpad_tui.registry.connections import group_pk
from launchpad_tui.registry.database import Registry

NAME, DESCRIPTION, LABELS = "name", "description", "labels"


def edit(registry: Registry, scope: Scope, ids: Sequence[str], changes: ArtifactEdit) -> None:
    """Change artifacts, all or none. Models that are renamed become versions of their new name,
    in the order of their creation.

    Raises:
        NotFound: an artifact does not exist.
        Conflict: an alias of a renamed model belongs to another version of the new name.
    """
    with registry.write("artifacts") as db:
        group = group_pk(db, scope)
        found = artifacts.by_id(registry, scope, ids)
        for one in ids:
            if one not in found:
                raise NotFound(
                    f"Artifact {one!r} does not exist",
                    hint="List the artifacts with: launchpad artifacts list",
                )
        for artifact in sorted(found.values(), key=lambda a: (a.created_at, a.id)):
            _edit(db, group, artifact, changes)


def notes(registry: Registry, scope: Scope, artifact_id: str) -> str:
    """Return the notes about an artifact, empty if there are none. Raises NotFound for an unknown
    scope."""
    with registry.read() as db:
        row = db.execute(
            "SELECT n.notes FROM artifact_notes n JOIN artifacts a ON a.pk = n.artifact_pk "
            "WHERE a.group_pk = ? AND a.id = ?",
            (group_pk(db, scope), artifact_id),
        ).fetchone()
    return "" if row is None else str(row[0])


def with_local_changes(
    db: sqlite3.Connection, group: int, found: Sequence[Artifact]
) -> list[Artifact]:
    """Return artifacts as a remote runtime reports them, with the local changes applied."""
    changes: dict[str, Mapping[str, Any]] = {}
    ids = [one.id for one in found]
    for start in range(0, len(ids), BATCH):
        some = ids[start : start + BATCH]
        for artifact_id, changed in db.execute(
            "SELECT id, local_changes FROM artifacts WHERE group_pk = ? AND local_changes <> '{}' "
            f"AND id IN ({placeholders(some)})",
            (group, *some),
        ):
            changes[artifact_id] = from_json(changed)
    return [_changed(one, changes[one.id]) if one.id in changes else one for one in found]


def _changed(artifact: Artifact, changes: Mapping[str, Any]) -> Artifact:
    name = changes.get(NAME, "")
    labels = dict(artifact.labels)
    for key, value in changes.get(LABELS, {}).items():
        if value is None:
            labels.pop(key, None)
        else:
            labels[key] = value
    return replace(
        artifact,
        name=name or artifact.name,
        runtime_name=artifact.name if name else "",
        description=changes.get(DESCRIPTION, artifact.description),
        labels=tuple(labels.items()),
    )


def _edit(db: sqlite3.Connection, group: int, artifact: Artifact, changes: ArtifactEdit) -> None:
    pk, stored = db.execute(
        "SELECT pk, local_changes FROM artifacts WHERE group_pk = ? AND id = ?",
        (group, artifact.id),
    ).fetchone()
    local: dict[str, Any] = from_json(stored)
    new = artifact
    if changes.name is not None:
        original = artifact.logged_name
        name = clean(changes.name) or original
        renamed = name != original
        new = replace(new, name=name, runtime_name=original if renamed else "")
        local.pop(NAME, None)
        if renamed:
            local[NAME] = name
    if changes.description is not None:
        new = replace(new, description=clean(changes.description))
        local[DESCRIPTION] = new.description
    if changes.set_labels or changes.remove_labels:
        labels = dict(artifact.labels)
        kept = local.setdefault(LABELS, {})
        for key in changes.remove_labels:
            labels.pop(key, None)
            kept[key] = None
        for key, value in changes.set_labels:
            labels[clean(key)] = kept[clean(key)] = clean(value)
        new = replace(new, labels=tuple(labels.items()))
    if changes.pinned is not None and changes.pinned != (artifact.pinned_at is not None):
        pinned = to_micros(now()) if changes.pinned else None
        db.execute("UPDATE artifacts SET pinned_at = ? WHERE pk = ?", (pinned, pk))
    if changes.notes is not None:
        _set_notes(db, pk, clean(changes.notes))
    if new != artifact or to_json(local) != stored:
        db.execute(
            "UPDATE artifacts SET name = ?, runtime_name = ?, description = ?, labels = ?, "
            f"local_changes = ?, search_text = ? || {artifacts.CONFIGURATION_TEXT} WHERE pk = ?",
            (
                new.name,
                new.runtime_name,
                new.description,
                to_json([list(pair) for pair in new.labels]),
                to_json(local),
                artifacts.searchable_text(new),
                group,
                new.execution_id,
                pk,
            ),
        )
        versions.rename(db, group, artifact.id, artifact.name, new.name)


def _set_notes(db: sqlite3.Connection, pk: int, text: str) -> None:
    if not text.strip():
        db.execute("DELETE FROM artifact_notes WHERE artifact_pk = ?", (pk,))
        return
    db.execute(
        "INSERT INTO artifact_notes (artifact_pk, notes, modified_at) VALUES (?, ?, ?) "
        "ON CONFLICT DO UPDATE SET (notes, modified_at) = (excluded.notes, excluded.modified_at)",
        (pk, text, to_micros(now())),
    )
