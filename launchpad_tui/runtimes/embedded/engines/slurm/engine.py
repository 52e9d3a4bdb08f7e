"""The engine that runs the commands of steps as jobs of a Slurm cluster."""

from __future__ import annotations

import hashlib
import math
import re
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from launchpad_tui.domain.connection import Connection, Field
from launchpad_tui.errors import InvalidInput, LaunchpadError, Unreachable
from launchpad_tui.records import replace
from launchpad_tui.runtimes.embedded.engines.base import (
    EngineContext,
    ImageRuntime,
    StepCommand,
)
from launchpad_tui.runtimes.embedded.engines.slurm import job_states
from launchpad_tui.runtimes.embedded.engines.slurm.client import SlurmClient, SlurmJob
from launchpad_tui.runtimes.embedded.engines.slurm.cluster_state import COMMENT
from launchpad_tui.runtimes.embedded.engines.slurm.image_runtimes import IMAGE_RUNTIMES
from launchpad_tui.runtimes.embedded.engines.slurm.job_folder import JobFolder
from launchpad_tui.runtimes.embedded.engines.slurm.job_run import JobRun, JobTools
from launchpad_tui.runtimes.embedded.engines.slurm.node_paths import NodePaths
from launchpad_tui.runtimes.embedded.engines.slurm.queue_view import QueueView, prepare_folder
from launchpad_tui.runtimes.embedded.engines.slurm.settings import parse_options, parse_settings
from launchpad_tui.runtimes.embedded.process import Cancellation, ExitStatus
from launchpad_tui.runtimes.embedded.sandbox import Sandbox

#: how often, and every how many seconds, the cancellation of jobs is tried at the end
_CANCEL_ATTEMPTS, _CANCEL_SECONDS = 60, 10.0
#: minutes by which the time limit of a job exceeds the deadline of its execution, because
#: launchpad ends it first
_SPARE_MINUTES = 2


class SlurmEngine:
    """Runs every command as a job. Jobs continue without the supervisor.

    Args:
        context: the execution.
        connection: the connection to the cluster.
    """

    reattaches = True
    starts_at_once = False
    executable_fields: ClassVar[tuple[Field, ...]] = (
        Field(
            "options",
            "Job options",
            help="Options of sbatch for the steps of this executable, for example --time=2:00:00 "
            "--gres=gpu:2. They take precedence over those of the connection and of plans.",
        ),
    )

    execution_fields: ClassVar[tuple[Field, ...]] = (
        Field(
            "options",
            "Job options",
            help="Options of sbatch for the steps of this execution, for example --time=2:00:00. "
            "They take precedence over all others.",
        ),
        Field(
            "resource_plan",
            "Resource plan",
            help="The plan of the connection for all steps, in place of those of the template.",
        ),
    )

    def __init__(self, context: EngineContext, connection: Connection) -> None:
        settings = parse_settings(connection.settings)
        self.images: ImageRuntime | None = IMAGE_RUNTIMES.get(settings.container_runtime)
        self._context = context
        self._settings = settings
        self._client = SlurmClient(settings)
        folder = prepare_folder(context.host.home.root / "slurm" / connection.name)
        self._queue = QueueView(self._client, folder, settings.poll_seconds)
        self._connection = connection
        self._continued = (context.workspace.work / "jobs").exists()
        self._lock = threading.Lock()
        self._jobs: dict[str, SlurmJob] = {}
        self._usage: dict[str, str] = {}
        self._tools = JobTools(
            self._client,
            self._queue,
            context.metrics,
            settings.poll_seconds,
            context.host.settings.stop_grace_seconds,
            settings.requeue,
            self._report,
            self._report_usage,
        )

    @staticmethod
    def work_folder(connection: Connection, execution_id: str) -> Path:
        """Return the folder of an execution, which all nodes see. Raises InvalidInput."""
        return parse_settings(connection.settings).shared_folder / execution_id

    @staticmethod
    def check_executable(settings: Mapping[str, str]) -> None:
        """Check the options in the settings of an executable. Raises InvalidInput."""
        parse_options(settings.get("options", ""), "options")

    @staticmethod
    def check_execution(connection: Connection, settings: Mapping[str, str]) -> None:
        """Check the options and the plan of an execution. Raises InvalidInput."""
        parse_options(settings.get("options", ""), "options")
        plans, plan = parse_settings(connection.settings).plans, settings.get("resource_plan", "")
        if plan and plan.lower() not in plans:
            raise InvalidInput(
                f"The connection {connection.name} has no resource plan {plan[:80]!r}",
                f"Its plans are: {', '.join(plans) or 'none'}.",
                "Select one of them, or add the plan to the connection.",
                field="resource_plan",
            )

    @staticmethod
    def parallel(connection: Connection) -> int:
        """Return how many executions may run at the same time. Raises InvalidInput."""
        return parse_settings(connection.settings).parallel

    @staticmethod
    def cancel_jobs(connection: Connection, execution_id: str) -> None:
        """Cancel the jobs of an execution that has no supervisor. Raises LaunchpadError."""
        client = SlurmClient(parse_settings(connection.settings))
        prefix = f"{COMMENT}:{execution_id}:"
        client.cancel(
            [
                job.id
                for job in client.jobs().values()
                if job.comment.startswith(prefix) and not job_states.is_final(job.state)
            ]
        )

    def sandbox(self) -> Sandbox:
        """Return the method of mapping the container's paths on nodes."""
        return NodePaths()

    def place(self, artifacts: Path, name: str, key: str) -> Path:
        """Create the folder of a step and return it; it is the same for the same key."""
        path = artifacts / f"{name}-{_digest(key)}"
        path.mkdir(parents=True, exist_ok=True)
        return path

    def run(self, command: StepCommand) -> ExitStatus:
        """Run a command as a job, or follow the job that an earlier supervisor submitted.

        Raises:
            StepFailed: Slurm rejected the job.
            LaunchpadError, OSError: the shared folder cannot be written.
        """
        work = self._context.workspace.work
        name = re.sub(r"[^\w.-]+", "_", command.step)[:60]
        folder = JobFolder(work / "jobs" / f"{name}-{_digest(command.key)}", work / "programs")
        comment = f"{COMMENT}:{self._context.execution.id}:{_digest(command.key)}"
        options = self._options(command, folder, comment)
        return JobRun(self._tools, command, folder, comment, options).run()

    def _options(self, command: StepCommand, folder: JobFolder, comment: str) -> list[str]:
        execution = self._context.execution
        details = execution.status_details
        own = (
            *parse_options(self._context.options, "options"),
            *parse_options(details.get("options", ""), "options"),
        )
        plan = details.get("resource_plan") or command.resource_plan
        name = re.sub(r"[^\w.-]+", "_", f"{execution.executable_id}.{command.step}")[:100]
        return [
            f"--job-name={name}",
            *_time_limit(command.cancellation),
            *self._settings.submit_options(plan, own),
            f"--comment={comment}",
            "--open-mode=append",
            f"--chdir={folder.path}",
            f"--output={folder.path / 'slurm-%j.out'}",
        ]

    def clean_up(self) -> None:
        """Cancel the jobs of the execution that have not ended."""
        with self._lock:
            left = [job.id for job in self._jobs.values() if not job_states.is_final(job.state)]
        for _ in range(_CANCEL_ATTEMPTS):
            try:
                self._client.cancel(left)
                if self._continued:
                    # Jobs of an earlier supervisor that this one never followed.
                    self.cancel_jobs(self._connection, self._context.execution.id)
            except Unreachable as error:
                self._context.log.report(f"Jobs are canceled later: {error.title}")
                time.sleep(_CANCEL_SECONDS)
            except LaunchpadError as error:
                self._context.log.report(f"Jobs could not be canceled: {error.title}")
                return
            else:
                return

    def _report_usage(self, key: str, text: str) -> None:
        """Record what the commands use on their nodes."""
        with self._lock:
            self._usage[key] = text
            self._describe()

    def _report(self, key: str, job: SlurmJob) -> None:
        """Record the jobs of the execution: the first running one makes it RUNNING."""
        with self._lock:
            known = self._jobs.get(key)
            if known is not None and known.id == job.id and not job.limit:
                # The node does not report it.
                job = replace(job, limit=known.limit)
            self._jobs[key] = job
            if job.state in job_states.ACTIVE or job.state in {"COMPLETED", "FAILED"}:
                self._context.running()
            self._describe()

    def _describe(self) -> None:
        jobs = list(self._jobs.values())
        active = [each for each in jobs if not job_states.is_final(each.state)]
        details = _details(jobs, active)
        running = [key for key, job in self._jobs.items() if not job_states.is_final(job.state)]
        usage = [self._usage[key] for key in running if key in self._usage]
        if usage:
            details["usage"] = "; ".join(usage)
        self._context.describe(_message(active), details)


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[:12]


def _time_limit(cancellation: Cancellation) -> list[str]:
    seconds = cancellation.remaining
    if seconds is None:
        return []
    return [f"--time={math.ceil(max(seconds, 0) / 60) + _SPARE_MINUTES}"]


def _message(active: Sequence[SlurmJob]) -> str:
    """Return what the active jobs do, for the status message of the execution."""
    running = [job for job in active if job.state not in job_states.WAITING]
    if running:
        return "; ".join(f"Job {job.id} runs on {job.nodes or 'a node'}" for job in running)
    waiting = [f"Job {job.id} waits: {job_states.waiting_text(job.reason)}" for job in active]
    return "; ".join(waiting)


def _details(jobs: Sequence[SlurmJob], active: Sequence[SlurmJob]) -> dict[str, str]:
    """Return the status details: IDs, nodes and time limits of all jobs, and why they wait."""
    waiting = {job_states.waiting_text(job.reason) for job in active if job.state == "PENDING"}
    nodes = dict.fromkeys(job.nodes for job in jobs if job.nodes)
    return {
        "job": ", ".join(job.id for job in jobs),
        "node": ", ".join(nodes),
        "limit": ", ".join(dict.fromkeys(job.limit for job in jobs if job.limit)),
        "waiting": "; ".join(sorted(waiting)),
    }
