"""Every kind of chart with ordinary, incomplete and hostile data."""

from __future__ import annotations

import sys
from types import FrameType

import pytest
from hypothesis import HealthCheck, example, settings
from hypothesis import given as with_data
from hypothesis import strategies as st

from launchpad_tui.charts.catalog import AGAINST, KINDS, OVER, SOURCE, draw
from launchpad_tui.charts.model import ChartData, ChartSpec, ChartTable, Series
from tests.charts.chart_data import (
    HOSTILE_LABELS,
    HOSTILE_NUMBERS,
    check_size,
    curves,
    given,
    table,
)

#: Calls and returns while a chart is drawn; parallel coordinates of 200 models take 220,000.
CALLS = 500_000
TABLE_KINDS = [kind for kind in KINDS if kind != "line"]
ALONG = (
    "",
    "lr",
    "optimizer",
    "dropout",
    "lr\x1foptimizer",
    "missing",
    "lr\x1fbatch_size\x1fdropout",
)
numbers = st.one_of(
    st.sampled_from(HOSTILE_NUMBERS), st.floats(), st.floats(-10, 10), st.integers(0, 3).map(float)
)
texts = st.one_of(st.sampled_from(HOSTILE_LABELS), st.text(max_size=12))


@st.composite
def tables(make: st.DrawFn) -> ChartTable:
    count = make(st.integers(0, 14))
    column = st.lists(st.one_of(st.none(), numbers), min_size=count, max_size=count).map(tuple)
    words = st.lists(st.one_of(st.none(), texts), min_size=count, max_size=count).map(tuple)
    names = make(st.lists(texts, max_size=3, unique=True))
    parameters = {name: make(st.one_of(column, words)) for name in names}
    metrics = {name: make(column) for name in make(st.lists(texts, max_size=3, unique=True))}
    along = (
        "\x1f".join(make(st.lists(st.sampled_from(names), max_size=2, unique=True)))
        if names
        else ""
    )
    return ChartTable(
        tuple(f"i{number}" for number in range(count)),
        tuple(make(st.lists(texts, min_size=count, max_size=count))),
        tuple(make(st.lists(st.integers(0, 300), min_size=count, max_size=count))),
        parameters,
        metrics,
        {
            name: make(st.sampled_from(["lower", "higher"]))
            for name in metrics
            if make(st.booleans())
        },
        along,
    )


@pytest.mark.parametrize("kind", TABLE_KINDS)
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@with_data(
    data=tables(),
    width=st.integers(0, 90),
    height=st.integers(0, 30),
    plain=st.booleans(),
    log=st.booleans(),
    title=texts,
    robust=st.booleans(),
)
@example(
    data=given([1e308, -1e308, 1.7e308], p=[1.0, 2.0, 3.0], along="p"),
    width=40,
    height=12,
    plain=False,
    log=False,
    title="",
    robust=False,
)
@example(
    data=given([5e-324, 1e-323, 0.0], p=[5e-324, 0.0, 1e308], along="p"),
    width=60,
    height=12,
    plain=False,
    log=True,
    title="t",
    robust=True,
)
def test_any_table_is_drawn_in_the_requested_size(
    kind: str,
    data: ChartTable,
    width: int,
    height: int,
    plain: bool,
    log: bool,
    title: str,
    robust: bool,
) -> None:
    spec = ChartSpec(width, height, title, ascii=plain, y_log=log, robust=robust)
    drawing = draw(spec, ChartData((), data), kind)
    check_size(drawing, width, height)
    assert isinstance(KINDS[kind].why_not(ChartData((), data)), str)
    if plain:
        assert all(span.text.isascii() for line in drawing.lines for span in line)


@pytest.mark.parametrize("kind", TABLE_KINDS)
@pytest.mark.parametrize("along", ALONG)
@pytest.mark.parametrize("count", [0, 1, 2, 5, 30, 500])
def test_ordinary_data_are_drawn_in_the_requested_size(kind: str, along: str, count: int) -> None:
    data = ChartData((), table(count, along, ("accuracy", "val/loss", "gap")))
    for width, height in (
        (0, 0),
        (1, 1),
        (11, 3),
        (12, 4),
        (13, 5),
        (20, 6),
        (40, 12),
        (80, 20),
        (150, 40),
    ):
        for plain in (False, True):
            drawing = draw(ChartSpec(width, height, "title", ascii=plain), data, kind)
            check_size(drawing, width, height)
            if plain:
                assert all(span.text.isascii() for line in drawing.lines for span in line)


@pytest.mark.parametrize("kind", [kind.id for kind in KINDS.values() if OVER in kind.compares])
@settings(max_examples=80, deadline=None)
@with_data(
    st.lists(st.lists(numbers, max_size=20), max_size=4),
    st.integers(0, 80),
    st.integers(0, 24),
    st.booleans(),
    st.booleans(),
)
def test_any_curves_are_drawn_in_the_requested_size(
    kind: str, values: list[list[float]], width: int, height: int, plain: bool, log: bool
) -> None:
    series = tuple(
        Series(f"s{number}", label, [float(x) for x in range(len(column))], column, number)
        for number, (column, label) in enumerate(zip(values, HOSTILE_LABELS, strict=False))
    )
    check_size(
        draw(ChartSpec(width, height, "t", ascii=plain, y_log=log), ChartData(series), kind),
        width,
        height,
    )


@pytest.mark.parametrize("kind", TABLE_KINDS)
def test_the_work_for_200_models_is_bounded(kind: str) -> None:
    for along in ("", "lr", "lr\x1foptimizer"):
        data = ChartData((), table(200, along, ("accuracy", "val/loss", "gap")))
        calls = 0

        def count(_frame: FrameType, _event: str, _argument: object) -> None:
            nonlocal calls
            calls += 1

        sys.setprofile(count)
        try:
            draw(ChartSpec(150, 40, "t"), data, kind)
        finally:
            sys.setprofile(None)
        assert calls < CALLS, calls


@pytest.mark.parametrize("kind", KINDS)
def test_titles_and_ids(kind: str) -> None:
    assert KINDS[kind].id == kind
    assert KINDS[kind].title
    assert KINDS[kind].compares <= {OVER, AGAINST, SOURCE}
    assert KINDS[kind].why_not(ChartData())


@pytest.mark.parametrize(
    ("kind", "data", "words"),
    [
        ("scatter", given([1.0, 2.0]), "Requires a parameter"),
        ("scatter", given([1.0, 2.0], along="p"), "No model has a parameter 'p'"),
        (
            "scatter",
            given([None, None], along="p", p=[1.0, 2.0]),
            "No model has a value of this metric",
        ),
        ("histogram", given([1.0]), "Requires at least 2 models"),
        ("histogram", given([1.0, None]), "Requires at least 2 models with a value"),
        (
            "parallel",
            given([1.0, 2.0], p=["x", "x"]),
            "Requires a parameter that differs between the models",
        ),
        (
            "importance",
            given([1.0, 2.0], p=[1.0, 1.0]),
            "Requires a parameter that differs between the models",
        ),
        ("bar", given([]), "There are no models"),
        ("bar", given([1.0]), ""),
        (
            "heat",
            given([1.0, 2.0], along="a\x1fb\x1fc", a=[1.0, 2.0], b=[1.0, 2.0], c=[1.0, 2.0]),
            "A heat map shows at most two parameters",
        ),
    ],
)
def test_reasons_for_unavailable_charts(kind: str, data: ChartTable, words: str) -> None:
    assert KINDS[kind].why_not(ChartData((), data)) == words


def test_missing_and_infinite_values_have_notes() -> None:
    data = ChartData(
        (),
        given(
            [1.0, None, float("nan"), float("inf"), 2.0], along="p", p=[1.0, 2.0, 3.0, 4.0, None]
        ),
    )
    for kind in ("bar", "column", "scatter", "box", "heat"):
        notes = " / ".join(draw(ChartSpec(80, 20), data, kind).notes)
        assert "1 model has no m" in notes, kind
        assert "2 values of m are not finite" in notes, kind
        assert "1 model has no p" in notes, kind


def test_the_title_is_in_the_first_line() -> None:
    for kind in TABLE_KINDS:
        drawing = draw(ChartSpec(60, 16, "A\x1b[31mtitle漢"), ChartData((), table(8, "lr")), kind)
        assert "".join(span.text for span in drawing.lines[0]).startswith("A␛[31mtitle漢"), kind
        assert drawing.lines[0][0].style == "bold"


def test_heat_map_has_a_row_for_each_curve() -> None:
    drawing = draw(ChartSpec(60, 12), curves(4, 300), "heat")
    rows = drawing.text().split("\n")
    assert rows[0].startswith("curve 0")
    assert rows[0].rstrip().endswith("░")
    assert "█" in rows[6]
    assert "█" not in rows[0]
