"""Errors of the served API: exceptions with a status, a code and a body."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from launchpad_tui.aiapi.errors import (
    CODE_QUOTA,
    CODE_TOO_LARGE,
    LimitExceeded,
    listed_details,
    serialize_error,
)
from launchpad_tui.aiapi.values import Json
from launchpad_tui.errors import (
    Conflict,
    InvalidInput,
    LaunchpadError,
    NotFound,
    StorageQuotaExceeded,
)

_log = logging.getLogger(__name__)
#: the code of an error that has none of its own, by its status
_CODES = {
    400: "InvalidRequest",
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    405: "MethodNotAllowed",
    408: "RequestTimeout",
    409: "Conflict",
    410: "ResourceExpired",
    412: "PreconditionFailed",
    413: "PayloadTooLarge",
    424: "ObjectStoreFailed",
    429: "TooManyRequests",
    500: "InternalError",
    503: "ServiceUnavailable",
}


class ApiError(Exception):
    """An error response.

    Args:
        field: the invalid part of the request; empty if unknown.
        headers: of the response.
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
        """Return the body of the response.

        Args:
            target: the path that was requested.
            listed: whether ``details`` is a list, as in the metrics API.
        """
        details: Json | list[Json] = {"field": self.field} if self.field else {}
        if listed:
            details = listed_details([(self.field, self.message)] if self.field else [])
        return serialize_error(self.code, self.message, request_id, target, details)


def api_error(error: Exception, *, conflict: int = 409, missing: int = 404) -> ApiError:
    """Return the error response for an exception.

    Errors that the caller did not cause are written to the log file with their traceback.

    Args:
        conflict: the status of a Conflict: 412 if the state of a resource does not allow it.
        missing: the status of a NotFound: 400 if a referenced resource does not exist.
    """
    if isinstance(error, ApiError):
        return error
    if not isinstance(error, LaunchpadError):
        _log.error("a request failed", exc_info=error)
        return ApiError(
            500, "An unexpected error occurred. See the log file of the server for details."
        )
    message = " ".join(
        f"{part.rstrip('.')}." for part in (error.title, error.detail, error.hint) if part
    )
    if isinstance(error, LimitExceeded):
        return ApiError(413, message, code=CODE_TOO_LARGE, field=error.field)
    if isinstance(error, StorageQuotaExceeded):
        return ApiError(413, message, code=CODE_QUOTA)
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
