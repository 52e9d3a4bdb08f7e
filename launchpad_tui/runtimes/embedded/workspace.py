"""The folders of one execution, and the copy of the code that it runs.

The code, which a container image would contain, is expected in the folder of the workflow
template. If the commands name no file of this folder, and the folder is part of a git checkout, the
code is in the nearest parent folder, up to the root of the checkout, that has a named file. When an
execution starts, the folder is copied without ``.git`` and generated folders (``__pycache__``,
``.venv``, ``node_modules`` and others), and the commands run in the copy. Later changes of the
folder do not affect the execution.

The path of the copy in the container is derived from the commands: from an absolute path in a
command or argument that does not exist on this machine and whose last part is in the folder. For
example, ``/app/src/train.py`` places the folder at ``/app`` if it contains ``src/train.py``, or at
``/app/src`` if it contains ``train.py``. The annotation ``launchpad.tui/code-path`` of the template
sets the path explicitly. Relative paths start in the folder.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

from launchpad_tui.errors import ConfigError
from launchpad_tui.runtimes.embedded.template_model import Workflow

#: names of folders that are not copied
_NOT_COPIED = frozenset(
    {
        ".git",
        ".hg",
        ".svn",
        "__pycache__",
        ".venv",
        "venv",
        ".tox",
        "node_modules",
        ".mypy_cache",
        ".pytest_cache",
        ".ruff_cache",
        ".ipynb_checkpoints",
    }
)
_PATH = re.compile(r"/[^\s\"'`;|&<>()$,:=]+")
#: paths that exist on every Unix system and never hold the code
_SYSTEM = ("/bin/", "/usr/", "/dev/", "/proc/", "/sys/", "/etc/", "/lib")


class Workspace:
    """The folders of one execution.

    ``code`` has the copy of the code, ``artifacts`` the inputs and outputs, ``bin`` the commands
    ``python`` and ``launchpad``.
    """

    def __init__(self, executions: Path, execution_id: str) -> None:
        self.root = executions / execution_id
        self.work = self.root / "work"
        self.code = self.work / "code"
        self.artifacts = self.work / "artifacts"
        self.bin = self.work / "bin"
        self.lock = self.root / "lock"

    def create(self) -> Workspace:
        """Create the folders with mode 0700 and return the workspace."""
        for folder in (self.root, self.work, self.artifacts, self.bin):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return self

    def clear(self) -> None:
        """Remove the code and the artifacts; the log is kept."""
        shutil.rmtree(self.work, ignore_errors=True)


def code_folder(workflow: Workflow, source: str, chosen: str) -> Path:
    """Return the folder that contains the code of a workflow.

    Args:
        source: the file of the workflow template.
        chosen: the code folder in the settings of the executable; empty to find it.

    Raises:
        ConfigError: the folder does not exist.
    """
    if chosen:
        folder = Path(chosen).expanduser()
        if not folder.is_dir():
            raise ConfigError(
                "The code folder does not exist",
                chosen,
                "Change code in the executable's settings.",
            )
        return folder
    folder = Path(source).parent
    if not source or not folder.is_dir():
        hint = "Add the executable again from its current folder, or set its code folder."
        raise ConfigError("The folder of the workflow template does not exist", str(folder), hint)
    names = list(_named_paths(workflow))
    for candidate in _up_to_checkout(folder):
        if any(_code_root(path, candidate) for path in names):
            return candidate
    return folder


def _up_to_checkout(folder: Path) -> list[Path]:
    folder = folder.resolve()
    found = [folder]
    for parent in (folder, *folder.parents):
        if parent != folder:
            found.append(parent)
        if (parent / ".git").exists():
            return found
    return [folder]


def container_code_path(workflow: Workflow, folder: Path) -> str:
    """Return the path of the code in the container; empty if it is not known."""
    if workflow.code_path:
        return workflow.code_path.rstrip("/")
    for path in _named_paths(workflow):
        found = _code_root(path, folder)
        if found:
            return found
    for leaf in workflow.leaves:
        if (
            leaf.container
            and leaf.container.working_dir
            and not os.path.isdir(leaf.container.working_dir)
        ):
            return leaf.container.working_dir.rstrip("/")
    return ""


def _named_paths(workflow: Workflow) -> Iterable[str]:
    for leaf in workflow.leaves:
        if leaf.container is None:
            continue
        taken = [path.rstrip("/") for path in leaf.paths]
        for text in (*leaf.container.command, *leaf.container.args):
            for path in _PATH.findall(text):
                inside = any(
                    path.rstrip("/") == each or path.startswith(f"{each}/") for each in taken
                )
                if not inside and not path.startswith(_SYSTEM) and not os.path.exists(path):
                    yield path


def _code_root(path: str, folder: Path) -> str:
    """Return the path of a folder in the container, given the path of one of its files there.

    The longest end of the path that is a file of the folder is removed. The result is empty if no
    end of the path is a file of the folder.
    """
    parts = path.strip("/").split("/")
    for start in range(1, len(parts)):
        if (folder / "/".join(parts[start:])).is_file():
            return "/" + "/".join(parts[:start])
    return ""


def copy_code(source: Path, target: Path, limit_mb: int) -> int:
    """Copy the code and return its size in bytes. Symbolic links are copied as links.

    Raises:
        ConfigError: the code is larger than the limit, or cannot be copied.
    """
    size = 0
    for top, folders, names in os.walk(source):
        folders[:] = [name for name in folders if name not in _NOT_COPIED]
        for name in names:
            try:
                size += os.lstat(os.path.join(top, name)).st_size
            except OSError:
                continue
        if size > limit_mb * 1_000_000:
            raise ConfigError(
                f"The code is larger than {limit_mb} MB",
                str(source),
                "Set the code folder of the executable to a smaller folder, or increase "
                "executions.code_limit_mb in the settings.",
            )
    try:
        shutil.copytree(source, target, symlinks=True, ignore=_not_copied, dirs_exist_ok=True)
    except (OSError, shutil.Error) as error:
        raise ConfigError(
            "The code cannot be copied",
            f"{source}: {error}"[:500],
            "Check the permissions of the code folder and the free space of the disk.",
        ) from error
    return size


def _not_copied(_folder: str, names: list[str]) -> Sequence[str]:
    return [name for name in names if name in _NOT_COPIED]


def interpreter(settings_python: str, folder: Path, own: str) -> Path:
    """Return the Python interpreter of an execution.

    Args:
        settings_python: the setting of the executable: an interpreter or a virtual environment; may
            be empty.
        folder: the folder of the code. Without the setting, a virtual environment ``.venv`` or
            ``venv`` in it is used.
        own: the interpreter that runs launchpad, which is used if there is no other.

    Raises:
        ConfigError: the interpreter in the setting does not exist.
    """
    if settings_python:
        chosen = Path(settings_python).expanduser()
        found = chosen / "bin" / "python" if chosen.is_dir() else chosen
        if not os.access(found, os.X_OK):
            raise ConfigError(
                "The Python interpreter does not exist",
                str(found),
                "Change python in the executable's settings.",
            )
        return found.absolute()
    for name in (".venv", "venv"):
        found = folder / name / "bin" / "python"
        if os.access(found, os.X_OK):
            return found.absolute()
    return Path(own)


def name_interpreter(folder: Path, python: Path, own: str) -> None:
    """Create the commands ``python``, ``python3`` and ``launchpad`` in a folder.

    Args:
        folder: the folder, which is put in front of PATH.
        python: the interpreter that ``python`` and ``python3`` run.
        own: the interpreter that runs launchpad, which has the package for the command
            ``launchpad``.
    """
    commands = {
        "python": f'"{python}"',
        "python3": f'"{python}"',
        "launchpad": f'"{own}" -P -m launchpad_tui',
    }
    for name, command in commands.items():
        place = folder / name
        place.unlink(missing_ok=True)
        # With a symbolic link, Python would search for its virtual environment beside the link.
        place.write_text(f'#!/bin/sh\nexec {command} "$@"\n')
        place.chmod(0o700)
