"""Inputs that several executions share: each content is downloaded once into a common folder.

``FOLDER/KEY/files`` has the files and ``FOLDER/KEY/manifest.json`` their sizes and times of change.
Executions get their own folders with hard links to the files, which are read-only, so that commands
can add files to their inputs without changing those of others. Before files are used again, sizes
and times are compared, and files that were changed are downloaded again.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import time
import uuid
from collections.abc import Callable
from pathlib import Path

from launchpad_tui.config.atomic import write_private
from launchpad_tui.runtimes.folder_lock import folder_lock

#: days after which files are removed that no execution used
UNUSED_DAYS = 30


def stage_shared(
    folder: Path, locks: Path, key: str, target: Path, download: Callable[[Path], object]
) -> bool:
    """Put the files of an input into the folder of an execution.

    Args:
        folder: the common folder, in the same file system as the target.
        locks: a folder of this machine for locks, which not all network file systems have.
        key: identifies the content of the files.
        target: an existing empty folder.
        download: downloads the files into a folder.

    Returns:
        Whether the files had been downloaded before.

    Raises:
        LaunchpadError: of the download.
        OSError: a folder cannot be written.
    """
    place = folder / key
    with folder_lock(locks / key, wait=True):
        known = _is_intact(place)
        if not known:
            for left in (place, *folder.glob(f".{key}.*")):
                # Changed files, and downloads of processes that were killed.
                shutil.rmtree(left, ignore_errors=True)
            _download(place, download)
        os.utime(place / "manifest.json")
        _link(place / "files", target)
    _remove_unused(folder, locks)
    return known


def _download(place: Path, download: Callable[[Path], object]) -> None:
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = place.with_name(f".{place.name}.{uuid.uuid4().hex}")
    files = temporary / "files"
    files.mkdir(mode=0o700, parents=True)
    try:
        download(files)
        for path in files.rglob("*"):
            if path.is_file():
                path.chmod(path.stat().st_mode & ~0o222)
        write_private(temporary / "manifest.json", json.dumps(_states(files)).encode())
        os.rename(temporary, place)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise


def _states(files: Path) -> dict[str, list[int]]:
    """Return size and time of change of each file by its path."""
    return {
        path.relative_to(files).as_posix(): [state.st_size, state.st_mtime_ns]
        for path in sorted(files.rglob("*"))
        if path.is_file()
        for state in [path.stat()]
    }


def _is_intact(place: Path) -> bool:
    try:
        manifest = json.loads((place / "manifest.json").read_bytes())
    except (OSError, ValueError):
        return False
    return bool(manifest == _states(place / "files"))


def _link(files: Path, target: Path) -> None:
    """Create a folder like another one, with hard links to its files, or copies if a file system
    has none."""
    for path in sorted(files.rglob("*")):
        own = target / path.relative_to(files)
        if path.is_dir():
            own.mkdir(mode=0o700, exist_ok=True)
            continue
        try:
            os.link(path, own)
        except OSError:
            shutil.copy2(path, own)


def _remove_unused(folder: Path, locks: Path) -> None:
    oldest = time.time() - UNUSED_DAYS * 86400
    for manifest in folder.glob("[!.]*/manifest.json"):
        with contextlib.suppress(OSError):
            if manifest.stat().st_mtime < oldest:
                with folder_lock(locks / manifest.parent.name) as acquired:
                    if acquired and manifest.stat().st_mtime < oldest:
                        shutil.rmtree(manifest.parent, ignore_errors=True)
