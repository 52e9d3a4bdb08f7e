"""Translate error responses of the AI API; secrets are removed from all texts."""

from __future__ import annotations

from collections.abc import Sequence

from launchpad_tui.aiapi.errors import parse_error
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

_REFRESH_HINT = "Refresh the list: the record may have been changed or deleted."
_KEY_HINT = "Check the service key: it may have been deleted, or belong to another instance."


def response_error(
    response: HttpResponse, request: str, server: str, secrets: Sequence[str]
) -> LaunchpadError:
    """Return the error of an unsuccessful response.

    Args:
        request: the request, such as ``GET /lm/executions``.
        server: the server's name in messages, such as ``the AI API``.
        secrets: texts that must not occur in the error.
    """
    report = parse_error(
        response.body,
        response.media_type,
        response.headers.get("x-request-id") or response.headers.get("x-correlationid") or "",
    )
    detail = redact(f"{request}\n{report.text(response.status)}", secrets)
    code, request_id = redact(report.code, secrets), redact(report.request_id, secrets)
    status = response.status
    if 300 <= status < 400:
        hint = "Redirects are not followed. Check the URLs of the connection."
        return ConfigError(f"Unexpected redirect from {server}", detail, hint)
    if status == 401:
        return AuthenticationFailed(f"Authentication failed at {server}", detail, _KEY_HINT)
    if status == 403:
        return PermissionDenied(
            f"Permission denied by {server}", detail, "Check the roles and the service plan."
        )
    if status == 404:
        # An error without a code is not one of the AI API.
        hint = (
            _REFRESH_HINT
            if report.code
            else "Check the AI API URL of the connection; it ends in /v2."
        )
        return NotFound(f"Not found at {server}", detail, hint)
    if status in {409, 412}:
        return Conflict(f"Conflict at {server}", detail, _REFRESH_HINT)
    if status == 429:
        wait = response.headers.get("retry-after", "")
        hint = (
            f"Try again in {wait} seconds."
            if wait.isdigit() and len(wait) < 9
            else "Try again later."
        )
        return RateLimited(f"Rate limit exceeded at {server}", detail, hint)
    if status == 501:
        return CapabilityMissing(
            f"Not supported by {server}",
            detail,
            "Check what the runtime supports: launchpad connections show NAME",
        )
    if status >= 500 or status == 408:
        return Unreachable(f"Service unavailable: {server}", detail, "Try again later.")
    title = f"Request rejected by {server}"
    hint = "Correct what the message names."
    return RuntimeRejected(title, detail, hint, status=status, code=code, request_id=request_id)
