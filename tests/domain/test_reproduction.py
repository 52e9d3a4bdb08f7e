"""Reports about executions that ran again."""

from __future__ import annotations

import math

from launchpad_tui.domain.artifact import Artifact, ArtifactFile, ArtifactKind
from launchpad_tui.domain.code_text import code_facts
from launchpad_tui.domain.execution import Execution, Status
from launchpad_tui.domain.numbers import TOLERANCE
from launchpad_tui.domain.reproduction import (
    Agreement,
    ReproductionReport,
    changed_facts,
    compared_outputs,
    compared_series,
    report_lines,
    result_text,
)
from launchpad_tui.records import replace
from tests.domain import test_comparison

NAN = math.nan


def execution(name: str, status: Status) -> Execution:
    found = test_comparison.subject(name, {}).execution
    assert found is not None
    return replace(found, status=status)


def artifact(name: str) -> Artifact:
    at = test_comparison.AT
    return Artifact("m1", name, ArtifactKind.MODEL, "ai://default/m", "", "s", "e", (), 1, at, at)


A, B = execution("a", Status.COMPLETED), execution("b", Status.COMPLETED)


def file(path: str, size: int = 1, sha256: str = "0a") -> ArtifactFile:
    return ArtifactFile(path, size, sha256)


def agreement(*files: list[ArtifactFile]) -> tuple[Agreement, str]:
    model = artifact("model")
    (one,) = compared_outputs(*([(model, each)] for each in files))
    return one.agreement, one.detail


def test_outputs_are_compared_by_checksums() -> None:
    assert agreement([file("a"), file("b")], [file("b"), file("a")])[0] is Agreement.IDENTICAL
    result = agreement([file("a"), file("b")], [file("a"), file("b", sha256="0b")])
    assert result == (Agreement.DIFFERENT, "1 of 2 files: b")
    assert agreement([file("a")], [file("a"), file("c")]) == (
        Agreement.DIFFERENT,
        "1 of 2 files: c",
    )
    assert agreement([file("a", sha256="")], [file("a")])[0] is Agreement.UNKNOWN
    # Another size is certain without a checksum.
    assert agreement([file("a", 1, "")], [file("a", 2, "")])[0] is Agreement.DIFFERENT
    assert agreement([], [])[0] is Agreement.UNKNOWN


def test_outputs_that_only_one_execution_has() -> None:
    model = (artifact("model"), [file("a")])
    assert compared_outputs([model], [])[0].agreement is Agreement.MISSING
    assert compared_outputs([], [model])[0].agreement is Agreement.ADDITIONAL
    # An edited name does not matter.
    renamed = replace(model[0], name="other", runtime_name="model")
    assert compared_outputs([model], [(renamed, model[1])])[0].agreement is Agreement.IDENTICAL


def test_series_are_compared_point_by_point() -> None:
    points = [(0, 1.0), (1, NAN), (2, math.inf)]
    assert compared_series("m", points, list(points), 0).agreement is Agreement.IDENTICAL
    near = [(0, 1.0 + 1e-9), (1, NAN), (2, math.inf)]
    assert compared_series("m", points, near, TOLERANCE).agreement is Agreement.EQUAL
    assert compared_series("m", points, near, 0).agreement is Agreement.DIFFERENT
    far = compared_series("m", points, [(0, 1.5), (1, 0.0), (2, -math.inf)], 0.1)
    assert far.agreement is Agreement.DIFFERENT
    assert far.detail.startswith("3 of 3 points")
    shorter = compared_series("m", points, points[:2], 1)
    assert (shorter.agreement, shorter.detail) == (Agreement.DIFFERENT, "3 and 2 points")
    moved = compared_series("m", [(0, 1.0)], [(5, 1.0)], 1)
    assert moved.agreement is Agreement.DIFFERENT
    assert compared_series("m", points, None, 1).agreement is Agreement.MISSING
    assert compared_series("m", None, points, 1).agreement is Agreement.ADDITIONAL


def test_a_tolerance_is_relative_for_great_values() -> None:
    assert compared_series("m", [(0, 1e9)], [(0, 1e9 + 1)], 1e-6).agreement is Agreement.EQUAL
    assert compared_series("m", [(0, 1e9)], [(0, 1e9 + 1e5)], 1e-6).agreement is Agreement.DIFFERENT


def test_changed_facts_of_the_environment() -> None:
    before = {"python": "3.11.7", "packages": {"numpy": "1.26.4", "old": "1"}, "host": "a"}
    after = {"python": "3.11.7", "packages": {"numpy": "2.0.0", "new": "2"}, "host": "a"}
    found = {each.name: (each.before, each.after) for each in changed_facts(before, after)}
    assert found == {
        "package numpy": ("1.26.4", "2.0.0"),
        "package old": ("1", ""),
        "package new": ("", "2"),
    }
    assert changed_facts(before, before) == ()


def test_the_result_is_one_sentence() -> None:
    output = compared_outputs(*([(artifact("model"), [file("a")])] for _ in range(2)))
    same = compared_series("loss", [(0, 1.0)], [(0, 1.0)], TOLERANCE)
    other = compared_series("loss", [(0, 1.0)], [(0, 2.0)], TOLERANCE)
    report = ReproductionReport(A, B, output, (same,), (), TOLERANCE)
    assert report.is_reproduced
    assert result_text(report) == "All outputs are identical to the byte; the metric is identical"
    report = replace(report, metrics=(other,))
    assert not report.is_reproduced
    assert "1 of 1 metrics differ by more than 1e-06" in result_text(report)
    dead = replace(report, execution=execution("e2", Status.DEAD), outputs=())
    assert not dead.is_reproduced
    assert result_text(dead) == "Not reproduced: the execution is DEAD"
    running = replace(report, execution=execution("e2", Status.RUNNING))
    assert result_text(running) == "The execution is RUNNING"
    assert [name for name, _, agrees in report_lines(report) if not agrees] == [
        "result",
        "metric loss",
    ]


def test_facts_without_anything_recorded_are_empty() -> None:
    assert code_facts({}, {}) == {}
