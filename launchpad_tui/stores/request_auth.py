"""Authorization of requests to object stores: what is added to a request, and where it comes from."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from launchpad_tui.net.oauth import AccessToken, TokenCache


@dataclass(frozen=True, slots=True)
class RequestAuth:
    """Query parameters and headers that authorize a request, and the secrets among them."""

    query: Mapping[str, str] = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False)


class Authenticator(Protocol):
    """A source of authorization; it may call a token server."""

    def authorize(self, refused: RequestAuth | None = None, /) -> RequestAuth:
        """Return authorization that is valid for some minutes.

        Args:
            refused: what the store did not accept; it is replaced if that is possible, otherwise
                an equal one is returned.

        Raises:
            AuthenticationFailed, ConfigError, Unreachable, RateLimited, RuntimeRejected: there
                are no credentials, or the token server does not accept them.
        """


class BearerAuthenticator:
    """Authorization by a bearer token, see `Authenticator`.

    Args:
        fetch: requests a token.
        headers: sent with the token.
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
    """Return the first of these environment variables that is not blank; empty if all are."""
    return next((value for name in names if (value := os.environ.get(name, "").strip())), "")
