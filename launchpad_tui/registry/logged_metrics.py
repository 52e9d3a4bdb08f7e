"""Reads and writes the points, tags and custom info that an execution logged."""

from __future__ import annotations

import math
import sqlite3
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice, pairwise
from typing import Any, NamedTuple

from launchpad_tui.domain.connection import Scope
from launchpad_tui.domain.metric import CustomInfo, Metric, SeriesSummary, Tag
from launchpad_tui.domain.timestamps import from_micros, now, to_micros
from launchpad_tui.registry import chunk, pack_summaries, packs
from launchpad_tui.registry.chunk import Points
from launchpad_tui.registry.codec import clean, timestamp, to_json
from launchpad_tui.registry.configurations import BATCH, placeholders
from launchpad_tui.registry.database import Registry
from launchpad_tui.registry.executions import execution_pk
from launchpad_tui.registry.series_points import nan
from launchpad_tui.registry.sqlite_errors import reports_damage

#: step, microseconds since 1970, value
Row = tuple[int, int, float]
#: the number of points of short series that are read together
_TOGETHER = 20_000
#: the number of timestamps that are not converted again
_KEPT_TIMESTAMPS = 20_000


@reports_damage
def points(
    registry: Registry, series: Sequence[SeriesSummary], after: int = 0, limit: int | None = None
) -> list[Metric]:
    """Return points of series, one series after the other, each by step.

    Args:
        after: the number of points to skip; a negative number counts from the end.
        limit: the largest number of points; None for all.
    """
    total = sum(one.count for one in series)
    start = max(0, total + after) if after < 0 else after
    left = total if limit is None else limit
    skipped = 0
    for one in series:
        if start < one.count:
            break
        start -= one.count
        skipped += 1
    with registry.read():
        return list(islice(stream(registry, series[skipped:], start), left))


def newest(registry: Registry, series: Sequence[SeriesSummary], limit: int) -> list[Metric]:
    """Return the last points of each series, one series after the other, the newest point first.

    Args:
        limit: the largest number of points of a series.
    """
    kept: dict[int, deque[Row]] = {one.id: deque(maxlen=limit) for one in series}
    with registry.read():
        short = [one for one in series if one.count <= chunk.SIZE]
        # Of a long series only the last chunks are read.
        parts = [(short, 0)]
        parts += [([one], max(0, one.count - limit)) for one in series if one.count > chunk.SIZE]
        for part, skip in parts:
            for one, rows in row_batches(registry, part, skip):
                kept[one.id].extend(rows)
    return [
        Metric(one.name, value, from_micros(at), step, one.labels)
        for one in series
        for step, at, value in reversed(kept[one.id])
    ]


def stream(registry: Registry, series: Iterable[SeriesSummary], skip: int = 0) -> Iterator[Metric]:
    """Yield all points of series, one series after the other, each by step.

    At most some thousand points are read at a time, and no transaction is open while the caller
    works.

    Args:
        skip: the number of points of the first series that are left out.
    """
    return metrics_of(row_batches(registry, series, skip))


def metrics_of(batches: Iterable[tuple[SeriesSummary, Sequence[Row]]]) -> Iterator[Metric]:
    """Yield the points of batches as metrics."""
    timestamps: dict[int, datetime] = {}
    for one, rows in batches:
        name, labels = one.name, one.labels
        for step, at, value in rows:
            timestamp = timestamps.get(at)
            if timestamp is None:
                if len(timestamps) >= _KEPT_TIMESTAMPS:
                    timestamps.clear()
                timestamps[at] = timestamp = from_micros(at)
            yield Metric(name, value, timestamp, step, labels)


def row_batches(
    registry: Registry, series: Iterable[SeriesSummary], skip: int = 0
) -> Iterator[tuple[SeriesSummary, Sequence[Row]]]:
    """Yield the points of series by step, one or several batches for each series, in their order.

    Many short series are read together.

    Args:
        skip: the number of points of the first series that are left out.
    """
    some: list[SeriesSummary] = []
    expected = 0
    for one in series:
        some.append(one)
        expected += min(one.count, 2 * chunk.SIZE)
        if expected >= _TOGETHER:
            yield from _rows_of(registry, some, skip)
            some, expected, skip = [], 0, 0
    yield from _rows_of(registry, some, skip)


def tags(registry: Registry, scope: Scope, execution_ids: Iterable[str]) -> dict[str, list[Tag]]:
    """Return the tags of executions by execution ID, in the order of first logging."""
    return {
        execution: [Tag(name, value) for name, value in rows]
        for execution, rows in _named(registry, scope, "tags", execution_ids).items()
    }


def custom_info(
    registry: Registry, scope: Scope, execution_ids: Iterable[str]
) -> dict[str, list[CustomInfo]]:
    """Return the custom info of executions by execution ID, in the order of first logging."""
    return {
        execution: [CustomInfo(name, value) for name, value in rows]
        for execution, rows in _named(registry, scope, "custom_info", execution_ids).items()
    }


@reports_damage
def logged_period(
    registry: Registry, scope: Scope, execution_id: str
) -> tuple[datetime | None, datetime | None]:
    """Return the times of the first and of the last entry that an execution logged.

    Both are None if it logged nothing.

    Raises:
        NotFound: the execution does not exist.
    """
    with registry.read() as db:
        pk = execution_pk(db, scope, execution_id)
        low, high = db.execute(
            "SELECT min(low), max(high) FROM ("
            "SELECT min(first_at) AS low, max(last_at) AS high FROM series s "
            "JOIN series_summaries c ON c.series_pk = s.pk WHERE s.execution_pk = ? "
            "UNION ALL SELECT min(modified_at), max(modified_at) FROM tags WHERE execution_pk = ? "
            "UNION ALL SELECT min(modified_at), max(modified_at) FROM custom_info "
            "WHERE execution_pk = ?)",
            (pk, pk, pk),
        ).fetchone()
        pack_of = db.execute(
            "SELECT s.pk, s.pack_pk FROM series s WHERE s.execution_pk = ? AND s.pack_pk NOT NULL "
            "AND NOT EXISTS (SELECT 1 FROM series_summaries c WHERE c.series_pk = s.pk)",
            (pk,),
        ).fetchall()
        packed = pack_summaries.read(db, dict(pack_of)).values()
    starts = [one[-2] for one in packed] + ([] if low is None else [low])
    ends = [one[-1] for one in packed] + ([] if high is None else [high])
    return timestamp(min(starts, default=None)), timestamp(max(ends, default=None))


def put(
    registry: Registry,
    execution_id: str,
    tags: Sequence[Tag],
    infos: Sequence[CustomInfo],
    scope: Scope | None = None,
) -> None:
    """Store tags and custom info; of the same name the last one counts. Raises NotFound."""
    if not tags and not infos:
        return
    with registry.write("metrics") as db:
        pk = execution_pk(db, scope, execution_id)
        at = to_micros(now())
        for table, entries in (("tags", tags), ("custom_info", infos)):
            db.executemany(
                f"INSERT INTO {table} (execution_pk, name, value, modified_at) VALUES (?, ?, ?, ?) "
                "ON CONFLICT (execution_pk, name) DO UPDATE SET value = excluded.value, "
                "modified_at = excluded.modified_at",
                [(pk, clean(entry.name), clean(entry.value), at) for entry in entries],
            )


def _named(
    registry: Registry, scope: Scope, table: str, execution_ids: Iterable[str]
) -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = {}
    wanted = list(dict.fromkeys(execution_ids))
    with registry.read() as db:
        for start in range(0, len(wanted), BATCH):
            some = wanted[start : start + BATCH]
            for execution, name, value in db.execute(
                "SELECT e.id, t.name, t.value FROM executions e "
                "JOIN resource_groups g ON g.pk = e.group_pk "
                "JOIN connections c ON c.pk = g.connection_pk "
                f"JOIN {table} t ON t.execution_pk = e.pk WHERE c.name = ? AND g.name = ? "
                f"AND e.id IN ({placeholders(some)}) ORDER BY t.rowid",
                (scope.connection, scope.resource_group, *some),
            ):
                found.setdefault(execution, []).append((name, value))
    return found


def _rows_of(
    registry: Registry, series: Sequence[SeriesSummary], skip: int
) -> Iterator[tuple[SeriesSummary, Sequence[Row]]]:
    """Yield the points of series as `row_batches` does."""
    wanted = to_json([one.id for one in series])
    chunks: dict[int, list[_Chunk]] = {}
    tails: dict[int, list[Row]] = {}
    with registry.read() as db:
        # Chunks that are not full are read at once, because they may be merged later.
        for number, *row in db.execute(
            "SELECT series_pk, pk, count, first_step, last_step, "
            "CASE WHEN count < ?1 THEN steps END, CASE WHEN count < ?1 THEN times END, "
            "CASE WHEN count < ?1 THEN points END FROM chunks "
            "WHERE series_pk IN (SELECT value FROM json_each(?2)) ORDER BY series_pk, pk",
            (chunk.SIZE, wanted),
        ):
            chunks.setdefault(number, []).append(_Chunk(*row))
        before = None
        tail: list[Row] = []
        for number, step, at, value in db.execute(
            "SELECT series_pk, step, at, value FROM tail "
            "WHERE series_pk IN (SELECT value FROM json_each(?)) ORDER BY series_pk, step, pk",
            (wanted,),
        ).fetchall():
            if number != before:
                before, tail = number, []
                tails[number] = tail
            tail.append((step, at, math.nan if value is None else value))
        unseen = [one.id for one in series if one.id not in chunks and one.id not in tails]
        packed = packs.read(db, unseen)
        overlapping = {
            one.id: _sorted_rows(db, chunks[one.id], tails.get(one.id, ()))
            for one in series
            if one.id in chunks and _overlap(chunks[one.id], tails.get(one.id, ()))
        }
    for one in series:
        if one.id in packed:
            yield one, _zipped(packed[one.id])[skip:]
        elif one.id in overlapping:
            yield one, overlapping[one.id][skip:]
        else:
            for head in chunks.get(one.id, ()):
                if skip >= head.size:
                    skip -= head.size
                    continue
                if head.points is None:
                    with registry.read() as db:
                        rows = _read(db, head)
                else:
                    rows = _decoded(head.steps, head.times, head.points)
                yield one, rows[skip:]
                skip = 0
            yield one, tails.get(one.id, [])[skip:]
        skip = 0


class _Chunk(NamedTuple):
    """A chunk; the columns with its points are None if it is full."""

    pk: int
    size: int
    first_step: int
    last_step: int
    steps: bytes | None
    times: bytes | None
    points: bytes | None


def _overlap(chunks: Sequence[_Chunk], tail: Sequence[Row]) -> bool:
    """Return whether points were logged out of order, so that their chunks overlap."""
    spans = [(each.first_step, each.last_step) for each in chunks]
    if tail:
        spans.append((tail[0][0], tail[-1][0]))
    return any(before[1] > after[0] for before, after in pairwise(spans))


def rows_of(db: sqlite3.Connection, series: int) -> list[Row]:
    """Return all points of a series by step, for code that has a transaction of its own."""
    rows: list[Row] = []
    for row in db.execute(
        "SELECT steps, times, points FROM chunks WHERE series_pk = ? ORDER BY pk", (series,)
    ):
        rows += _decoded(*row)
    if points := packs.read(db, [series]).get(series):
        rows += _zipped(points)
    rows += (
        (step, at, nan(value))
        for step, at, value in db.execute(
            "SELECT step, at, value FROM tail WHERE series_pk = ? ORDER BY step, pk", (series,)
        )
    )
    rows.sort(key=lambda row: row[0])
    return rows


def _sorted_rows(
    db: sqlite3.Connection, chunks: Iterable[_Chunk], tail: Iterable[Row]
) -> list[Row]:
    rows = [row for each in chunks for row in _read(db, each)]
    rows += tail
    rows.sort(key=lambda row: row[0])
    return rows


def _read(db: sqlite3.Connection, wanted: _Chunk) -> list[Row]:
    """Return the points of a chunk; none if it was deleted in the meantime."""
    row = db.execute(
        "SELECT steps, times, points FROM chunks WHERE pk = ?", (wanted.pk,)
    ).fetchone()
    return [] if row is None else _decoded(*row)


def _decoded(steps: Any, times: Any, points: Any) -> list[Row]:
    return _zipped(chunk.decode(steps, times, points))


def _zipped(points: Points) -> list[Row]:
    return list(zip(points.steps, points.times, points.values, strict=True))
