"""The code and the environment of executions, with a real Git repository."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from launchpad_tui.domain.repository import without_credentials
from tests.cli.cli_support import Cli, prepare, spawn

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


def git(folder: Path, *words: str) -> str:
    identity = {"NAME": "Ada", "EMAIL": "ada@example.com"}
    env = {
        f"GIT_{who}_{key}": value
        for who in ("AUTHOR", "COMMITTER")
        for key, value in identity.items()
    }
    done = subprocess.run(
        ["git", "-c", "init.defaultBranch=main", *words], cwd=folder, env={**os.environ, **env},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout.strip()


def test_an_execution_records_its_code(cli: Cli, home: Path, template: Path) -> None:
    git(template, "init", "-q")
    git(template, "add", "-A")
    git(template, "commit", "-qm", "First")
    git(template, "remote", "add", "origin", "https://ada:secret-token@example.com/churn.git")
    prepare(home, template)
    create = ("configurations", "create", "tiny-train", "--name", "a", "-i", "numbers=numbers")
    assert cli(*create).code == 0
    assert spawn(home, "executions", "create", "a", "--wait").code == 0
    with (template / "src" / "train.py").open("a") as file:
        file.write("# another line\n")
    (template / "src" / "new.py").write_text("1\n")
    assert spawn(home, "executions", "create", "a", "--wait").code == 0
    clean, changed = (
        json.loads(cli("models", "show", f"tiny-model@{number}", "--json").out)["provenance"]
        for number in (1, 2)
    )
    commit = git(template, "rev-parse", "HEAD")
    assert clean["commit"] == changed["commit"] == commit
    assert clean["branch"] == "main"
    assert clean["remote"] == "https://example.com/churn.git"
    assert clean["changed"] == []
    assert "patch" not in clean
    assert {Path(one).name for one in changed["changed"]} == {"train.py", "new.py"}
    assert "+# another line" in changed["patch"]
    assert clean["packages"]
    assert clean["python"].startswith("3.")
    shown = cli("models", "show", "tiny-model@2").out
    assert f"{commit[:12]} (main) of https://example.com/churn.git, with 2 changed files" in shown
    assert "secret-token" not in json.dumps([clean, changed]) + shown


def test_code_without_a_repository(trained: Cli, trained_home: Path) -> None:
    (one, *_) = trained("executions", "list", "--quiet").out.split()
    found = json.loads(trained("executions", "show", one, "--json").out)["provenance"]
    assert "commit" not in found
    assert found["packages"]
    shown = trained("executions", "show", one).out
    assert "environment" in shown
    assert "\ncode snapshot" in shown
    assert "\ncode  " not in shown


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://ada:secret@example.com/x.git", "https://example.com/x.git"),
        ("https://secret@example.com/x.git", "https://example.com/x.git"),
        ("https://ada:sec@ret@example.com/x.git", "https://example.com/x.git"),
        ("https://ada:sec/ret@example.com/x.git", "https://example.com/x.git"),
        ("https://ada:secr@e/t@example.com/x.git", "https://example.com/x.git"),
        ("https://example.com/x.git?private_token=secret#secret", "https://example.com/x.git"),
        ("https://example.com:8443/@team/x.git", "https://example.com:8443/@team/x.git"),
        ("https://secret@example.com/@team/x.git", "https://example.com/@team/x.git"),
        ("codecommit::https://ada:secret@example.com/x", "codecommit::https://example.com/x"),
        ("git@example.com:team/x.git", "git@example.com:team/x.git"),
        ("ssh://git@example.com:22/x.git", "ssh://example.com:22/x.git"),
        ("/srv/git/x.git", "/srv/git/x.git"),
    ],
)
def test_remotes_have_no_credentials(url: str, shown: str) -> None:
    assert without_credentials(url) == shown
