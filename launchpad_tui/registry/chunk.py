"""Chunks: up to 4096 points of a series in packed form, with an overview for drawing.

Chunks are packed and unpacked with the standard library alone: neither supervisors nor the app load
numpy.

A packed chunk is the byte `_DELTAS` or `_PLAIN` and a zlib stream. The stream has the steps, times
and values one after the other, as eight planes: first the lowest byte of every number, then the
second lowest, and so on, because bytes of the same significance are similar. With `_DELTAS` the
steps and times after the first are differences to the one before.
"""

from __future__ import annotations

import math
import sys
import zlib
from array import array
from collections.abc import Iterable, Sequence
from itertools import accumulate
from operator import sub
from typing import Any

from launchpad_tui.records import record
from launchpad_tui.registry.sqlite_errors import reports_damage

#: the number of points in a full chunk
SIZE = 4096
#: the number of parts of a chunk that an overview summarizes
PARTS = 64
#: the first byte of a packed chunk
_DELTAS, _PLAIN = b"\x01", b"\x02"
#: Higher levels take longer and save less than a hundredth of the space.
_LEVEL = 1
#: columns of a chunk, bytes of a number
_COLUMNS, _BYTES = 3, 8


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
    if in_order(steps):
        return unordered
    order = sorted(range(len(steps)), key=steps.__getitem__)
    return Points(
        array("q", [steps[i] for i in order]),
        array("q", [unordered.times[i] for i in order]),
        array("d", [unordered.values[i] for i in order]),
    )


def in_order(steps: array[int]) -> bool:
    """Return whether no step is smaller than the one before it."""
    # Sorting a sorted list takes a single pass.
    return array("q", sorted(steps)) == steps


def joined(parts: Sequence[Points]) -> Points:
    """Return the points of several parts, one after the other."""
    if len(parts) == 1:
        return parts[0]
    steps, times, values = array("q"), array("q"), array("d")
    for part in parts:
        steps += part.steps
        times += part.times
        values += part.values
    return Points(steps, times, values)


def not_finite(values: Sequence[float]) -> int:
    """Return the number of values that are NaN or infinite."""
    # A finite sum has finite parts, which usually saves checking each of them.
    if math.isfinite(sum(values)):
        return 0
    return sum(1 for value in values if not math.isfinite(value))


def overview(of: Points) -> bytes:
    """Return the overview of a chunk, compressed with zlib.

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
    return zlib.compress(b"".join(encode(one) for one in (steps, times, values, weights, bad)))


def encode(numbers: array[Any]) -> bytes:
    """Return the array as bytes, little-endian."""
    if sys.byteorder == "big":
        numbers = numbers[:]
        numbers.byteswap()
    return numbers.tobytes()


def pack(of: Points) -> bytes:
    """Return the points in packed form."""
    try:
        kind, steps, times = _DELTAS, _deltas(of.steps), _deltas(of.times)
    except OverflowError:
        kind, steps, times = _PLAIN, of.steps, of.times
    data = encode(steps) + encode(times) + encode(of.values)
    planes = b"".join([data[k::_BYTES] for k in range(_BYTES)])
    return kind + zlib.compress(planes, _LEVEL)


@reports_damage
def unpack(packed: bytes) -> Points:
    """Return the points of a packed chunk."""
    kind, data = _columns(packed)
    size = len(data) // _COLUMNS
    steps, times = decoded("q", data[:size]), decoded("q", data[size : 2 * size])
    if kind == _DELTAS:
        steps, times = array("q", accumulate(steps)), array("q", accumulate(times))
    return Points(steps, times, decoded("d", data[2 * size :]))


@reports_damage
def unpack_values(packed: bytes) -> array[float]:
    """Return the values of a packed chunk, in less time than `unpack` takes for all columns."""
    data = _columns(packed)[1]
    return decoded("d", data[2 * (len(data) // _COLUMNS) :])


def _deltas(numbers: array[int]) -> array[int]:
    """Return the first number and the differences. Raises OverflowError."""
    return array("q", [*numbers[:1], *map(sub, numbers[1:], numbers)])


def _columns(packed: bytes) -> tuple[bytes, bytes]:
    """Return the kind of a packed chunk, and its three columns, little-endian."""
    kind = packed[:1]
    if kind not in {_DELTAS, _PLAIN}:
        raise ValueError("a packed chunk has an unknown form")
    try:
        planes = zlib.decompress(packed[1:])
    except zlib.error as error:
        raise ValueError(f"a packed chunk: {error}") from error
    if len(planes) % (_COLUMNS * _BYTES):
        raise ValueError("a packed chunk is incomplete")
    count = len(planes) // _BYTES
    data = bytearray(len(planes))
    for k in range(_BYTES):
        data[k::_BYTES] = planes[k * count : (k + 1) * count]
    return kind, bytes(data)


@reports_damage
def decode(steps: bytes, times: bytes, values: bytes) -> Points:
    """Return the points of a stored chunk, see `schema`."""
    if not times:
        return unpack(values)
    return Points(decoded("q", steps), decoded("q", times), decoded("d", values))


@reports_damage
def decode_overview(stored: bytes, *, packed: bool) -> bytes:
    """Return the arrays of `overview`; those of chunks that are not packed are not compressed."""
    try:
        return zlib.decompress(stored) if packed else stored
    except zlib.error as error:
        raise ValueError(f"an overview: {error}") from error


def decoded(code: str, data: bytes) -> array[Any]:
    """Return the array of little-endian bytes."""
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
