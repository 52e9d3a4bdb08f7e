"""The folder in which files of a file store wait until they are complete, and the copying into it.

``<root>/.launchpad-staging/<token>/`` belongs to whoever holds the lock on ``<token>.lock`` beside it. The kernel lets
go of the lock when its owner dies, however it dies, so that the next one to come may clear away what was left.
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

#: where a file system has no locks, leftovers are known by their age (seconds)
_OLD = 7 * 86400


@contextmanager
def staging(root: Path) -> Iterator[Path]:
    """A new empty folder on the root's file system, removed at the end with what is still in it.

    Raises:
        OSError: it cannot be made.
    """
    base = root / STAGING
    base.mkdir(exist_ok=True)
    sweep(base)
    token, handle = _locked_token(base)
    folder = base / token
    try:
        folder.mkdir()
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
            # Somebody who sweeps came between the two calls, and takes the file away.
            os.close(handle)
            continue
        except OSError:
            return token, handle
        if os.fstat(handle).st_nlink:
            return token, handle
        os.close(handle)


def sweep(base: Path) -> None:
    """Remove what owners that died left behind. What cannot be removed stays for the next time."""
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
    """A handle to read an ordinary file.

    Raises:
        InvalidInput: it cannot be read, or is a pipe, a device or a folder.
    """
    try:
        # Without O_NONBLOCK a pipe would make the open wait for its writer.
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except OSError as error:
        raise InvalidInput(
            "A file cannot be read", f"{path}: {error.strerror or error}", field="source"
        ) from error
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise InvalidInput("Only ordinary files can be stored", f"{path} is none.", field="source")
    return handle


def identity(status: os.stat_result) -> tuple[int, ...]:
    """What differs when a file was written to or replaced."""
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def check_unchanged(path: Path, handle: int, before: os.stat_result, size: int) -> None:
    """Look that a file is still the one that ``before`` told of, ``size`` bytes of it having been read.

    Raises:
        Conflict: it is not.
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
            "A file changed while it was read",
            f"{path} was written to meanwhile.",
            "Try again when it is finished.",
        )


def copy_hashed(source: Path, target: Path, progress: Progress | None) -> tuple[int, str]:
    """Copy a file to a new one and put it on disk: bytes and SHA-256, computed while they pass.

    Raises:
        Conflict: the source changed meanwhile.
        InvalidInput: the source cannot be read.
        OSError: the target cannot be written.
    """
    reading = open_source(source)
    try:
        before = os.fstat(reading)
        writing = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        try:
            digest, size = hashlib.sha256(), 0
            buffer = memoryview(bytearray(CHUNK))
            # A file that grows as fast as it is read would have no end.
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
    """Put the names in a folder on disk; file systems that cannot are left alone."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with contextlib.suppress(OSError):
            os.fsync(handle)
    finally:
        os.close(handle)


def sync_tree(folder: Path) -> None:
    """`sync_folder` for a folder and all folders in it, the deepest first."""
    for here, _, _ in os.walk(folder, topdown=False):
        sync_folder(Path(here))


def make_folders(folder: Path) -> list[Path]:
    """Make a folder and what lacks above it, on disk; says which were made, the topmost first.

    Raises:
        OSError: one cannot be made.
    """
    missing = []
    while not folder.is_dir():
        missing.append(folder)
        folder = folder.parent
    made = missing[::-1]
    for each in made:
        with contextlib.suppress(FileExistsError):
            each.mkdir()
        sync_folder(each.parent)
    return made
