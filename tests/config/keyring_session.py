"""A separate session bus with a real keyring, and programs that run in that session.

The keyring of the user who runs the tests is not used.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

#: first lines of every program; ``report`` prints the values that the test receives
_PRELUDE = """
import json, sys, time
from contextlib import closing
from pathlib import Path
from launchpad_tui.config.credentials import Credentials
from launchpad_tui.errors import LaunchpadError

folder = Path(sys.argv[1])
def report(**values): print(json.dumps(values))
def load(name, keep="auto"):
    (folder / name).mkdir(exist_ok=True)
    return Credentials(folder / name / "credentials.json", keep)
def error_of(call, *arguments):
    try:
        call(*arguments)
    except LaunchpadError as error:
        return f"{type(error).__name__}: {error}"
    return ""
"""
#: reports the entries of the session's keyring without using launchpad
_ENTRIES = """
import secretstorage
with closing(secretstorage.dbus_init()) as bus:
    found = secretstorage.get_default_collection(bus).search_items({"service": "launchpad"})
    texts = {item.get_attributes()["username"]: item.get_secret().decode() for item in found}
    report(entries=texts)
"""
_LOCK = """
import secretstorage
with closing(secretstorage.dbus_init()) as bus:
    secretstorage.get_default_collection(bus).lock()
    report(locked=secretstorage.get_default_collection(bus).is_locked())
"""
_PROCESS = """
import secretstorage
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import Proxy
with closing(secretstorage.dbus_init()) as bus:
    report(process=Proxy(message_bus, bus).GetConnectionUnixProcessID("org.freedesktop.secrets")[0])
"""


def missing_programs() -> str:
    """Return the names of required programs that are not installed, separated by commas."""
    return ", ".join(
        name for name in ("dbus-run-session", "gnome-keyring-daemon") if shutil.which(name) is None
    )


@dataclass(frozen=True)
class Session:
    """A session; programs create home folders in ``folder``."""

    folder: Path
    environ: dict[str, str]

    def run(self, program: str, **more: str) -> dict[str, Any]:
        """Run a program in a new process; return the values that it reported last."""
        done = subprocess.run(
            [sys.executable, "-c", _PRELUDE + program, str(self.folder)],
            env={**self.environ, **more},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        reported: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return reported | {"stderr": done.stderr}

    def entries(self) -> dict[str, Any]:
        """Return the texts of launchpad's entries in the keyring, by name."""
        found: dict[str, Any] = self.run(_ENTRIES)["entries"]
        return found

    def lock(self) -> None:
        """Lock the keyring."""
        assert self.run(_LOCK)["locked"]

    def process(self) -> int:
        """Return the process ID of the keyring daemon."""
        return int(self.run(_PROCESS)["process"])


def environment(folder: Path, **more: str) -> dict[str, str]:
    """Return this process's environment with other folders.

    Variables of displays, sessions and keyrings are removed.
    """
    removed = (
        "DISPLAY",
        "WAYLAND_DISPLAY",
        "DBUS_",
        "LAUNCHPAD_",
        "PYTHON_KEYRING_",
        "GNOME_KEYRING_",
        "XDG_",
    )
    kept = {name: value for name, value in os.environ.items() if not name.startswith(removed)}
    for name in ("home", "run", "data"):
        (folder / name).mkdir(mode=0o700, exist_ok=True)
    folders = {"HOME": "home", "XDG_RUNTIME_DIR": "run", "XDG_DATA_HOME": "data"}
    return kept | {name: str(folder / subfolder) for name, subfolder in folders.items()} | more


@contextmanager
def session(folder: Path, *, unlocked: bool = True) -> Iterator[Session]:
    """Run a session until the block ends.

    Args:
        unlocked: whether it has an unlocked keyring; otherwise its keyring daemon has none yet.
    """
    environ = environment(folder)
    start = (
        "printf open-sesame | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1; "
        * unlocked
    )
    # The session ends when its shell ends, and the shell when its standard input is closed.
    bus = subprocess.Popen(
        [
            "dbus-run-session",
            "--",
            "sh",
            "-c",
            start + 'echo "$DBUS_SESSION_BUS_ADDRESS"; exec cat',
        ],
        env=environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with bus:
        assert bus.stdin is not None
        assert bus.stdout is not None
        try:
            address = bus.stdout.readline().strip()
            assert address
            yield Session(folder, {**environ, "DBUS_SESSION_BUS_ADDRESS": address})
        finally:
            bus.stdin.close()
            bus.wait(timeout=20)
