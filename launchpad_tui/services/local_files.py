"""Files of this machine that are uploaded to or downloaded from an object store."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from launchpad_tui.errors import (
    Conflict,
    InvalidInput,
    LaunchpadError,
    PermissionDenied,
    StorageFull,
)
from launchpad_tui.stores.base import SourceFile, check_path

#: Maximum depth of folders. Symbolic links may form a loop.
_MAX_DEPTH = 100


def source_files(source: Path) -> list[SourceFile]:
    """Return the files of a file or folder, ordered by path.

    Symbolic links to files and folders inside the folder are followed. Empty folders are left out,
    because object stores have no folders.

    Raises:
        InvalidInput: The source does not exist, a symbolic link leads out of the folder or forms a
            loop, or an entry is neither a file nor a folder or has a name that is not UTF-8.
    """
    try:
        real = Path(os.path.realpath(source, strict=True))
        mode = real.stat().st_mode
        if stat.S_ISREG(mode):
            return [SourceFile(".", real)]
        if stat.S_ISDIR(mode):
            return sorted(_walk(real, real, "", 0), key=lambda each: each.path.encode())
    except OSError as error:
        raise InvalidInput(
            f"Reading {source} failed",
            f"{error.filename or source}: {error.strerror or error}",
            "Check the path and its permissions.",
            field="source",
        ) from error
    raise InvalidInput(
        f"{source} cannot be uploaded",
        "It is neither a file nor a folder.",
        "Select a file or a folder.",
        field="source",
    )


def _walk(top: Path, folder: Path, path: str, depth: int) -> Iterator[SourceFile]:
    if depth > _MAX_DEPTH:
        raise InvalidInput(
            "The folders are nested too deeply",
            f"{path[:200]}: more than {_MAX_DEPTH} levels.",
            "Check whether symbolic links form a loop.",
            field="source",
        )
    with os.scandir(folder) as found:
        entries = list(found)
    for entry in entries:
        name = f"{path}{entry.name}"
        check_path(name)
        real = Path(entry.path)
        if entry.is_symlink():
            real = Path(os.path.realpath(entry.path))
            if real != top and not real.is_relative_to(top):
                raise InvalidInput(
                    "A symbolic link leads out of the folder",
                    f"{name!r:.300} leads to {str(real)!r:.300}.",
                    "Replace the link by a copy of its target.",
                    field="source",
                )
        mode = real.stat().st_mode
        if stat.S_ISDIR(mode):
            yield from _walk(top, real, f"{name}/", depth + 1)
        elif stat.S_ISREG(mode):
            yield SourceFile(name, real)
        else:
            raise InvalidInput(
                f"{name!r:.300} cannot be uploaded",
                "It is neither a file nor a folder.",
                "Remove it from the folder.",
                field="source",
            )


def target_path(folder: Path, relative: str) -> Path:
    """Return the path in a folder of this machine for a file of an object store.

    Args:
        folder: The folder.
        relative: The path as the object store reports it; it is not trusted.

    Raises:
        InvalidInput: The path leads out of the folder, directly or by a symbolic link.
    """
    check_path(relative)
    target = folder / relative
    if not Path(os.path.realpath(target.parent)).is_relative_to(os.path.realpath(folder)):
        raise InvalidInput(
            f"A file cannot be written to {folder}",
            f"{relative[:300]!r} leads out of the folder by a symbolic link.",
            "Remove the link, or select another folder.",
            field="path",
        )
    return target


def name_file(temporary: Path, target: Path, *, overwrite: bool) -> None:
    """Give a complete file its final name and the default permissions.

    Args:
        overwrite: Replace an existing file.

    Raises:
        OSError: The file exists (EEXIST), or cannot be renamed.
    """
    os.chmod(temporary, 0o666 & ~_umask())
    if overwrite:
        os.replace(temporary, target)
        return
    try:
        os.link(temporary, target)
    except OSError as error:
        if error.errno not in {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS}:
            raise
        if os.path.lexists(target):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target)) from error
        os.rename(temporary, target)
        return
    os.unlink(temporary)


def _umask() -> int:
    # os.umask would change the mask of all threads. Linux reports it in this file (see proc(5)).
    with (
        suppress(OSError, ValueError),
        open("/proc/self/status", encoding="ascii", errors="replace") as status,
    ):
        for line in status:
            if line.startswith("Umask:"):
                return int(line.split()[1], 8)
    return 0o077


def local_error(error: OSError, target: Path) -> LaunchpadError:
    """Return the error for a file of this machine."""
    detail = f"{error.filename or target}: {error.strerror or error}"
    if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
        return StorageFull("The disk is full", detail, "Free some disk space, and try again.")
    if error.errno in {errno.EEXIST, errno.EISDIR, errno.ENOTDIR, errno.ENOTEMPTY}:
        return Conflict(
            f"{target} already exists",
            detail,
            "Select another folder, or allow replacing files.",
        )
    if error.errno == errno.ENAMETOOLONG:
        return InvalidInput(
            f"The name of a file is too long: {target.name[:60]}…",
            f"This file system does not allow it: {detail[:500]}",
            "Select another folder, or rename the file in the object store.",
            field="path",
        )
    return PermissionDenied(
        f"Writing {target} failed", detail, "Check the permissions, or select another folder."
    )
