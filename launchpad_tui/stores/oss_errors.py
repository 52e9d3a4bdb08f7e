"""What OSS and its SDK raise, as errors of launchpad.

Codes: https://www.alibabacloud.com/help/en/oss/support/error-handling-2. Of an error only code and message are told:
the rest may hold whole requests.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from xml.etree import ElementTree

from launchpad_tui.errors import (
    AuthenticationFailed,
    ConfigError,
    Conflict,
    DependencyMissing,
    InvalidInput,
    LaunchpadError,
    ObjectMissing,
    PermissionDenied,
    RateLimited,
    RuntimeRejected,
    StorageFull,
    Unreachable,
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
    "InvalidObjectState",
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
#: what OSS says, under codes that stand for much else, of a bucket that is in another region
_ELSEWHERE = ("must be addressed using the specified endpoint", "Invalid signing region")


def sdk() -> Any:
    """The SDK, imported now.

    Raises:
        DependencyMissing: it is not installed.
    """
    try:
        import alibabacloud_oss_v2
        import alibabacloud_oss_v2.crc
    except ModuleNotFoundError as error:
        raise DependencyMissing(
            f"Alibaba OSS needs {error.name}",
            hint="Install it with: pip install 'launchpad-tui[oss]'",
            extra="oss",
        ) from error
    return alibabacloud_oss_v2


@contextmanager
def translated(where: str, path: str = "", *, changed: bool = False) -> Iterator[None]:
    """Run a call to the SDK; ``where`` is how the message names the store, ``path`` the object that is dealt with.

    Args:
        changed: whether a condition that does not hold means that the object was replaced; else, that it exists.
    """
    told = sdk().exceptions
    import requests
    import urllib3

    try:
        yield
    except told.OperationError as error:
        cause = error.unwrap()
        if isinstance(cause, told.RequestError | told.ResponseError):
            cause = cause.unwrap()
        if isinstance(cause, told.ServiceError):
            raise _answer(cause, where, path, changed) from error
        raise _no_answer(cause, where, path) from error
    except (
        told.BaseError,
        requests.RequestException,
        urllib3.exceptions.HTTPError,
        ElementTree.ParseError,
    ) as error:
        raise _no_answer(error, where, path) from error


def strange(where: str) -> Unreachable:
    """The error where an answer is none of OSS, such as a proxy's page that asks to log in."""
    return Unreachable(
        f"{where} answers what OSS would not",
        hint="Check the endpoint: is there a proxy before it?",
    )


def _answer(error: Any, where: str, path: str, changed: bool) -> LaunchpadError:
    code, status, message = (
        str(error.code or ""),
        int(error.status_code or 0),
        str(error.message or "")[:500],
    )
    detail = f"{code} ({status}): {message}" + (f"\nAt {path[:200]!r}." if path else "")
    if 300 <= status < 400 or any(each in message for each in _ELSEWHERE):
        return ConfigError(
            f"{where} is elsewhere", detail, "Check region, endpoint and addressing."
        )
    if code in _AUTHENTICATION:
        hint = "Check access key and secret."
        if code in {"RequestTimeTooSkewed", "RequestExpired"}:
            hint = "Set the clock of this machine: it is off by more than 15 minutes."
        elif "Token" in code:
            hint = "STS tokens end; enter new access key, secret and token."
        return AuthenticationFailed(f"{where} does not accept the credentials", detail, hint)
    if code in _MISSING or (status == 404 and code == "BadErrorResponse"):
        return ObjectMissing(f"{where} has nothing at {path[:200]!r}")
    if code in _CONFLICT or status in {409, 412}:
        if changed:
            return Conflict(
                f"{where} has another version of {path[:200]!r} now", detail, "Start again."
            )
        return Conflict(f"{where} has something at {path[:200]!r} already", detail)
    return _refusal(error, code, status, where, detail)


def _refusal(error: Any, code: str, status: int, where: str, detail: str) -> LaunchpadError:
    if code == "NoSuchBucket":
        return ConfigError(
            f"{where} does not exist",
            detail,
            "Check the bucket's name, the endpoint and the region.",
        )
    if code == "InvalidBucketName":
        return ConfigError(f"{where} has a name that OSS does not take", detail)
    if code == "InvalidObjectName":
        return InvalidInput("OSS does not take this path", detail, field="path")
    if code in _RATE or status == 429:
        return RateLimited(f"{where} asks to be called less often", detail)
    if code in _FULL or status == 507:
        return StorageFull(f"{where} has no room left", detail)
    if code in _PERMISSION or status in {401, 403}:
        hint = (
            "Look whether the account is paid for."
            if code == "UserDisable"
            else "Check what the access key may do."
        )
        return PermissionDenied(f"{where} does not allow it", detail, hint)
    if status >= 500:
        return Unreachable(f"{where} does not work at the moment", detail)
    return RuntimeRejected(
        f"{where} refused", detail, status=status, code=code, request_id=str(error.request_id or "")
    )


def _no_answer(error: BaseException, where: str, path: str) -> LaunchpadError:
    import requests
    import urllib3

    told = sdk().exceptions
    if isinstance(error, requests.exceptions.SSLError):
        hint = "Check the endpoint; a certificate of your own authority is trusted by the field CA file."
        return Unreachable(f"TLS certificate verification failed for {where}", _reason(error), hint)
    broken = (
        requests.ConnectionError,
        requests.Timeout,
        requests.exceptions.ChunkedEncodingError,
        urllib3.exceptions.HTTPError,
    )
    if isinstance(error, broken):
        return Unreachable(
            f"{where} does not answer", _reason(error), "Check the network and the endpoint."
        )
    if isinstance(error, told.DeserializationError | ElementTree.ParseError):
        return strange(where)
    if isinstance(error, told.BucketNameInvalidError):
        return ConfigError(
            f"{where} has a name that OSS does not take",
            "3 to 63 lower-case letters, digits and hyphens.",
        )
    if isinstance(error, told.ObjectNameInvalidError):
        return InvalidInput(f"OSS does not take the path {path[:200]!r}", field="path")
    # Its text may hold what was sent.
    return ConfigError(f"{where} cannot be used as it is set up", type(error).__name__)


def _reason(error: BaseException) -> str:
    """Why a connection failed, without the request that it was for."""
    inner = error.args[0] if error.args else error
    return str(getattr(inner, "reason", None) or inner)[:300]
