"""Reports about executions that ran again: what is identical and what differs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from launchpad_tui.domain.artifact import Artifact, ArtifactFile
from launchpad_tui.domain.code_text import code_facts, place_of_row
from launchpad_tui.domain.execution import Execution, Status
from launchpad_tui.domain.numbers import number_text
from launchpad_tui.records import record

#: the number of files that differ, and of equal metrics, that a text names
_NAMED = 3
#: steps and values of a series, ordered by step
Points = Sequence[tuple[int, float]]


class Agreement(StrEnum):
    """The result for an output or a metric."""

    IDENTICAL = "identical"
    EQUAL = "equal within the tolerance"
    DIFFERENT = "different"
    MISSING = "missing"
    ADDITIONAL = "additional"
    UNKNOWN = "unknown"

    @property
    def agrees(self) -> bool:
        """Whether the result was reproduced."""
        return self in {Agreement.IDENTICAL, Agreement.EQUAL}


@record
class ComparedResult:
    """An output or a metric of both executions: its name, the result, and the reason."""

    name: str
    agreement: Agreement
    detail: str = ""


@record
class ChangedFact:
    """A fact about code or environment that differs; empty if it was not recorded."""

    name: str
    before: str
    after: str


@record
class ReproductionReport:
    """The comparison of an execution with one that reproduces it.

    Attributes:
        source: the execution that is reproduced.
        execution: the one that reproduces it.
        outputs: the outputs of both.
        metrics: the metrics of both.
        environment: what differs in code and environment.
        tolerance: the tolerance of metrics.
    """

    source: Execution
    execution: Execution
    outputs: tuple[ComparedResult, ...]
    metrics: tuple[ComparedResult, ...]
    environment: tuple[ChangedFact, ...]
    tolerance: float

    @property
    def outputs_agree(self) -> bool:
        """Whether there are outputs and all are identical."""
        return bool(self.outputs) and all(each.agreement.agrees for each in self.outputs)

    @property
    def metrics_agree(self) -> bool:
        """Whether all metrics are equal within the tolerance."""
        return all(each.agreement.agrees for each in self.metrics)

    @property
    def is_reproduced(self) -> bool:
        """Whether the execution completed with identical outputs and equal metrics."""
        outputs = self.outputs_agree or not self.outputs
        return self.execution.status is Status.COMPLETED and outputs and self.metrics_agree


def compared_outputs(
    before: Sequence[tuple[Artifact, Sequence[ArtifactFile]]],
    after: Sequence[tuple[Artifact, Sequence[ArtifactFile]]],
) -> tuple[ComparedResult, ...]:
    """Compare the files of outputs by their recorded checksums."""
    old = {(one.kind, one.logged_name): files for one, files in before}
    new = {(one.kind, one.logged_name): files for one, files in after}
    found = []
    for kind, name in dict.fromkeys((*old, *new)):
        first, second = old.get((kind, name)), new.get((kind, name))
        if second is None:
            result, detail = Agreement.MISSING, "only the first execution has it"
        elif first is None:
            result, detail = Agreement.ADDITIONAL, "only the second execution has it"
        else:
            result, detail = _files(first, second)
        found.append(ComparedResult(f"{kind} {name}", result, detail))
    return tuple(found)


def _files(first: Sequence[ArtifactFile], second: Sequence[ArtifactFile]) -> tuple[Agreement, str]:
    old = {each.path: each for each in first}
    new = {each.path: each for each in second}
    results = {path: _file(old.get(path), new.get(path)) for path in {*old, *new}}
    different = sorted(path for path, result in results.items() if result is False)
    if different:
        names = ", ".join(different[:_NAMED]) + (", …" if len(different) > _NAMED else "")
        return Agreement.DIFFERENT, f"{len(different):,} of {len(results):,} files: {names}"
    if not results or None in results.values():
        return Agreement.UNKNOWN, "no checksums were recorded"
    return Agreement.IDENTICAL, f"{len(results):,} file{'s' * (len(results) != 1)}"


def _file(one: ArtifactFile | None, other: ArtifactFile | None) -> bool | None:
    """Return whether two files are identical; None without checksums."""
    if one is None or other is None or one.size != other.size:
        return False
    return one.sha256 == other.sha256 if one.sha256 and other.sha256 else None


def compared_series(
    name: str, before: Points | None, after: Points | None, tolerance: float
) -> ComparedResult:
    """Compare all points of a series; None for an execution without it."""
    if after is None:
        return ComparedResult(name, Agreement.MISSING, "only the first execution logged it")
    if before is None:
        return ComparedResult(name, Agreement.ADDITIONAL, "only the second execution logged it")
    if [step for step, _ in before] != [step for step, _ in after]:
        detail = f"{len(before):,} and {len(after):,} points at different steps"
        if len(before) != len(after):
            detail = f"{len(before):,} and {len(after):,} points"
        return ComparedResult(name, Agreement.DIFFERENT, detail)
    exact, count, largest, where = True, 0, 0.0, 0
    for (step, one), (_, other) in zip(before, after, strict=True):
        if one == other or (math.isnan(one) and math.isnan(other)):
            continue
        exact = False
        if math.isclose(one, other, rel_tol=tolerance, abs_tol=tolerance):
            continue
        count += 1
        distance = abs(one - other)
        if math.isnan(distance):
            distance = math.inf
        if distance > largest:
            largest, where = distance, step
    if not count:
        return ComparedResult(name, Agreement.IDENTICAL if exact else Agreement.EQUAL)
    points = f"{count:,} of {len(before):,} points"
    greatest = f"greatest difference {number_text(largest)} at step {where}"
    return ComparedResult(name, Agreement.DIFFERENT, f"{points}, {greatest}")


def changed_facts(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[ChangedFact, ...]:
    """Return what differs between what was recorded about code and environment."""
    old, new = code_facts(before, {}), code_facts(after, {})
    names = sorted(dict.fromkeys((*old, *new)), key=place_of_row)
    return tuple(
        ChangedFact(name, old.get(name, ""), new.get(name, ""))
        for name in names
        if old.get(name) != new.get(name)
    )


def result_text(report: ReproductionReport) -> str:
    """Return the result in one sentence."""
    if not report.execution.status.final:
        return f"The execution is {report.execution.status}"
    if report.execution.status is not Status.COMPLETED:
        return f"Not reproduced: the execution is {report.execution.status}"
    if report.is_reproduced:
        outputs = "All outputs are identical to the byte" if report.outputs else "No outputs"
        return f"{outputs}; {metrics_text(report)}"
    parts = []
    different = sum(not each.agreement.agrees for each in report.outputs)
    if different:
        parts.append(f"{different} of {len(report.outputs)} outputs are not identical")
    else:
        parts.append("all outputs are identical to the byte" if report.outputs else "no outputs")
    parts.append(metrics_text(report))
    text = "; ".join(parts)
    return text[0].upper() + text[1:]


def metrics_text(report: ReproductionReport) -> str:
    """Return how many metrics are equal."""
    count = len(report.metrics)
    if not count:
        return "no metrics"
    different = sum(not each.agreement.agrees for each in report.metrics)
    if different:
        return f"{different} of {count} metrics differ by more than {report.tolerance:g}"
    if all(each.agreement is Agreement.IDENTICAL for each in report.metrics):
        return f"all {count} metrics are identical" if count > 1 else "the metric is identical"
    return f"all {count} metrics are equal within {report.tolerance:g}"


def report_lines(report: ReproductionReport) -> list[tuple[str, str, bool]]:
    """Return the lines of a report: name, text, and whether the line reports no difference.

    Equal metrics are counted in the first line, not listed.
    """
    lines = [("result", result_text(report), report.is_reproduced)]
    if report.execution.status is Status.COMPLETED:
        for each in report.outputs:
            text = f"{each.agreement}: {each.detail}" if each.detail else str(each.agreement)
            lines.append((each.name, text, each.agreement.agrees))
        for each in report.metrics:
            if not each.agreement.agrees:
                lines.append((f"metric {each.name}", f"{each.agreement}: {each.detail}", False))
    for fact in report.environment:
        change = f"{fact.before or 'not recorded'} → {fact.after or 'not recorded'}"
        lines.append((fact.name, change, False))
    if not report.environment and report.execution.status.final:
        lines.append(("environment", "no recorded difference", True))
    return lines


def report_json(report: ReproductionReport) -> dict[str, Any]:
    """Return a report as JSON."""
    return {
        "sourceId": report.source.id,
        "id": report.execution.id,
        "status": str(report.execution.status),
        "statusMessage": report.execution.status_message,
        "reproduced": report.is_reproduced,
        "tolerance": report.tolerance,
        "outputs": [_result(each) for each in report.outputs],
        "metrics": [_result(each) for each in report.metrics],
        "environment": [
            {"name": each.name, "before": each.before or None, "after": each.after or None}
            for each in report.environment
        ],
    }


def _result(each: ComparedResult) -> dict[str, Any]:
    return {"name": each.name, "result": each.agreement.name.lower(), "detail": each.detail}
