"""Execution schedules. For runtimes whose `Meta.schedules` is True."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from launchpad_tui.domain.schedule import Schedule, ScheduleStatus
from launchpad_tui.runtimes.aicore import reading
from launchpad_tui.runtimes.aicore.base import Base, below

_SCHEDULES = "/lm/executionSchedules"


class Schedules(Base):
    """The part of the client that deals with schedules."""

    def schedules(
        self, *, configuration_id: str = "", status: ScheduleStatus | None = None
    ) -> Iterator[Schedule]:
        """Schedules that are all of this."""
        return self._pages(
            _SCHEDULES, reading.schedule, {"configurationId": configuration_id, "status": status}
        )

    def count_schedules(
        self, *, configuration_id: str = "", status: ScheduleStatus | None = None
    ) -> int:
        """How many there are, with the arguments of `schedules`."""
        return self._count(_SCHEDULES, {"configurationId": configuration_id, "status": status})

    def schedule(self, schedule_id: str) -> Schedule:
        """One schedule. Raises NotFound."""
        return reading.whole(self._get(below(_SCHEDULES, schedule_id)), reading.schedule)

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
        body = {
            "name": name,
            "cron": cron,
            "configurationId": configuration_id,
            **_bounds(start, end),
        }
        return self._create(_SCHEDULES, body)

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
        body: dict[str, object] = {
            "cron": cron,
            "configurationId": configuration_id,
            "status": status,
        }
        body = {name: value for name, value in body.items() if value} | _bounds(start, end)
        self.http.call(
            "PATCH",
            below(_SCHEDULES, schedule_id),
            group=self.resource_group,
            body=body,
            again=True,
        )

    def delete_schedule(self, schedule_id: str) -> None:
        """Delete a schedule. Raises NotFound."""
        path = below(_SCHEDULES, schedule_id)
        self.http.call("DELETE", path, group=self.resource_group, again=True, done=(404,))


def _bounds(start: datetime | None, end: datetime | None) -> dict[str, object]:
    """RFC 3339 in UTC without fractions, as the API wants it."""
    return {
        name: value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        for name, value in (("start", start), ("end", end))
        if value is not None
    }
