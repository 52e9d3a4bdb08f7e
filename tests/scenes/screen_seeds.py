"""A home with items of every kind, the same each time.

It has a scenario, executables, artifacts with files, configurations, executions in each state with
logs and metrics, object stores and connections.
"""

from __future__ import annotations

import json
import math
import os
import struct
from collections.abc import Sequence
from datetime import timedelta

from launchpad_tui.bootstrap import open_desk
from launchpad_tui.config.paths import Home
from launchpad_tui.domain.artifact import Artifact, ArtifactKind
from launchpad_tui.domain.connection import DEFAULT_SCOPE
from launchpad_tui.domain.execution import Configuration, Execution, Status, TargetStatus
from launchpad_tui.domain.metric import CustomInfo, Metric, Tag
from launchpad_tui.domain.scenario import ArtifactSlot, Executable, Parameter
from launchpad_tui.domain.sweep import Sweep, SweepMember
from launchpad_tui.domain.timestamps import to_micros
from launchpad_tui.registry import (
    artifacts,
    configurations,
    connections,
    executions,
    scenarios,
    sweeps,
)
from launchpad_tui.registry.database import Registry
from tests.scenes.seeds import HOSTILE, T0, add_scenario

TRAIN, EVALUATE = "churn-train", "churn-evaluate"
DATASET = "da7a5e70-0000-4000-8000-000000000001"
MODEL = "30de1000-0000-4000-8000-000000000001"
SECOND = "30de1000-0000-4000-8000-000000000002"
REPORT = "4e507700-0000-4000-8000-000000000001"
CONFIGURATION = "c0f19000-0000-4000-8000-000000000001"
COMPLETED, DEAD, STOPPED, RUNNING, EVALUATED = (f"e00000000000000{digit}" for digit in "12345")
SWEEP = "s00000000000000a"
TEMPLATE = """\
apiVersion: argoproj.io/v1alpha1
kind: WorkflowTemplate
metadata:
  name: churn-train
  annotations:
    executables.ai.sap.com/description: "Gradient boosting, one row for each customer and month"
spec:
  entrypoint: train
"""
SECRET = "s3cr3t-of-the-bucket"


def _safetensors() -> bytes:
    """Return a safetensors file of three tensors."""
    tensors = {
        "embeddings.word": [305, 384],
        "encoder.0.query": [384, 384],
        "encoder.0.query.bias": [384],
    }
    header: dict[str, object] = {"__metadata__": {"format": "pt"}}
    offset = 0
    for name, shape in tensors.items():
        size = 2 * math.prod(shape)
        header[name] = {"dtype": "F16", "shape": shape, "data_offsets": [offset, offset + size]}
        offset += size
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + bytes(offset)


INCOMING = {
    "bert-small/model.safetensors": _safetensors(),
    "bert-small/config.json": b'{"hidden_size": 384, "layers": 6}',
    "bert-small/vocabulary.txt": b"[PAD]\n[UNK]\n",
    "forest/model.json": b'{"trees": 200}',
    "forest-deep/model.json": b'{"trees": 400}',
    "notes.txt": b"what came in\nthe second line\n",
}


def put_executables(registry: Registry) -> None:
    """Add an executable for training and one for evaluation."""
    train = Executable(
        TRAIN,
        "churn",
        "Train a churn model",
        "Gradient boosting",
        "1.2.0",
        (
            Parameter("learning_rate", "0.1", "Step of each tree"),
            Parameter("trees", "200", "How many trees there are"),
            Parameter(
                "target",
                None,
                "The column to learn, as it is written in the first line of the table",
            ),
        ),
        (ArtifactSlot("customers", "dataset", "One row a customer"),),
        (ArtifactSlot("churn-model", "model"),),
        TEMPLATE,
        "/templates/train.yaml",
        ("image is ignored: images are not pulled",),
        {},
        T0,
        T0,
    )
    evaluate = Executable(
        EVALUATE,
        "churn",
        "Evaluate a churn model",
        "Scores",
        "1.0.0",
        (),
        (ArtifactSlot("classifier", "model"),),
        (ArtifactSlot("report", "resultset"),),
        "",
        "",
        (),
        {},
        T0,
        T0,
    )
    scenarios.put_executable(registry, DEFAULT_SCOPE, train)
    scenarios.put_executable(registry, DEFAULT_SCOPE, evaluate)


def _artifact(
    item_id: str, name: str, kind: ArtifactKind, url: str, execution_id: str = ""
) -> Artifact:
    at = T0 + timedelta(minutes=1 if execution_id else 0)
    labels = (("ext.ai.sap.com/stage", "trial"),)
    return Artifact(
        item_id,
        name,
        kind,
        url,
        "Made for the spring campaign",
        "churn",
        execution_id,
        labels,
        55,
        at,
        at,
    )


def _execution(
    item_id: str, minutes: int, status: Status, executable: str = TRAIN, message: str = ""
) -> Execution:
    at = T0 + timedelta(minutes=minutes)
    started = None if status is Status.RUNNING else at + timedelta(seconds=2)
    done = at + timedelta(seconds=95) if status.final else None
    configuration = CONFIGURATION if executable == TRAIN else CONFIGURATION[:-1] + "2"
    return Execution(
        item_id,
        configuration,
        "deep trees" if executable == TRAIN else "all customers",
        "churn",
        executable,
        "1.2.0",
        status,
        TargetStatus.COMPLETED,
        message,
        at,
        done or at,
        at,
        started,
        done,
        {},
    )


def write_log(
    home: Home, execution_id: str, messages: Sequence[str], *, finished: bool = True
) -> None:
    """Write the log of an execution, with one second between two lines."""
    folder = home.executions / execution_id / "log"
    folder.mkdir(parents=True, exist_ok=True)
    start = to_micros(T0)
    lines = [
        f"{start + number * 1_000_000}\t"
        f"{'stderr' if 'warning' in text else 'stdout'}\ttrain\t{text}\n"
        for number, text in enumerate(messages)
    ]
    (folder / "lines").write_text("".join(lines), encoding="utf-8")
    if finished:
        (folder / "finished").touch()


def workshop(home: Home) -> None:
    """Fill a home with items of every kind."""
    registry = Registry(home.registry_path)
    add_scenario(registry)
    put_executables(registry)
    train = Configuration(
        CONFIGURATION,
        "deep trees",
        "churn",
        TRAIN,
        {"learning_rate": "0.05", "trees": "400", "target": "left"},
        {"customers": DATASET},
        T0,
    )
    evaluate = Configuration(
        CONFIGURATION[:-1] + "2",
        "all customers",
        "churn",
        EVALUATE,
        {},
        {"classifier": MODEL},
        T0 + timedelta(hours=1),
    )
    created = (
        _execution(COMPLETED, 0, Status.COMPLETED),
        _execution(DEAD, 5, Status.DEAD, message="step train ended with exit code 1"),
        _execution(STOPPED, 10, Status.STOPPED),
        _execution(RUNNING, 15, Status.RUNNING),
        _execution(EVALUATED, 70, Status.COMPLETED, EVALUATE),
    )
    with registry.write("executions", "configurations", "artifacts") as db:
        group = connections.group_pk(db, DEFAULT_SCOPE)
        for one in (train, evaluate):
            configurations.insert(db, group, one)
        for execution in created:
            executions.insert(db, group, execution)
        for item in (
            _artifact(DATASET, "customers", ArtifactKind.DATASET, "ai://default/data/customers"),
            _artifact(
                MODEL, "churn-model", ArtifactKind.MODEL, "ai://default/models/churn", COMPLETED
            ),
            _artifact(
                SECOND, "churn-model by hand", ArtifactKind.MODEL, "ai://default/models/hand"
            ),
            _artifact(
                REPORT,
                "churn report",
                ArtifactKind.RESULTSET,
                "ai://default/reports/churn",
                EVALUATED,
            ),
        ):
            artifacts.insert(db, group, item)
    registry.close()
    desk = open_desk(home)
    for phase, factor in (("train", 0.8), ("validation", 1.0)):
        points = [
            Metric(
                "loss", factor / (step + 1), T0 + timedelta(seconds=step), step, (("phase", phase),)
            )
            for step in range(40)
        ]
        desk.metrics.record(COMPLETED, points)
    matrix = "[[42, 1, 0], [2, 39, 4], [0, 3, 51]]"
    desk.metrics.record(
        COMPLETED, (), (Tag("library", "boosting"),), (CustomInfo("confusion matrix", matrix),)
    )
    desk.stores.add(
        DEFAULT_SCOPE,
        "archive",
        "s3",
        {
            "bucket": "models",
            "region": "eu-central-1",
            "access_key_id": "AKIA",
            "secret_access_key": SECRET,
        },
    )
    put_files(home)
    desk.verification.record(DEFAULT_SCOPE, MODEL)
    with desk.registry.write() as db:
        # These timestamps are taken from the clock when the home is created.
        for table in ("connections", "resource_groups", "object_stores"):
            db.execute(f"UPDATE {table} SET created_at = ?", (to_micros(T0),))
        for table in ("connections", "artifacts"):
            db.execute(f"UPDATE {table} SET modified_at = created_at")
        db.execute("UPDATE artifacts SET checked_at = created_at WHERE checked_at IS NOT NULL")
    desk.close()
    write_log(
        home,
        COMPLETED,
        [f"epoch {number:3}  loss {1 / number:.4f}  " + "·" * 80 for number in range(1, 41)],
    )
    write_log(home, DEAD, ["reading customers", "warning: the column left is empty", *HOSTILE[:4]])
    write_log(home, RUNNING, ["reading customers"], finished=False)


def put_files(home: Home) -> None:
    """Write the files of the models, and files that do not belong to an artifact yet."""
    for path, content in INCOMING.items():
        file = home.files / "incoming" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        os.utime(file, (T0.timestamp(), T0.timestamp()))
    folder = home.files / "models" / "churn"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.bin").write_bytes(b"trees" * 10)
    (folder / "card.md").write_bytes(b"# it\n")


def swept(home: Home) -> None:
    """Fill a home as `workshop` does, and add a sweep of three executions, one not created."""
    workshop(home)
    members = tuple(
        SweepMember(place, {"learning_rate": rate, "trees": "200"}, "", "", error)
        for place, (rate, error) in enumerate(
            (("0.05", ""), ("0.1", ""), ("0.2", ""), ("0.4", "The runtime did not respond")), 1
        )
    )
    definition = {"learning_rate": "0.05,0.1,0.2,0.4", "trees": "200"}
    registry = Registry(home.registry_path)
    sweeps.add(
        registry,
        DEFAULT_SCOPE,
        Sweep(SWEEP, "rates", TRAIN, definition, {}, {}, T0, "ada@host", members),
    )
    for place, execution_id in enumerate((COMPLETED, DEAD, RUNNING), 1):
        changes = {"execution_id": execution_id, "configuration_id": CONFIGURATION}
        sweeps.set_member(registry, DEFAULT_SCOPE, SWEEP, place, changes)
    changes = {"error": members[3].error}
    sweeps.set_member(registry, DEFAULT_SCOPE, SWEEP, 4, changes)
    registry.close()
