"""A byte relay in front of any server that simulates faults of networks and servers.

It forwards bytes of any protocol. Connections to addresses in responses, such as those of WebHDFS's
DataNodes, do not pass through the relay.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

_PIECE = 1 << 14


@dataclass
class Relay:
    """A relay that listens on ``port`` of 127.0.0.1.

    Args:
        cut_after: bytes of responses after which a connection is closed; None for never.
        cuts: number of connections that are closed in this way.
        delay: seconds by which each piece of a response is delayed.
        trickle: bytes of responses per second on each connection; 0 for no limit.
        down: whether connections are closed immediately.
        received: bytes of requests that were received on all connections.
        down_after: bytes of requests after which the relay is down; None for never.
        heads_only: method of requests of which only the head is forwarded, as if the client was
            killed before it sends the body; empty for none.
        redirect: address to which every request is redirected instead of being forwarded; ``here``
            for an empty response.
        redirected: the requests that were redirected.
    """

    port: int
    cut_after: int | None = None
    cuts: int = 10_000
    delay: float = 0.0
    trickle: int = 0
    down: bool = False
    received: int = 0
    down_after: int | None = None
    heads_only: str = ""
    redirect: str = ""
    redirected: list[bytes] = field(default_factory=list)


@contextmanager
def relaying(port: int = 0) -> Iterator[Relay]:
    """Relay to 127.0.0.1:port until the block ends; 0 for no server, with ``redirect``."""
    listener = socket.create_server(("127.0.0.1", 0))
    relay = Relay(listener.getsockname()[1])
    open_now: set[socket.socket] = set()

    def serve() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            open_now.add(client)
            threading.Thread(target=forward, args=(client,), daemon=True).start()

    def forward(client: socket.socket) -> None:
        with contextlib.suppress(OSError), contextlib.closing(client):
            if relay.down:
                return
            if relay.redirect:
                _redirect(relay, client)
                return
            with socket.create_connection(("127.0.0.1", port)) as server:
                open_now.add(server)
                requests = threading.Thread(
                    target=_forward_requests, args=(relay, client, server), daemon=True
                )
                requests.start()
                _forward_responses(relay, server, client)
                for each in (client, server):
                    with contextlib.suppress(OSError):
                        each.shutdown(socket.SHUT_RDWR)
                requests.join()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield relay
    finally:
        listener.close()
        for each in list(open_now):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()


def _forward_requests(relay: Relay, client: socket.socket, server: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while piece := client.recv(_PIECE):
            relay.received += len(piece)
            if relay.down_after is not None and relay.received > relay.down_after:
                relay.down = True
                client.shutdown(socket.SHUT_RDWR)
                server.shutdown(socket.SHUT_RDWR)
                return
            if relay.heads_only and piece.startswith(f"{relay.heads_only} ".encode()):
                server.sendall(piece[: piece.index(b"\r\n\r\n") + 4])
                server.shutdown(socket.SHUT_WR)
                while client.recv(_PIECE):
                    pass
                return
            server.sendall(piece)


def _forward_responses(relay: Relay, server: socket.socket, client: socket.socket) -> None:
    sent = 0
    cutting = relay.cut_after is not None and relay.cuts > 0
    while piece := server.recv(_PIECE):
        time.sleep(relay.delay)
        if relay.down:
            return
        if cutting and relay.cut_after is not None and sent + len(piece) > relay.cut_after:
            client.sendall(piece[: relay.cut_after - sent])
            relay.cuts -= 1
            return
        if relay.trickle:
            for byte in piece:
                client.sendall(bytes([byte]))
                time.sleep(1 / relay.trickle)
        else:
            client.sendall(piece)
        sent += len(piece)


def _redirect(relay: Relay, client: socket.socket) -> None:
    client.settimeout(5)
    data = b""
    while b"\r\n\r\n" not in data:
        piece = client.recv(_PIECE)
        if not piece:
            break
        data += piece
    relay.redirected.append(data)
    target = data.split(b" ")[1].decode("latin-1") if data.count(b" ") > 1 else "/"
    if relay.redirect == "here":
        client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        return
    head = f"HTTP/1.1 307 Temporary Redirect\r\nLocation: {relay.redirect}{target}\r\n"
    client.sendall(f"{head}Content-Length: 0\r\nConnection: close\r\n\r\n".encode("latin-1"))
