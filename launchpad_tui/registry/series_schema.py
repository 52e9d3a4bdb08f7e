"""Statements of migrations: series with narrow rows, which many short series require.

A series of ten points takes about 90 bytes for its points. Its row and its entries in indexes have
to be as small, so they refer to texts by number and have only what lists are read by.
"""

from __future__ import annotations

from launchpad_tui.registry.series_texts import EMPTY, NO_LABELS

#: the columns of ``series`` and of ``series_summaries`` that points change
LISTED = ("headline", "main", "last", "minimum", "maximum", "pack_pk")
SUMMARIZED = (
    "count",
    "chunked",
    "not_finite",
    "first",
    "minimum_step",
    "maximum_step",
    "first_step",
    "last_step",
    "first_at",
    "last_at",
)

#: the statements of the twentieth migration: the summaries of the series of a pack. Those of
#: series that former versions packed are still in ``series_summaries``.
PACK_SUMMARIES = (
    # `summaries` is the result of `pack_summaries.packed`.
    """CREATE TABLE pack_summaries (
        pack_pk INTEGER PRIMARY KEY REFERENCES packs (pk) ON DELETE CASCADE,
        summaries BLOB NOT NULL) STRICT""",
)

#: the statements of the nineteenth migration
NARROW_SERIES = (
    # The names, labels (JSON), keys and names of models of series.
    "CREATE TABLE series_texts (pk INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE) STRICT",
    f"INSERT INTO series_texts (pk, text) VALUES ({EMPTY}, ''), ({NO_LABELS}, '[]')",
    # `name`, `labels`, `key` and `artifact_name` are row numbers of texts. `key` is 0 if the series
    # has no labels; its key is its name then. See the first migration for `headline` and `main`.
    """CREATE TABLE narrow_series (
        pk INTEGER PRIMARY KEY AUTOINCREMENT,
        execution_pk INTEGER NOT NULL REFERENCES executions (pk) ON DELETE CASCADE,
        group_pk INTEGER NOT NULL, name INTEGER NOT NULL, labels INTEGER NOT NULL DEFAULT 1,
        key INTEGER NOT NULL DEFAULT 0, artifact_name INTEGER NOT NULL DEFAULT 0,
        headline INTEGER NOT NULL DEFAULT 1, main INTEGER NOT NULL DEFAULT 1,
        last REAL, minimum REAL, maximum REAL, pack_pk INTEGER) STRICT""",
    # What no list is ordered by.
    """CREATE TABLE series_summaries (
        series_pk INTEGER PRIMARY KEY REFERENCES series (pk) ON DELETE CASCADE,
        count INTEGER NOT NULL DEFAULT 0, chunked INTEGER NOT NULL DEFAULT 0,
        not_finite INTEGER NOT NULL DEFAULT 0,
        first REAL, minimum_step INTEGER, maximum_step INTEGER,
        first_step INTEGER NOT NULL DEFAULT 0, last_step INTEGER NOT NULL DEFAULT 0,
        first_at INTEGER NOT NULL DEFAULT 0, last_at INTEGER NOT NULL DEFAULT 0) STRICT""",
    # There are few different series, so that each is looked up once instead of its four texts.
    "CREATE TEMP TABLE different_series AS SELECT DISTINCT name, labels, key, artifact_name, "
    "0 AS name_pk, 0 AS labels_pk, 0 AS key_pk, 0 AS artifact_pk FROM main.series",
    *(
        "INSERT OR IGNORE INTO series_texts (text) "
        f"SELECT DISTINCT {column} FROM temp.different_series"
        for column in ("name", "labels", "artifact_name")
    ),
    "INSERT OR IGNORE INTO series_texts (text) SELECT DISTINCT key FROM temp.different_series "
    "WHERE key <> name OR instr(key, '{') > 0",
    "UPDATE temp.different_series AS d SET "
    "name_pk = (SELECT pk FROM series_texts WHERE text = d.name), "
    "labels_pk = (SELECT pk FROM series_texts WHERE text = d.labels), "
    "key_pk = iif(d.key <> d.name OR instr(d.key, '{') > 0, "
    "(SELECT pk FROM series_texts WHERE text = d.key), 0), "
    "artifact_pk = (SELECT pk FROM series_texts WHERE text = d.artifact_name)",
    "CREATE INDEX temp.different_series_texts ON different_series (name, labels, key, "
    "artifact_name, name_pk, labels_pk, key_pk, artifact_pk)",
    "INSERT INTO narrow_series SELECT s.pk, s.execution_pk, s.group_pk, d.name_pk, d.labels_pk, "
    "d.key_pk, d.artifact_pk, s.headline, s.main, s.last, s.minimum, s.maximum, s.pack_pk "
    "FROM main.series s CROSS JOIN temp.different_series d ON d.name = s.name "
    "AND d.labels = s.labels AND d.key = s.key AND d.artifact_name = s.artifact_name "
    "ORDER BY s.pk",
    f"INSERT INTO series_summaries SELECT pk, {', '.join(SUMMARIZED)} FROM series ORDER BY pk",
    "DROP TABLE temp.different_series",
    # Row numbers of deleted series are not used again.
    "UPDATE sqlite_sequence SET seq = max(seq, (SELECT seq FROM sqlite_sequence "
    "WHERE name = 'series')) WHERE name = 'narrow_series'",
    "DROP TABLE series",
    "ALTER TABLE narrow_series RENAME TO series",
    "CREATE UNIQUE INDEX series_identity ON series (execution_pk, name, labels)",
    *(
        # The index includes the columns that lists join on, so that no table rows are read.
        f"CREATE INDEX series_{column} ON series (group_pk, name, {column}, execution_pk, "
        "artifact_name, main) WHERE headline = 1"
        for column in ("last", "minimum", "maximum")
    ),
    # The values of series with labels.
    *(
        f"CREATE INDEX series_key_{column} ON series (group_pk, key, {column}, execution_pk, "
        "artifact_name) WHERE key <> 0"
        for column in ("last", "minimum", "maximum")
    ),
    # The series that are assigned to one model of their execution: most executions have none.
    "CREATE INDEX series_model ON series (execution_pk, name, artifact_name, headline, key) "
    "WHERE artifact_name <> 0",
)
