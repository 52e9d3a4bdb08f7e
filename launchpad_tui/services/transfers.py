"""Background jobs of this process: downloads, uploads and verifications.

Jobs end with the process. A download that is started again is resumed.
"""

from __future__ import annotations

import itertools
import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from enum import StrEnum

from launchpad_tui.domain.transfer import Progress, Transfer
from launchpad_tui.errors import LaunchpadError
from launchpad_tui.records import record

#: Number of jobs that run in parallel; others wait.
PARALLEL = 4
#: Seconds over which the speed is averaged.
_WINDOW = 5.0
_log = logging.getLogger(__name__)


class JobState(StrEnum):
    """State of a job."""

    WAITING = "waiting"
    RUNNING = "running"
    CANCELLING = "cancelling"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def over(self) -> bool:
        """Return whether the job has ended."""
        return self in {JobState.DONE, JobState.FAILED, JobState.CANCELLED}


class Cancelled(Exception):
    """Raised by the progress callback of a cancelled job, to end its work."""


@record
class Job:
    """A snapshot of a job.

    Attributes:
        unit: The unit of ``done`` and ``total``: bytes (``B``) or items such as ``models``.
        total: The total amount; 0 if it is unknown.
        speed: Units per second, averaged over the last seconds.
        left: The remaining seconds at this speed; None if they are unknown.
        message: The outcome of a completed job.
        error: The error of a failed job.
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


#: Does the work of a job, reports its progress, and returns a message about the outcome.
Work = Callable[[Progress], str]


class TransferService:
    """Queues, runs and cancels the jobs of this process. Thread-safe; no call blocks."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._jobs: dict[int, _Job] = {}
        self._numbers = itertools.count(1)

    def start(self, title: str, work: Work, unit: str = "B") -> int:
        """Queue a job and return its number."""
        with self._lock:
            job = _Job(next(self._numbers), title, unit, work)
            self._jobs[job.id] = job
            self._start_waiting()
        return job.id

    def jobs(self) -> tuple[Job, ...]:
        """Return snapshots of all jobs, in the order in which they were queued."""
        with self._lock:
            return tuple(job.now() for job in self._jobs.values())

    @property
    def active(self) -> int:
        """Return the number of waiting and running jobs."""
        with self._lock:
            return sum(not job.state.over for job in self._jobs.values())

    def cancel(self, number: int) -> None:
        """Cancel a job: a waiting one immediately, a running one at its next progress report.

        A cancelled upload leaves no files; a cancelled download can be resumed.
        """
        with self._lock:
            job = self._jobs.get(number)
            if job is None or job.state.over:
                return
            if job.state is JobState.WAITING:
                job.end(JobState.CANCELLED)
            else:
                job.state = JobState.CANCELLING

    def restart(self, number: int) -> None:
        """Restart a failed or cancelled job."""
        with self._lock:
            job = self._jobs.get(number)
            if job is not None and job.state in {JobState.FAILED, JobState.CANCELLED}:
                self._jobs[number] = _Job(number, job.title, job.unit, job.work)
                self._start_waiting()

    def clear(self) -> None:
        """Remove the jobs that have ended."""
        with self._lock:
            self._jobs = {number: job for number, job in self._jobs.items() if not job.state.over}

    def _start_waiting(self) -> None:
        running = sum(
            job.state in {JobState.RUNNING, JobState.CANCELLING} for job in self._jobs.values()
        )
        for job in list(self._jobs.values()):
            if running >= PARALLEL:
                return
            if job.state is JobState.WAITING:
                running += 1
                job.state = JobState.RUNNING
                # A daemon thread, so that quitting does not wait for a socket.
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
        except Exception as found:  # noqa: BLE001  a job must not stay RUNNING after an unexpected error
            _log.error("a job failed with an unexpected error", exc_info=found)
            state, error = (
                JobState.FAILED,
                LaunchpadError(
                    f"Unexpected error: {type(found).__name__}",
                    str(found),
                    "Details are in the log; its path: launchpad paths",
                ),
            )
        with self._lock:
            if state is JobState.FAILED and job.state is JobState.CANCELLING:
                state, error = JobState.CANCELLED, None
            job.end(state, message, error)
            self._start_waiting()


class _Job:
    """A job and its progress; the lock of the service guards it."""

    def __init__(self, number: int, title: str, unit: str, work: Work) -> None:
        self.id = number
        self.title = title
        self.unit = unit
        self.work = work
        self.state = JobState.WAITING
        self._progress = Transfer(0, 0)
        self._message = ""
        self._error: LaunchpadError | None = None
        #: Times with the amount that was done at each of them, for the speed.
        self._samples: deque[tuple[float, int]] = deque()

    def moved(self, transfer: Transfer) -> None:
        at = time.monotonic()
        self._progress = transfer
        if not self._samples or at - self._samples[-1][0] >= 0.1:
            self._samples.append((at, transfer.done))
        while len(self._samples) > 2 and at - self._samples[0][0] > _WINDOW:
            self._samples.popleft()

    def end(self, state: JobState, message: str = "", error: LaunchpadError | None = None) -> None:
        self.state, self._message, self._error = state, message, error
        self._samples.clear()

    def now(self) -> Job:
        speed, left = 0.0, None
        if self._samples:
            start, before = self._samples[0]
            seconds = time.monotonic() - start
            speed = (self._progress.done - before) / seconds if seconds > 0.2 else 0.0
            if speed > 0 and self._progress.total:
                left = max(0.0, (self._progress.total - self._progress.done) / speed)
        return Job(
            self.id,
            self.title,
            self.unit,
            self.state,
            self._progress.done,
            self._progress.total,
            self._progress.path,
            speed,
            left,
            self._message,
            self._error,
        )
