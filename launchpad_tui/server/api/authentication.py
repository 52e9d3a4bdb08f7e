"""Authentication: issue tokens for a client ID and secret, and find the client of a request."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Mapping
from urllib.parse import parse_qsl, unquote_plus

from launchpad_tui.domain.api_client import ApiClient
from launchpad_tui.records import field, record
from launchpad_tui.server.api.endpoint import ApiResponse
from launchpad_tui.server.api.errors import ApiError
from launchpad_tui.server.api.tokens import LIFETIME, IssuedTokens
from launchpad_tui.services.clients import ClientService

TOKEN_PATH = "/oauth/token"
#: maximum size of a token request in bytes
FORM_LIMIT = 64 * 1024
_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="launchpad"'}


def authenticated_client(headers: Mapping[str, str], tokens: IssuedTokens) -> ApiClient:
    """Return the client whose token a request carries. Raises ApiError."""
    scheme, _, token = headers.get("authorization", "").strip().partition(" ")
    client = tokens.client(token.strip()) if scheme.lower() == "bearer" else None
    if client is None:
        message = (
            "The access token is missing, invalid or expired. Every request must carry a token; "
            f"request one at {TOKEN_PATH}."
        )
        raise ApiError(401, message, headers=_CHALLENGE)
    return client


class WrongSecret(ApiError):
    """The client ID or the client secret is wrong."""

    def __init__(self) -> None:
        super().__init__(
            401,
            "The client ID or the client secret is wrong.",
            headers={"WWW-Authenticate": 'Basic realm="launchpad"'},
        )


@record
class TokenRequest:
    """The credentials in a request for a token."""

    client_id: str
    secret: str = field(repr=False)


def parse_token_request(headers: Mapping[str, str], content: bytes) -> TokenRequest:
    """Return the credentials of a form or of HTTP Basic authentication.

    Source: RFC 6749, sections 2.3.1 and 4.4.

    Raises:
        ApiError: the request is invalid.
    """
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in {"application/x-www-form-urlencoded", ""}:
        raise ApiError(400, "A token request must be sent as a form.", field="Content-Type")
    try:
        form = dict(
            parse_qsl(
                content.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=100
            )
        )
    except ValueError as error:
        raise ApiError(400, "The form has too many fields.") from error
    if form.get("grant_type") != "client_credentials":
        raise ApiError(
            400,
            "grant_type must be client_credentials.",
            code="UnsupportedGrantType",
            field="grant_type",
        )
    return TokenRequest(
        *(_basic_credentials(headers) or (form.get("client_id", ""), form.get("client_secret", "")))
    )


def token_response(
    request: TokenRequest, clients: ClientService, tokens: IssuedTokens
) -> tuple[ApiResponse, str]:
    """Issue a token for a client; return the response and the client's ID.

    Raises:
        WrongSecret: the client ID or secret is wrong.
    """
    named = request.client_id and request.secret
    found = clients.check(request.client_id, request.secret) if named else None
    if found is None:
        raise WrongSecret
    data = {
        "access_token": tokens.issue(found),
        "token_type": "bearer",
        "expires_in": LIFETIME,
        "scope": f"resource-group.{found.group}" if found.group else "launchpad",
        "jti": uuid.uuid4().hex,
    }
    no_cache = {"Cache-Control": "no-store", "Pragma": "no-cache"}
    return ApiResponse(data=data, headers=no_cache), found.id


def _basic_credentials(headers: Mapping[str, str]) -> tuple[str, str] | None:
    scheme, _, text = headers.get("authorization", "").strip().partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        decoded = base64.b64decode(text.strip(), validate=True).decode()
    except ValueError as error:
        raise ApiError(401, "The header Authorization is not valid.") from error
    client_id, colon, secret = decoded.partition(":")
    return (unquote_plus(client_id), unquote_plus(secret)) if colon else ("", "")
