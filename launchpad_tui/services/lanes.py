"""Lanes: daemon threads for blocking calls. Quitting does not wait for them."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Lane:
    """Runs calls one after the other on a thread, which is started with the first call.

    In contrast to an executor, the thread is a daemon that is not joined at exit, so that a hanging
    socket does not prevent the program from quitting.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._queue: queue.SimpleQueue[tuple[Future[Any], Callable[[], None]] | None] = (
            queue.SimpleQueue()
        )
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closed = False

    def submit(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Schedule a call on the lane and return its future. Cancelled futures are skipped.

        Raises:
            RuntimeError: The lane is closed.
        """
        future: Future[T] = Future()

        def call() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                result = function(*args, **kwargs)
            except BaseException as error:  # noqa: BLE001  passed on by the future
                future.set_exception(error)
            else:
                future.set_result(result)

        with self._lock:
            if self._closed:
                raise RuntimeError(f"the lane {self.name} is closed")
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name=self.name, daemon=True)
                self._thread.start()
            self._queue.put((future, call))
        return future

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return the result of a call on the lane.

        If the awaiting task is cancelled, a queued call is dropped and the result of a running call
        is discarded.
        """
        return await asyncio.wrap_future(self.submit(function, *args, **kwargs))

    def close(self) -> None:
        """Refuse further calls and cancel queued ones, without waiting for a running call."""
        with self._lock:
            self._closed = True
        while True:
            try:
                waiting = self._queue.get_nowait()
            except queue.Empty:
                break
            if waiting is not None:
                waiting[0].cancel()
        self._queue.put(None)

    def _work(self) -> None:
        while True:
            waiting = self._queue.get()
            if waiting is None:
                break
            waiting[1]()
            # Release the arguments and the result before waiting for the next call.
            del waiting
