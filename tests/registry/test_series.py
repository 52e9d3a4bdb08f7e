"""Metric series: points are read as they were logged, in whatever portions and order."""

from __future__ import annotations

import math
import struct
from array import array
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from launchpad_tui.bootstrap import first_start
from launchpad_tui.domain.connection import DEFAULT_SCOPE
from launchpad_tui.domain.metric import ARTIFACT_LABEL, CustomInfo, Metric, SeriesSummary, Tag
from launchpad_tui.domain.timestamps import from_micros, to_micros
from launchpad_tui.errors import NotFound
from launchpad_tui.registry import chunk, logged_metrics, series
from launchpad_tui.registry.database import Registry
from launchpad_tui.registry.series_texts import KEY, NAME
from launchpad_tui.registry.window import finite_mean, window
from tests.registry.registry_data import START, add_execution

ROOT = Path(__file__).parents[2]
ID = "e000000000000001"


def summary_of(registry: Registry, key: str = "loss") -> SeriesSummary:
    found = series.summaries(registry, DEFAULT_SCOPE, [ID])[ID]
    return next(one for one in found if one.key == key)


def bits(value: float) -> bytes:
    # SQLite stores neither the sign of zero nor the payload of NaN.
    return struct.pack("<d", math.nan if math.isnan(value) else value + 0.0)


def rows(metrics: list[Metric]) -> list[tuple[int, int, bytes]]:
    return [(m.step, to_micros(m.timestamp), bits(m.value)) for m in metrics]


portions = st.lists(
    st.lists(
        st.tuples(
            st.integers(0, 60) | st.sampled_from([0, 2**62]),
            st.integers(0, 3),
            st.floats(width=64) | st.sampled_from([math.nan, math.inf, -math.inf, 0.0, 1.5]),
        ),
        min_size=1,
        max_size=40,
    ),
    min_size=1,
    max_size=8,
)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    created = Registry(tmp_path_factory.mktemp("series") / "registry.db")
    first_start(created)
    add_execution(created, ID)
    return created


@settings(max_examples=120, deadline=None)
@given(portions=portions, bulk=st.booleans())
def test_appended_points_are_read_back(
    shared: Registry, portions: list[list[tuple[int, int, float]]], bulk: bool
) -> None:
    size, chunk.SIZE = chunk.SIZE, 16
    try:
        series.delete(shared, ID)
        logged: list[Metric] = []
        seen: set[object] = set()
        for number, portion in enumerate(portions):
            metrics = [
                Metric("loss", value, START + timedelta(seconds=at), step)
                for step, at, value in portion
            ]
            if bulk and number % 2:
                times = [to_micros(m.timestamp) for m in metrics]
                series.append_bulk(
                    shared,
                    ID,
                    "loss",
                    (),
                    [m.step for m in metrics],
                    times,
                    [m.value for m in metrics],
                )
                logged += metrics
                seen |= {(m.step, m.timestamp, bits(m.value)) for m in metrics}
            else:
                series.append(shared, ID, metrics)
                for metric in metrics:
                    same = (metric.step, metric.timestamp, bits(metric.value))
                    if same not in seen:
                        logged.append(metric)
                    seen.add(same)
        expected = sorted(logged, key=lambda m: m.step)
        one = summary_of(shared)
        assert rows(logged_metrics.points(shared, [one])) == rows(expected)
        assert rows(logged_metrics.points(shared, [one], after=3, limit=5)) == rows(expected[3:8])
        assert rows(logged_metrics.points(shared, [one], after=-4)) == rows(expected[-4:])
        check_summary(one, logged, expected)
        drawn = window(shared, one.id, points=100_000)
        assert drawn.exact
        assert [int(s) for s in drawn.steps] == [m.step for m in expected]
        assert [bits(float(v)) for v in drawn.values] == [bits(m.value) for m in expected]
        part = [m for m in expected if 10 <= m.step <= 30]
        drawn = window(shared, one.id, 10, 30, points=100_000)
        assert [(int(s), int(t)) for s, t in zip(drawn.steps, drawn.times, strict=True)] == [
            (m.step, to_micros(m.timestamp)) for m in part
        ]
        assert (drawn.total, drawn.not_finite) == (
            len(part),
            sum(not math.isfinite(m.value) for m in part),
        )
        by_time = window(shared, one.id, by="time", points=100_000)
        assert sorted(by_time.times) == list(by_time.times)
        assert by_time.total == len(expected)
    finally:
        chunk.SIZE = size


def check_summary(one: SeriesSummary, logged: list[Metric], expected: list[Metric]) -> None:
    finite = [m for m in logged if math.isfinite(m.value)]
    assert (one.count, one.not_finite) == (len(logged), len(logged) - len(finite))
    assert (one.first_step, one.last_step) == (expected[0].step, expected[-1].step)
    first = next(m for m in logged if m.step == one.first_step)
    last = [m for m in logged if m.step == one.last_step][-1]
    assert bits(one.first) == bits(first.value)
    assert bits(one.last) == bits(last.value)
    assert one.minimum == min((m.value for m in finite), default=None)
    assert one.maximum == max((m.value for m in finite), default=None)
    if finite:
        assert any(m.step == one.minimum_step and m.value == one.minimum for m in finite)
        assert any(m.step == one.maximum_step and m.value == one.maximum for m in finite)
    assert one.first_at == min(m.timestamp for m in logged)
    assert one.last_at == max(m.timestamp for m in logged)


@pytest.fixture
def long(registry: Registry) -> SeriesSummary:
    add_execution(registry, ID)
    count = 300_000
    values = array("d", (math.sin(k / 5000) for k in range(count)))
    values[123_456] = 99.0
    values[200_001] = -55.0
    values[7] = math.inf
    for k in range(100_000, 110_000):
        values[k] = math.nan
    series.append_bulk(
        registry, ID, "loss", (), range(count), range(10**15, 10**15 + count), values
    )
    return summary_of(registry)


@pytest.mark.parametrize(
    ("start", "stop"), [(None, None), (60_000, 240_000), (120_000, 125_000), (99_000, 111_000)]
)
@pytest.mark.parametrize("by", ["step", "time"])
def test_downsampling_keeps_peaks_ends_and_gaps(
    registry: Registry, long: SeriesSummary, start: int | None, stop: int | None, by: str
) -> None:
    offset = 10**15 if by == "time" else 0
    low, high = (0, 299_999) if start is None or stop is None else (start, stop)
    drawn = window(
        registry,
        long.id,
        None if start is None else start + offset,
        None if stop is None else stop + offset,
        "time" if by == "time" else "step",
        1000,
    )
    steps, values = [int(s) for s in drawn.steps], [float(v) for v in drawn.values]
    at = dict(zip(steps, values, strict=True))
    assert drawn.total == high - low + 1
    assert len(steps) <= 1100
    assert steps == sorted(set(steps))
    assert (steps[0], steps[-1]) == (low, high)
    assert [int(t) - 10**15 for t in drawn.times] == steps
    gap = [k for k in range(100_000, 110_000) if low <= k <= high]
    assert drawn.not_finite == len(gap) + (low <= 7)
    if low <= 123_456 <= high:
        assert at[123_456] == 99.0
    if low <= 200_001 <= high:
        assert at[200_001] == -55.0
    if gap:
        assert any(math.isnan(at[k]) for k in at if 100_000 <= k < 110_000)
    for step, value in at.items():
        if math.isfinite(value) and step not in {123_456, 200_001}:
            assert value == math.sin(step / 5000)
    # The drawing has no gaps where the data have none.
    width = (high - low) / 100
    holes = [b - a for a, b in pairwise(steps)]
    assert max(holes) <= max(width * 2, 200)


def test_short_windows_are_exact(registry: Registry, long: SeriesSummary) -> None:
    drawn = window(registry, long.id, 123_450, 123_460)
    assert drawn.exact
    assert [float(v) for v in drawn.values][6] == 99.0
    empty = window(registry, long.id, 10**9, 10**9 + 5)
    assert (list(empty.steps), empty.total) == ([], 0)


def test_the_mean_is_that_of_all_finite_values(registry: Registry, long: SeriesSummary) -> None:
    add_execution(registry, "other")
    series.append(registry, "other", [Metric("few", value, START, 1) for value in (1.0, 4.0)])
    series.append(registry, "other", [Metric("none", math.nan, START, 1)])
    few, none = series.summaries(registry, DEFAULT_SCOPE, ["other"])["other"]
    values = [math.sin(step / 5000) for step in range(300_000)]
    values[123_456], values[200_001] = 99.0, -55.0
    finite = [*values[:7], *values[8:100_000], *values[110_000:]]
    assert finite_mean(registry, long.id) == pytest.approx(math.fsum(finite) / len(finite))
    assert (finite_mean(registry, few.id), finite_mean(registry, none.id)) == (2.5, None)


def test_a_sparse_end_keeps_its_points(registry: Registry) -> None:
    add_execution(registry, ID)
    steps = [*range(100_000), *range(1_000_000, 1_000_000 + 50 * 20_000, 20_000)]
    values = [0.0] * 100_000 + [float(k % 2) for k in range(50)]
    series.append_bulk(registry, ID, "loss", (), steps, steps, values)
    drawn = window(registry, summary_of(registry).id, points=400)
    drawn_steps = [int(s) for s in drawn.steps if s >= 1_000_000]
    assert len(drawn_steps) == 50


def test_repeated_points_are_stored_once(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chunk, "SIZE", 8)
    add_execution(registry, ID)
    portion = [Metric("loss", float(k), START, k % 3) for k in range(10)] + [
        Metric("loss", math.nan, START, 1)
    ]
    for _ in range(2):
        series.append(registry, ID, portion)
    assert summary_of(registry).count == 11
    # SAP's client sends no steps and whole seconds: different values are different points.
    series.append(registry, ID, [Metric("loss", 100.0, START, 0), Metric("loss", 101.0, START, 0)])
    assert summary_of(registry).count == 13


def test_labels_define_series_and_headlines(registry: Registry) -> None:
    add_execution(registry, ID)

    def log(value: float, *labels: tuple[str, str], name: str = "accuracy", step: int = 1) -> None:
        series.append(registry, ID, [Metric(name, value, START, step, labels)])

    log(0.9, ("phase", "test"), ("fold", "1"))
    log(0.8, ("fold", "1"), ("phase", "test"), step=2)
    log(0.95, ("phase", "train"))
    assert summary_of(registry, "accuracy{fold=1,phase=test}").count == 2

    def headline(name: str = "accuracy") -> list[str]:
        with registry.read() as db:
            return [
                key
                for (key,) in db.execute(
                    f"SELECT {KEY} FROM series s WHERE s.headline = 1 AND {NAME} = ?", (name,)
                )
            ]

    assert headline() == ["accuracy{phase=train}"]
    log(0.99, ("phase", "test"), ("fold", "1"), step=3)
    assert headline() == ["accuracy{fold=1,phase=test}"]
    log(0.1, (ARTIFACT_LABEL, "model a"))
    assert sorted(headline()) == ["accuracy", "accuracy{fold=1,phase=test}"]
    log(0.2)
    assert headline() == ["accuracy", "accuracy"]
    log(3.0, ("phase", "train"), name="loss")
    log(2.0, ("phase", "test"), name="loss")
    assert headline("loss") == ["loss{phase=test}"]


def test_a_later_tag_or_info_replaces_an_earlier_one(registry: Registry) -> None:
    add_execution(registry, ID)
    logged_metrics.put(registry, ID, [Tag("a", "1"), Tag("b", "1")], [CustomInfo("i", "{}")])
    logged_metrics.put(registry, ID, [Tag("a", "2")], [])
    assert logged_metrics.tags(registry, DEFAULT_SCOPE, [ID]) == {
        ID: [Tag("a", "2"), Tag("b", "1")]
    }
    assert logged_metrics.custom_info(registry, DEFAULT_SCOPE, [ID]) == {
        ID: [CustomInfo("i", "{}")]
    }
    series.delete(registry, ID)
    assert logged_metrics.tags(registry, DEFAULT_SCOPE, [ID]) == {}


def test_an_unknown_execution_or_series_is_reported(registry: Registry) -> None:
    with pytest.raises(NotFound):
        series.append(registry, "unknown", [Metric("loss", 1.0, START)])
    with pytest.raises(NotFound):
        window(registry, 12345)


def test_timestamps_are_preserved(registry: Registry) -> None:
    add_execution(registry, ID)
    timestamp = from_micros(1_700_000_000_123_456)
    series.append(registry, ID, [Metric("loss", 1.0, timestamp, 3, (("b", "2"), ("a", "1")))])
    assert logged_metrics.points(registry, [summary_of(registry, "loss{a=1,b=2}")]) == [
        Metric("loss", 1.0, timestamp, 3, (("a", "1"), ("b", "2")))
    ]


def test_neither_writing_nor_drawing_imports_numpy(tmp_path: Path) -> None:
    import subprocess
    import sys

    script = f"""
import sys
from pathlib import Path
from launchpad_tui.registry.database import Registry
path = Path({str(tmp_path / "registry.db")!r})
if len(sys.argv) == 1:
    from launchpad_tui.bootstrap import first_start
    registry = Registry(path); first_start(registry)
    from tests.registry.registry_data import add_execution
    add_execution(registry, {ID!r})
else:
    from launchpad_tui.registry import series
    from launchpad_tui.registry.window import window
    numbers = range(10_000)
    registry = Registry(path)
    series.append_bulk(registry, {ID!r}, "loss", (), numbers, numbers, [1.0] * 10_000)
    assert window(registry, 1, points=100).total == window(registry, 1, 5, 50).total + 9954
    assert not {{"numpy", "sqlite_utils", "yaml"}} & sys.modules.keys(), "too much imported"
"""
    for arguments in ([], ["write"]):
        subprocess.run([sys.executable, "-c", script, *arguments], cwd=ROOT, check=True)


def test_a_new_point_changes_only_the_end_of_the_drawn_curve(registry: Registry) -> None:
    """A new point changes only the last bucket of the points that are drawn."""
    add_execution(registry, ID)
    values = [math.sin(step / 50) + 0.3 * math.sin(step * 1.7) for step in range(5000)]
    drawn_steps = []
    for count in (3000, 3001, 3010):
        series.delete(registry, ID)
        times = [step * 1_000_000 for step in range(count)]
        series.append_bulk(registry, ID, "loss", (), range(count), times, values[:count])
        (known,) = series.summaries(registry, DEFAULT_SCOPE, [ID])[ID]
        drawn_steps.append(list(window(registry, known.id, points=300).steps))
    first, *others = drawn_steps
    for other in others:
        assert [step for step in first if step < 2900] == [step for step in other if step < 2900]
