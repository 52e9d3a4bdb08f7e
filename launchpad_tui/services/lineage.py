"""Lineage of artifacts: the executions and artifacts upstream and downstream."""

from __future__ import annotations

from launchpad_tui.domain.connection import Scope
from launchpad_tui.domain.lineage import Lineage, LineageExecution
from launchpad_tui.registry import artifacts, configurations, executions, lineage
from launchpad_tui.registry.database import Registry

#: The default maximum number of executions in a lineage.
LIMIT = 500


class LineageService:
    """Reads lineages of artifacts. Thread-safe."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def lineage(self, scope: Scope, artifact_id: str, limit: int = LIMIT) -> Lineage:
        """Return all executions upstream and downstream of an artifact, and their artifacts.

        The number of queries depends on the depth of the lineage, not on the number of executions.
        Cycles are followed once.

        Args:
            limit: The maximum number of executions. Those nearest to the artifact are returned,
                upstream ones first.

        Raises:
            NotFound: The artifact does not exist.
        """
        with self._registry.read():
            root = artifacts.artifact(self._registry, scope, artifact_id)
            up, more_up = self._ancestors(scope, root.execution_id, limit)
            down, more_down = self._descendants(scope, root.id, set(up), limit)
            found = executions.by_id(self._registry, scope, [*up, *down])
            inputs = lineage.inputs_of(self._registry, scope, found)
            outputs = artifacts.of_executions(self._registry, scope, found)
            used = {artifact for pairs in inputs.values() for _, artifact in pairs}
            known = {a.id: a for a in outputs} | {root.id: root}
            known |= artifacts.by_id(self._registry, scope, used - known.keys())
            bound = configurations.by_id(
                self._registry, scope, [execution.configuration_id for execution in found.values()]
            )
        output_ids: dict[str, list[str]] = {}
        for artifact in outputs:
            output_ids.setdefault(artifact.execution_id, []).append(artifact.id)
        nodes = {
            id_: LineageExecution(
                execution,
                bound.get(execution.configuration_id),
                inputs.get(id_, ()),
                tuple(output_ids.get(id_, ())),
            )
            for id_, execution in found.items()
        }
        return Lineage(root.id, known, nodes, more_up or more_down)

    def _ancestors(
        self, scope: Scope, execution_id: str, limit: int
    ) -> tuple[dict[str, None], bool]:
        """Return the executions upstream, nearest first, and whether there are more."""
        seen: dict[str, None] = {}
        frontier = [execution_id] if execution_id else []
        while frontier:
            if len(seen) + len(frontier) > limit:
                return seen | dict.fromkeys(frontier[: limit - len(seen)]), True
            seen |= dict.fromkeys(frontier)
            inputs = lineage.inputs_of(self._registry, scope, frontier)
            used = artifacts.by_id(
                self._registry, scope, [a for pairs in inputs.values() for _, a in pairs]
            )
            sources = dict.fromkeys(
                artifact.execution_id for artifact in used.values() if artifact.execution_id
            )
            frontier = [source for source in sources if source not in seen]
        return seen, False

    def _descendants(
        self, scope: Scope, artifact_id: str, upstream: set[str], limit: int
    ) -> tuple[dict[str, None], bool]:
        """Return the executions downstream, nearest first, and whether there are more."""
        seen: dict[str, None] = {}
        frontier = [artifact_id]
        visited = {artifact_id}
        while frontier:
            left = limit - len(upstream | seen.keys())
            # One more than the limit is read, in addition to those already found, to detect that
            # the lineage is truncated.
            consumers = lineage.consumers_of(self._registry, scope, frontier, left + len(seen) + 1)
            new = [consumer for consumer in consumers if consumer not in seen]
            counted = [consumer for consumer in new if consumer not in upstream]
            if len(counted) > left:
                kept = set(counted[:left]) | upstream
                return seen | dict.fromkeys(consumer for consumer in new if consumer in kept), True
            seen |= dict.fromkeys(new)
            outputs = artifacts.of_executions(self._registry, scope, new)
            frontier = [artifact.id for artifact in outputs if artifact.id not in visited]
            visited.update(frontier)
        return seen, False
