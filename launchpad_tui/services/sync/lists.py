"""Incremental sync of long lists: read in pages, resumed after an interruption.

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
from launchpad_tui.registry import mirror, mirror_tenant
from launchpad_tui.registry.database import Registry

#: entries per transaction: the write lock of the registry is held for about 50 ms
BATCH = 500
#: how many times a list that changes while it is read is read from the start
_PASSES = 3


class SyncCancelled(LaunchpadError):
    """The sync was cancelled; records read so far are kept."""


class Entry(Protocol):
    """An entry of a list."""

    @property
    def id(self) -> str:
        """Return the ID."""


One = TypeVar("One", bound=Entry)


@dataclass(frozen=True, slots=True)
class Progress:
    """Progress of a sync: ``done`` of ``total`` entries of a part; None if the total is unknown."""

    scope: Scope
    part: str
    done: int
    total: int | None


class Reading:
    """Base of all parts of a sync: the registry, the scope, progress and cancellation.

    Args:
        tell: called with the progress.
        stop: cancels the sync when set.
    """

    def __init__(
        self,
        registry: Registry,
        scope: Scope,
        tell: Callable[[Progress], None],
        stop: threading.Event,
    ) -> None:
        self.registry = registry
        self.scope = scope
        self.tell = tell
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
        part: the name of the list.
        ask: requests the entries after the first so many.
        count: requests the number of entries.
        keep: stores entries in the registry and returns whether any was new.
        immutable: whether entries never change and are never deleted.
    """

    part: str
    ask: Callable[[int], Iterator[One]]
    count: Callable[[], int]
    keep: Callable[[Sequence[One]], bool]
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

    def set_counted(self, there: int) -> None:
        """Record the number of entries."""
        if there != self.counted:
            self._set(replace(self._state(), position=there))

    def restart(self) -> None:
        """Read the list from the start the next time."""
        self._set(mirror_tenant.ReadingState())

    def catch_up(self) -> bool:
        """Read entries that were added since the last sync; return whether the list was read."""
        if not self.complete:
            self.whole()
            return True
        before, there = self.counted, self._source.count()
        if there == before:
            return False
        if there > before and self._source.immutable:
            # Most servers list by age, so that new entries follow the known ones.
            known = self._known()
            for batch in batches(self._source.ask(before)):
                self._reading.check()
                self._source.keep(batch)
            if self._known() - known == there - before:
                self.set_counted(there)
                return True
        self.whole()
        return True

    def whole(self) -> None:
        """Read the whole list, resuming an interrupted read; mark missing entries as deleted."""
        registry, scope, part = self._reading.registry, self._reading.scope, self._source.part
        there = self._source.count()
        began = self._state()
        position = began.position if began.total is not None else 0
        if position == 0:
            mirror.clear_seen(registry, scope, part)
        for _ in range(_PASSES):
            self._pass(position, there)
            there = self._source.count()
            if mirror.count_seen(registry, scope, part) >= there:
                break
            # The order is undefined: an entry may have moved to a page that was read already.
            position = 0
        mirror.finish_list(registry, scope, part)
        self._set(mirror_tenant.ReadingState(position=there, done_at=now()))

    def _pass(self, position: int, there: int) -> None:
        registry, scope, part = self._reading.registry, self._reading.scope, self._source.part
        self._reading.tell(Progress(scope, part, position, there))
        self._set(replace(self._state(), position=position, total=there))
        for batch in batches(self._source.ask(position)):
            self._reading.check()
            with registry.write():
                self._source.keep(batch)
                mirror.seen(registry, scope, part, [one.id for one in batch])
                position += len(batch)
                self._set(replace(self._state(), position=position, total=max(there, position)))
            self._reading.tell(Progress(scope, part, position, max(there, position)))

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
