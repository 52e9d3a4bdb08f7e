"""The note that a large registry of a former version is updated first."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

from launchpad_tui.domain.numbers import size_text
from launchpad_tui.registry.schema import VERSION

#: bytes from which an update takes longer than a few seconds
LARGE = 100_000_000


def update_note(path: Path) -> str:
    """Return the note to show before a registry file is opened; empty if none is necessary."""
    try:
        size = path.stat().st_size
    except OSError:
        # Opening the registry reports the reason.
        return ""
    if size < LARGE or not 0 < _version(path) < VERSION:
        return ""
    return (
        f"The registry ({size_text(size)}) is updated to the format of this version first. "
        "This can take minutes and happens once."
    )


def _version(path: Path) -> int:
    # Only SQLite may open the file: if a process closes it otherwise, the system drops the locks of
    # all its connections (https://www.sqlite.org/howtocorrupt.html#_posix_advisory_locks_canceled).
    with contextlib.suppress(sqlite3.Error), contextlib.closing(sqlite3.connect(path)) as db:
        return int(db.execute("PRAGMA user_version").fetchone()[0])
    return 0
