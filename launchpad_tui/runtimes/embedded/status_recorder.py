"""Records the status of an execution, even if the disk is full or the clock is set back."""

from __future__ import annotations

import itertools
import logging
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import TypeVar

from launchpad_tui.domain.connection import Scope
from launchpad_tui.domain.execution import Execution, Status
from launchpad_tui.domain.timestamps import now
from launchpad_tui.errors import RegistryBusy, StorageFull
from launchpad_tui.runtimes.embedded.space_reserve import SpaceReserve
from launchpad_tui.runtimes.host import ExecutionRecords

_log = logging.getLogger(__name__)
#: seconds between attempts to write to the registry; the last number is repeated
_RETRY_SECONDS = (0.2, 1.0, 2.0, 5.0, 15.0, 30.0)
#: seconds after which the attempts end
_GIVE_UP_SECONDS = 86400.0

Result = TypeVar("Result")


class StatusRecorder:
    """Writes the status of one execution to the registry.

    A write that fails because the disk is full is repeated after a part of the reserve was
    released, and then again and again until there is space.

    Args:
        records: the registry.
        scope: the resource group of the execution.
        execution_id: the ID of the execution.
        reserve: the space that is released when the disk is full.
        wait: waits for a number of seconds.
    """

    def __init__(
        self,
        records: ExecutionRecords,
        scope: Scope,
        execution_id: str,
        reserve: SpaceReserve,
        wait: Callable[[float], object] = time.sleep,
    ) -> None:
        self._records = records
        self._scope = scope
        self._execution_id = execution_id
        self._reserve = reserve
        self._wait = wait
        self._started: tuple[datetime, float] | None = None

    def start(self) -> Execution:
        """Set the status RUNNING and return the execution. Raises Conflict."""
        execution = self.persist(
            lambda: self._records.transition(
                self._scope, self._execution_id, Status.RUNNING, "", started_at=now()
            )
        )
        self._started = (execution.started_at or now(), _elapsed())
        return execution

    def resume(self, execution: Execution) -> None:
        """Continue the time of an execution that another supervisor started."""
        started_at = execution.started_at or now()
        self._started = (started_at, _elapsed() - (now() - started_at).total_seconds())

    def completion_time(self) -> datetime:
        """Return the current time as the start of the execution and the time since then.

        The duration is therefore right even if the clock was changed during the execution.
        """
        if self._started is None:
            return now()
        started_at, elapsed = self._started
        return started_at + timedelta(seconds=max(0.0, _elapsed() - elapsed))

    def end(self, status: Status, message: str, details: Mapping[str, str] | None = None) -> None:
        """Set the last status of the execution. Raises Conflict."""
        self.persist(
            lambda: self._records.transition(
                self._scope,
                self._execution_id,
                status,
                message,
                details,
                completed_at=self.completion_time(),
            )
        )

    def persist(self, write: Callable[[], Result]) -> Result:
        """Return the result of a function that writes to the disk, which is repeated if it is full.

        Raises:
            StorageFull, RegistryBusy: the write failed for a day.
        """
        deadline = time.monotonic() + _GIVE_UP_SECONDS
        delays = itertools.chain(_RETRY_SECONDS, itertools.repeat(_RETRY_SECONDS[-1]))
        while True:
            try:
                return write()
            except (StorageFull, RegistryBusy) as error:
                if isinstance(error, StorageFull) and self._reserve.release():
                    continue
                if time.monotonic() > deadline:
                    raise
                _log.warning("the status of %s is written later: %s", self._execution_id, error)
                self._wait(next(delays))


def _elapsed() -> float:
    """Return seconds that no change of the clock affects, including the time of suspension."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()
