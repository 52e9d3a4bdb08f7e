"""Group commit: one thread writes the entries of many requests, together if they arrive together.

A write to the registry takes as long for one point as for a thousand. Entries that arrive during a
write are queued for the next one; a caller returns only after its entries are stored.
"""

from __future__ import annotations

import threading

from launchpad_tui.aiapi.metrics import MetricRequest
from launchpad_tui.domain.metric import MetricSink
from launchpad_tui.errors import InvalidInput, LaunchpadError, Unreachable

#: maximum number of points in one write; bounds memory and the time of the registry's write lock
_POINTS_PER_WRITE = 20_000


class _Waiting:
    """The entries of one caller and the outcome of their write."""

    __slots__ = ("_done", "error", "request")

    def __init__(self, request: MetricRequest) -> None:
        self.request = request
        # A plain lock takes a fraction of the time of an event.
        self._done = threading.Lock()
        self._done.acquire()
        self.error: Exception | None = None

    def wait(self) -> None:
        """Return after `finish`."""
        self._done.acquire()

    def finish(self, error: Exception | None) -> None:
        """End the waiting of the caller."""
        self.error = error
        self._done.release()


class GroupCommit:
    """The writer thread over a sink."""

    def __init__(self, sink: MetricSink) -> None:
        self._sink = sink
        self._condition = threading.Condition()
        self._queue: list[_Waiting] = []
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="metric-writer", daemon=True)
        self._thread.start()

    def record(self, request: MetricRequest) -> None:
        """Store entries; return after the sink has stored them.

        Raises:
            LaunchpadError: the sink rejected the entries, or the writer is closed.
        """
        waiting = _Waiting(request)
        with self._condition:
            if self._closed:
                raise Unreachable(
                    "The execution has ended",
                    "Its tracking endpoint does not accept entries any more.",
                    "Log metrics before the training ends.",
                )
            self._queue.append(waiting)
            self._condition.notify()
        waiting.wait()
        if waiting.error is not None:
            raise waiting.error

    def close(self) -> None:
        """Write the queued entries, then end the thread. May be called twice."""
        with self._condition:
            self._closed = True
            self._condition.notify()
        self._thread.join()

    def _work(self) -> None:
        while True:
            with self._condition:
                while not self._queue and not self._closed:
                    self._condition.wait()
                if not self._queue:
                    return
                batch = self._take()
            self._write(batch)

    def _take(self) -> list[_Waiting]:
        """Take as many of the first queued entries as fit into one write, at least one."""
        count = points = 0
        for waiting in self._queue:
            points += len(waiting.request.metrics)
            if count and points > _POINTS_PER_WRITE:
                break
            count += 1
        batch, self._queue = self._queue[:count], self._queue[count:]
        return batch

    def _write(self, batch: list[_Waiting]) -> None:
        error = self._try(batch)
        if isinstance(error, InvalidInput) and len(batch) > 1:
            # An invalid entry of one caller must not prevent the entries of the others.
            for waiting in batch:
                waiting.finish(self._try([waiting]))
            return
        for waiting in batch:
            waiting.finish(error)

    def _try(self, batch: list[_Waiting]) -> Exception | None:
        try:
            self._sink.record(
                [metric for waiting in batch for metric in waiting.request.metrics],
                [tag for waiting in batch for tag in waiting.request.tags],
                [info for waiting in batch for info in waiting.request.custom_info],
            )
        except LaunchpadError as error:
            return error
        except Exception as error:  # noqa: BLE001  the caller gets the error; the thread continues
            return error
        return None
