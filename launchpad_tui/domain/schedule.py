"""Execution schedules: a cron expression that creates executions of a configuration."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class ScheduleStatus(StrEnum):
    """Whether a schedule creates executions."""

    ACTIVE = "ACTIVE"
    INACTIVE = "INACTIVE"


@dataclass(frozen=True, slots=True)
class Schedule:
    """An execution schedule.

    Attributes:
        start, end: bounds of the schedule, None if it has none.
        next_at: the time of its next execution, None if there is none or the runtime does not
            report it.
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
