"""Adds points to the series of an execution, within a transaction of the caller.

The newest points of a series are rows of the table ``tail``. As soon as there are enough of them,
they are packed into a small chunk; several small chunks are merged into a larger one, until a chunk
is full. A point is thus packed about three times, and few points take the space of a row. When the
execution has ended, each long series becomes as few chunks as possible, and the short ones are
stored together in `packs`.
"""

from __future__ import annotations

import math
import sqlite3
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence

from launchpad_tui.domain.execution import Status
from launchpad_tui.domain.metric import (
    Direction,
    Metric,
    guess_direction,
    normal_name,
)
from launchpad_tui.domain.timestamps import to_micros
from launchpad_tui.registry import chunk, packs, series_texts
from launchpad_tui.registry.chunk import Points
from launchpad_tui.registry.codec import clean
from launchpad_tui.registry.series_rows import (
    IDENTITY,
    Labels,
    Row,
    insert,
    insert_summary,
    labels_json,
    named,
    new_row,
)
from launchpad_tui.registry.series_schema import LISTED, SUMMARIZED
from launchpad_tui.registry.series_texts import LABELS, NAME

#: points by the name and the sorted labels of their series
Logged = Mapping[tuple[str, Labels], Points]

#: columns that change, by the table that has them and the column of its row number
_CHANGED = {("series", "pk"): LISTED, ("series_summaries", "series_pk"): SUMMARIZED}
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


def add(db: sqlite3.Connection, execution: int, logged: Logged, *, bulk: bool = False) -> None:
    """Add points to series of an execution.

    Args:
        execution: the row number of the execution.
        bulk: whether points that are stored already are stored again, instead of being left out.
    """
    status = db.execute("SELECT status FROM executions WHERE pk = ?", (execution,)).fetchone()
    # Few points will follow.
    ended = status is not None and status[0] in _FINAL
    names = {clean(name) for name, _ in logged}
    # All series of these names, because any of them may have been the headline.
    known = named(db, execution, names)
    packed = packs.read(db, [row["pk"] for row in known.values() if row["pack_pk"] is not None])
    rows_of = {key: (clean(key[0]), labels_json(key[1])) for key in logged}
    new = {one: new_row(*key) for key, one in rows_of.items() if one not in known}
    known |= new
    texts = [row[column] for row in new.values() for column in IDENTITY]
    updates = _Updates(db, series_texts.add(db, texts) if new else {})
    for key, points in logged.items():
        identity = rows_of[key]
        row = known[identity]
        fresh = points if bulk else _fresh(db, row, points, packed.get(row["pk"]))
        if fresh and row["pk"] in packed:
            _write_chunks(db, row["pk"], [packs.release(db, row["pk"])], ended=True)
            insert_summary(db, row)
            row["pack_pk"] = None
        if fresh:
            _store(db, execution, row, fresh, updates, ended=ended)
        elif row["pk"] is None:
            del known[identity]
    _mark_headlines(known.values(), updates)
    updates.write()


def mark_headlines(db: sqlite3.Connection, execution: int, name: str) -> None:
    """Mark the series that represent a metric name, after series were renamed or deleted.

    Args:
        execution: the row number of the execution.
    """
    updates = _Updates(db)
    if rows := list(named(db, execution, {name}).values()):
        _mark_headlines_of(name, rows, updates)
    updates.write()


def seal(db: sqlite3.Connection, execution: int, limit: int) -> bool:
    """Pack the points of an execution that has ended: short series together, others as chunks.

    Args:
        limit: the largest number of series to change.

    Returns:
        Whether more series may be left.
    """
    rows = db.execute(
        "SELECT s.pk, c.count FROM series s CROSS JOIN series_summaries c ON c.series_pk = s.pk "
        "WHERE s.execution_pk = ?1 AND (c.chunked < c.count OR "
        f"(SELECT count(*) FROM chunks WHERE series_pk = s.pk AND {_PARTIAL} AND count < ?2) "
        # Charts and lists read series by name.
        f"> (c.count > ?4)) ORDER BY {NAME}, {LABELS} LIMIT ?3",
        (execution, chunk.SIZE, limit, packs.LONGEST),
    ).fetchall()
    short: dict[int, Points] = {}
    for series, count in rows:
        parts = _take_partial(db, series, math.inf)
        if count <= packs.LONGEST and sum(map(len, parts)) == count:
            short[series] = chunk.ordered(chunk.joined(parts))
        else:
            _write_chunks(db, series, parts, ended=True)
            db.execute("UPDATE series_summaries SET chunked = count WHERE series_pk = ?", (series,))
    packs.add(db, execution, short)
    return len(rows) == limit


_FINAL = frozenset(status.value for status in Status if status.final)
# The literal makes SQLite use the index `chunks_partial`.
_PARTIAL = "count < 4096"


class _Updates:
    """Changes of rows that are written together."""

    def __init__(self, db: sqlite3.Connection, texts: Mapping[str, int] | None = None) -> None:
        self._db = db
        #: the numbers of the texts of new rows
        self.texts = texts or {}
        self._tail: list[tuple[int, int, int, float | None]] = []
        self._before: dict[int, tuple[Row, Row]] = {}

    def change(self, row: Row) -> None:
        """Note that a row is going to be changed, with its current values."""
        if row["pk"] not in self._before:
            self._before[row["pk"]] = (row, dict(row))

    def add_tail(self, series: int, points: Points) -> None:
        """Add points to the tail of a series."""
        self._tail += _tail_rows(series, points)

    def write(self) -> None:
        """Write all changes."""
        _insert_tail(self._db, self._tail)
        # SQLite updates every index that has one of the named columns, even if its value is the
        # same.
        for (table, pk), columns in _CHANGED.items():
            changes: dict[tuple[str, ...], list[tuple[object, ...]]] = {}
            for row, before in self._before.values():
                changed = tuple([name for name in columns if row[name] != before[name]])
                if changed:
                    values = (*map(row.__getitem__, changed), row["pk"])
                    changes.setdefault(changed, []).append(values)
            for changed, rows in changes.items():
                assignments = ", ".join([f"{name} = ?" for name in changed])
                self._db.executemany(f"UPDATE {table} SET {assignments} WHERE {pk} = ?", rows)


def _mark_headlines(rows: Iterable[Row], updates: _Updates) -> None:
    """Mark the series that represent each metric name.

    The headline of each model is the series without labels, otherwise the series with the best
    value. The main series of the execution is the headline without a model, otherwise the headline
    with the best value.
    """
    by_name: dict[str, list[Row]] = {}
    for row in rows:
        by_name.setdefault(row["name"], []).append(row)
    for name, some in by_name.items():
        if len(some) > 1:
            _mark_headlines_of(name, some, updates)


def _mark_headlines_of(name: str, rows: list[Row], updates: _Updates) -> None:
    lower = guess_direction(name) == Direction.LOWER

    def rank(row: Row) -> tuple[bool, float, int]:
        value = row["minimum"] if lower else row["maximum"]
        best = math.inf if value is None else value if lower else -value
        return (row["name"] != row["key"], best, row["pk"])

    best_of: dict[str, Row] = {}
    for row in sorted(rows, key=rank):
        best_of.setdefault(row["artifact_name"], row)
    headlines = {row["pk"] for row in best_of.values()}
    main = best_of[""] if "" in best_of else min(best_of.values(), key=rank)
    for row in rows:
        marked = (int(row["pk"] in headlines), int(row is main))
        if marked != (row["headline"], row["main"]):
            updates.change(row)
            row["headline"], row["main"] = marked


def _fresh(db: sqlite3.Connection, row: Row, new: Points, packed: Points | None) -> Points:
    """Return the points that are not stored yet, in the given order.

    Args:
        packed: the stored points if the series is in a pack.
    """
    # By far the most frequent case: training continues.
    later = not row["count"] or min(new.steps) > row["last_step"] or min(new.times) > row["last_at"]
    if later and len(new) == 1:
        return new
    rows = dict.fromkeys(
        (step, at, None if math.isnan(value) else value)
        for step, at, value in zip(new.steps, new.times, new.values, strict=True)
    )
    if later and len(rows) == len(new):
        return new
    kept = set() if later else _stored(db, row["pk"], rows, packed)
    return _points([one for one in rows if one not in kept])


def _stored(
    db: sqlite3.Connection,
    series: int,
    rows: Iterable[tuple[int, int, float | None]],
    packed: Points | None,
) -> set[tuple[int, int, float | None]]:
    """Return the stored points with the steps and times of given points."""
    wanted = {row[:2] for row in rows}
    if packed is not None:
        return {row for row in _rows(packed) if row[:2] in wanted}
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
        kept.update(row for row in _rows(chunk.decode(*blobs)) if row[:2] in wanted)
    return kept


def _rows(points: Points) -> Iterator[tuple[int, int, float | None]]:
    """Yield points as they are stored in the tail."""
    for step, at, value in zip(points.steps, points.times, points.values, strict=True):
        yield step, at, _null(value)


def _store(
    db: sqlite3.Connection,
    execution: int,
    row: Row,
    new: Points,
    updates: _Updates,
    *,
    ended: bool,
) -> None:
    """Add points to a series in the order of logging."""
    waiting = row["count"] - row["chunked"] + len(new)
    if row["pk"] is None:
        summarize(row, new)
        insert(db, execution, row, updates.texts)
        updates.change(row)
    else:
        updates.change(row)
        summarize(row, new)
    if waiting < _smallest(ended=ended):
        updates.add_tail(row["pk"], new)
        return
    older = _take_partial(db, row["pk"], math.inf if ended else waiting)
    left = _write_chunks(db, row["pk"], [*older, new], ended=ended)
    row["chunked"] = row["count"] - left


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
    _insert_tail(db, _tail_rows(series, points.part(end, len(points))))
    return len(points) - end


def _tail_rows(series: int, points: Points) -> list[tuple[int, int, int, float | None]]:
    return [(series, *row) for row in _rows(points)]


def _insert_tail(
    db: sqlite3.Connection, rows: Iterable[tuple[int, int, int, float | None]]
) -> None:
    db.executemany("INSERT INTO tail (series_pk, step, at, value) VALUES (?, ?, ?, ?)", rows)


def _points(rows: Sequence[tuple[int, int, float | None]]) -> Points:
    return Points(
        array("q", [row[0] for row in rows]),
        array("q", [row[1] for row in rows]),
        array("d", [nan(row[2]) for row in rows]),
    )


def summarize(row: Row, new: Points) -> None:
    """Update the summary of a series with points in the order of logging."""
    if len(new) == 1 and row["count"]:
        # By far the most frequent case: training continues.
        step, at, value = new.steps[0], new.times[0], new.values[0]
        if step >= row["last_step"] and at >= row["last_at"] and math.isfinite(value):
            row["last_step"], row["last_at"], row["last"] = step, at, value
            if row["minimum"] is None or value < row["minimum"]:
                row["minimum"], row["minimum_step"] = value, step
            if row["maximum"] is None or value > row["maximum"]:
                row["maximum"], row["maximum_step"] = value, step
            row["count"] += 1
            return
    first, last = min(new.steps), max(new.steps)
    first_at, last_at = min(new.times), max(new.times)
    known = row["count"] > 0
    if not known or first < row["first_step"]:
        row["first_step"], row["first"] = first, _null(new.values[new.steps.index(first)])
    if not known or last >= row["last_step"]:
        at = len(new) - 1 if new.steps[-1] == last else len(new) - 1 - new.steps[::-1].index(last)
        row["last_step"], row["last"] = last, _null(new.values[at])
    row["first_at"] = first_at if not known else min(first_at, row["first_at"])
    row["last_at"] = last_at if not known else max(last_at, row["last_at"])
    bad = chunk.not_finite(new.values)
    finite = (
        new.values
        if not bad
        else array("d", [value for value in new.values if math.isfinite(value)])
    )
    if finite:
        low, high = min(finite), max(finite)
        if row["minimum"] is None or low < row["minimum"]:
            row["minimum"], row["minimum_step"] = low, new.steps[new.values.index(low)]
        if row["maximum"] is None or high > row["maximum"]:
            row["maximum"], row["maximum_step"] = high, new.steps[new.values.index(high)]
    row["count"] += len(new)
    row["not_finite"] += bad


def _null(value: float) -> float | None:
    return None if math.isnan(value) else value


def nan(value: float | None) -> float:
    """Return the number in a column that stores NaN as NULL."""
    return math.nan if value is None else value
