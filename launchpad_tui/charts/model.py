"""What charts are made of and what they give."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

#: dots of a Braille cell
DOTS_ACROSS, DOTS_DOWN = 2, 4


@dataclass(frozen=True, slots=True)
class Series:
    """A curve. ``x`` and ``y`` are of equal length, ordered by x; a ``y`` that is not finite is a gap.

    ``slot`` gives colour and marker; ``total`` and ``not_finite`` count the points that these stand for (0: these are
    all).
    """

    id: str
    label: str
    x: Sequence[float]
    y: Sequence[float]
    slot: int = 0
    total: int = 0
    not_finite: int = 0


#: a value of a table: a number, a text (a category), None where there is none
Value = float | str | None


@dataclass(frozen=True, slots=True)
class ChartTable:
    """One value a model, for charts that compare models: all tuples are as long as ``ids``.

    ``labels`` and ``slots`` go with ``ids``. ``parameters`` holds columns of configurations' parameters in their order:
    floats where all known values of the column are numbers, else texts. ``metrics`` holds columns of metrics, one
    aggregated value each; NaN and infinity are data. ``directions`` says of metrics ``lower`` or ``higher`` is better,
    where that is known. ``along`` names the parameter that the chart is drawn against, empty for the models themselves.
    """

    ids: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    slots: tuple[int, ...] = ()
    parameters: Mapping[str, tuple[Value, ...]] = field(default_factory=dict)
    metrics: Mapping[str, tuple[float | None, ...]] = field(default_factory=dict)
    directions: Mapping[str, str] = field(default_factory=dict)
    along: str = ""


@dataclass(frozen=True, slots=True)
class ChartData:
    """What a chart is drawn from: curves for those over steps or time, a table for the others."""

    series: tuple[Series, ...] = ()
    table: ChartTable = field(default_factory=ChartTable)


@dataclass(frozen=True, slots=True)
class ChartSpec:
    """How to draw. Sizes in cells; ranges None are taken from the data.

    ``robust`` leaves outliers out of the automatic y range; ``smoothing`` is TensorBoard's, 0 to below 1, and ``raw``
    shows the curve itself, faint, behind its smoothed one; ``cursor_x`` draws a vertical line there; ``markers`` puts
    each series' marker along its curve, so that curves are told apart without colour; ``x_kind`` is step, time (seconds
    since 1970) or relative (seconds).
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
    legend: bool = False

    def __post_init__(self) -> None:
        # Nothing can be laid out between ends that are not finite: such a range is taken from the data.
        for name in ("x_range", "y_range"):
            ends = getattr(self, name)
            if ends is not None and not all(map(math.isfinite, ends)):
                object.__setattr__(self, name, None)


@dataclass(frozen=True, slots=True)
class Span:
    """Text of one look. ``slot`` is the series that it belongs to, None for everything else; ``style`` is normal,
    faint, bold, axis or cursor."""

    text: str
    slot: int | None = None
    style: str = "normal"


@dataclass(frozen=True, slots=True)
class Layout:
    """From a range of numbers to dots 0 to ``last``, the same wherever dots are placed: ``(value * unit - start) *
    rate`` rounded, from ``base``. ``unit`` brings ranges at the ends of the floats to where their width is a float."""

    unit: float
    start: float
    rate: float
    base: int
    last: int

    @staticmethod
    @lru_cache(maxsize=64)
    def of(low: float, high: float, last: int) -> Layout:
        """The layout of a range; one without width has everything in the middle."""
        span = high - low
        unit = 0.25 if not math.isfinite(span) else 1.0 if span > 1e-280 else 2.0**900
        width = high * unit - low * unit
        if not (width > 0 and math.isfinite(width)):
            return Layout(1.0, 0.0, 0.0, last // 2, last)
        return Layout(unit, low * unit, last / width, 0, last)

    def place(self, value: float) -> int:
        """The dot of a value; far outside the range any that is outside as well."""
        far = 5.0 * self.last + 8.0
        return self.base + round(max(-far, min(far, (value * self.unit - self.start) * self.rate)))


@dataclass(frozen=True, slots=True)
class Plot:
    """Where the data lies in a drawing: cells from ``left`` and ``top``, and the ranges that they show."""

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
        """The dot column (two to a cell) of an x within the range, from 0."""
        return Layout.of(self.x_low, self.x_high, self.width * DOTS_ACROSS - 1).place(x)

    def dot_row(self, y: float) -> int:
        """The dot row (four to a cell) of a y, from 0 at the bottom; beyond the range where y is."""
        low, high = self.scaled(self.y_low), self.scaled(self.y_high)
        return Layout.of(low, high, self.height * DOTS_DOWN - 1).place(self.scaled(y))

    def scaled(self, y: float) -> float:
        """y as it is laid out: its logarithm on a log scale."""
        return math.log10(y) if self.y_log else y

    def column(self, x: float) -> int:
        """The cell column of an x, counted from the drawing's left edge."""
        return self.left + self.dot_column(x) // DOTS_ACROSS

    def row(self, y: float) -> int:
        """The cell row of a y, counted from the drawing's top."""
        return self.top + self.height - 1 - self.dot_row(y) // DOTS_DOWN

    def x_at(self, column: int) -> float:
        """The x in the middle of a cell column, counted from the drawing's left edge."""
        share = ((column - self.left) * DOTS_ACROSS + 0.5) / max(1, self.width * DOTS_ACROSS - 1)
        share = min(1.0, max(0.0, share))
        span = self.x_high - self.x_low
        return (
            self.x_low + share * span
            if math.isfinite(span)
            else self.x_low * (1 - share) + self.x_high * share
        )


@dataclass(frozen=True, slots=True)
class Drawing:
    """A drawn chart: lines of spans, each line exactly as wide as asked; what could not be drawn, in words; and the
    plot's place (None where there is none)."""

    lines: tuple[tuple[Span, ...], ...]
    notes: tuple[str, ...] = ()
    plot: Plot | None = None

    def text(self) -> str:
        """Plain text, trailing blanks cut."""
        return "\n".join("".join(span.text for span in line).rstrip() for line in self.lines)
