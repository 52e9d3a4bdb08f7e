"""Plans the mounts of a step in its private view of the file system.

A mount requires a mount point, and a path of the container such as ``/app/data`` does not exist on
this machine. Nothing is ever created in the folders of the machine. Instead, the deepest existing
folder of the path gets an overlay: an empty folder at the same path, into which all entries of the
original are bind-mounted and in which the missing mount point is created. The overlay of the root
is a new root in memory. Other overlays are private folders of the execution, so that files which a
command writes there (``/tmp/…``) are on the disk instead of in memory.
"""

from __future__ import annotations

import os
import posixpath
import stat
from collections.abc import Sequence
from pathlib import Path

from launchpad_tui.errors import InvalidInput
from launchpad_tui.records import record

#: the number of symbolic links that the kernel follows in one path; see path_resolution(7)
_MAX_LINKS = 40


@record
class Mount:
    """A folder or file of this machine that commands find at an absolute path of the container.

    Args:
        source: a private folder or file of the execution; mount points of nested mounts are created
            in it.
        target: the path in the container.
        writable: whether the commands may change it.
        files: if not empty, the folder at ``target`` stays visible. Only these files, and files
            that the commands create in it, are in the source.
    """

    source: Path
    target: str
    writable: bool = True
    files: tuple[str, ...] = ()


@record
class Overlay:
    """A folder of the view in place of an original, whose entries are bind-mounted into it.

    Args:
        target: the path of the folder in the view.
        real: the path of the original on this machine.
        stand_in: the folder that replaces it; empty for the root.
        omitted: names of entries that are left out.
    """

    target: str
    real: str
    stand_in: str
    omitted: tuple[str, ...] = ()


@record
class BindMount:
    """A bind mount of a folder or file at ``target``; missing parent folders are created."""

    target: str
    source: str
    writable: bool = True


@record
class _Location:
    """The location of a path in the view.

    Args:
        view: the existing part of the path, without links.
        real: the same folder or file on this machine.
        missing: the part of the path that does not exist.
        own: whether mount points may be created in it.
    """

    view: str
    real: str
    missing: tuple[str, ...]
    own: bool


def plan(mounts: Sequence[Mount], scratch: Path) -> tuple[Overlay | BindMount, ...]:
    """Return the overlays and bind mounts for some mounts, in the order of mounting.

    The first one is the overlay of the root.

    Args:
        mounts: the mounts, whose sources exist.
        scratch: a private folder of the execution, in which stand-ins are created.

    Raises:
        InvalidInput: a target is the root or not an absolute path, or its symbolic links form a
            loop.
    """
    planned = _Plan(scratch)
    for mount in sorted(mounts, key=lambda each: _clean(each.target).count("/")):
        planned.add(mount)
    steps: list[Overlay | BindMount] = [*planned.overlays.values(), *planned.binds]
    # A folder is mounted before an overlay inside it, and an overlay before the mounts inside it.
    steps.sort(key=lambda each: (_depth(each.target), isinstance(each, Overlay)))
    return tuple(steps)


class _Plan:
    def __init__(self, scratch: Path) -> None:
        self._scratch = scratch
        self.overlays: dict[str, Overlay] = {"/": Overlay("/", "/", "")}
        self.binds: list[BindMount] = []

    def add(self, mount: Mount) -> None:
        """Plan one mount; mounts of its parent folders have been added before."""
        location = self._find(_clean(mount.target))
        point = posixpath.join(location.view, *location.missing)
        if location.missing:
            if not location.own:
                self._add_overlay(location.view, location.real)
        elif mount.files:
            self._add_files(location, mount)
            return
        elif os.path.isdir(location.real) != mount.source.is_dir():
            # There is a file in place of a folder, or the other way round.
            folder, name = posixpath.split(point)
            self._add_overlay(folder, os.path.dirname(location.real), name)
        self.binds.append(BindMount(point, str(mount.source.absolute()), mount.writable))

    def _add_files(self, location: _Location, mount: Mount) -> None:
        known = self.overlays.get(location.view)
        omitted = (*(known.omitted if known else ()), *mount.files)
        self.overlays[location.view] = Overlay(
            location.view, location.real, str(mount.source.absolute()), omitted
        )

    def _add_overlay(self, folder: str, real: str, omitted: str = "") -> None:
        known = self.overlays.get(folder)
        names = (*(known.omitted if known else ()), *([omitted] if omitted else ()))
        stand_in = (
            known.stand_in if known else str(self._scratch / f"stand-in-{len(self.overlays)}")
        )
        if stand_in:
            os.makedirs(stand_in, mode=0o700, exist_ok=True)
        self.overlays[folder] = Overlay(folder, real, stand_in, names)

    def _find(self, path: str) -> _Location:
        """Return the location of a path in the view as planned so far."""
        for _ in range(_MAX_LINKS):
            found = self._resolve(path)
            if isinstance(found, _Location):
                return found
            path = found
        raise InvalidInput(
            f"The path {path!r} cannot be mapped",
            "Its symbolic links form a loop.",
            "Change the path in the workflow template.",
            field="path",
        )

    def _resolve(self, path: str) -> _Location | str:
        """Return the location of a path, or the path with its first symbolic link resolved."""
        view, real, own = "/", "/", True
        parts = path.strip("/").split("/")
        for number, part in enumerate(parts):
            above = self.overlays.get(view)
            view, real = posixpath.join(view, part), os.path.join(real, part)
            bound = next((each for each in reversed(self.binds) if each.target == view), None)
            if bound is not None:
                real, own = bound.source, True
                continue
            try:
                mode = (
                    None if above is not None and part in above.omitted else os.lstat(real).st_mode
                )
            except OSError:
                mode = None
            if mode is not None and stat.S_ISLNK(mode):
                destination = os.readlink(real)
                return _clean(
                    posixpath.join(posixpath.dirname(view), destination, *parts[number + 1 :])
                )
            last = number == len(parts) - 1
            if mode is None or not (last or stat.S_ISDIR(mode)):
                at = posixpath.dirname(view)
                if mode is not None:
                    # There is a file in place of a folder: an overlay has to leave it out.
                    self._add_overlay(at, os.path.dirname(real), part)
                return _Location(
                    at,
                    os.path.dirname(real),
                    tuple(parts[number:]),
                    own or at in self.overlays or mode is not None,
                )
            own = own and self._within_source(view)
        return _Location(view, real, (), own)

    def _within_source(self, view: str) -> bool:
        return any(view.startswith(f"{each.target}/") for each in self.binds)


def _clean(target: str) -> str:
    path = posixpath.normpath(target)
    path = "/" + path.lstrip("/")
    if not target.startswith("/") or path == "/":
        raise InvalidInput(
            f"The path {target!r} cannot be mapped",
            "It must be an absolute path other than the root.",
            "Change the path in the workflow template.",
            field="path",
        )
    return path


def _depth(path: str) -> int:
    return 0 if path == "/" else path.count("/")
