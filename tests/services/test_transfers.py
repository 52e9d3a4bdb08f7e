"""Background jobs: their number, state, progress and end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from launchpad_tui.domain.transfer import Progress, Transfer
from launchpad_tui.errors import Unreachable
from launchpad_tui.services.transfers import PARALLEL, Job, JobState, TransferService


def wait(service: TransferService, until: Callable[[tuple[Job, ...]], bool]) -> tuple[Job, ...]:
    deadline = time.monotonic() + 10
    while not until(service.jobs()):
        assert time.monotonic() < deadline, service.jobs()
        time.sleep(0.005)
    return service.jobs()


def all_over(jobs: tuple[Job, ...]) -> bool:
    return all(job.state.over for job in jobs)


class PausedWork:
    """Work that reports its progress until it is released."""

    def __init__(self) -> None:
        self.started = threading.Event()
        self.release = threading.Event()
        self.at = Transfer(0, 100)

    def __call__(self, progress: Progress) -> str:
        self.started.set()
        while not self.release.wait(0.005):
            progress(self.at)
        return "moved"


def test_concurrent_transfers_are_limited() -> None:
    service = TransferService()
    works = [PausedWork() for _ in range(PARALLEL + 2)]
    for number, work in enumerate(works):
        assert service.start(f"job {number}", work) == number + 1
    for work in works[:PARALLEL]:
        assert work.started.wait(10)
    states = [job.state for job in service.jobs()]
    assert states == [JobState.RUNNING] * PARALLEL + [JobState.WAITING] * 2
    assert service.active == PARALLEL + 2
    works[0].release.set()
    assert works[PARALLEL].started.wait(10)
    assert not works[PARALLEL + 1].started.is_set()
    for work in works:
        work.release.set()
    jobs = wait(service, all_over)
    assert {job.state for job in jobs} == {JobState.DONE}
    assert jobs[0].message == "moved"
    assert service.active == 0


def test_queued_transfers_are_cancelled_at_once_and_running_ones_at_their_next_progress() -> None:
    service = TransferService()
    works = [PausedWork() for _ in range(PARALLEL + 1)]
    for work in works:
        service.start("job", work)
    assert works[0].started.wait(10)
    service.cancel(PARALLEL + 1)
    assert service.jobs()[-1].state is JobState.CANCELLED
    service.cancel(1)
    wait(service, lambda jobs: jobs[0].state is JobState.CANCELLED)
    assert not works[0].release.is_set()
    for work in works:
        work.release.set()
    wait(service, all_over)
    assert not works[PARALLEL].started.is_set()
    service.cancel(1)
    assert service.jobs()[0].state is JobState.CANCELLED


def test_a_failed_transfer_has_a_reason_and_can_be_restarted() -> None:
    service = TransferService()
    answers: list[Exception | None] = [
        Unreachable("The store is unreachable"),
        ValueError("a defect"),
        None,
    ]

    def work(_: Progress) -> str:
        answer = answers.pop(0)
        if answer is not None:
            raise answer
        return "moved"

    number = service.start("job", work)
    (job,) = wait(service, all_over)
    assert (job.state, job.error and job.error.title) == (
        JobState.FAILED,
        "The store is unreachable",
    )
    service.restart(number)
    (job,) = wait(
        service,
        lambda jobs: (
            jobs[0].error is not None and jobs[0].error.title != "The store is unreachable"
        ),
    )
    assert job.error is not None
    assert "ValueError" in job.error.title
    service.restart(number)
    (job,) = wait(service, lambda jobs: jobs[0].state is JobState.DONE)
    assert job.error is None
    service.restart(number)
    assert service.jobs()[0].state is JobState.DONE


def test_an_error_during_cancellation_is_not_a_failure() -> None:
    service = TransferService()
    go = threading.Event()

    def work(_: Progress) -> str:
        go.wait(10)
        raise Unreachable("The connection was closed")

    number = service.start("job", work)
    wait(service, lambda jobs: jobs[0].state is JobState.RUNNING)
    service.cancel(number)
    assert service.jobs()[0].state is JobState.CANCELLING
    go.set()
    (job,) = wait(service, all_over)
    assert (job.state, job.error) == (JobState.CANCELLED, None)


def test_speed_and_remaining_time() -> None:
    service = TransferService()
    work = PausedWork()
    work.at = Transfer(0, 1000)
    service.start("job", work, "models")
    assert work.started.wait(10)
    assert service.jobs()[0].left is None
    end = time.monotonic() + 0.6
    started = time.monotonic()
    while time.monotonic() < end:
        work.at = Transfer(int(100 * (time.monotonic() - started)), 1000, "a")
        time.sleep(0.01)
    (job,) = service.jobs()
    assert (job.unit, job.total, job.path) == ("models", 1000, "a")
    # The work reports 100 per second; on a busy machine some reports are late.
    assert 30 < job.speed < 200
    assert job.left is not None
    assert abs(job.left - (1000 - job.done) / job.speed) < 1
    work.release.set()
    (job,) = wait(service, all_over)
    assert (job.speed, job.left) == (0.0, None)


def test_finished_transfers_are_removed() -> None:
    service = TransferService()
    paused = PausedWork()
    service.start("short", lambda _: "")
    service.start("long", paused)
    wait(service, lambda jobs: jobs[0].state.over)
    service.clear()
    assert [job.title for job in service.jobs()] == ["long"]
    paused.release.set()
    wait(service, all_over)
