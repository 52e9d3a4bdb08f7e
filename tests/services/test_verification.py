"""Verification of the files of artifacts."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from launchpad_tui.bootstrap import open_desk
from launchpad_tui.config.paths import Home
from launchpad_tui.domain.artifact import ArtifactKind, FilesState, FileState
from launchpad_tui.domain.connection import DEFAULT_SCOPE as SCOPE
from launchpad_tui.domain.query import Condition, Op, Query
from launchpad_tui.domain.query import Subject as About
from launchpad_tui.domain.scenario import Scenario
from launchpad_tui.domain.timestamps import now
from launchpad_tui.domain.transfer import Transfer
from launchpad_tui.errors import NotFound
from launchpad_tui.registry import scenarios
from launchpad_tui.services.desk import Desk
from launchpad_tui.services.verification import Verified


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = open_desk(Home.at(tmp_path / "home"))
    scenarios.put_scenario(desk.registry, SCOPE, Scenario("churn", "churn", "", {}, now(), now()))
    return desk


def model(desk: Desk, name: str, *, record: bool = True, content: bytes = b"weights") -> str:
    folder = desk.home.files / name
    folder.mkdir(parents=True)
    (folder / "model.bin").write_bytes(content)
    one = desk.artifacts.add(SCOPE, ArtifactKind.MODEL, name, f"ai://default/{name}", "churn")
    if record:
        desk.verification.record(SCOPE, one.id)
    return one.id


def state(desk: Desk, artifact_id: str) -> FilesState:
    return desk.artifacts.get(SCOPE, artifact_id).files_state


def replaced(desk: Desk, name: str, content: bytes) -> None:
    (desk.home.files / name / "model.bin").write_bytes(content)


def test_verification_results_are_stored(desk: Desk) -> None:
    by_hand, recorded = model(desk, "by-hand", record=False), model(desk, "recorded")
    assert state(desk, by_hand) is FilesState.UNKNOWN
    assert desk.artifacts.get(SCOPE, by_hand).checked_at is None
    assert state(desk, recorded) is FilesState.INTACT
    desk.verification.verify(SCOPE, by_hand)
    assert state(desk, by_hand) is FilesState.UNKNOWN
    replaced(desk, "recorded", b"Weights")
    desk.verification.verify(SCOPE, recorded)
    assert state(desk, recorded) is FilesState.CHANGED
    (desk.home.files / "recorded" / "model.bin").unlink()
    desk.verification.verify(SCOPE, recorded)
    assert state(desk, recorded) is FilesState.MISSING
    checked = desk.artifacts.get(SCOPE, recorded).checked_at
    assert checked is not None
    assert abs((now() - checked).total_seconds()) < 60


def test_quick_verification_reads_only_replaced_files(desk: Desk) -> None:
    one = model(desk, "m", content=b"x" * 1000)
    read: list[Transfer] = []
    desk.verification.verify(SCOPE, one, read.append, content=False)
    assert not read
    os.utime(desk.home.files / "m" / "model.bin", (1, 1))
    (check,) = desk.verification.verify(SCOPE, one, read.append, content=False)
    assert check.state is FileState.INTACT
    assert sum(each.done for each in read) == 1000
    read.clear()
    desk.verification.verify(SCOPE, one, read.append, content=False)
    assert not read, "the new version was recorded"
    desk.verification.verify(SCOPE, one, read.append)
    assert read
    replaced(desk, "m", b"y" * 1000)
    (check,) = desk.verification.verify(SCOPE, one, content=False)
    assert (check.state, check.sha256) == (
        FileState.CHANGED,
        hashlib.sha256(b"y" * 1000).hexdigest(),
    )


def test_full_verification_detects_silent_corruption(desk: Desk) -> None:
    one = model(desk, "m")
    path = desk.home.files / "m" / "model.bin"
    before = path.stat()
    with path.open("r+b") as file:
        file.write(b"W")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert desk.verification.verify(SCOPE, one, content=False)[0].state is FileState.INTACT
    assert desk.verification.verify(SCOPE, one)[0].state is FileState.CHANGED


def test_all_artifacts_of_a_group_are_verified(desk: Desk) -> None:
    ids = {name: model(desk, name) for name in ("intact", "changed", "missing")}
    ids["by-hand"] = model(desk, "by-hand", record=False)
    replaced(desk, "changed", b"longer than before")
    (desk.home.files / "missing" / "model.bin").unlink()
    reported: list[Verified] = []
    counts = desk.verification.verify_all(SCOPE, ArtifactKind.MODEL, reported.append)
    assert counts == {state: 1 for state in FilesState}
    assert [each.done for each in reported] == [1, 2, 3, 4]
    assert {each.artifact.id: each.state for each in reported} == {
        each: state(desk, each) for each in ids.values()
    }
    assert desk.verification.verify_all(
        SCOPE, ArtifactKind.DATASET, reported.append
    ) == dict.fromkeys(FilesState, 0)
    found = desk.artifacts.listing(
        SCOPE,
        ArtifactKind.MODEL,
        Query(conditions=(Condition(About.ATTRIBUTE, "files_state", Op.EQUALS, "missing"),)),
    )
    assert [row.artifact.id for row in found.slice(0, 10)] == [ids["missing"]]


def test_listings_longer_than_one_page(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    from launchpad_tui.services import verification

    monkeypatch.setattr(verification, "_PAGE", 3)
    for number in range(7):
        model(desk, f"m{number}")
    reported: list[Verified] = []
    desk.verification.verify_all(SCOPE, None, reported.append)
    assert len({each.artifact.id for each in reported}) == 7


def test_an_unreachable_store_does_not_change_results(desk: Desk, tmp_path: Path) -> None:
    one = model(desk, "m")
    desk.stores.add(SCOPE, "away", "file", {"root": str(tmp_path / "nowhere")})
    lost = desk.artifacts.add(SCOPE, ArtifactKind.MODEL, "lost", "ai://away/x", "churn").id
    reported: list[Verified] = []
    counts = desk.verification.verify_all(SCOPE, None, reported.append)
    assert counts[FilesState.UNKNOWN] == counts[FilesState.INTACT] == 1
    assert [each.error != "" for each in reported if each.artifact.id == lost] == [True]
    assert [each.error for each in reported if each.artifact.id == one] == [""]


def test_verification_can_be_cancelled(desk: Desk) -> None:
    for number in range(10):
        model(desk, f"m{number}")

    class Enough(Exception):
        pass

    def stop(_: Verified) -> None:
        raise Enough

    with pytest.raises(Enough):
        desk.verification.verify_all(SCOPE, None, stop)


def test_verifying_an_unknown_artifact(desk: Desk) -> None:
    with pytest.raises(NotFound):
        desk.verification.verify(SCOPE, "no-such-id")
