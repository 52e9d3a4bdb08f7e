"""Configurations and executions, with the statuses and rules of the AI API."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

from launchpad_tui.domain.artifact import Artifact
from launchpad_tui.domain.connection import Scope
from launchpad_tui.domain.numbers import size_text
from launchpad_tui.errors import Conflict, LaunchpadError
from launchpad_tui.records import field, record

#: the largest number of characters of a status message (AI API); longer messages are cut
STATUS_MESSAGE_LIMIT = 256
#: names of artifacts and configurations (AI API; ``\w`` is ASCII there)
RESOURCE_NAME = re.compile(r"[\w\s.!?,;:\[\](){}<>\"'=+*/\\^&%@~$#|-]{1,256}", re.ASCII)


class Status(StrEnum):
    """The status of an execution."""

    UNKNOWN = "UNKNOWN"
    PENDING = "PENDING"
    RUNNING = "RUNNING"
    STOPPING = "STOPPING"
    STOPPED = "STOPPED"
    COMPLETED = "COMPLETED"
    DEAD = "DEAD"

    @property
    def final(self) -> bool:
        """Whether the status cannot change any more."""
        return self in FINAL


class TargetStatus(StrEnum):
    """The status that was last requested for an execution."""

    COMPLETED = "COMPLETED"
    STOPPED = "STOPPED"
    DELETED = "DELETED"


FINAL = frozenset({Status.STOPPED, Status.COMPLETED, Status.DEAD})
#: the statuses in which an execution can be stopped (AI API)
STOPPABLE = frozenset({Status.PENDING, Status.RUNNING})
#: the statuses in which an execution can be deleted (AI API)
DELETABLE = frozenset({Status.UNKNOWN, Status.COMPLETED, Status.STOPPED, Status.DEAD})
#: the status detail of a DEAD execution whose outputs are still on this machine, and its value
OUTPUTS, OUTPUTS_KEPT = "outputs", "kept"
#: the status details of an execution whose steps are jobs of a cluster: IDs and nodes
_JOB_DETAILS = ("job", "node", "limit", "usage", "options", "resource_plan")
#: the statuses that may follow each status
TRANSITIONS: Mapping[Status, frozenset[Status]] = {
    Status.UNKNOWN: frozenset({Status.PENDING, Status.DEAD}),
    Status.PENDING: frozenset({Status.RUNNING, Status.STOPPING, Status.STOPPED, Status.DEAD}),
    Status.RUNNING: frozenset({Status.COMPLETED, Status.STOPPING, Status.DEAD}),
    Status.STOPPING: frozenset({Status.STOPPED, Status.DEAD}),
}


def job_details(execution: Execution) -> dict[str, str]:
    """Return those status details that name the jobs of an execution and their nodes."""
    return {
        name: execution.status_details[name]
        for name in _JOB_DETAILS
        if name in execution.status_details
    }


def why_not_store_outputs(execution: Execution) -> str | None:
    """Return why the outputs of an execution cannot be stored now; None if they can."""
    if execution.status is Status.DEAD and execution.status_details.get(OUTPUTS) == OUTPUTS_KEPT:
        return None
    return "No outputs are waiting to be stored"


def check_stop(execution_id: str, status: Status) -> None:
    """Raise Conflict if an execution with this status cannot be stopped."""
    if status not in STOPPABLE:
        raise Conflict(
            f"Execution {execution_id} is {status} and cannot be stopped",
            "Only executions that are PENDING or RUNNING can be stopped.",
        )


def check_delete(execution_id: str, status: Status) -> None:
    """Raise Conflict if an execution with this status cannot be deleted."""
    if status not in DELETABLE:
        raise Conflict(
            f"Execution {execution_id} is {status} and cannot be deleted",
            "Only executions that are UNKNOWN, COMPLETED, STOPPED or DEAD can be deleted.",
            "Stop the execution first.",
        )


def new_execution_id() -> str:
    """Return a new ID in the AI API's form: ``e`` and 15 more hexadecimal digits."""
    return "e" + os.urandom(8).hex()[1:]


@record
class Configuration:
    """Parameter bindings and input artifact bindings for an executable; immutable.

    ``inputs`` maps the name of an input to an artifact ID.
    """

    id: str
    name: str
    scenario_id: str
    executable_id: str
    parameters: Mapping[str, str]
    inputs: Mapping[str, str]
    created_at: datetime


@record
class Execution:
    """One execution of a configuration's executable.

    Attributes:
        schedule_id: the schedule that created the execution, empty if none did.
        deleted_at: the time at which its deletion in the runtime was noticed, None while it exists.
    """

    id: str
    configuration_id: str
    configuration_name: str
    scenario_id: str
    executable_id: str
    executable_version: str
    status: Status
    target_status: TargetStatus
    status_message: str
    created_at: datetime
    modified_at: datetime
    submitted_at: datetime | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None
    status_details: Mapping[str, str] = field(default_factory=dict)
    schedule_id: str = ""
    deleted_at: datetime | None = None

    @property
    def title(self) -> str:
        """The name of the configuration, by which users know the execution, and the ID."""
        return f"{self.configuration_name} ({self.id})" if self.configuration_name else self.id

    def duration_seconds(self, at: datetime) -> float | None:
        """Return the seconds from start to completion, or to ``at`` while the execution runs.

        None if it has not started. Times before the start, which a clock that was set back
        causes, count as the start.
        """
        if self.started_at is None:
            return None
        return max(0.0, ((self.completed_at or at) - self.started_at).total_seconds())


@record
class QueuePosition:
    """What a pending execution waits for.

    Attributes:
        running: the number of executions of its connection that run or are being started.
        before: the number of executions of its connection that wait and are started before it.
        limited: whether the setting ``executions.parallel`` limits how many run.
    """

    running: int
    before: int
    limited: bool


@record
class ExecutionDetails:
    """An execution with its executable, configuration, inputs and outputs.

    ``executable_name`` is empty and ``configuration`` is None if the runtime has deleted them.
    ``inputs`` has the name and the artifact of each input; a deleted artifact is None.
    ``references`` has the inputs that were given as references such as ``churn@production``.
    ``provenance`` has the code and the environment, empty if they were not recorded.
    ``queue`` is what a pending execution of this machine waits for, None if it does not wait.
    ``reproductions`` has the newest executions that reproduce this one.
    """

    execution: Execution
    executable_name: str
    configuration: Configuration | None
    inputs: tuple[tuple[str, Artifact | None], ...]
    outputs: tuple[Artifact, ...]
    references: Mapping[str, str] = field(default_factory=dict)
    provenance: Mapping[str, Any] = field(default_factory=dict)
    queue: QueuePosition | None = None
    reproductions: tuple[Execution, ...] = ()


@record
class Outcome:
    """The outcome of one item of a bulk operation; ``error`` is None if it succeeded."""

    id: str
    error: LaunchpadError | None = None


@record
class Deletion:
    """What the deletion of executions removes, and what is kept.

    Attributes:
        executions: the number of executions.
        with_outputs: how many of them created artifacts.
        outputs: the number of these artifacts.
        size: the size of their logs and working files on this machine in bytes.
    """

    executions: int
    with_outputs: int
    outputs: int
    size: int

    @property
    def text(self) -> str:
        """Sentences that say what is deleted and what is kept."""
        one = self.executions == 1
        freed = f" ({size_text(self.size)})" if self.size else ""
        deleted = f"{'Its' if one else 'Their'} log and working files{freed} are deleted."
        without = self.executions - self.with_outputs
        parts = [deleted]
        if self.with_outputs:
            outputs = f"{self.outputs:,} output{'s' * (self.outputs != 1)}"
            parts.append(f"Parameters, inputs, metrics and lineage are kept with {outputs}.")
        if without:
            parts.append(
                "It has no outputs, so its metrics are deleted too."
                if one
                else f"The metrics of the {without:,} without outputs are deleted too."
            )
        return " ".join(parts)


@record
class Claim:
    """The claim of a process on an execution.

    ``boot`` tells a running supervisor from the process that starts it; see
    `runtimes.embedded.dispatcher`.
    """

    pid: int
    boot: str
    at: datetime


@record
class UnfinishedExecution:
    """An execution that has not ended; ``claim`` is None while no supervisor has claimed it."""

    scope: Scope
    execution: Execution
    claim: Claim | None


@record
class LogLine:
    """One line of an execution's log.

    Attributes:
        number: the position in the log, counted from 0.
        stream: stdout, stderr, or launchpad for messages of the runtime itself.
        step: the template step that wrote the line.
    """

    number: int
    timestamp: datetime
    stream: str
    step: str
    message: str


@record
class LogRecord:
    """One record of a log as a runtime returns it.

    ``pod`` and ``container`` name the process that wrote it. They and ``stream`` may be empty.
    ``raw`` is the text of the timestamp as the runtime returned it, possibly with nanoseconds.
    """

    timestamp: datetime
    message: str
    stream: str
    container: str
    pod: str
    raw: str


@record
class ExecutionState:
    """The status of an execution and the time of its last change."""

    id: str
    status: Status
    modified_at: datetime


class ExecutionLog(Protocol):
    """The log of an execution, whose lines are numbered from 0; it may grow while it is read."""

    @property
    def finished(self) -> bool:
        """Return whether the log is complete."""

    def count(self) -> int:
        """Return the number of lines that are available now."""

    def whole(self) -> None:
        """Wait until every line that exists now is available.

        Raises:
            LaunchpadError: The log of a remote runtime cannot be fetched.
        """

    def slice(self, start: int, stop: int) -> list[LogLine]:
        """Return the lines from ``start`` up to but not including ``stop``."""

    def matching(
        self, text: str = "", since: datetime | None = None, until: datetime | None = None
    ) -> list[int]:
        """Return the numbers of the lines that contain the text and are in the period.

        Args:
            text: The text; case is ignored.
            since: The start of the period, inclusive; None for no limit.
            until: The end of the period, inclusive; None for no limit.
        """

    def save(self, path: Path, numbers: Sequence[int] | None = None) -> None:
        """Write lines to a file.

        Args:
            path: The file.
            numbers: The numbers of the lines; None for all lines.

        Raises:
            PermissionDenied, StorageFull: The file cannot be written.
        """
