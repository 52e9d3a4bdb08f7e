"""Artifacts, their labels and their files."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from launchpad_tui.domain.artifact import Artifact, ArtifactFile, ArtifactKind, FilesState
from launchpad_tui.domain.connection import Scope
from launchpad_tui.domain.timestamps import from_micros, now, to_micros
from launchpad_tui.errors import Conflict, NotFound
from launchpad_tui.registry import versions
from launchpad_tui.registry.codec import (
    clean,
    micros,
    pairs,
    search_text,
    text_map,
    timestamp,
    to_json,
)
from launchpad_tui.registry.configurations import BATCH, placeholders, resolve_id
from launchpad_tui.registry.connections import group_pk
from launchpad_tui.registry.database import Registry
from launchpad_tui.registry.sqlite_errors import reports_damage

#: a table with fewer rows is read completely for its different values
_FEW_ROWS = 50_000
COLUMNS = (
    "id, name, kind, url, description, scenario_id, execution_id, labels, size, created_at, "
    "modified_at, files_state, checked_at, gone_at, runtime_name, version, aliases, pinned_at, "
    "local_changes"
)
#: the columns of a new artifact: without version and aliases
_INSERTED = (
    "id, name, kind, url, description, scenario_id, execution_id, labels, size, created_at, "
    "modified_at, files_state, checked_at, gone_at"
)
#: SQL for the part of the search text with the name of the source execution's configuration; its
#: parameters are the group and the ID of the execution
CONFIGURATION_TEXT = (
    "coalesce((SELECT char(10) || casefold(configuration_name) FROM executions "
    "WHERE group_pk = ? AND id = ?), '')"
)


def artifact(registry: Registry, scope: Scope, artifact_id: str) -> Artifact:
    """Return the artifact with this ID.

    Raises:
        NotFound: it does not exist.
    """
    with registry.read() as db:
        row = db.execute(
            f"SELECT {COLUMNS} FROM artifacts WHERE group_pk = ? AND id = ?",
            (group_pk(db, scope), artifact_id),
        ).fetchone()
    if row is None:
        raise NotFound(
            f"Artifact {artifact_id!r} does not exist",
            hint="List the artifacts with: launchpad artifacts list",
        )
    return from_row(row)


def by_id(registry: Registry, scope: Scope, ids: Iterable[str]) -> dict[str, Artifact]:
    """Return the existing artifacts of these IDs, by ID."""
    return {a.id: a for a in _many(registry, scope, "id", ids)}


def of_executions(registry: Registry, scope: Scope, execution_ids: Iterable[str]) -> list[Artifact]:
    """Return the artifacts that the executions created, oldest first."""
    found = _many(registry, scope, "execution_id", [one for one in execution_ids if one])
    return sorted(found, key=lambda a: (a.created_at, a.name, a.id))


def count_of_executions(registry: Registry, scope: Scope, ids: Sequence[str]) -> dict[str, int]:
    """Return the number of artifacts that each of the executions created. Raises NotFound for an
    unknown scope."""
    found = dict.fromkeys(ids, 0)
    for one in of_executions(registry, scope, ids):
        found[one.execution_id] += 1
    return found


def resolve(
    registry: Registry, scope: Scope, text: str, kind: ArtifactKind | None = None
) -> Artifact:
    """Return the artifact with this ID, unique name, or unique ID prefix of at least 4 characters,
    or the model with this reference, such as ``churn@production`` or ``churn@3``.

    Raises:
        NotFound: nothing matches.
        Conflict: several artifacts match; the detail lists them.
    """
    with registry.read() as db:
        more = "" if kind is None else f"AND kind = '{kind.value}'"
        what = "artifact" if kind is None else kind.value
        group = group_pk(db, scope)
        try:
            found = resolve_id(db, "artifacts", "name", group, text, what, more)
        except NotFound:
            if "@" not in text or kind not in {None, ArtifactKind.MODEL}:
                raise
            found = versions.referenced(db, group, text.strip())
        return artifact(registry, scope, found)


def has_name(registry: Registry, scope: Scope, name: str) -> bool:
    """Return whether an artifact has this name. Raises NotFound for an unknown scope."""
    with registry.read() as db:
        sql = "SELECT 1 FROM artifacts WHERE group_pk = ? AND name = ? LIMIT 1"
        return db.execute(sql, (group_pk(db, scope), clean(name))).fetchone() is not None


def restricted(registry: Registry, scope: Scope, ids: Iterable[str]) -> frozenset[str]:
    """Return the IDs of those of the artifacts that a client of one resource group registered."""
    wanted = list(dict.fromkeys(ids))
    with registry.read() as db:
        group = group_pk(db, scope)
        return frozenset(
            row[0]
            for start in range(0, len(wanted), BATCH)
            for row in db.execute(
                "SELECT a.id FROM artifacts a JOIN restricted_artifacts r ON r.artifact_pk = a.pk "
                f"WHERE a.group_pk = ? AND a.id IN ({placeholders(wanted[start : start + BATCH])})",
                (group, *wanted[start : start + BATCH]),
            )
        )


def restrict_registered(registry: Registry, scope: Scope) -> None:
    """Restrict all artifacts of a group that no execution created. Raises NotFound."""
    with registry.write("artifacts") as db:
        db.execute(
            "INSERT OR IGNORE INTO restricted_artifacts (artifact_pk) "
            "SELECT pk FROM artifacts WHERE group_pk = ? AND execution_id = ''",
            (group_pk(db, scope),),
        )


def add(
    registry: Registry,
    scope: Scope,
    new: Artifact,
    files: Sequence[ArtifactFile] = (),
    *,
    restricted: bool = False,
) -> None:
    """Add an artifact with its known files.

    Args:
        restricted: whether a client of one resource group registers it.

    Raises:
        NotFound: the resource group does not exist.
        Conflict: the ID exists.
    """
    with registry.write("artifacts") as db:
        pk = insert(db, group_pk(db, scope), new)
        insert_files(db, pk, files)
        if restricted:
            db.execute("INSERT INTO restricted_artifacts (artifact_pk) VALUES (?)", (pk,))


def insert(db: sqlite3.Connection, group: int, new: Artifact) -> int:
    """Insert an artifact within a transaction; return its row number."""
    cursor = db.execute(
        f"INSERT INTO artifacts (group_pk, execution_pk, search_text, {_INSERTED}) "
        "VALUES (?, (SELECT pk FROM executions WHERE group_pk = ? AND id = ?), "
        f"? || {CONFIGURATION_TEXT}, "
        "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (
            group,
            group,
            new.execution_id,
            searchable_text(new),
            group,
            new.execution_id,
            new.id,
            clean(new.name),
            new.kind,
            clean(new.url),
            clean(new.description),
            new.scenario_id,
            new.execution_id,
            _labels(new),
            new.size,
            to_micros(new.created_at),
            to_micros(new.modified_at),
            new.files_state,
            micros(new.checked_at),
            micros(new.deleted_at),
        ),
    )
    if not cursor.rowcount:
        raise Conflict(f"Artifact {new.id} already exists")
    pk = int(cursor.lastrowid or 0)
    if new.kind is ArtifactKind.MODEL:
        versions.number_one(db, pk, group, new.scenario_id, clean(new.name))
    return pk


def insert_files(db: sqlite3.Connection, artifact_pk: int, files: Sequence[ArtifactFile]) -> None:
    """Insert the files of an artifact within a transaction.

    The size of the artifact becomes their total size, the state of its files intact.
    """
    if not files:
        return
    db.executemany(
        "INSERT INTO artifact_files (artifact_pk, path, size, sha256, version) "
        "VALUES (?, ?, ?, ?, ?)",
        [(artifact_pk, clean(f.path), f.size, f.sha256, f.version) for f in files],
    )
    db.execute(
        "UPDATE artifacts SET size = ?, files_state = ?, checked_at = ? WHERE pk = ?",
        (sum(f.size for f in files), FilesState.INTACT, to_micros(now()), artifact_pk),
    )


def files(registry: Registry, scope: Scope, artifact_id: str) -> tuple[ArtifactFile, ...]:
    """Return the recorded files of an artifact by path. Raises NotFound."""
    with registry.read() as db:
        rows = db.execute(
            "SELECT path, size, sha256, version FROM artifact_files WHERE artifact_pk = ? "
            "ORDER BY path",
            (_pk(db, scope, artifact_id),),
        ).fetchall()
    return tuple(ArtifactFile(*row) for row in rows)


def files_of(
    registry: Registry, scope: Scope, ids: Sequence[str]
) -> dict[str, tuple[ArtifactFile, ...]]:
    """Return the recorded files of artifacts by artifact ID, each by path. Raises NotFound."""
    found: dict[str, list[ArtifactFile]] = {one: [] for one in ids}
    with registry.read() as db:
        for artifact, *row in db.execute(
            "SELECT a.id, f.path, f.size, f.sha256, f.version FROM artifacts a "
            "JOIN artifact_files f ON f.artifact_pk = a.pk WHERE a.group_pk = ? "
            "AND a.id IN (SELECT value FROM json_each(?)) ORDER BY a.pk, f.path",
            (group_pk(db, scope), to_json(list(ids))),
        ):
            found[artifact].append(ArtifactFile(*row))
    return {one: tuple(some) for one, some in found.items()}


def record_files(
    registry: Registry, scope: Scope, artifact_id: str, found: Sequence[ArtifactFile]
) -> None:
    """Replace the recorded files of an artifact. Raises NotFound."""
    with registry.write("artifacts") as db:
        pk = _pk(db, scope, artifact_id)
        db.execute("DELETE FROM artifact_files WHERE artifact_pk = ?", (pk,))
        db.execute(
            "UPDATE artifacts SET size = NULL, modified_at = ? WHERE pk = ?", (to_micros(now()), pk)
        )
        insert_files(db, pk, found)


def urls(registry: Registry, scope: Scope, wanted: Iterable[str]) -> frozenset[str]:
    """Return those of the URLs under which artifacts of the group are registered."""
    values = list(dict.fromkeys(wanted))
    found: set[str] = set()
    with registry.read() as db:
        group = group_pk(db, scope)
        for start in range(0, len(values), BATCH):
            some = [clean(value) for value in values[start : start + BATCH]]
            # The index on the URL ignores case and starts with the kind.
            rows = db.execute(
                "SELECT url FROM artifacts WHERE group_pk = ? AND kind IN ('model', 'dataset', "
                f"'resultset', 'other') AND url COLLATE NOCASE IN ({placeholders(some)})",
                (group, *some),
            )
            found.update(url for (url,) in rows)
    return frozenset(found & set(values))


def set_checked(
    registry: Registry,
    scope: Scope,
    artifact_id: str,
    state: FilesState,
    versions: Mapping[str, str],
) -> None:
    """Record the result of verifying an artifact's files, with the current time.

    Args:
        versions: the object store's identifiers of the content of verified files, by path.

    Raises:
        NotFound: the artifact does not exist.
    """
    with registry.write("artifacts") as db:
        pk = _pk(db, scope, artifact_id)
        db.execute(
            "UPDATE artifacts SET files_state = ?, checked_at = ? WHERE pk = ?",
            (state, to_micros(now()), pk),
        )
        db.executemany(
            "UPDATE artifact_files SET version = ? WHERE artifact_pk = ? AND path = ?",
            [(version, pk, clean(path)) for path, version in versions.items()],
        )


def metric_keys(registry: Registry, scope: Scope) -> list[str]:
    """Return all series keys and metric names logged in the group, sorted."""
    with registry.read() as db:
        group = group_pk(db, scope)
        # The key of a series without labels is its name.
        numbers = [
            *_distinct(db, "series", "key", group, "key <> 0"),
            *_distinct(db, "series", "name", group, "headline = 1"),
        ]
        found = db.execute(
            "SELECT DISTINCT text FROM series_texts WHERE pk IN (SELECT value FROM json_each(?))",
            (to_json(numbers),),
        ).fetchall()
    return sorted(text for (text,) in found)


def parameter_names(registry: Registry, scope: Scope) -> list[str]:
    """Return all names of parameters that configurations of the group bind, sorted."""
    with registry.read() as db:
        # There are few names and many bindings: each step looks up the next name in the index.
        return [
            name
            for (name,) in db.execute(
                "WITH RECURSIVE names (name) AS (SELECT min(name) FROM configuration_parameters "
                "UNION ALL SELECT (SELECT min(p.name) FROM configuration_parameters p "
                "WHERE p.name > names.name) FROM names WHERE names.name IS NOT NULL) SELECT name "
                "FROM names WHERE name IS NOT NULL AND EXISTS (SELECT 1 "
                "FROM configuration_parameters p "
                "JOIN configurations c ON c.pk = p.configuration_pk WHERE p.name = names.name "
                "AND c.group_pk = ?)",
                (group_pk(db, scope),),
            )
        ]


def tag_names(registry: Registry, scope: Scope) -> list[str]:
    """Return all names of tags that executions of the group logged, sorted."""
    with registry.read() as db:
        # There are few names: each step looks up the next name in the index.
        return [
            name
            for (name,) in db.execute(
                "WITH RECURSIVE names (name) AS (SELECT min(name) FROM tags UNION ALL SELECT "
                "(SELECT min(g.name) FROM tags g WHERE g.name > names.name) FROM names "
                "WHERE names.name IS NOT NULL) SELECT name FROM names WHERE name IS NOT NULL "
                "AND EXISTS (SELECT 1 FROM tags g JOIN executions e ON e.pk = g.execution_pk "
                "WHERE g.name = names.name AND e.group_pk = ?)",
                (group_pk(db, scope),),
            )
        ]


def label_keys(registry: Registry, scope: Scope, kind: ArtifactKind | None = None) -> list[str]:
    """Return all label keys of the group's artifacts (of a kind), sorted."""
    with registry.read() as db:
        return [
            key
            for (key,) in db.execute(
                "WITH RECURSIVE keys (key) AS (SELECT min(key) FROM artifact_labels UNION ALL "
                "SELECT (SELECT min(l.key) FROM artifact_labels l WHERE l.key > keys.key) "
                "FROM keys WHERE keys.key IS NOT NULL) SELECT key FROM keys WHERE key IS NOT NULL "
                "AND EXISTS (SELECT 1 FROM artifact_labels l "
                "JOIN artifacts a ON a.pk = l.artifact_pk WHERE l.key = keys.key "
                "AND a.group_pk = :grp AND (:kind IS NULL OR a.kind = :kind))",
                {"grp": group_pk(db, scope), "kind": kind},
            )
        ]


def searchable_text(of: Artifact) -> str:
    """Return the text that searches match: what rows show, with labels as ``key=value``.

    The prefix of label keys, which is the same for all, is omitted. The name of the source
    execution's configuration is not known here: statements append `CONFIGURATION_TEXT`.
    """
    return search_text(
        (
            of.name,
            of.runtime_name,
            of.description,
            of.id,
            *(f"{key.rpartition('/')[2]}={value}" for key, value in of.labels),
            of.scenario_id,
            of.execution_id,
            of.url,
        )
    )


@reports_damage
def from_row(row: tuple[Any, ...]) -> Artifact:
    """Return the artifact in a row of `COLUMNS`."""
    return Artifact(
        row[0],
        row[1],
        ArtifactKind(row[2]),
        row[3],
        row[4],
        row[5],
        row[6],
        pairs(row[7]),
        row[8],
        from_micros(row[9]),
        from_micros(row[10]),
        FilesState(row[11]),
        timestamp(row[12]),
        timestamp(row[13]),
        row[14],
        row[15],
        tuple(row[16].split()),
        timestamp(row[17]),
        () if row[18] == "{}" else tuple(text_map(row[18])),
    )


def _labels(of: Artifact) -> str:
    return to_json([[clean(key), clean(value)] for key, value in of.labels])


def _pk(db: sqlite3.Connection, scope: Scope, artifact_id: str) -> int:
    row = db.execute(
        "SELECT pk FROM artifacts WHERE group_pk = ? AND id = ?", (group_pk(db, scope), artifact_id)
    ).fetchone()
    if row is None:
        raise NotFound(
            f"Artifact {artifact_id!r} does not exist",
            hint="List the artifacts with: launchpad artifacts list",
        )
    return int(row[0])


def _many(registry: Registry, scope: Scope, column: str, wanted: Iterable[str]) -> list[Artifact]:
    found: list[Artifact] = []
    values = list(dict.fromkeys(wanted))
    if column == "execution_id":
        # The index starts with the kind. With a list of values, SQLite would read all its entries.
        sql = (
            f"WITH wanted (x) AS (SELECT value FROM json_each(?2)) SELECT {COLUMNS} FROM wanted "
            "CROSS JOIN artifacts INDEXED BY artifacts_source WHERE group_pk = ?1 "
            "AND kind IN ('model', 'dataset', 'resultset', 'other') AND execution_id = wanted.x"
        )
    else:
        sql = (
            f"SELECT {COLUMNS} FROM artifacts WHERE group_pk = ?1 "
            f"AND {column} IN (SELECT value FROM json_each(?2))"
        )
    with registry.read() as db:
        group = group_pk(db, scope)
        for start in range(0, len(values), BATCH):
            rows = db.execute(sql, (group, to_json(values[start : start + BATCH])))
            found += [from_row(row) for row in rows]
    return found


def _distinct(
    db: sqlite3.Connection, table: str, column: str, group: int, more: str = "1"
) -> list[str]:
    # The order selects the index of the column.
    few = db.execute(
        f"SELECT count(*) FROM (SELECT 1 FROM {table} WHERE group_pk = ? AND {more} "
        f"ORDER BY {column} LIMIT ?)",
        (group, _FEW_ROWS),
    ).fetchone()[0]
    if few < _FEW_ROWS:
        rows = db.execute(
            f"SELECT DISTINCT {column} FROM {table} WHERE group_pk = ? AND {more}", (group,)
        )
        return [value for (value,) in rows]
    # A loose index scan: SELECT DISTINCT would read the entry of every row in the index.
    return [
        value
        for (value,) in db.execute(
            f"WITH RECURSIVE v (value) AS (SELECT min({column}) FROM {table} WHERE group_pk = :grp "
            f"AND {more} UNION ALL SELECT (SELECT min(t.{column}) FROM {table} t "
            f"WHERE t.group_pk = :grp AND {more} AND t.{column} > v.value) FROM v "
            "WHERE v.value IS NOT NULL) SELECT value FROM v WHERE value IS NOT NULL",
            {"grp": group},
        )
    ]
