"""Reads the series of an execution with the points that are not part of them yet.

To add staged points to thousands of series takes longer than to read the series, so a reader of all
points merges them in memory and leaves the rest to the process that stages them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence

from launchpad_tui.domain.connection import Scope
from launchpad_tui.domain.metric import SeriesSummary
from launchpad_tui.errors import NotFound
from launchpad_tui.registry import series, staged_points
from launchpad_tui.registry.codec import clean
from launchpad_tui.registry.database import Registry
from launchpad_tui.registry.executions import execution_pk
from launchpad_tui.registry.logged_metrics import Row

#: waiting points by the ID of their series, ordered by step
Waiting = Mapping[int, Sequence[Row]]
Batches = Iterable[tuple[SeriesSummary, Sequence[Row]]]


def series_and_points(
    registry: Registry, scope: Scope, execution_id: str
) -> tuple[list[SeriesSummary], Waiting]:
    """Return the series of an execution, sorted by name and key, and the points that wait.

    The summaries do not include the waiting points, except those of series that are not stored yet:
    their IDs are negative numbers.
    """
    # Points that are settled while the series are read are in both, see `merged`.
    with registry.read() as db:
        try:
            pk = execution_pk(db, scope, execution_id)
        except NotFound:
            return [], {}
        logged = staged_points.waiting(db, pk)
        found = series.summaries(registry, scope, [execution_id]).get(execution_id, [])
    if not logged:
        return found, {}
    known = {(one.name, one.labels): one.id for one in found}
    waiting: dict[int, list[Row]] = {}
    for (name, labels), rows in logged.items():
        key = (clean(name), tuple([(clean(label), clean(value)) for label, value in labels]))
        number = known.setdefault(key, -1 - len(known))
        waiting.setdefault(number, []).extend(rows)
    for (name, labels), number in known.items():
        if number < 0:
            rows = _ordered(waiting[number])
            found.append(series.unstored_summary(number, execution_id, name, labels, rows))
    if found and found[-1].id < 0:
        # Series that are stored later have higher numbers.
        found.sort(key=lambda one: (one.name, one.key, one.id < 0, abs(one.id)))
    return found, {number: _ordered(rows) for number, rows in waiting.items()}


def merged(batches: Batches, waiting: Waiting) -> Iterator[tuple[SeriesSummary, Sequence[Row]]]:
    """Yield points of series as `logged_metrics.row_batches` does, with the waiting ones.

    A waiting point that is stored meanwhile, or that was sent again, is yielded once.
    """
    before: SeriesSummary | None = None
    rows: Sequence[Row] = ()
    left: Sequence[Row] = ()
    for one, batch in batches:
        if one is not before:
            if before is not None:
                yield before, [*rows, *left] if left else rows
            before, left = one, waiting.get(one.id, ())
        else:
            yield one, rows
        rows = batch
        # Training continues: nearly always all waiting points have later steps.
        if left and rows and rows[-1][0] >= left[0][0]:
            rows, left = _merged(rows, left)
    if before is not None:
        yield before, [*rows, *left] if left else rows


def _merged(rows: Sequence[Row], waiting: Sequence[Row]) -> tuple[list[Row], list[Row]]:
    """Return a batch with the waiting points that belong before its end, and the others."""
    stored = {_identity(row) for row in rows}
    last = rows[-1][0]
    new = [row for row in waiting if row[0] > last or _identity(row) not in stored]
    # Points of the last step may follow in the next batch, and were logged before those that wait.
    within = [row for row in new if row[0] < last]
    together = sorted([*rows, *within], key=_step) if within else [*rows]
    return together, new[len(within) :]


def _ordered(rows: list[Row]) -> list[Row]:
    """Return different points by step; points of equal steps keep their order."""
    if len(rows) > 1:
        different: dict[object, Row] = {}
        for row in rows:
            different.setdefault(_identity(row), row)
        rows = sorted(different.values(), key=_step)
    return rows


def _step(row: Row) -> int:
    return row[0]


def _identity(row: Row) -> tuple[int, int, float | None]:
    """Return what equal points have in common; NaN is not equal to itself."""
    return (row[0], row[1], None if math.isnan(row[2]) else row[2])
