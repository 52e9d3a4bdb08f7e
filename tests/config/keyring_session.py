"""A session bus of its own with a real keyring on it, apart from anybody's own, and programs in that session."""

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

#: what every program begins with; ``tell`` prints what the test gets
_PRELUDE = """
import json, sys, time
from contextlib import closing
from pathlib import Path
from launchpad_tui.config.credentials import Credentials
from launchpad_tui.errors import LaunchpadError

folder = Path(sys.argv[1])
def tell(**facts): print(json.dumps(facts))
def at(name, keep="auto"):
    (folder / name).mkdir(exist_ok=True)
    return Credentials(folder / name / "credentials.json", keep)
def said(call, *words):
    try:
        call(*words)
    except LaunchpadError as error:
        return f"{type(error).__name__}: {error}"
    return ""
"""
#: what is in the session's keyring, past our own code
_ENTRIES = """
import secretstorage
with closing(secretstorage.dbus_init()) as bus:
    found = secretstorage.get_default_collection(bus).search_items({"service": "launchpad"})
    tell(entries={item.get_attributes()["username"]: item.get_secret().decode() for item in found})
"""
_LOCK = """
import secretstorage
with closing(secretstorage.dbus_init()) as bus:
    secretstorage.get_default_collection(bus).lock()
    tell(locked=secretstorage.get_default_collection(bus).is_locked())
"""
_PROCESS = """
import secretstorage
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import Proxy
with closing(secretstorage.dbus_init()) as bus:
    tell(process=Proxy(message_bus, bus).GetConnectionUnixProcessID("org.freedesktop.secrets")[0])
"""


def lacking() -> str:
    """The programs that a session needs and this machine does not have."""
    return ", ".join(
        name for name in ("dbus-run-session", "gnome-keyring-daemon") if shutil.which(name) is None
    )


@dataclass(frozen=True)
class Session:
    """A session; ``folder`` is where programs make homes."""

    folder: Path
    environ: dict[str, str]

    def run(self, program: str, **more: str) -> dict[str, Any]:
        """What a program in a process of its own tells last."""
        done = subprocess.run(
            [sys.executable, "-c", _PRELUDE + program, str(self.folder)],
            env={**self.environ, **more},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return told | {"stderr": done.stderr}

    def entries(self) -> dict[str, Any]:
        """The texts of the keyring's entries of launchpad, by name."""
        found: dict[str, Any] = self.run(_ENTRIES)["entries"]
        return found

    def lock(self) -> None:
        """Lock the keyring."""
        assert self.run(_LOCK)["locked"]

    def process(self) -> int:
        """The process of the keyring's program."""
        return int(self.run(_PROCESS)["process"])


def environment(folder: Path, **more: str) -> dict[str, str]:
    """This process's environment with folders of its own, without any display, session or choice of a keyring."""
    left_out = (
        "DISPLAY",
        "WAYLAND_DISPLAY",
        "DBUS_",
        "LAUNCHPAD_",
        "PYTHON_KEYRING_",
        "GNOME_KEYRING_",
        "XDG_",
    )
    kept = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
    for name in ("home", "run", "data"):
        (folder / name).mkdir(mode=0o700, exist_ok=True)
    places = {"HOME": "home", "XDG_RUNTIME_DIR": "run", "XDG_DATA_HOME": "data"}
    return kept | {name: str(folder / place) for name, place in places.items()} | more


@contextmanager
def session(folder: Path, *, unlocked: bool = True) -> Iterator[Session]:
    """A session; with an open keyring, or with a keyring's program that has no keyring yet."""
    environ = environment(folder)
    start = (
        "printf open-sesame | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1; "
        * unlocked
    )
    # The session ends with this shell, and that with its standard input.
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
