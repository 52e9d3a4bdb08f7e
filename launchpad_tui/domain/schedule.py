"""Execution schedules: a cron expression that creates executions of a configuration."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from launchpad_tui.records import record


class ScheduleStatus(StrEnum):
    """Whether a schedule creates executions."""

    ACTIVE = "ACTIVE"
    INACTIVE = "INACTIVE"


@record
class Schedule:
    """An execution schedule.

    Attributes:
        start, end: the bounds of the schedule, None for no bound.
        next_at: the time of the next execution, None if no execution is due or the runtime does
            not report it.
        deleted_at: the time at which its deletion in the runtime was noticed, None while it exists.
    """

    id: str
    name: str
    cron: str
    configuration_id: str
    status: ScheduleStatus
    start: datetime | None
    end: datetime | None
    created_at: datetime
    modified_at: datetime
    next_at: datetime | None = None
    deleted_at: datetime | None = None
