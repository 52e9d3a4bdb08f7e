"""A limit of the memory that bodies of requests take together."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class BodyBudget:
    """Bytes that are shared by all requests of a server. Thread-safe.

    Args:
        total: the number of bytes.
    """

    def __init__(self, total: int) -> None:
        self._total = total
        self._used = 0
        self._lock = threading.Lock()

    @contextmanager
    def request(self) -> Iterator[RequestBudget]:
        """Yield the part of one request; it is returned at the end of the block."""
        part = RequestBudget(self)
        try:
            yield part
        finally:
            self.give_back(part)

    def take(self, part: RequestBudget, count: int) -> bool:
        """Reserve bytes; return False if there are not enough left."""
        with self._lock:
            if self._used + count > self._total:
                return False
            self._used += count
            part.count += count
            return True

    def give_back(self, part: RequestBudget) -> None:
        """Return all bytes of a request."""
        with self._lock:
            self._used -= part.count
            part.count = 0


class RequestBudget:
    """The bytes that one request has reserved."""

    def __init__(self, budget: BodyBudget) -> None:
        self._budget = budget
        self.count = 0

    def take(self, count: int) -> bool:
        """Reserve bytes; return False if there are not enough left."""
        return self._budget.take(self, count)
