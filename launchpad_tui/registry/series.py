"""Metric series: appending points, and the summaries for lists and comparisons.

New points are rows of the table ``tail``. As soon as the tail has enough points for a full chunk,
they are sealed into columnar chunks. A point that equals a stored point in step, time, labels and
value counts as sent again and is stored once.
"""

from __future__ import annotations

import math
import sqlite3
from array import array
from collections.abc import Iterable, Sequence
from typing import Any

from launchpad_tui.domain.connection import Scope
from launchpad_tui.domain.metric import (
    ARTIFACT_LABEL,
    Direction,
    Metric,
    SeriesSummary,
    guess_direction,
    normal_name,
    series_key,
)
from launchpad_tui.domain.timestamps import from_micros, to_micros
from launchpad_tui.errors import NotFound
from launchpad_tui.registry import chunk
from launchpad_tui.registry.chunk import Points
from launchpad_tui.registry.codec import clean, pairs, to_json
from launchpad_tui.registry.configurations import BATCH, placeholders
from launchpad_tui.registry.database import Registry
from launchpad_tui.registry.executions import execution_pk
from launchpad_tui.registry.sqlite_errors import reports_damage

Labels = tuple[tuple[str, str], ...]

_SUMMARY = (
    "s.pk, e.id, s.name, s.labels, s.key, s.artifact_name, s.count, s.not_finite, s.first, s.last, "
    "s.minimum, s.maximum, s.minimum_step, s.maximum_step, s.first_step, s.last_step, s.first_at, "
    "s.last_at"
)
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


def append(
    registry: Registry, execution_id: str, metrics: Sequence[Metric], scope: Scope | None = None
) -> None:
    """Store points of an execution in one transaction.

    Raises:
        NotFound: the execution does not exist.
    """
    if not metrics:
        return
    grouped: dict[tuple[str, Labels], list[Metric]] = {}
    for metric in metrics:
        key = (normal_name(metric.name), tuple(sorted(metric.labels)))
        grouped.setdefault(key, []).append(metric)
    with registry.write("metrics") as db:
        execution = execution_pk(db, scope, execution_id)
        for (name, labels), points in grouped.items():
            state = _state(db, execution, name, labels)
            fresh = _fresh(db, state, points)
            if fresh:
                _append_tail(db, state, fresh)
        for name in dict.fromkeys(name for name, _ in grouped):
            mark_headlines(db, execution, clean(name))


def append_bulk(
    registry: Registry,
    execution_id: str,
    name: str,
    labels: Labels,
    steps: Iterable[int],
    times: Iterable[int],
    values: Iterable[float],
    scope: Scope | None = None,
) -> None:
    """Store many points of one series. Points that are stored already are not recognized.

    Args:
        steps, times, values: sequences of equal length; times are microseconds since 1970.
            ``array.array`` of types ``q`` and ``d`` and numpy arrays of int64 and float64 are the
            fastest.

    Raises:
        NotFound: the execution does not exist.
    """
    new = chunk.points(steps, times, values)
    if not new:
        return
    with registry.write("metrics") as db:
        execution = execution_pk(db, scope, execution_id)
        name = normal_name(name)
        state = _state(db, execution, name, tuple(sorted(labels)))
        _summarize(state, new)
        tail = _take_tail(db, state)
        if tail:
            new = Points(tail.steps + new.steps, tail.times + new.times, tail.values + new.values)
        state["chunked"] += len(new) - len(new) % chunk.SIZE
        _store(db, state)
        _seal(db, state["pk"], chunk.ordered(new))
        mark_headlines(db, execution, clean(name))


def summaries(
    registry: Registry, scope: Scope, execution_ids: Iterable[str]
) -> dict[str, list[SeriesSummary]]:
    """Return the series of executions by execution ID, sorted by name and key.

    Executions that logged nothing are omitted.
    """
    found: dict[str, list[SeriesSummary]] = {}
    wanted = list(dict.fromkeys(execution_ids))
    with registry.read() as db:
        for start in range(0, len(wanted), BATCH):
            some = wanted[start : start + BATCH]
            for row in db.execute(
                f"SELECT {_SUMMARY} FROM executions e JOIN resource_groups g ON g.pk = e.group_pk "
                "JOIN connections c ON c.pk = g.connection_pk "
                "JOIN series s ON s.execution_pk = e.pk WHERE c.name = ? AND g.name = ? "
                f"AND e.id IN ({placeholders(some)}) ORDER BY e.id, s.name, s.key, s.pk",
                (scope.connection, scope.resource_group, *some),
            ):
                found.setdefault(row[1], []).append(_summary(row))
    return found


def summary(registry: Registry, series_id: int) -> SeriesSummary:
    """Return a series by the registry's own ID.

    Raises:
        NotFound: the series does not exist.
    """
    with registry.read() as db:
        row = db.execute(
            f"SELECT {_SUMMARY} FROM series s JOIN executions e ON e.pk = s.execution_pk "
            "WHERE s.pk = ?",
            (series_id,),
        ).fetchone()
    if row is None:
        raise NotFound("The metric series does not exist any more", "Its execution was deleted.")
    return _summary(row)


def delete(registry: Registry, execution_id: str, scope: Scope | None = None) -> None:
    """Remove all points, tags and custom info of an execution. Raises NotFound."""
    with registry.write("metrics") as db:
        pk = execution_pk(db, scope, execution_id)
        for table in ("series", "tags", "custom_info"):
            db.execute(f"DELETE FROM {table} WHERE execution_pk = ?", (pk,))


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
    stored = to_json([[clean(key), clean(value)] for key, value in labels])
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


def _fresh(
    db: sqlite3.Connection, state: dict[str, Any], metrics: list[Metric]
) -> list[tuple[int, int, float | None]]:
    """Return the points that are not stored yet, in the given order; NaN is None."""
    rows = dict.fromkeys(
        (m.step, to_micros(m.timestamp), None if math.isnan(m.value) else float(m.value))
        for m in metrics
    )
    if not state["count"]:
        return list(rows)
    steps = [row[0] for row in rows]
    times = [row[1] for row in rows]
    if min(steps) > state["last_step"] or min(times) > state["last_at"]:
        return list(rows)  # By far the most frequent case: training continues.
    kept: set[tuple[int, int, float | None]] = set()
    for step, at, _ in rows:
        kept.update(
            db.execute(
                "SELECT step, at, value FROM tail WHERE series_pk = ? AND step = ? AND at = ?",
                (state["pk"], step, at),
            )
        )
    wanted = {(row[0], row[1]) for row in rows}
    for blobs in db.execute(
        "SELECT steps, times, points FROM chunks WHERE series_pk = ? AND first_step <= ? "
        "AND last_step >= ? AND first_at <= ? AND last_at >= ?",
        (state["pk"], max(steps), min(steps), max(times), min(times)),
    ):
        stored = chunk.decode(*blobs)
        for step, at, value in zip(stored.steps, stored.times, stored.values, strict=True):
            if (step, at) in wanted:
                kept.add((step, at, None if math.isnan(value) else value))
    return [row for row in rows if row not in kept]


def _append_tail(
    db: sqlite3.Connection, state: dict[str, Any], rows: list[tuple[int, int, float | None]]
) -> None:
    new = Points(
        array("q", [row[0] for row in rows]),
        array("q", [row[1] for row in rows]),
        array("d", [math.nan if row[2] is None else row[2] for row in rows]),
    )
    _summarize(state, new)
    waiting = state["count"] - state["chunked"]
    full = waiting - waiting % chunk.SIZE
    state["chunked"] += full
    _store(db, state)
    db.executemany(
        "INSERT INTO tail (series_pk, step, at, value) VALUES (?, ?, ?, ?)",
        [(state["pk"], *row) for row in rows],
    )
    if full:
        tail = _take_tail(db, state)
        assert tail is not None
        _seal(db, state["pk"], tail)


def _take_tail(db: sqlite3.Connection, state: dict[str, Any]) -> Points | None:
    """Remove the points of the tail and return them by step."""
    series = state["pk"]
    rows = db.execute(
        "SELECT step, at, value FROM tail WHERE series_pk = ? ORDER BY step, pk", (series,)
    ).fetchall()
    if not rows:
        return None
    db.execute("DELETE FROM tail WHERE series_pk = ?", (series,))
    return Points(
        array("q", [row[0] for row in rows]),
        array("q", [row[1] for row in rows]),
        array("d", [math.nan if row[2] is None else row[2] for row in rows]),
    )


def _seal(db: sqlite3.Connection, series: int, ordered: Points) -> None:
    """Write full chunks; the remaining points return to the tail."""
    full = len(ordered) - len(ordered) % chunk.SIZE
    for start in range(0, full, chunk.SIZE):
        part = ordered.part(start, start + chunk.SIZE)
        db.execute(
            "INSERT INTO chunks (series_pk, count, not_finite, first_step, last_step, first_at, "
            "last_at, overview, steps, times, points) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                series,
                len(part),
                chunk.not_finite(part.values),
                part.steps[0],
                part.steps[-1],
                min(part.times),
                max(part.times),
                chunk.overview(part),
                chunk.encode(part.steps),
                chunk.encode(part.times),
                chunk.encode(part.values),
            ),
        )
    rest = ordered.part(full, len(ordered))
    db.executemany(
        "INSERT INTO tail (series_pk, step, at, value) VALUES (?, ?, ?, ?)",
        [(series, *row) for row in zip(rest.steps, rest.times, rest.values, strict=True)],
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


def _store(db: sqlite3.Connection, state: dict[str, Any]) -> None:
    values = tuple(state[name] for name in _STATE[1:])
    if state["pk"] is None:
        columns = ", ".join(_STATE[1:])
        marked = ", ".join("?" * len(values))
        cursor = db.execute(
            "INSERT INTO series (execution_pk, group_pk, name, labels, key, artifact_name, "
            f"{columns}) VALUES (?, (SELECT group_pk FROM executions "
            f"WHERE pk = ?), ?, ?, ?, ?, {marked})",
            (*state["new"], *values),
        )
        state["pk"] = cursor.lastrowid
        return
    changes = ", ".join(f"{name} = ?" for name in _STATE[1:])
    db.execute(f"UPDATE series SET {changes} WHERE pk = ?", (*values, state["pk"]))


def _null(value: float) -> float | None:
    return None if math.isnan(value) else value


def nan(value: float | None) -> float:
    """Return the number in a column that stores NaN as NULL."""
    return math.nan if value is None else value


@reports_damage
def _summary(row: tuple[Any, ...]) -> SeriesSummary:
    return SeriesSummary(
        row[0],
        row[1],
        row[2],
        pairs(row[3]),
        row[4],
        row[5],
        row[6],
        row[7],
        nan(row[8]),
        nan(row[9]),
        row[10],
        row[11],
        row[12],
        row[13],
        row[14],
        row[15],
        from_micros(row[16]),
        from_micros(row[17]),
    )
