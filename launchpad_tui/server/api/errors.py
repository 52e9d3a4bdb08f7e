"""Errors as the AI API tells them: ``{"error": {code, message, requestId, target, details}}``."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from launchpad_tui.aiapi.errors import (
    CODE_TOO_LARGE,
    LimitExceeded,
    listed_details,
    serialize_error,
)
from launchpad_tui.aiapi.values import Json
from launchpad_tui.errors import Conflict, InvalidInput, LaunchpadError, NotFound

_log = logging.getLogger(__name__)
#: what a code is where an error has none of its own
_CODES = {
    400: "InvalidRequest",
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    405: "MethodNotAllowed",
    409: "Conflict",
    410: "ResourceExpired",
    412: "PreconditionFailed",
    413: "PayloadTooLarge",
    500: "InternalError",
    503: "ServiceUnavailable",
}


class ApiError(Exception):
    """An answer that is an error.

    Args:
        field: what of the request is wrong; empty where that is not known.
        headers: of the answer.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str = "",
        field: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code or _CODES.get(status, "Error")
        self.field = field
        self.headers = headers or {}

    def body(self, request_id: str, target: str, *, listed: bool = False) -> Json:
        """The JSON of the error.

        Args:
            target: the path that was called.
            listed: as the metrics API has it: ``details`` is a list.
        """
        details: Json | list[Json] = {"field": self.field} if self.field else {}
        if listed:
            details = listed_details([(self.field, self.message)] if self.field else [])
        return serialize_error(self.code, self.message, request_id, target, details)


def api_error(error: Exception, *, conflict: int = 409, missing: int = 404) -> ApiError:
    """How the API says an error; what is not the caller's fault goes to the log file, with its traceback.

    Args:
        conflict: the status of a Conflict: 412 where the state of a resource forbids it.
        missing: the status of a NotFound: 400 where something that does not exist is referred to.
    """
    if isinstance(error, ApiError):
        return error
    if not isinstance(error, LaunchpadError):
        _log.error("a request failed", exc_info=error)
        return ApiError(
            500, "Something unexpected happened; the server's log file has the details."
        )
    message = " ".join(
        f"{part.rstrip('.')}." for part in (error.title, error.detail, error.hint) if part
    )
    if isinstance(error, LimitExceeded):
        return ApiError(413, message, code=CODE_TOO_LARGE, field=error.field)
    if isinstance(error, InvalidInput):
        return ApiError(400, message, field=error.field)
    if isinstance(error, NotFound):
        return ApiError(missing, message)
    if isinstance(error, Conflict):
        return ApiError(conflict, message)
    _log.error("a request failed", exc_info=error)
    if error.retryable:
        return ApiError(503, error.title, headers={"Retry-After": "1"})
    return ApiError(500, error.title)
