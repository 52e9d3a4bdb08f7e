"""Measure queries of the registry on a home that `populate.py` has filled, in milliseconds.

python -m tests.benchmarks.registry_speed HOME [--json]

``cpu`` is the processor time of the first call, which other load on the machine affects less.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

from launchpad_tui.bootstrap import open_desk
from launchpad_tui.config.paths import Home
from launchpad_tui.domain.artifact import ArtifactKind
from launchpad_tui.domain.connection import DEFAULT_SCOPE
from launchpad_tui.domain.expression import parse_where
from launchpad_tui.domain.query import Condition, MetricColumn, Op, Order, Query, Statistic, Subject
from launchpad_tui.registry.list_tables import ARTIFACTS
from launchpad_tui.services.desk import Desk

MODEL = ArtifactKind.MODEL
#: as in the lists of the app
MOST_COUNTED = 10_000
ROWS = 60


def measure(action: Callable[[], object], times: int = 7) -> dict[str, float]:
    """Return the milliseconds of the first, the best and the median call of an action."""
    taken, used = [], []
    for _ in range(times):
        started, before = time.perf_counter(), time.thread_time()
        action()
        taken.append((time.perf_counter() - started) * 1000)
        used.append((time.thread_time() - before) * 1000)
    return {
        "cpu": round(used[0], 2),
        "first": round(taken[0], 2),
        "best": round(min(taken), 2),
        "median": round(statistics.median(taken), 2),
    }


def further_orders(desk: Desk) -> dict[str, dict[str, float]]:
    """Return the measurements of filters without matches, of all kinds, and of executions."""
    found: dict[str, dict[str, float]] = {}
    contains = Condition(Subject.ATTRIBUTE, "name", Op.CONTAINS, "zqx")

    def first_rows(kind: ArtifactKind | None, query: Query) -> Callable[[], object]:
        return lambda: desk.artifacts.listing(DEFAULT_SCOPE, kind, query).slice(0, ROWS)

    for by in ("created_at", "name", "size"):
        query = Query(conditions=(contains,), order=Order(by))
        found[f"filter {contains} by {by}"] = measure(first_rows(MODEL, query), 3)
    for by in ("created_at", "name", "kind", "configuration_name"):
        found[f"all kinds by {by}"] = measure(first_rows(None, Query(order=Order(by))), 3)
    for by in ("executable_id", "scenario_id", "started_at", "completed_at", "duration"):
        query = Query(order=Order(by))
        found[f"executions by {by}"] = measure(
            lambda query=query: desk.executions.listing(DEFAULT_SCOPE, query).slice(0, ROWS),  # type: ignore[misc]
            3,
        )
    return found


#: conditions that few or no models of `populate.py` meet
RARE = (
    *("param.seed is missing", "metric.loss is missing", "not (metric.loss < 100)"),
    *("param.optimizer like '%zz%'", "param.seed like '%9999'", "param.learning_rate contains 777"),
    *("not (param.epochs > 1)", "metric.loss > 5 or param.seed = 77", "tag.team = red"),
    *("label.region is missing", "label.algorithm like '%zz%'", "name not like '%'"),
    *("duration < 1", "not (duration > 1)", "size is missing", "commit = abcdef"),
    "param.seed = 77 and not (metric.loss < 1)",
)


def long_searches(desk: Desk) -> dict[str, dict[str, float]]:
    """Return the processor time until the first rows or the progress of a search are shown, and
    until all rows of a page have been found, in milliseconds."""
    metrics, parameters = desk.artifacts.metric_keys, desk.artifacts.parameter_names
    queries = [
        Query(
            conditions=parse_where(
                text,
                frozenset(ARTIFACTS.attributes),
                lambda: tuple(metrics(DEFAULT_SCOPE)),
                lambda: tuple(parameters(DEFAULT_SCOPE)),
            )
        )
        for text in RARE
    ]
    queries += [
        Query(text, order=Order(by))
        for text in ("churn", "lstm", "fraud")
        for by in ("name", "description")
    ]
    found = {}
    for query in queries:
        listing = desk.artifacts.listing(DEFAULT_SCOPE, MODEL, query)
        taken: list[float] = []
        part = None
        while part is None or not part.complete:
            started = time.thread_time()
            part = listing.part(0, ROWS, part)
            taken.append((time.thread_time() - started) * 1000)
        conditions = " and ".join(str(one) for one in query.conditions)
        found[f"{conditions or query.search} by {query.order.by}"] = {
            "first": round(taken[0], 2),
            "longest": round(max(taken), 2),
            "total": round(sum(taken), 2),
        }
    return found


def run(home: Home) -> dict[str, dict[str, float]]:
    """Return the measurements by name."""
    found: dict[str, dict[str, float]] = {"open_desk": measure(lambda: open_desk(home))}
    desk = open_desk(home)

    def listing(query: Query, start: int = 0) -> Callable[[], object]:
        return lambda: desk.artifacts.listing(DEFAULT_SCOPE, MODEL, query).slice(
            start, start + ROWS
        )

    def counting(query: Query) -> Callable[[], object]:
        return lambda: desk.artifacts.listing(DEFAULT_SCOPE, MODEL, query).at_least(MOST_COUNTED)

    columns = (MetricColumn("loss"), MetricColumn("accuracy", Statistic.BEST))
    found["first page"] = measure(listing(Query()))
    found["first page, 2 metric columns"] = measure(listing(Query(metrics=columns)))
    for by in (
        *("name", "modified_at", "size", "description", "url", "id", "scenario_id"),
        *("aliases", "checked_at", "deleted_at", "configuration_name"),
    ):
        for way in (True, False):
            found[f"first page by {by} {'down' if way else 'up'}"] = measure(
                listing(Query(order=Order(by, way))), 3
            )
    for column in (*columns, MetricColumn("f1"), MetricColumn("loss{phase=validation}")):
        for way in (True, False):
            name = f"first page by metric {column} {'down' if way else 'up'}"
            found[name] = measure(listing(Query(order=Order(column, way), metrics=columns)), 3)
    count = desk.artifacts.listing(DEFAULT_SCOPE, MODEL, Query()).count()
    found["count"] = measure(lambda: desk.artifacts.listing(DEFAULT_SCOPE, MODEL, Query()).count())
    for order in (
        Order(),
        Order("name", False),
        Order("description"),
        Order(columns[0], False),
        Order(MetricColumn("f1")),
    ):
        for name, at in (("middle", count // 2), ("end", count - ROWS)):
            found[f"jump to {name} by {order.by}"] = measure(listing(Query(order=order), at), 3)
    for order in (Order("name"), Order(columns[0]), Order(MetricColumn("f1"))):
        found[f"whether the end is near by {order.by}"] = measure(
            lambda order=order: desk.artifacts.listing(  # type: ignore[misc]
                DEFAULT_SCOPE, MODEL, Query(order=order)
            ).reach_end(ROWS),
            3,
        )
    kept = desk.artifacts.listing(DEFAULT_SCOPE, MODEL, Query())
    kept.slice(count // 2, count // 2 + ROWS)
    found["next page at the middle"] = measure(
        lambda: kept.slice(count // 2 + ROWS, count // 2 + 2 * ROWS)
    )
    found["far jump, anchors known"] = measure(lambda: kept.slice(count // 3, count // 3 + ROWS))
    for text in (
        "c",
        "ch",
        "chu",
        "chur",
        "churn",
        "churn lstm",
        "churn lstm emea v13",
        "zzzz",
        "production",
        "e-",
        "predicts",
        "zq",
        "_",
        "lstm zq",
        "v13",
        "emea v13@3",
        "@production",
    ):
        found[f"search {text!r}"] = measure(listing(Query(text)), 3)
        query = Query(text)
        found[f"search {text!r} count"] = measure(counting(query), 3)
    for condition in (
        Condition(Subject.METRIC, "accuracy", Op.GREATER, "0.9"),
        Condition(Subject.METRIC, "accuracy", Op.GREATER, "5"),
        Condition(Subject.PARAMETER, "learning_rate", Op.LESS, "0.0002"),
        Condition(Subject.LABEL, "stage", Op.EQUALS, "production"),
        Condition(Subject.ATTRIBUTE, "name", Op.CONTAINS, "fraud-lstm"),
    ):
        query = Query(conditions=(condition,))
        found[f"filter {condition}"] = measure(listing(query), 3)
        found[f"filter {condition} count"] = measure(counting(query), 3)
    for accuracy, rate in (("0.9", "0.01"), ("0.99", "0.001"), ("5", "0.001")):
        conditions = (
            Condition(Subject.METRIC, "accuracy", Op.GREATER, accuracy),
            Condition(Subject.PARAMETER, "learning_rate", Op.LESS, rate),
        )
        query = Query(conditions=conditions)
        name = " and ".join(str(condition) for condition in conditions)
        found[f"filter {name}"] = measure(listing(query), 3)
        found[f"filter {name} count"] = measure(counting(query), 3)
    found |= further_orders(desk)
    found |= long_searches(desk)
    for text in ("c", "churn", "zq"):
        found[f"everywhere {text!r}"] = measure(lambda text=text: desk.everywhere.search(text), 3)  # type: ignore[misc]
    found["executions first page"] = measure(
        lambda: desk.executions.listing(DEFAULT_SCOPE, Query()).slice(0, ROWS)
    )
    newest = desk.artifacts.listing(DEFAULT_SCOPE, MODEL, Query()).slice(0, 200)
    long = [
        desk.metrics.series_of_artifact(DEFAULT_SCOPE, row.artifact.id)[0] for row in newest[:5]
    ]
    assert all(one.count == 1_000_000 for one in long)
    found["window x5, whole"] = measure(
        lambda: [desk.metrics.window(one.id, points=800) for one in long]
    )
    found["window x5, whole, by time"] = measure(
        lambda: [desk.metrics.window(one.id, by="time", points=800) for one in long]
    )
    for share in (10, 100, 1000):
        stop = 400_000 + 1_000_000 // share
        found[f"window x1, a {share}th"] = measure(
            lambda stop=stop: desk.metrics.window(long[0].id, 400_000, stop, points=800)  # type: ignore[misc]
        )
    drawn = desk.metrics.window(long[0].id, points=800)
    assert max(drawn.values) == 7.5, "the spike is lost"
    ids = [row.artifact.id for row in newest]
    found["compare 200"] = measure(lambda: desk.compare.artifacts(DEFAULT_SCOPE, ids), 3)
    dataset = desk.artifacts.listing(DEFAULT_SCOPE, ArtifactKind.DATASET, Query()).slice(0, 1)[0]
    found["lineage of a dataset"] = measure(
        lambda: desk.lineage.lineage(DEFAULT_SCOPE, dataset.artifact.id), 3
    )
    found["lineage"] = measure(lambda: desk.lineage.lineage(DEFAULT_SCOPE, ids[50]), 3)
    found["metric keys"] = measure(lambda: desk.artifacts.metric_keys(DEFAULT_SCOPE), 3)
    found["parameter names"] = measure(lambda: desk.artifacts.parameter_names(DEFAULT_SCOPE), 3)
    found["label keys"] = measure(lambda: desk.artifacts.label_keys(DEFAULT_SCOPE, MODEL), 3)
    desk.changes.poll()
    found["idle poll"] = measure(desk.changes.poll, 50)
    found["peak memory (MB)"] = {
        "best": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)
    }
    return found


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("home", type=Path)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    found = run(Home.at(given.home.absolute()))
    if given.json:
        json.dump(found, sys.stdout, indent=1)
        return
    for name, figures in found.items():
        print(f"{name:55} " + "  ".join(f"{key} {value:8.2f}" for key, value in figures.items()))


if __name__ == "__main__":
    main()
