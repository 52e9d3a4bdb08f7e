"""Checks, copies and replaces the file of the registry, even if it cannot be opened otherwise."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from launchpad_tui.config.atomic import write_error
from launchpad_tui.domain.text import safe_text
from launchpad_tui.errors import (
    Conflict,
    InvalidInput,
    LaunchpadError,
    PermissionDenied,
    SchemaTooNew,
    StorageFull,
)
from launchpad_tui.registry.database import BUSY_MILLISECONDS
from launchpad_tui.registry.schema import VERSION
from launchpad_tui.registry.snapshots import may_be_read, open_snapshot
from launchpad_tui.registry.sqlite_errors import translate, translated

#: the largest number of problems that are listed
_LISTED = 10
#: endings of the files that SQLite keeps beside a database
_SIDE_FILES = ("", "-wal", "-shm")
_TABLES = frozenset({"connections", "resource_groups", "executions", "artifacts", "series"})


def find_problems(path: Path) -> list[str]:
    """Return the problems of a registry file: damaged pages, indexes and references.

    Raises:
        LaunchpadError: the file cannot be opened.
    """
    with translated(path), opened(path) as db:
        _check_tables(db, path)
        found = [str(row[0]) for row in db.execute(f"PRAGMA integrity_check({_LISTED})")]
        if found == ["ok"]:
            rows = db.execute("PRAGMA foreign_key_check").fetchmany(_LISTED)
            found = [
                f"row {row[1]} of {row[0]} refers to a missing row of {row[2]}" for row in rows
            ]
    return [safe_text(each, 200) for each in found]


def schema_version(path: Path) -> int:
    """Return the version of the schema of a registry file. Raises as `find_problems`."""
    with translated(path), opened(path) as db:
        return int(db.execute("PRAGMA user_version").fetchone()[0])


def copy(source: Path, target: Path) -> None:
    """Write a copy of a registry into one file, as of one point in time.

    Other processes may write to the source meanwhile. The copy is complete on disk when the
    function returns, and only its owner can read it.

    Raises:
        LaunchpadError: the source is damaged, or the target cannot be written. A file that exists
            at the target is then unchanged.
    """
    temporary = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        try:
            os.close(os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        except OSError as error:
            raise write_error(target, error) from error
        with (
            translated(source),
            opened(source) as db,
            translated(target),
            opened(temporary, "rw") as written,
        ):
            db.backup(written)
            written.execute("PRAGMA journal_mode = DELETE")
        if found := find_problems(temporary):
            raise translate(sqlite3.DatabaseError(f"malformed: {found[0]}"), source)
        try:
            _sync(temporary)
            os.rename(temporary, target)
            _sync(target.parent)
        except OSError as error:
            raise write_error(target, error) from error
    finally:
        for ending in ("", "-journal", "-wal", "-shm"):
            with contextlib.suppress(OSError):
                temporary.with_name(temporary.name + ending).unlink()


def check_copy(path: Path) -> None:
    """Check that a file is an intact registry of this or an earlier version.

    Raises:
        InvalidInput: it is not a registry, or is damaged.
        SchemaTooNew: a later version of launchpad wrote it.
    """
    if not path.is_file():
        raise InvalidInput(
            f"There is no file {path}",
            hint="Give a file that was written by: launchpad backup FILE",
            field="file",
        )
    try:
        found = find_problems(path)
        version = schema_version(path)
    except LaunchpadError as error:
        raise InvalidInput(
            f"{path} is not an intact backup",
            error.detail or error.title,
            "Give a file that was written by: launchpad backup FILE",
            field="file",
        ) from error
    if found:
        raise InvalidInput(
            f"{path} is not an intact backup",
            "\n".join(found),
            "Give another file that was written by: launchpad backup FILE",
            field="file",
        )
    if version > VERSION:
        raise SchemaTooNew(
            f"{path} was written by a later version of launchpad",
            f"It has schema {version}; this version supports up to {VERSION}.",
            "Update launchpad, then restore the backup.",
        )


def replace(path: Path, source: Path, at: datetime) -> Path | None:
    """Replace the registry by a copy that `check_copy` accepted.

    An intact registry is replaced in one transaction, so that other processes that have opened it
    see either the old or the new content. A damaged registry is moved aside.

    Args:
        path: the registry.
        source: the copy.
        at: the current time, for the name of a damaged registry.

    Returns:
        Where the former registry is; None if there was none.

    Raises:
        LaunchpadError: the registry cannot be written.
    """
    if not path.exists():
        copy(source, path)
        return None
    try:
        intact = not find_problems(path)
    except (StorageFull, PermissionDenied):
        raise
    except LaunchpadError:
        intact = False
    if not intact:
        former = path.with_name(f"registry-damaged-{at:%Y%m%d-%H%M%S}.db")
        for ending in _SIDE_FILES:
            with contextlib.suppress(FileNotFoundError):
                os.rename(f"{path}{ending}", f"{former}{ending}")
        copy(source, path)
        return former
    former = path.with_name("registry-before-restore.db")
    copy(path, former)
    with translated(path), opened(source) as db, opened(path, "rw") as written:
        # The lock is tested first, because the copy would wait for it without end.
        written.execute("BEGIN IMMEDIATE")
        written.execute("ROLLBACK")
        revisions = dict(written.execute("SELECT topic, revision FROM revisions"))
        db.backup(written)
        written.execute("BEGIN IMMEDIATE")
        for topic, revision in revisions.items():
            # Greater than before, so that every open app notices the change.
            written.execute(
                "INSERT INTO revisions (topic, revision) VALUES (?, ?) "
                "ON CONFLICT (topic) DO UPDATE SET revision = max(revision, excluded.revision) + 1",
                (topic, revision + 1),
            )
        written.execute("COMMIT")
    return former


def check_target(target: Path, *, overwrite: bool) -> None:
    """Check that a backup can be written to a path.

    Raises:
        InvalidInput: the folder does not exist.
        Conflict: the file exists and must not be replaced.
    """
    if target.is_dir() or not target.parent.is_dir():
        raise InvalidInput(
            f"The backup cannot be written to {target}",
            "It is a folder." if target.is_dir() else f"The folder {target.parent} does not exist.",
            "Give the path of a new file.",
            field="file",
        )
    if target.exists() and not overwrite:
        raise Conflict(
            f"The file {target} exists",
            "A backup does not replace files unless this is requested.",
            "Give another path, or add --overwrite.",
        )


def _check_tables(db: sqlite3.Connection, path: Path) -> None:
    tables = {str(row[0]) for row in db.execute("SELECT name FROM sqlite_master")}
    if missing := sorted(_TABLES - tables):
        raise translate(sqlite3.DatabaseError(f"no such table: {', '.join(missing)}"), path)


@contextlib.contextmanager
def opened(path: Path, mode: str = "ro") -> Iterator[sqlite3.Connection]:
    """Open a registry file without migrating it; the connection is closed at the end."""
    connection = sqlite3.connect(
        f"file:{quote(str(path.absolute()))}?mode={mode}",
        uri=True,
        timeout=BUSY_MILLISECONDS / 1000,
        isolation_level=None,
    )
    try:
        connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone()
    except sqlite3.OperationalError as error:
        connection.close()
        if mode != "ro" or not path.exists() or not may_be_read(error):
            raise
        connection = open_snapshot(path, error)
    try:
        yield connection
    finally:
        connection.close()


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
