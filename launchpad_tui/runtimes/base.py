"""The Runtime protocol, in groups of operations, that every kind of AI runtime implements."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol, runtime_checkable

from launchpad_tui.domain.artifact import Artifact, ArtifactKind
from launchpad_tui.domain.connection import Capabilities, Field, ResourceGroup, StoreInfo
from launchpad_tui.domain.execution import (
    Configuration,
    Execution,
    ExecutionState,
    LogRecord,
    Outcome,
    Status,
    TargetStatus,
)
from launchpad_tui.domain.metric import CustomInfo, Metric, MetricResource, Tag
from launchpad_tui.domain.repository import TemplateSource
from launchpad_tui.domain.scenario import AddedExecutables, Executable, Scenario, Version
from launchpad_tui.domain.schedule import Schedule, ScheduleStatus
from launchpad_tui.domain.transfer import Progress


class ResourceGroupOperations(Protocol):
    """Administration of the resource groups of a connection (`Capabilities.groups`)."""

    def resource_groups(self) -> Iterator[ResourceGroup]:
        """Yield the resource groups. ``connection`` may be empty, because a remote runtime does not
        know under which name it is connected."""

    def create_resource_group(
        self, name: str, labels: Mapping[str, str] | None = None
    ) -> ResourceGroup:
        """Create a resource group and return it; it may be PROVISIONING for a while.

        Raises:
            Conflict: the name is taken.
        """

    def label_resource_group(self, name: str, labels: Mapping[str, str]) -> dict[str, str]:
        """Replace the labels of a resource group and return them as the runtime stores them.

        Raises:
            NotFound: there is no such resource group.
        """

    def delete_resource_group(self, name: str) -> None:
        """Delete a resource group with everything in it.

        Raises:
            NotFound: there is no such resource group.
        """


class ScenarioOperations(Protocol):
    """Scenarios and executables (`Capabilities.add_executable` for every change)."""

    def scenarios(self) -> Iterator[Scenario]:
        """Yield all scenarios."""

    def executables(self, scenario_id: str) -> Iterator[Executable]:
        """Yield the workflow executables of a scenario, without its serving executables."""

    def versions(self, scenario_id: str) -> Iterator[Version]:
        """Yield the versions of a scenario."""

    def add_executables(self, path: Path) -> AddedExecutables:
        """Add the workflow templates of a file or folder; each replaces one with the same ID.

        Raises:
            InvalidInput: there is neither a file nor a folder.
        """

    def executable_fields(self) -> tuple[Field, ...]:
        """Return the fields of the settings of executables; empty if the runtime has none."""

    def set_executable(self, executable_id: str, values: Mapping[str, str]) -> Executable:
        """Replace the settings of an executable; executions created later use them.

        Args:
            values: by the names of `executable_fields`.

        Raises:
            NotFound: there is no such executable.
            InvalidInput: a value is not valid.
        """

    def delete_executable(self, executable_id: str) -> None:
        """Remove an executable; its configurations and executions are kept.

        Raises:
            NotFound: there is no such executable.
        """


class ArtifactOperations(Protocol):
    """Artifacts of the resource group (`Capabilities.create_artifact`)."""

    def artifacts(
        self, kind: ArtifactKind | None = None, *, skip: int = 0, page: int = 0
    ) -> Iterator[Artifact]:
        """Yield the artifacts of a kind (None: of all kinds).

        Args:
            skip: the number of artifacts to omit at the beginning.
            page: the number of artifacts to request at once; 0 for the default of the runtime.
        """

    def count_artifacts(self) -> int:
        """Return the number of artifacts."""

    def artifact(self, artifact_id: str) -> Artifact:
        """Return one artifact.

        Raises:
            NotFound: there is no such artifact.
        """

    def create_artifact(
        self,
        name: str,
        kind: ArtifactKind,
        url: str,
        scenario_id: str,
        description: str = "",
        labels: Sequence[tuple[str, str]] = (),
        *,
        size: int | None = None,
        restricted: bool = False,
    ) -> str:
        """Register an artifact and return its ID.

        Args:
            size: the size in bytes, None if it is not known. A runtime that records sizes then
                measures the files.
            restricted: whether the runtime of this machine checks before each use that clients of
                the resource group may read the files. Remote runtimes know their own clients.
        """


class ConfigurationOperations(Protocol):
    """Configurations of the resource group (`Capabilities.create_configuration`)."""

    def configurations(self, *, skip: int = 0) -> Iterator[Configuration]:
        """Yield the configurations after the first ``skip``."""

    def count_configurations(self) -> int:
        """Return the number of configurations."""

    def configuration(self, configuration_id: str) -> Configuration:
        """Return one configuration.

        Raises:
            NotFound: there is no such configuration.
        """

    def create_configuration(
        self,
        name: str,
        scenario_id: str,
        executable_id: str,
        parameters: Mapping[str, str] | None = None,
        inputs: Mapping[str, str] | None = None,
    ) -> str:
        """Create a configuration and return its ID. The caller has checked the values.

        Args:
            inputs: artifact IDs by the name of the input.
        """


class ExecutionOperations(Protocol):
    """Executions of the resource group (`Capabilities.executions`, ``stop``, ``delete``)."""

    def executions(self, *, skip: int = 0, status: Status | None = None) -> Iterator[Execution]:
        """Yield the executions (with a status) after the first ``skip``."""

    def execution_states(self, status: Status | None = None) -> Iterator[ExecutionState]:
        """Yield the status and the time of the last change of executions (with a status)."""

    def count_executions(self) -> int:
        """Return the number of executions."""

    def execution(self, execution_id: str) -> Execution:
        """Return one execution.

        Raises:
            NotFound: there is no such execution.
        """

    def execution_fields(self) -> tuple[Field, ...]:
        """Return the fields of the settings of one execution; empty if the runtime has none."""

    def create_execution(
        self, configuration_id: str, settings: Mapping[str, str] | None = None
    ) -> str:
        """Create an execution and return its ID.

        Args:
            settings: by the names of `execution_fields`.

        The request is never repeated, because each one creates an execution. After a connection
        error, callers have to check whether the execution exists.

        Raises:
            NotFound: the configuration or its executable does not exist.
            ConfigError: a secret that the executable requires is missing (embedded runtime).
            InvalidInput: a setting is not valid.
        """

    def stop(self, execution_id: str) -> None:
        """Request that an execution stops.

        Raises:
            NotFound: there is no such execution.
            Conflict: its status does not allow it.
        """

    def delete(self, execution_id: str) -> None:
        """Delete an execution with its metrics and log; its output artifacts are kept.

        Raises:
            NotFound: there is no such execution.
            Conflict: it has not ended.
        """

    def change_many(self, execution_ids: Sequence[str], target: TargetStatus) -> Iterator[Outcome]:
        """Stop or delete many executions and yield the outcome of each (`Capabilities.bulk`).

        Args:
            target: STOPPED or DELETED.
        """

    def store_outputs(self, execution_id: str, progress: Progress | None = None) -> None:
        """Retry storing the outputs of an execution whose object store failed
        (`Capabilities.store_outputs`). The call returns when they are stored.

        Raises:
            NotFound: there is no such execution, or its outputs were deleted.
            Conflict: no outputs are waiting, or another process is storing them.
            Unreachable and others: the object store failed again; the outputs are still kept.
        """


@runtime_checkable
class TemplateSourceRuntime(Protocol):
    """A runtime that reads workflow templates from Git repositories."""

    def template_sources(self) -> Mapping[str, TemplateSource]:
        """Return where workflow templates come from, by the IDs of their executables.

        Raises:
            PermissionDenied, NotFound: the user may not read it, or the runtime does not have it.
        """


@runtime_checkable
class ReproducingRuntime(Protocol):
    """A runtime that records the code of executions, with which it can run them again."""

    def reproduce(self, execution_id: str) -> str:
        """Create an execution with the recorded code and inputs of another one; return its ID.

        Raises:
            NotFound: the execution, its executable, an input or its code does not exist.
            Conflict: it has not ended, or its code was not recorded.
            ConfigError, StorageFull: a required secret, or space on the disk, is missing.
        """


class LogOperations(Protocol):
    """Logs of executions (`Capabilities.logs`)."""

    def logs(
        self,
        execution_id: str,
        *,
        start: datetime | None = None,
        end: datetime | None = None,
        newest_first: bool = False,
        limit: int | None = None,
    ) -> Iterator[LogRecord]:
        """Yield the records of an execution's log, ordered by time.

        Args:
            start, end: the first and the last time, both included; None for the default of the
                runtime.

        Raises:
            NotFound: there is no such execution.
        """

    def log_folder(self, execution_id: str) -> Path | None:
        """Return the folder of this machine in which the runtime itself keeps the log, in the
        format of `runtimes.log_files`; None if the log has to be fetched with `logs`."""


class MetricOperations(Protocol):
    """Metrics, tags and custom info of executions (`Capabilities.metrics`)."""

    def metrics(self, execution_ids: Sequence[str]) -> Iterator[MetricResource]:
        """Yield everything that these executions logged, without executions that logged nothing."""

    def patch_metrics(
        self,
        execution_id: str,
        metrics: Sequence[Metric] = (),
        tags: Sequence[Tag] = (),
        custom_info: Sequence[CustomInfo] = (),
    ) -> None:
        """Add metrics, tags and custom info to an execution.

        The request is never repeated, because each one adds points.

        Raises:
            NotFound: there is no such execution.
        """

    def delete_metrics(self, execution_id: str) -> None:
        """Delete everything that an execution logged.

        Raises:
            NotFound: there is no such execution, or it logged nothing.
        """


class ScheduleOperations(Protocol):
    """Execution schedules of the resource group (`Capabilities.schedules`)."""

    def schedules(self) -> Iterator[Schedule]:
        """Yield the execution schedules."""

    def schedule(self, schedule_id: str) -> Schedule:
        """Return one schedule.

        Raises:
            NotFound: there is no such schedule.
        """

    def create_schedule(
        self,
        name: str,
        cron: str,
        configuration_id: str,
        start: datetime | None = None,
        end: datetime | None = None,
    ) -> str:
        """Create a schedule, which is active, and return its ID.

        Args:
            cron: a cron expression with five fields, in UTC.
            start, end: the timezone-aware times between which executions are created; None for no
                bound.

        Raises:
            InvalidInput: a value is not valid.
        """

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
        """Change the values that are given.

        The status INACTIVE pauses the schedule, ACTIVE resumes it. Executions that were due while
        the schedule was paused are not created.

        Raises:
            NotFound: there is no such schedule.
            InvalidInput: a value is not valid.
        """

    def delete_schedule(self, schedule_id: str) -> None:
        """Delete a schedule; the executions that it created are kept.

        Raises:
            NotFound: there is no such schedule.
        """


class ObjectStoreSecretOperations(Protocol):
    """Object store secrets of the resource group (`Capabilities.object_stores`)."""

    def object_store_secrets(self) -> Iterator[StoreInfo]:
        """Yield the object store secrets of the resource group."""

    def create_object_store_secret(self, secret: Mapping[str, object]) -> None:
        """Create an object store secret, given in the AI API's form."""

    def change_object_store_secret(self, name: str, secret: Mapping[str, object]) -> None:
        """Replace an object store secret.

        Raises:
            NotFound: there is no such secret.
        """

    def delete_object_store_secret(self, name: str) -> None:
        """Delete an object store secret; the objects in the store are kept.

        Raises:
            NotFound: there is no such secret.
        """


class Runtime(
    ResourceGroupOperations,
    ScenarioOperations,
    ArtifactOperations,
    ConfigurationOperations,
    ExecutionOperations,
    LogOperations,
    MetricOperations,
    ScheduleOperations,
    ObjectStoreSecretOperations,
    Protocol,
):
    """The AI runtime of one connection, in one of its resource groups.

    Calls block and may be made from any thread; iterators send requests while they are read. An
    operation whose capability `capabilities` denies raises CapabilityMissing. A remote runtime may
    raise Unreachable, RateLimited, AuthenticationFailed, PermissionDenied, RuntimeRejected or
    ConfigError from every call.

    Whether the runtime is remote (its records have to be copied into the registry) is
    `ConnectionKind.remote`. A runtime that is not remote writes the registry itself, through the
    `launchpad_tui.runtimes.host.RuntimeHost` with which it was opened.
    """

    resource_group: str

    def in_group(self, resource_group: str) -> Runtime:
        """Return the runtime in another resource group; both share connections and threads."""

    def close(self) -> None:
        """Close all connections and end pending retries."""

    def capabilities(self) -> Capabilities:
        """Return what the runtime can do, with a reason for each capability that is missing.

        Raises:
            Unreachable and others: a remote runtime does not respond.
        """

    def create_due(self, at: datetime) -> int:
        """Create and start the executions of the schedules of this machine that are due.

        Args:
            at: the current time.

        Returns:
            The number of executions. It is 0 for a remote runtime, which creates them itself.
        """

    def reconcile(self) -> None:
        """Maintain the executions of this machine in all resource groups.

        Executions whose supervisor died become DEAD, the executions of due schedules are created,
        and queued executions start. A remote runtime does nothing.
        """
