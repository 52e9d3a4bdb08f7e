"""Metric series: appending points, and the summaries for lists and comparisons.

A point that equals a stored point in step, time, labels and value counts as sent again and is
stored once.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from launchpad_tui.domain.connection import Scope
from launchpad_tui.domain.metric import Metric, SeriesSummary, normal_name
from launchpad_tui.domain.timestamps import from_micros
from launchpad_tui.errors import NotFound
from launchpad_tui.registry import chunk, pack_summaries, series_points, series_texts
from launchpad_tui.registry.codec import pairs
from launchpad_tui.registry.configurations import BATCH, placeholders
from launchpad_tui.registry.connections import group_pk
from launchpad_tui.registry.database import Registry
from launchpad_tui.registry.executions import execution_pk
from launchpad_tui.registry.series_points import nan
from launchpad_tui.registry.series_rows import IDENTITY, Labels, new_row
from launchpad_tui.registry.series_texts import KEY
from launchpad_tui.registry.sqlite_errors import reports_damage
from launchpad_tui.registry.staged_points import settle_execution

#: The numbers of texts are replaced by the texts afterwards.
_SUMMARY = (
    "s.pk, e.id, s.name, s.labels, iif(s.key = 0, s.name, s.key), s.artifact_name, "
    "c.count, c.not_finite, c.first, "
    "s.last, s.minimum, s.maximum, c.minimum_step, c.maximum_step, c.first_step, c.last_step, "
    "c.first_at, c.last_at, s.pack_pk"
)
#: the places of the texts and of the number of points in `_SUMMARY`
_TEXTS, _COUNT = slice(2, 6), 6
#: the keys of a `Row` with the values of a summary, after the ID and the execution
_SUMMARY_COLUMNS = (
    *IDENTITY,
    *("count", "not_finite", "first", "last", "minimum", "maximum", "minimum_step"),
    *("maximum_step", "first_step", "last_step", "first_at", "last_at"),
)
#: the number of series that one transaction seals
_SEALED_SERIES = 500
#: the number of free pages of the file that are returned to the disk when an execution ends
_RETURNED_PAGES = 4000


def append(
    registry: Registry, execution_id: str, metrics: Sequence[Metric], scope: Scope | None = None
) -> None:
    """Store points of an execution in one transaction.

    Raises:
        NotFound: the execution does not exist.
    """
    if not metrics:
        return
    logged = series_points.grouped(metrics)
    with registry.write("metrics") as db:
        execution = execution_pk(db, scope, execution_id)
        settle_execution(db, execution)
        series_points.add(db, execution, logged)


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
        settle_execution(db, execution)
        key = (normal_name(name), tuple(sorted(labels)))
        series_points.add(db, execution, {key: new}, bulk=True)


def seal(registry: Registry, execution_id: str, scope: Scope | None = None) -> None:
    """Pack the points of an execution that has ended into as little space as possible.

    Other processes can write meanwhile: each transaction changes few series.

    Raises:
        NotFound: the execution does not exist.
    """
    left = True
    while left:
        with registry.write() as db:
            execution = execution_pk(db, scope, execution_id)
            settle_execution(db, execution)
            left = series_points.seal(db, execution, _SEALED_SERIES)
            if not left:
                # The pages of staged points and of small chunks are free now.
                free = db.execute("PRAGMA freelist_count").fetchone()[0]
                for _ in range(min(free, _RETURNED_PAGES)):
                    # The module sqlite3 steps a statement without columns once: a single page.
                    db.execute("PRAGMA incremental_vacuum(1)")


@reports_damage
def summaries(
    registry: Registry, scope: Scope, execution_ids: Iterable[str]
) -> dict[str, list[SeriesSummary]]:
    """Return the series of executions by execution ID, sorted by name and key.

    Executions that logged nothing are omitted.
    """
    found: dict[str, list[SeriesSummary]] = {}
    wanted = list(dict.fromkeys(execution_ids))
    timestamps = _Timestamps()
    with registry.read() as db:
        for start in range(0, len(wanted), BATCH):
            some = wanted[start : start + BATCH]
            # The join order reads the rows of an execution one after the other.
            for row in _summaries(
                db,
                f"SELECT {_SUMMARY} FROM connections n JOIN resource_groups g "
                "ON g.connection_pk = n.pk CROSS JOIN executions e ON e.group_pk = g.pk "
                "CROSS JOIN series s ON s.execution_pk = e.pk "
                "LEFT JOIN series_summaries c ON c.series_pk = s.pk "
                "WHERE n.name = ? AND g.name = ? "
                f"AND e.id IN ({placeholders(some)})",
                (scope.connection, scope.resource_group, *some),
            ):
                found.setdefault(row[1], []).append(_summary(row, timestamps))
    for rows in found.values():
        rows.sort(key=lambda one: (one.name, one.key, one.id))
    return found


def unstored_summary(
    number: int,
    execution_id: str,
    name: str,
    labels: Labels,
    points: Sequence[tuple[int, int, float]],
) -> SeriesSummary:
    """Return the summary of a series that is not stored yet.

    Args:
        number: the ID of the series.
        points: its points by step, at least one: steps, microseconds since 1970 and values.
    """
    row = new_row(name, labels)
    series_points.summarize(row, chunk.points(*zip(*points, strict=True)))
    values = (row[column] for column in _SUMMARY_COLUMNS)
    return _summary((number, execution_id, *values), _Timestamps())


class _Timestamps(dict[int, datetime]):
    """Timestamps by microseconds. Thousands of series have the same first and last ones."""

    def __missing__(self, micros: int) -> datetime:
        self[micros] = found = from_micros(micros)
        return found


@reports_damage
def summary(registry: Registry, series_id: int) -> SeriesSummary:
    """Return a series by the registry's own ID.

    Raises:
        NotFound: the series does not exist.
    """
    with registry.read() as db:
        rows = _summaries(
            db,
            f"SELECT {_SUMMARY} FROM series s JOIN executions e ON e.pk = s.execution_pk "
            "LEFT JOIN series_summaries c ON c.series_pk = s.pk WHERE s.pk = ?",
            (series_id,),
        )
    if not rows:
        raise NotFound("The metric series does not exist any more", "Its execution was deleted.")
    return _summary(rows[0], _Timestamps())


def delete(registry: Registry, execution_id: str, scope: Scope | None = None) -> None:
    """Remove all points, tags and custom info of an execution. Raises NotFound."""
    with registry.write("metrics") as db:
        pk = execution_pk(db, scope, execution_id)
        for table in ("staged_points", "packs", "series", "tags", "custom_info"):
            db.execute(f"DELETE FROM {table} WHERE execution_pk = ?", (pk,))


def _summaries(
    db: sqlite3.Connection, query: str, values: Sequence[object]
) -> list[tuple[Any, ...]]:
    """Return rows of `_SUMMARY`, of series in packs with the summaries from there."""
    rows = db.execute(query, values).fetchall()
    packed = pack_summaries.read(db, {row[0]: row[-1] for row in rows if row[_COUNT] is None})
    text = series_texts.read(db, {number for row in rows for number in row[_TEXTS]}).__getitem__
    return [
        (*row[:2], *map(text, row[_TEXTS]), *one[:3], *row[9:12], *one[3:])
        if (one := packed.get(row[0]))
        else (*row[:2], *map(text, row[_TEXTS]), *row[_COUNT:-1])
        for row in rows
    ]


def _summary(row: tuple[Any, ...], timestamps: _Timestamps) -> SeriesSummary:
    values = list(row)
    values[3] = pairs(row[3])
    values[8], values[9] = nan(row[8]), nan(row[9])
    values[16], values[17] = timestamps[row[16]], timestamps[row[17]]
    return SeriesSummary(*values)


def keys_of(
    registry: Registry, scope: Scope, execution_ids: Sequence[str], most: int
) -> dict[str, int]:
    """Return keys of series that some executions logged, with their numbers.

    Args:
        most: the largest number of series that are read.
    """
    with registry.read() as db:
        rows = db.execute(
            f"SELECT key, count(*) FROM (SELECT {KEY} AS key FROM series s WHERE s.execution_pk IN "
            f"(SELECT pk FROM executions WHERE group_pk = ? AND id IN "
            f"({placeholders(execution_ids)})) LIMIT ?) GROUP BY key",
            (group_pk(db, scope), *execution_ids, most),
        )
        return dict(rows.fetchall())


def recent_keys(registry: Registry, scope: Scope, executions: int, most: int) -> dict[str, int]:
    """Return keys of series that the newest executions of a group logged, with their numbers.

    Args:
        executions: the number of executions.
        most: the largest number of series that are read.
    """
    with registry.read() as db:
        rows = db.execute(
            f"SELECT key, count(*) FROM (SELECT {KEY} AS key FROM series s WHERE s.execution_pk IN "
            "(SELECT pk FROM executions WHERE group_pk = ? ORDER BY created_at DESC LIMIT ?) "
            "LIMIT ?) GROUP BY key",
            (group_pk(db, scope), executions, most),
        )
        return dict(rows.fetchall())
