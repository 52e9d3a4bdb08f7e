"""The HTTP of the servers that are our own: threads, HTTP/1.1 that keeps connections, bodies in pieces, TLS."""

from __future__ import annotations

import contextlib
import socket
import ssl
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.stores.certificates import Certificates

#: bytes read and written at a time
CHUNK = 1 << 18


class Handler(BaseHTTPRequestHandler):
    """Answers requests in `serve`; what that leaves of a body is read and thrown away, so that the next request is
    found where it begins."""

    protocol_version = "HTTP/1.1"
    # An answer goes out in two pieces, head and body; the second shall not wait for the first one's receipt.
    disable_nagle_algorithm = True
    _pieces: Iterator[bytes]

    def serve(self) -> None:
        """Answer a request of any method."""
        raise AssertionError("each server has its own")

    def _request(self) -> None:
        self._pieces = self._incoming()
        self.serve()
        for _ in self._pieces:
            pass

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = do_PATCH = _request  # noqa: N815

    def pieces(self) -> Iterator[bytes]:
        """The request's body as it comes."""
        return self._pieces

    def body(self) -> bytes:
        """The request's body."""
        return b"".join(self._pieces)

    def _incoming(self) -> Iterator[bytes]:
        if self.headers.get("transfer-encoding", "").lower() == "chunked":
            while size := int(self.rfile.readline().split(b";")[0], 16):
                yield self._exactly(size)
                self.rfile.readline()
            while self.rfile.readline().strip():
                pass
            return
        left = int(self.headers.get("content-length") or 0)
        while left:
            piece = self._exactly(min(left, CHUNK))
            left -= len(piece)
            yield piece

    def _exactly(self, size: int) -> bytes:
        piece = self.rfile.read(size)
        if len(piece) < size:
            raise ConnectionResetError("the body broke off")
        return piece

    def reply(
        self,
        status: int,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        *,
        length: int | None = None,
    ) -> None:
        """Answer at once.

        Args:
            length: what the head says, where a body is left out on purpose (HEAD) or follows.
        """
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if status not in {204, 304} or length is not None:
            self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        if self.command != "HEAD":
            view = memoryview(body)
            for start in range(0, len(body), CHUNK):
                self.wfile.write(view[start : start + CHUNK])

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Nothing: what a test wants to know, it asks."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    tls: ssl.SSLContext | None = None

    def finish_request(self, request: Any, client_address: Any) -> None:
        if self.tls is None:
            super().finish_request(request, client_address)
            return
        # In the connection's own thread: a client that is slow with its handshake holds up nobody else.
        with self.tls.wrap_socket(request, server_side=True) as secured:
            super().finish_request(secured, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        # Clients that leave, or do not like our certificate, are what tests do.
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


def server_context(made: Certificates, *, demand_client: bool = False) -> ssl.SSLContext:
    """TLS for a server; ``demand_client``: only clients whose certificate our authority signed are let in."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made.server, made.server_key)
    if demand_client:
        context.load_verify_locations(made.ca)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


@contextmanager
def listening(
    handler: Callable[[Any, Any, Any], BaseHTTPRequestHandler], tls: ssl.SSLContext | None = None
) -> Iterator[int]:
    """Listen at a free port of 127.0.0.1 until the block ends; gives the port."""
    server = _Server(("127.0.0.1", 0), handler)
    server.tls = tls
    thread = threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
    )
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def close(*sockets: socket.socket) -> None:
    """Close both directions of connections at once, whoever is reading from them."""
    for each in sockets:
        with contextlib.suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
        each.close()
