"""Translates the errors of OSS and its SDK.

Source of the codes: https://www.alibabacloud.com/help/en/oss/support/error-handling-2. Only
code and message of an error are reported, because the rest may contain whole requests.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from xml.etree import ElementTree

from launchpad_tui.errors import (
    ConfigError,
    DependencyMissing,
    InvalidInput,
    LaunchpadError,
    RuntimeRejected,
    Unreachable,
)
from launchpad_tui.net.address_policy import refusal_in
from launchpad_tui.stores.store_errors import (
    already_exists,
    at_path,
    authentication_failed,
    invalid_settings,
    no_response,
    object_archived,
    object_missing,
    object_replaced,
    permission_denied,
    rate_limited,
    storage_full,
    store_missing,
    unavailable,
    untrusted_certificate,
    wrong_endpoint,
)

_AUTHENTICATION = {
    "InvalidAccessKeyId",
    "InvalidAccessKeyId.Inactive",
    "InvalidSecurityToken",
    "RequestExpired",
    "RequestTimeTooSkewed",
    "SecurityTokenExpired",
    "SecurityTokenNotSupported",
    "SignatureDoesNotMatch",
}
_PERMISSION = {
    "AccessDenied",
    "AccessForbidden",
    "FileImmutable",
    "KmsServiceNotEnabled",
    "UserDisable",
}
_MISSING = {"NoSuchKey", "NoSuchVersion", "SymlinkTargetNotExist"}
_RATE = {
    "DownloadTrafficRateLimitExceeded",
    "QpsLimitExceeded",
    "RequestRateLimitExceeded",
    "TotalQpsLimitExceeded",
    "TotalTrafficRateLimitExceeded",
    "UploadTrafficRateLimitExceeded",
}
_FULL = {"EntityTooLarge", "QuotaExceeded", "StorageQuotaExceeded"}
_CONFLICT = {
    "FileAlreadyExists",
    "ObjectNotAppendable",
    "OperationConflict",
    "PreconditionFailed",
    "ResourceConflict",
}
_NAME_RULE = "Use 3 to 63 lower-case letters, digits and hyphens."
#: messages about a bucket in another region, whose error codes have several meanings
_OTHER_REGION = ("must be addressed using the specified endpoint", "Invalid signing region")


def sdk() -> Any:
    """Import and return the SDK.

    Raises:
        DependencyMissing: the SDK is not installed.
    """
    try:
        import alibabacloud_oss_v2
        import alibabacloud_oss_v2.crc
    except ModuleNotFoundError as error:
        raise DependencyMissing(
            f"Alibaba OSS requires the package {error.name}",
            hint="Install it with: pip install 'launchpad-tui[oss]'",
            extra="oss",
        ) from error
    return alibabacloud_oss_v2


@contextmanager
def translate_errors(where: str, path: str = "", *, replaced: bool = False) -> Iterator[None]:
    """Translate exceptions of the SDK that are raised in the block.

    Args:
        where: name of the store in the middle of a sentence.
        path: path of the affected object.
        replaced: whether a failed precondition means that the object was replaced; otherwise it
            means that the object exists.
    """
    exceptions = sdk().exceptions
    import requests
    import urllib3

    try:
        yield
    except exceptions.OperationError as error:
        if (refused := refusal_in(error)) is not None:
            raise refused from error
        cause = error.unwrap()
        if isinstance(cause, exceptions.RequestError | exceptions.ResponseError):
            cause = cause.unwrap()
        if isinstance(cause, exceptions.ServiceError):
            raise _error_response(cause, where, path, replaced) from error
        raise _client_error(cause, where, path) from error
    except (
        exceptions.BaseError,
        requests.RequestException,
        urllib3.exceptions.HTTPError,
        ElementTree.ParseError,
    ) as error:
        raise refusal_in(error) or _client_error(error, where, path) from error
    except (ValueError, OverflowError) as error:
        # The SDK parses the numbers and timestamps of a response outside of its own errors.
        raise invalid_response(where) from error


def invalid_response(where: str) -> Unreachable:
    """Return the error for a response that does not come from OSS, such as a proxy's login page."""
    return Unreachable(
        f"Unexpected response from {where}",
        "It is not a response of OSS.",
        "Check the endpoint: a proxy may have answered instead.",
    )


def _error_response(error: Any, where: str, path: str, replaced: bool) -> LaunchpadError:
    code, status, message = (
        str(error.code or ""),
        int(error.status_code or 0),
        str(error.message or "")[:500],
    )
    detail = at_path(f"{code} ({status}): {message}", path)
    if 300 <= status < 400 or any(each in message for each in _OTHER_REGION):
        return wrong_endpoint(where, detail)
    if code in _AUTHENTICATION:
        hint = "Check access key ID and access key secret."
        if code in {"RequestTimeTooSkewed", "RequestExpired"}:
            hint = "Correct the clock of this machine: it differs by more than 15 minutes."
        elif "Token" in code:
            hint = "STS tokens expire: enter new access key ID, access key secret and STS token."
        return authentication_failed(where, detail, hint)
    if code in _MISSING or (status == 404 and code == "BadErrorResponse"):
        return object_missing(where, path)
    if code in _CONFLICT or status in {409, 412}:
        make = object_replaced if replaced else already_exists
        return make(where, path, detail)
    if code == "InvalidObjectState":
        return object_archived(where, path, detail)
    return _refusal(error, code, status, where, detail)


def _refusal(error: Any, code: str, status: int, where: str, detail: str) -> LaunchpadError:
    if code == "NoSuchBucket":
        return store_missing(where, detail, "Check the bucket's name, the endpoint and the region.")
    if code == "InvalidBucketName":
        return ConfigError(f"Invalid name: {where}", detail, _NAME_RULE)
    if code == "InvalidObjectName":
        return InvalidInput(
            f"A path is not allowed in {where}", detail, "Choose another path.", field="path"
        )
    if code in _RATE or status == 429:
        return rate_limited(where, detail)
    if code in _FULL or status == 507:
        return storage_full(where, detail)
    if code in _PERMISSION or status in {401, 403}:
        hint = (
            "Check the account's balance."
            if code == "UserDisable"
            else "Check the permissions of the access key. If the bucket charges the requester, "
            "set the field Requester pays."
        )
        return permission_denied(where, detail, hint)
    if status >= 500:
        return unavailable(where, detail)
    return RuntimeRejected(
        f"Request rejected by {where}",
        detail,
        "Check the settings.",
        status=status,
        code=code,
        request_id=str(error.request_id or ""),
    )


def _client_error(error: BaseException, where: str, path: str) -> LaunchpadError:
    import requests
    import urllib3

    exceptions = sdk().exceptions
    if isinstance(error, requests.exceptions.SSLError):
        return untrusted_certificate(where, _reason(error))
    broken = (
        requests.ConnectionError,
        requests.Timeout,
        requests.exceptions.ChunkedEncodingError,
        urllib3.exceptions.HTTPError,
    )
    if isinstance(error, broken):
        return no_response(where, _reason(error))
    if isinstance(error, exceptions.DeserializationError | ElementTree.ParseError):
        return invalid_response(where)
    if isinstance(error, exceptions.BucketNameInvalidError):
        return ConfigError(f"Invalid name: {where}", "OSS does not allow this name.", _NAME_RULE)
    if isinstance(error, exceptions.ObjectNameInvalidError):
        return InvalidInput(
            f"The path {path[:200]!r} is not allowed in OSS",
            "OSS allows 1 to 1023 bytes of UTF-8 that do not begin with / or \\.",
            "Choose another path.",
            field="path",
        )
    # The message of the error may contain the request, so only its class is reported.
    return invalid_settings(where, type(error).__name__)


def _reason(error: BaseException) -> str:
    """Return why a connection failed, without the request."""
    inner = error.args[0] if error.args else error
    return str(getattr(inner, "reason", None) or inner)[:300]
