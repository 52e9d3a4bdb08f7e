"""The jobs of the user, fetched with one call of squeue for all executions of a home folder.

Every execution has a supervisor of its own. The first one that requires newer data calls squeue
while the others wait for its result, which they read from a file. Jobs that the controller does not
know any more are collected, and one call of sacct returns them. Neither is called more often than
once in each interval.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from pathlib import Path

from launchpad_tui.config.atomic import write_private
from launchpad_tui.errors import LaunchpadError, Unreachable
from launchpad_tui.records import record
from launchpad_tui.runtimes.embedded.engines.slurm.client import SlurmClient, SlurmJob
from launchpad_tui.runtimes.folder_lock import folder_lock

#: the least time between two calls, in durations of the last call: a slow controller is asked less
_DURATIONS = 10.0
#: the longest time between two calls for this reason, in seconds
_MOST_SECONDS = 60.0
#: the time between two calls as a part of the time since a job changed, and the longest one for
#: this reason in intervals: a queue that stays the same is polled less often
_UNCHANGED_PART, _UNCHANGED_INTERVALS = 0.1, 6.0
#: the number of jobs from the accounting database that are kept
_KEPT = 1000
_FIELDS = ("id", "state", "reason", "nodes", "elapsed", "limit", "comment")


@record
class Queue:
    """The jobs of the user at one time.

    Args:
        at: the start of the call in seconds since 1970.
        jobs: the jobs by ID.
        problem: why the last call failed; empty if it did not.
    """

    at: float
    jobs: dict[str, SlurmJob]
    problem: str = ""

    def with_comment(self, comment: str) -> SlurmJob | None:
        """Return the newest job with a comment; None if there is none."""
        found = [job for job in self.jobs.values() if job.comment == comment and job.id.isdigit()]
        return max(found, key=lambda job: int(job.id), default=None)


class QueueView:
    """The queue as all processes of a home folder share it. Safe for threads and processes.

    Args:
        client: calls squeue.
        folder: a folder of this machine for the file.
        seconds: the time between two calls.
    """

    def __init__(self, client: SlurmClient, folder: Path, seconds: float) -> None:
        self._client = client
        self._folder = folder
        self._file = folder / "queue.json"
        self._ended_file = folder / "ended.json"
        self._seconds = seconds

    def current(self) -> Queue:
        """Return the jobs, not older than the time between two calls.

        A failed call is not raised but returned as `Queue.problem`, with the jobs as last known.
        """
        found = self._read()
        if found.is_fresh(found.fresh_until):
            return found.queue
        with folder_lock(self._folder, wait=True):
            found = self._read()
            return found.queue if found.is_fresh(found.fresh_until) else self._fetch(found)

    def since(self, at: float) -> Queue | None:
        """Return the jobs as of a time in seconds since 1970, or later.

        Returns:
            None if the time for the next call has not come. Call again later.
        """
        found = self._read()
        if found.queue.at >= at:
            return found.queue
        with folder_lock(self._folder, wait=True):
            found = self._read()
            if found.queue.at >= at:
                return found.queue
            return None if found.is_fresh(found.next_call) else self._fetch(found)

    def ended(self, job_id: str) -> tuple[bool, SlurmJob | None]:
        """Return a job that the controller does not know any more, from the accounting database.

        Returns:
            Whether the database was asked, and the job, or None if it does not know it. Call again
            later if it was not asked yet.
        """
        with folder_lock(self._folder, wait=True):
            asked, wanted, next_call = self._read_ended()
            if job_id in asked:
                return True, asked[job_id]
            wanted = [*(each for each in wanted if each != job_id), job_id]
            now = time.time()
            if now >= next_call or next_call > now + _MOST_SECONDS:
                clock = time.monotonic()
                try:
                    found = self._client.ended_jobs(wanted)
                    asked = dict([*asked.items(), *((one, found.get(one)) for one in wanted)])
                    wanted = []
                except Unreachable:
                    # The next call asks for the same jobs.
                    pass
                next_call = time.time() + self._pause(time.monotonic() - clock)
            kept = list(asked.items())[-_KEPT:]
            data = [[[one, job and _values(job)] for one, job in kept], wanted, next_call]
            with contextlib.suppress(LaunchpadError):
                write_private(self._ended_file, json.dumps(data).encode())
            return job_id in asked, asked.get(job_id)

    def _pause(self, duration: float) -> float:
        return max(self._seconds, min(_DURATIONS * duration, _MOST_SECONDS))

    def _fetch(self, before: _Fetched) -> Queue:
        start, clock = time.time(), time.monotonic()
        changed_at = before.changed_at if before.changed_at <= start else start
        try:
            queue = Queue(start, self._client.jobs())
            pause = self._pause(time.monotonic() - clock)
        except Unreachable as error:
            # Such a call takes as long as Slurm's commands try to connect.
            problem = f"{error.title}: {error.detail}".rstrip(": ")
            queue = Queue(start, before.queue.jobs, problem)
            pause = max(self._seconds, min(time.monotonic() - clock, _MOST_SECONDS))
        if queue.problem or before.queue.problem or _states(queue) != _states(before.queue):
            changed_at = start
        longest = _UNCHANGED_INTERVALS * self._seconds
        unchanged = min((start - changed_at) * _UNCHANGED_PART, longest)
        end = time.time()
        jobs = [_values(job) for job in queue.jobs.values()]
        times = [queue.at, end + max(pause, unchanged), end + pause, changed_at]
        # Without the file, every execution calls squeue itself.
        with contextlib.suppress(LaunchpadError):
            write_private(self._file, json.dumps([times, queue.problem, jobs]).encode())
        return queue

    def _read(self) -> _Fetched:
        """Return the queue of the file."""
        try:
            with open(self._file, "rb") as file:
                (at, fresh_until, next_call, changed_at), problem, jobs = json.loads(file.read())
            queue = Queue(at, {each[0]: SlurmJob(*each) for each in jobs}, problem)
            return _Fetched(queue, fresh_until, next_call, changed_at)
        except (OSError, ValueError, TypeError, IndexError):
            return _Fetched(Queue(0.0, {}), 0.0, 0.0, 0.0)

    def _read_ended(self) -> tuple[dict[str, SlurmJob | None], list[str], float]:
        """Return the jobs that were asked for, those to ask for, and when the next call may be."""
        try:
            with open(self._ended_file, "rb") as file:
                asked, wanted, next_call = json.loads(file.read())
            jobs = {str(one): SlurmJob(*values) if values else None for one, values in asked}
            return jobs, [str(one) for one in wanted], float(next_call)
        except (OSError, ValueError, TypeError):
            return {}, [], 0.0


@record
class _Fetched:
    """The result of the last call of squeue.

    Args:
        fresh_until: until when it is recent enough for most purposes.
        next_call: until when no other call is allowed.
        changed_at: when a job was first seen in its present state, or the first call.
    """

    queue: Queue
    fresh_until: float
    next_call: float
    changed_at: float

    def is_fresh(self, until: float) -> bool:
        """Return whether a time has not come. The clock may have been set back."""
        return self.queue.at <= time.time() < until


def _values(job: SlurmJob) -> list[str]:
    return [getattr(job, name) for name in _FIELDS]


def _states(queue: Queue) -> set[tuple[str, str, str, str]]:
    return {(job.id, job.state, job.reason, job.nodes) for job in queue.jobs.values()}


def prepare_folder(folder: Path) -> Path:
    """Create the private folder of a connection and return it."""
    os.makedirs(folder, mode=0o700, exist_ok=True)
    return folder
