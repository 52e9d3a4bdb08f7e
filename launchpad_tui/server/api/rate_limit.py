"""Limit of failed attempts to get a token, for each address and client ID."""

from __future__ import annotations

import ipaddress
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

#: keys of which failures are remembered; the oldest are dropped
_KEYS = 10_000


def counted_address(address: str) -> str:
    """Return what stands for an address when failures are counted: of IPv6, the network of 64 bits,
    whose addresses a machine can choose at will."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv4Address):
        return address
    mapped = found.ipv4_mapped
    return str(ipaddress.IPv6Address(int(found) >> 64 << 64) if mapped is None else mapped)


@dataclass(slots=True)
class _Failures:
    count: float
    at: float


class FailureLimit:
    """Counts failures by key; they are forgotten with time. Thread-safe.

    Args:
        burst: failures that are allowed at once.
        seconds: the time in which one failure is forgotten.
        clock: monotonic seconds; replaced in tests.
    """

    def __init__(
        self, burst: int, seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._burst = burst
        self._seconds = seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._failures: dict[str, _Failures] = {}

    def wait(self, key: str) -> float:
        """Return the seconds until the next attempt is allowed; 0 if it is."""
        with self._lock:
            found = self._failures.get(key)
            if found is None:
                return 0.0
            excess = self._left(found) - self._burst + 1
            return max(0.0, excess * self._seconds)

    def failed(self, key: str) -> None:
        """Count a failure."""
        with self._lock:
            found = self._failures.pop(key, None)
            count = 1.0 if found is None else self._left(found) + 1
            self._failures[key] = _Failures(count, self._clock())
            while len(self._failures) > _KEYS:
                del self._failures[next(iter(self._failures))]

    def _left(self, found: _Failures) -> float:
        return max(0.0, found.count - (self._clock() - found.at) / self._seconds)
