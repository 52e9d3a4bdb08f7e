"""Formatting of numbers."""

from __future__ import annotations

import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from launchpad_tui.domain.numbers import (
    axis_texts,
    difference_text,
    metric_text,
    number_text,
    percent_text,
    position,
    size_text,
    sparkline,
)

finite = st.floats(allow_nan=False, allow_infinity=False)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (math.nan, "nan"),
        (math.inf, "inf"),
        (-math.inf, "-inf"),
        (0.0, "0"),
        (-0.0, "0"),
        (1.0, "1"),
        (0.5, "0.5"),
        (0.123456, "0.12346"),
        (-12.5, "-12.5"),
        (100000.0, "100000"),
        (123456.0, "123460"),
        (0.0001, "0.0001"),
        (0.00001, "10e-6"),
        (0.0000125, "12.5e-6"),
        (1.2e6, "1.2e6"),
        (12345678.0, "12.346e6"),
        (1e9, "1e9"),
        (999999.0, "1e6"),
        (9.99999e-5, "0.0001"),
        (1e308, "100e306"),
        (5e-324, "4.9407e-324"),
        (1.7976931348623157e308, "179.77e306"),
    ],
)
def test_number_text(value: float | None, text: str) -> None:
    assert number_text(value) == text


def test_number_text_with_a_number_of_digits() -> None:
    assert [number_text(0.123456, digits) for digits in (1, 2, 3, 6)] == [
        "0.1",
        "0.12",
        "0.123",
        "0.123456",
    ]
    assert number_text(123456.0, 3) == "123000"
    assert number_text(1234567.0, 3) == "1.23e6"


def test_whole_metric_values_are_exact() -> None:
    values = [None, 12.0, -1234567.0, 1234567.5, 1e9, -0.0, math.nan, math.inf]
    assert [metric_text(value) for value in values] == [
        "",
        "12",
        "-1234567",
        "1.2346e6",
        "1e9",
        "0",
        "nan",
        "inf",
    ]
    assert metric_text(0.1234567, 6) == "0.123457"


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (None, ""),
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1 kB"),
        (999_499, "999 kB"),
        (999_500, "1 MB"),
        (1_234_567, "1.23 MB"),
        (5 * 10**15, "5 PB"),
        (3 * 10**18, "3 EB"),
    ],
)
def test_size_text(size: int | None, text: str) -> None:
    assert size_text(size) == text


@given(finite)
@example(5e-324)
@example(1.7976931348623157e308)
def test_number_text_is_right_in_its_digits(value: float) -> None:
    text = number_text(value)
    found = float(text) if abs(value) < 1.79e308 else value
    assert found == pytest.approx(value, rel=5.1e-5, abs=1e-323)
    assert len(text) <= 12


@given(st.lists(finite, max_size=12))
@example([5e-324, 1e-323])
@example([-1.7976931348623157e308, 1.7976931348623157e308])
@example([1.0, 1.0 + 2**-52])
@example([0.0, -0.0, 1.0, 9.999999999999959e17])
def test_axis_texts_of_different_ticks_differ(ticks: list[float]) -> None:
    texts = axis_texts(ticks)
    assert len(texts) == len(ticks)
    assert len(set(texts)) == len(set(ticks))


def test_axis_texts_have_one_precision() -> None:
    assert axis_texts([0.0, 0.25, 0.5]) == ["0", "0.25", "0.50"]
    assert axis_texts([0.8, 0.82, 0.84]) == ["0.80", "0.82", "0.84"]
    assert axis_texts([0.825, 0.85, 0.875]) == ["0.825", "0.850", "0.875"]
    assert axis_texts([1e6, 2e6]) == ["1e6", "2e6"]
    assert axis_texts([1.5e-5, 2e-5]) == ["15e-6", "20e-6"]
    assert axis_texts([]) == []
    assert axis_texts([math.nan, 1.0]) == ["nan", "1"]


@pytest.mark.parametrize(
    ("value", "baseline", "text"),
    [
        (110.0, 100.0, "+10.0%"),
        (90.0, 100.0, "-10.0%"),
        (-90.0, -100.0, "+10.0%"),
        (100.0, 100.0, "+0.0%"),
        (2000.0, 100.0, "+1900%"),
        (100.01, 100.0, "+0.01%"),
        (1.0, 0.0, ""),
        (math.nan, 1.0, ""),
        (1.0, math.inf, ""),
    ],
)
def test_percent_text(value: float, baseline: float, text: str) -> None:
    assert percent_text(value, baseline) == text


def test_difference_text() -> None:
    assert difference_text(3.0, 1.0) == "+2"
    assert difference_text(1.0, 3.0) == "-2"
    assert difference_text(1.0, 1.0) == "0"
    assert difference_text(math.nan, 1.0) == ""


def test_sparkline() -> None:
    assert sparkline([0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0], 8) == "▁▂▃▄▅▆▇█"
    assert sparkline([0.0, 7.0], 8) == "▁█"
    assert sparkline([0.0, 0.0, 7.0, 7.0], 2, ascii_only=True) == "_@"
    assert sparkline([0.0, math.nan, 7.0], 3) == "▁ █"
    assert sparkline([math.nan], 3) == " "
    assert sparkline([5.0, 5.0, 5.0], 3) == "▁▁▁"
    assert sparkline([], 3) == "   "
    assert sparkline([1.0], 0) == ""


@given(st.lists(st.floats(), max_size=60), st.integers(0, 20))
def test_sparkline_never_fails(values: list[float], width: int) -> None:
    assert len(sparkline(values, width)) <= width


def test_sparkline_of_extreme_ranges() -> None:
    assert sparkline([0.0, 5e-324], 2) == "▁█"
    assert sparkline([-1.7976931348623157e308, 0.0, 1.7976931348623157e308], 3) == "▁▅█"


@given(finite, finite, finite)
@example(0.0, 5e-324, 5e-324)
@example(-1.7976931348623157e308, 0.0, 1.7976931348623157e308)
def test_position_is_a_share_of_the_range(first: float, second: float, third: float) -> None:
    low, value, high = sorted((first, second, third))
    assert 0.0 <= position(value, low, high) <= 1.0
    assert position(low, low, high) == 0.0
    assert position(high, low, high) == (1.0 if high > low else 0.0)


def test_sparkline_of_values_whose_sum_exceeds_the_largest_float() -> None:
    largest = 1.7976931348623157e308
    assert sparkline([-largest, -largest, largest, largest], 2) == "▁█"


def test_differences_beyond_the_largest_float_are_empty() -> None:
    largest = 1.7976931348623157e308
    assert difference_text(largest, -largest) == ""
    assert percent_text(largest, 5e-324) == ""
    assert percent_text(largest, -largest) == ""
    assert difference_text(5e-324, 0.0) == f"+{number_text(5e-324, 4)}"
