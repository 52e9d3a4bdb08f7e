from __future__ import annotations

import io
import os
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from launchpad_tui.errors import (
    ConfigError,
    Conflict,
    InvalidInput,
    ObjectMissing,
    PermissionDenied,
    Unreachable,
)
from launchpad_tui.stores.base import STAGING, SourceFile
from launchpad_tui.stores.file import FileStore

PUBLISH = """
import sys, time
from pathlib import Path
from launchpad_tui.errors import StorageFull
from launchpad_tui.stores.base import SourceFile
from launchpad_tui.stores.file import FileStore
root, source = Path(sys.argv[1]), Path(sys.argv[2])
store = FileStore({"root": str(root)})
files = [SourceFile(f"f{i}", source) for i in range(3)]
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    root.mkdir()
    return root


@pytest.fixture
def store(root: Path) -> FileStore:
    return FileStore({"root": str(root)})


@pytest.fixture
def source(tmp_path: Path) -> Path:
    source = tmp_path / "source"
    source.write_bytes(b"x" * 3_000_000)
    return source


def paths(store: FileStore) -> list[str]:
    return [each.path for each in store.list()]


def test_objects_are_plain_files(store: FileStore, root: Path, source: Path) -> None:
    store.publish("e1/model", [SourceFile("sub/a", source)])
    assert (root / "e1/model/sub/a").read_bytes() == source.read_bytes()
    assert list((root / STAGING).iterdir()) == []
    store.delete("e1/model/sub/a")
    assert not (root / "e1").exists()


def test_the_root_must_exist(tmp_path: Path, source: Path) -> None:
    with pytest.raises(ConfigError):
        FileStore({"root": "relative"})
    store = FileStore({"root": str(tmp_path / "not-mounted")})
    for call in (
        store.check,
        lambda: store.put("a", source),
        lambda: list(store.list()),
        lambda: store.stat("a"),
    ):
        with pytest.raises(Unreachable):
            call()
    assert not (tmp_path / "not-mounted").exists()


def test_links_that_leave_the_root_are_not_followed(
    store: FileStore, root: Path, tmp_path: Path, source: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_text("s")
    (root / "dir").symlink_to(outside)
    (root / "file").symlink_to(outside / "secret")
    (root / "up").symlink_to("..")
    (root / "dangling").symlink_to("nothing")
    (root / "loop").symlink_to("loop")
    (root / "staging").symlink_to(STAGING)
    assert paths(store) == []
    for path in ("dir/secret", "file", "up/outside/secret", "staging/x"):
        with pytest.raises(PermissionDenied):
            store.stat(path)
        with pytest.raises(PermissionDenied):
            store.get(path, io.BytesIO())
    for path in ("dir/new", "up/new"):
        calls: list[Callable[[], object]] = [
            partial(store.put, path, source),
            partial(store.publish, path, [SourceFile("a", source)]),
            partial(store.delete, path),
            partial(store.delete_prefix, path),
        ]
        for call in calls:
            with pytest.raises(PermissionDenied):
                call()
    store.put("file", source)
    assert (outside / "secret").read_text() == "s"
    assert [path.name for path in outside.iterdir()] == ["secret"]


def test_links_that_stay_inside_are_followed(store: FileStore, root: Path) -> None:
    (root / "a").mkdir()
    (root / "a" / "x").write_text("x")
    (root / "b").symlink_to("a")
    (root / "a" / "circle").symlink_to("..")
    assert "b/x" in paths(store)
    assert store.stat("b/x").size == 1
    assert len(paths(store)) < 20


def test_folders_and_special_files_are_not_listed_as_objects(store: FileStore, root: Path) -> None:
    (root / "empty").mkdir()
    os.mkfifo(root / "pipe")
    assert paths(store) == []
    for path in ("empty", "pipe"):
        with pytest.raises(ObjectMissing):
            store.get(path, io.BytesIO())


def test_names_that_are_not_utf8(store: FileStore, root: Path) -> None:
    (root / "d").mkdir()
    Path(os.fsdecode(os.fsencode(root / "d") + b"/\xff")).write_text("x")
    with pytest.raises(InvalidInput):
        list(store.list("d"))


def test_a_file_in_place_of_a_folder(store: FileStore, source: Path) -> None:
    store.put("a", source)
    for call in (
        lambda: store.put("a/b", source),
        lambda: store.publish("a/b", [SourceFile("c", source)]),
    ):
        with pytest.raises(Conflict):
            call()
    store.put("d/e", source)
    with pytest.raises(Conflict):
        store.put("d", source)
    assert paths(store) == ["a", "d/e"]


def test_a_name_that_the_file_system_rejects(store: FileStore, source: Path) -> None:
    with pytest.raises(InvalidInput):
        store.put("x" * 300, source)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_read_only(store: FileStore, root: Path, source: Path) -> None:
    root.chmod(0o500)
    with pytest.raises(PermissionDenied):
        store.put("a", source)
    assert "read only" in store.check()
    root.chmod(0o700)


def test_a_killed_publication_leaves_no_visible_objects(
    store: FileStore, root: Path, source: Path
) -> None:
    program = PUBLISH + (
        "def moved(count):\n"
        "    if list(root.rglob('f1')):\n"
        "        print('half', flush=True)\n"
        "        time.sleep(60)\n"
        "store.publish('e1/model', files, moved)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(root), str(source)], stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"half\n"
    left = list((root / STAGING).iterdir())
    assert len(left) == 2
    store.put("other", source)
    assert set(left) <= set((root / STAGING).iterdir()), "folders of a running process are kept"
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert paths(store) == ["other"]
    assert not (root / "e1").exists()
    store.put("other", source)
    assert list((root / STAGING).iterdir()) == []
    store.publish("e1/model", [SourceFile("f0", source)])
    assert paths(store) == ["e1/model/f0", "other"]


FULL = PUBLISH + (
    "for call in (lambda: store.publish('e1/model', files), lambda: store.put('single', source)):\n"
    "    try:\n"
    "        call()\n"
    "    except StorageFull as error:\n"
    "        assert not list(store.list()), 'listed'\n"
    "        left = [p.name for p in root.rglob('*')]\n"
    "        assert left == ['.launchpad-staging'], left\n"
    "        print('full')\n"
)


def test_a_full_disk(tmp_path: Path, source: Path) -> None:
    unshare = shutil.which("unshare")
    probe = [unshare or "unshare", "-Urm", "mount", "-t", "tmpfs", "none", str(tmp_path)]
    if unshare is None or subprocess.run(probe, capture_output=True, check=False).returncode:
        pytest.skip("only root may mount file systems, even in a namespace")
    mounted = tmp_path / "disk"
    mounted.mkdir()
    program = FULL + (
        "source.write_bytes(b'y' * 500_000)\n"
        "store.publish('e1/model', files)\n"
        "print([each.path for each in store.list()])\n"
    )
    # Neither one nor three files of 3 MB fit into 2 MB. A failed upload frees its space again.
    script = 'mount -t tmpfs -o size=2m none "$1" && exec "$2" -c "$3" "$1" "$4"'
    command = [
        unshare,
        "-Urm",
        "sh",
        "-c",
        script,
        "sh",
        str(mounted),
        sys.executable,
        program,
        str(source),
    ]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    expected = "full\nfull\n['e1/model/f0', 'e1/model/f1', 'e1/model/f2']\n"
    assert result.stdout == expected, result.stderr


def test_a_limit_on_file_size(root: Path, source: Path) -> None:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))

    result = subprocess.run(
        [sys.executable, "-c", FULL, str(root), str(source)],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=limit,
    )
    assert result.stdout == "full\nfull\n", result.stderr
