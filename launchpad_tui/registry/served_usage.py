"""Which client of the served AI API has stored which files on this machine, and their sizes.

A database of its own, beside the registry: it only counts, so it is created again if it is
damaged. Files that others have deleted are counted until `ServedUsage.reconcile` has checked them.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from launchpad_tui.registry.sqlite_errors import translated

#: the number of files that are checked in one transaction
_BATCH = 2000
_TABLES = """
CREATE TABLE IF NOT EXISTS files (
    path BLOB PRIMARY KEY, client TEXT NOT NULL, size INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS totals (
    client TEXT PRIMARY KEY, size INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TRIGGER IF NOT EXISTS files_added AFTER INSERT ON files BEGIN
    INSERT INTO totals (client, size) VALUES (new.client, new.size)
        ON CONFLICT (client) DO UPDATE SET size = size + new.size; END;
CREATE TRIGGER IF NOT EXISTS files_removed AFTER DELETE ON files BEGIN
    UPDATE totals SET size = size - old.size WHERE client = old.client; END;
"""


class ServedUsage:
    """The sizes of the files that clients have stored. Safe for threads and processes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None

    def totals(self) -> dict[str, int]:
        """Return the bytes that each client has stored, by its ID."""
        with self._database() as db:
            return dict(db.execute("SELECT client, size FROM totals"))

    def add(self, client: str, files: Iterable[tuple[Path, int]]) -> None:
        """Record files with their sizes; a path that is recorded is replaced."""
        rows = [(os.fsencode(path), client, size) for path, size in files]
        with self._database() as db:
            # REPLACE would not run the trigger for the replaced row.
            db.executemany("DELETE FROM files WHERE path = ?", [(path,) for path, _, _ in rows])
            db.executemany("INSERT INTO files (path, client, size) VALUES (?, ?, ?)", rows)

    def remove(self, path: Path) -> None:
        """Remove the records of the file at a path and of all files below it."""
        name = os.fsencode(path)
        with self._database() as db:
            db.execute("DELETE FROM files WHERE path = ?", (name,))
            # In the order of bytes, "0" follows "/".
            db.execute("DELETE FROM files WHERE path > ? AND path < ?", (name + b"/", name + b"0"))

    def reconcile(self, client: str = "") -> None:
        """Remove the records of files that do not exist any more.

        Args:
            client: only records of this client; empty for all.
        """
        after = b""
        while paths := self._batch(client, after):
            missing = [(path,) for path in paths if not os.path.lexists(path)]
            if missing:
                with self._database() as db:
                    db.executemany("DELETE FROM files WHERE path = ?", missing)
            after = paths[-1]

    def _batch(self, client: str, after: bytes) -> Sequence[bytes]:
        with self._database() as db:
            rows = db.execute(
                "SELECT path FROM files WHERE path > ? AND (? = '' OR client = ?) "
                "ORDER BY path LIMIT ?",
                (after, client, client, _BATCH),
            )
            return [path for (path,) in rows]

    @contextlib.contextmanager
    def _database(self) -> Iterator[sqlite3.Connection]:
        with self._lock, translated(self._path):
            if self._connection is None:
                try:
                    self._connection = _connect(self._path)
                except sqlite3.DatabaseError as error:
                    if error.sqlite_errorcode not in {
                        sqlite3.SQLITE_CORRUPT,
                        sqlite3.SQLITE_NOTADB,
                    }:
                        raise
                    self._path.unlink()
                    self._connection = _connect(self._path)
            with self._connection:
                yield self._connection


def _connect(path: Path) -> sqlite3.Connection:
    # SQLite would create the file with the permissions of the umask. A file that exists is not
    # opened here: closing it would drop the locks of all connections of this process
    # (https://www.sqlite.org/howtocorrupt.html#_posix_advisory_locks_canceled).
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    found = sqlite3.connect(path, timeout=30, check_same_thread=False)
    try:
        found.execute("PRAGMA journal_mode = WAL")
        found.execute("PRAGMA synchronous = NORMAL")
        found.executescript(_TABLES)
    except sqlite3.Error:
        found.close()
        raise
    return found
