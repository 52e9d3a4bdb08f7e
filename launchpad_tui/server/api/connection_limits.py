"""Limits of connections: how many there are, and how long one may take to send a request's head.

The server keeps accepting connections when there are too many: those that wait longest without a
complete request are closed. So requests that are never completed cannot block others.
"""

from __future__ import annotations

import asyncio
import contextlib
import resource
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from uvicorn.protocols.http.h11_impl import H11Protocol

#: seconds in which a connection must have sent the line and the headers of a request
HEAD_SECONDS = 20.0
#: maximum number of connections
CONNECTIONS = 1000
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


def limited_protocol(
    connections: int = CONNECTIONS, head_seconds: float = HEAD_SECONDS
) -> type[H11Protocol]:
    """Return the class of connections for uvicorn, with limits that all its instances share.

    Args:
        connections: maximum number of connections.
        head_seconds: see `HEAD_SECONDS`.
    """
    from uvicorn.protocols.http.h11_impl import H11Protocol

    most = max(1, min(connections, raise_open_files_limit() - _RESERVED_DESCRIPTORS))
    #: connections without a request that is being handled, those that wait longest first
    waiting: dict[LimitedProtocol, None] = {}

    class LimitedProtocol(H11Protocol):
        """A connection that is closed if it does not send a request in time."""

        _head_timer: asyncio.TimerHandle | None = None

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            waiting[self] = None
            self._start_timer()
            if len(self.connections) > most:
                next(iter(waiting)).drop()

        def connection_lost(self, exc: Exception | None) -> None:
            waiting.pop(self, None)
            self._stop_timer()
            super().connection_lost(exc)

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            self._update()

        def on_response_complete(self) -> None:
            super().on_response_complete()
            waiting[self] = None
            # The next request may have begun; otherwise uvicorn limits how long it may not.
            self._update()

        def drop(self) -> None:
            """Close the connection without a response."""
            waiting.pop(self, None)
            self.connections.discard(self)
            self.transport.abort()

        def _update(self) -> None:
            if self._is_busy():
                waiting.pop(self, None)
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

        def _give_up(self) -> None:
            self._head_timer = None
            if not self._is_busy():
                self.drop()

    return LimitedProtocol


def has_body(headers: Mapping[str, str]) -> bool:
    """Return whether the headers of a request announce a body."""
    return "transfer-encoding" in headers or headers.get("content-length", "0") != "0"
