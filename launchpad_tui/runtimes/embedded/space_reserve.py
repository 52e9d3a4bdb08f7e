"""Disk space that an execution sets aside, so that its end can be recorded on a full disk."""

from __future__ import annotations

import contextlib
import errno
import os
from pathlib import Path

from launchpad_tui.errors import StorageFull

#: bytes of each part: enough for the list of outputs, some lines of the log and the pages that
#: SQLite writes for a change of status
PART = 256 << 10
_PARTS = 3
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


class SpaceReserve:
    """Files in an execution's folder that are removed one by one when space is needed."""

    def __init__(self, folder: Path) -> None:
        self._files = [folder / f"reserve-{number}" for number in range(1, _PARTS + 1)]

    def acquire(self) -> None:
        """Create the files with allocated space.

        Raises:
            StorageFull: the disk does not have the space.
        """
        for path in self._files:
            try:
                handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
                try:
                    _allocate(handle)
                finally:
                    os.close(handle)
            except OSError as error:
                self.clear()
                if error.errno in _FULL:
                    raise no_space(path.parent) from error
                raise

    def release(self) -> bool:
        """Remove one file; return False if none is left."""
        for path in self._files:
            try:
                path.unlink()
            except OSError:
                continue
            return True
        return False

    def clear(self) -> None:
        """Remove all files."""
        for path in self._files:
            with contextlib.suppress(OSError):
                path.unlink()


def check_space(folder: Path) -> None:
    """Check that a disk has the space that an execution sets aside, and as much again.

    Raises:
        StorageFull: it does not. Executions that start anyway would end as DEAD.
    """
    try:
        found = os.statvfs(folder)
    except OSError:
        return
    if found.f_bavail * found.f_frsize < 2 * _PARTS * PART:
        raise no_space(folder)


def no_space(folder: Path) -> StorageFull:
    """Return the error of an execution for which the disk has no space."""
    return StorageFull(
        "No space left for executions",
        f"The disk of {folder} is full.",
        "Free space on this disk, then try again.",
    )


def is_full(error: OSError) -> bool:
    """Return whether an error of the system means that a disk or a quota is exhausted."""
    return error.errno in _FULL


def _allocate(handle: int) -> None:
    try:
        os.posix_fallocate(handle, 0, PART)
    except (AttributeError, OSError) as error:
        if isinstance(error, OSError) and error.errno in _FULL:
            raise
        # The system or the file system cannot allocate space in advance.
        block = b"\1" * (64 << 10)
        for _ in range(PART // len(block)):
            os.write(handle, block)
