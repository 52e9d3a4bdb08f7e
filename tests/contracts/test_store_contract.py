"""The contract of every kind of object store: objects, folders and publications."""

from __future__ import annotations

import hashlib
import io
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from launchpad_tui.domain.timestamps import now
from launchpad_tui.errors import Conflict, InvalidInput, ObjectMissing
from launchpad_tui.stores.base import STAGING, ObjectStore, SourceFile
from launchpad_tui.stores.bucket import BucketStore
from launchpad_tui.stores.file import FileStore

#: Size in bytes of an object that S3 uploads in several parts.
BIG = 40 << 20

NAMES = [
    "a:b c",
    "ünï/🚀 rocket",
    "quote\"'`$(x)",
    "-rf",
    "percent%2Fplus+",
    "tab\tnew\nline",
    "esc\x1b[31m",
    "[bold]x[/]",
    "x" * 200,
    "#?&=;",
    "deep/" * 20 + "end",
]


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def put(store: ObjectStore, folder: Path, path: str, content: bytes = b"content") -> None:
    source = folder / "source"
    source.write_bytes(content)
    store.put(path, source)


def read(store: ObjectStore, path: str) -> bytes:
    target = io.BytesIO()
    store.get(path, target)
    return target.getvalue()


def paths(store: ObjectStore, path: str = "", limit: int | None = None) -> list[str]:
    return [each.path for each in store.list(path, limit=limit)]


def sources(folder: Path, contents: dict[str, bytes]) -> list[SourceFile]:
    files = []
    for number, (path, content) in enumerate(contents.items()):
        file = folder / f"source-{number}"
        file.write_bytes(content)
        files.append(SourceFile(path, file))
    return files


def test_check_returns_the_location(store: ObjectStore) -> None:
    assert store.check()


def test_put_and_get_round_trip(store: ObjectStore, tmp_path: Path) -> None:
    source = tmp_path / "model.bin"
    source.write_bytes(b"weights")
    stored = store.put("m/model.bin", source)
    assert (stored.path, stored.size, stored.sha256) == ("m/model.bin", 7, sha(b"weights"))
    found = store.stat("m/model.bin")
    assert (found.path, found.size) == ("m/model.bin", 7)
    assert found.sha256 in {"", sha(b"weights")}
    assert abs(found.modified - now()) < timedelta(minutes=5)
    target = io.BytesIO()
    got = store.get("m/model.bin", target)
    assert target.getvalue() == b"weights"
    assert (got.size, got.sha256) == (7, sha(b"weights"))


def test_put_replaces(store: ObjectStore, tmp_path: Path) -> None:
    put(store, tmp_path, "m", b"old and long")
    put(store, tmp_path, "m", b"new")
    assert read(store, "m") == b"new"
    assert [(each.path, each.size) for each in store.list()] == [("m", 3)]


def test_empty_object(store: ObjectStore, tmp_path: Path) -> None:
    put(store, tmp_path, "empty", b"")
    assert read(store, "empty") == b""
    assert store.stat("empty").size == 0


def test_put_verifies_the_hash(store: ObjectStore, tmp_path: Path) -> None:
    source = tmp_path / "x"
    source.write_bytes(b"x")
    with pytest.raises(Conflict):
        store.put("x", source, sha256=sha(b"y"))
    assert paths(store) == []
    store.put("x", source, sha256=sha(b"x"))
    assert paths(store) == ["x"]


def test_missing_objects(store: ObjectStore, tmp_path: Path) -> None:
    put(store, tmp_path, "folder/x")
    for path in ("nothing", "folder", "folder/y", "folder/x/y"):
        with pytest.raises(ObjectMissing):
            store.stat(path)
        with pytest.raises(ObjectMissing):
            store.get(path, io.BytesIO())
    assert paths(store, "nothing") == []
    assert paths(store, "nothing/at/all") == []


def test_a_source_that_is_not_a_file(store: ObjectStore, tmp_path: Path) -> None:
    for source in (tmp_path, tmp_path / "nothing"):
        with pytest.raises(InvalidInput):
            store.put("x", source)
    assert paths(store) == []


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
def test_names(store: ObjectStore, tmp_path: Path, name: str) -> None:
    put(store, tmp_path, f"n/{name}", b"1")
    store.publish("p", [SourceFile(name, tmp_path / "source")])
    assert paths(store) == [f"n/{name}", f"p/{name}"]
    assert read(store, f"p/{name}") == b"1"
    assert store.stat(f"n/{name}").path == f"n/{name}"
    store.delete(f"n/{name}")
    assert store.delete_prefix("p") == 1
    assert paths(store) == []


@pytest.mark.parametrize(
    "path",
    [
        "",
        "..",
        "../x",
        "a/../../x",
        "/etc/passwd",
        "a//b",
        "a/",
        ".",
        "a/./b",
        "a\0b",
        f"{STAGING}/x",
        "\udc80",
        "x" * 2000,
    ],
)
def test_paths_outside_the_root_are_rejected(store: ObjectStore, tmp_path: Path, path: str) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"x")
    for call in (
        lambda: store.stat(path),
        lambda: store.get(path, io.BytesIO()),
        lambda: store.put(path, source),
        lambda: store.delete(path),
        lambda: store.delete_prefix(path),
        lambda: store.publish(path, [SourceFile(".", source)]),
        lambda: (
            store.publish("good", [SourceFile(f"x/{path}", source)])
            if path[:2] != ".l"
            else store.stat(path)
        ),
    ):
        with pytest.raises(InvalidInput):
            call()
    if path:
        with pytest.raises(InvalidInput):
            paths(store, path)
    assert paths(store) == []


def test_list_is_sorted_and_limited_to_its_folder(store: ObjectStore, tmp_path: Path) -> None:
    names = ["a", "a-b", "a.b/c", "b/a-x", "b/a/1", "b0", "ä", "Z", "b/a.z"]
    for name in names:
        put(store, tmp_path, name)
    ordered = paths(store)
    assert sorted(ordered) == sorted(names)
    if isinstance(store, FileStore):
        assert ordered == sorted(names, key=str.encode)
    assert paths(store, "a") == ["a"]
    assert paths(store, "b") == [name for name in ordered if name.startswith("b/")]
    assert paths(store, "b/a") == ["b/a/1"]
    assert paths(store) == ordered
    assert paths(store, limit=3) == ordered[:3]
    assert paths(store, limit=0) == []


def test_delete(store: ObjectStore, tmp_path: Path) -> None:
    for name in ("m/1", "m/2/x", "m/2/y", "mm"):
        put(store, tmp_path, name)
    store.delete("m/1")
    store.delete("m/1")
    store.delete("m/2")
    assert paths(store) == ["m/2/x", "m/2/y", "mm"]
    assert store.delete_prefix("m") == 2
    assert store.delete_prefix("m") == 0
    assert store.delete_prefix("mm") == 1
    assert paths(store) == []


def test_publish_a_folder(store: ObjectStore, tmp_path: Path) -> None:
    contents = {
        "model.bin": b"weights",
        "sub/one.txt": b"1",
        "sub/zwei ü.txt": b"",
        ".hidden": b"h",
    }
    seen: list[int] = []
    stored = store.publish("e1/model", sources(tmp_path, contents), seen.append)
    assert {each.path: (each.size, each.sha256) for each in stored} == {
        f"e1/model/{path}": (len(content), sha(content)) for path, content in contents.items()
    }
    assert [each.path for each in stored] == [f"e1/model/{path}" for path in contents]
    assert sum(seen) == sum(map(len, contents.values()))
    assert sorted(paths(store, "e1/model")) == sorted(f"e1/model/{path}" for path in contents)
    for path, content in contents.items():
        assert read(store, f"e1/model/{path}") == content


def test_publish_one_file(store: ObjectStore, tmp_path: Path) -> None:
    (stored,) = store.publish("e1/model.tgz", sources(tmp_path, {".": b"tar"}))
    assert (stored.path, stored.size, stored.sha256) == ("e1/model.tgz", 3, sha(b"tar"))
    assert paths(store) == ["e1/model.tgz"]


def test_publish_never_replaces(store: ObjectStore, tmp_path: Path) -> None:
    store.publish("m", sources(tmp_path, {"a": b"1"}))
    put(store, tmp_path, "one", b"1")
    for path in ("m", "one"):
        for contents in ({"b": b"2"}, {".": b"2"}):
            with pytest.raises(Conflict):
                store.publish(path, sources(tmp_path, contents))
    assert paths(store) == ["m/a", "one"]
    assert read(store, "m/a") == b"1"


def test_concurrent_publications_of_the_same_object(
    new_store: Callable[[], ObjectStore], tmp_path: Path
) -> None:
    wins: list[int] = []
    barrier = threading.Barrier(4)

    def publish(number: int) -> None:
        folder = tmp_path / str(number)
        folder.mkdir()
        files = sources(folder, {f"f{i}": bytes([number]) * 1000 for i in range(5)})
        store = new_store()
        store.check()
        barrier.wait()
        try:
            store.publish("same", files)
        except Conflict:
            return
        wins.append(number)

    threads = [threading.Thread(target=publish, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(wins) == 1
    store = new_store()
    assert paths(store) == [f"same/f{i}" for i in range(5)]
    assert {read(store, path)[0] for path in paths(store)} == {wins[0]}


def test_a_publication_is_hidden_until_it_is_complete(
    new_store: Callable[[], ObjectStore], tmp_path: Path
) -> None:
    other = new_store()
    seen: list[list[str]] = []
    missing: list[bool] = []

    def list_objects(_: int) -> None:
        seen.append(paths(other))
        try:
            other.stat("m/0")
        except ObjectMissing:
            missing.append(True)

    contents = {str(i): b"x" * 100_000 for i in range(6)}
    new_store().publish("m", sources(tmp_path, contents), list_objects)
    assert len(seen) >= 6
    assert not any(seen)
    assert len(missing) == len(seen)
    assert paths(other) == [f"m/{i}" for i in range(6)]


def test_a_canceled_publication_leaves_no_objects(
    new_store: Callable[[], ObjectStore], tmp_path: Path
) -> None:
    store = new_store()
    moved = 0

    def stop(count: int) -> None:
        nonlocal moved
        moved += count
        if moved > 250_000:
            raise KeyboardInterrupt

    files = sources(tmp_path, {str(i): b"x" * 100_000 for i in range(6)})
    with pytest.raises(KeyboardInterrupt):
        store.publish("m", files, stop)
    assert paths(new_store()) == []
    assert store.delete_prefix("m") == 0
    store.publish("m", files)
    assert len(paths(store, "m")) == 6


def test_a_source_that_is_deleted_before_the_upload(store: ObjectStore, tmp_path: Path) -> None:
    files = sources(tmp_path, {"a": b"1", "b": b"2"})
    files[1].file.unlink()
    with pytest.raises(InvalidInput):
        store.publish("m", files)
    assert paths(store) == []
    assert store.delete_prefix("m") == 0


def test_a_source_that_changes_during_the_upload(store: ObjectStore, tmp_path: Path) -> None:
    files = sources(tmp_path, {"a": b"1", "b": b"x" * (BIG // 2)})

    def append(_: int) -> None:
        with files[1].file.open("ab") as file:
            file.write(b"more")

    with pytest.raises(Conflict):
        store.publish("m", files, append)
    assert paths(store) == []
    with pytest.raises(Conflict):
        store.put("single", files[1].file, progress=append)
    assert paths(store) == []


def test_large_objects_and_progress(store: ObjectStore, tmp_path: Path) -> None:
    source = tmp_path / "big"
    block = bytes(range(256)) * 4096
    with source.open("wb") as file:
        for number in range(BIG // len(block)):
            file.write(bytes([number]) + block[1:])
    up: list[int] = []
    down: list[int] = []
    stored = store.put("big", source, progress=up.append)
    assert sum(up) == BIG == stored.size
    with source.open("rb") as file:
        expected = hashlib.file_digest(file, "sha256").hexdigest()
    assert stored.sha256 == expected
    with (tmp_path / "back").open("wb") as target:
        got = store.get("big", target, down.append)
    assert (got.size, got.sha256) == (BIG, expected)
    assert sum(down) == BIG
    assert (tmp_path / "back").stat().st_size == BIG


def test_a_canceled_download(store: ObjectStore, tmp_path: Path) -> None:
    put(store, tmp_path, "x", b"x" * 3_000_000)

    def stop(_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.get("x", io.BytesIO(), stop)
    assert len(read(store, "x")) == 3_000_000


def test_small_objects_of_buckets_are_replaced_by_version(store: ObjectStore) -> None:
    """Markers of publications rely on it, see `launchpad_tui.stores.publication`."""
    if not isinstance(store, BucketStore):
        return
    bucket, key = store._bucket, f"{store.prefix}/m"
    first = bucket.create(key, b"1")
    with pytest.raises(Conflict):
        bucket.create(key, b"2")
    second = bucket.write(key, b"2", first)
    if not second:
        # The service cannot check versions.
        return
    assert second != first
    with pytest.raises((Conflict, ObjectMissing)):
        bucket.write(key, b"3", first)
    assert bucket.head(key).version == second
    assert b"".join(bucket.read(key, 0, None, second)) == b"2"
    third = bucket.write(key, b"3")
    bucket.delete([key])
    with pytest.raises((Conflict, ObjectMissing)):
        bucket.write(key, b"4", third)
    assert paths(store) == []


def test_the_services_that_check_versions_are_known(
    request: pytest.FixtureRequest, new_store: Callable[[], ObjectStore]
) -> None:
    store = new_store()
    if isinstance(store, BucketStore):
        checked = bool(store._bucket.create(f"{store.prefix}/m", b"1"))
        assert checked == ("oss" not in request.node.name)
