"""The state of a curve chart: visible ranges and cursor, independent of any screen."""

from __future__ import annotations

import bisect
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from launchpad_tui.charts.model import ChartSpec, Plot, Series

X_KINDS = ("step", "relative", "time")
SMOOTHINGS = (0.0, 0.6, 0.9, 0.97, 0.99)
#: the smallest share of the data that a view can show
_CLOSEST = 1e-6


@dataclass(frozen=True, slots=True)
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
        span = (high - low) / factor
        if span <= (abs(high) + abs(low) + 1) * _CLOSEST * 1e-3:
            return self
        at = (
            self.cursor_x
            if self.cursor_x is not None and low <= self.cursor_x <= high
            else (low + high) / 2
        )
        share = (at - low) / (high - low) if high > low else 0.5
        return replace(self, x_range=(at - span * share, at + span * (1 - share)))

    def zoomed_y(self, plot: Plot, factor: float) -> CurveView:
        """Zoom the y axis by a factor around the middle."""
        low, high = plot.scaled(plot.y_low), plot.scaled(plot.y_high)
        middle, half = (low + high) / 2, (high - low) / 2 / factor
        found = (middle - half, middle + half)
        return replace(self, y_range=(10.0 ** found[0], 10.0 ** found[1]) if self.y_log else found)

    def panned(self, plot: Plot, share: float) -> CurveView:
        """Pan along x by a share of the visible range."""
        by = (plot.x_high - plot.x_low) * share
        return replace(self, x_range=(plot.x_low + by, plot.x_high + by))

    def panned_y(self, plot: Plot, share: float) -> CurveView:
        """Pan along y by a share of the visible range."""
        low, high = plot.scaled(plot.y_low), plot.scaled(plot.y_high)
        by = (high - low) * share
        found = (low + by, high + by)
        return replace(self, y_range=(10.0 ** found[0], 10.0 ** found[1]) if self.y_log else found)

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
    """Return the point of each series nearest to the cursor, None if it is over a cell away."""
    reach = (plot.x_high - plot.x_low) / max(1, plot.width)
    return [nearest(one, x, reach if math.isfinite(reach) else 0.0) for one in series]
