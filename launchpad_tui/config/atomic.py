"""Files that only their owner can read and that are replaced completely or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
from pathlib import Path

from launchpad_tui.errors import ConfigError, StorageFull


def write_private(path: Path, content: bytes) -> None:
    """Replace a file by one with this content and mode 0600.

    The content is on disk when the function returns. If the path is a symbolic link, its target is
    replaced.

    Raises:
        StorageFull: the disk is full. The old file is unchanged.
        ConfigError: the file cannot be written.
    """
    import tempfile

    path = Path(os.path.realpath(path))
    temporary = ""
    try:
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        with open(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.rename(temporary, path)
        temporary = ""
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise write_error(path, error) from error
    finally:
        if temporary:
            with contextlib.suppress(OSError):
                os.unlink(temporary)


def make_private_folder(folder: Path) -> None:
    """Create a folder and its missing parents, all with mode 0700; existing ones are kept.

    ``Path.mkdir`` creates parents with the permissions of the umask.

    Raises:
        OSError: a folder cannot be created.
    """
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except FileNotFoundError:
        make_private_folder(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)


def private(path: str, flags: int) -> int:
    """Open a file, for the parameter ``opener`` of `open`; a new one has mode 0600."""
    return os.open(path, flags, 0o600)


def write_error(path: Path, error: OSError) -> StorageFull | ConfigError:
    """Return the error for a file that cannot be written."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return StorageFull(
            f"{path.name} cannot be written: the disk is full",
            str(path),
            "Free some space on the disk, then try again.",
        )
    return ConfigError(
        f"{path.name} cannot be written",
        f"{path}: {error.strerror or error}",
        "Check the permissions of the folder.",
    )
