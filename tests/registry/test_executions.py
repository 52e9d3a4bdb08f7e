"""Changes of the status of executions."""

from __future__ import annotations

from datetime import timedelta

import pytest

from launchpad_tui.domain.connection import DEFAULT_SCOPE
from launchpad_tui.domain.execution import QueuePosition, Status
from launchpad_tui.errors import Conflict
from launchpad_tui.registry import executions
from launchpad_tui.registry.database import Registry
from launchpad_tui.ui.screens.executions.execution_items import queue_text
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


def test_a_pending_execution_waits_for_those_that_run_and_those_before_it(
    registry: Registry,
) -> None:
    names = [f"e00000000000000{number}" for number in range(4)]
    for number, name in enumerate(names):
        add_execution(registry, name, status=Status.PENDING, at=number)
    assert executions.queue_of(registry, DEFAULT_SCOPE, names[0]) == QueuePosition(0, 0, True)
    assert executions.queue_of(registry, DEFAULT_SCOPE, names[3]) == QueuePosition(0, 3, True)
    assert executions.claim_next(registry, 2, 1, "boot") is not None
    assert executions.claim_next(registry, 2, 1, "boot") is not None
    assert executions.queue_of(registry, DEFAULT_SCOPE, names[0]) is None
    assert executions.queue_of(registry, DEFAULT_SCOPE, names[2]) == QueuePosition(2, 0, True)
    assert executions.queue_of(registry, DEFAULT_SCOPE, names[3]) == QueuePosition(2, 1, True)
    executions.transition(registry, DEFAULT_SCOPE, names[0], Status.RUNNING, started_at=START)
    executions.transition(registry, DEFAULT_SCOPE, names[0], Status.COMPLETED)
    assert executions.queue_of(registry, DEFAULT_SCOPE, names[3]) == QueuePosition(1, 1, True)


@pytest.mark.parametrize(
    ("queue", "text"),
    [
        (
            QueuePosition(2, 7, True),
            "the end of 2 running, and 7 before it; executions.parallel sets how",
        ),
        (QueuePosition(3, 0, False), "the end of 3 running"),
        (QueuePosition(0, 2, True), "the start of 2 before it"),
        (QueuePosition(0, 0, True), "its start"),
    ],
)
def test_what_an_execution_waits_for_is_stated(queue: QueuePosition, text: str) -> None:
    assert queue_text(queue).startswith(text)
