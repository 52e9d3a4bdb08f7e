"""The tracking endpoint over real sockets."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from launchpad_tui.server.tracking import tracking_endpoint
from tests.server.file_sink import EXECUTION, FileSink

#: the required and all attributes of the API's schemas (specification 2.42.0, ``Trck…``)
SCHEMAS: dict[str, tuple[set[str], dict[str, Any]]] = {
    "TrckGetMetricResourceList": (
        {"resources"},
        {"count": int, "resources": ["TrckGetMetricResource"]},
    ),
    "TrckGetMetricResource": (
        {"executionId"},
        {
            "executionId": str,
            "createdAt": str,
            "modifiedAt": str,
            "metrics": ["TrckGetMetric"],
            "tags": ["NameValue"],
            "customInfo": ["NameValue"],
        },
    ),
    "TrckGetMetric": (
        {"name", "value", "timestamp"},
        {
            "name": str,
            "value": (int, float),
            "timestamp": str,
            "step": int,
            "labels": ["NameValue"],
        },
    ),
    "NameValue": ({"name", "value"}, {"name": str, "value": str}),
    "TrckDeleteMetricsResponse": (set(), {"id": str, "message": str}),
    "TrckApiError": (
        {"code", "message"},
        {
            "code": str,
            "message": str,
            "requestId": str,
            "target": str,
            "details": ["TrckDetailsErrorResponse"],
        },
    ),
    "TrckDetailsErrorResponse": (set(), {"code": str, "message": str}),
}


class Client:
    """A client over one persistent connection."""

    def __init__(self, base: str) -> None:
        parts = urlsplit(base)
        self.prefix = parts.path
        self.connection = http.client.HTTPConnection(parts.netloc, timeout=60)

    def call(
        self,
        method: str,
        query: str = "",
        body: Any = None,
        *,
        path: str | None = None,
        **headers: str,
    ) -> Any:
        """Return status and parsed body of a response."""
        target = (self.prefix if path is None else path) + "/api/v1/metrics" + query
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        self.connection.request(method, target, data, headers)
        response = self.connection.getresponse()
        payload = response.read()
        return response.status, json.loads(payload) if payload else None

    def log(self, *metrics: dict[str, Any], execution: str = EXECUTION) -> Any:
        return self.call("PATCH", body={"executionId": execution, "metrics": list(metrics)})


@pytest.fixture
def sink(tmp_path: Path) -> FileSink:
    return FileSink(tmp_path / "sink.db")


@pytest.fixture
def client(sink: FileSink) -> Iterator[Client]:
    with tracking_endpoint(EXECUTION, sink) as base:
        one = Client(base)
        yield one
        one.connection.close()


def conforms(value: Any, name: str) -> None:
    """Fail unless a value conforms to a schema and has no unknown attributes."""
    required, attributes = SCHEMAS[name]
    assert required <= set(value) <= set(attributes)
    for attribute, inner in value.items():
        kind = attributes[attribute]
        if isinstance(kind, list):
            for one in inner:
                conforms(one, kind[0])
        else:
            assert isinstance(inner, kind), (attribute, inner)


def test_round_trip_over_one_connection(client: Client) -> None:
    assert client.log(
        {"name": "loss", "value": 0.5, "step": 1, "labels": [{"name": "a", "value": "b"}]}
    ) == (204, None)
    body = {
        "executionId": EXECUTION,
        "tags": [{"name": "t", "value": "1"}],
        "customInfo": [{"name": "i", "value": "x"}],
    }
    assert client.call("PATCH", body=body) == (204, None)
    status, answer = client.call("GET", f"?executionIds={EXECUTION}&$select=*")
    assert status == 200
    assert answer["count"] == 1
    resource = answer["resources"][0]
    assert resource["metrics"][0]["labels"] == [{"name": "a", "value": "b"}]
    assert resource["tags"] == [{"name": "t", "value": "1"}]
    assert resource["customInfo"] == [{"name": "i", "value": "x"}]
    assert client.call("GET", f"?executionIds={EXECUTION}&tagFilters=t%3D2")[1]["count"] == 0
    assert set(
        client.call("GET", f"?$filter=executionId%20eq%20'{EXECUTION}'&select=tags")[1][
            "resources"
        ][0]
    ) == {
        "executionId",
        "createdAt",
        "modifiedAt",
        "tags",
    }
    assert client.call("DELETE", f"?executionId={EXECUTION}")[0] == 200
    assert client.call("GET", f"?executionIds={EXECUTION}") == (200, {"count": 0, "resources": []})


def test_responses_conform_to_the_specification(client: Client) -> None:
    client.log({"name": "loss", "value": 0.5, "labels": [{"name": "a", "value": "b"}]})
    conforms(client.call("GET", f"?executionIds={EXECUTION}")[1], "TrckGetMetricResourceList")
    conforms(client.call("DELETE", f"?executionId={EXECUTION}")[1], "TrckDeleteMetricsResponse")
    for answer in (
        client.log({"name": "a"}),
        client.log(*[{"name": "a", "value": 1}] * 1001),
        client.call("POST"),
    ):
        assert list(answer[1]) == ["error"]
        conforms(answer[1]["error"], "TrckApiError")


def test_invalid_requests_are_rejected(client: Client) -> None:
    assert client.call("PATCH", body=b"{")[0] == 400
    assert client.log({"name": "a", "value": "x"})[0] == 400
    assert client.log({"name": "a", "value": 1}, execution="e999")[0] == 403
    status, answer = client.log(*[{"name": "a", "value": 1}] * 1001)
    assert (status, answer["error"]["code"]) == (413, "02000005")
    assert client.call("GET")[0] == 400
    assert client.call("GET", "?executionIds=" + ",".join(map(str, range(11))))[0] == 400
    assert client.call("GET", "?executionIds=e999") == (200, {"count": 0, "resources": []})
    assert client.call("GET", f"?executionIds={EXECUTION}&$top=x")[0] == 400
    assert client.call("DELETE", "?executionId=e999")[0] == 404
    assert client.call("POST", body={})[0] == 405
    assert client.call("PATCH", body=b"{}", **{"Content-Encoding": "gzip"})[0] == 415


def test_requests_without_the_secret_get_404(client: Client, sink: FileSink) -> None:
    body = {"executionId": EXECUTION, "metrics": [{"name": "a", "value": 1}]}
    for path in (
        "",
        "/wrong",
        client.prefix[:-1],
        client.prefix + "x",
        client.prefix + "/api",
        "/%C3%A9",
    ):
        status, answer = client.call("PATCH", path=path, body=body)
        assert status == 404
        assert client.prefix[1:] not in json.dumps(answer)
    assert sink.writes == 0


def test_oversized_body_gets_a_response(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("launchpad_tui.server.tracking.BODY_LIMIT", 1000)
    status, answer = client.call("PATCH", body=b" " * 3_000_000)
    assert (status, answer["error"]["code"]) == (413, "02000005")


def test_errors_of_the_sink_are_reported(client: Client) -> None:
    assert client.log({"name": "busy", "value": 1})[0] == 503
    status, answer = client.log({"name": "broken", "value": 1})
    assert status == 500
    assert "secret path" not in json.dumps(answer)
    assert client.log({"name": "fine", "value": 1})[0] == 204


def test_concurrent_requests_share_writes_without_loss(sink: FileSink) -> None:
    sink.delay = 0.005
    with tracking_endpoint(EXECUTION, sink) as base:

        def work(number: int) -> None:
            one = Client(base)
            for step in range(25):
                assert one.log({"name": f"m{number}", "value": step, "step": step})[0] == 204

        threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        found = sink.resource().metrics
    assert sorted((m.name, m.step) for m in found) == sorted(
        (f"m{n}", s) for n in range(8) for s in range(25)
    )
    assert sink.writes < 150


def test_an_invalid_entry_does_not_affect_other_requests(sink: FileSink) -> None:
    sink.delay = 0.1
    statuses: dict[str, int] = {}
    with tracking_endpoint(EXECUTION, sink) as base:

        def work(name: str) -> None:
            statuses[name] = Client(base).log({"name": name, "value": 1})[0]

        threads = [
            threading.Thread(target=work, args=(name,))
            for name in ("first", "refused", "second", "third")
        ]
        for thread in threads:
            thread.start()
            time.sleep(0.01)
        for thread in threads:
            thread.join()
    assert statuses == {"first": 204, "refused": 400, "second": 204, "third": 204}


def test_closing_writes_queued_entries(sink: FileSink) -> None:
    sink.delay = 0.3
    answers: list[Any] = []
    with tracking_endpoint(EXECUTION, sink) as base:
        thread = threading.Thread(
            target=lambda: answers.append(Client(base).log({"name": "late", "value": 1}))
        )
        thread.start()
        time.sleep(0.1)
    thread.join()
    assert answers == [(204, None)]
    assert [m.name for m in sink.resource().metrics] == ["late"]


def test_a_disconnected_client_leaves_no_entries(client: Client, sink: FileSink) -> None:
    client.connection.connect()
    assert client.connection.sock is not None
    client.connection.sock.sendall(
        f"PATCH {client.prefix}/api/v1/metrics HTTP/1.1\r\n"
        "Host: x\r\nContent-Length: 500\r\n\r\n{".encode()
    )
    client.connection.close()
    assert client.log({"name": "next", "value": 1})[0] == 204
    assert [m.name for m in sink.resource().metrics] == ["next"]


def _sent_to(base: str, path: str, length: int) -> tuple[int, bytes]:
    """Send a large body; return the number of bytes that were accepted, and the response."""
    parts = urlsplit(base)
    with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=60) as sender:
        head = (
            f"PATCH {path}/api/v1/metrics HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n"
        )
        sender.sendall(head.encode())
        sent = 0
        with contextlib.suppress(OSError):
            while sent < length:
                sent += sender.send(b"x" * 65536)
        with contextlib.suppress(OSError):
            return sent, sender.recv(10_000)
        return sent, b""


def test_malformed_requests_are_not_errors_of_the_endpoint(
    sink: FileSink, caplog: pytest.LogCaptureFixture
) -> None:
    with tracking_endpoint(EXECUTION, sink) as base:
        parts = urlsplit(base)
        digits = "9" * 5000
        for target, length, status in (
            ("//[/api/v1/metrics", "0", "404"),
            ("/wrong/api/v1/metrics", digits, "404"),
            (f"{parts.path}/api/v1/metrics", digits, "400"),
            (f"{parts.path}/api/v1/metrics", "\u00b2", "400"),
        ):
            with socket.create_connection((parts.hostname or "", parts.port or 0), 60) as sender:
                head = f"PATCH {target} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n"
                sender.sendall(head.encode("latin-1"))
                assert sender.recv(1000).split()[1].decode() == status
    assert not caplog.records


def test_bodies_without_the_secret_are_not_read(sink: FileSink) -> None:
    with tracking_endpoint(EXECUTION, sink) as base:
        for path in ("", "/wrong", "/" + "x" * 43, "/../metrics"):
            sent, _ = _sent_to(base, path, 90_000_000)
            # Beside what is read, the buffers of the system take some megabytes.
            assert sent < 30_000_000
        # A small body is read, so that its sender gets the response.
        _, answer = _sent_to(base, "/wrong", 1000)
        assert b" 404 " in answer
        assert b"Connection: close" in answer


def test_bodies_are_bounded_in_sum(sink: FileSink, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("launchpad_tui.server.tracking._BODIES_LIMIT", 1000)
    with tracking_endpoint(EXECUTION, sink) as base:
        client = Client(base)
        assert client.call("PATCH", body=b"x" * 1001)[0] == 503
        client = Client(base)
        assert client.log({"name": "small", "value": 1})[0] == 204
        assert client.log({"name": "small", "value": 2})[0] == 204


def test_many_connections_do_not_block_the_training(
    sink: FileSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("launchpad_tui.server.tracking._CONNECTIONS", 20)
    with tracking_endpoint(EXECUTION, sink) as base, contextlib.ExitStack() as stack:
        training = Client(base)
        assert training.log({"name": "a", "value": 1})[0] == 204
        parts = urlsplit(base)
        address = (parts.hostname or "", parts.port or 0)
        for number in range(200):
            half = stack.enter_context(socket.create_connection(address, timeout=60))
            half.sendall(b"PATCH /" if number % 2 else b"")
        assert training.log({"name": "a", "value": 2})[0] == 204
        assert Client(base).log({"name": "a", "value": 3})[0] == 204
        end = time.monotonic() + 60
        while _handlers() > 40 and time.monotonic() < end:
            time.sleep(0.05)
        assert _handlers() <= 40


def _handlers() -> int:
    """Return the number of threads that handle a connection."""
    return sum("process_request" in each.name for each in threading.enumerate())
