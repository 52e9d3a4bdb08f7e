"""Packs: the short series of an execution that has ended, stored together.

A row and a compressed stream for each of thousands of series of a hundred points would take more
space than the points. A pack therefore has the points of many series in one stream, and steps and
times that several series have in common only once: the metrics of one call of a training have the
same step and time. A pack is never changed. Its series refer to it; if points are added to one of
them later, its points are copied into chunks, and the pack is ignored from then on.

A pack is the byte `_DELTAS` or `_PLAIN` and a zlib stream. The stream has three parts, each of them
as eight planes as in `chunk`: the index, the axes and the values. The index has, as int64, the
number of series, the number of axes, the ID of each series as the difference to the one before, the
number of the axis of each series, and the length of each axis. An axis has the steps of a series,
the axes' times follow after all steps; with `_DELTAS` both are differences to the number before.
The values are float64, one series after the other. The index is preceded by its length in bytes,
as four bytes, little-endian.
"""

from __future__ import annotations

import sqlite3
import zlib
from array import array
from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import accumulate
from operator import sub
from typing import Any

from launchpad_tui.registry import chunk
from launchpad_tui.registry.chunk import Points
from launchpad_tui.registry.codec import to_json
from launchpad_tui.registry.sqlite_errors import reports_damage

#: A series with at most this many points is stored in a pack when its execution has ended.
LONGEST = 2048
#: the number of points from which a pack is not extended
_POINTS = 4096
_DELTAS, _PLAIN = b"\x01", b"\x02"
_BYTES = 8
#: Level 6 is slower than level 1 and saves a twentieth of the space of short series.
_LEVEL = 6
#: Planes of random and of similar bytes follow each other. With less memory zlib adapts its codes
#: more often, which saves a fiftieth of the space.
_MEMORY = 6


def add(db: sqlite3.Connection, execution: int, series: Mapping[int, Points]) -> None:
    """Write the points of series as packs, which the series then refer to.

    Args:
        execution: the row number of the execution of the series.
        series: points, ordered by step, by the row number of the series. Series that are read one
            after the other should follow each other.
    """
    some: dict[int, Points] = {}
    size = 0
    for pk, points in series.items():
        some[pk] = points
        size += len(points)
        if size >= _POINTS:
            _insert(db, execution, some)
            some, size = {}, 0
    if some:
        _insert(db, execution, some)


def read(db: sqlite3.Connection, series: Iterable[int]) -> dict[int, Points]:
    """Return the points of those of the given series that are in packs, by row number."""
    series_of: dict[int, list[int]] = {}
    for pk, number in db.execute(
        "SELECT s.pk, s.pack_pk FROM json_each(?) w CROSS JOIN series s "
        "WHERE s.pk = w.value AND s.pack_pk IS NOT NULL",
        (to_json(list(series)),),
    ):
        series_of.setdefault(number, []).append(pk)
    found: dict[int, Points] = {}
    for number, packed in db.execute(
        "SELECT pk, points FROM packs WHERE pk IN (SELECT value FROM json_each(?))",
        (to_json(list(series_of)),),
    ):
        content = unpack(packed)
        found.update((pk, content[pk]) for pk in series_of[number])
    return found


def release(db: sqlite3.Connection, series: int) -> Points:
    """Return the points of a series and remove it from its pack, which is deleted if it was the
    last one."""
    (points,) = read(db, [series]).values()
    (number,) = db.execute("SELECT pack_pk FROM series WHERE pk = ?", (series,)).fetchone()
    db.execute("UPDATE series SET pack_pk = NULL WHERE pk = ?", (series,))
    db.execute(
        "DELETE FROM packs WHERE pk = ?1 AND NOT EXISTS (SELECT 1 FROM series s "
        "WHERE s.execution_pk = packs.execution_pk AND s.pack_pk = ?1)",
        (number,),
    )
    return points


def pack(series: Mapping[int, Points]) -> bytes:
    """Return the points of series, by row number, in packed form."""
    numbers: dict[tuple[bytes, bytes], int] = {}
    axes: list[Points] = []
    axis_of = array("q")
    values = array("d")
    for points in series.values():
        number = numbers.setdefault((points.steps.tobytes(), points.times.tobytes()), len(axes))
        if number == len(axes):
            axes.append(points)
        axis_of.append(number)
        values += points.values
    steps, times = array("q"), array("q")
    for axis in axes:
        steps += axis.steps
        times += axis.times
    kind = _DELTAS
    try:
        steps, times = _deltas(steps), _deltas(times)
    except OverflowError:
        kind = _PLAIN
    index = array("q", [len(series), len(axes)])
    index += _deltas(array("q", series))
    index += axis_of
    index.extend(map(len, axes))
    head = _planes(chunk.encode(index))
    data = len(head).to_bytes(4, "little") + head
    data += _planes(chunk.encode(steps) + chunk.encode(times)) + _planes(chunk.encode(values))
    compressor = zlib.compressobj(_LEVEL, zlib.DEFLATED, zlib.MAX_WBITS, _MEMORY)
    return kind + compressor.compress(data) + compressor.flush()


# The metrics of a board are read one after the other from the same packs.
@lru_cache(maxsize=16)
@reports_damage
def unpack(packed: bytes) -> Mapping[int, Points]:
    """Return the points of a pack by the row number of their series."""
    kind = packed[:1]
    if kind not in {_DELTAS, _PLAIN}:
        raise ValueError("a pack of series has an unknown form")
    try:
        data = zlib.decompress(packed[1:])
    except zlib.error as error:
        raise ValueError(f"a pack of series: {error}") from error
    end = 4 + int.from_bytes(data[:4], "little")
    index = _numbers("q", data[4:end])
    count, of_axes = index[:2]
    series = accumulate(index[2 : 2 + count])
    axis_of, lengths = index[2 + count : 2 + 2 * count], index[2 + 2 * count :]
    total = sum(lengths)
    if len(axis_of) != count or len(lengths) != of_axes:
        raise ValueError("the index of a pack of series is incomplete")
    axes_end = end + 2 * total * _BYTES
    both, values = _numbers("q", data[end:axes_end]), _numbers("d", data[axes_end:])
    if len(both) != 2 * total or len(values) != sum(map(lengths.__getitem__, axis_of)):
        raise ValueError("a pack of series is incomplete")
    steps, times = both[:total], both[total:]
    if kind == _DELTAS:
        steps, times = array("q", accumulate(steps)), array("q", accumulate(times))
    axes = [
        (steps[stop - length : stop], times[stop - length : stop])
        for stop, length in zip(accumulate(lengths), lengths, strict=True)
    ]
    found: dict[int, Points] = {}
    start = 0
    for pk, axis in zip(series, axis_of, strict=True):
        stop = start + lengths[axis]
        found[pk] = Points(axes[axis][0], axes[axis][1], values[start:stop])
        start = stop
    return found


def _insert(db: sqlite3.Connection, execution: int, series: Mapping[int, Points]) -> None:
    number = db.execute(
        "INSERT INTO packs (execution_pk, points) VALUES (?, ?)", (execution, pack(series))
    ).lastrowid
    db.executemany("UPDATE series SET pack_pk = ? WHERE pk = ?", [(number, pk) for pk in series])
    db.executemany(
        "UPDATE series_summaries SET chunked = count WHERE series_pk = ?", [(pk,) for pk in series]
    )


def _deltas(numbers: array[int]) -> array[int]:
    """Return the first number and the differences. Raises OverflowError."""
    return array("q", [*numbers[:1], *map(sub, numbers[1:], numbers)])


def _planes(data: bytes) -> bytes:
    return b"".join([data[k::_BYTES] for k in range(_BYTES)])


def _numbers(code: str, planes: bytes) -> array[Any]:
    """Return the array of numbers that `_planes` has divided into planes."""
    count, rest = divmod(len(planes), _BYTES)
    if rest:
        raise ValueError("a pack of series is incomplete")
    data = bytearray(len(planes))
    for k in range(_BYTES):
        data[k::_BYTES] = planes[k * count : (k + 1) * count]
    return chunk.decoded(code, bytes(data))
