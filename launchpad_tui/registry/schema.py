"""The tables of the registry.

Row numbers (``pk``) are internal, text IDs external; timestamps are whole microseconds since 1970,
UTC. Columns such as ``settings`` and ``labels`` are JSON. ``search_text`` is the case-folded text
that searches match; the FTS5 tables index it by trigrams, so that parts of words are found.
"""

from __future__ import annotations

#: ``PRAGMA user_version`` of a registry that has all migrations
VERSION = 22

_CONNECTIONS = (
    """CREATE TABLE connections (
        pk INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, kind TEXT NOT NULL,
        settings TEXT NOT NULL DEFAULT '{}', capabilities TEXT,
        created_at INTEGER NOT NULL, modified_at INTEGER NOT NULL, synced_at INTEGER,
        last_error TEXT NOT NULL DEFAULT '') STRICT""",
    """CREATE TABLE resource_groups (
        pk INTEGER PRIMARY KEY AUTOINCREMENT,
        connection_pk INTEGER NOT NULL REFERENCES connections (pk) ON DELETE CASCADE,
        name TEXT NOT NULL, status TEXT NOT NULL, labels TEXT NOT NULL DEFAULT '{}',
        created_at INTEGER NOT NULL,
        UNIQUE (connection_pk, name)) STRICT""",
    """CREATE TABLE object_stores (
        pk INTEGER PRIMARY KEY AUTOINCREMENT,
        group_pk INTEGER NOT NULL REFERENCES resource_groups (pk) ON DELETE CASCADE,
        name TEXT NOT NULL, kind TEXT NOT NULL, settings TEXT NOT NULL DEFAULT '{}',
        created_at INTEGER NOT NULL,
        UNIQUE (group_pk, name)) STRICT""",
)

_SCENARIOS = (
    """CREATE TABLE scenarios (
        pk INTEGER PRIMARY KEY AUTOINCREMENT,
        connection_pk INTEGER NOT NULL REFERENCES connections (pk) ON DELETE CASCADE,
        id TEXT NOT NULL, name TEXT NOT NULL, description TEXT NOT NULL DEFAULT '',
        labels TEXT NOT NULL DEFAULT '{}',
        created_at INTEGER NOT NULL, modified_at INTEGER NOT NULL,
        UNIQUE (connection_pk, id)) STRICT""",
    """CREATE TABLE executables (
        pk INTEGER PRIMARY KEY AUTOINCREMENT,
        connection_pk INTEGER NOT NULL REFERENCES connections (pk) ON DELETE CASCADE,
        id TEXT NOT NULL, scenario_id TEXT NOT NULL, name TEXT NOT NULL,
        description TEXT NOT NULL DEFAULT '', version TEXT NOT NULL DEFAULT '',
        parameters TEXT NOT NULL DEFAULT '[]', inputs TEXT NOT NULL DEFAULT '[]',
        outputs TEXT NOT NULL DEFAULT '[]', template TEXT NOT NULL DEFAULT '',
        source TEXT NOT NULL DEFAULT '',
        notes TEXT NOT NULL DEFAULT '[]', settings TEXT NOT NULL DEFAULT '{}',
        created_at INTEGER NOT NULL, modified_at INTEGER NOT NULL,
        UNIQUE (connection_pk, id)) STRICT""",
)

_CONFIGURATIONS = (
    """CREATE TABLE configurations (
        pk INTEGER PRIMARY KEY AUTOINCREMENT,
        group_pk INTEGER NOT NULL REFERENCES resource_groups (pk) ON DELETE CASCADE,
        id TEXT NOT NULL, name TEXT NOT NULL, scenario_id TEXT NOT NULL,
        executable_id TEXT NOT NULL,
        created_at INTEGER NOT NULL, search_text TEXT NOT NULL, UNIQUE (group_pk, id)) STRICT""",
    "CREATE INDEX configurations_created ON configurations (group_pk, created_at)",
    # `number` has the value as a number, NULL if it is not one. Conditions compare with it.
    """CREATE TABLE configuration_parameters (
        configuration_pk INTEGER NOT NULL REFERENCES configurations (pk) ON DELETE CASCADE,
        position INTEGER NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, number REAL,
        PRIMARY KEY (configuration_pk, name)) STRICT, WITHOUT ROWID""",
    "CREATE INDEX configuration_parameters_name ON configuration_parameters (name)",
    """CREATE TABLE configuration_inputs (
        configuration_pk INTEGER NOT NULL REFERENCES configurations (pk) ON DELETE CASCADE,
        position INTEGER NOT NULL, name TEXT NOT NULL, artifact_id TEXT NOT NULL,
        PRIMARY KEY (configuration_pk, name)) STRICT, WITHOUT ROWID""",
    "CREATE INDEX configuration_inputs_artifact ON configuration_inputs (artifact_id)",
)

_EXECUTIONS = (
    """CREATE TABLE executions (
        pk INTEGER PRIMARY KEY AUTOINCREMENT,
        group_pk INTEGER NOT NULL REFERENCES resource_groups (pk) ON DELETE CASCADE,
        id TEXT NOT NULL, configuration_id TEXT NOT NULL,
        configuration_pk INTEGER REFERENCES configurations (pk) ON DELETE SET NULL,
        configuration_name TEXT NOT NULL, scenario_id TEXT NOT NULL, executable_id TEXT NOT NULL,
        executable_version TEXT NOT NULL, status TEXT NOT NULL, target_status TEXT NOT NULL,
        status_message TEXT NOT NULL DEFAULT '', status_details TEXT NOT NULL DEFAULT '{}',
        created_at INTEGER NOT NULL, modified_at INTEGER NOT NULL,
        submitted_at INTEGER, started_at INTEGER, completed_at INTEGER,
        duration INTEGER GENERATED ALWAYS AS (completed_at - started_at) STORED,
        supervisor_pid INTEGER, supervisor_boot TEXT, claimed_at INTEGER,
        search_text TEXT NOT NULL, UNIQUE (group_pk, id)) STRICT""",
    "CREATE INDEX executions_id ON executions (id)",
    "CREATE INDEX executions_configuration ON executions (configuration_pk)",
    """CREATE INDEX executions_unfinished ON executions (group_pk, created_at)
        WHERE status IN ('UNKNOWN', 'PENDING', 'RUNNING', 'STOPPING')""",
    *(
        f"CREATE INDEX executions_{name} ON executions (group_pk, {column})"
        for name, column in (
            ("created", "created_at"),
            ("modified", "modified_at"),
            ("name", "configuration_name COLLATE NOCASE"),
            ("status", "status"),
            ("duration", "duration"),
        )
    ),
    "CREATE VIRTUAL TABLE executions_search USING fts5 (search_text, content='executions', "
    "content_rowid='pk', tokenize='trigram case_sensitive 1', columnsize=0)",
)

_ARTIFACTS = (
    """CREATE TABLE artifacts (
        pk INTEGER PRIMARY KEY AUTOINCREMENT,
        group_pk INTEGER NOT NULL REFERENCES resource_groups (pk) ON DELETE CASCADE,
        kind TEXT NOT NULL, id TEXT NOT NULL, name TEXT NOT NULL, url TEXT NOT NULL,
        scenario_id TEXT NOT NULL,
        execution_id TEXT NOT NULL DEFAULT '',
        execution_pk INTEGER REFERENCES executions (pk) ON DELETE SET NULL,
        size INTEGER, created_at INTEGER NOT NULL, modified_at INTEGER NOT NULL,
        labels TEXT NOT NULL DEFAULT '[]', description TEXT NOT NULL DEFAULT '',
        search_text TEXT NOT NULL,
        UNIQUE (group_pk, id)) STRICT""",
    *(
        f"CREATE INDEX artifacts_{name} ON artifacts (group_pk, kind, {column})"
        for name, column in (
            ("created", "created_at"),
            ("modified", "modified_at"),
            ("name", "name COLLATE NOCASE"),
            ("scenario", "scenario_id COLLATE NOCASE"),
            ("source", "execution_id"),
            ("url", "url COLLATE NOCASE"),
            ("size", "size"),
        )
    ),
    "CREATE INDEX artifacts_execution ON artifacts (execution_pk, group_pk, kind, name)",
    "CREATE INDEX artifacts_exact_name ON artifacts (group_pk, name)",
    "CREATE VIRTUAL TABLE artifacts_search USING fts5 (search_text, content='artifacts', "
    "content_rowid='pk', tokenize='trigram case_sensitive 1', columnsize=0)",
    """CREATE TABLE artifact_labels (
        artifact_pk INTEGER NOT NULL REFERENCES artifacts (pk) ON DELETE CASCADE,
        position INTEGER NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,
        PRIMARY KEY (artifact_pk, position)) STRICT, WITHOUT ROWID""",
    "CREATE INDEX artifact_labels_key ON artifact_labels (key, value, artifact_pk)",
    """CREATE TRIGGER artifacts_labels_insert AFTER INSERT ON artifacts
        WHEN new.labels <> '[]' BEGIN
        INSERT INTO artifact_labels (artifact_pk, position, key, value)
        SELECT new.pk, l.key, l.value ->> 0, l.value ->> 1 FROM json_each(new.labels) AS l; END""",
    """CREATE TRIGGER artifacts_labels_update AFTER UPDATE OF labels ON artifacts BEGIN
        DELETE FROM artifact_labels WHERE artifact_pk = new.pk;
        INSERT INTO artifact_labels (artifact_pk, position, key, value)
        SELECT new.pk, l.key, l.value ->> 0, l.value ->> 1 FROM json_each(new.labels) AS l; END""",
    """CREATE TABLE artifact_files (
        artifact_pk INTEGER NOT NULL REFERENCES artifacts (pk) ON DELETE CASCADE,
        path TEXT NOT NULL, size INTEGER NOT NULL, sha256 TEXT NOT NULL DEFAULT '',
        PRIMARY KEY (artifact_pk, path)) STRICT, WITHOUT ROWID""",
)


def _search_triggers(table: str) -> tuple[str, ...]:
    """Return the triggers that keep a full-text index up to date.

    See https://www.sqlite.org/fts5.html, section 4.4.3.
    """
    index = f"{table}_search"
    add = f"INSERT INTO {index} (rowid, search_text) VALUES (new.pk, new.search_text);"
    remove = (
        f"INSERT INTO {index} ({index}, rowid, search_text) "
        "VALUES ('delete', old.pk, old.search_text);"
    )
    return (
        f"CREATE TRIGGER {index}_insert AFTER INSERT ON {table} BEGIN {add} END",
        f"CREATE TRIGGER {index}_delete AFTER DELETE ON {table} BEGIN {remove} END",
        f"CREATE TRIGGER {index}_update AFTER UPDATE OF search_text ON {table} "
        f"WHEN old.search_text IS NOT new.search_text BEGIN {remove} {add} END",
    )


# SQLite has no NaN: a NaN is stored as NULL in columns, and as NaN inside chunks.
_METRICS = (
    # `chunked` points are in sealed chunks, the other `count - chunked` points are in the tail.
    # Several series of an execution may have the same name and different labels. `headline` marks
    # the series of each model that represents the name in a column of a list of models; `main`
    # marks the headline that represents it in the list of executions.
    """CREATE TABLE series (
        pk INTEGER PRIMARY KEY AUTOINCREMENT,
        execution_pk INTEGER NOT NULL REFERENCES executions (pk) ON DELETE CASCADE,
        group_pk INTEGER NOT NULL, name TEXT NOT NULL, labels TEXT NOT NULL DEFAULT '[]',
        key TEXT NOT NULL,
        artifact_name TEXT NOT NULL DEFAULT '', headline INTEGER NOT NULL DEFAULT 1,
        main INTEGER NOT NULL DEFAULT 1,
        count INTEGER NOT NULL DEFAULT 0, chunked INTEGER NOT NULL DEFAULT 0,
        not_finite INTEGER NOT NULL DEFAULT 0,
        first REAL, last REAL, minimum REAL, maximum REAL, minimum_step INTEGER,
        maximum_step INTEGER,
        first_step INTEGER NOT NULL DEFAULT 0, last_step INTEGER NOT NULL DEFAULT 0,
        first_at INTEGER NOT NULL DEFAULT 0, last_at INTEGER NOT NULL DEFAULT 0,
        UNIQUE (execution_pk, name, labels)) STRICT""",
    "CREATE INDEX series_key ON series (group_pk, key)",
    *(
        # The index includes the columns that lists join on, so that no table rows are read.
        f"CREATE INDEX series_{column} ON series (group_pk, name, {column}, execution_pk, "
        "artifact_name, main) WHERE headline = 1"
        for column in ("last", "minimum", "maximum")
    ),
    # Points are ordered by step; points of equal steps keep the order of logging. `points` is the
    # result of `chunk.pack`, `overview` that of `chunk.overview` (empty if the chunk is not full);
    # `steps` and `times` are empty. Before the fifth migration all three were arrays of `count`
    # numbers, little-endian: steps and times (microseconds) int64, points float64; overviews were
    # not compressed. The large columns are the last ones, so that SQLite does not have to read them
    # to reach the others.
    """CREATE TABLE chunks (
        pk INTEGER PRIMARY KEY AUTOINCREMENT,
        series_pk INTEGER NOT NULL REFERENCES series (pk) ON DELETE CASCADE,
        count INTEGER NOT NULL, not_finite INTEGER NOT NULL,
        first_step INTEGER NOT NULL, last_step INTEGER NOT NULL, first_at INTEGER NOT NULL,
        last_at INTEGER NOT NULL,
        overview BLOB NOT NULL, steps BLOB NOT NULL, times BLOB NOT NULL,
        points BLOB NOT NULL) STRICT""",
    "CREATE INDEX chunks_series ON chunks (series_pk, first_step)",
    """CREATE TABLE tail (
        pk INTEGER PRIMARY KEY,
        series_pk INTEGER NOT NULL REFERENCES series (pk) ON DELETE CASCADE,
        step INTEGER NOT NULL, at INTEGER NOT NULL, value REAL) STRICT""",
    "CREATE INDEX tail_series ON tail (series_pk, step, at)",
    """CREATE TABLE tags (
        execution_pk INTEGER NOT NULL REFERENCES executions (pk) ON DELETE CASCADE,
        name TEXT NOT NULL, value TEXT NOT NULL, modified_at INTEGER NOT NULL,
        PRIMARY KEY (execution_pk, name)) STRICT""",
    """CREATE TABLE custom_info (
        execution_pk INTEGER NOT NULL REFERENCES executions (pk) ON DELETE CASCADE,
        name TEXT NOT NULL, value TEXT NOT NULL, modified_at INTEGER NOT NULL,
        PRIMARY KEY (execution_pk, name)) STRICT""",
)

_REST = (
    "CREATE TABLE preferences (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID",
    "CREATE TABLE revisions (topic TEXT PRIMARY KEY, revision INTEGER NOT NULL) STRICT, "
    "WITHOUT ROWID",
)

#: the statements of the second migration: the result of the last verification of an artifact's
#: files, and the object store's identifier of the content of each file
FILES_STATE = (
    "ALTER TABLE artifacts ADD COLUMN files_state TEXT NOT NULL DEFAULT 'unknown'",
    "ALTER TABLE artifacts ADD COLUMN checked_at INTEGER",
    "ALTER TABLE artifact_files ADD COLUMN version TEXT NOT NULL DEFAULT ''",
    "CREATE INDEX artifacts_files_state ON artifacts (group_pk, kind, files_state)",
)

#: the statements of the third migration: the content of remote runtimes
MIRROR = (
    # `gone_at`: when the deletion in the remote runtime was noticed; NULL for local entries.
    *(
        f"ALTER TABLE {table} ADD COLUMN gone_at INTEGER"
        for table in (
            "resource_groups",
            "object_stores",
            "scenarios",
            "executables",
            "configurations",
            "executions",
            "artifacts",
        )
    ),
    # `runtime` if the remote runtime reported the store, `client` if a client of one resource group
    # added it, empty if a user added it here
    "ALTER TABLE object_stores ADD COLUMN origin TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE executions ADD COLUMN schedule_id TEXT NOT NULL DEFAULT ''",
    # The metrics were fetched never (empty), during the execution (`some`) or after it (`all`).
    "ALTER TABLE executions ADD COLUMN metrics_read TEXT NOT NULL DEFAULT ''",
    """CREATE TABLE scenario_versions (
        pk INTEGER PRIMARY KEY AUTOINCREMENT,
        connection_pk INTEGER NOT NULL REFERENCES connections (pk) ON DELETE CASCADE,
        scenario_id TEXT NOT NULL, id TEXT NOT NULL, description TEXT NOT NULL DEFAULT '',
        created_at INTEGER NOT NULL, modified_at INTEGER NOT NULL, gone_at INTEGER,
        UNIQUE (connection_pk, scenario_id, id)) STRICT""",
    # `next_at`: when a schedule of this machine is due. Bounds and due times are whole seconds
    # since 1970.
    """CREATE TABLE execution_schedules (
        pk INTEGER PRIMARY KEY AUTOINCREMENT,
        group_pk INTEGER NOT NULL REFERENCES resource_groups (pk) ON DELETE CASCADE,
        id TEXT NOT NULL, name TEXT NOT NULL, cron TEXT NOT NULL, configuration_id TEXT NOT NULL,
        status TEXT NOT NULL, start_at INTEGER, end_at INTEGER, next_at INTEGER,
        created_at INTEGER NOT NULL, modified_at INTEGER NOT NULL, gone_at INTEGER,
        UNIQUE (group_pk, id)) STRICT""",
    "CREATE INDEX execution_schedules_due ON execution_schedules (next_at) "
    "WHERE next_at IS NOT NULL",
    # Executions may be fetched before their configurations.
    "CREATE INDEX executions_unbound ON executions (group_pk, configuration_id) "
    "WHERE configuration_pk IS NULL",
    "CREATE INDEX executions_schedule ON executions (group_pk, schedule_id) "
    "WHERE schedule_id <> ''",
    # The progress of fetching each part of a remote runtime; `resource_group` is empty for parts
    # that all groups share. Of an incomplete list, `position` of `total` entries were fetched.
    """CREATE TABLE reading_state (
        connection_pk INTEGER NOT NULL REFERENCES connections (pk) ON DELETE CASCADE,
        resource_group TEXT NOT NULL, part TEXT NOT NULL,
        position INTEGER NOT NULL DEFAULT 0, total INTEGER, done_at INTEGER,
        error TEXT NOT NULL DEFAULT '',
        PRIMARY KEY (connection_pk, resource_group, part)) STRICT, WITHOUT ROWID""",
    # The entries of a list that is still being fetched.
    """CREATE TABLE reading_seen (
        group_pk INTEGER NOT NULL REFERENCES resource_groups (pk) ON DELETE CASCADE,
        part TEXT NOT NULL, id TEXT NOT NULL, PRIMARY KEY (group_pk, part, id)) STRICT,
        WITHOUT ROWID""",
)

#: the statements of the fourth migration: artifacts that a client of one resource group registered,
#: whose access to their files is checked before each use
RESTRICTED = (
    """CREATE TABLE restricted_artifacts (
        artifact_pk INTEGER PRIMARY KEY REFERENCES artifacts (pk) ON DELETE CASCADE) STRICT""",
)

#: the statements of the fifth migration: points that are committed but not yet part of their
#: series, and an index of the chunks that are not full
STAGED = (
    # `series` is JSON: name and labels of each series. `points` has four arrays, one after the
    # other: steps and times int64, values float64, positions in `series` int32; little-endian.
    """CREATE TABLE staged_points (
        pk INTEGER PRIMARY KEY,
        execution_pk INTEGER NOT NULL REFERENCES executions (pk) ON DELETE CASCADE,
        series TEXT NOT NULL, points BLOB NOT NULL) STRICT""",
    "CREATE INDEX staged_points_execution ON staged_points (execution_pk)",
    # After all full chunks of a series follow those that are not full.
    "CREATE INDEX chunks_partial ON chunks (series_pk) WHERE count < 4096",
)

#: the statements of the sixth migration: indexes from which filtered and sorted lists are read
LIST_INDEXES = (
    # Numbers have no text in the index's order, other values no number.
    "DROP INDEX configuration_parameters_name",
    "CREATE INDEX configuration_parameters_value ON configuration_parameters (name, number, value)",
    "CREATE INDEX artifacts_description ON artifacts (group_pk, kind, description COLLATE NOCASE)",
    # The values of series with labels. The indexes of the first migration have the headlines.
    *(
        f"CREATE INDEX series_key_{column} ON series (group_pk, key, {column}, execution_pk, "
        "artifact_name) WHERE instr(key, '{') > 0"
        for column in ("last", "minimum", "maximum")
    ),
    # The series that are assigned to one model of their execution: most executions have none.
    "CREATE INDEX series_model ON series (execution_pk, name, artifact_name, headline, key) "
    "WHERE artifact_name <> ''",
)

#: the statements of the seventh migration: the short series of executions that have ended
PACKS = (
    # `points` is the result of `packs.pack`.
    """CREATE TABLE packs (
        pk INTEGER PRIMARY KEY AUTOINCREMENT,
        execution_pk INTEGER NOT NULL REFERENCES executions (pk) ON DELETE CASCADE,
        points BLOB NOT NULL) STRICT""",
    "CREATE INDEX packs_execution ON packs (execution_pk)",
    # The pack that has the points of a series; NULL if they are in chunks and in the tail.
    "ALTER TABLE series ADD COLUMN pack_pk INTEGER",
    # The indexes of values have all names, and all keys with labels.
    "DROP INDEX series_key",
)

#: the statements of the eighth migration: what users of this machine change about artifacts, the
#: versions of models and their aliases
ANNOTATIONS = (
    # The name, description and labels of a row are the shown ones. `local_changes` (JSON) has those
    # that users changed, which are applied again when a remote runtime reports the artifact;
    # `runtime_name` is the name in the runtime if another one is shown, empty otherwise.
    "ALTER TABLE artifacts ADD COLUMN runtime_name TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE artifacts ADD COLUMN local_changes TEXT NOT NULL DEFAULT '{}'",
    "ALTER TABLE artifacts ADD COLUMN pinned_at INTEGER",
    # Models of one name in a scenario are numbered; NULL for other kinds, and for models of an
    # incomplete list of a remote runtime. `aliases` are separated by single spaces.
    "ALTER TABLE artifacts ADD COLUMN version INTEGER",
    "ALTER TABLE artifacts ADD COLUMN aliases TEXT NOT NULL DEFAULT ''",
    "CREATE INDEX artifacts_pinned ON artifacts (group_pk, kind, pinned_at)",
    "CREATE INDEX artifacts_version ON artifacts (group_pk, kind, version)",
    "CREATE INDEX artifacts_versions ON artifacts (group_pk, name, scenario_id, version) "
    "WHERE version IS NOT NULL",
    "CREATE INDEX artifacts_unnumbered ON artifacts (group_pk, created_at) "
    "WHERE kind = 'model' AND version IS NULL",
    "CREATE INDEX artifacts_aliases ON artifacts (group_pk, name, scenario_id) WHERE aliases <> ''",
    """CREATE TABLE artifact_notes (
        artifact_pk INTEGER PRIMARY KEY REFERENCES artifacts (pk) ON DELETE CASCADE,
        notes TEXT NOT NULL, modified_at INTEGER NOT NULL) STRICT""",
    # The highest version that was ever assigned, so that no number is used again.
    """CREATE TABLE model_versions (
        group_pk INTEGER NOT NULL REFERENCES resource_groups (pk) ON DELETE CASCADE,
        scenario_id TEXT NOT NULL, name TEXT NOT NULL, last INTEGER NOT NULL,
        PRIMARY KEY (group_pk, scenario_id, name)) STRICT, WITHOUT ROWID""",
    # `artifact_id` is empty if the alias was removed, `previous_id` if it did not exist before.
    """CREATE TABLE alias_changes (
        pk INTEGER PRIMARY KEY AUTOINCREMENT,
        group_pk INTEGER NOT NULL REFERENCES resource_groups (pk) ON DELETE CASCADE,
        scenario_id TEXT NOT NULL, name TEXT NOT NULL, alias TEXT NOT NULL,
        artifact_id TEXT NOT NULL, version INTEGER,
        previous_id TEXT NOT NULL, previous_version INTEGER,
        changed_at INTEGER NOT NULL, changed_by TEXT NOT NULL) STRICT""",
    "CREATE INDEX alias_changes_name ON alias_changes (group_pk, name, pk)",
    # The input artifacts of a configuration that were given as `name@alias`.
    """CREATE TABLE configuration_references (
        configuration_pk INTEGER NOT NULL REFERENCES configurations (pk) ON DELETE CASCADE,
        name TEXT NOT NULL, reference TEXT NOT NULL,
        PRIMARY KEY (configuration_pk, name)) STRICT, WITHOUT ROWID""",
    """UPDATE artifacts SET version = n.number FROM (
        SELECT pk, row_number() OVER (PARTITION BY group_pk, scenario_id, name
        ORDER BY created_at, pk) AS number FROM artifacts WHERE kind = 'model') AS n
        WHERE artifacts.pk = n.pk""",
    """INSERT INTO model_versions (group_pk, scenario_id, name, last)
        SELECT group_pk, scenario_id, name, max(version) FROM artifacts
        WHERE version IS NOT NULL GROUP BY group_pk, scenario_id, name""",
)


def _search_again(table: str, added: str) -> tuple[str, ...]:
    """Return the statements that add a text to the search text of all rows of a table.

    The index is built once, instead of row by row.
    """
    update = _search_triggers(table)[2]
    return (
        f"DROP TRIGGER {table}_search_update",
        f"UPDATE {table} SET search_text = search_text || char(10) || "
        f"casefold(replace({added}, char(0), ' '))",
        f"INSERT INTO {table}_search ({table}_search) VALUES ('rebuild')",
        update,
    )


#: the statements of the ninth migration: searches find all texts that rows show
SEARCH_TEXTS = (
    *_search_again("executions", "status || char(10) || status_message"),
    *_search_again(
        "artifacts",
        "scenario_id || char(10) || execution_id || char(10) || url || coalesce((SELECT char(10) "
        "|| e.configuration_name FROM executions e WHERE e.pk = artifacts.execution_pk), '')",
    ),
)

#: the statements of the eleventh migration: how much of what steps wrote was recorded, in bytes
POSITIONS = (
    """CREATE TABLE read_positions (
        execution_pk INTEGER NOT NULL REFERENCES executions (pk) ON DELETE CASCADE,
        source TEXT NOT NULL, position INTEGER NOT NULL,
        PRIMARY KEY (execution_pk, source)) STRICT, WITHOUT ROWID""",
)

#: the statements of the fifteenth migration: indexes for searches, see `search_terms`, and for the
#: orders of lists that had none
SEARCH_AND_ORDER = (
    *(
        statement
        for table in ("artifacts", "executions")
        for statement in (
            f"CREATE INDEX {table}_search_end ON {table} (substr(search_text, -2))",
            # The trigrams of the full-text index, and in how many rows each of them is.
            f"CREATE VIRTUAL TABLE {table}_trigrams USING fts5vocab ('{table}_search', 'row')",
        )
    ),
    "CREATE INDEX artifacts_alias_texts ON artifacts (aliases, name) WHERE aliases <> ''",
    "CREATE INDEX artifacts_by_alias ON artifacts (group_pk, kind, aliases COLLATE NOCASE) "
    "WHERE aliases <> ''",
    "CREATE INDEX artifacts_gone ON artifacts (group_pk, kind, gone_at) WHERE gone_at IS NOT NULL",
    "CREATE INDEX artifacts_checked ON artifacts (group_pk, kind, checked_at)",
    *(
        f"CREATE INDEX executions_{name} ON executions (group_pk, {column})"
        for name, column in (
            ("executable", "executable_id COLLATE NOCASE"),
            ("scenario", "scenario_id COLLATE NOCASE"),
            ("started", "started_at"),
            ("completed", "completed_at"),
        )
    ),
)

#: the statements of the first migration
FIRST: tuple[str, ...] = (
    *_CONNECTIONS,
    *_SCENARIOS,
    *_CONFIGURATIONS,
    *_EXECUTIONS,
    *_ARTIFACTS,
    *_search_triggers("executions"),
    *_search_triggers("artifacts"),
    *_METRICS,
    *_REST,
)
