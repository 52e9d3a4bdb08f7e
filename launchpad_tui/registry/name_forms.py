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
from launchpad_tui.registry import series_points
from launchpad_tui.registry.codec import pairs
from launchpad_tui.registry.database import Registry
from launchpad_tui.registry.logged_metrics import rows_of

#: the number of points that are moved at a time
_MOVED = 10_000
_NOT_ASCII = "name GLOB '*[^' || char(1) || '-~]*'"


def unify_names(registry: Registry) -> None:
    """Rename series to the form in which names are compared.

    If a series of that name exists, the points are added to it; a point that it already has counts
    as sent again. Each series is changed in a transaction of its own.

    Raises:
        LaunchpadError: The registry cannot be written.
    """
    with registry.read() as db:
        found = db.execute(f"SELECT pk, name FROM series WHERE {_NOT_ASCII}").fetchall()
    for pk, name in found:
        if normal_name(name) != name:
            with registry.write("metrics") as db:
                _unify(db, pk)


def _unify(db: sqlite3.Connection, series: int) -> None:
    row = db.execute(
        "SELECT execution_pk, name, labels FROM series WHERE pk = ?", (series,)
    ).fetchone()
    if row is None:
        return
    execution, name, stored = row
    labels, normal = pairs(stored), normal_name(name)
    known = db.execute(
        "SELECT 1 FROM series WHERE execution_pk = ? AND name = ? AND labels = ?",
        (execution, normal, stored),
    ).fetchone()
    if known is None:
        db.execute(
            "UPDATE series SET name = ?, key = ? WHERE pk = ?",
            (normal, series_key(normal, labels), series),
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
