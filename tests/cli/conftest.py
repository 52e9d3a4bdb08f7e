"""Fixtures: homes, a workflow template, and the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from launchpad_tui.__main__ import main
from tests.cli.cli_support import Cli, Result, checkout, prepare, run_here


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of an empty home, which is set in the environment."""
    root = tmp_path / "home"
    monkeypatch.setenv("LAUNCHPAD_HOME", str(root))
    monkeypatch.delenv("NO_COLOR", raising=False)
    return root


@pytest.fixture
def cli(home: Path, capsys: pytest.CaptureFixture[str]) -> Cli:
    """Return a function that runs a command line in this process."""

    def run(*words: str) -> Result:
        capsys.readouterr()
        try:
            code = main(list(words))
        except SystemExit as stop:
            code = int(stop.code or 0)
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return Result(code, out, err)

    return run


@pytest.fixture
def template(tmp_path: Path) -> Path:
    """Return a folder with a template and its code."""
    return checkout(tmp_path / "checkout")


@pytest.fixture(scope="session")
def trained_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a home with two completed executions and one DEAD one. Tests must not change it."""
    folder = tmp_path_factory.mktemp("cli-trained")
    root = folder / "home"
    prepare(root, checkout(folder / "checkout"))
    for words in (
        ("configurations", "create", "tiny-train", "--name", "slow", "-i", "numbers=numbers"),
        (
            "configurations",
            "create",
            "tiny-train",
            "--name",
            "fast",
            "-i",
            "numbers=numbers",
            "-p",
            "rate=0.5",
        ),
        (
            "configurations",
            "create",
            "tiny-train",
            "--name",
            "broken",
            "-i",
            "numbers=numbers",
            "-p",
            "mode=fail",
        ),
    ):
        assert run_here(root, *words).code == 0
    for name, code in (("slow", 0), ("fast", 0), ("broken", 1)):
        done = run_here(root, "executions", "create", name, "--wait")
        assert done.code == code, done.err + done.out
    return root


@pytest.fixture
def trained(trained_home: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Cli:
    """Return the command line for the trained home."""
    monkeypatch.setenv("LAUNCHPAD_HOME", str(trained_home))
    return cli
