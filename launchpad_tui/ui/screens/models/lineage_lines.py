"""The lineage of an artifact as a tree of foldable lines: upstream above it, downstream below.

Upstream, the line of an artifact is followed by the execution that created it, and that one by its
input artifacts. Downstream, the line of an artifact is followed by the executions that used it, and
each of those by its output artifacts. An execution that occurs several times is expanded only where
it occurs first, so that diamonds stay small and cycles end.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

from launchpad_tui.domain.artifact import Artifact
from launchpad_tui.domain.lineage import Lineage, LineageExecution
from launchpad_tui.records import record


class Side(StrEnum):
    """The part of the tree that a line belongs to."""

    HEAD = "head"
    UPSTREAM = "upstream"
    ROOT = "root"
    DOWNSTREAM = "downstream"


@record
class LineageLine:
    """A line of the tree: a heading, an artifact or an execution.

    Args:
        side: the part of the tree.
        path: the IDs from the root to the line, which identify it for folding.
        depth: the depth in the tree; 0 for the root and for headings.
        last: for each depth whether the line is in the last branch there.
        artifact: the artifact of the line, if it is known.
        execution: the execution of the line.
        missing_id: the ID of an artifact that is not known.
        slot: the name of the input that the artifact is bound to.
        children: the number of lines directly below it, visible or not.
        folded: whether its children are hidden.
        repeated: whether the execution is expanded at an earlier line.
        title: the text of a heading.
    """

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
    """Return all visible lines of the tree, top to bottom.

    Args:
        lineage: the lineage.
        folded: the paths of lines whose children are hidden. The first part of a path is its side.
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
    """A depth-first walk over one side of the tree; the base class walks upstream."""

    side = Side.UPSTREAM

    def __init__(self, lineage: Lineage, folded: frozenset[tuple[str, ...]]) -> None:
        self._lineage = lineage
        self._folded = folded
        self._expanded: set[str] = set()

    def walk(self) -> Iterator[LineageLine]:
        executions = self._executions_of(self._lineage.root)
        for place, execution in enumerate(executions):
            yield from self._execution(
                execution, (str(self.side),), (place == len(executions) - 1,)
            )

    def _executions_of(self, artifact_id: str) -> list[LineageExecution]:
        """Return the executions next to an artifact: upstream the one that created it."""
        source = self._lineage.source(artifact_id)
        return [source] if source else []

    def _artifacts_of(self, execution: LineageExecution) -> list[tuple[str, str]]:
        """Return names and IDs of the artifacts next to an execution: upstream its inputs."""
        return list(execution.inputs)

    def _execution(
        self, item: LineageExecution, parent: tuple[str, ...], last: tuple[bool, ...]
    ) -> Iterator[LineageLine]:
        path = (*parent, item.execution.id)
        repeated = item.execution.id in self._expanded
        self._expanded.add(item.execution.id)
        children = [] if repeated else self._artifacts_of(item)
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
        self, slot: str, artifact_id: str, parent: tuple[str, ...], last: tuple[bool, ...]
    ) -> Iterator[LineageLine]:
        path = (*parent, artifact_id)
        artifact = self._lineage.artifacts.get(artifact_id)
        executions = self._executions_of(artifact_id)
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

    def _executions_of(self, artifact_id: str) -> list[LineageExecution]:
        return list(self._lineage.consumers(artifact_id))

    def _artifacts_of(self, execution: LineageExecution) -> list[tuple[str, str]]:
        return [("", artifact_id) for artifact_id in execution.outputs]
