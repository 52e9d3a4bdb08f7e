"""The jobs of the user, fetched with one call of squeue for all executions of a home folder.

Every execution has a supervisor of its own. The first one that requires newer data calls squeue
while the others wait for its result, which they read from a file.
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
        found = [job for job in self.jobs.values() if job.comment == comment]
        return max(found, key=lambda job: int(job.id.partition("_")[0]), default=None)


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
        self._seconds = seconds

    def current(self) -> Queue:
        """Return the jobs, at most as old as the time between two calls.

        A failed call is not raised but returned as `Queue.problem`, with the jobs as last known.
        """
        return self._at_least(None)

    def since(self, at: float) -> Queue:
        """Return the jobs as of a time in seconds since 1970, or later."""
        return self._at_least(at)

    def _at_least(self, at: float | None) -> Queue:
        found, fresh_until = self._read()
        if self._suffices(found, fresh_until, at):
            return found
        with folder_lock(self._folder, wait=True):
            found, fresh_until = self._read()
            if self._suffices(found, fresh_until, at):
                return found
            return self._fetch(found)

    @staticmethod
    def _suffices(found: Queue, fresh_until: float, at: float | None) -> bool:
        if at is not None:
            return found.at >= at
        # The clock may have been set back.
        return found.at <= time.time() < fresh_until

    def _fetch(self, before: Queue) -> Queue:
        start, clock = time.time(), time.monotonic()
        try:
            found = Queue(start, self._client.jobs())
            factor = _DURATIONS
        except Unreachable as error:
            # Such a call takes as long as Slurm's commands try to connect.
            found = Queue(start, before.jobs, f"{error.title}: {error.detail}".rstrip(": "))
            factor = 1.0
        pause = min(factor * (time.monotonic() - clock), _MOST_SECONDS)
        fresh_until = time.time() + max(self._seconds, pause)
        jobs = [[getattr(job, name) for name in _FIELDS] for job in found.jobs.values()]
        data = [found.at, fresh_until, found.problem, jobs]
        # Without the file, every execution calls squeue itself.
        with contextlib.suppress(LaunchpadError):
            write_private(self._file, json.dumps(data).encode())
        return found

    def _read(self) -> tuple[Queue, float]:
        """Return the queue of the file, and until when no other call is needed."""
        try:
            with open(self._file, "rb") as file:
                at, fresh_until, problem, jobs = json.loads(file.read())
            return Queue(at, {each[0]: SlurmJob(*each) for each in jobs}, problem), fresh_until
        except (OSError, ValueError, TypeError, IndexError):
            return Queue(0.0, {}), 0.0


def prepare_folder(folder: Path) -> Path:
    """Create the private folder of a connection and return it."""
    os.makedirs(folder, mode=0o700, exist_ok=True)
    return folder
