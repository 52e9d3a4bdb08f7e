"""Servers that are shared by all tests of a test run, and a cache for their programs.

A server is a module of this folder with a dataclass ``Server`` of plain values and a context
manager ``serve(folder)`` that runs it. `join` returns the same server to every worker of
pytest-xdist. The first caller starts a host process (this file as a program), which runs ``serve``.
Each user of the server holds a shared lock on a file; the system releases the lock when the user's
process ends. The host process waits for the exclusive lock, hence until the last user has ended.
Then it stops the server and removes its folder.
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
#: the folder that contains the package ``tests``
_ROOT = Path(__file__).parents[2]
#: ID of this test run without pytest-xdist, which provides an ID to its workers
_ALONE = uuid.uuid4().hex
_joined: dict[str, dict[str, Any]] = {}
#: host processes that this process started; referenced to avoid a ResourceWarning while they run
_hosts: list[subprocess.Popen[bytes]] = []


class Missing(Exception):
    """A server is not available on this machine; the message names what must be installed."""


class Broken(Exception):
    """A server is available but failed to start; the message is the end of its log."""


def join(name: str, kind: type[S]) -> S:
    """Return the server of this test run; the first caller starts it.

    Args:
        name: module of the server in this folder.
        kind: class ``Server`` of that module.

    Raises:
        pytest.skip: the server is not available on this machine.
        Broken: the server does not start.
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
    """Hold the shared lock of the folder's users until this process ends."""
    while True:
        folder.mkdir(mode=0o700, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            descriptor = os.open(folder / "users", os.O_RDWR | os.O_CREAT, 0o600)
            fcntl.flock(descriptor, fcntl.LOCK_SH)
            # A host process without users may have removed the folder in the meantime.
            with contextlib.suppress(FileNotFoundError):
                if os.path.samestat(os.stat(folder / "users"), os.fstat(descriptor)):
                    return
            os.close(descriptor)


def _start(name: str, folder: Path, state: Path) -> None:
    with (folder / "host.log").open("wb") as log:
        host = subprocess.Popen(
            [sys.executable, "-m", __name__, name, str(folder)],
            cwd=_ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,
        )
    _hosts.append(host)
    assert host.stdout is not None
    with host.stdout as output:
        line = output.readline()
    if not line:
        line = json.dumps({"broken": "its host process was killed"}).encode()
    temporary = folder / "state.new"
    temporary.write_bytes(line)
    temporary.rename(state)


def _host(name: str, folder: Path) -> None:
    """Run a server until it has no more users; print its values as a line of JSON."""
    signal.signal(signal.SIGTERM, _exit)
    users = os.open(folder / "users", os.O_RDWR)
    data = folder / "server"
    data.mkdir()
    try:
        with importlib.import_module(f"tests.stores.{name}").serve(data) as server:
            _print_values({"server": dataclasses.asdict(server)})
            fcntl.flock(users, fcntl.LOCK_EX)
    except (Missing, Broken) as error:
        _print_values({"missing" if isinstance(error, Missing) else "broken": str(error)})
        fcntl.flock(users, fcntl.LOCK_EX)
    except Exception:
        _print_values({"broken": traceback.format_exc()})
        raise
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _exit(*_: object) -> NoReturn:
    sys.exit(1)


def _print_values(values: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(values) + "\n")
    sys.stdout.flush()
    # The reader stops here; later output of a server must not block on a full pipe.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    with file.open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def cache() -> Path:
    """Return the folder of programs that are prepared once for all test runs of a machine."""
    named = os.environ.get("LAUNCHPAD_TEST_CACHE")
    if named:
        return Path(named)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "launchpad-tests"


def prepared(name: str, make: Callable[[Path], None]) -> Path:
    """Return a folder in the cache; if missing, one process creates it, completely or not at all.

    Args:
        name: name of the folder, with the version of its content.
        make: fills an empty folder; raises Missing if that is not possible.
    """
    folder = cache() / name
    if folder.exists():
        return folder
    cache().mkdir(parents=True, exist_ok=True)
    with _locked(cache() / f"{name}.lock"):
        if not folder.exists():
            with tempfile.TemporaryDirectory(prefix=f"{name}-", dir=cache()) as temporary:
                complete = Path(temporary) / "complete"
                complete.mkdir()
                make(complete)
                complete.rename(folder)
    return folder


def tool(program: str, package: str) -> str:
    """Return the path of a program.

    Args:
        package: how to install the program, for the message.

    Raises:
        Missing: the program is not installed.
    """
    found = shutil.which(program)
    if found is None:
        raise Missing(f"requires the program {program}: {package}")
    return found


def call(
    command: Sequence[str],
    *,
    cwd: Path | None = None,
    data: bytes | None = None,
    env: Mapping[str, str] | None = None,
) -> bytes:
    """Run a program; return its output.

    Raises:
        Missing: the program failed, for example because there is no network.
    """
    environment = None if env is None else {**os.environ, **env}
    result = subprocess.run(
        command, cwd=cwd, env=environment, input=data, capture_output=True, check=False
    )
    if result.returncode:
        output = (result.stderr or result.stdout).decode(errors="replace").strip()[-500:]
        raise Missing(f"{Path(command[0]).name} {' '.join(command[1:3])} failed: {output}")
    return result.stdout


@contextmanager
def running(
    command: Sequence[str],
    log: Path,
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program with its output in a log; kill it and its children at the end of the block."""
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
    """Wait until ``ready`` returns True; an OSError counts as False.

    Args:
        processes: processes of the server by their log files.

    Raises:
        Broken: a process ended, or the time is over.
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
    """Return free ports.

    They are outside of the range of outgoing connections, which could otherwise use a port before
    the server does.
    """
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
    # The modules of servers import this file by its name; both must use the same exception classes.
    importlib.import_module("tests.stores.shared_server")._host(sys.argv[1], Path(sys.argv[2]))
