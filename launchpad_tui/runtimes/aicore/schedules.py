"""Requests for execution schedules, for runtimes whose `RuntimeMeta.schedules` is true."""

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
from launchpad_tui.runtimes.aicore.base import BaseClient, item_path

_SCHEDULES = "/lm/executionSchedules"


class SchedulesClient(BaseClient):
    """The requests for execution schedules."""

    def schedules(
        self, *, configuration_id: str = "", status: ScheduleStatus | None = None
    ) -> Iterator[Schedule]:
        """Yield the schedules that match all arguments."""
        return self._pages(
            _SCHEDULES, parse_schedule, {"configurationId": configuration_id, "status": status}
        )

    def count_schedules(
        self, *, configuration_id: str = "", status: ScheduleStatus | None = None
    ) -> int:
        """Return the number of schedules; the arguments are those of `schedules`."""
        return self._count(_SCHEDULES, {"configurationId": configuration_id, "status": status})

    def schedule(self, schedule_id: str) -> Schedule:
        """Return a schedule. Raises NotFound."""
        return parse_one(self._get(item_path(_SCHEDULES, schedule_id)), parse_schedule)

    def create_schedule(
        self,
        name: str,
        cron: str,
        configuration_id: str,
        start: datetime | None = None,
        end: datetime | None = None,
    ) -> str:
        """Create a schedule and return its ID.

        Args:
            cron: five fields, or another form that the server supports.
            start, end: the period in which it creates executions, with a time zone.
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
        """Change a schedule; empty arguments leave their fields unchanged. Raises NotFound."""
        request = ScheduleRequest("", cron, configuration_id, status, start, end)
        self.http.call(
            "PATCH",
            item_path(_SCHEDULES, schedule_id),
            group=self.resource_group,
            body=serialize_schedule_request(request),
            repeatable=True,
        )

    def delete_schedule(self, schedule_id: str) -> None:
        """Delete a schedule. Raises NotFound."""
        path = item_path(_SCHEDULES, schedule_id)
        self.http.call(
            "DELETE", path, group=self.resource_group, repeatable=True, done_statuses=(404,)
        )
