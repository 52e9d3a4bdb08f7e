"""The summaries of the series in a pack, stored together.

A row for each of thousands of short series would take a third of the space of their points. A
summary has what no list is ordered by; the other values are in the row of the series. As its pack,
it is ignored as soon as the series has a row of its own in ``series_summaries`` again.

Packed summaries are a zlib stream of one column after the other, each as eight planes as in
`chunk`. First are eleven columns of int64, whose numbers after the first are differences to the one
before: the row numbers of the series, whether one of its values is finite, and those of `COLUMNS`
except ``first``. They are as they are if the first byte is `_PLAIN`. The last column has the first
values as float64.
"""

from __future__ import annotations

import math
import sqlite3
import zlib
from array import array
from collections.abc import Mapping
from functools import lru_cache
from itertools import accumulate
from typing import Any

from launchpad_tui.registry import chunk, planes
from launchpad_tui.registry.codec import to_json
from launchpad_tui.registry.sqlite_errors import reports_damage

#: the columns of ``series_summaries`` that a summary has, in its order
COLUMNS = (
    "count",
    "not_finite",
    "first",
    "minimum_step",
    "maximum_step",
    "first_step",
    "last_step",
    "first_at",
    "last_at",
)
#: values of `COLUMNS`, as they are stored in ``series_summaries``
Summary = tuple[Any, ...]
_FIRST, _STEPS = COLUMNS.index("first"), slice(3, 5)
#: the number of columns of a packed summary
_PACKED = len(COLUMNS) + 2
_DELTAS, _PLAIN = b"\x01", b"\x02"


def move(db: sqlite3.Connection, pack: int, series: Mapping[int, object]) -> None:
    """Move the summaries of series from their rows to those of their pack."""
    wanted = to_json([*series])
    rows = db.execute(
        f"SELECT series_pk, {', '.join(COLUMNS)} FROM series_summaries "
        "WHERE series_pk IN (SELECT value FROM json_each(?)) ORDER BY series_pk",
        (wanted,),
    ).fetchall()
    db.execute(
        "INSERT INTO pack_summaries (pack_pk, summaries) VALUES (?, ?)",
        (pack, packed({row[0]: row[1:] for row in rows})),
    )
    db.execute(
        "DELETE FROM series_summaries WHERE series_pk IN (SELECT value FROM json_each(?))",
        (wanted,),
    )


@reports_damage
def read(db: sqlite3.Connection, pack_of: Mapping[int, int]) -> dict[int, Summary]:
    """Return the summaries of series, by row number.

    Args:
        pack_of: the row numbers of series without a row in ``series_summaries``, and of their pack.
    """
    if not pack_of:
        return {}
    found: dict[int, Mapping[int, Summary]] = {}
    for pack, data in db.execute(
        "SELECT pack_pk, summaries FROM pack_summaries "
        "WHERE pack_pk IN (SELECT value FROM json_each(?))",
        (to_json([*set(pack_of.values())]),),
    ):
        found[pack] = unpacked(data)
    return {series: found[pack][series] for series, pack in pack_of.items()}


def of_series(db: sqlite3.Connection, series: int) -> Summary | None:
    """Return the summary of a series; None if the series does not exist."""
    columns = ", ".join(f"c.{name}" for name in COLUMNS)
    row = db.execute(
        f"SELECT s.pack_pk, {columns} FROM series s "
        "LEFT JOIN series_summaries c ON c.series_pk = s.pk WHERE s.pk = ?",
        (series,),
    ).fetchone()
    if row is None or row[1] is not None:
        return None if row is None else tuple(row[1:])
    return read(db, {series: row[0]})[series]


def packed(summaries: Mapping[int, Summary]) -> bytes:
    """Return summaries, by row number, in packed form."""
    columns: list[array[Any]] = [array("q", summaries), array("q", [])]
    firsts = array("d", [])
    for summary in summaries.values():
        columns[1].append(summary[_STEPS.start] is not None)
        firsts.append(math.nan if summary[_FIRST] is None else summary[_FIRST])
    for place in range(len(COLUMNS)):
        if place != _FIRST:
            columns.append(array("q", [one[place] or 0 for one in summaries.values()]))
    kind = _DELTAS
    try:
        columns = [planes.differences(column) for column in columns]
    except OverflowError:
        kind = _PLAIN
    parts = [planes.split(chunk.encode(column)) for column in (*columns, firsts)]
    return kind + zlib.compress(b"".join(parts))


# The summaries of an execution are read again when its points are.
@lru_cache(maxsize=16)
@reports_damage
def unpacked(data: bytes) -> Mapping[int, Summary]:
    """Return packed summaries by row number."""
    try:
        joined = zlib.decompress(data[1:])
    except zlib.error as error:
        raise ValueError(f"summaries of a pack of series: {error}") from error
    size, rest = divmod(len(joined), _PACKED)
    if rest or data[:1] not in {_DELTAS, _PLAIN}:
        raise ValueError("summaries of a pack of series are incomplete")
    columns: list[Any] = [
        planes.numbers("q", joined[start : start + size]) for start in range(0, 10 * size, size)
    ]
    if data[:1] == _DELTAS:
        columns = [accumulate(column) for column in columns]
    series, known, *columns = columns
    firsts = [None if math.isnan(one) else one for one in planes.numbers("d", joined[10 * size :])]
    columns.insert(_FIRST, firsts)
    found: dict[int, Summary] = {}
    for pk, finite, *values in zip(series, known, *columns, strict=True):
        if not finite:
            values[_STEPS] = [None, None]
        found[pk] = tuple(values)
    return found
