"""Errors are printed on standard error without a traceback, and the exit code is 2."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from launchpad_tui.services.connections import ConnectionService
from tests.cli.cli_support import Cli, spawn
from tests.cli.test_cli_output import on_terminal


@pytest.mark.parametrize(
    "words",
    [
        ["nonsense"],
        ["models", "nonsense"],
        ["models", "list", "--nonsense"],
        ["models", "list", "--lim", "1"],
        ["models", "show"],
        ["models", "show", "nowhere"],
        ["models", "list", "--limit", "many"],
        ["models", "list", "--sort", "nix:worst"],
        ["models", "list", "--connection", "nowhere"],
        ["models", "list", "--group", "nowhere"],
        ["models", "add", "x", "http://example.com", "--scenario", "s"],
        ["models", "add", "x", "ai://nowhere/x", "--scenario", "s"],
        ["executions", "show", "e000"],
        ["compare", "nowhere"],
        ["log", "loss=1"],
        ["log", "loss=big"],
        ["log"],
        ["connections", "refresh", "nowhere"],
        ["configurations", "create", "nowhere", "--name", "x"],
        ["_supervise"],
    ],
)
def test_invalid_usage_exits_with_2(words: list[str], cli: Cli) -> None:
    shown = cli(*words)
    assert (shown.code, shown.out) == (2, "")
    assert shown.err.startswith("launchpad")
    assert "unexpected" not in shown.err


def test_the_interface_requires_a_terminal(home: Path) -> None:
    for words in ((), ("demo",)):
        shown = spawn(home, *words)
        assert (shown.code, shown.out) == (2, "")
        assert "requires a terminal" in shown.err


@pytest.mark.parametrize("words", [[], ["models", "list"], ["settings"]])
def test_invalid_settings_are_reported_before_the_interface_opens(
    words: list[str], home: Path
) -> None:
    home.mkdir()
    (home / "settings.toml").write_text("[executions]\nparallel = 0\n")
    lines = on_terminal(home, 100, *words)
    assert lines[0] == "launchpad: The setting executions.parallel is invalid"
    assert "settings.toml:2" in lines[1]
    assert not any("\x1b" in line for line in lines)


def test_a_damaged_registry_is_reported(home: Path, cli: Cli) -> None:
    home.mkdir()
    (home / "registry.db").write_bytes(b"not a database at all" * 500)
    shown = cli("models", "list")
    assert shown.code == 2
    assert "registry" in shown.err
    assert "unexpected" not in shown.err
    assert cli("paths", "--json").json["registry"] == str(home / "registry.db")


def test_an_unexpected_error_is_logged(
    home: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_service: ConnectionService) -> None:
        raise RuntimeError("inner \x1b[31m workings")

    monkeypatch.setattr(ConnectionService, "list", broken)
    shown = cli("connections", "list")
    assert shown.code == 2
    assert "RuntimeError: inner ␛[31m workings" in shown.err
    assert str(home / "launchpad.log") in shown.err
    log = home / "launchpad.log"
    assert "Traceback" in log.read_text()
    assert stat.S_IMODE(log.stat().st_mode) == 0o600


def test_an_argument_that_is_not_utf_8_is_rejected(home: Path) -> None:
    shown = spawn(home, "models", "show", "\udcff")
    assert shown.code == 2
    assert "UTF-8" in shown.err


def test_the_home_is_set_by_option_or_environment(home: Path, tmp_path: Path, cli: Cli) -> None:
    other = tmp_path / "other"
    assert cli("--home", str(other), "groups", "add", "vision").code == 0
    assert cli("groups", "list", "--home", str(other), "--quiet").lines == ["default", "vision"]
    assert cli("groups", "list", "--quiet").lines == ["default"]
    assert cli("paths", "--home", str(other), "--json").json["home"] == str(other)
