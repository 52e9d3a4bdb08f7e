"""Homes with the demo's models in them, trained for real: once for a state of the code, then copied."""

from __future__ import annotations

import fcntl
import hashlib
import io
import shutil
import tempfile
from pathlib import Path

import launchpad_tui
from launchpad_tui.bootstrap import open_desk
from launchpad_tui.config.paths import Home
from launchpad_tui.demo.headless import run_headless


def _state() -> str:
    """Changes with whatever decides what the demo leaves behind."""
    package = Path(launchpad_tui.__file__).parent
    files = [*sorted((package / "demo").rglob("*.*")), package / "registry" / "schema.py"]
    digest = hashlib.sha256()
    for path in files:
        if path.is_file() and "__pycache__" not in path.parts:
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def trained() -> Path:
    """The folder of a home in which the demo ran to its end."""
    folder = Path(tempfile.gettempdir()) / f"launchpad-demo-{_state()}"
    with open(f"{folder}.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "done").exists():
            shutil.rmtree(folder, ignore_errors=True)
            desk = open_desk(Home.at(folder / "home").ensure())
            said = io.StringIO()
            assert run_headless(desk, said) == 0, said.getvalue()
            desk.close()
            (folder / "done").touch()
    return folder / "home"


def demo(home: Home) -> None:
    """A seed: the demo's home."""
    shutil.copytree(trained(), home.root, dirs_exist_ok=True)
