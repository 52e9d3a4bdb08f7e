"""What is in an output folder before it is stored, and the names of files that come from a store."""

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

#: folders within folders that are gone into; a loop of links has no bottom
_DEPTH = 100


def source_files(source: Path) -> list[SourceFile]:
    """The files to store of a file or folder, ordered by path.

    Symbolic links are followed where they lead to something inside the folder. Empty folders are left out, as no
    object store has them.

    Raises:
        InvalidInput: nothing is there, a link leads out or in a circle, or something is neither file nor folder, or has
            a name that is not UTF-8.
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
    if depth > _DEPTH:
        raise InvalidInput(
            "The output's folders are too deep", path[:200], "Does a link lead in a circle?"
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
                    "A link leads out of the output",
                    detail,
                    "Copy what it leads to.",
                    field="source",
                )
        mode = real.stat().st_mode
        if stat.S_ISDIR(mode):
            yield from _walk(top, real, f"{name}/", depth + 1)
        elif stat.S_ISREG(mode):
            yield SourceFile(name, real)
        else:
            raise InvalidInput(
                "The output has something that is no file", f"{name!r:.300}", field="source"
            )


def target_path(folder: Path, relative: str) -> Path:
    """Where a file from a store goes below a folder of this machine; the path is what the store says, hence untrusted.

    Raises:
        InvalidInput: the path climbs, or a folder on its way is a link that leads out.
    """
    check_path(relative)
    target = folder / relative
    if not Path(os.path.realpath(target.parent)).is_relative_to(os.path.realpath(folder)):
        raise InvalidInput(
            "A file would leave the folder", f"{relative[:300]!r} passes a link.", field="path"
        )
    return target


def name_file(temporary: Path, target: Path, *, overwrite: bool) -> None:
    """Give a file that is complete its final name and the usual rights.

    Raises:
        OSError: the name is taken (EEXIST), unless ``overwrite``, or cannot be given.
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
    # Asking by os.umask would change it for all threads; the kernel tells it here (proc(5), since Linux 4.7).
    with (
        suppress(OSError, ValueError),
        open("/proc/self/status", encoding="ascii", errors="replace") as status,
    ):
        for line in status:
            if line.startswith("Umask:"):
                return int(line.split()[1], 8)
    return 0o077


def local_error(error: OSError, target: Path) -> LaunchpadError:
    """What went wrong with a file of this machine."""
    detail = f"{error.filename or target}: {error.strerror or error}"
    if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
        return StorageFull("No room for the file", detail, "Make room and try again.")
    if error.errno in {errno.EEXIST, errno.EISDIR, errno.ENOTDIR, errno.ENOTEMPTY}:
        return Conflict(
            "A file is there already",
            str(target),
            "Take another folder, or say that it may be replaced.",
        )
    return PermissionDenied("The file cannot be written", detail)
