"""Formats numbers as short text.

Numbers are plain decimals if these are short, otherwise they have an exponent that is a multiple of
three (engineering notation): ``0.0125``, ``12.5e-6``, ``1.2e6``. Values are rounded half to even,
and the last digit shown is correct.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

_BLOCKS = "▁▂▃▄▅▆▇█"
_ASCII_BLOCKS = "_.-=+*#@"
#: the default tolerance of numbers that are reproduced, relative or absolute, whichever is larger
TOLERANCE = 1e-6
#: below this number, dividing by a power of ten loses digits
_TINY = 1e-290
#: above this number, a sum of many may exceed the largest float
_HUGE = 1e290


def number_text(value: float | None, digits: int = 5) -> str:
    """Return a number with at most ``digits`` significant digits; empty for None."""
    if value is None:
        return ""
    if math.isnan(value):
        return "nan"
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    if value == 0:
        return "0"
    # The format has an exponent if the number is large or small.
    if "e" not in (text := f"{value:.{digits}g}"):
        return text
    # Formatting yields the digits of any float; dividing by a power of ten fails near the limits.
    mantissa, power = f"{value:.{digits - 1}e}".split("e")
    size = int(power)
    if -4 <= size < max(digits, 6):
        return _trim(f"{float(f'{mantissa}e{power}'):.{max(0, digits - 1 - size)}f}")
    return _engineering(float(mantissa), size, digits)


def metric_text(value: float | None, digits: int = 5) -> str:
    """Return the value of a metric for a table.

    Whole numbers below a billion have all digits, others are formatted by `number_text`.
    """
    if value is not None and math.isfinite(value) and value == int(value) and abs(value) < 1e9:
        return f"{int(value)}"
    return number_text(value, digits)


def align_numbers(texts: Sequence[str]) -> list[str]:
    """Return texts of numbers, padded to one width so that their decimal points align.

    Texts without a decimal point are aligned as if they ended with one.
    """
    parts = [text.partition(".") for text in texts]
    before = max((len(whole) for whole, _, _ in parts), default=0)
    after = max((len(point + rest) for _, point, rest in parts), default=0)
    return [f"{whole:>{before}}{point + rest:<{after}}" for whole, point, rest in parts]


def size_text(size: int | None) -> str:
    """Return a number of bytes in units of 1000: ``831 B``, ``1.2 MB``; empty if it is unknown."""
    if size is None:
        return ""
    if size < 1000:
        return f"{size} B"
    value = float(size)
    for unit in ("kB", "MB", "GB", "TB", "PB"):
        value /= 1000
        if value < 999.5:
            return f"{value:.3g} {unit}"
    return f"{value / 1000:.3g} EB"


def _engineering(mantissa: float, size: int, digits: int) -> str:
    power = size // 3 * 3
    places = max(0, digits - 1 - (size - power))
    return f"{_trim(f'{mantissa * 10.0 ** (size - power):.{places}f}')}e{power}"


def _trim(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text


def axis_texts(ticks: Sequence[float]) -> list[str]:
    """Return the labels of an axis, which all have the same precision and exponent.

    The labels of different ticks are different.
    """
    finite = [tick for tick in ticks if math.isfinite(tick)]
    largest = max((abs(tick) for tick in finite), default=0.0)
    if largest == 0:
        return ["0" if tick == 0 else number_text(tick) for tick in ticks]
    if largest < _TINY:
        return [number_text(tick, 17) for tick in ticks]
    steps = sorted({round(abs(b - a), 15) or abs(b - a) for a, b in pairwise(finite) if a != b})
    steps = [each for each in steps if math.isfinite(each)]
    step = steps[0] if steps else largest
    power = 0
    if not 1e-4 <= largest < 1e6:
        power = math.floor(math.log10(largest) / 3) * 3
    places = max(0, -math.floor(math.log10(step) + 1e-9) + power)
    for more in range(18):
        texts = [_fixed(tick, power, places + more) for tick in ticks]
        if len(set(texts)) == len(set(ticks)) and _close(ticks, texts, step):
            return texts
    # Adding zero makes -0.0 and 0.0 the same.
    return [repr(float(tick) + 0.0) for tick in ticks]


def _fixed(tick: float, power: int, places: int) -> str:
    if not math.isfinite(tick):
        return number_text(tick)
    text = f"{tick / 10.0**power:.{min(places, 17)}f}"
    text = "0" if float(text) == 0 and tick == 0 else text
    return f"{text}e{power}" if power and text != "0" else text


def _close(ticks: Sequence[float], texts: Sequence[str], step: float) -> bool:
    return all(
        not math.isfinite(t) or abs(float(text) - t) <= step / 20
        for t, text in zip(ticks, texts, strict=True)
    )


def percent_text(value: float, baseline: float) -> str:
    """Return the difference to a baseline in percent, with its sign.

    It is empty if the baseline is 0, or if a value or the difference is not finite.
    """
    if not (math.isfinite(value) and math.isfinite(baseline)) or baseline == 0:
        return ""
    share = (value - baseline) / abs(baseline) * 100
    if not math.isfinite(share):
        return ""
    if abs(share) >= 1000:
        return f"{share:+.0f}%"
    return f"{share:+.1f}%" if abs(share) >= 0.05 or share == 0 else f"{share:+.2g}%"


def difference_text(value: float, baseline: float) -> str:
    """Return the difference to a baseline with its sign; empty if one of them is not finite."""
    if not (math.isfinite(value) and math.isfinite(baseline)):
        return ""
    difference = value - baseline
    if not math.isfinite(difference):
        return ""
    text = number_text(difference, 4)
    return text if text.startswith("-") or text == "0" else f"+{text}"


def mean(values: Sequence[float]) -> float:
    """Return the mean of finite values, also if their sum exceeds the largest float."""
    largest = max(map(abs, values))
    if largest < _HUGE:
        return math.fsum(values) / len(values)
    found = math.fsum(value / largest for value in values) / len(values) * largest
    return max(min(values), min(max(values), found))


def sparkline(values: Sequence[float], width: int, *, ascii_only: bool = False) -> str:
    """Return a curve of ``width`` cells in one line.

    Each cell shows the mean of its share of the values. It is blank if none of these is finite.
    """
    blocks = _ASCII_BLOCKS if ascii_only else _BLOCKS
    if not values or width < 1:
        return " " * max(0, width)
    cells: list[float | None] = []
    width = min(width, len(values))
    for cell in range(width):
        part = values[cell * len(values) // width : (cell + 1) * len(values) // width]
        finite = [value for value in part if math.isfinite(value)]
        cells.append(mean(finite) if finite else None)
    known = [value for value in cells if value is not None]
    if not known:
        return " " * width
    low, high = min(known), max(known)
    steps = len(blocks) - 1
    return "".join(
        " " if value is None else blocks[round(position(value, low, high) * steps)]
        for value in cells
    )


def position(value: float, low: float, high: float) -> float:
    """Return the relative position of a finite value: 0 at ``low``, 1 at ``high``.

    The position is 0 if both ends are equal. The ends are finite; their difference may be subnormal
    or exceed the largest float.
    """
    span = high - low
    if span == 0:
        return 0.0
    if math.isinf(span):
        return (value / 2 - low / 2) / (high / 2 - low / 2)
    return (value - low) / span
