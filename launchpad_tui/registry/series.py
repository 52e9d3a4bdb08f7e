"""Metric series: appending points, and the summaries for lists and comparisons.

A point that equals a stored point in step, time, labels and value counts as sent again and is
stored once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from launchpad_tui.domain.connection import Scope
from launchpad_tui.domain.metric import Metric, SeriesSummary, normal_name
from launchpad_tui.domain.timestamps import from_micros
from launchpad_tui.errors import NotFound
from launchpad_tui.registry import chunk, series_points
from launchpad_tui.registry.codec import pairs
from launchpad_tui.registry.configurations import BATCH, placeholders
from launchpad_tui.registry.database import Registry
from launchpad_tui.registry.executions import execution_pk
from launchpad_tui.registry.series_points import Labels, nan
from launchpad_tui.registry.sqlite_errors import reports_damage
from launchpad_tui.registry.staged_points import settle_execution

_SUMMARY = (
    "s.pk, e.id, s.name, s.labels, s.key, s.artifact_name, s.count, s.not_finite, s.first, s.last, "
    "s.minimum, s.maximum, s.minimum_step, s.maximum_step, s.first_step, s.last_step, s.first_at, "
    "s.last_at"
)
#: the number of series that one transaction seals
_SEALED_SERIES = 500


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
        for table in ("staged_points", "series", "tags", "custom_info"):
            db.execute(f"DELETE FROM {table} WHERE execution_pk = ?", (pk,))


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
