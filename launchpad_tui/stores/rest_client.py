"""Authorized requests to stores with a REST API: Azure, Google Cloud Storage, launchpad serve."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence

from launchpad_tui.errors import (
    AuthenticationFailed,
    ConfigError,
    LaunchpadError,
    RateLimited,
    Unreachable,
)
from launchpad_tui.net.address_policy import policy_of
from launchpad_tui.net.client import HttpClient, HttpResponse, StreamedResponse, encode_query
from launchpad_tui.net.redaction import redact
from launchpad_tui.net.retry import RetryPolicy, retry_after
from launchpad_tui.stores.base import CHUNK, part_of
from launchpad_tui.stores.request_auth import Authenticator, RequestAuth
from launchpad_tui.stores.tls import store_context
from launchpad_tui.stores.uploads import FilePart

#: Returns the error for a response. Further arguments: the name of the store in messages, the
#: object's path, and whether a failed precondition means that the object was replaced (else: that
#: it exists).
ExplainResponse = Callable[[HttpResponse, str, str, bool], LaunchpadError]


class RestClient:
    """A client for one store. Safe for threads.

    Args:
        store: name of the store in the middle of a sentence.
        values: the store's fields, of which ``verify_tls`` and ``ca_file`` are used.
        explain: returns the errors for the store's responses.
        query: parameters of all requests.
        read_timeout: seconds to wait for a response; None for that of `HttpClient`.
    """

    def __init__(
        self,
        store: str,
        values: Mapping[str, str],
        authenticator: Authenticator,
        explain: ExplainResponse,
        query: Mapping[str, str] | None = None,
        read_timeout: float | None = None,
    ) -> None:
        self._store = store
        self._authenticator = authenticator
        self._explain = explain
        self._query = dict(query or {})
        fields = dict(values)
        self._client = HttpClient(
            store,
            lambda: store_context(fields, client_certificate=False),
            retry=RetryPolicy(attempts=3, pause=0.4),
            read_timeout=read_timeout,
            policy=policy_of(fields),
        )

    def call(
        self,
        method: str,
        url: str,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes | FilePart | None = None,
        *,
        path: str = "",
        replaced: bool = False,
        retry: bool = True,
        allowed: Sequence[int] = (),
    ) -> HttpResponse:
        """Send a request and read the response.

        A request is sent again after a temporary error, and once more with new authorization if the
        old one was rejected and can be replaced.

        Args:
            path: path of the affected object, for messages.
            replaced: whether a failed precondition means that the object was replaced; otherwise
                it means that the object exists.
            retry: False if sending the request twice would have another effect.
            allowed: statuses of 300 and more that are not errors.

        Raises:
            LaunchpadError: see `HttpClient.stream` and ``explain``.
        """

        def send(auth: RequestAuth) -> HttpResponse:
            try:
                with self._open(
                    auth, method, url, query, headers, body, path, replaced, allowed
                ) as response:
                    return response.read()
            except (Unreachable, RateLimited, AuthenticationFailed):
                if isinstance(body, FilePart):
                    body.rewind()
                raise

        def attempt(_: int) -> HttpResponse:
            auth = self._authenticator.authorize()
            try:
                return send(auth)
            except AuthenticationFailed:
                renewed = self._authenticator.authorize(auth)
                if renewed == auth:
                    raise
                return send(renewed)

        return self._client.repeat(attempt, retry=retry)

    @contextlib.contextmanager
    def content(
        self,
        url: str,
        query: Mapping[str, str],
        headers: Mapping[str, str],
        *,
        path: str,
        replaced: bool,
        part: tuple[int, int | None] | None = None,
        range_ignored: Callable[[], None] = lambda: None,
    ) -> Iterator[Iterator[bytes]]:
        """Send a GET request; yield the body as received, in pieces of at most `CHUNK` bytes.

        Args:
            path, replaced: see `call`.
            part: offset and length (None: to the end) of the range that the headers request.
            range_ignored: called if the server sends the whole object instead of this part.

        Raises:
            LaunchpadError: see `call`; Unreachable also while the body is read.
        """
        with contextlib.ExitStack() as stack:
            auth = self._authenticator.authorize()

            def open_with(auth: RequestAuth) -> StreamedResponse:
                return stack.enter_context(
                    self._open(auth, "GET", url, query, headers, None, path, replaced, ())
                )

            try:
                response = open_with(auth)
            except AuthenticationFailed:
                renewed = self._authenticator.authorize(auth)
                if renewed == auth:
                    raise
                response = open_with(renewed)
            if part is not None and response.status == 200:
                range_ignored()
                yield part_of(response.chunks(CHUNK), *part)
            else:
                yield response.chunks(CHUNK)

    @contextlib.contextmanager
    def _open(
        self,
        auth: RequestAuth,
        method: str,
        url: str,
        query: Mapping[str, str] | None,
        headers: Mapping[str, str] | None,
        body: bytes | FilePart | None,
        path: str,
        replaced: bool,
        allowed: Sequence[int],
    ) -> Iterator[StreamedResponse]:
        parameters = encode_query({**self._query, **(query or {}), **auth.query})
        sent = {"Accept-Encoding": "identity", **(headers or {}), **auth.headers}
        if isinstance(body, FilePart):
            sent["Content-Length"] = str(body.length)
        content = body.pieces() if isinstance(body, FilePart) else body
        full = f"{url}?{parameters}" if parameters else url
        with self._client.stream(method, full, sent, content, auth.secrets) as response:
            if response.status >= 300 and response.status not in allowed:
                raise self._error(response.read(), auth, path, replaced)
            yield response

    def _error(
        self, response: HttpResponse, auth: RequestAuth, path: str, replaced: bool
    ) -> LaunchpadError:
        if 300 <= response.status < 400:
            return ConfigError(
                f"Unexpected redirect from {self._store}",
                f"HTTP status {response.status}. Redirects are not followed.",
                "Check the address.",
            )
        error = self._explain(response, self._store, path, replaced)
        error.detail = redact(error.detail, auth.secrets)
        error.retry_after = retry_after(response.headers)
        return error
