"""Tokens of OAuth 2.0 for Azure and Google: asked for with a client's proof, or of the machine's own service, and kept
until shortly before they run out."""

from __future__ import annotations

import json
import ssl
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from launchpad_tui.errors import AuthenticationFailed, ConfigError, Unreachable
from launchpad_tui.stores.cloud_http import Grant, connect, encoded, hidden, login_context
from launchpad_tui.stores.http_errors import translated

if TYPE_CHECKING:
    import httpx2

#: seconds before its end that a token is replaced
_MARGIN = 300
_SHORTEST = 30


@dataclass(frozen=True, slots=True)
class Token:
    """A bearer token, and how many seconds it holds."""

    text: str
    seconds: float


class Tokens:
    """Grants of bearer tokens, asked for when none holds any more; see `Credentials`. Safe for threads.

    Args:
        headers: sent beside the token.
    """

    def __init__(self, ask: Callable[[], Token], headers: Mapping[str, str] | None = None) -> None:
        self._ask = ask
        self._headers = dict(headers or {})
        self._lock = threading.Lock()
        self._token = ""
        self._until = 0.0

    def grant(self) -> Grant:
        with self._lock:
            if time.monotonic() >= self._until:
                token = self._ask()
                self._token = token.text
                self._until = time.monotonic() + max(_SHORTEST, token.seconds - _MARGIN)
            return Grant(
                {}, {**self._headers, "Authorization": f"Bearer {self._token}"}, (self._token,)
            )

    def forget(self) -> None:
        """Ask for another token next time: the one that is held was not accepted."""
        with self._lock:
            self._until = 0.0


def request_token(
    url: str,
    form: Mapping[str, str],
    values: Mapping[str, str],
    secrets: Sequence[str],
    who: str,
    *,
    plain: bool = False,
) -> Token:
    """Ask a server for a token; its certificate is always looked at.

    Args:
        values: the store's, for ``ca_file``, which is trusted too.
        secrets: of the form; they are left out of messages.
        who: how messages name the server.
        plain: whether it may be asked without TLS.

    Raises:
        AuthenticationFailed: it does not give one.
        ConfigError: its address is not valid.
        Unreachable: it does not answer.
    """
    address = urlsplit(url)
    if (
        not plain
        and address.scheme != "https"
        and (address.hostname or "") not in {"127.0.0.1", "localhost", "::1"}
    ):
        raise ConfigError(
            f"{who} is asked over TLS only", f"Not by {address.scheme}://{address.hostname}."
        )
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    context = login_context(values.get("ca_file", ""))
    return _asked("POST", url, headers, encoded(form).encode(), context, secrets, who, proxies=True)


def read_token(url: str, query: Mapping[str, str], headers: Mapping[str, str], who: str) -> Token:
    """Ask the machine's own service for a token; never by a proxy. Raises as `request_token`."""
    context = login_context("")
    try:
        return _asked(
            "GET", f"{url}?{encoded(query)}", headers, b"", context, (), who, proxies=False
        )
    except Unreachable as error:
        raise AuthenticationFailed(
            "The object store needs credentials",
            "The environment has none, and this machine is given none by its cloud.",
            "Set the variables that the field's help names.",
        ) from error


def _asked(
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    context: ssl.SSLContext,
    secrets: Sequence[str],
    who: str,
    *,
    proxies: bool,
) -> Token:
    with connect(context, proxies=proxies) as client, translated(who, secrets):
        response = client.request(method, url, headers=dict(headers), content=body)
    if response.status_code >= 500 or response.status_code == 429:
        raise Unreachable(f"{who} does not work at the moment", f"Status {response.status_code}.")
    told = _json(response)
    token, seconds = told.get("access_token"), told.get("expires_in", 0)
    if response.status_code == 200 and isinstance(token, str) and token:
        try:
            return Token(token, float(str(seconds)))
        except ValueError:
            return Token(token, 0)
    said = str(told.get("error_description") or "").strip().splitlines() or [""]
    detail = f"{str(told.get('error') or 'HTTP')[:80]} ({response.status_code}): {said[0][:400]}"
    raise AuthenticationFailed(
        f"{who} gives no token", hidden(detail, secrets), "Check the credentials."
    )


def _json(response: httpx2.Response) -> dict[str, object]:
    try:
        told = json.loads(response.content)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}
