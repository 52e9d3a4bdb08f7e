"""What S3 servers and botocore raise, as errors of launchpad. Codes: Amazon S3 API reference, "Error responses"."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from launchpad_tui.errors import (
    AuthenticationFailed,
    ConfigError,
    Conflict,
    LaunchpadError,
    ObjectMissing,
    PermissionDenied,
    RateLimited,
    RuntimeRejected,
    StorageFull,
    Unreachable,
)

_AUTHENTICATION = {
    "401",
    "AuthFailure",
    "CredentialsNotSupported",
    "ExpiredToken",
    "InvalidAccessKeyId",
    "InvalidSecurity",
    "InvalidToken",
    "MissingSecurityHeader",
    "NotSignedUp",
    "RequestExpired",
    "RequestTimeTooSkewed",
    "SignatureDoesNotMatch",
    "TokenRefreshRequired",
    "UnrecognizedClientException",
}
_PERMISSION = {
    "403",
    "AccessDenied",
    "AccountProblem",
    "AllAccessDisabled",
    "Forbidden",
    "InvalidObjectState",
}
_MISSING = {"404", "NoSuchKey", "NotFound"}
_REGION = {
    "301",
    "307",
    "400",
    "AuthorizationHeaderMalformed",
    "IllegalLocationConstraintException",
    "PermanentRedirect",
    "TemporaryRedirect",
}
_RATE = {
    "429",
    "RequestLimitExceeded",
    "SlowDown",
    "Throttling",
    "ThrottlingException",
    "TooManyRequests",
}
_FULL = {
    "507",
    "EntityTooLarge",
    "InsufficientStorage",
    "QuotaExceeded",
    "XMinioStorageFull",
    "XMinioAdminBucketQuotaExceeded",
}
_CONFLICT = {"409", "412", "ConditionalRequestConflict", "OperationAborted", "PreconditionFailed"}


@contextmanager
def translated(where: str, path: str = "", *, changed: bool = False) -> Iterator[None]:
    """Run a call to botocore; ``where`` is how the message names the store, ``path`` the object that is dealt with.

    Args:
        changed: whether a condition that does not hold means that the object was replaced; else, that it exists.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        raise _answer(error.response, where, path, changed) from error
    except BotoCoreError as error:
        raise _no_answer(error, where) from error
    except KeyError as error:
        detail = f"{error.args[0]} is missing in its answer."
        raise Unreachable(
            f"{where} does not answer as an object store does", detail, "Check the endpoint."
        ) from error
    except RecursionError:
        # botocore follows a bucket from region to region, and never stops where a server sends it round.
        hint = "Check region, endpoint and addressing."
        raise ConfigError(
            f"{where} is elsewhere", "The server points to another one, again and again.", hint
        ) from None


def _answer(
    response: dict[str, dict[str, object]], where: str, path: str, changed: bool
) -> LaunchpadError:
    told, meta = response.get("Error", {}), response.get("ResponseMetadata", {})
    code, status = str(told.get("Code", "")), int(str(meta.get("HTTPStatusCode") or 0))
    detail = f"{code} ({status}): {told.get('Message', '')}" + (
        f"\nAt {path[:200]!r}." if path else ""
    )
    if code in _AUTHENTICATION:
        hint = "Check access key and secret key."
        if code in {"RequestTimeTooSkewed", "RequestExpired"}:
            hint = "The clock of this machine is wrong."
        elif "Token" in code:
            hint = "Temporary credentials end; enter new ones."
        return AuthenticationFailed(f"{where} does not accept the credentials", detail, hint)
    if code in _PERMISSION:
        return PermissionDenied(
            f"{where} does not allow it", detail, "Check what the access key may do."
        )
    if code == "NoSuchBucket":
        return ConfigError(
            f"{where} does not exist",
            detail,
            "Check the bucket's name, the endpoint and the region.",
        )
    if code in _MISSING:
        return ObjectMissing(f"{where} has nothing at {path[:200]!r}")
    if code in _REGION:
        return ConfigError(
            f"{where} is elsewhere", detail, "Check region, endpoint and addressing."
        )
    if code in _RATE:
        return RateLimited(f"{where} asks to be called less often", detail)
    if code in _FULL or status == 507:
        return StorageFull(f"{where} has no room left", detail)
    if code in _CONFLICT and changed:
        return Conflict(
            f"{where} has another version of {path[:200]!r} now", detail, "Start again."
        )
    if code in _CONFLICT:
        return Conflict(f"{where} has something at {path[:200]!r} already", detail)
    if status >= 500:
        return Unreachable(f"{where} does not work at the moment", detail)
    return RuntimeRejected(
        f"{where} refused",
        detail,
        status=status,
        code=code,
        request_id=str(meta.get("RequestId") or ""),
    )


def _no_answer(error: Exception, where: str) -> LaunchpadError:
    from botocore import exceptions as boto

    detail = str(error)
    if isinstance(error, boto.SSLError):
        hint = "Check the endpoint; a certificate of your own authority is trusted by the field CA file."
        return Unreachable(f"TLS certificate verification failed for {where}", detail, hint)
    if isinstance(error, boto.ConnectionError | boto.HTTPClientError | boto.IncompleteReadError):
        return Unreachable(
            f"{where} does not answer", detail, "Check the network and the endpoint."
        )
    if isinstance(error, boto.SSOError | boto.TokenRetrievalError):
        return AuthenticationFailed(
            f"{where} needs credentials", detail, "Log in again: aws sso login."
        )
    if isinstance(
        error,
        boto.NoCredentialsError | boto.PartialCredentialsError | boto.CredentialRetrievalError,
    ):
        return AuthenticationFailed(
            f"{where} needs credentials", detail, "Check where they are to come from."
        )
    return ConfigError(f"{where} cannot be used as it is set up", detail)
