"""Creates virtual environments with the packages that the code of an executable requires."""

from __future__ import annotations

import hashlib
import os
import shlex
import shutil
import signal
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from launchpad_tui.domain.timestamps import now
from launchpad_tui.errors import ConfigError
from launchpad_tui.records import record
from launchpad_tui.runtimes.embedded.code_search import CodeLocation
from launchpad_tui.runtimes.embedded.pip_failures import explain
from launchpad_tui.runtimes.embedded.process import Cancellation
from launchpad_tui.runtimes.folder_lock import folder_lock

#: the value of the setting ``venv`` that requests a virtual environment
AUTO = "auto"
_COMPLETE = "complete"
#: the days after which an unused environment is removed
UNUSED_DAYS = 30
#: seconds between two checks whether the execution has to stop
_POLL_SECONDS = 0.2
#: seconds in which an interpreter must start
_START_SECONDS = 30
#: the number of lines of pip from which a failure is explained
_LINES = 200


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


def installed_python(version: str) -> Path | None:
    """Return an interpreter of a version (``3.8``) that can create virtual environments: one on
    PATH, or one that pyenv or uv has installed; None if there is none."""
    on_path = shutil.which(f"python{version}")
    pyenv = Path(os.environ.get("PYENV_ROOT") or "~/.pyenv").expanduser() / "versions"
    uv = Path("~/.local/share/uv/python").expanduser()
    candidates = [
        *([Path(on_path)] if on_path else []),
        *sorted(pyenv.glob(f"{version}.*/bin/python{version}"), reverse=True),
        *sorted(uv.glob(f"cpython-{version}.*/bin/python{version}"), reverse=True),
    ]
    return next(filter(None, (_usable(each, version) for each in candidates)), None)


def _usable(python: Path, version: str) -> Path | None:
    """Return the file that an interpreter stands for; None if it is of another version, or cannot
    create virtual environments."""
    program = "import ensurepip, sys, venv; print(sys.executable, '%d.%d' % sys.version_info[:2])"
    try:
        done = subprocess.run(
            [python, "-c", program],
            env=_clean_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_START_SECONDS,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    path, _, own = done.stdout.strip().rpartition(" ")
    # A launcher such as a shim of pyenv stands for another file.
    return Path(path) if done.returncode == 0 and own == version and path else None


def virtual_environment(
    folder: Path,
    pythons: Sequence[Path],
    requirements: Requirements,
    report: Callable[[str], None],
    cancellation: Cancellation,
    *,
    executable_id: str,
    wanted: str = "",
) -> Path:
    """Return the interpreter of a virtual environment with the packages; create it if needed.

    An environment is reused as long as interpreter and requirements stay the same.

    Args:
        folder: the folder of all virtual environments.
        pythons: interpreters that may create the environment: the next one is used if the packages
            are not available for the one before.
        requirements: the packages.
        report: receives the lines that pip prints.
        cancellation: ends the installation.
        executable_id: the ID of the executable, for messages.
        wanted: the version of Python that the Dockerfile uses; empty if it names none.

    Raises:
        ConfigError: the environment cannot be created.
    """
    first: ConfigError | None = None
    for python in pythons:
        # The packages may not be available for the interpreters before it.
        if _is_complete(folder / _key(python, requirements)):
            pythons = [python]
            break
    for number, python in enumerate(pythons, 1):
        try:
            return _environment(
                folder, python, requirements, report, cancellation, executable_id, wanted
            )
        except _InstallationFailed as error:
            first = first or error.error
            if error.final or cancellation.requested or number == len(pythons):
                raise first from None
            report(f"Virtual environment: {error.error.detail}")
            report(f"Virtual environment: trying {pythons[number]}")
    raise AssertionError("there is an interpreter")


def _is_complete(place: Path) -> bool:
    return (place / _COMPLETE).exists() and os.access(place / "bin" / "python", os.X_OK)


class _InstallationFailed(Exception):
    def __init__(self, error: ConfigError, *, final: bool) -> None:
        super().__init__(error.title)
        self.error = error
        self.final = final


def _environment(
    folder: Path,
    python: Path,
    requirements: Requirements,
    report: Callable[[str], None],
    cancellation: Cancellation,
    executable_id: str,
    wanted: str,
) -> Path:
    place = folder / _key(python, requirements)
    interpreter = place / "bin" / "python"
    # Executions that start together must not create the same environment twice.
    with folder_lock(place.with_name(f"{place.name}.lock"), wait=True):
        if _is_complete(place):
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
            code, lines = _run(command, where, report, cancellation)
            if code:
                why = explain(lines, executable_id, _version_of(interpreter), wanted)
                raise _InstallationFailed(
                    ConfigError(
                        "The virtual environment cannot be created",
                        why.reason or f"{shlex.join(command)} ended with exit code {code}",
                        f"{why.hint}.",
                    ),
                    final=why.unreachable,
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


def _version_of(interpreter: Path) -> str:
    """Return the version of the interpreter of a virtual environment; empty if it is unknown."""
    folders = interpreter.parent.parent.glob("lib/python*")
    return next((each.name.removeprefix("python") for each in folders), "")


def _clean_environment() -> dict[str, str]:
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTHON", "VIRTUAL_ENV"))
    }


def _run(
    command: Sequence[str],
    folder: Path,
    report: Callable[[str], None],
    cancellation: Cancellation,
) -> tuple[int, list[str]]:
    """Run a command; return its exit code and its last lines."""
    # The package sklearn stands for scikit-learn, and by now only fails to be installed
    # (https://github.com/scikit-learn/sklearn-pypi-package).
    env = {"SKLEARN_ALLOW_DEPRECATED_SKLEARN_PACKAGE_INSTALL": "True", **_clean_environment()}
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
    last: deque[str] = deque(maxlen=_LINES)
    for line in process.stdout or ():
        text = line.rstrip()
        if text:
            report(text)
            last.append(text[:1000])
    code = process.wait()
    ended.set()
    return code, list(last)
