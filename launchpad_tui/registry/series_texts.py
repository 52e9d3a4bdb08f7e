"""The texts of series, which are stored once: names, labels, keys and names of models."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping

from launchpad_tui.registry.codec import to_json

#: the row numbers of two texts. SQLite stores 0 and 1 without a byte for the value
#: (https://www.sqlite.org/fileformat2.html#record_format), and most series have no labels.
EMPTY, NO_LABELS = 0, 1
#: the SQL expressions of the texts of the series ``s``
NAME, LABELS, KEY, ARTIFACT_NAME = (
    f"(SELECT x.text FROM series_texts x WHERE x.pk = {number})"
    for number in ("s.name", "s.labels", "iif(s.key = 0, s.name, s.key)", "s.artifact_name")
)


#: the largest number of parameters of a statement
_BATCH = 900


def number_of(text: str) -> str:
    """Return the SQL expression of the number of a text; NULL if no series has it.

    Args:
        text: an SQL expression, or ``?``.
    """
    return f"(SELECT x.pk FROM series_texts x WHERE x.text = {text})"


def stored_key(name: str, key: str, numbers: Mapping[str, int]) -> int:
    """Return the column ``key`` of a series: 0 if the key is the name, and cannot be mistaken for
    one with labels."""
    return 0 if key == name and "{" not in key else numbers[key]


def read(db: sqlite3.Connection, numbers: Iterable[int]) -> dict[int, str]:
    """Return texts by their numbers.

    Many rows have few different texts: to look up each text once takes less time than an
    expression for each row.
    """
    found = {EMPTY: "", NO_LABELS: "[]"}
    if wanted := set(numbers) - found.keys():
        found |= db.execute(
            "SELECT pk, text FROM series_texts WHERE pk IN (SELECT value FROM json_each(?))",
            (to_json([*wanted]),),
        ).fetchall()
    return found


def find(db: sqlite3.Connection, texts: Iterable[str]) -> dict[str, int]:
    """Return the numbers of those texts that are stored."""
    wanted = [*dict.fromkeys(texts)]
    found: dict[str, int] = {}
    # As parameters, because SQLite's JSON functions end a text at NUL.
    for start in range(0, len(wanted), _BATCH):
        some = wanted[start : start + _BATCH]
        sql = f"SELECT text, pk FROM series_texts WHERE text IN ({','.join('?' * len(some))})"
        found.update(db.execute(sql, some).fetchall())
    return found


def add(db: sqlite3.Connection, texts: Iterable[str]) -> dict[str, int]:
    """Store texts that are new, and return the number of each text."""
    wanted = [*dict.fromkeys(texts)]
    found = find(db, wanted)
    # Most texts are known, and INSERT OR IGNORE would use up row numbers, which are to be small.
    for text in wanted:
        if text not in found:
            added = db.execute("INSERT INTO series_texts (text) VALUES (?)", (text,)).lastrowid
            found[text] = int(added or 0)
    return found
