"""The SQLite file: connections per thread, transactions, opening and migrating."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
import time
import weakref
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from launchpad_tui.domain.connection import EMBEDDED_KIND
from launchpad_tui.errors import SchemaTooNew
from launchpad_tui.registry.cancellation import QueryCancellation, Watch
from launchpad_tui.registry.schema import VERSION
from launchpad_tui.registry.snapshots import Snapshot, may_be_read, open_snapshot
from launchpad_tui.registry.sqlite_errors import damaged, translated

#: how long a statement waits for another process's write lock, in milliseconds
BUSY_MILLISECONDS = 5000
#: the same of one attempt to begin a write transaction, after which the next one follows. SQLite
#: sleeps for 1, 2 and 5 ms in this time. With more time it would sleep for up to 100 ms, although
#: transactions take less than a millisecond.
_ATTEMPT_MILLISECONDS = 8
#: bytes of the write-ahead log after which a connection that executes statements alone empties it
_LOG_BYTES = 4 * 1024 * 1024
#: makes `PRAGMA incremental_vacuum` return free pages of the file to the disk
_RETURN_PAGES = "PRAGMA auto_vacuum = INCREMENTAL"
#: In KiB, for each thread. The system caches the file as well: with eight times as much, queries of
#: a registry with 100,000 models and transactions took as much processor time.
_CACHE = "PRAGMA cache_size = -500"
#: seconds for which a snapshot of a registry on a full or read-only disk is used
_SNAPSHOT_SECONDS = 1.0


class _Handle:
    """The connection of a thread, closed when the thread ends."""

    __slots__ = (
        "__weakref__",
        "_timeout",
        "connection",
        "depth",
        "empties_log",
        "opened_at",
        "topics",
        "watch",
    )

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self.depth = 0
        self.topics: set[str] = set()
        self.watch = Watch()
        self.opened_at = time.monotonic()
        self._timeout = BUSY_MILLISECONDS
        #: whether commits do not write the log to the file, which `empty_log` does instead
        self.empties_log = False

    def set_timeout(self, milliseconds: int) -> None:
        """Set how long SQLite waits for a lock."""
        # A thread that only writes, or only reads, executes no statement for it.
        if milliseconds != self._timeout:
            self.connection.execute(f"PRAGMA busy_timeout = {milliseconds}")
            self._timeout = milliseconds

    def execute_with_lock(self, statement: str, values: Sequence[object] = ()) -> sqlite3.Cursor:
        """Execute a statement that begins to write, and wait while another process writes."""
        self.set_timeout(_ATTEMPT_MILLISECONDS)
        deadline = None
        while True:
            try:
                return self.connection.execute(statement, values)
            except sqlite3.OperationalError as error:
                if deadline is None:
                    deadline = time.monotonic() + BUSY_MILLISECONDS / 1000
                if not _is_busy(error) or time.monotonic() > deadline:
                    raise

    def empty_log(self, path: Path) -> None:
        """Write the write-ahead log to the file and truncate it, if it is long.

        If the log is in use, some of it is left for the next call.

        Args:
            path: the file of the registry.
        """
        # The commit has succeeded. If the disk is full, the log stays as it is.
        with contextlib.suppress(OSError, sqlite3.OperationalError):
            if os.stat(f"{path}-wal").st_size > _LOG_BYTES:
                self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()

    @property
    def outdated(self) -> bool:
        """Whether the connection is a snapshot that should be replaced by a new connection."""
        return (
            isinstance(self.connection, Snapshot)
            and not self.depth
            and time.monotonic() - self.opened_at > _SNAPSHOT_SECONDS
        )

    def __del__(self) -> None:
        self.connection.close()


class Registry:
    """The opened registry file. Thread-safe: each thread has its own connection.

    Opening takes a fraction of a millisecond if the schema is current. Otherwise pending migrations
    are applied under the file's write lock, even if several processes open it first at the same
    time.

    Args:
        path: the file, which is created if it is missing.
        local_kinds: the kinds of connections whose executions and schedules run on this machine;
            the SQL function ``on_this_machine`` tests a kind.
        durability: ``process`` or ``power``. A committed transaction always survives the end of any
            process, even by SIGKILL. With ``process`` (``synchronous = NORMAL`` of SQLite) a power
            failure or a crash of the operating system may lose the last transactions, but never
            damages the file; with ``power`` (``synchronous = FULL``) every commit waits until the
            disk has it (https://www.sqlite.org/pragma.html#pragma_synchronous).

    Raises:
        RegistryCorrupt: the file is not a registry or is damaged; it is not changed.
        SchemaTooNew: a later version of launchpad wrote it.
        RegistryBusy: another process has kept it locked.
        PermissionDenied: it cannot be opened or written to.
        StorageFull: the disk is full.
    """

    def __init__(
        self,
        path: Path,
        local_kinds: Collection[str] = (EMBEDDED_KIND,),
        durability: str = "process",
    ) -> None:
        self.path = path
        self._synchronous = "FULL" if durability == "power" else "NORMAL"
        self._local_kinds = frozenset(local_kinds)
        self._local = threading.local()
        self._handles: weakref.WeakSet[_Handle] = weakref.WeakSet()
        self._handles_lock = threading.Lock()
        # Created private regardless of the folder's mode, which SQLite copies to its other files.
        # If it cannot be created, SQLite reports the reason below.
        with contextlib.suppress(OSError):
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        with translated(path):
            version = self._version()
            if version != VERSION:
                connection = self._handle().connection
                if isinstance(connection, Snapshot):
                    raise connection.reason
                self._migrate()

    def connect(self) -> sqlite3.Connection:
        """Return a new connection, which the caller has to close.

        If the disk is full or read-only, it is a `Snapshot`, which can only be read.
        """
        connection = sqlite3.connect(
            self.path,
            timeout=BUSY_MILLISECONDS / 1000,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            # The first read opens the file and its shared memory.
            connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone()
        except sqlite3.OperationalError as error:
            connection.close()
            if not may_be_read(error):
                raise
            connection = open_snapshot(self.path, error)
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute(f"PRAGMA synchronous = {self._synchronous}")
        connection.execute(_CACHE)
        # LIKE, lower and NOCASE of SQLite support ASCII only.
        connection.create_function("casefold", 1, _casefold, deterministic=True)
        connection.create_function(
            "on_this_machine", 1, self._local_kinds.__contains__, deterministic=True
        )
        return connection

    @contextmanager
    def read(self, cancellation: QueryCancellation | None = None) -> Iterator[sqlite3.Connection]:
        """Open a read transaction, which sees one consistent state.

        Within another `read` or a `write` it is part of that one.

        Args:
            cancellation: ends the queries of the transaction if they are cancelled.

        Raises:
            QueryCancelled: the queries were cancelled.
        """
        handle = self._handle()
        with translated(self.path):
            if handle.depth:
                yield handle.connection
                return
            handle.set_timeout(BUSY_MILLISECONDS)
            handle.connection.execute("BEGIN")
            handle.depth = 1
            try:
                with handle.watch.watching(handle.connection, cancellation):
                    yield handle.connection
            finally:
                handle.depth = 0
                if handle.connection.in_transaction:
                    handle.connection.execute("ROLLBACK")

    @property
    def is_reading(self) -> bool:
        """Whether this thread is inside a `read`, in which it cannot write."""
        return self._handle().depth == 1

    @contextmanager
    def budget(self, steps: int) -> Iterator[None]:
        """Limit the instructions that the queries of this thread's `read` take.

        Raises:
            BudgetExceeded: the queries took more than ``steps`` instructions of SQLite.
        """
        handle = self._handle()
        with handle.watch.budget(handle.connection, steps):
            yield

    @contextmanager
    def write(self, *topics: str) -> Iterator[sqlite3.Connection]:
        """Open a transaction that holds the write lock from its start.

        It is committed at the end and rolled back on an error. Within another `write` it is part of
        that one; a `write` within a `read` is refused.

        Args:
            topics: the topics whose revisions increase, because other processes watch them.
        """
        handle = self._handle()
        with translated(self.path):
            if isinstance(handle.connection, Snapshot):
                raise handle.connection.reason
            if handle.depth:
                if handle.depth == 1:
                    raise RuntimeError("a write transaction cannot begin inside a read transaction")
                handle.topics.update(topics)
                yield handle.connection
                return
            connection = handle.connection
            handle.execute_with_lock("BEGIN IMMEDIATE")
            handle.depth = 2
            handle.topics = set(topics)
            try:
                yield connection
                bump(connection, handle.topics)
                connection.execute("COMMIT")
                if handle.empties_log:
                    handle.empty_log(self.path)
            finally:
                handle.depth = 0
                if connection.in_transaction:
                    connection.execute("ROLLBACK")

    def execute_alone(self, statement: str, values: Sequence[object]) -> int:
        """Execute one statement that writes; return the number of rows that it changed.

        It is a transaction of its own, in less time than a `write`, or part of an open `write`. A
        thread that uses this often must use `write` now and then, which empties the write-ahead
        log.
        """
        handle = self._handle()
        if handle.depth or isinstance(handle.connection, Snapshot):
            with self.write() as db:
                return db.execute(statement, values).rowcount
        try:
            if not handle.empties_log:
                # Once the log is long, every commit of SQLite's own writes some of it to the file
                # and waits for the disk. While several processes commit without a pause, the log
                # is never completely in the file, and grows without limit.
                handle.connection.execute("PRAGMA wal_autocheckpoint = 0")
                handle.empties_log = True
            return handle.execute_with_lock(statement, values).rowcount
        except (sqlite3.Error, UnicodeDecodeError):
            with translated(self.path):
                raise

    @contextmanager
    def overwriting(self) -> Iterator[sqlite3.Connection]:
        """Open a write transaction whose former contents are not left on disk.

        They are overwritten in the file, and removed from the write-ahead log afterwards.
        """
        with self.write() as db:
            db.execute("PRAGMA secure_delete = ON")
            try:
                yield db
            finally:
                db.execute("PRAGMA secure_delete = OFF")
        with translated(self.path):
            handle = self._handle()
            handle.set_timeout(BUSY_MILLISECONDS)
            handle.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def rewrite(self) -> None:
        """Write the file again without the former contents that its free space still has."""
        with translated(self.path):
            handle = self._handle()
            connection = handle.connection
            if isinstance(connection, Snapshot):
                raise connection.reason
            handle.set_timeout(BUSY_MILLISECONDS)
            connection.execute(_RETURN_PAGES)
            connection.execute("VACUUM")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Close the connections of all threads. No thread may use the registry any more."""
        with self._handles_lock:
            handles = list(self._handles)
        for handle in handles:
            handle.connection.close()
        self._local = threading.local()

    def _handle(self) -> _Handle:
        handle: _Handle | None = getattr(self._local, "handle", None)
        if handle is not None and handle.outdated:
            handle = None
        if handle is None:
            with translated(self.path):
                handle = _Handle(self.connect())
            self._local.handle = handle
            with self._handles_lock:
                self._handles.add(handle)
        return handle

    def _version(self) -> int:
        connection = self._handle().connection
        encoding = str(connection.execute("PRAGMA encoding").fetchone()[0])
        if encoding != "UTF-8":
            raise damaged(f"its text encoding is {encoding} instead of UTF-8", self.path)
        version = int(connection.execute("PRAGMA user_version").fetchone()[0])
        if version > VERSION:
            raise SchemaTooNew(
                "The registry was written by a later version of launchpad",
                f"{self.path} has schema {version}; this version supports up to {VERSION}.",
                "Update launchpad, or select another home with LAUNCHPAD_HOME.",
            )
        return version

    def _migrate(self) -> None:
        # Imported on use: the import takes longer than everything else at the start.
        from launchpad_tui.registry.migrations import apply

        connection = self._handle().connection
        # Has an effect on a new file, and on others when they are written again.
        _retry(connection, _RETURN_PAGES)
        _retry(connection, "PRAGMA journal_mode = WAL")
        # Migrations replace tables that others refer to. DROP TABLE would delete the rows of these.
        connection.execute("PRAGMA foreign_keys = OFF")
        # In KiB. With less memory, pages that a migration changes are written several times.
        connection.execute("PRAGMA cache_size = -64000")
        try:
            connection.execute("BEGIN IMMEDIATE")
            # Another process may have migrated while this one waited for the lock.
            if self._version() != VERSION:
                try:
                    apply(connection)
                except (AttributeError, TypeError, ValueError, LookupError) as error:
                    # For example, views have the names of tables.
                    raise damaged(f"its schema cannot be updated ({error})", self.path) from error
                connection.execute(f"PRAGMA user_version = {VERSION}")
            connection.execute("COMMIT")
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute(_CACHE)


def _is_busy(error: sqlite3.OperationalError) -> bool:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


def _casefold(value: object) -> str:
    return "" if value is None else str(value).casefold()


def bump(connection: sqlite3.Connection, topics: set[str]) -> None:
    """Increase the revision of each topic."""
    for topic in topics:
        connection.execute(
            "INSERT INTO revisions (topic, revision) VALUES (?, 1) "
            "ON CONFLICT (topic) DO UPDATE SET revision = revision + 1",
            (topic,),
        )


def _retry(connection: sqlite3.Connection, statement: str) -> None:
    """Execute a statement, repeatedly while another process holds a lock."""
    # Changing the journal mode requires exclusive access, which SQLite does not wait for.
    deadline = time.monotonic() + BUSY_MILLISECONDS / 1000
    while True:
        try:
            connection.execute(statement)
            return
        except sqlite3.OperationalError as error:
            if not _is_busy(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
