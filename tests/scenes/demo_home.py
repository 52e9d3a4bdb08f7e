"""The home of the demo after all trainings, built from a recording of a real run.

Training for every test would take half a minute and produce other numbers on another machine.
``python -m tests.scenes.demo_home`` runs the demo and writes the recording again.
"""

from __future__ import annotations

import atexit
import gzip
import json
import os
import re
import shutil
import sys
import tempfile
import uuid
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import launchpad_tui
from launchpad_tui.bootstrap import open_desk
from launchpad_tui.config.paths import Home
from launchpad_tui.demo.headless import run_headless
from launchpad_tui.demo.plan import prepare_demo
from launchpad_tui.domain.artifact import Artifact, ArtifactKind
from launchpad_tui.domain.connection import DEFAULT_SCOPE, DEFAULT_STORE
from launchpad_tui.domain.execution import Configuration, Execution, Status, TargetStatus
from launchpad_tui.domain.metric import CustomInfo, Tag
from launchpad_tui.domain.query import Query
from launchpad_tui.domain.timestamps import to_micros
from launchpad_tui.registry import artifacts, configurations, connections, executions, series
from launchpad_tui.services.desk import Desk
from tests.scenes.harness import NOW

RECORDING = Path(__file__).with_name("demo_run.json.gz")
START = NOW - timedelta(minutes=10)
#: how long the running execution of `training` has been running, in microseconds
_RUNNING_MICROS = 5_400_000
_PACKAGE = Path(launchpad_tui.__file__).parent


def demo(home: Home) -> None:
    """Fill a home with the content of the demo's home."""
    shutil.copytree(_built(), home.root, dirs_exist_ok=True)


@cache
def _recorded() -> dict[str, Any]:
    """Return the recording, without the path of the interpreter that recorded it."""
    text = gzip.decompress(RECORDING.read_bytes()).decode()
    text = re.sub(r"(python: )/[^\s\"]*(/bin/python)", r"\1/opt/launchpad\2", text)
    found: dict[str, Any] = json.loads(text)
    return found


def training(home: Home) -> None:
    """Fill a home with the content of the demo's home, and with an execution that is running.

    It has the first part of the log and of the points of the demo's best execution.
    """
    demo(home)
    recorded = _recorded()
    done = next(one for one in recorded["executions"] if one["name"] == "balanced")
    settings = next(one for one in recorded["configurations"] if one["id"] == done["configuration"])
    since = to_micros(NOW) - to_micros(START) - _RUNNING_MICROS
    running = {**done, "id": "e" + "5" * 15, "name": "balanced, again", "configuration": "c" * 36}
    running |= {"created": since, "started": since, "tags": [], "infos": []}
    running["series"] = []
    for each in done["series"]:
        count = len(each["values"]) * 3 // 5
        first = since + each["first"] - done["started"]
        part = {"values": each["values"][:count], "first": first}
        last = first + (each["last"] - each["first"]) * 3 // 5
        running["series"].append({**each, **part, "last": last})
    desk = open_desk(home)
    with desk.registry.write("executions", "configurations") as db:
        group = connections.group_pk(db, DEFAULT_SCOPE)
        changed = {"id": running["configuration"], "name": running["name"], "created": since}
        configurations.insert(db, group, _configuration({**settings, **changed}))
        execution = replace(_execution(running), status=Status.RUNNING, completed_at=None)
        executions.insert(db, group, replace(execution, modified_at=execution.created_at))
    _put_metrics(desk, running)
    log = desk.home.executions / running["id"] / "log"
    log.mkdir(parents=True)
    start = to_micros(START) + since - done["started"]
    lines = [f"{start + at}\t{rest}\n" for at, rest in done["log"]]
    (log / "lines").write_text("".join(lines[: len(lines) * 3 // 5]), encoding="utf-8")
    desk.close()


@cache
def _built() -> Path:
    """Return the folder of the demo's home, built once in each process."""
    root = Path(tempfile.mkdtemp(prefix="launchpad-demo-"))
    atexit.register(shutil.rmtree, root, ignore_errors=True)
    recorded = _recorded()
    desk = open_desk(Home.at(root).ensure())
    desk.scenarios.add_executables(DEFAULT_SCOPE, _PACKAGE / "demo" / "executables")
    with desk.registry.write("scenarios") as db:
        # The path of the checkout differs from machine to machine.
        for (source,) in db.execute("SELECT source FROM executables").fetchall():
            db.execute(
                "UPDATE executables SET source = ? WHERE source = ?",
                (_portable(source), source),
            )
    with desk.registry.write("executions", "configurations", "artifacts") as db:
        group = connections.group_pk(db, DEFAULT_SCOPE)
        for one in recorded["configurations"]:
            configurations.insert(db, group, _configuration(one))
        for one in recorded["executions"]:
            executions.insert(db, group, _execution(one))
        for one in recorded["artifacts"]:
            artifacts.insert(db, group, _artifact(one))
    for one in recorded["artifacts"]:
        _put_files(desk, one)
    for one in recorded["executions"]:
        _put_metrics(desk, one)
        log = desk.home.executions / one["id"] / "log"
        log.mkdir(parents=True)
        start = to_micros(START)
        lines = [f"{start + at}\t{rest}\n" for at, rest in one["log"]]
        (log / "lines").write_text("".join(lines), encoding="utf-8")
        (log / "finished").touch()
    for name, value in recorded["preferences"].items():
        desk.preferences.set(name, value)
    desk.close()
    return root


def _at(micros: int) -> datetime:
    return START + timedelta(microseconds=micros)


def _configuration(one: dict[str, Any]) -> Configuration:
    return Configuration(
        one["id"],
        one["name"],
        one["scenario"],
        one["executable"],
        one["parameters"],
        one["inputs"],
        _at(one["created"]),
    )


def _execution(one: dict[str, Any]) -> Execution:
    created, started, completed = map(_at, (one["created"], one["started"], one["completed"]))
    return Execution(
        one["id"],
        one["configuration"],
        one["name"],
        one["scenario"],
        one["executable"],
        one["version"],
        Status.COMPLETED,
        TargetStatus.COMPLETED,
        "",
        created,
        completed,
        created,
        started,
        completed,
    )


def _artifact(one: dict[str, Any]) -> Artifact:
    return Artifact(
        one["id"],
        one["name"],
        ArtifactKind(one["kind"]),
        f"ai://{DEFAULT_STORE}/{one['path']}",
        one["description"],
        one["scenario"],
        one["execution"],
        tuple((key, value) for key, value in one["labels"]),
        sum(one["files"].values()),
        _at(one["created"]),
        _at(one["created"]),
    )


def _put_files(desk: Desk, one: dict[str, Any]) -> None:
    """Write files of the recorded sizes; their content is never shown by a scene."""
    for path, size in one["files"].items():
        file = desk.home.files / one["path"] / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(bytes(size))
        os.utime(file, (START.timestamp(), START.timestamp()))
    desk.verification.record(DEFAULT_SCOPE, one["id"])


def _put_metrics(desk: Desk, one: dict[str, Any]) -> None:
    for each in one["series"]:
        values, first, last = each["values"], each["first"], each["last"]
        gap = (last - first) / max(1, len(values) - 1)
        start = to_micros(START) + first
        series.append_bulk(
            desk.registry,
            one["id"],
            each["name"],
            tuple((key, value) for key, value in each["labels"]),
            range(each["step"], each["step"] + len(values)),
            [start + round(number * gap) for number in range(len(values))],
            values,
            DEFAULT_SCOPE,
        )
    tags = [Tag(name, value) for name, value in one["tags"]]
    infos = [CustomInfo(name, value) for name, value in one["infos"]]
    desk.metrics.record(one["id"], (), tags, infos)


def _portable(text: str) -> str:
    """Return the text with the path of the package replaced by a fixed one."""
    return text.replace(str(_PACKAGE), "/opt/launchpad")


class _Recorder:
    """Reads a home in which the demo ran, and replaces IDs by ones derived from names."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._plan = prepare_demo(desk)
        #: all executions, oldest first
        self._executions = [
            row.execution
            for row in reversed(desk.executions.listing(DEFAULT_SCOPE, Query()).slice(0, 100))
        ]
        self._start = self._plan.dataset.created_at
        self._ids: dict[str, str] = {}

    def recording(self) -> dict[str, Any]:
        """Return everything that `demo` needs, as JSON values."""
        found = {
            "configurations": [self._configuration(one) for one in self._configurations()],
            "executions": [self._execution(one) for one in self._executions],
            "artifacts": [self._artifact(one) for one in self._artifacts()],
            "preferences": {
                name: self._desk.preferences.get(name)
                for name in ("columns.model", "columns.execution")
            },
        }
        text = json.dumps(found)
        for old, new in self._ids.items():
            text = text.replace(old, new)
        recording: dict[str, Any] = json.loads(text)
        return recording

    def _micros(self, at: datetime | None) -> int:
        return 0 if at is None else (at - self._start) // timedelta(microseconds=1)

    def _rename(self, old: str, name: str, *, execution: bool = False) -> None:
        new = uuid.uuid5(uuid.NAMESPACE_URL, name)
        self._ids[old] = f"e{new.hex[:15]}" if execution else str(new)

    def _configurations(self) -> list[Configuration]:
        known = {one.id: one for one in self._desk.configurations.list(DEFAULT_SCOPE)}
        return [known[one.configuration_id] for one in self._executions]

    def _artifacts(self) -> list[Artifact]:
        found = [
            row.artifact
            for kind in (ArtifactKind.DATASET, ArtifactKind.MODEL, ArtifactKind.RESULTSET)
            for row in self._desk.artifacts.listing(DEFAULT_SCOPE, kind, Query()).slice(0, 100)
        ]
        return sorted(found, key=lambda one: one.created_at)

    def _configuration(self, one: Configuration) -> dict[str, Any]:
        self._rename(one.id, f"configuration {one.name}")
        return {
            "id": one.id,
            "name": one.name,
            "scenario": one.scenario_id,
            "executable": one.executable_id,
            "parameters": dict(one.parameters),
            "inputs": dict(one.inputs),
            "created": self._micros(one.created_at),
        }

    def _execution(self, one: Execution) -> dict[str, Any]:
        self._rename(one.id, f"execution {one.configuration_name}", execution=True)
        metrics = self._desk.metrics
        lines = (self._desk.home.executions / one.id / "log" / "lines").read_text("utf-8")
        log = []
        for line in lines.splitlines():
            at, _, rest = line.partition("\t")
            log.append([int(at) - to_micros(self._start), _portable(rest)])
        found = []
        for each in metrics.series(DEFAULT_SCOPE, one.id):
            points = metrics.points(DEFAULT_SCOPE, one.id, each.key, limit=None)
            found.append(
                {
                    "name": each.name,
                    "labels": each.labels,
                    "step": each.first_step,
                    "first": self._micros(each.first_at),
                    "last": self._micros(each.last_at),
                    "values": [float(f"{point.value:.5g}") for point in points],
                }
            )
        return {
            "id": one.id,
            "configuration": one.configuration_id,
            "name": one.configuration_name,
            "scenario": one.scenario_id,
            "executable": one.executable_id,
            "version": one.executable_version,
            "created": self._micros(one.created_at),
            "started": self._micros(one.started_at),
            "completed": self._micros(one.completed_at),
            "log": log,
            "series": found,
            "tags": [[tag.name, tag.value] for tag in metrics.tags(DEFAULT_SCOPE, one.id)],
            "infos": [
                [info.name, info.value] for info in metrics.custom_info(DEFAULT_SCOPE, one.id)
            ],
        }

    def _artifact(self, one: Artifact) -> dict[str, Any]:
        self._rename(one.id, f"{one.kind} {self._ids.get(one.execution_id, one.name)}")
        files = self._desk.files.recorded(DEFAULT_SCOPE, one.id)
        return {
            "id": one.id,
            "name": one.name,
            "kind": str(one.kind),
            "path": one.url.removeprefix(f"ai://{DEFAULT_STORE}/"),
            "description": one.description,
            "scenario": one.scenario_id,
            "execution": one.execution_id,
            "labels": one.labels,
            "files": {file.path: file.size for file in files},
            "created": self._micros(one.created_at),
        }


def main() -> None:
    """Run the demo in a new home and write the recording."""
    with tempfile.TemporaryDirectory() as folder:
        desk = open_desk(Home.at(Path(folder)).ensure())
        if run_headless(desk, sys.stdout):
            raise SystemExit("a training of the demo failed")
        text = json.dumps(_Recorder(desk).recording(), ensure_ascii=False)
        desk.close()
    # Without a time in its header the file changes only with its content.
    RECORDING.write_bytes(gzip.compress(text.encode(), mtime=0))
    print(f"{RECORDING.name}: {RECORDING.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
