"""Executions in a temporary home folder: templates and code like those of SAP's tutorials, and
functions that wait for their results."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from launchpad_tui.bootstrap import open_desk
from launchpad_tui.config.paths import Home
from launchpad_tui.domain.artifact import ArtifactKind
from launchpad_tui.domain.connection import DEFAULT_SCOPE, Scope
from launchpad_tui.domain.execution import Execution, Status
from launchpad_tui.services.desk import Desk

HEAD = """\
apiVersion: argoproj.io/v1alpha1
kind: WorkflowTemplate
metadata:
  name: {name}
  annotations:
    scenarios.ai.sap.com/name: "House prices"
    executables.ai.sap.com/name: "Train"
    artifacts.ai.sap.com/housedataset.kind: "dataset"
    artifacts.ai.sap.com/housemodel.kind: "model"
    artifacts.ai.sap.com/housemodel.labels: '{{"ext.ai.sap.com/step": "train"}}'
  labels:
    scenarios.ai.sap.com/id: "houses"
    ai.sap.com/version: "1.0"
"""
#: Two steps from a dataset to a model, as in SAP's tutorials ("Ingest data", "Generate metrics")
TUTORIAL = (
    HEAD
    + """\
spec:
  imagePullSecrets:
    - name: docker-registry
  entrypoint: pipeline
  arguments:
    parameters:
      - name: DT_MAX_DEPTH
        default: "3"
  templates:
    - name: pipeline
      steps:
        - - name: preprocess
            template: preprocess
        - - name: train
            template: train
            arguments:
              artifacts:
                - name: prepared
                  from: "{{{{steps.preprocess.outputs.artifacts.prepared}}}}"
    - name: preprocess
      metadata:
        labels:
          ai.sap.com/resourcePlan: starter
      inputs:
        artifacts:
          - name: housedataset
            path: /app/data/
      outputs:
        artifacts:
          - name: prepared
            path: /app/prepared/
            archive:
              none: {{}}
      container:
        image: docker.io/somebody/houses:03
        command: ["/bin/sh", "-c"]
        args:
          - "set -e && echo start && python /app/src/prepare.py && pwd"
    - name: train
      metadata:
        labels:
          ai.sap.com/resourcePlan: starter
      inputs:
        artifacts:
          - name: prepared
            path: /app/prepared/
      outputs:
        artifacts:
          - name: housemodel
            globalName: housemodel
            path: /app/model/
            archive:
              none: {{}}
      container:
        image: docker.io/somebody/houses:03
        command: ["/usr/local/bin/python3.9"]
        args: ["/app/src/main.py"]
        env:
          - name: DT_MAX_DEPTH
            value: "{{{{workflow.parameters.DT_MAX_DEPTH}}}}"
"""
)
PREPARE = """\
import os
rows = open("/app/data/train.csv").read().splitlines()
os.makedirs("/app/prepared/deep")
with open("/app/prepared/deep/rows", "w") as file:
    file.write("\\n".join(sorted(rows)))
"""
MAIN = """\
import os, pickle
from ai_core_sdk.models import Metric, MetricCustomInfo, MetricTag, MetricLabel
from ai_core_sdk.tracking import Tracking
from datetime import datetime, timezone

tracking = Tracking()
rows = open("/app/prepared/deep/rows").read().split()
for step in range(3):
    label = MetricLabel(name="metrics.ai.sap.com/Artifact.name", value="housemodel")
    now = datetime.now(timezone.utc)
    fold = Metric(name="Fold", value=float(step), timestamp=now, step=step, labels=[label])
    tracking.log_metrics([fold])
tracking.set_tags(tags=[MetricTag(name="Validation", value="CV")])
tracking.set_custom_info([MetricCustomInfo(name="Confusion", value="[[1]]")])
with open("/app/model/model.pkl", "wb") as file:
    pickle.dump({"rows": rows, "depth": int(os.environ["DT_MAX_DEPTH"])}, file)
"""
#: One step that runs a shell script; the model is the content of /app/model
SHELL = (
    HEAD
    + """\
spec:
  entrypoint: only
{more}
  arguments:
    parameters:
      - name: text
        default: "x"
  templates:
    - name: only
      outputs:
        artifacts:
          - name: model
            globalName: housemodel
            path: /app/model
            archive:
              none: {{}}
      container:
        image: any
        command: ["/bin/sh", "-c"]
        args:
          - |
{script}
"""
)


def shell_template(name: str, script: str, more: str = "") -> str:
    """Return a template that runs a shell script."""
    lines = "\n".join(" " * 12 + line for line in script.splitlines())
    return SHELL.format(
        name=name, script=lines, more="\n".join("  " + line for line in more.splitlines())
    )


class Bench:
    """A desk over a temporary home folder, with a folder for templates and code next to it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.code = root / "checkout"
        self.code.mkdir(parents=True)
        self.desk: Desk = open_desk(Home.at(root / "home"))
        self.scope: Scope = DEFAULT_SCOPE

    def add(
        self, text: str, file: str = "train.yaml", files: Mapping[str, str] | None = None
    ) -> str:
        """Add a template and return the ID of the executable."""
        for name, content in {file: text, **(files or {})}.items():
            (self.code / name).parent.mkdir(parents=True, exist_ok=True)
            (self.code / name).write_text(content)
        added = self.desk.scenarios.add_executables(self.scope, self.code / file)
        assert not added.refused, [str(each) for each in added.refused]
        return added.added[0][0].id

    def dataset(self, name: str, files: Mapping[str, str]) -> str:
        """Store a dataset and return the ID of its artifact."""
        for path, content in files.items():
            file = self.desk.home.files / name / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content)
        url = f"ai://default/{name}"
        return self.desk.artifacts.add(self.scope, ArtifactKind.DATASET, name, url, "houses").id

    def create(
        self,
        executable: str,
        parameters: Mapping[str, str] | None = None,
        inputs: Mapping[str, str] | None = None,
    ) -> str:
        """Create a configuration and an execution of it, and return the ID of the execution."""
        configuration = self.desk.configurations.create(
            self.scope, "c", executable, parameters or {}, inputs or {}
        )
        return self.desk.executions.create(self.scope, configuration.id).id

    def shell(self, script: str, more: str = "", name: str = "shell") -> str:
        """Create an execution of a shell script and return its ID."""
        return self.create(self.add(shell_template(name, script, more), f"{name}.yaml"))

    def execution(self, execution_id: str) -> Execution:
        """Return the current state of an execution."""
        return self.desk.executions.get(self.scope, execution_id).execution

    def wait(
        self, execution_id: str, status: Status | None = None, seconds: float = 60
    ) -> Execution:
        """Wait until an execution has a status (None: any final status) and return it."""
        found = self.execution(execution_id)

        def reached() -> bool:
            nonlocal found
            found = self.execution(execution_id)
            return found.status is status if status else found.status.final

        until(reached, seconds, lambda: f"{found}\n{self.log(execution_id)}")
        return found

    def reconcile(self, execution_id: str) -> Execution:
        """Reconcile until an execution has ended, and return it.

        Locks of a killed process may still exist for a short time after its end.
        """
        found = self.execution(execution_id)

        def ended() -> bool:
            nonlocal found
            self.desk.executions.reconcile()
            found = self.execution(execution_id)
            return found.status.final

        until(ended)
        return found

    def log(self, execution_id: str) -> str:
        """Return the messages of an execution's log."""
        log = self.desk.executions.log(self.scope, execution_id)
        return "\n".join(line.message for line in log.slice(0, log.count()))

    def wait_for_log(self, execution_id: str, text: str) -> None:
        """Wait until the log of an execution contains a text."""
        until(lambda: text in self.log(execution_id), 30, lambda: self.log(execution_id))

    def supervisor(self, execution_id: str) -> int:
        """Return the process ID of an execution's supervisor."""
        with self.desk.registry.read() as db:
            row = db.execute(
                "SELECT supervisor_pid FROM executions WHERE id = ?", (execution_id,)
            ).fetchone()
        return int(row[0])

    def models(self) -> list[str]:
        """Return the IDs of the executions of all models."""
        with self.desk.registry.read() as db:
            return [
                row[0]
                for row in db.execute("SELECT execution_id FROM artifacts WHERE kind = 'model'")
            ]

    def close(self) -> None:
        """Stop running executions and close the desk."""
        with self.desk.registry.read() as db:
            unfinished = [
                row[0]
                for row in db.execute(
                    "SELECT id FROM executions WHERE status IN ('PENDING', 'RUNNING')"
                )
            ]
        self.desk.executions.stop(self.scope, unfinished)
        for each in unfinished:
            self.reconcile(each)
        self.desk.close()


def until(
    check: Callable[[], bool], seconds: float = 60, describe: Callable[[], str] = lambda: ""
) -> None:
    """Wait until a condition is true; fail after some seconds."""
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline, (
            f"The condition was not met within {seconds} s\n{describe()}"
        )
        time.sleep(0.02)


def alive(pid: int) -> bool:
    """Return whether a process is running; a zombie is not."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            return file.read().rpartition(")")[2].split()[0] not in {"Z", "X"}
    except OSError:
        return False


def processes_of(execution_id: str) -> list[int]:
    """Return the running processes that have the execution's ID in their environment."""
    found = []
    for name in os.listdir("/proc"):
        try:
            if name.isdigit() and f"AICORE_EXECUTION_ID={execution_id}".encode() in Path(
                f"/proc/{name}/environ"
            ).read_bytes().split(b"\0"):
                found.append(int(name))
        except OSError:
            continue
    return [pid for pid in found if alive(pid)]
