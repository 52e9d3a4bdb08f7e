"""The recorded code of executions: differences of files, and damage that the doctor reports."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from launchpad_tui.bootstrap import open_desk
from launchpad_tui.config.paths import Home
from launchpad_tui.domain.connection import DEFAULT_SCOPE
from launchpad_tui.domain.difference import ChangedFile
from launchpad_tui.domain.execution import Configuration, Execution, Status, TargetStatus
from launchpad_tui.domain.timestamps import now
from launchpad_tui.errors import Conflict
from launchpad_tui.registry import configurations, executions, provenance
from launchpad_tui.runtimes.code_snapshots import CodeSnapshotStore
from launchpad_tui.services.desk import Desk
from launchpad_tui.services.doctor import Level, examine
from tests.services.execution_support import Bench


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A desk over an empty home."""
    found = open_desk(Home.at(tmp_path / "home"))
    at = now()
    configuration = Configuration("c", "c", "s", "x", {}, {}, at)
    with found.registry.write():
        configurations.add(found.registry, DEFAULT_SCOPE, configuration)
    yield found
    found.close()


def recorded(desk: Desk, execution_id: str, code: Path | None, **more: object) -> str:
    """Insert an execution with a snapshot of a folder; return the ID of the snapshot."""
    at = now()
    new = Execution(
        execution_id, "c", "c", "s", "x", "1", Status.PENDING, TargetStatus.COMPLETED, "", at, at
    )
    executions.create(desk.registry, DEFAULT_SCOPE, new)
    content = dict(more)
    stored = ""
    if code is not None:
        store = CodeSnapshotStore(desk.home.code_snapshots)
        snapshot = store.store(code, ["code"], {}, "kind: WorkflowTemplate\n")
        stored = snapshot.id
        content["snapshot"] = {"id": stored, "files": len(snapshot.files), "size": snapshot.size}
    provenance.put(desk.registry, DEFAULT_SCOPE, execution_id, content)
    return stored


def changed(desk: Desk) -> dict[str, ChangedFile]:
    """Return the files that differ between the executions ``e1`` and ``e2``."""
    return {each.path: each for each in desk.code.changed_files(DEFAULT_SCOPE, "e1", "e2")}


def test_files_of_every_kind_are_compared(desk: Desk, tmp_path: Path) -> None:
    code = tmp_path / "code"
    code.mkdir()
    for name, text in (("same.py", "1"), ("train.py", "a = 1\n"), ("run.sh", "x"), ("old.py", "1")):
        (code / name).write_text(text)
    (code / "data.bin").write_bytes(b"\0\1")
    (code / "large.csv").write_bytes(b"1\n" * 1_500_000)
    (code / "link").symlink_to("train.py")
    (code / "ümlaut.py").write_text("ü")
    recorded(desk, "e1", tmp_path)
    (code / "train.py").write_text("a = 2\n")
    (code / "run.sh").chmod(0o755)
    (code / "old.py").unlink()
    (code / "new.py").write_text("2")
    (code / "data.bin").write_bytes(b"\0\2")
    (code / "large.csv").write_bytes(b"2\n" * 1_500_000)
    (code / "link").unlink()
    (code / "link").symlink_to("same.py")
    (code / "ümlaut.py").write_bytes(b"\xff")
    recorded(desk, "e2", tmp_path)
    found = changed(desk)
    assert found.keys() == {
        *("train.py", "run.sh", "old.py", "new.py", "data.bin", "large.csv", "link", "ümlaut.py")
    }
    assert (found["train.py"].before, found["train.py"].after) == ("a = 1\n", "a = 2\n")
    assert found["run.sh"].note == "only the permission to execute differs"
    assert (found["old.py"].before, found["old.py"].after) == ("1", None)
    assert (found["new.py"].before, found["new.py"].after) == (None, "2")
    assert found["data.bin"].note == "differs; not text"
    assert found["large.csv"].note == "differs; too large to compare: 3,000,000 B"
    assert (found["link"].before, found["link"].after) == ("link to train.py", "link to same.py")
    assert found["ümlaut.py"].after == "\ufffd"
    one, other = desk.compare.executions(DEFAULT_SCOPE, ["e1", "e2"])
    assert one.code["file train.py"] != other.code["file train.py"]
    assert one.code["file same.py"] == other.code["file same.py"]


def test_many_files_are_only_named(desk: Desk, tmp_path: Path) -> None:
    code = tmp_path / "code"
    code.mkdir()
    recorded(desk, "e1", tmp_path)
    for number in range(250):
        (code / f"{number:03}.py").write_text(str(number))
    recorded(desk, "e2", tmp_path)
    found = changed(desk)
    assert len(found) == 250
    assert found["199.py"].after == "199"
    assert found["200.py"].note


def test_patches_are_compared_without_snapshots(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "code").mkdir()
    recorded(desk, "e1", None, patch="-a\n+b\n")
    recorded(desk, "e2", tmp_path, patch="-a\n+c\n")
    assert changed(desk) == {
        "uncommitted changes": ChangedFile("uncommitted changes", "-a\n+b\n", "-a\n+c\n")
    }


def test_the_doctor_reports_damaged_snapshots(desk: Desk, tmp_path: Path) -> None:
    def findings(*, checksums: bool = False) -> list[tuple[Level, str]]:
        found = examine(desk.home, checksums=checksums)
        return [(each.level, each.message) for each in found if each.area == "code"]

    code = tmp_path / "code"
    code.mkdir()
    (code / "train.py").write_text("1")
    assert findings() == []
    snapshot = recorded(desk, "e1", tmp_path)
    ((level, message),) = findings(checksums=True)
    assert level is Level.OK
    assert message.startswith("1 code snapshot, ")
    stored = CodeSnapshotStore(desk.home.code_snapshots).load(snapshot)
    sha256 = stored.files["code/train.py"].sha256
    content = desk.home.code_snapshots / "contents" / sha256[:2] / sha256[2:]
    content.write_text("2")
    assert findings()[0][0] is Level.OK
    ((level, message),) = findings(checksums=True)
    assert (level, snapshot[:12] in message) == (Level.ERROR, True)
    content.unlink()
    ((level, message),) = findings()
    assert (level, str(content) in message) == (Level.ERROR, True)


def test_an_execution_that_has_not_ended_is_not_reproduced(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    try:
        execution = bench.shell("echo begun; sleep 600")
        bench.wait_for_log(execution, "begun")
        with pytest.raises(Conflict, match="cannot be reproduced now"):
            bench.desk.reproduction.create(bench.scope, execution)
    finally:
        bench.close()
