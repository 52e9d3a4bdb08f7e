"""Commands on connections, resource groups and object stores, and how they read secrets."""

from __future__ import annotations

import io
import shutil
import stat
from dataclasses import fields
from pathlib import Path

import pytest

from launchpad_tui.config.settings import SECTIONS
from tests.cli.cli_support import Cli, spawn


def test_connections_are_listed_edited_and_removed(cli: Cli) -> None:
    listed = cli("connections", "list", "--json").json
    assert listed["count"] == 1
    assert set(listed["resources"][0]) == {
        "name",
        "kind",
        "settings",
        "createdAt",
        "modifiedAt",
        "syncedAt",
        "lastError",
        "current",
    }
    assert {each["id"] for each in cli("connections", "types", "--json").json["resources"]} >= {
        "local"
    }
    assert cli("connections", "show", "local", "--json").json["capabilities"]["executions"] is True
    assert cli("connections", "refresh", "local", "--json").json["logs"] is True
    assert cli("connections", "edit", "local", "--set", "description=here").code == 0
    assert "here" in cli("connections", "show", "local").out
    assert cli("connections", "edit", "local", "--set", "nix=1").code == 2
    assert cli("connections", "add", "lab", "--type", "nix").code == 2
    assert cli("connections", "remove", "nix").code == 2


def test_secrets_are_read_from_standard_input(home: Path, cli: Cli) -> None:
    words = [
        "connections",
        "add",
        "lab",
        "--type",
        "sap-ai-core",
        "--set",
        "base_url=https://api.example.com",
        "--set",
        "auth_url=https://auth.example.com",
        "--set",
        "client_id=me",
    ]
    refused = cli(*words, "--set", "client_secret=hush-hush")
    assert refused.code == 2
    assert "secret" in refused.err
    assert "hush" not in refused.err
    added = spawn(home, *words, "--secret", "client_secret", "--json", stdin="hush-hush\n")
    assert added.code == 0, added.err
    assert (
        "hush"
        not in added.out + added.err + spawn(home, "connections", "show", "lab", "--json").out
    )
    credentials = home / "credentials.json"
    assert "hush-hush" in credentials.read_text()
    assert stat.S_IMODE(credentials.stat().st_mode) == 0o600
    assert b"hush-hush" not in b"".join(each.read_bytes() for each in home.glob("registry.db*"))
    assert cli("connections", "edit", "lab", "--set", "client_id=other").code == 0
    assert "hush-hush" in credentials.read_text()
    assert cli("connections", "remove", "lab").code == 0
    assert "hush-hush" not in credentials.read_text()


def test_secrets_are_read_from_files(
    home: Path, tmp_path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = tmp_path / "key.pem"
    key.write_text("-----BEGIN KEY-----\nline\n-----END KEY-----\n")
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    words = ["stores", "add", "lake", "--type", "s3", "--set", "bucket=b"]
    missing = cli(*words, "--secret", "access_key_id")
    assert "Standard input ended" in missing.err
    assert cli(*words, "--set-file", "access_key_id=/nowhere").code == 2
    assert cli(*words, "--set-file", "nix=/nowhere").code == 2
    both = [f"--set-file=access_key_id={key}", f"--set-file=secret_access_key={key}"]
    assert cli(*words, *both, "--json").json["settings"]["bucket"] == "b"
    shown = cli("stores", "show", "lake")
    assert "BEGIN KEY" not in shown.out
    assert "secret_access_key" in shown.out
    assert (
        '"-----BEGIN KEY-----\\nline\\n-----END KEY-----"'
        in (home / "credentials.json").read_text()
    )


def test_groups_and_stores_are_added_and_removed(home: Path, tmp_path: Path, cli: Cli) -> None:
    assert cli("groups", "add", "vision", "--label", "team=eyes", "--json").json["labels"] == [
        {"key": "team", "value": "eyes"}
    ]
    assert cli("groups", "use", "vision").code == 0
    assert [each["current"] for each in cli("groups", "list", "--json").json["resources"]] == [
        False,
        True,
    ]
    assert cli("stores", "list", "--quiet").lines == ["default"]
    folder = tmp_path / "models"
    folder.mkdir()
    assert cli("stores", "add", "archive", "--type", "file", "--set", f"root={folder}").code == 0
    assert cli("stores", "test", "archive", "--json").json["reachable"] is True
    assert cli("stores", "list", "--group", "default", "--quiet").lines == ["default"]
    shutil.rmtree(folder)
    assert cli("stores", "edit", "archive", "--set", f"root={tmp_path}/file").code == 0
    assert cli("stores", "show", "archive", "--json").json["settings"]["root"] == f"{tmp_path}/file"
    assert cli("stores", "remove", "archive").code == 0
    assert cli("stores", "remove", "archive").code == 2
    assert cli("connections", "use", "local").code == 0
    assert cli("groups", "delete", "vision").code == 0
    assert cli("groups", "list", "--quiet").lines == ["default"]
    assert cli("groups", "delete", "default").code == 2


def test_an_artifact_is_added_manually(home: Path, cli: Cli, template: Path) -> None:
    cli("executables", "add", str(template))
    added = cli(
        "models",
        "add",
        "churn",
        "ai://default/churn/1",
        "--scenario",
        "tiny",
        "--label",
        "stage=prod",
    )
    assert added.code == 0
    assert "warning" in added.err
    one = cli("models", "show", "churn", "--json").json
    assert (one["executionId"], one["labels"]) == (
        None,
        [{"key": "ext.ai.sap.com/stage", "value": "prod"}],
    )
    kind = cli(
        "artifacts", "add", "x", "ai://default/x", "--scenario", "tiny", "--kind", "other", "--json"
    ).json["kind"]
    assert kind == "other"
    assert cli("artifacts", "list", "--json").json["count"] == 2
    assert cli("metrics", "list", "churn", "--json").json == {"resources": [], "count": 0}


def test_paths_settings_and_reconcile(home: Path, cli: Cli) -> None:
    assert set(cli("paths", "--json").json) == {
        "home",
        "registry",
        "files",
        "executions",
        "code",
        "secrets",
        "settings",
        "credentials",
        "log",
        "clients",
    }
    shown = cli("settings", "--json").json
    assert shown["executions"]["parallel"] == 2
    assert {section: set(values) for section, values in shown.items() if section != "keys"} == {
        section: {field.name for field in fields(kind)} for section, kind in SECTIONS.items()
    }
    assert "executions.parallel" in cli("settings").out
    assert cli("reconcile", "--json").json == {"reconciled": True}


def test_settings_are_printed_as_in_the_file_with_their_problems(home: Path, cli: Cli) -> None:
    home.mkdir()
    (home / "settings.toml").write_text(
        '[ui]\nnothing = 1\n[keys]\n"artifacts.compare" = "C"\n"artifacts.nothing" = "x"\n'
    )
    shown = cli("settings")
    assert 'ui.theme                       ""' in shown.lines
    assert "ui.ascii                       false" in shown.lines
    assert "ui.nothing" in shown.err
    assert "artifacts.nothing" in shown.err
    assert "artifacts.compare" not in shown.err
