"""Requests to the AI API: token, resource group, and which requests may be sent twice.

A request is sent again only if it cannot take effect twice: GET always, PATCH and DELETE if the
caller allows it, POST never. A request with a refused token (401) had no effect, so it is always
sent again with a new token.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from launchpad_tui.errors import LaunchpadError, RuntimeRejected, Unreachable
from launchpad_tui.net.client import USER_AGENT, HttpClient, HttpResponse, encode_query
from launchpad_tui.net.oauth import AccessToken, TokenCache, request_token
from launchpad_tui.net.redaction import redact
from launchpad_tui.net.retry import RetryPolicy, retry_after
from launchpad_tui.net.tls import create_context
from launchpad_tui.runtimes.aicore.credentials import ServiceKey
from launchpad_tui.runtimes.aicore.response_errors import response_error

#: number of attempts, and seconds before the second one, see `RetryPolicy`
ATTEMPTS = 4
PAUSE = 0.5
_TOKEN_SERVER = "the token server"
_AI_API = "the AI API"
#: a JSON escape of half a surrogate pair, or (as bytes) a surrogate that was encoded on its own
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]|\xed[\xa0-\xbf]")


class KeyTokens:
    """The access token of a service key. Thread-safe.

    Args:
        ca_file: file of certificate authorities that are trusted in addition.
        pause: seconds, see `PAUSE`.
        clock: returns seconds since an arbitrary time.
    """

    def __init__(
        self,
        key: ServiceKey,
        ca_file: str = "",
        pause: float = PAUSE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._key = key
        self._client = HttpClient(
            _TOKEN_SERVER,
            lambda: create_context(
                ca_file,
                environment=True,
                certificate=key.certificate,
                private_key=key.private_key,
            ),
            retry=RetryPolicy(ATTEMPTS, pause),
        )
        self._cache = TokenCache(self._fetch, clock)

    def get(self, refused: str = "") -> str:
        """Return a valid token.

        Args:
            refused: a token that a server did not accept; it is not returned again.

        Raises:
            AuthenticationFailed: the token server refuses the key.
            Unreachable, RateLimited, ConfigError, RuntimeRejected: the token server returns no
                token.
        """
        return self._cache.get(refused)

    @property
    def current(self) -> str:
        """The cached token; empty if none was fetched yet."""
        return self._cache.current

    def close(self) -> None:
        """End the pauses before further attempts and close all connections."""
        self._client.close()

    def _fetch(self) -> AccessToken:
        form = {"grant_type": "client_credentials", "client_id": self._key.client_id}
        if self._key.client_secret:
            form["client_secret"] = self._key.client_secret
        return request_token(
            self._client, self._key.auth_url, form, self._key.secrets, self._refusal
        )

    def _refusal(self, response: HttpResponse) -> LaunchpadError:
        request = f"POST {self._key.auth_url}"
        return _response_error(response, request, _TOKEN_SERVER, self._key.secrets)


class AICoreHttp:
    """Requests to the AI API with a token and a resource group. Thread-safe.

    Args:
        ca_file: file of certificate authorities that are trusted in addition.
        pause: seconds, see `PAUSE`.
    """

    def __init__(
        self,
        key: ServiceKey,
        ca_file: str = "",
        pause: float = PAUSE,
        tokens: KeyTokens | None = None,
    ) -> None:
        self._base = key.base_url
        self._secrets = key.secrets
        self.tokens = tokens or KeyTokens(key, ca_file, pause)
        self._client = HttpClient(
            _AI_API,
            lambda: create_context(ca_file, environment=True),
            retry=RetryPolicy(ATTEMPTS, pause),
        )

    @property
    def secrets(self) -> tuple[str, ...]:
        """The texts that no message may contain: the token and the credentials."""
        return (self.tokens.current, *self._secrets)

    def json(
        self, method: str, path: str, query: Mapping[str, str] | None = None, **more: Any
    ) -> Any:
        """Send a request as `call` does and parse the JSON of the response.

        GET is sent once more if its response is incomplete.

        Raises:
            As `call` and `parse_json`.
        """
        for last in (method != "GET", True):
            response = self.call(method, path, query, **more)
            try:
                return parse_json(response, f"{method} {path}", _AI_API, self.secrets)
            except TruncatedResponse:
                if last:
                    raise
        raise AssertionError("the last attempt returns or raises")

    def call(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        *,
        group: str = "",
        body: object = None,
        content_type: str = "application/json",
        repeatable: bool | None = None,
        done_statuses: Sequence[int] = (),
        body_secrets: Sequence[str] = (),
        accept: str = "application/json",
    ) -> HttpResponse:
        """Send a request, again after an error that may pass.

        Args:
            path: the path after ``/v2``, already percent-encoded.
            group: the resource group; empty for requests without one.
            body: sent as JSON.
            repeatable: whether the request may be sent twice although the first attempt may have
                succeeded; by default for GET only.
            done_statuses: statuses of a further attempt that mean that the first one succeeded.
            body_secrets: texts of the body that no message may contain.
            accept: the media types that the response may have.

        Raises:
            AuthenticationFailed, PermissionDenied, NotFound, Conflict, RateLimited, Unreachable,
            CapabilityMissing, RuntimeRejected, ConfigError: by the status of the response.
        """
        repeatable = method == "GET" if repeatable is None else repeatable
        url = self._base + path + (f"?{encode_query(query, safe='$,')}" if query else "")
        content = None if body is None else json.dumps(body, allow_nan=False).encode()
        headers = {"Accept": accept, "AI-Client-Type": USER_AGENT}
        if group:
            headers["AI-Resource-Group"] = group
        if content is not None:
            headers["Content-Type"] = content_type
        token, renewed = self.tokens.get(), False

        def attempt(number: int) -> HttpResponse:
            nonlocal token, renewed
            while True:
                secrets = (token, *self._secrets, *body_secrets)
                sent = {**headers, "Authorization": f"Bearer {token}"}
                response = self._client.send(method, url, sent, content, secrets)
                if 200 <= response.status < 300 or (
                    response.status in done_statuses and number > 1
                ):
                    return response
                if response.status != 401 or renewed:
                    raise _response_error(response, f"{method} {path}", _AI_API, secrets)
                token = self.tokens.get(refused=token)
                renewed = True

        return self._client.repeat(attempt, retry=repeatable)

    def close(self) -> None:
        """End the pauses before further attempts and close all connections."""
        self._client.close()
        self.tokens.close()


class TruncatedResponse(Unreachable):
    """A response whose JSON ends too early."""


def parse_json(
    response: HttpResponse, request: str, server: str, secrets: Sequence[str] = ()
) -> Any:
    """Parse the JSON of a response.

    Args:
        request: method and path, for messages.
        server: how messages name the server.

    Raises:
        TruncatedResponse: it begins like JSON, but is incomplete.
        RuntimeRejected: it is something else, such as an error page of a proxy.
    """
    try:
        data = json.loads(response.body)
        # A lone surrogate is valid JSON, but cannot be encoded: neither stored nor shown.
        return _without_surrogates(data) if _SURROGATE.search(response.body) else data
    except (ValueError, RecursionError):
        begin = response.body[:200].lstrip()
    if begin[:1] in {b"{", b"["}:
        raise TruncatedResponse(f"Incomplete JSON from {server}", request, "Try again.") from None
    shown = redact(" ".join(begin.decode(errors="replace").split())[:60], secrets)
    raise RuntimeRejected(
        f"The response from {server} is not JSON",
        f"{request}\nIts type is {response.media_type or 'unknown'}; it begins with {shown!r}.",
        "Check the URLs of the connection. A proxy or login page may have answered instead.",
        status=response.status,
    )


def _without_surrogates(data: Any) -> Any:
    if isinstance(data, str):
        return data.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(data, list):
        return [_without_surrogates(each) for each in data]
    return (
        {_without_surrogates(name): _without_surrogates(value) for name, value in data.items()}
        if isinstance(data, dict)
        else data
    )


def encode_segment(text: str) -> str:
    """Return a text percent-encoded as one segment of a path."""
    return quote(text, safe="")


def _response_error(
    response: HttpResponse, request: str, server: str, secrets: Sequence[str]
) -> LaunchpadError:
    error = response_error(response, request, server, secrets)
    error.retry_after = retry_after(response.headers)
    return error
