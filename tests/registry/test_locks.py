"""Tests that no action drops the locks of the open connections of its process."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from launchpad_tui.registry.database import Registry
from launchpad_tui.registry.served_usage import ServedUsage
from launchpad_tui.registry.snapshots import open_snapshot
from launchpad_tui.services.update_note import update_note

#: opens and closes a database, as its last connection unless others have locks
OTHER_PROCESS = (
    "import sqlite3, sys; db = sqlite3.connect(sys.argv[1]); "
    "db.execute('SELECT count(*) FROM sqlite_master').fetchone(); db.close()"
)


def note(path: Path) -> None:
    update_note(path)


def copy(path: Path) -> None:
    open_snapshot(path, sqlite3.OperationalError()).close()


def open_again(path: Path) -> None:
    Registry(path).close()


def log_is_kept(path: Path) -> bool:
    """Return whether another process leaves the write-ahead log of a database."""
    subprocess.run([sys.executable, "-c", OTHER_PROCESS, str(path)], check=True)
    return Path(f"{path}-wal").exists()


@pytest.mark.parametrize("action", [note, copy, open_again])
def test_an_open_registry_stays_locked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, action: Callable[[Path], None]
) -> None:
    monkeypatch.setattr("launchpad_tui.services.update_note.LARGE", 1)
    path = tmp_path / "registry.db"
    registry = Registry(path)
    with registry.write("executions"):
        pass
    action(path)
    assert log_is_kept(path)
    registry.close()
    assert not log_is_kept(path)


def test_the_usage_of_served_clients_stays_locked(tmp_path: Path) -> None:
    path = tmp_path / "served.db"
    first, second = ServedUsage(path), ServedUsage(path)
    first.add("client", [(tmp_path / "file", 1)])
    assert second.totals() == {"client": 1}
    assert log_is_kept(path)
