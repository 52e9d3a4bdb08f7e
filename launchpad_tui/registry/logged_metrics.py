"""Reads and writes the points, tags and custom info that an execution logged."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice, pairwise

from launchpad_tui.domain.connection import Scope
from launchpad_tui.domain.metric import CustomInfo, Metric, SeriesSummary, Tag
from launchpad_tui.domain.timestamps import from_micros, now, to_micros
from launchpad_tui.registry import chunk
from launchpad_tui.registry.codec import clean, timestamp
from launchpad_tui.registry.configurations import BATCH, placeholders
from launchpad_tui.registry.database import Registry
from launchpad_tui.registry.executions import execution_pk
from launchpad_tui.registry.series_points import nan
from launchpad_tui.registry.sqlite_errors import reports_damage

Row = tuple[int, int, float]


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
    found: list[Metric] = []
    with registry.read() as db:
        for one in series:
            if start >= one.count:
                start -= one.count
                continue
            for step, at, value in islice(rows_of(db, one.id, start), left):
                found.append(Metric(one.name, value, from_micros(at), step, one.labels))
                left -= 1
            start = 0
            if left <= 0:
                break
    return found


def stream(registry: Registry, series: Iterable[SeriesSummary]) -> Iterator[Metric]:
    """Yield all points of series, one series after the other, each by step.

    A chunk of points is read at a time, and no transaction is open while the caller works.
    """
    for one in series:
        for rows in _row_batches(registry, one.id):
            for step, at, value in rows:
                yield Metric(one.name, value, from_micros(at), step, one.labels)


def rows_of(db: sqlite3.Connection, series: int, start: int = 0) -> Iterator[Row]:
    """Yield the points of a series by step, starting at a position."""
    heads, tail = _heads_and_tail(db, series)
    if _overlap(heads, tail):
        yield from islice(_sorted_rows(db, heads, tail), start, None)
        return
    for pk, count, _, _ in heads:
        if start >= count:
            start -= count
            continue
        yield from islice(_chunk(db, pk), start, None)
        start = 0
    yield from islice(tail, start, None)


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
            "SELECT min(first_at) AS low, max(last_at) AS high FROM series WHERE execution_pk = ? "
            "UNION ALL SELECT min(modified_at), max(modified_at) FROM tags WHERE execution_pk = ? "
            "UNION ALL SELECT min(modified_at), max(modified_at) FROM custom_info "
            "WHERE execution_pk = ?)",
            (pk, pk, pk),
        ).fetchone()
    return timestamp(low), timestamp(high)


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


def _row_batches(registry: Registry, series: int) -> Iterator[list[Row]]:
    """Yield the points of a series by step, in batches that are each read at once."""
    with registry.read() as db:
        heads, tail = _heads_and_tail(db, series)
        full = [] if _overlap(heads, tail) else [head for head in heads if head[1] >= chunk.SIZE]
        # Chunks that are not full may be merged between two transactions.
        rest = _sorted_rows(db, heads[len(full) :], tail)
    for pk, *_ in full:
        with registry.read() as db:
            rows = list(_chunk(db, pk))
        yield rows
    yield rest


def _heads_and_tail(
    db: sqlite3.Connection, series: int
) -> tuple[list[tuple[int, int, int, int]], list[Row]]:
    """Return (pk, count, first step, last step) of the chunks of a series, and its tail by step."""
    heads = db.execute(
        "SELECT pk, count, first_step, last_step FROM chunks WHERE series_pk = ? ORDER BY pk",
        (series,),
    ).fetchall()
    tail: list[Row] = [
        (step, at, nan(value))
        for step, at, value in db.execute(
            "SELECT step, at, value FROM tail WHERE series_pk = ? ORDER BY step, pk", (series,)
        )
    ]
    return heads, tail


def _overlap(heads: Sequence[tuple[int, int, int, int]], tail: Sequence[Row]) -> bool:
    """Return whether points were logged out of order, so that their chunks overlap."""
    spans = [(first, last) for _, _, first, last in heads]
    if tail:
        spans.append((tail[0][0], tail[-1][0]))
    return any(before[1] > after[0] for before, after in pairwise(spans))


def _sorted_rows(
    db: sqlite3.Connection, heads: Iterable[tuple[int, int, int, int]], tail: Iterable[Row]
) -> list[Row]:
    rows = [row for head in heads for row in _chunk(db, head[0])]
    rows += tail
    rows.sort(key=lambda row: row[0])
    return rows


def _chunk(db: sqlite3.Connection, pk: int) -> Iterator[Row]:
    row = db.execute("SELECT steps, times, points FROM chunks WHERE pk = ?", (pk,)).fetchone()
    if row is None:
        # The metrics were deleted in the meantime.
        return iter(())
    found = chunk.decode(*row)
    return zip(found.steps, found.times, found.values, strict=True)
