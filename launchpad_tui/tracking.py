"""Log metrics from a training in three lines.

    from launchpad_tui.tracking import log

    log(step=epoch, loss=0.31, accuracy=0.9, labels={"phase": "train"})

This file needs nothing but Python 3.9 or later and imports nothing of launchpad: where the training runs in another
interpreter, copy it beside the code as it is, under any name. It speaks the AI API's tracking protocol, so the
same code logs inside an execution of launchpad and inside one of SAP AI Core. Outside an execution it does nothing, and
says so once on stderr. NaN and infinities are logged as such.

A training must not die because a metric could not be logged: ``log``, ``tag`` and ``info`` try again briefly, then
warn on stderr, once for each kind of problem, and return. They return after the metric is kept. ``send`` is the strict
form: it raises.
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
#: metrics in one request (AI API)
_PER_REQUEST = 1000
#: seconds to wait before each further attempt
_PAUSES = (0.05, 0.25, 1.0)
_TIMEOUT_SECONDS = 60
#: after a failure nothing is tried again for this long: an endpoint that is gone must not slow every step down
_IMPATIENT_SECONDS = 30
_local = threading.local()
_impatient = {"until": 0.0}
_warned: set[str] = set()


class TrackingError(Exception):
    """Something could not be logged. ``kind`` is a word for the sort of problem."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


def inside() -> bool:
    """Whether this process runs inside an execution."""
    return bool(os.environ.get(_EXECUTION) and os.environ.get(_ENDPOINT))


def log(
    step: int | None = None,
    labels: Mapping[str, Any] | None = None,
    timestamp: datetime | float | None = None,
    **metrics: Any,
) -> None:
    """Log one or several metrics at a step.

    Args:
        step: a whole number from 0, such as the epoch; None counts as 0.
        labels: name to value, such as ``{"phase": "train"}``; at most 20.
        timestamp: a datetime (without a zone it is UTC) or seconds since 1970; None is now.
        metrics: name to number (anything that ``float`` takes). Names that are no identifiers: ``**{"Error rate": 1}``.
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
    _quietly(numbers, step, labels, {}, {}, timestamp)


def tag(**tags: Any) -> None:
    """Set tags of the execution, such as ``tag(group="tree-82")``; of one name the last wins."""
    _quietly({}, None, None, tags, {}, None)


def info(name: str, text: Any) -> None:
    """Set a named text of the execution; what is no text becomes JSON, such as a confusion matrix in lists."""
    try:
        value = text if isinstance(text, str) else json.dumps(text)
    except (TypeError, ValueError) as error:
        _warn("info", f"{name} can be neither text nor JSON ({error}) and was not logged")
        return
    _quietly({}, None, None, {}, {name: value}, None)


def send(
    metrics: Mapping[str, float],
    step: int | None = None,
    labels: Mapping[str, Any] | None = None,
    tags: Mapping[str, Any] | None = None,
    infos: Mapping[str, str] | None = None,
    timestamp: datetime | float | None = None,
) -> None:
    """Log everything given, and return after it is kept.

    Raises:
        TrackingError: outside an execution, the endpoint cannot be reached, or it refuses.
    """
    if not inside():
        raise TrackingError(
            "outside", f"not inside an execution: {_EXECUTION} and {_ENDPOINT} are not set"
        )
    try:
        moment = _moment(timestamp)
        at_step = 0 if step is None else int(step)
    except (TypeError, ValueError, OverflowError, OSError) as error:
        raise TrackingError("value", f"the step or the timestamp is not valid: {error}") from error
    pairs = [{"name": str(name), "value": str(value)} for name, value in (labels or {}).items()]
    points = [
        {"name": name, "value": value, "timestamp": moment, "step": at_step, "labels": pairs}
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


def _quietly(
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
    """Say it once for each kind."""
    if kind not in _warned:
        _warned.add(kind)
        print(f"launchpad tracking: {message} (said once)", file=sys.stderr, flush=True)  # noqa: T201


def _moment(timestamp: datetime | float | None) -> str:
    if not isinstance(timestamp, datetime):
        seconds = time.time() if timestamp is None else timestamp
        timestamp = datetime.fromtimestamp(seconds, timezone.utc)  # noqa: UP017
    elif timestamp.tzinfo is None:
        timestamp = timestamp.replace(tzinfo=timezone.utc)  # noqa: UP017  the file also runs on Python 3.9
    return timestamp.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")  # noqa: UP017


def _patch(body: bytes) -> None:
    """Send, over this thread's open connection where there is one, and again where no answer came: at worst, an answer
    that was lost on its way leaves a point twice, with one timestamp and step."""
    import http.client

    pauses = _PAUSES if time.monotonic() >= _impatient["until"] else ()
    for pause in (*pauses, None):
        try:
            status, answer = _request(body)
        except (OSError, http.client.HTTPException) as error:
            _forget()
            if pause is None:
                _impatient["until"] = time.monotonic() + _IMPATIENT_SECONDS
                raise TrackingError(
                    "unreachable", f"the tracking endpoint cannot be reached: {error!r}"
                ) from error
        else:
            if 200 <= status < 300:
                return
            if pause is None or status not in {429, 500, 502, 503, 504}:
                raise TrackingError(
                    f"status {status}",
                    f"the tracking endpoint answered {status}: {_message(answer)}",
                )
        time.sleep(pause)


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
    """This thread's connection and the path on it. A connection is not taken over a fork or to another endpoint."""
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


def _forget() -> None:
    connection = getattr(_local, "connection", None)
    _local.key = None
    if connection is not None:
        connection.close()


def _message(answer: bytes) -> str:
    """What the endpoint says is wrong."""
    try:
        return str(json.loads(answer)["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return answer[:200].decode("utf-8", "replace")
