"""Reading the points of series together with those that are not part of them yet."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from launchpad_tui.bootstrap import open_desk
from launchpad_tui.config.paths import Home
from launchpad_tui.domain.connection import DEFAULT_SCOPE
from launchpad_tui.domain.metric import ARTIFACT_LABEL, Metric
from launchpad_tui.domain.timestamps import from_micros, now
from launchpad_tui.registry import logged_metrics, series, staged_points, waiting_points
from launchpad_tui.registry.database import Registry
from launchpad_tui.registry.waiting_points import Batches
from tests.cli.command_walk import run
from tests.registry.registry_data import START, add_execution

NAMES = (
    ("loss", ()),
    ("é", ()),
    ("loss", (("phase", "a"),)),
    ("loss", ((ARTIFACT_LABEL, "x"),)),
    ("odd\ud800", (("x", "\ud800"),)),
)
#: a series, a step, seconds and a value: often equal and out of order
POINTS = st.lists(
    st.tuples(
        st.sampled_from(NAMES),
        st.integers(0, 4),
        st.integers(0, 2),
        st.sampled_from((0.5, 1.0, float("nan"), float("inf"))),
    ),
    min_size=1,
    max_size=12,
)
_numbers = itertools.count()


def metric(point: tuple[tuple[str, tuple[tuple[str, str], ...]], int, int, float]) -> Metric:
    (name, labels), step, seconds, value = point
    return Metric(name, value, START + timedelta(seconds=seconds), step, labels)


def lines(batches: Batches) -> list[str]:
    """Return the points as texts, because NaN is not equal to itself."""
    return [f"{one.name} {one.labels} {row}" for one, rows in batches for row in rows]


def read(registry: Registry, execution_id: str) -> list[str]:
    found, waiting = waiting_points.series_and_points(registry, DEFAULT_SCOPE, execution_id)
    return lines(waiting_points.merged(logged_metrics.row_batches(registry, found), waiting))


def settled(registry: Registry, execution_id: str) -> list[str]:
    staged_points.settle(registry, execution_id)
    found = series.summaries(registry, DEFAULT_SCOPE, [execution_id]).get(execution_id, [])
    return lines(logged_metrics.row_batches(registry, found))


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    desk = open_desk(Home.at(tmp_path_factory.mktemp("home")))
    yield desk.registry
    desk.close()


@settings(max_examples=60, deadline=None)
@given(logged=st.lists(st.tuples(st.booleans(), POINTS), min_size=1, max_size=5))
def test_waiting_points_are_read_as_if_they_were_settled(
    shared: Registry, logged: Sequence[tuple[bool, Sequence[tuple[object, ...]]]]
) -> None:
    execution_id = f"e{next(_numbers):015x}"
    add_execution(shared, execution_id)
    for staged, points in logged:
        metrics = [metric(point) for point in points]  # type: ignore[arg-type]
        (staged_points.stage if staged else series.append)(shared, execution_id, metrics)
    found, waiting = waiting_points.series_and_points(shared, DEFAULT_SCOPE, execution_id)
    at_once = read(shared, execution_id)
    expected = settled(shared, execution_id)
    assert at_once == expected
    # The points that were settled after the series were read are in both.
    rows = waiting_points.merged(logged_metrics.row_batches(shared, found), waiting)
    assert lines(rows) == expected


def test_points_that_wait_are_merged_into_several_chunks(registry: Registry) -> None:
    execution_id = "e000000000000001"
    add_execution(registry, execution_id)
    steps = range(0, 20_000, 2)
    start = 1_700_000_000_000_000
    series.append_bulk(
        registry, execution_id, "loss", (), steps, [start + n for n in steps], map(float, steps)
    )
    # Between others, stored already, at the end of a chunk, and later than all.
    sent = (8_191, 100, 3, 8_190, 8_192, 20_001, 20_001)
    staged_points.stage(
        registry,
        execution_id,
        [Metric("loss", float(step), from_micros(start + step), step) for step in sent],
    )
    at_once = read(registry, execution_id)
    assert len(at_once) == len(steps) + 3
    assert at_once == settled(registry, execution_id)


def test_a_series_that_is_not_stored_yet_has_a_summary(registry: Registry) -> None:
    execution_id = "e000000000000001"
    add_execution(registry, execution_id)
    points = [
        Metric("accuracy", value, START + timedelta(seconds=step), step, (("phase", "a"),))
        for step, value in ((2, 0.5), (1, 0.25), (3, float("nan")))
    ]
    staged_points.stage(registry, execution_id, points)
    (one,), _ = waiting_points.series_and_points(registry, DEFAULT_SCOPE, execution_id)
    staged_points.settle(registry, execution_id)
    ((stored,),) = series.summaries(registry, DEFAULT_SCOPE, [execution_id]).values()
    assert one.id < 0
    # NaN is not equal to itself.
    assert repr(replace(one, id=stored.id)) == repr(stored)
    assert waiting_points.series_and_points(registry, DEFAULT_SCOPE, "unknown") == ([], {})


@pytest.mark.parametrize("output", [(), ("--json",), ("-o", "table"), ("--metric", "new")])
def test_an_export_has_points_that_wait_and_leaves_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, output: Iterable[str]
) -> None:
    monkeypatch.setenv("LAUNCHPAD_HOME", str(tmp_path))
    monkeypatch.setattr(staged_points, "_FEW_POINTS", 0)
    # The points are recent, however slowly the test runs.
    monkeypatch.setattr(staged_points, "_RECENT_SECONDS", 10_000)
    execution_id = "e000000000000001"
    desk = open_desk(Home.at(tmp_path))
    add_execution(desk.registry, execution_id)
    series.append(desk.registry, execution_id, [Metric("loss", 0.125, now(), 1)])
    later = [Metric("loss", 0.0625, now(), 2), Metric("new", 0.375, now(), 2)]
    staged_points.stage(desk.registry, execution_id, later)
    printed = run("metrics", "export", execution_id, *output).out
    values = {"0.125", "0.0625", "0.375"} if "new" not in output else {"0.375"}
    assert {value for value in ("0.125", "0.0625", "0.375") if value in printed} == values
    with desk.registry.read() as db:
        assert db.execute("SELECT count(*) FROM staged_points").fetchone()[0] == 1
    desk.close()
