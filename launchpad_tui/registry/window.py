"""Reduces series to the points that are needed to draw them, without losing peaks.

A long series is drawn from the overviews of its chunks, a short section from its points.
"""

from __future__ import annotations

import math
import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, cast

from launchpad_tui.domain.metric import SeriesWindow
from launchpad_tui.errors import NotFound
from launchpad_tui.registry import chunk, packs
from launchpad_tui.registry.database import Registry
from launchpad_tui.registry.sqlite_errors import reports_damage

if TYPE_CHECKING:
    from numpy.typing import NDArray

By = Literal["step", "time"]

#: overviews are used if a section has more than this many times the requested number of points
_COARSE = 16


@dataclass(slots=True)
class _Cells:
    """Points that represent themselves or several neighbors.

    ``weights`` are the numbers of points that each of them represents, ``bad`` the numbers of
    values among these that are not finite.
    """

    steps: NDArray[Any]
    times: NDArray[Any]
    values: NDArray[Any]
    weights: NDArray[Any]
    bad: NDArray[Any]

    def __len__(self) -> int:
        return len(self.steps)

    def take(self, index: Any) -> _Cells:
        return _Cells(
            self.steps[index],
            self.times[index],
            self.values[index],
            self.weights[index],
            self.bad[index],
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
    import numpy as np

    points = max(8, points)
    with registry.read() as db:
        whole = db.execute(
            "SELECT count, not_finite, first_step, last_step, first_at, last_at FROM series "
            "WHERE pk = ?",
            (series_id,),
        ).fetchone()
        if whole is None:
            raise NotFound(
                "The metric series does not exist any more", "Its execution was deleted."
            )
        low, high = (whole[2], whole[3]) if by == "step" else (whole[4], whole[5])
        complete = (start is None or start <= low) and (stop is None or stop >= high)
        start, stop = (low if start is None else start), (high if stop is None else stop)
        cells = _gather(db, series_id, start, stop, by, whole[0] if complete else None, points)
    axis = cells.steps if by == "step" else cells.times
    if len(axis) > 1 and bool((axis[1:] < axis[:-1]).any()):
        # A stable sort keeps points of equal steps in the order of logging.
        cells = cells.take(np.argsort(axis, kind="stable"))
        axis = cells.steps if by == "step" else cells.times
    total, bad = int(cells.weights.sum()), int(cells.bad.sum())
    exact = total <= points and total == len(cells)
    if not exact:
        cells = cells.take(_reduced(cells, axis, points))
    # Arrays of numpy behave like sequences, but are not declared as such.
    steps, times, values = cast(tuple[Any, Any, Any], (cells.steps, cells.times, cells.values))
    return SeriesWindow(series_id, steps, times, values, total, bad, exact)


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
    import numpy as np

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
        if row[1]:
            columns = zip(row, ("<i8", "<i8", "<f8"), strict=True)
            part = _raw(*(np.frombuffer(blob, kind) for blob, kind in columns))
        else:
            part = _raw(*chunk.unpack_numpy(row[2]))
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
            return _cut(
                _raw(*map(np.asarray, (found.steps, found.times, found.values))), start, stop, by
            )
    steps, times, values = zip(*tail, strict=True) if tail else ((), (), ())
    parts.append(
        _raw(
            np.array(steps, dtype="<i8"),
            np.array(times, dtype="<i8"),
            np.array(values, dtype="<f8"),
        )
    )
    return _Cells(*(np.concatenate([getattr(p, name) for p in parts]) for name in _Cells.__slots__))


def _overview(blob: bytes) -> _Cells:
    import numpy as np

    # 8 + 8 + 8 + 4 + 4 bytes per point, see chunk.overview.
    count = len(blob) // 32
    ends = [0, 8 * count, 16 * count, 24 * count, 28 * count, 32 * count]
    kinds = ("<i8", "<i8", "<f8", "<i4", "<i4")
    return _Cells(
        *(np.frombuffer(blob[ends[i] : ends[i + 1]], kind) for i, kind in enumerate(kinds))
    )


def _raw(steps: NDArray[Any], times: NDArray[Any], values: NDArray[Any]) -> _Cells:
    import numpy as np

    return _Cells(
        steps, times, values, np.ones(len(steps), dtype="<i4"), (~np.isfinite(values)).astype("<i4")
    )


def _cut(cells: _Cells, start: int, stop: int, by: By) -> _Cells:
    axis = cells.steps if by == "step" else cells.times
    return cells.take((axis >= start) & (axis <= stop))


def _reduced(cells: _Cells, axis: NDArray[Any], points: int) -> NDArray[Any]:
    """Return the positions of the points to keep.

    The points are divided into buckets. Each bucket keeps its smallest and its greatest finite
    value, and one value that is not finite if at least half of its values are not. Half of the
    bucket edges divide the points evenly, so that dense sections keep their detail; the other half
    divide the axis evenly, so that sparse sections keep theirs. Both sizes are powers of two and
    edges are multiples of them. Therefore a new point changes only the last bucket, and the drawing
    of a growing curve is stable.
    """
    import numpy as np

    count = len(axis)
    buckets = max(2, (points - 2) // 4)
    edges = [np.arange(0, count, _power_of_two(count / buckets))]
    low, high = int(axis[0]), int(axis[-1])
    if high > low:
        wide = _power_of_two((high - low) / buckets)
        edges.append(np.searchsorted(axis, np.arange(low - low % wide + wide, high, wide)))
    starts = _distinct(np.concatenate(edges))
    starts = starts[starts < count]
    sizes = np.diff(np.append(starts, count))
    of = np.repeat(np.arange(len(starts)), sizes)
    finite = np.isfinite(cells.values)
    kept = [np.array([0, count - 1])]
    for fill, extreme in ((np.inf, np.minimum), (-np.inf, np.maximum)):
        values = np.where(finite, cells.values, fill)
        hits = np.flatnonzero((values == extreme.reduceat(values, starts)[of]) & finite)
        kept.append(hits[np.unique(of[hits], return_index=True)[1]])
    gaps = np.flatnonzero(
        2 * np.add.reduceat(cells.bad, starts)
        >= np.maximum(1, np.add.reduceat(cells.weights, starts))
    )
    if len(gaps):
        hits = np.flatnonzero(~finite & np.isin(of, gaps))
        kept.append(hits[np.unique(of[hits], return_index=True)[1]])
    return _distinct(np.concatenate(kept))


def _distinct(numbers: NDArray[Any]) -> NDArray[Any]:
    """Return the distinct numbers in ascending order; ``numpy.unique`` loads ``numpy.ma`` first."""
    import numpy as np

    ordered = np.sort(numbers)
    distinct: NDArray[Any] = ordered[np.append(True, ordered[1:] != ordered[:-1])]
    return distinct


def _power_of_two(least: float) -> int:
    """Return the smallest power of two that is at least a number."""
    return 1 << max(0, math.ceil(math.log2(max(least, 1))))
