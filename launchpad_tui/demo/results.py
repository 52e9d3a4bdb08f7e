"""The results of the demo's trainings, best first, and the evaluation of the best model."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from launchpad_tui.demo.candidates import LOSS, PHASE, SCORE
from launchpad_tui.demo.plan import DemoPlan, evaluate
from launchpad_tui.domain.artifact import Artifact, ArtifactKind
from launchpad_tui.domain.connection import Scope
from launchpad_tui.domain.execution import Execution
from launchpad_tui.records import record

if TYPE_CHECKING:
    from launchpad_tui.services.desk import Desk

_POLL_SECONDS = 1.0


@record
class Score:
    """The metrics of an execution on the validation images; None if they are not logged yet.

    Attributes:
        accuracy: The accuracy after the last epoch.
        best: The highest accuracy of all epochs.
        loss: The loss after the last epoch.
    """

    accuracy: float | None = None
    best: float | None = None
    loss: float | None = None


@record
class Result:
    """An execution, the parameters of its configuration, its score, and the model if it has one."""

    execution: Execution
    parameters: Mapping[str, str]
    score: Score
    model: Artifact | None


def score(desk: Desk, scope: Scope, execution_id: str) -> Score:
    """Return the latest metrics of an execution on the validation images."""
    by_name = {
        one.name: one for one in desk.metrics.series(scope, execution_id) if PHASE in one.labels
    }
    accuracy, loss = by_name.get(SCORE), by_name.get(LOSS)
    return Score(
        accuracy.last if accuracy else None,
        accuracy.maximum if accuracy else None,
        loss.last if loss else None,
    )


def results(desk: Desk, scope: Scope, executions: Sequence[Execution]) -> list[Result]:
    """Return the current results of executions: those with a model first, then by accuracy."""
    found = []
    for execution in executions:
        details = desk.executions.get(scope, execution.id)
        parameters = details.configuration.parameters if details.configuration else {}
        model = next((one for one in details.outputs if one.kind is ArtifactKind.MODEL), None)
        found.append(Result(details.execution, parameters, score(desk, scope, execution.id), model))
    return sorted(found, key=_rank, reverse=True)


def _rank(one: Result) -> tuple[bool, float]:
    accuracy = one.score.accuracy
    return one.model is not None, -1.0 if accuracy is None or math.isnan(accuracy) else accuracy


def finish_demo(
    desk: Desk, plan: DemoPlan, wait: Callable[[float], object] = time.sleep
) -> Execution | None:
    """Wait until all trainings have ended, then evaluate the best model.

    This runs in a daemon thread while the terminal interface is open. If it is interrupted, the
    next start of the demo resumes.

    Args:
        desk: The services.
        plan: The content of the demo's home folder.
        wait: Called with the seconds to wait between two checks.

    Returns:
        The execution of the evaluation; None if no training created a model.

    Raises:
        LaunchpadError: The registry could not be read, or the evaluation could not be created.
    """
    while any(
        not desk.executions.get(plan.scope, one.id).execution.status.final
        for one in plan.executions
    ):
        wait(_POLL_SECONDS)
    best = next(
        (one.model for one in results(desk, plan.scope, plan.executions) if one.model is not None),
        None,
    )
    return None if best is None else evaluate(desk, plan, best)
