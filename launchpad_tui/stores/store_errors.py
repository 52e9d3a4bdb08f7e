"""Errors of object stores, worded alike for all kinds of stores.

``store`` is how messages name the store in the middle of a sentence, such as ``bucket 'models'``.
"""

from __future__ import annotations

from datetime import datetime

from launchpad_tui.domain.timestamps import to_rfc3339
from launchpad_tui.errors import (
    AuthenticationFailed,
    CapabilityMissing,
    ConfigError,
    Conflict,
    LaunchpadError,
    ObjectMissing,
    PermissionDenied,
    RateLimited,
    RuntimeRejected,
    StorageFull,
    Unreachable,
    UploadInProgress,
)
from launchpad_tui.net.errors import certificate_hint

#: maximum number of characters of a path in messages
_PATH_LENGTH = 200


def at_path(detail: str, path: str) -> str:
    """Return the detail with the affected path, if any, on a second line."""
    return f"{detail}\nPath: {path[:_PATH_LENGTH]}" if path else detail


def authentication_failed(store: str, detail: str, hint: str) -> AuthenticationFailed:
    """Return the error for credentials that the store rejects."""
    return AuthenticationFailed(
        f"Authentication failed for {store}", detail, hint or "Check the credentials."
    )


def credentials_missing(store: str, hint: str, detail: str = "") -> AuthenticationFailed:
    """Return the error for missing credentials in the store's fields or the environment."""
    return AuthenticationFailed(f"No credentials found for {store}", detail, hint)


def permission_denied(
    store: str, detail: str, hint: str = "Check the permissions of the credentials."
) -> PermissionDenied:
    """Return the error for a request that the credentials do not allow."""
    return PermissionDenied(f"Permission denied for {store}", detail, hint)


def object_missing(store: str, path: str, detail: str = "") -> ObjectMissing:
    """Return the error for a path without an object."""
    return ObjectMissing(
        f"Object {path[:_PATH_LENGTH]!r} not found in {store}", detail, "Check the path."
    )


def already_exists(store: str, path: str, detail: str = "") -> Conflict:
    """Return the error for a path at which an object or folder already exists."""
    return Conflict(
        f"Path {path[:_PATH_LENGTH]!r} already exists in {store}",
        detail,
        "Delete it, or choose another path.",
    )


def upload_in_progress(
    store: str, path: str, renewed: datetime | None, lease: float
) -> UploadInProgress:
    """Return the error for a path to which another process may be uploading.

    Args:
        store: The name of the store in messages.
        path: The path.
        renewed: When that process last reported that it is running; None if it is unknown.
        lease: The seconds after which it counts as ended if it does not report again.
    """
    return UploadInProgress(
        f"Path {path[:_PATH_LENGTH]!r} is being uploaded to {store}",
        f"The upload was last active at {to_rfc3339(renewed)}." if renewed is not None else "",
        "Wait until it has ended. If it was killed on another machine, try again "
        f"{lease / 60:.0f} minutes after this time.",
    )


def object_replaced(store: str, path: str, detail: str = "") -> Conflict:
    """Return the error for an object that was replaced by another version."""
    return Conflict(
        f"Object {path[:_PATH_LENGTH]!r} was replaced in {store}", detail, "Start again."
    )


def hash_mismatch(path: str, found: str, expected: str) -> Conflict:
    """Return the error for a local file with unexpected content."""
    return Conflict(
        f"The content of {path} is not as expected",
        f"Its SHA-256 is {found}, not {expected}.",
        "Check whether the file was changed.",
    )


def rate_limited(store: str, detail: str) -> RateLimited:
    """Return the error for too many requests."""
    return RateLimited(f"Rate limit exceeded for {store}", detail, "Try again later.")


def storage_full(store: str, detail: str) -> StorageFull:
    """Return the error for a store without free space or quota."""
    return StorageFull(
        f"No space left in {store}", detail, "Free some space, or have the quota raised."
    )


def unavailable(store: str, detail: str) -> Unreachable:
    """Return the error for a store that is temporarily unavailable."""
    return Unreachable(f"Service unavailable: {store}", detail, "Try again later.")


def incomplete_request(store: str, detail: str) -> Unreachable:
    """Return the error for a request that the server has received incompletely or changed."""
    return Unreachable(
        f"Incomplete request received by {store}", detail, "Check the network and the proxy."
    )


def no_response(store: str, detail: str) -> Unreachable:
    """Return the error for a missing response."""
    return Unreachable(
        f"No response from {store}", detail, "Check the network, the proxy and the endpoint."
    )


def interrupted(store: str, path: str, received: int, size: int) -> Unreachable:
    """Return the error for a download that ended too early."""
    return Unreachable(
        f"The download from {store} was interrupted",
        at_path(f"{received:,} of {size:,} bytes were received.", path),
        "Try again.",
    )


def untrusted_certificate(store: str, detail: str) -> Unreachable:
    """Return the error for a TLS certificate that is not trusted."""
    return Unreachable(
        f"TLS certificate verification failed for {store}",
        detail,
        certificate_hint(detail),
    )


def store_missing(store: str, detail: str, hint: str) -> ConfigError:
    """Return the error for a bucket or container that does not exist."""
    return ConfigError(f"There is no {store}", detail, hint)


def wrong_endpoint(store: str, detail: str, *, region: str = "", endpoint: str = "") -> ConfigError:
    """Return the error for a store with another endpoint or region.

    Args:
        region: the right region, if the server reported it.
        endpoint: the right endpoint, if the server reported it.
    """
    named = {"region": region, "endpoint": endpoint}
    texts = [f"the {name} to {value[:200]}" for name, value in named.items() if value]
    return ConfigError(
        f"Wrong region or endpoint for {store}",
        detail,
        f"Set {' and '.join(texts)}." if texts else "Check region, endpoint and addressing.",
    )


def invalid_settings(store: str, detail: str) -> ConfigError:
    """Return the error for settings with which no request can be sent."""
    return ConfigError(
        f"Invalid settings for {store}", detail, "Check the fields of the object store."
    )


def unexpected_response(store: str, service: str, detail: str) -> RuntimeRejected:
    """Return the error for a response that does not follow the service's protocol."""
    return RuntimeRejected(
        f"Unexpected response from {store}",
        detail,
        f"Check that the address is that of {service}, and that no login page is in between.",
    )


def has_document_type(body: bytes) -> bool:
    """Return whether XML has a document type, whose entities may expand to any size.

    No storage service sends one, nor XML in another encoding than UTF-8, in which it would be
    hidden.
    """
    return b"<!DOCTYPE" in body or b"<\0" in body or b"\0<" in body


def invalid_content(store: str, path: str, size: int) -> RuntimeRejected:
    """Return the error for an object of which the server sends more than its size (bytes)."""
    return RuntimeRejected(
        f"Invalid content of {path[:_PATH_LENGTH]!r} in {store}",
        f"The server announced {size:,} bytes and sends more.",
        "Check that the address is that of the service, and that the server supports its protocol.",
    )


def invalid_listing(store: str, detail: str) -> RuntimeRejected:
    """Return the error for a listing that is wrong or would never end."""
    return RuntimeRejected(
        f"Invalid listing of {store}",
        detail,
        "Check that the address is that of the service, and that the server supports its protocol.",
    )


def object_archived(store: str, path: str, detail: str) -> CapabilityMissing:
    """Return the error for an object in an archive, which must be restored before it is read."""
    return CapabilityMissing(
        f"Object {path[:_PATH_LENGTH]!r} in {store} is archived",
        detail,
        "Restore it with the tools of the storage service, and try again when it is restored.",
    )


def explain_status(
    status: int,
    code: str,
    detail: str,
    store: str,
    path: str = "",
    *,
    replaced: bool = False,
    hint: str = "",
) -> LaunchpadError:
    """Return the error for an HTTP status, if the service's error code is not more specific.

    Args:
        code: error code of the service.
        replaced: whether a failed precondition means that the object was replaced; otherwise it
            means that the object exists.
        hint: what to do if the credentials are not accepted.
    """
    if status == 401:
        return authentication_failed(store, detail, hint)
    if status == 403:
        return permission_denied(store, detail)
    if status == 404:
        return object_missing(store, path)
    if status in {409, 412}:
        make = object_replaced if replaced else already_exists
        return make(store, path, detail)
    if status == 429:
        return rate_limited(store, detail)
    if status == 507:
        return storage_full(store, detail)
    if status >= 500 or status == 408:
        return unavailable(store, detail)
    return RuntimeRejected(
        f"Request rejected by {store}", detail, "Check the settings.", status=status, code=code
    )
