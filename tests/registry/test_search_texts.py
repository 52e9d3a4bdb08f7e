"""Searches find every text that rows show, in whatever order the data arrive or change."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from launchpad_tui.domain.artifact import ArtifactKind
from launchpad_tui.domain.connection import DEFAULT_SCOPE
from launchpad_tui.domain.execution import Status
from launchpad_tui.domain.query import Query
from launchpad_tui.registry import artifacts, connections, executions, global_search, mirror
from launchpad_tui.registry.database import Registry
from launchpad_tui.registry.pages import artifact_lister, execution_lister
from tests.registry.registry_data import add_artifact, add_execution
from tests.registry.test_migrations import MODEL, create_first_version


def models(registry: Registry, search: str) -> list[str]:
    lister = artifact_lister(registry, DEFAULT_SCOPE, ArtifactKind.MODEL, Query(search))
    return [row.artifact.id for row in lister.page(None, 10).rows]


def runs(registry: Registry, search: str) -> list[str]:
    lister = execution_lister(registry, DEFAULT_SCOPE, Query(search))
    return [row.execution.id for row in lister.page(None, 10).rows]


def everywhere(registry: Registry, search: str) -> set[str]:
    hits = global_search.search(registry, search, 10)
    return {hit.id for hit in hits}


def check_index(registry: Registry) -> None:
    with registry.write() as db:
        for table in ("artifacts", "executions"):
            db.execute(f"INSERT INTO {table}_search ({table}_search) VALUES ('integrity-check')")


@pytest.mark.parametrize(
    "text", ["Balanced Größe", "größe", "sc", "e-1", "default/m-1", "balanced model"]
)
def test_models_are_found_by_every_text_of_their_row(registry: Registry, text: str) -> None:
    add_execution(registry, "e-1", name="Balanced Größe")
    add_artifact(registry, "m-1", execution_id="e-1")
    assert models(registry, text) == ["m-1"]
    assert "m-1" in everywhere(registry, text)
    check_index(registry)


def test_an_execution_that_arrives_after_its_model_names_its_configuration(
    registry: Registry,
) -> None:
    execution = add_execution(registry, "e-1", name="Other")
    model = add_artifact(registry, "m-0", execution_id="e-1")
    late = replace(execution, id="e-2", configuration_name="Late Bloomer")
    reported = replace(model, id="m-2", execution_id="e-2")
    mirror.put_artifacts(registry, DEFAULT_SCOPE, [reported])
    assert models(registry, "bloomer") == []
    mirror.put_executions(registry, DEFAULT_SCOPE, [late])
    assert models(registry, "late bloomer") == ["m-2"]
    # The next report of the model, and one of a changed model, keep the name.
    mirror.put_artifacts(registry, DEFAULT_SCOPE, [replace(reported, description="new words")])
    assert models(registry, "bloomer words") == ["m-2"]
    mirror.put_executions(registry, DEFAULT_SCOPE, [replace(late, status=Status.DEAD)])
    assert models(registry, "bloomer words") == ["m-2"]
    check_index(registry)


def test_executions_are_found_by_their_current_status_and_message(registry: Registry) -> None:
    add_execution(registry, "e-1", status=Status.RUNNING)
    assert runs(registry, "running") == ["e-1"]
    executions.transition(registry, DEFAULT_SCOPE, "e-1", Status.DEAD, "Out of Memory")
    assert runs(registry, "running") == []
    assert runs(registry, "dead out of memory") == ["e-1"]
    assert everywhere(registry, "memory") == {"e-1"}
    check_index(registry)


def test_models_are_found_by_the_new_name_of_their_object_store(registry: Registry) -> None:
    add_artifact(registry, "m-1")
    connections.rename_store(registry, DEFAULT_SCOPE, "default", "Bucket")
    assert models(registry, "ai://bucket/m-1") == ["m-1"]
    assert models(registry, "ai://default") == []
    check_index(registry)


def test_the_texts_of_earlier_versions_are_extended(tmp_path: Path) -> None:
    path = tmp_path / "registry.db"
    create_first_version(path)
    with sqlite3.connect(path) as db:
        db.execute(
            "INSERT INTO executions (group_pk, id, configuration_id, configuration_name, "
            "scenario_id, executable_id, executable_version, status, target_status, "
            "status_message, created_at, modified_at, search_text) VALUES (1, 'e-1', 'c', "
            "'Früh Stück', 'churn', 'x', '1', 'DEAD', 'COMPLETED', 'No GPU', 1, 1, 'früh')"
        )
        db.execute("UPDATE artifacts SET execution_id = 'e-1', execution_pk = 1")
    db.close()
    registry = Registry(path)
    for text in ("früh stück", "churn", "e-1", "default/old"):
        assert models(registry, text) == [MODEL]
    assert runs(registry, "no gpu dead") == ["e-1"]
    check_index(registry)
    # The index follows changes as before.
    artifacts_found = artifacts.artifact(registry, DEFAULT_SCOPE, MODEL)
    mirror.put_artifacts(registry, DEFAULT_SCOPE, [replace(artifacts_found, description="fresh")])
    assert models(registry, "fresh stück") == [MODEL]
    check_index(registry)
    registry.close()
