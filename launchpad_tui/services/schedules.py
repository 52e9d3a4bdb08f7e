"""Execution schedules: configurations that are executed at the times of a cron expression.

Schedules of this machine create executions while the screens, `launchpad serve` or
`launchpad schedules run` are running; of the times missed meanwhile, one is made up for. Schedules of
remote runtimes are stored and run by the runtime.
"""

from __future__ import annotations

import builtins
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING

from launchpad_tui.domain.connection import Scope
from launchpad_tui.domain.schedule import Schedule, ScheduleStatus
from launchpad_tui.domain.timestamps import now
from launchpad_tui.errors import InvalidInput
from launchpad_tui.registry import configurations, schedules
from launchpad_tui.registry.database import Registry
from launchpad_tui.runtimes.cron import occurrences, planned, whole_seconds

if TYPE_CHECKING:
    from launchpad_tui.services.runtimes import Runtimes

#: AI API: the most characters of a schedule's name
NAME_LIMIT = 256


class ScheduleService:
    """Execution schedules of a resource group. Safe for threads.

    Args:
        clock: returns the current time.
    """

    def __init__(
        self,
        registry: Registry,
        runtimes: Runtimes,
        clock: Callable[[], datetime] = now,
    ) -> None:
        self._registry = registry
        self._runtimes = runtimes
        self._clock = clock

    def list(
        self, scope: Scope, *, configuration_id: str = "", status: ScheduleStatus | None = None
    ) -> builtins.list[Schedule]:
        """The group's schedules (of a configuration, in a status), newest first. Raises NotFound for an unknown
        scope."""
        return schedules.schedules(self._registry, scope, configuration_id, status)

    def get(self, scope: Scope, schedule_id: str) -> Schedule:
        """The schedule with this ID. Raises NotFound."""
        return schedules.schedule(self._registry, scope, schedule_id)

    def resolve(self, scope: Scope, text: str) -> Schedule:
        """The schedule that has this ID, unique name, or unique ID prefix of at least 4 characters.

        Raises:
            NotFound: none.
            Conflict: several; the detail lists them.
        """
        return schedules.resolve(self._registry, scope, text)

    def upcoming(
        self, cron: str, start: datetime | None = None, end: datetime | None = None, count: int = 5
    ) -> builtins.list[datetime]:
        """When a schedule would create its next executions.

        Raises:
            InvalidInput: the cron expression is wrong, or never comes true; or a bound is out of reach.
        """
        return list(
            islice(
                occurrences(
                    cron, self._clock(), whole_seconds(start, "start"), whole_seconds(end, "end")
                ),
                count,
            )
        )

    def create(
        self,
        scope: Scope,
        name: str,
        cron: str,
        configuration_id: str,
        start: datetime | None = None,
        end: datetime | None = None,
    ) -> Schedule:
        """A new schedule; it is active.

        Args:
            cron: five fields, UTC.
            start, end: it creates nothing before and after; aware; fractions of seconds are cut.

        Raises:
            InvalidInput: a value is wrong; ``field`` is ``name``, ``cron``, ``start`` or ``end``.
            NotFound: the configuration does not exist.
            CapabilityMissing, Unreachable: a remote runtime rejects the schedule or did not respond.
        """
        name = name.strip()
        if not 1 <= len(name) <= NAME_LIMIT:
            hint = f"1 to {NAME_LIMIT} characters."
            raise InvalidInput(
                "The name is too long" if name else "The name is missing", hint=hint, field="name"
            )
        configurations.configuration(self._registry, scope, configuration_id)
        at = self._clock()
        bounds = whole_seconds(start, "start"), whole_seconds(end, "end")
        cron = " ".join(cron.split())
        new = Schedule(
            str(uuid.uuid4()), name, cron, configuration_id, ScheduleStatus.ACTIVE, *bounds, at, at
        )
        new = planned(new, at)
        return self._runtimes.create_schedule(scope, new)

    def change(
        self,
        scope: Scope,
        schedule_id: str,
        *,
        cron: str | None = None,
        configuration_id: str | None = None,
        status: ScheduleStatus | None = None,
        start: datetime | None = None,
        end: datetime | None = None,
    ) -> Schedule:
        """The schedule with other values; what is None stays. INACTIVE pauses it, ACTIVE resumes it: what it missed
        meanwhile is not made up. Raises as `create`, and NotFound."""
        before = self.get(scope, schedule_id)
        if configuration_id is not None:
            configurations.configuration(self._registry, scope, configuration_id)
        changed = replace(
            before,
            cron=before.cron if cron is None else " ".join(cron.split()),
            configuration_id=configuration_id or before.configuration_id,
            status=status or before.status,
            start=whole_seconds(start, "start") or before.start,
            end=whole_seconds(end, "end") or before.end,
            modified_at=self._clock(),
        )
        if changed.status is ScheduleStatus.INACTIVE and (cron, start, end) == (None, None, None):
            # One that is over, or whose expression only its runtime knows, can be paused too.
            changed = replace(changed, next_at=None)
        else:
            changed = self._changed(changed, known=cron is None)
        return self._runtimes.change_schedule(scope, before, changed)

    def delete(self, scope: Scope, schedule_id: str) -> None:
        """Delete a schedule; the executions that it created stay. Raises NotFound, and as `create`."""
        self._runtimes.delete_schedule(scope, schedule_id)

    def fire_due(self) -> int:
        """Create the executions of this machine's schedules that are due and return their number.

        An execution that cannot be created is reported in the log file and does not delay others.
        """
        at = self._clock()
        return sum(runtime.create_due(at) for runtime in self._runtimes.of_this_machine())

    def due_in(self) -> float | None:
        """Return the seconds until the next schedule is due, 0 if one is; None if none is active."""
        next_at = schedules.next_due(self._registry)
        return None if next_at is None else max(0.0, (next_at - self._clock()).total_seconds())

    def _changed(self, one: Schedule, *, known: bool) -> Schedule:
        """Return the schedule with the time at which it is due next.

        Args:
            known: whether the runtime has already accepted the cron expression, which may have a
                form that only the runtime supports. The time is then unknown instead of an error.
        """
        try:
            return planned(one, self._clock())
        except InvalidInput as error:
            if error.field != "cron" or not known:
                raise
            return replace(one, next_at=None)
