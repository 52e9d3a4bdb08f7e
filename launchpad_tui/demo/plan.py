"""Fills the home of the demo: dataset, executables, configurations, executions."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from launchpad_tui.config.paths import Home
from launchpad_tui.demo.candidates import (
    CANDIDATES,
    CLASSIFIER,
    DATASET,
    EVALUATE,
    LOSS,
    PHASE,
    SCENARIO,
    SCORE,
    TRAIN,
)
from launchpad_tui.domain.artifact import Artifact, ArtifactKind
from launchpad_tui.domain.connection import DEFAULT_SCOPE, DEFAULT_STORE, Scope
from launchpad_tui.domain.execution import Configuration, Execution, Status
from launchpad_tui.domain.metric import series_key
from launchpad_tui.domain.query import Query, Statistic
from launchpad_tui.errors import ConfigError, InvalidInput

if TYPE_CHECKING:
    from launchpad_tui.services.desk import Desk

_HERE = Path(__file__).parent
_DATA = _HERE / "data" / "digits"
_EXECUTABLES = _HERE / "executables"
#: epochs of ``--quick``: enough to recognise the shape of every curve
QUICK_EPOCHS = 60
#: executions with a result, and executions that may still get one
_COUNTED = frozenset({Status.UNKNOWN, Status.PENDING, Status.RUNNING, Status.COMPLETED})


@dataclass(frozen=True, slots=True)
class DemoPlan:
    """The content of the demo's home.

    ``executions`` has the newest execution of each configuration, in the order of
    ``configurations``; ``created`` is the number of executions that were created by this start of
    the demo.
    """

    scope: Scope
    dataset: Artifact
    configurations: tuple[Configuration, ...]
    executions: tuple[Execution, ...]
    created: int


def demo_home(environ: Mapping[str, str] = os.environ) -> Home:
    """Return the home of the demo: ``LAUNCHPAD_DEMO_HOME``, or ``launchpad-demo`` in the folder of
    user data.

    Raises:
        ConfigError: it is the user's launchpad home, or the user's home folder is not known.
    """
    named = environ.get("LAUNCHPAD_DEMO_HOME", "")
    if named:
        root = Path(named).expanduser().absolute()
        if root.resolve() == Home.find(environ).root.resolve():
            raise ConfigError(
                "The demo cannot use your launchpad home",
                str(root),
                "Set LAUNCHPAD_DEMO_HOME to another folder, or unset it.",
            )
        return Home.at(root)
    without = {name: value for name, value in environ.items() if name != "LAUNCHPAD_HOME"}
    return Home.at(Home.find(without).root.parent / "launchpad-demo")


def prepare_demo(desk: Desk, *, again: bool = False, quick: bool = False) -> DemoPlan:
    """Create what is missing in the home, and start the executions of configurations that are not
    trained.

    Existing records are used, and a configuration with a completed or running execution is not
    trained again.

    Args:
        desk: the services of `demo_home`.
        again: train all configurations again.
        quick: train for fewer epochs.

    Raises:
        LaunchpadError: a record or a file could not be stored.
    """
    scope = DEFAULT_SCOPE
    added = desk.scenarios.add_executables(scope, _EXECUTABLES)
    for problem in added.refused:
        raise InvalidInput(
            "A workflow template of the demo is not valid",
            f"{problem.file}:{problem.line}: {problem.reason}",
        )
    dataset = _dataset(desk, scope)
    _show_scores(desk)
    known = desk.configurations.list(scope, executable_id=TRAIN)
    overrides = {"epochs": str(QUICK_EPOCHS)} if quick else {}
    configurations = tuple(
        _configuration(
            desk,
            scope,
            known,
            TRAIN,
            one.name,
            {**one.parameters, **overrides},
            {DATASET: dataset.id},
        )
        for one in CANDIDATES
    )
    newest = {} if again else newest_executions(desk, scope)
    executions, created = [], 0
    for configuration in configurations:
        execution = newest.get(configuration.id)
        if execution is None:
            execution = desk.executions.create(scope, configuration.id)
            created += 1
        executions.append(execution)
    return DemoPlan(scope, dataset, configurations, tuple(executions), created)


def _show_scores(desk: Desk) -> None:
    """Show the validation metrics as columns of the lists, one with a curve, unless columns were
    chosen before."""
    phase = series_key("", (PHASE,))
    columns = [[f"{metric}{phase}", str(Statistic.LATEST)] for metric in (SCORE, LOSS)]
    columns.append([f"{LOSS}{phase}", "curve"])
    for name in ("columns.model", "columns.execution"):
        if desk.preferences.get(name) is None:
            desk.preferences.set(name, columns)


def newest_executions(desk: Desk, scope: Scope) -> dict[str, Execution]:
    """Return the newest execution of each configuration, by configuration ID; failed and stopped
    ones are left out."""
    listing = desk.executions.listing(scope, Query())
    newest: dict[str, Execution] = {}
    for row in listing.slice(0, min(listing.count(), 1000)):
        if row.execution.status in _COUNTED:
            newest.setdefault(row.execution.configuration_id, row.execution)
    return newest


def evaluate(desk: Desk, plan: DemoPlan, model: Artifact) -> Execution:
    """Return the execution that evaluates a model, which is created if there is none."""
    known = desk.configurations.list(plan.scope, executable_id=EVALUATE)
    inputs = {DATASET: plan.dataset.id, CLASSIFIER: model.id}
    configuration = _configuration(
        desk, plan.scope, known, EVALUATE, "shifted and noisy", {}, inputs
    )
    found = newest_executions(desk, plan.scope).get(configuration.id)
    return found or desk.executions.create(plan.scope, configuration.id)


def _dataset(desk: Desk, scope: Scope) -> Artifact:
    """Return the artifact of the dataset, which is stored and registered if it is missing."""
    listing = desk.artifacts.listing(scope, ArtifactKind.DATASET, Query())
    for row in listing.slice(0, min(listing.count(), 1000)):
        if row.artifact.name == DATASET:
            return row.artifact
    url = f"ai://{DEFAULT_STORE}/demo/{DATASET}"
    desk.files.store_output(scope, url, _DATA)
    artifact = desk.artifacts.add(
        scope,
        ArtifactKind.DATASET,
        DATASET,
        url,
        SCENARIO,
        "Optical Recognition of Handwritten Digits, 1797 images of 8 x 8 pixels "
        "(E. Alpaydin, C. Kaynak; UCI Machine Learning Repository; CC BY 4.0)",
        (("ext.ai.sap.com/licence", "CC BY 4.0"), ("ext.ai.sap.com/images", "1797")),
    )
    desk.verification.record(scope, artifact.id)
    return desk.artifacts.get(scope, artifact.id)


def _configuration(
    desk: Desk,
    scope: Scope,
    known: list[Configuration],
    executable: str,
    name: str,
    parameters: Mapping[str, str],
    inputs: Mapping[str, str],
) -> Configuration:
    """Return the configuration with this name and these bindings, which is created if it is
    missing."""
    defaults = {
        one.name: one.default or ""
        for one in desk.scenarios.executable(scope, executable).parameters
    }
    bindings = {**defaults, **parameters}
    for one in known:
        if (
            one.name == name
            and dict(one.parameters) == bindings
            and dict(one.inputs) == dict(inputs)
        ):
            return one
    return desk.configurations.create(scope, name, executable, bindings, inputs)
