"""The lines of the lineage tree."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from launchpad_tui.domain.artifact import Artifact, ArtifactKind
from launchpad_tui.domain.execution import Execution, Status, TargetStatus
from launchpad_tui.domain.lineage import Lineage, LineageExecution
from launchpad_tui.ui.screens.models.lineage_lines import LineageLine, Side, lineage_lines

AT = datetime(2026, 1, 31, 12, tzinfo=UTC)


def artifact(name: str, execution_id: str = "") -> Artifact:
    return Artifact(
        name,
        name,
        ArtifactKind.MODEL,
        f"ai://default/{name}",
        "",
        "s",
        execution_id,
        (),
        None,
        AT,
        AT,
    )


def execution(
    name: str, inputs: list[str], outputs: list[str], minutes: int = 0
) -> LineageExecution:
    at = AT + timedelta(minutes=minutes)
    record = Execution(
        name, "c", "c", "s", "x", "1", Status.COMPLETED, TargetStatus.COMPLETED, "", at, at
    )
    return LineageExecution(
        record, None, tuple((f"in-{item}", item) for item in inputs), tuple(outputs)
    )


def names(lines: tuple[LineageLine, ...], side: Side) -> list[tuple[int, str]]:
    return [
        (
            line.depth,
            line.execution.execution.id
            if line.execution
            else (line.artifact.id if line.artifact else line.missing_id),
        )
        for line in lines
        if line.side is side
    ]


def diamond() -> Lineage:
    artifacts = {
        a.id: a
        for a in (artifact("raw"), artifact("a", "e1"), artifact("b", "e1"), artifact("m", "e2"))
    }
    executions = {
        e.execution.id: e
        for e in (
            execution("e1", ["raw"], ["a", "b"]),
            execution("e2", ["a", "b"], ["m"]),
            execution("e3", ["m"], ["unknown"]),
        )
    }
    return Lineage("m", artifacts, executions)


def test_upstream_and_downstream_are_complete() -> None:
    lines = lineage_lines(diamond())
    assert names(lines, Side.UPSTREAM) == [
        (1, "e2"),
        (2, "a"),
        (3, "e1"),
        (4, "raw"),
        (2, "b"),
        (3, "e1"),
    ]
    assert names(lines, Side.DOWNSTREAM) == [(1, "e3"), (2, "unknown")]
    assert [line.artifact.id for line in lines if line.side is Side.ROOT and line.artifact] == ["m"]


def test_repeated_execution_is_not_expanded_again() -> None:
    again = [
        line
        for line in lineage_lines(diamond())
        if line.execution and line.execution.execution.id == "e1"
    ]
    assert [line.repeated for line in again] == [False, True]


def test_folding_hides_the_children() -> None:
    lines = lineage_lines(diamond(), frozenset({("upstream", "e2", "a")}))
    assert names(lines, Side.UPSTREAM) == [(1, "e2"), (2, "a"), (2, "b"), (3, "e1"), (4, "raw")]
    folded = next(line for line in lines if line.path == ("upstream", "e2", "a"))
    assert folded.folded
    assert folded.children == 1


def test_a_cycle_ends() -> None:
    artifacts = {a.id: a for a in (artifact("x", "e1"), artifact("y", "e2"))}
    executions = {
        e.execution.id: e for e in (execution("e1", ["y"], ["x"]), execution("e2", ["x"], ["y"]))
    }
    lines = lineage_lines(Lineage("x", artifacts, executions))
    assert len(lines) < 20


def test_manually_added_artifact_has_no_source() -> None:
    lines = lineage_lines(Lineage("raw", {"raw": artifact("raw")}, {}))
    assert names(lines, Side.UPSTREAM) == []
    assert names(lines, Side.DOWNSTREAM) == []
