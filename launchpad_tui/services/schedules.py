"""Execution schedules of the embedded runtime."""

from __future__ import annotations

import builtins
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from launchpad_tui.domain.connection import Scope
from launchpad_tui.domain.moments import from_micros, now, to_micros
from launchpad_tui.domain.schedule import Schedule, ScheduleStatus
from launchpad_tui.errors import InvalidInput, LaunchpadError, NotFound
from launchpad_tui.registry import configurations
from launchpad_tui.registry.connections import group_pk
from launchpad_tui.registry.database import Registry

if TYPE_CHECKING:
    from launchpad_tui.services.executions import ExecutionService

_COLUMNS = "id, name, cron, configuration_id, status, start_at, end_at, created_at, modified_at, next_at"


class ScheduleService:
    """Execution schedules of a resource group. Safe for threads."""

    def __init__(self, registry: Registry, executions: Callable[[], ExecutionService]) -> None:
        self._registry = registry
        self._executions = executions

    def list(
        self, scope: Scope, *, configuration_id: str = "", status: ScheduleStatus | None = None
    ) -> builtins.list[Schedule]:
        """The schedules, newest first."""
        with self._registry.read() as db:
            rows = db.execute(
                f"SELECT {_COLUMNS} FROM execution_schedules WHERE group_pk = ? AND (? = '' OR configuration_id = ?) "
                "AND (? = '' OR status = ?) ORDER BY pk DESC",
                (group_pk(db, scope), configuration_id, configuration_id, status or "", status or ""),
            ).fetchall()
        return [_built(row) for row in rows]

    def get(self, scope: Scope, schedule_id: str) -> Schedule:
        """The schedule with this ID. Raises NotFound."""
        for each in self.list(scope):
            if each.id == schedule_id:
                return each
        raise NotFound(f"There is no execution schedule {schedule_id!r}")

    def create(
        self,
        scope: Scope,
        name: str,
        cron: str,
        configuration_id: str,
        start: datetime | None = None,
        end: datetime | None = None,
    ) -> Schedule:
        """A new schedule. Raises InvalidInput, and NotFound for an unknown configuration."""
        name = name.strip()
        if not 1 <= len(name) <= 256:
            raise InvalidInput("The name is not valid", hint="1 to 256 characters.", field="name")
        at = now()
        new = Schedule(str(uuid.uuid4()), name, cron, configuration_id, ScheduleStatus.ACTIVE, start, end, at, at)
        self._write(scope, new, new=True)
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
        """The schedule changed; what is None stays. Raises as `create`."""
        from dataclasses import replace

        found = self.get(scope, schedule_id)
        changed = replace(
            found,
            cron=cron or found.cron,
            configuration_id=configuration_id or found.configuration_id,
            status=status or found.status,
            start=start or found.start,
            end=end or found.end,
            modified_at=now(),
        )
        self._write(scope, changed, new=False)
        return self.get(scope, schedule_id)

    def delete(self, scope: Scope, schedule_id: str) -> None:
        """Forget a schedule. Raises NotFound."""
        self.get(scope, schedule_id)
        with self._registry.write("executions") as db:
            db.execute(
                "DELETE FROM execution_schedules WHERE group_pk = ? AND id = ?", (group_pk(db, scope), schedule_id)
            )

    def fire_due(self) -> int:
        """Create executions for what is due; how many."""
        seconds = int(now().timestamp())
        with self._registry.write("executions") as db:
            due = db.execute(
                "SELECT s.pk, c.name, g.name, s.cron, s.configuration_id, s.end_at FROM execution_schedules s "
                "JOIN resource_groups g ON g.pk = s.group_pk JOIN connections c ON c.pk = g.connection_pk "
                "WHERE s.next_at <= ? AND c.kind = 'local'",
                (seconds,),
            ).fetchall()
            for pk, _, _, cron, _, end in due:
                db.execute("UPDATE execution_schedules SET next_at = ? WHERE pk = ?", (_next(cron, None, end), pk))
        fired = 0
        for _, connection, group, _, configuration_id, _ in due:
            try:
                self._executions().create(Scope(connection, group), configuration_id)
                fired += 1
            except LaunchpadError:
                continue
        return fired

    def due_in(self) -> float | None:
        """Seconds until the next is due, None where nothing is scheduled."""
        with self._registry.read() as db:
            found = db.execute("SELECT min(next_at) FROM execution_schedules").fetchone()[0]
        return None if found is None else max(0.0, found - now().timestamp())

    def _write(self, scope: Scope, one: Schedule, *, new: bool) -> None:
        configurations.configuration(self._registry, scope, one.configuration_id)
        if one.start is not None and one.end is not None and one.end <= one.start:
            raise InvalidInput("The end is not behind the start", field="end")
        start, end = (None if each is None else int(each.timestamp()) for each in (one.start, one.end))
        due = _next(one.cron, start, end)
        values = (one.name, one.cron, one.configuration_id, one.status, start, end,
                  due if one.status is ScheduleStatus.ACTIVE else None, to_micros(one.modified_at))  # fmt: skip
        with self._registry.write("executions") as db:
            if new:
                db.execute(
                    "INSERT INTO execution_schedules (name, cron, configuration_id, status, start_at, end_at, next_at, "
                    "modified_at, created_at, group_pk, id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    (*values, to_micros(one.created_at), group_pk(db, scope), one.id),
                )
            else:
                db.execute(
                    "UPDATE execution_schedules SET name = ?, cron = ?, configuration_id = ?, status = ?, "
                    "start_at = ?, end_at = ?, next_at = ?, modified_at = ? WHERE group_pk = ? AND id = ?",
                    (*values, group_pk(db, scope), one.id),
                )


def _next(cron: str, start: int | None, end: int | None) -> int | None:
    from cronsim import CronSim, CronSimError

    after = max(now().timestamp(), start or 0)
    try:
        found = int(next(CronSim(cron, datetime.fromtimestamp(after, UTC))).timestamp())
    except (CronSimError, StopIteration, OverflowError) as error:
        raise InvalidInput("The cron expression is not valid", str(error), field="cron") from error
    return found if end is None or found <= end else None


def _built(row: tuple[Any, ...]) -> Schedule:
    start, end, due = (None if row[i] is None else datetime.fromtimestamp(row[i], UTC) for i in (5, 6, 9))
    return Schedule(
        row[0],
        row[1],
        row[2],
        row[3],
        ScheduleStatus(row[4]),
        start,
        end,
        from_micros(row[7]),
        from_micros(row[8]),
        due,
    )
