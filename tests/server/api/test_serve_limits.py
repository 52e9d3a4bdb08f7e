"""Limits of the server: connections, slow and large requests, attempts to guess a secret."""

from __future__ import annotations

import asyncio
import contextlib
import json
import resource
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from launchpad_tui.server.api import bodies, connection_limits
from launchpad_tui.server.api.endpoint import BODY_LIMIT
from launchpad_tui.server.api.rate_limit import FailureLimit, counted_address
from launchpad_tui.server.body_budget import BodyBudget
from tests.server.api.served import (
    SECONDS,
    Server,
    SharedServer,
    add_client,
    error_of,
    serving,
)
from tests.services.execution_support import Bench

#: requests that were begun and not completed
HALVES = (
    b"",
    b"GET",
    b"GET /v2/lm/artifacts HTTP/1.1\r\nHost: x\r\nX-Slow: ",
    b"POST /oauth/token HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    b"Content-Length: 500\r\n\r\ngrant_type=",
    b"PUT /v2/lm/dataset/files/x HTTP/1.1\r\nHost: x\r\nContent-Length: 5000000\r\n\r\nabc",
    b"POST /nowhere HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """Return a server of its own, since tests use up its limits."""
    bench = Bench(tmp_path / "home")
    with serving(bench.desk.home.root) as found:
        yield found
    bench.close()


def _connect(server: Server) -> socket.socket:
    parts = urlsplit(server.url)
    return socket.create_connection((parts.hostname or "", parts.port or 0), timeout=SECONDS)


def test_a_thousand_requests_that_are_never_completed_block_nobody(server: Server) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096), hard))
    server.token()
    with contextlib.ExitStack() as stack:
        for number in range(1500):
            connection = stack.enter_context(_connect(server))
            with contextlib.suppress(OSError):
                connection.sendall(HALVES[number % len(HALVES)])
        started = time.monotonic()
        for _ in range(5):
            assert server.call("GET", "/lm/scenarios").status_code == 200
        answer = requests.post(
            f"{server.url}/oauth/token",
            data={
                "grant_type": "client_credentials",
                "client_id": server.key.client_id,
                "client_secret": server.key.secret,
            },
            timeout=SECONDS,
        )
        assert answer.status_code == 200
        assert time.monotonic() - started < 60
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


class _Application:
    """An ASGI application that reads the body and responds.

    Some requests take long, and some responses are long; those of ``/long`` are authenticated.
    """

    def __init__(self) -> None:
        self.paths: list[str] = []
        self.sent = threading.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.paths.append(scope["path"])
        if scope["path"] == "/long":
            connection_limits.admit(scope)
            await asyncio.sleep(3)
        while (await receive()).get("more_body"):
            pass
        if scope["path"] == "/large":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            for _ in range(200):
                await send(
                    {"type": "http.response.body", "body": bytes(1 << 20), "more_body": True}
                )
            await send({"type": "http.response.body", "body": b""})
            self.sent.set()
            return
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})


@contextlib.contextmanager
def _uvicorn(application: _Application | None = None, **limits: Any) -> Iterator[int]:
    """Run an application with limited connections; yield its port."""
    import uvicorn

    listening = socket.create_server(("127.0.0.1", 0))
    protocol = connection_limits.limited_protocol(**limits)
    config = uvicorn.Config(
        application or _Application(),
        http=protocol,
        log_config=None,
        lifespan="off",
        ws="none",
        timeout_keep_alive=5,
    )
    running = uvicorn.Server(config)
    thread = threading.Thread(target=lambda: running.run(sockets=[listening]), daemon=True)
    thread.start()
    while not running.started:
        time.sleep(0.01)
    yield listening.getsockname()[1]
    running.should_exit = True
    thread.join(10)


def _request(port: int, head: bytes = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n") -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), timeout=60)
    connection.sendall(head)
    return connection


def _is_closed(connection: socket.socket) -> bool:
    connection.settimeout(SECONDS)
    try:
        return connection.recv(1000) == b""
    except TimeoutError:
        return False
    except ConnectionError:
        return True


def test_a_head_must_arrive_in_time() -> None:
    with _uvicorn(head_seconds=0.5) as port:
        silent, partial = _request(port, b""), _request(port, b"GET / HT")
        assert _is_closed(silent)
        assert _is_closed(partial)
        # A byte from time to time does not extend the time.
        slow = _request(port, b"GET / HTTP/1.1\r\n")
        closed = False
        for _ in range(20):
            time.sleep(0.1)
            try:
                slow.sendall(b"X: y\r\n")
            except OSError:
                closed = True
                break
        assert closed or _is_closed(slow)
        # A request that takes long to handle is not affected, nor is the next one.
        long = _request(port, b"GET /long HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b"204" in long.recv(1000)
        time.sleep(0.8)
        long.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b"204" in long.recv(1000)
        long.sendall(b"GET / HT")
        assert _is_closed(long)


def test_those_that_wait_longest_are_closed_first() -> None:
    with _uvicorn(connections=10) as port:
        busy = _request(port, b"GET /long HTTP/1.1\r\nHost: x\r\n\r\n")
        waiting = [_request(port, b"GET / HT") for _ in range(9)]
        time.sleep(0.2)
        fresh = [_request(port) for _ in range(9)]
        for connection in fresh:
            assert b"204" in connection.recv(1000)
        assert all(_is_closed(connection) for connection in waiting[:8])
        assert b"204" in busy.recv(1000)


def test_requests_without_a_token_never_keep_others_from_connecting() -> None:
    unfinished = b"POST /oauth/token HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\ngrant"
    with _uvicorn(connections=10) as port:
        busy = _request(port, b"GET /long HTTP/1.1\r\nHost: x\r\n\r\n")
        # The request before has been handed to the application by then.
        assert b"204" in _request(port).recv(1000)
        held = [_request(port, unfinished) for _ in range(15)]
        assert b"204" in _request(port).recv(1000)
        assert _is_closed(held[0])
        assert b"204" in busy.recv(1000)


def test_a_response_that_nobody_reads_ends() -> None:
    application = _Application()
    with _uvicorn(application, stall_seconds=0.3) as port:
        idle = _request(port, b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
        assert idle.recv(1000)
        # The application can go on, because the connection is closed.
        assert application.sent.wait(60)
        reading = _request(port, b"GET /large HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        received = 0
        while piece := reading.recv(1 << 20):
            received += len(piece)
        assert received > 200 << 20


def test_a_client_has_a_limited_number_of_requests(shared: SharedServer) -> None:
    server = shared.server
    greedy, modest = (add_client(server.home, name) for name in ("greedy", "modest"))
    head = (
        "PUT /v2/lm/dataset/files/never.bin HTTP/1.1\r\nHost: x\r\nContent-Length: 9000000\r\n"
        f"Authorization: Bearer {server.token(greedy)}\r\n\r\nx"
    ).encode()
    with contextlib.ExitStack() as stack:
        for _ in range(connection_limits.CLIENT_REQUESTS):
            stack.enter_context(_connect(server)).sendall(head)
        _wait(lambda: server.call("GET", "/lm/scenarios", key=greedy).status_code == 503)
        assert server.call("GET", "/lm/scenarios", key=modest).status_code == 200
    _wait(lambda: server.call("GET", "/lm/scenarios", key=greedy).status_code == 200)


def _wait(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_a_body_that_nobody_may_send_is_not_read(shared: SharedServer) -> None:
    parts = urlsplit(shared.server.url)
    with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=60) as sender:
        sender.sendall(
            b"PATCH /v2/lm/metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 90000000\r\n\r\n"
        )
        sent = 0
        with contextlib.suppress(OSError):
            sender.settimeout(5)
            while sent < 90_000_000:
                sent += sender.send(b"x" * 65536)
        # Beside what is read, the buffers of the system take some megabytes.
        assert sent < 30_000_000
    with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=60) as sender:
        # The response does not wait for the body.
        sender.sendall(b"PATCH /v2/lm/metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n")
        assert b" 401 " in sender.recv(10_000)
    head = b"PATCH /v2/lm/metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n"
    with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=60) as sender:
        # A sender that waits for permission gets none.
        sender.sendall(head + b"Expect: 100-continue\r\n\r\n")
        answer = b""
        while received := sender.recv(10_000):
            answer += received
        assert answer.startswith(b"HTTP/1.1 401 ")
        assert b"\r\nconnection: close\r\n" in answer.lower()


def test_bodies_are_bounded_by_path(shared: SharedServer) -> None:
    body = json.dumps({"name": "x" * BODY_LIMIT})
    for path in ("/lm/artifacts", "/lm/executions", "/admin/objectStoreSecrets"):
        error_of(shared.server.call("POST", path, data=body), 413)
    assert shared.server.call("POST", "/lm/configurations", data=body).status_code == 400


def test_bodies_are_bounded_in_sum() -> None:
    budget = BodyBudget(100)
    with budget.request() as first, budget.request() as second:
        assert first.take(60)
        assert second.take(40)
        assert not second.take(1)
        assert not first.take(1)
    with budget.request() as third:
        assert third.take(100)


def test_a_slow_body_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "_PIECE_SECONDS", 0.2)
    monkeypatch.setattr(bodies, "_LEAST_SPEED", 1000)

    class Request:
        def __init__(self, pause: float) -> None:
            self.pause = pause

        async def stream(self) -> Any:
            for _ in range(50):
                await asyncio.sleep(self.pause)
                yield b"x" * 10

    async def read(pause: float) -> Any:
        with BodyBudget(10_000).request() as budget:
            return await bodies.read_body(Request(pause), 10_000, budget)  # type: ignore[arg-type]

    for pause in (0.5, 0.05):
        content, error = asyncio.run(read(pause))
        assert content == b""
        assert error is not None
        assert (error.status, error.headers["Connection"]) == (408, "close")
    assert asyncio.run(read(0.001)) == (b"x" * 500, None)


def test_failures_are_limited_and_forgotten() -> None:
    at = [0.0]
    limit = FailureLimit(3, 10.0, lambda: at[0])
    for _ in range(3):
        assert limit.wait("a") == 0
        limit.failed("a")
    assert limit.wait("a") == pytest.approx(10, abs=0.2)
    assert limit.wait("b") == 0
    at[0] = 9.0
    assert limit.wait("a") == pytest.approx(1)
    at[0] = 10.1
    assert limit.wait("a") == 0
    limit.failed("a")
    assert limit.wait("a") == pytest.approx(10, abs=0.2)


def test_addresses_of_one_network_are_counted_together() -> None:
    assert counted_address("2001:db8:1:2::5") == counted_address("2001:db8:1:2:ffff::1")
    assert counted_address("2001:db8:1:2::5") != counted_address("2001:db8:1:3::5")
    assert counted_address("fe80::1%eth0") == counted_address("fe80::2%eth1")
    assert counted_address("::ffff:10.0.0.1") == counted_address("10.0.0.1") == "10.0.0.1"
    assert counted_address("10.0.0.1") != counted_address("10.0.0.2")
    assert counted_address("") == ""


def test_a_body_of_many_values_takes_little_memory(shared: SharedServer) -> None:
    status = Path(f"/proc/{shared.server.process.pid}/status")
    if not status.exists():
        pytest.skip("needs /proc")
    values = b"{}," * (16 << 20)
    for body in (b'{"executionId":"x","a":[' + values + b"{}]}", b'{"a":"\\"' + values + b'"}'):
        answer = shared.server.call("PATCH", "/lm/metrics", data=body)
        error_of(answer, 413 if body[-2:] == b"]}" else 400)
    peak = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    assert int(peak.split()[1]) < 700_000


@pytest.mark.parametrize(
    ("trusted", "limited"),
    [("", True), ("10.9.8.0/24", True), ("127.0.0.1, ::1", False), ("127.0.0.9/8", False)],
)
def test_only_a_proxy_that_is_named_says_the_address_of_a_client(
    tmp_path: Path, trusted: str, limited: bool
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "settings.toml").write_text(f'[serve]\ntrusted_proxies = "{trusted}"\n')
    with serving(home) as server:
        form = {"grant_type": "client_credentials", "client_id": "x", "client_secret": "wrong"}
        answers = [
            requests.post(
                f"{server.url}/oauth/token",
                data=form,
                headers={"X-Forwarded-For": f"192.0.2.{number}"},
                timeout=SECONDS,
            )
            for number in range(13)
        ]
    assert (429 in {each.status_code for each in answers}) is limited


def test_secrets_cannot_be_guessed_quickly(server: Server) -> None:
    form = {
        "grant_type": "client_credentials",
        "client_id": server.key.client_id,
        "client_secret": "wrong",
    }
    answers = [
        requests.post(f"{server.url}/oauth/token", data=form, timeout=SECONDS) for _ in range(15)
    ]
    assert [each.status_code for each in answers[:10]] == [401] * 10
    limited = answers[-1]
    error_of(limited, 429, "TooManyRequests")
    assert 1 <= int(limited.headers["Retry-After"]) <= 60
    # Another client at the same address is not affected.
    another = requests.post(
        f"{server.url}/oauth/token", data={**form, "client_id": "another"}, timeout=SECONDS
    )
    assert another.status_code == 401
