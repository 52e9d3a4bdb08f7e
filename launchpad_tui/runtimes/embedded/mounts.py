"""Where the mounts of a step go in a view of the file system of its own: what is bound, and what is covered for it.

A mount needs a point to lie on, and a container's ``/app/data`` is on no machine. Nothing is ever made in the machine's
own folders: the deepest folder on the way that exists is covered by an empty one, into which everything that it holds
is bound again, and in there the missing point is made. For the root the covering folder is a new root in memory, for
others a folder of the execution's own, so that what a command writes there (``/tmp/…``) fills the disk and not the
memory.
"""

from __future__ import annotations

import os
import posixpath
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from launchpad_tui.errors import InvalidInput

#: as many symbolic links as the kernel follows in one path (path_resolution(7))
_LINKS = 40


@dataclass(frozen=True, slots=True)
class Mount:
    """A folder or file of this machine that the commands see at ``target``, an absolute path of the container.

    The source is the execution's own: points of mounts that lie in other mounts are made in there. Where ``files`` are
    named, only they are meant: the folder at ``target`` goes on showing what it holds, and these files, like all that
    is made in it, come to lie in the source.
    """

    source: Path
    target: str
    writable: bool = True
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Overlay:
    """A folder that is replaced by ``stand_in`` (the root: empty), into which the entries of ``real`` are bound,
    without those of the names ``without``. ``real`` is where the folder lies on this machine."""

    target: str
    real: str
    stand_in: str
    without: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BindMount:
    """A folder or file of this machine that is seen at ``target``, whose folders are made where they lack."""

    target: str
    source: str
    writable: bool = True


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a path of the view leads: ``view`` without links, ``real`` on this machine, ``missing`` what is not there
    of it. ``own`` says that things may be made there."""

    view: str
    real: str
    missing: tuple[str, ...]
    own: bool


def plan(mounts: Sequence[Mount], scratch: Path) -> tuple[Overlay | BindMount, ...]:
    """What has to be done for these mounts, in this order; the first is always the cover of the root.

    Args:
        mounts: what is to be seen where. Their sources exist.
        scratch: a folder of the execution's own; stand-ins are made in it when they are needed.

    Raises:
        InvalidInput: a target is no absolute path, or is the root, or its links lead in a circle.
    """
    planned = _Plan(scratch)
    for mount in sorted(mounts, key=lambda each: _clean(each.target).count("/")):
        planned.add(mount)
    steps: list[Overlay | BindMount] = [*planned.covers.values(), *planned.binds]
    # A folder is bound before something in it is covered, and covered before something is bound in it.
    steps.sort(key=lambda each: (_depth(each.target), isinstance(each, Overlay)))
    return tuple(steps)


class _Plan:
    def __init__(self, scratch: Path) -> None:
        self._scratch = scratch
        self.covers: dict[str, Overlay] = {"/": Overlay("/", "/", "")}
        self.binds: list[BindMount] = []

    def add(self, mount: Mount) -> None:
        """Plan one mount; those that lie above it have been added."""
        place = self._find(_clean(mount.target))
        point = posixpath.join(place.view, *place.missing)
        if place.missing:
            if not place.own:
                self._cover(place.view, place.real)
        elif mount.files:
            self._share(place, mount)
            return
        elif os.path.isdir(place.real) != mount.source.is_dir():
            # A file where a folder has to be, or the other way round.
            folder, name = posixpath.split(point)
            self._cover(folder, os.path.dirname(place.real), name)
        self.binds.append(BindMount(point, str(mount.source.absolute()), mount.writable))

    def _share(self, place: _Place, mount: Mount) -> None:
        known = self.covers.get(place.view)
        without = (*(known.without if known else ()), *mount.files)
        self.covers[place.view] = Overlay(
            place.view, place.real, str(mount.source.absolute()), without
        )

    def _cover(self, folder: str, real: str, without: str = "") -> None:
        known = self.covers.get(folder)
        names = (*(known.without if known else ()), *([without] if without else ()))
        stand_in = known.stand_in if known else str(self._scratch / f"stand-in-{len(self.covers)}")
        if stand_in:
            os.makedirs(stand_in, mode=0o700, exist_ok=True)
        self.covers[folder] = Overlay(folder, real, stand_in, names)

    def _find(self, path: str) -> _Place:
        """Follow a path through the view as far as it is planned."""
        for _ in range(_LINKS):
            found = self._walk(path)
            if isinstance(found, _Place):
                return found
            path = found
        raise InvalidInput("Links lead in a circle", path, field="path")

    def _walk(self, path: str) -> _Place | str:
        """The place of a path, or the path that it becomes by the first link on the way."""
        view, real, own = "/", "/", True
        parts = path.strip("/").split("/")
        for number, part in enumerate(parts):
            above = self.covers.get(view)
            view, real = posixpath.join(view, part), os.path.join(real, part)
            bound = next((each for each in reversed(self.binds) if each.target == view), None)
            if bound is not None:
                real, own = bound.source, True
                continue
            try:
                mode = (
                    None if above is not None and part in above.without else os.lstat(real).st_mode
                )
            except OSError:
                mode = None
            if mode is not None and stat.S_ISLNK(mode):
                lead = os.readlink(real)
                return _clean(posixpath.join(posixpath.dirname(view), lead, *parts[number + 1 :]))
            last = number == len(parts) - 1
            if mode is None or not (last or stat.S_ISDIR(mode)):
                at = posixpath.dirname(view)
                if mode is not None:
                    # A file where a folder has to be: nothing but a cover that leaves it out helps.
                    self._cover(at, os.path.dirname(real), part)
                return _Place(
                    at,
                    os.path.dirname(real),
                    tuple(parts[number:]),
                    own or at in self.covers or mode is not None,
                )
            own = own and self._within_source(view)
        return _Place(view, real, (), own)

    def _within_source(self, view: str) -> bool:
        return any(view.startswith(f"{each.target}/") for each in self.binds)


def _clean(target: str) -> str:
    path = posixpath.normpath(target)
    path = "/" + path.lstrip("/")
    if not target.startswith("/") or path == "/":
        raise InvalidInput(
            f"{target!r} cannot be mapped",
            "It must be an absolute path, not the root.",
            field="path",
        )
    return path


def _depth(path: str) -> int:
    return 0 if path == "/" else path.count("/")
