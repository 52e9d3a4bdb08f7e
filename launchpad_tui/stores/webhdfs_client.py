"""Client of WebHDFS: addresses, redirects, and the credentials sent to each host.

A NameNode redirects requests for content (CREATE, OPEN, GETFILECHECKSUM) to a DataNode, usually on
another host, with everything that the DataNode needs in the address. So neither the configured
headers nor the client certificate are sent to a host other than a NameNode's. Data lake Files and
HttpFS have one address for everything; they accept a file in one step if the address contains
``data=true``.

Sources: Apache Hadoop 3.3.6, "WebHDFS REST API"; SAP HANA Cloud, "Data Lake Files REST API".
"""

from __future__ import annotations

import contextlib
import json
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from launchpad_tui.errors import (
    AuthenticationFailed,
    ConfigError,
    LaunchpadError,
    RateLimited,
    Unreachable,
)
from launchpad_tui.net.address_policy import policy_of
from launchpad_tui.net.client import HttpClient, StreamedResponse
from launchpad_tui.net.errors import is_unresolved, unconnected_host
from launchpad_tui.net.retry import RetryPolicy
from launchpad_tui.net.server_check import ServerAddress
from launchpad_tui.stores.base import CHUNK
from launchpad_tui.stores.request_auth import RequestAuth
from launchpad_tui.stores.store_errors import (
    interrupted,
    unexpected_response,
)
from launchpad_tui.stores.tls import store_context
from launchpad_tui.stores.webhdfs_errors import explain_response, is_standby
from launchpad_tui.stores.webhdfs_namenodes import NameNode, NameNodes
from launchpad_tui.stores.webhdfs_users import authenticator_of

#: seconds without data from a server after which a request fails; a NameNode may be busy for long
_READ_TIMEOUT = 60.0
#: attempts of requests to a server that has not responded yet
_FIRST_CONTACT = RetryPolicy(attempts=3, pause=0.4)
#: attempts during a restart of a server that has responded before, and at a server that reports to
#: be starting: at most 37 seconds of pauses
_RESTART = RetryPolicy(attempts=9, pause=0.4)
#: redirects that are followed for one request
_MAX_REDIRECTS = 3
_REDIRECTS = {301, 302, 303, 307, 308}
Result = TypeVar("Result")


class WebHdfsClient:
    """A client from the store's fields. Paths are absolute and not encoded.

    Raises:
        ConfigError: a value is invalid.
    """

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = dict(values)
        self._namenodes = NameNodes(values)
        #: name of the store in the middle of a sentence
        self.where = f"HDFS at {self._namenodes.title}"
        self._headers = _headers(values.get("headers", ""))
        step = values.get("one_step") or "auto"
        named = any(name.lower() == "x-sap-filecontainer" for name in self._headers)
        self.one_step = named if step == "auto" else step == "true"
        self._namenode = self._client(self.where, client_certificate=True)
        self._datanodes: dict[str, HttpClient] = {}
        self._connecting = threading.Lock()
        #: hosts that have responded to a request
        self._responded: set[str] = set()
        self._authenticator = authenticator_of(
            values, lambda: self.endpoint.host, self._send_operation
        )

    @property
    def endpoint(self) -> ServerAddress:
        """The NameNode to which requests are sent."""
        return self._namenodes.active.server

    @property
    def several(self) -> bool:
        """Whether there are several NameNodes, of which some may not respond."""
        return len(self._namenodes) > 1

    def call(
        self,
        method: str,
        path: str,
        op: str,
        parameters: Mapping[str, str] | None = None,
        *,
        writing: bool = False,
        retry: bool = True,
    ) -> dict[str, Any]:
        """Send a request and return the JSON of its response; empty if the response has no body.

        Args:
            writing: whether a file in place of a parent folder is a Conflict; otherwise it means
                ObjectMissing.
            retry: whether the request is sent again after an error that may be temporary.

        Raises:
            LaunchpadError: see `launchpad_tui.stores.webhdfs_errors`.
        """
        with self._open(method, path, op, parameters or {}, writing, retry=retry) as response:
            body = response.read().body
        if not body.strip():
            return {}
        try:
            data = json.loads(body)
            if isinstance(data, dict):
                return data
        except (ValueError, RecursionError):
            pass
        raise unexpected_response(
            self.where, "WebHDFS", f"The response to {op} is not a JSON object."
        )

    @contextlib.contextmanager
    def content(self, path: str, offset: int, length: int) -> Iterator[Iterator[bytes]]:
        """Open a file; yield its bytes in pieces of at most `CHUNK`.

        Raises:
            ObjectMissing: there is no such file.
            Unreachable: no response, or fewer bytes than ``length``.
        """
        parameters = {"offset": str(offset), "length": str(length)}
        with self._open("GET", path, "OPEN", parameters, False) as response:
            yield self._pieces(response, path, length)

    def create(self, path: str, size: int, pieces: Callable[[], Iterator[bytes]]) -> None:
        """Upload a file to a new path in an existing folder.

        The upload is repeated from the beginning after an interruption.

        Args:
            path: a path that no other process uses, because a repeated upload replaces the file.
            size: number of bytes of the file.
            pieces: returns the content from the beginning; called for each attempt.

        Raises:
            Conflict: the path exists.
            StorageFull: the store has no space left.
        """

        def attempt(number: int, auth: RequestAuth) -> None:
            self._create(path, size, pieces(), auth, overwrite=number > 1)

        self._repeat(attempt, safe=True)

    def _create(
        self, path: str, size: int, pieces: Iterator[bytes], auth: RequestAuth, *, overwrite: bool
    ) -> None:
        parameters = {"overwrite": str(overwrite).lower(), "createparent": "false"}
        if self.one_step:
            url = self._url(path, "CREATE", {**parameters, "data": "true"}, auth)
        else:
            first = self._url(path, "CREATE", parameters, auth)
            with self._send("PUT", first, path, auth, writing=True) as response:
                status, location = response.status, response.headers.get("location", "")
            if status not in _REDIRECTS:
                raise ConfigError(
                    f"{self.where} requires one-step uploads",
                    f"It did not redirect the upload (HTTP status {status}).",
                    "Set the field One-step upload to true.",
                )
            url = self._redirected(first, location)
        headers = {"Content-Type": "application/octet-stream", "Content-Length": str(size)}
        with self._send(
            "PUT", url, path, auth, headers, pieces, writing=True, redirects=False
        ) as response:
            response.read()

    @contextlib.contextmanager
    def _open(
        self,
        method: str,
        path: str,
        op: str,
        parameters: Mapping[str, str],
        writing: bool,
        *,
        retry: bool = True,
    ) -> Iterator[StreamedResponse]:
        named = parameters.get("destination", path)
        with contextlib.ExitStack() as stack:

            def attempt(_: int, auth: RequestAuth) -> StreamedResponse:
                url = self._url(path, op, parameters, auth)
                return stack.enter_context(self._follow(method, url, named, auth, writing))

            yield self._repeat(attempt, safe=op != "RENAME", retry=retry)

    def _send_operation(
        self, method: str, op: str, parameters: Mapping[str, str], auth: RequestAuth
    ) -> dict[str, Any]:
        """Send an operation on delegation tokens to the NameNode, once."""
        url = self._url("/", op, parameters, auth)
        with self._send(method, url, "", auth, writing=False, redirects=False) as response:
            body = response.read().body
        try:
            data = json.loads(body or b"{}")
        except (ValueError, RecursionError):
            data = None
        return data if isinstance(data, dict) else {}

    def _repeat(
        self, attempt: Callable[[int, RequestAuth], Result], *, safe: bool, retry: bool = True
    ) -> Result:
        """Call ``attempt`` until it succeeds, for a bounded time.

        It is called once more if the server rejects the authorization and that can be replaced.

        Args:
            attempt: sends the request; its arguments are the number of the attempt, from 1, and
                the authorization.
            retry: whether the request is sent again after an error that may be temporary.
            safe: whether the request may be sent again although it may have been executed: all
                but renames, see `HdfsTree`. Otherwise it is sent again only if the server
                rejected or did not receive it.

        Raises:
            LaunchpadError: the error of the last attempt.
        """
        number, rounds = 0, 1
        tried: set[str] = set()
        while True:
            number += 1
            node = self._namenodes.active
            try:
                auth = self._authenticator.authorize()
                try:
                    return attempt(number, auth)
                except AuthenticationFailed:
                    renewed = self._authenticator.authorize(auth)
                    if renewed == auth:
                        raise
                    return attempt(number + 1, renewed)
            except (Unreachable, RateLimited) as error:
                if not retry:
                    raise
                rejected = isinstance(error.__cause__, _ErrorResponse)
                unconnected = unconnected_host(error)
                if not (safe or rejected or unconnected):
                    raise
                if self._leaves(node, error):
                    tried.add(node.base)
                    if len(tried) < len(self._namenodes):
                        continue
                    tried.clear()
                elif is_unresolved(error):
                    raise
                restarting = rejected or bool(self._responded & {unconnected, node.host})
                policy = _RESTART if restarting else _FIRST_CONTACT
                delay = policy.delay(rounds, error)
                if delay is None:
                    raise
                rounds += 1
                time.sleep(delay)

    def _leaves(self, node: NameNode, error: LaunchpadError) -> bool:
        """Send requests to another NameNode if this one cannot be reached or is on standby."""
        cause = error.__cause__
        standby = isinstance(cause, _ErrorResponse) and cause.standby
        if len(self._namenodes) == 1 or not (standby or unconnected_host(error) == node.host):
            return False
        self._namenodes.leave(node)
        return True

    @contextlib.contextmanager
    def _follow(
        self, method: str, url: str, path: str, auth: RequestAuth, writing: bool
    ) -> Iterator[StreamedResponse]:
        for _ in range(_MAX_REDIRECTS):
            with self._send(method, url, path, auth, writing=writing) as response:
                if response.status not in _REDIRECTS:
                    yield response
                    return
                location = response.headers.get("location", "")
            url = self._redirected(url, location)
        raise ConfigError(
            f"Too many redirects from {self.where}",
            f"More than {_MAX_REDIRECTS} for one request.",
            "Check the address of the NameNode.",
        )

    @contextlib.contextmanager
    def _send(
        self,
        method: str,
        url: str,
        path: str,
        auth: RequestAuth,
        headers: Mapping[str, str] | None = None,
        content: Iterator[bytes] | None = None,
        *,
        writing: bool,
        redirects: bool = True,
    ) -> Iterator[StreamedResponse]:
        server = urlsplit(url)
        own = (server.hostname or "").lower() in self._namenodes.hosts
        client = self._namenode if own else self._datanode(server.netloc)
        sent = {"Accept-Encoding": "identity", **(headers or {})}
        if own:
            sent = {**self._headers, **sent, **auth.headers}
        # The NameNode adds a token of its own to the address of a DataNode.
        secrets = {*auth.secrets, *parse_qs(server.query).get("delegation", ())}
        with contextlib.ExitStack() as stack:
            try:
                response = stack.enter_context(
                    client.stream(method, url, sent, content, tuple(secrets))
                )
            except Unreachable as error:
                if not own and unconnected_host(error):
                    raise self._datanode_unreachable(server.netloc, error) from error.__cause__
                raise
            self._responded.add((server.hostname or "").lower())
            if response.status >= 300 and not (redirects and response.status in _REDIRECTS):
                body = response.read().body
                raise explain_response(
                    response.status, body, self.where, path, writing=writing, secrets=secrets
                ) from _ErrorResponse(response.status, standby=is_standby(body))
            yield response

    def _pieces(self, response: StreamedResponse, path: str, length: int) -> Iterator[bytes]:
        left = length
        for chunk in response.chunks(CHUNK, decode=True):
            yield chunk[:left]
            left -= len(chunk[:left])
        if left:
            raise interrupted(self.where, path, length - left, length)

    def _url(self, path: str, op: str, parameters: Mapping[str, str], auth: RequestAuth) -> str:
        query = urlencode({"op": op, **auth.query, **parameters}, quote_via=quote)
        return f"{self._namenodes.active.base}{quote(path, safe='/')}?{query}"

    def _redirected(self, url: str, location: str) -> str:
        """Return the target of a redirect.

        Raises:
            ConfigError: the target is invalid, or has no TLS although the NameNode has.
        """
        try:
            # urljoin would remove a semicolon at the end of a name.
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
                f"Invalid redirect from {self.where}",
                "It contains no address of a server.",
                "Check the address of the NameNode.",
            )
        if self.endpoint.tls and parts.scheme != "https":
            raise ConfigError(
                f"{self.where} redirects to a server without TLS",
                f"The redirect to {parts.hostname} is not followed.",
                "Let the DataNodes serve HTTPS (dfs.http.policy).",
            )
        return onward

    def _datanode(self, netloc: str) -> HttpClient:
        with self._connecting:
            if netloc not in self._datanodes:
                name = f"DataNode {netloc} of {self.where}"
                self._datanodes[netloc] = self._client(name, client_certificate=False)
            return self._datanodes[netloc]

    def _datanode_unreachable(self, netloc: str, error: Unreachable) -> Unreachable:
        host = netloc.rpartition(":")[0]
        return Unreachable(
            f"The DataNode {netloc} cannot be reached",
            error.detail,
            f"The NameNode redirects transfers to this address. Make sure that this machine can "
            f"resolve the name {host} and connect to the port, or use an HttpFS server.",
        )

    def _client(self, name: str, *, client_certificate: bool) -> HttpClient:
        return HttpClient(
            name,
            lambda: store_context(self._values, client_certificate=client_certificate),
            proxies=False,
            mutual_tls=True,
            read_timeout=_READ_TIMEOUT,
            policy=policy_of(self._values),
        )


class _ErrorResponse(Exception):
    """The cause of errors that a server reported, so it did not execute the request.

    Args:
        status: The status of the response.
        standby: Whether the server is a NameNode on standby.
    """

    def __init__(self, status: int, *, standby: bool) -> None:
        super().__init__(status)
        self.standby = standby


def _headers(text: str) -> dict[str, str]:
    try:
        given = json.loads(text) if text.strip() else {}
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, dict) or not all(isinstance(value, str) for value in given.values()):
        raise ConfigError(
            "Invalid headers",
            "They are not a JSON object of strings.",
            'Example: {"x-sap-filecontainer": "<container>"}',
        )
    for name, value in given.items():
        if not (
            name and name.isascii() and name.replace("-", "").replace("_", "").isalnum()
        ) or not (value.isascii() and value.isprintable()):
            raise ConfigError(
                "Invalid header",
                f"{name!r:.80} cannot be sent.",
                "Use ASCII characters only, on one line.",
            )
    return {str(name): str(value) for name, value in given.items()}
