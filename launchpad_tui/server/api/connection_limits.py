"""Limits of connections: how many there are, and how long one may take to send a request's head.

The server keeps accepting connections when there are too many: of those without a request of an
authenticated client, the one that waits longest is closed. So requests that are never completed
cannot block others. A client has a limited number of requests, see `ClientRequests`, and a response
that nobody reads ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import resource
from collections.abc import Iterator, MutableMapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from uvicorn.protocols.http.h11_impl import H11Protocol

#: seconds in which a connection must have sent the line and the headers of a request, and the rest
#: of a body after the response to it
HEAD_SECONDS = 20.0
#: seconds in which the client must read some of a response: a buffer of 64 KB, and those of the
#: system
STALL_SECONDS = 60.0
#: the most bytes of a body that a sender without a valid token can send after the response to it
DISCARDED_BYTES = 16 * 1024 * 1024
#: maximum number of connections
CONNECTIONS = 1000
#: maximum number of requests that one client has at the same time, those included whose body is
#: being received and whose response is being sent
CLIENT_REQUESTS = 128
#: the key in the ASGI scope of a request whose client is authenticated
_ADMITTED = "launchpad.admitted"
#: file descriptors that files and databases need beside connections
_RESERVED_DESCRIPTORS = 128
#: the number of open files that is requested from the system
_DESCRIPTORS = 8192


def raise_open_files_limit() -> int:
    """Raise the limit of open files as far as necessary and allowed; return the new limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    unlimited = resource.RLIM_INFINITY
    wanted = _DESCRIPTORS if hard == unlimited else min(hard, _DESCRIPTORS)
    if soft not in {unlimited} and soft < wanted:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            return wanted
    return _DESCRIPTORS if soft == unlimited else soft


def admit(scope: MutableMapping[str, Any]) -> None:
    """Keep the connection of a request until it is answered, even if there are too many."""
    scope[_ADMITTED] = True


class ClientRequests:
    """Counts the requests of each client, from the head to the end of the response.

    It is used by the event loop's thread only.
    """

    def __init__(self, most: int = CLIENT_REQUESTS) -> None:
        self._most = most
        self._counts: dict[str, int] = {}

    @contextlib.contextmanager
    def request(self, client_id: str) -> Iterator[bool]:
        """Count a request during the block; yield False if the client has too many."""
        count = self._counts.get(client_id, 0)
        if count >= self._most:
            yield False
            return
        self._counts[client_id] = count + 1
        try:
            yield True
        finally:
            self._counts[client_id] -= 1
            if not self._counts[client_id]:
                del self._counts[client_id]


def limited_protocol(
    connections: int = CONNECTIONS,
    head_seconds: float = HEAD_SECONDS,
    stall_seconds: float = STALL_SECONDS,
) -> type[H11Protocol]:
    """Return the class of connections for uvicorn, with limits that all its instances share.

    Args:
        connections: maximum number of connections.
        head_seconds: see `HEAD_SECONDS`.
        stall_seconds: see `STALL_SECONDS`.
    """
    from uvicorn.protocols.http.h11_impl import H11Protocol

    most = max(1, min(connections, raise_open_files_limit() - _RESERVED_DESCRIPTORS))
    #: connections without a request of an authenticated client, those that wait longest first;
    #: those that got one are removed when a connection has to be closed
    waiting: dict[LimitedProtocol, None] = {}

    def drop_one() -> None:
        for each in list(waiting):
            if not each.is_admitted():
                each.drop()
                return
            del waiting[each]

    class LimitedProtocol(H11Protocol):
        """A connection that is closed if it does not send a request in time."""

        _head_timer: asyncio.TimerHandle | None = None
        _stall_timer: asyncio.TimerHandle | None = None
        #: bytes that arrived after the last response
        _discarded = 0

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            waiting[self] = None
            self._start_timer()
            if len(self.connections) > most:
                drop_one()

        def connection_lost(self, exc: Exception | None) -> None:
            waiting.pop(self, None)
            self._stop_timer()
            self._stop_stall_timer()
            super().connection_lost(exc)

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            if self.cycle is not None and self.cycle.response_complete:
                self._discarded += len(data)
                if self._discarded > DISCARDED_BYTES and _ADMITTED not in self.cycle.scope:
                    self.drop()
                    return
            self._update()

        def on_response_complete(self) -> None:
            self._discarded = 0
            super().on_response_complete()
            waiting.pop(self, None)
            waiting[self] = None
            # The next request may have begun; otherwise uvicorn limits how long it may not.
            self._update()

        def pause_writing(self) -> None:
            super().pause_writing()
            self._stop_stall_timer()
            self._stall_timer = self.loop.call_later(stall_seconds, self.drop)

        def resume_writing(self) -> None:
            super().resume_writing()
            self._stop_stall_timer()

        def is_admitted(self) -> bool:
            """Return whether a request of an authenticated client is being handled."""
            return self._is_busy() and _ADMITTED in self.cycle.scope

        def drop(self) -> None:
            """Close the connection without a response."""
            waiting.pop(self, None)
            self.connections.discard(self)
            self.transport.abort()

        def _update(self) -> None:
            if self._is_busy():
                self._stop_timer()
            elif self.timeout_keep_alive_task is None and self._head_timer is None:
                self._start_timer()

        def _is_busy(self) -> bool:
            return self.cycle is not None and not self.cycle.response_complete

        def _start_timer(self) -> None:
            self._head_timer = self.loop.call_later(head_seconds, self._give_up)

        def _stop_timer(self) -> None:
            if self._head_timer is not None:
                self._head_timer.cancel()
                self._head_timer = None

        def _stop_stall_timer(self) -> None:
            if self._stall_timer is not None:
                self._stall_timer.cancel()
                self._stall_timer = None

        def _give_up(self) -> None:
            self._head_timer = None
            if not self._is_busy():
                self.drop()

    return LimitedProtocol
