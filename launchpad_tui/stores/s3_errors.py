"""Translates the errors of S3 servers and botocore.

Source of the codes: Amazon S3 API reference, "Error responses".
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from launchpad_tui.errors import (
    LaunchpadError,
    RuntimeRejected,
    Unreachable,
)
from launchpad_tui.net.address_policy import refusal_in
from launchpad_tui.stores.store_errors import (
    already_exists,
    at_path,
    authentication_failed,
    credentials_missing,
    incomplete_request,
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
    unexpected_response,
    untrusted_certificate,
    wrong_endpoint,
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
#: descriptions of errors for which some servers send only the code
_MESSAGES = {
    "SignatureDoesNotMatch": "The signature of the request is not valid for this access key",
    "InvalidAccessKeyId": "The server does not know this access key",
    "AccessDenied": "The access key does not permit this request",
    "RequestTimeTooSkewed": "The clocks of this machine and of the server differ too much",
    "NoSuchBucket": "The bucket does not exist",
    "SlowDown": "The server receives too many requests",
}
_PERMISSION = {
    "403",
    "AccessDenied",
    "AccountProblem",
    "AllAccessDisabled",
    "Forbidden",
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
#: The server has not received the whole body of a request, or not as it was sent.
_INCOMPLETE = {"BadDigest", "IncompleteBody", "RequestTimeout", "XAmzContentSHA256Mismatch"}
_CONFLICT = {"409", "412", "ConditionalRequestConflict", "OperationAborted", "PreconditionFailed"}


@contextmanager
def translate_errors(where: str, path: str = "", *, replaced: bool = False) -> Iterator[None]:
    """Translate exceptions of botocore that are raised in the block.

    Args:
        where: name of the store in the middle of a sentence.
        path: path of the affected object.
        replaced: whether a failed precondition means that the object was replaced; otherwise it
            means that the object exists.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        raise _error_response(error.response, where, path, replaced) from error
    except BotoCoreError as error:
        raise refusal_in(error) or _client_error(error, where) from error
    except KeyError as error:
        raise Unreachable(
            f"Unexpected response from {where}",
            f"{error.args[0]} is missing in the response.",
            "Check the endpoint.",
        ) from error
    except (ValueError, OverflowError) as error:
        # botocore parses the numbers and timestamps of a response outside of its own errors.
        raise unexpected_response(where, "S3", str(error)[:200]) from error
    except RecursionError:
        # botocore follows redirects from region to region without a limit.
        raise wrong_endpoint(where, "The servers redirect requests in a loop.") from None


def _error_response(
    response: dict[str, dict[str, object]], where: str, path: str, replaced: bool
) -> LaunchpadError:
    error_data, meta = response.get("Error", {}), response.get("ResponseMetadata", {})
    code, status = str(error_data.get("Code", "")), int(str(meta.get("HTTPStatusCode") or 0))
    message = error_data.get("Message") or _MESSAGES.get(code, "The server gives no reason")
    detail = at_path(f"{code or 'No error code'} ({status}): {message}", path)
    if code in _AUTHENTICATION:
        hint = "Check access key and secret key."
        if code in {"RequestTimeTooSkewed", "RequestExpired"}:
            hint = "Correct the clock of this machine."
        elif "Token" in code:
            hint = "Temporary credentials have expired: enter new ones."
        return authentication_failed(where, detail, hint)
    if code in _PERMISSION:
        return permission_denied(
            where,
            detail,
            "Check the permissions of the access key. If the bucket charges the requester, "
            "set the field Requester pays.",
        )
    if code == "InvalidObjectState":
        return object_archived(where, path, detail)
    if code == "NoSuchBucket":
        return store_missing(where, detail, "Check the bucket's name, the endpoint and the region.")
    if code in _MISSING:
        return object_missing(where, path)
    if code in _REGION:
        headers = meta.get("HTTPHeaders", {})
        region = error_data.get("Region") or (
            headers.get("x-amz-bucket-region") if isinstance(headers, dict) else ""
        )
        endpoint = str(error_data.get("Endpoint") or "")
        return wrong_endpoint(where, detail, region=str(region or ""), endpoint=endpoint)
    if code in _RATE:
        return rate_limited(where, detail)
    if code in _FULL or status == 507:
        return storage_full(where, detail)
    if code in _CONFLICT:
        make = object_replaced if replaced else already_exists
        return make(where, path, detail)
    if status >= 500 or code in _INCOMPLETE:
        make_transient = unavailable if status >= 500 else incomplete_request
        return make_transient(where, detail)
    return RuntimeRejected(
        f"Request rejected by {where}",
        detail,
        "Check the settings.",
        status=status,
        code=code,
        request_id=str(meta.get("RequestId") or ""),
    )


def _client_error(error: Exception, where: str) -> LaunchpadError:
    from botocore import exceptions as boto

    detail = str(error)
    if isinstance(error, boto.SSLError):
        return untrusted_certificate(where, detail)
    if isinstance(error, boto.ConnectionError | boto.HTTPClientError | boto.IncompleteReadError):
        return no_response(where, detail)
    if isinstance(error, boto.SSOError | boto.TokenRetrievalError):
        return credentials_missing(where, "Log in again: aws sso login.", detail)
    if isinstance(
        error,
        boto.NoCredentialsError | boto.PartialCredentialsError | boto.CredentialRetrievalError,
    ):
        return credentials_missing(where, "Check the field Credentials.", detail)
    return invalid_settings(where, detail)
