"""A relay before the real HDFS of `hadoop`: it keeps what was asked for, may send callers elsewhere, and breaks off.

What it answers is what the real servers say, as long as a test does not want something else.
"""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from tests.stores.serving import Handler, listening


@dataclass(frozen=True)
class Request:
    """``headers`` by their names in small letters."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]


@dataclass
class Relay:
    """``address`` without ``/webhdfs/v1``.

    Args:
        onward: what becomes of the address that the real server sends callers to.
        refusals: how many requests are to be answered by closing the connection.
        breaks: so many bytes of a body are passed on, then the connection is closed; one entry for each answer to GET
            that has content.
    """

    address: str = ""
    onward: Callable[[str], str] = lambda location: location
    refusals: int = 0
    breaks: list[int] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)


@contextmanager
def relaying(
    target: str, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None
) -> Iterator[Relay]:
    """Run one before the server at ``target`` until the block ends; ``host`` is the name it is called by."""
    relay = Relay()
    there = urlsplit(target)

    class Relaying(Handler):
        def serve(self) -> None:
            asked = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(asked.query).items()}
            headers = {name.lower(): value for name, value in self.headers.items()}
            relay.requests.append(Request(self.command, asked.path, query, headers))
            if relay.refusals:
                relay.refusals -= 1
                self.close_connection = True
                return
            body = self.body()
            assert there.hostname is not None
            connection = http.client.HTTPConnection(there.hostname, there.port, timeout=30)
            try:
                connection.request(
                    self.command, self.path, body, {"Content-Type": "application/octet-stream"}
                )
                answer = connection.getresponse()
                content = answer.read()
            finally:
                connection.close()
            passed = {
                "Content-Type": answer.getheader("Content-Type") or "application/octet-stream"
            }
            if location := answer.getheader("Location"):
                passed["Location"] = relay.onward(location)
            if relay.breaks and self.command == "GET" and content and query.get("op") == "OPEN":
                self.reply(answer.status, b"", passed, length=len(content))
                self.wfile.write(content[: relay.breaks.pop(0)])
                self.close_connection = True
                return
            self.reply(answer.status, content, passed)

    with listening(Relaying, tls) as port:
        relay.address = f"{'http' if tls is None else 'https'}://{host}:{port}"
        yield relay


def always(address: str) -> Callable[[str], str]:
    """An ``onward`` that sends callers to this address whatever the real server says."""
    return lambda _: address


def moved_to(address: str) -> Callable[[str], str]:
    """An ``onward`` that keeps all but scheme and server."""
    there = urlsplit(address)
    return lambda location: (
        urlsplit(location)._replace(scheme=there.scheme, netloc=there.netloc).geturl()
    )
