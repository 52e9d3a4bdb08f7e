"""The state of a curve chart: visible ranges and cursor, independent of any screen."""

from __future__ import annotations

import bisect
import math
from collections.abc import Sequence
from dataclasses import replace

from launchpad_tui.charts.axes import share
from launchpad_tui.charts.model import ChartData, ChartSpec, Plot, Series
from launchpad_tui.charts.scale import roomy, with_margin
from launchpad_tui.domain.numbers import number_text
from launchpad_tui.domain.timestamps import duration_text
from launchpad_tui.records import record

X_KINDS = ("step", "relative", "time")
SMOOTHINGS = (0.0, 0.6, 0.9, 0.97, 0.99)
#: the smallest share of the data that a view can show
_CLOSEST = 1e-6
#: the limits of positive floats
_SMALLEST, _LARGEST = 5e-324, 1.7976931348623157e308


@record
class CurveView:
    """The visible part of a chart. Ranges of None follow the data.

    ``cursor_x`` None is no cursor.
    """

    x_kind: str = "step"
    x_range: tuple[float, float] | None = None
    y_range: tuple[float, float] | None = None
    y_log: bool = False
    robust: bool = False
    smoothing: float = 0.0
    cursor_x: float | None = None

    def spec(
        self, width: int, height: int, title: str = "", *, ascii_only: bool = False
    ) -> ChartSpec:
        """Return how to draw it in this size."""
        return ChartSpec(
            width,
            height,
            title,
            self.x_kind,
            self.x_range,
            self.y_range,
            self.y_log,
            self.robust,
            self.smoothing,
            cursor_x=self.cursor_x,
            ascii=ascii_only,
        )

    def zoomed(self, plot: Plot, factor: float) -> CurveView:
        """Zoom in by a factor above 1, or out, around the cursor or else the middle."""
        low, high = plot.x_low, plot.x_high
        # Quarters, since the width of a range or the sum of its ends may exceed the largest float.
        span = (high / 4 - low / 4) / factor
        if span <= (abs(high) / 4 + abs(low) / 4 + 1) * _CLOSEST * 1e-3:
            return self
        at = (
            self.cursor_x
            if self.cursor_x is not None and low <= self.cursor_x <= high
            else low / 2 + high / 2
        )
        part = share(at, low, high) if high > low else 0.5
        return replace(
            self, x_range=_limited(at / 4 - span * part, at / 4 + span * (1 - part), scale=4)
        )

    def zoomed_y(self, plot: Plot, factor: float) -> CurveView:
        """Zoom the y axis by a factor around the middle."""
        low, high = plot.scaled(plot.y_low), plot.scaled(plot.y_high)
        middle, half = low / 8 + high / 8, (high / 8 - low / 8) / factor
        return self._with_y_range(middle - half, middle + half)

    def panned(self, plot: Plot, part: float) -> CurveView:
        """Pan along x by a part of the visible range."""
        low, high = plot.x_low / 4, plot.x_high / 4
        by = (high - low) * part
        return replace(self, x_range=_limited(low + by, high + by, scale=4))

    def panned_y(self, plot: Plot, part: float) -> CurveView:
        """Pan along y by a part of the visible range."""
        low, high = plot.scaled(plot.y_low) / 4, plot.scaled(plot.y_high) / 4
        by = (high - low) * part
        return self._with_y_range(low + by, high + by)

    def _with_y_range(self, low: float, high: float) -> CurveView:
        """Show a y range, given as quarters of its ends or of their logarithms."""
        if not self.y_log:
            return replace(self, y_range=_limited(low, high, scale=4))
        low, high = _power(low * 4), _power(high * 4)
        return replace(self, y_range=(low, high)) if low < high else self

    def reset(self) -> CurveView:
        """Show everything, without a cursor."""
        return replace(self, x_range=None, y_range=None, cursor_x=None)

    def with_cursor(self, plot: Plot, cells: int) -> CurveView:
        """Move the cursor by a number of cells, starting at the middle."""
        column = (
            plot.column(self.cursor_x) if self.cursor_x is not None else plot.left + plot.width // 2
        )
        column = max(
            plot.left,
            min(plot.left + plot.width - 1, column + (cells if self.cursor_x is not None else 0)),
        )
        return replace(self, cursor_x=plot.x_at(column))

    def next_x_kind(self) -> CurveView:
        """Switch to the next of step, relative and wall time, and show everything."""
        kind = X_KINDS[(X_KINDS.index(self.x_kind) + 1) % len(X_KINDS)]
        return replace(self, x_kind=kind, x_range=None, cursor_x=None)

    def next_smoothing(self) -> CurveView:
        """Switch to the next stronger smoothing, or from the strongest to none."""
        place = SMOOTHINGS.index(self.smoothing) if self.smoothing in SMOOTHINGS else 0
        return replace(self, smoothing=SMOOTHINGS[(place + 1) % len(SMOOTHINGS)])


def _power(exponent: float) -> float:
    """Return a power of ten, limited to positive floats."""
    if exponent >= math.log10(_LARGEST):
        return _LARGEST
    return max(_SMALLEST, float(10.0**exponent))


def _limited(low: float, high: float, *, scale: float) -> tuple[float, float]:
    """Return ends of a range multiplied by a scale, limited to finite floats."""
    most = _LARGEST / scale
    return max(-most, min(most, low)) * scale, max(-most, min(most, high)) * scale


def nearest(series: Series, x: float, reach: float) -> tuple[float, float] | None:
    """Return the point (x, y) of a series nearest to an x, None if none is within ``reach``."""
    if not len(series.x):
        return None
    place = bisect.bisect_left(series.x, x)
    near = [p for p in (place - 1, place) if 0 <= p < len(series.x)]
    best = min(near, key=lambda p: abs(float(series.x[p]) - x))
    at = float(series.x[best])
    return (at, float(series.y[best])) if abs(at - x) <= reach else None


def readout(series: Sequence[Series], plot: Plot, x: float) -> list[tuple[float, float] | None]:
    """Return the point of each series nearest to the cursor, None if it is too far away.

    Inside of a curve a point is read at any distance, because the points of a short curve and the
    drawn ones of a long curve are several cells apart. Outside of it, it may be a cell away.
    """
    cell = (plot.x_high - plot.x_low) / max(1, plot.width)
    cell = cell if math.isfinite(cell) else 0.0
    return [nearest(one, x, math.inf if _is_inside(one, x) else cell) for one in series]


def _is_inside(series: Series, x: float) -> bool:
    """Return whether an x is between the first and the last point of a series."""
    return bool(len(series.x)) and float(series.x[0]) <= x <= float(series.x[-1])


def best_text(one: Series, glyph: str) -> str:
    """Return the best value of a curve and its step after a glyph, empty if it is unknown."""
    if one.best is None:
        return ""
    at = f" at step {one.best_step:,}" if one.best_step is not None else ""
    return f"{glyph} {number_text(one.best)}{at}"


def cursor_text(at: float, x_kind: str) -> str:
    """Return where the cursor is: a step, a duration since the start, or a local time."""
    if x_kind == "relative":
        return f"at {duration_text(max(0.0, at))}"
    if x_kind == "time":
        from datetime import datetime

        return f"at {datetime.fromtimestamp(at).astimezone():%Y-%m-%d %H:%M:%S}"
    return f"step {at:,.0f}"


def range_with_room(data: ChartData, width: int) -> tuple[float, float] | None:
    """Return an x range with room for new points, so that the chart is not rescaled by each.

    The first points are a cell away from the y axis.
    """
    ends = [float(at) for one in data.series if len(one.x) for at in (one.x[0], one.x[-1])]
    if not ends:
        return None
    low, high = roomy(min(ends), max(ends))
    return with_margin(low, high, 1 / max(8, width))[0], high
