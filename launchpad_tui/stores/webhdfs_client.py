"""The HTTP of WebHDFS: addresses, TLS, redirects, retries; httpx2 does the talking, imported on first use.

A NameNode sends its callers on to a DataNode for content (CREATE, OPEN, GETFILECHECKSUM), commonly on another host,
with all that it wants to know in the address. So nothing of ours, neither the headers nor the client's certificate,
goes to another host than the NameNode's. Data lake Files and HttpFS have one address for everything, and take a file at
once where the address says ``data=true``.

Sources: Apache Hadoop 3.3.6, "WebHDFS REST API"; SAP HANA Cloud, "Data Lake Files REST API".
"""

from __future__ import annotations

import contextlib
import json
import logging
import re
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

from launchpad_tui.errors import ConfigError, RuntimeRejected, Unreachable
from launchpad_tui.stores.base import CHUNK, Endpoint, server_of
from launchpad_tui.stores.http_errors import may_pass, translated
from launchpad_tui.stores.tls import tls_context
from launchpad_tui.stores.webhdfs_errors import answered

if TYPE_CHECKING:
    import httpx2

#: seconds; the second is how long a server may be silent
CONNECT_TIMEOUT = 5.0
READ_TIMEOUT = 60.0
#: how often a call that changes nothing is made, and how long to wait before it is made again (seconds)
_ATTEMPTS = 3
_PAUSE = 0.2
#: how often a server may send us on
_HOPS = 3
_API = "/webhdfs/v1"
_REDIRECTS = {301, 302, 303, 307, 308}


class Client:
    """Calls of WebHDFS by the fields of the catalog. Paths are absolute, not encoded.

    Raises:
        ConfigError: a value is wrong.
    """

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = dict(values)
        self._base = _base(values.get("namenode", ""))
        found = server_of(self._base, values)
        self.endpoint: Endpoint = replace(
            found, context=lambda: tls_context(values, certificate=True)
        )
        self.where = f"The HDFS at {self.endpoint.host}:{self.endpoint.port}"
        self._headers = _headers(values.get("headers", ""))
        self._token = values.get("delegation_token", "")
        step = values.get("one_step") or "auto"
        named = any(name.lower() == "x-sap-filecontainer" for name in self._headers)
        self.one_step = named if step == "auto" else step == "true"
        self._connecting = threading.Lock()
        self._clients: dict[bool, httpx2.Client] = {}

    def call(
        self,
        method: str,
        path: str,
        op: str,
        parameters: Mapping[str, str] | None = None,
        *,
        writing: bool = False,
    ) -> dict[str, Any]:
        """The answer's JSON; empty where the answer is.

        Args:
            writing: whether an object in place of a folder is a Conflict; else it means ObjectMissing.

        Raises:
            LaunchpadError: as `launchpad_tui.stores.webhdfs_errors` says.
        """
        with self._answer(method, path, op, parameters or {}, writing) as response:
            with translated(self.where):
                body = response.read()
            if not body.strip():
                return {}
            try:
                answer = json.loads(body)
                if isinstance(answer, dict):
                    return answer
            except ValueError:
                pass
            raise RuntimeRejected(
                f"{self.where} answers what WebHDFS does not", f"To {op}: no JSON object."
            )

    @contextlib.contextmanager
    def content(self, path: str, offset: int, length: int) -> Iterator[Iterator[bytes]]:
        """The bytes of an object, in pieces of at most `CHUNK`; the file is open when the block begins.

        Raises:
            ObjectMissing: there is none.
            Unreachable: also where fewer bytes came than ``length``.
        """
        parameters = {"offset": str(offset), "length": str(length)}
        with self._answer("GET", path, "OPEN", parameters, False) as response:
            yield self._pieces(response, path, length)

    def create(self, path: str, size: int, pieces: Iterator[bytes]) -> None:
        """Send a file of so many bytes to a path that is free, its folder being there.

        Raises:
            Conflict: there is one.
            StorageFull: the store has no room.
        """
        parameters = {"overwrite": "false", "createparent": "false"}
        if self.one_step:
            url = self._url(path, "CREATE", {**parameters, "data": "true"})
        else:
            first = self._url(path, "CREATE", parameters)
            with translated(self.where):
                response = self._send("PUT", first)
                self._check(response, path, writing=True)
                response.close()
            if response.status_code not in _REDIRECTS:
                raise ConfigError(
                    f"{self.where} wants files in one step",
                    f"Status {response.status_code}.",
                    "Set One-step upload.",
                )
            url = self._onward(first, response.headers.get("location", ""))
        headers = {"Content-Type": "application/octet-stream", "Content-Length": str(size)}
        with translated(self.where):
            response = self._send("PUT", url, headers, pieces)
            self._check(response, path, writing=True, redirects=False)
            with contextlib.closing(response):
                response.read()

    @contextlib.contextmanager
    def _answer(
        self, method: str, path: str, op: str, parameters: Mapping[str, str], writing: bool
    ) -> Iterator[httpx2.Response]:
        attempts = _ATTEMPTS if method == "GET" else 1
        for attempt in range(1, attempts + 1):
            try:
                response = self._follow(
                    method,
                    self._url(path, op, parameters),
                    parameters.get("destination", path),
                    writing,
                )
                break
            except Unreachable as error:
                if attempt == attempts or not may_pass(error):
                    raise
                time.sleep(_PAUSE * attempt)
        with contextlib.closing(response):
            yield response

    def _follow(self, method: str, url: str, path: str, writing: bool) -> httpx2.Response:
        for _ in range(_HOPS):
            with translated(self.where):
                response = self._send(method, url)
                self._check(response, path, writing=writing)
            if response.status_code not in _REDIRECTS:
                return response
            response.close()
            url = self._onward(url, response.headers.get("location", ""))
        raise ConfigError(
            f"{self.where} sends us round in circles", f"More than {_HOPS} redirects."
        )

    def _check(
        self, response: httpx2.Response, path: str, *, writing: bool, redirects: bool = True
    ) -> None:
        status = response.status_code
        if status < 300 or (redirects and status in _REDIRECTS):
            return
        with contextlib.closing(response):
            body = response.read()
        raise answered(status, body, self.where, path, writing=writing, secret=self._token)

    def _send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None = None,
        content: Iterator[bytes] | None = None,
    ) -> httpx2.Response:
        own = (urlsplit(url).hostname or "").lower() == self.endpoint.host.lower()
        client = self._client(own)
        sent = {"Accept-Encoding": "identity", **(self._headers if own else {}), **(headers or {})}
        return client.send(
            client.build_request(method, url, headers=sent, content=content), stream=True
        )

    def _pieces(self, response: httpx2.Response, path: str, length: int) -> Iterator[bytes]:
        left = length
        with translated(self.where):
            for chunk in response.iter_bytes(CHUNK):
                yield chunk[:left]
                left -= len(chunk[:left])
        if left:
            raise Unreachable(
                f"{self.where} broke off",
                f"{left:,} of {length:,} bytes of {path[:200]!r} did not come.",
            )

    def _url(self, path: str, op: str, parameters: Mapping[str, str]) -> str:
        who = {"delegation": self._token} if self._token else {}
        if not who and self._values.get("user"):
            who = {"user.name": self._values["user"]}
        return f"{self._base}{quote(path, safe='/')}?{urlencode({'op': op, **who, **parameters}, quote_via=quote)}"

    def _onward(self, url: str, location: str) -> str:
        """Where a server sends us to.

        Raises:
            ConfigError: nowhere, or from an address with TLS to one without.
        """
        try:
            # urljoin would take away a semicolon at the end of a name.
            here = urlsplit(url)
            onward = (
                f"{here.scheme}://{here.netloc}{location}"
                if re.match("/(?!/)", location)
                else location
            )
            parts = urlsplit(onward)
            usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
        except ValueError:
            usable = False
        if not usable:
            raise ConfigError(
                f"{self.where} sends us nowhere", "Its redirect has no address of a server."
            )
        if self.endpoint.tls and parts.scheme != "https":
            raise ConfigError(
                f"{self.where} sends us where there is no TLS",
                f"To {parts.hostname}; that is not followed.",
                "The DataNodes have to serve HTTPS (dfs.http.policy).",
            )
        return onward

    def _client(self, own: bool) -> httpx2.Client:
        with self._connecting:
            if own not in self._clients:
                self._clients[own] = self._connect(own)
            return self._clients[own]

    def _connect(self, own: bool) -> httpx2.Client:
        from http.cookiejar import CookieJar, DefaultCookiePolicy

        import httpx2

        for name in ("httpx2", "httpcore2"):
            # They write whole addresses, which a delegation token is part of.
            logging.getLogger(name).setLevel(logging.WARNING)
        return httpx2.Client(
            verify=tls_context(self._values, certificate=own),
            trust_env=False,
            timeout=httpx2.Timeout(READ_TIMEOUT, connect=CONNECT_TIMEOUT, pool=None),
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        )


def _base(namenode: str) -> str:
    """The address that paths are appended to. Raises ConfigError where it has a user in it, or a query."""
    parts = urlsplit(namenode.strip())
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        raise ConfigError(
            "The NameNode's address is not valid",
            "It has more in it than server and path.",
            "Such as http://host:9870",
        )
    base = namenode.strip().rstrip("/")
    return base if base.endswith(_API) else base + _API


def _headers(text: str) -> dict[str, str]:
    try:
        given = json.loads(text) if text.strip() else {}
    except ValueError:
        given = None
    if not isinstance(given, dict) or not all(isinstance(value, str) for value in given.values()):
        raise ConfigError(
            "The headers are no JSON object of texts",
            hint='Such as {"x-sap-filecontainer": "<container>"}.',
        )
    for name, value in given.items():
        if not (
            name and name.isascii() and name.replace("-", "").replace("_", "").isalnum()
        ) or not (value.isascii() and value.isprintable()):
            raise ConfigError(
                "A header cannot be sent as it is", f"{name!r:.80}: plain ASCII only, on one line."
            )
    return {str(name): str(value) for name, value in given.items()}
