"""Adds points to the series of an execution, within a transaction of the caller.

The newest points of a series are rows of the table ``tail``. As soon as there are enough of them,
they are packed into a small chunk; several small chunks are merged into a larger one, until a chunk
is full. A point is thus packed about three times, and few points take the space of a row. When the
execution has ended, each series becomes as few chunks as possible.
"""

from __future__ import annotations

import math
import sqlite3
from array import array
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from launchpad_tui.domain.execution import Status
from launchpad_tui.domain.metric import (
    ARTIFACT_LABEL,
    Direction,
    Metric,
    guess_direction,
    normal_name,
    series_key,
)
from launchpad_tui.domain.timestamps import to_micros
from launchpad_tui.registry import chunk
from launchpad_tui.registry.chunk import Points
from launchpad_tui.registry.codec import clean, to_json

Labels = tuple[tuple[str, str], ...]
#: points by the name and the sorted labels of their series
Logged = Mapping[tuple[str, Labels], Points]

_STATE = (
    "pk",
    "count",
    "chunked",
    "not_finite",
    "first",
    "last",
    "minimum",
    "maximum",
    "minimum_step",
    "maximum_step",
    "first_step",
    "last_step",
    "first_at",
    "last_at",
)
#: Chunks with fewer points than a share of a full chunk are merged as soon as they reach it.
_SMALL, _MIDDLE = 128, 8


def grouped(metrics: Iterable[Metric]) -> dict[tuple[str, Labels], Points]:
    """Return the points of metrics by series, in the order of logging."""
    found: dict[tuple[str, Labels], Points] = {}
    at, micros = None, 0
    for metric in metrics:
        labels = metric.labels if len(metric.labels) < 2 else tuple(sorted(metric.labels))
        key = (normal_name(metric.name), labels)
        points = found.get(key)
        if points is None:
            points = found[key] = Points(array("q"), array("q"), array("d"))
        # All metrics of a call have the same timestamp.
        if metric.timestamp is not at:
            at = metric.timestamp
            micros = to_micros(at)
        points.steps.append(metric.step)
        points.times.append(micros)
        points.values.append(metric.value)
    return found


def add(db: sqlite3.Connection, execution: int, logged: Logged) -> None:
    """Add points to series of an execution; stored points are recognized and left out.

    Args:
        execution: the row number of the execution.
    """
    ended = has_ended(db, execution)
    for (name, labels), points in logged.items():
        state = _state(db, execution, name, labels)
        fresh = _fresh(db, state, points)
        if fresh:
            _store(db, state, fresh, ended=ended)
    for name in dict.fromkeys(name for name, _ in logged):
        mark_headlines(db, execution, clean(name))


def add_bulk(
    db: sqlite3.Connection, execution: int, name: str, labels: Labels, points: Points
) -> None:
    """Add points to one series. Points that are stored already are not recognized."""
    name = normal_name(name)
    state = _state(db, execution, name, tuple(sorted(labels)))
    _store(db, state, points, ended=has_ended(db, execution))
    mark_headlines(db, execution, clean(name))


def seal(db: sqlite3.Connection, execution: int, limit: int) -> bool:
    """Pack the tails and merge the chunks of an execution that has ended.

    Args:
        limit: the largest number of series to change.

    Returns:
        Whether more series may be left.
    """
    rows = db.execute(
        "SELECT s.pk, s.count FROM series s WHERE s.execution_pk = ?1 AND (s.chunked < s.count OR "
        f"(SELECT count(*) FROM chunks WHERE series_pk = s.pk AND {_PARTIAL} AND count < ?2) > 1) "
        "LIMIT ?3",
        (execution, chunk.SIZE, limit),
    ).fetchall()
    for series, count in rows:
        _write_chunks(db, series, _take_partial(db, series, math.inf), ended=True)
        db.execute("UPDATE series SET chunked = ? WHERE pk = ?", (count, series))
    return len(rows) == limit


def has_ended(db: sqlite3.Connection, execution: int) -> bool:
    """Return whether an execution has ended, so that few points will follow."""
    row = db.execute("SELECT status FROM executions WHERE pk = ?", (execution,)).fetchone()
    return row is not None and row[0] in _FINAL


_FINAL = frozenset(status.value for status in Status if status.final)
# The literal makes SQLite use the index `chunks_partial`.
_PARTIAL = "count < 4096"


def mark_headlines(db: sqlite3.Connection, execution: int, name: str) -> None:
    """Mark the series that represent a metric name.

    The headline of each model is the series without labels, otherwise the series with the best
    value. The main series of the execution is the headline without a model, otherwise the headline
    with the best value.
    """
    rows = db.execute(
        "SELECT pk, name = key, artifact_name, minimum, maximum, headline, main FROM series "
        "WHERE execution_pk = ? AND name = ?",
        (execution, name),
    ).fetchall()
    if len(rows) == 1:
        return
    lower = guess_direction(name) == Direction.LOWER

    def rank(row: tuple[Any, ...]) -> tuple[bool, float, int]:
        value = row[3] if lower else row[4]
        best = math.inf if value is None else value if lower else -value
        return (not row[1], best, row[0])

    best_of: dict[str, tuple[Any, ...]] = {}
    for row in sorted(rows, key=rank):
        best_of.setdefault(row[2], row)
    headlines = {row[0] for row in best_of.values()}
    main = best_of[""] if "" in best_of else min(best_of.values(), key=rank)
    for row in rows:
        marked = (int(row[0] in headlines), int(row[0] == main[0]))
        if marked != (row[5], row[6]):
            db.execute("UPDATE series SET headline = ?, main = ? WHERE pk = ?", (*marked, row[0]))


def _state(db: sqlite3.Connection, execution: int, name: str, labels: Labels) -> dict[str, Any]:
    """Return the columns of a series that appending changes; ``pk`` is None for a new series."""
    stored = to_json([[clean(key), clean(value)] for key, value in labels]) if labels else "[]"
    columns = ", ".join(_STATE)
    key = (execution, clean(name), stored)
    select = f"SELECT {columns} FROM series WHERE execution_pk = ? AND name = ? AND labels = ?"
    row = db.execute(select, key).fetchone()
    if row is not None:
        return dict(zip(_STATE, row, strict=True))
    model = next((value for label, value in labels if label == ARTIFACT_LABEL), "")
    state: dict[str, Any] = dict.fromkeys(_STATE)
    return state | {
        "count": 0,
        "chunked": 0,
        "not_finite": 0,
        "new": (execution, execution, *key[1:], clean(series_key(name, labels)), clean(model)),
    }


def _fresh(db: sqlite3.Connection, state: dict[str, Any], new: Points) -> Points:
    """Return the points that are not stored yet, in the given order."""
    # By far the most frequent case: training continues.
    later = (
        not state["count"]
        or min(new.steps) > state["last_step"]
        or min(new.times) > state["last_at"]
    )
    if later and len(new) == 1:
        return new
    rows = dict.fromkeys(
        (step, at, None if math.isnan(value) else value)
        for step, at, value in zip(new.steps, new.times, new.values, strict=True)
    )
    if later and len(rows) == len(new):
        return new
    kept = set() if later else _stored(db, state["pk"], rows)
    return _points([row for row in rows if row not in kept])


def _stored(
    db: sqlite3.Connection, series: int, rows: Iterable[tuple[int, int, float | None]]
) -> set[tuple[int, int, float | None]]:
    """Return the stored points with the steps and times of given points."""
    wanted = {row[:2] for row in rows}
    kept: set[tuple[int, int, float | None]] = set()
    for step, at in wanted:
        kept.update(
            db.execute(
                "SELECT step, at, value FROM tail WHERE series_pk = ? AND step = ? AND at = ?",
                (series, step, at),
            )
        )
    steps, times = [row[0] for row in wanted], [row[1] for row in wanted]
    for blobs in db.execute(
        "SELECT steps, times, points FROM chunks WHERE series_pk = ? AND first_step <= ? "
        "AND last_step >= ? AND first_at <= ? AND last_at >= ?",
        (series, max(steps), min(steps), max(times), min(times)),
    ):
        stored = chunk.decode(*blobs)
        for step, at, value in zip(stored.steps, stored.times, stored.values, strict=True):
            if (step, at) in wanted:
                kept.add((step, at, None if math.isnan(value) else value))
    return kept


def _store(db: sqlite3.Connection, state: dict[str, Any], new: Points, *, ended: bool) -> None:
    """Add points to a series in the order of logging, and update its row."""
    waiting = state["count"] - state["chunked"] + len(new)
    before = dict(state)
    _summarize(state, new)
    if waiting < _smallest(ended=ended):
        _write(db, state, before)
        _insert_tail(db, state["pk"], new)
        return
    if state["pk"] is None:
        _write(db, state, before)
        before = dict(state)
        older: list[Points] = []
    else:
        older = _take_partial(db, state["pk"], math.inf if ended else waiting)
    left = _write_chunks(db, state["pk"], [*older, new], ended=ended)
    state["chunked"] = state["count"] - left
    _write(db, state, before)


def _smallest(*, ended: bool) -> int:
    """Return the number of points from which they are packed."""
    return 1 if ended else max(1, chunk.SIZE // _SMALL)


def _take_partial(db: sqlite3.Connection, series: int, waiting: float) -> list[Points]:
    """Remove the tail and the last chunks that are to be merged, and return their points.

    Args:
        waiting: the number of points that are to be packed, with those of the tail; infinity to
            merge all chunks that are not full.
    """
    heads = db.execute(
        f"SELECT pk, count FROM chunks WHERE series_pk = ? AND {_PARTIAL} AND count < ? "
        "ORDER BY pk DESC",
        (series, chunk.SIZE),
    ).fetchall()
    merged: list[int] = []
    total = waiting
    for size in (max(1, chunk.SIZE // _MIDDLE), chunk.SIZE):
        some = []
        for pk, count in heads[len(merged) :]:
            if count >= size:
                break
            some.append(pk)
            total += count
        if total < size:
            break
        merged += some
    parts: list[Points] = []
    for pk in reversed(merged):
        row = db.execute("SELECT steps, times, points FROM chunks WHERE pk = ?", (pk,)).fetchone()
        parts.append(chunk.decode(*row))
        db.execute("DELETE FROM chunks WHERE pk = ?", (pk,))
    rows = db.execute(
        "SELECT step, at, value FROM tail WHERE series_pk = ? ORDER BY pk", (series,)
    ).fetchall()
    if rows:
        db.execute("DELETE FROM tail WHERE series_pk = ?", (series,))
        parts.append(_points(rows))
    return parts


def _write_chunks(
    db: sqlite3.Connection, series: int, parts: Sequence[Points], *, ended: bool
) -> int:
    """Write points as chunks; return the number of points that are left in the tail."""
    if not parts:
        return 0
    points = chunk.ordered(chunk.joined(parts))
    end = len(points)
    if end % chunk.SIZE < _smallest(ended=ended):
        end -= end % chunk.SIZE
    for start in range(0, end, chunk.SIZE):
        part = points.part(start, min(start + chunk.SIZE, end))
        db.execute(
            "INSERT INTO chunks (series_pk, count, not_finite, first_step, last_step, first_at, "
            "last_at, overview, steps, times, points) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, x'', x'', ?)",
            (
                series,
                len(part),
                chunk.not_finite(part.values),
                part.steps[0],
                part.steps[-1],
                min(part.times),
                max(part.times),
                # The points of a small chunk are as few as those of an overview.
                chunk.overview(part) if len(part) == chunk.SIZE else b"",
                chunk.pack(part),
            ),
        )
    _insert_tail(db, series, points.part(end, len(points)))
    return len(points) - end


def _insert_tail(db: sqlite3.Connection, series: int, points: Points) -> None:
    db.executemany(
        "INSERT INTO tail (series_pk, step, at, value) VALUES (?, ?, ?, ?)",
        [
            (series, step, at, _null(value))
            for step, at, value in zip(points.steps, points.times, points.values, strict=True)
        ],
    )


def _points(rows: Sequence[tuple[int, int, float | None]]) -> Points:
    return Points(
        array("q", [row[0] for row in rows]),
        array("q", [row[1] for row in rows]),
        array("d", [nan(row[2]) for row in rows]),
    )


def _summarize(state: dict[str, Any], new: Points) -> None:
    """Update a series' summary with points in the order of logging."""
    first, last = min(new.steps), max(new.steps)
    first_at, last_at = min(new.times), max(new.times)
    known = state["count"] > 0
    if not known or first < state["first_step"]:
        state["first_step"], state["first"] = first, _null(new.values[new.steps.index(first)])
    if not known or last >= state["last_step"]:
        at = len(new) - 1 if new.steps[-1] == last else len(new) - 1 - new.steps[::-1].index(last)
        state["last_step"], state["last"] = last, _null(new.values[at])
    state["first_at"] = first_at if not known else min(first_at, state["first_at"])
    state["last_at"] = last_at if not known else max(last_at, state["last_at"])
    bad = chunk.not_finite(new.values)
    finite = (
        new.values
        if not bad
        else array("d", [value for value in new.values if math.isfinite(value)])
    )
    if finite:
        low, high = min(finite), max(finite)
        if state["minimum"] is None or low < state["minimum"]:
            state["minimum"], state["minimum_step"] = low, new.steps[new.values.index(low)]
        if state["maximum"] is None or high > state["maximum"]:
            state["maximum"], state["maximum_step"] = high, new.steps[new.values.index(high)]
    state["count"] += len(new)
    state["not_finite"] += bad


def _write(db: sqlite3.Connection, state: dict[str, Any], before: Mapping[str, Any]) -> None:
    """Insert the row of a series, or update the columns that have changed."""
    if state["pk"] is None:
        columns = ", ".join(_STATE[1:])
        values = tuple(state[name] for name in _STATE[1:])
        marked = ", ".join("?" * len(values))
        cursor = db.execute(
            "INSERT INTO series (execution_pk, group_pk, name, labels, key, artifact_name, "
            f"{columns}) VALUES (?, (SELECT group_pk FROM executions "
            f"WHERE pk = ?), ?, ?, ?, ?, {marked})",
            (*state["new"], *values),
        )
        state["pk"] = cursor.lastrowid
        return
    # SQLite updates every index that has one of the named columns, even if its value is the same.
    changed = [name for name in _STATE[1:] if state[name] != before[name]]
    if changed:
        changes = ", ".join(f"{name} = ?" for name in changed)
        db.execute(
            f"UPDATE series SET {changes} WHERE pk = ?",
            (*(state[name] for name in changed), state["pk"]),
        )


def _null(value: float) -> float | None:
    return None if math.isnan(value) else value


def nan(value: float | None) -> float:
    """Return the number in a column that stores NaN as NULL."""
    return math.nan if value is None else value
