"""Checks of the home folder, and backups that are consistent while executions write."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from launchpad_tui.bootstrap import open_desk
from launchpad_tui.config.paths import Home
from launchpad_tui.domain.artifact import ArtifactFile
from launchpad_tui.domain.connection import DEFAULT_SCOPE
from launchpad_tui.domain.execution import Status
from launchpad_tui.errors import Conflict, InvalidInput, RegistryCorrupt, SchemaTooNew
from launchpad_tui.registry import artifacts, executions, preferences, series
from launchpad_tui.registry.database import Registry
from launchpad_tui.registry.revisions import RevisionWatch
from launchpad_tui.runtimes.folder_lock import folder_lock
from launchpad_tui.services import maintenance
from launchpad_tui.services.doctor import Finding, Level, examine
from launchpad_tui.services.maintenance import back_up, restore
from tests.registry.registry_data import add_artifact, add_execution

ROOT = Path(__file__).parents[2]
ID = "e000000000000001"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home folder with an execution and a model whose file is stored."""
    home = Home.at(tmp_path / "home")
    desk = open_desk(home)
    add_execution(desk.registry, ID, status=Status.COMPLETED, seconds=3)
    add_artifact(desk.registry, f"{ID}/model", "churn", execution_id=ID)
    artifacts.record_files(
        desk.registry, DEFAULT_SCOPE, f"{ID}/model", [ArtifactFile("weights", 5, "")]
    )
    (home.files / ID / "model").mkdir(parents=True)
    (home.files / ID / "model" / "weights").write_bytes(b"12345")
    (home.executions / ID).mkdir()
    desk.close()
    return home


def problems(home: Home) -> list[Finding]:
    return [each for each in examine(home) if each.level is not Level.OK and each.area != "space"]


def test_an_intact_home_has_no_problems(home: Home) -> None:
    assert problems(home) == []
    areas = {each.area for each in examine(home)}
    assert areas == {
        *("versions", "home", "space", "settings", "credentials"),
        *("registry", "executions", "files"),
    }


def test_a_home_that_does_not_exist_has_only_warnings(tmp_path: Path) -> None:
    found = problems(Home.at(tmp_path / "none"))
    assert {each.level for each in found} == {Level.WARNING}
    assert not (tmp_path / "none").exists()


def damage(home: Home) -> None:
    data = bytearray(home.registry_path.read_bytes())
    data[4096 * 2 : 4096 * 6] = b"\xff" * 4096 * 4
    home.registry_path.write_bytes(data)


def truncate(home: Home) -> None:
    home.registry_path.write_bytes(home.registry_path.read_bytes()[:5000])


def orphan_reference(home: Home) -> None:
    with sqlite3.connect(home.registry_path) as db:
        db.execute("PRAGMA foreign_keys = OFF")
        db.execute("UPDATE tags SET execution_pk = 99")
        db.execute("INSERT INTO tags VALUES (99, 'a', 'b', 1)")


def later_schema(home: Home) -> None:
    with sqlite3.connect(home.registry_path) as db:
        db.execute("PRAGMA user_version = 999")


def lost_supervisor(home: Home) -> None:
    with sqlite3.connect(home.registry_path) as db:
        db.execute("UPDATE executions SET status = 'RUNNING'")


def damage_credentials(home: Home) -> None:
    home.credentials_path.write_text("{")
    home.credentials_path.chmod(0o600)


def kept_outputs(home: Home) -> None:
    (home.executions / ID / "outputs.json").write_text("{}")
    with sqlite3.connect(home.registry_path) as db:
        db.execute("UPDATE executions SET status = 'DEAD'")
        db.execute('UPDATE executions SET status_details = \'{"outputs":"kept"}\'')


@pytest.mark.parametrize(
    ("change", "level", "message", "hint"),
    [
        (damage, Level.ERROR, "damaged", "launchpad restore"),
        (truncate, Level.ERROR, "damaged", "launchpad restore"),
        (orphan_reference, Level.ERROR, "refers to a missing row", "launchpad restore"),
        (later_schema, Level.ERROR, "later version", "Update launchpad"),
        (
            lambda home: home.registry_path.chmod(0o644),
            Level.ERROR,
            "Other users may access",
            "chmod 600",
        ),
        (lambda home: home.root.chmod(0o755), Level.ERROR, "Other users may access", "chmod 700"),
        (
            lambda home: (home.files / ID / "model" / "weights").unlink(),
            Level.ERROR,
            "1 recorded file missing (churn: ",
            "models verify",
        ),
        (
            lambda home: (home.files / ID / "model" / "weights").write_bytes(b"1"),
            Level.ERROR,
            "1 recorded file of another size",
            "models verify",
        ),
        (
            lambda home: (home.files / "e0000000000000ff").mkdir(),
            Level.WARNING,
            "of executions without an artifact",
            "Delete the folders",
        ),
        (
            lambda home: (home.executions / "e0000000000000ff").mkdir(),
            Level.WARNING,
            "without an execution",
            "Restore a backup",
        ),
        (lost_supervisor, Level.WARNING, "without a supervisor", "launchpad reconcile"),
        (kept_outputs, Level.WARNING, "outputs that are not stored", f"store-outputs {ID}"),
        (
            lambda home: home.settings_path.write_text("[ui]\nasci = true\n"),
            Level.WARNING,
            "unknown setting ui.asci",
            "Correct or remove",
        ),
        (
            lambda home: home.settings_path.write_text("[ui\n"),
            Level.ERROR,
            "not valid TOML",
            "Correct",
        ),
        (
            damage_credentials,
            Level.ERROR,
            "credentials file is damaged",
            "",
        ),
    ],
)
def test_problems_are_reported_with_what_to_do(
    home: Home, change: Callable[[Home], object], level: Level, message: str, hint: str
) -> None:
    change(home)
    found = problems(home)
    assert any(
        each.level is level and message in each.message and hint in each.hint for each in found
    ), found


WRITER = """
import sys
from pathlib import Path
from datetime import UTC, datetime
from launchpad_tui.domain.metric import Metric
from launchpad_tui.registry import preferences, series
from launchpad_tui.registry.database import Registry
registry = Registry(Path(sys.argv[1]))
at = datetime(2026, 1, 1, tzinfo=UTC)
step = 0
while True:
    with registry.write():
        points = [Metric("loss", float(k), at, step + k) for k in range(40)]
        series.append(registry, sys.argv[2], points)
        step += 40
        preferences.put(registry, "written", step)
    print(step, flush=True)
"""


def test_a_backup_is_consistent_while_a_process_writes(home: Home, tmp_path: Path) -> None:
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(home.registry_path), ID],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert writer.stdout is not None
        for number in range(8):
            for _ in range(30):
                writer.stdout.readline()
            target = tmp_path / f"backup-{number}.db"
            assert back_up(home, target) == target.stat().st_size
            assert target.stat().st_mode & 0o777 == 0o600
            assert not list(tmp_path.glob("*-wal"))
            with sqlite3.connect(target) as db:
                assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
                assert db.execute("PRAGMA journal_mode").fetchone() == ("delete",)
            copy = Registry(target)
            (found,) = series.summaries(copy, DEFAULT_SCOPE, [ID])[ID]
            assert found.count == preferences.get(copy, "written")
            copy.close()
    finally:
        writer.kill()
        writer.wait()


def test_a_restored_registry_is_seen_by_open_processes(home: Home, tmp_path: Path) -> None:
    target = tmp_path / "backup.db"
    back_up(home, target)
    desk = open_desk(home)
    watch = RevisionWatch(desk.registry)
    add_execution(desk.registry, "e000000000000002", status=Status.DEAD, seconds=1)
    watch.poll()
    former = restore(home, target)
    assert former is not None
    assert {"executions", "configurations"} <= watch.poll()
    assert set(executions.by_id(desk.registry, DEFAULT_SCOPE, [ID, "e000000000000002"])) == {ID}
    # The registry can be written, and the former one is intact.
    add_execution(desk.registry, "e000000000000003", status=Status.DEAD, seconds=1)
    kept = Registry(former)
    assert len(executions.by_id(kept, DEFAULT_SCOPE, [ID, "e000000000000002"])) == 2
    kept.close()
    with desk.registry.read() as db:
        assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    watch.close()
    desk.close()


@pytest.mark.parametrize("change", [damage, truncate, lambda home: home.registry_path.unlink()])
def test_a_damaged_or_missing_registry_is_restored(
    home: Home, tmp_path: Path, change: Callable[[Home], object]
) -> None:
    target = tmp_path / "backup.db"
    back_up(home, target)
    change(home)
    before = home.registry_path.read_bytes() if home.registry_path.exists() else None
    former = restore(home, target)
    assert (former.read_bytes() if former else None) == before
    assert problems(home) == []
    desk = open_desk(home)
    assert executions.execution(desk.registry, DEFAULT_SCOPE, ID).id == ID
    desk.close()


def test_a_restore_is_refused_while_an_execution_runs(home: Home, tmp_path: Path) -> None:
    target = tmp_path / "backup.db"
    back_up(home, target)
    with folder_lock(home.executions / ID), pytest.raises(Conflict) as caught:
        restore(home, target)
    assert ID in caught.value.detail


def test_files_that_are_not_backups_are_refused(home: Home, tmp_path: Path) -> None:
    before = home.registry_path.read_bytes()
    other = tmp_path / "other.db"
    with pytest.raises(InvalidInput, match="no file"):
        restore(home, other)
    for content in (b"", b"text", before[:9000]):
        other.write_bytes(content)
        with pytest.raises(InvalidInput, match="not an intact backup"):
            restore(home, other)
    other.unlink()
    with sqlite3.connect(other) as db:
        db.execute("CREATE TABLE x (a)")
    with pytest.raises(InvalidInput):
        restore(home, other)
    back_up(home, tmp_path / "later.db")
    with sqlite3.connect(tmp_path / "later.db") as db:
        db.execute("PRAGMA user_version = 999")
    with pytest.raises(SchemaTooNew):
        restore(home, tmp_path / "later.db")
    assert home.registry_path.read_bytes() == before


def test_a_backup_replaces_no_file_unasked(home: Home, tmp_path: Path) -> None:
    target = tmp_path / "backup.db"
    target.write_text("mine")
    with pytest.raises(Conflict):
        back_up(home, target)
    assert target.read_text() == "mine"
    back_up(home, target, overwrite=True)
    assert target.read_bytes().startswith(b"SQLite format 3")
    with pytest.raises(InvalidInput):
        back_up(home, tmp_path)
    with pytest.raises(InvalidInput):
        back_up(home, tmp_path / "none" / "backup.db")
    assert sorted(os.listdir(tmp_path)) == ["backup.db", "home"]


def test_a_damaged_registry_is_not_backed_up(home: Home, tmp_path: Path) -> None:
    target = tmp_path / "backup.db"
    target.write_text("an earlier backup")
    damage(home)
    with pytest.raises(RegistryCorrupt):
        back_up(home, target, overwrite=True)
    assert target.read_text() == "an earlier backup"


def test_an_emptied_registry_is_not_taken_for_a_new_home(
    home: Home, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(maintenance, "_CREATION_SECONDS", 0.0)
    backup = tmp_path / "backup.db"
    back_up(home, backup)
    for path in home.root.glob("registry.db*"):
        path.unlink()
    home.registry_path.touch(0o600)
    with pytest.raises(RegistryCorrupt, match="is empty"):
        open_desk(home)
    assert home.registry_path.stat().st_size == 0
    (found,) = [each for each in problems(home) if each.area == "registry"]
    assert found.level is Level.ERROR
    assert "launchpad restore" in found.hint
    restore(home, backup)
    assert problems(home) == []
    # A missing registry is only reported by the checks, because moving it away starts anew.
    home.registry_path.unlink()
    (found,) = [each for each in problems(home) if each.area == "registry"]
    assert (found.level, "launchpad restore" in found.hint) == (Level.ERROR, True)


def test_an_empty_registry_of_an_empty_home_is_created(tmp_path: Path) -> None:
    home = Home.at(tmp_path).ensure()
    home.registry_path.touch(0o600)
    open_desk(home).close()
    assert home.registry_path.stat().st_size > 0


def test_checksums_of_files_are_verified_on_request(home: Home) -> None:
    desk = open_desk(home)
    digest = hashlib.sha256(b"12345").hexdigest()
    artifacts.record_files(
        desk.registry, DEFAULT_SCOPE, f"{ID}/model", [ArtifactFile("weights", 5, digest)]
    )
    desk.close()
    read: list[str] = []
    found = list(examine(home, checksums=True, progress=lambda _, path: read.append(path)))
    assert "1 of them have the recorded checksum" in found[-1].message
    assert read == [str(home.files / ID / "model" / "weights")]
    # The size is the same.
    (home.files / ID / "model" / "weights").write_bytes(b"12346")
    assert problems(home) == []
    (wrong,) = [
        each
        for each in examine(home, checksums=True)
        if each.area == "files" and each.level is Level.ERROR
    ]
    assert "1 recorded file with another checksum" in wrong.message
