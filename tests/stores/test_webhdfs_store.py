from __future__ import annotations

import io
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from launchpad_tui.errors import (
    ConfigError,
    Conflict,
    InvalidInput,
    LaunchpadError,
    ObjectMissing,
    PermissionDenied,
    StorageFull,
)
from launchpad_tui.stores.base import STAGING, SourceFile, open_store
from launchpad_tui.stores.catalog import KINDS
from launchpad_tui.stores.webhdfs import WebHdfsStore
from tests.stores import data_lake_files, hadoop


@pytest.fixture
def server() -> hadoop.Server:
    return hadoop.shared()


@pytest.fixture
def prefix() -> str:
    return f"own/{uuid.uuid4()}"


@pytest.fixture
def values(server: hadoop.Server, prefix: str) -> dict[str, str]:
    return server.values(prefix)


@pytest.fixture
def tls(server: hadoop.Server, prefix: str) -> dict[str, str]:
    return server.tls_values(prefix)


@pytest.fixture
def lake(server: hadoop.Server, prefix: str) -> Iterator[dict[str, str]]:
    with data_lake_files.serve(server) as found:
        yield {**found, "path_prefix": prefix}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    source = tmp_path / "source"
    source.write_bytes(b"x" * 200_000)
    return source


def opened(values: dict[str, str]) -> WebHdfsStore:
    store = open_store(KINDS["webhdfs"], values)
    assert isinstance(store, WebHdfsStore)
    return store


def read(store: WebHdfsStore, path: str) -> bytes:
    target = io.BytesIO()
    store.get(path, target)
    return target.getvalue()


def round_trip(store: WebHdfsStore, folder: Path) -> None:
    for name, content in (("a", b"one"), ("b", b"two" * 1000)):
        (folder / name).write_bytes(content)
    store.put("x y/ü#%41?", folder / "a")
    store.put("x y/ü#%41?", folder / "b")
    assert read(store, "x y/ü#%41?") == b"two" * 1000
    assert b"".join(store.read("x y/ü#%41?", 2, 5)) == b"otwot"
    files = [SourceFile("sub/a", folder / "a"), SourceFile("b", folder / "b")]
    store.publish("m", files)
    for path in ("m", "x y/ü#%41?"):
        with pytest.raises(Conflict):
            store.publish(path, files)
        with pytest.raises(Conflict):
            store.publish(path, [SourceFile(".", folder / "a")])
    with pytest.raises(Conflict):
        store.put("m", folder / "a")
    with pytest.raises(Conflict):
        store.put("m/b/below", folder / "a")
    assert [each.path for each in store.list()] == ["m/b", "m/sub/a", "x y/ü#%41?"]
    assert store.browse().folders == ("m", "x y")
    assert store.delete_prefix("m") == 2
    store.delete("x y/ü#%41?")
    empty = store.browse()
    assert not empty.folders
    assert not empty.objects
    assert not empty.missing
    assert store.browse("nothing").missing


def test_tls_with_a_client_certificate(
    tls: dict[str, str], server: hadoop.Server, tmp_path: Path
) -> None:
    store = opened(tls)
    assert store.check().startswith(server.tls_namenode)
    round_trip(store, tmp_path)
    assert server.names(f"{tls['path_prefix']}/{STAGING}") == []


def test_the_root_of_hdfs(values: dict[str, str], server: hadoop.Server, source: Path) -> None:
    store = opened({**values, "path_prefix": ""})
    name = f"root {uuid.uuid4()}"
    store.put(f"{name}/a", source)
    store.put(f"{name}.txt", source)
    page = store.browse()
    assert name in page.folders
    assert STAGING not in page.folders
    assert f"{name}.txt" in [each.path for each in page.objects]
    assert [each.path for each in store.list(name)] == [f"{name}/a"]
    store.delete(f"{name}/a")
    store.delete(f"{name}.txt")
    assert name not in server.names("")


def test_a_root_that_is_a_file(values: dict[str, str], source: Path) -> None:
    opened(values).put("a", source)
    with pytest.raises(ConfigError, match="is a file"):
        opened({**values, "path_prefix": f"{values['path_prefix']}/a"}).check()


def test_data_lake_files(lake: dict[str, str], server: hadoop.Server, tmp_path: Path) -> None:
    store = opened(lake)
    round_trip(store, tmp_path)
    assert store.check()
    assert server.names(f"{lake['path_prefix']}/{STAGING}") == []
    round_trip(opened({**lake, "one_step": "false"}), tmp_path)


def test_data_lake_files_without_its_header(lake: dict[str, str]) -> None:
    with pytest.raises(LaunchpadError, match="X-SAP-FileContainer"):
        opened({**lake, "headers": ""}).check()


def test_hadoop_rejects_one_step_uploads(
    values: dict[str, str], source: Path, server: hadoop.Server
) -> None:
    with pytest.raises(ConfigError, match="One-step upload"):
        opened({**values, "one_step": "true"}).put("a", source)
    assert server.names(f"{values['path_prefix']}/{STAGING}") == []


def test_a_quota(server: hadoop.Server, values: dict[str, str], tmp_path: Path) -> None:
    server.folder(f"/{values['path_prefix']}")
    store = opened(values)
    small, large = tmp_path / "small", tmp_path / "large"
    small.write_bytes(b"x" * 1000)
    large.write_bytes(b"x" * (3 * hadoop.BLOCK))
    server.set_space_quota(f"/{values['path_prefix']}", 2 * hadoop.BLOCK)
    store.put("fits", small)
    for call in (
        lambda: store.put("large", large),
        lambda: store.put("fits", large),
        lambda: store.publish("m", [SourceFile("small", small), SourceFile("large", large)]),
    ):
        with pytest.raises(StorageFull):
            call()
    assert [each.path for each in store.list()] == ["fits"]
    assert read(store, "fits") == b"x" * 1000
    assert server.names(f"{values['path_prefix']}/{STAGING}") == []
    server.set_space_quota(f"/{values['path_prefix']}", hadoop.BLOCK // 2)
    with pytest.raises(StorageFull):
        store.put("small", small)


def test_a_user_without_permission(
    server: hadoop.Server, values: dict[str, str], source: Path
) -> None:
    opened(values).put("open/a", source)
    server.folder(f"/{values['path_prefix']}/closed", permission="700")
    opened(values).put("closed/a", source)
    store = opened({**values, "user": hadoop.VISITOR})
    assert store.check()
    assert read(store, "open/a") == source.read_bytes()
    for call in (
        lambda: store.put("b", source),
        lambda: store.publish("b", [SourceFile("c", source)]),
        lambda: store.delete("open/a"),
        lambda: store.delete_prefix("open"),
        lambda: store.stat("closed/a"),
        lambda: read(store, "closed/a"),
        lambda: list(store.list()),
        lambda: store.browse("closed"),
    ):
        with pytest.raises(PermissionDenied, match="visitor"):
            call()
    # HDFS reports a path below a file as forbidden to users other than the superuser.
    for path in ("open/a/below", "open/a/below/more"):
        with pytest.raises(ObjectMissing):
            store.stat(path)
        assert list(store.list(path)) == []
    assert read(opened(values), "open/a") == source.read_bytes()


def test_names_rejected_by_hdfs(
    values: dict[str, str], server: hadoop.Server, source: Path
) -> None:
    store = opened(values)
    store.put("a:b/c:d", source)
    assert server.names(f"{values['path_prefix']}/a\uf03ab") == ["c\uf03ad"]
    assert [each.path for each in store.list("a:b")] == ["a:b/c:d"]
    assert store.browse("a:b").objects[0].path == "a:b/c:d"
    for path in ("a\uf03ab", ".snapshot", "m/.snapshot/x", "x" * 300):
        with pytest.raises(InvalidInput):
            store.put(path, source)
    assert [each.path for each in store.list()] == ["a:b/c:d"]


def test_listings_longer_than_one_response(values: dict[str, str], server: hadoop.Server) -> None:
    count = 2 * hadoop.PAGE + 5
    for number in range(count):
        server.folder(f"/{values['path_prefix']}/f/{number:03} ü#")
    store = opened(values)
    found: list[str] = []
    token = ""
    while True:
        page = store.browse("f", token)
        found += page.folders
        token = page.next
        if not token:
            break
    assert found == [f"f/{number:03} ü#" for number in range(count)]
    assert list(store.list()) == []


def test_listings_are_sorted_by_whole_path(
    values: dict[str, str], lake: dict[str, str], source: Path, tmp_path: Path
) -> None:
    paths = ["a", "b/1", "b-c", "b.d/x", "b0", "bb/a/1", "bb/a-", "bb/a0", "ü", "Z"]
    store = opened(values)
    store.publish("p", [SourceFile(path, source) for path in paths])
    expected = sorted((f"p/{path}" for path in paths), key=str.encode)
    for each in (store, opened(lake)):
        assert [found.path for found in each.list()] == expected
        assert [found.path for found in each.list("p/bb")] == ["p/bb/a-", "p/bb/a/1", "p/bb/a0"]


def test_files_of_a_killed_upload_are_removed(
    values: dict[str, str], server: hadoop.Server, source: Path
) -> None:
    base = f"{values['path_prefix']}/{STAGING}"
    now = int(time.time() * 1000)
    for name, days in (("old", 8), ("young", 6)):
        server.folder(f"/{base}/{name}/ready")
        status, _ = server.call(
            "PUT",
            f"/{base}/{name}",
            op="SETTIMES",
            modificationtime=now - days * 86_400_000,
            accesstime=-1,
        )
        assert status == 200
    opened(values).put("a", source)
    assert server.names(base) == ["young"]


def test_a_cancelled_upload_keeps_the_existing_file(
    values: dict[str, str], server: hadoop.Server, tmp_path: Path
) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"old")
    store = opened(values)
    store.put("a", source)
    source.write_bytes(b"x" * 5_000_000)

    def stop(_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.put("a", source, progress=stop)
    assert read(store, "a") == b"old"
    assert server.names(f"{values['path_prefix']}/{STAGING}") == []


def test_a_file_exists_at_all_times_while_it_is_replaced(
    values: dict[str, str], source: Path
) -> None:
    store, other = opened(values), opened(values)
    store.put("a", source)
    done = threading.Event()
    failures: list[LaunchpadError] = []
    seen: list[int] = []

    def poll() -> None:
        while not done.is_set():
            try:
                seen.append(other.stat("a").size)
            except LaunchpadError as error:
                failures.append(error)

    thread = threading.Thread(target=poll)
    thread.start()
    try:
        for _ in range(10):
            store.put("a", source)
    finally:
        done.set()
        thread.join()
    assert set(seen) == {200_000}
    assert failures == []


def test_empty_folders_are_not_listed(
    values: dict[str, str], lake: dict[str, str], server: hadoop.Server, source: Path
) -> None:
    for number, store in enumerate((opened(values), opened(lake))):
        calls: list[Callable[[str], object]] = [
            partial(store.put, source=source),
            partial(store.publish, files=[SourceFile(".", source)]),
            partial(store.publish, files=[SourceFile("x", source)]),
        ]
        for index, call in enumerate(calls):
            path = f"empty {number}/{index}"
            server.folder(f"/{values['path_prefix']}/{path}")
            call(path)
            assert len(list(store.list(path))) == 1


def test_concurrent_operations(values: dict[str, str], tmp_path: Path) -> None:
    store = opened(values)
    problems: list[BaseException] = []

    def work(number: int) -> None:
        try:
            source = tmp_path / str(number)
            source.write_bytes(bytes([number]) * 100_000)
            store.put(f"w/{number}", source)
            assert read(store, f"w/{number}") == bytes([number]) * 100_000
            store.delete(f"w/{number}")
        except BaseException as error:  # noqa: BLE001 - reported below, on the thread of the test
            problems.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert list(store.list()) == []
