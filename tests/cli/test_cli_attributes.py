"""Metrics, parameters, tags and custom info of models that no execution created."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.cli_support import Cli, prepare, spawn

EVALUATION = """\
apiVersion: argoproj.io/v1alpha1
kind: WorkflowTemplate
metadata:
  name: evaluate
  annotations:
    scenarios.ai.sap.com/name: Tiny
    executables.ai.sap.com/name: Evaluate
    artifacts.ai.sap.com/model.kind: model
  labels: {scenarios.ai.sap.com/id: tiny, ai.sap.com/version: "1.0"}
spec:
  entrypoint: evaluate
  templates:
    - name: evaluate
      inputs:
        artifacts: [{name: model, path: /app/model}]
      container:
        image: example/tiny:1
        command: [/bin/sh, -c]
        args: ["echo '::metric recall=0.75 f1=0.5 step=2'"]
"""


@pytest.fixture
def models(home: Path, cli: Cli, template: Path) -> Cli:
    """Return the command line of a home with three folders of models in its object store."""
    prepare(home, template)
    for name in ("a", "b", "c"):
        folder = home / "files" / "models" / name
        folder.mkdir(parents=True)
        (folder / "model.pt").write_text("weights")
    files = home / "files" / "models"
    (files / "a" / "metrics.json").write_text('{"accuracy": 0.93, "loss": [0.9, 0.4]}')
    (files / "a" / "params.yaml").write_text("depth: 8\nrate: 1e-3\n")
    (files / "b" / "metrics.csv").write_text("step,accuracy\n1,0.8\n2,0.85\n")
    return cli


def shown(cli: Cli, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(cli("models", "show", name, "--json").out)
    return found


def values(cli: Cli, name: str) -> dict[str, float]:
    return {one["key"]: one["last"] for one in shown(cli, name)["metrics"]}


def test_imported_models_have_the_values_in_files_beside_them(models: Cli) -> None:
    proposed = models("models", "import", "default", "models", "--scenario", "tiny", "--dry-run")
    assert "metrics.json, params.yaml" in proposed.out
    done = models("models", "import", "default", "models", "--scenario", "tiny")
    assert "Added metrics or parameters of 2" in done.err
    assert values(models, "a") == {"accuracy": 0.93, "loss": 0.4}
    assert shown(models, "a")["parameters"] == {"depth": "8", "rate": "1e-3"}
    listed = models("models", "list", "--sort=-accuracy", "--metric", "accuracy:best", "-o", "csv")
    assert [line.split(",")[1] for line in listed.lines[1:]] == ["a", "b", "c"]
    found = models("models", "list", "--where", "depth >= 8 and accuracy > 0.9", "-q")
    assert len(found.lines) == 1
    compared = models("compare", "a", "b", "-o", "csv").out
    assert "depth" in compared
    assert "0.85" in compared
    assert "0.85" in models("metrics", "chart", "b").out


def test_they_are_read_when_a_model_is_added_unless_refused(models: Cli, tmp_path: Path) -> None:
    url = "ai://default/models/a"
    added = models("models", "add", "x", url, "--scenario", "tiny")
    assert "metrics.json" in added.err
    assert values(models, "x")["accuracy"] == 0.93
    assert "same URL" not in added.err
    again = models("models", "add", "y", url, "--scenario", "tiny", "--no-attributes")
    assert "x v1 has the same URL; y v1 was added beside it" in again.err
    assert values(models, "y") == {}
    models("models", "log", "y", "--beside")
    assert values(models, "y")["accuracy"] == 0.93
    source = tmp_path / "upload"
    source.mkdir()
    (source / "model.pt").write_text("w")
    (source / "metrics.json").write_text('{"f1": 0.5}')
    assert models("models", "upload", "z", str(source), "--scenario", "tiny").code == 0
    assert values(models, "z") == {"f1": 0.5}


def test_a_model_of_one_file_has_files_named_after_it(models: Cli, home: Path) -> None:
    folder = home / "files" / "single"
    folder.mkdir()
    for name in ("x.onnx", "y.onnx"):
        (folder / name).write_text("w")
    (folder / "x.metrics.json").write_text('{"f1": 0.5}')
    (folder / "metrics.json").write_text('{"f1": 0.1}')
    done = models("models", "import", "default", "single", "--scenario", "tiny")
    assert values(models, "x.onnx") == {"f1": 0.5}
    # A file that may belong to either of two models is read for none.
    assert values(models, "y.onnx") == {}
    assert "x.metrics.json" not in done.out


def test_a_file_that_cannot_be_read_is_reported(models: Cli, home: Path) -> None:
    (home / "files" / "models" / "c" / "metrics.json").write_text("{bad")
    done = models("models", "import", "default", "models", "--scenario", "tiny")
    assert done.code == 0
    assert "warning: c: The file 'metrics.json' cannot be read" in done.err


@pytest.mark.parametrize("words", [("models", "log"), ("metrics", "log")])
def test_values_are_added_by_command(models: Cli, tmp_path: Path, words: tuple[str, str]) -> None:
    models("models", "add", "m", "ai://default/models/c", "--scenario", "tiny")
    file = tmp_path / "hparams.json"
    file.write_text('{"seed": 7}')
    done = models(
        *words, "m", "f1=0.5", "-p", "depth=3", "--tag", "team=red", "--info", "note=good one",
        "--file", str(file), "--step", "4",
    )  # fmt: skip
    assert done.out == (
        "Added 1 metric, 2 parameters, 1 tag and 1 custom info entry to model m v1.\n"
    )
    found = shown(models, "m")
    assert found["parameters"] == {"seed": "7", "depth": "3"}
    assert (found["tags"], found["customInfo"]) == ({"team": "red"}, {"note": "good one"})
    assert {one["source"] for one in found["added"]} == {"user"}
    assert found["metrics"][0]["lastStep"] == 4
    assert found["metrics"][0]["executionId"] is None
    models("metrics", "delete", "m", "--metric", "f1", "--tag", "team")
    assert values(models, "m") == {}
    assert shown(models, "m")["tags"] == {}
    models("metrics", "delete", "m")
    assert shown(models, "m")["added"] == []


@pytest.mark.parametrize(
    "words",
    [
        ("models", "log", "m"),
        ("models", "log", "m", "f1=high"),
        ("models", "log", "m", "f1"),
        ("models", "log", "m", "--file", "/nowhere/metrics.json"),
        ("models", "log", "m", "--beside"),
        ("models", "log", "nobody", "f1=1"),
        ("models", "log", "m", "--tag", f"long={'x' * 300}"),
        ("models", "log", "m", "...=1"),
        ("metrics", "delete", "m", "--metric", "f1"),
    ],
)
def test_invalid_values_are_refused(models: Cli, words: tuple[str, ...]) -> None:
    models("models", "add", "m", "ai://default/models/c", "--scenario", "tiny")
    refused = models(*words)
    assert refused.code == 2
    assert len(refused.err.splitlines()) >= 2


def test_an_evaluation_adds_its_metrics_to_the_model(
    models: Cli, home: Path, tmp_path: Path
) -> None:
    """The execution has the model as input, and creates none."""
    models("models", "add", "m", "ai://default/models/c", "--scenario", "tiny")
    folder = tmp_path / "evaluation"
    folder.mkdir()
    (folder / "evaluate.yaml").write_text(EVALUATION)
    assert spawn(home, "executables", "add", str(folder)).code == 0
    models("configurations", "create", "evaluate", "--name", "e", "-i", "model=m")
    done = spawn(home, "executions", "create", "e", "--wait", "--json")
    assert done.code == 0, done.err
    found = shown(models, "m")
    assert {one["key"]: one["last"] for one in found["metrics"]} == {"recall": 0.75, "f1": 0.5}
    execution = done.json["id"]
    assert {one["source"] for one in found["added"]} == {execution}
    assert execution in models("models", "show", "m").out
    # Another model gets them by command.
    models("models", "add", "other", "ai://default/models/b", "--scenario", "tiny")
    models("metrics", "delete", "other")
    models("models", "log", "other", "--from-execution", execution)
    assert values(models, "other")["recall"] == 0.75


def test_parameters_of_a_trained_model_cannot_be_changed(trained: Cli) -> None:
    listed = trained("models", "list", "--json").json["resources"][0]["id"]
    refused = trained("models", "log", listed, "-p", "rate=3")
    assert refused.code == 2
    assert "belong to the configuration" in refused.err
