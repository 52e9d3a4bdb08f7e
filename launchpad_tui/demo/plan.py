"""Fill the home folder of the demo: dataset, executables, configurations and executions."""

from __future__ import annotations

import os
from collections.abc import Mapping
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
from launchpad_tui.records import record

if TYPE_CHECKING:
    from launchpad_tui.services.desk import Desk

_HERE = Path(__file__).parent
_DATA = _HERE / "data" / "digits"
_EXECUTABLES = _HERE / "executables"
#: Number of epochs with ``--quick``: enough to recognize the shape of every curve.
QUICK_EPOCHS = 60
#: Statuses of executions that have a result or may still have one.
_RELEVANT = frozenset({Status.UNKNOWN, Status.PENDING, Status.RUNNING, Status.COMPLETED})


@record
class DemoPlan:
    """The content of the demo's home folder.

    Attributes:
        scope: The connection and the resource group.
        dataset: The dataset of all trainings.
        configurations: The configurations of the training.
        executions: The newest execution of each configuration, in the same order.
        created: The number of executions that this start of the demo created.
    """

    scope: Scope
    dataset: Artifact
    configurations: tuple[Configuration, ...]
    executions: tuple[Execution, ...]
    created: int


def demo_home(environ: Mapping[str, str] = os.environ) -> Home:
    """Return the home folder of the demo.

    It is ``LAUNCHPAD_DEMO_HOME``, or ``launchpad-demo`` in the folder of user data.

    Raises:
        ConfigError: It is the home folder of the user's own data, or the folder of user data is
            unknown.
    """
    named = environ.get("LAUNCHPAD_DEMO_HOME", "")
    if named:
        root = Path(named).expanduser().absolute()
        if root.resolve() == Home.find(environ).root.resolve():
            raise ConfigError(
                "The demo cannot use the home folder of your own models",
                f"Both are {root}.",
                "Set LAUNCHPAD_DEMO_HOME to another folder, or unset it.",
            )
        return Home.at(root)
    without = {name: value for name, value in environ.items() if name != "LAUNCHPAD_HOME"}
    return Home.at(Home.find(without).root.parent / "launchpad-demo")


def prepare_demo(desk: Desk, *, again: bool = False, quick: bool = False) -> DemoPlan:
    """Add missing objects to the demo's home, and create executions of untrained configurations.

    A configuration with a completed or running execution is not trained again.

    Args:
        desk: The services over `demo_home`.
        again: Whether to train all configurations again.
        quick: Whether to train for fewer epochs.

    Raises:
        LaunchpadError: An object or a file could not be stored.
    """
    scope = DEFAULT_SCOPE
    added = desk.scenarios.add_executables(scope, _EXECUTABLES)
    for problem in added.refused:
        raise InvalidInput(
            "A workflow template of the demo is invalid",
            f"{problem.file}:{problem.line}: {problem.reason}",
            "Install launchpad again.",
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
    """Show validation metrics as columns of the lists, unless the user has selected columns."""
    phase = series_key("", (PHASE,))
    columns = [[f"{metric}{phase}", str(Statistic.LATEST)] for metric in (SCORE, LOSS)]
    columns.append([f"{LOSS}{phase}", "curve"])
    for name in ("columns.model", "columns.execution"):
        if desk.preferences.get(name) is None:
            desk.preferences.set(name, columns)


def newest_executions(desk: Desk, scope: Scope) -> dict[str, Execution]:
    """Return the newest execution of each configuration, by configuration ID.

    Failed and stopped executions are ignored.
    """
    listing = desk.executions.listing(scope, Query())
    newest: dict[str, Execution] = {}
    for row in listing.slice(0, min(listing.count(), 1000)):
        if row.execution.status in _RELEVANT:
            newest.setdefault(row.execution.configuration_id, row.execution)
    return newest


def evaluate(desk: Desk, plan: DemoPlan, model: Artifact) -> Execution:
    """Return the execution that evaluates a model. It is created if it does not exist."""
    known = desk.configurations.list(plan.scope, executable_id=EVALUATE)
    inputs = {DATASET: plan.dataset.id, CLASSIFIER: model.id}
    configuration = _configuration(
        desk, plan.scope, known, EVALUATE, "shifted and noisy", {}, inputs
    )
    found = newest_executions(desk, plan.scope).get(configuration.id)
    return found or desk.executions.create(plan.scope, configuration.id)


def _dataset(desk: Desk, scope: Scope) -> Artifact:
    """Return the artifact of the dataset. It is stored and registered if it does not exist."""
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
    """Return the configuration with this name and these bindings; create it if it does not exist.

    Args:
        desk: The services.
        scope: The connection and the resource group.
        known: The existing configurations of the executable.
        executable: The ID of the executable.
        name: The name of the configuration.
        parameters: The values that differ from the defaults.
        inputs: The IDs of the input artifacts, by name.
    """
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
