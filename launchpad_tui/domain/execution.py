"""Configurations and executions, with the AI API's states and rules."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from launchpad_tui.domain.artifact import Artifact
from launchpad_tui.domain.connection import Scope
from launchpad_tui.errors import Conflict, LaunchpadError

#: status messages longer than this are cut (AI API: statusMessage ≤ 256)
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
#: AI API: a PATCH to STOPPED is accepted only in these
STOPPABLE = frozenset({Status.PENDING, Status.RUNNING})
#: AI API: a DELETE is accepted only in these
DELETABLE = frozenset({Status.UNKNOWN, Status.COMPLETED, Status.STOPPED, Status.DEAD})
#: the status detail of a DEAD execution whose outputs are still on this machine, and its value
OUTPUTS, OUTPUTS_KEPT = "outputs", "kept"
#: the statuses that may follow each status
TRANSITIONS: Mapping[Status, frozenset[Status]] = {
    Status.UNKNOWN: frozenset({Status.PENDING, Status.DEAD}),
    Status.PENDING: frozenset({Status.RUNNING, Status.STOPPING, Status.STOPPED, Status.DEAD}),
    Status.RUNNING: frozenset({Status.COMPLETED, Status.STOPPING, Status.DEAD}),
    Status.STOPPING: frozenset({Status.STOPPED, Status.DEAD}),
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
            hint="Only executions that are PENDING or RUNNING can be stopped.",
        )


def check_delete(execution_id: str, status: Status) -> None:
    """Raise Conflict if an execution with this status cannot be deleted."""
    if status not in DELETABLE:
        raise Conflict(
            f"Execution {execution_id} is {status} and cannot be deleted",
            hint="Only executions that are UNKNOWN, COMPLETED, STOPPED or DEAD can be deleted; stop it first.",
        )


def new_execution_id() -> str:
    """Return a new ID in the AI API's form: ``e`` and 15 more hexadecimal digits."""
    return "e" + secrets.token_hex(8)[1:]


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class Execution:
    """One execution of a configuration's executable.

    Attributes:
        schedule_id: the schedule that created it, else empty.
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

    def duration_seconds(self, at: datetime) -> float | None:
        """Return the seconds from start to completion, or to ``at`` while it runs.

        None before the start.
        """
        if self.started_at is None:
            return None
        return ((self.completed_at or at) - self.started_at).total_seconds()


@dataclass(frozen=True, slots=True)
class ExecutionDetails:
    """An execution with everything that its process flow names.

    ``executable_name`` is empty and ``configuration`` None if those were deleted in the runtime.
    ``inputs`` pairs the name of an input with its artifact, None if that was deleted.
    """

    execution: Execution
    executable_name: str
    configuration: Configuration | None
    inputs: tuple[tuple[str, Artifact | None], ...]
    outputs: tuple[Artifact, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of one item of a bulk operation; ``error`` is None if it succeeded."""

    id: str
    error: LaunchpadError | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """Which supervisor process has claimed an execution, when, and the boot it belongs to."""

    pid: int
    boot: str
    at: datetime


@dataclass(frozen=True, slots=True)
class UnfinishedExecution:
    """An execution that has not ended; ``claim`` is None while no supervisor has claimed it."""

    scope: Scope
    execution: Execution
    claim: Claim | None


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of an execution's log.

    Attributes:
        number: counts from 0 and never changes.
        stream: stdout, stderr, or launchpad for messages of the runtime itself.
        step: the template step that wrote the line.
    """

    number: int
    timestamp: datetime
    stream: str
    step: str
    message: str


@dataclass(frozen=True, slots=True)
class LogRecord:
    """One record of a log.

    ``pod`` and ``container`` name the writer; they and ``stream`` may be empty. ``raw`` is the
    timestamp as the server wrote it, possibly with nanoseconds.
    """

    timestamp: datetime
    message: str
    stream: str
    container: str
    pod: str
    raw: str


@dataclass(frozen=True, slots=True)
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
