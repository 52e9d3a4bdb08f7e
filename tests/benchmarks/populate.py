"""Fill a home with models, executions and metrics for benchmarks; the content is always the same.

    python -m tests.benchmarks.populate HOME [--models 100000] [--points 10000000]

Every model has an execution and a configuration with six parameters. Five executions have
1,000,000 points each; the other points are distributed over the other executions: two to four
metrics each, with a label in two of every ten executions.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import sqlite3
import time
import uuid
from array import array
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from launchpad_tui.bootstrap import first_start
from launchpad_tui.config.paths import Home
from launchpad_tui.domain.artifact import LABEL_PREFIX, Artifact, ArtifactFile, ArtifactKind
from launchpad_tui.domain.connection import DEFAULT_SCOPE
from launchpad_tui.domain.execution import Configuration, Execution, Status, TargetStatus
from launchpad_tui.domain.metric import series_key
from launchpad_tui.domain.scenario import ArtifactSlot, Executable, Parameter, Scenario
from launchpad_tui.domain.timestamps import to_micros
from launchpad_tui.registry import (
    artifacts,
    configurations,
    connections,
    executions,
    packs,
    scenarios,
    series,
    series_points,
    series_texts,
)
from launchpad_tui.registry.chunk import Points
from launchpad_tui.registry.codec import to_json
from launchpad_tui.registry.database import Registry, bump
from launchpad_tui.registry.lifecycle_schema import UNEVEN
from launchpad_tui.registry.series_rows import Labels

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


def _uuid(rng: random.Random) -> str:
    return str(uuid.UUID(int=rng.getrandbits(128), version=4))


DATASETS = tuple(_uuid(random.Random(SEED + number)) for number in range(20))


class Plan:
    """The content of model number ``i``: a function of the number and the seed alone."""

    def __init__(self, i: int) -> None:
        self._random = rng = random.Random(SEED * 1_000_003 + i)
        self._i = i
        self.execution_id = f"e{rng.getrandbits(60):015x}"
        artifact_id, configuration_id = _uuid(rng), _uuid(rng)
        what, how, where = rng.choice(WHAT), rng.choice(HOW), rng.choice(WHERE)
        name = f"{what}-{how}-{where} v{rng.randint(1, 40)}"
        scenario = SCENARIOS[i % len(SCENARIOS)]
        self.created = START + timedelta(minutes=9 * i, microseconds=rng.randrange(60_000_000))
        rate = 10 ** rng.uniform(-4, -0.5)
        parameters = {
            "learning_rate": f"{rate:.5g}",
            "l2": f"{10 ** rng.uniform(-6, -1):.3g}",
            "epochs": str(rng.choice((10, 20, 50, 100))),
            "batch_size": str(2 ** rng.randint(4, 10)),
            "optimizer": rng.choice(("sgd", "adam", "adamw", "lbfgs")),
            "seed": str(rng.randint(0, 9999)),
        }
        self.configuration = Configuration(
            configuration_id,
            f"{what} {how} lr={rate:.2g}",
            scenario,
            f"train-{scenario}",
            parameters,
            {"dataset": DATASETS[i % len(DATASETS)]},
            self.created,
        )
        started = self.created + timedelta(seconds=3)
        ended = started + timedelta(seconds=rng.uniform(20, 20_000))
        completed = i % 17 != 0
        self.execution = Execution(
            self.execution_id,
            configuration_id,
            self.configuration.name,
            scenario,
            f"train-{scenario}",
            "1.0",
            Status.COMPLETED if completed else Status.DEAD,
            TargetStatus.COMPLETED,
            "" if completed else "The training ended with exit code 1.",
            self.created,
            ended,
            self.created,
            started,
            ended,
        )
        labels = [(LABEL_PREFIX + "region", where), (LABEL_PREFIX + "algorithm", how)]
        if i % 25 == 0:
            labels.append((LABEL_PREFIX + "stage", "production"))
        size = rng.randint(10_000, 500_000_000)
        sha256 = f"{rng.getrandbits(256):064x}"
        at = self.created + timedelta(hours=1)
        self.artifact = Artifact(
            artifact_id,
            name,
            ArtifactKind.MODEL,
            f"ai://default/{self.execution_id}/model",
            f"Predicts {what.replace('-', ' ')} in {where.upper()}, {how} on tabular data.",
            scenario,
            self.execution_id,
            tuple(labels),
            size,
            at,
            at,
        )
        self.file = ArtifactFile("model.bin", size, sha256)

    def series(self, count: int) -> Iterator[tuple[str, Labels, Points]]:
        """Yield the name, the labels and ``count`` points of each series of the execution.

        A series of `LONG_POINTS` is the only one of its execution.
        """
        long = count >= LONG_POINTS
        labels = (("phase", "validation"),) if self._i % 10 >= 8 and not long else ()
        first = to_micros(self.created)
        for name in SHORT_METRICS[: 1 if long else (2, 3, 4)[self._i % 3]]:
            values = curve(self._random, name, count)
            if long:
                values[count // 3] = 7.5  # A spike of one point, which every chart must show.
            times = array("q", range(first, first + count * 100_000, 100_000))
            yield name, labels, Points(array("q", range(count)), times, values)


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
    """Fill the registry of a home that has no models.

    The rows are the same as those that the product writes model by model. They are written by one
    connection without a journal, and indexes are created after the rows, so that the time grows
    linearly. If it is interrupted, the home is unusable.
    """
    registry = Registry(home.ensure().registry_path)
    first_start(registry)
    with registry.write():
        _add_scenarios(registry)
    long = min(LONG_SERIES, models, points // LONG_POINTS)
    # On average three series an execution.
    short = max(1, (points - long * LONG_POINTS) // (3 * max(1, models - long)))
    with closing(registry.connect()) as db:
        group = connections.group_pk(db, DEFAULT_SCOPE)
        registry.close()
        for pragma in ("cache_size = -400000", "journal_mode = OFF", "synchronous = OFF"):
            db.execute(f"PRAGMA {pragma}")
        db.execute("BEGIN")
        with _without_indexes(db):
            for start in range(0, models, BATCH):
                series_of = list[tuple[int, Plan]]()
                for i in range(start, min(models, start + BATCH)):
                    plan = Plan(i)
                    configurations.insert(db, group, plan.configuration)
                    series_of.append((executions.insert(db, group, plan.execution), plan))
                    artifact = artifacts.insert(db, group, plan.artifact)
                    artifacts.insert_files(db, artifact, [plan.file])
                series_of = series_of[: models - long - start]
                _insert_series(db, group, series_of, short)
        bump(db, {"artifacts", "executions", "configurations", "metrics"})
        db.execute("COMMIT")
        db.execute("PRAGMA journal_mode = WAL")
    for i in range(models - long, models):
        plan = Plan(i)
        for name, labels, found in plan.series(LONG_POINTS):
            series.append_bulk(
                registry,
                plan.execution_id,
                name,
                labels,
                found.steps,
                found.times,
                found.values,
                DEFAULT_SCOPE,
            )
    with registry.write() as db:
        db.execute("ANALYZE")
    registry.close()


@contextmanager
def _without_indexes(db: sqlite3.Connection) -> Iterator[None]:
    """Create indexes, triggers and the content that triggers maintain after the rows."""
    found = db.execute(
        "SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL AND type IN ('index', "
        "'trigger')"
    ).fetchall()
    first = db.execute("SELECT coalesce(max(pk), 0) FROM artifacts").fetchone()[0]
    for kind, name, _ in found:
        db.execute(f"DROP {kind} {name}")
    yield
    db.execute(
        "INSERT INTO artifact_labels (artifact_pk, position, key, value) "
        "SELECT a.pk, l.key, l.value ->> 0, l.value ->> 1 FROM artifacts a, "
        "json_each(a.labels) AS l WHERE a.pk > ?",
        (first,),
    )
    db.execute("DELETE FROM uneven_executions")
    for _, _, sql in found:
        db.execute(sql)
    db.execute(UNEVEN)
    for table in ("artifacts_search", "executions_search"):
        db.execute(f"INSERT INTO {table} ({table}) VALUES ('rebuild')")


def _insert_series(
    db: sqlite3.Connection, group: int, of: Iterable[tuple[int, Plan]], count: int
) -> None:
    """Insert the short series of executions that have ended, which are in packs."""
    if count > packs.LONGEST:
        for execution, plan in of:
            for name, labels, found in plan.series(count):
                series_points.add(db, execution, {(name, labels): found}, bulk=True)
        return
    pk = db.execute("SELECT coalesce(max(pk), 0) FROM series").fetchone()[0]
    rows, summaries = list[tuple[object, ...]](), list[tuple[object, ...]]()
    packed_of = list[tuple[int, dict[int, Points]]]()
    for execution, plan in of:
        planned = [*plan.series(count)]
        texts = [
            text
            for name, labels, _ in planned
            for text in (name, to_json(labels), series_key(name, labels))
        ]
        numbers = series_texts.add(db, texts)
        named = list[tuple[str, int, Points]]()
        for name, labels, found in planned:
            pk += 1
            low, high = min(found.values), max(found.values)
            rows.append(
                (
                    pk,
                    execution,
                    group,
                    numbers[name],
                    numbers[to_json(labels)],
                    series_texts.stored_key(name, series_key(name, labels), numbers),
                    found.values[-1],
                    low,
                    high,
                )
            )
            summaries.append(
                (
                    pk,
                    count,
                    count,
                    found.values[0],
                    found.values.index(low),
                    found.values.index(high),
                    count - 1,
                    found.times[0],
                    found.times[-1],
                )
            )
            named.append((name, pk, found))
        packed_of.append((execution, {number: found for _, number, found in sorted(named)}))
    db.executemany(
        "INSERT INTO series (pk, execution_pk, group_pk, name, labels, key, last, minimum, "
        "maximum) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        rows,
    )
    db.executemany(
        "INSERT INTO series_summaries (series_pk, count, chunked, first, minimum_step, "
        "maximum_step, last_step, first_at, last_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        summaries,
    )
    for execution, packed in packed_of:
        packs.add(db, execution, packed)


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
    for number, dataset in enumerate(DATASETS):
        url = f"ai://default/datasets/{number:02d}"
        artifacts.add(
            registry,
            DEFAULT_SCOPE,
            Artifact(
                dataset,
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
