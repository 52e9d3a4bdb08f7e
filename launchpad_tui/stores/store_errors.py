"""What the servers of Azure and Google tell, as errors of launchpad."""

from __future__ import annotations

from launchpad_tui.errors import (
    AuthenticationFailed,
    Conflict,
    LaunchpadError,
    ObjectMissing,
    PermissionDenied,
    RateLimited,
    RuntimeRejected,
    StorageFull,
    Unreachable,
)


def numbered(
    status: int,
    code: str,
    detail: str,
    where: str,
    path: str = "",
    *,
    replaced: bool = False,
    hint: str = "",
) -> LaunchpadError:
    """The error of an answer by its status, where the code tells nothing more.

    Args:
        replaced: whether a condition that does not hold means that the object was replaced; else, that it exists.
        hint: for credentials that are not accepted.
    """
    if status == 401:
        return AuthenticationFailed(f"{where} does not accept the credentials", detail, hint)
    if status == 403:
        return PermissionDenied(
            f"{where} does not allow it", detail, "Check what the credentials allow."
        )
    if status == 404:
        return ObjectMissing(f"{where} has nothing at {path[:200]!r}")
    if status in {409, 412}:
        if replaced:
            return Conflict(
                f"{where} has another version of {path[:200]!r} now", detail, "Start again."
            )
        return Conflict(f"{where} has something at {path[:200]!r} already", detail)
    if status == 429:
        return RateLimited(f"{where} asks to be called less often", detail)
    if status == 507:
        return StorageFull(f"{where} has no room left", detail)
    if status >= 500 or status == 408:
        return Unreachable(f"{where} does not work at the moment", detail)
    return RuntimeRejected(f"{where} refused", detail, status=status, code=code)
