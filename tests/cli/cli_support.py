"""A workflow template with its code, and command lines that run in processes."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from launchpad_tui.__main__ import main

TEMPLATE = """\
apiVersion: argoproj.io/v1alpha1
kind: WorkflowTemplate
metadata:
  name: tiny-train
  annotations:
    scenarios.ai.sap.com/name: Tiny
    scenarios.ai.sap.com/description: One executable
    executables.ai.sap.com/name: Train
    artifacts.ai.sap.com/tiny-model.kind: model
    artifacts.ai.sap.com/tiny-model.labels: '{"ext.ai.sap.com/stage":"test"}'
    artifacts.ai.sap.com/numbers.kind: dataset
  labels:
    scenarios.ai.sap.com/id: tiny
    ai.sap.com/version: "1.0"
spec:
  entrypoint: train
  arguments:
    parameters:
      - {name: rate, default: "0.1", description: The learning rate}
      - {name: mode, default: train}
  templates:
    - name: train
      inputs:
        artifacts: [{name: numbers, path: /app/data}]
      outputs:
        artifacts: [{name: model, globalName: tiny-model, path: /app/model, archive: {none: {}}}]
      container:
        image: example/tiny:1
        command: [/bin/sh, -c]
        args: ["python /app/src/train.py"]
        env:
          - {name: RATE, value: "{{workflow.parameters.rate}}"}
          - {name: MODE, value: "{{workflow.parameters.mode}}"}
          - {name: DATA, value: /app/data}
          - {name: MODEL, value: /app/model}
"""
TRAIN = """\
import os, pathlib, sys, time
from launchpad_tui.tracking import info, log, tag

mode, rate = os.environ["MODE"], float(os.environ["RATE"])
print("rows:", len(list(pathlib.Path(os.environ["DATA"]).rglob("*"))))
print("escape \\x1b[31mred\\x1b[0m", flush=True)
if mode == "fail":
    sys.exit(3)
if mode == "command":
    import subprocess
    values = ["log", "loss=0.5", "x=nan", "--step", "3", "--label", "phase=val"]
    values += ["--tag", "team=red", "--info", "n=t u"]
    command = [sys.executable, "-m", "launchpad_tui", *values]
    subprocess.run(command, check=True)
    mode = "train"
if mode == "sleep":
    time.sleep(60)
for step in range(20):
    log(step=step, loss=rate * (20 - step), accuracy=1 - rate / (step + 1))
log(step=20, loss=float("nan"))
tag(team="blue")
info("note", "first")
model = pathlib.Path(os.environ["MODEL"])
model.mkdir(parents=True, exist_ok=True)
(model / "weights.txt").write_text(str(rate))
"""


#: Options that print a list again and again, quickly.
FAST = ("--watch", "--interval", "0.1")


@dataclass(frozen=True)
class Result:
    """The exit code and the output of a command line."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()


Cli = Callable[..., Result]


def environment(home: Path, **more: str) -> dict[str, str]:
    """Return the environment of a child process, with the home and this interpreter's launchpad."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    inherited = {
        name: value
        for name, value in os.environ.items()
        if name not in {"COLUMNS", "LINES", "NO_COLOR"}
    }
    return {**inherited, "LAUNCHPAD_HOME": str(home), "PATH": path, **more}


def spawn(home: Path, *words: str, env: Mapping[str, str] | None = None, stdin: str = "") -> Result:
    """Run a command line in a process."""
    done = subprocess.run(
        [sys.executable, "-m", "launchpad_tui", *words],
        env={**environment(home), **(env or {})},
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return Result(done.returncode, done.stdout, done.stderr)


def run_here(home: Path, *words: str) -> Result:
    """Run a command line in this process, which is quicker than `spawn`."""
    out, err = io.StringIO(), io.StringIO()
    with (
        patch.dict(os.environ, environment(home), clear=True),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            code = main(list(words))
        except SystemExit as stop:
            code = int(stop.code or 0)
    return Result(code, out.getvalue(), err.getvalue())


def checkout(folder: Path) -> Path:
    """Create a folder with the template and its code."""
    (folder / "src").mkdir(parents=True)
    (folder / "train.yaml").write_text(TEMPLATE)
    (folder / "src" / "train.py").write_text(TRAIN)
    return folder


def prepare(root: Path, templates: Path) -> None:
    """Add the template and a dataset to a home."""
    added = run_here(root, "executables", "add", str(templates))
    assert added.code == 0, added.err
    data = root / "files" / "numbers"
    data.mkdir(parents=True)
    (data / "a.csv").write_text("1,2\n")
    words = ("datasets", "add", "numbers", "ai://default/numbers", "--scenario", "tiny", "--record")
    assert run_here(root, *words).code == 0


@contextlib.contextmanager
def running(home: Path, *words: str) -> Iterator[subprocess.Popen[str]]:
    """Run a command in a process whose output is a pipe."""
    child = subprocess.Popen(
        [sys.executable, "-m", "launchpad_tui", *words],
        env=environment(home),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield child
    finally:
        child.kill()
        child.communicate()


def watching(home: Path, *words: str) -> AbstractContextManager[subprocess.Popen[str]]:
    """Run a command with ``--watch`` in a process whose output is a pipe."""
    return running(home, *words, *FAST)


def read_until(child: subprocess.Popen[str], done: Callable[[str], bool]) -> str:
    """Read lines until the text of all of them meets a condition."""
    assert child.stdout is not None
    seen = ""
    while not done(seen):
        line = child.stdout.readline()
        assert line, seen
        seen += line
    return seen
