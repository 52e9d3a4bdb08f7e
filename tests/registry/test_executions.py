"""Changes of the status of executions."""

from __future__ import annotations

from datetime import timedelta

import pytest

from launchpad_tui.domain.connection import DEFAULT_SCOPE
from launchpad_tui.domain.execution import Status
from launchpad_tui.errors import Conflict
from launchpad_tui.registry import executions
from launchpad_tui.registry.database import Registry
from tests.registry.registry_data import START, add_execution

ID = "e000000000000001"


def test_times_stay_ordered_if_the_clock_is_set_back(registry: Registry) -> None:
    add_execution(registry, ID, status=Status.PENDING)
    early = START - timedelta(hours=1)
    with registry.write() as db:
        db.execute("UPDATE executions SET started_at = NULL")
    running = executions.transition(registry, DEFAULT_SCOPE, ID, Status.RUNNING, started_at=early)
    assert running.started_at == START
    assert running.duration_seconds(early) == 0
    dead = executions.transition(registry, DEFAULT_SCOPE, ID, Status.DEAD, completed_at=early)
    assert dead.completed_at == START
    assert dead.duration_seconds(early) == 0
    assert dead.modified_at >= START


def test_later_times_are_kept(registry: Registry) -> None:
    add_execution(registry, ID, status=Status.PENDING)
    late = START + timedelta(minutes=5)
    executions.transition(registry, DEFAULT_SCOPE, ID, Status.RUNNING, started_at=late)
    dead = executions.transition(
        registry, DEFAULT_SCOPE, ID, Status.DEAD, completed_at=late + timedelta(seconds=9)
    )
    assert (dead.started_at, dead.duration_seconds(START)) == (late, 9)
    with pytest.raises(Conflict):
        executions.transition(registry, DEFAULT_SCOPE, ID, Status.RUNNING)
