"""Lineage: the graph of everything upstream and downstream of an artifact."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from launchpad_tui.domain.artifact import Artifact
from launchpad_tui.domain.execution import Configuration, Execution


@dataclass(frozen=True, slots=True)
class LineageExecution:
    """An execution in a lineage.

    ``inputs`` are pairs of the input's name and the artifact's ID, ``outputs`` are artifact IDs.
    """

    execution: Execution
    configuration: Configuration | None
    inputs: tuple[tuple[str, str], ...]
    outputs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Lineage:
    """Everything upstream and downstream of an artifact.

    ``artifacts`` and ``executions`` are mapped by ID. An input or output that is missing in
    ``artifacts`` was deleted or is unknown. ``truncated`` is set if the limit on the number of
    executions was reached.
    """

    root: str
    artifacts: Mapping[str, Artifact]
    executions: Mapping[str, LineageExecution]
    truncated: bool = False

    def source(self, artifact_id: str) -> LineageExecution | None:
        """Return the execution that created an artifact, None if it is unknown."""
        artifact = self.artifacts.get(artifact_id)
        return self.executions.get(artifact.execution_id) if artifact else None

    def consumers(self, artifact_id: str) -> tuple[LineageExecution, ...]:
        """Return the executions that used an artifact as an input, oldest first."""
        found = [e for e in self.executions.values() if any(a == artifact_id for _, a in e.inputs)]
        return tuple(sorted(found, key=lambda e: e.execution.created_at))
