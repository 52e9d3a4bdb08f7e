"""Creates virtual environments with the packages that the code of an executable requires."""

from __future__ import annotations

import hashlib
import os
import shlex
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from launchpad_tui.domain.timestamps import now
from launchpad_tui.errors import ConfigError
from launchpad_tui.records import record
from launchpad_tui.runtimes.embedded.code_search import CodeLocation
from launchpad_tui.runtimes.embedded.process import Cancellation
from launchpad_tui.runtimes.folder_lock import folder_lock

#: the value of the setting ``venv`` that requests a virtual environment
AUTO = "auto"
_COMPLETE = "complete"
#: the days after which an unused environment is removed
UNUSED_DAYS = 30
#: seconds between two checks whether the execution has to stop
_POLL_SECONDS = 0.2


@record
class Requirements:
    """The packages that code requires: files in the format of pip, and names of packages."""

    files: tuple[Path, ...] = ()
    packages: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Return whether any package is required."""
        return bool(self.files or self.packages)


def find_requirements(locations: Iterable[CodeLocation]) -> Requirements:
    """Return the packages that Dockerfiles install, or else those of ``requirements.txt``."""
    files: dict[Path, None] = {}
    packages: dict[str, None] = {}
    for location in locations:
        own: list[Path] = []
        if location.image is not None and location.context is not None:
            found = (
                location.image.find(path, location.context) for path in location.image.requirements
            )
            own = [file for file in found if file is not None]
            packages |= dict.fromkeys(location.image.packages)
        beside = location.folder / "requirements.txt"
        if not own and beside.is_file():
            own = [beside]
        files |= dict.fromkeys(own)
    return Requirements(tuple(files), tuple(packages))


def virtual_environment(
    folder: Path,
    python: Path,
    requirements: Requirements,
    report: Callable[[str], None],
    cancellation: Cancellation,
) -> Path:
    """Return the interpreter of a virtual environment with the packages; create it if needed.

    An environment is reused as long as interpreter and requirements stay the same.

    Args:
        folder: the folder of all virtual environments.
        python: the interpreter that creates the environment.
        requirements: the packages.
        report: receives the lines that pip prints.
        cancellation: ends the installation.

    Raises:
        ConfigError: the environment cannot be created.
    """
    place = folder / _key(python, requirements)
    interpreter = place / "bin" / "python"
    # Executions that start together must not create the same environment twice.
    with folder_lock(place.with_name(f"{place.name}.lock"), wait=True):
        if (place / _COMPLETE).exists() and os.access(interpreter, os.X_OK):
            # The time of the file is that of the last use.
            (place / _COMPLETE).touch()
            return interpreter
        shutil.rmtree(place, ignore_errors=True)
        commands = [[str(python), "-m", "venv", str(place)]]
        install = [str(interpreter), "-m", "pip", "install", "--disable-pip-version-check"]
        for file in requirements.files:
            install += ["-r", str(file)]
        commands.append([*install, *requirements.packages])
        for command in commands:
            report(f"Virtual environment: {shlex.join(command)}")
            where = requirements.files[0].parent if requirements.files else folder
            code, last = _run(command, where, report, cancellation)
            if code:
                raise ConfigError(
                    "The virtual environment cannot be created",
                    last or f"{shlex.join(command)} ended with exit code {code}",
                    "Correct the requirements, or create an environment yourself and set it as "
                    "python in the executable's settings.",
                )
        (place / _COMPLETE).touch()
    return interpreter


def remove_unused(folder: Path, days: float) -> list[str]:
    """Remove the virtual environments that no execution has used for some days.

    An environment that is being created is kept. Executions that use one touch it when they start;
    none may be running.

    Args:
        folder: the folder of all virtual environments.
        days: the number of days.

    Returns:
        The names of the removed environments.
    """
    removed: list[str] = []
    oldest = now().timestamp() - days * 86_400
    for place in sorted(folder.iterdir()) if folder.is_dir() else ():
        if place.name.endswith(".lock") or not place.is_dir():
            continue
        used = place / _COMPLETE if (place / _COMPLETE).exists() else place
        if used.stat().st_mtime >= oldest:
            continue
        with folder_lock(place.with_name(f"{place.name}.lock")) as acquired:
            if acquired:
                shutil.rmtree(place, ignore_errors=True)
                removed.append(place.name)
    return removed


def _key(python: Path, requirements: Requirements) -> str:
    digest = hashlib.sha256(str(python.resolve()).encode())
    for file in requirements.files:
        digest.update(str(file).encode() + b"\0" + file.read_bytes() + b"\0")
    for package in requirements.packages:
        digest.update(package.encode() + b"\0")
    return digest.hexdigest()[:16]


def _run(
    command: Sequence[str],
    folder: Path,
    report: Callable[[str], None],
    cancellation: Cancellation,
) -> tuple[int, str]:
    """Run a command; return its exit code and the last line with an error."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(_POLL_SECONDS):
            if cancellation.requested:
                os.killpg(process.pid, signal.SIGKILL)
                return

    watcher = threading.Thread(target=watch, name="venv-watch", daemon=True)
    watcher.start()
    last = ""
    for line in process.stdout or ():
        text = line.rstrip()
        if text:
            report(text)
        if text.startswith("ERROR") or not last.startswith("ERROR"):
            last = text or last
    code = process.wait()
    ended.set()
    return code, last
