"""An HTTP server for tests: threads, persistent connections, chunked bodies, TLS."""

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

#: number of bytes that are read and written at a time
CHUNK = 1 << 18


class Handler(BaseHTTPRequestHandler):
    """Base class of handlers, which respond to requests in `serve`.

    The part of a body that `serve` does not read is discarded, so that the next request on the
    connection is found.
    """

    protocol_version = "HTTP/1.1"
    # Head and body of a response are sent separately; the body must not wait until the head is
    # acknowledged.
    disable_nagle_algorithm = True
    _pieces: Iterator[bytes]

    def serve(self) -> None:
        """Respond to a request of any method."""
        raise AssertionError("subclasses override serve")

    def _request(self) -> None:
        self._pieces = self._incoming()
        self.serve()
        for _ in self._pieces:
            pass

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = do_PATCH = _request  # noqa: N815

    def pieces(self) -> Iterator[bytes]:
        """Return the body of the request in pieces, as they are received."""
        return self._pieces

    def body(self) -> bytes:
        """Return the body of the request."""
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
            raise ConnectionResetError("the body is incomplete")
        return piece

    def reply(
        self,
        status: int,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        *,
        length: int | None = None,
    ) -> None:
        """Send a response.

        Args:
            length: Content-Length if the body is omitted (HEAD) or sent later.
        """
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if "X-Length" in (headers or {}):
            # A test sends a wrong one.
            self.send_header("Content-Length", (headers or {})["X-Length"])
            self.close_connection = True
        elif status not in {204, 304} or length is not None:
            self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        if self.command != "HEAD":
            view = memoryview(body)
            for start in range(0, len(body), CHUNK):
                self.wfile.write(view[start : start + CHUNK])

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Log nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    tls: ssl.SSLContext | None = None

    def finish_request(self, request: Any, client_address: Any) -> None:
        if self.tls is None:
            super().finish_request(request, client_address)
            return
        # This runs on the connection's thread, so a slow handshake does not delay other clients.
        with self.tls.wrap_socket(request, server_side=True) as secured:
            super().finish_request(secured, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        # Tests close connections and reject certificates on purpose.
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


def server_context(files: Certificates, *, demand_client: bool = False) -> ssl.SSLContext:
    """Return the TLS context of a server.

    Args:
        demand_client: require a client certificate from the authority of the tests.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.server, files.server_key)
    if demand_client:
        context.load_verify_locations(files.ca)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


@contextmanager
def listening(
    handler: Callable[[Any, Any, Any], BaseHTTPRequestHandler], tls: ssl.SSLContext | None = None
) -> Iterator[int]:
    """Listen on a free port of 127.0.0.1 until the block ends; yield the port."""
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
    """Close connections in both directions, even if another thread reads from them."""
    for each in sockets:
        with contextlib.suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
        each.close()
