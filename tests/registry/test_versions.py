"""Versions of models: migration, copies of remote runtimes, and the plans of references."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

from launchpad_tui.domain.artifact import Artifact, ArtifactKind
from launchpad_tui.domain.connection import DEFAULT_SCOPE
from launchpad_tui.domain.model_version import ArtifactEdit
from launchpad_tui.domain.query import Order, Query
from launchpad_tui.domain.timestamps import now
from launchpad_tui.registry import artifact_edits, artifacts, mirror, mirror_tenant, versions
from launchpad_tui.registry.database import Registry
from launchpad_tui.registry.pages import artifact_lister
from tests.registry.test_migrations import MODEL, create_first_version

START = datetime(2026, 5, 1, tzinfo=UTC)


def model(number: int, name: str = "churn", labels: tuple[tuple[str, str], ...] = ()) -> Artifact:
    """Return a model that was created on the day of this number."""
    at = START + timedelta(days=number)
    return Artifact(
        f"id-{number:04}", name, ArtifactKind.MODEL, f"ai://default/{number}", "from the runtime",
        "churn", "", labels, None, at, at,
    )  # fmt: skip


def version_of(registry: Registry, artifact_id: str) -> int | None:
    return artifacts.artifact(registry, DEFAULT_SCOPE, artifact_id).version


def test_models_of_a_former_schema_are_numbered(tmp_path: Path) -> None:
    path = tmp_path / "registry.db"
    create_first_version(path)
    connection = sqlite3.connect(path)
    connection.create_function("casefold", 1, str.casefold, deterministic=True)
    connection.executemany(
        "INSERT INTO artifacts (group_pk, kind, id, name, url, scenario_id, created_at, "
        "modified_at, search_text) VALUES (1, ?, ?, 'old', 'ai://default/m', ?, ?, 1, 'old')",
        [
            ("model", "newest", "churn", 9),
            ("model", "second", "churn", 5),
            ("model", "elsewhere", "other", 7),
            ("dataset", "data", "churn", 6),
        ],
    )
    connection.execute("ANALYZE")
    connection.commit()
    connection.close()
    registry = Registry(path)
    found = {one: version_of(registry, one) for one in (MODEL, "second", "newest", "elsewhere")}
    assert found == {MODEL: 1, "second": 2, "newest": 3, "elsewhere": 1}
    assert version_of(registry, "data") is None
    artifacts.add(registry, DEFAULT_SCOPE, model(1, "old"))
    assert version_of(registry, "id-0001") == 4
    registry.close()


def test_models_of_a_remote_runtime_are_numbered_when_the_list_is_complete(
    registry: Registry,
) -> None:
    state = mirror_tenant.ReadingState(0, total=3)
    mirror_tenant.set_state(registry, DEFAULT_SCOPE, mirror.ARTIFACTS, state)
    for number in (3, 1, 2):
        mirror.put_artifacts(registry, DEFAULT_SCOPE, [model(number)])
        mirror.seen(registry, DEFAULT_SCOPE, mirror.ARTIFACTS, [f"id-{number:04}"])
    assert version_of(registry, "id-0003") is None
    mirror.finish_list(registry, DEFAULT_SCOPE, mirror.ARTIFACTS)
    done = mirror_tenant.ReadingState(3, done_at=now())
    mirror_tenant.set_state(registry, DEFAULT_SCOPE, mirror.ARTIFACTS, done)
    mirror.put_artifacts(registry, DEFAULT_SCOPE, [model(4)])
    assert [version_of(registry, f"id-{number:04}") for number in (1, 2, 3, 4)] == [1, 2, 3, 4]


def test_local_changes_survive_a_sync(registry: Registry) -> None:
    stage, owner = ("ext.ai.sap.com/stage", "test"), ("ext.ai.sap.com/owner", "ada")
    mirror.put_artifacts(registry, DEFAULT_SCOPE, [model(1, labels=(stage, owner))])
    changes = ArtifactEdit(
        name="Shown", description="mine", set_labels=((stage[0], "prod"),),
        remove_labels=(owner[0],), notes="kept", pinned=True,
    )  # fmt: skip
    artifact_edits.edit(registry, DEFAULT_SCOPE, ["id-0001"], changes)
    new = ("ext.ai.sap.com/new", "1")
    mirror.put_artifacts(registry, DEFAULT_SCOPE, [model(1, "renamed", (stage, owner, new))])
    found = artifacts.artifact(registry, DEFAULT_SCOPE, "id-0001")
    assert (found.name, found.runtime_name, found.logged_name) == ("Shown", "renamed", "renamed")
    assert found.description == "mine"
    assert dict(found.labels) == {stage[0]: "prod", new[0]: "1"}
    assert found.pinned_at is not None
    assert found.local_changes == ("name", "description", "labels")
    assert artifact_edits.notes(registry, DEFAULT_SCOPE, "id-0001") == "kept"
    # Nothing changes if the runtime reports the same again.
    assert not mirror.put_artifacts(
        registry, DEFAULT_SCOPE, [model(1, "renamed", (stage, owner, new))]
    )


def test_references_and_lists_by_version_use_indexes(registry: Registry) -> None:
    with registry.write() as db:
        for number in range(300):
            artifacts.insert(db, 1, model(number))
        db.execute("ANALYZE")
    versions.set_alias(registry, DEFAULT_SCOPE, "id-0007", "production", "ada@host")
    statements: list[str] = []
    with registry.read() as db:
        db.set_trace_callback(statements.append)
        assert versions.referenced(db, 1, "churn@production") == "id-0007"
        assert versions.referenced(db, 1, "churn@8") == "id-0007"
        assert versions.referenced(db, 1, "churn@latest") == "id-0299"
        for by in ("version", "pinned_at"):
            query = Query(order=Order(by))
            lister = artifact_lister(registry, DEFAULT_SCOPE, ArtifactKind.MODEL, query)
            assert len(lister.page(None, 20).rows) == 20
        db.set_trace_callback(None)
        plans = [
            str(row[3])
            for statement in statements
            if statement.startswith("SELECT") and "FROM artifacts" in statement
            for row in db.execute(f"EXPLAIN QUERY PLAN {statement}")
        ]
    assert not [line for line in plans if line.startswith("SCAN")]
    assert not [line for line in plans if "TEMP B-TREE FOR ORDER BY" in line]
    assert any("artifacts_aliases" in line for line in plans)
    assert any("artifacts_versions (group_pk=? AND name=?" in line for line in plans)
