"""Migrations of the registry, append-only: one function each; `schema.VERSION` is their number."""

from __future__ import annotations

import sqlite3

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from launchpad_tui.registry import lifecycle_schema, schema, series_schema

migrations = Migrations("launchpad")


@migrations()
def first_schema(db: Database) -> None:
    """Create all tables."""
    for statement in schema.FIRST:
        db.conn.execute(statement)


@migrations()
def files_state(db: Database) -> None:
    """Add the state of artifacts' files."""
    for statement in schema.FILES_STATE:
        db.conn.execute(statement)
    if db["sqlite_stat1"].exists():
        # If other indexes have statistics, the planner overestimates one without.
        db.conn.execute("ANALYZE artifacts")


@migrations()
def mirror(db: Database) -> None:
    """Add tables for the content of remote runtimes and execution schedules."""
    for statement in schema.MIRROR:
        db.conn.execute(statement)


@migrations()
def restricted_artifacts(db: Database) -> None:
    """Add the artifacts that clients of one resource group registered."""
    for statement in schema.RESTRICTED:
        db.conn.execute(statement)


@migrations()
def staged_points(db: Database) -> None:
    """Add points that are not part of their series yet. Chunks of former versions are kept."""
    for statement in schema.STAGED:
        db.conn.execute(statement)


@migrations()
def list_indexes(db: Database) -> None:
    """Add the indexes of filtered and sorted lists."""
    for statement in schema.LIST_INDEXES:
        db.conn.execute(statement)
    if db["sqlite_stat1"].exists():
        # A sample suffices, and takes milliseconds regardless of the number of rows.
        db.conn.execute("PRAGMA analysis_limit = 1000")
        for table in ("configuration_parameters", "artifacts", "series"):
            db.conn.execute(f"ANALYZE {table}")
        db.conn.execute("PRAGMA analysis_limit = 0")


@migrations()
def packs(db: Database) -> None:
    """Add packs of short series. Chunks of former versions are kept."""
    for statement in schema.PACKS:
        db.conn.execute(statement)


@migrations()
def annotated_artifacts(db: Database) -> None:
    """Add annotations of artifacts, and number the models of each name as versions."""
    for statement in schema.ANNOTATIONS:
        db.conn.execute(statement)
    if db["sqlite_stat1"].exists():
        db.conn.execute("PRAGMA analysis_limit = 1000")
        db.conn.execute("ANALYZE artifacts")
        db.conn.execute("PRAGMA analysis_limit = 0")


@migrations()
def search_texts(db: Database) -> None:
    """Add all texts that rows show to the texts that searches match."""
    for statement in schema.SEARCH_TEXTS:
        db.conn.execute(statement)


@migrations()
def kept_and_trash(db: Database) -> None:
    """Add executions that are kept for their outputs, and the trash."""
    for statement in lifecycle_schema.KEPT_AND_TRASH:
        db.conn.execute(statement)


@migrations()
def read_positions(db: Database) -> None:
    """Add the positions up to which files of running steps were recorded."""
    for statement in schema.POSITIONS:
        db.conn.execute(statement)


@migrations()
def sweeps(db: Database) -> None:
    """Add sweeps."""
    for statement in lifecycle_schema.SWEEPS:
        db.conn.execute(statement)


@migrations()
def provenance(db: Database) -> None:
    """Add the code and the environment of executions."""
    for statement in lifecycle_schema.PROVENANCE:
        db.conn.execute(statement)


@migrations()
def undo(db: Database) -> None:
    """Add the index of the sweeps of executions, and the changes that can be undone."""
    for statement in lifecycle_schema.UNDO:
        db.conn.execute(statement)


@migrations()
def search_and_order(db: Database) -> None:
    """Add indexes of short terms of searches, of aliases, and of further orders of lists."""
    for statement in schema.SEARCH_AND_ORDER:
        db.conn.execute(statement)
    if db["sqlite_stat1"].exists():
        db.conn.execute("PRAGMA analysis_limit = 1000")
        for table in ("artifacts", "executions"):
            db.conn.execute(f"ANALYZE {table}")
        db.conn.execute("PRAGMA analysis_limit = 0")


@migrations()
def added_values(db: Database) -> None:
    """Add where the values come from that users or evaluations added to artifacts."""
    for statement in lifecycle_schema.ADDED_VALUES:
        db.conn.execute(statement)


@migrations()
def tag_values(db: Database) -> None:
    """Add the index of the values of tags."""
    for statement in lifecycle_schema.TAG_VALUES:
        db.conn.execute(statement)


@migrations()
def parameter_sets(db: Database) -> None:
    """Add the sets of names of parameters."""
    for statement in lifecycle_schema.PARAMETER_SETS:
        db.conn.execute(statement)
    if db["sqlite_stat1"].exists():
        db.conn.execute("PRAGMA analysis_limit = 1000")
        db.conn.execute("ANALYZE configurations")
        db.conn.execute("PRAGMA analysis_limit = 0")


@migrations()
def narrow_series(db: Database) -> None:
    """Replace the texts of series by numbers, and separate what lists are not ordered by."""
    for statement in series_schema.NARROW_SERIES:
        db.conn.execute(statement)
    if db["sqlite_stat1"].exists():
        db.conn.execute("PRAGMA analysis_limit = 1000")
        db.conn.execute("ANALYZE series")
        db.conn.execute("PRAGMA analysis_limit = 0")


@migrations()
def pack_summaries(db: Database) -> None:
    """Add the summaries of the series of a pack."""
    for statement in series_schema.PACK_SUMMARIES:
        db.conn.execute(statement)


@migrations()
def reproductions(db: Database) -> None:
    """Add the index of the reproductions of executions."""
    for statement in lifecycle_schema.REPRODUCTIONS:
        db.conn.execute(statement)


@migrations()
def uneven_executions(db: Database) -> None:
    """Add the executions that did not create exactly one model."""
    for statement in lifecycle_schema.UNEVEN_EXECUTIONS:
        db.conn.execute(statement)


def apply(connection: sqlite3.Connection) -> None:
    """Apply pending migrations within the connection's transaction."""
    # Without plugins: other packages on this machine must not change the registry.
    migrations.apply(Database(connection, execute_plugins=False, recursive_triggers=False))
