"""Packs: the short series of an execution that has ended, stored together.

A row and a compressed stream for each of thousands of series of a hundred points would take more
space than the points. A pack therefore has the points of many series in one stream, and steps and
times that several series have in common only once: the metrics of one call of a training have the
same step and time. A pack is never changed. Its series refer to it; if points are added to one of
them later, its points are copied into chunks, and the pack is ignored from then on.

A pack is a byte, a mask, a zlib stream, and planes as they are. The content has the index, the axes
and the values, each as eight planes as in `planes`. The index has, as int64, the number of series,
the number of axes, the ID of each series, the number of the axis of each series, and the length of
each axis; the last three as differences to the one before. An axis has the steps of a series, the
axes' times follow after all steps; with `_DELTAS` both are differences to the number before. The
values are float64, one series after the other. The index is preceded by its length in bytes, as
four bytes, little-endian.

The low bytes of measured values are random: codes for them would take more space than they save.
Each bit of the mask, two bytes, little-endian, is for a plane of the times or of the values: those
whose bit is set follow the zlib stream. Packs of former versions, whose first byte is `_OLD_DELTAS`
or `_OLD_PLAIN`, have no mask and all planes in the stream; steps and times share eight planes, and
the numbers and lengths of axes are not differences.
"""

from __future__ import annotations

import sqlite3
import zlib
from array import array
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import accumulate

from launchpad_tui.registry import chunk, pack_summaries, planes
from launchpad_tui.registry.chunk import Points
from launchpad_tui.registry.codec import to_json
from launchpad_tui.registry.sqlite_errors import reports_damage

#: A series with at most this many points is stored in a pack when its execution has ended.
LONGEST = 2048
#: the number of points from which a pack is not extended, unless few points are left
_POINTS = 4096
_OLD_DELTAS, _OLD_PLAIN, _DELTAS, _PLAIN = b"\x01", b"\x02", b"\x03", b"\x04"
#: bytes of a number, of the mask, and of the length of the index
_BYTES, _MASK_BYTES, _LENGTH = 8, 2, 4
#: Level 6 is slower than level 1 and saves a twentieth of the space of short series.
_LEVEL = 6


def add(db: sqlite3.Connection, execution: int, series: Mapping[int, Points]) -> None:
    """Write the points of series as packs, which the series then refer to.

    Args:
        execution: the row number of the execution of the series.
        series: points, ordered by step, by the row number of the series. Series that are read one
            after the other should follow each other.
    """
    some: dict[int, Points] = {}
    size, left = 0, sum(map(len, series.values()))
    for pk, points in series.items():
        some[pk] = points
        size += len(points)
        left -= len(points)
        # Each pack leaves a part of a page of the file empty, so the last ones are not small.
        if size >= _POINTS and left >= _POINTS // 2:
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
        steps, times = planes.differences(steps), planes.differences(times)
    except OverflowError:
        kind = _PLAIN
    index = array("q", [len(series), len(axes)])
    index += planes.differences(array("q", series))
    index += planes.differences(axis_of)
    index += planes.differences(array("q", map(len, axes)))
    head = planes.split(chunk.encode(index))
    parts = [len(head).to_bytes(_LENGTH, "little"), head, planes.split(chunk.encode(steps))]
    kept: list[bytes] = []
    mask = 0
    for place, plane in enumerate(_separate(times, values)):
        if _is_random(plane):
            kept.append(plane)
            mask |= 1 << place
        else:
            parts.append(plane)
    stream = zlib.compress(b"".join(parts), _LEVEL)
    return b"".join((kind, mask.to_bytes(_MASK_BYTES, "little"), stream, *kept))


def _separate(times: array[int], values: array[float]) -> list[bytes]:
    """Return the planes of times and values."""
    data = (chunk.encode(times), chunk.encode(values))
    return [one[k::_BYTES] for one in data for k in range(_BYTES)]


def _is_random(plane: bytes) -> bool:
    """Return whether a plane takes less space as it is than with a code for its bytes."""
    coder = zlib.compressobj(1, zlib.DEFLATED, -zlib.MAX_WBITS, 9, zlib.Z_HUFFMAN_ONLY)
    return len(coder.compress(plane) + coder.flush()) >= len(plane) > 0


# The metrics of a board are read one after the other from the same packs.
@lru_cache(maxsize=16)
@reports_damage
def unpack(packed: bytes) -> Mapping[int, Points]:
    """Return the points of a pack by the row number of their series."""
    kind = packed[:1]
    old = kind in {_OLD_DELTAS, _OLD_PLAIN}
    if not old and kind not in {_DELTAS, _PLAIN}:
        raise ValueError("a pack of series has an unknown form")
    start = 1 if old else 1 + _MASK_BYTES
    decompressor = zlib.decompressobj()
    try:
        data = decompressor.decompress(packed[start:])
    except zlib.error as error:
        raise ValueError(f"a pack of series: {error}") from error
    end = _LENGTH + int.from_bytes(data[:_LENGTH], "little")
    index = planes.numbers("q", data[_LENGTH:end])
    count, of_axes = index[:2]
    series = accumulate(index[2 : 2 + count])
    axis_of, lengths = index[2 + count : 2 + 2 * count], index[2 + 2 * count :]
    if not old:
        axis_of, lengths = (array("q", accumulate(one)) for one in (axis_of, lengths))
    total = sum(lengths)
    if len(axis_of) != count or len(lengths) != of_axes or not decompressor.eof:
        raise ValueError("the index of a pack of series is incomplete")
    sizes = (total, sum(map(lengths.__getitem__, axis_of)))
    if old:
        axes_end = end + 2 * total * _BYTES
        both = planes.numbers("q", data[end:axes_end])
        steps, times = both[:total], both[total:]
        values = planes.numbers("d", data[axes_end:])
    else:
        axes_end = end + total * _BYTES
        steps = planes.numbers("q", data[end:axes_end])
        mask = int.from_bytes(packed[1:start], "little")
        parts = _merged(mask, sizes, data[axes_end:], decompressor.unused_data)
        times, values = planes.numbers("q", parts[0]), planes.numbers("d", parts[1])
    if (len(steps), len(times), len(values)) != (total, *sizes):
        raise ValueError("a pack of series is incomplete")
    if kind in {_OLD_DELTAS, _DELTAS}:
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


def _merged(mask: int, sizes: Sequence[int], coded: bytes, kept: bytes) -> list[bytes]:
    """Return the planes of times and of values, from those in the stream and those after it.

    Args:
        sizes: the number of times, and that of values.
    """
    parts: list[bytes] = []
    places = [0, 0]
    for number, size in enumerate(sizes):
        part: list[bytes] = []
        for k in range(_BYTES):
            after = mask >> (number * _BYTES + k) & 1
            part.append((coded, kept)[after][places[after] : places[after] + size])
            places[after] += size
        parts.append(b"".join(part))
    if places != [len(coded), len(kept)]:
        raise ValueError("a pack of series is incomplete")
    return parts


def _insert(db: sqlite3.Connection, execution: int, series: Mapping[int, Points]) -> None:
    number = db.execute(
        "INSERT INTO packs (execution_pk, points) VALUES (?, ?)", (execution, pack(series))
    ).lastrowid
    db.executemany("UPDATE series SET pack_pk = ? WHERE pk = ?", [(number, pk) for pk in series])
    pack_summaries.move(db, int(number or 0), series)
