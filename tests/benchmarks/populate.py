"""Fill a home with models, executions and metrics for benchmarks; the content is always the same.

    python -m tests.benchmarks.populate HOME [--models 100000] [--points 10000000]

Every model has an execution and a configuration with six parameters. Five executions have
1,000,000 points each; the other points are distributed over the other executions: two to four
metrics each, the last two of every ten with a label.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import time
import uuid
from array import array
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

from launchpad_tui.bootstrap import first_start
from launchpad_tui.config.paths import Home
from launchpad_tui.domain.artifact import LABEL_PREFIX, Artifact, ArtifactFile, ArtifactKind
from launchpad_tui.domain.connection import DEFAULT_SCOPE
from launchpad_tui.domain.execution import Configuration, Execution, Status, TargetStatus
from launchpad_tui.domain.scenario import ArtifactSlot, Executable, Parameter, Scenario
from launchpad_tui.domain.timestamps import to_micros
from launchpad_tui.registry import (
    artifacts,
    configurations,
    connections,
    executions,
    scenarios,
    series,
)
from launchpad_tui.registry.database import Registry

SEED = 20260131
START = datetime(2024, 1, 1, tzinfo=UTC)
LONG_SERIES = 5
LONG_POINTS = 1_000_000
#: rows in one transaction
BATCH = 5000
WHAT = (
    "churn",
    "credit-risk",
    "demand",
    "defects",
    "delivery-time",
    "fraud",
    "invoice-match",
    "lead-score",
    "margin",
    "next-best-offer",
    "noise",
    "payment-delay",
    "price",
    "returns",
    "scrap-rate",
    "sentiment",
    "spend",
    "ticket",
    "turnover",
    "wear",
)
HOW = (
    "boosted",
    "forest",
    "linear",
    "logistic",
    "lstm",
    "mlp",
    "ridge",
    "transformer",
    "tree",
    "wide-deep",
)
WHERE = ("amer", "apj", "emea", "dach", "nordics", "iberia", "benelux", "mena")
SCENARIOS = ("forecasting", "classification", "ranking", "quality")
SHORT_METRICS = ("loss", "accuracy", "f1", "rmse")


class Plan:
    """The content of model number ``i``: a function of the number and the seed alone."""

    def __init__(self, i: int) -> None:
        self.random = rng = random.Random(SEED * 1_000_003 + i)
        self.i = i
        self.execution_id = f"e{rng.getrandbits(60):015x}"
        self.artifact_id = str(uuid.UUID(int=rng.getrandbits(128), version=4))
        self.configuration_id = str(uuid.UUID(int=rng.getrandbits(128), version=4))
        self.what, self.how, self.where = rng.choice(WHAT), rng.choice(HOW), rng.choice(WHERE)
        self.name = f"{self.what}-{self.how}-{self.where} v{rng.randint(1, 40)}"
        self.scenario = SCENARIOS[i % len(SCENARIOS)]
        self.created = START + timedelta(minutes=9 * i, microseconds=rng.randrange(60_000_000))
        self.rate = 10 ** rng.uniform(-4, -0.5)
        self.completed = i % 17 != 0

    @property
    def configuration(self) -> Configuration:
        parameters = {
            "learning_rate": f"{self.rate:.5g}",
            "l2": f"{10 ** self.random.uniform(-6, -1):.3g}",
            "epochs": str(self.random.choice((10, 20, 50, 100))),
            "batch_size": str(2 ** self.random.randint(4, 10)),
            "optimizer": self.random.choice(("sgd", "adam", "adamw", "lbfgs")),
            "seed": str(self.random.randint(0, 9999)),
        }
        return Configuration(
            self.configuration_id,
            f"{self.what} {self.how} lr={self.rate:.2g}",
            self.scenario,
            f"train-{self.scenario}",
            parameters,
            {"dataset": dataset_id(self.i % 20)},
            self.created,
        )

    @property
    def execution(self) -> Execution:
        started = self.created + timedelta(seconds=3)
        ended = started + timedelta(seconds=self.random.uniform(20, 20_000))
        return Execution(
            self.execution_id,
            self.configuration_id,
            f"{self.what} {self.how} lr={self.rate:.2g}",
            self.scenario,
            f"train-{self.scenario}",
            "1.0",
            Status.COMPLETED if self.completed else Status.DEAD,
            TargetStatus.COMPLETED,
            "" if self.completed else "The training ended with exit code 1.",
            self.created,
            ended,
            self.created,
            started,
            ended,
        )

    @property
    def artifact(self) -> tuple[Artifact, ArtifactFile]:
        labels = [(LABEL_PREFIX + "region", self.where), (LABEL_PREFIX + "algorithm", self.how)]
        if self.i % 25 == 0:
            labels.append((LABEL_PREFIX + "stage", "production"))
        url = f"ai://default/{self.execution_id}/model"
        subject = self.what.replace("-", " ")
        text = f"Predicts {subject} in {self.where.upper()}, {self.how} on tabular data."
        size = self.random.randint(10_000, 500_000_000)
        sha256 = f"{self.random.getrandbits(256):064x}"
        at = self.created + timedelta(hours=1)
        return (
            Artifact(
                self.artifact_id,
                self.name,
                ArtifactKind.MODEL,
                url,
                text,
                self.scenario,
                self.execution_id,
                tuple(labels),
                size,
                at,
                at,
            ),
            ArtifactFile("model.bin", size, sha256),
        )


def dataset_id(number: int) -> str:
    """Return the ID of one of the twenty datasets."""
    return str(uuid.UUID(int=random.Random(SEED + number).getrandbits(128), version=4))


def curve(rng: random.Random, name: str, count: int) -> array[float]:
    """Return a learning curve: falling for losses, rising for scores, with noise."""
    end, rate = rng.uniform(0.05, 0.6), rng.uniform(2, 9)
    noise = array("d", [rng.gauss(0, 0.01) for _ in range(min(count, 997))])
    falling = name in {"loss", "rmse"}
    values = array("d")
    for k in range(count):
        fall = math.exp(-rate * k / count)
        value = end + (1 - end) * fall if falling else (1 - end) * (1 - fall)
        values.append(value + noise[k % len(noise)] * (1 + fall))
    return values


def populate(home: Home, models: int, points: int) -> None:
    """Fill the registry of a home that has no models."""
    registry = Registry(home.ensure().registry_path)
    first_start(registry)
    with registry.read() as db:
        # With this cache the indexes fit into memory, which avoids most reads.
        for pragma in ("cache_size = -500000", "wal_autocheckpoint = 50000"):
            db.execute(f"PRAGMA {pragma}")
    with registry.write():
        _add_scenarios(registry)
    group = _group(registry)
    for start in range(0, models, BATCH):
        with registry.write("artifacts", "executions", "configurations") as db:
            for i in range(start, min(models, start + BATCH)):
                plan = Plan(i)
                configurations.insert(db, group, plan.configuration)
                executions.insert(db, group, plan.execution)
                artifact, file = plan.artifact
                artifacts.insert_files(db, artifacts.insert(db, group, artifact), [file])
    logged = _series(models, points)
    while batch := list(islice(logged, BATCH)):
        with registry.write("metrics"):
            for plan, name, labels, count in batch:
                _log(registry, plan, name, labels, count)
    with registry.write() as db:
        db.execute("ANALYZE")
    registry.close()


def _log(
    registry: Registry, plan: Plan, name: str, labels: tuple[tuple[str, str], ...], count: int
) -> None:
    values = curve(plan.random, name, count)
    if count == LONG_POINTS:
        values[count // 3] = 7.5  # A spike of one point, which every chart must show.
    first = to_micros(plan.created)
    times = array("q", range(first, first + count * 100_000, 100_000))
    steps = array("q", range(count))
    series.append_bulk(
        registry, plan.execution_id, name, labels, steps, times, values, DEFAULT_SCOPE
    )


def _series(
    models: int, points: int
) -> Iterator[tuple[Plan, str, tuple[tuple[str, str], ...], int]]:
    long = min(LONG_SERIES, models, points // LONG_POINTS)
    for i in range(long):
        yield Plan(models - 1 - i), "loss", (), LONG_POINTS
    rest = models - long
    if not rest:
        return
    # On average three series an execution.
    each = max(1, (points - long * LONG_POINTS) // (3 * rest))
    for i in range(rest):
        plan = Plan(i)
        for k in range((2, 3, 4)[i % 3]):
            labels = (("phase", "validation"),) if i % 10 >= 8 else ()
            yield plan, SHORT_METRICS[k], labels, each


def _add_scenarios(registry: Registry) -> None:
    """Add the scenarios, their executables and the datasets."""
    for scenario in SCENARIOS:
        text = f"Models for {scenario}."
        scenarios.put_scenario(
            registry, DEFAULT_SCOPE, Scenario(scenario, scenario.title(), text, {}, START, START)
        )
        names = ("learning_rate", "l2", "epochs", "batch_size", "optimizer", "seed")
        executable = Executable(
            f"train-{scenario}",
            scenario,
            f"Train {scenario}",
            text,
            "1.0",
            tuple(Parameter(name, "1") for name in names),
            (ArtifactSlot("dataset", "dataset"),),
            (ArtifactSlot("model", "model"),),
            "",
            "",
            (),
            {},
            START,
            START,
        )
        scenarios.put_executable(registry, DEFAULT_SCOPE, executable)
    for number in range(20):
        url = f"ai://default/datasets/{number:02d}"
        artifacts.add(
            registry,
            DEFAULT_SCOPE,
            Artifact(
                dataset_id(number),
                f"dataset {number:02d}",
                ArtifactKind.DATASET,
                url,
                "",
                SCENARIOS[number % 4],
                "",
                (),
                1_000_000,
                START,
                START,
            ),
        )


def _group(registry: Registry) -> int:
    with registry.read() as db:
        return connections.group_pk(db, DEFAULT_SCOPE)


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("home", type=Path)
    parser.add_argument("--models", type=int, default=100_000)
    parser.add_argument("--points", type=int, default=10_000_000)
    given = parser.parse_args()
    started = time.monotonic()
    populate(Home.at(given.home.absolute()), given.models, given.points)
    seconds = round(time.monotonic() - started, 1)
    print(json.dumps({"models": given.models, "points": given.points, "seconds": seconds}))


if __name__ == "__main__":
    main()
