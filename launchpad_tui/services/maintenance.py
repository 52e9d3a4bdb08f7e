"""Backup and restoration of the registry."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path

from launchpad_tui.config.paths import Home
from launchpad_tui.domain.timestamps import now
from launchpad_tui.errors import Conflict, LaunchpadError
from launchpad_tui.registry import copies
from launchpad_tui.registry.sqlite_errors import damaged
from launchpad_tui.runtimes.folder_lock import folder_lock

#: seconds that another process has to write a registry which it has just created
_CREATION_SECONDS = 2.0


def check_not_emptied(home: Home) -> None:
    """Check that the registry was not emptied, for example by a full disk or a failed copy.

    Raises:
        RegistryCorrupt: its file is empty, although the home folder has executions or files.
    """
    deadline = time.monotonic() + _CREATION_SECONDS
    while _is_empty(home.registry_path) and holds_data(home):
        if time.monotonic() > deadline:
            raise damaged(
                "the file is empty, but the home folder has executions or files", home.registry_path
            )
        time.sleep(0.05)


def holds_data(home: Home) -> bool:
    """Return whether a home folder has executions or files."""
    for folder in (home.executions, home.files):
        with contextlib.suppress(OSError), os.scandir(folder) as entries:
            if any(not each.name.startswith(".") for each in entries):
                return True
    return False


def _is_empty(path: Path) -> bool:
    try:
        return path.stat().st_size == 0
    except OSError:
        return False


def back_up(home: Home, target: Path, *, overwrite: bool = False) -> int:
    """Write a copy of the registry as of one point in time; return its size in bytes.

    Executions and other processes may write to the registry meanwhile. The copy has all records,
    but neither the files of models nor credentials.

    Raises:
        Conflict: the file exists, without ``overwrite``.
        InvalidInput: the folder of the file does not exist.
        LaunchpadError: the registry cannot be read, or the file cannot be written.
    """
    target = target.expanduser().absolute()
    copies.check_target(target, overwrite=overwrite)
    copies.copy(home.registry_path, target)
    return target.stat().st_size


def restore(home: Home, source: Path) -> Path | None:
    """Replace the registry by a backup; the home folder is created if it does not exist.

    Returns:
        Where the former registry is; None if there was none.

    Raises:
        InvalidInput: the file is not an intact backup.
        SchemaTooNew: a later version of launchpad wrote the backup.
        Conflict: executions are running; their records would be lost.
        LaunchpadError: the registry cannot be written.
    """
    source = source.expanduser().absolute()
    copies.check_copy(source)
    home.ensure()
    if running := running_executions(home):
        raise Conflict(
            "The registry cannot be restored while executions are running",
            f"Running: {', '.join(running[:10])}. Their records would be lost.",
            "Wait until they end, or stop them with: launchpad executions stop ID",
        )
    return copies.replace(home.registry_path, source, now())


def running_executions(home: Home) -> list[str]:
    """Return the IDs of executions whose supervisor is running, even if the registry is damaged."""
    found: list[str] = []
    for folder in sorted(home.executions.iterdir()) if home.executions.is_dir() else ():
        if not (folder / "lock").exists():
            continue
        try:
            with folder_lock(folder) as acquired:
                if not acquired:
                    found.append(folder.name)
        except (OSError, LaunchpadError):
            continue
    return found
