"""Lists, counts and checks that only the served AI API needs."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from launchpad_tui.aiapi.store_secrets import (
    StoreSecret,
    parse_store_secret,
    serialize_returned_secret,
)
from launchpad_tui.aiapi.values import Json, JsonObject
from launchpad_tui.domain.artifact import Artifact
from launchpad_tui.domain.connection import ObjectStoreRecord, ResourceGroup, Scope
from launchpad_tui.domain.execution import Configuration, Execution, ExecutionLog, LogLine
from launchpad_tui.domain.filters import ArtifactFilter, ConfigurationFilter, ExecutionFilter
from launchpad_tui.records import record
from launchpad_tui.registry import artifacts, connections, executions, filtered_pages
from launchpad_tui.registry.database import Registry
from launchpad_tui.stores.catalog import KINDS, store_kind

_NEVER = datetime.max.replace(tzinfo=UTC)


@record
class ServedExecution:
    """An execution with its output artifacts."""

    execution: Execution
    outputs: tuple[Artifact, ...] = ()


class ServingService:
    """Filtered lists with offsets, for the served AI API. Thread-safe.

    Every method with a scope raises NotFound if its resource group does not exist.
    """

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def artifacts(
        self, scope: Scope, selected: ArtifactFilter, top: int, skip: int = 0
    ) -> list[Artifact]:
        """Return at most ``top`` artifacts after the first ``skip``, oldest first."""
        return filtered_pages.artifact_page(self._registry, scope, selected, top, skip)

    def count_artifacts(self, scope: Scope, selected: ArtifactFilter) -> int:
        """Return the number of artifacts."""
        return filtered_pages.count_artifacts(self._registry, scope, selected)

    def configurations(
        self, scope: Scope, selected: ConfigurationFilter, top: int, skip: int = 0
    ) -> list[Configuration]:
        """Return at most ``top`` configurations after the first ``skip``, oldest first."""
        return filtered_pages.configuration_page(self._registry, scope, selected, top, skip)

    def count_configurations(self, scope: Scope, selected: ConfigurationFilter) -> int:
        """Return the number of configurations."""
        return filtered_pages.count_configurations(self._registry, scope, selected)

    def executions(
        self,
        scope: Scope,
        selected: ExecutionFilter,
        top: int,
        skip: int = 0,
        *,
        outputs: bool = True,
    ) -> list[ServedExecution]:
        """Return at most ``top`` executions after the first ``skip``, oldest first.

        Args:
            outputs: Whether to include the output artifacts.
        """
        with self._registry.read():
            found = filtered_pages.execution_page(self._registry, scope, selected, top, skip)
            created = self._outputs(scope, [each.id for each in found] if outputs else [])
        return [ServedExecution(each, created.get(each.id, ())) for each in found]

    def execution(self, scope: Scope, execution_id: str) -> ServedExecution:
        """Return one execution. Raises NotFound."""
        with self._registry.read():
            found = executions.existing(self._registry, scope, execution_id)
            outputs = self._outputs(scope, [execution_id])
        return ServedExecution(found, outputs.get(execution_id, ()))

    def count_executions(self, scope: Scope, selected: ExecutionFilter) -> int:
        """Return the number of executions."""
        return filtered_pages.count_executions(self._registry, scope, selected)

    def require_group(self, scope: Scope) -> None:
        """Raise NotFound if the resource group does not exist."""
        with self._registry.read() as db:
            connections.group_pk(db, scope)

    def require_execution(self, scope: Scope, execution_id: str) -> None:
        """Raise NotFound if the execution does not exist."""
        with self._registry.read() as db:
            executions.check_existing(db, scope, execution_id)

    def label_group(self, scope: Scope, labels: Mapping[str, str]) -> None:
        """Replace a resource group's labels. Raises NotFound."""
        connections.set_group_labels(self._registry, scope, labels)

    def group(self, scope: Scope) -> ResourceGroup:
        """Return a resource group. Raises NotFound."""
        self.require_group(scope)
        return next(
            each
            for each in connections.groups(self._registry, scope.connection)
            if each.name == scope.resource_group
        )

    @staticmethod
    def parse_store_secret(data: JsonObject) -> StoreSecret:
        """Return the object store that the body of a request describes. Raises InvalidInput."""
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


class _Timestamps(Sequence[datetime]):
    """The timestamps of the lines of a log, read one at a time."""

    def __init__(self, log: ExecutionLog) -> None:
        self._log = log
        self._count = log.count()

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, number: int | slice) -> datetime:  # type: ignore[override]
        assert isinstance(number, int)
        lines = self._log.slice(number, number + 1)
        # A log that is deleted while it is read has no lines any more.
        return lines[0].timestamp if lines else _NEVER


def log_lines(
    log: ExecutionLog, start: datetime, end: datetime, limit: int, newest_first: bool
) -> list[LogLine]:
    """Return the first lines of a log between two times, both included.

    Lines are ordered by time, so only a few are read to find the bounds.

    Args:
        newest_first: Return the last lines, in reverse order.
    """
    timestamps = _Timestamps(log)
    first, after_last = bisect_left(timestamps, start), bisect_right(timestamps, end)
    if newest_first:
        return log.slice(max(first, after_last - limit), after_last)[::-1]
    return log.slice(first, min(after_last, first + limit))
