"""Artifacts that are imported from object stores."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from launchpad_tui.bootstrap import open_desk
from launchpad_tui.config.paths import Home
from launchpad_tui.domain.artifact import ArtifactKind, FilesState
from launchpad_tui.domain.connection import DEFAULT_SCOPE as SCOPE
from launchpad_tui.domain.query import Query
from launchpad_tui.domain.scenario import Scenario
from launchpad_tui.domain.timestamps import now
from launchpad_tui.errors import InvalidInput, NotFound
from launchpad_tui.registry import scenarios
from launchpad_tui.services.desk import Desk
from launchpad_tui.services.importing import named

MODEL = ArtifactKind.MODEL


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = open_desk(Home.at(tmp_path / "home"))
    scenarios.put_scenario(desk.registry, SCOPE, Scenario("churn", "churn", "", {}, now(), now()))
    for path in (
        "team/a/run1/best/model.bin",
        "team/a/run1/best/config.json",
        "team/a/run1/last/model.bin",
        "team/a/run2/best/model.bin",
        "team/b.onnx",
        "team/readme.txt",
        "other/x",
    ):
        file = desk.home.files / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"12345")
    return desk


def found(desk: Desk, prefix: str, pattern: str = "*") -> dict[str, tuple[int, int]]:
    proposals = desk.importing.propose(SCOPE, "default", prefix, pattern)
    return {one.path: (len(one.files), one.size) for one in proposals}


@pytest.mark.parametrize(
    ("prefix", "pattern", "expected"),
    [
        ("", "*", {"other": (1, 5), "team": (6, 30)}),
        ("team", "*", {"team/a": (4, 20), "team/b.onnx": (1, 5), "team/readme.txt": (1, 5)}),
        ("/team/", "*/*", {"team/a/run1": (3, 15), "team/a/run2": (1, 5)}),
        ("team", "**/best", {"team/a/run1/best": (2, 10), "team/a/run2/best": (1, 5)}),
        ("", "team/**/b?st", {"team/a/run1/best": (2, 10), "team/a/run2/best": (1, 5)}),
        ("team", "*.onnx", {"team/b.onnx": (1, 5)}),
        (
            "team",
            "**/*.bin",
            {f"team/a/{run}/model.bin": (1, 5) for run in ("run1/best", "run1/last", "run2/best")},
        ),
        ("team/b.onnx", "*", {"team/b.onnx": (1, 5)}),
        ("nothing", "*", {}),
        ("team", "RUN1", {}),
    ],
)
def test_proposals_for_import(
    desk: Desk, prefix: str, pattern: str, expected: dict[str, tuple[int, int]]
) -> None:
    assert found(desk, prefix, pattern) == expected


@pytest.mark.parametrize("pattern", ["", "/", "..", "a//b", "./x"])
def test_invalid_patterns_are_rejected(desk: Desk, pattern: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        found(desk, "", pattern)
    assert caught.value.field == "pattern"


def test_proposals_are_registered_once(desk: Desk) -> None:
    proposals = desk.importing.propose(SCOPE, "default", "team/a", "*/*")
    created = desk.importing.register(SCOPE, MODEL, "churn", proposals)
    assert [(one.name, one.url, one.size) for one in created] == [
        ("run1/best", "ai://default/team/a/run1/best", 10),
        ("run1/last", "ai://default/team/a/run1/last", 5),
        ("run2/best", "ai://default/team/a/run2/best", 5),
    ]
    assert desk.importing.register(SCOPE, MODEL, "churn", proposals) == []
    again = desk.importing.propose(SCOPE, "default", "team/a", "*/*")
    assert [one.known for one in again] == [True] * 3
    assert len(desk.artifacts.listing(SCOPE, MODEL, Query()).slice(0, 9)) == 3
    assert [one.known for one in desk.importing.propose(SCOPE, "default", "team", "*")] == [
        False
    ] * 3


def test_changes_are_detected_by_a_later_proposal(desk: Desk) -> None:
    proposals = desk.importing.propose(SCOPE, "default", "team/a/run1", "*")
    best, _ = desk.importing.register(SCOPE, MODEL, "churn", proposals)
    assert desk.artifacts.get(SCOPE, best.id).files_state is FilesState.INTACT
    (desk.home.files / "team/a/run1/best/model.bin").write_bytes(b"54321")
    (desk.home.files / "team/a/run1/last/model.bin").unlink()
    counts = desk.verification.verify_all(SCOPE, MODEL, lambda _: None)
    assert (counts[FilesState.CHANGED], counts[FilesState.MISSING]) == (1, 1)


def test_invalid_names_are_rejected(desk: Desk) -> None:
    for name in ("zwölf", "x" * 200):
        (desk.home.files / "odd" / name).mkdir(parents=True)
        (desk.home.files / "odd" / name / "f").write_bytes(b"")
    odd = desk.importing.propose(SCOPE, "default", "odd")
    assert [bool(one.problem) for one in odd] == [False, True]
    with pytest.raises(InvalidInput):
        desk.importing.register(SCOPE, MODEL, "churn", odd)
    assert desk.importing.propose(SCOPE, "default", "odd")[0].known is False, "all or nothing"


def test_missing_stores_and_scenarios(desk: Desk) -> None:
    with pytest.raises(NotFound):
        desk.importing.propose(SCOPE, "nowhere")
    with pytest.raises(InvalidInput):
        desk.importing.register(SCOPE, MODEL, "no-such-scenario", [])


def test_listing_can_be_cancelled(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    from launchpad_tui.services import importing

    monkeypatch.setattr(importing, "_REPORT_EVERY", 2)

    class Enough(Exception):
        pass

    def stop(count: int) -> None:
        assert count == 2
        raise Enough

    with pytest.raises(Enough):
        desk.importing.propose(SCOPE, "default", "", "*", stop)


def test_models_of_one_name_are_versions_the_oldest_first(desk: Desk) -> None:
    files = desk.home.files / "team"
    for age, path in enumerate(("a/run2/best/model.bin", "a/run1/last/model.bin")):
        os.utime(files / path, (1_000_000 + age, 1_000_000 + age))
    proposals = desk.importing.propose(SCOPE, "default", "team", "*/*/*")
    renamed = named(proposals, "{1} {3}")
    assert [(one.path, one.name) for one in renamed][:2] == [
        ("team/a/run2/best", "a best"),
        ("team/a/run1/last", "a last"),
    ]
    labels = (("ext.ai.sap.com/team", "crm"),)
    added = desk.importing.register(SCOPE, MODEL, "churn", named(proposals, "net"), labels)
    found_models = {
        row.artifact.url: row.artifact
        for row in desk.artifacts.listing(SCOPE, MODEL, Query()).slice(0, 10)
    }
    first = found_models["ai://default/team/a/run2/best"]
    assert (first.name, first.version, first.labels) == ("net", 1, labels)
    assert found_models["ai://default/team/a/run1/best"].version == len(added) == 3


@pytest.mark.parametrize("template", ["", "  "])
def test_an_empty_name_is_refused(template: str) -> None:
    with pytest.raises(InvalidInput, match="name is missing"):
        named([], template)


def test_names_that_are_not_valid_are_problems(desk: Desk) -> None:
    (first, *_) = named(desk.importing.propose(SCOPE, "default", "team", "*"), "{2}")
    assert first.name == ""
    assert "characters that are not allowed" in first.problem
