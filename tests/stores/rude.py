"""A relay of bytes before any server, that behaves as networks and broken servers do.

It knows nothing of what it passes on but where a connection's answers begin. Addresses that a server hands out itself
(WebHDFS's DataNodes) are not relayed.
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
    """A relay that listens at ``port`` of 127.0.0.1.

    Args:
        cut_after: bytes of answers on a connection after which it is closed; None for never.
        cuts: how many connections are cut so; the others pass.
        trickle: bytes of answers a second on every connection; 0 for all at once.
        down: whether connections are closed at once.
        taken: bytes of requests that came, over all connections.
        dies_after: bytes of requests after which it is down for good; None for never.
        redirect: an address that every request is sent to, in place of the server.
        heard: what came, where it is redirected.
    """

    port: int
    cut_after: int | None = None
    cuts: int = 10_000
    trickle: int = 0
    down: bool = False
    taken: int = 0
    dies_after: int | None = None
    redirect: str = ""
    heard: list[bytes] = field(default_factory=list)


@contextmanager
def relaying(port: int = 0) -> Iterator[Relay]:
    """Relay to 127.0.0.1:port until the block ends; 0 where there is nobody, as with ``redirect``."""
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
            threading.Thread(target=pass_on, args=(client,), daemon=True).start()

    def pass_on(client: socket.socket) -> None:
        with contextlib.suppress(OSError), contextlib.closing(client):
            if relay.down:
                return
            if relay.redirect:
                _redirect(relay, client)
                return
            with socket.create_connection(("127.0.0.1", port)) as server:
                open_now.add(server)
                up = threading.Thread(target=_requests, args=(relay, client, server), daemon=True)
                up.start()
                _answers(relay, server, client)
                for each in (client, server):
                    with contextlib.suppress(OSError):
                        each.shutdown(socket.SHUT_RDWR)
                up.join()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield relay
    finally:
        listener.close()
        for each in list(open_now):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()


def _requests(relay: Relay, client: socket.socket, server: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while piece := client.recv(_PIECE):
            relay.taken += len(piece)
            if relay.dies_after is not None and relay.taken > relay.dies_after:
                relay.down = True
                client.shutdown(socket.SHUT_RDWR)
                server.shutdown(socket.SHUT_RDWR)
                return
            server.sendall(piece)


def _answers(relay: Relay, server: socket.socket, client: socket.socket) -> None:
    sent = 0
    cutting = relay.cut_after is not None and relay.cuts > 0
    while piece := server.recv(_PIECE):
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
    relay.heard.append(data)
    target = data.split(b" ")[1].decode("latin-1") if data.count(b" ") > 1 else "/"
    if relay.redirect == "here":
        client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        return
    head = f"HTTP/1.1 307 Temporary Redirect\r\nLocation: {relay.redirect}{target}\r\n"
    client.sendall(f"{head}Content-Length: 0\r\nConnection: close\r\n\r\n".encode("latin-1"))
