"""The ports through which a runtime that runs on this machine uses registry, files and settings.

Runtimes never import `registry`, `services` or `stores`: `services` implements these protocols.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from launchpad_tui.config.paths import Home
from launchpad_tui.config.settings import ExecutionSettings
from launchpad_tui.domain.artifact import Artifact, ArtifactFile, ArtifactKind
from launchpad_tui.domain.connection import Connection, ResourceGroup, Scope
from launchpad_tui.domain.execution import (
    Claim,
    Configuration,
    Execution,
    Status,
    TargetStatus,
    UnfinishedExecution,
)
from launchpad_tui.domain.metric import CustomInfo, Metric, MetricResource, MetricSink, Tag
from launchpad_tui.domain.scenario import Executable, Scenario
from launchpad_tui.domain.schedule import Schedule
from launchpad_tui.domain.transfer import Progress


class ScenarioRecords(Protocol):
    """Scenarios and executables in the registry. Lookups by ID raise NotFound."""

    def scenarios(self, scope: Scope) -> Sequence[Scenario]:
        """Return all scenarios of the connection."""

    def executables(self, scope: Scope, scenario_id: str | None = None) -> Sequence[Executable]:
        """Return the executables of a scenario (None: of all scenarios)."""

    def executable(self, scope: Scope, executable_id: str) -> Executable:
        """Return one executable."""

    def put_scenario(self, scope: Scope, scenario: Scenario) -> None:
        """Insert or replace a scenario."""

    def put_executable(self, scope: Scope, executable: Executable) -> str:
        """Insert or replace an executable and return ``added``, ``changed`` or ``unchanged``."""

    def set_executable_settings(
        self, scope: Scope, executable_id: str, settings: Mapping[str, str]
    ) -> Executable:
        """Replace the settings of an executable."""

    def delete_executable(self, scope: Scope, executable_id: str) -> None:
        """Remove an executable."""


class ArtifactRecords(Protocol):
    """Artifacts in the registry. Lookups by ID raise NotFound."""

    def artifacts(
        self, scope: Scope, kind: ArtifactKind | None, skip: int, limit: int
    ) -> Sequence[Artifact]:
        """Return at most ``limit`` artifacts after the first ``skip``, oldest first."""

    def count_artifacts(self, scope: Scope) -> int:
        """Return the number of artifacts."""

    def artifact(self, scope: Scope, artifact_id: str) -> Artifact:
        """Return one artifact."""

    def artifacts_by_id(self, scope: Scope, ids: Sequence[str]) -> Mapping[str, Artifact]:
        """Return the existing artifacts of these IDs, by ID."""

    def add_artifact(self, scope: Scope, new: Artifact, *, restricted: bool = False) -> None:
        """Insert an artifact; ``restricted`` if a client of one resource group registers it.

        Raises Conflict if its ID is taken.
        """

    def restricted_artifacts(self, scope: Scope, ids: Sequence[str]) -> frozenset[str]:
        """Return the IDs of the artifacts that a client of one resource group registered."""

    def inputs_of(self, scope: Scope, execution_id: str) -> Sequence[tuple[str, str]]:
        """Return name and artifact ID of each input of an execution."""


class ConfigurationRecords(Protocol):
    """Configurations in the registry. Lookups by ID raise NotFound."""

    def configurations(self, scope: Scope, skip: int, limit: int) -> Sequence[Configuration]:
        """Return at most ``limit`` configurations after the first ``skip``, oldest first."""

    def count_configurations(self, scope: Scope) -> int:
        """Return the number of configurations."""

    def configuration(self, scope: Scope, configuration_id: str) -> Configuration:
        """Return one configuration."""

    def current_configuration(self, scope: Scope, configuration_id: str) -> Configuration:
        """Return the configuration to execute, in which references to models such as
        ``churn@production`` are replaced by the current IDs. Raises NotFound."""

    def add_configuration(self, scope: Scope, new: Configuration) -> None:
        """Insert a configuration. Raises Conflict if its ID is taken."""


class ExecutionRecords(Protocol):
    """Executions in the registry. Lookups by ID raise NotFound."""

    def record_provenance(
        self, scope: Scope, execution_id: str, content: Mapping[str, object]
    ) -> None:
        """Record the code and the environment of an execution."""

    def provenance(self, scope: Scope, execution_id: str) -> Mapping[str, Any]:
        """Return the code and the environment of an execution, empty if they were not recorded."""

    def executions(
        self, scope: Scope, status: Status | None, skip: int, limit: int
    ) -> Sequence[Execution]:
        """Return at most ``limit`` executions after the first ``skip``, oldest first.

        Args:
            status: return only executions with this status; None for all.
        """

    def count_executions(self, scope: Scope) -> int:
        """Return the number of executions."""

    def execution(self, scope: Scope, execution_id: str) -> Execution:
        """Return one execution."""

    def executions_by_id(self, scope: Scope, ids: Sequence[str]) -> Mapping[str, Execution]:
        """Return the existing executions of these IDs, by ID."""

    def scope_of(self, execution_id: str) -> Scope:
        """Return the scope of an execution of this machine."""

    def create_execution(self, scope: Scope, new: Execution) -> None:
        """Insert an execution. Raises Conflict if its ID is taken."""

    def claim_next(
        self, parallel: int, pid: int, boot: str, own_limits: Mapping[str, int]
    ) -> tuple[Scope, Execution] | None:
        """Claim the oldest queued execution of this machine for a process.

        Args:
            own_limits: the numbers of parallel executions of the connections that have a limit of
                their own instead of ``parallel``, by name.

        Returns:
            None if nothing is queued, or as many executions as the limits allow are claimed.
        """

    def reclaim(self, scope: Scope, execution_id: str, lost: Claim, pid: int, boot: str) -> bool:
        """Claim an execution whose supervisor died; return False if another process has done so."""

    def describe(
        self, scope: Scope, execution_id: str, message: str, details: Mapping[str, str]
    ) -> None:
        """Replace the message of an execution that has not ended, and add status details."""

    def read_positions(self, scope: Scope, execution_id: str) -> Mapping[str, int]:
        """Return up to which position in bytes each file of an execution was recorded."""

    def set_read_position(
        self, scope: Scope, execution_id: str, source: str, position: int
    ) -> None:
        """Record up to which position a file of an execution was recorded."""

    def set_supervisor(self, scope: Scope, execution_id: str, pid: int | None, boot: str) -> None:
        """Record which process supervises an execution; None returns it to the queue."""

    def unfinished(self, scope: Scope | None = None) -> Sequence[UnfinishedExecution]:
        """Return the executions that have not ended, oldest first.

        Args:
            scope: None for all scopes of this machine.
        """

    def transition(
        self,
        scope: Scope,
        execution_id: str,
        status: Status,
        message: str = "",
        details: Mapping[str, str] | None = None,
        *,
        started_at: datetime | None = None,
        completed_at: datetime | None = None,
    ) -> Execution:
        """Set the next status of an execution; times and details that are not given are kept.

        Raises:
            Conflict: the status cannot follow the current one, which another process may have set.
        """

    def set_target(self, scope: Scope, execution_id: str, target: TargetStatus) -> None:
        """Set the target status. Raises Conflict if the current status does not allow it."""

    def complete(
        self,
        scope: Scope,
        execution_id: str,
        outputs: Sequence[tuple[Artifact, Sequence[ArtifactFile]]],
        completed_at: datetime | None,
        details: Mapping[str, str],
        *,
        again: bool = False,
    ) -> None:
        """Set COMPLETED and register all output artifacts with their files in one transaction.

        Args:
            completed_at: None keeps the recorded time.
            again: the execution is expected to be DEAD with kept outputs instead of RUNNING.

        Raises:
            Conflict: the execution does not have the expected status.
        """

    def delete_execution(self, scope: Scope, execution_id: str) -> None:
        """Delete an execution and its metrics. Raises Conflict if it has not ended."""


class MetricRecords(Protocol):
    """Metrics, tags and custom info in the registry. All calls raise NotFound for an unknown
    execution."""

    def record_metrics(
        self,
        scope: Scope,
        execution_id: str,
        metrics: Sequence[Metric],
        tags: Sequence[Tag],
        custom_info: Sequence[CustomInfo],
    ) -> None:
        """Add metrics, tags and custom info to an execution in one transaction."""

    def stage_metrics(
        self,
        scope: Scope,
        execution_id: str,
        metrics: Sequence[Metric],
        tags: Sequence[Tag],
        custom_info: Sequence[CustomInfo],
    ) -> None:
        """Commit the same in less time; lists show it after `settle_metrics`."""

    def settle_metrics(self, scope: Scope, execution_id: str) -> None:
        """Update what lists and charts show by what was staged."""

    def metric_resource(self, scope: Scope, execution_id: str) -> MetricResource:
        """Return everything that an execution logged."""

    def delete_metrics(self, scope: Scope, execution_id: str) -> None:
        """Delete everything that an execution logged."""


class ScheduleRecords(Protocol):
    """Execution schedules in the registry. Lookups by ID raise NotFound."""

    def schedules(self, scope: Scope) -> Sequence[Schedule]:
        """Return the schedules of a scope, newest first."""

    def schedule(self, scope: Scope, schedule_id: str) -> Schedule:
        """Return one schedule."""

    def put_schedule(self, scope: Scope, schedule: Schedule) -> None:
        """Insert or replace a schedule."""

    def delete_schedule(self, scope: Scope, schedule_id: str) -> None:
        """Delete a schedule."""

    def due_schedules(self, at: datetime) -> Sequence[tuple[Scope, Schedule]]:
        """Return the schedules of this machine that are due, the longest overdue first."""

    def advance_schedule(self, scope: Scope, seen: Schedule, next_at: datetime | None) -> bool:
        """Set the next due time of a schedule; return False if another process has done so."""


class ResourceGroupRecords(Protocol):
    """Connections to this machine and their resource groups in the registry."""

    def connection(self, name: str) -> Connection:
        """Return a connection. Raises NotFound."""

    def local_connections(self) -> Sequence[Connection]:
        """Return the connections whose runtimes run on this machine."""

    def resource_groups(self, connection: str) -> Sequence[ResourceGroup]:
        """Return the resource groups of a connection, ``default`` first."""

    def add_resource_group(self, scope: Scope, labels: Mapping[str, str]) -> None:
        """Insert a resource group with a file object store ``default``.

        Raises:
            Conflict: the name is taken.
        """

    def set_resource_group_labels(self, scope: Scope, labels: Mapping[str, str]) -> None:
        """Replace the labels of a resource group. Raises NotFound."""

    def delete_resource_group(self, scope: Scope) -> None:
        """Delete a resource group with everything in it.

        Raises:
            NotFound: there is no such resource group.
            Conflict: it is ``default``, or executions in it have not ended.
        """


class Records(
    ScenarioRecords,
    ArtifactRecords,
    ConfigurationRecords,
    ExecutionRecords,
    MetricRecords,
    ScheduleRecords,
    ResourceGroupRecords,
    Protocol,
):
    """The records of runtimes of this machine. Safe for threads and processes.

    Every call is one transaction, unless it is made inside `transaction`. All calls raise NotFound
    for an unknown scope.
    """

    def transaction(self) -> AbstractContextManager[object]:
        """Run the calls of a ``with`` block in one write transaction; nested blocks join it."""

    def version(self) -> int:
        """Return a number that changes when another process changes any record."""


class HostFiles(Protocol):
    """The files of artifacts in the object stores of a scope."""

    def prepare(self, scope: Scope) -> None:
        """Open the object store for outputs in advance. Errors are ignored.

        Its credentials are read while the user is present, because a keyring may be locked later.
        """

    def stage(
        self, scope: Scope, url: str, target: Path, *, restricted: bool = False
    ) -> Sequence[Path]:
        """Download the files at a URL into a folder and return their paths.

        Args:
            restricted: whether only files are downloaded that clients of the resource group may
                read; for others, PermissionDenied is raised.
        """

    def identity(self, scope: Scope, url: str, *, restricted: bool = False) -> str:
        """Return a text that is the same as long as the files at a URL are the same, also for equal
        files at another URL if the object store has checksums."""

    def store_output(
        self, scope: Scope, url: str, source: Path, progress: Progress | None = None
    ) -> Sequence[ArtifactFile]:
        """Store a file or folder at a URL, completely or not at all, and return its files."""

    def delete_output(self, scope: Scope, url: str) -> None:
        """Delete everything at a URL."""

    def measure(self, scope: Scope, url: str) -> int | None:
        """Return the size at a URL in bytes; None if the object store does not respond in time."""


class RuntimeHost(Protocol):
    """The ports that the application gives to a runtime of this machine."""

    @property
    def home(self) -> Home:
        """The home folder, with the folders of executions and the secrets."""

    @property
    def settings(self) -> ExecutionSettings:
        """The settings of executions."""

    @property
    def records(self) -> Records:
        """The records of the registry."""

    @property
    def files(self) -> HostFiles:
        """The files of artifacts."""


#: A function that opens a tracking endpoint for an execution, given its ID and its metrics, and
#: returns the base URL.
TrackingEndpoint = Callable[[str, MetricSink], AbstractContextManager[str]]
