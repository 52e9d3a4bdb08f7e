"""The lock of an execution's folder, which the supervisor has for as long as it runs.

The kernel releases the lock however the supervisor ends. A process that can acquire the lock knows
therefore that no supervisor is running, without relying on process IDs.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

#: seconds between two attempts to acquire a lock
_PAUSE = 0.02


@contextlib.contextmanager
def folder_lock(folder: Path, *, wait: bool = False, seconds: float = 0) -> Iterator[bool]:
    """Acquire the exclusive lock of a folder, which is created if it is missing.

    Args:
        wait: wait until the lock is free.
        seconds: wait at most for this time: a supervisor has the lock for a moment after it has
            recorded the end of its execution.

    Yields:
        Whether the lock was acquired; always True with ``wait``.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        if wait:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield True
        else:
            yield _acquired(handle, time.monotonic() + seconds)
    finally:
        os.close(handle)


def _acquired(handle: int, deadline: float) -> bool:
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                return False
            time.sleep(_PAUSE)
        else:
            return True
