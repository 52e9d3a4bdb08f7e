"""The limits of what clients of the served AI API store on the disks of this machine."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from launchpad_tui.config.paths import Home
from launchpad_tui.config.settings import ServeSettings
from launchpad_tui.errors import StorageQuotaExceeded
from launchpad_tui.registry.served_usage import ServedUsage

_MB = 1_000_000
#: Sizes are rounded up to whole blocks, so that empty files count, too.
_BLOCK = 4096
#: the number of folders in the path of a file that are not counted
_FREE_FOLDERS = 16
#: After files were checked for deletion, they are not checked again for this multiple of the time
#: that it took.
_PAUSE_FACTOR = 20


class Reservation:
    """The space of a file that is being received."""

    def __init__(self, quota: StorageQuota, client: str) -> None:
        self._quota = quota
        self._client = client
        self._size = 0

    def require(self, size: int) -> None:
        """Check that a file of this size (bytes) may be stored. Raises StorageQuotaExceeded."""
        self._quota.check(self._client, size)

    def grow(self, size: int) -> None:
        """Reserve more bytes. Raises StorageQuotaExceeded."""
        self._size += size
        self._quota.reserve(self._client, size)
        self._quota.check(self._client)

    def release(self) -> None:
        """End the reservation: the file is recorded, or deleted."""
        self._quota.reserve(self._client, -self._size)
        self._size = 0


class StorageQuota:
    """Bounds the files of each client, and those of all clients together. Thread-safe.

    Files in object stores on other machines count only while they are staged here.
    """

    def __init__(self, home: Home, settings: ServeSettings) -> None:
        self._home = home
        self._settings = settings
        self._usage = ServedUsage(home.root / "served.db")
        self._lock = threading.Lock()
        self._reserved: dict[str, int] = {}
        #: the time from which files may be checked for deletion again
        self._next_reconcile = 0.0

    @contextlib.contextmanager
    def receiving(self, client: str) -> Iterator[Reservation]:
        """Yield a reservation that ends with the block. Raises StorageQuotaExceeded."""
        reservation = Reservation(self, client)
        try:
            reservation.grow(_BLOCK)
            yield reservation
        finally:
            reservation.release()

    def stored(self, client: str, root: Path, files: Iterable[tuple[str, int]]) -> None:
        """Record files of a client, each with its path below a folder and its size in bytes."""
        self._usage.add(client, [(root / path, _counted(path, size)) for path, size in files])

    def deleted(self, path: Path) -> None:
        """Record that the files at and below a path were deleted."""
        self._usage.remove(path)

    def reserve(self, client: str, size: int) -> None:
        """Add to the bytes that are being received for a client."""
        with self._lock:
            self._reserved[client] = self._reserved.get(client, 0) + size
            if self._reserved[client] <= 0:
                del self._reserved[client]

    def require_space(self, folder: Path, size: int) -> None:
        """Check that the disk of a folder has space for some bytes. Raises
        StorageQuotaExceeded."""
        try:
            status = os.statvfs(folder)
        except OSError:
            # The store reports why its folder cannot be used.
            return
        if status.f_bavail * status.f_frsize - size < self._settings.free_space_mb * _MB:
            raise StorageQuotaExceeded(
                "The disk of the server has too little free space",
                "Uploads leave some space of the disk free (serve.free_space_mb).",
                "Delete files, or ask the administrator of the server.",
            )

    def check(self, client: str, size: int = 0) -> None:
        """Check that a client may store what is reserved, and ``size`` bytes in addition.

        Raises:
            StorageQuotaExceeded: it may not.
        """
        self.require_space(self._home.root, size)
        if not self._excess(client, size):
            return
        self._reconcile()
        if excess := self._excess(client, size):
            raise excess

    def _excess(self, client: str, size: int) -> StorageQuotaExceeded | None:
        totals = self._usage.totals()
        with self._lock:
            own = totals.get(client, 0) + self._reserved.get(client, 0) + size
            total = sum(totals.values()) + sum(self._reserved.values()) + size
        hint = "Delete files, or ask the administrator of the server for more space."
        if own > self._settings.client_storage_mb * _MB:
            return StorageQuotaExceeded(
                "The client may not store more files on this server",
                f"Its files may have {self._settings.client_storage_mb:,} MB in total "
                "(serve.client_storage_mb).",
                hint,
            )
        if total > self._settings.total_storage_mb * _MB:
            return StorageQuotaExceeded(
                "Clients may not store more files on this server",
                "The files of all clients together are limited (serve.total_storage_mb).",
                hint,
            )
        return None

    def _reconcile(self) -> None:
        started = time.monotonic()
        with self._lock:
            if started < self._next_reconcile:
                return
            # Others do not start it while it runs.
            self._next_reconcile = started + 3600
        try:
            self._usage.reconcile()
        finally:
            ended = time.monotonic()
            with self._lock:
                self._next_reconcile = ended + _PAUSE_FACTOR * (ended - started)


def _counted(path: str, size: int) -> int:
    """Return the bytes that a file counts: its blocks, and those of the folders it alone has."""
    folders = max(0, path.count("/") - _FREE_FOLDERS)
    return (max(1, -(-size // _BLOCK)) + folders) * _BLOCK
