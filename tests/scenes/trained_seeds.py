"""Homes with executions, their models and their metrics, with fixed timestamps and IDs."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

from launchpad_tui.config.paths import Home
from launchpad_tui.domain.artifact import Artifact, ArtifactKind
from launchpad_tui.domain.connection import DEFAULT_SCOPE
from launchpad_tui.domain.execution import Configuration, Execution, Status, TargetStatus
from launchpad_tui.domain.timestamps import to_micros
from launchpad_tui.registry import artifacts, configurations, connections, executions, series
from launchpad_tui.registry.database import Registry
from tests.scenes.seeds import HOSTILE, T0, add_scenario

Curves = Mapping[str, Sequence[float]]


def model_id(number: int) -> str:
    """Return the ID of the model that execution ``number`` created."""
    return f"{number:08x}-0000-4000-9000-{number:012x}"


def execution_id(number: int) -> str:
    """Return the ID of execution ``number``."""
    return f"e{number:015x}"


def add_trained(
    registry: Registry,
    number: int,
    name: str,
    parameters: Mapping[str, str],
    curves: Curves,
    status: Status = Status.COMPLETED,
) -> None:
    """Add an execution with its configuration, metrics and, if it completed, its model.

    Args:
        registry: the registry to write to.
        number: determines IDs and timestamps.
        name: the name of configuration and model.
        parameters: the parameters of the configuration.
        curves: a value for each step, by metric as ``name`` or ``name{label=value}``.
        status: the status of the execution.
    """
    at = T0 + timedelta(minutes=number)
    configuration = Configuration(f"c{number:07}", name, "churn", "train", dict(parameters), {}, at)
    completed_at = at + timedelta(seconds=90) if status.final else None
    execution = Execution(
        execution_id(number),
        configuration.id,
        name,
        "churn",
        "train",
        "1.0",
        status,
        TargetStatus.COMPLETED,
        "",
        at,
        at,
        at,
        at,
        completed_at,
        {},
    )
    with registry.write("executions", "configurations", "artifacts") as db:
        group = connections.group_pk(db, DEFAULT_SCOPE)
        configurations.insert(db, group, configuration)
        executions.insert(db, group, execution)
        if status is Status.COMPLETED:
            url = f"ai://default/{execution.id}/model"
            model = Artifact(
                model_id(number),
                name,
                ArtifactKind.MODEL,
                url,
                "",
                "churn",
                execution.id,
                (("ext.ai.sap.com/stage", "trial"),),
                1000,
                at,
                at,
            )
            artifacts.insert(db, group, model)
    for key, values in curves.items():
        metric, _, rest = key.partition("{")
        pairs = [pair.split("=") for pair in rest.rstrip("}").split(",") if pair]
        labels = tuple((label, value) for label, value in pairs)
        start = to_micros(at)
        times = [start + step * 1_000_000 for step in range(len(values))]
        series.append_bulk(
            registry, execution.id, metric, labels, range(len(values)), times, values, DEFAULT_SCOPE
        )


def falling(rate: float, count: int = 50) -> list[float]:
    """Return an exponential curve that starts at 1 and approaches 0."""
    return [math.exp(-rate * step / count) for step in range(count)]


def sweep(count: int = 6, steps: int = 50) -> Callable[[Home], None]:
    """Return a function that fills a home with models of several learning rates.

    The higher the rate, the lower the loss.
    """

    def seed(home: Home) -> None:
        registry = Registry(home.registry_path)
        add_scenario(registry)
        for number in range(count):
            rate = 1.0 + number
            loss = falling(rate, steps)
            parameters = {
                "rate": f"{rate:g}",
                "optimizer": ("sgd", "adam")[number % 2],
                "seed": "1",
            }
            curves = {
                "loss": loss,
                "accuracy{phase=validation}": [1 - value for value in loss],
                "score": [loss[-1]],
            }
            add_trained(registry, number, f"rate-{number}", parameters, curves)
        registry.close()

    return seed


def hostile_sweep(home: Home) -> None:
    """Fill a home with models, parameters and metrics with hostile names and extreme values."""
    registry = Registry(home.registry_path)
    add_scenario(registry)
    for number, text in enumerate(HOSTILE):
        values = [*falling(1 + number, 30), math.nan, math.inf, 1e300 if number == 1 else 0.1]
        parameters = {"plain": str(number), f"p {HOSTILE[number % 2]}": text, "long": "x" * 5000}
        add_trained(
            registry, number, text, parameters, {"loss": values, "m\x1b[31m": falling(2, 10)}
        )
    registry.close()
