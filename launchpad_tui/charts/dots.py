"""Curves placed on the dots of a plot, for the engine that draws them.

A curve is reduced to at most four points for each column of dots: the first, the lowest, the
highest and the last one. A peak of one point among a million therefore keeps its height, and a
drawing costs time per column and not per point.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from launchpad_tui.charts.model import DOTS_ACROSS, DOTS_DOWN, Layout, Plot

#: column from the left and row from the bottom
Point = tuple[int, int]
#: Braille bits (Unicode, U+2800) of the dots of a cell, by column and row from the lower left
_BITS = ((0x40, 0x04, 0x02, 0x01), (0x80, 0x20, 0x10, 0x08))
#: the bits from a row of a cell to its top, and those from its bottom to a row
_FROM = tuple(tuple(sum(half[row:]) for row in range(DOTS_DOWN)) for half in _BITS)
_UP_TO = tuple(tuple(sum(half[: row + 1]) for row in range(DOTS_DOWN)) for half in _BITS)
#: lines with at least this many dots, and so many in a column, are returned as cells
_TALL, _STEEP = 4, 2
#: dots that are further away are all the same; whole numbers up to here are exact as floats
_FAR = 2.0**50


@dataclass(slots=True)
class Path:
    """A curve within a plot: lines, NaN between them, and Braille bits of further cells."""

    x: list[float] = field(default_factory=list)
    y: list[float] = field(default_factory=list)
    cells: dict[Point, int] = field(default_factory=dict)


def placed(plot: Plot, x: Sequence[float], y: Sequence[float]) -> Iterator[Point | None]:
    """Yield the dot of each point, also outside of the plot; None for values without a place."""
    across = Layout.of(plot.x_low, plot.x_high, plot.width * DOTS_ACROSS - 1)
    up = Layout.of(plot.scaled(plot.y_low), plot.scaled(plot.y_high), plot.height * DOTS_DOWN - 1)
    x_unit, x_start, x_rate, x_base = across.unit, across.start, across.rate, across.base
    y_unit, y_start, y_rate, y_base = up.unit, up.start, up.rate, up.base
    log, isfinite = plot.y_log, math.isfinite
    for at, value in zip(x, y, strict=True):
        if not isfinite(value) or (log and value <= 0):
            yield None
            continue
        scaled = math.log10(value) if log else value
        column = max(-_FAR, min(_FAR, (at * x_unit - x_start) * x_rate))
        row = max(-_FAR, min(_FAR, (scaled * y_unit - y_start) * y_rate))
        yield x_base + round(column), y_base + round(row)


def cell_of(dot: Point) -> Point:
    """Return the cell of a dot, also counted from the lower left."""
    return dot[0] // DOTS_ACROSS, dot[1] // DOTS_DOWN


def cells_of(plot: Plot, points: Iterable[Point | None]) -> dict[Point, int]:
    """Return the Braille bits of the cells of the dots that are within the plot."""
    wide, high = plot.width * DOTS_ACROSS, plot.height * DOTS_DOWN
    cells: dict[Point, int] = defaultdict(int)
    for point in points:
        if point is not None and 0 <= point[0] < wide and 0 <= point[1] < high:
            bit = _BITS[point[0] % DOTS_ACROSS][point[1] % DOTS_DOWN]
            cells[point[0] // DOTS_ACROSS, point[1] // DOTS_DOWN] |= bit
    return cells


def dot_path(plot: Plot, points: Iterable[Point | None]) -> Path:
    """Return the curve through dots, clipped to the plot.

    Steep lines, of which noise consists, are returned as cells: they have many dots in a column,
    and plotext needs about fifteen times as long for the dots of a cell as for a character.
    """
    pen = _Pen(plot.width * DOTS_ACROSS - 1, plot.height * DOTS_DOWN - 1)
    runs: dict[int, list[Point]] = {}
    for start, stop in _legs(_reduced(points)):
        across, up = abs(stop[0] - start[0]), abs(stop[1] - start[1])
        if up >= _TALL and up >= _STEEP * across:
            _add_runs(runs, start, stop, pen.right)
        else:
            pen.line(start, stop)
    cells: dict[Point, int] = defaultdict(int)
    for column, found in runs.items():
        for low, high in found:
            if low <= pen.top and high >= 0:
                _fill(cells, column, max(0, low), min(pen.top, high))
    return Path(pen.x, pen.y, cells)


def _add_runs(runs: dict[int, list[Point]], start: Point, stop: Point, right: int) -> None:
    """Add what a steep line covers in each column of dots from 0 to ``right``."""
    (x0, y0), (x1, y1) = sorted((start, stop))
    if x0 == x1:
        if 0 <= x0 <= right:
            _add_run(runs, x0, y0, y1)
        return
    slope = (y1 - y0) / (x1 - x0)
    for column in range(max(0, x0), min(right, x1) + 1):
        # Each column covers half of the distance to its neighbors, so that all columns touch.
        first = y0 + (max(x0, column - 0.5) - x0) * slope
        last = y0 + (min(x1, column + 0.5) - x0) * slope
        low, high = min(first, last), max(first, last)
        _add_run(runs, column, math.floor(low + 0.5), math.ceil(high - 0.5))


def _add_run(runs: dict[int, list[Point]], column: int, low: int, high: int) -> None:
    """Add dots of a column, joined with those added before if they touch."""
    found = runs.setdefault(column, [])
    if found and low <= found[-1][1] + 1 and high >= found[-1][0] - 1:
        found[-1] = (min(low, found[-1][0]), max(high, found[-1][1]))
    else:
        found.append((low, high))


def _fill(cells: dict[Point, int], column: int, low: int, high: int) -> None:
    """Add a vertical line to cells."""
    across, half = column // DOTS_ACROSS, column % DOTS_ACROSS
    first, last = low // DOTS_DOWN, high // DOTS_DOWN
    above, below = _FROM[half][low % DOTS_DOWN], _UP_TO[half][high % DOTS_DOWN]
    if first == last:
        cells[across, first] |= above & below
        return
    cells[across, first] |= above
    cells[across, last] |= below
    for row in range(first + 1, last):
        cells[across, row] |= _FROM[half][0]


def cell_path(plot: Plot, points: Iterable[Point | None]) -> Path:
    """Return the curve through dots, clipped to the plot, in cells instead of dots."""
    pen = _Pen(plot.width - 1, plot.height - 1)
    cells = (point and cell_of(point) for point in points)
    for start, stop in _legs(_reduced(cells)):
        pen.line(start, stop)
    return Path(pen.x, pen.y)


def _reduced(points: Iterable[Point | None]) -> Iterator[Point | None]:
    """Yield the first, the lowest, the highest and the last point of each column; keep gaps."""
    column: list[Point] = []
    for point in points:
        if column and (point is None or point[0] != column[0][0]):
            yield from _extremes(column)
            column = []
        if point is None:
            yield None
        else:
            column.append(point)
    if column:
        yield from _extremes(column)


def _extremes(column: Sequence[Point]) -> Sequence[Point]:
    if len(column) <= 2:
        return column
    first, low, high, last = column[0], min(column), max(column), column[-1]
    # The extreme at which the curve arrives comes first, so that no line is drawn twice.
    return (first, high, low, last) if first == high else (first, low, high, last)


def _legs(points: Iterable[Point | None]) -> Iterator[tuple[Point, Point]]:
    """Yield the lines between points; a point between gaps is a line to itself."""
    previous: Point | None = None
    alone = False
    for point in points:
        if previous is not None and alone and point is None:
            yield previous, previous
        if point is not None and previous is not None and point != previous:
            yield previous, point
            alone = False
        elif previous is None:
            alone = True
        previous = point
    if previous is not None and alone:
        yield previous, previous


class _Pen:
    """Lines within 0 to ``right`` and 0 to ``top``, with NaN between those that do not touch."""

    def __init__(self, right: int, top: int) -> None:
        self.right, self.top = right, top
        self.x: list[float] = []
        self.y: list[float] = []

    def line(self, start: Point, stop: Point) -> None:
        """Add the part of a line that is within the limits."""
        clipped = self._clipped(start, stop)
        if clipped is None:
            return
        first, last = clipped
        if not self.x or (self.x[-1], self.y[-1]) != first:
            if self.x:
                self.x.append(math.nan)
                self.y.append(math.nan)
            self.x.append(first[0])
            self.y.append(first[1])
        if last != first:
            self.x.append(last[0])
            self.y.append(last[1])

    def _clipped(self, start: Point, stop: Point) -> tuple[Point, Point] | None:
        """Return the part of a line within the limits, None if there is none (Liang, Barsky)."""
        (x0, y0), (x1, y1) = start, stop
        across, up = x1 - x0, y1 - y0
        begin, end = 0.0, 1.0
        for rate, room in (
            (-across, x0),
            (across, self.right - x0),
            (-up, y0),
            (up, self.top - y0),
        ):
            if rate == 0:
                if room < 0:
                    return None
            elif rate < 0:
                begin = max(begin, room / rate)
            else:
                end = min(end, room / rate)
        if begin > end:
            return None
        first = start if begin == 0 else (round(x0 + begin * across), round(y0 + begin * up))
        last = stop if end == 1 else (round(x0 + end * across), round(y0 + end * up))
        return first, last
