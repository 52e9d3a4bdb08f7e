"""A home in which every object has a given number of parts: metrics, labels, files, groups, …"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path

from launchpad_tui.bootstrap import open_desk
from launchpad_tui.config.paths import Home
from launchpad_tui.domain.artifact import Artifact, ArtifactFile, ArtifactKind
from launchpad_tui.domain.connection import DEFAULT_SCOPE, Scope
from launchpad_tui.domain.execution import Configuration, Execution, Status, TargetStatus
from launchpad_tui.domain.metric import CustomInfo, Metric, Tag
from launchpad_tui.domain.scenario import ArtifactSlot, Executable, Parameter, Scenario
from launchpad_tui.domain.schedule import Schedule, ScheduleStatus
from launchpad_tui.registry import (
    artifacts,
    configurations,
    connections,
    executions,
    logged_metrics,
    scenarios,
    schedules,
    series,
)
from launchpad_tui.registry.database import Registry
from tests.scenes.seeds import T0


def large_home(root: Path, files: Path, count: int) -> None:
    """Fill a home. Two executions have ``count`` metrics, tags, parameters, inputs and outputs.

    Args:
        root: The home folder.
        files: The folder of the object store ``lake``.
        count: The number of parts of each object.
    """
    desk = open_desk(Home.at(root).ensure())
    registry = desk.registry
    names = [f"name-{number:05}" for number in range(count)]
    files.mkdir(parents=True)
    for name in names:
        (files / "model" / name).parent.mkdir(exist_ok=True)
        (files / "model" / name).write_bytes(b"x")
    connections.add_store(registry, DEFAULT_SCOPE, "lake", "file", {"root": str(files)})
    slots = tuple(ArtifactSlot(name, "dataset") for name in names)
    executable = Executable(
        id="tiny-train",
        scenario_id="tiny",
        name="Train",
        description="",
        version="1",
        parameters=tuple(Parameter(name, "1") for name in names),
        inputs=slots,
        outputs=slots,
        template="",
        source="",
        notes=tuple(names),
        settings={},
        created_at=T0,
        modified_at=T0,
    )
    with registry.write("connections", "artifacts", "executions", "configurations", "metrics"):
        scenarios.put_scenario(
            registry,
            DEFAULT_SCOPE,
            Scenario("tiny", "Tiny", "", dict.fromkeys(names, "x"), T0, T0),
        )
        scenarios.put_executable(registry, DEFAULT_SCOPE, executable)
        for number, name in enumerate(names):
            at = T0 + timedelta(seconds=number)
            connections.add_group(registry, Scope("local", name), {name: name})
            connections.add_store(registry, DEFAULT_SCOPE, name, "file", {"root": f"/{name}"})
            artifacts.add(
                registry,
                DEFAULT_SCOPE,
                _artifact(f"d-{number:05}", name, ArtifactKind.DATASET, at),
            )
            configurations.add(
                registry,
                DEFAULT_SCOPE,
                Configuration(f"s-{number:05}", name, "tiny", "tiny-train", {}, {}, at),
            )
            schedules.put(
                registry,
                DEFAULT_SCOPE,
                Schedule(
                    id=f"p-{number:05}",
                    name=name,
                    cron="0 3 * * *",
                    configuration_id=f"s-{number:05}",
                    status=ScheduleStatus.INACTIVE,
                    start=None,
                    end=None,
                    created_at=at,
                    modified_at=at,
                ),
            )
        for number in range(2):
            _add_trained(desk.registry, number, names)
    for name in names:
        desk.preferences.set(f"board/local/default/{name}", json.loads(_BOARD % name))
    desk.close()


_BOARD = '{"name": "%s", "charts": [{"metrics": ["name-00000"]}]}'


def _artifact(
    id_: str, name: str, kind: ArtifactKind, at: datetime, execution: str = ""
) -> Artifact:
    return Artifact(id_, name, kind, f"ai://lake/{name}", "", "tiny", execution, (), 1, at, at)


def _add_trained(registry: Registry, number: int, names: list[str]) -> None:
    at = T0 + timedelta(days=1 + number)
    configuration = Configuration(
        id=f"c-{number}",
        name=f"large-{number}",
        scenario_id="tiny",
        executable_id="tiny-train",
        parameters={name: str(number) for name in names},
        inputs={name: f"d-{place:05}" for place, name in enumerate(names)},
        created_at=at,
    )
    execution = Execution(
        id=f"e{number:015x}",
        configuration_id=configuration.id,
        configuration_name=configuration.name,
        scenario_id="tiny",
        executable_id="tiny-train",
        executable_version="1",
        status=Status.COMPLETED,
        target_status=TargetStatus.COMPLETED,
        status_message="",
        created_at=at,
        modified_at=at,
        submitted_at=at,
        started_at=at,
        completed_at=at + timedelta(minutes=1),
        status_details=dict.fromkeys(names, "detail"),
    )
    with registry.write("executions") as db:
        group = connections.group_pk(db, DEFAULT_SCOPE)
        configurations.insert(db, group, configuration)
        executions.insert(db, group, execution)
        labels = tuple((f"ext.ai.sap.com/{name}", str(number)) for name in names)
        model = Artifact(
            id=f"m-{number}",
            name=f"model-{number}",
            kind=ArtifactKind.MODEL,
            url="ai://lake/model",
            description="",
            scenario_id="tiny",
            execution_id=execution.id,
            labels=labels,
            size=1,
            created_at=at,
            modified_at=at,
        )
        key = artifacts.insert(db, group, model)
        artifacts.insert_files(db, key, [ArtifactFile(name, 1, "0" * 64) for name in names])
    for place, name in enumerate(names):
        output = _artifact(f"o-{number}-{place:05}", name, ArtifactKind.RESULTSET, at, execution.id)
        artifacts.add(registry, DEFAULT_SCOPE, output)
    points = [Metric(name, float(step), at, step) for name in names for step in range(2)]
    points += [Metric("labeled", 1.0, at, 1, (("label", name),)) for name in names]
    series.append(registry, execution.id, points, DEFAULT_SCOPE)
    tags = [Tag(name, str(number)) for name in names]
    infos = [CustomInfo(name, str(number)) for name in names]
    logged_metrics.put(registry, execution.id, tags, infos, DEFAULT_SCOPE)
