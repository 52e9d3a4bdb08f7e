"""What the real servers of the store tests have in common: one of each for a whole test run, and a place for programs.

A server is a module of this folder with a dataclass ``Server`` of plain values and ``serve(folder)``, a context manager
that runs it. `join` gives the one server of the test run, to every worker of pytest-xdist the same: the first that asks
starts a keeper (this file as a program) that runs ``serve``. Each user holds a shared lock on a file, which the system
takes back however the user ends; the keeper waits for the file's exclusive lock, that is, until the last user is gone,
and then ends the server and removes its folder.
"""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import importlib
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn, TypeVar

S = TypeVar("S")
#: the name of this test run, where pytest-xdist does not give one to its workers
_ALONE = uuid.uuid4().hex
_joined: dict[str, dict[str, Any]] = {}
#: keepers that this process started: held, so that nothing complains that they still run
_keepers: list[subprocess.Popen[bytes]] = []


class Missing(Exception):
    """A server cannot be had here; the text says what would have to be installed."""


class Broken(Exception):
    """A server can be had but does not run; the text is the end of its log."""


def join(name: str, kind: type[S]) -> S:
    """The one server of this test run; started where nobody did before, ended after the last process that asked.

    Args:
        name: the server's module in this folder.
        kind: its ``Server``.

    Raises:
        pytest.skip: it cannot be had here.
        Broken: it does not start.
    """
    if name not in _joined:
        _joined[name] = _values(name)
    values = _joined[name]
    if "missing" in values:
        import pytest

        pytest.skip(values["missing"])
    if "broken" in values:
        raise Broken(values["broken"])
    return kind(**values["server"])


def _values(name: str) -> dict[str, Any]:
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", _ALONE)
    folder = Path(tempfile.gettempdir()) / f"launchpad-{name}-{run}"
    _use(folder)
    with _locked(folder / "start"):
        state = folder / "state.json"
        if not state.exists():
            _start(name, folder, state)
        values: dict[str, Any] = json.loads(state.read_text())
        return values


def _use(folder: Path) -> None:
    """Hold the shared lock of the folder's users for as long as this process lives."""
    while True:
        folder.mkdir(mode=0o700, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            descriptor = os.open(folder / "users", os.O_RDWR | os.O_CREAT, 0o600)
            fcntl.flock(descriptor, fcntl.LOCK_SH)
            # A keeper that had just lost its last user may have removed the folder meanwhile.
            with contextlib.suppress(FileNotFoundError):
                if os.path.samestat(os.stat(folder / "users"), os.fstat(descriptor)):
                    return
            os.close(descriptor)


def _start(name: str, folder: Path, state: Path) -> None:
    with (folder / "keeper.log").open("wb") as log:
        keeper = subprocess.Popen(
            [sys.executable, __file__, name, str(folder)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,
        )
    _keepers.append(keeper)
    assert keeper.stdout is not None
    with keeper.stdout as answers:
        answer = answers.readline()
    if not answer:
        answer = json.dumps({"broken": "its keeper was killed"}).encode()
    temporary = folder / "state.new"
    temporary.write_bytes(answer)
    temporary.rename(state)


def _keep(name: str, folder: Path) -> None:
    """Run a server until nobody uses it any more; its values go to standard output, as a line of JSON."""
    signal.signal(signal.SIGTERM, _leave)
    users = os.open(folder / "users", os.O_RDWR)
    data = folder / "server"
    data.mkdir()
    try:
        with importlib.import_module(name).serve(data) as server:
            _answer({"server": dataclasses.asdict(server)})
            fcntl.flock(users, fcntl.LOCK_EX)
    except (Missing, Broken) as error:
        _answer({"missing" if isinstance(error, Missing) else "broken": str(error)})
        fcntl.flock(users, fcntl.LOCK_EX)
    except Exception:
        _answer({"broken": traceback.format_exc()})
        raise
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _leave(*_: object) -> NoReturn:
    sys.exit(1)


def _answer(values: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(values) + "\n")
    sys.stdout.flush()
    # Who reads ends here; nothing that a server prints later may wait for it.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    with file.open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def cache() -> Path:
    """Where programs are kept that are put together once for all test runs of a machine."""
    named = os.environ.get("LAUNCHPAD_TEST_CACHE")
    if named:
        return Path(named)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "launchpad-tests"


def prepared(name: str, make: Callable[[Path], None]) -> Path:
    """The folder of this name in the cache, made where it is not there yet: whole or not at all, by one process only.

    Args:
        name: with the version of what is in it, so that another version is made anew.
        make: fills an empty folder; raises Missing where it cannot.
    """
    folder = cache() / name
    if folder.exists():
        return folder
    cache().mkdir(parents=True, exist_ok=True)
    with _locked(cache() / f"{name}.lock"):
        if not folder.exists():
            with tempfile.TemporaryDirectory(prefix=f"{name}-", dir=cache()) as temporary:
                made = Path(temporary) / "made"
                made.mkdir()
                make(made)
                made.rename(folder)
    return folder


def tool(program: str, package: str) -> str:
    """The path of a program.

    Raises:
        Missing: it is not installed; ``package`` is where it would come from.
    """
    found = shutil.which(program)
    if found is None:
        raise Missing(f"needs the program {program}: {package}")
    return found


def call(command: Sequence[str], *, cwd: Path | None = None, data: bytes | None = None) -> bytes:
    """Run a program to its end; what it printed.

    Raises:
        Missing: it failed (no network, no such package): what it said.
    """
    result = subprocess.run(command, cwd=cwd, input=data, capture_output=True, check=False)
    if result.returncode:
        said = (result.stderr or result.stdout).decode(errors="replace").strip()[-500:]
        raise Missing(f"{Path(command[0]).name} {' '.join(command[1:3])} failed: {said}")
    return result.stdout


@contextmanager
def running(
    command: Sequence[str],
    log: Path,
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program, its output in a log, and kill it and all that it started at the end: its data is thrown away."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env=None if env is None else {**os.environ, **env},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def wait_until(
    ready: Callable[[], bool],
    processes: Mapping[Path, subprocess.Popen[bytes]],
    seconds: float = 90,
) -> None:
    """Ask until a server is ready; an OSError of ``ready`` means not yet.

    Args:
        processes: the server's, by their logs.

    Raises:
        Broken: one of them ended, or it took too long.
    """
    end = time.monotonic() + seconds
    while True:
        with contextlib.suppress(OSError):
            if ready():
                return
        ended = [log for log, process in processes.items() if process.poll() is not None]
        if ended or time.monotonic() > end:
            logs = ended or list(processes)
            raise Broken(
                "did not start: "
                + "\n".join(log.read_text(errors="replace")[-2000:] for log in logs)
            )
        time.sleep(0.05)


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens at. Not of the range from which the system takes those of outgoing connections, so that
    none of these gets hold of one before the server does."""
    ports: list[int] = []
    with contextlib.ExitStack() as stack:
        while len(ports) < count:
            each = stack.enter_context(socket.socket())
            port = random.randrange(12_000, 32_000)
            with contextlib.suppress(OSError):
                each.bind(("127.0.0.1", port))
                ports.append(port)
    return ports


if __name__ == "__main__":
    # The servers' modules import this file under its own name, and its exceptions must be the same classes there.
    importlib.import_module("shared_server")._keep(sys.argv[1], Path(sys.argv[2]))
