"""A kind of runtime in one module: it keeps objects in memory, and executions run until stopped."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import NoReturn, TypeVar

from launchpad_tui.domain.artifact import Artifact, ArtifactKind
from launchpad_tui.domain.connection import (
    Capabilities,
    Connection,
    Field,
    ResourceGroup,
    StoreInfo,
)
from launchpad_tui.domain.connection import ConnectionKind as Kind
from launchpad_tui.domain.execution import (
    Configuration,
    Execution,
    ExecutionState,
    LogRecord,
    Outcome,
    Status,
    TargetStatus,
    check_delete,
    check_stop,
)
from launchpad_tui.domain.metric import CustomInfo, Metric, MetricResource, Tag
from launchpad_tui.domain.scenario import AddedExecutables, Executable, Scenario, Version
from launchpad_tui.domain.schedule import Schedule, ScheduleStatus
from launchpad_tui.domain.timestamps import now
from launchpad_tui.domain.transfer import Progress
from launchpad_tui.errors import CapabilityMissing, Conflict, LaunchpadError, NotFound
from launchpad_tui.runtimes.host import RuntimeHost

Item = TypeVar("Item")
#: The entry of the catalog.
KIND = Kind(
    id="memory",
    title="Memory",
    description="A runtime for tests.",
    adapter="tests.contracts.memory_runtime:MemoryRuntime",
    fields=(Field("place", "Place", required=True),),
)
SCENARIO = Scenario("churn", "Churn", "", {}, now(), now())
EXECUTABLE = Executable(
    "churn-train", "churn", "Train", "", "1", (), (), (), "", "", (), {}, now(), now()
)
MISSING = ("add_executable", "files", "store_outputs", "object_stores")


@dataclass
class Group:
    """The contents of a resource group."""

    labels: Mapping[str, str] = field(default_factory=dict)
    artifacts: dict[str, Artifact] = field(default_factory=dict)
    configurations: dict[str, Configuration] = field(default_factory=dict)
    executions: dict[str, Execution] = field(default_factory=dict)
    schedules: dict[str, Schedule] = field(default_factory=dict)
    metrics: dict[str, MetricResource] = field(default_factory=dict)


class MemoryRuntime:
    """Implements `launchpad_tui.runtimes.base.Runtime`."""

    def __init__(
        self,
        connection: Connection,
        secrets: Mapping[str, str],
        host: RuntimeHost,
        groups: dict[str, Group] | None = None,
        resource_group: str = "default",
    ) -> None:
        self.resource_group = resource_group
        self._opened = connection, secrets, host
        self._groups = {"default": Group()} if groups is None else groups

    @property
    def _group(self) -> Group:
        return _found(self._groups, self.resource_group)

    def in_group(self, resource_group: str) -> MemoryRuntime:
        return MemoryRuntime(*self._opened, self._groups, resource_group)

    def close(self) -> None:
        """There is nothing to close."""

    def capabilities(self) -> Capabilities:
        missing = dict.fromkeys(MISSING, False)
        return Capabilities(**missing, reasons=dict.fromkeys(MISSING, "It is kept in memory."))

    def create_due(self, at: datetime) -> int:
        return 0

    def reconcile(self) -> None:
        """Executions never end unexpectedly."""

    def resource_groups(self) -> Iterator[ResourceGroup]:
        for name, group in self._groups.items():
            yield ResourceGroup("", name, "PROVISIONED", group.labels, now())

    def create_resource_group(
        self, name: str, labels: Mapping[str, str] | None = None
    ) -> ResourceGroup:
        if name in self._groups:
            raise Conflict(f"The resource group {name} already exists")
        self._groups[name] = Group(labels or {})
        return ResourceGroup("", name, "PROVISIONED", labels or {}, now())

    def label_resource_group(self, name: str, labels: Mapping[str, str]) -> dict[str, str]:
        _found(self._groups, name).labels = labels
        return dict(labels)

    def delete_resource_group(self, name: str) -> None:
        _found(self._groups, name)
        del self._groups[name]

    def scenarios(self) -> Iterator[Scenario]:
        yield SCENARIO

    def executables(self, scenario_id: str) -> Iterator[Executable]:
        yield EXECUTABLE

    def versions(self, scenario_id: str) -> Iterator[Version]:
        yield Version("1", "", now(), now())

    def add_executables(self, path: Path) -> AddedExecutables:
        _refuse()

    def executable_fields(self) -> tuple[Field, ...]:
        return ()

    def set_executable(self, executable_id: str, values: Mapping[str, str]) -> Executable:
        _refuse()

    def delete_executable(self, executable_id: str) -> None:
        _refuse()

    def artifacts(
        self,
        kind: ArtifactKind | None = None,
        *,
        skip: int = 0,
        page: int = 0,
    ) -> Iterator[Artifact]:
        every = [one for one in self._group.artifacts.values() if kind in {None, one.kind}]
        yield from every[skip:]

    def count_artifacts(self) -> int:
        return len(self._group.artifacts)

    def artifact(self, artifact_id: str) -> Artifact:
        return _found(self._group.artifacts, artifact_id)

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
    ) -> str:
        new = Artifact(
            str(uuid.uuid4()),
            name,
            kind,
            url,
            description,
            scenario_id,
            "",
            tuple(labels),
            size,
            now(),
            now(),
        )
        self._group.artifacts[new.id] = new
        return new.id

    def configurations(self, *, skip: int = 0) -> Iterator[Configuration]:
        yield from [*self._group.configurations.values()][skip:]

    def count_configurations(self) -> int:
        return len(self._group.configurations)

    def configuration(self, configuration_id: str) -> Configuration:
        return _found(self._group.configurations, configuration_id)

    def create_configuration(
        self,
        name: str,
        scenario_id: str,
        executable_id: str,
        parameters: Mapping[str, str] | None = None,
        inputs: Mapping[str, str] | None = None,
    ) -> str:
        new = Configuration(
            str(uuid.uuid4()),
            name,
            scenario_id,
            executable_id,
            parameters or {},
            inputs or {},
            now(),
        )
        self._group.configurations[new.id] = new
        return new.id

    def executions(self, *, skip: int = 0, status: Status | None = None) -> Iterator[Execution]:
        every = [one for one in self._group.executions.values() if status in {None, one.status}]
        yield from every[skip:]

    def execution_states(self, status: Status | None = None) -> Iterator[ExecutionState]:
        for one in self.executions(status=status):
            yield ExecutionState(one.id, one.status, one.modified_at)

    def count_executions(self) -> int:
        return len(self._group.executions)

    def execution(self, execution_id: str) -> Execution:
        return _found(self._group.executions, execution_id)

    def execution_fields(self) -> tuple[Field, ...]:
        """Return no fields."""
        return ()

    def create_execution(
        self,
        configuration_id: str,
        settings: Mapping[str, str] | None = None,
    ) -> str:
        configuration = self.configuration(configuration_id)
        new = Execution(
            uuid.uuid4().hex[:16],
            configuration.id,
            configuration.name,
            configuration.scenario_id,
            configuration.executable_id,
            "1",
            Status.RUNNING,
            TargetStatus.COMPLETED,
            "",
            now(),
            now(),
        )
        self._group.executions[new.id] = new
        return new.id

    def stop(self, execution_id: str) -> None:
        one = self.execution(execution_id)
        check_stop(execution_id, one.status)
        stopped = replace(one, status=Status.STOPPED, target_status=TargetStatus.STOPPED)
        self._group.executions[execution_id] = stopped

    def delete(self, execution_id: str) -> None:
        check_delete(execution_id, self.execution(execution_id).status)
        del self._group.executions[execution_id]

    def change_many(self, execution_ids: Sequence[str], target: TargetStatus) -> Iterator[Outcome]:
        for one in execution_ids:
            try:
                (self.stop if target is TargetStatus.STOPPED else self.delete)(one)
                yield Outcome(one)
            except LaunchpadError as error:
                yield Outcome(one, error)

    def store_outputs(self, execution_id: str, progress: Progress | None = None) -> None:
        _refuse()

    def logs(
        self,
        execution_id: str,
        *,
        start: datetime | None = None,
        end: datetime | None = None,
        newest_first: bool = False,
        limit: int | None = None,
    ) -> Iterator[LogRecord]:
        self.execution(execution_id)
        yield from [LogRecord(now(), "running", "stdout", "", "", "")][:limit]

    def log_folder(self, execution_id: str) -> None:
        return

    def metrics(self, execution_ids: Sequence[str]) -> Iterator[MetricResource]:
        yield from (self._group.metrics[one] for one in execution_ids if one in self._group.metrics)

    def patch_metrics(
        self,
        execution_id: str,
        metrics: Sequence[Metric] = (),
        tags: Sequence[Tag] = (),
        custom_info: Sequence[CustomInfo] = (),
    ) -> None:
        self.execution(execution_id)
        self._group.metrics[execution_id] = MetricResource(
            execution_id, tuple(metrics), tuple(tags), tuple(custom_info), now(), now()
        )

    def delete_metrics(self, execution_id: str) -> None:
        _found(self._group.metrics, execution_id)
        del self._group.metrics[execution_id]

    def schedules(self) -> Iterator[Schedule]:
        yield from self._group.schedules.values()

    def schedule(self, schedule_id: str) -> Schedule:
        return _found(self._group.schedules, schedule_id)

    def create_schedule(
        self,
        name: str,
        cron: str,
        configuration_id: str,
        start: datetime | None = None,
        end: datetime | None = None,
    ) -> str:
        new = Schedule(
            str(uuid.uuid4()),
            name,
            cron,
            configuration_id,
            ScheduleStatus.ACTIVE,
            start,
            end,
            now(),
            now(),
        )
        self._group.schedules[new.id] = new
        return new.id

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
        one = self.schedule(schedule_id)
        self._group.schedules[schedule_id] = replace(
            one,
            cron=cron or one.cron,
            configuration_id=configuration_id or one.configuration_id,
            status=status or one.status,
            start=start or one.start,
            end=end or one.end,
        )

    def delete_schedule(self, schedule_id: str) -> None:
        self.schedule(schedule_id)
        del self._group.schedules[schedule_id]

    def object_store_secrets(self) -> Iterator[StoreInfo]:
        _refuse()

    def create_object_store_secret(self, secret: Mapping[str, object]) -> None:
        _refuse()

    def change_object_store_secret(self, name: str, secret: Mapping[str, object]) -> None:
        _refuse()

    def delete_object_store_secret(self, name: str) -> None:
        _refuse()


def _found(items: Mapping[str, Item], key: str) -> Item:
    if key not in items:
        raise NotFound(f"{key!r} not found")
    return items[key]


def _refuse() -> NoReturn:
    raise CapabilityMissing("The runtime does not support this", "It is kept in memory.")
