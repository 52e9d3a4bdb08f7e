"""Execution schedules: configurations that are executed at the times of a cron expression.

Schedules of this machine create executions while the terminal interface, `launchpad serve` or
`launchpad schedules run` is running. If times were missed, one execution is created for all of
them. Schedules of remote runtimes are stored and run by the runtime.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING

from launchpad_tui.domain.connection import Scope
from launchpad_tui.domain.schedule import Schedule, ScheduleStatus
from launchpad_tui.domain.timestamps import now
from launchpad_tui.errors import InvalidInput
from launchpad_tui.records import replace
from launchpad_tui.registry import configurations, schedules
from launchpad_tui.registry.database import Registry
from launchpad_tui.runtimes.cron import occurrences, planned, whole_seconds

if TYPE_CHECKING:
    from launchpad_tui.domain.query import Filter
    from launchpad_tui.services.runtimes import Runtimes

#: Maximum number of characters of the name of a schedule (AI API).
NAME_LIMIT = 256


class ScheduleService:
    """Lists, creates, changes and deletes the schedules of a resource group. Thread-safe.

    Args:
        clock: Returns the current time.
    """

    def __init__(
        self,
        registry: Registry,
        runtimes: Callable[[], Runtimes],
        clock: Callable[[], datetime] = now,
    ) -> None:
        self._registry = registry
        self._runtimes = runtimes
        self._clock = clock

    def list(
        self,
        scope: Scope,
        *,
        configuration_id: str = "",
        status: ScheduleStatus | None = None,
        filters: tuple[Filter, ...] = (),
    ) -> builtins.list[Schedule]:
        """Return the schedules, newest first. Raises NotFound for an unknown scope.

        Args:
            scope: The connection and resource group.
            configuration_id: Return only the schedules of this configuration.
            status: Return only the schedules with this status.
            filters: The conditions on attributes and on parameters of the configuration; they raise
                InvalidInput if they are invalid.
        """
        return schedules.schedules(self._registry, scope, configuration_id, status, filters)

    def get(self, scope: Scope, schedule_id: str) -> Schedule:
        """Return the schedule with this ID. Raises NotFound."""
        return schedules.schedule(self._registry, scope, schedule_id)

    def resolve(self, scope: Scope, text: str) -> Schedule:
        """Return the schedule with this ID, unique name, or unique ID prefix of at least 4
        characters.

        Raises:
            NotFound: No schedule matches.
            Conflict: Several schedules match; the detail lists them.
        """
        return schedules.resolve(self._registry, scope, text)

    def upcoming(
        self, cron: str, start: datetime | None = None, end: datetime | None = None, count: int = 5
    ) -> builtins.list[datetime]:
        """Return the times at which a schedule would create its next executions.

        Raises:
            InvalidInput: The cron expression is not valid or never due, or a bound is out of range.
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
        """Create an active schedule and return it.

        Args:
            scope: The connection and resource group.
            name: The name of the schedule.
            cron: Five fields, in UTC.
            configuration_id: The configuration to execute.
            start: No execution is created before this time; timezone-aware, rounded down to whole
                seconds.
            end: No execution is created after this time; as ``start``.

        Raises:
            InvalidInput: A value is not valid; ``field`` is ``name``, ``cron``, ``start`` or
                ``end``.
            NotFound: The configuration does not exist.
            CapabilityMissing: The runtime does not support schedules.
            Unreachable: A remote runtime does not respond. Other errors of runtimes are possible.
        """
        name = name.strip()
        if not 1 <= len(name) <= NAME_LIMIT:
            raise InvalidInput(
                "The name of the schedule is too long" if name else "The name is missing",
                f"It has {len(name):,} characters." if name else "",
                f"Use 1 to {NAME_LIMIT} characters.",
                field="name",
            )
        configurations.configuration(self._registry, scope, configuration_id)
        at = self._clock()
        bounds = whole_seconds(start, "start"), whole_seconds(end, "end")
        cron = " ".join(cron.split())
        import uuid

        new = Schedule(
            str(uuid.uuid4()), name, cron, configuration_id, ScheduleStatus.ACTIVE, *bounds, at, at
        )
        new = planned(new, at)
        return self._runtimes().create_schedule(scope, new)

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
        """Change the values of a schedule that are not None, and return it.

        The status INACTIVE pauses the schedule, ACTIVE resumes it. Executions that it missed while
        it was paused are not created. Raises NotFound, and the errors of `create`.
        """
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
            # Schedules that have ended, or whose expression only the runtime supports, can be
            # paused as well.
            changed = replace(changed, next_at=None)
        else:
            changed = self._planned(changed, accepted=cron is None)
        return self._runtimes().change_schedule(scope, before, changed)

    def delete(self, scope: Scope, schedule_id: str) -> None:
        """Delete a schedule. The executions that it created are kept. Raises NotFound, and the
        errors of `create`."""
        self._runtimes().delete_schedule(scope, schedule_id)

    def fire_due(self) -> int:
        """Create the executions of schedules of this machine that are due, and return their number.

        If an execution cannot be created, the error is written to the log file, and other schedules
        are not delayed.
        """
        at = self._clock()
        return sum(runtime.create_due(at) for runtime in self._runtimes().of_this_machine())

    def due_in(self) -> float | None:
        """Return the seconds until the next schedule is due; 0 if one is due, None if none is
        active."""
        next_at = schedules.next_due(self._registry)
        return None if next_at is None else max(0.0, (next_at - self._clock()).total_seconds())

    def _planned(self, one: Schedule, *, accepted: bool) -> Schedule:
        """Return the schedule with the time at which it is due next.

        Args:
            accepted: Whether the runtime has already accepted the cron expression, which may have a
                form that only the runtime supports. The time is then unknown instead of an error.
        """
        try:
            return planned(one, self._clock())
        except InvalidInput as error:
            if error.field != "cron" or not accepted:
                raise
            return replace(one, next_at=None)
