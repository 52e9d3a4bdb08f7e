"""Curves as Braille dots: two columns and four rows of dots in each cell.

A curve is drawn by columns of dots. In each column it covers everything between its lowest and its
highest value, so that a peak of one point among a million keeps its height. A column is one whole
number whose bits are its dots, so that drawing costs time per column and not per dot.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from launchpad_tui.charts.model import DOTS_ACROSS, DOTS_DOWN, Layout, Plot

#: Braille bits (Unicode, U+2800) of the four dots of a cell's half, bottom dot first
_LEFT = (0x40, 0x04, 0x02, 0x01)
_RIGHT = (0x80, 0x20, 0x10, 0x08)


def _halves(bits: tuple[int, ...]) -> list[int]:
    """Return the Braille bits of each of the 16 combinations of the four dots of a half."""
    return [
        sum(bit for place, bit in enumerate(bits) if nibble >> place & 1) for nibble in range(16)
    ]


_LEFT_OF, _RIGHT_OF = _halves(_LEFT), _halves(_RIGHT)


class Dots:
    """The dots of one series in a plot."""

    def __init__(self, plot: Plot) -> None:
        self._plot = plot
        self.columns = [0] * (plot.width * DOTS_ACROSS)
        self._rows = plot.height * DOTS_DOWN
        self._full = (1 << self._rows) - 1

    def line(self, x: Sequence[float], y: Sequence[float]) -> None:
        """Draw a curve through the points, with gaps at values that cannot be shown."""
        previous: tuple[int, int] | None = None
        for point in self._points(x, y):
            if point is None:
                previous = None
                continue
            if previous is None:
                self._fill(point[0], point[1], point[1])
            else:
                self._segment(previous, point)
            previous = point

    def points(self, x: Sequence[float], y: Sequence[float]) -> None:
        """Draw only the points."""
        for point in self._points(x, y):
            if point is not None:
                self._fill(point[0], point[1], point[1])

    def _points(self, x: Sequence[float], y: Sequence[float]) -> Iterator[tuple[int, int] | None]:
        plot = self._plot
        across = Layout.of(plot.x_low, plot.x_high, len(self.columns) - 1)
        up = Layout.of(plot.scaled(plot.y_low), plot.scaled(plot.y_high), self._rows - 1)
        x_unit, x_start, x_rate, x_base = across.unit, across.start, across.rate, across.base
        y_unit, y_start, y_rate, y_base = up.unit, up.start, up.rate, up.base
        # Any dot outside of the range is as good as another; this keeps the numbers small.
        wide, high = 5.0 * across.last + 8.0, 5.0 * up.last + 8.0
        log, isfinite = plot.y_log, math.isfinite
        for at, value in zip(x, y, strict=True):
            if not isfinite(value) or (log and value <= 0):
                yield None
                continue
            scaled = math.log10(value) if log else value
            place = max(-high, min(high, (scaled * y_unit - y_start) * y_rate))
            column = max(-wide, min(wide, (at * x_unit - x_start) * x_rate))
            yield x_base + round(column), y_base + round(place)

    def _segment(self, start: tuple[int, int], stop: tuple[int, int]) -> None:
        (x0, y0), (x1, y1) = start, stop
        if x1 == x0:
            self._fill(x0, min(y0, y1), max(y0, y1))
            return
        slope = (y1 - y0) / (x1 - x0)
        first, last = max(0, min(x0, x1)), min(len(self.columns) - 1, max(x0, x1))
        for column in range(first, last + 1):
            # Each column covers half of the distance to its neighbours, so that all columns touch.
            left = max(min(x0, x1), column - 0.5)
            right = min(max(x0, x1), column + 0.5)
            a, b = y0 + (left - x0) * slope, y0 + (right - x0) * slope
            self._fill(column, _down(min(a, b)), _up(max(a, b)))

    def _fill(self, column: int, low: int, high: int) -> None:
        if not 0 <= column < len(self.columns) or high < 0 or low >= self._rows:
            return
        low, high = max(0, low), min(self._rows - 1, high)
        self.columns[column] |= ((1 << (high - low + 1)) - 1) << low & self._full

    def cells(self, column: int) -> Iterator[tuple[int, int]]:
        """Return row (from the top) and Braille bits of the non-empty cells in a column."""
        left, right = self.columns[column * DOTS_ACROSS], self.columns[column * DOTS_ACROSS + 1]
        both = left | right
        if not both:
            return
        height = self._plot.height
        lowest, highest = (
            ((both & -both).bit_length() - 1) // DOTS_DOWN,
            (both.bit_length() - 1) // DOTS_DOWN,
        )
        for place in range(lowest, highest + 1):
            shift = place * DOTS_DOWN
            bits = _LEFT_OF[left >> shift & 15] | _RIGHT_OF[right >> shift & 15]
            if bits:
                yield height - 1 - place, bits


def _down(value: float) -> int:
    return math.floor(value + 0.5)


def _up(value: float) -> int:
    return math.ceil(value - 0.5)
