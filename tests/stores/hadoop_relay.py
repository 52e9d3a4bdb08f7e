"""An HTTP relay in front of the real HDFS of `hadoop`.

It records requests, may rewrite redirects, and may close connections too early. All other responses
are those of the real servers.
"""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from tests.stores.http_server import Handler, listening


@dataclass(frozen=True)
class Request:
    """A request; the names of ``headers`` are in lower case."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]


@dataclass
class Relay:
    """A running relay.

    Args:
        address: its address without ``/webhdfs/v1``.
        rewrite: changes the target of a redirect.
        dropped: number of requests for which the connection is closed without a response.
        lost: operations that are executed, but whose connection is closed without a response, once
            for each entry.
        cut_after: numbers of bytes after which the connection is closed, one for each response to
            OPEN.
    """

    address: str = ""
    rewrite: Callable[[str], str] = lambda location: location
    dropped: int = 0
    lost: list[str] = field(default_factory=list)
    cut_after: list[int] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)


@contextmanager
def relaying(
    target: str, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None
) -> Iterator[Relay]:
    """Run a relay in front of the server ``target`` until the block ends.

    Args:
        host: host name in the relay's address.
        tls: serve HTTPS.
    """
    relay = Relay()
    upstream = urlsplit(target)

    class Relaying(Handler):
        def serve(self) -> None:
            url = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(url.query).items()}
            headers = {name.lower(): value for name, value in self.headers.items()}
            relay.requests.append(Request(self.command, url.path, query, headers))
            if relay.dropped:
                relay.dropped -= 1
                self.close_connection = True
                return
            body = self.body()
            assert upstream.hostname is not None
            connection = http.client.HTTPConnection(upstream.hostname, upstream.port, timeout=30)
            try:
                connection.request(
                    self.command, self.path, body, {"Content-Type": "application/octet-stream"}
                )
                answer = connection.getresponse()
                content = answer.read()
            finally:
                connection.close()
            if query.get("op", "") in relay.lost:
                relay.lost.remove(query["op"])
                self.close_connection = True
                return
            headers = {
                "Content-Type": answer.getheader("Content-Type") or "application/octet-stream"
            }
            if location := answer.getheader("Location"):
                headers["Location"] = relay.rewrite(location)
            if relay.cut_after and self.command == "GET" and content and query.get("op") == "OPEN":
                self.reply(answer.status, b"", headers, length=len(content))
                self.wfile.write(content[: relay.cut_after.pop(0)])
                self.close_connection = True
                return
            self.reply(answer.status, content, headers)

    with listening(Relaying, tls) as port:
        relay.address = f"{'http' if tls is None else 'https'}://{host}:{port}"
        yield relay


def always(address: str) -> Callable[[str], str]:
    """Return a ``rewrite`` that replaces every target by this address."""
    return lambda _: address


def moved_to(address: str) -> Callable[[str], str]:
    """Return a ``rewrite`` that replaces scheme and server of the target."""
    server = urlsplit(address)
    return lambda location: (
        urlsplit(location)._replace(scheme=server.scheme, netloc=server.netloc).geturl()
    )
