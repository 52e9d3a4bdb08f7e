"""Transfers of the OSS store, against the simulated server of `oss_server`."""

from __future__ import annotations

import io
import os
import threading
import time
import uuid
from datetime import timedelta
from pathlib import Path

import pytest

from launchpad_tui.domain.timestamps import now
from launchpad_tui.errors import (
    Conflict,
    InvalidInput,
    ObjectMissing,
    PermissionDenied,
    StorageFull,
    Unreachable,
)
from launchpad_tui.stores import oss_transfers
from launchpad_tui.stores.base import SourceFile
from tests.stores import oss_server
from tests.stores.http_server import Handler, listening
from tests.stores.oss_helpers import NOBODY, Raw, error_body, forward, opened
from tests.stores.oss_protocol import crc64
from tests.stores.oss_server import READER


@pytest.fixture
def server() -> oss_server.Server:
    return oss_server.shared()


@pytest.fixture
def prefix() -> str:
    return f"p/{uuid.uuid4()}"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    source = tmp_path / "source"
    source.write_bytes(b"x" * 200_000)
    return source


@pytest.fixture
def raw(server: oss_server.Server) -> Raw:
    return Raw(server)


def test_an_interrupted_upload_is_retried(source: Path) -> None:
    bodies: list[bytes] = []

    class Flaky(Handler):
        def serve(self) -> None:
            bodies.append(self.body())
            if len(bodies) == 1:
                self.reply(503, error_body("ServiceUnavailable"))
            else:
                self.reply(
                    200, headers={"x-oss-hash-crc64ecma": str(crc64(bodies[-1])), "ETag": '"x"'}
                )

    moved: list[int] = []
    with listening(Flaky) as port:
        opened({**NOBODY, "endpoint": f"http://127.0.0.1:{port}"}).put(
            "a", source, progress=moved.append
        )
    assert bodies == [source.read_bytes()] * 2
    assert sum(moved) == 200_000
    assert min(moved) == -200_000


@pytest.mark.usefixtures("skipped_pauses")
@pytest.mark.parametrize("size", [200_000, oss_transfers.PART_SIZE + 1])
def test_corrupted_uploads_are_detected(tmp_path: Path, source: Path, size: int) -> None:
    source.write_bytes(os.urandom(size))
    with oss_server.serve(tmp_path, garbled="up") as server:
        store = opened(server.values(""))
        with pytest.raises(Unreachable) as caught:
            store.put("a", source)
        assert "CRC-64" in caught.value.detail
        with pytest.raises(Unreachable):
            store.publish("m", [SourceFile("a", source), SourceFile("b", source)])
        assert Raw(server).keys("") == []
        assert Raw(server).uploads("") == []


def test_corrupted_downloads_are_detected(tmp_path: Path, source: Path) -> None:
    with oss_server.serve(tmp_path, garbled="down") as server:
        store = opened(server.values(""))
        store.put("a", source)
        with pytest.raises(Unreachable) as caught:
            store.get("a", io.BytesIO())
        assert "CRC-64" in caught.value.detail
        assert len(b"".join(store.read("a", 10, 100))) == 100


def test_large_objects(server: oss_server.Server, prefix: str, source: Path, raw: Raw) -> None:
    content = os.urandom(1 << 20) * 40 + b"end"
    source.write_bytes(content)
    store = opened(server.values(prefix))
    moved: list[int] = []
    store.put("a", source, progress=moved.append)
    assert sum(moved) == len(content)
    assert store.checksum("a") == str(crc64(content))
    assert "-3" in store.stat("a").version
    with open(os.devnull, "wb") as target:
        assert store.get("a", target).sha256 == store.stat("a").sha256
    assert raw.uploads(prefix) == []


def test_a_large_copy(
    server: oss_server.Server, prefix: str, source: Path, raw: Raw, monkeypatch: pytest.MonkeyPatch
) -> None:
    source.write_bytes(os.urandom(1_000_001))
    store = opened(server.values(prefix))
    store.put("a", source)
    monkeypatch.setattr(oss_transfers, "COPY_LIMIT", 1_000_000)
    monkeypatch.setattr(oss_transfers, "_COPY_PART_SIZE", 300_000)
    store.copy("a", "b")
    found = store.stat("b")
    assert (found.size, found.sha256) == (1_000_001, store.stat("a").sha256)
    assert "-4" in found.version
    assert store.checksum("a") == store.checksum("b")
    with pytest.raises(PermissionDenied):
        opened(server.values(prefix, READER)).copy("a", "c")
    with pytest.raises(ObjectMissing):
        store.copy("nothing", "c")
    assert raw.uploads(prefix) == []


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError, PermissionDenied])
def test_a_cancelled_upload_leaves_no_parts(
    server: oss_server.Server, prefix: str, source: Path, raw: Raw, error: type[BaseException]
) -> None:
    source.write_bytes(bytes(100 << 20))
    ended: list[float] = []
    moved = 0

    def stop(count: int) -> None:
        nonlocal moved
        moved += count
        if moved > 20 << 20:
            ended.append(time.monotonic())
            raise error("stop")

    with pytest.raises(error):
        opened(server.values(prefix)).put("a", source, progress=stop)
    assert time.monotonic() - ended[0] < 30
    assert raw.keys(prefix) == []
    assert raw.uploads(prefix) == []
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("oss")]


def test_a_cancelled_publication_leaves_no_objects(
    server: oss_server.Server, prefix: str, source: Path, tmp_path: Path, raw: Raw
) -> None:
    large = tmp_path / "large"
    large.write_bytes(bytes(40 << 20))

    moved = 0

    def stop(count: int) -> None:
        nonlocal moved
        moved += count
        if moved > 5_000_000:
            raise KeyboardInterrupt

    files = [
        *(SourceFile(f"small-{number}", source) for number in range(10)),
        SourceFile("large", large),
    ]
    with pytest.raises(KeyboardInterrupt):
        opened(server.values(prefix)).publish("m", files, stop)
    assert raw.keys(prefix) == []
    assert raw.uploads(prefix) == []


def test_abandoned_parts_are_removed(server: oss_server.Server, prefix: str, raw: Raw) -> None:
    for name in ("m/a", "m/b\x1b ü", "m/c/d", "mm"):
        raw.begin(f"{prefix}/{name}")
    store = opened(server.values(prefix))._oss
    store.abandon(f"{prefix}/m/", now() - timedelta(days=1))
    assert len(raw.uploads(prefix)) == 4
    store.abandon(f"{prefix}/m/", now() + timedelta(days=1))
    assert raw.uploads(prefix) == [f"{prefix}/mm"]
    store.abandon(f"{prefix}/m")
    assert raw.uploads(prefix) == []


def test_create_does_not_overwrite(server: oss_server.Server, prefix: str) -> None:
    bucket = opened(server.values(prefix))._oss
    bucket.create(f"{prefix}/x", b"first")
    with pytest.raises(Conflict):
        bucket.create(f"{prefix}/x", b"second")
    assert b"".join(bucket.read(f"{prefix}/x", 0, None, "")) == b"first"


def test_unusual_names(server: oss_server.Server, prefix: str, source: Path, raw: Raw) -> None:
    store = opened(server.values(prefix))
    names = [
        "a&b<c>",
        "line\nfeed",
        "esc\x1b[0m",
        "cr\rlf",
        "back\\slash",
        "plus+%20",
        "emoji 🚀",
        "?x=1#y",
        "a..b",
        "~",
    ]
    for name in names:
        store.put(f"n/{name}", source)
    assert sorted(each.path for each in store.list("n")) == sorted(f"n/{name}" for name in names)
    for name in names:
        store.copy(f"n/{name}", f"c/{name}")
        assert store.get(f"c/{name}", io.BytesIO()).size == 200_000
    assert store.delete_prefix("n") == len(names)
    assert store.delete_prefix("c") == len(names)
    assert raw.keys(prefix) == []


def test_listings_longer_than_one_page(server: oss_server.Server, prefix: str, raw: Raw) -> None:
    bucket = opened(server.values(prefix))._oss
    for number in range(1003):
        bucket.create(f"{prefix}/m/{number}", b"")
    store = opened(server.values(prefix))
    assert len(list(store.list("m"))) == 1003
    assert store.delete_prefix("m") == 1003
    assert raw.keys(prefix) == []


def test_a_name_that_is_too_long(server: oss_server.Server, prefix: str, source: Path) -> None:
    with pytest.raises(InvalidInput):
        opened(server.values(prefix)).put("x" * 1020, source)


def test_objects_with_a_content_encoding_are_returned_as_stored(
    server: oss_server.Server, prefix: str, raw: Raw
) -> None:
    raw.put(f"{prefix}/packed", b"not gzip at all", content_encoding="gzip")
    target = io.BytesIO()
    opened(server.values(prefix)).get("packed", target)
    assert target.getvalue() == b"not gzip at all"


def test_reading_past_the_end(server: oss_server.Server, prefix: str, source: Path) -> None:
    store = opened(server.values(prefix))
    store.put("a", source)
    assert b"".join(store.read("a", 200_000)) == b"".join(store.read("a", 300_000, 5)) == b""
    assert b"".join(store.read("a", 199_990, 50)) == b"x" * 10


def test_a_download_to_a_full_disk(server: oss_server.Server, prefix: str, source: Path) -> None:
    store = opened(server.values(prefix))
    store.put("a", source)
    with open("/dev/full", "wb", buffering=0) as target, pytest.raises(StorageFull):
        store.get("a", target)


def test_an_interrupted_download_is_resumed(
    server: oss_server.Server, prefix: str, source: Path
) -> None:
    content = os.urandom(5_000_000)
    source.write_bytes(content)
    opened(server.values(prefix)).put("a", source)
    ranges: list[str] = []

    class Breaking(Handler):
        """Closes the connection after two million bytes of a response."""

        def serve(self) -> None:
            status, body, headers = forward(self, server)
            if self.command == "GET" and "/a" in self.path:
                ranges.append(self.headers.get("range", ""))
            self.reply(status, body[:2_000_000], headers, length=int(headers.pop("Content-Length")))
            self.close_connection = len(body) > 2_000_000

    target = io.BytesIO()
    with listening(Breaking) as port:
        opened(server.values(prefix, tls=False, endpoint=f"http://127.0.0.1:{port}")).get(
            "a", target
        )
    assert target.getvalue() == content
    assert ranges[0] == ""
    assert len(ranges) in {3, 4}


def test_an_upload_whose_last_response_is_lost(
    server: oss_server.Server, prefix: str, source: Path, raw: Raw
) -> None:
    source.write_bytes(os.urandom(1 << 20) * 17)
    lost: list[str] = []

    class Losing(Handler):
        """Drops the first response to the request that combines parts."""

        def serve(self) -> None:
            status, body, headers = forward(self, server)
            if self.command == "POST" and "uploadId" in self.path and not lost:
                lost.append(self.path)
                self.close_connection = True
                return
            self.reply(status, body, headers, length=int(headers.pop("Content-Length", "0")))

    with listening(Losing) as port:
        store = opened(server.values(prefix, tls=False, endpoint=f"http://127.0.0.1:{port}"))
        stored = store.put("a", source)
        assert store.stat("a").sha256 == stored.sha256
    assert lost
    assert raw.keys(prefix) == [f"{prefix}/a"]
    assert raw.uploads(prefix) == []
