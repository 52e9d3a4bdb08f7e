"""What the AI API tells when something is wrong, as errors of launchpad. No text leaves here that a secret
stands in.

The API answers ``{"error": {code, message, requestId, target, details}}``; ``details`` is an object in the core API and
a list of ``{code, message}`` in that of metrics. Token servers answer ``{"error", "error_description"}``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from launchpad_tui.errors import (
    AuthenticationFailed,
    CapabilityMissing,
    ConfigError,
    Conflict,
    LaunchpadError,
    NotFound,
    PermissionDenied,
    RateLimited,
    RuntimeRejected,
    Unreachable,
)
from launchpad_tui.net.client import HttpResponse
from launchpad_tui.net.redaction import redact

#: characters of a server's message that are shown
_SHOWN = 2000
_KEY = "Check the service key: it may have been deleted, or belong to another instance."


@dataclass(frozen=True, slots=True)
class Told:
    """What an answer says of an error; everything may be empty."""

    code: str = ""
    message: str = ""
    request_id: str = ""
    target: str = ""
    details: str = ""

    def text(self, status: int) -> str:
        """All of it, for people."""
        said = [
            f"{self.code}: {self.message}"
            if self.code and self.message
            else self.message or self.code
        ]
        said += [f"Target: {self.target}."] if self.target else []
        said += [self.details] if self.details else []
        said.append(
            f"HTTP {status}" + (f", request ID {self.request_id}." if self.request_id else ".")
        )
        return "\n".join(each for each in said if each)


def told(answer: HttpResponse) -> Told:
    """Read an error's body, of whatever form."""
    request_id = _one_line(
        answer.headers.get("x-request-id") or answer.headers.get("x-correlationid") or ""
    )
    try:
        data = json.loads(answer.body)
    except (ValueError, RecursionError):
        return Told(
            message=f"The answer is {answer.media_type or 'of no type'}, not JSON.",
            request_id=request_id,
        )
    error = data.get("error") if isinstance(data, dict) else None
    return _told(error, data, request_id)


def told_of_item(error: object) -> Told:
    """Read the error of one item of a bulk answer."""
    return _told(error, {}, "")


def _told(error: object, data: Any, request_id: str) -> Told:
    if isinstance(error, Mapping):
        return Told(
            _one_line(error.get("code")),
            _one_line(error.get("message")),
            _one_line(error.get("requestId")) or request_id,
            _one_line(error.get("target")),
            _details(error.get("details")),
        )
    if isinstance(error, str):
        described = (
            data.get("error_description") or data.get("message")
            if isinstance(data, Mapping)
            else ""
        )
        return Told(_one_line(error), _one_line(described), request_id)
    message = data.get("message") if isinstance(data, Mapping) else ""
    return Told(message=_one_line(message), request_id=request_id)


def _details(value: object) -> str:
    if isinstance(value, list):
        lines = []
        for each in value[:20]:
            if isinstance(each, Mapping):
                lines.append(
                    ": ".join(
                        _one_line(each.get(name)) for name in ("code", "message") if each.get(name)
                    )
                )
            else:
                lines.append(_one_line(each))
        return "\n".join(line for line in lines if line)
    if isinstance(value, Mapping):
        return "\n".join(
            f"{_one_line(name)}: {_one_line(each)}" for name, each in list(value.items())[:20]
        )
    return _one_line(value)


def _one_line(value: object) -> str:
    if value is None or value == "":
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    text = " ".join(text.split())
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"


def failure(answer: HttpResponse, what: str, server: str, secrets: Sequence[str]) -> LaunchpadError:
    """The error of an answer that is not what was asked for.

    Args:
        what: what was asked, such as ``GET /lm/executions``.
        server: how messages name the server, such as ``the AI API``.
    """
    said = told(answer)
    detail = redact(f"{what}\n{said.text(answer.status)}", secrets)
    code, request_id = redact(said.code, secrets), redact(said.request_id, secrets)
    status = answer.status
    if 300 <= status < 400:
        hint = "Redirects are not followed. Check the URLs of the connection."
        return ConfigError(f"Unexpected redirect from {server}", detail, hint)
    if status == 401:
        return AuthenticationFailed(f"Authentication failed at {server}", detail, _KEY)
    if status == 403:
        return PermissionDenied(
            f"Permission denied by {server}", detail, "Check the roles and the service plan."
        )
    if status == 404:
        hint = "" if said.code else "Check the AI API URL; it ends in /v2."
        return NotFound(f"Not found at {server}", detail, hint)
    if status in {409, 412}:
        return Conflict(f"Conflict at {server}", detail)
    if status == 429:
        wait = answer.headers.get("retry-after", "")
        hint = (
            f"Try again in {wait} seconds."
            if wait.isdigit() and len(wait) < 9
            else "Try again later."
        )
        return RateLimited(f"Rate limit exceeded at {server}", detail, hint)
    if status == 501:
        return CapabilityMissing(f"Not supported by {server}", detail)
    if status >= 500 or status == 408:
        return Unreachable(f"Service unavailable: {server}", detail, "Try again later.")
    title = f"Request rejected by {server}"
    return RuntimeRejected(title, detail, status=status, code=code, request_id=request_id)
