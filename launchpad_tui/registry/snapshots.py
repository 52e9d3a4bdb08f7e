"""Reads a registry on a full or read-only disk, where SQLite cannot create its shared memory.

Without the shared memory, SQLite can read a database only if nobody changes it. A registry whose
write-ahead log is empty is opened as such. Otherwise the database and its log are copied to another
disk, or to memory, and the copy is opened.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from pathlib import Path

_CODES = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY})
_EXTENDED_CODES = frozenset(
    {sqlite3.SQLITE_IOERR_SHMSIZE, sqlite3.SQLITE_IOERR_SHMOPEN, sqlite3.SQLITE_IOERR_SHMMAP}
)
#: a file system in memory, which is preferred for copies
_MEMORY = Path("/dev/shm")
#: bytes that are copied at a time
_BLOCK = 1 << 20
#: the databases that were copied, by device and inode
_kept: dict[tuple[int, int], int] = {}
_kept_lock = threading.Lock()


class Snapshot(sqlite3.Connection):
    """A connection to an unchangeable state of a registry."""

    #: why the registry itself could not be opened
    reason: sqlite3.OperationalError


def may_be_read(error: sqlite3.OperationalError) -> bool:
    """Return whether a snapshot can help with an error of opening a registry."""
    code = getattr(error, "sqlite_errorcode", 0) or 0
    return code & 0xFF in _CODES or code in _EXTENDED_CODES


def open_snapshot(path: Path, reason: sqlite3.OperationalError) -> Snapshot:
    """Open the current state of a registry.

    Args:
        path: the registry.
        reason: why it could not be opened; raised if the snapshot cannot be opened either.
    """
    from urllib.parse import quote

    try:
        log = Path(f"{path}-wal")
        if log.exists() and log.stat().st_size:
            connection = _open_copy(path, log)
        else:
            connection = _connect(f"file:{quote(str(path.absolute()))}?mode=ro&immutable=1")
        connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone()
    except (OSError, sqlite3.OperationalError):
        raise reason from None
    connection.reason = reason
    return connection


def _open_copy(path: Path, log: Path) -> Snapshot:
    import shutil
    import tempfile
    from urllib.parse import quote

    parent = _MEMORY if os.access(_MEMORY, os.W_OK) else None
    folder = Path(tempfile.mkdtemp(prefix="launchpad-", dir=parent))
    try:
        # The log is copied last: it has all changes that the copy of the database is missing.
        _copy(path, folder / "registry.db")
        shutil.copyfile(log, folder / "registry.db-wal")
        connection = _connect(f"file:{quote(str(folder / 'registry.db'))}?mode=rw")
        connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone()
        return connection
    finally:
        # SQLite has opened the files; the system removes them when the connection is closed.
        shutil.rmtree(folder, ignore_errors=True)


def _copy(source: Path, target: Path) -> None:
    """Copy a database, which stays open until this process ends.

    If a process closes a database file, the system drops the locks of all its connections
    (https://www.sqlite.org/howtocorrupt.html#_posix_advisory_locks_canceled).
    """
    status = source.stat()
    key = status.st_dev, status.st_ino
    with _kept_lock:
        if key not in _kept:
            _kept[key] = os.open(source, os.O_RDONLY | os.O_CLOEXEC)
        handle = _kept[key]
    position = 0
    with target.open("wb") as file:
        while block := os.pread(handle, _BLOCK, position):
            file.write(block)
            position += len(block)


def _connect(uri: str) -> Snapshot:
    return sqlite3.connect(
        uri, uri=True, isolation_level=None, check_same_thread=False, factory=Snapshot
    )
