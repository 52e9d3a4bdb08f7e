"""The lock of an execution's folder, which the supervisor has for as long as it runs.

The kernel releases the lock however the supervisor ends. A process that can acquire the lock knows
therefore that no supervisor is running, without relying on process IDs.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def folder_lock(folder: Path, *, wait: bool = False) -> Iterator[bool]:
    """Acquire the exclusive lock of a folder, which is created if it is missing.

    Args:
        wait: wait until the lock is free.

    Yields:
        Whether the lock was acquired; always True with ``wait``.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
            return
        yield True
    finally:
        os.close(handle)
