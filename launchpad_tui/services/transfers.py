"""Downloads, uploads and looks at many files that go on while the user does something else. They live as long as this
process; a download that is begun again goes on where it was."""

from __future__ import annotations

import itertools
import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from launchpad_tui.domain.transfer import Progress, Transfer
from launchpad_tui.errors import LaunchpadError

#: jobs that run side by side; others wait
PARALLEL = 4
#: seconds over which the speed is measured
_WINDOW = 5.0
_log = logging.getLogger(__name__)


class JobState(StrEnum):
    """How a job stands."""

    WAITING = "waiting"
    RUNNING = "running"
    CANCELLING = "cancelling"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def over(self) -> bool:
        """Whether nothing more comes of it."""
        return self in {JobState.DONE, JobState.FAILED, JobState.CANCELLED}


class Cancelled(Exception):
    """Raised into a transfer that somebody cancelled."""


@dataclass(frozen=True, slots=True)
class Job:
    """A job as it is now.

    ``done`` and ``total`` count what ``unit`` says: bytes (``B``) or things such as ``models``; ``total`` is 0 where it
    is not known. ``speed`` is units a second over the last seconds, ``left`` the seconds that remain at that speed,
    None where nobody can say. ``message`` says what came of it, ``error`` why it failed.
    """

    id: int
    title: str
    unit: str
    state: JobState
    done: int = 0
    total: int = 0
    path: str = ""
    speed: float = 0.0
    left: float | None = None
    message: str = ""
    error: LaunchpadError | None = None


#: does the work, tells how far it is, and gives a sentence on what came of it
Work = Callable[[Progress], str]


class TransferService:
    """The jobs of this process. Safe for threads; no call blocks."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._jobs: dict[int, _Job] = {}
        self._numbers = itertools.count(1)

    def start(self, title: str, work: Work, unit: str = "B") -> int:
        """Begin a job as soon as there is room; gives its number."""
        with self._lock:
            job = _Job(next(self._numbers), title, unit, work)
            self._jobs[job.id] = job
            self._begin()
        return job.id

    def jobs(self) -> tuple[Job, ...]:
        """All jobs as they are now, in the order in which they were begun."""
        with self._lock:
            return tuple(job.now() for job in self._jobs.values())

    @property
    def active(self) -> int:
        """How many jobs wait or run."""
        with self._lock:
            return sum(not job.state.over for job in self._jobs.values())

    def cancel(self, number: int) -> None:
        """End a job: at once where it waits, else at its next sign of life. What was half done is left as the work
        itself leaves it: an upload leaves nothing, a download what a later one goes on with."""
        with self._lock:
            job = self._jobs.get(number)
            if job is None or job.state.over:
                return
            if job.state is JobState.WAITING:
                job.end(JobState.CANCELLED)
            else:
                job.state = JobState.CANCELLING

    def again(self, number: int) -> None:
        """Begin a job anew that failed or was cancelled."""
        with self._lock:
            job = self._jobs.get(number)
            if job is not None and job.state in {JobState.FAILED, JobState.CANCELLED}:
                self._jobs[number] = _Job(number, job.title, job.unit, job.work)
                self._begin()

    def forget(self) -> None:
        """Drop the jobs that are over."""
        with self._lock:
            self._jobs = {number: job for number, job in self._jobs.items() if not job.state.over}

    def _begin(self) -> None:
        running = sum(
            job.state in {JobState.RUNNING, JobState.CANCELLING} for job in self._jobs.values()
        )
        for job in list(self._jobs.values()):
            if running >= PARALLEL:
                return
            if job.state is JobState.WAITING:
                running += 1
                job.state = JobState.RUNNING
                # A daemon: quitting never waits for a socket.
                threading.Thread(
                    target=self._run, args=(job,), name="transfer", daemon=True
                ).start()

    def _run(self, job: _Job) -> None:
        def moved(transfer: Transfer) -> None:
            with self._lock:
                if job.state is not JobState.RUNNING:
                    raise Cancelled
                job.moved(transfer)

        state, message, error = JobState.DONE, "", None
        try:
            message = job.work(moved)
        except Cancelled:
            state = JobState.CANCELLED
        except LaunchpadError as found:
            state, error = JobState.FAILED, found
        except Exception as found:  # noqa: BLE001  whatever it is, the job must not stay RUNNING
            _log.error("a transfer ended by an unexpected error", exc_info=found)
            state, error = (
                JobState.FAILED,
                LaunchpadError(f"unexpected: {type(found).__name__}", str(found)),
            )
        with self._lock:
            if state is JobState.FAILED and job.state is JobState.CANCELLING:
                state, error = JobState.CANCELLED, None
            job.end(state, message, error)
            self._begin()


class _Job:
    def __init__(self, number: int, title: str, unit: str, work: Work) -> None:
        self.id = number
        self.title = title
        self.unit = unit
        self.work = work
        self.state = JobState.WAITING
        self._at = Transfer(0, 0)
        self._message = ""
        self._error: LaunchpadError | None = None
        #: moments and how much was done then
        self._steps: deque[tuple[float, int]] = deque()

    def moved(self, transfer: Transfer) -> None:
        at = time.monotonic()
        self._at = transfer
        if not self._steps or at - self._steps[-1][0] >= 0.1:
            self._steps.append((at, transfer.done))
        while len(self._steps) > 2 and at - self._steps[0][0] > _WINDOW:
            self._steps.popleft()

    def end(self, state: JobState, message: str = "", error: LaunchpadError | None = None) -> None:
        self.state, self._message, self._error = state, message, error
        self._steps.clear()

    def now(self) -> Job:
        speed, left = 0.0, None
        if self._steps:
            start, before = self._steps[0]
            seconds = time.monotonic() - start
            speed = (self._at.done - before) / seconds if seconds > 0.2 else 0.0
            if speed > 0 and self._at.total:
                left = max(0.0, (self._at.total - self._at.done) / speed)
        return Job(
            self.id,
            self.title,
            self.unit,
            self.state,
            self._at.done,
            self._at.total,
            self._at.path,
            speed,
            left,
            self._message,
            self._error,
        )
