"""Reduces series to the points that are needed to draw them, without losing peaks.

A long series is drawn from the overviews of its chunks, a short section from its points. The
standard library is enough for it: its built-in functions reduce the arrays in a few milliseconds,
whereas an import of numpy would take 12 MB of memory and a tenth of a second.
"""

from __future__ import annotations

import math
import sqlite3
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import Any, Literal

from launchpad_tui.domain.metric import SeriesWindow
from launchpad_tui.domain.numbers import mean
from launchpad_tui.errors import NotFound
from launchpad_tui.registry import chunk, pack_summaries, packs
from launchpad_tui.registry.chunk import Points
from launchpad_tui.registry.database import Registry
from launchpad_tui.registry.series_points import nan
from launchpad_tui.registry.sqlite_errors import reports_damage

By = Literal["step", "time"]

#: overviews are used if a section has more than this many times the requested number of points
_COARSE = 16
#: bytes of a point in the five arrays of an overview, see `chunk.overview`
_OVERVIEW_POINT = 32


@dataclass(slots=True)
class _Cells:
    """Points that represent themselves or several neighbors.

    ``weights`` are the numbers of points that each of them represents, ``bad`` the numbers of
    values among these that are not finite.
    """

    steps: array[int]
    times: array[int]
    values: array[float]
    weights: array[int]
    bad: array[int]

    def __len__(self) -> int:
        return len(self.steps)

    def take(self, index: Sequence[int]) -> _Cells:
        """Return the points at some positions, in the order of these."""
        return _Cells(
            _taken(self.steps, index),
            _taken(self.times, index),
            _taken(self.values, index),
            _taken(self.weights, index),
            _taken(self.bad, index),
        )

    def part(self, start: int, stop: int) -> _Cells:
        """Return the points from position ``start`` up to but not including ``stop``."""
        return _Cells(
            self.steps[start:stop],
            self.times[start:stop],
            self.values[start:stop],
            self.weights[start:stop],
            self.bad[start:stop],
        )


@reports_damage
def window(
    registry: Registry,
    series_id: int,
    start: int | None = None,
    stop: int | None = None,
    by: By = "step",
    points: int = 2000,
) -> SeriesWindow:
    """Return the section of a series from ``start`` to ``stop``, both included.

    Args:
        start, stop: steps, or microseconds since 1970 if ``by`` is ``time``; None for the ends of
            the series.
        points: the approximate number of points to return, at least 8. A section with gaps may have
            one more point per gap.

    Raises:
        NotFound: the series was deleted.
    """
    points = max(8, points)
    with registry.read() as db:
        whole = pack_summaries.of_series(db, series_id)
        if whole is None:
            raise NotFound(
                "The metric series does not exist any more", "Its execution was deleted."
            )
        low, high = whole[5:7] if by == "step" else whole[7:9]
        complete = (start is None or start <= low) and (stop is None or stop >= high)
        start, stop = (low if start is None else start), (high if stop is None else stop)
        cells = _gather(db, series_id, start, stop, by, whole[0] if complete else None, points)
    axis = cells.steps if by == "step" else cells.times
    if not chunk.in_order(axis):
        # A stable sort keeps points of equal steps in the order of logging.
        cells = cells.take(sorted(range(len(axis)), key=axis.__getitem__))
        axis = cells.steps if by == "step" else cells.times
    total, bad = sum(cells.weights), sum(cells.bad)
    exact = total <= points and total == len(cells)
    if not exact:
        cells = cells.take(_reduced(cells, axis, points))
    return SeriesWindow(series_id, cells.steps, cells.times, cells.values, total, bad, exact)


@reports_damage
def finite_mean(registry: Registry, series_id: int) -> float | None:
    """Return the mean of the finite values of a series; None if it has none."""
    finite = array("d")
    with registry.read() as db:
        for values in _value_arrays(db, series_id):
            finite.extend(filter(math.isfinite, values) if chunk.not_finite(values) else values)
    return mean(finite) if finite else None


def _value_arrays(db: sqlite3.Connection, series: int) -> Iterator[array[float]]:
    """Yield the values of a series, in the order of their storage."""
    for (number,) in db.execute(
        "SELECT pk FROM chunks WHERE series_pk = ? ORDER BY pk", (series,)
    ).fetchall():
        plain, packed = db.execute(
            "SELECT length(times) > 0, points FROM chunks WHERE pk = ?", (number,)
        ).fetchone()
        yield chunk.decoded("d", packed) if plain else chunk.unpack_values(packed)
    tail = db.execute("SELECT value FROM tail WHERE series_pk = ?", (series,))
    yield array("d", [nan(value) for (value,) in tail])
    yield from (found.values for found in packs.read(db, [series]).values())


def _gather(
    db: sqlite3.Connection,
    series: int,
    start: int,
    stop: int,
    by: By,
    total: int | None,
    points: int,
) -> _Cells:
    """Return points and overview points between two positions, in the order of their chunks."""
    first, last = ("first_step", "last_step") if by == "step" else ("first_at", "last_at")
    heads = db.execute(
        f"SELECT pk, count, {first} >= :start AND {last} <= :stop FROM chunks "
        f"WHERE series_pk = :series AND {first} <= :stop AND {last} >= :start ORDER BY pk",
        {"series": series, "start": start, "stop": stop},
    ).fetchall()
    about = total if total is not None else sum(head[1] for head in heads)
    coarse = about > points * _COARSE
    parts: list[_Cells] = []
    for pk, _, inside in heads:
        if coarse and inside:
            stored, packed = db.execute(
                "SELECT overview, length(times) = 0 FROM chunks WHERE pk = ?", (pk,)
            ).fetchone()
            if stored:
                parts.append(_overview(chunk.decode_overview(stored, packed=bool(packed))))
                continue
        row = db.execute("SELECT steps, times, points FROM chunks WHERE pk = ?", (pk,)).fetchone()
        part = _raw(chunk.decode(*row))
        parts.append(part if inside else _cut(part, start, stop, by))
    column = "step" if by == "step" else "at"
    tail = db.execute(
        f"SELECT step, at, value FROM tail WHERE series_pk = ? AND {column} BETWEEN ? AND ? "
        "ORDER BY step, pk",
        (series, start, stop),
    ).fetchall()
    if not heads and not tail:
        found = packs.read(db, [series]).get(series)
        if found is not None:
            return _cut(_raw(found), start, stop, by)
    steps, times, values = zip(*tail, strict=True) if tail else ((), (), ())
    parts.append(_raw(chunk.points(steps, times, map(nan, values))))
    return _joined(parts)


def _joined(parts: Sequence[_Cells]) -> _Cells:
    """Return the points of several parts, one after the other."""
    if len(parts) == 1:
        return parts[0]
    joined = parts[0].part(0, len(parts[0]))
    for part in parts[1:]:
        joined.steps += part.steps
        joined.times += part.times
        joined.values += part.values
        joined.weights += part.weights
        joined.bad += part.bad
    return joined


def _overview(blob: bytes) -> _Cells:
    count = len(blob) // _OVERVIEW_POINT
    ends = [0, 8 * count, 16 * count, 24 * count, 28 * count, 32 * count]
    return _Cells(
        *(chunk.decoded(code, blob[ends[i] : ends[i + 1]]) for i, code in enumerate("qqdii"))
    )


def _raw(points: Points) -> _Cells:
    bad = array("i", bytes(4 * len(points)))
    if chunk.not_finite(points.values):
        bad = array("i", [not math.isfinite(value) for value in points.values])
    return _Cells(points.steps, points.times, points.values, array("i", [1]) * len(points), bad)


def _cut(cells: _Cells, start: int, stop: int, by: By) -> _Cells:
    axis = cells.steps if by == "step" else cells.times
    if chunk.in_order(axis):
        return cells.part(bisect_left(axis, start), bisect_right(axis, stop))
    return cells.take([place for place, at in enumerate(axis) if start <= at <= stop])


def _reduced(cells: _Cells, axis: Sequence[int], points: int) -> list[int]:
    """Return the positions of the points to keep, in ascending order.

    The points are divided into buckets. Each bucket keeps its smallest and its greatest finite
    value, and one value that is not finite if at least half of its values are not. Half of the
    bucket edges divide the points evenly, so that dense sections keep their detail; the other half
    divide the axis evenly, so that sparse sections keep theirs. Both sizes are powers of two and
    edges are multiples of them. Therefore a new point changes only the last bucket, and the drawing
    of a growing curve is stable.
    """
    count = len(axis)
    buckets = max(2, (points - 2) // 4)
    starts = set(range(0, count, _power_of_two(count / buckets)))
    low, high = axis[0], axis[-1]
    if high > low:
        wide = _power_of_two((high - low) / buckets)
        edges = range(low - low % wide + wide, high, wide)
        starts.update(bisect_left(axis, edge) for edge in edges)
    starts.discard(count)
    ordered = [*sorted(starts), count]
    kept = {0, count - 1}
    for start, stop in pairwise(ordered):
        values: Sequence[float] = cells.values[start:stop]
        bad = sum(cells.bad[start:stop])
        finite = values if not bad else [value for value in values if math.isfinite(value)]
        if finite:
            kept.add(start + values.index(min(finite)))
            kept.add(start + values.index(max(finite)))
        if bad and 2 * bad >= sum(cells.weights[start:stop]):
            gap = (place for place, one in enumerate(values, start) if not math.isfinite(one))
            kept.update(islice(gap, 1))
    return sorted(kept)


def _taken(numbers: array[Any], index: Sequence[int]) -> array[Any]:
    """Return the numbers at some positions."""
    return array(numbers.typecode, [numbers[place] for place in index])


def _power_of_two(least: float) -> int:
    """Return the smallest power of two that is at least a number."""
    return 1 << max(0, math.ceil(math.log2(max(least, 1))))
