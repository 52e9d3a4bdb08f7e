"""Errors as the AI API transmits them: ``{"error": {code, message, requestId, target, details}}``.

``details`` is an object in the core API and a list of ``{code, message}`` in the metrics API. Token
servers answer ``{"error": "code", "error_description": "…"}`` instead.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from launchpad_tui.aiapi.values import Json
from launchpad_tui.errors import InvalidInput
from launchpad_tui.records import record

#: The API's code of a body over a limit; its other codes are not published, so ours are words.
CODE_TOO_LARGE = "02000005"
#: The code of an upload for which a client has no storage left.
CODE_QUOTA = "StorageQuotaExceeded"
#: characters of a server's message that are kept, and entries of its details
_TEXT_LIMIT, _DETAILS_LIMIT = 2000, 20


class LimitExceeded(InvalidInput):
    """A body exceeds a limit of the API; answered with status 413."""


@record
class ErrorReport:
    """An error that a server reports; every field may be empty."""

    code: str = ""
    message: str = ""
    request_id: str = ""
    target: str = ""
    details: str = ""

    def summary(self) -> str:
        """Return code and message on one line."""
        if self.code and self.message:
            return f"{self.code}: {self.message}"
        return self.message or self.code

    def text(self, status: int) -> str:
        """Return the whole report with the HTTP status, on several lines."""
        request_id = f", request ID {self.request_id}" if self.request_id else ""
        lines = [
            self.summary(),
            f"Target: {self.target}." if self.target else "",
            self.details,
            f"HTTP {status}{request_id}.",
        ]
        return "\n".join(line for line in lines if line)


def serialize_error(
    code: str, message: str, request_id: str, target: str, details: Json | list[Json]
) -> Json:
    """Return the body of an error response.

    Args:
        target: the path that was requested.
        details: an object in the core API, a list in the metrics API.
    """
    return {
        "error": {
            "code": code,
            "message": message,
            "requestId": request_id,
            "target": target,
            "details": details,
        }
    }


def listed_details(details: Iterable[tuple[str, str]]) -> list[Json]:
    """Return details as the metrics API lists them, from pairs of code and message."""
    return [{"code": code, "message": message} for code, message in details]


def parse_error(body: bytes, media_type: str, request_id: str = "") -> ErrorReport:
    """Return the error that a response body reports, in whatever form.

    Args:
        media_type: the body's, for the message if it is not JSON.
        request_id: from the response's headers; one in the body takes precedence.
    """
    request_id = _one_line(request_id)
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        kind = media_type or "untyped"
        return ErrorReport(message=f"The response is {kind}, not JSON.", request_id=request_id)
    error = data.get("error") if isinstance(data, dict) else None
    return _parse_error(error, data, request_id)


def parse_item_error(error: object) -> ErrorReport:
    """Return the error of one item of a bulk response."""
    return _parse_error(error, {}, "")


def _parse_error(error: object, data: Any, request_id: str) -> ErrorReport:
    if isinstance(error, Mapping):
        return ErrorReport(
            _one_line(error.get("code")),
            _one_line(error.get("message")),
            _one_line(error.get("requestId")) or request_id,
            _one_line(error.get("target")),
            _details_text(error.get("details")),
        )
    body: Mapping[str, Any] = data if isinstance(data, Mapping) else {}
    if isinstance(error, str):
        described = body.get("error_description") or body.get("message")
        return ErrorReport(_one_line(error), _one_line(described), request_id)
    return ErrorReport(message=_one_line(body.get("message")), request_id=request_id)


def _details_text(value: object) -> str:
    if isinstance(value, list):
        lines = [_detail_line(each) for each in value[:_DETAILS_LIMIT]]
        return "\n".join(line for line in lines if line)
    if isinstance(value, Mapping):
        return "\n".join(
            f"{_one_line(name)}: {_one_line(each)}"
            for name, each in list(value.items())[:_DETAILS_LIMIT]
        )
    return _one_line(value)


def _detail_line(value: object) -> str:
    if not isinstance(value, Mapping):
        return _one_line(value)
    return ": ".join(_one_line(value.get(name)) for name in ("code", "message") if value.get(name))


def _one_line(value: object) -> str:
    if value is None or value == "":
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    text = " ".join(text.split())
    return text if len(text) <= _TEXT_LIMIT else text[:_TEXT_LIMIT] + "…"
