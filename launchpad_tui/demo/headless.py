"""The demo without a screen: train, follow, compare, in plain text."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, TextIO

from launchpad_tui.demo.candidates import TRAIN
from launchpad_tui.demo.plan import DemoPlan, evaluate, prepare_demo
from launchpad_tui.demo.results import Result, results, score
from launchpad_tui.domain.artifact import Artifact
from launchpad_tui.domain.execution import Execution, Status
from launchpad_tui.domain.text import safe_text
from launchpad_tui.domain.timestamps import now

if TYPE_CHECKING:
    from launchpad_tui.services.desk import Desk

_LOOK_SECONDS = 0.25
#: how often executions whose supervisor died are looked for
_RECONCILE_SECONDS = 2.0
#: how often a running training's accuracy is told
_TELL_SECONDS = 5.0
#: so that the table fits 80 columns
_TITLES = {"learning_rate": "rate", "momentum": "mom.", "hidden_units": "units"}


def run_headless(desk: Desk, out: TextIO, *, again: bool = False, quick: bool = False) -> int:
    """Run the demo and print what it found.

    Args:
        desk: the services on `launchpad_tui.demo.plan.demo_home`.
        out: where lines go, each at once.
        again: train even what is trained.
        quick: train for fewer epochs.

    Gives 0 where all executions completed, 1 where one did not.

    Raises:
        LaunchpadError: the home could not be filled or read.
    """
    plan = prepare_demo(desk, again=again, quick=quick)
    _say(out, f"The demo's home is {desk.home.root}")
    total = len(plan.executions)
    if plan.created:
        _say(out, f"Training {plan.created} of {total} configurations of {TRAIN}:")
    else:
        _say(
            out, f"All {total} configurations were trained before (--again trains them once more)."
        )
    executions = _follow(desk, plan, plan.executions, out)
    ranked = results(desk, plan.scope, executions)
    _say(out, "")
    for line in comparison(ranked):
        _say(out, line)
    best = next((one.model for one in ranked if one.model is not None), None)
    failed = [one.execution for one in ranked if one.execution.status is not Status.COMPLETED]
    if best is not None:
        failed += _evaluate(desk, plan, best, out)
    for execution in failed:
        _say(
            out,
            f"{execution.configuration_name}: {execution.status}. {safe_text(execution.status_message)}",
        )
    _say(out, "")
    _say(out, "The same on a screen: launchpad demo")
    _say(out, f"Commands on this home: LAUNCHPAD_HOME={desk.home.root} launchpad models list")
    return 1 if failed else 0


def comparison(ranked: Sequence[Result]) -> Iterator[str]:
    """The lines of a table, one model each, best first: the parameters that differ, and the validation metrics."""
    names = ranked[0].parameters if ranked else {}
    differing = [name for name in names if len({one.parameters.get(name) for one in ranked}) > 1]
    head = [
        "configuration",
        *(_TITLES.get(name, name) for name in differing),
        "loss",
        "accuracy",
        "best",
        "took",
    ]
    rows = [head]
    for one in ranked:
        took = one.execution.duration_seconds(now())
        rows.append(
            [
                safe_text(one.execution.configuration_name),
                *(safe_text(one.parameters.get(name, "")) for name in differing),
                _number(one.score.loss),
                _number(one.score.accuracy),
                _number(one.score.best),
                "" if took is None else f"{took:.0f} s",
            ]
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    for number, row in enumerate(rows):
        cells = [
            row[0].ljust(widths[0]),
            *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)),
        ]
        yield ("* " if number == 1 and ranked[0].score.accuracy is not None else "  ") + "  ".join(
            cells
        )
    yield "* is the best: highest accuracy on the validation images after the last epoch."
    yield "best is the highest of any epoch. " + ", ".join(
        f"{_TITLES[n]}: {n}" for n in differing if n in _TITLES
    )


def _follow(
    desk: Desk, plan: DemoPlan, executions: Sequence[Execution], out: TextIO
) -> list[Execution]:
    """Wait until all are over, telling what changes; gives them as they ended."""
    start = told = reconciled = time.monotonic()
    latest = {execution.id: execution for execution in executions}
    while any(not execution.status.final for execution in latest.values()):
        if time.monotonic() - reconciled >= _RECONCILE_SECONDS:
            reconciled = time.monotonic()
            desk.executions.reconcile()
        for before in list(latest.values()):
            if before.status.final:
                continue
            execution = desk.executions.get(plan.scope, before.id).execution
            latest[execution.id] = execution
            if execution.status is not before.status:
                _tell(desk, plan, execution, time.monotonic() - start, out)
        if time.monotonic() - told >= _TELL_SECONDS:
            told = time.monotonic()
            for execution in latest.values():
                if execution.status is Status.RUNNING:
                    _tell(desk, plan, execution, told - start, out)
        time.sleep(_LOOK_SECONDS)
    return list(latest.values())


def _tell(desk: Desk, plan: DemoPlan, execution: Execution, seconds: float, out: TextIO) -> None:
    found = score(desk, plan.scope, execution.id).accuracy
    accuracy = "" if found is None else f"accuracy {found:.3f}"
    _say(
        out,
        f"{seconds:6.1f} s  {execution.configuration_name:20} {execution.status:10} {accuracy}".rstrip(),
    )


def _evaluate(desk: Desk, plan: DemoPlan, model: Artifact, out: TextIO) -> list[Execution]:
    """Evaluate the best model and print how it did; gives the execution where it failed."""
    _say(out, "")
    _say(out, "The best model on images that are shifted by a pixel, and noisy:")
    execution = _follow(desk, plan, [evaluate(desk, plan, model)], out)[0]
    for one in desk.metrics.series(plan.scope, execution.id):
        condition = dict(one.labels).get("condition", one.key)
        _say(out, f"  {safe_text(condition):16} {one.name} {one.last:.3f}")
    return [] if execution.status is Status.COMPLETED else [execution]


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _say(out: TextIO, line: str) -> None:
    print(line, file=out, flush=True)
