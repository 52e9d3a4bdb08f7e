"""The training code of the demo, run in processes with a tracking endpoint as in an execution."""

from __future__ import annotations

import csv
import gzip
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

import launchpad_tui.demo
from launchpad_tui.demo.candidates import CANDIDATES
from launchpad_tui.domain.metric import CustomInfo, Metric, MetricResource, Tag
from launchpad_tui.domain.metric_lines import parse_metric_line
from launchpad_tui.domain.timestamps import now
from launchpad_tui.server.tracking import tracking_endpoint

DEMO = Path(launchpad_tui.demo.__file__).parent
EXECUTION = "e0123456789abcde"


class Memory:
    """A metric sink that keeps the logged metrics in memory."""

    def __init__(self) -> None:
        self.metrics: list[Metric] = []
        self.infos: dict[str, str] = {}

    def record(
        self, metrics: Sequence[Metric], tags: Sequence[Tag], custom_info: Sequence[CustomInfo]
    ) -> None:
        self.metrics += metrics
        self.infos |= {info.name: info.value for info in custom_info}

    def resource(self) -> MetricResource:
        return MetricResource(EXECUTION, self.metrics)

    def delete(self) -> None:
        self.metrics.clear()


def run(script: str, folder: Path, *arguments: str, **environment: str) -> str:
    """Run a script with its input and output folders in a folder, and return its output."""
    paths = {name: str(folder / name) for name in ("SPLIT_PATH", "MODEL_PATH", "REPORT_PATH")}
    environment = {**os.environ, "DATA_PATH": str(DEMO / "data" / "digits"), **paths, **environment}
    command = [sys.executable, str(DEMO / "executables" / script), *arguments]
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    created = tmp_path_factory.mktemp("demo")
    run("digits/prepare.py", created)
    return created


def train(folder: Path, parameters: dict[str, str]) -> Memory:
    """Train a model and return the logged metrics."""
    memory = Memory()
    arguments = [
        text
        for name, value in parameters.items()
        for text in (f"--{name.replace('_', '-')}", value)
    ]
    with tracking_endpoint(EXECUTION, memory) as base:
        run(
            "digits/train.py",
            folder,
            *arguments,
            AICORE_EXECUTION_ID=EXECUTION,
            AICORE_TRACKING_ENDPOINT=base,
        )
    return memory


def curve(memory: Memory, name: str, phase: str) -> list[float]:
    """Return the values of a metric, one per epoch."""
    found = [m for m in memory.metrics if m.name == name and m.labels == (("phase", phase),)]
    assert [m.step for m in found] == list(range(1, len(found) + 1))
    return [m.value for m in found]


def test_the_dataset_matches_its_notice() -> None:
    table = np.loadtxt(DEMO / "data" / "digits" / "digits.csv.gz", delimiter=",")
    assert table.shape == (1797, 65)
    assert (table[:, :64].min(), table[:, :64].max()) == (0, 16)
    assert sorted(set(table[:, 64])) == list(range(10))
    notice = (DEMO / "data" / "digits" / "NOTICE.txt").read_text()
    assert all(
        word in notice for word in ("Alpaydin", "Kaynak", "CC BY 4.0", "10.24432/C50P49", "1797")
    )
    assert (
        sum(path.stat().st_size for path in (DEMO / "data").rglob("*") if path.is_file()) < 80_000
    )
    with gzip.open(DEMO / "data" / "digits" / "digits.csv.gz", "rt") as file:
        assert len(file.readline().split(",")) == 65


def test_validation_images_are_not_in_the_training_part(folder: Path) -> None:
    with (
        np.load(folder / "SPLIT_PATH" / "train.npz") as train,
        np.load(folder / "SPLIT_PATH" / "validation.npz") as validation,
    ):
        assert train["images"].shape == (1348, 64)
        assert validation["images"].shape == (449, 64)
        assert train["images"].max() == 1
        seen = {image.tobytes() for image in train["images"]}
        assert not any(image.tobytes() in seen for image in validation["images"])


def test_the_curves_differ_and_the_balanced_configuration_is_best(folder: Path) -> None:
    last: dict[str, float] = {}
    losses: dict[str, list[float]] = {}
    for candidate in CANDIDATES:
        memory = train(folder, {**candidate.parameters, "epochs": "40"})
        last[candidate.name] = curve(memory, "accuracy", "validation")[-1]
        losses[candidate.name] = curve(memory, "loss", "validation")
        assert len(losses[candidate.name]) == len(curve(memory, "loss", "train")) == 40
    assert max(last, key=lambda name: last[name]) == "balanced"
    assert last["balanced"] > 0.93
    assert last["rate too low"] < 0.4
    assert last["no momentum"] < last["balanced"] - 0.03
    assert last["network too small"] < 0.85
    assert last["penalty too strong"] < 0.9
    assert last["rate too high"] < last["balanced"] - 0.1
    low, high = losses["rate too low"], losses["rate too high"]
    assert sum(b < a for a, b in pairwise(low)) >= 37
    assert sum(b > a for a, b in pairwise(high)) >= 10


def test_model_and_report_are_complete(folder: Path) -> None:
    memory = train(folder, {"epochs": "3", "hidden_units": "16"})
    with np.load(folder / "MODEL_PATH" / "model.npz") as model:
        assert model["weights1"].shape == (64, 16)
        assert model["weights2"].shape == (16, 10)
    summary = json.loads((folder / "MODEL_PATH" / "summary.json").read_text())
    assert summary["validation"]["accuracy"] == curve(memory, "accuracy", "validation")[-1]
    confusion = np.loadtxt(folder / "REPORT_PATH" / "confusion.csv", delimiter=",")
    assert confusion.sum() == 449
    assert np.trace(confusion) / 449 == pytest.approx(summary["validation"]["accuracy"])
    assert json.loads(memory.infos["confusion matrix"]) == confusion.tolist()


def test_the_same_seed_trains_the_same_model(folder: Path) -> None:
    first, second = (curve(train(folder, {"epochs": "3"}), "loss", "train") for _ in range(2))
    assert first == second


def test_the_evaluation_logs_metric_lines(folder: Path) -> None:
    train(folder, {"epochs": "30"})
    output = run("evaluate/evaluate.py", folder)
    lines = [found for line in output.splitlines() if (found := parse_metric_line(line, now()))]
    logged = {dict(line.metrics[0].labels)["condition"]: line.metrics[0].value for line in lines}
    with (folder / "REPORT_PATH" / "robustness.csv").open(newline="") as file:
        written = {row["condition"]: float(row["accuracy"]) for row in csv.DictReader(file)}
    assert logged == pytest.approx(written, abs=1e-6)
    assert logged["as is"] > 0.9
    assert logged["as is"] > logged["noisy"]
