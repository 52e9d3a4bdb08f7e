"""Charts of every kind draw any value, range and time without raising an exception."""

from __future__ import annotations

import math
import sys

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import given as with_data
from hypothesis import strategies as st

from launchpad_tui.charts.axes import Scale
from launchpad_tui.charts.catalog import KINDS, OVER, draw
from launchpad_tui.charts.model import ChartData, ChartSpec, Series
from launchpad_tui.charts.scale import log_ticks, ticks, x_range, x_texts
from launchpad_tui.domain.numbers import mean
from tests.charts.chart_data import check_size, given

LARGEST, SMALLEST = sys.float_info.max, 5e-324
#: the limits of floats, values close to them, and the first second after the year 9999
EXTREMES = (
    0.0,
    -0.0,
    SMALLEST,
    -SMALLEST,
    1e-310,
    sys.float_info.min,
    1e-300,
    math.nextafter(1.0, 2.0),
    1.0,
    9007199254740993.0,
    253402300800.0,
    1e16,
    1e308,
    LARGEST / 2,
    -LARGEST / 2,
    LARGEST,
    -LARGEST,
    math.inf,
    -math.inf,
    math.nan,
)
extremes = st.sampled_from(EXTREMES)
ranges = st.one_of(st.none(), st.tuples(extremes, extremes).map(lambda ends: tuple(sorted(ends))))
specs = st.builds(
    ChartSpec,
    st.sampled_from([12, 40, 90]),
    st.sampled_from([4, 12, 25]),
    st.sampled_from(["", "title"]),
    x_kind=st.sampled_from(["step", "time", "relative"]),
    x_range=ranges,
    y_range=ranges,
    y_log=st.booleans(),
    robust=st.booleans(),
    smoothing=st.sampled_from([0.0, 0.6, 0.99]),
    cursor_x=st.one_of(st.none(), extremes),
    ascii=st.booleans(),
    legend=st.booleans(),
)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "line"])
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@with_data(
    st.lists(st.tuples(extremes, extremes, extremes), max_size=8),
    st.sampled_from(["", "p", "p\x1fq"]),
    specs,
)
def test_extreme_tables_can_be_drawn(
    kind: str, rows: list[tuple[float, float, float]], along: str, spec: ChartSpec
) -> None:
    data = given(
        [row[0] for row in rows],
        along,
        p=[row[1] for row in rows],
        q=[row[2] for row in rows],
    )
    check_size(draw(spec, ChartData((), data), kind), spec.width, spec.height)


@pytest.mark.parametrize("kind", [kind.id for kind in KINDS.values() if OVER in kind.compares])
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@with_data(st.lists(st.lists(st.tuples(extremes, extremes), max_size=8), max_size=3), specs)
def test_extreme_curves_can_be_drawn(
    kind: str, curves: list[list[tuple[float, float]]], spec: ChartSpec
) -> None:
    series = tuple(
        Series(
            f"s{number}",
            f"curve {number}",
            sorted(x for x, _ in points if not math.isnan(x)),
            [y for x, y in points if not math.isnan(x)],
            number,
        )
        for number, points in enumerate(curves)
    )
    drawing = draw(spec, ChartData(series), kind)
    check_size(drawing, spec.width, spec.height)
    if drawing.plot is not None:
        assert math.isfinite(drawing.plot.x_at(drawing.plot.left))


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "line"])
def test_the_smallest_parameter_value_can_be_drawn(kind: str) -> None:
    data = given([1.0, 2.0, 3.0, 4.0], "p", p=[SMALLEST, 1e-300, 1.0, 2.0])
    check_size(draw(ChartSpec(60, 12), ChartData((), data), kind), 60, 12)


def test_mean_of_the_largest_floats_is_finite() -> None:
    assert mean([LARGEST] * 7) == LARGEST
    assert mean([LARGEST, -LARGEST]) == 0.0
    assert mean([LARGEST, LARGEST, 0.0]) == pytest.approx(LARGEST / 3 * 2)


@with_data(extremes, extremes, st.integers(1, 10))
def test_ticks_are_within_the_range(first: float, second: float, most: int) -> None:
    low, high = sorted((first, second))
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        return
    for tick in ticks(low, high, most):
        assert math.isfinite(tick)
    scale = Scale(low, high)
    assert all(low <= tick <= high for tick in scale.ticks(most))
    if low > 0:
        assert all(low * 0.999 <= tick <= high * 1.001 for tick in log_ticks(low, high, most))


@pytest.mark.parametrize("kind", ["step", "time", "relative"])
def test_extreme_ticks_have_labels(kind: str) -> None:
    finite = [value for value in EXTREMES if math.isfinite(value)]
    assert all(x_texts(finite, kind))
    assert all(x_texts([value], kind) for value in finite)


def test_non_finite_values_do_not_affect_the_range() -> None:
    series = [Series("s", "s", [-math.inf, 1.0, 3.0, math.inf], [1.0] * 4)]
    assert x_range(None, series) == (1.0, 3.0)
    assert x_range(ChartSpec(40, 9, x_range=(0.0, math.inf)).x_range, series) == (1.0, 3.0)
    assert x_range((0.0, 2.0), series) == (0.0, 2.0)
