"""The HTTP of Azure Blob Storage and Google Cloud Storage: TLS, credentials, retries; httpx2, imported on first use.

Redirects are not followed: neither service sends any, and a token must not go where somebody else says. Nothing waits
longer than `READ_TIMEOUT` without a byte having moved; a transfer that moves may take as long as it needs.
"""

from __future__ import annotations

import contextlib
import logging
import os
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import quote, urlencode

from launchpad_tui.errors import ConfigError, Conflict, LaunchpadError, RateLimited, Unreachable
from launchpad_tui.stores.base import CHUNK, Progress
from launchpad_tui.stores.http_errors import may_pass, translated
from launchpad_tui.stores.tls import tls_context

if TYPE_CHECKING:
    import httpx2

#: seconds
CONNECT_TIMEOUT = 5
READ_TIMEOUT = 30
#: requests at the same time
CONCURRENCY = 4
#: files up to this size (bytes) are sent in one request; larger ones in parts of this size or more
PART = 8 << 20
#: bytes of a file that are read at a time
_PIECE = 1 << 18
_ATTEMPTS = 3
_PAUSE = 0.2


@dataclass(frozen=True, slots=True)
class Grant:
    """What lets a request in: fields of its query, headers, and those texts among them that are secret."""

    query: Mapping[str, str]
    headers: Mapping[str, str]
    secrets: tuple[str, ...]


class Credentials(Protocol):
    """Where a store's requests get their grant from; may call a server that gives tokens."""

    def grant(self) -> Grant:
        """A grant that holds for some minutes. Raises AuthenticationFailed, ConfigError, Unreachable."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer whose body was read. ``headers`` by names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


#: makes an error of an answer, where, path, and whether a condition meant that the object was replaced
Explain = Callable[[Answer, str, str, bool], LaunchpadError]


class Http:
    """Requests to a store.

    Args:
        where: how messages name the store.
        values: the store's, for ``verify_tls`` and ``ca_file``.
        explain: reads the service's errors.
    """

    def __init__(
        self, where: str, values: Mapping[str, str], credentials: Credentials, explain: Explain
    ) -> None:
        self._where = where
        self._values = dict(values)
        self._credentials = credentials
        self._explain = explain
        self._connecting = threading.Lock()
        self._client: httpx2.Client | None = None

    def call(
        self,
        method: str,
        url: str,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes | Slice | None = None,
        *,
        path: str = "",
        changed: bool = False,
        once: bool = False,
        fine: Sequence[int] = (),
    ) -> Answer:
        """Send a request, again where it may help, and read the answer.

        Args:
            path: the object that is dealt with, for messages.
            changed: whether a condition that does not hold means that the object was replaced; else, that it exists.
            once: not again, since a second time would mean something else.
            fine: statuses of 300 and more that are no error.
        """
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                with self._sent(method, url, query, headers, body, path, changed, fine) as response:
                    return Answer(response.status_code, dict(response.headers), response.read())
            except (Unreachable, RateLimited) as error:
                if isinstance(body, Slice):
                    body.again()
                if once or attempt == _ATTEMPTS or not may_pass(error):
                    raise
                time.sleep(_PAUSE * 4 ** (attempt - 1))
        raise AssertionError("the last attempt answers or raises")

    @contextlib.contextmanager
    def content(
        self,
        url: str,
        query: Mapping[str, str],
        headers: Mapping[str, str],
        *,
        path: str,
        changed: bool,
    ) -> Iterator[Iterator[bytes]]:
        """The bytes of an answer, in pieces of at most `CHUNK`; their end is Unreachable where some are missing."""
        with self._sent("GET", url, query, headers, None, path, changed, ()) as response:
            yield response.iter_raw(CHUNK)

    @contextlib.contextmanager
    def _sent(
        self,
        method: str,
        url: str,
        query: Mapping[str, str] | None,
        headers: Mapping[str, str] | None,
        body: bytes | Slice | None,
        path: str,
        changed: bool,
        fine: Sequence[int],
    ) -> Iterator[httpx2.Response]:
        grant = self._credentials.grant()
        asked = encoded({**(query or {}), **grant.query})
        sent = {"Accept-Encoding": "identity", **(headers or {}), **grant.headers}
        if isinstance(body, Slice):
            sent["Content-Length"] = str(body.length)
        content = body.pieces() if isinstance(body, Slice) else body
        client = self._connected()
        with translated(self._where, grant.secrets):
            request = client.build_request(
                method, f"{url}?{asked}" if asked else url, headers=sent, content=content
            )
            response = client.send(request, stream=True)
            with contextlib.closing(response):
                if response.status_code >= 300 and response.status_code not in fine:
                    told = response.read()
                    if 300 <= response.status_code < 400:
                        raise ConfigError(
                            f"{self._where} is elsewhere",
                            f"A redirect ({response.status_code}), which is not followed.",
                            "Check its address.",
                        )
                    answer = Answer(response.status_code, dict(response.headers), told)
                    error = self._explain(answer, self._where, path, changed)
                    error.detail = hidden(error.detail, grant.secrets)
                    raise error
                yield response

    def _connected(self) -> httpx2.Client:
        with self._connecting:
            if self._client is None:
                self._client = connect(tls_context(self._values, certificate=False))
            return self._client


def connect(context: ssl.SSLContext, *, proxies: bool = True) -> httpx2.Client:
    """A client that neither follows redirects nor keeps cookies.

    Args:
        proxies: whether the environment's proxies are used (HTTPS_PROXY and its like).
    """
    from http.cookiejar import CookieJar, DefaultCookiePolicy

    import httpx2

    for name in ("httpx2", "httpcore2"):
        # They write whole addresses, which a shared access signature is part of.
        logging.getLogger(name).setLevel(logging.WARNING)
    return httpx2.Client(
        verify=context,
        trust_env=proxies,
        timeout=httpx2.Timeout(READ_TIMEOUT, connect=CONNECT_TIMEOUT, pool=None),
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        limits=httpx2.Limits(max_connections=None, max_keepalive_connections=2 * CONCURRENCY),
    )


def login_context(ca_file: str) -> ssl.SSLContext:
    """TLS to servers that give tokens: always verified, whatever the store says of its own; what the CA file holds is
    trusted too.

    Raises:
        ConfigError: the CA file cannot be used.
    """
    context = tls_context({}, certificate=False)
    if ca_file:
        try:
            context.load_verify_locations(ca_file)
        except OSError as error:
            raise ConfigError(
                "The CA file cannot be used", f"{ca_file}: {error.strerror or error}"
            ) from error
    return context


def encoded(query: Mapping[str, str]) -> str:
    """A query as it is sent, ``%20`` for a space."""
    return urlencode(query, quote_via=quote, safe="")


def hidden(text: str, secrets: Sequence[str]) -> str:
    """The text without these secrets, plain or percent-encoded."""
    for secret in secrets:
        for form in {secret, quote(secret, safe="")} - {""}:
            text = text.replace(form, "…")
    return text


class Slice:
    """A part of a file, as a request's body. Progress is told before a piece is sent, so that what it raises leaves the
    request incomplete.

    Args:
        around: bytes that are sent before and after it.
    """

    def __init__(
        self,
        file: Path,
        offset: int,
        size: int,
        watch: Watch,
        around: tuple[bytes, bytes] = (b"", b""),
    ) -> None:
        self.length = size + sum(map(len, around))
        self._size = size
        self._around = around
        self._file = file
        self._offset = offset
        self._watch = watch
        self._moved = 0

    def pieces(self) -> Iterator[bytes]:
        """Its bytes.

        Raises:
            Conflict: the file became shorter, or cannot be read any more.
        """
        before, after = self._around
        if before:
            yield before
        left = self._size
        try:
            file = self._file.open("rb")
        except OSError as error:
            raise Conflict(
                "A file is not what it was", f"{self._file}: {error.strerror}"
            ) from error
        with file:
            file.seek(self._offset)
            while left:
                piece = file.read(min(_PIECE, left))
                if not piece:
                    raise Conflict("A file is not what it was", f"{self._file} became shorter.")
                self._watch.tell(len(piece))
                self._moved += len(piece)
                left -= len(piece)
                yield piece
        if after:
            yield after

    def again(self) -> None:
        """Take back what was told, as it was not stored."""
        moved, self._moved = self._moved, 0
        self._watch.tell(-moved)


class Watch:
    """Runs the requests of an upload side by side; the first error, of a request or of ``progress``, stops all."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress = progress
        self._telling = threading.Lock()
        self._stopped = threading.Event()

    def tell(self, count: int) -> None:
        """Hand progress on, never to two threads at once."""
        if self._stopped.is_set():
            raise _Stopped
        if self._progress is not None and count:
            with self._telling:
                if self._stopped.is_set():
                    raise _Stopped
                try:
                    self._progress(count)
                except BaseException:
                    self._stopped.set()
                    raise

    def run(self, works: Sequence[Callable[[], None]], concurrency: int = CONCURRENCY) -> None:
        """Do all works; raises the first error once none is at work any more."""
        with ThreadPoolExecutor(max_workers=concurrency, thread_name_prefix="upload") as pool:
            futures = [pool.submit(work) for work in works]
            try:
                wait(futures, return_when=FIRST_EXCEPTION)
                failed = [each for each in futures if each.done() and each.exception() is not None]
            except BaseException:
                self._stop(futures)
                raise
            if failed:
                self._stop(futures)
        errors = [
            error
            for each in futures
            if not each.cancelled() and (error := each.exception()) is not None
        ]
        for error in sorted(errors, key=lambda each: isinstance(each, _Stopped)):
            raise error

    def _stop(self, futures: Sequence[Future[None]]) -> None:
        self._stopped.set()
        for each in futures:
            each.cancel()


class _Stopped(Exception):
    """Another request of the same upload failed."""


def part_size(size: int, most: int) -> int:
    """Bytes of the parts that a file is sent in, where there may be so many of them."""
    least = -(-size // most)
    return max(PART, -(-least // PART) * PART)


def setting(*names: str) -> str:
    """The first of these variables that says something; else nothing."""
    return next((value for name in names if (value := os.environ.get(name, "").strip())), "")
