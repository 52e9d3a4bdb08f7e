"""The state of a curve chart: zoom, pan, cursor and the values under the cursor."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from launchpad_tui.charts.curve import SMOOTHINGS, X_KINDS, CurveView, nearest, readout
from launchpad_tui.charts.line import draw_line
from launchpad_tui.charts.model import Plot, Series

PLOT = Plot(6, 1, 50, 20, 0.0, 1000.0, 10.0, 20.0)
SERIES = Series("id", "a", [0.0, 10.0, 20.0, 40.0], [1.0, 2.0, 3.0, 4.0])


def test_zoom_keeps_the_middle_or_the_cursor() -> None:
    assert CurveView().zoomed(PLOT, 2).x_range == (250.0, 750.0)
    assert CurveView(cursor_x=100.0).zoomed(PLOT, 2).x_range == (50.0, 550.0)
    assert CurveView(cursor_x=5000.0).zoomed(PLOT, 2).x_range == (250.0, 750.0)
    assert CurveView().zoomed(PLOT, 0.5).x_range == (-500.0, 1500.0)


@given(st.floats(0, 1000), st.floats(1.1, 10))
def test_zooming_in_and_out_restores_the_view(cursor: float, factor: float) -> None:
    near = CurveView(cursor_x=cursor).zoomed(PLOT, factor)
    assert near.x_range is not None
    low, high = near.x_range
    assert low - 1e-6 <= cursor <= high + 1e-6
    back = near.zoomed(Plot(6, 1, 50, 20, low, high, 10.0, 20.0), 1 / factor)
    assert back.x_range == pytest.approx((0.0, 1000.0), abs=1e-4)


def test_zoom_stops_at_the_precision_of_floats() -> None:
    view, plot = CurveView(), PLOT
    for _ in range(200):
        view = view.zoomed(plot, 2)
        assert view.x_range is not None
        assert view.x_range[0] < view.x_range[1]
        plot = Plot(6, 1, 50, 20, *view.x_range, 10.0, 20.0)


def test_y_zoom_and_pan() -> None:
    assert CurveView().zoomed_y(PLOT, 2).y_range == (12.5, 17.5)
    assert CurveView().panned_y(PLOT, 0.5).y_range == (15.0, 25.0)
    assert CurveView().panned(PLOT, -0.25).x_range == (-250.0, 750.0)
    log = Plot(6, 1, 50, 20, 0.0, 1.0, 1.0, 10000.0, y_log=True)
    assert CurveView(y_log=True).zoomed_y(log, 2).y_range == pytest.approx((10.0, 1000.0))
    assert CurveView(y_log=True).panned_y(log, 0.25).y_range == pytest.approx((10.0, 100000.0))


def test_reset_shows_everything() -> None:
    view = CurveView(
        x_range=(1.0, 2.0), y_range=(1.0, 2.0), cursor_x=1.5, smoothing=0.9, y_log=True
    ).reset()
    assert (view.x_range, view.y_range, view.cursor_x) == (None, None, None)
    assert (view.smoothing, view.y_log) == (0.9, True)


def test_cursor_moves_by_cells_within_the_plot() -> None:
    view = CurveView().with_cursor(PLOT, 0)
    assert view.cursor_x is not None
    middle = PLOT.column(view.cursor_x)
    assert middle == PLOT.left + 25
    for by in (1, 3, -2):
        assert PLOT.column(view.with_cursor(PLOT, by).cursor_x or 0.0) == middle + by
    assert PLOT.column(view.with_cursor(PLOT, 999).cursor_x or 0.0) == PLOT.left + PLOT.width - 1
    assert PLOT.column(view.with_cursor(PLOT, -999).cursor_x or 0.0) == PLOT.left


@given(st.integers(1, 200), st.floats(-1e6, 1e6), st.floats(1e-3, 1e6))
def test_every_column_can_be_reached(width: int, low: float, span: float) -> None:
    plot = Plot(6, 1, width, 20, low, low + span, 0.0, 1.0)
    found = [plot.column(plot.x_at(6 + cell)) for cell in range(width)]
    assert found == [6 + cell for cell in range(width)]


def test_x_kinds_and_smoothings_are_cycled() -> None:
    view = CurveView(x_range=(0.0, 1.0), cursor_x=0.5)
    seen = []
    for _ in X_KINDS:
        view = view.next_x_kind()
        seen.append(view.x_kind)
        assert view.x_range is None
        assert view.cursor_x is None
    assert seen == ["relative", "time", "step"]
    weights = []
    for _ in SMOOTHINGS:
        view = view.next_smoothing()
        weights.append(view.smoothing)
    assert weights == [*SMOOTHINGS[1:], 0.0]
    assert CurveView(smoothing=0.123).next_smoothing().smoothing == SMOOTHINGS[1]


def test_nearest_point_within_reach() -> None:
    assert nearest(SERIES, 14.0, 5.0) == (10.0, 2.0)
    assert nearest(SERIES, 16.0, 5.0) == (20.0, 3.0)
    assert nearest(SERIES, 30.0, 5.0) is None
    assert nearest(SERIES, 999.0, 1e9) == (40.0, 4.0)
    assert nearest(SERIES, -5.0, 5.0) == (0.0, 1.0)
    assert nearest(Series("id", "a", [], []), 0.0, 1.0) is None


def test_readout_has_the_nearest_point_of_each_series_around_the_cursor() -> None:
    plot = Plot(6, 1, 40, 20, 0.0, 40.0, 0.0, 5.0)
    other = Series("b", "b", [30.0], [9.0])
    assert readout([SERIES, other], plot, 20.4) == [(20.0, 3.0), None]
    # Inside of a curve, the points may be several cells away: few were logged, or few are drawn.
    assert readout([SERIES, other], plot, 30.0) == [(20.0, 3.0), (30.0, 9.0)]
    # Outside of a curve, a point is read from the next cell only.
    assert readout([SERIES, other], plot, 40.9) == [(40.0, 4.0), None]
    assert readout([SERIES, other], plot, 41.1) == [None, None]


def test_a_view_is_converted_to_a_spec() -> None:
    view = CurveView("time", (1.0, 2.0), (3.0, 4.0), True, True, 0.6, 1.5)
    spec = view.spec(80, 20, "t", ascii_only=True)
    assert (spec.width, spec.height, spec.title, spec.x_kind, spec.x_range, spec.y_range) == (
        80,
        20,
        "t",
        "time",
        (1.0, 2.0),
        (3.0, 4.0),
    )
    assert (spec.y_log, spec.robust, spec.smoothing, spec.cursor_x, spec.ascii) == (
        True,
        True,
        0.6,
        1.5,
        True,
    )


_LARGEST = 1.7976931348623157e308
_ENDS = (
    -_LARGEST,
    -1e300,
    -1.0,
    -0.0,
    5e-324,
    1e-300,
    1.0,
    1e300,
    _LARGEST,
)


@pytest.mark.parametrize("y_log", [False, True])
@given(st.sampled_from(_ENDS), st.sampled_from(_ENDS), st.lists(st.integers(0, 3), max_size=8))
def test_extreme_ranges_can_be_zoomed_and_panned(
    y_log: bool, first: float, second: float, moves: list[int]
) -> None:
    low, high = sorted((first, second))
    if low == high:
        return
    y_low, y_high = (low, high) if not y_log or low > 0 else (5e-324, _LARGEST)
    plot, view = Plot(6, 1, 50, 20, low, high, y_low, y_high, y_log), CurveView(y_log=y_log)
    for move in moves:
        view = (
            view.zoomed(plot, 2).zoomed_y(plot, 2),
            view.zoomed(plot, 0.5).zoomed_y(plot, 0.5),
            view.panned(plot, 0.5).panned_y(plot, 0.5),
            view.panned(plot, -0.5).panned_y(plot, -0.5),
        )[move]
        for ends in (view.x_range, view.y_range):
            assert ends is None or (all(map(math.isfinite, ends)) and ends[0] <= ends[1])
        x_ends, y_ends = view.x_range or (low, high), view.y_range or (y_low, y_high)
        spec = view.spec(60, 20)
        drawing = draw_line(spec, [Series("id", "a", [low, high], [y_low, y_high])])
        assert drawing.plot is not None
        if x_ends[0] < x_ends[1] and y_ends[0] < y_ends[1]:
            plot = Plot(6, 1, 50, 20, *x_ends, *y_ends, y_log)
