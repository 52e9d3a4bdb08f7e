"""Chunks: up to 4096 points of a series as three arrays, with an overview for drawing.

Chunks are written with the standard library alone, because training processes log through this
module and may not have numpy. `window` reads them with numpy.
"""

from __future__ import annotations

import math
import sys
from array import array
from collections.abc import Iterable, Sequence
from typing import Any

from launchpad_tui.records import record
from launchpad_tui.registry.sqlite_errors import reports_damage

#: the number of points in a full chunk
SIZE = 4096
#: the number of parts of a chunk that an overview summarizes
PARTS = 64


@record
class Points:
    """Points in order: steps (int64), times (int64, microseconds since 1970), values (float64)."""

    steps: array[int]
    times: array[int]
    values: array[float]

    def __len__(self) -> int:
        """Return the number of points."""
        return len(self.steps)

    def part(self, start: int, stop: int) -> Points:
        """Return the points from position ``start`` up to but not including ``stop``."""
        return Points(self.steps[start:stop], self.times[start:stop], self.values[start:stop])


def points(steps: Iterable[int], times: Iterable[int], values: Iterable[float]) -> Points:
    """Return points from sequences of equal length, such as lists, arrays or numpy arrays.

    Numpy arrays of int64 and float64 are copied without converting each number.
    """
    return Points(_array("q", steps), _array("q", times), _array("d", values))


def ordered(unordered: Points) -> Points:
    """Return the points by step; points of equal steps keep their order."""
    steps = unordered.steps
    # Sorting a sorted list takes a single pass.
    if array("q", sorted(steps)) == steps:
        return unordered
    order = sorted(range(len(steps)), key=steps.__getitem__)
    return Points(
        array("q", [steps[i] for i in order]),
        array("q", [unordered.times[i] for i in order]),
        array("d", [unordered.values[i] for i in order]),
    )


def not_finite(values: Sequence[float]) -> int:
    """Return the number of values that are NaN or infinite."""
    # A finite sum has finite parts, which usually saves checking each of them.
    if math.isfinite(sum(values)):
        return 0
    return sum(1 for value in values if not math.isfinite(value))


def overview(of: Points) -> bytes:
    """Return the overview of a chunk.

    A chunk is divided into at most 64 parts. Of each part the overview has the points with the
    smallest and the greatest finite value, and the first point whose value is not finite.

    Returns:
        Five little-endian arrays, one after the other: int64 steps, int64 times, float64 values,
        int32 weights and int32 bad counts. The weights of a part add up to its number of points,
        the bad counts to the number of values that are not finite.
    """
    steps, times, weights, bad = array("q"), array("q"), array("i"), array("i")
    values = array("d")
    total = len(of)
    size = max(1, math.ceil(total / PARTS))
    for start in range(0, total, size):
        part = of.values[start : start + size]
        finite = not_finite(part) == 0
        good = part if finite else array("d", [value for value in part if math.isfinite(value)])
        picked: dict[int, int] = {}
        if good:
            picked[part.index(min(good))] = 0
            picked[part.index(max(good))] = 0
        if not finite:
            picked[next(i for i, value in enumerate(part) if not math.isfinite(value))] = len(
                part
            ) - len(good)
        first = True
        for index, count in sorted(picked.items()):
            steps.append(of.steps[start + index])
            times.append(of.times[start + index])
            values.append(part[index])
            weights.append(len(part) if first else 0)
            bad.append(count)
            first = False
    return b"".join(encode(one) for one in (steps, times, values, weights, bad))


def encode(numbers: array[Any]) -> bytes:
    """Return the array in its stored form: little-endian."""
    if sys.byteorder == "big":
        numbers = numbers[:]
        numbers.byteswap()
    return numbers.tobytes()


@reports_damage
def decode(steps: bytes, times: bytes, values: bytes) -> Points:
    """Return the points of a stored chunk."""
    return Points(_decoded("q", steps), _decoded("q", times), _decoded("d", values))


def _decoded(code: str, data: bytes) -> array[Any]:
    numbers: array[Any] = array(code)
    numbers.frombytes(data)
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers


def _array(code: str, numbers: Any) -> array[Any]:
    if isinstance(numbers, array) and numbers.typecode == code:
        return numbers
    converted: array[Any] = array(code)
    if hasattr(numbers, "tobytes"):
        kind = "i" if code == "q" else "f"
        if numbers.dtype.kind == kind and numbers.dtype.itemsize == 8:
            converted.frombytes(numbers.tobytes())
            return converted
    converted.extend(numbers)
    return converted
