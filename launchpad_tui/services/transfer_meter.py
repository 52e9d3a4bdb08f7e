"""The progress of a transfer of several files."""

from __future__ import annotations

import threading
from collections.abc import Callable

from launchpad_tui.domain.transfer import Progress, Transfer


class Meter:
    """Adds up the transferred bytes of all files of a transfer."""

    def __init__(self, progress: Progress | None, total: int) -> None:
        self._progress = progress
        self._total = total
        self._done = 0
        self._lock = threading.Lock()

    def at(self, path: str) -> Callable[[int], None]:
        """Return the progress callback for a file."""

        def moved(count: int) -> None:
            with self._lock:
                self._done += count
                done = self._done
            if self._progress is not None:
                self._progress(Transfer(done, self._total, path))

        return moved
