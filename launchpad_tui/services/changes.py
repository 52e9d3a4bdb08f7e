"""Notification of changes by any process."""

from __future__ import annotations

import threading

from launchpad_tui.registry import revisions
from launchpad_tui.registry.database import Registry


class ChangeWatch:
    """Reports the topics that changed since the last poll. The first poll opens its connection."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._lock = threading.Lock()
        self._watch: revisions.RevisionWatch | None = None

    def poll(self) -> frozenset[str]:
        """Return the topics that changed since the last call; empty at the first call.

        A poll without changes takes microseconds.

        Topics: connections, scenarios, configurations, executions, artifacts, metrics,
        preferences, logs.
        """
        with self._lock:
            if self._watch is None:
                self._watch = revisions.RevisionWatch(self._registry)
                return frozenset()
            return self._watch.poll()

    def touch(self, *topics: str) -> None:
        """Notify all processes of a change outside of the registry, for example new lines in a
        log."""
        revisions.touch(self._registry, *topics)

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            if self._watch is not None:
                self._watch.close()
                self._watch = None
