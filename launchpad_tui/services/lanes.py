"""Lanes: one daemon thread each, for calls that block. Quitting never waits for one."""

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
    """Calls run one after the other on a thread of their own, started with the first call.

    Unlike an executor's, the thread is a daemon that nothing joins when the interpreter ends: a socket that hangs does
    not keep the program from quitting.
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
        """Have the function called on the lane. A future that is cancelled before its turn is skipped.

        Raises:
            RuntimeError: the lane is closed.
        """
        future: Future[T] = Future()

        def call() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                result = function(*args, **kwargs)
            except BaseException as error:  # noqa: BLE001  whoever waits for the future is told
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
        """The function's result, awaited. Where the awaiting task is cancelled, a call that waits is dropped and one
        under way ends unheard."""
        return await asyncio.wrap_future(self.submit(function, *args, **kwargs))

    def close(self) -> None:
        """Take no more calls; those that wait are cancelled, the one under way is not waited for."""
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
            # Not to keep the arguments and the result alive until the next call.
            del waiting
