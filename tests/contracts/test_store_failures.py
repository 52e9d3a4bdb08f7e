"""Failing networks and servers, for every kind of store that has a server.

An operation ends with an error, incomplete content is never accepted as complete, and no
incomplete object or folder becomes visible.
"""

from __future__ import annotations

import hashlib
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest

from launchpad_tui.domain.connection import FieldKind
from launchpad_tui.errors import LaunchpadError, Unreachable
from launchpad_tui.net.timeouts import within
from launchpad_tui.services.downloads import DownloadItem, fetch
from launchpad_tui.stores import outages
from launchpad_tui.stores.base import ObjectStore, SourceFile, open_store
from launchpad_tui.stores.catalog import KINDS
from tests.contracts.conftest import EMPTY_STORES
from tests.stores import faulty_relay

#: The field that contains the server's address, by kind.
ADDRESS = {
    "s3": "endpoint",
    "oss": "endpoint",
    "webhdfs": "namenode",
    "azure": "container_uri",
    "gcs": "endpoint",
    "launchpad": "base_url",
}
#: Kinds whose content is sent by other servers than the one at the address.
SEPARATE_DATA_SERVERS = {"webhdfs"}
CONTENT = os.urandom(6_000_000)


class Place:
    """A store, and the same one through a relay."""

    def __init__(self, kind: str, values: dict[str, str], relay: faulty_relay.Relay) -> None:
        self.kind, self.values, self.relay = kind, values, relay
        self.store = open_store(KINDS[kind], values)
        address = urlsplit(values[ADDRESS[kind]])
        # The host name stays, because certificates and signatures contain it.
        netloc = f"{address.hostname}:{relay.port}"
        self.through = {**values, ADDRESS[kind]: urlunsplit(address._replace(netloc=netloc))}

    def open(self) -> ObjectStore:
        """Open the store through the relay, without existing connections."""
        return open_store(KINDS[self.kind], self.through)

    def secrets(self) -> list[str]:
        fields = [each.name for each in KINDS[self.kind].fields if each.kind is FieldKind.SECRET]
        return [self.values[name] for name in fields if len(self.values.get(name, "")) > 5]


@pytest.fixture(params=sorted(set(KINDS) - {"file"}))
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    values = EMPTY_STORES[request.param](request)()
    address = urlsplit(values[ADDRESS[request.param]])
    with faulty_relay.relaying(address.port or 80) as relay:
        yield Place(request.param, values, relay)


@pytest.fixture
def large(tmp_path: Path) -> Path:
    path = tmp_path / "large.bin"
    path.write_bytes(CONTENT)
    return path


def raised_error(place: Place, call: Callable[[], object], seconds: float = 60) -> LaunchpadError:
    """Return the error of a call; it must be raised in time, and no cause may contain a secret."""
    started = time.monotonic()
    with pytest.raises(LaunchpadError) as caught:
        call()
    assert time.monotonic() - started < seconds
    error: BaseException | None = caught.value
    while error is not None:
        for secret in place.secrets():
            assert secret not in str(error)
        error = error.__cause__
    return caught.value


@pytest.mark.usefixtures("skipped_pauses")
def test_truncated_responses_are_rejected(place: Place, large: Path) -> None:
    place.store.put("a/large.bin", large)
    place.relay.cut_after = 2_000_000
    place.relay.cuts = 2
    target = BytesIO()
    got = place.open().get("a/large.bin", target)
    assert (got.size, hashlib.sha256(target.getvalue()).digest()) == (
        len(CONTENT),
        hashlib.sha256(CONTENT).digest(),
    )
    if place.kind in SEPARATE_DATA_SERVERS:
        return
    # The server sends nothing more: the received part must not be accepted as complete.
    place.relay.cuts = 10_000
    place.relay.cut_after = 100
    assert isinstance(
        raised_error(place, lambda: place.open().get("a/large.bin", BytesIO())), Unreachable
    )


@pytest.mark.usefixtures("skipped_pauses")
def test_truncated_listings_are_rejected(place: Place, tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.write_bytes(b"x")
    for number in range(20):
        place.store.put(f"a/{number:02}", small)
    place.relay.cut_after = 700
    error = raised_error(place, lambda: list(place.open().list("a")))
    assert isinstance(error, Unreachable)


@pytest.mark.usefixtures("skipped_pauses")
def test_a_server_that_stops_during_an_upload(place: Place, large: Path, tmp_path: Path) -> None:
    (tmp_path / "small").write_bytes(b"x")
    if place.kind not in SEPARATE_DATA_SERVERS:
        place.relay.down_after = 2_000_000
        raised_error(place, lambda: place.open().put("a/large.bin", large))
        assert place.relay.down
    else:
        place.relay.down = True
        raised_error(place, lambda: place.open().put("a/large.bin", large))
    assert list(place.store.list()) == []
    place.relay.down = False
    place.relay.received = 0
    files = [SourceFile("small", tmp_path / "small"), SourceFile("large.bin", large)]
    if place.kind in SEPARATE_DATA_SERVERS:
        place.relay.down_after = 900
    raised_error(place, lambda: place.open().publish("b", files))
    assert list(place.store.list("b")) == []
    assert place.store.browse("").folders == ()


def restart(relay: faulty_relay.Relay, seconds: float) -> threading.Thread:
    """Simulate the restart of a server: it is down for some seconds."""

    def run() -> None:
        relay.down = True
        time.sleep(seconds)
        relay.down = False
        relay.down_after = None

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread


#: Kinds whose uploads are repeated after an outage.
REPEATING = {"azure", "gcs", "launchpad", "oss", "s3"}


def test_a_restart_of_the_server_does_not_end_a_transfer(
    place: Place, large: Path, tmp_path: Path
) -> None:
    if place.kind in SEPARATE_DATA_SERVERS:
        pytest.skip("the content is sent by a server that is not relayed")
    (tmp_path / "small").write_bytes(b"x")
    moved: list[int] = []
    if place.kind in REPEATING:
        restarts: list[threading.Thread] = []

        def restart_once(count: int) -> None:
            moved.append(count)
            if not restarts and sum(moved) > 2_000_000:
                restarts.append(restart(place.relay, 1.5))
                time.sleep(0.2)

        files = [SourceFile("small", tmp_path / "small"), SourceFile("large.bin", large)]
        place.open().publish("a", files, restart_once)
        assert restarts
        assert sum(moved) == len(CONTENT) + 1
        assert [each.path for each in place.store.list()] == ["a/large.bin", "a/small"]
        restarts[0].join()
    else:
        place.store.put("a/large.bin", large)
    received: list[int] = []
    restarts = []

    class Target(BytesIO):
        def write(self, data: Any) -> int:
            received.append(len(data))
            if not restarts and sum(received) > 2_000_000:
                # Connections that exist are closed as well.
                place.relay.cut_after, place.relay.cuts = 0, 1
                restarts.append(restart(place.relay, 1.5))
                time.sleep(0.2)
            return super().write(data)

    target = Target()
    place.relay.cut_after = 3_000_000
    place.relay.cuts = 1
    place.open().get("a/large.bin", target)
    assert target.getvalue() == CONTENT
    assert restarts


def test_an_outage_during_a_publication_does_not_block_its_path(
    place: Place, large: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if place.kind in SEPARATE_DATA_SERVERS:
        pytest.skip("the content is received by a server that is not relayed")
    monkeypatch.setattr(outages, "OUTAGE_SECONDS", 0.0)
    (tmp_path / "small").write_bytes(b"x")
    files = [SourceFile("small", tmp_path / "small"), SourceFile("large.bin", large)]
    store = place.open()
    place.relay.down_after = 2_000_000
    raised_error(place, lambda: store.publish("a", files))
    assert place.relay.down
    assert list(place.store.list()) == []
    place.relay.down, place.relay.down_after = False, None
    # The same process, and another one on this machine, repeat it at once.
    store.publish("a", files)
    assert [each.path for each in place.store.list()] == ["a/large.bin", "a/small"]


def test_a_server_that_sends_a_byte_a_second(place: Place, tmp_path: Path) -> None:
    (tmp_path / "small").write_bytes(b"x" * 1000)
    place.store.put("small", tmp_path / "small")
    place.relay.trickle = 1
    started = time.monotonic()
    with pytest.raises(Unreachable):
        within(1.5, lambda: place.open().stat("small"))
    assert time.monotonic() - started < 60


def test_a_download_from_a_slow_server_can_be_canceled(
    place: Place, large: Path, tmp_path: Path
) -> None:
    if place.kind in SEPARATE_DATA_SERVERS:
        pytest.skip("the content is sent by a server that is not relayed")
    place.store.put("large.bin", large)
    found = place.store.stat("large.bin")
    place.relay.trickle = 1
    started = time.monotonic()

    class Canceled(Exception):
        pass

    def cancel(_count: int, _path: str) -> None:
        raise Canceled

    with pytest.raises((Canceled, Unreachable)):
        fetch(place.open(), [DownloadItem(found, tmp_path / "got")], cancel)
    assert time.monotonic() - started < 60
    assert not (tmp_path / "got").exists()


@pytest.mark.usefixtures("skipped_pauses")
def test_unreachable_server(place: Place, large: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    address = urlsplit(place.through[ADDRESS[place.kind]])
    place.through[ADDRESS[place.kind]] = urlunsplit(
        address._replace(netloc=f"{address.hostname}:{port}")
    )
    assert isinstance(raised_error(place, lambda: place.open().check()), Unreachable)
    assert isinstance(raised_error(place, lambda: place.open().put("a", large)), Unreachable)


@pytest.mark.usefixtures("skipped_pauses")
def test_credentials_are_not_sent_to_the_target_of_a_redirect(place: Place, large: Path) -> None:
    place.store.put("a", large)
    with faulty_relay.relaying() as stranger:
        stranger.redirect = "here"
        place.relay.redirect = f"http://localhost:{stranger.port}"
        # The redirect need not come from the real server, so the relay uses no certificate.
        address = urlsplit(place.through[ADDRESS[place.kind]])
        place.through[ADDRESS[place.kind]] = urlunsplit(address._replace(scheme="http"))
        store = place.open()
        for call in (
            store.check,
            lambda: store.stat("a"),
            lambda: store.get("a", BytesIO()),
            lambda: store.put("b", large),
        ):
            raised_error(place, call)
        heard = b"".join(stranger.redirected).lower()
        assert b"authorization" not in heard
        assert b"sig=" not in heard
        for secret in place.secrets():
            assert secret.encode().lower() not in heard
    assert place.relay.redirected
