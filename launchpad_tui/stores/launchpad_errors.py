"""Translates the errors of ``launchpad serve``."""

from __future__ import annotations

import json

from launchpad_tui.aiapi.errors import CODE_QUOTA
from launchpad_tui.errors import ConfigError, Conflict, LaunchpadError
from launchpad_tui.net.client import HttpResponse
from launchpad_tui.stores.store_errors import explain_status, storage_full, store_missing


def explain_response(
    response: HttpResponse, where: str, path: str, replaced: bool
) -> LaunchpadError:
    """Return the error for a response.

    Args:
        response: The response, see `launchpad_tui.server.api.errors`.
        where: The name of the store in the middle of a sentence.
        path: The path of the affected object.
        replaced: Whether a failed precondition means that the object was replaced.
    """
    status, (code, message) = response.status, _code_and_message(response.body)
    detail = f"{code or 'HTTP'} ({status}): {message}"
    if status == 404 and code in {"ObjectStoreNotFound", "ResourceGroupNotFound"}:
        return store_missing(where, detail, "Check its name and the resource group.")
    if status == 404 and (not path or not code):
        return ConfigError(
            f"Files of {where} are not available",
            detail,
            "The server may run a version of launchpad that does not serve files: upgrade it.",
        )
    if status == 409:
        return Conflict(
            f"{path[:200]!r} was not stored in {where}", detail, "Check the path, and try again."
        )
    if status == 413 and code == CODE_QUOTA:
        return storage_full(where, detail)
    return explain_status(
        status, code, detail, where, path, replaced=replaced, hint="Check the client secret."
    )


def _code_and_message(body: bytes) -> tuple[str, str]:
    """Return code and message; if the response is not one of launchpad, its text as message."""
    try:
        data = json.loads(body)["error"]
        code, message = str(data["code"]), str(data["message"])
    except (ValueError, KeyError, TypeError, RecursionError):
        code, message = "", body[:400].decode(errors="replace")
    return code[:80], (message.strip().splitlines() or [""])[0][:400]
