"""The folder of one execution, and the code that runs in it.

The code that a container's image would carry is the folder that holds the workflow template's file; where that lies in
a git checkout and the commands name nothing in it, the nearest folder above it, up to the checkout's root, in which
they do. At its start an execution takes a copy of it, without ``.git`` and what is made anew (``__pycache__``,
``.venv``, ``node_modules`` …), and runs in the copy: what it writes there is its own, and later changes of the folder
do not touch it.

Where the copy appears in the container's paths is read off the commands: an absolute path in a command or an argument
that is not on this machine, and whose end is in the folder, says it. ``/app/src/train.py`` puts the folder at ``/app``
where it has ``src/train.py``, else at ``/app/src`` where it has ``train.py``. The annotation
``launchpad.tui/code-path`` on the template says it outright. Relative paths start in the folder.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

from launchpad_tui.errors import ConfigError
from launchpad_tui.runtimes.embedded.template_model import Workflow

#: what is not copied
_LEFT_OUT = frozenset(
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
#: paths of every Unix machine: never the code's
_SYSTEM = ("/bin/", "/usr/", "/dev/", "/proc/", "/sys/", "/etc/", "/lib")


class Workspace:
    """The folders of one execution: ``code`` (the copy), ``artifacts`` (what is staged and made), ``bin`` (the names of
    the interpreter), ``log``."""

    def __init__(self, executions: Path, execution_id: str) -> None:
        self.root = executions / execution_id
        self.work = self.root / "work"
        self.code = self.work / "code"
        self.artifacts = self.work / "artifacts"
        self.bin = self.work / "bin"
        self.lock = self.root / "lock"

    def create(self) -> Workspace:
        """Make the folders, 0700; returns itself."""
        for folder in (self.root, self.work, self.artifacts, self.bin):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return self

    def clear(self) -> None:
        """Remove what the execution worked with; the log stays."""
        shutil.rmtree(self.work, ignore_errors=True)


def code_folder(workflow: Workflow, source: str, chosen: str) -> Path:
    """The folder whose copy is the execution's code.

    Args:
        source: the template's file.
        chosen: what the executable's setting says, empty for the rule.

    Raises:
        ConfigError: there is no such folder.
    """
    if chosen:
        folder = Path(chosen).expanduser()
        if not folder.is_dir():
            raise ConfigError(
                "The code folder is gone", chosen, "Change it in the executable's settings."
            )
        return folder
    folder = Path(source).parent
    if not source or not folder.is_dir():
        hint = "Add the executable again from where it lies now, or set its code folder."
        raise ConfigError("The template's folder is gone", str(folder), hint)
    names = list(_named_paths(workflow))
    for candidate in _up_to_checkout(folder):
        if any(_place(path, candidate) for path in names):
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
    """Where the code is in the container's paths; empty where nothing says so."""
    if workflow.code_path:
        return workflow.code_path.rstrip("/")
    for path in _named_paths(workflow):
        found = _place(path, folder)
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


def _place(path: str, folder: Path) -> str:
    """The front of a path whose end is in the folder; the longest such end counts."""
    parts = path.strip("/").split("/")
    for start in range(1, len(parts)):
        if (folder / "/".join(parts[start:])).is_file():
            return "/" + "/".join(parts[:start])
    return ""


def copy_code(source: Path, target: Path, limit_mb: int) -> int:
    """Copy the code; gives its size in bytes. Links that lead out of the folder are kept as links.

    Raises:
        ConfigError: it is larger than the limit, or cannot be read.
    """
    size = 0
    for top, folders, names in os.walk(source):
        folders[:] = [name for name in folders if name not in _LEFT_OUT]
        for name in names:
            try:
                size += os.lstat(os.path.join(top, name)).st_size
            except OSError:
                continue
        if size > limit_mb * 1_000_000:
            raise ConfigError(
                f"The code is larger than {limit_mb} MB",
                str(source),
                "Set the executable's code folder to a smaller one, or raise executions.code_limit_mb in the settings.",
            )
    try:
        shutil.copytree(source, target, symlinks=True, ignore=_left_out, dirs_exist_ok=True)
    except (OSError, shutil.Error) as error:
        raise ConfigError("The code cannot be copied", f"{source}: {error}"[:500]) from error
    return size


def _left_out(_folder: str, names: list[str]) -> Sequence[str]:
    return [name for name in names if name in _LEFT_OUT]


def interpreter(settings_python: str, folder: Path, own: str) -> Path:
    """The Python that ``python`` means: the setting (an interpreter, or a virtual environment), else a virtual
    environment ``.venv`` or ``venv`` beside the code, else the one that runs launchpad.

    Raises:
        ConfigError: the setting names none.
    """
    if settings_python:
        chosen = Path(settings_python).expanduser()
        found = chosen / "bin" / "python" if chosen.is_dir() else chosen
        if not os.access(found, os.X_OK):
            raise ConfigError(
                "The interpreter is not there",
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
    """Make ``python`` and ``python3`` in a folder mean this interpreter, whatever PATH has; and ``launchpad`` this
    program, which only ``own``, the interpreter that runs it, has for sure."""
    commands = {
        "python": f'"{python}"',
        "python3": f'"{python}"',
        "launchpad": f'"{own}" -P -m launchpad_tui',
    }
    for name, command in commands.items():
        place = folder / name
        place.unlink(missing_ok=True)
        # A link would make Python look for its virtual environment beside the link.
        place.write_text(f'#!/bin/sh\nexec {command} "$@"\n')
        place.chmod(0o700)
