"""The HTTP of SAP AI Core: connections that are kept alive, tokens, retries; httpx2, imported on first use.

Redirects are not followed: the API sends none, and a token must not go where somebody else says. A request is sent
again where that cannot do anything twice: GET always, PATCH and DELETE where the caller says so, POST never. The one
exception is a token that was refused (401), with which nothing was done.
"""

from __future__ import annotations

import contextlib
import json
import logging
import random
import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from launchpad_tui.errors import ConfigError, RateLimited, RuntimeRejected, Unreachable
from launchpad_tui.runtimes.aicore.answers import Answer, failure, hidden, lasting, translated
from launchpad_tui.runtimes.aicore.credentials import ServiceKey
from launchpad_tui.runtimes.aicore.tls import context

if TYPE_CHECKING:
    import httpx2

#: seconds
CONNECT_TIMEOUT = 5
READ_TIMEOUT = 30
#: seconds that a whole answer may take, and the most bytes of one: a page of 10000 artifacts has some 20 MB
WHOLE_TIMEOUT = 300
LARGEST = 1 << 28
#: times that a request is sent, and the most seconds that a server may ask to wait before the next time
ATTEMPTS = 4
LONGEST_WAIT = 30.0
#: seconds before the first repetition, doubled for each further one, up to a most; the wait is half of it to all of it
PAUSE = 0.5
_LONGEST_PAUSE = 8.0
#: how the one that calls names itself
AGENT = "launchpad_tui"
#: seconds before its end when a token is renewed; never more than half of its life
_EARLY = 300.0
_LIFE = 3600.0


#: an escape of JSON for half of a character beyond the first 65,536, or (as bytes) one that stands for itself
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]|\xed[\xa0-\xbf]")


class Channel:
    """Connections to one server. Safe for threads.

    Args:
        where: how messages name the server.
        tls: makes the TLS context when the first request is sent.
        pause: seconds, see `PAUSE`.
    """

    def __init__(self, where: str, tls: Callable[[], Any], pause: float = PAUSE) -> None:
        self.where = where
        self._tls = tls
        self._pause = pause
        self._connecting = threading.Lock()
        self._closed = threading.Event()
        self._client: httpx2.Client | None = None

    def send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None,
        secrets: Sequence[str],
    ) -> Answer:
        """Send a request once and read the answer, whatever its status.

        Raises:
            Unreachable: nothing came, or not all of it.
            RuntimeRejected: more came than anybody can use.
            ConfigError: TLS or the proxy are not set up right.
        """
        client = self._connected()
        with translated(self.where, secrets):
            request = client.build_request(method, url, headers=headers, content=body)
            response = client.send(request, stream=True)
            with contextlib.closing(response):
                return Answer(response.status_code, dict(response.headers), self._read(response))

    def _read(self, response: httpx2.Response) -> bytes:
        end = time.monotonic() + WHOLE_TIMEOUT
        pieces, size = [], 0
        for piece in response.iter_bytes():
            pieces.append(piece)
            size += len(piece)
            if size > LARGEST:
                raise RuntimeRejected(
                    f"{self.where} answers with more than {LARGEST >> 20} MB", "Ask for less."
                )
            if time.monotonic() > end:
                late = f"More than {WHOLE_TIMEOUT} seconds."
                raise Unreachable(f"{self.where} answers too slowly", late) from TimeoutError(late)
        return b"".join(pieces)

    def rest(self, attempt: int, answer: Answer | None) -> bool:
        """Wait before the next attempt; says whether there is one worth making.

        Args:
            attempt: how many were made.
            answer: what came, None where nothing did.
        """
        if attempt >= ATTEMPTS:
            return False
        seconds = min(_LONGEST_PAUSE, self._pause * 2 ** (attempt - 1)) * random.uniform(0.5, 1)
        asked = _retry_after(answer)
        if asked is not None:
            if asked > LONGEST_WAIT:
                return False
            seconds = max(asked, seconds)
        return not self._closed.wait(seconds)

    def close(self) -> None:
        """End waits and close connections."""
        self._closed.set()
        with self._connecting:
            if self._client is not None:
                self._client.close()

    def _connected(self) -> httpx2.Client:
        with self._connecting:
            if self._client is None:
                self._client = _connect(self._tls(), self.where)
            return self._client


class Tokens:
    """The access token of a key: fetched on first use, kept, renewed before it ends. Safe for threads, of which one
    fetches while the others wait.

    Args:
        ca_file: authorities that are trusted too.
        pause: seconds, see `PAUSE`.
        clock: seconds since any moment.
    """

    def __init__(
        self,
        key: ServiceKey,
        ca_file: str = "",
        pause: float = PAUSE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._key = key
        self._clock = clock
        self._channel = Channel(
            "The token server", lambda: context(ca_file, key.certificate, key.private_key), pause
        )
        self._fetching = threading.Lock()
        self._token = ""
        self._until = 0.0

    def get(self, refused: str = "") -> str:
        """A token that holds.

        Args:
            refused: the token that a server did not accept; it is not given again.

        Raises:
            AuthenticationFailed: the key is not accepted.
            Unreachable, RateLimited, ConfigError, RuntimeRejected: there is no token to be had.
        """
        with self._fetching:
            if not self._token or self._token == refused or self._clock() >= self._until:
                self._token, life = self._fetch()
                self._until = self._clock() + life - min(_EARLY, life / 2)
            return self._token

    @property
    def current(self) -> str:
        """The token that is kept now; empty for none."""
        return self._token

    def close(self) -> None:
        """End waits and close connections."""
        self._channel.close()

    def _fetch(self) -> tuple[str, float]:
        fields = {"grant_type": "client_credentials", "client_id": self._key.client_id}
        if self._key.client_secret:
            fields["client_secret"] = self._key.client_secret
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Accept": "application/json",
        }
        body, secrets, attempt = urlencode(fields).encode(), self._key.secrets, 0
        while True:
            attempt += 1
            answer = None
            try:
                answer = self._channel.send("POST", self._key.auth_url, headers, body, secrets)
                if answer.status == 200:
                    return self._read(answer)
                raise failure(answer, f"POST {self._key.auth_url}", self._channel.where, secrets)
            except (Unreachable, RateLimited) as error:
                # To ask for a token twice does no harm.
                if lasting(error) or not self._channel.rest(attempt, answer):
                    raise

    def _read(self, answer: Answer) -> tuple[str, float]:
        data = decoded(answer, f"POST {self._key.auth_url}", self._channel.where, self._key.secrets)
        token = data.get("access_token") if isinstance(data, dict) else None
        if (
            not isinstance(token, str)
            or not token
            or not token.isascii()
            or not token.isprintable()
        ):
            raise RuntimeRejected(
                f"{self._channel.where} gives no token",
                "The answer has no access_token.",
                "Check the token URL.",
            )
        try:
            life = float(data.get("expires_in") or _LIFE)
        except (TypeError, ValueError):
            life = _LIFE
        return token, life if 0 < life < float("inf") else _LIFE


class Http:
    """Requests to the AI API with a token and a resource group. Safe for threads.

    Args:
        ca_file: authorities that are trusted too.
        pause: seconds, see `PAUSE`.
    """

    def __init__(
        self, key: ServiceKey, ca_file: str = "", pause: float = PAUSE, tokens: Tokens | None = None
    ) -> None:
        self._base = key.base_url
        self._secrets = key.secrets
        self.tokens = tokens or Tokens(key, ca_file, pause)
        self._channel = Channel("The AI API", lambda: context(ca_file), pause)

    @property
    def secrets(self) -> tuple[str, ...]:
        """What no message may hold: the token and what it is got by."""
        return (self.tokens.current, *self._secrets)

    def json(
        self, method: str, path: str, query: Mapping[str, str] | None = None, **more: Any
    ) -> Any:
        """As `call`, and the JSON of the answer. An answer to GET that is cut is asked for once more.

        Raises:
            As `call` and `decoded`.
        """
        for last in (method != "GET", True):
            answer = self.call(method, path, query, **more)
            try:
                return decoded(answer, f"{method} {path}", self._channel.where, self.secrets)
            except Cut:
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
        again: bool | None = None,
        done: Sequence[int] = (),
        hide: Sequence[str] = (),
        accept: str = "application/json",
    ) -> Answer:
        """Send a request, again where it may help.

        Args:
            path: behind ``/v2``, already percent-encoded.
            group: the resource group; empty for requests that have none.
            body: becomes JSON.
            again: whether the request may be sent a second time though the first may have come through; by default
                GET may.
            done: statuses which, behind an attempt that may have come through, mean that it did.
            hide: texts of the body that no message may hold.
            accept: the media types that the answer may have.

        Raises:
            AuthenticationFailed, PermissionDenied, NotFound, Conflict, RateLimited, Unreachable, CapabilityMissing,
            RuntimeRejected, ConfigError: by what the server answers.
        """
        again = method == "GET" if again is None else again
        url = self._base + path + (f"?{encoded(query)}" if query else "")
        content = None if body is None else json.dumps(body, allow_nan=False).encode()
        headers = {"Accept": accept, "AI-Client-Type": AGENT}
        if group:
            headers["AI-Resource-Group"] = group
        if content is not None:
            headers["Content-Type"] = content_type
        attempt, renewed, token = 0, False, self.tokens.get()
        while True:
            attempt += 1
            answer = None
            secrets = (token, *self._secrets, *hide)
            try:
                sent = {**headers, "Authorization": f"Bearer {token}"}
                answer = self._channel.send(method, url, sent, content, secrets)
                if 200 <= answer.status < 300 or (answer.status in done and attempt > 1):
                    return answer
                if answer.status == 401 and not renewed:
                    renewed, attempt, token = True, attempt - 1, self.tokens.get(refused=token)
                    continue
                raise failure(answer, f"{method} {path}", self._channel.where, secrets)
            except (Unreachable, RateLimited) as error:
                if not again or lasting(error) or not self._channel.rest(attempt, answer):
                    raise

    def close(self) -> None:
        """End waits and close connections."""
        self._channel.close()
        self.tokens.close()


class Cut(Unreachable):
    """JSON that ends too early."""


def decoded(answer: Answer, what: str, where: str, secrets: Sequence[str] = ()) -> Any:
    """The JSON of an answer.

    Raises:
        Cut: it seems to be JSON, but is not whole.
        RuntimeRejected: it is something else, such as the page of a proxy.
    """
    try:
        data = json.loads(answer.body)
        # A lone surrogate is JSON, but no text: nothing could keep or show it.
        return _mended(data) if _SURROGATE.search(answer.body) else data
    except (ValueError, RecursionError):
        begin = answer.body[:200].lstrip()
    if begin[:1] in {b"{", b"["}:
        raise Cut(f"{where} answers with JSON that is cut or damaged", what, "Try again.") from None
    shown = hidden(" ".join(begin.decode(errors="replace").split())[:60], secrets)
    raise RuntimeRejected(
        f"{where} answers with something that is not JSON",
        f"{what}\nIt is {answer.kind or 'of no type'} and begins with {shown!r}.",
        "Check the URLs of the connection; a proxy or a login page may stand between.",
        status=answer.status,
    )


def _mended(data: Any) -> Any:
    if isinstance(data, str):
        return data.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(data, list):
        return [_mended(each) for each in data]
    return (
        {_mended(name): _mended(value) for name, value in data.items()}
        if isinstance(data, dict)
        else data
    )


def encoded(query: Mapping[str, str]) -> str:
    """A query as it is sent: ``%20`` for a space, ``$`` and commas as they are."""
    return urlencode(query, quote_via=quote, safe="$,", errors="replace")


def segment(text: str) -> str:
    """A text as one segment of a path."""
    return quote(text, safe="")


def _retry_after(answer: Answer | None) -> float | None:
    """Seconds that the server asks to wait (RFC 9110, 10.2.3: a number, or a date)."""
    value = (answer.headers.get("retry-after") or "").strip() if answer is not None else ""
    if value.isdigit() and len(value) < 10:
        return float(value)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time()) if value else None
    except (ValueError, TypeError, OverflowError):
        return None


def _connect(tls: Any, where: str) -> httpx2.Client:
    """A client with the environment's proxies that neither follows redirects nor keeps cookies."""
    from http.cookiejar import CookieJar, DefaultCookiePolicy

    import httpx2

    for name in ("httpx2", "httpcore2"):
        # They write whole addresses and, for debugging, headers.
        logging.getLogger(name).setLevel(logging.WARNING)
    try:
        return httpx2.Client(
            verify=tls,
            trust_env=True,
            timeout=httpx2.Timeout(READ_TIMEOUT, connect=CONNECT_TIMEOUT, pool=None),
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            headers={"User-Agent": AGENT},
            limits=httpx2.Limits(
                max_connections=None, max_keepalive_connections=8, keepalive_expiry=60
            ),
        )
    except (ValueError, ImportError):
        # Its text may hold the proxy's password.
        raise ConfigError(
            f"{where} cannot be reached by this proxy", "", "Check HTTPS_PROXY and its like."
        ) from None
