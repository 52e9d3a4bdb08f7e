"""Executions that run again with the recorded code and inputs of another one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from launchpad_tui.domain.connection import Scope
from launchpad_tui.domain.execution import Execution
from launchpad_tui.domain.numbers import TOLERANCE
from launchpad_tui.domain.reproduction import (
    ComparedResult,
    ReproductionReport,
    changed_facts,
    compared_outputs,
    compared_series,
)
from launchpad_tui.errors import Conflict, NotFound
from launchpad_tui.registry import (
    artifacts,
    executions,
    logged_metrics,
    provenance,
    series,
    staged_points,
)
from launchpad_tui.registry.database import Registry

if TYPE_CHECKING:
    from launchpad_tui.domain.artifact import Artifact, ArtifactFile
    from launchpad_tui.domain.metric import SeriesSummary
    from launchpad_tui.services.code import CodeService
    from launchpad_tui.services.runtimes import Runtimes


class ReproductionService:
    """Reproduces executions and reports what differs. Thread-safe."""

    def __init__(
        self, registry: Registry, code: CodeService, runtimes: Callable[[], Runtimes]
    ) -> None:
        self._registry = registry
        self._code = code
        self._runtimes = runtimes

    def why_not(self, scope: Scope, execution_id: str) -> str | None:
        """Return why an execution cannot be reproduced, None if it can. Raises NotFound for an
        unknown scope."""
        return self._code.why_not_reproducible(provenance.of(self._registry, scope, execution_id))

    def create(self, scope: Scope, execution_id: str) -> Execution:
        """Create an execution with the recorded code, configuration and inputs of another one.

        Raises:
            Conflict: It has not ended, or there is no snapshot of its code.
            NotFound: The execution, its executable, an input or the snapshot does not exist.
            CapabilityMissing: The runtime does not record the code of executions.
            ConfigError, StorageFull: As for `ExecutionService.create`.
        """
        executions.execution(self._registry, scope, execution_id)
        return self._runtimes().reproduce(scope, execution_id)

    def source_of(self, scope: Scope, execution_id: str) -> str:
        """Return the ID of the execution that an execution reproduces, empty if it reproduces
        none. Raises NotFound for an unknown scope."""
        found = provenance.of(self._registry, scope, execution_id)
        return str(found.get("reproduces", ""))

    def report_of(
        self, scope: Scope, execution_id: str, tolerance: float = TOLERANCE
    ) -> ReproductionReport | None:
        """Return the report about an execution that reproduces another one; None if it reproduces
        none, or if that one was deleted."""
        source = self.source_of(scope, execution_id)
        if not source:
            return None
        try:
            return self.report(scope, source, execution_id, tolerance)
        except NotFound:
            return None

    def report(
        self, scope: Scope, source_id: str, execution_id: str, tolerance: float = TOLERANCE
    ) -> ReproductionReport:
        """Compare outputs, metrics and environment of two executions.

        Args:
            scope: The connection and resource group.
            source_id: The ID of the execution that is reproduced.
            execution_id: The ID of the other execution.
            tolerance: The largest difference of metrics that are equal, relative or absolute.

        Raises:
            NotFound: An execution does not exist.
            Conflict: Both are the same execution.
        """
        if source_id == execution_id:
            raise Conflict(
                f"Execution {execution_id} cannot be compared with itself",
                "A reproduction is another execution.",
                "Pass the ID of another execution.",
            )
        ids = (source_id, execution_id)
        staged_points.settle_before_reading(self._registry)
        with self._registry.read():
            one, other = (executions.execution(self._registry, scope, each) for each in ids)
            recorded = [provenance.of(self._registry, scope, each) for each in ids]
            outputs = [self._outputs(scope, each) for each in ids]
        return ReproductionReport(
            one,
            other,
            compared_outputs(*outputs),
            self._metrics(scope, ids, tolerance),
            changed_facts(*recorded),
            tolerance,
        )

    def _outputs(
        self, scope: Scope, execution_id: str
    ) -> list[tuple[Artifact, tuple[ArtifactFile, ...]]]:
        found = artifacts.of_executions(self._registry, scope, [execution_id])
        files = artifacts.files_of(self._registry, scope, [one.id for one in found])
        return [(one, tuple(files.get(one.id, ()))) for one in found]

    def _metrics(
        self, scope: Scope, ids: tuple[str, str], tolerance: float
    ) -> tuple[ComparedResult, ...]:
        """Compare all points of all series, one series after the other."""
        logged = series.summaries(self._registry, scope, ids)
        old, new = (
            {(one.key, one.artifact_name): one for one in logged.get(each, ())} for each in ids
        )
        return tuple(
            compared_series(
                key[0] + (f" of {key[1]}" if key[1] else ""),
                self._points(old.get(key)),
                self._points(new.get(key)),
                tolerance,
            )
            for key in dict.fromkeys((*old, *new))
        )

    def _points(self, one: SeriesSummary | None) -> list[tuple[int, float]] | None:
        if one is None:
            return None
        batches = logged_metrics.row_batches(self._registry, [one])
        return [(step, value) for _, rows in batches for step, _, value in rows]
