"""Handles the usual requests of known clients on one thread.

A training keeps its connections open and sends the same kind of request again and again. With a
thread for each connection, and another one that writes, most of the time of such a request is
spent on changing between threads. The loop therefore reads all requests that have arrived, passes
them on together, and sends the responses. A connection with any other request is returned to its
server, with what was read of it.
"""

from __future__ import annotations

import logging
import math
import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import lru_cache

_log = logging.getLogger(__name__)

#: bytes of a head and a body that the loop reads; longer requests are returned
_LONGEST_HEAD, _LONGEST_BODY = 8192, 256 * 1024
_RECEIVED = 65536
_END = b"\r\n\r\n"


class _Connection:
    """A connection of the loop.

    Args:
        path: the path of its requests.
    """

    __slots__ = ("data", "path", "socket", "used_at")

    def __init__(self, connection: socket.socket, path: str) -> None:
        self.socket = connection
        self.path = path
        self.data = b""
        self.used_at = time.monotonic()


class RequestLoop:
    """The thread with its connections.

    Args:
        answer: returns the response to each of several bodies. It must not raise exceptions.
        put_back: continues with a connection that has another request, and the bytes that were
            read of it.
        close: closes a connection.
        idle_seconds: the seconds after which an unused connection is closed.
    """

    def __init__(
        self,
        answer: Callable[[Sequence[bytes]], Sequence[bytes]],
        put_back: Callable[[socket.socket, bytes], None],
        close: Callable[[socket.socket], None],
        idle_seconds: float,
    ) -> None:
        self._answer = answer
        self._put_back = put_back
        self._close = close
        self._idle_seconds = idle_seconds
        self._selector = selectors.DefaultSelector()
        self._added: deque[_Connection] = deque()
        self._wake, self._woken = socket.socketpair()
        self._woken.setblocking(False)
        self._wake.setblocking(False)
        self._selector.register(self._woken, selectors.EVENT_READ)
        self._lock = threading.Lock()
        self._closing = False
        self._thread = threading.Thread(target=self._work, name="tracking-requests", daemon=True)
        self._thread.start()

    def add(self, connection: socket.socket, path: str) -> None:
        """Handle the next requests of a connection whose client has sent the secret. Thread-safe.

        Args:
            path: the path of its requests.
        """
        connection.setblocking(False)
        with self._lock:
            if not self._closing:
                self._added.append(_Connection(connection, path))
                self._notify()
                return
        self._close(connection)

    def close(self) -> None:
        """Handle the requests that have arrived, close all connections and end the thread."""
        with self._lock:
            self._closing = True
            self._notify()
        self._thread.join()

    def _notify(self) -> None:
        # If the buffer is full, the thread has not been woken yet.
        with suppress(BlockingIOError):
            self._wake.send(b"\0")

    def _work(self) -> None:
        checked = time.monotonic()
        while not self._closing:
            self._turn(self._idle_seconds / 2)
            if time.monotonic() - checked > self._idle_seconds / 2:
                checked = time.monotonic()
                self._close_idle(checked - self._idle_seconds)
        self._register_added()
        self._turn(0)
        self._close_idle(math.inf)
        self._selector.close()
        self._wake.close()
        self._woken.close()

    def _turn(self, seconds: float) -> None:
        """Wait for requests and answer those that have arrived."""
        ready: list[_Connection] = []
        bodies: list[bytes] = []
        for key, _ in self._selector.select(seconds):
            if key.data is None:
                self._register_added()
            elif (body := self._receive(key.data)) is not None:
                ready.append(key.data)
                bodies.append(body)
        if not ready:
            return
        for connection, answer in zip(ready, self._answer(bodies), strict=True):
            try:
                sent = connection.socket.send(answer)
            except OSError:
                sent = 0
            if sent < len(answer):
                # The client has disconnected, or sends requests without reading the responses.
                self._end(connection)

    def _register_added(self) -> None:
        with suppress(BlockingIOError):
            self._woken.recv(_RECEIVED)
        while self._added:
            connection = self._added.popleft()
            try:
                self._selector.register(connection.socket, selectors.EVENT_READ, connection)
            except (OSError, ValueError):
                # It has been closed meanwhile.
                self._close(connection.socket)

    def _receive(self, connection: _Connection) -> bytes | None:
        """Return the body of a request; None if it is not complete, or not for the loop."""
        try:
            data = connection.socket.recv(_RECEIVED)
        except BlockingIOError:
            return None
        except OSError:
            data = b""
        if not data:
            self._end(connection)
            return None
        connection.used_at = time.monotonic()
        data = connection.data + data if connection.data else data
        end = data.find(_END)
        if 0 <= end <= _LONGEST_HEAD:
            length = _body_length(data[:end], connection.path)
            body = end + len(_END)
            if length is not None and len(data) == body + length:
                connection.data = b""
                return data[body:]
            if length is not None and len(data) < body + length:
                connection.data = data
                return None
        elif end < 0 and len(data) <= _LONGEST_HEAD:
            connection.data = data
            return None
        self._selector.unregister(connection.socket)
        try:
            self._put_back(connection.socket, data)
        except Exception:  # noqa: BLE001  the other connections continue
            # For example, no thread can be started.
            _log.exception("a connection cannot be returned to its server")
            self._close(connection.socket)
        return None

    def _end(self, connection: _Connection) -> None:
        self._selector.unregister(connection.socket)
        self._close(connection.socket)

    def _close_idle(self, since: float) -> None:
        """Close the connections that were not used since a time."""
        for key in list(self._selector.get_map().values()):
            if key.data is not None and key.data.used_at < since:
                self._end(key.data)


# The heads of a client differ in the length of the body, if at all.
@lru_cache(maxsize=256)
def _body_length(head: bytes, path: str) -> int | None:
    """Return the length of the body of a usual request; None if the request is not usual.

    Args:
        head: the request up to the empty line after its headers.
        path: the expected path.
    """
    first, *lines = head.split(b"\r\n")
    if first != f"PATCH {path} HTTP/1.1".encode("latin-1") or b"\n" in head.replace(b"\r\n", b""):
        return None
    length = None
    for line in lines:
        name, colon, value = line.partition(b":")
        name, value = name.lower(), value.strip()
        if not colon or name != name.strip() or name in {b"transfer-encoding", b"expect"}:
            return None
        if name == b"connection" and value.lower() != b"keep-alive":
            return None
        if name == b"content-encoding" and value.lower() != b"identity":
            return None
        if name == b"content-length":
            if length is not None or not value.isdigit() or len(value) > 9:
                return None
            length = int(value)
    return length if length is not None and length <= _LONGEST_BODY else None
