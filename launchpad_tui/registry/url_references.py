"""Artifacts whose URLs refer to given paths of an object store."""

from __future__ import annotations

from collections.abc import Sequence

from launchpad_tui.domain.artifact import ArtifactKind, ArtifactReference
from launchpad_tui.domain.connection import Scope
from launchpad_tui.registry.connections import group_pk
from launchpad_tui.registry.database import Registry

_KINDS = ", ".join(f"'{each.value}'" for each in ArtifactKind)


def referring(
    registry: Registry, scope: Scope, store: str, path: str, limit: int, *, exact: bool
) -> tuple[list[ArtifactReference], int]:
    """Return artifacts at a path of an object store, above it or below it.

    Args:
        registry: The registry.
        scope: The connection and resource group of the artifacts.
        store: The name of the object store.
        path: The path without slashes at its ends; empty for the whole store.
        limit: The maximum number of artifacts to return.
        exact: Whether case matters.

    Returns:
        The artifacts ordered by URL, and the number of all.

    Raises:
        NotFound: The resource group does not exist.
    """
    root = f"ai://{store}/"
    parts = path.split("/") if path else []
    above = [root + "/".join(parts[:count]) for count in range(1, len(parts) + 1)]
    above += [f"{each}/" for each in above]
    below = f"{root}{path}/" if path else root
    condition, values = _condition(above, below, exact=exact)
    with registry.read() as db:
        source = f"FROM artifacts WHERE group_pk = ? AND kind IN ({_KINDS}) AND ({condition})"
        bound = (group_pk(db, scope), *values)
        (count,) = db.execute(f"SELECT count(*) {source}", bound).fetchone()
        rows = db.execute(
            f"SELECT id, name, kind, url {source} ORDER BY url, id LIMIT ?", (*bound, limit)
        ).fetchall()
    return [
        ArtifactReference(
            scope, artifact_id, name, ArtifactKind(kind), url, url.removeprefix(root).strip("/")
        )
        for artifact_id, name, kind, url in rows
    ], count


def _condition(above: Sequence[str], below: str, *, exact: bool) -> tuple[str, list[str]]:
    """Return a condition on the URL, which uses its index that ignores case, and its values."""
    marks = ", ".join("?" * len(above))
    # "0" follows "/" in ASCII.
    condition = "(url COLLATE NOCASE >= ? AND url COLLATE NOCASE < ?"
    values = [below, f"{below[:-1]}0"]
    if exact:
        condition += f" AND substr(url, 1, {len(below)}) = ?"
        values.append(below)
    condition += ")"
    if above:
        condition += f" OR (url COLLATE NOCASE IN ({marks})"
        values += above
        if exact:
            condition += f" AND url IN ({marks})"
            values += above
        condition += ")"
    return condition, values
