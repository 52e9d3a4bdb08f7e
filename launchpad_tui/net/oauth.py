"""Access tokens of OAuth 2.0, cached until shortly before they expire."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from urllib.parse import urlsplit

from launchpad_tui.errors import (
    AuthenticationFailed,
    ConfigError,
    LaunchpadError,
    RuntimeRejected,
    Unreachable,
)
from launchpad_tui.net.address_policy import AddressPolicy
from launchpad_tui.net.client import HttpClient, HttpResponse, encode_query
from launchpad_tui.net.redaction import redact
from launchpad_tui.net.retry import RetryPolicy, retry_after
from launchpad_tui.net.tls import create_context
from launchpad_tui.records import field, record

#: seconds before a token expires at which it is replaced, but not before half its lifetime
_MARGIN = 300.0
#: the lifetime (seconds) of a token whose response states none
_DEFAULT_LIFETIME = 3600.0
_FORM = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}


@record
class AccessToken:
    """A bearer token and its lifetime in seconds."""

    text: str = field(repr=False)
    lifetime: float


class TokenCache:
    """The access token of one client. Safe for threads: one of them fetches, the others wait.

    Args:
        fetch: requests a new token.
        clock: returns seconds since an arbitrary time.
    """

    def __init__(
        self, fetch: Callable[[], AccessToken], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._fetch = fetch
        self._clock = clock
        self._fetching = threading.Lock()
        self._token = ""
        self._expiry = 0.0

    def get(self, refused: str = "") -> str:
        """Return a valid token, fetching one if necessary.

        Args:
            refused: a token that a server did not accept; it is not returned again.

        Raises:
            LaunchpadError: what ``fetch`` raises.
        """
        with self._fetching:
            if not self._token or self._token == refused or self._clock() >= self._expiry:
                token = self._fetch()
                self._token = token.text
                self._expiry = self._clock() + token.lifetime - min(_MARGIN, token.lifetime / 2)
            return self._token

    @property
    def current(self) -> str:
        """The cached token, which may have expired; empty if none was fetched yet."""
        return self._token


def request_token(
    client: HttpClient,
    url: str,
    form: Mapping[str, str],
    secrets: Sequence[str],
    explain: Callable[[HttpResponse], LaunchpadError] | None = None,
) -> AccessToken:
    """Request a token with a form, again after an error that may pass.

    Args:
        secrets: texts of the form that no message may contain.
        explain: makes an error of a response whose status is not 200; None for `_refusal`.

    Raises:
        AuthenticationFailed: the credentials are not accepted.
        Unreachable, RateLimited, ConfigError, RuntimeRejected: see `HttpClient.send`, ``explain``
            and `parse_token`.
    """
    body = encode_query(form).encode()

    def attempt(_: int) -> AccessToken:
        response = client.send("POST", url, _FORM, body, secrets)
        if response.status != 200:
            raise explain(response) if explain else _refusal(response, client.server, secrets)
        return parse_token(response, client.server)

    return client.repeat(attempt)


def request_token_once(
    url: str,
    form: Mapping[str, str],
    ca_file: str,
    secrets: Sequence[str],
    server: str,
    *,
    require_tls: bool = True,
    policy: AddressPolicy | None = None,
) -> AccessToken:
    """Request a token as `request_token` does, over a connection that is closed afterwards.

    The server's certificate is always verified; ``ca_file`` is trusted in addition.

    Args:
        server: how messages name the token server.
        require_tls: whether credentials are sent encrypted only, unless to this machine.
        policy: the servers that may be reached; None for all.

    Raises:
        ConfigError: the URL is not one of HTTPS.
        LaunchpadError: see `request_token`.
    """
    address = urlsplit(url)
    if require_tls and address.scheme != "https" and (address.hostname or "") not in _LOOPBACK:
        raise ConfigError(
            f"The address of {server} must use HTTPS",
            f"It is {address.scheme}://{address.hostname}.",
            "Credentials are only sent over TLS.",
        )
    with HttpClient(server, lambda: create_context(ca_file), policy=policy) as client:
        return request_token(client, url, form, secrets)


def request_instance_token(
    url: str, query: Mapping[str, str], headers: Mapping[str, str], server: str, user: str
) -> AccessToken:
    """Request a token from the metadata service of this (virtual) machine, never through a proxy.

    Args:
        url: the address of the token.
        query, headers: those of the request.
        server: how errors name the metadata service.
        user: how errors name what the token is for, such as ``bucket 'models'``.

    Raises:
        AuthenticationFailed: there is no such service, or it refuses.
        Unreachable, RuntimeRejected: it does not work.
    """
    with HttpClient(server, create_context, retry=RetryPolicy(attempts=1), proxies=False) as client:
        try:
            response = client.send("GET", f"{url}?{encode_query(query)}", headers)
        except Unreachable as error:
            raise AuthenticationFailed(
                f"No credentials found for {user}",
                "The environment variables contain none, and this machine has no identity "
                "at a cloud.",
                "Set the environment variables that the field's help names.",
            ) from error
    if response.status != 200:
        raise _refusal(response, server, ())
    return parse_token(response, server)


def parse_token(response: HttpResponse, server: str) -> AccessToken:
    """Parse the response of a token server.

    Raises:
        RuntimeRejected: it contains no usable token.
    """
    data = _json_object(response)
    token = data.get("access_token")
    if not isinstance(token, str) or not token or not (token.isascii() and token.isprintable()):
        raise RuntimeRejected(
            f"The response from {server} contains no token",
            f"It has no valid access_token; its type is {response.media_type or 'unknown'}.",
            "Check the token URL.",
            status=response.status,
        )
    try:
        lifetime = float(str(data.get("expires_in")))
    except ValueError:
        lifetime = _DEFAULT_LIFETIME
    return AccessToken(token, lifetime if 0 < lifetime < float("inf") else _DEFAULT_LIFETIME)


def _refusal(response: HttpResponse, server: str, secrets: Sequence[str]) -> LaunchpadError:
    if response.status >= 500 or response.status in {408, 429}:
        error: LaunchpadError = Unreachable(
            f"Service unavailable: {server}", f"HTTP status {response.status}.", "Try again later."
        )
        error.retry_after = retry_after(response.headers)
        return error
    data = _json_object(response)
    reason = str(data.get("error") or "HTTP")[:80]
    description = str(data.get("error_description") or "").strip().splitlines() or [""]
    return AuthenticationFailed(
        f"Authentication failed at {server}",
        redact(f"{reason} ({response.status}): {description[0][:400]}", secrets),
        "Check the credentials.",
    )


def _json_object(response: HttpResponse) -> dict[str, object]:
    try:
        data = json.loads(response.body)
    except (ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}
