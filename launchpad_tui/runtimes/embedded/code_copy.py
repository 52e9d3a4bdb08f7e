"""Copies the code of an execution and lays it out as in the container image.

When an execution starts, the code is copied without ``.git`` and generated folders, and the
commands run in the copy. Files that ``.launchpadignore`` names are left out. Later changes of the
folder do not affect the execution. With a
Dockerfile, the files that it copies are at the paths that it names; other files of the code folder
are beside them.
"""

from __future__ import annotations

import os
import posixpath
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from launchpad_tui.errors import ConfigError
from launchpad_tui.runtimes.embedded.code_search import GENERATED_FOLDERS, CodeLocation
from launchpad_tui.runtimes.embedded.ignore_file import IGNORE_FILE, IgnoreRules
from launchpad_tui.runtimes.embedded.mounts import Mount
from launchpad_tui.runtimes.embedded.template_model import Container

#: folders of the system into which an image may copy files, but which must not be replaced
_SYSTEM = ("/bin", "/boot", "/dev", "/etc", "/lib", "/lib64", "/proc", "/run", "/sbin", "/sys")


@dataclass(frozen=True, slots=True)
class CodeView:
    """The copy of the code of a container.

    Args:
        folder: the copy of the code folder, in which relative paths start.
        mounts: the folders and files of the copy with their paths in the container.
        working_dir: the working directory that the Dockerfile sets; empty for the code folder.
        env: the environment variables that the Dockerfile sets.
        entrypoint: the ENTRYPOINT of the Dockerfile.
        command: the CMD of the Dockerfile.
    """

    folder: Path
    mounts: tuple[Mount, ...] = ()
    working_dir: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()

    def complete(self, container: Container) -> Container:
        """Return a container with the default command of the image if it has none itself."""
        if container.command:
            return container
        return replace(container, command=self.entrypoint, args=container.args or self.command)

    @property
    def path(self) -> str:
        """The path of the code folder in the container; empty if it is not known."""
        return next((each.target for each in self.mounts if each.source == self.folder), "")


def copy_location(location: CodeLocation, path: str, target: Path, limit_mb: int) -> CodeView:
    """Copy the code of a location and return its view.

    Args:
        location: the code.
        path: the path of the code folder in the container; empty if it is not known.
        target: the folder of the copy, which must not exist.
        limit_mb: the largest size of the code in MB.

    Raises:
        ConfigError: the code is larger than the limit, or cannot be copied.
    """
    rules = IgnoreRules.read(location.folder)
    copy_code(location.folder, target, limit_mb, rules=rules)
    if not rules.patterns and location.context is not None:
        rules = IgnoreRules.read(location.context)
    layout = _Layout(target, path, rules)
    if location.image is None or location.context is None:
        return CodeView(target, layout.mounts())
    for source, place in location.image.files(location.context):
        layout.add(source, place, limit_mb)
    for folder in (*location.image.folders, location.image.working_dir):
        layout.add_folder(folder)
    image = location.image
    return CodeView(
        target,
        layout.mounts(),
        image.working_dir,
        entrypoint=image.entrypoint,
        command=image.command,
    )


@dataclass(slots=True)
class _Layout:
    """The copied folders and files by their paths in the container."""

    folder: Path
    path: str
    rules: IgnoreRules
    roots: dict[str, Path] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.path:
            self.roots[self.path] = self.folder

    def mounts(self) -> tuple[Mount, ...]:
        """Return the mounts, without those of existing folders that would be hidden."""
        found = []
        for target, source in self.roots.items():
            names = tuple(sorted(os.listdir(source))) if source.is_dir() else ()
            if source.is_dir() and os.path.isdir(target) and source != self.folder:
                if names:
                    found.append(Mount(source, target, files=names))
            else:
                found.append(Mount(source, target))
        return tuple(found)

    def add(self, source: Path, place: str, limit_mb: int) -> None:
        """Copy a file, or the content of a folder, to a path of the container."""
        if place == "/":
            for entry in sorted(source.iterdir()) if source.is_dir() else ():
                if entry.name not in GENERATED_FOLDERS and not os.path.exists(f"/{entry.name}"):
                    self.add(entry, f"/{entry.name}", limit_mb)
            return
        if place.startswith(tuple(f"{each}/" for each in _SYSTEM)) or place in _SYSTEM:
            return
        target = self._host_path(place, folder=source.is_dir())
        if source.is_dir():
            copy_code(source, target, limit_mb, replace=False, rules=self.rules)
        elif not target.exists() and not self.rules.ignores(source):
            _copy_file(source, target)

    def add_folder(self, place: str) -> None:
        """Create an empty folder of the container, unless this machine has it."""
        system = place in _SYSTEM or place.startswith(tuple(f"{each}/" for each in _SYSTEM))
        if place != "/" and not system and not os.path.exists(place):
            self._host_path(place, folder=True).mkdir(parents=True, exist_ok=True)

    def _host_path(self, place: str, *, folder: bool) -> Path:
        """Return the path of the copy; a new root is created if no root contains it."""
        above = [root for root in self.roots if place == root or place.startswith(f"{root}/")]
        if above:
            root = max(above, key=len)
            rest = place[len(root) :].strip("/")
            return self.roots[root] / rest if rest else self.roots[root]
        root = place if folder or posixpath.dirname(place) == "/" else posixpath.dirname(place)
        copy = self.folder.with_name(f"{self.folder.name}-image") / root.strip("/").replace(
            "/", "-"
        )
        self.roots[root] = copy
        copy.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if root == place and not folder:
            return copy
        copy.mkdir(mode=0o700, exist_ok=True)
        return copy if root == place else copy / posixpath.basename(place)


def copy_code(
    source: Path,
    target: Path,
    limit_mb: int,
    *,
    replace: bool = True,
    rules: IgnoreRules | None = None,
) -> int:
    """Copy a folder with code and return its size in bytes. Symbolic links are copied as links.

    Args:
        source: the folder.
        target: the copy, which may exist.
        limit_mb: the largest size in MB.
        replace: whether existing files of the copy are replaced.
        rules: which files are not copied; None for the ignore file of the folder.

    Raises:
        ConfigError: the code is larger than the limit, or cannot be copied.
    """
    size = 0
    rules = IgnoreRules.read(source) if rules is None else rules

    def left_out(folder: str, name: str) -> bool:
        return name in GENERATED_FOLDERS or rules.ignores(Path(folder, name))

    for top, folders, names in os.walk(source):
        folders[:] = [name for name in folders if not left_out(top, name)]
        for name in names:
            try:
                size += 0 if left_out(top, name) else os.lstat(os.path.join(top, name)).st_size
            except OSError:
                continue
        if size > limit_mb * 1_000_000:
            raise ConfigError(
                f"The code is larger than {limit_mb} MB",
                str(source),
                "Set the code folder of the executable to a smaller folder, name files that it "
                f"does not need in {IGNORE_FILE}, or increase executions.code_limit_mb in the "
                "settings.",
            )

    def ignored(folder: str, names: list[str]) -> Sequence[str]:
        place = target / os.path.relpath(folder, source)
        return [
            name
            for name in names
            if left_out(folder, name)
            or (not replace and os.path.lexists(place / name) and not (place / name).is_dir())
        ]

    try:
        shutil.copytree(source, target, symlinks=True, ignore=ignored, dirs_exist_ok=True)
    except (OSError, shutil.Error) as error:
        raise _not_copied(source, error) from error
    return size


def _copy_file(source: Path, target: Path) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target)
    except OSError as error:
        raise _not_copied(source, error) from error


def _not_copied(source: Path, error: Exception) -> ConfigError:
    return ConfigError(
        "The code cannot be copied",
        f"{source}: {error}"[:500],
        "Check the permissions of the code folder and the free space of the disk.",
    )
