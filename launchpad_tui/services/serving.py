"""What the AI API of this machine needs of the registry beside what screens and commands do."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from launchpad_tui.aiapi.store_secrets import (
    StoreSecret,
    parse_store_secret,
    serialize_returned_secret,
)
from launchpad_tui.aiapi.values import Json, JsonObject
from launchpad_tui.domain.artifact import Artifact
from launchpad_tui.domain.connection import ObjectStoreRecord, ResourceGroup, Scope
from launchpad_tui.domain.execution import Configuration, Execution, LogLine
from launchpad_tui.domain.filters import ArtifactFilter, ConfigurationFilter, ExecutionFilter
from launchpad_tui.registry import artifacts, connections, executions, selections
from launchpad_tui.registry.database import Registry
from launchpad_tui.runtimes.base import ExecutionLog
from launchpad_tui.stores.catalog import KINDS, store_kind

_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ServedExecution:
    """An execution with the artifacts that it made."""

    execution: Execution
    outputs: tuple[Artifact, ...] = ()


class ServingService:
    """Lists by filters, with a position. Safe for threads; all raise NotFound for an unknown resource group."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def artifacts(
        self, scope: Scope, wanted: ArtifactFilter, top: int, skip: int = 0
    ) -> list[Artifact]:
        """At most ``top`` artifacts behind the first ``skip``, oldest first."""
        return selections.artifact_page(self._registry, scope, wanted, top, skip)

    def count_artifacts(self, scope: Scope, wanted: ArtifactFilter) -> int:
        """How many artifacts there are."""
        return selections.count_artifacts(self._registry, scope, wanted)

    def configurations(
        self, scope: Scope, wanted: ConfigurationFilter, top: int, skip: int = 0
    ) -> list[Configuration]:
        """At most ``top`` configurations behind the first ``skip``, oldest first."""
        return selections.configuration_page(self._registry, scope, wanted, top, skip)

    def count_configurations(self, scope: Scope, wanted: ConfigurationFilter) -> int:
        """How many configurations there are."""
        return selections.count_configurations(self._registry, scope, wanted)

    def executions(
        self,
        scope: Scope,
        wanted: ExecutionFilter,
        top: int,
        skip: int = 0,
        *,
        outputs: bool = True,
    ) -> list[ServedExecution]:
        """At most ``top`` executions behind the first ``skip``, oldest first; ``outputs``: with what they made."""
        with self._registry.read():
            found = selections.execution_page(self._registry, scope, wanted, top, skip)
            made = self._outputs(scope, [each.id for each in found] if outputs else [])
        return [ServedExecution(each, made.get(each.id, ())) for each in found]

    def execution(self, scope: Scope, execution_id: str) -> ServedExecution:
        """One execution. Raises NotFound."""
        with self._registry.read():
            found = executions.execution(self._registry, scope, execution_id)
            outputs = self._outputs(scope, [execution_id])
        return ServedExecution(found, outputs.get(execution_id, ()))

    def count_executions(self, scope: Scope, wanted: ExecutionFilter) -> int:
        """How many executions there are."""
        return selections.count_executions(self._registry, scope, wanted)

    def require_group(self, scope: Scope) -> None:
        """Raises NotFound where there is no such resource group."""
        with self._registry.read() as db:
            connections.group_pk(db, scope)

    def require_execution(self, scope: Scope, execution_id: str) -> None:
        """Raises NotFound where there is no such execution."""
        with self._registry.read() as db:
            executions.execution_pk(db, scope, execution_id)

    def label_group(self, scope: Scope, labels: Mapping[str, str]) -> None:
        """Replace a resource group's labels. Raises NotFound."""
        connections.set_group_labels(self._registry, scope, labels)

    def group(self, scope: Scope) -> ResourceGroup:
        """One resource group. Raises NotFound."""
        self.require_group(scope)
        return next(
            each
            for each in connections.groups(self._registry, scope.connection)
            if each.name == scope.resource_group
        )

    @staticmethod
    def parse_store_secret(data: JsonObject) -> StoreSecret:
        """Return the object store that a request's body describes. Raises InvalidInput."""
        return parse_store_secret(data, KINDS)

    @staticmethod
    def returned_secret(store: ObjectStoreRecord) -> Json:
        """Return an object store as the API returns it, without secrets."""
        return serialize_returned_secret(store.name, store_kind(store.kind), store.settings)

    def _outputs(
        self, scope: Scope, execution_ids: Sequence[str]
    ) -> dict[str, tuple[Artifact, ...]]:
        found: dict[str, tuple[Artifact, ...]] = {}
        for each in artifacts.of_executions(self._registry, scope, execution_ids):
            found[each.execution_id] = (*found.get(each.execution_id, ()), each)
        return found


class _Moments(Sequence[datetime]):
    """The timestamps of a log's lines, read one at a time."""

    def __init__(self, log: ExecutionLog) -> None:
        self._log = log
        self._count = log.count()

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, number: int | slice) -> datetime:  # type: ignore[override]
        assert isinstance(number, int)
        lines = self._log.slice(number, number + 1)
        # A log that was deleted meanwhile has no lines left, at whatever moment.
        return lines[0].timestamp if lines else _NEVER


def log_lines(
    log: ExecutionLog, start: datetime, end: datetime, limit: int, newest_first: bool
) -> list[LogLine]:
    """The first lines of a log between two moments, both included; the last ones, from the end on, with
    ``newest_first``. Lines stand in the order in which they were written, so few are read to find the bounds."""
    moments = _Moments(log)
    first, behind = bisect_left(moments, start), bisect_right(moments, end)
    if newest_first:
        return log.slice(max(first, behind - limit), behind)[::-1]
    return log.slice(first, min(behind, first + limit))
