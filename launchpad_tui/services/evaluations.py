"""Metrics that executions report about models that they evaluated."""

from __future__ import annotations

from typing import TYPE_CHECKING

from launchpad_tui.errors import NotFound
from launchpad_tui.registry import artifacts, evaluations, series, staged_points

if TYPE_CHECKING:
    from launchpad_tui.domain.artifact_attributes import ArtifactAttributes
    from launchpad_tui.domain.connection import Scope
    from launchpad_tui.registry.database import Registry


class EvaluationService:
    """Adds to artifacts what executions logged about them. Thread-safe."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def add(self, scope: Scope, artifact_id: str, execution_id: str) -> ArtifactAttributes:
        """Add the metrics of an execution to an artifact, and return them.

        They are those that name the artifact, or if there are none, all that name no artifact.

        Raises:
            NotFound: The artifact does not exist, or the execution logged no such metrics.
        """
        staged_points.settle_before_reading(self._registry)
        artifact = artifacts.artifact(self._registry, scope, artifact_id)
        logged = series.summaries(self._registry, scope, [execution_id]).get(execution_id, [])
        found = evaluations.about(artifact, logged)
        if not found:
            raise NotFound(
                f"Execution {execution_id} logged no metrics about {artifact.name}",
                "All of its metrics belong to other models." if logged else "It logged none.",
                f"List its metrics with: launchpad metrics list {execution_id}",
            )
        return evaluations.add(self._registry, scope, artifact, execution_id, found)
