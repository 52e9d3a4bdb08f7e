"""Revisions of topics, by which processes notice each other's changes."""

from __future__ import annotations

import threading

from launchpad_tui.registry.database import Registry
from launchpad_tui.registry.snapshots import Snapshot
from launchpad_tui.registry.sqlite_errors import translated

#: the topics that a write may name
TOPICS = frozenset(
    {
        "connections",
        "scenarios",
        "configurations",
        "executions",
        "artifacts",
        "metrics",
        "preferences",
        "logs",
        "schedules",
        "sync",
    }
)


class RevisionWatch:
    """Reports which topics have changed.

    It has a separate connection to the registry, so that it also notices writes of this process.
    """

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._lock = threading.Lock()
        with translated(registry.path):
            self._connection = registry.connect()
            self._version = self._data_version()
            self._revisions = self._read()

    def poll(self) -> frozenset[str]:
        """Return the topics that changed since the last call.

        A call takes microseconds if nothing changed.
        """
        with self._lock, translated(self._registry.path):
            if isinstance(self._connection, Snapshot):
                # A snapshot never changes.
                self._connection.close()
                self._connection = self._registry.connect()
                self._version = -1
            version = self._data_version()
            if version == self._version:
                return frozenset()
            revisions = self._read()
            changed = frozenset(
                t for t, revision in revisions.items() if self._revisions.get(t) != revision
            )
            self._version, self._revisions = version, revisions
            return changed

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._connection.close()

    def _data_version(self) -> int:
        # The number changes with every commit of another connection:
        # https://www.sqlite.org/pragma.html#pragma_data_version
        return int(self._connection.execute("PRAGMA data_version").fetchone()[0])

    def _read(self) -> dict[str, int]:
        return dict(self._connection.execute("SELECT topic, revision FROM revisions"))


def touch(registry: Registry, *topics: str) -> None:
    """Report a change outside of the registry, such as new log lines."""
    with registry.write(*topics):
        pass
