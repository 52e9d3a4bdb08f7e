"""Staging folders of file stores, copying into them, and checks of source files.

``<root>/.launchpad-staging/<token>/`` belongs to the process that locks the file ``<token>.lock``
beside it. The kernel releases the lock when the process ends for any reason, so the next process
can recognize and remove folders that were left behind.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import stat
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from launchpad_tui.errors import Conflict, InvalidInput
from launchpad_tui.stores.base import CHUNK, STAGING, Progress

#: age (seconds) after which a folder counts as left behind on file systems without locks
_OLD = 7 * 86400


def granted(root: Path) -> int:
    """Return the permissions that a folder grants: files in it never grant more.

    So a folder that is closed to other users has no open files, whatever the umask.

    Raises:
        OSError: the folder does not exist.
    """
    return stat.S_IMODE(os.stat(root).st_mode) & 0o777 | 0o700


@contextmanager
def staging(root: Path) -> Iterator[Path]:
    """Create a folder on the file system of the root that is removed at the end of the block.

    Raises:
        OSError: it cannot be created.
    """
    base = root / STAGING
    permissions = granted(root)
    base.mkdir(permissions, exist_ok=True)
    sweep(base)
    token, handle = _locked_token(base)
    folder = base / token
    try:
        folder.mkdir(permissions)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        with contextlib.suppress(OSError):
            os.unlink(base / f"{token}.lock")
        os.close(handle)


def _locked_token(base: Path) -> tuple[str, int]:
    while True:
        token = uuid.uuid4().hex
        handle = os.open(base / f"{token}.lock", os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            # Another process locked the file between the two calls to remove it.
            os.close(handle)
            continue
        except OSError:
            return token, handle
        if os.fstat(handle).st_nlink:
            return token, handle
        os.close(handle)


def sweep(base: Path) -> None:
    """Remove the staging folders of processes that ended, as far as possible."""
    with contextlib.suppress(OSError), os.scandir(base) as entries:
        for entry in list(entries):
            with contextlib.suppress(OSError):
                _sweep_entry(base, entry)


def _sweep_entry(base: Path, entry: os.DirEntry[str]) -> None:
    token = entry.name.removesuffix(".lock")
    if token == entry.name:
        if not (base / f"{token}.lock").exists() and _is_old(entry.stat(follow_symlinks=False)):
            shutil.rmtree(entry.path)
        return
    handle = os.open(entry.path, os.O_RDWR | os.O_NOFOLLOW)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        except OSError:
            if not _is_old(os.fstat(handle)):
                return
        shutil.rmtree(base / token, ignore_errors=True)
        if not (base / token).exists():
            os.unlink(entry.path)
    finally:
        os.close(handle)


def _is_old(status: os.stat_result) -> bool:
    return time.time() - status.st_mtime > _OLD


def open_source(path: Path) -> int:
    """Open a regular file for reading and return its descriptor.

    Raises:
        InvalidInput: it cannot be read, or is a pipe, a device or a folder.
    """
    try:
        # Without O_NONBLOCK opening a pipe would wait for a writer.
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except OSError as error:
        raise InvalidInput(
            f"{path.name} cannot be read",
            f"{path}: {error.strerror or error}",
            "Check the path and its permissions.",
            field="source",
        ) from error
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise InvalidInput(
            f"{path.name} is not a regular file",
            f"{path} is a pipe, device or folder.",
            "Choose regular files.",
            field="source",
        )
    return handle


def identity(status: os.stat_result) -> tuple[int, ...]:
    """Return status values of a file that change when it is modified or replaced."""
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def check_unchanged(path: Path, handle: int, before: os.stat_result, size: int) -> None:
    """Check that a file has not changed since ``before``, and that it has ``size`` bytes.

    Args:
        before: status of the file when reading began.
        size: number of bytes that were read.

    Raises:
        Conflict: the file has changed.
    """
    try:
        same = (
            identity(os.fstat(handle)) == identity(before) == identity(os.stat(path))
            and before.st_size == size
        )
    except FileNotFoundError:
        same = False
    if not same:
        raise Conflict(
            f"{path.name} changed while it was read",
            f"{path} was modified by another program.",
            "Try again when it is complete.",
        )


def copy_hashed(
    source: Path, target: Path, progress: Progress | None, permissions: int = 0o777
) -> tuple[int, str]:
    """Copy a file to a new one and sync it to disk; return its size and SHA-256.

    Args:
        permissions: see `granted`; the umask may take away more.

    Raises:
        Conflict: the source changed while it was read.
        InvalidInput: the source cannot be read.
        OSError: the target cannot be written.
    """
    reading = open_source(source)
    try:
        before = os.fstat(reading)
        writing = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666 & permissions)
        try:
            digest, size = hashlib.sha256(), 0
            buffer = memoryview(bytearray(CHUNK))
            # The limit ends the loop for a file that grows as fast as it is read.
            while size <= before.st_size and (count := os.readv(reading, [buffer])):
                chunk = buffer[:count]
                digest.update(chunk)
                rest = chunk
                while rest:
                    rest = rest[os.write(writing, rest) :]
                size += count
                if progress is not None:
                    progress(count)
            os.fsync(writing)
        finally:
            os.close(writing)
        check_unchanged(source, reading, before, size)
        return size, digest.hexdigest()
    finally:
        os.close(reading)


def sync_folder(folder: Path) -> None:
    """Sync the names in a folder to disk, if the file system supports it."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with contextlib.suppress(OSError):
            os.fsync(handle)
    finally:
        os.close(handle)


def sync_tree(folder: Path) -> None:
    """Sync a folder and all folders in it, the deepest first."""
    for here, _, _ in os.walk(folder, topdown=False):
        sync_folder(Path(here))


def make_folders(folder: Path, permissions: int = 0o777) -> list[Path]:
    """Create a folder with its missing parents on disk; return those created, the topmost first.

    Args:
        permissions: see `granted`; the umask may take away more.

    Raises:
        OSError: one cannot be created.
    """
    missing = []
    while not folder.is_dir():
        missing.append(folder)
        folder = folder.parent
    created = missing[::-1]
    for each in created:
        with contextlib.suppress(FileExistsError):
            each.mkdir(permissions)
        sync_folder(each.parent)
    return created
