"""Points that are committed but not yet part of their series.

A call of a training has one value of each of many series. To update the summaries and indexes of
all series at every commit would take most of the time of a commit. Therefore the points of a commit
are one row of the append-only table ``staged_points``, and the rows of an execution are settled
together: several times a second by the supervisor, and by whoever reads or changes the series of
the execution before that.
"""

from __future__ import annotations

import sqlite3
import time
from array import array
from collections.abc import Sequence
from contextlib import suppress
from functools import lru_cache
from struct import Struct
from typing import Any
from weakref import WeakKeyDictionary

from launchpad_tui.domain.connection import Scope
from launchpad_tui.domain.metric import Metric, normal_name
from launchpad_tui.domain.timestamps import to_micros
from launchpad_tui.errors import LaunchpadError
from launchpad_tui.registry import chunk, series_points
from launchpad_tui.registry.chunk import Points
from launchpad_tui.registry.codec import from_json, to_json
from launchpad_tui.registry.database import Registry
from launchpad_tui.registry.executions import execution_pk
from launchpad_tui.registry.series_rows import Labels
from launchpad_tui.registry.sqlite_errors import reports_damage

#: the number of points that one transaction settles, at least those of one row
_SETTLED_POINTS = 100_000
#: Readers leave more points than these to the process that stages them, which settles them at the
#: latest after two seconds and the time that it takes. If it was killed, readers settle them later.
_FEW_POINTS, _RECENT_SECONDS = 2_000, 4
#: bytes of a point: step, time, value, and the number of its series
_BYTES = 28
#: the points of a row with one point
_ONE = Struct("<qqdi")
#: the execution whose points were staged last, and its row number
_rows: WeakKeyDictionary[Registry, tuple[tuple[Scope | None, str], int]] = WeakKeyDictionary()


def stage(
    registry: Registry, execution_id: str, metrics: Sequence[Metric], scope: Scope | None = None
) -> None:
    """Commit points of an execution. They become part of their series when they are settled.

    The revision of metrics increases when they are settled, and not before: lists and charts show
    series.

    Raises:
        NotFound: the execution does not exist.
    """
    if not metrics:
        return
    names, data = _encoded(metrics)
    key = (scope, execution_id)
    known = _rows.get(registry)
    # Reading few pages saves the most time, because the commits of other processes have made the
    # cache of this connection invalid. The ID is compared because a restore replaces all rows.
    if (
        known is not None
        and known[0] == key
        and registry.execute_alone(
            "INSERT INTO staged_points (execution_pk, series, points) "
            "SELECT pk, ?, ? FROM executions WHERE pk = ? AND id = ?",
            (names, data, known[1], execution_id),
        )
    ):
        return
    with registry.write() as db:
        pk = execution_pk(db, scope, execution_id)
        db.execute(
            "INSERT INTO staged_points (execution_pk, series, points) VALUES (?, ?, ?)",
            (pk, names, data),
        )
    _rows[registry] = (key, pk)


def settle(registry: Registry, execution_id: str, scope: Scope | None = None) -> None:
    """Add the staged points of an execution to its series.

    Raises:
        NotFound: the execution does not exist.
    """
    with registry.write("metrics") as db:
        settle_execution(db, execution_pk(db, scope, execution_id))


def settle_before_reading(registry: Registry, *, complete: bool = True) -> None:
    """Add staged points to their series, so that a reader sees them.

    If the registry cannot be written at present, the reader sees the series as they are. Does
    nothing within a transaction that only reads.

    Args:
        complete: whether all points are added. Otherwise many points of an execution that were
            staged in the last seconds are left to the process that stages them, so that readers of
            an execution with thousands of series do not wait.
    """
    if registry.is_reading:
        return
    with suppress(LaunchpadError):
        while True:
            with registry.read() as db:
                execution = _first_to_settle(db, complete=complete)
            if execution is None:
                return
            with registry.write("metrics") as db:
                settle_execution(db, execution, _SETTLED_POINTS)


def _first_to_settle(db: sqlite3.Connection, *, complete: bool) -> int | None:
    """Return the row number of an execution whose points a reader settles; None if all wait."""
    now = time.time_ns() // 1000
    for execution, size, first in db.execute(
        "SELECT execution_pk, sum(length(points)), min(pk) FROM staged_points GROUP BY execution_pk"
    ):
        if complete or size <= _FEW_POINTS * _BYTES:
            return int(execution)
        (points,) = db.execute("SELECT points FROM staged_points WHERE pk = ?", (first,)).fetchone()
        # The times follow the steps. A training may set other times than the current one: its
        # points are settled at once.
        start = len(points) // _BYTES * 8
        at = int.from_bytes(points[start : start + 8], "little", signed=True)
        if not 0 <= now - at <= _RECENT_SECONDS * 1_000_000:
            return int(execution)
    return None


@reports_damage
def settle_execution(db: sqlite3.Connection, execution: int, limit: int | None = None) -> None:
    """Add staged points of an execution to its series, within a transaction.

    Args:
        execution: the row number of the execution.
        limit: the number of points after which no further row is settled; None for all rows.
    """
    logged = _Logged()
    last = 0
    for pk, names, data in db.execute(
        "SELECT pk, series, points FROM staged_points WHERE execution_pk = ? ORDER BY pk",
        (execution,),
    ):
        last = pk
        logged.add(names, data)
        if limit is not None and len(logged) >= limit:
            break
    if last:
        db.execute(
            "DELETE FROM staged_points WHERE execution_pk = ? AND pk <= ?", (execution, last)
        )
        series_points.add(db, execution, logged.by_series())


@reports_damage
def waiting(
    db: sqlite3.Connection, execution: int
) -> dict[tuple[str, Labels], list[tuple[int, int, float]]]:
    """Return the staged points of an execution by series, in the order of logging.

    A point is its step, microseconds since 1970 and its value.

    Args:
        execution: the row number of the execution.
    """
    logged = _Logged()
    for names, data in db.execute(
        "SELECT series, points FROM staged_points WHERE execution_pk = ? ORDER BY pk", (execution,)
    ):
        logged.add(names, data)
    return logged.rows_by_series()


def _encoded(metrics: Sequence[Metric]) -> tuple[str, bytes]:
    """Return the columns of a row, see `schema`."""
    if len(metrics) == 1:
        metric = metrics[0]
        names = _names(((metric.name, tuple(sorted(metric.labels))),))
        return names, _ONE.pack(metric.step, to_micros(metric.timestamp), metric.value, 0)
    numbers: dict[tuple[str, Labels], int] = {}
    index, times = array("i"), array("q")
    at, micros = None, 0
    for metric in metrics:
        labels = metric.labels if len(metric.labels) < 2 else tuple(sorted(metric.labels))
        index.append(numbers.setdefault((metric.name, labels), len(numbers)))
        # All metrics of a call have the same timestamp.
        if metric.timestamp is not at:
            at = metric.timestamp
            micros = to_micros(at)
        times.append(micros)
    columns: list[array[Any]] = [
        array("q", [metric.step for metric in metrics]),
        times,
        array("d", [metric.value for metric in metrics]),
        index,
    ]
    return _names(tuple(numbers)), b"".join([chunk.encode(column) for column in columns])


@lru_cache(maxsize=64)
def _names(keys: tuple[tuple[str, Labels], ...]) -> str:
    """Return the names and labels as JSON. A training logs the same ones again and again."""
    return to_json([[normal_name(name), labels] for name, labels in keys])


class _Logged:
    """Points of several rows."""

    def __init__(self) -> None:
        self._points = Points(array("q"), array("q"), array("d"))
        #: the positions of the points of each series
        self._places: dict[tuple[str, Labels], list[int]] = {}
        self._names = ""
        self._lists: list[list[int]] = []

    def __len__(self) -> int:
        """Return the number of points."""
        return len(self._points)

    def add(self, names: str, data: bytes) -> None:
        """Add the points of a row. Raises ValueError, TypeError or LookupError if it is damaged."""
        if names != self._names:
            keys = [
                (name, tuple((label, value) for label, value in labels))
                for name, labels in from_json(names)
            ]
            self._names, self._lists = names, [self._places.setdefault(key, []) for key in keys]
        count, rest = divmod(len(data), _BYTES)
        if rest:
            raise ValueError("staged points are incomplete")
        start = len(self._points)
        self._points.steps.extend(chunk.decoded("q", data[: 8 * count]))
        self._points.times.extend(chunk.decoded("q", data[8 * count : 16 * count]))
        self._points.values.extend(chunk.decoded("d", data[16 * count : 24 * count]))
        for place, number in enumerate(chunk.decoded("i", data[24 * count :]), start):
            self._lists[number].append(place)

    def by_series(self) -> dict[tuple[str, Labels], Points]:
        """Return the points of each series in the order of logging."""
        steps, times, values = self._points.steps, self._points.times, self._points.values
        return {
            key: Points(
                array("q", [steps[place] for place in places]),
                array("q", [times[place] for place in places]),
                array("d", [values[place] for place in places]),
            )
            if len(places) > 1
            else self._points.part(places[0], places[0] + 1)
            for key, places in self._places.items()
            if places
        }

    def rows_by_series(self) -> dict[tuple[str, Labels], list[tuple[int, int, float]]]:
        """Return the points of each series as steps, times and values, in the order of logging."""
        points = self._points
        rows = list(zip(points.steps, points.times, points.values, strict=True))
        return {
            key: [rows[place] for place in places] for key, places in self._places.items() if places
        }
