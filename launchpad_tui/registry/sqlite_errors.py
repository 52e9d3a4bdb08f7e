"""Translates errors of SQLite into errors of launchpad."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from launchpad_tui.errors import (
    Conflict,
    LaunchpadError,
    PermissionDenied,
    RegistryBusy,
    RegistryCorrupt,
    StorageFull,
    Unreachable,
)


def translate(error: sqlite3.Error, path: Path) -> LaunchpadError:
    """Return the LaunchpadError for an error of SQLite."""
    extended = getattr(error, "sqlite_errorcode", None) or 0
    code = extended & 0xFF
    if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        detail = f"Another process has been writing to {path} for too long."
        return RegistryBusy("The registry is busy", detail, "Try again in a few seconds.")
    # SQLITE_IOERR_SHMSIZE: there is no space for the shared memory beside the file
    # (https://www.sqlite.org/rescode.html).
    if code == sqlite3.SQLITE_FULL or extended == sqlite3.SQLITE_IOERR_SHMSIZE:
        return StorageFull(
            "The disk is full: the registry cannot be written",
            str(path),
            "Free space on this disk, then try again.",
        )
    if code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
        return RegistryCorrupt(
            "The registry is damaged",
            f"{path}: {error}. Nothing in it was changed or deleted.",
            "Move it away, with the -wal and -shm files beside it, "
            "to start with an empty registry, or put a copy of yours in its place; `sqlite3 "
            "registry.db .recover` may save what is in it.",
        )
    if code in {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH}:
        return PermissionDenied(
            "The registry cannot be written to",
            str(path),
            "Check the permissions of the file and its folder.",
        )
    if code == sqlite3.SQLITE_CANTOPEN:
        return PermissionDenied(
            "The registry cannot be opened",
            str(path),
            "Check that the folder exists and that you may write to it.",
        )
    if code == sqlite3.SQLITE_CONSTRAINT:
        return Conflict(
            "The change contradicts other entries of the registry",
            f"{path}: {error}",
            "Refresh the list, then try again.",
        )
    if code == sqlite3.SQLITE_IOERR:
        return Unreachable(
            "The disk of the registry reports an error",
            f"{path}: {error}",
            "Check the disk and its file system, then try again.",
        )
    return RegistryCorrupt("The registry reported an unexpected error", f"{path}: {error}")


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Raise errors of SQLite as errors of launchpad."""
    try:
        yield
    except sqlite3.ProgrammingError:
        raise  # A defect of the statement, not of the file.
    except sqlite3.Error as error:
        raise translate(error, path) from error
