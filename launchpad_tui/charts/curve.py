"""Reading a curve: what is in view, and where the cursor is, as a state without a screen."""

from __future__ import annotations

import bisect
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from launchpad_tui.charts.model import ChartSpec, Plot, Series

X_KINDS = ("step", "relative", "time")
SMOOTHINGS = (0.0, 0.6, 0.9, 0.97, 0.99)
#: a view is never narrower than this share of the whole
_CLOSEST = 1e-6


@dataclass(frozen=True, slots=True)
class CurveView:
    """What of a chart is shown and how. Ranges None follow the data; ``cursor_x`` None shows no cursor."""

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
        """How to draw it in so many cells."""
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
        """Closer by a factor above 1, or farther, around the cursor, else around the middle."""
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
        """The same on the y axis, around the middle."""
        low, high = plot.scaled(plot.y_low), plot.scaled(plot.y_high)
        middle, half = (low + high) / 2, (high - low) / 2 / factor
        found = (middle - half, middle + half)
        return replace(self, y_range=(10.0 ** found[0], 10.0 ** found[1]) if self.y_log else found)

    def panned(self, plot: Plot, share: float) -> CurveView:
        """Moved along x by a share of what is in view."""
        by = (plot.x_high - plot.x_low) * share
        return replace(self, x_range=(plot.x_low + by, plot.x_high + by))

    def panned_y(self, plot: Plot, share: float) -> CurveView:
        """Moved along y by a share of what is in view."""
        low, high = plot.scaled(plot.y_low), plot.scaled(plot.y_high)
        by = (high - low) * share
        found = (low + by, high + by)
        return replace(self, y_range=(10.0 ** found[0], 10.0 ** found[1]) if self.y_log else found)

    def reset(self) -> CurveView:
        """Everything in view, no cursor."""
        return replace(self, x_range=None, y_range=None, cursor_x=None)

    def with_cursor(self, plot: Plot, cells: int) -> CurveView:
        """The cursor so many cells to the right (or left), from the middle where there was none."""
        column = (
            plot.column(self.cursor_x) if self.cursor_x is not None else plot.left + plot.width // 2
        )
        column = max(
            plot.left,
            min(plot.left + plot.width - 1, column + (cells if self.cursor_x is not None else 0)),
        )
        return replace(self, cursor_x=plot.x_at(column))

    def next_x_kind(self) -> CurveView:
        """The next of step, relative and wall time; what was in view there is everything."""
        kind = X_KINDS[(X_KINDS.index(self.x_kind) + 1) % len(X_KINDS)]
        return replace(self, x_kind=kind, x_range=None, cursor_x=None)

    def next_smoothing(self) -> CurveView:
        """The next stronger smoothing, from the strongest back to none."""
        place = SMOOTHINGS.index(self.smoothing) if self.smoothing in SMOOTHINGS else 0
        return replace(self, smoothing=SMOOTHINGS[(place + 1) % len(SMOOTHINGS)])


def nearest(series: Series, x: float, reach: float) -> tuple[float, float] | None:
    """The point of a series that is nearest to an x, (x, y); None where none is within ``reach``."""
    if not len(series.x):
        return None
    place = bisect.bisect_left(series.x, x)
    near = [p for p in (place - 1, place) if 0 <= p < len(series.x)]
    best = min(near, key=lambda p: abs(float(series.x[p]) - x))
    at = float(series.x[best])
    return (at, float(series.y[best])) if abs(at - x) <= reach else None


def readout(series: Sequence[Series], plot: Plot, x: float) -> list[tuple[float, float] | None]:
    """For each series its point under the cursor: the nearest one within a cell's width."""
    reach = (plot.x_high - plot.x_low) / max(1, plot.width)
    return [nearest(one, x, reach if math.isfinite(reach) else 0.0) for one in series]
