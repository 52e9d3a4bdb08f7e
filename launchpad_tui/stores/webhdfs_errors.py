"""Translates the errors of WebHDFS servers.

Source of the exceptions: Apache Hadoop, "WebHDFS REST API".
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Collection

from launchpad_tui.errors import (
    ConfigError,
    InvalidInput,
    LaunchpadError,
    RuntimeRejected,
)
from launchpad_tui.net.redaction import redact
from launchpad_tui.stores.store_errors import (
    already_exists,
    at_path,
    authentication_failed,
    object_missing,
    permission_denied,
    rate_limited,
    storage_full,
    unavailable,
)

_AUTHENTICATION = {
    "AuthenticationException",
    "GSSException",
    "InvalidToken",
    "SecurityException",
}
_PERMISSION = {"AccessControlException", "AuthorizationException"}
_FULL = {
    "DiskOutOfSpaceException",
    "DSQuotaExceededException",
    "NSQuotaExceededException",
    "QuotaByStorageTypeExceededException",
    "QuotaExceededException",
}
#: message of a NameNode if no DataNode accepts a block
_NO_DATANODE = re.compile(r"could only be (written|replicated) to 0 ")
#: message of a NameNode with which no DataNode has registered yet, for example after a restart
_NO_REGISTRATION = re.compile(r"There are 0 datanode\(s\) running")
#: exceptions of a NameNode that is starting or on standby
_STARTING = {"RetriableException", "SafeModeException", "StandbyException"}
#: exceptions of a DataNode that cannot reach the NameNode
_TEMPORARY = {
    "ClosedChannelException",
    "ConnectException",
    "ConnectTimeoutException",
    "EOFException",
    "NoRouteToHostException",
    "SocketException",
    "SocketTimeoutException",
}
#: message of a NameNode that issues no delegation tokens for the used authentication
_NO_TOKENS = re.compile(r"Delegation Token can be (issued|renewed) only")
_NO_FOLDER = {"ParentNotDirectoryException", "PathIsNotDirectoryException"}
_EXISTS = {
    "AlreadyBeingCreatedException",
    "FileAlreadyExistsException",
    "PathIsNotEmptyDirectoryException",
}
_NAME = {"InvalidPathException", "PathComponentTooLongException", "FSLimitException"}
_NAME_MESSAGE = re.compile(r"Invalid (path|file) name|is a reserved name")
#: messages about a file in place of a folder, or a folder in place of a file
_WRONG_TYPE = re.compile(
    r"\(is not a directory\)|must both be directories|destination directory is not empty"
)


def explain_response(
    status: int,
    body: bytes,
    where: str,
    path: str,
    *,
    writing: bool = False,
    secrets: Collection[str] = (),
) -> LaunchpadError:
    """Return the error for a response.

    Args:
        path: path of the affected object.
        writing: whether a file in place of a parent folder is a Conflict; otherwise it means that
            the object is missing.
        secrets: texts of the request that are masked in the message.
    """
    name, message = _remote(body)
    shown = (message.strip().splitlines() or [""])[0].strip()[:400]
    detail = at_path(f"{name or 'HTTP'} ({status}): {shown}", path)
    detail = redact(detail, tuple(secrets))
    names = _names(name, message)
    if _WRONG_TYPE.search(message) or names & _NO_FOLDER:
        return already_exists(where, path, detail) if writing else object_missing(where, path)
    return _named(names, status, message, where, path, detail) or _numbered(
        status, name, where, detail
    )


def is_standby(body: bytes) -> bool:
    """Return whether a response reports that the NameNode is on standby."""
    return "StandbyException" in _names(*_remote(body))


def _names(name: str, message: str) -> set[str]:
    """Return the names of an exception and of those in its message."""
    return {name, *re.findall(r"\b(?:\w+Exception|InvalidToken)\b", message)}


def _named(
    names: set[str], status: int, message: str, where: str, path: str, detail: str
) -> LaunchpadError | None:
    if names & _PERMISSION:
        return permission_denied(where, detail, "Check the permissions of the user.")
    if names & _STARTING or _NO_REGISTRATION.search(message):
        return unavailable(where, detail)
    if status == 401 or names & _AUTHENTICATION:
        return authentication_failed(where, detail, _authentication_hint(message))
    if names & _TEMPORARY:
        return unavailable(where, detail)
    if names & _FULL or status == 507 or _NO_DATANODE.search(message):
        return storage_full(where, detail)
    if "FileNotFoundException" in names:
        return object_missing(where, path)
    if names & _EXISTS or status == 409:
        return already_exists(where, path, detail)
    if names & _NAME or _NAME_MESSAGE.search(message):
        return InvalidInput(
            f"The path {path[:80]!r} is not allowed in {where}",
            detail,
            "Choose another path.",
            field="path",
        )
    return None


def _numbered(status: int, name: str, where: str, detail: str) -> LaunchpadError:
    if status == 403 and name == "IOException" and not _NO_TOKENS.search(detail):
        # A DataNode responds with 403 to all errors of its calls to the NameNode. Missing
        # permissions are reported by other exceptions.
        return unavailable(where, detail)
    if status == 403 and not _NO_TOKENS.search(detail):
        return permission_denied(where, detail, "Check the permissions of the user.")
    if status == 404:
        return ConfigError(
            f"No WebHDFS service found at {where}", detail, "Check the address of the NameNode."
        )
    if status == 429:
        return rate_limited(where, detail)
    if status >= 500 and status != 501:
        return unavailable(where, detail)
    if 300 <= status < 400:
        return ConfigError(
            f"Unexpected redirect from {where}", detail, "Check the field One-step upload."
        )
    return RuntimeRejected(
        f"Request rejected by {where}", detail, "Check the settings.", status=status, code=name
    )


def _authentication_hint(message: str) -> str:
    if "Clock skew" in message:
        return "Synchronize the clocks of this machine, the KDC and the servers."
    if "Authentication required" in message:
        return "The cluster requires Kerberos: set the field Authentication to ticket or keytab."
    return "Check the login, that is user name, token, ticket or certificate, and the headers."


def _remote(body: bytes) -> tuple[str, str]:
    """Return class and message of a RemoteException, or the title of an HTML page as message."""
    try:
        error = json.loads(body)["RemoteException"]
        return str(error.get("exception") or ""), str(error.get("message") or "")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        title = re.search(rb"<title>(.*?)</title>", body[:4096], re.DOTALL | re.IGNORECASE)
        return "", html.unescape(title[1].decode(errors="replace")) if title else ""
