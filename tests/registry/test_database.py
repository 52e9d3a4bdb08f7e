"""The registry file: concurrent first starts, damage, versions, a full disk, several writers."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from launchpad_tui.domain.connection import DEFAULT_SCOPE
from launchpad_tui.errors import Conflict, RegistryBusy, RegistryCorrupt, SchemaTooNew, StorageFull
from launchpad_tui.registry import database, preferences, schema, series
from launchpad_tui.registry.database import Registry
from launchpad_tui.registry.revisions import RevisionWatch, touch
from tests.registry.registry_data import add_artifact, add_execution

ROOT = Path(__file__).parents[2]


def start(script: str, *arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", f"import sys\n{script}", *map(str, arguments)]
    return subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def finish(processes: list[subprocess.Popen[str]]) -> list[str]:
    answers = [process.communicate(timeout=60) for process in processes]
    assert [process.returncode for process in processes] == [0] * len(processes), answers
    return [out for out, _ in answers]


def test_concurrent_first_starts_create_one_registry(tmp_path: Path) -> None:
    script = """
from pathlib import Path
from launchpad_tui.bootstrap import first_start
from launchpad_tui.registry.database import Registry
from launchpad_tui.registry import connections
registry = Registry(Path(sys.argv[1]))
first_start(registry)
print(len(connections.connections(registry)))
"""
    assert finish([start(script, tmp_path / "registry.db") for _ in range(5)]) == ["1\n"] * 5
    with sqlite3.connect(tmp_path / "registry.db") as db:
        assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert db.execute("SELECT count(*) FROM _sqlite_migrations").fetchone() == (schema.VERSION,)
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []


def test_reopening_does_not_import_sqlite_utils(registry: Registry) -> None:
    script = """
from pathlib import Path
from launchpad_tui.registry.database import Registry
Registry(Path(sys.argv[1]))
assert not {"sqlite_utils", "numpy"} & sys.modules.keys()
"""
    finish([start(script, registry.path)])


def test_processes_write_and_read_concurrently(registry: Registry) -> None:
    ids = [f"e{i:015x}" for i in range(3)]
    for one in ids:
        add_execution(registry, one)
    script = """
from pathlib import Path
from datetime import UTC, datetime
from launchpad_tui.domain.metric import Metric
from launchpad_tui.registry import chunk, series
from launchpad_tui.registry.database import Registry
chunk.SIZE = 64
registry = Registry(Path(sys.argv[1]))
at = datetime(2026, 1, 1, tzinfo=UTC)
for step in range(0, 600, 3):
    points = [Metric("loss", float(k), at, k) for k in range(step, step + 3)]
    series.append(registry, sys.argv[2], points)
"""
    # Two processes write to one execution, two to others; this process reads consistent states.
    processes = [start(script, registry.path, one) for one in (ids[0], ids[0], ids[1], ids[2])]
    while any(process.poll() is None for process in processes):
        with registry.read() as db:
            rows = db.execute(
                "SELECT s.count, (SELECT coalesce(sum(c.count), 0) FROM chunks c "
                "WHERE c.series_pk = s.series_pk) + (SELECT count(*) FROM tail t "
                "WHERE t.series_pk = s.series_pk) FROM series_summaries s"
            ).fetchall()
        assert all(count == stored for count, stored in rows)
    finish(processes)
    found = series.summaries(registry, DEFAULT_SCOPE, ids)
    assert [found[one][0].count for one in ids] == [600, 600, 600]
    assert found[ids[0]][0].last == 599.0


def test_a_killed_writer_leaves_no_partial_data(registry: Registry) -> None:
    script = """
import os, signal
from pathlib import Path
from tests.registry.registry_data import add_artifact
from launchpad_tui.registry.database import Registry
registry = Registry(Path(sys.argv[1]))
add_artifact(registry, "kept-1")
with registry.write("artifacts"):
    add_artifact(registry, "lost-1")
    os.kill(os.getpid(), signal.SIGKILL)
"""
    process = start(script, registry.path)
    process.communicate(timeout=60)
    assert process.returncode == -9
    with registry.read() as db:
        assert db.execute("SELECT id FROM artifacts").fetchall() == [("kept-1",)]


def test_nested_writes_are_one_transaction(registry: Registry) -> None:
    def twice() -> None:
        with registry.write():
            add_artifact(registry, "model-1")
            add_artifact(registry, "model-1")

    with pytest.raises(Conflict):
        twice()
    with registry.read() as db:
        assert db.execute("SELECT count(*) FROM artifacts").fetchone() == (0,)
        with pytest.raises(RuntimeError), registry.write():
            pass


def test_a_file_without_a_database_is_reported_and_not_changed(tmp_path: Path) -> None:
    path = tmp_path / "registry.db"
    path.write_bytes(b"something else entirely " * 500)
    with pytest.raises(RegistryCorrupt) as caught:
        Registry(path)
    assert str(path) in caught.value.detail
    assert caught.value.hint
    assert path.read_bytes().startswith(b"something else")


def test_views_in_place_of_tables_are_reported(tmp_path: Path) -> None:
    path = tmp_path / "registry.db"
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute("CREATE VIEW _sqlite_migrations AS SELECT 1")
    with pytest.raises(RegistryCorrupt):
        Registry(path)


def test_damaged_pages_are_reported(registry: Registry) -> None:
    for i in range(200):
        add_artifact(registry, f"model-{i:04d}")
    registry.connect().execute("PRAGMA wal_checkpoint(TRUNCATE)").connection.close()
    registry.close()
    data = bytearray(registry.path.read_bytes())
    data[4096 * 3 :] = b"\xff" * (len(data) - 4096 * 3)
    registry.path.write_bytes(data)
    with pytest.raises(RegistryCorrupt), Registry(registry.path).read() as db:
        db.execute("SELECT count(*) FROM artifacts WHERE search_text LIKE '%x%'").fetchone()


def test_a_registry_of_a_later_version_is_rejected(registry: Registry) -> None:
    with registry.write() as db:
        db.execute(f"PRAGMA user_version = {schema.VERSION + 1}")
    with pytest.raises(SchemaTooNew):
        Registry(registry.path)


def test_the_file_is_private_to_its_owner(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        created = Registry(tmp_path / "registry.db")
        with created.write() as db:
            db.execute("INSERT INTO preferences VALUES ('a', '1')")
            modes = {path.name: oct(path.stat().st_mode & 0o777) for path in tmp_path.iterdir()}
    finally:
        os.umask(before)
    assert set(modes.values()) == {"0o600"}, modes
    assert "registry.db-wal" in modes


def test_a_writer_that_waits_too_long_reports_a_busy_registry(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BUSY_MILLISECONDS", 50)
    other = Registry(registry.path)
    with registry.write() as db:
        db.execute("INSERT INTO preferences VALUES ('a', '1')")
        with pytest.raises(RegistryBusy) as caught:
            in_thread(lambda: preferences.put(other, "b", 2))
        assert caught.value.retryable
        assert preferences.get(other, "a") is None  # readers never wait
    assert preferences.get(other, "a") == 1


def test_a_statement_that_is_executed_alone_is_a_transaction(registry: Registry) -> None:
    insert = "INSERT INTO preferences SELECT ?, '1' WHERE ?"
    assert registry.execute_alone(insert, ("a", 1)) == 1
    assert registry.execute_alone(insert, ("b", 0)) == 0
    other = Registry(registry.path)
    assert preferences.get(other, "a") == 1
    with pytest.raises(Conflict):
        registry.execute_alone(insert, ("a", 1))

    def fail() -> None:
        with registry.write():
            registry.execute_alone(insert, ("c", 1))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert preferences.get(registry, "c") is None


def test_a_statement_that_is_executed_alone_waits_for_another_writer(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    insert = "INSERT INTO preferences VALUES (?, '1')"
    other = Registry(registry.path)
    monkeypatch.setattr(database, "BUSY_MILLISECONDS", 60_000)
    with registry.write():
        waiting = threading.Thread(target=other.execute_alone, args=(insert, ("a",)))
        waiting.start()
        waiting.join(0.05)
        assert waiting.is_alive()
    waiting.join(60)
    assert preferences.get(registry, "a") == 1
    monkeypatch.setattr(database, "BUSY_MILLISECONDS", 50)
    with registry.write(), pytest.raises(RegistryBusy):
        in_thread(lambda: other.execute_alone(insert, ("b",)))


def test_reads_wait_longer_for_a_lock_than_an_attempt_to_write(registry: Registry) -> None:
    timeout = "PRAGMA busy_timeout"
    with registry.write() as db:
        assert 0 < db.execute(timeout).fetchone()[0] < 100
    with registry.read() as db:
        assert db.execute(timeout).fetchone()[0] == database.BUSY_MILLISECONDS
    registry.execute_alone("INSERT INTO preferences VALUES ('a', '1')", ())
    with registry.read() as db:
        assert db.execute(timeout).fetchone()[0] == database.BUSY_MILLISECONDS


def test_a_full_disk_is_reported_and_damages_nothing(registry: Registry) -> None:
    with registry.read() as db:
        pages = db.execute("PRAGMA page_count").fetchone()[0]
        db.execute(f"PRAGMA max_page_count = {pages + 2}")
    with pytest.raises(StorageFull):
        write_much(registry)
    with registry.read() as db:
        assert db.execute("PRAGMA quick_check").fetchone() == ("ok",)


def test_changes_are_reported_by_topic(registry: Registry) -> None:
    watch = RevisionWatch(registry)
    assert watch.poll() == frozenset()
    add_artifact(registry, "model-1")
    assert watch.poll() == {"artifacts"}
    other = Registry(registry.path)
    touch(other, "logs")
    add_execution(other, "e1")
    assert watch.poll() == {"logs", "executions", "configurations"}
    assert watch.poll() == frozenset()
    watch.close()


def test_connections_of_ended_threads_are_closed(registry: Registry) -> None:
    before = len(registry._handles)
    for _ in range(20):
        in_thread(lambda: preferences.get(registry, "a"))
    assert len(registry._handles) == before


def write_much(registry: Registry) -> None:
    for i in range(1000):
        add_artifact(registry, f"model-{i:04d}", description="x" * 4000)


def in_thread(action: object) -> None:
    assert callable(action)
    errors: list[Exception] = []

    def call() -> None:
        try:
            action()
        except Exception as error:  # noqa: BLE001  handed to the caller
            errors.append(error)

    thread = threading.Thread(target=call)
    thread.start()
    thread.join()
    if errors:
        raise errors[0]
