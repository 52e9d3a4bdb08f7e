"""The runtimes of all connections: opened once, with capability checks, and copied into the
registry if they are remote."""

from __future__ import annotations

import contextlib
import threading
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from launchpad_tui.config.credentials import CONNECTION, Credentials
from launchpad_tui.domain.connection import (
    DEFAULT_SCOPE,
    Capabilities,
    Connection,
    ResourceGroup,
    Scope,
)
from launchpad_tui.domain.execution import Configuration, Execution, Outcome, TargetStatus
from launchpad_tui.domain.fields import checked, complete_settings
from launchpad_tui.errors import CapabilityMissing, LaunchpadError, NotFound
from launchpad_tui.records import replace
from launchpad_tui.registry import (
    artifacts,
    configurations,
    connections,
    executions,
    logged_metrics,
    mirror,
    references,
    schedules,
    series,
)
from launchpad_tui.runtimes import catalog

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from launchpad_tui.domain.artifact import Artifact
    from launchpad_tui.domain.metric import CustomInfo, Metric, Tag
    from launchpad_tui.domain.schedule import Schedule
    from launchpad_tui.registry.database import Registry
    from launchpad_tui.runtimes.base import Runtime


class Runtimes:
    """Opens the runtimes of connections and calls their operations. Thread-safe.

    A runtime that is not remote writes the registry itself. What a remote runtime creates or
    changes is copied into the registry here. Every operation blocks, and raises the errors of
    `runtime` and of the operation of the Runtime protocol.

    Args:
        open_runtime: Opens the runtime of a connection with the secrets of the connection.
    """

    def __init__(
        self,
        registry: Registry,
        credentials: Credentials,
        open_runtime: Callable[[Connection, Mapping[str, str]], Runtime],
    ) -> None:
        self._registry = registry
        self._credentials = credentials
        self._open = open_runtime
        self._lock = threading.Lock()
        self._opened: dict[str, tuple[Connection, Runtime]] = {}

    def is_remote(self, scope: Scope) -> bool:
        """Return whether the runtime of a scope keeps its records outside this machine.

        Raises:
            NotFound: There is no such connection.
        """
        return catalog.is_remote(connections.connection(self._registry, scope.connection))

    def runtime(self, scope: Scope, capability: str = "") -> Runtime:
        """Return the runtime of the scope's connection, in its resource group.

        Args:
            scope: The connection and resource group.
            capability: The attribute of `Capabilities` that the caller requires; empty for none.

        Raises:
            NotFound: There is no such connection.
            CapabilityMissing: This version does not support the type of the connection, or the
                runtime does not have the capability.
            InvalidInput, ConfigError: Credentials are missing or not valid.
        """
        found = connections.connection(self._registry, scope.connection)
        if capability:
            self._require(scope, capability)
        with self._lock:
            opened = self._opened.get(found.name)
            if opened is not None and _same(opened[0], found):
                return opened[1].in_group(scope.resource_group)
        secrets = self._credentials.get(CONNECTION, found.name)
        settings = complete_settings(found.settings, secrets)
        created = self._open(replace(found, settings=settings), secrets)
        with self._lock:
            opened = self._opened.get(found.name)
            self._opened[found.name] = (found, created)
        if opened is not None:
            opened[1].close()
        return created.in_group(scope.resource_group)

    def capabilities(self, connection: str) -> Capabilities | None:
        """Return the capabilities of the connection's runtime; None if they were never fetched.

        Raises:
            NotFound: There is no such connection.
        """
        found = connections.connection(self._registry, connection)
        if catalog.is_remote(found):
            return connections.capabilities(self._registry, connection)
        return self.fetch_capabilities(connection)

    def has_store_secrets(self, scope: Scope) -> bool:
        """Return whether the runtime has object store secrets. Raises NotFound."""
        found = self.capabilities(scope.connection)
        return found is None or found.object_stores

    def stores_outputs(self, scope: Scope) -> bool:
        """Return whether this machine stores the outputs of the runtime's executions. Raises
        NotFound."""
        found = self.capabilities(scope.connection)
        return found is not None and found.store_outputs

    def transaction(self, scope: Scope) -> AbstractContextManager[object]:
        """Return a context in which several artifacts are created: all or none, if the runtime
        writes the registry itself. No request to a remote runtime may hold a transaction open.
        Raises NotFound."""
        if self.is_remote(scope):
            return contextlib.nullcontext()
        return self._registry.write("artifacts")

    def of_this_machine(self) -> Iterator[Runtime]:
        """Yield the runtimes that run on this machine."""
        for found in connections.connections(self._registry):
            if not catalog.is_remote(found):
                yield self.runtime(Scope(found.name, DEFAULT_SCOPE.resource_group))

    def fetch_capabilities(self, connection: str) -> Capabilities:
        """Fetch the capabilities of the connection's runtime. Raises the errors of `runtime`."""
        scope = Scope(connection, DEFAULT_SCOPE.resource_group)
        return self.runtime(scope).capabilities()

    def close(self) -> None:
        """Close all runtimes. Pending requests fail."""
        with self._lock:
            opened, self._opened = self._opened, {}
        for _, runtime in opened.values():
            runtime.close()

    def create_artifact(self, scope: Scope, new: Artifact, *, restricted: bool = False) -> Artifact:
        """Register an artifact and return it. The runtime assigns its ID."""
        runtime = self.runtime(scope, "create_artifact")
        created = runtime.create_artifact(
            new.name,
            new.kind,
            new.url,
            new.scenario_id,
            new.description,
            new.labels,
            size=new.size,
            restricted=restricted,
        )
        if self.is_remote(scope):
            mirror.put_artifacts(self._registry, scope, [runtime.artifact(created)])
        return artifacts.artifact(self._registry, scope, created)

    def create_configuration(self, scope: Scope, new: Configuration) -> Configuration:
        """Create a configuration and return it. The runtime assigns its ID."""
        runtime = self.runtime(scope, "create_configuration")
        created = runtime.create_configuration(
            new.name, new.scenario_id, new.executable_id, new.parameters, new.inputs
        )
        if self.is_remote(scope):
            mirror.put_configurations(self._registry, scope, [runtime.configuration(created)])
        return configurations.configuration(self._registry, scope, created)

    def create_execution(
        self, scope: Scope, configuration_id: str, settings: Mapping[str, str] | None = None
    ) -> Execution:
        """Create an execution and return it.

        Args:
            settings: the settings of this execution that the runtime has, by the names of their
                fields. Raises InvalidInput if one is not valid.

        References of the configuration to models are replaced by the current IDs. The request is
        never repeated. After an error, check whether the execution exists.
        """
        if self.is_remote(scope):
            configuration_id = self._current_configuration(scope, configuration_id)
        runtime = self.runtime(scope, "executions")
        valid, _ = checked(runtime.execution_fields(), settings or {})
        created = runtime.create_execution(configuration_id, valid)
        if self.is_remote(scope):
            self._fetch_execution(scope, created)
        return executions.execution(self._registry, scope, created)

    def reproduce(self, scope: Scope, execution_id: str) -> Execution:
        """Create an execution with the recorded code and inputs of another one, and return it.

        Raises:
            CapabilityMissing: The runtime does not record the code of executions.
            NotFound, Conflict, ConfigError, StorageFull: As `ReproducingRuntime.reproduce`.
        """
        from launchpad_tui.runtimes.base import ReproducingRuntime

        runtime = self.runtime(scope, "executions")
        if not isinstance(runtime, ReproducingRuntime):
            raise CapabilityMissing(
                f"Executions of connection {scope.connection} cannot be reproduced",
                "The runtime does not record the code of executions.",
                f"Rerun the execution: launchpad executions rerun {execution_id}",
            )
        return executions.execution(self._registry, scope, runtime.reproduce(execution_id))

    def stop(self, scope: Scope, ids: Sequence[str]) -> tuple[Outcome, ...]:
        """Stop executions and return the outcome of each."""
        return self._change(scope, ids, TargetStatus.STOPPED)

    def delete(self, scope: Scope, ids: Sequence[str]) -> tuple[Outcome, ...]:
        """Delete executions and return the outcome of each."""
        return self._change(scope, ids, TargetStatus.DELETED)

    def log_folder(self, scope: Scope, execution_id: str) -> Path | None:
        """Return the folder of this machine in which the runtime keeps the log of an execution;
        None if the log has to be fetched. A remote runtime is not opened for that."""
        if self.is_remote(scope):
            return None
        return self.runtime(scope, "logs").log_folder(execution_id)

    def record_metrics(
        self,
        scope: Scope,
        execution_id: str,
        metrics: Sequence[Metric],
        tags: Sequence[Tag],
        custom_info: Sequence[CustomInfo],
    ) -> None:
        """Add to what an execution logged."""
        self.runtime(scope, "metrics").patch_metrics(execution_id, metrics, tags, custom_info)
        if self.is_remote(scope):
            with self._registry.write():
                series.append(self._registry, execution_id, metrics, scope)
                logged_metrics.put(self._registry, execution_id, tags, custom_info, scope)

    def delete_metrics(self, scope: Scope, execution_id: str) -> None:
        """Delete everything that an execution logged. It counts as deleted if a remote runtime
        does not have it any more."""
        runtime = self.runtime(scope, "metrics")
        if self.is_remote(scope):
            with contextlib.suppress(NotFound):
                runtime.delete_metrics(execution_id)
            series.delete(self._registry, execution_id, scope)
        else:
            runtime.delete_metrics(execution_id)

    def create_group(self, scope: Scope, labels: Mapping[str, str]) -> ResourceGroup:
        """Create a resource group and return it; its status may be PROVISIONING for a while.
        Raises Conflict."""
        runtime = self.runtime(_administration(scope), "groups")
        created = runtime.create_resource_group(scope.resource_group, labels)
        if self.is_remote(scope):
            return connections.add_group(self._registry, scope, created.labels, created.status)
        groups = connections.groups(self._registry, scope.connection)
        return next(group for group in groups if group.name == scope.resource_group)

    def label_group(self, scope: Scope, labels: Mapping[str, str]) -> None:
        """Replace the labels of a resource group."""
        stored = self.runtime(scope, "groups").label_resource_group(scope.resource_group, labels)
        if self.is_remote(scope):
            connections.set_group_labels(self._registry, scope, stored)

    def delete_group(self, scope: Scope) -> None:
        """Delete a resource group with everything in it. It counts as deleted if a remote runtime
        does not have it any more."""
        runtime = self.runtime(_administration(scope), "groups")
        if self.is_remote(scope):
            with contextlib.suppress(NotFound):
                runtime.delete_resource_group(scope.resource_group)
            connections.delete_group(self._registry, scope)
        else:
            runtime.delete_resource_group(scope.resource_group)

    def create_schedule(self, scope: Scope, new: Schedule) -> Schedule:
        """Create a schedule and return it. The runtime assigns its ID."""
        created = self.runtime(scope, "schedules").create_schedule(
            new.name, new.cron, new.configuration_id, new.start, new.end
        )
        return self._fetch_schedule(scope, created)

    def change_schedule(self, scope: Scope, before: Schedule, after: Schedule) -> Schedule:
        """Change the values of a schedule that differ, and return it. Raises NotFound."""
        self.runtime(scope, "schedules").change_schedule(
            before.id,
            cron=after.cron if after.cron != before.cron else "",
            configuration_id=after.configuration_id
            if after.configuration_id != before.configuration_id
            else "",
            status=after.status if after.status != before.status else None,
            start=after.start if after.start != before.start else None,
            end=after.end if after.end != before.end else None,
        )
        return self._fetch_schedule(scope, before.id)

    def delete_schedule(self, scope: Scope, schedule_id: str) -> None:
        """Delete a schedule. It counts as deleted if a remote runtime does not have it any more."""
        found = schedules.schedule(self._registry, scope, schedule_id)
        if not self.is_remote(scope):
            self.runtime(scope, "schedules").delete_schedule(schedule_id)
            return
        if found.deleted_at is None:
            with contextlib.suppress(NotFound):
                self.runtime(scope, "schedules").delete_schedule(schedule_id)
        schedules.delete(self._registry, scope, schedule_id)

    def _current_configuration(self, scope: Scope, configuration_id: str) -> str:
        """Return the ID of the configuration to execute. It is created in the runtime if references
        to models point at others than before."""
        found, added = references.current(self._registry, scope, configuration_id)
        if added:
            found = self.create_configuration(scope, found)
            references.put(self._registry, scope, found.id, added)
        return found.id

    def _require(self, scope: Scope, capability: str) -> None:
        found = self.capabilities(scope.connection)
        if found is not None and not getattr(found, capability):
            raise CapabilityMissing(
                f"The runtime of {scope.connection} does not support this operation",
                found.reasons.get(capability, ""),
                f"Its capabilities: launchpad connections show {scope.connection}",
            )

    def _change(
        self, scope: Scope, ids: Sequence[str], target: TargetStatus
    ) -> tuple[Outcome, ...]:
        stop = target is TargetStatus.STOPPED
        runtime = self.runtime(scope, "stop" if stop else "delete")
        found = self.capabilities(scope.connection)
        if len(ids) > 1 and found is not None and found.bulk:
            outcomes = tuple(runtime.change_many(ids, target))
        else:
            operation = runtime.stop if stop else runtime.delete
            outcomes = tuple(_attempt(operation, execution_id) for execution_id in ids)
        if self.is_remote(scope):
            for outcome in outcomes:
                if outcome.error is None or isinstance(outcome.error, NotFound):
                    self._update_execution(scope, outcome.id)
        return outcomes

    def _update_execution(self, scope: Scope, execution_id: str) -> None:
        """Copy the current state of a remote execution into the registry.

        Errors are ignored: the operation itself has succeeded, and the next sync copies the state.
        """
        try:
            self._fetch_execution(scope, execution_id)
        except NotFound:
            mirror.mark_deleted(self._registry, scope, mirror.EXECUTIONS, [execution_id])
        except LaunchpadError:
            return

    def _fetch_execution(self, scope: Scope, execution_id: str) -> None:
        found = self.runtime(scope).execution(execution_id)
        mirror.put_executions(self._registry, scope, [found])

    def _fetch_schedule(self, scope: Scope, schedule_id: str) -> Schedule:
        if self.is_remote(scope):
            found = self.runtime(scope).schedule(schedule_id)
            schedules.put(self._registry, scope, found)
        return schedules.schedule(self._registry, scope, schedule_id)


def _administration(scope: Scope) -> Scope:
    """Return the scope in which resource groups of the connection are administered."""
    return Scope(scope.connection, DEFAULT_SCOPE.resource_group)


def _attempt(operation: Callable[[str], None], execution_id: str) -> Outcome:
    try:
        operation(execution_id)
    except LaunchpadError as error:
        return Outcome(execution_id, error)
    return Outcome(execution_id)


def _same(one: Connection, other: Connection) -> bool:
    return (one.kind, one.settings, one.modified_at) == (
        other.kind,
        other.settings,
        other.modified_at,
    )
