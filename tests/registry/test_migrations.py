"""Migration of registries of earlier versions."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from launchpad_tui.domain.artifact import ArtifactFile, ArtifactKind, FilesState
from launchpad_tui.domain.connection import DEFAULT_SCOPE
from launchpad_tui.domain.metric import ARTIFACT_LABEL, Metric, series_key
from launchpad_tui.domain.query import Condition, Op, Query, Subject
from launchpad_tui.domain.timestamps import from_micros
from launchpad_tui.registry import artifacts, logged_metrics, schema, series
from launchpad_tui.registry.codec import to_json
from launchpad_tui.registry.database import Registry
from launchpad_tui.registry.pages import artifact_lister
from launchpad_tui.services.update_note import update_note

MODEL = "30de1000-0000-4000-8000-000000000001"


def create_first_version(path: Path) -> None:
    """Create a registry with only the first migration, with a model that has a file."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.create_function(
        "casefold", 1, lambda value: str(value or "").casefold(), deterministic=True
    )
    first = Migrations("launchpad")

    @first()
    def first_schema(db: Database) -> None:
        for statement in schema.FIRST:
            db.conn.execute(statement)

    first.apply(Database(connection, execute_plugins=False, recursive_triggers=False))
    connection.execute("PRAGMA user_version = 1")
    for statement in (
        "INSERT INTO connections (name, kind, created_at, modified_at) "
        "VALUES ('local', 'local', 1, 1)",
        "INSERT INTO resource_groups (connection_pk, name, status, created_at) "
        "VALUES (1, 'default', 'PROVISIONED', 1)",
        "INSERT INTO scenarios (connection_pk, id, name, created_at, modified_at) "
        "VALUES (1, 'churn', 'Churn', 1, 1)",
        "INSERT INTO artifacts (group_pk, kind, id, name, url, scenario_id, size, created_at, "
        f"modified_at, search_text) VALUES (1, 'model', '{MODEL}', 'old', 'ai://default/old', "
        "'churn', 7, 1, 1, 'old')",
        "INSERT INTO artifact_files (artifact_pk, path, size, sha256) "
        "VALUES (1, 'model.bin', 7, 'abc')",
    ):
        connection.execute(statement)
    connection.close()


def test_the_first_version_is_migrated(tmp_path: Path) -> None:
    path = tmp_path / "registry.db"
    create_first_version(path)
    registry = Registry(path)
    model = artifacts.artifact(registry, DEFAULT_SCOPE, MODEL)
    assert (model.name, model.files_state, model.checked_at) == ("old", FilesState.UNKNOWN, None)
    assert artifacts.files(registry, DEFAULT_SCOPE, MODEL) == (ArtifactFile("model.bin", 7, "abc"),)
    query = Query(conditions=(Condition(Subject.ATTRIBUTE, "files_state", Op.EQUALS, "unknown"),))
    rows = artifact_lister(registry, DEFAULT_SCOPE, ArtifactKind.MODEL, query).page(None, 10).rows
    assert [row.artifact.id for row in rows] == [MODEL]
    artifacts.set_checked(registry, DEFAULT_SCOPE, MODEL, FilesState.MISSING, {})
    assert artifacts.artifact(registry, DEFAULT_SCOPE, MODEL).files_state is FilesState.MISSING
    with registry.read() as db:
        assert db.execute("PRAGMA user_version").fetchone()[0] == schema.VERSION
    registry.close()
    again = Registry(path)
    assert artifacts.artifact(again, DEFAULT_SCOPE, MODEL).files_state is FilesState.MISSING
    again.close()


def test_a_new_and_a_migrated_registry_are_equal(tmp_path: Path) -> None:
    create_first_version(tmp_path / "old.db")

    def tables(path: Path) -> dict[str, list[tuple[object, ...]]]:
        registry = Registry(path)
        with registry.read() as db:
            names = [
                row[0]
                for row in db.execute(
                    "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
                )
            ]
            found = {
                name: [tuple(row)[1:4] for row in db.execute(f"PRAGMA table_info('{name}')")]
                for name in names
            }
        registry.close()
        return found

    assert tables(tmp_path / "old.db") == tables(tmp_path / "new.db")


@pytest.mark.parametrize("table", ["artifacts", "artifact_files"])
def test_an_interrupted_migration_loses_no_data(
    tmp_path: Path, table: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "registry.db"
    create_first_version(path)
    statements = schema.FILES_STATE
    place = next(number for number, each in enumerate(statements) if f"TABLE {table} " in each)
    monkeypatch.setattr(schema, "FILES_STATE", (*statements[: place + 1], "NO STATEMENT"))
    with pytest.raises(Exception, match="NO"):
        Registry(path)
    monkeypatch.setattr(schema, "FILES_STATE", statements)
    registry = Registry(path)
    assert artifacts.artifact(registry, DEFAULT_SCOPE, MODEL).name == "old"
    registry.close()


def test_lists_are_read_in_index_order_with_statistics(tmp_path: Path) -> None:
    path = tmp_path / "registry.db"
    create_first_version(path)
    connection = sqlite3.connect(path)
    connection.create_function(
        "casefold", 1, lambda value: str(value or "").casefold(), deterministic=True
    )
    connection.executemany(
        "INSERT INTO artifacts (group_pk, kind, id, name, url, scenario_id, created_at, "
        "modified_at, search_text) VALUES (1, 'model', ?, 'm', 'ai://default/m', 'churn', ?, 1, "
        "'m')",
        [(f"id-{number:06}", number) for number in range(2000)],
    )
    connection.execute("ANALYZE")
    connection.commit()
    connection.close()
    registry = Registry(path)
    query = (
        "SELECT * FROM artifacts WHERE group_pk = 1 AND kind = 'model' "
        "ORDER BY created_at DESC LIMIT 64"
    )
    with registry.read() as db:
        plan = " ".join(str(row[3]) for row in db.execute(f"EXPLAIN QUERY PLAN {query}"))
    assert "artifacts_created" in plan
    assert "TEMP B-TREE" not in plan
    registry.close()


def test_a_note_precedes_the_update_of_a_large_registry(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "registry.db"
    assert update_note(path) == ""
    create_first_version(path)
    assert update_note(path) == ""
    monkeypatch.setattr("launchpad_tui.services.update_note.LARGE", 1000)
    assert "is updated to the format of this version" in update_note(path)
    Registry(path).close()
    assert update_note(path) == ""


def test_series_of_former_versions_keep_their_texts_values_and_points(tmp_path: Path) -> None:
    path = tmp_path / "registry.db"
    create_first_version(path)
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute(
        "INSERT INTO executions (group_pk, id, configuration_id, configuration_name, scenario_id, "
        "executable_id, executable_version, status, target_status, created_at, modified_at, "
        "search_text) VALUES (1, 'e1', 'c', 'c', 's', 'x', '1', 'COMPLETED', 'COMPLETED', 1, 1, '')"
    )
    labels = (("phase", "test"),)
    model = ((ARTIFACT_LABEL, "old"),)
    given = [
        ("loss", (), ""),
        ("loss", labels, ""),
        ("loss", model, "old"),
        ("{odd}", (), ""),
        ("deleted", (), ""),
    ]
    for number, (name, of, artifact) in enumerate(given, 3):
        connection.execute(
            "INSERT INTO series (pk, execution_pk, group_pk, name, labels, key, artifact_name, "
            "count, first, last, minimum, maximum, first_step, last_step, first_at, last_at) "
            "VALUES (?1, 1, 1, ?2, ?3, ?4, ?6, 1, ?5, ?5, ?5, ?5, ?1, ?1, ?1, ?1)",
            (number, name, to_json(of), series_key(name, of), float(number), artifact),
        )
        connection.execute(
            "INSERT INTO tail (series_pk, step, at, value) VALUES (?1, ?1, ?1, ?1)", (number,)
        )
    connection.execute("DELETE FROM series WHERE name = 'deleted'")
    connection.commit()
    connection.close()
    registry = Registry(path)
    found = series.summaries(registry, DEFAULT_SCOPE, ["e1"])["e1"]
    assert sorted((one.id, one.name, one.labels, one.artifact_name) for one in found) == [
        (number, *each) for number, each in enumerate(given[:4], 3)
    ]
    assert all(one.key == series_key(one.name, one.labels) for one in found)
    assert all(one.last == one.minimum == one.first == one.last_step == one.id for one in found)
    for one in found:
        assert [each.value for each in logged_metrics.points(registry, [one])] == [one.id]
    assert artifacts.metric_keys(registry, DEFAULT_SCOPE) == sorted(
        {one.key for one in found} | {one.name for one in found}
    )
    series.append(registry, "e1", [Metric("new", 1.0, from_micros(1), 1)])
    with registry.read() as db:
        assert db.execute("PRAGMA foreign_keys").fetchone() == (1,)
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []
        assert db.execute("SELECT max(pk) FROM series").fetchone()[0] > 7
    series.delete(registry, "e1")
    with registry.read() as db:
        for table in ("series", "series_summaries", "tail"):
            assert db.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)
    registry.close()
