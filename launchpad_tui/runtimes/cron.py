"""Cron expressions of execution schedules."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from launchpad_tui.domain.schedule import Schedule, ScheduleStatus
from launchpad_tui.errors import InvalidInput

#: the years in which the bounds of a schedule may lie
_FIRST_YEAR, _LAST_YEAR = 1970, 2999
_HINT = (
    "Use five fields in UTC: minute, hour, day of the month, month, day of the week. Examples: "
    "0 3 * * * (every night at three), */30 * * * * (every half hour), 0 8 * * 1 (Mondays at "
    "eight)."
)


def occurrences(
    cron: str, after: datetime, start: datetime | None = None, end: datetime | None = None
) -> Iterator[datetime]:
    """Yield the times after ``after`` at which a cron expression is due, in UTC.

    Args:
        cron: five fields: minute, hour, day of the month, month, day of the week.
        after: only later times are returned.
        start: the first time that may be due.
        end: the last time that may be due.

    Raises:
        InvalidInput: the expression is not valid, or is never due.
    """
    from cronsim import CronSim, CronSimError

    if len(cron.split()) != 5:
        raise InvalidInput(
            f"{cron[:60]!r} is not a valid cron expression",
            "It does not have five fields.",
            _HINT,
            field="cron",
        )
    # One second earlier, because the start itself may be due.
    first = after if start is None or start <= after else start - timedelta(seconds=1)
    try:
        found = CronSim(cron, first.astimezone(UTC))
        earliest = next(found, None)
    except CronSimError as error:
        raise InvalidInput(
            f"{cron[:60]!r} is not a valid cron expression", f"{error}.", _HINT, field="cron"
        ) from error
    if earliest is None:
        raise InvalidInput(
            f"{cron[:60]!r} is never due",
            "No date matches all of its fields.",
            _HINT,
            field="cron",
        )

    def bounded() -> Iterator[datetime]:
        at: datetime | None = earliest
        while at is not None and (end is None or at <= end):
            yield at
            at = next(found, None)

    return bounded()


def next_occurrence(schedule: Schedule, after: datetime) -> datetime | None:
    """Return when a schedule is due next, None if it has ended. Raises InvalidInput."""
    return next(occurrences(schedule.cron, after, schedule.start, schedule.end), None)


def planned(schedule: Schedule, at: datetime) -> Schedule:
    """Return the schedule with the time at which it is due next.

    Args:
        schedule: its ``next_at`` is ignored.
        at: the current time.

    Raises:
        InvalidInput: the cron expression is not valid, or the schedule has already ended.
    """
    if schedule.end is not None and schedule.end <= max(schedule.start or at, at):
        started = schedule.start is not None and schedule.end <= schedule.start
        raise InvalidInput(
            f"The schedule ends before {'it starts' if started else 'now'}",
            hint="Select a later end.",
            field="end",
        )
    next_at = next_occurrence(schedule, at)
    active = schedule.status is ScheduleStatus.ACTIVE
    return replace(schedule, next_at=next_at if active else None)


def new_schedule(
    name: str,
    cron: str,
    configuration_id: str,
    start: datetime | None,
    end: datetime | None,
    at: datetime,
) -> Schedule:
    """Return a new active schedule, created at ``at``. Raises InvalidInput."""
    new = Schedule(
        str(uuid.uuid4()),
        name,
        " ".join(cron.split()),
        configuration_id,
        ScheduleStatus.ACTIVE,
        whole_seconds(start, "start"),
        whole_seconds(end, "end"),
        at,
        at,
    )
    return planned(new, at)


def changed_schedule(
    before: Schedule,
    at: datetime,
    cron: str = "",
    configuration_id: str = "",
    status: ScheduleStatus | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
) -> Schedule:
    """Return a schedule with the values that are given, changed at ``at``. Raises InvalidInput."""
    changed = replace(
        before,
        cron=" ".join(cron.split()) or before.cron,
        configuration_id=configuration_id or before.configuration_id,
        status=status or before.status,
        start=whole_seconds(start, "start") or before.start,
        end=whole_seconds(end, "end") or before.end,
        modified_at=at,
    )
    if changed.status is ScheduleStatus.INACTIVE and not cron and start is None and end is None:
        # A schedule that has ended can be paused, too.
        return replace(changed, next_at=None)
    return planned(changed, at)


def whole_seconds(at: datetime | None, field: str) -> datetime | None:
    """Return a bound of a schedule in UTC without fractions of a second, as the AI API has it.

    Args:
        field: the name of the bound: ``start`` or ``end``.

    Raises:
        InvalidInput: the year is outside the supported range.
    """
    if at is None:
        return None
    if not _FIRST_YEAR <= at.year <= _LAST_YEAR:
        raise InvalidInput(
            f"The {field} is in the year {at.year}",
            hint=f"Select a year from {_FIRST_YEAR} to {_LAST_YEAR}.",
            field=field,
        )
    return at.astimezone(UTC).replace(microsecond=0)
