"""The embedded runtime: executions run on this machine and are recorded in the registry."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import NoReturn

from launchpad_tui.domain.artifact import Artifact, ArtifactKind, new_artifact_id
from launchpad_tui.domain.connection import (
    DEFAULT_SCOPE,
    Capabilities,
    Connection,
    Field,
    ResourceGroup,
    Scope,
    StoreInfo,
)
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
from launchpad_tui.domain.scenario import AddedExecutables, Executable, Scenario, Version
from launchpad_tui.domain.schedule import Schedule, ScheduleStatus
from launchpad_tui.domain.timestamps import now, to_rfc3339
from launchpad_tui.domain.transfer import Progress
from launchpad_tui.errors import CapabilityMissing, LaunchpadError, NotFound
from launchpad_tui.runtimes.embedded.dispatcher import Dispatcher
from launchpad_tui.runtimes.embedded.record_pages import PAGE, pages
from launchpad_tui.runtimes.host import RuntimeHost

_NO_STORE_SECRETS = (
    "The embedded runtime has no object store secrets: it uses the object stores of this machine."
)


class EmbeddedRuntime:
    """The embedded runtime in one resource group. Safe for threads.

    Args:
        connection: the connection to the runtime.
        secrets: not used, because the runtime needs no credentials.
        host: the registry, the object stores and the settings of this machine.
        resource_group: the resource group of all operations.
        clock: returns the current time, with which due schedules are found.
    """

    def __init__(
        self,
        connection: Connection,
        secrets: Mapping[str, str],  # noqa: ARG002  no credentials are required
        host: RuntimeHost,
        resource_group: str = DEFAULT_SCOPE.resource_group,
        clock: Callable[[], datetime] = now,
    ) -> None:
        self.resource_group = resource_group
        self._connection = connection
        self._host = host
        self._clock = clock
        self._records = host.records
        self._scope = Scope(connection.name, resource_group)
        self._dispatcher = Dispatcher(host)

    def in_group(self, resource_group: str) -> EmbeddedRuntime:
        """Return the same runtime in another resource group."""
        return EmbeddedRuntime(self._connection, {}, self._host, resource_group, self._clock)

    def close(self) -> None:
        """Do nothing: there are no connections to close."""

    def capabilities(self) -> Capabilities:
        """Return what the runtime can do."""
        return Capabilities(
            store_outputs=True,
            object_stores=False,
            reasons={"object_stores": _NO_STORE_SECRETS},
        )

    def reconcile(self) -> None:
        """Create due executions, detect supervisors that died, and start queued executions."""
        self.create_due(self._clock())
        self._dispatcher.reconcile()

    def create_due(self, at: datetime) -> int:
        """Create and start the executions of schedules that are due; return their number."""
        from launchpad_tui.runtimes.embedded.due_schedules import create_due_executions

        created = create_due_executions(self._host, at)
        if created:
            self._dispatcher.dispatch()
        return created

    def resource_groups(self) -> Iterator[ResourceGroup]:
        """Yield the resource groups of the connection."""
        yield from self._records.resource_groups(self._scope.connection)

    def create_resource_group(
        self, name: str, labels: Mapping[str, str] | None = None
    ) -> ResourceGroup:
        """Create a resource group with a file object store. Raises Conflict."""
        self._records.add_resource_group(Scope(self._scope.connection, name), labels or {})
        return self._group(name)

    def label_resource_group(self, name: str, labels: Mapping[str, str]) -> dict[str, str]:
        """Replace the labels of a resource group. Raises NotFound."""
        self._records.set_resource_group_labels(Scope(self._scope.connection, name), labels)
        return dict(self._group(name).labels)

    def delete_resource_group(self, name: str) -> None:
        """Delete a resource group with everything in it. Raises NotFound, Conflict."""
        self._records.delete_resource_group(Scope(self._scope.connection, name))

    def _group(self, name: str) -> ResourceGroup:
        for group in self.resource_groups():
            if group.name == name:
                return group
        raise NotFound(
            f"Connection {self._scope.connection} has no resource group {name!r}",
            hint="List the resource groups with: launchpad groups list",
        )

    def scenarios(self) -> Iterator[Scenario]:
        """Yield all scenarios."""
        yield from self._records.scenarios(self._scope)

    def executables(self, scenario_id: str) -> Iterator[Executable]:
        """Yield the executables of a scenario."""
        yield from self._records.executables(self._scope, scenario_id)

    def versions(self, scenario_id: str) -> Iterator[Version]:
        """Yield the versions of a scenario's executables, each once."""
        found: dict[str, Version] = {}
        for each in self._records.executables(self._scope, scenario_id):
            version = Version(each.version, each.description, each.created_at, each.modified_at)
            found.setdefault(each.version, version)
        yield from found.values()

    def add_executables(self, path: Path) -> AddedExecutables:
        """Add the workflow templates of a file or folder. Raises InvalidInput."""
        from launchpad_tui.runtimes.embedded.executables import add_executables

        return add_executables(self._records, self._scope, path)

    def executable_fields(self) -> tuple[Field, ...]:
        """Return the settings that an executable has."""
        from launchpad_tui.runtimes.embedded.executables import executable_fields

        return executable_fields(self._connection)

    def set_executable(self, executable_id: str, values: Mapping[str, str]) -> Executable:
        """Replace the settings of an executable. Raises NotFound, InvalidInput."""
        from launchpad_tui.runtimes.embedded.executables import change_settings

        return change_settings(self._host, self._scope, executable_id, values)

    def delete_executable(self, executable_id: str) -> None:
        """Remove an executable; its configurations and executions are kept. Raises NotFound."""
        self._records.delete_executable(self._scope, executable_id)

    def artifacts(
        self, kind: ArtifactKind | None = None, *, skip: int = 0, page: int = 0
    ) -> Iterator[Artifact]:
        """Yield the artifacts of a kind (None: of all kinds), oldest first."""
        yield from pages(
            lambda start, limit: self._records.artifacts(self._scope, kind, start, limit),
            skip,
            page or PAGE,
        )

    def count_artifacts(self) -> int:
        """Return the number of artifacts."""
        return self._records.count_artifacts(self._scope)

    def artifact(self, artifact_id: str) -> Artifact:
        """Return one artifact. Raises NotFound."""
        return self._records.artifact(self._scope, artifact_id)

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
        """Register an artifact and return its ID; a size that is not given is measured."""
        at = now()
        new = Artifact(
            id=new_artifact_id(),
            name=name,
            kind=kind,
            url=url,
            description=description,
            scenario_id=scenario_id,
            execution_id="",
            labels=tuple(labels),
            size=self._host.files.measure(self._scope, url) if size is None else size,
            created_at=at,
            modified_at=at,
        )
        self._records.add_artifact(self._scope, new, restricted=restricted)
        return new.id

    def configurations(self, *, skip: int = 0) -> Iterator[Configuration]:
        """Yield the configurations, oldest first."""
        yield from pages(
            lambda start, limit: self._records.configurations(self._scope, start, limit), skip
        )

    def count_configurations(self) -> int:
        """Return the number of configurations."""
        return self._records.count_configurations(self._scope)

    def configuration(self, configuration_id: str) -> Configuration:
        """Return one configuration. Raises NotFound."""
        return self._records.configuration(self._scope, configuration_id)

    def create_configuration(
        self,
        name: str,
        scenario_id: str,
        executable_id: str,
        parameters: Mapping[str, str] | None = None,
        inputs: Mapping[str, str] | None = None,
    ) -> str:
        """Create a configuration and return its ID."""
        new = Configuration(
            str(uuid.uuid4()),
            name,
            scenario_id,
            executable_id,
            dict(parameters or {}),
            dict(inputs or {}),
            now(),
        )
        self._records.add_configuration(self._scope, new)
        return new.id

    def executions(self, *, skip: int = 0, status: Status | None = None) -> Iterator[Execution]:
        """Yield the executions (with a status), oldest first."""
        yield from pages(
            lambda start, limit: self._records.executions(self._scope, status, start, limit), skip
        )

    def execution_states(self, status: Status | None = None) -> Iterator[ExecutionState]:
        """Yield the status and the time of the last change of executions (with a status)."""
        for each in self.executions(status=status):
            yield ExecutionState(each.id, each.status, each.modified_at)

    def count_executions(self) -> int:
        """Return the number of executions."""
        return self._records.count_executions(self._scope)

    def execution(self, execution_id: str) -> Execution:
        """Return one execution. Raises NotFound."""
        return self._records.execution(self._scope, execution_id)

    def execution_fields(self) -> tuple[Field, ...]:
        """Return the settings of a single execution that the engine of the connection has."""
        from launchpad_tui.runtimes.embedded.new_executions import execution_fields

        return execution_fields(self._connection)

    def create_execution(
        self, configuration_id: str, settings: Mapping[str, str] | None = None
    ) -> str:
        """Queue an execution and return its ID; it starts at once unless too many are running.

        Raises NotFound, ConfigError, StorageFull, InvalidInput.
        """
        from launchpad_tui.runtimes.embedded.new_executions import new_execution

        new = new_execution(self._host, self._scope, configuration_id, settings)
        self._records.create_execution(self._scope, new)
        self._dispatcher.dispatch()
        return new.id

    def reproduce(self, execution_id: str) -> str:
        """Queue an execution with the recorded code and inputs of another one, see
        `recorded_code.new_reproduction`, and return its ID."""
        from launchpad_tui.runtimes.embedded.recorded_code import new_reproduction

        new = new_reproduction(self._host, self._scope, execution_id)
        self._dispatcher.dispatch()
        return new.id

    def stop(self, execution_id: str) -> None:
        """Stop an execution: its processes get SIGTERM, and SIGKILL after the grace period.

        Raises:
            NotFound: there is no such execution.
            Conflict: its status does not allow it.
        """
        self._dispatcher.stop(self._scope, execution_id)

    def delete(self, execution_id: str) -> None:
        """Delete an execution that has ended, with its metrics and log.

        Raises:
            NotFound: there is no such execution.
            Conflict: it has not ended.
        """
        from launchpad_tui.runtimes.embedded.workspace import remove_folder

        self._records.delete_execution(self._scope, execution_id)
        remove_folder(self._folder(execution_id))

    def change_many(self, execution_ids: Sequence[str], target: TargetStatus) -> Iterator[Outcome]:
        """Stop or delete executions and yield the outcome of each."""
        operation = self.stop if target is TargetStatus.STOPPED else self.delete
        for execution_id in execution_ids:
            try:
                operation(execution_id)
            except LaunchpadError as error:
                yield Outcome(execution_id, error)
            else:
                yield Outcome(execution_id)

    def store_outputs(self, execution_id: str, progress: Progress | None = None) -> None:
        """Store and register outputs that could not be stored when the execution ended.

        Raises:
            NotFound: there is no such execution, or its outputs were deleted.
            Conflict: no outputs are waiting, or another process is storing them.
            Unreachable and others: the object store failed again; the outputs are still kept.
        """
        from launchpad_tui.runtimes.embedded.output_registration import retry_registration

        execution = self.execution(execution_id)
        retry_registration(self._host, self._scope, execution, progress)

    def _folder(self, execution_id: str) -> Path:
        return self._host.home.executions / execution_id

    def logs(
        self,
        execution_id: str,
        *,
        start: datetime | None = None,
        end: datetime | None = None,
        newest_first: bool = False,
        limit: int | None = None,
    ) -> Iterator[LogRecord]:
        """Yield the lines of an execution's log by time; a bound that is None does not apply.

        Raises:
            NotFound: there is no such execution.
        """
        from launchpad_tui.runtimes.log_files import LogFile

        log = LogFile(self.log_folder(execution_id))
        numbers = log.matching(since=start, until=end)
        if newest_first:
            numbers.reverse()
        for number in numbers if limit is None else numbers[:limit]:
            for line in log.slice(number, number + 1):
                raw = to_rfc3339(line.timestamp)
                yield LogRecord(line.timestamp, line.message, line.stream, line.step, "", raw)

    def log_folder(self, execution_id: str) -> Path:
        """Return the folder of the execution's log. Raises NotFound."""
        self._records.execution(self._scope, execution_id)
        return self._folder(execution_id)

    def metrics(self, execution_ids: Sequence[str]) -> Iterator[MetricResource]:
        """Yield everything that these executions logged, without executions that logged nothing."""
        for execution_id in self._records.executions_by_id(self._scope, execution_ids):
            found = self._records.metric_resource(self._scope, execution_id)
            if found.metrics or found.tags or found.custom_info:
                yield found

    def patch_metrics(
        self,
        execution_id: str,
        metrics: Sequence[Metric] = (),
        tags: Sequence[Tag] = (),
        custom_info: Sequence[CustomInfo] = (),
    ) -> None:
        """Add metrics, tags and custom info to an execution. Raises NotFound."""
        self._records.record_metrics(self._scope, execution_id, metrics, tags, custom_info)

    def delete_metrics(self, execution_id: str) -> None:
        """Delete everything that an execution logged. Raises NotFound."""
        self._records.delete_metrics(self._scope, execution_id)

    def schedules(self) -> Iterator[Schedule]:
        """Yield the execution schedules, newest first."""
        yield from self._records.schedules(self._scope)

    def schedule(self, schedule_id: str) -> Schedule:
        """Return one schedule. Raises NotFound."""
        return self._records.schedule(self._scope, schedule_id)

    def create_schedule(
        self,
        name: str,
        cron: str,
        configuration_id: str,
        start: datetime | None = None,
        end: datetime | None = None,
    ) -> str:
        """Create a schedule, which is active, and return its ID.

        Raises:
            InvalidInput: the cron expression or a bound is not valid.
            NotFound: there is no such configuration.
        """
        from launchpad_tui.runtimes.cron import new_schedule

        self._records.configuration(self._scope, configuration_id)
        new = new_schedule(name, cron, configuration_id, start, end, self._clock())
        self._records.put_schedule(self._scope, new)
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
        """Change the values that are given.

        Raises:
            NotFound: there is no such schedule or configuration.
            InvalidInput: the cron expression or a bound is not valid.
        """
        from launchpad_tui.runtimes.cron import changed_schedule

        before = self.schedule(schedule_id)
        if configuration_id:
            self._records.configuration(self._scope, configuration_id)
        changed = changed_schedule(
            before, self._clock(), cron, configuration_id, status, start, end
        )
        self._records.put_schedule(self._scope, changed)

    def delete_schedule(self, schedule_id: str) -> None:
        """Delete a schedule; the executions that it created are kept. Raises NotFound."""
        self._records.delete_schedule(self._scope, schedule_id)

    def object_store_secrets(self) -> Iterator[StoreInfo]:
        """Raise CapabilityMissing: the runtime has no object store secrets."""
        self._refuse_store_secrets()

    def create_object_store_secret(self, secret: Mapping[str, object]) -> None:  # noqa: ARG002
        """Raise CapabilityMissing: the runtime has no object store secrets."""
        self._refuse_store_secrets()

    def change_object_store_secret(
        self,
        name: str,  # noqa: ARG002
        secret: Mapping[str, object],  # noqa: ARG002
    ) -> None:
        """Raise CapabilityMissing: the runtime has no object store secrets."""
        self._refuse_store_secrets()

    def delete_object_store_secret(self, name: str) -> None:  # noqa: ARG002
        """Raise CapabilityMissing: the runtime has no object store secrets."""
        self._refuse_store_secrets()

    def _refuse_store_secrets(self) -> NoReturn:
        raise CapabilityMissing(
            f"Connection {self._scope.connection} has no object store secrets",
            _NO_STORE_SECRETS,
            "Add the object store to the resource group instead.",
        )
