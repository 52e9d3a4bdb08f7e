"""Short series of executions that have ended are stored together, and behave like others."""

from __future__ import annotations

import math
import random
from array import array
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from launchpad_tui.bootstrap import first_start
from launchpad_tui.domain.connection import DEFAULT_SCOPE
from launchpad_tui.domain.metric import Metric, SeriesSummary
from launchpad_tui.errors import RegistryCorrupt
from launchpad_tui.registry import logged_metrics, name_forms, pack_summaries, packs, series
from launchpad_tui.registry.chunk import Points
from launchpad_tui.registry.database import Registry
from launchpad_tui.registry.series_texts import NAME
from launchpad_tui.registry.window import window
from tests.registry.registry_data import START, add_execution

ID = "e000000000000001"
#: a pack that the last version with all planes in one stream wrote
FORMER = (
    "01789c0b6060606066626562626060646264a00e60647af1cb0d6430831c31ca67cd329ec53073a6"
    "f14cacc4ce93976f3eb00701005f0913ef"
)
INT64 = st.integers(-(2**63), 2**63 - 1)


def key_of(points: Points) -> tuple[bytes, ...]:
    return points.steps.tobytes(), points.times.tobytes(), points.values.tobytes()


@settings(max_examples=100, deadline=None)
@given(
    st.dictionaries(
        st.integers(1, 2**40),
        st.lists(st.tuples(INT64 | st.integers(0, 3), INT64, st.floats(width=64)), max_size=20),
        min_size=1,
        max_size=8,
    ),
    st.booleans(),
)
def test_all_points_are_packed_and_unpacked(
    given_points: dict[int, list[tuple[int, int, float]]], shared: bool
) -> None:
    axis = next(iter(given_points.values()))
    wanted = {}
    for pk, rows in given_points.items():
        places = axis[: len(rows)] if shared else rows
        wanted[pk] = Points(
            array("q", [row[0] for row in places]),
            array("q", [row[1] for row in places]),
            array("d", [row[2] for row in rows][: len(places)]),
        )
    found = packs.unpack(packs.pack(wanted))
    assert {pk: key_of(one) for pk, one in found.items()} == {
        pk: key_of(one) for pk, one in wanted.items()
    }


@pytest.mark.parametrize("damage", ["", "kind", "stream", "short"])
def test_a_damaged_pack_is_reported(damage: str) -> None:
    one = packs.pack({7: Points(array("q", [1]), array("q", [2]), array("d", [3.0]))})
    damaged = {
        "": b"",
        "kind": b"\x09" + one[1:],
        "stream": one[:8] + b"\xff" * 6 + one[14:],
        "short": one[:-6],
    }[damage]
    with pytest.raises(RegistryCorrupt):
        packs.unpack(damaged)


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    found = Registry(tmp_path / "registry.db")
    first_start(found)
    add_execution(found, ID)
    return found


def log(registry: Registry, names: int, start: int, stop: int) -> list[Metric]:
    """Log points of several metrics, one call for each step, and return them by series."""
    rng = random.Random(start)
    calls = [
        [
            Metric(
                f"m{k}", math.exp(-step / 50) + rng.gauss(0, 0.01), START + timedelta(0, step), step
            )
            for k in range(names)
        ]
        for step in range(start, stop)
    ]
    for begin in range(0, len(calls), 20):
        series.append(registry, ID, [one for call in calls[begin : begin + 20] for one in call])
    return [call[k] for k in range(names) for call in calls]


def stored(registry: Registry) -> list[SeriesSummary]:
    return series.summaries(registry, DEFAULT_SCOPE, [ID])[ID]


def rows(registry: Registry, table: str) -> int:
    with registry.read() as db:
        return int(db.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def test_series_of_an_ended_execution_are_read_from_packs(registry: Registry) -> None:
    logged = log(registry, 5, 0, 60)
    series.seal(registry, ID)
    assert (rows(registry, "packs"), rows(registry, "chunks"), rows(registry, "tail")) == (1, 0, 0)
    found = stored(registry)
    assert logged_metrics.points(registry, found) == logged
    assert logged_metrics.points(registry, found, 130, 100) == logged[130:230]
    assert list(logged_metrics.stream(registry, found)) == logged
    newest = logged_metrics.newest(registry, found[1:2], 3)
    assert newest == logged[119:116:-1]
    drawn = window(registry, found[2].id)
    assert [float(value) for value in drawn.values] == [one.value for one in logged[120:180]]
    part = window(registry, found[2].id, 10, 19)
    assert [int(step) for step in part.steps] == list(range(10, 20))
    at = [int(found[2].first_at.timestamp()) + second for second in (10, 19)]
    part = window(registry, found[2].id, at[0] * 10**6, at[1] * 10**6, "time")
    assert [int(step) for step in part.steps] == list(range(10, 20))
    # To pack it again changes nothing.
    series.seal(registry, ID)
    assert rows(registry, "packs") == 1


def test_points_that_arrive_after_the_end_are_added(registry: Registry) -> None:
    logged = log(registry, 3, 0, 40)
    series.seal(registry, ID)
    # What was stored already is recognized without unpacking.
    series.append(registry, ID, logged)
    assert (rows(registry, "packs"), rows(registry, "chunks")) == (1, 0)
    later = [Metric("m1", 0.5, START + timedelta(0, 40), 40)]
    series.append(registry, ID, [*logged, *later])
    expected = [*logged[:80], *later, *logged[80:]]
    assert [one.count for one in stored(registry)] == [40, 41, 40]
    assert logged_metrics.points(registry, stored(registry)) == expected
    series.seal(registry, ID)
    # The other series remain in the first pack.
    assert (rows(registry, "packs"), rows(registry, "chunks")) == (2, 0)
    assert logged_metrics.points(registry, stored(registry)) == expected
    # A new series does not change those that are packed.
    series.append(registry, ID, [Metric("new", 1.0, START, 1)])
    assert rows(registry, "packs") == 2
    series.seal(registry, ID)
    assert rows(registry, "packs") == 3
    assert logged_metrics.points(registry, stored(registry))[:-1] == expected
    assert logged_metrics.points(registry, stored(registry))[-1].name == "new"


def test_long_series_remain_chunks(registry: Registry) -> None:
    count = packs.LONGEST + 1
    steps = range(count)
    for name, number in (("long", count), ("short", count - 1)):
        series.append_bulk(
            registry, ID, name, (), steps[:number], steps[:number], [1.0] * number, DEFAULT_SCOPE
        )
    series.seal(registry, ID)
    assert (rows(registry, "packs"), rows(registry, "chunks"), rows(registry, "tail")) == (1, 1, 0)
    assert [len(window(registry, one.id, points=9999).values) for one in stored(registry)] == [
        count,
        count - 1,
    ]


def test_a_pack_is_deleted_with_the_last_of_its_series(registry: Registry) -> None:
    log(registry, 2, 0, 10)
    series.seal(registry, ID)
    for name, left in (("m0", 1), ("m1", 0)):
        series.append(registry, ID, [Metric(name, 9.0, START, 99)])
        assert rows(registry, "packs") == left
    assert [one.count for one in stored(registry)] == [11, 11]


def test_a_deleted_series_and_a_deleted_execution_leave_nothing(registry: Registry) -> None:
    log(registry, 3, 0, 10)
    series.seal(registry, ID)
    with registry.write() as db:
        db.execute(f"DELETE FROM series AS s WHERE {NAME} = 'm1'")
    assert [one.name for one in logged_metrics.points(registry, stored(registry))] == [
        "m0",
    ] * 10 + ["m2"] * 10
    series.append(registry, ID, [Metric("m2", 9.0, START, 99)])
    assert [one.count for one in stored(registry)] == [10, 11]
    assert len(logged_metrics.points(registry, stored(registry))) == 21
    series.seal(registry, ID)
    series.delete(registry, ID)
    assert rows(registry, "packs") == 0
    assert series.summaries(registry, DEFAULT_SCOPE, [ID]) == {}


def test_names_of_another_form_are_unified_in_packs(registry: Registry) -> None:
    log(registry, 1, 0, 10)
    series.append(registry, ID, [Metric("caf\u00e9", 1.0, START, step) for step in range(5)])
    with registry.write() as db:
        db.execute("UPDATE series_texts SET text = ? WHERE text = 'm0'", ("cafe\u0301",))
    series.seal(registry, ID)
    name_forms.unify_names(registry)
    (one,) = stored(registry)
    assert (one.name, one.count) == ("caf\u00e9", 15)
    assert len(logged_metrics.points(registry, [one])) == 15


def test_many_series_are_packed_in_parts(registry: Registry) -> None:
    names = 1200
    for step in range(3):
        metrics = [Metric(f"layer.{k}", k + step / 7, START, step) for k in range(names)]
        series.append(registry, ID, metrics)
    before = logged_metrics.points(registry, stored(registry))
    series.seal(registry, ID)
    assert (rows(registry, "chunks"), rows(registry, "tail")) == (0, 0)
    assert rows(registry, "packs") == 3
    assert logged_metrics.points(registry, stored(registry)) == before


def test_the_file_of_an_ended_execution_takes_at_most_12_bytes_a_point(registry: Registry) -> None:
    """The size of the whole file grows by this much, with rows, indexes and free pages."""
    with registry.connect() as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    before = registry.path.stat().st_size
    log(registry, 200, 0, 100)
    series.seal(registry, ID)
    with registry.connect() as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        assert db.execute("PRAGMA freelist_count").fetchone() == (0,)
    assert registry.path.stat().st_size - before <= 12 * 200 * 100


def test_a_pack_of_noisy_curves_takes_little_more_than_their_randomness() -> None:
    """A value has 52 random bits, a time with a jitter of 5 ms in microseconds about 14."""
    rng = random.Random(1)
    curves = {}
    for pk in range(1, 41):
        times = array("q", [0])
        for _ in range(99):
            times.append(times[-1] + int(rng.gauss(250_000, 5_000)))
        values = array("d", [math.exp(-k / 100) + rng.gauss(0, 0.01) for k in range(100)])
        curves[pk] = Points(array("q", range(0, 1000, 10)), times, values)
    packed = packs.pack(curves)
    assert len(packed) <= 8.5 * 4000
    assert {pk: key_of(points) for pk, points in packs.unpack(packed).items()} == {
        pk: key_of(points) for pk, points in curves.items()
    }


def test_packs_of_former_versions_are_read() -> None:
    found = packs.unpack(bytes.fromhex(FORMER))
    lists = {pk: [list(one) for one in (p.steps, p.times, p.values)] for pk, p in found.items()}
    assert lists == {
        5: [[0, 1], [1000, 1250], [0.1, 0.2]],
        7: [[0, 1], [1000, 1250], [0.3, 0.4]],
        9: [[3], [9000], [0.5]],
    }


SUMMARY = st.tuples(
    st.integers(1, 2**40),
    st.integers(0, 2**40),
    st.none() | st.floats(allow_nan=False),
    INT64,
    INT64 | st.integers(0, 3),
    *[INT64] * 4,
)


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(st.integers(1, 2**40), SUMMARY, min_size=1, max_size=8), st.booleans())
def test_all_summaries_are_packed_and_unpacked(
    summaries: dict[int, pack_summaries.Summary], finite: bool
) -> None:
    if not finite:
        summaries = {pk: (*one[:3], None, None, *one[5:]) for pk, one in summaries.items()}
    assert pack_summaries.unpacked(pack_summaries.packed(summaries)) == summaries


@pytest.mark.parametrize("damage", ["", "kind", "stream", "short"])
def test_damaged_summaries_are_reported(damage: str) -> None:
    one = pack_summaries.packed({7: (1, 0, 0.5, 1, 1, 1, 1, 5, 5)})
    damaged = {
        "": b"",
        "kind": b"\x09" + one[1:],
        "stream": one[:8] + b"\xff" * 6 + one[14:],
        "short": one[:-6],
    }[damage]
    with pytest.raises(RegistryCorrupt):
        pack_summaries.unpacked(damaged)


def test_summaries_are_the_same_before_and_after_packing(registry: Registry) -> None:
    log(registry, 3, 0, 30)
    only_nan = [Metric("nan", math.nan, START, step) for step in range(3)]
    series.append(registry, ID, only_nan)
    before, period = stored(registry), logged_metrics.logged_period(registry, DEFAULT_SCOPE, ID)
    drawn = [window(registry, one.id) for one in before]
    series.seal(registry, ID)
    assert rows(registry, "series_summaries") == 0
    assert repr(stored(registry)) == repr(before)
    assert repr([series.summary(registry, one.id) for one in before]) == repr(before)
    assert logged_metrics.logged_period(registry, DEFAULT_SCOPE, ID) == period
    assert repr([window(registry, one.id) for one in before]) == repr(drawn)


def test_a_series_that_continues_has_a_summary_of_its_own(registry: Registry) -> None:
    log(registry, 3, 0, 30)
    series.seal(registry, ID)
    before = stored(registry)
    series.append(registry, ID, [Metric("m1", 9.0, START + timedelta(days=1), 99)])
    after = stored(registry)
    assert rows(registry, "series_summaries") == 1
    assert (after[0], after[2]) == (before[0], before[2])
    assert (after[1].count, after[1].last, after[1].maximum_step) == (31, 9.0, 99)
    assert (after[1].first, after[1].minimum_step, after[1].first_at) == (
        before[1].first,
        before[1].minimum_step,
        before[1].first_at,
    )
    assert logged_metrics.logged_period(registry, DEFAULT_SCOPE, ID)[1] == after[1].last_at
    series.seal(registry, ID)
    assert stored(registry) == after


def test_a_short_series_takes_few_bytes_beside_its_points(registry: Registry) -> None:
    """Neither texts nor a summary are stored for each series."""
    log(registry, 100, 0, 10)
    series.seal(registry, ID)
    with registry.read() as db:
        columns = {row[1] for row in db.execute("PRAGMA table_info(series)")}
        texts = db.execute("SELECT count(*) FROM series WHERE typeof(name) <> 'integer'").fetchone()
        (summaries,) = db.execute("SELECT sum(length(summaries)) FROM pack_summaries").fetchone()
        (points,) = db.execute("SELECT sum(length(points)) FROM packs").fetchone()
    assert columns.isdisjoint(pack_summaries.COLUMNS)
    assert texts == (0,)
    assert summaries < 100 * 16
    assert points < 100 * 10 * 7
