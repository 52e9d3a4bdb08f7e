"""Thousands of metrics of an execution: the number of statements does not grow with them."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path

import pytest

from launchpad_tui.bootstrap import open_desk
from launchpad_tui.cli.run import run
from launchpad_tui.config.paths import Home
from launchpad_tui.domain.connection import DEFAULT_SCOPE
from launchpad_tui.domain.metric import Metric
from launchpad_tui.domain.timestamps import from_micros
from launchpad_tui.registry import logged_metrics, series, staged_points
from launchpad_tui.registry.database import Registry
from launchpad_tui.services.compare import CompareService
from launchpad_tui.services.desk import Desk
from tests.registry.registry_data import add_artifact, add_execution

FEW, MANY = 40, 400


def execution_id(number: int) -> str:
    return f"e{number:015x}"


def log(registry: Registry, names: int, step: int, number: int = 0) -> None:
    at = from_micros(10**15 + step)
    metrics = [Metric(f"layer.{k}/gradient", k + step / 7, at, step) for k in range(names)]
    series.append(registry, execution_id(number), metrics)


@contextmanager
def statements(registry: Registry) -> Iterator[list[str]]:
    """Collect the statements that this thread executes."""
    found: list[str] = []
    connection = registry._handle().connection
    connection.set_trace_callback(found.append)
    try:
        yield found
    finally:
        connection.set_trace_callback(None)


def counted(tmp_path: Path, names: int, action: Callable[[Desk], object], points: int = 3) -> int:
    """Return the number of statements of an action on an execution with metrics."""
    desk = open_desk(Home.at(tmp_path / str(names)))
    add_execution(desk.registry, execution_id(0), {"lr": "0.1"})
    add_artifact(desk.registry, "model", "model", execution_id=execution_id(0))
    for step in range(points):
        log(desk.registry, names, step)
    action(desk)
    with statements(desk.registry) as found:
        action(desk)
    desk.close()
    return len(found)


@pytest.mark.parametrize(
    "action",
    [
        lambda desk: desk.metrics.series(DEFAULT_SCOPE, execution_id(0)),
        lambda desk: desk.metrics.points(DEFAULT_SCOPE, execution_id(0), limit=None),
        lambda desk: list(desk.metrics.rows(desk.metrics.series(DEFAULT_SCOPE, execution_id(0)))),
        lambda desk: desk.metrics.newest(desk.metrics.series(DEFAULT_SCOPE, execution_id(0)), 2),
        lambda desk: desk.metrics.resource(execution_id(0)),
        lambda desk: desk.artifacts.metric_keys(DEFAULT_SCOPE),
        lambda desk: desk.compare.subjects(DEFAULT_SCOPE, ["model"], files=True),
    ],
    ids=["series", "points", "rows", "newest", "resource", "keys", "compare"],
)
def test_reading_takes_as_many_statements(tmp_path: Path, action: Callable[[Desk], object]) -> None:
    assert counted(tmp_path, MANY, action) <= counted(tmp_path, FEW, action) + 2


def test_settling_takes_as_many_statements(tmp_path: Path) -> None:
    """The rows of a table are changed together, each by one execution of a prepared statement."""

    def settle(desk: Desk) -> None:
        step = [0]

        def stage() -> None:
            step[0] += 1
            metrics = [
                Metric(f"layer.{k}/gradient", 0.5, from_micros(10**15 + 99), 50 + step[0])
                for k in range(FEW)
            ]
            staged_points.stage(desk.registry, execution_id(0), metrics)

        for _ in range(5):
            stage()
        with statements(desk.registry) as found:
            staged_points.settle(desk.registry, execution_id(0))
        kinds = [text.split(" ", 2)[0] for text in found]
        # Two updates and the rows of the tail for each series, and a constant number beside these.
        assert kinds.count("UPDATE") <= 2 * FEW
        assert kinds.count("SELECT") <= 7

    desk = open_desk(Home.at(tmp_path))
    add_execution(desk.registry, execution_id(0))
    log(desk.registry, MANY, 1)
    settle(desk)
    desk.close()


def test_comparing_many_models_takes_few_statements(tmp_path: Path) -> None:
    counts = []
    for models in (5, 50):
        desk = open_desk(Home.at(tmp_path / str(models)))
        for number in range(models):
            add_execution(desk.registry, execution_id(number), {"lr": str(number)})
            add_artifact(
                desk.registry, f"m{number}", f"m{number}", execution_id=execution_id(number)
            )
            log(desk.registry, 5, 1, number)
        ids = [f"m{number}" for number in range(models)]
        service = CompareService(desk.registry, desk.code)
        with statements(desk.registry) as found:
            items, missing = service.subjects(DEFAULT_SCOPE, ids, files=True)
        assert [len(one.series) for one in items] == [5] * models
        assert not missing
        counts.append(len(found))
        desk.close()
    assert counts[0] == counts[1]


def test_exported_points_are_those_that_were_logged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Short and long, sorted and unsorted series are exported in the order of their names."""
    monkeypatch.setenv("LAUNCHPAD_HOME", str(tmp_path))
    monkeypatch.setattr("launchpad_tui.registry.chunk.SIZE", 64)
    monkeypatch.setattr("launchpad_tui.registry.logged_metrics._TOGETHER", 50)
    monkeypatch.setattr("launchpad_tui.registry.logged_metrics._KEPT_TIMESTAMPS", 7)
    desk = open_desk()
    add_execution(desk.registry, execution_id(0))
    expected = []
    for number, steps in enumerate(
        ([0], range(5), range(200), [*range(100, 200), *range(100)], [], [3, 1, 2], range(64))
    ):
        name, labels = f"m{number},x", (("a", f'"{number}"'),) * (number % 2)
        metrics = [
            Metric(
                name, math.nan if step == 4 else step / 3, from_micros(10**15 + step), step, labels
            )
            for step in steps
        ]
        for start in range(0, len(metrics), 9):
            series.append(desk.registry, execution_id(0), metrics[start : start + 9])
        expected += sorted(metrics, key=lambda metric: metric.step)
    found = desk.metrics.series(DEFAULT_SCOPE, execution_id(0))
    streamed = list(logged_metrics.stream(desk.registry, found))
    assert [repr(one) for one in streamed] == [repr(one) for one in expected]
    for after, limit in ((0, None), (1, 3), (205, 10), (-5, None), (-300, 100), (1000, 1)):
        points = desk.metrics.points(DEFAULT_SCOPE, execution_id(0), "", after, limit)
        start = max(0, len(expected) + after) if after < 0 else after
        stop = None if limit is None else start + limit
        assert [repr(one) for one in points] == [repr(one) for one in expected[start:stop]]
    for limit in (1, 3, 70, 1000):
        last = [
            repr(metric)
            for one in found
            for metric in [m for m in expected if m.name == one.name][::-1][:limit]
        ]
        assert [repr(one) for one in desk.metrics.newest(found, limit)] == last
    out = io.StringIO()
    with redirect_stdout(out):
        assert run(["metrics", "export", execution_id(0)]) == 0
    lines = out.getvalue().splitlines()
    assert len(lines) == len(expected) + 1
    assert lines[1] == '"m0,x",,0,2001-09-09T01:46:40Z,0.0'
    assert lines[2] == '"m1,x","a=""1""",0,2001-09-09T01:46:40Z,0.0'
    desk.close()
