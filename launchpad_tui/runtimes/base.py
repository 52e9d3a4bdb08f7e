"""What an AI runtime is to the services: small protocols, each a capability that a kind may lack."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from launchpad_tui.domain.artifact import Artifact, ArtifactKind
from launchpad_tui.domain.connection import Capabilities, ResourceGroup
from launchpad_tui.domain.execution import Configuration, Execution, LogLine, Status, TargetStatus
from launchpad_tui.domain.metric import CustomInfo, Metric, MetricResource, Tag
from launchpad_tui.domain.scenario import Executable, Scenario, Version
from launchpad_tui.domain.schedule import Schedule, ScheduleStatus


class AIRuntime(Protocol):
    """A connected runtime."""

    def capabilities(self) -> Capabilities:
        """What it can do. Raises Unreachable and its like where it has to be asked and does not answer."""


class ExecutionLog(Protocol):
    """The log of one execution, by line number; it may grow while it is read."""

    @property
    def finished(self) -> bool:
        """Whether nothing will be added any more."""

    def count(self) -> int:
        """How many lines there are now."""

    def whole(self) -> None:
        """Wait until all that there is now can be read; may raise what a runtime elsewhere raises."""

    def slice(self, start: int, stop: int) -> list[LogLine]:
        """The lines from ``start`` up to before ``stop``."""

    def matching(
        self, text: str = "", since: datetime | None = None, until: datetime | None = None
    ) -> list[int]:
        """The numbers of the lines that hold the text (any case) and lie in the time, both ends included."""

    def save(self, path: Path, numbers: Sequence[int] | None = None) -> None:
        """Write these lines (None: all) into a file.

        Raises:
            PermissionDenied, StorageFull: it cannot be written.
        """


class Loggable(Protocol):
    """A runtime that keeps logs."""

    def log(self, execution_id: str) -> ExecutionLog:
        """The execution's log; empty where nothing was written. Raises NotFound."""


@dataclass(frozen=True, slots=True)
class StoreInfo:
    """An object store secret as the runtime gives it back: never its secrets. ``settings`` are by the API's names, such
    as ``bucket``, ``endpoint``, ``pathPrefix``."""

    name: str
    type: str
    settings: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Changed:
    """What came of one item of a bulk change. ``error`` is empty where it was accepted."""

    id: str
    error: str = ""


@dataclass(frozen=True, slots=True)
class LogRecord:
    """One line. ``pod`` and ``container`` say who wrote it; they and ``stream`` may be empty. ``raw`` is the timestamp
    as the server wrote it, which may have nanoseconds."""

    timestamp: datetime
    message: str
    stream: str
    container: str
    pod: str
    raw: str


@dataclass(frozen=True, slots=True)
class ExecutionState:
    """The little of an execution that tells whether it changed."""

    id: str
    status: Status
    modified_at: datetime


class RemoteRuntime(Protocol):
    """A resource group of a runtime elsewhere, over its network: what is in it, and what can be done there.

    Calls block, and may be made from any thread; iterators ask while they are read. Every call may raise Unreachable,
    RateLimited, AuthenticationFailed, PermissionDenied, RuntimeRejected, CapabilityMissing or ConfigError; NotFound and
    Conflict as each says.
    """

    resource_group: str

    def in_group(self, resource_group: str) -> RemoteRuntime:
        """The same runtime, another group, over the same connections."""

    def close(self) -> None:
        """Close all connections; what waits to be repeated ends."""

    def capabilities(self) -> Capabilities:
        """What the runtime can do."""

    def resource_groups(self) -> Iterator[ResourceGroup]:
        """The resource groups; their ``connection`` is empty."""

    def create_resource_group(self, name: str, labels: Mapping[str, str] | None = None) -> None:
        """Make a resource group; it is PROVISIONING for a while. Raises Conflict."""

    def label_resource_group(self, name: str, labels: Mapping[str, str]) -> None:
        """Replace a group's labels. Raises NotFound."""

    def delete_resource_group(self, name: str) -> None:
        """Delete a resource group and all that is in it. Raises NotFound."""

    def scenarios(self) -> Iterator[Scenario]:
        """All scenarios."""

    def executables(self, scenario_id: str) -> Iterator[Executable]:
        """The executables of a scenario that make executions."""

    def versions(self, scenario_id: str) -> Iterator[Version]:
        """The versions of a scenario."""

    def artifacts(
        self, kind: ArtifactKind | None = None, *, skip: int = 0, page: int = 0
    ) -> Iterator[Artifact]:
        """Artifacts, behind so many of them; ``page`` of them are asked for at once (0: as many as is best)."""

    def count_artifacts(self) -> int:
        """How many there are."""

    def artifact(self, artifact_id: str) -> Artifact:
        """One artifact. Raises NotFound."""

    def create_artifact(
        self,
        name: str,
        kind: ArtifactKind,
        url: str,
        scenario_id: str,
        description: str = "",
        labels: Sequence[tuple[str, str]] = (),
    ) -> str:
        """Register an artifact; gives its ID."""

    def configurations(self, *, skip: int = 0) -> Iterator[Configuration]:
        """Configurations, behind so many of them."""

    def count_configurations(self) -> int:
        """How many there are."""

    def configuration(self, configuration_id: str) -> Configuration:
        """One configuration. Raises NotFound."""

    def create_configuration(
        self,
        name: str,
        scenario_id: str,
        executable_id: str,
        parameters: Mapping[str, str] | None = None,
        inputs: Mapping[str, str] | None = None,
    ) -> str:
        """Make a configuration; gives its ID."""

    def executions(self, *, skip: int = 0, status: Status | None = None) -> Iterator[Execution]:
        """Executions (in a status), behind so many of them."""

    def execution_states(self, status: Status | None = None) -> Iterator[ExecutionState]:
        """What there is of executions (in a status), in short."""

    def count_executions(self) -> int:
        """How many there are."""

    def execution(self, execution_id: str) -> Execution:
        """One execution. Raises NotFound."""

    def create_execution(self, configuration_id: str) -> str:
        """Start an execution; gives its ID."""

    def stop(self, execution_id: str) -> None:
        """Ask it to stop. Raises NotFound, Conflict."""

    def delete(self, execution_id: str) -> None:
        """Delete it. Raises NotFound, Conflict."""

    def change_many(self, execution_ids: Sequence[str], target: TargetStatus) -> Iterator[Changed]:
        """Stop or delete many; what came of each. For runtimes that can (`Capabilities.bulk`)."""

    def logs(
        self,
        execution_id: str,
        *,
        start: datetime | None = None,
        end: datetime | None = None,
        newest_first: bool = False,
        limit: int | None = None,
    ) -> Iterator[LogRecord]:
        """The lines of an execution's log by time. Raises NotFound."""

    def metrics(self, execution_ids: Sequence[str]) -> Iterator[MetricResource]:
        """What these executions logged; one that logged nothing does not come."""

    def patch_metrics(
        self,
        execution_id: str,
        metrics: Sequence[Metric] = (),
        tags: Sequence[Tag] = (),
        custom_info: Sequence[CustomInfo] = (),
    ) -> None:
        """Add to what an execution logged."""

    def delete_metrics(self, execution_id: str) -> None:
        """Delete all that an execution logged. Raises NotFound."""

    def schedules(self) -> Iterator[Schedule]:
        """Execution schedules."""

    def schedule(self, schedule_id: str) -> Schedule:
        """One schedule. Raises NotFound."""

    def create_schedule(
        self,
        name: str,
        cron: str,
        configuration_id: str,
        start: datetime | None = None,
        end: datetime | None = None,
    ) -> str:
        """Make a schedule; gives its ID."""

    def change_schedule(
        self,
        schedule_id: str,
        *,
        cron: str = "",
        configuration_id: str = "",
        status: ScheduleStatus | None = None,
        start: datetime | None = None,
        end: datetime | None = None,
    ) -> None:
        """Change what is given of a schedule. Raises NotFound."""

    def delete_schedule(self, schedule_id: str) -> None:
        """Delete a schedule. Raises NotFound."""

    def object_store_secrets(self) -> Iterator[StoreInfo]:
        """The object stores of the resource group."""

    def create_object_store_secret(self, secret: Mapping[str, object]) -> None:
        """Make an object store secret, given in the AI API's form."""

    def change_object_store_secret(self, name: str, secret: Mapping[str, object]) -> None:
        """Replace an object store secret. Raises NotFound."""

    def delete_object_store_secret(self, name: str) -> None:
        """Delete an object store secret; what is in the store stays. Raises NotFound."""
