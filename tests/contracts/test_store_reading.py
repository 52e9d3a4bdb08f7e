"""The contract of every kind of object store: browsing, partial reads, copies and checksums."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from launchpad_tui.errors import CapabilityMissing, Conflict, InvalidInput, ObjectMissing
from launchpad_tui.stores.base import CHUNK, ObjectStore, SourceFile


@pytest.fixture
def put(store: ObjectStore, tmp_path: Path) -> Callable[..., None]:
    def put(path: str, content: bytes = b"content") -> None:
        source = tmp_path / "source"
        source.write_bytes(content)
        store.put(path, source)

    return put


def read(
    store: ObjectStore, path: str, offset: int = 0, length: int | None = None, version: str = ""
) -> bytes:
    return b"".join(store.read(path, offset, length, version))


def pages(store: ObjectStore, path: str, limit: int) -> tuple[list[str], list[str]]:
    folders: list[str] = []
    objects: list[str] = []
    token = ""
    for _ in range(100):
        page = store.browse(path, token, limit)
        assert len(page.folders) + len(page.objects) <= limit
        folders += page.folders
        objects += [each.path for each in page.objects]
        token = page.next
        if not token:
            return folders, objects
    raise AssertionError("the listing does not end")


def test_browsing_lists_direct_children(store: ObjectStore, put: Callable[..., None]) -> None:
    for path in ("a", "b c/1", "b c/2/3", "b c/2/4", "b%20c/x", "ü/y", "z"):
        put(path)
    root = store.browse()
    assert sorted(root.folders) == ["b c", "b%20c", "ü"]
    assert sorted(each.path for each in root.objects) == ["a", "z"]
    assert {each.size for each in root.objects} == {7}
    assert not root.next
    inside = store.browse("b c")
    assert (inside.folders, [each.path for each in inside.objects]) == (("b c/2",), ["b c/1"])
    assert store.browse("nothing") == store.browse("a/nothing")
    assert (store.browse("nothing").folders, store.browse("nothing").objects) == ((), ())
    assert store.browse("nothing").missing
    assert not inside.missing
    assert not root.missing


def test_folders_are_listed_in_pages(store: ObjectStore, put: Callable[..., None]) -> None:
    for number in range(7):
        put(f"f/{number}")
        put(f"f/d{number}/x")
    folders, objects = pages(store, "f", 3)
    assert sorted(objects) == [f"f/{number}" for number in range(7)]
    assert sorted(folders) == [f"f/d{number}" for number in range(7)]
    assert pages(store, "f", 1000) == (folders, objects)


def test_unfinished_publications_are_not_listed(
    new_store: Callable[[], ObjectStore], tmp_path: Path
) -> None:
    files = []
    for name in ("1", "2"):
        (tmp_path / name).write_bytes(b"x" * 100_000)
        files.append(SourceFile(name, tmp_path / name))
    other, seen = new_store(), []

    def list_objects(_: int) -> None:
        found = [*other.browse("e").folders, *(each.path for each in other.browse("e/m").objects)]
        seen.append(found)

    new_store().publish("e/m", files, list_objects)
    assert seen
    assert not any(seen)
    assert other.browse("e").folders == ("e/m",)
    assert other.browse().folders == ("e",)


def test_paths_outside_the_root_are_rejected(store: ObjectStore) -> None:
    for path in ("..", "/etc", "a//b", "a/../b"):
        for call in (
            lambda path=path: store.browse(path),
            lambda path=path: read(store, path),
            lambda path=path: store.copy(path, "x"),
            lambda path=path: store.copy("x", path),
            lambda path=path: store.checksum(path),
        ):
            with pytest.raises(InvalidInput):
                call()


def test_ranges_of_an_object_are_read(store: ObjectStore, put: Callable[..., None]) -> None:
    content = os.urandom(2 * CHUNK + 12345)
    put("m/big file", content)
    assert read(store, "m/big file") == content
    assert all(len(chunk) <= CHUNK for chunk in store.read("m/big file"))
    for offset, length in (
        (0, 1),
        (5, 100),
        (CHUNK - 1, 2),
        (100, CHUNK),
        (len(content) - 3, 3),
        (7, None),
    ):
        expected = content[offset:] if length is None else content[offset : offset + length]
        assert read(store, "m/big file", offset, length) == expected
    assert read(store, "m/big file", len(content) - 3, 100) == content[-3:]


def test_a_reader_may_stop_early(store: ObjectStore, put: Callable[..., None]) -> None:
    put("big", bytes(4 * CHUNK))
    for _ in range(20):
        reading = store.read("big")
        assert next(reading)
        reading.close()  # type: ignore[attr-defined]
    assert read(store, "big", 0, 3) == b"\0\0\0"


def test_reading_a_replaced_version_raises_conflict(
    store: ObjectStore, put: Callable[..., None]
) -> None:
    put("x", b"first")
    version = store.stat("x").version
    assert version
    assert version == next(store.list("x")).version
    assert read(store, "x", 1, 3, version) == b"irs"
    put("x", b"other")
    assert store.stat("x").version != version
    with pytest.raises(Conflict):
        read(store, "x", 1, 3, version)
    assert read(store, "x") == b"other"


def test_empty_ranges_and_missing_objects(store: ObjectStore, put: Callable[..., None]) -> None:
    put("f/x")
    put("empty", b"")
    assert read(store, "empty") == b""
    for path in ("nothing", "f", "f/y"):
        with pytest.raises(ObjectMissing):
            read(store, path)
        with pytest.raises(ObjectMissing):
            store.checksum(path)


def test_copies(store: ObjectStore, put: Callable[..., None]) -> None:
    put("a/ü #1", b"content")
    put("taken", b"old")
    if not store.abilities.copy:
        with pytest.raises(CapabilityMissing):
            store.copy("a/ü #1", "b")
        return
    for target in ("b/copy%2F", "taken"):
        store.copy("a/ü #1", target)
        assert read(store, target) == read(store, "a/ü #1") == b"content"
    with pytest.raises(ObjectMissing):
        store.copy("nothing", "c")
    assert sorted(each.path for each in store.list()) == ["a/ü #1", "b/copy%2F", "taken"]


def test_checksums_depend_on_the_content(store: ObjectStore, put: Callable[..., None]) -> None:
    for path, content in (("1", b"same"), ("2", b"same"), ("3", b"other")):
        put(path, content)
    sums = [store.checksum(path) for path in "123"]
    if store.abilities.checksum:
        assert sums[0]
        assert sums[0] == sums[1] != sums[2]
    else:
        assert sums == [""] * 3
    recorded = store.stat("1").sha256
    assert recorded == (hashlib.sha256(b"same").hexdigest() if store.abilities.keeps_sha256 else "")


def test_the_endpoint_has_host_and_port(store: ObjectStore) -> None:
    server = store.endpoint()
    if server is not None:
        assert server.host in {"localhost", "127.0.0.1"}
        assert server.port > 0


def test_listings_longer_than_one_response(store: ObjectStore, tmp_path: Path) -> None:
    """A server returns at most 1,000 objects in one response."""
    (tmp_path / "x").write_bytes(b"x")
    count = 1_100
    names = [f"{number:05}" for number in range(count)]
    store.publish("many", [SourceFile(name, tmp_path / "x") for name in names])
    assert [each.path for each in store.list("many")] == [f"many/{name}" for name in names]
    folders, found = pages(store, "many", 1000)
    assert not folders
    assert found == [f"many/{name}" for name in names]
    assert store.delete_prefix("many") == count
    assert list(store.list()) == []
