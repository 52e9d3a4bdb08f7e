"""Files on this machine: those of an output before it is stored, and those that are downloaded from
a store."""

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

#: the maximum depth of folders, because symbolic links may form a loop
_MAX_DEPTH = 100


def source_files(source: Path) -> list[SourceFile]:
    """Return the files of a file or folder, ordered by path.

    Symbolic links to files and folders inside the folder are followed. Empty folders are left out,
    because object stores have no folders.

    Raises:
        InvalidInput: the source does not exist, a symbolic link leads out of the folder or forms a
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
        detail = f"{error.filename or source}: {error.strerror or error}"
        raise InvalidInput("The output cannot be read", detail, field="source") from error
    raise InvalidInput("The output is neither a file nor a folder", str(source), field="source")


def _walk(top: Path, folder: Path, path: str, depth: int) -> Iterator[SourceFile]:
    if depth > _MAX_DEPTH:
        raise InvalidInput(
            "The folders of the output are nested too deeply",
            path[:200],
            "Check whether symbolic links form a loop.",
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
                detail = f"{name!r:.300} leads to {str(real)!r:.300}."
                raise InvalidInput(
                    "A symbolic link leads out of the output",
                    detail,
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
                "The output contains an entry that is neither a file nor a folder",
                f"{name!r:.300}",
                field="source",
            )


def target_path(folder: Path, relative: str) -> Path:
    """Return the path in a folder of this machine for a file of an object store.

    Args:
        folder: the folder.
        relative: the path as the object store reports it; it is not trusted.

    Raises:
        InvalidInput: the path leads out of the folder, or a folder on it is a symbolic link that
            does.
    """
    check_path(relative)
    target = folder / relative
    if not Path(os.path.realpath(target.parent)).is_relative_to(os.path.realpath(folder)):
        raise InvalidInput(
            "A file would be outside of the folder",
            f"{relative[:300]!r} contains a symbolic link.",
            field="path",
        )
    return target


def name_file(temporary: Path, target: Path, *, overwrite: bool) -> None:
    """Give a complete file its final name and the default permissions.

    Args:
        overwrite: replace an existing file.

    Raises:
        OSError: the file exists (EEXIST), or cannot be renamed.
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
    # os.umask would change the mask for all threads; Linux reports it here (proc(5), since 4.7).
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
        return StorageFull("The disk is full", detail, "Free some disk space and try again.")
    if error.errno in {errno.EEXIST, errno.EISDIR, errno.ENOTDIR, errno.ENOTEMPTY}:
        return Conflict(
            "The file already exists",
            str(target),
            "Choose another folder, or allow replacing files.",
        )
    return PermissionDenied("The file cannot be written", detail)
