"""Executions that run again with their recorded code, with a real Git repository and a virtual
environment."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.cli.cli_support import Result, checkout, prepare, spawn
from tests.cli.test_cli_provenance import git

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
TRAIN = """\
import importlib.metadata, os, pathlib

rate = float(os.environ["RATE"])
for step in range(3):
    print(f"::metric loss={rate * (3 - step)} step={step}")
model = pathlib.Path(os.environ["MODEL"])
model.mkdir(parents=True, exist_ok=True)
(model / "weights.txt").write_text(f"{rate} {importlib.metadata.version('fake')}")
"""


class Lab:
    """A home with a model, a repository with its code, and a virtual environment with the package
    ``fake``."""

    def __init__(self, folder: Path) -> None:
        self.home, self.code = folder / "home", checkout(folder / "checkout")
        (self.code / "src" / "train.py").write_text(TRAIN)
        (self.code / ".launchpadignore").write_text("*.bin\n")
        (self.code / "src" / "big.bin").write_bytes(bytes(1000))
        git(self.code, "init", "-q")
        git(self.code, "add", "-A")
        git(self.code, "commit", "-qm", "First")
        git(self.code, "remote", "add", "origin", "https://ada:p@ss/word@example.com/churn.git?t=1")
        self.venv = folder / "venv"
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", self.venv], check=True)
        self.install("1.0")
        prepare(self.home, self.code)
        self.run("executables", "set", "tiny-train", f"python={self.venv}")
        self.run("configurations", "create", "tiny-train", "--name", "a", "-i", "numbers=numbers")
        self.run("executions", "create", "a", "--wait")

    def train_second(self) -> None:
        """Train a second model from another commit."""
        train = self.code / "src" / "train.py"
        train.write_text(TRAIN.replace("rate * (3 - step)", "rate * (5 - step)"))
        git(self.code, "commit", "-qam", "Second")
        self.run("executions", "create", "a", "--wait")

    def install(self, version: str) -> None:
        """Install a version of the package."""
        (packages,) = self.venv.glob("lib/python*/site-packages")
        for old in packages.glob("fake-*"):
            shutil.rmtree(old)
        info = packages / f"fake-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: fake\nVersion: {version}\n")

    def run(self, *words: str, code: int = 0) -> Result:
        """Run a command line and check its exit code."""
        done = spawn(self.home, *words)
        assert done.code == code, done.err + done.out
        return done

    def provenance(self, model: str) -> dict[str, Any]:
        """Return what was recorded about the code of a model."""
        shown = self.run("models", "show", model, "--json")
        found: dict[str, Any] = json.loads(shown.out)["provenance"]
        return found


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """Return a lab with two models from different commits."""
    found = Lab(tmp_path_factory.mktemp("reproduce"))
    found.train_second()
    return found


def test_the_record_is_complete(lab: Lab) -> None:
    one, other = lab.provenance("tiny-model@1"), lab.provenance("tiny-model@2")
    assert one["commit"] != other["commit"]
    assert one["remote"] == "https://example.com/churn.git"
    assert one["packages"]["fake"] == "1.0"
    assert one["snapshot"]["id"] != other["snapshot"]["id"]
    assert one["commands"]["train"] == "/bin/sh -c 'python /app/src/train.py'"
    assert one["inputs"]["numbers"]["files"] == 1
    assert one["inputs"]["numbers"]["sha256"] == other["inputs"]["numbers"]["sha256"]
    shown = lab.run("models", "show", "tiny-model@1").out
    assert one["snapshot"]["id"][:12] in shown
    assert "word" not in shown + json.dumps(one["remote"])


def test_the_comparison_shows_the_commits(lab: Lab) -> None:
    lines = lab.run("compare", "tiny-model@1", "tiny-model@2").out.splitlines()
    place = lines.index(next(line for line in lines if line.startswith("CODE AND ENVIRONMENT")))
    assert lines[place + 1].split()[0] == "commit"
    assert any(line.startswith("  file src/train.py") for line in lines)
    assert not any("package" in line or "big.bin" in line for line in lines)
    exported = lab.run("compare", "tiny-model@1", "tiny-model@2", "--format", "csv").out
    assert "code and environment,commit," in exported


def test_the_difference_shows_the_changed_lines(lab: Lab) -> None:
    lines = lab.run("compare", "tiny-model@1", "tiny-model@2", "--diff").out.splitlines()
    place = lines.index("@@ code: src/train.py @@")
    assert '-     print(f"::metric loss={rate * (3 - step)} step={step}")' in lines[place:]
    assert '+     print(f"::metric loss={rate * (5 - step)} step={step}")' in lines[place:]


def test_a_model_is_reproduced(lab: Lab, tmp_path: Path) -> None:
    # Neither the current template nor the code and its folder matter.
    template = lab.code / "train.yaml"
    text = template.read_text()
    template.write_text(text.replace("python /app/src/train.py", "exit 7"))
    lab.run("executables", "add", str(lab.code))
    lab.code.rename(tmp_path / "moved")
    try:
        done = lab.run("executions", "reproduce", "tiny-model@1")
        report = lab.run("executions", "list", "--quiet", "--limit", "1").out.strip()
    finally:
        (tmp_path / "moved").rename(lab.code)
        template.write_text(text)
        lab.run("executables", "add", str(lab.code))
    assert "All outputs are identical to the byte; the metric is identical" in done.out
    assert "no recorded difference" in done.out
    again = json.loads(lab.run("executions", "show", report, "--json").out)
    assert again["reproduction"]["reproduced"] is True
    assert again["reproduction"]["environment"] == []
    one = lab.provenance("tiny-model@1")
    assert again["provenance"]["commit"] == one["commit"]
    assert again["provenance"]["snapshot"] == one["snapshot"]
    shown = lab.run("executions", "show", report).out
    assert "reproduction result" in shown
    source = again["provenance"]["reproduces"]
    listed = json.loads(lab.run("executions", "show", source, "--json").out)
    assert report in listed["reproducedBy"]
    assert f"{report}  COMPLETED" in lab.run("executions", "show", source).out


def test_a_changed_package_is_named(lab: Lab) -> None:
    lab.install("2.0")
    try:
        done = lab.run("executions", "reproduce", "tiny-model@1", "--json", code=1)
    finally:
        lab.install("1.0")
    report = json.loads(done.out)
    assert report["environment"] == [{"name": "package fake", "before": "1.0", "after": "2.0"}]
    assert [each["result"] for each in report["outputs"]] == ["different"]
    assert [each["result"] for each in report["metrics"]] == ["identical"]
    words = ("executions", "reproduce", report["sourceId"], "--compare-with", report["id"])
    text = lab.run(*words, code=1).out
    assert "1.0 → 2.0" in text
    assert "1 of 1 files: weights.txt" in text


def test_changed_environment_variables_are_named(lab: Lab) -> None:
    setting = "environment=MODE_OF_MATH=fast SERVICE_TOKEN=secret-token"
    lab.run("executables", "set", "tiny-train", f"python={lab.venv}", setting)
    try:
        done = spawn(
            lab.home,
            *("executions", "reproduce", "tiny-model@1", "--json"),
            env={"OMP_NUM_THREADS": "1", "OTHER": "x"},
        )
    finally:
        lab.run("executables", "set", "tiny-train", f"python={lab.venv}", "environment=")
    assert done.code == 0, done.err
    facts = {each["name"]: each["after"] for each in json.loads(done.out)["environment"]}
    assert facts["variable MODE_OF_MATH"] == "fast"
    assert facts["variable OMP_NUM_THREADS"] == "1"
    assert facts.keys() == {
        "variable MODE_OF_MATH",
        "variable OMP_NUM_THREADS",
        "variable SERVICE_TOKEN",
    }
    assert "secret-token" not in done.out


def test_a_changed_input_is_named(lab: Lab) -> None:
    data = lab.home / "files" / "numbers" / "a.csv"
    before = data.read_text()
    data.write_text("3,4\n")
    try:
        done = lab.run("executions", "reproduce", "tiny-model@1", "--json")
    finally:
        data.write_text(before)
    (fact,) = json.loads(done.out)["environment"]
    assert fact["name"] == "files of numbers"


def test_other_code_gives_other_metrics(lab: Lab) -> None:
    ids = [
        json.loads(lab.run("models", "show", f"tiny-model@{number}", "--json").out)["executionId"]
        for number in (1, 2)
    ]
    words = ("executions", "reproduce", ids[0], "--compare-with", ids[1])
    report = json.loads(lab.run(*words, "--json", code=1).out)
    assert [each["result"] for each in report["metrics"]] == ["different"]
    assert "commit" in {each["name"] for each in report["environment"]}
    assert lab.run(*words, "--tolerance", "1").code == 0
    lab.run("executions", "reproduce", ids[0], "--compare-with", ids[0], code=2)
    lab.run("executions", "reproduce", ids[0], "--tolerance", "-1", code=2)


def test_lists_are_filtered_by_the_commit(lab: Lab) -> None:
    first = lab.provenance("tiny-model@1")["commit"]
    second = lab.provenance("tiny-model@2")["commit"]

    def versions(condition: str) -> list[int]:
        words = ("--where", condition, "--sort", "version", "--json")
        rows = json.loads(lab.run("models", "list", *words).out)["resources"]
        return [row["version"] for row in rows]

    assert versions(f"commit = {second}") == [2]
    assert versions(f"commit = {second[:12]}") == [2]
    assert versions(f"commit != {first[:4].upper()}") == [2]
    assert versions("commit is missing") == []
    assert 2 not in versions(f"commit contains {first[3:9]}")
    listed = lab.run("executions", "list", "--where", f"commit = {second[:12]}", "--quiet")
    assert len(listed.out.split()) == 1
    ordered = lab.run("executions", "list", "--sort", "commit", "--quiet").out.split()
    assert len(ordered) >= 2


def test_the_code_is_exported(lab: Lab, tmp_path: Path) -> None:
    lab.run("executions", "code", "tiny-model@1", str(tmp_path / "code"))
    assert (tmp_path / "code" / "code" / "src" / "train.py").read_text() == TRAIN
    assert (tmp_path / "code" / "template.yaml").is_file()
    assert not list((tmp_path / "code").rglob("big.bin"))
    lab.run("executions", "code", "tiny-model@1", str(tmp_path / "code"), code=2)


def test_snapshots_are_listed_and_removed(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    rows = json.loads(lab.run("snapshots", "list", "--json").out)["resources"]
    assert [row["executions"] for row in rows] == [1]
    assert json.loads(lab.run("snapshots", "prune", "--dry-run", "--json").out)["ids"] == []
    # All snapshots are older than an hour.
    old = time.time() - 10_000
    for path in (lab.home / "code").rglob("*"):
        os.utime(path, (old, old))
    lab.run("snapshots", "prune", "--yes")
    assert len(lab.run("snapshots", "list", "--quiet").out.split()) == 1
    lab.run("snapshots", "prune", "--older-than", "0d", code=2)
    lab.run("snapshots", "prune", "--older-than", "0d", "--yes")
    assert lab.run("snapshots", "list", "--quiet").out == ""
    refused = lab.run("executions", "reproduce", "tiny-model@1", code=2)
    assert "is not stored" in refused.err
    # Its size and reason are recorded if the code is too large.
    settings = lab.home / "settings.toml"
    settings.write_text("[executions]\nsnapshot_limit_mb = 0\n")
    lab.run("executions", "create", "a", "--wait")
    refused = lab.run("executions", "reproduce", "tiny-model@2", code=2)
    assert "executions.snapshot_limit_mb (0)" in refused.err
