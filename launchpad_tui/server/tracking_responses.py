"""Responses of the tracking endpoint, and the errors that it answers with."""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from launchpad_tui.aiapi.errors import (
    CODE_TOO_LARGE,
    LimitExceeded,
    listed_details,
    serialize_error,
)
from launchpad_tui.errors import InvalidInput, LaunchpadError

_log = logging.getLogger(__name__)
#: the path of the endpoint after its secret
PATH = "/api/v1/metrics"
#: the response to a request whose entries are stored
NO_CONTENT = b"HTTP/1.1 204 No Content\r\nServer: launchpad\r\n\r\n"


class TrackingFailure(Exception):
    """An error response."""

    def __init__(
        self, status: int, code: str, message: str, details: tuple[tuple[str, str], ...] = ()
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.details = details


def response(status: int, data: Mapping[str, Any] | None, *, close: bool = False) -> bytes:
    """Return a complete response.

    Args:
        status: the HTTP status.
        data: the JSON of the body; None without a body.
        close: whether the server closes the connection after it.
    """
    if status == 204 and not close:
        return NO_CONTENT
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", "Server: launchpad"]
    body = b""
    if data is not None:
        body = json.dumps(data, separators=(",", ":")).encode()
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    if close:
        lines.append("Connection: close")
    return "\r\n".join([*lines, "", ""]).encode() + body


def describe_failure(error: Exception) -> tuple[int, dict[str, Any]]:
    """Return the status and the body of the response for an exception."""
    found = _failure(error)
    return found.status, serialize_error(
        found.code, found.message, str(uuid.uuid4()), PATH, listed_details(found.details)
    )


def check_execution(execution_id: str, expected: str) -> None:
    """Refuse a request that names another execution than the one of the endpoint.

    Raises:
        TrackingFailure: the IDs differ.
    """
    if execution_id != expected:
        message = f"This endpoint belongs to execution {expected}, not to {execution_id[:64]}."
        raise TrackingFailure(403, "Forbidden", message, (("executionId", message),))


def _failure(error: Exception) -> TrackingFailure:
    """Return the error response for an exception."""
    if isinstance(error, TrackingFailure):
        return error
    if isinstance(error, LaunchpadError):
        message = " ".join(
            f"{part.rstrip('.')}." for part in (error.title, error.detail, error.hint) if part
        )
        details = (
            ((error.field, error.title),) if isinstance(error, InvalidInput) and error.field else ()
        )
        if isinstance(error, LimitExceeded):
            return TrackingFailure(413, CODE_TOO_LARGE, message, details)
        if isinstance(error, InvalidInput):
            return TrackingFailure(400, "InvalidRequest", message, details)
        return TrackingFailure(503 if error.retryable else 500, type(error).__name__, message)
    _log.error("a request of the training failed", exc_info=error)
    return TrackingFailure(
        500, "InternalError", f"The metrics could not be stored ({type(error).__name__})."
    )
