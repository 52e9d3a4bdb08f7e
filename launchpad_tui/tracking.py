"""Log metrics from a training in three lines.

    from launchpad_tui.tracking import log

    log(step=epoch, loss=0.31, accuracy=0.9, labels={"phase": "train"})

This file requires only Python 3.9 or later and imports nothing of launchpad. If the training runs
in another interpreter, copy the file next to its code, under any name. It uses the tracking
protocol of the AI API, so the same code logs inside executions of launchpad and of SAP AI Core.
Outside an execution it logs nothing and warns once on stderr. NaN and infinities are logged.

A training must not fail because a metric could not be logged: ``log``, ``tag`` and ``info`` return
after the metric is stored. If that fails, they retry briefly, warn on stderr, once for each kind of
problem, and return. ``send`` raises an exception instead.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Mapping
from datetime import datetime, timezone
from functools import lru_cache
from typing import Any

__all__ = ["TrackingError", "info", "inside", "log", "send", "tag"]

_EXECUTION = "AICORE_EXECUTION_ID"
_ENDPOINT = "AICORE_TRACKING_ENDPOINT"
#: The maximum number of metrics in one request (AI API).
_PER_REQUEST = 1000
#: Seconds to wait before each retry.
_RETRY_SECONDS = (0.05, 0.25, 1.0)
_TIMEOUT_SECONDS = 60
#: Seconds after a failure in which requests are not retried, so that an unreachable endpoint does
#: not slow down every step.
_NO_RETRY_SECONDS = 30
_local = threading.local()
_no_retry = {"until": 0.0}
_warned: set[str] = set()


class TrackingError(Exception):
    """A metric could not be logged. ``kind`` identifies the kind of problem."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


def inside() -> bool:
    """Return whether this process runs inside an execution."""
    return bool(os.environ.get(_EXECUTION) and os.environ.get(_ENDPOINT))


def log(
    step: int | None = None,
    labels: Mapping[str, Any] | None = None,
    timestamp: datetime | float | None = None,
    **metrics: Any,
) -> None:
    """Log one or several metrics at a step.

    Args:
        step: An integer from 0, such as the epoch; None is 0.
        labels: Values by name, such as ``{"phase": "train"}``; at most 20.
        timestamp: A datetime (UTC if it has no time zone) or seconds since 1970; None is now.
        metrics: Numbers by name (anything that ``float`` accepts). Names that are not identifiers
            are passed as ``**{"Error rate": 1}``.
    """
    numbers: dict[str, float] = {}
    for name, value in metrics.items():
        try:
            numbers[name] = float(value)
        except (TypeError, ValueError, OverflowError):
            _warn(
                "value",
                f"the metric {name} is not a number ({type(value).__name__}) and was not logged",
            )
    _send_or_warn(numbers, step, labels, {}, {}, timestamp)


def tag(**tags: Any) -> None:
    """Set tags of the execution, such as ``tag(group="tree-82")``.

    A tag that was set before is replaced.
    """
    _send_or_warn({}, None, None, tags, {}, None)


def info(name: str, text: Any) -> None:
    """Set a custom info of the execution.

    Values other than strings, such as a confusion matrix, are converted to JSON.
    """
    try:
        value = text if isinstance(text, str) else json.dumps(text)
    except (TypeError, ValueError) as error:
        _warn("info", f"{name} cannot be converted to JSON ({error}) and was not logged")
        return
    _send_or_warn({}, None, None, {}, {name: value}, None)


def send(
    metrics: Mapping[str, float],
    step: int | None = None,
    labels: Mapping[str, Any] | None = None,
    tags: Mapping[str, Any] | None = None,
    infos: Mapping[str, str] | None = None,
    timestamp: datetime | float | None = None,
) -> None:
    """Log all values and return after they are stored.

    Raises:
        TrackingError: The process runs outside an execution, or the endpoint cannot be reached or
            rejects the request.
    """
    execution, endpoint = os.environ.get(_EXECUTION), os.environ.get(_ENDPOINT)
    if not execution or not endpoint:
        raise TrackingError(
            "outside", f"not inside an execution: {_EXECUTION} and {_ENDPOINT} are not set"
        )
    try:
        at = _rfc3339(timestamp)
        at_step = 0 if step is None else int(step)
    except (TypeError, ValueError, OverflowError, OSError) as error:
        raise TrackingError("value", f"the step or the timestamp is invalid: {error}") from error
    # Strings are put together, because this takes half as long as encoding dictionaries.
    pairs = _pairs(labels) if labels else "[]"
    end = f',"timestamp":"{at}","step":{at_step},"labels":{pairs}}}'
    points = [
        f'{{"name":{_name(name)},"value":{_number(value)}{end}' for name, value in metrics.items()
    ]
    rest = ""
    if tags:
        rest = f',"tags":{_pairs(tags)}'
    if infos:
        entries = [{"name": str(name), "value": value} for name, value in infos.items()]
        rest += f',"customInfo":{json.dumps(entries)}'
    for start in range(0, max(1, len(points)), _PER_REQUEST):
        some = ",".join(points[start : start + _PER_REQUEST])
        body = f'{{"executionId":{_name(execution)},"metrics":[{some}]{rest}}}'
        rest = ""
        _patch(body.encode(), endpoint)


#: a training logs the same names again and again
_name = lru_cache(maxsize=16384)(json.dumps)


def _number(value: float) -> str:
    """Return a number as JSON, with ``NaN`` and ``Infinity`` as the endpoint reads them."""
    # Only the difference of finite numbers is 0.
    return repr(value) if type(value) is float and value - value == 0 else json.dumps(value)


def _pairs(pairs: Mapping[str, Any]) -> str:
    entries = [{"name": str(name), "value": str(value)} for name, value in pairs.items()]
    return json.dumps(entries)


def _send_or_warn(
    metrics: Mapping[str, float],
    step: int | None,
    labels: Mapping[str, Any] | None,
    tags: Mapping[str, Any],
    infos: Mapping[str, str],
    timestamp: datetime | float | None,
) -> None:
    if not (metrics or tags or infos):
        return
    try:
        send(metrics, step, labels, tags, infos, timestamp)
    except TrackingError as error:
        _warn(error.kind, str(error))


def _warn(kind: str, message: str) -> None:
    """Print a warning once for each kind of problem."""
    if kind not in _warned:
        _warned.add(kind)
        text = f"launchpad tracking: {message} (this warning is shown once)"
        print(text, file=sys.stderr, flush=True)  # noqa: T201


def _rfc3339(timestamp: datetime | float | None) -> str:
    if not isinstance(timestamp, datetime):
        seconds = time.time() if timestamp is None else timestamp
        timestamp = datetime.fromtimestamp(seconds, timezone.utc)  # noqa: UP017
    elif timestamp.tzinfo is None:
        timestamp = timestamp.replace(tzinfo=timezone.utc)  # noqa: UP017  the file also runs on Python 3.9
    text = timestamp.astimezone(timezone.utc).isoformat(timespec="microseconds")  # noqa: UP017
    return f"{text[:-6]}Z"


def _patch(body: bytes, endpoint: str) -> None:
    """Send a request over the connection of this thread, and retry if there is no response.

    If only the response was lost, a point may be stored twice with the same timestamp and step.
    """
    waits = _RETRY_SECONDS if time.monotonic() >= _no_retry["until"] else ()
    for seconds in (*waits, None):
        try:
            status, answer = _connection(endpoint).patch(body)
        except OSError as error:
            _close()
            if seconds is None:
                _no_retry["until"] = time.monotonic() + _NO_RETRY_SECONDS
                raise TrackingError(
                    "unreachable", f"the tracking endpoint cannot be reached: {error!r}"
                ) from error
        else:
            if 200 <= status < 300:
                return
            if seconds is None or status not in {429, 500, 502, 503, 504}:
                raise TrackingError(
                    f"status {status}",
                    f"the tracking endpoint answered {status}: {_message(answer)}",
                )
        time.sleep(seconds)


def _headers() -> dict[str, str]:
    headers = {"Content-Type": "application/json", "Authorization": ""}
    for name in ("AI-MAIN-TENANT", "AI-RESOURCE-GROUP"):
        if os.environ.get(name):
            headers[name] = os.environ[name]
    return headers


class _PlainConnection:
    """A connection to an endpoint without TLS, with little work for a call.

    Args:
        place: The host, and the port after a colon.
        path: The path of the endpoint.
    """

    def __init__(self, place: str, path: str) -> None:
        import socket

        host, colon, port = place.rpartition(":")
        if not colon or not port.isdigit():
            host, port = place, "80"
        self._socket = socket.create_connection((host.strip("[]"), int(port)), _TIMEOUT_SECONDS)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        lines = [f"PATCH {path} HTTP/1.1", f"Host: {place}", "Accept-Encoding: identity"]
        lines += [f"{name}: {value}" for name, value in _headers().items()]
        self._head = "\r\n".join([*lines, "Content-Length: "]).encode("latin-1")
        #: the last complete response that has neither a body nor the end of the connection
        self._usual = b""

    def patch(self, body: bytes) -> tuple[int, bytes]:
        """Return status and body of the response. Raises OSError."""
        self._socket.sendall(b"%s%d\r\n\r\n%s" % (self._head, len(body), body))
        received = self._receive()
        if received == self._usual:
            return 204, b""
        while b"\r\n\r\n" not in received:
            received += self._receive()
        head, _, answer = received.partition(b"\r\n\r\n")
        status = head[9:12]
        if not head.startswith(b"HTTP/1.") or not status.isdigit():
            raise ConnectionError("the response is not HTTP")
        fields = dict(
            line.lower().split(b":", 1) for line in head.split(b"\r\n")[1:] if b":" in line
        )
        length = fields.get(b"content-length", b"").strip()
        if length.isdigit():
            while len(answer) < int(length):
                answer += self._receive()
        if fields.get(b"connection", b"").strip() == b"close" or not (
            status == b"204" or length.isdigit()
        ):
            # The end of the response is unknown, or the server closes the connection.
            _close()
        elif status == b"204" and not answer:
            self._usual = received
        return int(status), answer

    def _receive(self) -> bytes:
        data = self._socket.recv(65536)
        if not data:
            raise ConnectionResetError("the tracking endpoint closed the connection")
        return data

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()


class _SecureConnection:
    """A connection to an endpoint with TLS. The arguments are those of `_PlainConnection`."""

    def __init__(self, place: str, path: str) -> None:
        import http.client

        self._connection = http.client.HTTPSConnection(place, timeout=_TIMEOUT_SECONDS)
        self._path = path

    def patch(self, body: bytes) -> tuple[int, bytes]:
        """Return status and body of the response. Raises OSError."""
        import http.client

        try:
            self._connection.request("PATCH", self._path, body, _headers())
            response = self._connection.getresponse()
            return response.status, response.read()
        except http.client.HTTPException as error:
            raise ConnectionError(repr(error)) from error

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def _connection(endpoint: str) -> Any:
    """Return the connection of this thread.

    After a fork, or if the endpoint has changed, a new connection is opened.
    """
    key = (os.getpid(), endpoint)
    if getattr(_local, "key", None) != key:
        scheme, _, rest = endpoint.partition("://")
        place, _, path = rest.partition("/")
        path = f"/{path}".rstrip("/") + "/api/v1/metrics"
        kind = _SecureConnection if scheme == "https" else _PlainConnection
        _local.connection = kind(place, path)
        _local.key = key
    return _local.connection


def _close() -> None:
    connection = getattr(_local, "connection", None)
    _local.key = None
    if connection is not None:
        connection.close()


def _message(answer: bytes) -> str:
    """Return the error message in the response of the endpoint."""
    try:
        return str(json.loads(answer)["error"]["message"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return answer[:200].decode("utf-8", "replace")
