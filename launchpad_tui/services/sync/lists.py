"""The lists of a resource group that grow long: read page by page, gone on with after a break, and not read again where
a count tells that nothing came."""

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

#: entries of one transaction: the registry's write lock is held for some 50 ms
BATCH = 500
#: times that a list is read from its beginning where it changed while it was read
_PASSES = 3


class SyncCancelled(LaunchpadError):
    """Somebody does not want it any more; what was read is kept."""


class Entry(Protocol):
    """What a list has."""

    @property
    def id(self) -> str:
        """Its ID."""


One = TypeVar("One", bound=Entry)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far it is: ``done`` of ``total`` entries of a part; ``total`` is None where nobody knows."""

    scope: Scope
    part: str
    done: int
    total: int | None


class Reading:
    """What all parts of a reading share.

    Args:
        tell: told how far it is.
        stop: set by somebody who does not want it any more.
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
        """Raises SyncCancelled where it is not wanted any more."""
        if self.stop.is_set():
            raise SyncCancelled("The reading was cancelled", "What was read is kept.")


@dataclass(frozen=True)
class ListSource(Generic[One]):
    """One list: how its entries are asked for (behind so many), counted, and kept. ``immutable`` says that entries
    neither change nor go."""

    part: str
    ask: Callable[[int], Iterator[One]]
    count: Callable[[], int]
    keep: Callable[[Sequence[One]], bool]
    immutable: bool


class ListReader(Generic[One]):
    """Reads one list of one resource group."""

    def __init__(self, reading: Reading, source: ListSource[One]) -> None:
        self._reading = reading
        self._source = source

    @property
    def complete(self) -> bool:
        """Whether the list was read to its end once, and no reading of it waits to be gone on with."""
        found = self._state()
        return found.done_at is not None and found.total is None

    @property
    def counted(self) -> int:
        """How many entries the runtime counted when the list was read to its end: not all of them need be readable."""
        return self._state().position

    def set_counted(self, there: int) -> None:
        """Remember how many entries there are."""
        if there != self.counted:
            self._set(replace(self._state(), position=there))

    def restart(self) -> None:
        """Have it read from its beginning the next time."""
        self._set(mirror_tenant.ReadingState())

    def catch_up(self) -> bool:
        """Read what is new of a list whose entries never change; says whether anything was."""
        if not self.complete:
            self.whole()
            return True
        before, there = self.counted, self._source.count()
        if there == before:
            return False
        if there > before and self._source.immutable:
            # Most servers list by age: then what is new stands behind what is known.
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
        """Read all of it, from where it was broken off; what it has no more is marked as gone."""
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
            # Its order is not defined: between two pages an entry may have moved to where reading was already.
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
    """The items in pieces of at most so many."""
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch
