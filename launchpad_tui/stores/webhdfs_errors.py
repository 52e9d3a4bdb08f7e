"""What WebHDFS servers tell, as errors of launchpad. Exceptions: Apache Hadoop, "WebHDFS REST API"."""

from __future__ import annotations

import json
import re

from launchpad_tui.errors import (
    AuthenticationFailed,
    ConfigError,
    Conflict,
    InvalidInput,
    LaunchpadError,
    ObjectMissing,
    PermissionDenied,
    RateLimited,
    RuntimeRejected,
    StorageFull,
    Unreachable,
)

_AUTHENTICATION = {"AuthenticationException", "InvalidToken", "SecurityException"}
_FULL = {
    "DiskOutOfSpaceException",
    "DSQuotaExceededException",
    "NSQuotaExceededException",
    "QuotaByStorageTypeExceededException",
    "QuotaExceededException",
}
#: what a NameNode says when no DataNode takes a block
_NO_DATANODE = re.compile(r"could only be (written|replicated) to 0 ")
_LATER = {
    "ConnectException",
    "RetriableException",
    "SafeModeException",
    "SocketTimeoutException",
    "StandbyException",
}
_NO_FOLDER = {"ParentNotDirectoryException", "PathIsNotDirectoryException"}
_TAKEN = {
    "AlreadyBeingCreatedException",
    "FileAlreadyExistsException",
    "PathIsNotEmptyDirectoryException",
}
_NAME = {"InvalidPathException", "PathComponentTooLongException", "FSLimitException"}
_NAME_SAID = re.compile(r"Invalid (path|file) name|is a reserved name")
#: what is said where a file is in the way of a folder, or a folder of a file
_IN_THE_WAY = re.compile(
    r"\(is not a directory\)|must both be directories|destination directory is not empty"
)


def answered(
    status: int, body: bytes, where: str, path: str, *, writing: bool = False, secret: str = ""
) -> LaunchpadError:
    """The error that an answer tells of.

    Args:
        path: of the object that is dealt with.
        writing: whether an object in place of a folder is in the way; else nothing can be below it.
        secret: left out of the message, wherever the server repeats it.
    """
    name, message = _remote(body)
    shown = (message.strip().splitlines() or [""])[0].strip()[:400]
    detail = f"{name or 'HTTP'} ({status}): {shown}" + (f"\nAt {path[:200]!r}." if path else "")
    if secret:
        detail = detail.replace(secret, "…")
    names = {name, *re.findall(r"\b(?:\w+Exception|InvalidToken)\b", message)}
    if _IN_THE_WAY.search(message) or names & _NO_FOLDER:
        return (
            _taken(where, path, detail)
            if writing
            else ObjectMissing(f"{where} has nothing at {path[:200]!r}")
        )
    return _named(names, status, message, where, path, detail) or _numbered(
        status, name, where, detail
    )


def _named(
    names: set[str], status: int, message: str, where: str, path: str, detail: str
) -> LaunchpadError | None:
    if status == 401 or names & _AUTHENTICATION:
        return AuthenticationFailed(
            f"{where} does not accept the credentials",
            detail,
            "Check user name, token, certificate and headers.",
        )
    if names & _FULL or status == 507 or _NO_DATANODE.search(message):
        return StorageFull(
            f"{where} has no room left", detail, "Make room, or have the quota raised."
        )
    if names & _LATER:
        return Unreachable(f"{where} does not work at the moment", detail)
    if "FileNotFoundException" in names:
        return ObjectMissing(f"{where} has nothing at {path[:200]!r}")
    if names & _TAKEN or status == 409:
        return _taken(where, path, detail)
    if names & _NAME or _NAME_SAID.search(message):
        return InvalidInput(f"{where} does not take the path {path[:80]!r}", detail, field="path")
    return None


def _numbered(status: int, name: str, where: str, detail: str) -> LaunchpadError:
    if status == 403:
        return PermissionDenied(f"{where} does not allow it", detail, "Check what the user may do.")
    if status == 404:
        return ConfigError(
            "There is no WebHDFS at this address", detail, "Check the NameNode's address."
        )
    if status == 429:
        return RateLimited(f"{where} asks to be called less often", detail)
    if status >= 500 and status != 501:
        return Unreachable(f"{where} does not work at the moment", detail)
    if 300 <= status < 400:
        return ConfigError(
            f"{where} sends files elsewhere", detail, "Check the setting One-step upload."
        )
    return RuntimeRejected(f"{where} refused", detail, status=status, code=name)


def _taken(where: str, path: str, detail: str) -> Conflict:
    return Conflict(
        f"{where} has something at {path[:200]!r} already",
        detail,
        "Delete it, or take another path.",
    )


def _remote(body: bytes) -> tuple[str, str]:
    """Class and message of a RemoteException; empty where the answer is none."""
    try:
        told = json.loads(body)["RemoteException"]
        return str(told.get("exception") or ""), str(told.get("message") or "")
    except (ValueError, KeyError, TypeError, AttributeError):
        return "", ""
