"""Execution schedules. For runtimes whose `Meta.schedules` is True."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from launchpad_tui.aiapi.lenient import parse_one
from launchpad_tui.aiapi.schedules import (
    ScheduleRequest,
    parse_schedule,
    serialize_schedule_request,
)
from launchpad_tui.domain.schedule import Schedule, ScheduleStatus
from launchpad_tui.runtimes.aicore.base import Base, below

_SCHEDULES = "/lm/executionSchedules"


class Schedules(Base):
    """The part of the client that deals with schedules."""

    def schedules(
        self, *, configuration_id: str = "", status: ScheduleStatus | None = None
    ) -> Iterator[Schedule]:
        """Schedules that are all of this."""
        return self._pages(
            _SCHEDULES, parse_schedule, {"configurationId": configuration_id, "status": status}
        )

    def count_schedules(
        self, *, configuration_id: str = "", status: ScheduleStatus | None = None
    ) -> int:
        """How many there are, with the arguments of `schedules`."""
        return self._count(_SCHEDULES, {"configurationId": configuration_id, "status": status})

    def schedule(self, schedule_id: str) -> Schedule:
        """One schedule. Raises NotFound."""
        return parse_one(self._get(below(_SCHEDULES, schedule_id)), parse_schedule)

    def create_schedule(
        self,
        name: str,
        cron: str,
        configuration_id: str,
        start: datetime | None = None,
        end: datetime | None = None,
    ) -> str:
        """Make a schedule; gives its ID.

        Args:
            cron: five fields, or what else the server takes.
            start, end: when it begins and ends to count; aware.
        """
        request = ScheduleRequest(name, cron, configuration_id, start=start, end=end)
        return self._create(_SCHEDULES, serialize_schedule_request(request))

    def change_schedule(
        self,
        schedule_id: str,
        *,
        cron: str = "",
        configuration_id: str = "",
        status: ScheduleStatus | None = None,
        start: datetime | None = None,
        end: datetime | None = None,
    ) -> None:
        """Change what is given of a schedule. Raises NotFound."""
        request = ScheduleRequest("", cron, configuration_id, status, start, end)
        self.http.call(
            "PATCH",
            below(_SCHEDULES, schedule_id),
            group=self.resource_group,
            body=serialize_schedule_request(request),
            again=True,
        )

    def delete_schedule(self, schedule_id: str) -> None:
        """Delete a schedule. Raises NotFound."""
        path = below(_SCHEDULES, schedule_id)
        self.http.call("DELETE", path, group=self.resource_group, again=True, done=(404,))
