"""Migrations of the registry, append-only: one function each, in order; `schema.VERSION` counts them."""

from __future__ import annotations

import sqlite3

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from launchpad_tui.registry import schema

migrations = Migrations("launchpad")


@migrations()
def first_schema(db: Database) -> None:
    """Everything there is."""
    for statement in schema.FIRST:
        db.conn.execute(statement)


@migrations()
def files_state(db: Database) -> None:
    """What is known of the artifacts' files."""
    for statement in schema.FILES_STATE:
        db.conn.execute(statement)
    if db["sqlite_stat1"].exists():
        # Beside the statistics of the others, an index without any would be taken for better than it is.
        db.conn.execute("ANALYZE artifacts")


@migrations()
def mirror(db: Database) -> None:
    """What was read from runtimes elsewhere, and execution schedules."""
    for statement in schema.MIRROR:
        db.conn.execute(statement)


def apply(connection: sqlite3.Connection) -> None:
    """Apply what is pending, inside the transaction that the connection is in."""
    # Without plugins: what else is installed on this machine has no business in the registry.
    migrations.apply(Database(connection, execute_plugins=False, recursive_triggers=False))
