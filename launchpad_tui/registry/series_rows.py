"""Rows of series, with their texts and their summaries, within a transaction of the caller."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any

from launchpad_tui.domain.metric import ARTIFACT_LABEL, series_key
from launchpad_tui.registry import pack_summaries, series_texts
from launchpad_tui.registry.codec import clean, to_json
from launchpad_tui.registry.series_schema import LISTED, SUMMARIZED

Labels = tuple[tuple[str, str], ...]
#: the texts that identify a series
IDENTITY = ("name", "labels", "key", "artifact_name")
#: the keys of `Row`
COLUMNS = ("pk", *IDENTITY, *LISTED, *SUMMARIZED)
#: the columns of a series and of its summary, with texts instead of their numbers
Row = dict[str, Any]


def named(
    db: sqlite3.Connection, execution: int, names: Iterable[str]
) -> dict[tuple[str, str], Row]:
    """Return the series of an execution with these names, by their name and labels."""
    known: dict[tuple[str, str], Row] = {}
    columns = [*(f"s.{name}" for name in LISTED), *(f"c.{name}" for name in SUMMARIZED)]
    texts = {number: name for name, number in series_texts.find(db, names).items()}
    rows = db.execute(
        "SELECT s.pk, s.name, s.labels, iif(s.key = 0, s.name, s.key), s.artifact_name, "
        f"{', '.join(columns)} "
        "FROM json_each(?) w CROSS JOIN series s ON s.execution_pk = ? AND s.name = w.value "
        "LEFT JOIN series_summaries c ON c.series_pk = s.pk",
        (to_json([*texts]), execution),
    ).fetchall()
    # The key of a series without labels is its name, which is known already.
    texts |= series_texts.read(db, {number for row in rows for number in row[2:5]} - texts.keys())
    for pk, name, labels, key, artifact_name, *changed in rows:
        identity = (texts[name], texts[labels], texts[key], texts[artifact_name])
        known[identity[:2]] = dict(zip(COLUMNS, (pk, *identity, *changed), strict=True))
    pack_of = {row["pk"]: row["pack_pk"] for row in known.values() if row["count"] is None}
    if pack_of:
        summaries = pack_summaries.read(db, pack_of)
        for row in known.values():
            if row["pk"] in summaries:
                row.update(zip(pack_summaries.COLUMNS, summaries[row["pk"]], strict=True))
                row["chunked"] = row["count"]
    return known


def new_row(name: str, labels: Labels) -> Row:
    """Return the row of a series that has no points."""
    cleaned = [[clean(key), clean(value)] for key, value in labels]
    row: Row = dict.fromkeys(COLUMNS)
    row["name"] = clean(name)
    row["labels"] = labels_json(labels)
    row["key"] = clean(series_key(name, labels))
    row["artifact_name"] = next((value for key, value in cleaned if key == ARTIFACT_LABEL), "")
    row["count"] = row["chunked"] = row["not_finite"] = 0
    row["headline"] = row["main"] = 1
    return row


def labels_json(labels: Labels) -> str:
    """Return labels as they are stored."""
    return to_json([[clean(key), clean(value)] for key, value in labels]) if labels else "[]"


def insert(db: sqlite3.Connection, execution: int, row: Row, numbers: Mapping[str, int]) -> None:
    """Insert a series with its summary, and set its row number.

    Args:
        execution: the row number of the execution.
        numbers: the numbers of its texts, see `series_texts.add`.
    """
    name, key = row["name"], row["key"]
    texts = [numbers[name], numbers[row["labels"]], numbers[row["artifact_name"]]]
    cursor = db.execute(
        "INSERT INTO series (execution_pk, group_pk, name, labels, artifact_name, key, "
        f"{', '.join(LISTED)}) SELECT pk, group_pk, {', '.join('?' * (4 + len(LISTED)))} "
        "FROM executions WHERE pk = ?",
        (
            *texts,
            series_texts.stored_key(name, key, numbers),
            *map(row.__getitem__, LISTED),
            execution,
        ),
    )
    row["pk"] = cursor.lastrowid
    insert_summary(db, row)


def insert_summary(db: sqlite3.Connection, row: Row) -> None:
    """Insert the summary of a series, unless it has a row already."""
    db.execute(
        f"INSERT INTO series_summaries (series_pk, {', '.join(SUMMARIZED)}) "
        f"VALUES ({', '.join('?' * (1 + len(SUMMARIZED)))}) ON CONFLICT (series_pk) DO NOTHING",
        (row["pk"], *map(row.__getitem__, SUMMARIZED)),
    )
