"""Registries on full and read-only disks can be read."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from launchpad_tui.bootstrap import open_desk
from launchpad_tui.config.paths import Home
from launchpad_tui.domain.artifact import ArtifactKind
from launchpad_tui.domain.connection import DEFAULT_SCOPE
from launchpad_tui.domain.query import Query
from launchpad_tui.errors import LaunchpadError, PermissionDenied, StorageFull
from launchpad_tui.registry import preferences
from launchpad_tui.registry.database import Registry
from launchpad_tui.registry.pages import artifact_lister
from launchpad_tui.registry.revisions import RevisionWatch
from launchpad_tui.registry.snapshots import Snapshot
from tests.registry.registry_data import add_artifact
from tests.small_disk import fill, set_read_only, small_disk

ROOT = Path(__file__).parents[2]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small disk with a home folder whose registry has a model."""
    with small_disk(tmp_path / "disk", 6) as folder:
        desk = open_desk(Home.at(folder / "home"))
        add_artifact(desk.registry, "model-1")
        desk.close()
        yield folder


def models(registry: Registry) -> list[str]:
    lister = artifact_lister(registry, DEFAULT_SCOPE, ArtifactKind.MODEL, Query())
    return sorted(row.artifact.id for row in lister.page(None, 100).rows)


def write_much(registry: Registry) -> None:
    for number in range(200):
        preferences.put(registry, f"a{number}", "x" * 1000)


def leave_a_log(home: Home) -> None:
    """Add a model in a process that is killed, so that it is only in the write-ahead log."""
    script = (
        "import os, sys, signal\n"
        "from pathlib import Path\n"
        "from launchpad_tui.registry.database import Registry\n"
        "from tests.registry.registry_data import add_artifact\n"
        "registry = Registry(Path(sys.argv[1]))\n"
        "add_artifact(registry, 'model-2')\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    command = [sys.executable, "-c", script, str(home.registry_path)]
    assert subprocess.run(command, cwd=ROOT, check=False).returncode == -signal.SIGKILL
    assert os.path.getsize(f"{home.registry_path}-wal")


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize("shared_memory", [False, True])
@pytest.mark.parametrize("state", ["full", "read-only"])
def test_lists_are_read(disk: Path, state: str, shared_memory: bool, log: bool) -> None:
    home = Home.at(disk / "home")
    expected = ["model-1"]
    if log:
        leave_a_log(home)
        expected.append("model-2")
    if not shared_memory:
        Path(f"{home.registry_path}-shm").unlink(missing_ok=True)
    if state == "full":
        fill(disk)
    else:
        set_read_only(disk, True)
    try:
        desk = open_desk(home)
        assert models(desk.registry) == expected
        with pytest.raises((StorageFull, PermissionDenied)) as caught:
            write_much(desk.registry)
        assert caught.value.hint
        assert models(desk.registry) == expected
        desk.close()
    finally:
        set_read_only(disk, False)


def test_writing_works_again_when_there_is_space(
    disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("launchpad_tui.registry.database._SNAPSHOT_SECONDS", 0.0)
    home = Home.at(disk / "home")
    set_read_only(disk, True)
    desk = open_desk(home)
    watch = RevisionWatch(desk.registry)
    assert isinstance(desk.registry.connect(), Snapshot)
    assert watch.poll() == frozenset()
    with pytest.raises(LaunchpadError):
        preferences.put(desk.registry, "a", 1)
    set_read_only(disk, False)
    preferences.put(desk.registry, "a", 1)
    assert preferences.get(desk.registry, "a") == 1
    assert watch.poll() == {"preferences"}
    add_artifact(desk.registry, "model-2")
    assert models(desk.registry) == ["model-1", "model-2"]
    assert watch.poll() == {"artifacts"}
    watch.close()
    desk.close()


def test_a_home_without_a_registry_on_a_read_only_disk_is_an_error(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 2) as disk:
        set_read_only(disk, True)
        try:
            with pytest.raises(LaunchpadError):
                open_desk(Home.at(disk / "home"))
        finally:
            set_read_only(disk, False)
