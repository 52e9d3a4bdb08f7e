"""What changed, whichever process changed it."""

from __future__ import annotations

import threading

from launchpad_tui.registry import revisions
from launchpad_tui.registry.database import Registry


class ChangeWatch:
    """Tells each reader what changed since it looked last. Opens its connection with the first look."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._lock = threading.Lock()
        self._watch: revisions.RevisionWatch | None = None

    def poll(self) -> frozenset[str]:
        """The topics that changed since the last call, empty at the first; an idle look costs microseconds.

        Topics: connections, scenarios, configurations, executions, artifacts, metrics, preferences, logs.
        """
        with self._lock:
            if self._watch is None:
                self._watch = revisions.RevisionWatch(self._registry)
                return frozenset()
            return self._watch.poll()

    def touch(self, *topics: str) -> None:
        """Tell all processes of a change that is not in the registry, such as a longer log."""
        revisions.touch(self._registry, *topics)

    def close(self) -> None:
        """Give the connection back."""
        with self._lock:
            if self._watch is not None:
                self._watch.close()
                self._watch = None
