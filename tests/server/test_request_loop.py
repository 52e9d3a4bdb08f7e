"""Requests of a connection that the loop of the tracking endpoint handles."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from launchpad_tui.server.request_loop import RequestLoop
from launchpad_tui.server.tracking import tracking_endpoint
from tests.server.file_sink import EXECUTION, FileSink

NO_CONTENT = b"HTTP/1.1 204 No Content\r\nServer: launchpad\r\n\r\n"


@pytest.fixture
def sink(tmp_path: Path) -> FileSink:
    return FileSink(tmp_path / "sink.db")


@pytest.fixture
def base(sink: FileSink) -> Iterator[str]:
    with tracking_endpoint(EXECUTION, sink) as url:
        yield url


def handlers() -> int:
    """Return the number of threads that handle one connection each."""
    return sum("process_request" in each.name for each in threading.enumerate())


def request(base: str, *names: str, execution: str = EXECUTION, fields: str = "") -> bytes:
    """Return a request that logs metrics."""
    metrics = [{"name": name, "value": 1} for name in names]
    body = json.dumps({"executionId": execution, "metrics": metrics}).encode()
    head = f"PATCH {urlsplit(base).path}/api/v1/metrics HTTP/1.1\r\nHost: x\r\n{fields}"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def on_the_loop(base: str, name: str = "first") -> socket.socket:
    """Return a connection whose next requests the loop handles."""
    parts = urlsplit(base)
    before = handlers()
    connection = socket.create_connection((parts.hostname or "", parts.port or 0), timeout=60)
    connection.sendall(request(base, name))
    assert connection.recv(1000) == NO_CONTENT
    end = time.monotonic() + 60
    while handlers() > before and time.monotonic() < end:
        time.sleep(0.01)
    assert handlers() <= before
    return connection


def received(connection: socket.socket, count: int) -> bytes:
    """Return a number of bytes, or those up to the end of the connection."""
    found = b""
    while len(found) < count and (data := connection.recv(count - len(found))):
        found += data
    return found


def logged(sink: FileSink) -> list[str]:
    return [metric.name for metric in sink.resource().metrics]


def test_connections_take_no_thread_and_one_write_together(base: str, sink: FileSink) -> None:
    connections = [on_the_loop(base, f"first-{number}") for number in range(4)]
    before, sink.delay = sink.writes, 0.2
    connections[0].sendall(request(base, "a"))
    # Until the first one is written, the others arrive.
    end = time.monotonic() + 60
    while sink.writes == before and time.monotonic() < end:
        time.sleep(0.001)
    for connection in connections[1:]:
        connection.sendall(request(base, "b", fields="Connection: keep-alive\r\n"))
    assert [received(each, len(NO_CONTENT)) for each in connections] == [NO_CONTENT] * 4
    assert handlers() == 0
    assert sink.writes <= before + 3
    assert sorted(logged(sink))[:4] == ["a", "b", "b", "b"]
    for connection in connections:
        connection.close()


def test_requests_in_pieces_and_several_at_once(base: str, sink: FileSink) -> None:
    with on_the_loop(base) as connection:
        data = request(base, "pieces")
        for piece in (data[:9], data[9:60], data[60:-5], data[-5:]):
            connection.sendall(piece)
            time.sleep(0.02)
        assert received(connection, len(NO_CONTENT)) == NO_CONTENT
        long = request(base, *(f"metric.{number}" for number in range(900)))
        connection.sendall(long)
        assert received(connection, len(NO_CONTENT)) == NO_CONTENT
        connection.sendall(request(base, "one") + request(base, "two") + request(base, "three"))
        assert received(connection, 3 * len(NO_CONTENT)) == 3 * NO_CONTENT
    assert logged(sink)[-3:] == ["one", "two", "three"]
    assert len(logged(sink)) == 2 + 900 + 3


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ((b"/api/v1/metrics", b"/api/v1/other"), 404),
        ((b"Host: x", b"Content-Encoding: gzip"), 415),
        ((b"Host: x", b"Transfer-Encoding: chunked"), 411),
        ((b"Host: x", b"Connection: close"), 204),
        ((b"PATCH", b"POST"), 405),
        ((b"Content-Length: ", b"Content-Length: x"), 400),
        ((b"HTTP/1.1", b"HTTP/1.0"), 204),
    ],
)
def test_other_requests_are_handled_as_without_the_loop(
    base: str, sink: FileSink, change: tuple[bytes, bytes], status: int
) -> None:
    with on_the_loop(base) as connection:
        connection.sendall(request(base, "other").replace(*change))
        assert int(connection.recv(10_000).split()[1]) == status
    assert logged(sink) == ["first"] + ["other"] * (status == 204)
    with on_the_loop(base, "next"):
        assert logged(sink)[-1] == "next"


@pytest.mark.parametrize(
    ("name", "execution", "status"),
    [
        ("!", EXECUTION, 400),
        ("a", "e999", 403),
        ("busy", EXECUTION, 503),
        ("broken", EXECUTION, 500),
    ],
)
def test_errors_do_not_end_a_connection(
    base: str, sink: FileSink, name: str, execution: str, status: int
) -> None:
    with on_the_loop(base) as connection:
        connection.sendall(request(base, name, execution=execution))
        head, _, body = connection.recv(10_000).partition(b"\r\n\r\n")
        assert int(head.split()[1]) == status
        assert json.loads(body)["error"]["code"]
        connection.sendall(request(base, "next"))
        assert received(connection, len(NO_CONTENT)) == NO_CONTENT
    assert logged(sink) == ["first", "next"]


def test_an_unused_connection_is_closed(sink: FileSink, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("launchpad_tui.server.tracking._IDLE_SECONDS", 0.2)
    with tracking_endpoint(EXECUTION, sink) as base, on_the_loop(base) as connection:
        assert connection.recv(1) == b""


def test_closing_handles_what_has_arrived(sink: FileSink) -> None:
    sink.delay = 0.1
    with tracking_endpoint(EXECUTION, sink) as base:
        connections = [on_the_loop(base) for _ in range(3)]
        for number, connection in enumerate(connections):
            connection.sendall(request(base, f"last-{number}"))
    assert [received(each, 1000) for each in connections] == [NO_CONTENT] * 3
    assert sorted(logged(sink))[-3:] == ["last-0", "last-1", "last-2"]
    for connection in connections:
        connection.close()


def test_a_connection_that_fails_does_not_end_the_loop() -> None:
    closed: list[socket.socket] = []

    def refuse(_connection: socket.socket, _data: bytes) -> None:
        raise RuntimeError("can't start new thread")

    def close(connection: socket.socket) -> None:
        closed.append(connection)
        connection.close()

    loop = RequestLoop(lambda bodies: [NO_CONTENT] * len(bodies), refuse, close, 60)
    try:
        gone, _ = socket.socketpair()
        gone.close()
        refused, other = socket.socketpair()
        served, client = socket.socketpair()
        with suppress(OSError):
            # A connection that is closed before it is added is refused at once.
            loop.add(gone, "/metrics")
        loop.add(refused, "/metrics")
        loop.add(served, "/metrics")
        other.settimeout(60)
        other.sendall(b"GET / HTTP/1.1\r\n\r\n")
        assert other.recv(100) == b""
        client.settimeout(60)
        client.sendall(b"PATCH /metrics HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}")
        assert received(client, len(NO_CONTENT)) == NO_CONTENT
        other.close()
    finally:
        loop.close()
    assert closed == [refused, served]
    client.close()


def test_a_connection_that_is_closed_while_it_waits_does_not_end_the_loop() -> None:
    answering, release = threading.Event(), threading.Event()

    def answer(bodies: Sequence[bytes]) -> list[bytes]:
        answering.set()
        release.wait(60)
        return [NO_CONTENT] * len(bodies)

    loop = RequestLoop(answer, lambda *_: None, lambda each: each.close(), 60)
    try:
        first, client = socket.socketpair()
        second, _other = socket.socketpair()
        client.settimeout(60)
        data = b"PATCH /metrics HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}"
        loop.add(first, "/metrics")
        client.sendall(data)
        assert answering.wait(60)
        loop.add(second, "/metrics")
        second.close()
        release.set()
        assert received(client, len(NO_CONTENT)) == NO_CONTENT
        client.sendall(data)
        assert received(client, len(NO_CONTENT)) == NO_CONTENT
    finally:
        release.set()
        loop.close()
    client.close()
