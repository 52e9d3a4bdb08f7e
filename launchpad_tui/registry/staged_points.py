"""Points that are committed but not yet part of their series.

A call of a training has one value of each of many series. To update the summaries and indexes of
all series at every commit would take most of the time of a commit. Therefore the points of a commit
are one row of the append-only table ``staged_points``, and the rows of an execution are settled
together: several times a second by the supervisor, and by whoever reads or changes the series of
the execution before that.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import suppress

from launchpad_tui.domain.connection import Scope
from launchpad_tui.domain.metric import Metric
from launchpad_tui.errors import LaunchpadError
from launchpad_tui.registry import chunk, series_points
from launchpad_tui.registry.chunk import Points
from launchpad_tui.registry.codec import from_json, to_json
from launchpad_tui.registry.database import Registry
from launchpad_tui.registry.executions import execution_pk
from launchpad_tui.registry.series_points import Labels
from launchpad_tui.registry.sqlite_errors import reports_damage

#: the number of points that one transaction settles, at least those of one row
_SETTLED_POINTS = 100_000


def stage(
    registry: Registry, execution_id: str, metrics: Sequence[Metric], scope: Scope | None = None
) -> None:
    """Commit points of an execution. They become part of their series when they are settled.

    Raises:
        NotFound: the execution does not exist.
    """
    if not metrics:
        return
    logged = series_points.grouped(metrics)
    names = to_json([[name, labels, len(points)] for (name, labels), points in logged.items()])
    points = chunk.joined(list(logged.values()))
    data = chunk.encode(points.steps) + chunk.encode(points.times) + chunk.encode(points.values)
    with registry.write("metrics") as db:
        db.execute(
            "INSERT INTO staged_points (execution_pk, series, points) VALUES (?, ?, ?)",
            (execution_pk(db, scope, execution_id), names, data),
        )


def settle(registry: Registry, execution_id: str, scope: Scope | None = None) -> None:
    """Add the staged points of an execution to its series.

    Raises:
        NotFound: the execution does not exist.
    """
    with registry.write("metrics") as db:
        settle_execution(db, execution_pk(db, scope, execution_id))


def settle_before_reading(registry: Registry) -> None:
    """Add all staged points to their series, so that a reader sees them.

    If the registry cannot be written at present, the reader sees the series as they are. Does
    nothing within a transaction that only reads.
    """
    if registry.is_reading:
        return
    with suppress(LaunchpadError):
        while True:
            with registry.read() as db:
                row = db.execute("SELECT execution_pk FROM staged_points LIMIT 1").fetchone()
            if row is None:
                return
            with registry.write("metrics") as db:
                settle_execution(db, row[0], _SETTLED_POINTS)


@reports_damage
def settle_execution(db: sqlite3.Connection, execution: int, limit: int | None = None) -> None:
    """Add staged points of an execution to its series, within a transaction.

    Args:
        execution: the row number of the execution.
        limit: the number of points after which no further row is settled; None for all rows.
    """
    parts: dict[tuple[str, Labels], list[Points]] = {}
    total, last = 0, 0
    for pk, names, data in db.execute(
        "SELECT pk, series, points FROM staged_points WHERE execution_pk = ? ORDER BY pk",
        (execution,),
    ):
        last = pk
        for key, points in _staged(names, data):
            parts.setdefault(key, []).append(points)
            total += len(points)
        if limit is not None and total >= limit:
            break
    if not parts:
        return
    db.execute("DELETE FROM staged_points WHERE execution_pk = ? AND pk <= ?", (execution, last))
    series_points.add(db, execution, {key: chunk.joined(some) for key, some in parts.items()})


def _staged(names: str, data: bytes) -> list[tuple[tuple[str, Labels], Points]]:
    """Return the points of a row by series."""
    size = len(data) // 3
    points = Points(
        chunk.decoded("q", data[:size]),
        chunk.decoded("q", data[size : 2 * size]),
        chunk.decoded("d", data[2 * size :]),
    )
    found = []
    start = 0
    for name, labels, count in from_json(names):
        key = (name, tuple((label, value) for label, value in labels))
        found.append((key, points.part(start, start + count)))
        start += count
    if start != len(points):
        raise ValueError("staged points are incomplete")
    return found
