"""Inputs that several executions share are downloaded once, and again if somebody changed them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from launchpad_tui.runtimes.embedded.shared_inputs import UNUSED_DAYS, stage_shared


class _Shared:
    """A common folder, and the downloads into it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.downloads = 0
        self.folder = root / "inputs"

    def download(self, folder: Path) -> None:
        """Download two files."""
        self.downloads += 1
        (folder / "deep").mkdir()
        (folder / "deep" / "b").write_text("two")
        (folder / "a").write_text("one")

    def stage(self, name: str, key: str = "key") -> Path:
        """Stage the input for an execution and return its folder."""
        target = self.root / name
        target.mkdir()
        stage_shared(self.folder, self.root / "locks", key, target, self.download)
        return target


def test_files_are_downloaded_once(tmp_path: Path) -> None:
    shared = _Shared(tmp_path)
    first, second = shared.stage("first"), shared.stage("second")
    assert shared.downloads == 1
    for each in (first, second):
        assert (each / "a").read_text() == "one"
        assert (each / "deep" / "b").read_text() == "two"
        assert not (each / "a").stat().st_mode & 0o222
    (first / "deep" / "new").write_text("of the first")
    (first / "a").unlink()
    assert sorted(path.name for path in shared.stage("third").rglob("*")) == ["a", "b", "deep"]
    assert shared.downloads == 1


def test_files_that_were_changed_are_downloaded_again(tmp_path: Path) -> None:
    shared = _Shared(tmp_path)
    changed = shared.stage("first") / "a"
    changed.chmod(0o600)
    changed.write_text("changed by a command")
    assert (shared.stage("second") / "a").read_text() == "one"
    assert shared.downloads == 2


def test_a_download_that_failed_leaves_nothing(tmp_path: Path) -> None:
    shared = _Shared(tmp_path)
    (tmp_path / "first").mkdir()
    (shared.folder / ".key.killed" / "files").mkdir(parents=True)

    def fail(folder: Path) -> None:
        (folder / "a").write_text("half")
        raise OSError("interrupted")

    with pytest.raises(OSError, match="interrupted"):
        stage_shared(shared.folder, tmp_path / "locks", "key", tmp_path / "first", fail)
    assert not list(shared.folder.iterdir())
    assert (shared.stage("second") / "a").read_text() == "one"


def test_files_that_are_not_used_are_removed(tmp_path: Path) -> None:
    shared = _Shared(tmp_path)
    shared.stage("first", "old")
    old = shared.folder / "old" / "manifest.json"
    seconds = old.stat().st_mtime - (UNUSED_DAYS + 1) * 86400
    os.utime(old, (seconds, seconds))
    shared.stage("second", "new")
    assert [path.name for path in shared.folder.iterdir()] == ["new"]
