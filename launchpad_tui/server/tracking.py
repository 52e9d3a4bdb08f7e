"""The tracking endpoint inside an execution: ``{base}/api/v1/metrics`` on loopback, for training code as it is.

SAP's client (``ai_core_sdk.tracking.Tracking``) and ``launchpad_tui.tracking`` find it by ``AICORE_EXECUTION_ID`` and
``AICORE_TRACKING_ENDPOINT``. They send no credential, so a secret of the execution stands in the path: another user of
the machine cannot write into the execution's metrics, and the endpoint knows nothing of any other execution.
"""

from __future__ import annotations

import hmac
import json
import logging
import secrets
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from launchpad_tui.aiapi.errors import (
    CODE_TOO_LARGE,
    LimitExceeded,
    listed_details,
    serialize_error,
)
from launchpad_tui.aiapi.metrics import parse_metric_request, serialize_metric_resource
from launchpad_tui.domain.metric import MetricSink
from launchpad_tui.domain.timestamps import now
from launchpad_tui.errors import InvalidInput, LaunchpadError
from launchpad_tui.server.group_commit import GroupCommit
from launchpad_tui.server.metric_query import (
    BODY_LIMIT,
    matches_tags,
    requested_executions,
    selected_attributes,
)

_log = logging.getLogger(__name__)
PATH = "/api/v1/metrics"
#: a longer body is read to its end up to here, so that its sender is still there to hear the 413
_DRAIN_LIMIT = 512 * 1024 * 1024
#: seconds that a kept-alive connection may be silent; clients reconnect
_IDLE_SECONDS = 600
_SILENT = (BrokenPipeError, ConnectionResetError, ConnectionAbortedError, TimeoutError)


class _Refusal(Exception):
    """An answer that is an error."""

    def __init__(
        self, status: int, code: str, message: str, details: tuple[tuple[str, str], ...] = ()
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.details = details


def _refusal(error: Exception) -> _Refusal:
    """How the API says it."""
    if isinstance(error, _Refusal):
        return error
    if isinstance(error, LaunchpadError):
        message = " ".join(
            f"{part.rstrip('.')}." for part in (error.title, error.detail, error.hint) if part
        )
        details = (
            ((error.field, error.title),) if isinstance(error, InvalidInput) and error.field else ()
        )
        if isinstance(error, LimitExceeded):
            return _Refusal(413, CODE_TOO_LARGE, message, details)
        if isinstance(error, InvalidInput):
            return _Refusal(400, "InvalidRequest", message, details)
        return _Refusal(503 if error.retryable else 500, type(error).__name__, message)
    _log.error("a request of the training failed", exc_info=error)
    return _Refusal(
        500, "InternalError", f"The metrics could not be kept ({type(error).__name__})."
    )


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

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is no news; everything else was answered with a 500 already."""


class _Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server_version = "launchpad"
    sys_version = ""
    # head and body of an answer leave in one segment: otherwise Nagle and delayed ACK cost 40 ms a call
    wbufsize = -1
    disable_nagle_algorithm = True
    timeout = _IDLE_SECONDS
    server: _Server
    _body = b""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class names it so
        """Nothing: the training's output is not the place for a line per metric."""

    def do_PATCH(self) -> None:
        """Create or update metrics, tags and custom info: 204."""
        self._answer(self._patch)

    def do_GET(self) -> None:
        """The metric resource: 200."""
        self._answer(self._get)

    def do_DELETE(self) -> None:
        """Forget everything logged: 200."""
        self._answer(self._delete)

    def _refuse_method(self) -> None:
        self._answer(self._not_allowed)

    do_POST = do_PUT = do_HEAD = do_OPTIONS = _refuse_method  # noqa: N815

    def _answer(self, method: Callable[[], tuple[int, dict[str, Any] | None]]) -> None:
        data: dict[str, Any] | None
        try:
            try:
                self._body = self._read_body()
                self._check_path()
                status, data = method()
            except _SILENT:
                raise
            except Exception as error:  # noqa: BLE001  whatever it is, the client gets an answer
                refusal = _refusal(error)
                status = refusal.status
                data = serialize_error(
                    refusal.code,
                    refusal.message,
                    str(uuid.uuid4()),
                    PATH,
                    listed_details(refusal.details),
                )
            self._send(status, data)
        except _SILENT:
            self.close_connection = True

    def _send(self, status: int, data: Mapping[str, Any] | None) -> None:
        self.send_response(status)
        payload = b"" if data is None else json.dumps(data, separators=(",", ":")).encode()
        if data is not None:
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(payload)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(payload)
        self.wfile.flush()

    def _read_body(self) -> bytes:
        """The request's body, read whole, so that the connection can go on whatever the answer."""
        if self.headers.get("Transfer-Encoding"):
            self.close_connection = True
            raise _Refusal(411, "LengthRequired", "Send the body with a Content-Length.")
        text = self.headers.get("Content-Length") or "0"
        if not text.isascii() or not text.isdigit():
            self.close_connection = True
            raise _Refusal(400, "InvalidRequest", "The Content-Length is not a number.")
        length = int(text)
        if length > BODY_LIMIT:
            self.close_connection = True
            left = min(length, _DRAIN_LIMIT)
            while left > 0 and (chunk := self.rfile.read(min(left, 1 << 20))):
                left -= len(chunk)
            raise _Refusal(
                413, CODE_TOO_LARGE, f"The body has {length} bytes; at most {BODY_LIMIT}."
            )
        body = self.rfile.read(length)
        if len(body) < length:
            raise ConnectionResetError("the body ended early")
        return body

    def _check_path(self) -> None:
        secret, slash, rest = urlsplit(self.path).path.lstrip("/").partition("/")
        known = hmac.compare_digest(secret.encode("utf-8", "replace"), self.server.secret.encode())
        if not known or slash + rest.rstrip("/") != PATH:
            raise _Refusal(404, "NotFound", "There is nothing here.")

    def _query(self, *names: str) -> list[str]:
        """All values of the parameters: SAP's client writes ``top`` where the specification writes ``$top``."""
        found = parse_qs(urlsplit(self.path).query, keep_blank_values=True)
        return [value for name in names for value in found.get(name, [])]

    def _patch(self) -> tuple[int, None]:
        if self.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise _Refusal(415, "UnsupportedMediaType", "Send the body without Content-Encoding.")
        execution_id, request = parse_metric_request(self._body, now())
        self._check_execution(execution_id)
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
            something = resource.metrics or resource.tags or resource.custom_info
            if something and all(
                matches_tags(resource.tags, text) for text in self._query("tagFilters")
            ):
                resources.append(serialize_metric_resource(resource, select))
        return 200, {"count": len(resources), "resources": resources}

    def _delete(self) -> tuple[int, dict[str, Any]]:
        ids = self._query("executionId")
        if not ids:
            raise InvalidInput("executionId is missing", field="executionId")
        if ids != [self.server.execution_id]:
            raise _Refusal(404, "NotFound", f"Execution {ids[0][:64]} has no metrics here.")
        self.server.sink.delete()
        return 200, {
            "id": self.server.execution_id,
            "message": "Metric Resource was successfully deleted",
        }

    def _not_allowed(self) -> tuple[int, None]:
        raise _Refusal(
            405,
            "MethodNotAllowed",
            f"{self.command[:16]} is not offered; PATCH, GET and DELETE are.",
        )

    def _check_execution(self, execution_id: str) -> None:
        if execution_id != self.server.execution_id:
            message = f"This endpoint belongs to execution {self.server.execution_id}, not to {execution_id[:64]}."
            raise _Refusal(403, "Forbidden", message, (("executionId", message),))

    def _number(self, name: str, default: int) -> int:
        for text in self._query(f"${name}", name):
            if not text.isascii() or not text.isdigit() or len(text) > 9:
                raise InvalidInput(f"${name} is not a whole number from 0", field=f"${name}")
            return int(text)
        return default


@contextmanager
def tracking_endpoint(execution_id: str, sink: MetricSink) -> Iterator[str]:
    """Serve the metrics of one execution while the context is open.

    Gives the base URL ``http://127.0.0.1:<port>/<secret>`` for ``AICORE_TRACKING_ENDPOINT``. A request is answered with
    success only after the sink has kept its entries; leaving the context writes what was still waiting, so that nothing
    acknowledged is lost. Requests that come at the same time share one ``record`` of the sink.
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
        server.commits.close()
        server.server_close()
