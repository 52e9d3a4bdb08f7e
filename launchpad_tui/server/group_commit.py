"""Group commit: one thread writes the entries of many requests, together if they arrive together.

A write to the registry takes as long for one point as for a thousand. Entries that arrive during a
write are queued for the next one; a caller returns only after its entries are stored.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence

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

    def record_all(self, requests: Sequence[MetricRequest]) -> list[Exception | None]:
        """Store the entries of several requests in as few writes as possible, on this thread.

        Returns:
            The error of each request; None if its entries are stored.
        """
        if len(requests) == 1:
            return [self._try(requests)]
        errors: list[Exception | None] = []
        while len(errors) < len(requests):
            batch = _first(requests[len(errors) :])
            errors += self._write(batch)
        return errors

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
            errors = self._write([waiting.request for waiting in batch])
            for waiting, error in zip(batch, errors, strict=True):
                waiting.finish(error)

    def _take(self) -> list[_Waiting]:
        """Take as many of the first queued entries as fit into one write, at least one."""
        count = len(_first([waiting.request for waiting in self._queue]))
        batch, self._queue = self._queue[:count], self._queue[count:]
        return batch

    def _write(self, batch: Sequence[MetricRequest]) -> list[Exception | None]:
        """Store the entries of requests; return the error of each request."""
        error = self._try(batch)
        if isinstance(error, InvalidInput) and len(batch) > 1:
            # An invalid entry of one caller must not prevent the entries of the others.
            return [self._try([request]) for request in batch]
        return [error] * len(batch)

    def _try(self, batch: Sequence[MetricRequest]) -> Exception | None:
        try:
            if len(batch) == 1:
                request = batch[0]
                self._sink.record(request.metrics, request.tags, request.custom_info)
                return None
            self._sink.record(
                [metric for request in batch for metric in request.metrics],
                [tag for request in batch for tag in request.tags],
                [info for request in batch for info in request.custom_info],
            )
        except LaunchpadError as error:
            return error
        except Exception as error:  # noqa: BLE001  the caller gets the error; the thread continues
            return error
        return None


def _first(requests: Sequence[MetricRequest]) -> Sequence[MetricRequest]:
    """Return as many of the first requests as fit into one write, at least one."""
    count = points = 0
    for request in requests:
        points += len(request.metrics)
        if count and points > _POINTS_PER_WRITE:
            break
        count += 1
    return requests[:count]
