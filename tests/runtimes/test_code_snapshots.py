"""Content-addressed snapshots of code, with real files and killed processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from launchpad_tui.errors import ConfigError, NotFound
from launchpad_tui.runtimes.code_snapshots import GRACE_SECONDS, CodeSnapshotStore

LAYOUT = {"train": {"folder": "code"}}
#: stores a snapshot, and kills itself before the second file gets its name
KILLED = """
import os, signal, sys
from pathlib import Path
from launchpad_tui.runtimes.code_snapshots import CodeSnapshotStore

store, base = Path(sys.argv[1]), Path(sys.argv[2])
count = 0
def counted(function):
    def call(*arguments):
        global count
        count += 1
        if count == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        function(*arguments)
    return call
os.replace, os.rename = counted(os.replace), counted(os.rename)
CodeSnapshotStore(store).store(base, ["code"], {}, "kind: WorkflowTemplate")
"""


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """A folder ``code`` with a program, a package, an empty folder and a link."""
    code = tmp_path / "base" / "code"
    (code / "package").mkdir(parents=True)
    (code / "empty").mkdir()
    (code / "train.py").write_text("print(1)\n")
    (code / "run.sh").write_text("#!/bin/sh\n")
    (code / "run.sh").chmod(0o755)
    (code / "package" / "data.bin").write_bytes(bytes(range(256)))
    (code / "link.py").symlink_to("train.py")
    return tmp_path / "base"


@pytest.fixture
def store(tmp_path: Path) -> CodeSnapshotStore:
    """An empty store."""
    return CodeSnapshotStore(tmp_path / "store")


def contents(folder: Path) -> list[Path]:
    """Return the stored contents."""
    return sorted(path for path in (folder / "contents").rglob("*") if path.is_file())


def age(folder: Path) -> None:
    """Make everything in a store older than the time for which new snapshots are kept."""
    old = time.time() - 2 * GRACE_SECONDS
    for path in folder.rglob("*"):
        os.utime(path, (old, old))


def test_a_snapshot_is_restored(base: Path, store: CodeSnapshotStore, tmp_path: Path) -> None:
    stored = store.store(base, ["code"], LAYOUT, "the template")
    loaded = store.load(stored.id)
    assert loaded == stored
    assert loaded.layout == LAYOUT
    store.restore(loaded, tmp_path / "restored")
    code = tmp_path / "restored" / "code"
    assert (code / "train.py").read_text() == "print(1)\n"
    assert os.access(code / "run.sh", os.X_OK)
    assert not os.access(code / "train.py", os.X_OK)
    assert (code / "package" / "data.bin").read_bytes() == bytes(range(256))
    assert os.readlink(code / "link.py") == "train.py"
    assert (code / "empty").is_dir()
    assert store.content(loaded, loaded.template) == b"the template"
    # What was restored has the same snapshot.
    assert store.store(tmp_path / "restored", ["code"], LAYOUT, "the template").id == stored.id


def test_equal_contents_are_stored_once(
    base: Path, store: CodeSnapshotStore, tmp_path: Path
) -> None:
    one = store.store(base, ["code"], {}, "")
    before = contents(tmp_path / "store")
    os.utime(base / "code" / "train.py", (1, 1))
    assert store.store(base, ["code"], {}, "").id == one.id
    assert contents(tmp_path / "store") == before
    (base / "code" / "train.py").write_text("print(2)\n")
    assert store.store(base, ["code"], {}, "").id != one.id
    assert len(contents(tmp_path / "store")) == len(before) + 1


def test_a_killed_process_leaves_no_incomplete_snapshot(
    base: Path, store: CodeSnapshotStore, tmp_path: Path
) -> None:
    killed = 0
    while True:
        words = [str(tmp_path / "store"), str(base)]
        done = subprocess.run([sys.executable, "-c", KILLED, *words], check=False)
        for one in store.ids():
            store.restore(store.load(one), tmp_path / f"restored-{killed}")
        if done.returncode != -signal.SIGKILL:
            assert done.returncode == 0
            break
        assert not store.ids()
        killed += 1
    # Each process stores one of four contents; the last one was killed before the manifest.
    assert killed == 4
    (complete,) = store.ids()
    restored = tmp_path / f"restored-{killed}" / "code" / "train.py"
    assert restored.read_text() == "print(1)\n"
    # The files that the killed processes left are removed, the snapshot is not.
    day_before_yesterday = time.time() - 2 * 86_400
    for path in (tmp_path / "store").rglob(".*"):
        os.utime(path, (day_before_yesterday, day_before_yesterday))
    store.remove_others({complete})
    assert not [path for path in contents(tmp_path / "store") if path.name.startswith(".")]
    store.restore(store.load(complete), tmp_path / "again")


def test_only_what_nothing_refers_to_is_removed(
    base: Path, store: CodeSnapshotStore, tmp_path: Path
) -> None:
    one = store.store(base, ["code"], {}, "")
    (base / "code" / "train.py").write_text("print(2)\n")
    other = store.store(base, ["code"], {}, "")
    # New snapshots are kept: their executions may not have been recorded yet.
    assert not store.remove_others(()).ids
    age(tmp_path / "store")
    planned = store.remove_others({one.id}, dry_run=True)
    assert planned.ids == (other.id,)
    assert other.id in store.ids()
    removed = store.remove_others({one.id})
    assert removed == planned
    # The manifest and the content that only it had.
    assert removed.size > len("print(2)\n")
    store.restore(store.load(one.id), tmp_path / "restored")
    with pytest.raises(NotFound):
        store.load(other.id)
    store.remove_others(())
    assert not contents(tmp_path / "store")


def test_storing_again_keeps_a_snapshot(
    base: Path, store: CodeSnapshotStore, tmp_path: Path
) -> None:
    one = store.store(base, ["code"], {}, "")
    age(tmp_path / "store")
    store.store(base, ["code"], {}, "")
    assert not store.remove_others(()).ids
    store.restore(store.load(one.id), tmp_path / "restored")


def test_damage_is_reported(base: Path, store: CodeSnapshotStore, tmp_path: Path) -> None:
    one = store.store(base, ["code"], {}, "")
    program = one.files["code/train.py"]
    path = tmp_path / "store" / "contents" / program.sha256[:2] / program.sha256[2:]
    path.write_text("print(3)\n")
    with pytest.raises(ConfigError, match="damaged"):
        store.restore(one, tmp_path / "restored")
    # A file that is shorter, as after a power failure, is replaced by the next snapshot.
    path.write_text("")
    store.store(base, ["code"], {}, "")
    store.restore(one, tmp_path / "restored")
    manifest = tmp_path / "store" / "snapshots" / f"{one.id}.json"
    manifest.write_bytes(manifest.read_bytes().replace(b"train.py", b"other.py"))
    with pytest.raises(ConfigError, match="damaged"):
        store.load(one.id)


def test_an_existing_folder_is_not_overwritten(
    base: Path, store: CodeSnapshotStore, tmp_path: Path
) -> None:
    one = store.store(base, ["code"], {}, "the template")
    with pytest.raises(ConfigError, match="not an empty folder"):
        store.export(one, base)
    store.export(one, tmp_path / "new" / "folder")
    assert (tmp_path / "new" / "folder" / "template.yaml").read_text() == "the template"
