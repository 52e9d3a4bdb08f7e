"""The lineage of an artifact as a tree of foldable lines: upstream on top of it, downstream below.

Upstream reads "made by … from …": an artifact's line is followed by the execution that made it, and that by its inputs.
Downstream reads "went into … which made …". A thing that was met before on the way is named again, but not opened
again, so that a diamond or a cycle ends.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from launchpad_tui.domain.artifact import Artifact
from launchpad_tui.domain.lineage import Lineage, LineageExecution


class Side(StrEnum):
    """Which half of the tree a line belongs to."""

    HEAD = "head"
    UPSTREAM = "upstream"
    ROOT = "root"
    DOWNSTREAM = "downstream"


@dataclass(frozen=True, slots=True)
class LineageLine:
    """One line. ``path`` is the way to it (IDs from the root) and names it for folding; ``depth`` counts from 0 at the
    root; ``last`` says for each depth whether the branch ends there; ``repeated`` that it was opened further up."""

    side: Side
    path: tuple[str, ...]
    depth: int
    last: tuple[bool, ...]
    artifact: Artifact | None = None
    execution: LineageExecution | None = None
    missing_id: str = ""
    slot: str = ""
    children: int = 0
    folded: bool = False
    repeated: bool = False
    title: str = ""


def lineage_lines(
    lineage: Lineage, folded: frozenset[tuple[str, ...]] = frozenset()
) -> tuple[LineageLine, ...]:
    """All visible lines of the tree, top to bottom.

    Args:
        lineage: what is known.
        folded: the paths of the lines whose children are hidden; a path begins with the side it is on.
    """
    root = lineage.artifacts.get(lineage.root)
    lines = [LineageLine(Side.HEAD, ("head",), 0, (), title="Inputs")]
    lines += _Upstream(lineage, folded).walk()
    lines.append(LineageLine(Side.HEAD, ("head", "root"), 0, (), title="This artifact"))
    lines.append(
        LineageLine(
            Side.ROOT, ("root",), 0, (), artifact=root, missing_id="" if root else lineage.root
        )
    )
    lines.append(LineageLine(Side.HEAD, ("head", "down"), 0, (), title="Used by"))
    lines += _Downstream(lineage, folded).walk()
    return tuple(lines)


class _Walk:
    side = Side.UPSTREAM

    def __init__(self, lineage: Lineage, folded: frozenset[tuple[str, ...]]) -> None:
        self._lineage = lineage
        self._folded = folded
        self._opened: set[str] = set()

    def walk(self) -> Iterator[LineageLine]:
        executions = self._of_artifact(self._lineage.root)
        for place, execution in enumerate(executions):
            yield from self._execution(
                execution, (str(self.side),), (place == len(executions) - 1,)
            )

    def _of_artifact(self, artifact_id: str) -> list[LineageExecution]:
        source = self._lineage.source(artifact_id)
        return [source] if source else []

    def _of_execution(self, execution: LineageExecution) -> list[tuple[str, str]]:
        return list(execution.inputs)

    def _execution(
        self, item: LineageExecution, way: tuple[str, ...], last: tuple[bool, ...]
    ) -> Iterator[LineageLine]:
        path = (*way, item.execution.id)
        repeated = item.execution.id in self._opened
        self._opened.add(item.execution.id)
        children = [] if repeated else self._of_execution(item)
        hidden = path in self._folded
        yield LineageLine(
            self.side,
            path,
            len(last),
            last,
            execution=item,
            children=len(children),
            folded=hidden,
            repeated=repeated,
        )
        if hidden:
            return
        for place, (slot, artifact_id) in enumerate(children):
            yield from self._artifact(slot, artifact_id, path, (*last, place == len(children) - 1))

    def _artifact(
        self, slot: str, artifact_id: str, way: tuple[str, ...], last: tuple[bool, ...]
    ) -> Iterator[LineageLine]:
        path = (*way, artifact_id)
        artifact = self._lineage.artifacts.get(artifact_id)
        executions = self._of_artifact(artifact_id)
        hidden = path in self._folded
        yield LineageLine(
            self.side,
            path,
            len(last),
            last,
            artifact=artifact,
            missing_id="" if artifact else artifact_id,
            slot=slot,
            children=len(executions),
            folded=hidden,
        )
        if hidden:
            return
        for place, execution in enumerate(executions):
            yield from self._execution(execution, path, (*last, place == len(executions) - 1))


class _Upstream(_Walk):
    side = Side.UPSTREAM


class _Downstream(_Walk):
    side = Side.DOWNSTREAM

    def _of_artifact(self, artifact_id: str) -> list[LineageExecution]:
        return list(self._lineage.consumers(artifact_id))

    def _of_execution(self, execution: LineageExecution) -> list[tuple[str, str]]:
        return [("", artifact_id) for artifact_id in execution.outputs]
