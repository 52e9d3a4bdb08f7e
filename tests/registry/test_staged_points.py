"""Points that are committed before they are part of their series, and chunks of all sizes."""

from __future__ import annotations

import math
import random
import signal
import sqlite3
import subprocess
import sys
from array import array
from datetime import timedelta
from itertools import accumulate
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from launchpad_tui.domain.connection import DEFAULT_SCOPE
from launchpad_tui.domain.execution import Status
from launchpad_tui.domain.metric import Metric, SeriesSummary, Tag
from launchpad_tui.domain.timestamps import from_micros, now
from launchpad_tui.errors import NotFound, RegistryCorrupt
from launchpad_tui.registry import (
    chunk,
    database,
    executions,
    logged_metrics,
    series,
    staged_points,
)
from launchpad_tui.registry.chunk import Points
from launchpad_tui.registry.database import Registry
from launchpad_tui.registry.revisions import RevisionWatch
from launchpad_tui.registry.window import window
from launchpad_tui.runtimes.embedded import metric_recording
from launchpad_tui.services.runtime_host import RegistryRecords
from tests.registry.registry_data import START, add_execution

ROOT = Path(__file__).parents[2]
ID = "e000000000000001"
INT64 = st.integers(-(2**63), 2**63 - 1)


def stored(registry: Registry, execution_id: str = ID) -> dict[str, SeriesSummary]:
    found = series.summaries(registry, DEFAULT_SCOPE, [execution_id]).get(execution_id, [])
    return {one.key: one for one in found}


def sizes(registry: Registry) -> list[int]:
    """Return the number of points of every chunk, in the order of writing."""
    with registry.read() as db:
        return [row[0] for row in db.execute("SELECT count FROM chunks ORDER BY pk")]


def rows_of(registry: Registry, table: str) -> int:
    with registry.read() as db:
        return int(db.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def point(step: int, value: float = 1.0, name: str = "loss") -> Metric:
    return Metric(name, value, START + timedelta(seconds=step), step)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(INT64 | st.integers(0, 9), INT64, st.floats(width=64)), max_size=100),
)
def test_packed_points_are_unpacked(rows: list[tuple[int, int, float]]) -> None:
    steps, times = array("q", [row[0] for row in rows]), array("q", [row[1] for row in rows])
    points = Points(steps, times, array("d", [row[2] for row in rows]))
    packed = chunk.pack(points)
    found = chunk.unpack(packed)
    assert found.steps == points.steps
    assert found.times == points.times
    assert found.values.tobytes() == points.values.tobytes()
    assert chunk.unpack_values(packed).tobytes() == points.values.tobytes()


@pytest.mark.parametrize("packed", [b"", b"\x01", b"\x09abc", b"\x01abc", b"raw" * 50])
def test_damaged_chunks_are_reported(packed: bytes) -> None:
    with pytest.raises(RegistryCorrupt):
        chunk.unpack(packed)


def test_staged_points_become_part_of_their_series(registry: Registry) -> None:
    add_execution(registry, ID)
    series.append(registry, ID, [point(1), point(1, name="acc")])
    for step in range(2, 30):
        labels = (("b", "2"), ("a", "1"))
        staged_points.stage(registry, ID, [point(step), Metric("é", math.nan, START, step, labels)])
    assert stored(registry)["loss"].count == 1
    staged_points.settle(registry, ID)
    found = stored(registry)
    assert {key: one.count for key, one in found.items()} == {
        "acc": 1,
        "loss": 29,
        "é{a=1,b=2}": 28,
    }
    assert (found["loss"].last_step, found["é{a=1,b=2}"].not_finite) == (29, 28)
    assert rows_of(registry, "staged_points") == 0
    assert [m.step for m in logged_metrics.points(registry, [found["loss"]])] == [*range(1, 30)]


def test_points_that_are_staged_again_are_stored_once(registry: Registry) -> None:
    add_execution(registry, ID)
    for _ in range(2):
        staged_points.stage(registry, ID, [point(1), point(2), point(2, 3.0)])
    staged_points.settle(registry, ID)
    staged_points.stage(registry, ID, [point(2), point(3)])
    staged_points.settle_before_reading(registry)
    found = logged_metrics.points(registry, [stored(registry)["loss"]])
    assert [(m.step, m.value) for m in found] == [(1, 1.0), (2, 1.0), (2, 3.0), (3, 1.0)]


def test_later_calls_keep_the_order_of_logging(registry: Registry) -> None:
    add_execution(registry, ID)
    staged_points.stage(registry, ID, [point(1, 1.0)])
    series.append(registry, ID, [Metric("loss", 2.0, START, 1)])
    assert stored(registry)["loss"].last == 2.0
    staged_points.stage(registry, ID, [point(5, 3.0)])
    series.append_bulk(registry, ID, "loss", (), [5], [7], [4.0])
    assert stored(registry)["loss"].last == 4.0


def test_deleting_removes_staged_points(registry: Registry) -> None:
    add_execution(registry, ID)
    staged_points.stage(registry, ID, [point(1)])
    series.delete(registry, ID)
    staged_points.settle_before_reading(registry)
    assert stored(registry) == {}
    staged_points.stage(registry, ID, [point(1)])
    executions.transition(registry, DEFAULT_SCOPE, ID, Status.DEAD)
    executions.delete(registry, DEFAULT_SCOPE, ID)
    assert rows_of(registry, "staged_points") == 0
    with pytest.raises(NotFound):
        staged_points.stage(registry, "unknown", [point(1)])


def test_points_are_staged_for_the_execution_with_the_id(registry: Registry) -> None:
    """The row number of the execution is remembered, but it may be that of another one later."""
    add_execution(registry, ID)
    staged_points.stage(registry, ID, [point(1)])
    with registry.write() as db:
        db.execute("UPDATE executions SET id = 'other' WHERE id = ?", (ID,))
    with pytest.raises(NotFound):
        staged_points.stage(registry, ID, [point(2)])
    with registry.write() as db:
        db.execute("DELETE FROM configurations")
    add_execution(registry, ID)
    staged_points.stage(registry, ID, [point(3)])
    staged_points.settle_before_reading(registry)
    assert (stored(registry)["loss"].last_step, stored(registry, "other")["loss"].count) == (3, 1)
    executions.transition(registry, DEFAULT_SCOPE, ID, Status.DEAD)
    executions.delete(registry, DEFAULT_SCOPE, ID)
    with pytest.raises(NotFound):
        staged_points.stage(registry, ID, [point(4)])
    assert rows_of(registry, "staged_points") == 0


def test_the_revision_of_metrics_increases_when_points_are_settled(registry: Registry) -> None:
    add_execution(registry, ID)
    watch = RevisionWatch(registry)
    for step in (1, 2):
        staged_points.stage(registry, ID, [point(step)])
    assert watch.poll() == frozenset()
    staged_points.settle(registry, ID)
    assert watch.poll() == {"metrics"}
    staged_points.stage(registry, ID, [point(3)])
    staged_points.settle_before_reading(registry)
    assert watch.poll() == {"metrics"}
    watch.close()


def test_many_recent_points_are_left_to_the_process_that_stages_them(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(staged_points, "_FEW_POINTS", 3)
    second = "e000000000000002"
    for one in (ID, second):
        add_execution(registry, one)

    def stage(execution_id: str, count: int, seconds: float) -> None:
        at = now() - timedelta(seconds=seconds)
        metrics = [Metric(f"m{k}", 0.5, at, 1) for k in range(count)]
        staged_points.stage(registry, execution_id, metrics)

    def read(*, complete: bool = False) -> list[int]:
        staged_points.settle_before_reading(registry, complete=complete)
        return [sum(s.count for s in stored(registry, one).values()) for one in (ID, second)]

    monkeypatch.setattr(staged_points, "_RECENT_SECONDS", 1_000)
    stage(ID, 4, 0)
    stage(second, 3, 0)
    # The other execution has few points.
    assert read() == [0, 3]
    assert read(complete=True) == [4, 3]
    # The writer was killed: its oldest points have waited for too long.
    stage(ID, 4, 2_000)
    stage(ID, 4, 0)
    assert read() == [12, 3]
    # Timestamps that a training sets are no reason to wait.
    stage(ID, 4, -500)
    assert read() == [16, 3]


def test_settling_empties_a_long_log(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise it would grow without limit while several processes log without a pause."""
    monkeypatch.setattr(database, "_LOG_BYTES", 100_000)
    log = Path(f"{registry.path}-wal")
    add_execution(registry, ID)
    other = Registry(registry.path)
    with other.read() as db:
        db.execute("SELECT count(*) FROM executions").fetchone()
        for step in range(100):
            staged_points.stage(registry, ID, [point(step)])
        # The reader needs the log.
        staged_points.settle(registry, ID)
        assert log.stat().st_size > 100_000
    staged_points.settle(registry, ID)
    assert log.stat().st_size == 0
    assert stored(other)["loss"].count == 100
    staged_points.stage(registry, ID, [point(100)])
    staged_points.settle(registry, ID)
    # A short one is kept.
    assert 0 < log.stat().st_size < 100_000


def test_a_reader_without_the_write_lock_reads_what_is_settled(registry: Registry) -> None:
    add_execution(registry, ID)
    series.append(registry, ID, [point(1)])
    staged_points.stage(registry, ID, [point(2)])
    with registry.read():
        staged_points.settle_before_reading(registry)
    assert stored(registry)["loss"].count == 1


def test_small_chunks_are_merged(registry: Registry) -> None:
    add_execution(registry, ID)
    points = [point(step, math.sin(step)) for step in range(9000)]
    largest = 0
    for start in range(0, 9000, 50):
        series.append(registry, ID, points[start : start + 50])
        largest = max(largest, rows_of(registry, "tail"))
        assert len(sizes(registry)) <= 2 + 8 + 16
    assert largest < chunk.SIZE // 128
    assert sizes(registry)[:2] == [chunk.SIZE] * 2
    assert logged_metrics.points(registry, [stored(registry)["loss"]]) == points
    assert list(logged_metrics.stream(registry, stored(registry).values())) == points


def test_an_ended_execution_takes_little_space(registry: Registry) -> None:
    """A noisy curve of full precision takes at most 12 bytes a point, from 100 points on."""
    add_execution(registry, ID)
    rng = random.Random(1)
    times = [*accumulate(int(rng.gauss(250_000, 5_000)) for _ in range(5000))]
    logged = [
        Metric(f"m{count}", math.exp(-k / count) + rng.gauss(0, 0.01), from_micros(times[k]), k)
        for count in (100, 1000, 5000)
        for k in range(count)
    ]
    for start in range(0, len(logged), 10):
        series.append(registry, ID, logged[start : start + 10])
    series.seal(registry, ID)
    # The short series are in a pack.
    assert sizes(registry) == [4096, 904]
    assert rows_of(registry, "packs") == 1
    assert rows_of(registry, "tail") == 0
    with registry.read() as db:
        for count, size in db.execute(
            "SELECT sum(count), sum(40 + length(overview) + length(steps) + length(times) "
            "+ length(points)) FROM chunks GROUP BY series_pk"
        ):
            assert size <= 12 * count, (count, size / count)
    found = stored(registry)
    for count in (100, 1000, 5000):
        one = found[f"m{count}"]
        expected = [metric for metric in logged if metric.name == one.name]
        assert logged_metrics.points(registry, [one]) == expected
        assert [float(v) for v in window(registry, one.id, points=10_000).values] == [
            metric.value for metric in expected
        ]
        assert window(registry, one.id, points=10).total == count
    # What arrives after the end is packed at once.
    executions.transition(registry, DEFAULT_SCOPE, ID, Status.COMPLETED)
    series.append(registry, ID, [point(10_000, name="m100")])
    assert rows_of(registry, "tail") == 0
    assert stored(registry)["m100"].count == 101


def test_an_open_execution_is_read_while_its_chunks_are_merged(registry: Registry) -> None:
    add_execution(registry, ID)
    points = [point(step) for step in range(12_000)]
    for start in range(0, 10_000, 100):
        series.append(registry, ID, points[start : start + 100])
    stream = logged_metrics.stream(registry, stored(registry).values())
    read = [next(stream)]
    # Merges all chunks that are not full.
    series.append(registry, ID, points[10_000:])
    assert [*read, *stream] == points[:10_000]


def unpacked(registry: Registry) -> None:
    """Give all chunks the form of schema 4, in which they were not packed."""
    with registry.write() as db:
        for pk, packed in db.execute("SELECT pk, points FROM chunks").fetchall():
            points = chunk.unpack(packed)
            overview = db.execute("SELECT overview FROM chunks WHERE pk = ?", (pk,)).fetchone()[0]
            db.execute(
                "UPDATE chunks SET steps = ?, times = ?, points = ?, overview = ? WHERE pk = ?",
                (
                    chunk.encode(points.steps),
                    chunk.encode(points.times),
                    chunk.encode(points.values),
                    chunk.decode_overview(overview, packed=True),
                    pk,
                ),
            )


def test_chunks_of_earlier_versions_are_read_and_continued(registry: Registry) -> None:
    add_execution(registry, ID)
    values = [math.sin(step / 100) for step in range(3 * 4096)]
    values[5000] = 99.0
    steps = range(len(values))
    series.append_bulk(registry, ID, "loss", (), steps, steps, values)
    new = window(registry, stored(registry)["loss"].id, points=100)
    unpacked(registry)
    # A tail of earlier versions is longer than one is now.
    tail = [Metric("loss", float(step), from_micros(step), step) for step in range(20_000, 23_000)]
    with registry.write() as db:
        one = stored(registry)["loss"].id
        db.executemany(
            "INSERT INTO tail (series_pk, step, at, value) VALUES (?, ?, ?, ?)",
            [(one, m.step, m.step, m.value) for m in tail],
        )
        db.execute("UPDATE series_summaries SET count = count + 3000, last_step = 22999")
    drawn = window(registry, one, 0, len(values), points=100)
    assert list(drawn.values) == list(new.values)
    assert 99.0 in drawn.values
    expected = [*values, *(m.value for m in tail)]
    assert [
        m.value for m in logged_metrics.points(registry, [stored(registry)["loss"]])
    ] == expected
    series.append(registry, ID, [point(30_000, 0.5)])
    series.append(registry, ID, [Metric("loss", values[7], from_micros(7), 7)])
    series.seal(registry, ID)
    assert [m.value for m in logged_metrics.points(registry, [stored(registry)["loss"]])] == [
        *expected,
        0.5,
    ]
    assert sizes(registry) == [4096, 4096, 4096, 3001]


STORM = """
import sys, time
from pathlib import Path
from launchpad_tui.domain.connection import DEFAULT_SCOPE
from launchpad_tui.domain.metric import Metric
from launchpad_tui.domain.timestamps import from_micros
from launchpad_tui.registry import chunk
from launchpad_tui.registry.database import Registry
from launchpad_tui.runtimes.embedded import metric_recording
from launchpad_tui.services.runtime_host import RegistryRecords
chunk.SIZE = 256
metric_recording._SETTLE_SECONDS = 0.01
path, execution, first, name = sys.argv[1:]
sink = metric_recording.ExecutionMetrics(
    RegistryRecords(Registry(Path(path))), DEFAULT_SCOPE, execution
)
step = int(first)
while True:
    at = from_micros(step)
    sink.record([Metric(f"{name}{k}", step / 7, at, step) for k in range(5)], (), ())
    print(step, flush=True)
    step += 1
"""


def test_acknowledged_points_survive_kills(registry: Registry) -> None:
    """Processes that log are killed again and again; what they acknowledged is stored."""
    add_execution(registry, ID)
    acknowledged = {"a": 0, "b": 0, "c": 0}
    rng = random.Random(3)
    for _ in range(4):
        processes = {
            name: subprocess.Popen(
                [sys.executable, "-c", STORM, str(registry.path), ID, str(last + 1), name],
                cwd=ROOT,
                stdout=subprocess.PIPE,
                text=True,
            )
            for name, last in acknowledged.items()
        }
        for process in processes.values():
            assert process.stdout is not None
            for _ in range(rng.randrange(50, 150)):
                assert process.stdout.readline()
        for name, process in processes.items():
            process.send_signal(signal.SIGKILL)
            out, _ = process.communicate()
            # The last step may have been committed without being acknowledged.
            lines = [line for line in out.split("\n")[:-1] if line]
            if lines:
                acknowledged[name] = int(lines[-1])
    staged_points.settle_before_reading(registry)
    series.seal(registry, ID)
    found = stored(registry)
    assert len(found) == 15
    for name, last in acknowledged.items():
        assert last > 0
        for k in range(5):
            points = logged_metrics.points(registry, [found[f"{name}{k}"]])
            logged = {metric.step: metric.value for metric in points}
            assert {step: step / 7 for step in range(1, last + 1)}.items() <= logged.items()
            assert len(points) == len(logged) == found[f"{name}{k}"].count
    with sqlite3.connect(registry.path) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_what_a_supervisor_records_is_settled_in_time(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Frequent calls are only committed; the series follow at the latest with the next settling."""
    add_execution(registry, ID)
    monkeypatch.setattr(metric_recording, "_SETTLE_SECONDS", 1e9)
    sink = metric_recording.ExecutionMetrics(RegistryRecords(registry), DEFAULT_SCOPE, ID)
    sink.record([point(1)], (), ())
    assert stored(registry)["loss"].count == 1
    sink.record([point(2)], [Tag("group", "a")], ())
    sink.settle()
    assert (stored(registry)["loss"].count, rows_of(registry, "staged_points")) == (1, 1)
    assert logged_metrics.tags(registry, DEFAULT_SCOPE, [ID]) == {ID: [Tag("group", "a")]}
    monkeypatch.setattr(sink, "_settle_at", 0.0)
    sink.settle()
    assert (stored(registry)["loss"].count, rows_of(registry, "staged_points")) == (2, 0)
    sink.record([point(3)], (), ())
    assert len(sink.resource().metrics) == 3
    sink.record([point(4)], (), ())
    monkeypatch.setattr(sink, "_settle_at", 0.0)
    sink.record([point(5)], (), ())
    assert (stored(registry)["loss"].count, rows_of(registry, "staged_points")) == (5, 0)
