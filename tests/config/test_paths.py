from __future__ import annotations

import os
from pathlib import Path

import pytest

from launchpad_tui.config.paths import Home
from launchpad_tui.config.settings import Settings
from launchpad_tui.errors import ConfigError


def test_launchpad_home_contains_all_paths() -> None:
    home = Home.find({"LAUNCHPAD_HOME": "/x/y", "HOME": "/h", "XDG_CONFIG_HOME": "/c"})
    assert home.root == Path("/x/y")
    assert home.settings_path == Path("/x/y/settings.toml")
    inside = (
        home.registry_path,
        home.executions,
        home.files,
        home.log_path,
        home.credentials_path,
        home.secrets,
    )
    assert len(set(inside)) == 6
    assert all(path.parent == home.root for path in inside)


def test_new_folders_are_closed_whatever_the_umask(tmp_path: Path) -> None:
    home = Home(tmp_path / "share" / "pad", tmp_path / "config" / "pad" / "settings.toml")
    before = os.umask(0)
    try:
        home.ensure()
        Settings.save(home, {"ui.ascii": True})
    finally:
        os.umask(before)
    found = [path for path in tmp_path.rglob("*") if path.stat().st_mode & 0o077]
    assert found == []


@pytest.mark.parametrize("text", ["~/pad", "~"])
def test_tilde(text: str) -> None:
    assert Home.find({"LAUNCHPAD_HOME": text, "HOME": "/h"}).root == Path(text.replace("~", "/h"))


def test_relative_home_is_made_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert Home.find({"LAUNCHPAD_HOME": "here"}).root == tmp_path / "here"


def test_xdg() -> None:
    home = Home.find({"HOME": "/h", "XDG_DATA_HOME": "/d", "XDG_CONFIG_HOME": "/c"})
    assert (home.root, home.settings_path) == (
        Path("/d/launchpad"),
        Path("/c/launchpad/settings.toml"),
    )
    home = Home.find({"HOME": "/h", "XDG_DATA_HOME": "relative", "LAUNCHPAD_HOME": ""})
    expected = (Path("/h/.local/share/launchpad"), Path("/h/.config/launchpad/settings.toml"))
    assert (home.root, home.settings_path) == expected


def test_ensure_restricts_the_folders_to_their_owner(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        home = Home.at(tmp_path / "a" / "b").ensure()
    finally:
        os.umask(old)
    for folder in (home.root, home.executions, home.files, home.secrets):
        assert folder.stat().st_mode & 0o777 == 0o700
    home.root.chmod(0o755)
    home.ensure()
    assert home.root.stat().st_mode & 0o777 == 0o700


def test_a_home_that_cannot_be_created(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError) as caught:
        Home.at(tmp_path / "file" / "home").ensure()
    assert str(tmp_path / "file") in caught.value.detail
    assert "LAUNCHPAD_HOME" in caught.value.hint
    with pytest.raises(ConfigError):
        Home.at(Path("/proc/launchpad")).ensure()
