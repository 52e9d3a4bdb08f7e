"""Translates errors of SQLite into errors of launchpad."""

from __future__ import annotations

import functools
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ParamSpec, TypeVar

from launchpad_tui.domain.text import safe_text
from launchpad_tui.errors import (
    Conflict,
    LaunchpadError,
    PermissionDenied,
    RegistryBusy,
    RegistryCorrupt,
    StorageFull,
    Unreachable,
)

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

#: messages of SQLite without a code of their own that only a damaged file causes
_DAMAGE = re.compile(
    r"malformed|no such (table|column|index|module)|could not decode|has no column"
    r"|unsupported file format|user-defined function raised"
)


def damaged(reason: object, path: Path | None = None) -> RegistryCorrupt:
    """Return the error for a damaged registry.

    Args:
        reason: what was found.
        path: the file; None if it is not known.
    """
    found = safe_text(str(reason), 200)
    return RegistryCorrupt(
        "The registry is damaged",
        f"{f'{path}: ' if path else ''}{found}. Nothing in it was changed or deleted.",
        "Check it with: launchpad doctor. Then restore a backup with: launchpad restore FILE",
    )


def reports_damage(
    function: Callable[Parameters, Result],
) -> Callable[Parameters, Result]:
    """Decorate a function that converts rows: values that cannot be converted mean damage."""

    @functools.wraps(function)
    def convert(*arguments: Parameters.args, **keywords: Parameters.kwargs) -> Result:
        try:
            return function(*arguments, **keywords)
        except (ValueError, TypeError, OverflowError, LookupError) as error:
            raise damaged(f"a row has an invalid value ({error})") from error

    return convert


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
    if code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB} or (
        code in {0, sqlite3.SQLITE_ERROR} and _DAMAGE.search(str(error).lower())
    ):
        return damaged(error, path)
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
    return RegistryCorrupt(
        "The registry reported an unexpected error",
        f"{path}: {error}",
        "Check it with: launchpad doctor",
    )


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Raise errors of SQLite as errors of launchpad."""
    try:
        yield
    except sqlite3.ProgrammingError:
        raise  # A defect of the statement, not of the file.
    except sqlite3.Error as error:
        raise translate(error, path) from error
    except UnicodeDecodeError as error:
        # Python cannot decode a value, or a message of SQLite that quotes the damaged schema.
        raise damaged(error, path) from error
