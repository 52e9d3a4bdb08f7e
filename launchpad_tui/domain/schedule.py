"""Execution schedules: a configuration that is executed again and again, by a cron expression."""

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
    """An execution schedule. ``start`` and ``end`` are None where it has no such bound; ``next_at`` is when it creates
    its next execution, None where it does not or the runtime does not say. ``gone_at`` is since when its runtime has it
    no more."""

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
