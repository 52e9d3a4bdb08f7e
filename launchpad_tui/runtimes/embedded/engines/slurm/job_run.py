"""Runs one attempt of a step as a job: submits it, follows it, and cancels it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from launchpad_tui.errors import Unreachable
from launchpad_tui.records import record
from launchpad_tui.runtimes.embedded.engines.base import StepCommand
from launchpad_tui.runtimes.embedded.engines.slurm import job_states
from launchpad_tui.runtimes.embedded.engines.slurm.client import (
    SlurmClient,
    SlurmJob,
    SlurmRejected,
)
from launchpad_tui.runtimes.embedded.engines.slurm.job_folder import JobFolder
from launchpad_tui.runtimes.embedded.engines.slurm.queue_view import QueueView
from launchpad_tui.runtimes.embedded.engines.slurm.spool import SpoolReader
from launchpad_tui.runtimes.embedded.metric_recording import ExecutionMetrics
from launchpad_tui.runtimes.embedded.process import ExitStatus
from launchpad_tui.runtimes.embedded.step_errors import Interrupted, StepFailed

#: seconds between two checks of the shared folder, at most
_FILES_SECONDS = 1.0
#: calls of squeue after the end of a job during which its exit code is still expected, because a
#: client of NFS may see new files late, and the longest time in seconds
_GRACE_POLLS, _GRACE_SECONDS = 12, 60.0
#: seconds after which a node shows that a step runs, at most
_BEAT_SECONDS = 5.0
#: seconds between two calls of scancel
_CANCEL_SECONDS = 10.0
#: the exit codes of jobs that ended without one
_KILLED = {"OUT_OF_MEMORY": -9, "TIMEOUT": -15, "CANCELLED": -15, "PREEMPTED": -15}


@record
class JobTools:
    """What all jobs of an execution share.

    Args:
        client: calls Slurm's commands.
        queue: the jobs of the user.
        metrics: records the metrics of the execution.
        poll_seconds: seconds between two calls of squeue.
        grace_seconds: seconds between SIGTERM and SIGKILL for commands.
        requeue: whether a command runs again if Slurm starts its job again.
        report: receives the key of a step and its job whenever the job changes.
        use: receives the key of a step and what its command uses whenever that changes.
    """

    client: SlurmClient
    queue: QueueView
    metrics: ExecutionMetrics
    poll_seconds: float
    grace_seconds: float
    requeue: bool
    report: Callable[[str, SlurmJob], None]
    use: Callable[[str, str], None]


class JobRun:
    """One attempt of a step as a job.

    Args:
        tools: what all jobs of the execution share.
        command: the command of the step.
        folder: the folder of the job.
        comment: the comment with which the job is found again.
        options: the options of sbatch.
    """

    def __init__(
        self,
        tools: JobTools,
        command: StepCommand,
        folder: JobFolder,
        comment: str,
        options: list[str],
    ) -> None:
        self._tools = tools
        self._command = command
        self._folder = folder
        self._comment = comment
        self._options = options
        self._id = ""
        self._reported = ""
        self._problem = ""
        self._attempt: int | None = None
        self._reader: SpoolReader | None = None
        self._cancel_at = 0.0
        self._missing_since: float | None = None
        self._measured_at = 0.0
        self._used = ""
        #: from when on the queue has the job, in seconds since 1970
        self._queued_at = 0.0

    def run(self) -> ExitStatus:
        """Run the step until it ends, or until its job was canceled because that was requested.

        Raises:
            StepFailed: Slurm rejected the job.
            Interrupted: the execution was stopped before the job was submitted.
            LaunchpadError, OSError: the shared folder cannot be written.
        """
        beat = min(self._tools.poll_seconds, _BEAT_SECONDS)
        self._folder.write(
            self._command,
            self._tools.grace_seconds,
            beat,
            requeue=self._tools.requeue,
        )
        self._id = self._folder.job()
        if self._id:
            self._log(f"Job {self._id} is followed again")
        else:
            self._submit()
        while True:
            self._follow_files()
            ended = self._folder.exit()
            if ended is not None:
                return self._exited(*ended)
            self._check_claim()
            self._cancel_if_requested()
            status = self._check_queue()
            if status is not None:
                return status
            self._wait()

    def _log(self, text: str) -> None:
        self._command.log.report(text, self._command.step)

    def _wait(self) -> None:
        seconds = min(_FILES_SECONDS, self._tools.poll_seconds)
        if self._command.cancellation.requested:
            time.sleep(seconds)
        else:
            self._command.cancellation.wait(seconds)

    def _submit(self) -> None:
        """Submit the job, unless an earlier supervisor did so."""
        step = self._command.step
        while True:
            if self._command.cancellation.requested and not self._folder.may_be_submitted:
                raise Interrupted("Stopped before this step")
            try:
                if self._folder.may_be_submitted and self._find_submitted():
                    return
                if self._command.cancellation.requested:
                    raise Interrupted("Stopped before this step")
                self._folder.mark_submitting()
                self._id = self._tools.client.submit(self._folder.script, self._options)
                break
            except Unreachable as error:
                self._note_problem(f"{error.title}: {error.detail}".rstrip(": "))
                self._wait()
            except SlurmRejected as error:
                raise StepFailed(
                    f"Step {step}: Slurm rejected its job",
                    error.detail,
                    error.hint,
                    step=step,
                    reason="submission",
                    is_error=True,
                ) from error
        self._queued_at = time.time()
        self._folder.set_job(self._id)
        self._note_problem("")
        self._log(f"Job {self._id} submitted: sbatch {' '.join(self._options[:-2])}"[:2000])
        self._tools.report(self._command.key, SlurmJob(self._id, "PENDING", "None"))

    def _find_submitted(self) -> bool:
        """Return whether an earlier submission reached Slurm, whose answer was lost."""
        start = time.time()
        while (queue := self._tools.queue.since(start)) is None:
            self._wait()
        if queue.problem:
            raise Unreachable(queue.problem)
        self._id = self._folder.job()
        if not self._id and (found := queue.with_comment(self._comment)) is not None:
            self._id = found.id
            self._folder.set_job(found.id)
        if self._id:
            self._log(f"Job {self._id} is followed again")
        return bool(self._id)

    def _check_claim(self) -> None:
        """Follow the job that runs the step, if two were submitted because an answer was lost."""
        claimed = self._folder.job()
        if claimed and claimed != self._id:
            self._log(f"Job {claimed} runs the step; job {self._id} is canceled")
            self._try_cancel(self._id)
            self._id = claimed

    def _follow_files(self) -> None:
        """Record what the node wrote."""
        started = self._folder.started()
        if started is None:
            return
        attempt, data = started
        if attempt != self._attempt:
            first = self._attempt is None and attempt == 0
            for number in range(0 if self._attempt is None else self._attempt, attempt):
                self._drain(number)
            self._attempt = attempt
            self._reader = self._new_reader(attempt)
            self._tools.report(
                self._command.key, SlurmJob(self._id, "RUNNING", nodes=str(data.get("node", "")))
            )
            again = "" if first else f", attempt {attempt + 1}"
            view = "" if data.get("view") else "; container paths are replaced"
            self._log(f"Job {self._id} runs on {data.get('node')}{again}{view}")
        if self._reader is not None:
            self._reader.poll()
        if time.monotonic() >= self._measured_at + 2 * self._tools.poll_seconds:
            self._measured_at = time.monotonic()
            self._report_usage()

    def _report_usage(self) -> None:
        text = job_states.usage_text(self._folder.usage())
        if text and text != self._used:
            self._used = text
            self._tools.use(self._command.key, text)

    def _new_reader(self, attempt: int) -> SpoolReader:
        command = self._command
        return SpoolReader(
            self._folder.path,
            attempt,
            self._folder.path.name,
            self._tools.metrics,
            command.log,
            command.step,
            command.observe,
        )

    def _drain(self, attempt: int) -> None:
        """Record everything that an attempt wrote that has ended."""
        reader = self._reader if attempt == self._attempt and self._reader else None
        reader = reader or self._new_reader(attempt)
        deadline = time.monotonic() + self._grace
        while not reader.poll(final=True) and time.monotonic() < deadline:
            time.sleep(min(_FILES_SECONDS, self._tools.poll_seconds))

    @property
    def _grace(self) -> float:
        return min(_GRACE_SECONDS, _GRACE_POLLS * self._tools.poll_seconds)

    def _exited(self, attempt: int, data: object) -> ExitStatus:
        """Return the status after the node wrote an exit code."""
        values = data if isinstance(data, dict) else {}
        if self._attempt != attempt:
            self._attempt, self._reader = attempt, self._new_reader(attempt)
            self._tools.report(
                self._command.key,
                SlurmJob(self._id, "RUNNING", nodes=str(values.get("node", ""))),
            )
        self._drain(attempt)
        code, node = int(values.get("code", 1)), str(values.get("node", ""))
        state = ""
        if code and not self._command.cancellation.requested:
            state = self._final_state()
        self._tools.report(self._command.key, SlurmJob(self._id, state or "COMPLETED", nodes=node))
        return self._status(code, state, node)

    def _final_state(self) -> str:
        """Return the state with which the job ended, which explains why its command failed."""
        start, clock = time.time(), time.monotonic()
        while not self._command.cancellation.requested:
            queue = self._tools.queue.since(start)
            if queue is not None:
                job = queue.jobs.get(self._id)
                known = not queue.problem
                if known and job is None:
                    known, job = self._tools.queue.ended(self._id)
                if known and (job is None or job_states.is_final(job.state)):
                    return job.state if job is not None else ""
                if time.monotonic() - clock >= self._grace:
                    return ""
                start = time.time()
            time.sleep(min(_FILES_SECONDS, self._tools.poll_seconds))
        return ""

    def _status(self, code: int, state: str, node: str) -> ExitStatus:
        text = job_states.end_text(state) if state else ""
        if not text:
            return ExitStatus(code, node=node)
        return ExitStatus(code, f"job {self._id}: {text}", job_states.end_hint(state), node)

    def _cancel_if_requested(self) -> None:
        if self._command.cancellation.requested and time.monotonic() >= self._cancel_at:
            self._cancel_at = time.monotonic() + _CANCEL_SECONDS
            self._log(f"Job {self._id} is being canceled")
            self._try_cancel(self._id)

    def _try_cancel(self, job_id: str) -> None:
        try:
            self._tools.client.cancel([job_id])
        except Unreachable as error:
            self._cancel_at = 0.0
            self._note_problem(f"{error.title}: {error.detail}".rstrip(": "))

    def _check_queue(self) -> ExitStatus | None:
        """Report the state of the job; return its status if it ended without an exit code."""
        queue = self._tools.queue.current()
        job = queue.jobs.get(self._id)
        if job is None and not queue.problem:
            newer = self._tools.queue.since(self._queued_at)
            if newer is None:
                return None
            queue, job = newer, newer.jobs.get(self._id)
        self._note_problem(queue.problem)
        if queue.problem:
            self._missing_since = None
            return None
        if job is not None and not job_states.is_final(job.state):
            self._missing_since = None
            self._report_state(job)
            return None
        clock = time.monotonic()
        if self._missing_since is None:
            self._missing_since = clock
        stopped = self._command.cancellation.requested or self._stopped() is not None
        if not (stopped and job is not None) and clock - self._missing_since < self._grace:
            return None
        return self._ended_without_code(job)

    def _stopped(self) -> Mapping[str, Any] | None:
        """Return what the node wrote if Slurm stopped the last attempt; None if it did not."""
        return None if self._attempt is None else self._folder.stopped(self._attempt)

    def _report_state(self, job: SlurmJob) -> None:
        shown = f"{job.state} {job.reason} {job.nodes}"
        if shown == self._reported:
            return
        self._reported = shown
        self._tools.report(self._command.key, job)
        if job.state in job_states.WAITING and self._attempt is not None:
            self._log(
                f"Job {job.id} is requeued, because its node failed, it was preempted or an "
                f"administrator decided so. It waits: {job_states.waiting_text(job.reason)}"
            )
        elif job.state in job_states.WAITING and job.reason not in {"", "None"}:
            self._log(f"Job {job.id} waits: {job_states.waiting_text(job.reason)}")
        elif job.state == "SUSPENDED":
            self._log(f"Job {job.id} is suspended")

    def _ended_without_code(self, job: SlurmJob | None) -> ExitStatus | None:
        """Return the status of a job whose node wrote no exit code."""
        if job is None:
            asked, job = self._tools.queue.ended(self._id)
            if not asked:
                return None
        state = job.state if job is not None else ""
        if self._attempt is not None:
            self._drain(self._attempt)
        lines, source = self._folder.output(), f"{self._folder.path.name}/slurm"
        if source not in self._command.log.positions():
            self._command.log.write(
                "stderr", self._command.step, lines, source=source, position=len(lines)
            )
        self._command.observe("stderr", lines)
        if job is not None:
            self._tools.report(self._command.key, job)
        stopped = self._stopped() or {}
        text = job_states.end_text(state) if state else "Slurm does not know it any more"
        if not text:
            text = "Slurm stopped it" if stopped else f"it ended ({state}) without an exit code"
        return ExitStatus(
            _KILLED.get(state, 1),
            f"job {self._id}: {text}",
            job_states.end_hint(state) if state else "Check whether an administrator removed it.",
            job.nodes if job is not None else "",
        )

    def _note_problem(self, problem: str) -> None:
        """Write to the log that Slurm does not respond, and that it does again."""
        if problem and not self._problem:
            self._log(f"{problem}. The job is not affected; trying again"[:600])
        elif self._problem and not problem:
            self._log("Slurm responds again")
        self._problem = problem
