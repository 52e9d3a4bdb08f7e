"""Lineage: the graph of everything upstream and downstream of an artifact."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from launchpad_tui.domain.artifact import Artifact
from launchpad_tui.domain.execution import Configuration, Execution
from launchpad_tui.records import field, record


@record
class LineageExecution:
    """An execution in a lineage.

    ``inputs`` are pairs of the input's name and the artifact's ID, ``outputs`` are artifact IDs.
    """

    execution: Execution
    configuration: Configuration | None
    inputs: tuple[tuple[str, str], ...]
    outputs: tuple[str, ...]


@record
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
    _consumers: Mapping[str, Sequence[LineageExecution]] = field(
        default_factory=dict, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        found: dict[str, list[LineageExecution]] = {}
        for one in sorted(self.executions.values(), key=lambda one: one.execution.created_at):
            for artifact_id in dict.fromkeys(value for _, value in one.inputs):
                found.setdefault(artifact_id, []).append(one)
        object.__setattr__(self, "_consumers", found)

    def source(self, artifact_id: str) -> LineageExecution | None:
        """Return the execution that created an artifact, None if it is unknown."""
        artifact = self.artifacts.get(artifact_id)
        return self.executions.get(artifact.execution_id) if artifact else None

    def consumers(self, artifact_id: str) -> tuple[LineageExecution, ...]:
        """Return the executions that used an artifact as an input, oldest first."""
        return tuple(self._consumers.get(artifact_id, ()))
