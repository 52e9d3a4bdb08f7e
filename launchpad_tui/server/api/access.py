"""The door: a token for client ID and secret, and whose token a request brings."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Mapping
from urllib.parse import parse_qsl, unquote_plus

from launchpad_tui.domain.api_client import ApiClient
from launchpad_tui.server.api.call import Answer
from launchpad_tui.server.api.errors import Refusal
from launchpad_tui.server.api.tokens import LIFETIME, Tokens
from launchpad_tui.services.clients import ClientService

TOKEN_PATH = "/oauth/token"
#: bytes of a request for a token
FORM_LIMIT = 64 * 1024
_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="launchpad"'}


def authenticated(headers: Mapping[str, str], tokens: Tokens) -> ApiClient:
    """The client whose token the request brings. Raises Refusal."""
    kind, _, token = headers.get("authorization", "").strip().partition(" ")
    client = tokens.client(token.strip()) if kind.lower() == "bearer" else None
    if client is None:
        message = "The access token is missing, wrong or too old; get one at /oauth/token."
        raise Refusal(401, message, headers=_CHALLENGE)
    return client


def token(
    headers: Mapping[str, str], content: bytes, clients: ClientService, tokens: Tokens
) -> tuple[Answer, str]:
    """A new token for the client that a form, or HTTP Basic beside it, names (RFC 6749, sections 2.3.1 and 4.4);
    gives the answer and the client's ID. Raises Refusal."""
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in {"application/x-www-form-urlencoded", ""}:
        raise Refusal(400, "Send the request for a token as a form.", field="Content-Type")
    try:
        form = dict(
            parse_qsl(
                content.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=100
            )
        )
    except ValueError as error:
        raise Refusal(400, "The form has too many fields.") from error
    if form.get("grant_type") != "client_credentials":
        raise Refusal(
            400,
            "grant_type has to be client_credentials.",
            code="UnsupportedGrantType",
            field="grant_type",
        )
    client_id, secret = _basic(headers) or (
        form.get("client_id", ""),
        form.get("client_secret", ""),
    )
    found = clients.check(client_id, secret) if client_id and secret else None
    if found is None:
        raise Refusal(
            401,
            "Client ID or client secret are wrong.",
            headers={"WWW-Authenticate": 'Basic realm="launchpad"'},
        )
    data = {
        "access_token": tokens.give(found),
        "token_type": "bearer",
        "expires_in": LIFETIME,
        "scope": f"resource-group.{found.group}" if found.group else "launchpad",
        "jti": uuid.uuid4().hex,
    }
    return Answer(data=data, headers={"Cache-Control": "no-store", "Pragma": "no-cache"}), found.id


def _basic(headers: Mapping[str, str]) -> tuple[str, str] | None:
    kind, _, text = headers.get("authorization", "").strip().partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        client_id, colon, secret = (
            base64.b64decode(text.strip(), validate=True).decode().partition(":")
        )
    except ValueError as error:
        raise Refusal(401, "The header Authorization cannot be read.") from error
    return (unquote_plus(client_id), unquote_plus(secret)) if colon else ("", "")
