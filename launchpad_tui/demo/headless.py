"""The demo without the terminal interface: trains models and prints progress and a comparison."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, TextIO

from launchpad_tui.demo.candidates import TRAIN
from launchpad_tui.demo.plan import DemoPlan, evaluate, prepare_demo
from launchpad_tui.demo.results import Result, results, score
from launchpad_tui.domain.artifact import Artifact
from launchpad_tui.domain.connection import DEFAULT_SCOPE
from launchpad_tui.domain.execution import Execution, Status
from launchpad_tui.domain.text import safe_text
from launchpad_tui.domain.timestamps import now

if TYPE_CHECKING:
    from launchpad_tui.services.desk import Desk

_POLL_SECONDS = 0.25
#: Seconds between two checks for executions whose supervisor has ended unexpectedly.
_RECONCILE_SECONDS = 2.0
#: Seconds between two reports of the accuracy of running trainings.
_REPORT_SECONDS = 5.0
#: Short titles of parameters, so that the table fits 80 columns.
_TITLES = {"learning_rate": "rate", "momentum": "mom.", "hidden_units": "units"}


def run_headless(desk: Desk, out: TextIO, *, again: bool = False, quick: bool = False) -> int:
    """Run the demo and print the results.

    Args:
        desk: The services over the home folder of the demo.
        out: Receives the output, which is flushed after each line.
        again: Whether to train configurations again that were trained before.
        quick: Whether to train for fewer epochs.

    Returns:
        0 if all executions completed, otherwise 1.

    Raises:
        LaunchpadError: The home folder could not be filled or read.
    """
    models = desk.overview.counts(DEFAULT_SCOPE).models
    plan = prepare_demo(desk, again=again, quick=quick)
    if again and models:
        noun = "model" if models == 1 else "models"
        _print(out, f"The demo has {models} {noun}; training again adds others beside them.")
    _print(out, f"Home folder of the demo: {desk.home.root}")
    total = len(plan.executions)
    if plan.created:
        _print(out, f"Training {plan.created} of {total} configurations of {TRAIN}:")
    else:
        _print(
            out, f"All {total} configurations were trained before (--retrain trains them again)."
        )
    executions = _follow(desk, plan, plan.executions, out)
    ranked = results(desk, plan.scope, executions)
    _print(out, "")
    for line in comparison(ranked):
        _print(out, line)
    best = next((one.model for one in ranked if one.model is not None), None)
    failed = [one.execution for one in ranked if one.execution.status is not Status.COMPLETED]
    if best is not None:
        failed += _evaluate(desk, plan, best, out)
    for execution in failed:
        message = safe_text(execution.status_message)
        _print(out, f"{execution.configuration_name}: {execution.status}. {message}")
    _print(out, "")
    _print(out, "Browse the models in the terminal interface: launchpad demo")
    _print(out, f"Run commands in this home: LAUNCHPAD_HOME={desk.home.root} launchpad models list")
    return 1 if failed else 0


def comparison(ranked: Sequence[Result]) -> Iterator[str]:
    """Yield the lines of a table of the results with the parameters that differ and the metrics.

    Args:
        ranked: The results, best first.
    """
    names = ranked[0].parameters if ranked else {}
    differing = [name for name in names if len({one.parameters.get(name) for one in ranked}) > 1]
    head = [
        "configuration",
        *(_TITLES.get(name, name) for name in differing),
        "loss",
        "accuracy",
        "best",
        "time",
    ]
    rows = [head]
    for one in ranked:
        seconds = one.execution.duration_seconds(now())
        rows.append(
            [
                safe_text(one.execution.configuration_name),
                *(safe_text(one.parameters.get(name, "")) for name in differing),
                _number(one.score.loss),
                _number(one.score.accuracy),
                _number(one.score.best),
                "" if seconds is None else f"{seconds:.0f} s",
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
    yield "* best model: the highest accuracy on the validation images after the last epoch"
    yield "best: the highest accuracy of all epochs. " + ", ".join(
        f"{_TITLES[n]}: {n}" for n in differing if n in _TITLES
    )


def _follow(
    desk: Desk, plan: DemoPlan, executions: Sequence[Execution], out: TextIO
) -> list[Execution]:
    """Wait until all executions have ended, print changes, and return the ended executions."""
    start = reported = reconciled = time.monotonic()
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
                _report(desk, plan, execution, time.monotonic() - start, out)
        if time.monotonic() - reported >= _REPORT_SECONDS:
            reported = time.monotonic()
            for execution in latest.values():
                if execution.status is Status.RUNNING:
                    _report(desk, plan, execution, reported - start, out)
        time.sleep(_POLL_SECONDS)
    return list(latest.values())


def _report(desk: Desk, plan: DemoPlan, execution: Execution, seconds: float, out: TextIO) -> None:
    accuracy = score(desk, plan.scope, execution.id).accuracy
    text = "" if accuracy is None else f"accuracy {accuracy:.3f}"
    name = f"{execution.configuration_name:20}"
    _print(out, f"{seconds:6.1f} s  {name} {execution.status:10} {text}".rstrip())


def _evaluate(desk: Desk, plan: DemoPlan, model: Artifact, out: TextIO) -> list[Execution]:
    """Evaluate the best model, print the results, and return the execution if it has failed."""
    _print(out, "")
    _print(out, "The best model on images that are shifted by one pixel, and on noisy images:")
    execution = _follow(desk, plan, [evaluate(desk, plan, model)], out)[0]
    for one in desk.metrics.series(plan.scope, execution.id):
        condition = dict(one.labels).get("condition", one.key)
        _print(out, f"  {safe_text(condition):16} {one.name} {one.last:.3f}")
    return [] if execution.status is Status.COMPLETED else [execution]


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _print(out: TextIO, line: str) -> None:
    print(line, file=out, flush=True)
