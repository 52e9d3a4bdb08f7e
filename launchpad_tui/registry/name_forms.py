"""Series of former versions whose names are not in the form in which names are compared.

Former versions stored ``é`` as it was sent, as one character (NFC) or as two (NFD), so that a name
had two series that look the same. Names are stored in NFC since, see
`launchpad_tui.domain.metric.normal_name`.
"""

from __future__ import annotations

import sqlite3
from itertools import islice

from launchpad_tui.domain.metric import Metric, normal_name, series_key
from launchpad_tui.domain.timestamps import from_micros
from launchpad_tui.registry import series_points, series_texts
from launchpad_tui.registry.codec import pairs
from launchpad_tui.registry.database import Registry
from launchpad_tui.registry.logged_metrics import rows_of
from launchpad_tui.registry.series_texts import LABELS, NAME, number_of

#: the number of points that are moved at a time
_MOVED = 10_000
_NOT_ASCII = "x.text GLOB '*[^' || char(1) || '-~]*'"


def unify_names(registry: Registry) -> None:
    """Rename series to the form in which names are compared.

    If a series of that name exists, the points are added to it; a point that it already has counts
    as sent again. Each series is changed in a transaction of its own.

    Raises:
        LaunchpadError: The registry cannot be written.
    """
    with registry.read() as db:
        found = db.execute(
            "SELECT s.pk, x.text FROM series_texts x CROSS JOIN series s ON s.name = x.pk "
            f"WHERE {_NOT_ASCII}"
        ).fetchall()
    for pk, name in found:
        if normal_name(name) != name:
            with registry.write("metrics") as db:
                _unify(db, pk)


def _unify(db: sqlite3.Connection, series: int) -> None:
    row = db.execute(
        f"SELECT s.execution_pk, {NAME}, {LABELS} FROM series s WHERE s.pk = ?", (series,)
    ).fetchone()
    if row is None:
        return
    execution, name, stored = row
    labels, normal = pairs(stored), normal_name(name)
    known = db.execute(
        f"SELECT 1 FROM series WHERE execution_pk = ? AND name = {number_of('?')} "
        f"AND labels = {number_of('?')}",
        (execution, normal, stored),
    ).fetchone()
    if known is None:
        key = series_key(normal, labels)
        numbers = series_texts.add(db, (normal, key))
        db.execute(
            "UPDATE series SET name = ?, key = ? WHERE pk = ?",
            (numbers[normal], series_texts.stored_key(normal, key, numbers), series),
        )
    else:
        rows = iter(rows_of(db, series))
        while some := list(islice(rows, _MOVED)):
            points = [
                Metric(normal, value, from_micros(at), step, labels) for step, at, value in some
            ]
            series_points.add(db, execution, series_points.grouped(points))
        db.execute("DELETE FROM series WHERE pk = ?", (series,))
    series_points.mark_headlines(db, execution, normal)
