"""Verification of signatures of OSS requests (version 4, in the header).

https://www.alibabacloud.com/help/en/oss/developer-reference/recommend-to-use-signature-version-4

The code is written from the description and not from an SDK, so it does not repeat mistakes of one.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote, unquote

from tests.stores.memory_bucket import Rejected

ALGORITHM = "OSS4-HMAC-SHA256"
#: seconds by which the time of a request may differ
SKEW = 900


@dataclass(frozen=True)
class Key:
    """An access key.

    Args:
        token: security token without which a temporary key is not valid; else empty.
        writes: whether the key permits changes.
        expired: whether the token has expired.
    """

    id: str
    secret: str
    token: str = ""
    writes: bool = True
    expired: bool = False


@dataclass(frozen=True)
class Request:
    """The signed parts of a request.

    Args:
        query: parameters as they were sent, percent-encoded.
        headers: headers with names in lower case.
    """

    method: str
    bucket: str
    key: str
    query: tuple[tuple[str, str], ...]
    headers: Mapping[str, str]


def verify(request: Request, keys: Mapping[str, Key], region: str, clock_ahead: float = 0) -> Key:
    """Return the key with which a request was signed.

    Args:
        keys: all access keys by their IDs.
        clock_ahead: seconds by which the server's clock is ahead of the clock of this machine.

    Raises:
        Rejected: the request has no signature, or an invalid one.
    """
    authorization = request.headers.get("authorization", "")
    if not authorization:
        raise Rejected(
            403, "AccessDenied", "Anonymous access is overwrite_condition for this operation."
        )
    algorithm, _, rest = authorization.partition(" ")
    if algorithm != ALGORITHM:
        # New buckets accept neither older signatures (OSS, OSS2) nor those of S3.
        raise Rejected(403, "AccessDenied", f"The signature {algorithm} is not allowed here.")
    fields = dict(part.strip().split("=", 1) for part in rest.split(",") if "=" in part)
    if (
        not {"Credential", "Signature"}
        <= fields.keys()
        <= {"Credential", "Signature", "AdditionalHeaders"}
    ):
        raise Rejected(400, "InvalidArgument", "The Authorization header is not complete.")
    identity, *scope = fields["Credential"].split("/")
    if len(scope) != 4 or scope[2:] != ["oss", "aliyun_v4_request"]:
        raise Rejected(
            400, "InvalidArgument", "The Credential of the Authorization header is not valid."
        )
    if request.headers.get("x-oss-content-sha256") != "UNSIGNED-PAYLOAD":
        raise Rejected(400, "InvalidArgument", "x-oss-content-sha256 must be UNSIGNED-PAYLOAD.")
    moment = _moment(request.headers, scope[0], clock_ahead)
    if scope[1] != region:
        raise Rejected(400, "InvalidArgument", "Invalid signing region in Authorization header.")
    key = keys.get(identity)
    if key is None:
        raise Rejected(
            403,
            "InvalidAccessKeyId",
            "The OSS Access Key Id you provided does not exist in our records.",
        )
    _check_token(key, request.headers.get("x-oss-security-token", ""))
    additional = sorted(
        name for name in fields.get("AdditionalHeaders", "").lower().split(";") if name
    )
    text = _string_to_sign(_canonical(request, additional), moment, scope)
    expected = hmac.new(_signing_key(key.secret, scope), text.encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected, fields["Signature"]):
        raise Rejected(
            403,
            "SignatureDoesNotMatch",
            "The request signature we calculated does not match yours.",
        )
    return key


def _moment(headers: Mapping[str, str], date: str, clock_ahead: float) -> str:
    moment = headers.get("x-oss-date", "")
    try:
        signed = datetime.strptime(moment, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()
    except ValueError:
        raise Rejected(400, "InvalidArgument", "x-oss-date is not like 20260101T120000Z.") from None
    if not moment.startswith(date):
        raise Rejected(
            400, "InvalidArgument", "The date of the Credential is not that of x-oss-date."
        )
    if abs(time.time() + clock_ahead - signed) > SKEW:
        raise Rejected(
            403,
            "RequestTimeTooSkewed",
            "The difference between the request time and ours is too large.",
        )
    return moment


def _check_token(key: Key, token: str) -> None:
    if key.token and not token:
        raise Rejected(
            403,
            "InvalidAccessKeyId",
            "The OSS Access Key Id you provided does not exist in our records.",
        )
    if token != key.token:
        raise Rejected(403, "InvalidSecurityToken", "The security token you provided is invalid.")
    if key.expired:
        raise Rejected(403, "SecurityTokenExpired", "The security token you provided has expired.")


def _canonical(request: Request, additional: list[str]) -> str:
    path = "/" + (f"{request.bucket}/" if request.bucket else "") + request.key
    pairs = sorted(
        (_quoted(unquote(name)), _quoted(unquote(value))) for name, value in request.query
    )
    signed = {
        name: value.strip()
        for name, value in request.headers.items()
        if name in {"content-type", "content-md5", *additional} or name.startswith("x-oss-")
    }
    return "\n".join(
        [
            request.method,
            quote(path, safe="-_.~/"),
            "&".join(f"{name}={value}" if value else name for name, value in pairs),
            "".join(f"{name}:{signed[name]}\n" for name in sorted(signed)),
            ";".join(additional),
            "UNSIGNED-PAYLOAD",
        ]
    )


def _string_to_sign(canonical: str, moment: str, scope: list[str]) -> str:
    return "\n".join(
        [ALGORITHM, moment, "/".join(scope), hashlib.sha256(canonical.encode()).hexdigest()]
    )


def _signing_key(secret: str, scope: list[str]) -> bytes:
    key = f"aliyun_v4{secret}".encode()
    for part in scope:
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key


def _quoted(text: str) -> str:
    return quote(text, safe="-_.~")
