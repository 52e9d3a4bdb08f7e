"""HTTP client of one server: kept-alive connections, time limits, retries, translated errors.

The HTTP library is imported on first use. Redirects are not followed and cookies are not kept, so
that credentials never reach a server that another one names.
"""

from __future__ import annotations

import contextlib
import logging
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import quote, urlencode

from launchpad_tui.errors import ConfigError, LaunchpadError, RuntimeRejected, Unreachable
from launchpad_tui.net.address_policy import AddressPolicy, http_transport
from launchpad_tui.net.errors import invalid_request, translate_errors
from launchpad_tui.net.retry import RetryPolicy
from launchpad_tui.records import record

if TYPE_CHECKING:
    import httpx2

#: seconds
CONNECT_TIMEOUT = 5.0
#: the longest silence of a server (seconds); a transfer that moves may take as long as it needs
READ_TIMEOUT = 30.0
#: the longest time (seconds) and the most bytes that a response which is kept in memory may take
RESPONSE_TIMEOUT = 300.0
MAX_RESPONSE_BYTES = 1 << 28
#: the value of the header User-Agent
USER_AGENT = "launchpad_tui"
#: idle connections that are kept, and for how many seconds
_IDLE_CONNECTIONS = 8
_IDLE_SECONDS = 60.0
#: loggers that write addresses and headers, which may contain tokens
_LOGGERS = ("httpx2", "httpcore2")

Result = TypeVar("Result")


@record
class HttpResponse:
    """A response that was read completely. The names of ``headers`` are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def media_type(self) -> str:
        """The media type of the body, without parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


class StreamedResponse:
    """A response whose body is still to be read. The names of ``headers`` are in lower case."""

    def __init__(self, response: httpx2.Response, server: str) -> None:
        self.status = response.status_code
        self.headers: Mapping[str, str] = dict(response.headers)
        self._response = response
        self._server = server

    def chunks(self, size: int | None = None, *, decode: bool = False) -> Iterator[bytes]:
        """Yield the body in pieces of at most ``size`` bytes.

        Args:
            decode: whether a body that was compressed for the transfer is decompressed.

        Raises:
            Unreachable: the body ends too early.
        """
        return self._response.iter_bytes(size) if decode else self._response.iter_raw(size)

    def read(self) -> HttpResponse:
        """Read the whole body.

        Raises:
            Unreachable: it takes longer than `RESPONSE_TIMEOUT`.
            RuntimeRejected: it is larger than `MAX_RESPONSE_BYTES`.
        """
        end = time.monotonic() + RESPONSE_TIMEOUT
        pieces, size = [], 0
        for piece in self.chunks(decode=True):
            pieces.append(piece)
            size += len(piece)
            if size > MAX_RESPONSE_BYTES:
                raise RuntimeRejected(
                    f"The response from {self._server} is too large",
                    f"It has more than {MAX_RESPONSE_BYTES >> 20} MB.",
                    "Request fewer entries.",
                )
            if time.monotonic() > end:
                reason = f"It took more than {RESPONSE_TIMEOUT:g} seconds."
                raise Unreachable(
                    f"The response from {self._server} is too slow", reason, "Try again later."
                ) from TimeoutError(reason)
        return HttpResponse(self.status, self.headers, b"".join(pieces))


class HttpClient:
    """Connections to one server. Safe for threads.

    Args:
        server: how messages name the server in the middle of a sentence: ``bucket 'models'``.
        tls: creates the TLS context when the first request is sent.
        retry: how often a request is sent, see `repeat`.
        proxies: whether the proxies of the environment (HTTPS_PROXY and so on) are used.
        mutual_tls: whether the server may require a client certificate, see `translate_errors`.
        read_timeout: seconds; None for `READ_TIMEOUT`.
        policy: the servers that may be reached, without a proxy; None for all.
    """

    def __init__(
        self,
        server: str,
        tls: Callable[[], ssl.SSLContext],
        *,
        retry: RetryPolicy = RetryPolicy(),
        proxies: bool = True,
        mutual_tls: bool = False,
        read_timeout: float | None = None,
        policy: AddressPolicy | None = None,
    ) -> None:
        self.server = server
        self._policy = policy
        self._tls = tls
        self._retry = retry
        self._proxies = proxies
        self._mutual_tls = mutual_tls
        self._read_timeout = read_timeout
        self._connecting = threading.Lock()
        self._closed = threading.Event()
        self._client: httpx2.Client | None = None

    @contextlib.contextmanager
    def stream(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None = None,
        body: bytes | Iterator[bytes] | None = None,
        secrets: Sequence[str] = (),
    ) -> Iterator[StreamedResponse]:
        """Send a request once; its response is open inside the block, whatever its status.

        Args:
            secrets: texts of the request that no message may contain.

        Raises:
            Unreachable: no response, or (also while the body is read) an incomplete one.
            AuthenticationFailed: the client certificate was refused.
            ConfigError: the settings of TLS, of the proxy or the address are invalid.
        """
        client = self._connected()
        with translate_errors(self.server, secrets, mutual_tls=self._mutual_tls):
            try:
                request = client.build_request(method, url, headers=headers, content=body)
                response = client.send(request, stream=True)
            except UnicodeError as error:
                # A host name or header that cannot be encoded; the text may contain a secret.
                raise invalid_request(self.server, error) from None
            with contextlib.closing(response):
                yield StreamedResponse(response, self.server)

    def send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None = None,
        body: bytes | Iterator[bytes] | None = None,
        secrets: Sequence[str] = (),
    ) -> HttpResponse:
        """Send a request once and read the response, whatever its status.

        Raises:
            Unreachable, AuthenticationFailed, ConfigError: see `stream`.
            RuntimeRejected: the response is larger than `MAX_RESPONSE_BYTES`.
        """
        with self.stream(method, url, headers, body, secrets) as response:
            return response.read()

    def repeat(self, attempt: Callable[[int], Result], *, retry: bool = True) -> Result:
        """Call ``attempt`` until it succeeds, as the retry policy says.

        Args:
            attempt: sends the request; its argument is the number of the attempt, from 1.
            retry: whether there may be more than one attempt.

        Raises:
            LaunchpadError: what the last attempt raised.
        """
        number = 0
        while True:
            number += 1
            try:
                return attempt(number)
            except LaunchpadError as error:
                delay = self._retry.delay(number, error) if retry else None
                if delay is None or self._closed.wait(delay):
                    raise

    def close(self) -> None:
        """End the pauses before further attempts and close all connections."""
        self._closed.set()
        with self._connecting:
            if self._client is not None:
                self._client.close()

    def __enter__(self) -> HttpClient:
        """Return the client; it is closed at the end of the block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the client."""
        self.close()

    def _connected(self) -> httpx2.Client:
        with self._connecting:
            if self._client is None:
                self._client = self._connect()
            return self._client

    def _connect(self) -> httpx2.Client:
        from http.cookiejar import CookieJar, DefaultCookiePolicy

        import httpx2

        for name in _LOGGERS:
            logging.getLogger(name).setLevel(logging.WARNING)
        context = self._tls()
        limits = httpx2.Limits(
            max_connections=None,
            max_keepalive_connections=_IDLE_CONNECTIONS,
            keepalive_expiry=_IDLE_SECONDS,
        )
        policy = self._policy
        try:
            return httpx2.Client(
                verify=context,
                trust_env=self._proxies and policy is None,
                transport=None if policy is None else http_transport(policy, context, limits),
                timeout=httpx2.Timeout(
                    self._read_timeout or READ_TIMEOUT, connect=CONNECT_TIMEOUT, pool=None
                ),
                cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
                headers={"User-Agent": USER_AGENT},
                limits=limits,
            )
        except (ValueError, ImportError):
            # The message may contain the proxy's password.
            raise ConfigError(
                f"The proxy for {self.server} is invalid",
                "Its address cannot be used.",
                "Check HTTPS_PROXY, HTTP_PROXY and ALL_PROXY.",
            ) from None


def encode_query(query: Mapping[str, str], *, safe: str = "") -> str:
    """Return the query percent-encoded, with ``%20`` for a space.

    Args:
        safe: characters that are sent as they are.
    """
    return urlencode(query, quote_via=quote, safe=safe, errors="replace")
