"""Access of runtimes that run on this machine to the registry and to files: implementations of the
protocols in `launchpad_tui.runtimes.host`."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from launchpad_tui.config.paths import Home
from launchpad_tui.config.settings import ExecutionSettings
from launchpad_tui.domain.artifact import Artifact, ArtifactFile, ArtifactKind
from launchpad_tui.domain.connection import DEFAULT_STORE, Connection, ResourceGroup, Scope
from launchpad_tui.domain.execution import (
    Claim,
    Configuration,
    Execution,
    Status,
    TargetStatus,
    UnfinishedExecution,
)
from launchpad_tui.domain.filters import ArtifactFilter, ConfigurationFilter, ExecutionFilter
from launchpad_tui.domain.metric import CustomInfo, Metric, MetricResource, Tag
from launchpad_tui.domain.scenario import Executable, Scenario
from launchpad_tui.domain.schedule import Schedule
from launchpad_tui.domain.transfer import Progress
from launchpad_tui.errors import LaunchpadError, Unreachable
from launchpad_tui.registry import (
    artifacts,
    completion,
    configurations,
    connections,
    evaluations,
    executions,
    filtered_pages,
    lineage,
    logged_metrics,
    provenance,
    references,
    scenarios,
    schedules,
    series,
    staged_points,
    supervision,
)
from launchpad_tui.registry.database import Registry
from launchpad_tui.runtimes.catalog import is_remote

if TYPE_CHECKING:
    from launchpad_tui.services.files import FileService

_log = logging.getLogger(__name__)
#: Seconds to wait for the size of the files at a URL.
_MEASURE_SECONDS = 10.0


class LocalRuntimeHost:
    """Implements `launchpad_tui.runtimes.host.RuntimeHost`. Thread-safe.

    Args:
        home: The home folder.
        settings: The settings of executions.
        registry: The registry of the home folder.
        files: Returns the file service; called when files are first used.
    """

    def __init__(
        self,
        home: Home,
        settings: ExecutionSettings,
        registry: Registry,
        files: Callable[[], FileService],
    ) -> None:
        self.home = home
        self.settings = settings
        self.records = RegistryRecords(registry)
        self._files = files

    @cached_property
    def files(self) -> StoredFiles:
        """The files of artifacts."""
        return StoredFiles(self._files())


class StoredFiles:
    """Implements `launchpad_tui.runtimes.host.HostFiles` with the file service."""

    def __init__(self, files: FileService) -> None:
        self._files = files

    def prepare(self, scope: Scope) -> None:
        """Open the object store for outputs; errors are ignored."""
        with suppress(LaunchpadError):
            self._files.store(scope, DEFAULT_STORE)

    def stage(
        self, scope: Scope, url: str, target: Path, *, restricted: bool = False
    ) -> Sequence[Path]:
        """Fetch the files at a URL into a folder and return their paths."""
        return self._files.stage(scope, url, target, restricted=restricted)

    def identity(self, scope: Scope, url: str, *, restricted: bool = False) -> str:
        """Return a text that is the same as long as the files at a URL are the same."""
        return self._files.identity(scope, url, restricted=restricted)

    def store_output(
        self, scope: Scope, url: str, source: Path, progress: Progress | None = None
    ) -> Sequence[ArtifactFile]:
        """Store a file or folder under a URL completely or not at all."""
        return self._files.store_output(scope, url, source, progress)

    def delete_output(self, scope: Scope, url: str) -> None:
        """Delete everything at a URL."""
        self._files.delete_output(scope, url)

    def measure(self, scope: Scope, url: str) -> int | None:
        """Return the total size in bytes of the files at a URL; None if it is unknown or the object
        store does not respond within 10 seconds."""
        from launchpad_tui.net.timeouts import within

        try:
            return within(_MEASURE_SECONDS, lambda: self._files.size(scope, url))
        except Unreachable:
            return None


class RegistryRecords:
    """Implements `launchpad_tui.runtimes.host.Records` with the registry. Safe for several threads
    and processes."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def transaction(self) -> AbstractContextManager[object]:
        """Run the calls of a ``with`` block in one write transaction."""
        return self._registry.write()

    def version(self) -> int:
        """Return a number that changes when another process changes any record."""
        with self._registry.read() as db:
            return int(db.execute("PRAGMA data_version").fetchone()[0])

    def scenarios(self, scope: Scope) -> Sequence[Scenario]:
        """Return all scenarios of the connection."""
        return scenarios.scenarios(self._registry, scope)

    def executables(self, scope: Scope, scenario_id: str | None = None) -> Sequence[Executable]:
        """Return the executables of a scenario (None: of all scenarios)."""
        return scenarios.executables(self._registry, scope, scenario_id)

    def executable(self, scope: Scope, executable_id: str) -> Executable:
        """Return one executable."""
        return scenarios.executable(self._registry, scope, executable_id)

    def put_scenario(self, scope: Scope, scenario: Scenario) -> None:
        """Insert or replace a scenario."""
        scenarios.put_scenario(self._registry, scope, scenario)

    def put_executable(self, scope: Scope, executable: Executable) -> str:
        """Insert or replace an executable and return ``added``, ``changed`` or ``unchanged``."""
        return scenarios.put_executable(self._registry, scope, executable)

    def set_executable_settings(
        self, scope: Scope, executable_id: str, settings: Mapping[str, str]
    ) -> Executable:
        """Replace the settings of an executable."""
        return scenarios.set_executable_settings(self._registry, scope, executable_id, settings)

    def delete_executable(self, scope: Scope, executable_id: str) -> None:
        """Remove an executable."""
        scenarios.delete_executable(self._registry, scope, executable_id)

    def artifacts(
        self, scope: Scope, kind: ArtifactKind | None, skip: int, limit: int
    ) -> Sequence[Artifact]:
        """Return at most ``limit`` artifacts after the first ``skip``, oldest first."""
        return filtered_pages.artifact_page(
            self._registry, scope, ArtifactFilter(kind=kind), limit, skip
        )

    def count_artifacts(self, scope: Scope) -> int:
        """Return the number of artifacts."""
        return filtered_pages.count_artifacts(self._registry, scope, ArtifactFilter())

    def artifact(self, scope: Scope, artifact_id: str) -> Artifact:
        """Return one artifact."""
        return artifacts.artifact(self._registry, scope, artifact_id)

    def artifacts_by_id(self, scope: Scope, ids: Sequence[str]) -> Mapping[str, Artifact]:
        """Return those of the artifacts that exist, by ID."""
        return artifacts.by_id(self._registry, scope, ids)

    def add_artifact(self, scope: Scope, new: Artifact, *, restricted: bool = False) -> None:
        """Insert an artifact."""
        artifacts.add(self._registry, scope, new, restricted=restricted)

    def restricted_artifacts(self, scope: Scope, ids: Sequence[str]) -> frozenset[str]:
        """Return the IDs of the artifacts that a client of one resource group registered."""
        return artifacts.restricted(self._registry, scope, ids)

    def inputs_of(self, scope: Scope, execution_id: str) -> Sequence[tuple[str, str]]:
        """Return name and artifact ID of each input of an execution."""
        found = lineage.inputs_of(self._registry, scope, [execution_id])
        return found.get(execution_id, ())

    def configurations(self, scope: Scope, skip: int, limit: int) -> Sequence[Configuration]:
        """Return at most ``limit`` configurations after the first ``skip``, oldest first."""
        wanted = ConfigurationFilter()
        return filtered_pages.configuration_page(self._registry, scope, wanted, limit, skip)

    def count_configurations(self, scope: Scope) -> int:
        """Return the number of configurations."""
        return filtered_pages.count_configurations(self._registry, scope, ConfigurationFilter())

    def configuration(self, scope: Scope, configuration_id: str) -> Configuration:
        """Return one configuration."""
        return configurations.configuration(self._registry, scope, configuration_id)

    def current_configuration(self, scope: Scope, configuration_id: str) -> Configuration:
        """Return the configuration to execute, in which references to models are replaced by the
        current IDs."""
        found, added = references.current(self._registry, scope, configuration_id)
        if added:
            with self._registry.write():
                configurations.add(self._registry, scope, found)
                references.put(self._registry, scope, found.id, added)
        return found

    def add_configuration(self, scope: Scope, new: Configuration) -> None:
        """Insert a configuration."""
        configurations.add(self._registry, scope, new)

    def executions(
        self, scope: Scope, status: Status | None, skip: int, limit: int
    ) -> Sequence[Execution]:
        """Return at most ``limit`` executions (with a status) after the first ``skip``, oldest
        first."""
        wanted = ExecutionFilter(status=status)
        return filtered_pages.execution_page(self._registry, scope, wanted, limit, skip)

    def count_executions(self, scope: Scope) -> int:
        """Return the number of executions."""
        return filtered_pages.count_executions(self._registry, scope, ExecutionFilter())

    def execution(self, scope: Scope, execution_id: str) -> Execution:
        """Return one execution."""
        return executions.existing(self._registry, scope, execution_id)

    def executions_by_id(self, scope: Scope, ids: Sequence[str]) -> Mapping[str, Execution]:
        """Return those of the executions that exist, by ID."""
        return executions.by_id(self._registry, scope, ids)

    def scope_of(self, execution_id: str) -> Scope:
        """Return the scope of an execution of this machine."""
        return executions.scope_of(self._registry, execution_id)

    def record_provenance(
        self, scope: Scope, execution_id: str, content: Mapping[str, object]
    ) -> None:
        """Record the code and the environment of an execution."""
        provenance.put(self._registry, scope, execution_id, content)

    def provenance(self, scope: Scope, execution_id: str) -> Mapping[str, Any]:
        """Return the code and the environment of an execution."""
        return provenance.of(self._registry, scope, execution_id)

    def create_execution(self, scope: Scope, new: Execution) -> None:
        """Insert an execution."""
        executions.create(self._registry, scope, new)

    def claim_next(
        self, parallel: int, pid: int, boot: str, own_limits: Mapping[str, int]
    ) -> tuple[Scope, Execution] | None:
        """Claim the oldest queued execution of this machine that its limit allows."""
        return executions.claim_next(self._registry, parallel, pid, boot, own_limits)

    def reclaim(self, scope: Scope, execution_id: str, lost: Claim, pid: int, boot: str) -> bool:
        """Claim an execution whose supervisor died."""
        return supervision.reclaim(self._registry, scope, execution_id, lost, pid, boot)

    def describe(
        self, scope: Scope, execution_id: str, message: str, details: Mapping[str, str]
    ) -> None:
        """Replace the message of an execution that has not ended, and add status details."""
        supervision.describe(self._registry, scope, execution_id, message, details)

    def read_positions(self, scope: Scope, execution_id: str) -> Mapping[str, int]:
        """Return up to which position in bytes each file of an execution was recorded."""
        return supervision.read_positions(self._registry, scope, execution_id)

    def set_read_position(
        self, scope: Scope, execution_id: str, source: str, position: int
    ) -> None:
        """Record up to which position a file of an execution was recorded."""
        supervision.set_read_position(self._registry, scope, execution_id, source, position)

    def connection(self, name: str) -> Connection:
        """Return a connection."""
        return connections.connection(self._registry, name)

    def local_connections(self) -> Sequence[Connection]:
        """Return the connections whose runtimes run on this machine."""
        return [one for one in connections.connections(self._registry) if not is_remote(one)]

    def set_supervisor(self, scope: Scope, execution_id: str, pid: int | None, boot: str) -> None:
        """Record which process supervises an execution."""
        executions.set_supervisor(self._registry, scope, execution_id, pid, boot)

    def unfinished(self, scope: Scope | None = None) -> Sequence[UnfinishedExecution]:
        """Return the executions that have not ended, oldest first."""
        return executions.unfinished(self._registry, scope)

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
        """Set the next status of an execution."""
        if status.final:
            self._seal(scope, execution_id)
        return executions.transition(
            self._registry,
            scope,
            execution_id,
            status,
            message,
            details,
            started_at=started_at,
            completed_at=completed_at,
        )

    def set_target(self, scope: Scope, execution_id: str, target: TargetStatus) -> None:
        """Set the target status."""
        executions.set_target(self._registry, scope, execution_id, target)

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
        """Set COMPLETED and register all output artifacts with their files in one transaction."""
        self._seal(scope, execution_id)
        completion.finish_completed(
            self._registry, scope, execution_id, outputs, completed_at, "", details, again=again
        )

    def delete_execution(self, scope: Scope, execution_id: str) -> None:
        """Delete an execution and its metrics."""
        executions.delete(self._registry, scope, execution_id)

    def record_metrics(
        self,
        scope: Scope,
        execution_id: str,
        metrics: Sequence[Metric],
        tags: Sequence[Tag],
        custom_info: Sequence[CustomInfo],
    ) -> None:
        """Add to what an execution logged, in one transaction."""
        with self._registry.write():
            series.append(self._registry, execution_id, metrics, scope)
            logged_metrics.put(self._registry, execution_id, tags, custom_info, scope)

    def stage_metrics(
        self,
        scope: Scope,
        execution_id: str,
        metrics: Sequence[Metric],
        tags: Sequence[Tag],
        custom_info: Sequence[CustomInfo],
    ) -> None:
        """Add to what an execution logged, in one transaction; series are updated later."""
        if not tags and not custom_info:
            staged_points.stage(self._registry, execution_id, metrics, scope)
            return
        with self._registry.write():
            staged_points.stage(self._registry, execution_id, metrics, scope)
            logged_metrics.put(self._registry, execution_id, tags, custom_info, scope)

    def settle_metrics(self, scope: Scope, execution_id: str) -> None:
        """Update the series of an execution by what was staged."""
        staged_points.settle(self._registry, execution_id, scope)

    def _seal(self, scope: Scope, execution_id: str) -> None:
        """Pack the points of an execution that ends, and add them to the models that it evaluated.

        They are readable without that."""
        try:
            series.seal(self._registry, execution_id, scope)
        except LaunchpadError as error:
            _log.warning("the points of %s were not packed", execution_id, exc_info=error)
        try:
            evaluations.report(self._registry, scope, execution_id)
        except LaunchpadError as error:
            _log.warning("what %s evaluated got no metrics", execution_id, exc_info=error)

    def metric_resource(self, scope: Scope, execution_id: str) -> MetricResource:
        """Return everything that an execution logged."""
        staged_points.settle_before_reading(self._registry)
        with self._registry.read():
            period = logged_metrics.logged_period(self._registry, scope, execution_id)
            rows = series.summaries(self._registry, scope, [execution_id]).get(execution_id, [])
            tags = logged_metrics.tags(self._registry, scope, [execution_id])
            infos = logged_metrics.custom_info(self._registry, scope, [execution_id])
            return MetricResource(
                execution_id,
                logged_metrics.points(self._registry, rows, 0, None),
                tuple(tags.get(execution_id, ())),
                tuple(infos.get(execution_id, ())),
                *period,
            )

    def delete_metrics(self, scope: Scope, execution_id: str) -> None:
        """Delete everything that an execution logged."""
        series.delete(self._registry, execution_id, scope)

    def schedules(self, scope: Scope) -> Sequence[Schedule]:
        """Return the schedules of a scope, newest first."""
        return schedules.schedules(self._registry, scope)

    def schedule(self, scope: Scope, schedule_id: str) -> Schedule:
        """Return one schedule."""
        return schedules.schedule(self._registry, scope, schedule_id)

    def put_schedule(self, scope: Scope, schedule: Schedule) -> None:
        """Insert or replace a schedule."""
        schedules.put(self._registry, scope, schedule)

    def delete_schedule(self, scope: Scope, schedule_id: str) -> None:
        """Delete a schedule."""
        schedules.delete(self._registry, scope, schedule_id)

    def due_schedules(self, at: datetime) -> Sequence[tuple[Scope, Schedule]]:
        """Return the schedules of this machine that are due, the longest overdue first."""
        return schedules.due(self._registry, at)

    def advance_schedule(self, scope: Scope, seen: Schedule, next_at: datetime | None) -> bool:
        """Set when a schedule is due next; False if another process has done so since."""
        return schedules.advance(self._registry, scope, seen, next_at)

    def resource_groups(self, connection: str) -> Sequence[ResourceGroup]:
        """Return the resource groups of a connection, ``default`` first."""
        return connections.groups(self._registry, connection)

    def add_resource_group(self, scope: Scope, labels: Mapping[str, str]) -> None:
        """Insert a resource group with a file object store ``default``."""
        with self._registry.write():
            connections.add_group(self._registry, scope, labels)
            connections.add_store(self._registry, scope, DEFAULT_STORE, "file", {})

    def set_resource_group_labels(self, scope: Scope, labels: Mapping[str, str]) -> None:
        """Replace the labels of a resource group."""
        connections.set_group_labels(self._registry, scope, labels)

    def delete_resource_group(self, scope: Scope) -> None:
        """Delete a resource group with everything in it."""
        with self._registry.write():
            connections.check_group_deletable(self._registry, scope)
            connections.delete_group(self._registry, scope)
