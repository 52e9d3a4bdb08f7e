"""A clock on which pauses pass at once, for tests of repeated attempts."""

from __future__ import annotations

import threading
import time

import pytest

from launchpad_tui.net import retry
from launchpad_tui.stores import outages


class VirtualTime:
    """Replaces the module ``time`` of a module: a pause ends at once, and the clock shows it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._skipped = 0.0

    def time(self) -> float:
        return time.time() + self._skipped

    def monotonic(self) -> float:
        return time.monotonic() + self._skipped

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self._skipped += seconds
        # Other threads may run, as in a real pause.
        time.sleep(0.001)


def skip_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Skip the pauses between attempts; their number and their limits stay the same."""
    clock = VirtualTime()
    monkeypatch.setattr(outages, "time", clock)
    monkeypatch.setattr("alibabacloud_oss_v2._client.time", clock)
    monkeypatch.setattr("botocore.endpoint.time", clock)
    monkeypatch.setattr(retry, "MAX_PAUSE", 0.01)
