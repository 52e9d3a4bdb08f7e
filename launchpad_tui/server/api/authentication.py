"""Authentication: issue tokens for a client ID and secret, and find the client of a request."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Mapping
from urllib.parse import parse_qsl, unquote_plus

from launchpad_tui.domain.api_client import ApiClient
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


def token_response(
    headers: Mapping[str, str], content: bytes, clients: ClientService, tokens: IssuedTokens
) -> tuple[ApiResponse, str]:
    """Issue a token for the client that a form or HTTP Basic authentication names.

    Source: RFC 6749, sections 2.3.1 and 4.4.

    Returns:
        The response and the client's ID.

    Raises:
        ApiError: the request is invalid, or the client ID or secret is wrong.
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
    client_id, secret = _basic_credentials(headers) or (
        form.get("client_id", ""),
        form.get("client_secret", ""),
    )
    found = clients.check(client_id, secret) if client_id and secret else None
    if found is None:
        raise ApiError(
            401,
            "The client ID or the client secret is wrong.",
            headers={"WWW-Authenticate": 'Basic realm="launchpad"'},
        )
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
