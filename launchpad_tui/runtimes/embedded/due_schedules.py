"""Creates the executions of schedules that are due."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime, timedelta

from launchpad_tui.domain.connection import Scope
from launchpad_tui.domain.execution import Execution
from launchpad_tui.domain.schedule import Schedule
from launchpad_tui.errors import InvalidInput, LaunchpadError
from launchpad_tui.runtimes.cron import next_occurrence
from launchpad_tui.runtimes.embedded.new_executions import new_execution
from launchpad_tui.runtimes.host import RuntimeHost

_log = logging.getLogger(__name__)
#: the longest time after the end of a schedule at which an execution due before is created
_LATEST = timedelta(minutes=1)


def create_due_executions(host: RuntimeHost, at: datetime) -> int:
    """Create the executions of schedules that are due, in all resource groups of this machine.

    If an execution cannot be created, the log file reports the error, and the other schedules
    continue. The new executions are queued; the caller starts them.

    Args:
        host: the registry.
        at: the current time.

    Returns:
        The number of executions that were created.
    """
    due = host.records.due_schedules(at)
    return sum(_create(host, scope, schedule, at) is not None for scope, schedule in due)


def _create(host: RuntimeHost, scope: Scope, schedule: Schedule, at: datetime) -> Execution | None:
    try:
        next_at = next_occurrence(schedule, at)
    except InvalidInput as error:
        # Schedules are checked when they are stored, so another program wrote this one.
        _log.warning(
            "the schedule %s of %s is not valid and ends: %s", schedule.id, scope, error.title
        )
        next_at = None
    try:
        if schedule.end is not None and at > schedule.end + _LATEST:
            host.records.advance_schedule(scope, schedule, next_at)
            return None
        try:
            created = new_execution(host, scope, schedule.configuration_id)
            created = replace(created, schedule_id=schedule.id)
            with host.records.transaction():
                # Only one of several processes creates the execution.
                if not host.records.advance_schedule(scope, schedule, next_at):
                    return None
                host.records.create_execution(scope, created)
            return created
        except LaunchpadError as error:
            if error.retryable:
                raise
            if host.records.advance_schedule(scope, schedule, next_at):
                _log.warning(
                    "the schedule %s of %s created no execution: %s", schedule.name, scope, error
                )
    except LaunchpadError as error:
        # The schedule stays due and is retried in the next call.
        _log.warning("the schedule %s of %s is retried later: %s", schedule.name, scope, error)
    return None
