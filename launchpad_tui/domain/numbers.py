"""Numbers for people: short, and never more certain than they are.

Plain decimals where they are short, else an exponent that is a multiple of three (engineering form): ``0.0125``,
``12.5e-6``, ``1.2e6``. What is cut is rounded half to even, and the last digit shown is right.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

_BLOCKS = "▁▂▃▄▅▆▇█"
_ASCII_BLOCKS = "_.-=+*#@"
#: below this there is no power of ten to divide by
_TINY = 1e-290


def number_text(value: float | None, digits: int = 5) -> str:
    """A number in at most so many significant digits; empty where there is none."""
    if value is None:
        return ""
    if math.isnan(value):
        return "nan"
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    if value == 0:
        return "0"
    # By its digits: next to the ends of the floats there is no power of ten to divide by.
    mantissa, power = f"{value:.{digits - 1}e}".split("e")
    size = int(power)
    if -4 <= size < max(digits, 6):
        return _trim(f"{float(f'{mantissa}e{power}'):.{max(0, digits - 1 - size)}f}")
    return _engineering(float(mantissa), size, digits)


def _engineering(mantissa: float, size: int, digits: int) -> str:
    power = size // 3 * 3
    places = max(0, digits - 1 - (size - power))
    return f"{_trim(f'{mantissa * 10.0 ** (size - power):.{places}f}')}e{power}"


def _trim(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text


def axis_texts(ticks: Sequence[float]) -> list[str]:
    """Texts of ticks with one precision and one exponent for all, so that they can be compared at a glance; different
    ticks have different texts."""
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
    return [repr(float(tick)) for tick in ticks]


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
    """The difference to a baseline in percent, with its sign; empty where it says nothing (baseline 0, not finite)."""
    if not (math.isfinite(value) and math.isfinite(baseline)) or baseline == 0:
        return ""
    share = (value - baseline) / abs(baseline) * 100
    if abs(share) >= 1000:
        return f"{share:+.0f}%"
    return f"{share:+.1f}%" if abs(share) >= 0.05 or share == 0 else f"{share:+.2g}%"


def difference_text(value: float, baseline: float) -> str:
    """The difference to a baseline with its sign."""
    if not (math.isfinite(value) and math.isfinite(baseline)):
        return ""
    text = number_text(value - baseline, 4)
    return text if text.startswith("-") or text == "0" else f"+{text}"


def sparkline(values: Sequence[float], width: int, *, ascii_only: bool = False) -> str:
    """A curve in one line of so many cells; each shows the mean of its share of the values, blank where none is
    finite."""
    blocks = _ASCII_BLOCKS if ascii_only else _BLOCKS
    if not values or width < 1:
        return " " * max(0, width)
    cells: list[float | None] = []
    width = min(width, len(values))
    for cell in range(width):
        part = values[cell * len(values) // width : (cell + 1) * len(values) // width]
        finite = [value for value in part if math.isfinite(value)]
        cells.append(math.fsum(finite) / len(finite) if finite else None)
    known = [value for value in cells if value is not None]
    if not known:
        return " " * width
    low, high = min(known), max(known)
    span = high - low
    scale = (len(blocks) - 1) / span if span > 0 and math.isfinite(span) else 0.0
    return "".join(
        " " if value is None else blocks[round((value - low) * scale)] for value in cells
    )
