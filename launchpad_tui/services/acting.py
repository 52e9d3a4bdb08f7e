"""What is done at a runtime elsewhere, and then is in the registry as the runtime has it."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence

from launchpad_tui.aiapi.store_secrets import serialize_store_secret
from launchpad_tui.domain.artifact import Artifact
from launchpad_tui.domain.connection import DEFAULT_SCOPE, ResourceGroup, Scope
from launchpad_tui.domain.execution import Configuration, Execution, TargetStatus
from launchpad_tui.domain.metric import CustomInfo, Metric, Tag
from launchpad_tui.domain.schedule import Schedule
from launchpad_tui.errors import LaunchpadError, NotFound
from launchpad_tui.registry import connections, executions, mirror, schedules
from launchpad_tui.registry.database import Registry
from launchpad_tui.services.remotes import Remotes
from launchpad_tui.stores.catalog import store_kind


class RemoteActs:
    """Acts at runtimes elsewhere. Each call asks the runtime while the caller waits; safe for threads.

    Every call raises what `launchpad_tui.services.remotes.Remotes.runtime` and the runtime itself do.
    """

    def __init__(self, registry: Registry, remotes: Remotes) -> None:
        self._registry = registry
        self._remotes = remotes

    def create_artifact(self, scope: Scope, new: Artifact) -> Artifact:
        """Register an artifact; its ID is the runtime's."""
        runtime = self._remotes.runtime(scope, "create_artifact")
        made = runtime.create_artifact(
            new.name, new.kind, new.url, new.scenario_id, new.description, new.labels
        )
        found = runtime.artifact(made)
        mirror.put_artifacts(self._registry, scope, [found])
        return found

    def create_configuration(self, scope: Scope, new: Configuration) -> Configuration:
        """Make a configuration; its ID is the runtime's."""
        runtime = self._remotes.runtime(scope, "create_configuration")
        made = runtime.create_configuration(
            new.name, new.scenario_id, new.executable_id, new.parameters, new.inputs
        )
        found = runtime.configuration(made)
        mirror.put_configurations(self._registry, scope, [found])
        return found

    def create_execution(self, scope: Scope, configuration_id: str) -> Execution:
        """Start an execution. It is asked for once only: after an error one should look whether it goes on."""
        runtime = self._remotes.runtime(scope, "executions")
        made = runtime.create_execution(configuration_id)
        return self._look(scope, made)

    def stop(self, scope: Scope, ids: Sequence[str]) -> dict[str, LaunchpadError | None]:
        """Ask executions to stop; what came of each."""
        return self._change(scope, ids, TargetStatus.STOPPED)

    def delete(self, scope: Scope, ids: Sequence[str]) -> dict[str, LaunchpadError | None]:
        """Delete executions; what came of each."""
        return self._change(scope, ids, TargetStatus.DELETED)

    def record_metrics(
        self,
        scope: Scope,
        execution_id: str,
        metrics: Sequence[Metric],
        tags: Sequence[Tag],
        custom_info: Sequence[CustomInfo],
    ) -> None:
        """Add to what an execution logged. It is asked for once only: points accumulate."""
        executions.execution(self._registry, scope, execution_id)
        self._remotes.runtime(scope, "metrics").patch_metrics(
            execution_id, metrics, tags, custom_info
        )

    def delete_metrics(self, scope: Scope, execution_id: str) -> None:
        """Delete what an execution logged; that it logged nothing is no error."""
        with contextlib.suppress(NotFound):
            self._remotes.runtime(scope, "metrics").delete_metrics(execution_id)

    def label_group(self, scope: Scope, labels: Mapping[str, str]) -> dict[str, str]:
        """Replace a resource group's labels; gives them as the API has them."""
        runtime = self._remotes.runtime(scope, "groups")
        return runtime.label_resource_group(scope.resource_group, labels)

    def create_group(self, scope: Scope, labels: Mapping[str, str]) -> ResourceGroup:
        """Have the runtime make a resource group; it is PROVISIONING for a while. Raises Conflict."""
        runtime = self._remotes.runtime(
            Scope(scope.connection, DEFAULT_SCOPE.resource_group), "groups"
        )
        created = runtime.create_resource_group(scope.resource_group, labels)
        return connections.add_group(self._registry, scope, created.labels, created.status)

    def delete_group(self, scope: Scope) -> None:
        """Have the runtime delete a resource group and all that is in it; one that it has no more counts as deleted."""
        runtime = self._remotes.runtime(
            Scope(scope.connection, DEFAULT_SCOPE.resource_group), "groups"
        )
        with contextlib.suppress(NotFound):
            runtime.delete_resource_group(scope.resource_group)

    def create_store(self, scope: Scope, name: str, kind: str, values: Mapping[str, str]) -> None:
        """Make an object store secret at the runtime. Raises InvalidInput where its keys are not among the values."""
        self._remotes.runtime(scope).create_object_store_secret(
            serialize_store_secret(name, store_kind(kind), values)
        )

    def change_store(self, scope: Scope, name: str, kind: str, values: Mapping[str, str]) -> None:
        """Replace an object store secret at the runtime. Raises as `create_store`, and NotFound."""
        self._remotes.runtime(scope).change_object_store_secret(
            name, serialize_store_secret(name, store_kind(kind), values)
        )

    def delete_store(self, scope: Scope, name: str) -> None:
        """Delete an object store secret at the runtime; one that it has no more counts as deleted."""
        with contextlib.suppress(NotFound):
            self._remotes.runtime(scope).delete_object_store_secret(name)

    def create_schedule(self, scope: Scope, new: Schedule) -> Schedule:
        """Make a schedule; its ID is the runtime's."""
        runtime = self._remotes.runtime(scope, "schedules")
        return self._kept(
            scope,
            runtime.create_schedule(new.name, new.cron, new.configuration_id, new.start, new.end),
        )

    def change_schedule(self, scope: Scope, before: Schedule, changed: Schedule) -> Schedule:
        """Change what is other of a schedule. Raises NotFound."""
        self._remotes.runtime(scope, "schedules").change_schedule(
            before.id,
            cron=changed.cron if changed.cron != before.cron else "",
            configuration_id=changed.configuration_id
            if changed.configuration_id != before.configuration_id
            else "",
            status=changed.status if changed.status != before.status else None,
            start=changed.start if changed.start != before.start else None,
            end=changed.end if changed.end != before.end else None,
        )
        return self._kept(scope, before.id)

    def delete_schedule(self, scope: Scope, schedule_id: str) -> None:
        """Delete a schedule; one that the runtime has no more counts as deleted."""
        with contextlib.suppress(NotFound):
            self._remotes.runtime(scope, "schedules").delete_schedule(schedule_id)

    def _kept(self, scope: Scope, schedule_id: str) -> Schedule:
        found = self._remotes.runtime(scope).schedule(schedule_id)
        schedules.put(self._registry, scope, found)
        return found

    def _change(
        self, scope: Scope, ids: Sequence[str], target: TargetStatus
    ) -> dict[str, LaunchpadError | None]:
        capability = "stop" if target is TargetStatus.STOPPED else "delete"
        runtime = self._remotes.runtime(scope, capability)
        able = self._remotes.capabilities(scope.connection)
        came: dict[str, LaunchpadError | None] = {}
        if len(ids) > 1 and able is not None and able.bulk:
            for each in runtime.change_many(ids, target):
                came[each.id] = each.error
        else:
            act = runtime.stop if capability == "stop" else runtime.delete
            came = {one: _tried(act, one) for one in ids}
        for one, error in came.items():
            if error is None or isinstance(error, NotFound):
                self._seen(scope, one)
        return came

    def _seen(self, scope: Scope, execution_id: str) -> None:
        """Bring what is known of an execution on; that this fails is no reason to say that the act failed."""
        try:
            self._look(scope, execution_id)
        except NotFound:
            mirror.forget_entries(self._registry, scope, mirror.EXECUTIONS, [execution_id])
        except LaunchpadError:
            return

    def _look(self, scope: Scope, execution_id: str) -> Execution:
        found = self._remotes.runtime(scope).execution(execution_id)
        mirror.put_executions(self._registry, scope, [found])
        return found


def _tried(act: object, execution_id: str) -> LaunchpadError | None:
    try:
        act(execution_id)  # type: ignore[operator]
    except LaunchpadError as error:
        return error
    return None
