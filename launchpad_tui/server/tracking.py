"""The tracking endpoint of an execution: ``{base}/api/v1/metrics`` on the loopback interface.

SAP's client (``ai_core_sdk.tracking.Tracking``) and ``launchpad_tui.tracking`` find it by the
variables ``AICORE_EXECUTION_ID`` and ``AICORE_TRACKING_ENDPOINT``. They send no credentials, so the
path contains a secret of the execution: other users of the machine cannot write its metrics, and
the endpoint has no access to other executions.
"""

from __future__ import annotations

import hmac
import io
import secrets
import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from launchpad_tui.aiapi.errors import CODE_TOO_LARGE
from launchpad_tui.aiapi.metrics import (
    MetricRequest,
    parse_metric_request,
    serialize_metric_resource,
)
from launchpad_tui.domain.metric import MetricSink
from launchpad_tui.domain.timestamps import now
from launchpad_tui.errors import InvalidInput
from launchpad_tui.server.body_budget import BodyBudget, RequestBudget
from launchpad_tui.server.group_commit import GroupCommit
from launchpad_tui.server.metric_query import (
    BODY_LIMIT,
    matches_tags,
    requested_executions,
    selected_attributes,
)
from launchpad_tui.server.request_loop import RequestLoop
from launchpad_tui.server.tracking_responses import (
    NO_CONTENT,
    PATH,
    TrackingFailure,
    check_execution,
    describe_failure,
    response,
)

#: A body over the limit is read up to this size and discarded, so that its sender can still read
#: the response with status 413.
_DRAIN_LIMIT = 512 * 1024 * 1024
#: The same of a request without the secret, and the seconds that each piece of it may take.
_STRANGER_DRAIN, _STRANGER_SECONDS = 64 * 1024, 1.0
#: bytes of bodies that are kept in memory at the same time
_BODIES_LIMIT = 2 * BODY_LIMIT
#: maximum number of connections, each of which has a thread
_CONNECTIONS = 256
#: seconds in which a connection must send its first request with the secret
_FIRST_SECONDS = 10.0
#: seconds that a connection may be idle; clients reconnect
_IDLE_SECONDS = 600
#: errors of a connection that its client has closed
_DISCONNECTED = (BrokenPipeError, ConnectionResetError, ConnectionAbortedError, TimeoutError)


#: limits of the head of a request, as in http.server
_LINE_LIMIT, _HEADERS_LIMIT = 65536, 100


class _Server(ThreadingHTTPServer):
    """The listening socket of one execution."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, execution_id: str, sink: MetricSink) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.execution_id = execution_id
        self.sink = sink
        self.secret = secrets.token_urlsafe(32)
        self.commits = GroupCommit(sink)
        self.bodies = BodyBudget(_BODIES_LIMIT)
        self._lock = threading.Lock()
        #: open connections; those whose client has sent the secret are true
        self._connections: dict[socket.socket, bool] = {}
        #: connections that are moved to the loop, with the path of their requests
        self._leaving: dict[socket.socket, str] = {}
        #: what the loop has received of connections that it returned
        self._prefetched: dict[socket.socket, bytes] = {}
        self.loop = RequestLoop(self._record, self._put_back, self._close_connection, _IDLE_SECONDS)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Handle a connection on a new thread; close others if there are too many."""
        with self._lock:
            self._connections[request] = False
            strangers = [each for each, known in self._connections.items() if not known]
            excess = len(self._connections) - _CONNECTIONS
            for closed in strangers[: max(0, excess)]:
                # Its thread ends later; until then it must not be selected again.
                del self._connections[closed]
                with suppress(OSError):
                    closed.shutdown(socket.SHUT_RDWR)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Close a connection, or move it to the loop."""
        with self._lock:
            path = self._leaving.pop(request, None)
        if path is None:
            self._close_connection(request)
        else:
            self.loop.add(request, path)

    def leave(self, request: socket.socket, path: str) -> None:
        """Move a connection to the loop as soon as its handler has ended.

        Args:
            path: the path of its requests.
        """
        with self._lock:
            self._leaving[request] = path

    def prefetched(self, request: socket.socket) -> bytes:
        """Return what the loop has received of a connection."""
        with self._lock:
            return self._prefetched.pop(request, b"")

    def _put_back(self, request: socket.socket, received: bytes) -> None:
        """Handle a connection of the loop on a thread of its own."""
        with self._lock:
            self._prefetched[request] = received
        super().process_request(request, None)

    def _close_connection(self, request: socket.socket) -> None:
        with self._lock:
            self._connections.pop(request, None)
        super().shutdown_request(request)

    def _record(self, bodies: Sequence[bytes]) -> list[bytes]:
        """Store the entries of several requests together; return the responses."""
        at = now()
        answers: dict[int, bytes] = {}
        requests: dict[int, MetricRequest] = {}
        for number, body in enumerate(bodies):
            try:
                execution_id, request = parse_metric_request(body, at)
                check_execution(execution_id, self.execution_id)
            except Exception as error:  # noqa: BLE001  the client gets a response to any error
                answers[number] = response(*describe_failure(error))
                continue
            if request.metrics or request.tags or request.custom_info:
                requests[number] = request
        errors = self.commits.record_all(list(requests.values()))
        for number, failure in zip(requests, errors, strict=True):
            if failure is not None:
                answers[number] = response(*describe_failure(failure))
        return [answers.get(number, NO_CONTENT) for number in range(len(bodies))]

    def is_known(self, request: socket.socket) -> None:
        """Keep a connection whose client has sent the secret when others are closed."""
        with self._lock:
            if request in self._connections:
                self._connections[request] = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Log nothing: clients may disconnect, and other errors were answered with status 500."""


class _Rest(io.RawIOBase):
    """The bytes of a connection of which some were received earlier.

    Args:
        received: those bytes.
        rest: reads the others.
    """

    def __init__(self, received: bytes, rest: io.BufferedIOBase) -> None:
        self._received = received
        self._rest = rest

    def readable(self) -> bool:
        """Return that bytes can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read bytes into a buffer; return their number."""
        found = self._received[: len(buffer)] or self._rest.read1(len(buffer))
        self._received = self._received[len(found) :]
        buffer[: len(found)] = found
        return len(found)

    def close(self) -> None:
        """Close the connection's file."""
        self._rest.close()
        super().close()


class _Headers:
    """The headers of a request, by name regardless of case."""

    def __init__(self, found: Mapping[str, str]) -> None:
        self._found = found

    def get(self, name: str, default: str | None = None) -> str | None:
        """Return the value of a header."""
        return self._found.get(name.lower(), default)


class _Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server_version = "launchpad"
    sys_version = ""
    # Head and body of a response are sent in one segment: otherwise Nagle's algorithm and delayed
    # acknowledgements add 40 ms to each call.
    wbufsize = -1
    disable_nagle_algorithm = True
    timeout = _FIRST_SECONDS
    server: _Server
    headers: Any
    raw_requestline: bytes
    _body = b""
    #: what the loop has received of the connection, which stays on this thread in that case
    _prefetched = b""
    #: the path that was checked last
    _checked = ""

    def parse_request(self) -> bool:
        """Parse the first line and the headers of a request; return whether it can be handled.

        The implementation of the base class takes most of the time of a request.
        """
        words = self.raw_requestline.split()
        if len(words) != 3 or words[2] != b"HTTP/1.1":
            return super().parse_request()
        self.requestline = str(self.raw_requestline, "iso-8859-1").rstrip("\r\n")
        self.command, self.path, self.request_version = self.requestline.split()
        found: dict[str, str] = {}
        for _ in range(_HEADERS_LIMIT + 1):
            line = self.rfile.readline(_LINE_LIMIT + 1)
            if line in {b"\r\n", b"\n"}:
                break
            name, colon, value = str(line, "iso-8859-1").partition(":")
            if not colon or len(line) > _LINE_LIMIT or name != name.strip():
                # Without the end of the head, the rest of the connection cannot be read.
                self.close_connection = True
                if line:
                    self.send_error(400)
                return False
            found[name.lower()] = value.strip()
        else:
            self.close_connection = True
            self.send_error(431)
            return False
        self.headers = _Headers(found)
        self.close_connection = found.get("connection", "").lower() == "close"
        if found.get("expect", "").lower() == "100-continue":
            return self.handle_expect_100()
        return True

    def setup(self) -> None:
        """Read what the loop has received of the connection before anything else."""
        super().setup()
        self._prefetched = self.server.prefetched(self.request)
        if self._prefetched:
            self.rfile = io.BufferedReader(_Rest(self._prefetched, self.rfile))

    def _leave(self) -> None:
        """Leave the next requests to the loop, unless one of them has already been read."""
        self.connection.settimeout(0)
        if self.rfile.peek():  # type: ignore[attr-defined]  # it is a BufferedReader
            self.connection.settimeout(_IDLE_SECONDS)
            return
        self.server.leave(self.connection, self.path)
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the name of the base class
        """Log nothing: a line per request would fill the log of the training."""

    def do_PATCH(self) -> None:
        """Create or update metrics, tags and custom info: 204."""
        self._answer(self._patch)
        if not self._prefetched and not self.close_connection and self._checked:
            self._leave()

    def do_GET(self) -> None:
        """Return the metric resource: 200."""
        self._answer(self._get)

    def do_DELETE(self) -> None:
        """Delete everything that was logged: 200."""
        self._answer(self._delete)

    def _refuse_method(self) -> None:
        self._answer(self._not_allowed)

    do_POST = do_PUT = do_HEAD = do_OPTIONS = _refuse_method  # noqa: N815

    def _answer(self, method: Callable[[], tuple[int, dict[str, Any] | None]]) -> None:
        data: dict[str, Any] | None
        try:
            try:
                self._check_path()
                with self.server.bodies.request() as budget:
                    self._body = self._read_body(budget)
                    status, data = method()
            except _DISCONNECTED:
                raise
            except Exception as error:  # noqa: BLE001  the client gets a response to any error
                status, data = describe_failure(error)
            self._send(status, data)
        except _DISCONNECTED:
            self.close_connection = True
        finally:
            self._body = b""

    def _send(self, status: int, data: Mapping[str, Any] | None) -> None:
        answer = response(status, data, close=self.close_connection)
        if self.command == "HEAD":
            answer = answer[: answer.index(b"\r\n\r\n") + 4]
        self.wfile.write(answer)
        self.wfile.flush()

    def _read_body(self, budget: RequestBudget) -> bytes:
        """Return the request's body, read to its end so that the connection stays usable."""
        if self.headers.get("Transfer-Encoding"):
            self.close_connection = True
            raise TrackingFailure(
                411, "LengthRequired", "The body must be sent with a Content-Length."
            )
        length = self._content_length()
        if length is None:
            self.close_connection = True
            raise TrackingFailure(400, "InvalidRequest", "The Content-Length is not a number.")
        if length > BODY_LIMIT:
            self._drain(_DRAIN_LIMIT)
            raise TrackingFailure(
                413, CODE_TOO_LARGE, f"The body has {length} bytes; the maximum is {BODY_LIMIT}."
            )
        if not budget.take(length):
            self._drain(_DRAIN_LIMIT)
            raise TrackingFailure(503, "ServiceUnavailable", "The endpoint is busy. Try again.")
        body = self.rfile.read(length)
        if len(body) < length:
            raise ConnectionResetError("the body ended early")
        return body

    def _content_length(self) -> int | None:
        """Return the length of the body; None if it is not a number of up to 18 digits."""
        text = self.headers.get("Content-Length") or "0"
        return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None

    def _drain(self, limit: int) -> None:
        """Read and discard a body, so that its sender can read the response, and close after it."""
        self.close_connection = True
        left = min(self._content_length() or 0, limit)
        while left > 0 and (chunk := self.rfile.read(min(left, 1 << 20))):
            left -= len(chunk)

    def _check_path(self) -> None:
        if self.path == self._checked:
            return
        try:
            path = urlsplit(self.path).path
        except ValueError:
            path = ""
        secret, slash, rest = path.lstrip("/").partition("/")
        known = hmac.compare_digest(secret.encode("utf-8", "replace"), self.server.secret.encode())
        if not known or slash + rest.rstrip("/") != PATH:
            self._discard_body()
            raise TrackingFailure(404, "NotFound", "This path does not exist.")
        self._checked = self.path
        self.server.is_known(self.connection)
        self.connection.settimeout(_IDLE_SECONDS)

    def _discard_body(self) -> None:
        """Read a small part of a body that is not wanted; the connection is closed after it."""
        if self.headers.get("Content-Length") or self.headers.get("Transfer-Encoding"):
            self.connection.settimeout(_STRANGER_SECONDS)
            with suppress(OSError):
                self._drain(_STRANGER_DRAIN)

    def _query(self, *names: str) -> list[str]:
        """Return all values of the parameters; SAP's client sends ``top`` instead of ``$top``."""
        found = parse_qs(urlsplit(self.path).query, keep_blank_values=True)
        return [value for name in names for value in found.get(name, [])]

    def _patch(self) -> tuple[int, None]:
        if self.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise TrackingFailure(
                415, "UnsupportedMediaType", "The body must be sent without Content-Encoding."
            )
        execution_id, request = parse_metric_request(self._body, now())
        check_execution(execution_id, self.server.execution_id)
        if request.metrics or request.tags or request.custom_info:
            self.server.commits.record(request)
        return 204, None

    def _get(self) -> tuple[int, dict[str, Any]]:
        ids = requested_executions(self._query("executionIds"), self._query("$filter", "filter"))
        select = selected_attributes(self._query("$select", "select"))
        resources = []
        if (
            self.server.execution_id in ids
            and self._number("skip", 0) == 0
            and self._number("top", 1000) > 0
        ):
            resource = self.server.sink.resource()
            logged = resource.metrics or resource.tags or resource.custom_info
            if logged and all(
                matches_tags(resource.tags, text) for text in self._query("tagFilters")
            ):
                resources.append(serialize_metric_resource(resource, select))
        return 200, {"count": len(resources), "resources": resources}

    def _delete(self) -> tuple[int, dict[str, Any]]:
        ids = self._query("executionId")
        if not ids:
            raise InvalidInput(
                "executionId is missing",
                hint="Name the execution whose metrics are to be deleted.",
                field="executionId",
            )
        if ids != [self.server.execution_id]:
            raise TrackingFailure(404, "NotFound", f"Execution {ids[0][:64]} has no metrics here.")
        self.server.sink.delete()
        return 200, {
            "id": self.server.execution_id,
            "message": "Metric Resource was successfully deleted",
        }

    def _not_allowed(self) -> tuple[int, None]:
        raise TrackingFailure(
            405,
            "MethodNotAllowed",
            f"{self.command[:16]} is not allowed here. Allowed methods: PATCH, GET, DELETE.",
        )

    def _number(self, name: str, default: int) -> int:
        for text in self._query(f"${name}", name):
            if not text.isascii() or not text.isdigit() or len(text) > 9:
                raise InvalidInput(
                    f"${name} is not a whole number of at least 0",
                    hint="Use a number such as 100.",
                    field=f"${name}",
                )
            return int(text)
        return default


@contextmanager
def tracking_endpoint(execution_id: str, sink: MetricSink) -> Iterator[str]:
    """Serve the metrics of one execution while the context is open.

    Yields the base URL ``http://127.0.0.1:<port>/<secret>`` for ``AICORE_TRACKING_ENDPOINT``. A
    request succeeds only after the sink has stored its entries; leaving the context writes queued
    entries, so that no acknowledged entry is lost. Concurrent requests share one ``record`` of the
    sink.
    """
    server = _Server(execution_id, sink)
    thread = threading.Thread(
        target=server.serve_forever,
        kwargs={"poll_interval": 0.1},
        name="tracking-endpoint",
        daemon=True,
    )
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/{server.secret}"
    finally:
        server.shutdown()
        thread.join()
        server.loop.close()
        server.commits.close()
        server.server_close()
