"""Incremental sync of long lists, which are read in pages and resumed after an interruption.

A list whose count did not change is not read again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Generic, Protocol, TypeVar

from launchpad_tui.domain.connection import Scope
from launchpad_tui.domain.timestamps import now
from launchpad_tui.errors import LaunchpadError
from launchpad_tui.records import record
from launchpad_tui.registry import mirror, mirror_tenant
from launchpad_tui.registry.database import Registry

#: Number of entries per transaction, so that the registry is locked for about 50 ms.
BATCH = 500
#: How many times a list that changes while it is read is read from the start.
_MAX_PASSES = 3


class SyncCancelled(LaunchpadError):
    """The sync was cancelled; records read so far are kept."""


class Entry(Protocol):
    """An entry of a list."""

    @property
    def id(self) -> str:
        """Return the ID."""


One = TypeVar("One", bound=Entry)


@record
class Progress:
    """Progress of a sync: ``done`` of ``total`` entries of a part; None if the total is unknown."""

    scope: Scope
    part: str
    done: int
    total: int | None


class Reading:
    """Base of all parts of a sync: the registry, the scope, progress and cancellation.

    Args:
        report: Called with the progress.
        stop: Cancels the sync when set.
    """

    def __init__(
        self,
        registry: Registry,
        scope: Scope,
        report: Callable[[Progress], None],
        stop: threading.Event,
    ) -> None:
        self.registry = registry
        self.scope = scope
        self.report = report
        self.stop = stop

    def check(self) -> None:
        """Raise SyncCancelled if the sync was cancelled."""
        if self.stop.is_set():
            raise SyncCancelled(
                f"The sync of {self.scope} was cancelled",
                "Records read so far are kept.",
                "The next sync resumes where this one stopped.",
            )


@dataclass(frozen=True)
class ListSource(Generic[One]):
    """The operations of one list.

    Attributes:
        part: The name of the list.
        request: Requests the entries after a number of entries to skip.
        count: Requests the number of entries.
        store: Stores entries in the registry and returns whether any was new.
        immutable: Whether entries never change and are never deleted.
    """

    part: str
    request: Callable[[int], Iterator[One]]
    count: Callable[[], int]
    store: Callable[[Sequence[One]], bool]
    immutable: bool


class ListReader(Generic[One]):
    """Syncs one list of one resource group."""

    def __init__(self, reading: Reading, source: ListSource[One]) -> None:
        self._reading = reading
        self._source = source

    @property
    def complete(self) -> bool:
        """Whether the list was read completely and no interrupted read has to be resumed."""
        found = self._state()
        return found.done_at is not None and found.total is None

    @property
    def counted(self) -> int:
        """The number of entries that the runtime reported when the list was read completely.

        Some of them may not be readable.
        """
        return self._state().position

    def set_counted(self, count: int) -> None:
        """Record the number of entries."""
        if count != self.counted:
            self._set(replace(self._state(), position=count))

    def restart(self) -> None:
        """Discard the state, so that the next sync reads the list from the start."""
        self._set(mirror_tenant.ReadingState())

    def catch_up(self) -> bool:
        """Read entries that were added since the last sync; return whether the list was read."""
        if not self.complete:
            self.read_all()
            return True
        before, count = self.counted, self._source.count()
        if count == before:
            return False
        if count > before and self._source.immutable:
            # Most servers list by age, so that new entries follow the known ones.
            known = self._known()
            for batch in batches(self._source.request(before)):
                self._reading.check()
                self._source.store(batch)
            if self._known() - known == count - before:
                self.set_counted(count)
                return True
        self.read_all()
        return True

    def read_all(self) -> None:
        """Read the whole list, resuming an interrupted read; mark missing entries as deleted."""
        registry, scope, part = self._reading.registry, self._reading.scope, self._source.part
        count = self._source.count()
        state = self._state()
        position = state.position if state.total is not None else 0
        if position == 0:
            mirror.clear_seen(registry, scope, part)
        for _ in range(_MAX_PASSES):
            self._read_from(position, count)
            count = self._source.count()
            if mirror.count_seen(registry, scope, part) >= count:
                break
            # The order is undefined: an entry may have moved to a page that was read already.
            position = 0
        mirror.finish_list(registry, scope, part)
        self._set(mirror_tenant.ReadingState(position=count, done_at=now()))

    def _read_from(self, position: int, count: int) -> None:
        """Read the entries from a position on."""
        registry, scope, part = self._reading.registry, self._reading.scope, self._source.part
        self._reading.report(Progress(scope, part, position, count))
        self._set(replace(self._state(), position=position, total=count))
        for batch in batches(self._source.request(position)):
            self._reading.check()
            with registry.write():
                self._source.store(batch)
                mirror.seen(registry, scope, part, [one.id for one in batch])
                position += len(batch)
                self._set(replace(self._state(), position=position, total=max(count, position)))
            self._reading.report(Progress(scope, part, position, max(count, position)))

    def _known(self) -> int:
        return mirror.count(self._reading.registry, self._reading.scope, self._source.part)

    def _state(self) -> mirror_tenant.ReadingState:
        return mirror_tenant.state(self._reading.registry, self._reading.scope, self._source.part)

    def _set(self, new: mirror_tenant.ReadingState) -> None:
        mirror_tenant.set_state(self._reading.registry, self._reading.scope, self._source.part, new)


def batches(items: Iterable[One], size: int = BATCH) -> Iterator[list[One]]:
    """Yield the items in lists of at most ``size``."""
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch
