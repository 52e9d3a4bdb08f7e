"""Execution schedules: configurations that are executed again and again.

Those of this machine create executions while something of launchpad is open: the screens, `launchpad serve`, or
`launchpad schedules run`. What was missed while nothing was is made up once. Those of runtimes elsewhere are kept and
run there.
"""

from __future__ import annotations

import builtins
import logging
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING

from launchpad_tui.domain.connection import Scope
from launchpad_tui.domain.schedule import Schedule, ScheduleStatus
from launchpad_tui.domain.timestamps import now
from launchpad_tui.errors import InvalidInput, LaunchpadError
from launchpad_tui.registry import configurations, schedules
from launchpad_tui.registry.database import Registry

if TYPE_CHECKING:
    from launchpad_tui.services.executions import ExecutionService
    from launchpad_tui.services.runtimes import Runtimes

_log = logging.getLogger(__name__)
#: an execution that was due within a schedule's bounds is made up until so long after its end
_LATE = timedelta(minutes=1)
#: AI API: the most characters of a schedule's name
NAME_LIMIT = 256
#: bounds are of these years
_FIRST_YEAR, _LAST_YEAR = 1970, 2999
_HINT = (
    "Five fields: minute, hour, day of the month, month, day of the week (UTC). "
    "Such as 0 3 * * * (at three each night), */30 * * * * (each half hour), 0 8 * * 1 (on Mondays at eight)."
)


class ScheduleService:
    """Execution schedules of a resource group. Safe for threads.

    Args:
        executions: gives the executions, when one is due.
        clock: the moment that it is.
    """

    def __init__(
        self,
        registry: Registry,
        executions: Callable[[], ExecutionService],
        runtimes: Runtimes,
        clock: Callable[[], datetime] = now,
    ) -> None:
        self._registry = registry
        self._executions = executions
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
            islice(_moments(cron, self._clock(), _whole(start, "start"), _whole(end, "end")), count)
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
            NotFound: there is no such configuration.
            CapabilityMissing, Unreachable and others: a runtime elsewhere does not take it.
        """
        name = name.strip()
        if not 1 <= len(name) <= NAME_LIMIT:
            hint = f"1 to {NAME_LIMIT} characters."
            raise InvalidInput(
                "The name is too long" if name else "The name is missing", hint=hint, field="name"
            )
        configurations.configuration(self._registry, scope, configuration_id)
        at = self._clock()
        bounds = _whole(start, "start"), _whole(end, "end")
        cron = " ".join(cron.split())
        new = Schedule(
            str(uuid.uuid4()), name, cron, configuration_id, ScheduleStatus.ACTIVE, *bounds, at, at
        )
        new = self._planned(new)
        if self._runtimes.is_remote(scope):
            return self._runtimes.create_schedule(scope, new)
        schedules.put(self._registry, scope, new)
        return self.get(scope, new.id)

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
            start=_whole(start, "start") or before.start,
            end=_whole(end, "end") or before.end,
            modified_at=self._clock(),
        )
        if changed.status is ScheduleStatus.INACTIVE and (cron, start, end) == (None, None, None):
            # One that is over, or whose expression only its runtime knows, can be paused too.
            changed = replace(changed, next_at=None)
        else:
            changed = self._changed(changed, known=cron is None and self._runtimes.is_remote(scope))
        if self._runtimes.is_remote(scope):
            return self._runtimes.change_schedule(scope, before, changed)
        schedules.put(self._registry, scope, changed)
        return self.get(scope, schedule_id)

    def delete(self, scope: Scope, schedule_id: str) -> None:
        """Delete a schedule; the executions that it created stay. Raises NotFound, and as `create`."""
        self.get(scope, schedule_id)
        if self._runtimes.is_remote(scope):
            self._runtimes.delete_schedule(scope, schedule_id)
        else:
            schedules.delete(self._registry, scope, schedule_id)

    def fire_due(self) -> int:
        """Create the executions of this machine that are due; gives how many. One that cannot be created is told of in
        the log file, and holds up no other. Cheap where nothing is due."""
        at = self._clock()
        return sum(self._fire(scope, one, at) for scope, one in schedules.due(self._registry, at))

    def due_in(self) -> float | None:
        """Seconds until something is due, 0 where it is; None where nothing is planned."""
        next_at = schedules.next_due(self._registry)
        return None if next_at is None else max(0.0, (next_at - self._clock()).total_seconds())

    def _fire(self, scope: Scope, one: Schedule, at: datetime) -> int:
        try:
            next_at = _next(one, at)
        except InvalidInput as error:
            # It was written by something else than launchpad.
            _log.warning("the schedule %s of %s is wrong: %s", one.id, scope, error.title)
            next_at = None

        def claim() -> bool:
            return schedules.advance(self._registry, scope, one, next_at)

        try:
            if one.end is not None and at > one.end + _LATE:
                claim()
                return 0
            try:
                return int(
                    self._executions().create_scheduled(scope, one.configuration_id, one.id, claim)
                    is not None
                )
            except LaunchpadError as error:
                if error.retryable:
                    raise
                if claim():
                    _log.warning(
                        "the schedule %s of %s created nothing: %s", one.name, scope, error
                    )
        except LaunchpadError as error:
            # It stays due, and is tried again at the next look.
            _log.warning("the schedule %s of %s waits: %s", one.name, scope, error)
        return 0

    def _changed(self, one: Schedule, *, known: bool) -> Schedule:
        """The schedule planned; ``known``: a runtime elsewhere took its expression, whatever that is."""
        try:
            return self._planned(one)
        except InvalidInput as error:
            if error.field != "cron" or not known:
                raise
            return replace(one, next_at=None)

    def _planned(self, one: Schedule) -> Schedule:
        """The schedule with when it is due; checked."""
        at = self._clock()
        if one.end is not None and one.end <= max(one.start or at, at):
            what = "it begins" if one.start is not None and one.end <= one.start else "now"
            raise InvalidInput(
                f"The schedule ends before {what}", hint="Choose a later end.", field="end"
            )
        next_at = _next(one, at)
        return replace(one, next_at=next_at if one.status is ScheduleStatus.ACTIVE else None)


def _next(one: Schedule, at: datetime) -> datetime | None:
    return next(_moments(one.cron, at, one.start, one.end), None)


def _moments(
    cron: str, at: datetime, start: datetime | None, end: datetime | None
) -> Iterator[datetime]:
    """The moments after one at which a cron expression is true, within bounds.

    Raises:
        InvalidInput: it is none, or never is true.
    """
    from cronsim import CronSim, CronSimError

    if len(cron.split()) != 5:
        raise InvalidInput(
            f"{cron[:60]!r} is no cron expression", "It has not five fields.", _HINT, field="cron"
        )
    # The second before: a moment at the very start counts.
    first = at if start is None or start <= at else start - timedelta(seconds=1)
    try:
        found = CronSim(cron, first.astimezone(UTC))
        moment = next(found, None)
    except CronSimError as error:
        raise InvalidInput(
            f"{cron[:60]!r} is no cron expression", f"{error}.", _HINT, field="cron"
        ) from error
    if moment is None:
        raise InvalidInput(f"{cron[:60]!r} never comes true", "", _HINT, field="cron")

    def within() -> Iterator[datetime]:
        each: datetime | None = moment
        while each is not None and (end is None or each <= end):
            yield each
            each = next(found, None)

    return within()


def _whole(at: datetime | None, field: str) -> datetime | None:
    """The moment without fractions, as the AI API has it. Raises InvalidInput for one beyond what can be reckoned
    with."""
    if at is None:
        return None
    if not _FIRST_YEAR <= at.year <= _LAST_YEAR:
        hint = f"Choose one of the years {_FIRST_YEAR} to {_LAST_YEAR}."
        raise InvalidInput(f"The {field} is in the year {at.year}", hint=hint, field=field)
    return at.astimezone(UTC).replace(microsecond=0)
