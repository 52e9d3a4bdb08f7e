"""Reduces series to few values for curves of one line, without numpy.

Lists and previews draw such curves right after the start. To import numpy would take longer than
everything else that they read, and more memory than all of their rows.
"""

from __future__ import annotations

import math
import sqlite3
from array import array
from collections.abc import Sequence
from itertools import pairwise

from launchpad_tui.errors import NotFound
from launchpad_tui.registry import chunk, packs
from launchpad_tui.registry.database import Registry
from launchpad_tui.registry.series_points import nan
from launchpad_tui.registry.sqlite_errors import reports_damage

#: bytes of a point of an overview, and the place of its value, see `chunk.overview`
_OVERVIEW_POINT, _VALUE_START, _VALUE_STOP = 32, 16, 24


@reports_damage
def small_curve(registry: Registry, series_id: int, points: int = 64) -> tuple[float, ...]:
    """Return the values of a series by step, reduced to at most ``points``.

    A longer series is divided into parts of equal numbers of points, of which the smallest and the
    greatest value are returned in their order; NaN stands for a part without a finite value.

    Args:
        points: at least 2.

    Raises:
        NotFound: the series was deleted.
    """
    with registry.read() as db:
        if not db.execute("SELECT 1 FROM series WHERE pk = ?", (series_id,)).fetchone():
            raise NotFound(
                "The metric series does not exist any more", "Its execution was deleted."
            )
        values = _values(db, series_id)
    return tuple(values) if len(values) <= points else tuple(_reduced(values, points // 2))


def _values(db: sqlite3.Connection, series: int) -> Sequence[float]:
    """Return values by step; of full chunks those of their overviews."""
    if packed := packs.read(db, [series]).get(series):
        return packed.values
    parts: list[tuple[int, int, array[float]]] = []
    rows: list[tuple[int, float]] = []
    ends: list[tuple[int, int]] = []
    for first, last, overview, steps, times, points in db.execute(
        "SELECT first_step, last_step, overview, CASE WHEN overview = x'' THEN steps END, "
        "CASE WHEN overview = x'' THEN times ELSE substr(times, 1, 1) END, "
        "CASE WHEN overview = x'' THEN points END FROM chunks WHERE series_pk = ? "
        "ORDER BY first_step, pk",
        (series,),
    ):
        ends.append((first, last))
        if overview:
            data = chunk.decode_overview(overview, packed=not times)
            count = len(data) // _OVERVIEW_POINT
            part = chunk.decoded("d", data[_VALUE_START * count : _VALUE_STOP * count])
            parts.append((first, last, part))
        else:
            found = chunk.decode(steps, times, points)
            parts.append((first, last, found.values))
            rows += zip(found.steps, found.values, strict=True)
    tail = [
        (step, nan(value))
        for step, value in db.execute(
            "SELECT step, value FROM tail WHERE series_pk = ? ORDER BY step, pk", (series,)
        )
    ]
    if tail:
        ends.append((tail[0][0], tail[-1][0]))
    overlap = any(before[1] > after[0] for before, after in pairwise(ends))
    if overlap and len(rows) == sum(len(part) for _, _, part in parts):
        # Points that were logged out of order, all of which are known.
        return [value for _, value in sorted([*rows, *tail], key=lambda row: row[0])]
    return [value for _, _, part in parts for value in part] + [value for _, value in tail]


def _reduced(values: Sequence[float], parts: int) -> list[float]:
    found: list[float] = []
    for number in range(parts):
        part = values[number * len(values) // parts : (number + 1) * len(values) // parts]
        finite = [value for value in part if math.isfinite(value)]
        if not finite:
            found += (math.nan, math.nan)
            continue
        low, high = min(finite), max(finite)
        found += (low, high) if part.index(low) <= part.index(high) else (high, low)
    return found
