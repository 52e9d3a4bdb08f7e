"""Changes are undone: edits, aliases, deletions, removed sweeps."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from launchpad_tui.bootstrap import open_desk
from launchpad_tui.config.paths import Home
from launchpad_tui.domain.artifact import Artifact, ArtifactKind
from launchpad_tui.domain.artifact_attributes import ArtifactAttributes, AttributeKind
from launchpad_tui.domain.connection import DEFAULT_SCOPE as SCOPE
from launchpad_tui.domain.metric import CustomInfo, Metric, Tag
from launchpad_tui.domain.model_version import ArtifactEdit
from launchpad_tui.domain.query import Query
from launchpad_tui.domain.timestamps import now
from launchpad_tui.errors import Conflict, NotFound
from launchpad_tui.registry import undo
from launchpad_tui.services.desk import Desk
from tests.scenes.screen_seeds import CONFIGURATION, DATASET, EVALUATE, MODEL, SWEEP, TRAIN, swept


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    home = Home.at(tmp_path / "home").ensure()
    open_desk(home).close()
    swept(home)
    found = open_desk(home)
    yield found
    found.close()


@pytest.fixture
def models(desk: Desk) -> list[Artifact]:
    """Three versions of a model."""
    add = desk.artifacts.add
    return [
        add(SCOPE, ArtifactKind.MODEL, "net", f"ai://default/net/{number}", "churn")
        for number in range(3)
    ]


def undone(desk: Desk) -> str:
    """Undo the last change and return its title."""
    last = desk.undo.last(SCOPE)
    assert last is not None
    desk.undo.undo(SCOPE, last)
    return last.title


def one(desk: Desk, model: Artifact) -> Artifact:
    return desk.artifacts.get(SCOPE, model.id)


def search(desk: Desk, text: str) -> list[str]:
    listing = desk.artifacts.listing(SCOPE, ArtifactKind.MODEL, Query(search=text))
    return [row.artifact.id for row in listing.slice(0, 10)]


def test_an_edit_of_everything_is_undone(desk: Desk, models: list[Artifact]) -> None:
    first = one(desk, models[0])
    assert desk.undo.last(SCOPE) is None
    desk.annotations.edit(
        SCOPE,
        [first.id],
        ArtifactEdit("other", "Best", (("ext.ai.sap.com/stage", "prod"),), (), "# Notes", True),
    )
    changed = one(desk, first)
    assert (changed.name, changed.version, changed.description) == ("other", 1, "Best")
    assert search(desk, "stage=prod") == [first.id]
    assert undone(desk) == "edit of net v1"
    restored = one(desk, first)
    assert restored == first
    assert desk.annotations.notes(SCOPE, first.id) == ""
    assert search(desk, "stage=prod") == []
    assert first.id in search(desk, "net")
    assert desk.undo.last(SCOPE) is None


def test_an_edit_of_many_is_undone_at_once(desk: Desk, models: list[Artifact]) -> None:
    before = [one(desk, each) for each in models]
    ids = [each.id for each in models]
    desk.annotations.edit(SCOPE, ids, ArtifactEdit(set_labels=(("ext.ai.sap.com/a", "b"),)))
    desk.annotations.edit(SCOPE, ids, ArtifactEdit(pinned=True))
    assert undone(desk) == "edit of 3 artifacts"
    assert undone(desk) == "edit of 3 artifacts"
    assert [one(desk, each) for each in models] == before


def test_an_edit_without_an_effect_is_not_recorded(desk: Desk, models: list[Artifact]) -> None:
    desk.annotations.edit(SCOPE, [models[0].id], ArtifactEdit(description=""))
    desk.annotations.edit(SCOPE, [models[0].id], ArtifactEdit(description=""))
    desk.annotations.edit(SCOPE, [models[0].id], ArtifactEdit(pinned=False))
    assert len(desk.undo.entries(SCOPE)) <= 1


def test_a_later_change_is_not_lost(desk: Desk, models: list[Artifact]) -> None:
    desk.annotations.edit(SCOPE, [models[0].id], ArtifactEdit(description="one"))
    (first,) = desk.undo.entries(SCOPE)
    desk.annotations.edit(SCOPE, [models[0].id], ArtifactEdit(description="two"))
    with pytest.raises(Conflict, match="changed since"):
        desk.undo.undo(SCOPE, first)
    assert one(desk, models[0]).description == "two"
    assert undone(desk) == undone(desk)
    assert one(desk, models[0]).description == ""


def test_an_alias_moves_back_and_its_history_is_kept(desk: Desk, models: list[Artifact]) -> None:
    desk.annotations.promote(SCOPE, models[0].id, "production")
    desk.annotations.promote(SCOPE, models[2].id, "production")
    desk.annotations.promote(SCOPE, models[2].id, "production")
    assert undone(desk) == "promotion of net v3 to production"
    assert one(desk, models[0]).aliases == ("production",)
    assert one(desk, models[2]).aliases == ()
    assert undone(desk) == "promotion of net v1 to production"
    assert dict(desk.annotations.aliases(SCOPE)) == {}
    assert len(desk.annotations.history(SCOPE)) == 4
    desk.annotations.promote(SCOPE, models[1].id, "production")
    desk.annotations.remove_alias(SCOPE, models[1].id, "production")
    assert undone(desk) == "removal of the alias production from net v2"
    assert one(desk, models[1]).aliases == ("production",)


def test_an_alias_that_was_moved_since_is_kept(desk: Desk, models: list[Artifact]) -> None:
    desk.annotations.promote(SCOPE, models[0].id, "production")
    (first,) = desk.undo.entries(SCOPE)
    desk.annotations.promote(SCOPE, models[1].id, "production")
    with pytest.raises(Conflict, match="changed since"):
        desk.undo.undo(SCOPE, first)
    assert one(desk, models[1]).aliases == ("production",)


def test_a_rename_is_not_undone_over_the_alias_of_another_version(
    desk: Desk, models: list[Artifact]
) -> None:
    desk.annotations.promote(SCOPE, models[0].id, "production")
    desk.annotations.edit(SCOPE, [models[0].id], ArtifactEdit(name="other"))
    rename = desk.undo.last(SCOPE)
    assert rename is not None
    desk.annotations.promote(SCOPE, models[1].id, "production")
    with pytest.raises(Conflict, match="alias production belongs to version 2"):
        desk.undo.undo(SCOPE, rename)
    assert one(desk, models[0]).name == "other"


def test_a_deletion_is_undone_unless_it_was_restored(desk: Desk, models: list[Artifact]) -> None:
    desk.annotations.promote(SCOPE, models[0].id, "production")
    before = [one(desk, each) for each in models[:2]]
    ids = [each.id for each in before]
    plan = desk.trash.removal(SCOPE, ids, with_files=False)
    desk.trash.delete(SCOPE, plan, force=True)
    desk.trash.delete(SCOPE, desk.trash.removal(SCOPE, [models[2].id], with_files=False))
    with pytest.raises(NotFound):
        one(desk, models[0])
    desk.trash.restore(SCOPE, [desk.trash.resolve(SCOPE, models[2].id)])
    assert undone(desk) == "deletion of 2 artifacts"
    assert [one(desk, each) for each in before] == before
    archived = desk.trash.removal(SCOPE, [models[1].id], with_files=False)
    desk.trash.delete(SCOPE, archived, archived=True)
    assert undone(desk) == "archiving of net v2"


def test_deleted_configurations_executables_and_sweeps_are_restored(desk: Desk) -> None:
    inputs = {"customers": DATASET}
    made = desk.configurations.create(SCOPE, "extra", TRAIN, {"target": "left"}, inputs)
    desk.trash.delete_configurations(SCOPE, [made.id])
    assert undone(desk) == "deletion of configuration extra"
    assert desk.configurations.get(SCOPE, made.id).name == "extra"
    desk.scenarios.delete_executable(SCOPE, EVALUATE)
    assert undone(desk) == f"removal of the executable {EVALUATE}"
    assert desk.scenarios.executable(SCOPE, EVALUATE).id == EVALUATE
    sweep = desk.sweeps.get(SCOPE, SWEEP)
    desk.sweeps.remove(SCOPE, sweep)
    assert undone(desk) == "removal of the sweep rates"
    assert desk.sweeps.get(SCOPE, SWEEP) == sweep
    assert sweep.members[0].configuration_id == CONFIGURATION


def test_a_change_is_undone_once(desk: Desk, models: list[Artifact]) -> None:
    desk.annotations.edit(SCOPE, [models[0].id], ArtifactEdit(description="one"))
    (entry,) = desk.undo.entries(SCOPE)
    desk.undo.undo(SCOPE, entry)
    with pytest.raises(NotFound, match="undone already"):
        desk.undo.undo(SCOPE, entry)


def test_the_number_of_kept_changes_is_limited(
    desk: Desk, models: list[Artifact], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(undo, "KEPT", 3)
    for number in range(5):
        changes = ArtifactEdit(description=f"number {number}")
        desk.annotations.edit(SCOPE, [models[0].id], changes)
    found = desk.undo.entries(SCOPE)
    assert len(found) == 3
    assert found[0].changed_at - found[-1].changed_at < timedelta(minutes=10)


def values(desk: Desk, model: Artifact) -> tuple[object, ...]:
    """Return metrics, parameters, tags, custom info and sources of a model."""
    scope = desk.metrics
    found = one(desk, model).attributes_id
    series = scope.series_of_artifact(SCOPE, model.id)
    points = [(each.step, each.value, each.labels) for each in scope.stream(series)]
    return (
        points,
        scope.tags(SCOPE, found),
        scope.custom_info(SCOPE, found),
        desk.annotations.attribute_sources(SCOPE, model.id),
    )


@pytest.mark.parametrize("created", [False, True], ids=["added model", "model of an execution"])
def test_added_values_are_undone(desk: Desk, models: list[Artifact], created: bool) -> None:
    model = desk.artifacts.get(SCOPE, MODEL) if created else models[0]
    add, empty = desk.annotations.add_attributes, values(desk, model)
    first = ArtifactAttributes(
        [Metric("f1", 0.5, now(), 1), Metric("f1", math.inf, now(), 2, (("phase", "test"),))],
        {} if created else {"depth": "3"},
        [Tag("owner", "ada")],
        [CustomInfo("notes", "one")],
    )
    add(SCOPE, model.id, first)
    once = values(desk, model)
    second = ArtifactAttributes(
        [Metric("f1", 0.7, now(), 3)],
        {} if created else {"depth": "4", "rate": "0.1"},
        [Tag("owner", "bob")],
        [CustomInfo("notes", "two")],
    )
    add(SCOPE, model.id, second, replacing=True)
    twice = values(desk, model)
    assert twice != once
    desk.annotations.remove_attributes(
        SCOPE, model.id, {AttributeKind.METRIC: ["f1"], AttributeKind.TAG: ["owner"]}
    )
    assert undone(desk) == f"removal of values of {model.name_with_version}"
    assert values(desk, model) == twice
    assert undone(desk) == f"addition of values to {model.name_with_version}"
    assert values(desk, model) == once
    assert undone(desk) == f"addition of values to {model.name_with_version}"
    assert values(desk, model) == empty


def test_values_that_were_changed_since_are_kept(desk: Desk, models: list[Artifact]) -> None:
    desk.annotations.add_attributes(SCOPE, models[0].id, ArtifactAttributes(tags=[Tag("a", "1")]))
    entry = desk.undo.last(SCOPE)
    assert entry is not None
    desk.annotations.add_attributes(SCOPE, models[0].id, ArtifactAttributes(tags=[Tag("a", "2")]))
    with pytest.raises(Conflict, match="cannot be undone"):
        desk.undo.undo(SCOPE, entry)
    assert [tag.value for tag in values(desk, models[0])[1]] == ["2"]  # type: ignore[attr-defined]
