"""The folders of one execution, and the commands ``python`` and ``launchpad`` that it finds."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from launchpad_tui import quick_log
from launchpad_tui.errors import ConfigError


class Workspace:
    """The folders of one execution.

    ``code`` has the copy of the code, ``artifacts`` the inputs and outputs, ``bin`` the commands
    ``python`` and ``launchpad``.

    Args:
        executions: the folder of all executions.
        execution_id: the ID of the execution.
        work: the folder of the working files; None for one in the folder of the execution.
            Otherwise there is a symbolic link to it.
    """

    def __init__(self, executions: Path, execution_id: str, work: Path | None = None) -> None:
        self.root = executions / execution_id
        self.work = work or self.root / "work"
        self.code = self.work / "code"
        self.artifacts = self.work / "artifacts"
        self.bin = self.work / "bin"
        self.lock = self.root / "lock"

    def create(self) -> Workspace:
        """Create the folders with mode 0700 and return the workspace."""
        for folder in (self.root, self.work, self.artifacts, self.bin):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        link = self.root / "work"
        if link != self.work and not link.is_symlink():
            link.symlink_to(self.work)
        return self

    def clear(self) -> None:
        """Remove the code and the artifacts; the log is kept."""
        remove_work_folder(self.root)


def remove_work_folder(root: Path) -> None:
    """Remove the working files of the execution with this folder, wherever they are."""
    work = root / "work"
    if work.is_symlink():
        shutil.rmtree(os.path.realpath(work), ignore_errors=True)
        work.unlink(missing_ok=True)
    else:
        shutil.rmtree(work, ignore_errors=True)


def remove_folder(root: Path) -> None:
    """Remove the folder of an execution with its working files and its log."""
    remove_work_folder(root)
    shutil.rmtree(root, ignore_errors=True)


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
    launchpad = f'"{own}" -P -m launchpad_tui'
    client = Path(quick_log.__file__).absolute()
    log = f'shift; exec "{own}" -IS "{client}" "{own}" "$@"'
    commands = {
        "python": f'exec "{python}" "$@"',
        "python3": f'exec "{python}" "$@"',
        # Scripts call it for every step: the client starts faster than the complete command.
        "launchpad": f'[ "$1" = log ] && {{ {log}; }}\nexec {launchpad} "$@"',
    }
    for name, command in commands.items():
        place = folder / name
        place.unlink(missing_ok=True)
        # With a symbolic link, Python would search for its virtual environment beside the link.
        place.write_text(f"#!/bin/sh\n{command}\n")
        place.chmod(0o700)
