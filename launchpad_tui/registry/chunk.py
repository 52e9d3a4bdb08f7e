"""A chunk: up to some thousand points of a series as three arrays, and an overview that draws it without them.

Written with the standard library alone, since training processes log through it; read with numpy by `window`.
"""

from __future__ import annotations

import math
import sys
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

#: points in a full chunk
SIZE = 4096
#: parts that an overview divides a chunk into
PARTS = 64


@dataclass(frozen=True, slots=True)
class Points:
    """Points in order: steps (int64), times (int64, microseconds since 1970), values (float64)."""

    steps: array[int]
    times: array[int]
    values: array[float]

    def __len__(self) -> int:
        """How many."""
        return len(self.steps)

    def part(self, start: int, stop: int) -> Points:
        """The points from one position up to, not with, another."""
        return Points(self.steps[start:stop], self.times[start:stop], self.values[start:stop])


def points(steps: Iterable[int], times: Iterable[int], values: Iterable[float]) -> Points:
    """Points from sequences of equal length: lists, arrays, or whatever offers ``tobytes`` of its numbers as int64 and
    float64 (numpy's arrays of these types)."""
    return Points(_array("q", steps), _array("q", times), _array("d", values))


def ordered(unordered: Points) -> Points:
    """The points by step, those of equal steps in the order given."""
    steps = unordered.steps
    # Sorting what is sorted costs one pass.
    if array("q", sorted(steps)) == steps:
        return unordered
    order = sorted(range(len(steps)), key=steps.__getitem__)
    return Points(
        array("q", [steps[i] for i in order]),
        array("q", [unordered.times[i] for i in order]),
        array("d", [unordered.values[i] for i in order]),
    )


def not_finite(values: Sequence[float]) -> int:
    """How many are NaN or infinite."""
    # A finite sum has finite parts: this spares looking at each in the usual case.
    if math.isfinite(sum(values)):
        return 0
    return sum(1 for value in values if not math.isfinite(value))


def overview(of: Points) -> bytes:
    """The overview of a chunk: of each of at most 64 parts the points with the least and the greatest finite value, and
    the first that is not finite.

    Returns:
        ``n`` points as int64 steps, int64 times, float64 values, int32 weights, int32 bad, little-endian, one array
        behind the other. The weights of a part add up to its number of points, its bad to those not finite.
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
    """The array as it is stored: little-endian."""
    if sys.byteorder == "big":
        numbers = numbers[:]
        numbers.byteswap()
    return numbers.tobytes()


def decode(steps: bytes, times: bytes, values: bytes) -> Points:
    """The points of a stored chunk."""
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
    made: array[Any] = array(code)
    if hasattr(numbers, "tobytes"):
        kind = "i" if code == "q" else "f"
        if numbers.dtype.kind == kind and numbers.dtype.itemsize == 8:
            made.frombytes(numbers.tobytes())
            return made
    made.extend(numbers)
    return made
