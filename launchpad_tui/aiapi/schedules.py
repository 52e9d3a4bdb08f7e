"""Execution schedules (``/lm/executionSchedules``)."""

from __future__ import annotations

from datetime import UTC, datetime

from launchpad_tui.aiapi import lenient, strict
from launchpad_tui.aiapi.values import Json, JsonObject, rfc3339, without_nulls
from launchpad_tui.domain.schedule import Schedule, ScheduleStatus
from launchpad_tui.records import record

#: characters of a schedule's name and of its cron expression
_TEXT_LIMIT = 256


@record
class ScheduleRequest:
    """The body of a request that creates or changes a schedule; empty fields stay unchanged."""

    name: str = ""
    cron: str = ""
    configuration_id: str = ""
    status: ScheduleStatus | None = None
    start: datetime | None = None
    end: datetime | None = None


def serialize_schedule(schedule: Schedule) -> Json:
    """Return an execution schedule."""
    return without_nulls(_schedule(schedule))


def extended_schedule(schedule: Schedule) -> Json:
    """Return an execution schedule with launchpad's own fields; what is unknown is null."""
    return {
        **_schedule(schedule),
        "nextAt": rfc3339(schedule.next_at),
        "deletedAt": rfc3339(schedule.deleted_at),
    }


def _schedule(schedule: Schedule) -> Json:
    return {
        "id": schedule.id,
        "name": schedule.name,
        "cron": schedule.cron,
        "configurationId": schedule.configuration_id,
        "status": str(schedule.status),
        "start": rfc3339(schedule.start),
        "end": rfc3339(schedule.end),
        "createdAt": rfc3339(schedule.created_at),
        "modifiedAt": rfc3339(schedule.modified_at),
    }


def parse_schedule(data: JsonObject) -> Schedule:
    """Parse an execution schedule of a response."""
    return Schedule(
        lenient.identity(data),
        lenient.text(data, "name"),
        lenient.text(data, "cron"),
        lenient.text(data, "configurationId"),
        lenient.enumeration(ScheduleStatus, data.get("status"), ScheduleStatus.INACTIVE),
        lenient.timestamp(data, "start"),
        lenient.timestamp(data, "end"),
        lenient.created_at(data),
        lenient.modified_at(data),
    )


def serialize_schedule_request(request: ScheduleRequest) -> Json:
    """Return the body of a request that creates or changes a schedule, without empty fields."""
    return without_nulls(
        {
            "name": request.name or None,
            "cron": request.cron or None,
            "configurationId": request.configuration_id or None,
            "status": None if request.status is None else str(request.status),
            "start": _whole_second(request.start),
            "end": _whole_second(request.end),
        }
    )


def _whole_second(value: datetime | None) -> str | None:
    """Return RFC 3339 in UTC without a fraction, the only form that the API accepts here."""
    return None if value is None else rfc3339(value.astimezone(UTC).replace(microsecond=0))


def parse_schedule_request(data: JsonObject, *, new: bool = False) -> ScheduleRequest:
    """Parse the body of a request that creates or changes a schedule. Raises InvalidInput.

    Args:
        new: name, cron expression and configuration are required, the status is ignored. Otherwise
            every field is optional and the name is ignored.
    """
    has_status = not new and strict.text(data, "status", required=False)
    return ScheduleRequest(
        strict.text(data, "name", limit=_TEXT_LIMIT) if new else "",
        strict.text(data, "cron", required=new, limit=_TEXT_LIMIT),
        strict.text(data, "configurationId", required=new),
        strict.choice(data, "status", ScheduleStatus) if has_status else None,
        strict.timestamp(data, "start"),
        strict.timestamp(data, "end"),
    )
