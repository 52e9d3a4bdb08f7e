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
    if not inside():
        raise TrackingError(
            "outside", f"not inside an execution: {_EXECUTION} and {_ENDPOINT} are not set"
        )
    try:
        at = _rfc3339(timestamp)
        at_step = 0 if step is None else int(step)
    except (TypeError, ValueError, OverflowError, OSError) as error:
        raise TrackingError("value", f"the step or the timestamp is invalid: {error}") from error
    pairs = [{"name": str(name), "value": str(value)} for name, value in (labels or {}).items()]
    points = [
        {"name": name, "value": value, "timestamp": at, "step": at_step, "labels": pairs}
        for name, value in metrics.items()
    ]
    rest: dict[str, Any] = {}
    if tags:
        rest["tags"] = [{"name": str(name), "value": str(value)} for name, value in tags.items()]
    if infos:
        rest["customInfo"] = [{"name": str(name), "value": value} for name, value in infos.items()]
    for start in range(0, max(1, len(points)), _PER_REQUEST):
        body = {
            "executionId": os.environ[_EXECUTION],
            "metrics": points[start : start + _PER_REQUEST],
            **rest,
        }
        rest = {}
        _patch(json.dumps(body).encode())


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
    return timestamp.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")  # noqa: UP017


def _patch(body: bytes) -> None:
    """Send a request over the connection of this thread, and retry if there is no response.

    If only the response was lost, a point may be stored twice with the same timestamp and step.
    """
    import http.client

    waits = _RETRY_SECONDS if time.monotonic() >= _no_retry["until"] else ()
    for seconds in (*waits, None):
        try:
            status, answer = _request(body)
        except (OSError, http.client.HTTPException) as error:
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


def _request(body: bytes) -> tuple[int, bytes]:
    connection, path = _connection()
    headers = {"Content-Type": "application/json", "Authorization": ""}
    for name in ("AI-MAIN-TENANT", "AI-RESOURCE-GROUP"):
        if os.environ.get(name):
            headers[name] = os.environ[name]
    connection.request("PATCH", path, body, headers)
    response = connection.getresponse()
    return response.status, response.read()


def _connection() -> tuple[Any, str]:
    """Return the connection of this thread and the path of the endpoint.

    After a fork, or if the endpoint has changed, a new connection is opened.
    """
    key = (os.getpid(), os.environ[_ENDPOINT])
    if getattr(_local, "key", None) != key:
        import http.client
        from urllib.parse import urlsplit

        parts = urlsplit(os.environ[_ENDPOINT])
        kind = (
            http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        )
        _local.connection = kind(parts.netloc, timeout=_TIMEOUT_SECONDS)
        _local.path = parts.path.rstrip("/") + "/api/v1/metrics"
        _local.key = key
    return _local.connection, _local.path


def _close() -> None:
    connection = getattr(_local, "connection", None)
    _local.key = None
    if connection is not None:
        connection.close()


def _message(answer: bytes) -> str:
    """Return the error message in the response of the endpoint."""
    try:
        return str(json.loads(answer)["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return answer[:200].decode("utf-8", "replace")
