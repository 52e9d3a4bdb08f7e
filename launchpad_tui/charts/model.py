"""The input and the output of charts."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import lru_cache

from launchpad_tui.records import field, record

#: the numbers of dots of a Braille cell
DOTS_ACROSS, DOTS_DOWN = 2, 4


@record
class Series:
    """A curve.

    ``x`` and ``y`` are of equal length, ordered by x; a ``y`` that is not finite is a gap. ``slot``
    determines color and marker. ``total`` and ``not_finite`` count the points that these were
    sampled from (0: these are all). ``best`` is the best value of all points and ``best_step`` its
    step, None if it is unknown whether lower or higher values are better.
    """

    id: str
    label: str
    x: Sequence[float]
    y: Sequence[float]
    slot: int = 0
    total: int = 0
    not_finite: int = 0
    best: float | None = None
    best_step: int | None = None


#: a value of a table: a number, a text (a category), or None if it is missing
Value = float | str | None


@record
class ChartTable:
    """One value per model, for charts that compare models: all tuples are as long as ``ids``.

    Attributes:
        labels, slots: of the models.
        parameters: columns of the configurations' parameters in order; floats if all known values
            of the column are numbers, else texts.
        metrics: columns of metrics, one aggregated value each; NaN and infinity are data.
        directions: whether ``lower`` or ``higher`` values of a metric are better, if known.
        along: the parameters that the chart is drawn against, empty for the models themselves.
    """

    ids: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    slots: tuple[int, ...] = ()
    parameters: Mapping[str, tuple[Value, ...]] = field(default_factory=dict)
    metrics: Mapping[str, tuple[float | None, ...]] = field(default_factory=dict)
    directions: Mapping[str, str] = field(default_factory=dict)
    along: str = ""


@record
class ChartData:
    """The data of a chart: curves for charts over steps or time, a table for the others."""

    series: tuple[Series, ...] = ()
    table: ChartTable = field(default_factory=ChartTable)


@record
class ChartSpec:
    """How to draw a chart.

    Attributes:
        width, height: in cells.
        x_kind: step, version, time (seconds since 1970) or relative (seconds).
        x_range, y_range: what to show; None, or ends that are not finite, for the range of the
            data.
        robust: excludes outliers from the automatic y range.
        smoothing: the weight of TensorBoard's smoothing, 0 to below 1.
        raw: shows the unsmoothed curve, faint, behind the smoothed one.
        cursor_x: where to draw a vertical line.
        markers: draws markers along curves, so that these are distinguishable without color.
        colorless: tells curves apart without color: with more markers, and without raw curves,
            which only their faint color would distinguish.
        room: leaves a row free above and below the values, for curves that grow: the newest point
            of a falling curve would otherwise lie on the x axis.
        label_width: the least width in cells of the labels of the y axis, with which charts below
            each other begin at the same column.
    """

    width: int
    height: int
    title: str = ""
    x_kind: str = "step"
    x_range: tuple[float, float] | None = None
    y_range: tuple[float, float] | None = None
    y_log: bool = False
    robust: bool = False
    smoothing: float = 0.0
    raw: bool = True
    cursor_x: float | None = None
    ascii: bool = False
    markers: bool = True
    colorless: bool = False
    room: bool = False
    legend: bool = False
    label_width: int = 0

    def __post_init__(self) -> None:
        # Nothing can be laid out between ends that are not finite.
        for name in ("x_range", "y_range"):
            ends = getattr(self, name)
            if ends is not None and not all(map(math.isfinite, ends)):
                object.__setattr__(self, name, None)


@record
class Span:
    """Text of one style.

    ``slot`` is the series that it belongs to, None for everything else; ``style`` is normal, faint,
    bold, axis or cursor.
    """

    text: str
    slot: int | None = None
    style: str = "normal"


@record
class Layout:
    """The mapping from a range of numbers to the dots 0 to ``last``.

    It is ``(value * unit - start) * rate``, rounded, from ``base``. ``unit`` scales ranges near the
    limits of floats so that their width is a float.
    """

    unit: float
    start: float
    rate: float
    base: int
    last: int

    @staticmethod
    @lru_cache(maxsize=64)
    def of(low: float, high: float, last: int) -> Layout:
        """Return the layout of a range; one without width maps everything to the middle."""
        span = high - low
        unit = 0.25 if not math.isfinite(span) else 1.0 if span > 1e-280 else 2.0**900
        width = high * unit - low * unit
        if not (width > 0 and math.isfinite(width)):
            return Layout(1.0, 0.0, 0.0, last // 2, last)
        return Layout(unit, low * unit, last / width, 0, last)

    def place(self, value: float) -> int:
        """Return the dot of a value; far outside of the range, any dot outside."""
        far = 5.0 * self.last + 8.0
        return self.base + round(max(-far, min(far, (value * self.unit - self.start) * self.rate)))


@record
class Plot:
    """The position of the plot in a drawing, in cells, and the ranges that it shows."""

    left: int
    top: int
    width: int
    height: int
    x_low: float
    x_high: float
    y_low: float
    y_high: float
    y_log: bool = False

    def dot_column(self, x: float) -> int:
        """Return the dot column (two per cell) of an x within the range, from 0."""
        return Layout.of(self.x_low, self.x_high, self.width * DOTS_ACROSS - 1).place(x)

    def dot_row(self, y: float) -> int:
        """Return the dot row (four per cell) of a y, from 0 at the bottom; outside if y is."""
        low, high = self.scaled(self.y_low), self.scaled(self.y_high)
        return Layout.of(low, high, self.height * DOTS_DOWN - 1).place(self.scaled(y))

    def scaled(self, y: float) -> float:
        """Return y, or its logarithm on a logarithmic scale."""
        return math.log10(y) if self.y_log else y

    def column(self, x: float) -> int:
        """Return the cell column of an x, counted from the drawing's left edge."""
        return self.left + self.dot_column(x) // DOTS_ACROSS

    def row(self, y: float) -> int:
        """Return the cell row of a y, counted from the drawing's top."""
        return self.top + self.height - 1 - self.dot_row(y) // DOTS_DOWN

    def x_at(self, column: int) -> float:
        """Return the x in the middle of a cell column, counted from the drawing's left edge."""
        share = ((column - self.left) * DOTS_ACROSS + 0.5) / max(1, self.width * DOTS_ACROSS - 1)
        share = min(1.0, max(0.0, share))
        span = self.x_high - self.x_low
        return (
            self.x_low + share * span
            if math.isfinite(span)
            else self.x_low * (1 - share) + self.x_high * share
        )


@record
class Drawing:
    """A drawn chart.

    Attributes:
        lines: lines of spans, each exactly as wide as requested.
        notes: what is not shown, as sentences.
        plot: the position of the plot, None if there is none.
    """

    lines: tuple[tuple[Span, ...], ...]
    notes: tuple[str, ...] = ()
    plot: Plot | None = None

    @property
    def label_width(self) -> int:
        """The width in cells of the labels of the y axis, 0 if it has no plot."""
        return self.plot.left - 2 if self.plot is not None else 0

    def text(self) -> str:
        """Return the plain text without trailing blanks."""
        return "\n".join("".join(span.text for span in line).rstrip() for line in self.lines)
