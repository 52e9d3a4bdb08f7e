"""Line charts: exact positions of extremes, ticks, smoothing, and sizes for any data."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from launchpad_tui.charts.line import draw_line
from launchpad_tui.charts.model import ChartSpec, Drawing, Plot, Series
from launchpad_tui.charts.palette import marker
from launchpad_tui.charts.scale import (
    log_ticks,
    roomy,
    row_ticks,
    ticks,
    widened,
    with_margin,
    y_range,
)
from launchpad_tui.charts.smoothing import smoothed
from launchpad_tui.domain.text import cell_width
from tests.charts.chart_data import HOSTILE_NUMBERS, check_size

ordinary = st.floats(-1e6, 1e6)
finite = st.floats(allow_nan=False, allow_infinity=False)


def curve(values: list[float], slot: int = 0, first: float = 0.0) -> Series:
    return Series("id", "label", [first + number for number in range(len(values))], values, slot)


def plain(values: list[float], width: int = 60, height: int = 14, **options: object) -> Drawing:
    return draw_line(ChartSpec(width, height, markers=False, **options), [curve(values)])  # type: ignore[arg-type]


def bits(drawing: Drawing, row: int, column: int) -> int:
    """Return the Braille bits of a cell, 0 if it is empty."""
    text = "".join(span.text for span in drawing.lines[row])
    assert cell_width(text) == len(text)
    return ord(text[column]) - 0x2800 if "\u2800" < text[column] <= "\u28ff" else 0


def dot(plot: Plot, x: float, y: float) -> tuple[int, int, int]:
    """Return row, column and Braille bit of a point.

    Unicode numbers the dots of a cell 1, 2, 3, 7 down the left and 4, 5, 6, 8 down the right.
    """
    across = (x - plot.x_low) / (plot.x_high - plot.x_low) * (plot.width * 2 - 1)
    low, high = (math.log10(v) if plot.y_log else v for v in (plot.y_low, plot.y_high))
    up = ((math.log10(y) if plot.y_log else y) - low) / (high - low) * (plot.height * 4 - 1)
    # A value between two dots may be rounded to either; the plot determines which.
    assert abs(plot.dot_column(x) - across) <= 0.5 + 1e-6
    assert abs(plot.dot_row(y) - up) <= 0.5 + 1e-6
    down = plot.height * 4 - 1 - plot.dot_row(y)
    number = ((1, 4), (2, 5), (3, 6), (7, 8))[down % 4][plot.dot_column(x) % 2]
    return plot.top + down // 4, plot.left + plot.dot_column(x) // 2, 1 << (number - 1)


@settings(max_examples=150, deadline=None)
@given(st.lists(ordinary, min_size=2, max_size=300), st.integers(20, 120), st.integers(6, 40))
def test_extremes_are_drawn_in_the_right_cells(
    values: list[float], width: int, height: int
) -> None:
    drawing = plain(values, width, height)
    plot = drawing.plot
    assert plot is not None
    if min(values) < max(values) and math.isfinite(max(values) - min(values)):
        assert (plot.y_low, plot.y_high) == (min(values), max(values))
    for value in (min(values), max(values)):
        row, column, bit = dot(plot, float(values.index(value)), value)
        assert bits(drawing, row, column) & bit
        assert (row, column) == (plot.row(value), plot.column(float(values.index(value))))


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.lists(st.one_of(st.sampled_from(HOSTILE_NUMBERS), st.floats()), max_size=30), max_size=4
    ),
    st.integers(0, 100),
    st.integers(0, 30),
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.sampled_from([0.0, 0.6, 0.99]),
    st.text(max_size=30),
    st.sampled_from([None, 3.0, 1e9]),
)
def test_drawings_of_any_values_have_the_exact_size(
    columns: list[list[float]],
    width: int,
    height: int,
    plain_text: bool,
    log: bool,
    robust: bool,
    smoothing: float,
    title: str,
    cursor: float | None,
) -> None:
    series = [curve(values, slot) for slot, values in enumerate(columns)]
    spec = ChartSpec(
        width,
        height,
        title,
        y_log=log,
        robust=robust,
        smoothing=smoothing,
        cursor_x=cursor,
        ascii=plain_text,
    )
    for joined in (True, False):
        drawing = draw_line(spec, series, joined=joined)
        check_size(drawing, width, height)
        if plain_text:
            assert all(span.text.isascii() for line in drawing.lines for span in line)


def test_a_title_with_a_character_without_width_is_ascii_in_ascii_mode() -> None:
    drawing = draw_line(ChartSpec(8, 4, "\U0001da84", ascii=True), [])
    assert "".join(span.text for span in drawing.lines[0]) == "?       "


@pytest.mark.parametrize("at", [0, 1, 31_415, 50_000, 99_998, 99_999])
@pytest.mark.parametrize("spike", [100.0, -100.0])
def test_a_single_peak_among_100000_points_keeps_its_height(at: int, spike: float) -> None:
    values = [0.0] * 100_000
    values[at] = spike
    drawing = plain(values, 80, 20)
    assert drawing.plot is not None
    row, column, bit = dot(drawing.plot, float(at), spike)
    assert bits(drawing, row, column) & bit
    assert row == (drawing.plot.top if spike > 0 else drawing.plot.top + drawing.plot.height - 1)


def test_non_finite_values_are_gaps() -> None:
    values = [1.0, 1.0, 1.0, math.nan, math.inf, -math.inf, math.nan, 1.0, 1.0, 1.0]
    drawing = draw_line(ChartSpec(60, 10, markers=False), [curve(values)])
    plot = drawing.plot
    assert plot is not None
    assert drawing.notes == ("label: 4 values are not finite (shown as gaps)",)
    row = plot.row(1.0)
    whole = [
        bool(bits(drawing, row, column)) for column in range(plot.left, plot.left + plot.width)
    ]
    inside = [plot.column(x) - plot.left for x in (3.0, 4.0, 5.0, 6.0)]
    assert not any(whole[column] for column in inside)
    assert whole[plot.column(1.0) - plot.left]
    assert whole[plot.column(8.0) - plot.left]


def test_log_scale_has_decades_at_even_distances() -> None:
    drawing = plain([1.0, 10.0, 100.0, 1000.0], 60, 20, y_log=True)
    plot = drawing.plot
    assert plot is not None
    rows = [plot.row(value) for value in (1.0, 10.0, 100.0, 1000.0)]
    steps = [a - b for a, b in pairwise(rows)]
    assert max(steps) - min(steps) <= 1
    assert all(bits(drawing, *dot(plot, float(x), 10.0**x)[:2]) for x in range(4))
    text = drawing.text()
    for label in ("1 ┤", "10 ┤", "100 ┤", "1000 ┤"):
        assert label in text


def test_log_scale_notes_values_that_are_not_positive() -> None:
    drawing = plain([0.0, -1.0, 1.0, 10.0], y_log=True)
    assert drawing.notes == ("label: 2 values are not positive (not shown on a logarithmic axis)",)


def test_a_constant_is_in_the_middle_and_a_single_point_is_drawn() -> None:
    drawing = plain([5.0, 5.0, 5.0], 60, 15)
    plot = drawing.plot
    assert plot is not None
    assert plot.y_low < 5 < plot.y_high
    assert abs(plot.row(5.0) - (plot.top + plot.height // 2)) <= 1
    single = plain([5.0], 60, 15)
    assert single.plot is not None
    assert (
        sum(
            bits(single, row, column) > 0
            for row in range(13)
            for column in range(single.plot.left, 60)
        )
        == 1
    )


def test_extreme_floats_are_at_the_edges() -> None:
    drawing = plain([-1.7e308, 0.0, 1.7e308], 60, 15)
    plot = drawing.plot
    assert plot is not None
    assert plot.row(1.7e308) == plot.top
    assert plot.row(-1.7e308) == plot.top + plot.height - 1
    assert bits(drawing, *dot_place(plot, 2.0, 1.7e308))


def dot_place(plot: Plot, x: float, y: float) -> tuple[int, int]:
    return plot.row(y), plot.column(x)


def tensorboard(values: list[float], weight: float) -> list[float]:
    """Return TensorBoard's smoothing: last / (1 - weight ** number of finite values so far).

    After `smoothDataset` in tensorboard/components/vz_line_chart2/line-chart.ts.
    """
    last, accumulated, out = 0.0, 0, []
    constant = all(value == values[0] for value in values)
    for value in values:
        if constant or not math.isfinite(value):
            out.append(value)
        else:
            last = last * weight + (1 - weight) * value
            accumulated += 1
            debias = 1 - math.pow(weight, accumulated) if weight != 1 else 1.0
            out.append(last / debias)
    return out


@settings(max_examples=100, deadline=None)
@given(st.lists(st.one_of(ordinary, st.just(math.nan)), max_size=80), st.floats(0.01, 0.999))
def test_smoothing_equals_that_of_tensorboard(values: list[float], weight: float) -> None:
    found = smoothed(values, weight)
    expected = tensorboard(values, weight)
    assert len(found) == len(values)
    for a, b in zip(found, expected, strict=True):
        assert (math.isnan(a) and math.isnan(b)) or math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-9)


def test_smoothing_is_a_weighted_mean() -> None:
    # The weighted mean of all values so far, with weights 0.5 ** distance.
    assert smoothed([1.0, 2.0, 4.0], 0.5) == pytest.approx(
        [1.0, (0.5 * 1 + 2) / 1.5, (0.25 * 1 + 0.5 * 2 + 4) / 1.75]
    )
    assert smoothed([3.0, 3.0, 3.0], 0.9) == [3.0, 3.0, 3.0]
    assert smoothed([1.0, 5.0], 0.0) == [1.0, 5.0]


def test_the_raw_curve_stays_faint_behind_the_smoothed_one() -> None:
    drawing = draw_line(ChartSpec(60, 14, smoothing=0.9, markers=False), [curve([0.0, 10.0] * 30)])
    styles = {span.style for line in drawing.lines for span in line if span.slot == 0}
    assert styles == {"faint", "normal"}


def test_the_first_curve_is_on_top() -> None:
    drawing = draw_line(
        ChartSpec(40, 10, markers=False), [curve([0.0, 1.0], 0), curve([0.0, 1.0], 1)]
    )
    assert {span.slot for line in drawing.lines for span in line} == {None, 0}


def test_markers_are_on_the_last_point() -> None:
    drawing = draw_line(ChartSpec(60, 12), [curve([0.0, 1.0, 2.0], 0), curve([2.0, 1.0, 0.5], 1)])
    plot = drawing.plot
    assert plot is not None
    rows = drawing.text().split("\n")
    assert rows[plot.row(2.0)][plot.column(2.0)] == "◆"
    assert rows[plot.row(0.5)][plot.column(2.0)] == "✚"


def test_curves_that_end_at_the_same_point_each_have_a_last_marker() -> None:
    values = [float(number) for number in range(200)]
    series = [curve(values, slot) for slot in range(3)]
    last = draw_line(ChartSpec(60, 12, room=True), series).text().split("\n")[1][-4:]
    assert {"◆", "✚", "►"} <= set(last)


@pytest.mark.parametrize("count", [2, 4, 8])
def test_without_color_each_curve_has_several_markers(count: int) -> None:
    rows = [[slot + math.sin(at / 5) / 3 for at in range(300)] for slot in range(count)]
    series = [curve(values, slot) for slot, values in enumerate(rows)]
    for spec, least in ((ChartSpec(64, 30), 2), (ChartSpec(64, 30, colorless=True), 4)):
        text = draw_line(spec, series).text()
        found = {slot: text.count(marker(slot)) for slot in range(count)}
        assert min(found.values()) >= least, found


def test_without_color_there_is_no_raw_curve_that_would_look_like_another() -> None:
    spec = ChartSpec(60, 14, smoothing=0.9)
    noisy = [curve([0.0, 10.0] * 30)]
    styles = [
        {span.style for line in draw_line(one, noisy).lines for span in line}
        for one in (spec, replace(spec, colorless=True))
    ]
    assert ["faint" in found for found in styles] == [True, False]


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize("height", [9, 14, 40])
def test_a_growing_curve_does_not_touch_the_frame(log: bool, height: int) -> None:
    values = [math.exp(-number / 3) for number in range(12)]
    spec = ChartSpec(60, height, y_log=log)
    plot = draw_line(spec, [curve(values)]).plot
    assert plot is not None
    assert plot.row(values[-1]) == plot.top + plot.height - 1
    plot = draw_line(replace(spec, room=True), [curve(values)]).plot
    assert plot is not None
    assert plot.row(values[-1]) == plot.top + plot.height - 2
    assert plot.row(values[0]) == plot.top + 1


@given(finite, finite, st.floats(0.01, 0.5), st.booleans())
def test_a_margin_never_leaves_the_floats(a: float, b: float, part: float, log: bool) -> None:
    low, high = widened(min(a, b), max(a, b), log=log)
    if not log or low > 0:
        wide = with_margin(low, high, part, log=log)
        assert all(map(math.isfinite, wide))
        assert wide[0] <= low
        assert wide[1] >= high


def test_robust_range_excludes_outliers() -> None:
    values = [math.sin(number) for number in range(200)]
    values[100] = 1e6
    assert y_range(values, log=False, robust=True)[1] < 2
    assert y_range(values, log=False, robust=False)[1] == 1e6
    assert y_range([], log=True, robust=True) == (0.1, 10.0)


@settings(max_examples=300, deadline=None)
@given(
    st.floats(allow_nan=False, allow_infinity=False),
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(1, 12),
)
def test_ticks_are_few_and_within_the_range(a: float, b: float, most: int) -> None:
    low, high = min(a, b), max(a, b)
    found = ticks(low, high, most)
    assert len(found) <= most + 1
    assert found == sorted(found)
    room = (high / 4 - low / 4) * 1e-6
    assert all(low / 4 - room <= tick / 4 <= high / 4 + room for tick in found)
    wide = widened(low, high)
    assert wide[0] <= low <= high <= wide[1]
    assert wide[0] < wide[1]


@given(st.floats(5e-324, 1.7e308), st.floats(5e-324, 1.7e308), st.integers(1, 8))
def test_log_ticks_never_fail(a: float, b: float, most: int) -> None:
    low, high = widened(min(a, b), max(a, b), log=True)
    assert 0 < low < high
    assert log_ticks(low, high, most) == sorted(log_ticks(low, high, most))


@given(st.floats(-1, 1), st.floats(-4, 1), st.integers(6, 40))
def test_a_y_axis_of_eight_rows_or_more_has_three_labels(
    low: float, size: float, rows: int
) -> None:
    high = low + 10**size
    found = [tick for tick in row_ticks(low, high, rows) if low <= tick <= high]
    assert len(found) >= (3 if rows >= 8 else 2)
    # Each of them has a row of its own.
    assert (found[1] - found[0]) / (high - low) * (rows - 1) >= 0.99


@pytest.mark.parametrize("rows", [5, 8])
def test_a_low_y_axis_has_a_label_between_its_ends(rows: int) -> None:
    assert row_ticks(0.0, 2.4, rows) == [0, 1, 2]


def test_the_name_of_the_x_axis_is_below_the_y_axis_if_the_last_label_is_at_the_end() -> None:
    series = curve([0.5 + number / 25 for number in range(10)], first=1)
    below = draw_line(ChartSpec(60, 12), [series]).text().splitlines()[-1]
    assert below.split() == ["step", "5", "10"]


def test_ticks_are_round() -> None:
    assert ticks(0.0, 1.0, 5) == [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    assert ticks(0.0, 97.0, 5) == [0.0, 20.0, 40.0, 60.0, 80.0]
    # A range that ends far from round numbers has more than one tick.
    assert ticks(0.06, 0.99, 3) == [0.25, 0.5, 0.75]
    assert log_ticks(1.0, 1000.0, 5) == [1.0, 10.0, 100.0, 1000.0]
    assert log_ticks(1.0, 10.0, 5) == [1.0, 2.0, 5.0, 10.0]


@given(st.floats(-1e9, 1e9), st.floats(1e-6, 1e9))
def test_space_is_reserved_for_later_points(low: float, span: float) -> None:
    found = roomy(low, low + span)
    assert found[0] <= low
    assert found[1] > low


@settings(max_examples=100, deadline=None)
@given(st.lists(ordinary, min_size=2, max_size=30), st.integers(20, 100), st.integers(6, 30))
def test_a_curve_has_no_gaps(values: list[float], width: int, height: int) -> None:
    drawing = plain(values, width, height)
    plot = drawing.plot
    assert plot is not None
    columns: list[set[int]] = [set() for _ in range(plot.width * 2)]
    for row in range(plot.height):
        for column in range(plot.width):
            cell_bits = bits(drawing, plot.top + row, plot.left + column)
            for half, numbers in enumerate(((1, 2, 3, 7), (4, 5, 6, 8))):
                lit = {
                    row * 4 + at
                    for at, number in enumerate(numbers)
                    if cell_bits >> (number - 1) & 1
                }
                columns[column * 2 + half] |= lit
    for before, after in pairwise(columns):
        assert before
        assert after
        # The dots of adjacent columns touch or overlap.
        assert min(before) <= max(after) + 1
        assert min(after) <= max(before) + 1
