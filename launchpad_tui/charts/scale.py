"""Ranges of axes, ticks and their labels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime

from launchpad_tui.charts.model import Series
from launchpad_tui.domain.numbers import axis_texts
from launchpad_tui.domain.timestamps import duration_text

#: the share of values at each end that a robust range may exclude
_TAIL = 0.02
#: a robust range is used if the whole range is this many times wider
_OUTLYING = 3.0
#: the limits of floats, and the limit below which arithmetic loses digits
_LEAST, _MOST, _TINY = 5e-324, 1.7976931348623157e308, 1e-290
#: the least number of rows for which three ticks are wanted
_ROWS_OF_THREE = 5
#: the same for ticks of which some are in adjacent rows
_ROWS_OF_MORE = 8
#: seconds since 1970 that have a date in every time zone: the years 2 to 9998
_EARLIEST, _LATEST = -62_104_060_800.0, 253_370_764_800.0


def widened(low: float, high: float, *, log: bool = False) -> tuple[float, float]:
    """Return a range with an extent: a constant gets room on both sides."""
    if high > low:
        return low, high
    if log:
        return max(low / 2, _LEAST), min(max(low, _LEAST) * 2, _MOST)
    room = (abs(low) if abs(low) > _TINY else 10.0) * 0.1
    return max(-_MOST, low - room), min(_MOST, low + room)


def roomy(low: float, high: float) -> tuple[float, float]:
    """Return a range with room for more values.

    Its end moves seldom, by about a quarter each time, while points are added one by one.
    """
    span = high - low
    if not span > 0 or not math.isfinite(span):
        return widened(low, high)
    power = 10.0 ** math.floor(math.log10(span))
    wide = next(
        factor
        for factor in (1.25, 1.6, 2, 2.5, 3.2, 4, 5, 6.4, 8, 10, 12.5)
        if factor * power > span * 1.02
    )
    return low, low + wide * power


def with_margin(low: float, high: float, part: float, *, log: bool = False) -> tuple[float, float]:
    """Return a range that is wider by a part of its width at both ends, on its scale."""
    if not log:
        by = high * part - low * part
        return max(-_MOST, low - by), min(_MOST, high + by)
    bottom, top = math.log10(low), math.log10(high)
    by = (top - bottom) * part
    # Powers near the limits of floats are not exact.
    return (
        min(low, max(_LEAST, 10 ** max(-323.0, bottom - by))),
        max(high, 10 ** min(308.0, top + by)),
    )


def x_range(given: tuple[float, float] | None, series: Sequence[Series]) -> tuple[float, float]:
    """Return the range of x to show: the one asked for, else that of all points with a finite x."""
    if given is not None:
        return given
    ends: list[float] = []
    for one in series:
        # Points are ordered by x, so the first and the last are enough if they are finite.
        edges = [float(one.x[0]), float(one.x[-1])] if len(one.x) else []
        known = all(map(math.isfinite, edges))
        ends += edges if known else [float(x) for x in one.x if math.isfinite(x)]
    return widened(min(ends, default=0.0), max(ends, default=1.0))


def y_range(values: Sequence[float], *, log: bool, robust: bool) -> tuple[float, float]:
    """Return the range of the values, or of the middle 96 % if ``robust`` and outliers widen it."""
    usable = [value for value in values if math.isfinite(value) and (value > 0 or not log)]
    if not usable:
        return (0.1, 10.0) if log else (0.0, 1.0)
    low, high = min(usable), max(usable)
    if robust and len(usable) >= 20:
        ordered = sorted(usable)
        cut = max(1, int(len(ordered) * _TAIL))
        inner_low, inner_high = ordered[cut], ordered[-1 - cut]
        inner = inner_high - inner_low
        if inner > 0 and high - low > _OUTLYING * inner:
            low = inner_low if inner_low - low > inner else low
            high = inner_high if high - inner_high > inner else high
    return widened(low, high, log=log)


def _count(low: float, high: float, step: float) -> int:
    """Return the number of multiples of a step within a range."""
    return math.floor(high / step + 1e-9) - math.ceil(low / step - 1e-9) + 1


def ticks(low: float, high: float, most: int) -> list[float]:
    """Return at most ``most`` round numbers within the range, at even distances."""
    span = high - low
    if most < 1 or not _TINY < span < _MOST / 10:
        return [low] if math.isfinite(low) else []
    raw = span / max(1, most)
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(
        (factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= raw * 0.999),
        10 * power,
    )
    # Where the range ends far from round numbers, a finer step has no more ticks than allowed.
    finer = (factor * power for factor in (0.5, 1, 2, 2.5, 5) if raw / 2 <= factor * power < step)
    step = next((each for each in finer if _count(low, high, each) <= most), step)
    first = math.ceil(low / step - 1e-9)
    found = [
        round(number * step, 12) if 1e-9 < step < 1e9 else number * step
        for number in range(first, first + most + 2)
    ]
    return [tick for tick in found if low - step * 1e-9 <= tick <= high + step * 1e-9][: most + 1]


def log_ticks(low: float, high: float, most: int) -> list[float]:
    """Return at most ``most`` powers of ten within the range.

    2 and 5 between them if there is room.
    """
    low, high = max(low, _LEAST), max(high, _LEAST)
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    decades = [10.0**power for power in range(max(-323, first), min(308, last) + 1)]
    inside = [tick for tick in decades if low * 0.999999 <= tick <= high * 1.000001]
    if len(inside) > most:
        every = math.ceil(len(inside) / max(1, most))
        return inside[::every]
    finer = sorted({factor * decade for decade in decades for factor in (1.0, 2.0, 5.0)})
    between = [tick for tick in finer if low * 0.999999 <= tick <= high * 1.000001]
    if len(between) <= most:
        return between if len(between) > 1 else ticks(low, high, most)
    return inside if len(inside) > 1 else ticks(low, high, most)


def row_ticks(low: float, high: float, rows: int, *, log: bool = False) -> list[float]:
    """Return the ticks of a y axis of so many rows.

    It is about one tick in three rows, but three ticks from eight rows on, and in fewer rows two or
    three if there is room: with less of them other values can hardly be estimated.
    """
    wanted = 3 if rows >= _ROWS_OF_THREE else 2
    found: list[float] = []
    inside = 0
    limit = max(2, (rows + 1) // 2 + (rows >= _ROWS_OF_MORE))
    for most in range(max(1, min(8, rows // 3)), limit + 1):
        each = log_ticks(low, high, most) if log else ticks(low, high, most)
        count = sum(low <= tick <= high for tick in each)
        if count > inside or not found:
            found, inside = each, count
        if inside >= wanted:
            break
    return found


def x_texts(found: Sequence[float], kind: str) -> list[str]:
    """Return labels of the x axis.

    Steps as numbers, seconds as durations, times as time or date.
    """
    if kind == "relative":
        texts = [duration_text(tick) if tick else "0 s" for tick in found]
        return texts if len(set(texts)) == len(texts) else [f"{tick:g} s" for tick in found]
    if kind == "time" and all(_EARLIEST <= tick <= _LATEST for tick in found):
        times = [datetime.fromtimestamp(tick, UTC).astimezone() for tick in found]
        span = found[-1] - found[0] if len(found) > 1 else 0
        form = (
            "%H:%M:%S"
            if span < 7200
            else "%H:%M"
            if span < 86400
            else "%m-%d %H:%M"
            if span < 86400 * 30
            else "%Y-%m-%d"
        )
        texts = [time.strftime(form) for time in times]
        return (
            texts
            if len(set(texts)) == len(texts)
            else [time.strftime("%H:%M:%S.%f")[:-3] for time in times]
        )
    if all(float(tick).is_integer() and abs(tick) < 1e7 for tick in found):
        return [f"{int(tick)}" for tick in found]
    return axis_texts(found)
