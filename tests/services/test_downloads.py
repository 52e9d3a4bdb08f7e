"""Downloads from a real S3 server and from a folder."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from launchpad_tui.domain.stored_object import StoredObject
from launchpad_tui.errors import Conflict, ObjectMissing, PermissionDenied
from launchpad_tui.services import downloads
from launchpad_tui.services.downloads import PART, DownloadItem, fetch, partial_of
from launchpad_tui.stores.base import CHUNK, Abilities, ObjectStore, open_store, part_of
from launchpad_tui.stores.catalog import KINDS
from tests.stores import seaweed

BIG = 4 * PART + 12345


class Cancelled(Exception):
    pass


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture(params=["s3", "file"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStore:
    if request.param == "s3":
        return open_store(KINDS["s3"], seaweed.shared().values(f"fetch/{uuid.uuid4()}"))
    (tmp_path / "root").mkdir()
    return open_store(KINDS["file"], {"root": str(tmp_path / "root")})


@pytest.fixture
def put(store: ObjectStore, tmp_path: Path) -> Callable[[str, bytes], None]:
    def put(path: str, content: bytes) -> None:
        (tmp_path / "source").write_bytes(content)
        store.put(path, tmp_path / "source")

    return put


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "target"


def wanted(store: ObjectStore, folder: Path, path: str, sha256: str = "") -> DownloadItem:
    return DownloadItem(store.stat(path), folder / path, sha256)


def nothing(_count: int, _path: str) -> None:
    """Ignore the progress."""


def test_files_large_small_and_empty(
    store: ObjectStore, put: Callable[[str, bytes], None], folder: Path
) -> None:
    contents = {"big": os.urandom(BIG), "m/small": b"s", "m/empty": b"", "m/exact": bytes(PART)}
    for path, content in contents.items():
        put(path, content)
    moved: dict[str, int] = dict.fromkeys(contents, 0)

    def count(size: int, path: str) -> None:
        moved[path] += size

    found = fetch(store, [wanted(store, folder, path) for path in contents], count)
    assert found == [sha(content) for content in contents.values()]
    assert {path: (folder / path).read_bytes() for path in contents} == contents
    assert moved == {path: len(content) for path, content in contents.items()}
    assert sorted(path.name for path in folder.rglob("*") if path.is_file()) == [
        "big",
        "empty",
        "exact",
        "small",
    ]
    assert (folder / "big").stat().st_mode & 0o777 == 0o666 & ~umask()


def umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_a_cancelled_download_is_resumed(
    store: ObjectStore, put: Callable[[str, bytes], None], folder: Path
) -> None:
    content = os.urandom(BIG)
    put("big", content)
    one = wanted(store, folder, "big")

    def stop(_count: int, _path: str) -> None:
        note = partial_of(one.target, one.found).with_suffix(".parts")
        if note.exists():
            raise Cancelled

    if store.abilities.ranges:
        with pytest.raises(Cancelled):
            fetch(store, [one], stop)
        assert not one.target.exists()
    first: list[int] = []
    assert fetch(store, [one], lambda size, _: first.append(size)) == [sha(content)]
    assert sum(first) == BIG
    if store.abilities.ranges:
        assert first[0] == PART, "a finished part is not downloaded again"
    assert one.target.read_bytes() == content
    assert os.listdir(folder) == ["big"]


def test_a_killed_download_is_resumed(tmp_path: Path, folder: Path) -> None:
    values = seaweed.shared().values(f"fetch/{uuid.uuid4()}")
    store = open_store(KINDS["s3"], values)
    content = os.urandom(BIG)
    (tmp_path / "source").write_bytes(content)
    store.put("big", tmp_path / "source")
    program = (
        "import sys, json, time\n"
        "from pathlib import Path\n"
        "from launchpad_tui.services.downloads import DownloadItem, fetch, partial_of\n"
        "from launchpad_tui.stores.base import open_store\n"
        "from launchpad_tui.stores.catalog import KINDS\n"
        "store = open_store(KINDS['s3'], json.loads(sys.argv[1]))\n"
        "one = DownloadItem(store.stat('big'), Path(sys.argv[2]) / 'big')\n"
        "note = partial_of(one.target, one.found).with_suffix('.parts')\n"
        "def moved(count, path):\n"
        "    if note.exists() and note.read_text():\n"
        "        print('half', flush=True)\n"
        "        time.sleep(60)\n"
        "fetch(store, [one], moved)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program, json.dumps(values), str(folder)], stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdout.readline().startswith(b"half")
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert not (folder / "big").exists()
    seen: list[int] = []
    fetch(store, [wanted(store, folder, "big")], lambda size, _: seen.append(size))
    assert seen[0] == PART
    assert (folder / "big").read_bytes() == content


def test_the_record_of_parts_is_always_consistent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_store(KINDS["s3"], seaweed.shared().values(f"fetch/{uuid.uuid4()}"))
    (tmp_path / "source").write_bytes(bytes(BIG))
    store.put("big", tmp_path / "source")
    (tmp_path / "target").mkdir()
    one = wanted(store, tmp_path / "target", "big")
    note = partial_of(one.target, one.found).with_suffix(".parts")
    seen: list[int] = []

    def write_text(path: Path, text: str) -> int:
        # A process that is killed here leaves a half-written file.
        path.write_bytes(text[: len(text) // 2].encode())
        if note.exists():
            seen.append(len(json.loads(note.read_text())["done"]))
        return path.write_bytes(text.encode())

    monkeypatch.setattr(Path, "write_text", write_text)
    fetch(store, [one], nothing)
    assert seen == list(range(1, BIG // PART + (BIG % PART > 0)))
    assert os.listdir(one.target.parent) == ["big"]


def test_a_changed_version_restarts_the_download(
    store: ObjectStore, put: Callable[[str, bytes], None], folder: Path
) -> None:
    put("x", b"first " * PART)
    old = wanted(store, folder, "x")
    put("x", b"other " * PART)
    with pytest.raises(Conflict):
        fetch(store, [old], nothing)
    assert not (folder / "x").exists()
    fetch(store, [wanted(store, folder, "x")], nothing)
    assert (folder / "x").read_bytes() == b"other " * PART
    assert os.listdir(folder) == ["x"]


def test_nothing_of_a_replaced_object_stays(
    store: ObjectStore, put: Callable[[str, bytes], None], folder: Path
) -> None:
    put("x", b"first " * PART)
    one = wanted(store, folder, "x")

    def stop(_count: int, _path: str) -> None:
        if partial_of(one.target, one.found).exists():
            raise Cancelled

    with pytest.raises(Cancelled):
        fetch(store, [one], stop)
    assert [path.suffix for path in folder.iterdir()] != []
    put("x", b"shorter")
    fetch(store, [wanted(store, folder, "x")], nothing)
    assert (folder / "x").read_bytes() == b"shorter"
    assert os.listdir(folder) == ["x"]


class IgnoresRanges:
    """A store whose server ignores ranges, as behind a proxy that removes them."""

    def __init__(self, content: bytes) -> None:
        self.abilities = Abilities()
        self.content = content
        self.sent = 0
        self.lock = threading.Lock()

    def read(
        self,
        path: str,
        offset: int,
        length: int,
        version: str,
    ) -> Iterator[bytes]:
        self.abilities = replace(self.abilities, ranges=False)

        def chunks() -> Iterator[bytes]:
            for start in range(0, len(self.content), CHUNK):
                chunk = self.content[start : start + CHUNK]
                with self.lock:
                    self.sent += len(chunk)
                yield chunk

        return part_of(chunks(), offset, length)


def test_servers_that_ignore_ranges_send_an_object_a_few_times_at_most(folder: Path) -> None:
    content = os.urandom(20 * PART + 7)
    store = IgnoresRanges(content)
    found = StoredObject("x", len(content), datetime.now(UTC), "", "1")
    moved: list[int] = []
    fetch(
        store,  # type: ignore[arg-type]
        [DownloadItem(found, folder / "x")],
        lambda count, _: moved.append(count),
    )
    assert (folder / "x").read_bytes() == content
    assert sum(moved) == len(content)
    # The first requests run in parallel, and each of them may receive the object up to its part.
    assert store.sent < 3 * len(content)


def test_downloads_are_verified_against_recorded_hashes(
    store: ObjectStore, put: Callable[[str, bytes], None], folder: Path
) -> None:
    put("x", b"now")
    with pytest.raises(Conflict, match="differs from the recorded one"):
        fetch(store, [wanted(store, folder, "x", sha(b"then"))], nothing)
    assert os.listdir(folder) == []
    fetch(store, [wanted(store, folder, "x", sha(b"now"))], nothing)


def test_existing_target_names(
    store: ObjectStore, put: Callable[[str, bytes], None], folder: Path
) -> None:
    put("x", b"new")
    folder.mkdir()
    (folder / "x").write_bytes(b"mine")
    with pytest.raises(Conflict):
        fetch(store, [wanted(store, folder, "x")], nothing)
    assert (folder / "x").read_bytes() == b"mine"
    fetch(store, [wanted(store, folder, "x")], nothing, overwrite=True)
    assert (folder / "x").read_bytes() == b"new"
    assert os.listdir(folder) == ["x"]


def test_an_object_deleted_during_the_download(
    store: ObjectStore, put: Callable[[str, bytes], None], folder: Path
) -> None:
    put("x", b"1")
    one = wanted(store, folder, "x")
    store.delete("x")
    with pytest.raises(ObjectMissing):
        fetch(store, [one], nothing)
    assert not (folder / "x").exists()


def test_a_target_folder_that_is_not_writable(
    store: ObjectStore, put: Callable[[str, bytes], None], tmp_path: Path
) -> None:
    put("x", b"1")
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises((Conflict, PermissionDenied)):
        fetch(store, [DownloadItem(store.stat("x"), tmp_path / "file" / "x")], nothing)


class Silent:
    """A store whose server stops responding."""

    def __init__(self, inner: ObjectStore) -> None:
        self.abilities = inner.abilities

    def read(self, *_: object) -> object:
        time.sleep(30)
        return iter(())


def test_cancelling_does_not_wait_for_the_server(
    store: ObjectStore,
    put: Callable[[str, bytes], None],
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    put("x", b"content")
    one = wanted(store, folder, "x")

    def stop(_count: int, _path: str) -> None:
        raise Cancelled

    started = time.monotonic()
    with pytest.raises(Cancelled):
        fetch(Silent(store), [one], stop)  # type: ignore[arg-type]
    assert time.monotonic() - started < 60


def test_a_download_from_a_silent_server_times_out(
    store: ObjectStore,
    put: Callable[[str, bytes], None],
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from launchpad_tui.errors import Unreachable

    put("x", b"content")
    monkeypatch.setattr(downloads, "_SLOW_TIME", 0.5)
    with pytest.raises(Unreachable, match="too slow"):
        fetch(Silent(store), [wanted(store, folder, "x")], nothing)  # type: ignore[arg-type]
