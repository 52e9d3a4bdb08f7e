"""What a registry file records about files and executions, read without changing the file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from launchpad_tui.domain.connection import Scope
from launchpad_tui.registry.codec import text_map
from launchpad_tui.registry.copies import opened
from launchpad_tui.registry.sqlite_errors import translated


class RecordedFile(NamedTuple):
    """A recorded file of an artifact; ``url`` is that of the artifact, ``sha256`` may be empty."""

    scope: Scope
    artifact: str
    url: str
    path: str
    size: int
    sha256: str


class RecordedStore(NamedTuple):
    """An object store with its settings."""

    scope: Scope
    name: str
    kind: str
    settings: dict[str, str]


class RecordedExecution(NamedTuple):
    """An execution with its status."""

    id: str
    status: str
    outputs_kept: bool


def stores(path: Path) -> list[RecordedStore]:
    """Return all object stores. Raises LaunchpadError, as all functions of this module."""
    with translated(path), opened(path) as db:
        rows = db.execute(
            "SELECT c.name, g.name, s.name, s.kind, s.settings FROM object_stores s "
            "JOIN resource_groups g ON g.pk = s.group_pk "
            "JOIN connections c ON c.pk = g.connection_pk"
        ).fetchall()
    return [RecordedStore(Scope(row[0], row[1]), row[2], row[3], text_map(row[4])) for row in rows]


def files(path: Path) -> Iterator[RecordedFile]:
    """Yield the recorded files of all artifacts that are not deleted."""
    with translated(path), opened(path) as db:
        for row in db.execute(
            "SELECT c.name, g.name, a.name, a.url, f.path, f.size, f.sha256 FROM artifact_files f "
            "JOIN artifacts a ON a.pk = f.artifact_pk JOIN resource_groups g ON g.pk = a.group_pk "
            "JOIN connections c ON c.pk = g.connection_pk WHERE a.gone_at IS NULL"
        ):
            yield RecordedFile(Scope(row[0], row[1]), *row[2:])


def urls(path: Path) -> set[str]:
    """Return the URLs of all artifacts."""
    with translated(path), opened(path) as db:
        return {str(row[0]) for row in db.execute("SELECT url FROM artifacts")}


def executions(path: Path) -> dict[str, RecordedExecution]:
    """Return all executions by ID."""
    with translated(path), opened(path) as db:
        rows = db.execute(
            "SELECT id, status, coalesce(status_details ->> 'outputs', '') = 'kept' FROM executions"
        ).fetchall()
    return {row[0]: RecordedExecution(row[0], row[1], bool(row[2])) for row in rows}
