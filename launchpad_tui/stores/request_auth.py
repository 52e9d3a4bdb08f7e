"""Authorization of requests to object stores by query parameters and headers."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Protocol

from launchpad_tui.net.oauth import AccessToken, TokenCache
from launchpad_tui.records import field, record


@record
class RequestAuth:
    """Query parameters and headers that authorize a request, and the secrets in them."""

    query: Mapping[str, str] = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False)


class Authenticator(Protocol):
    """A source of authorization; it may call a token server."""

    def authorize(self, refused: RequestAuth | None = None, /) -> RequestAuth:
        """Return authorization that is valid for at least some minutes.

        Args:
            refused: authorization that the store rejected; it is replaced if possible, otherwise
                an equal one is returned.

        Raises:
            AuthenticationFailed, ConfigError, Unreachable, RateLimited, RuntimeRejected: there
                are no credentials, or the token server rejects them.
        """


class BearerAuthenticator:
    """Authorization by a bearer token, see `Authenticator`.

    Args:
        fetch: requests a new token.
        headers: further headers of each request.
    """

    def __init__(
        self, fetch: Callable[[], AccessToken], headers: Mapping[str, str] | None = None
    ) -> None:
        self._tokens = TokenCache(fetch)
        self._headers = dict(headers or {})

    def authorize(self, refused: RequestAuth | None = None, /) -> RequestAuth:
        """See `Authenticator.authorize`."""
        token = self._tokens.get(refused=refused.secrets[0] if refused else "")
        return RequestAuth({}, {**self._headers, "Authorization": f"Bearer {token}"}, (token,))


def environment_variable(*names: str) -> str:
    """Return the value of the first of these environment variables that is set; else empty."""
    return next((value for name in names if (value := os.environ.get(name, "").strip())), "")
