"""Configurations in which a parameter is missing are found by the set of their names."""

from __future__ import annotations

import pytest

from launchpad_tui.domain.artifact import ArtifactKind
from launchpad_tui.domain.connection import DEFAULT_SCOPE
from launchpad_tui.domain.execution import Configuration
from launchpad_tui.domain.query import Combination, Condition, Filter, Junction, Op, Query, Subject
from launchpad_tui.registry import configurations, parameter_sets, trash
from launchpad_tui.registry.database import Registry
from launchpad_tui.registry.pages import artifact_lister
from tests.registry.registry_data import START, add_artifact, add_execution

MISSING = Condition(Subject.PARAMETER, "rate", Op.MISSING, "")
ADDED = (
    "INSERT INTO configuration_parameters (configuration_pk, position, name, value) "
    "SELECT pk, 5, 'rate', '1' FROM configurations WHERE id = 'c-e2'"
)


def without(registry: Registry, one: Filter = MISSING) -> set[str]:
    query = Query(conditions=(one,))
    lister = artifact_lister(registry, DEFAULT_SCOPE, ArtifactKind.MODEL, query)
    found = {row.artifact.id for row in lister.page(None, 100).rows}
    plan = lister._plan
    assert plan is not None
    assert plan[0] is not None, "the list is not read from an index"
    return found


def unknown(registry: Registry) -> int:
    with registry.read() as db:
        sql = "SELECT count(*) FROM configurations WHERE parameter_set IS NULL"
        return int(db.execute(sql).fetchone()[0])


@pytest.fixture
def models(registry: Registry) -> Registry:
    for number, names in enumerate(({"rate": "1", "b": "2"}, {"b": "2"}, {"b": "3"}, {}), 1):
        add_execution(registry, f"e{number}", names)
        add_artifact(registry, f"m{number}", execution_id=f"e{number}")
    add_artifact(registry, "m5")
    return registry


def test_models_without_a_parameter_are_found(models: Registry) -> None:
    assert unknown(models) == 0
    with models.read() as db:
        assert db.execute("SELECT names FROM parameter_sets ORDER BY names").fetchall() == [
            ('["b","rate"]',),
            ('["b"]',),
            ("[]",),
        ]
    assert without(models) == {"m2", "m3", "m4", "m5"}
    differs = Combination(Junction.NOT, (Condition(Subject.PARAMETER, "rate", Op.EQUALS, "1"),))
    assert without(models, differs) == {"m2", "m3", "m4", "m5"}


def test_the_set_of_changed_parameters_is_unknown_until_it_is_assigned(models: Registry) -> None:
    changes: list[tuple[str, set[str]]] = [
        (ADDED, {"m3", "m4", "m5"}),
        ("UPDATE configuration_parameters SET name = 'c' WHERE name = 'rate' AND value = '1'", {
            "m1", "m2", "m3", "m4", "m5"}),
        ("DELETE FROM configuration_parameters WHERE name = 'b'", {"m1", "m2", "m3", "m4", "m5"}),
    ]  # fmt: skip
    for statement, expected in changes:
        with models.write() as db:
            db.execute(statement)
        assert unknown(models) > 0
        assert without(models) == expected
        with models.write() as db:
            for (pk,) in db.execute("SELECT pk FROM configurations").fetchall():
                parameter_sets.assign(db, pk)
        assert unknown(models) == 0
        assert without(models) == expected


def test_a_restored_configuration_has_its_set(registry: Registry) -> None:
    new = Configuration("c1", "c1", "sc", "ex", {"rate": "1"}, {}, START)
    configurations.add(registry, DEFAULT_SCOPE, new)
    trash.put(registry, DEFAULT_SCOPE, "configurations", ["c1"], "user")
    (entry,) = trash.entries(registry, DEFAULT_SCOPE)
    trash.restore(registry, DEFAULT_SCOPE, entry)
    assert unknown(registry) == 0


def test_a_set_of_many_names_is_not_stored(registry: Registry) -> None:
    names = {f"p{number}": "1" for number in range(600)}
    add_execution(registry, "e1", names)
    add_artifact(registry, "m1", execution_id="e1")
    assert unknown(registry) == 1
    assert without(registry) == {"m1"}
    missing = Condition(Subject.PARAMETER, "p7", Op.MISSING, "")
    assert without(registry, missing) == set()


def test_too_many_sets_are_not_searched(models: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parameter_sets, "_SETS", 2)
    with models.read() as db:
        assert parameter_sets.executions_without(db, "rate", 1, "t.execution_pk") is None
    query = Query(conditions=(MISSING,))
    lister = artifact_lister(models, DEFAULT_SCOPE, ArtifactKind.MODEL, query)
    assert len(lister.page(None, 100).rows) == 4
