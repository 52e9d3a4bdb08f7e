"""Statements of migrations: kept executions, the trash, sweeps, undo, and added values."""

from __future__ import annotations

#: the statements of the tenth migration
KEPT_AND_TRASH = (
    # An execution of this machine that was deleted, but created artifacts: parameters, inputs and
    # metrics are kept with them, `gone_at` has the time. Lists do not contain it.
    "ALTER TABLE executions ADD COLUMN kept INTEGER NOT NULL DEFAULT 0",
    "CREATE INDEX executions_kept ON executions (group_pk) WHERE kept = 1",
    # `content` (JSON) has the rows of the deleted object by table. `kind` is the kind of an
    # artifact, `configuration` or `executable`. `with_files`: the files are deleted when the entry
    # is. `purged_at`: only the mark is left that hides an object of a remote runtime.
    """CREATE TABLE trash (
        pk INTEGER PRIMARY KEY AUTOINCREMENT,
        group_pk INTEGER NOT NULL REFERENCES resource_groups (pk) ON DELETE CASCADE,
        kind TEXT NOT NULL, id TEXT NOT NULL, name TEXT NOT NULL, url TEXT NOT NULL DEFAULT '',
        size INTEGER, content TEXT NOT NULL, with_files INTEGER NOT NULL DEFAULT 0,
        archived INTEGER NOT NULL DEFAULT 0,
        deleted_at INTEGER NOT NULL, deleted_by TEXT NOT NULL, purged_at INTEGER,
        UNIQUE (group_pk, kind, id)) STRICT""",
    "CREATE INDEX trash_id ON trash (group_pk, id)",
)

#: the statements of the twelfth migration: groups of executions with different parameters
SWEEPS = (
    # `definition` (JSON): the values of each parameter as they were given; `parameters` and
    # `inputs` (JSON): those that all executions share.
    """CREATE TABLE sweeps (
        pk INTEGER PRIMARY KEY AUTOINCREMENT,
        group_pk INTEGER NOT NULL REFERENCES resource_groups (pk) ON DELETE CASCADE,
        id TEXT NOT NULL, name TEXT NOT NULL, executable_id TEXT NOT NULL,
        definition TEXT NOT NULL, parameters TEXT NOT NULL, inputs TEXT NOT NULL,
        created_at INTEGER NOT NULL, created_by TEXT NOT NULL, UNIQUE (group_pk, id)) STRICT""",
    "CREATE INDEX sweeps_created ON sweeps (group_pk, created_at)",
    # IDs are empty while the object has not been created; `error` is the reason.
    """CREATE TABLE sweep_members (
        sweep_pk INTEGER NOT NULL REFERENCES sweeps (pk) ON DELETE CASCADE,
        position INTEGER NOT NULL, parameters TEXT NOT NULL,
        configuration_id TEXT NOT NULL DEFAULT '', execution_id TEXT NOT NULL DEFAULT '',
        error TEXT NOT NULL DEFAULT '', PRIMARY KEY (sweep_pk, position)) STRICT, WITHOUT ROWID""",
)

#: the statements of the thirteenth migration: the code and the environment of executions
PROVENANCE = (
    # `content` (JSON) is the result of `runtimes.embedded.provenance.provenance`.
    """CREATE TABLE provenance (
        execution_pk INTEGER PRIMARY KEY REFERENCES executions (pk) ON DELETE CASCADE,
        content TEXT NOT NULL, recorded_at INTEGER NOT NULL) STRICT""",
)

#: the statements of the fourteenth migration: the sweeps of executions, and changes to undo
UNDO = (
    "CREATE INDEX sweep_members_execution ON sweep_members (execution_id)",
    # `content` (JSON) is what undoes the change, see `registry.undo`.
    """CREATE TABLE undo (
        pk INTEGER PRIMARY KEY AUTOINCREMENT,
        group_pk INTEGER NOT NULL REFERENCES resource_groups (pk) ON DELETE CASCADE,
        kind TEXT NOT NULL, title TEXT NOT NULL, content TEXT NOT NULL,
        changed_at INTEGER NOT NULL, changed_by TEXT NOT NULL) STRICT""",
    "CREATE INDEX undo_group ON undo (group_pk)",
)

#: the statements of the sixteenth migration: what users or evaluations added to artifacts
ADDED_VALUES = (
    # `part` is `metric`, `parameter`, `tag` or `info`; `name` is the key of the series of a metric.
    # `source` is `user`, or the ID of the execution that evaluated the artifact.
    """CREATE TABLE added_values (
        artifact_pk INTEGER NOT NULL REFERENCES artifacts (pk) ON DELETE CASCADE,
        part TEXT NOT NULL, name TEXT NOT NULL, source TEXT NOT NULL, modified_at INTEGER NOT NULL,
        PRIMARY KEY (artifact_pk, part, name)) STRICT, WITHOUT ROWID""",
)

#: the statements of the seventeenth migration: lists are filtered and ordered by tags
TAG_VALUES = ("CREATE INDEX tags_value ON tags (name, value, execution_pk)",)

#: the SQL of the ID of the execution that an execution reproduces, NULL without one
REPRODUCES = "iif(json_valid(content), json_extract(content, '$.reproduces'), NULL)"
#: the statements of the nineteenth migration: the reproductions of an execution
REPRODUCTIONS = (
    f"CREATE INDEX provenance_reproduces ON provenance ({REPRODUCES}) "
    f"WHERE {REPRODUCES} IS NOT NULL",
)

#: the largest number of names of a set of parameters that is stored
MOST_NAMES = 500
#: the SQL of the JSON array of the names of a configuration's parameters, in ascending order
NAMES_OF = (
    "(SELECT json_group_array(name) FROM (SELECT p.name FROM configuration_parameters p "
    "WHERE p.configuration_pk = {0} ORDER BY p.name))"
)


def _unknown_after(event: str, row: str) -> str:
    """Return the trigger that marks the set of a configuration as unknown."""
    name = event.split(maxsplit=1)[0].lower()
    return (
        f"CREATE TRIGGER configuration_parameters_{name} AFTER {event} ON configuration_parameters "
        "BEGIN UPDATE configurations SET parameter_set = NULL "
        f"WHERE pk = {row}.configuration_pk AND parameter_set IS NOT NULL; END"
    )


#: the statements of the eighteenth migration
PARAMETER_SETS = (
    # `names` is a JSON array in ascending order.
    "CREATE TABLE parameter_sets (pk INTEGER PRIMARY KEY, names TEXT NOT NULL UNIQUE) STRICT",
    "ALTER TABLE configurations ADD COLUMN parameter_set INTEGER",
    "INSERT OR IGNORE INTO parameter_sets (names) "
    f"SELECT {NAMES_OF.format('c.pk')} FROM configurations c",
    f"DELETE FROM parameter_sets WHERE json_array_length(names) > {MOST_NAMES}",
    "UPDATE configurations SET parameter_set = (SELECT s.pk FROM parameter_sets s "
    f"WHERE s.names = {NAMES_OF.format('configurations.pk')})",
    "CREATE INDEX configurations_parameters ON configurations (parameter_set)",
    _unknown_after("INSERT", "new"),
    _unknown_after("DELETE", "old"),
    _unknown_after("UPDATE OF name", "new"),
)

#: the SQL that adds executions ``e`` that did not create exactly one model; a condition may follow
UNEVEN = (
    "INSERT INTO uneven_executions (execution_pk, group_pk) SELECT e.pk, e.group_pk "
    "FROM executions e WHERE (SELECT count(*) FROM (SELECT 1 FROM artifacts a WHERE "
    "a.execution_pk = e.pk AND a.group_pk = e.group_pk AND a.kind = 'model' LIMIT 2)) <> 1"
)


def _models_changed(name: str, event: str, *rows: str, when: str = "") -> str:
    """Return the trigger that counts the models of the executions of changed artifacts again."""
    kinds = " OR ".join(f"{row}.kind = 'model' AND {row}.execution_pk IS NOT NULL" for row in rows)
    body = " ".join(
        f"DELETE FROM uneven_executions WHERE execution_pk = {row}.execution_pk; "
        f"{UNEVEN} AND e.pk = {row}.execution_pk;"
        for row in rows
    )
    return (
        f"CREATE TRIGGER artifacts_uneven_{name} AFTER {event} ON artifacts "
        f"WHEN ({kinds}){when} BEGIN {body} END"
    )


#: the statements of the twentieth migration
UNEVEN_EXECUTIONS = (
    # The executions that created no model or several. Each other one has one row in a list of
    # models, so that positions in the order of a metric are positions in its index.
    """CREATE TABLE uneven_executions (
        execution_pk INTEGER PRIMARY KEY REFERENCES executions (pk) ON DELETE CASCADE,
        group_pk INTEGER NOT NULL) STRICT""",
    "CREATE INDEX uneven_executions_group ON uneven_executions (group_pk)",
    UNEVEN,
    "CREATE TRIGGER executions_uneven AFTER INSERT ON executions BEGIN "
    "INSERT INTO uneven_executions (execution_pk, group_pk) VALUES (new.pk, new.group_pk); END",
    _models_changed("insert", "INSERT", "new"),
    _models_changed("delete", "DELETE", "old"),
    _models_changed(
        "update",
        "UPDATE OF execution_pk, kind",
        "old",
        "new",
        when=" AND (old.execution_pk IS NOT new.execution_pk OR old.kind <> new.kind)",
    ),
)
