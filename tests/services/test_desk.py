"""Services over a real home folder: connections, configurations, artifacts, lineage, comparison."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from launchpad_tui.bootstrap import open_desk
from launchpad_tui.config.paths import Home
from launchpad_tui.domain.artifact import Artifact, ArtifactFile, ArtifactKind, new_artifact_id
from launchpad_tui.domain.connection import DEFAULT_SCOPE, Scope
from launchpad_tui.domain.execution import Execution, Status, TargetStatus, new_execution_id
from launchpad_tui.domain.filters import ExecutionFilter
from launchpad_tui.domain.metric import CustomInfo, Metric, Tag
from launchpad_tui.domain.query import Order, Query
from launchpad_tui.domain.scenario import ArtifactSlot, Executable, Parameter, Scenario
from launchpad_tui.domain.timestamps import now
from launchpad_tui.errors import Conflict, InvalidInput, NotFound
from launchpad_tui.registry import completion, executions, scenarios
from launchpad_tui.services.desk import Desk
from launchpad_tui.services.lanes import Lane
from tests.registry.registry_data import new_pending


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    created = open_desk(Home.at(tmp_path / "home"))
    at = now()
    scenarios.put_scenario(created.registry, DEFAULT_SCOPE, Scenario("sc", "Churn", "", {}, at, at))
    executable = Executable(
        "train",
        "sc",
        "Train",
        "",
        "1",
        (Parameter("lr", "0.1", "step size"), Parameter("epochs")),
        (ArtifactSlot("data", "dataset"), ArtifactSlot("base", "model")),
        (ArtifactSlot("model", "model"),),
        "kind: x",
        "/a.yaml",
        ("image ignored",),
        {},
        at,
        at,
    )
    assert scenarios.put_executable(created.registry, DEFAULT_SCOPE, executable) == "added"
    assert scenarios.put_executable(created.registry, DEFAULT_SCOPE, executable) == "unchanged"
    yield created
    created.close()


def add(desk: Desk, name: str, kind: ArtifactKind = ArtifactKind.MODEL) -> Artifact:
    return desk.artifacts.add(DEFAULT_SCOPE, kind, name, f"ai://default/{name}", "sc")


def train(desk: Desk, data: Artifact, base: Artifact, name: str, lr: str = "0.1") -> Artifact:
    """Return a model that is the output of a completed execution."""
    configuration = desk.configurations.create(
        DEFAULT_SCOPE,
        f"for {name}",
        "train",
        {"lr": lr, "epochs": "3"},
        {"data": data.id, "base": base.id},
    )
    execution = new_pending(configuration, "1", new_execution_id())
    executions.create(desk.registry, DEFAULT_SCOPE, execution)
    executions.transition(
        desk.registry, DEFAULT_SCOPE, execution.id, Status.RUNNING, started_at=now()
    )
    at = now()
    model = Artifact(
        new_artifact_id(),
        name,
        ArtifactKind.MODEL,
        f"ai://default/{execution.id}/model",
        "",
        "sc",
        execution.id,
        (),
        None,
        at,
        at,
    )
    outputs = [(model, [ArtifactFile(".", 7, "ab")])]
    done = completion.finish_completed(desk.registry, DEFAULT_SCOPE, execution.id, outputs, now())
    assert done.status is Status.COMPLETED
    return desk.artifacts.get(DEFAULT_SCOPE, model.id)


def test_the_first_start_requires_no_input(desk: Desk, tmp_path: Path) -> None:
    assert [c.name for c in desk.connections.list()] == ["local"]
    assert [g.name for g in desk.connections.groups("local")] == ["default"]
    assert [s.name for s in desk.stores.list(DEFAULT_SCOPE)] == ["default"]
    assert desk.connections.current() == DEFAULT_SCOPE
    again = open_desk(Home.at(tmp_path / "home"))
    assert len(again.connections.list()) == 1
    assert (
        again.scenarios.executable(DEFAULT_SCOPE, "train").parameters[0].description == "step size"
    )
    again.close()


def test_groups_and_stores(desk: Desk) -> None:
    with pytest.raises(Conflict):
        desk.connections.delete("local")
    with pytest.raises(Conflict):
        desk.connections.delete_group(DEFAULT_SCOPE)
    with pytest.raises(Conflict):
        desk.stores.delete(DEFAULT_SCOPE, "default")
    desk.connections.add_group("local", "team-a", {"k": "v"})
    scope = Scope("local", "team-a")
    desk.connections.choose(scope)
    assert desk.connections.current() == scope
    with pytest.raises(Conflict):
        desk.connections.add_group("local", "team-a")
    with pytest.raises(InvalidInput):
        desk.connections.add_group("local", "-a")
    values = {"bucket": "b", "access_key_id": "AK", "secret_access_key": "SK"}
    store = desk.stores.add(scope, "cloud", "s3", values)
    assert store.settings["bucket"] == "b"
    with desk.registry.read() as db:
        assert "SK" not in "\n".join(db.iterdump())
    desk.stores.edit(scope, "cloud", {"bucket": "c", "access_key_id": "", "secret_access_key": ""})
    with pytest.raises(InvalidInput) as caught:
        desk.stores.add(scope, "other", "s3", {"bucket": "b"})
    assert caught.value.field == "access_key_id"
    with pytest.raises(NotFound):
        desk.stores.add(scope, "other", "floppy", {})
    desk.connections.delete_group(scope)
    assert desk.connections.current() == DEFAULT_SCOPE
    with pytest.raises(NotFound):
        desk.stores.list(scope)


def test_configurations_are_checked(desk: Desk) -> None:
    data, base = add(desk, "set", ArtifactKind.DATASET), add(desk, "old")
    inputs = {"data": data.id, "base": "old"}
    created = desk.configurations.create(DEFAULT_SCOPE, " first ", "train", {"epochs": "3"}, inputs)
    assert dict(created.parameters) == {"lr": "0.1", "epochs": "3"}
    assert dict(created.inputs) == {"data": data.id, "base": base.id}
    assert desk.configurations.get(DEFAULT_SCOPE, created.id) == created
    assert desk.configurations.resolve(DEFAULT_SCOPE, created.id[:6]) == created
    for search in ("FIRST", "epochs=3", "first lr=0.1"):
        assert desk.configurations.list(DEFAULT_SCOPE, "train", search) == [created]
    assert desk.configurations.list(DEFAULT_SCOPE, "other") == []
    for parameters, bound, field in (
        ({}, inputs, "parameters.epochs"),
        ({"epochs": "1", "lrr": "1"}, inputs, "parameters.lrr"),
        ({"epochs": "1"}, {"data": data.id}, "inputs.base"),
        ({"epochs": "1"}, {"data": base.id, "base": base.id}, "inputs.data"),
        ({"epochs": "1"}, inputs | {"data": "nowhere"}, "inputs.data"),
        ({"epochs": "1"}, inputs | {"more": data.id}, "inputs.more"),
    ):
        with pytest.raises(InvalidInput) as caught:
            desk.configurations.create(DEFAULT_SCOPE, "x", "train", parameters, bound)
        assert caught.value.field == field
    with pytest.raises(InvalidInput):
        desk.configurations.create(DEFAULT_SCOPE, "ü", "train", {"epochs": "1"}, inputs)


def test_artifacts_are_checked_and_resolved(desk: Desk) -> None:
    one, two = add(desk, "same"), add(desk, "same")
    with pytest.raises(Conflict) as caught:
        desk.artifacts.resolve(DEFAULT_SCOPE, "same")
    assert one.id[:8] in caught.value.detail
    assert desk.artifacts.resolve(DEFAULT_SCOPE, two.id[:8]) == two
    with pytest.raises(NotFound):
        desk.artifacts.resolve(DEFAULT_SCOPE, one.id, ArtifactKind.DATASET)
    for url, scenario, field in (
        ("ai://nowhere/x", "sc", "url"),
        ("s3://x/y", "sc", "url"),
        ("ai://default/x", "none", "scenario_id"),
    ):
        with pytest.raises(InvalidInput) as wrong:
            desk.artifacts.add(DEFAULT_SCOPE, ArtifactKind.MODEL, "n", url, scenario)
        assert wrong.value.field == field
    listing = desk.artifacts.listing(
        DEFAULT_SCOPE, ArtifactKind.MODEL, Query(order=Order("name", False))
    )
    assert (listing.count(), len(listing.slice(0, 50))) == (2, 2)


def test_deleting_an_execution_keeps_its_models(desk: Desk) -> None:
    model = train(desk, add(desk, "set", ArtifactKind.DATASET), add(desk, "old"), "new")
    assert model.size == 7
    lineage = desk.lineage.lineage(DEFAULT_SCOPE, model.id)
    (before,) = desk.compare.artifacts(DEFAULT_SCOPE, [model.id])
    shown = desk.executions.count(DEFAULT_SCOPE, Query())
    counted = desk.overview.counts(DEFAULT_SCOPE).executions
    executions.delete(desk.registry, DEFAULT_SCOPE, model.execution_id)
    assert desk.artifacts.get(DEFAULT_SCOPE, model.id) == model
    after = desk.lineage.lineage(DEFAULT_SCOPE, model.id)
    assert after.artifacts == lineage.artifacts
    assert after.executions.keys() == lineage.executions.keys()
    (kept,) = desk.compare.artifacts(DEFAULT_SCOPE, [model.id])
    assert (kept.configuration, kept.inputs, kept.series) == (
        before.configuration,
        before.inputs,
        before.series,
    )
    assert kept.execution is not None
    assert kept.execution.deleted_at is not None
    # Lists, numbers, searches and the AI API do not contain it any more.
    assert desk.executions.count(DEFAULT_SCOPE, Query()) == shown - 1
    assert desk.overview.counts(DEFAULT_SCOPE).executions == counted - 1
    assert desk.serving.count_executions(DEFAULT_SCOPE, ExecutionFilter()) == shown - 1
    hits = desk.everywhere.search(model.execution_id, 20)
    assert not [hit for hit in hits if hit.execution is not None]
    for missing in (desk.serving.execution, desk.executions.log, desk.serving.require_execution):
        with pytest.raises(NotFound):
            missing(DEFAULT_SCOPE, model.execution_id)
    with pytest.raises(NotFound, match="was deleted"):
        executions.delete(desk.registry, DEFAULT_SCOPE, model.execution_id)


def test_lineage_upstream_and_downstream(desk: Desk) -> None:
    data, base = add(desk, "set", ArtifactKind.DATASET), add(desk, "old")
    first = train(desk, data, base, "first")
    second = train(desk, data, first, "second")
    third = train(desk, data, second, "third")
    other = train(desk, data, base, "other")
    found = desk.lineage.lineage(DEFAULT_SCOPE, second.id)
    assert found.executions.keys() == {first.execution_id, second.execution_id, third.execution_id}
    assert found.artifacts.keys() == {a.id for a in (data, base, first, second, third)}
    source = found.source(second.id)
    assert source is not None
    assert source.inputs == (("data", data.id), ("base", first.id))
    assert source.configuration is not None
    assert [e.outputs for e in found.consumers(second.id)] == [(third.id,)]
    assert not found.truncated
    below = desk.lineage.lineage(DEFAULT_SCOPE, data.id)
    assert below.executions.keys() == {a.execution_id for a in (first, second, third, other)}
    short = desk.lineage.lineage(DEFAULT_SCOPE, data.id, limit=2)
    assert short.truncated
    assert len(short.executions) == 2
    assert desk.lineage.lineage(DEFAULT_SCOPE, third.id, limit=3).truncated is False
    assert desk.lineage.lineage(DEFAULT_SCOPE, third.id, limit=2).truncated


def test_cyclic_lineage_terminates(desk: Desk) -> None:
    data = add(desk, "set", ArtifactKind.DATASET)
    one = train(desk, data, add(desk, "old"), "one")
    two = train(desk, data, one, "two")
    with desk.registry.write() as db:
        # Executions cannot create cycles, but a registry that was edited may contain one.
        db.execute(
            "UPDATE configuration_inputs SET artifact_id = ? WHERE artifact_id NOT IN (?, ?)",
            (two.id, one.id, data.id),
        )
    found = desk.lineage.lineage(DEFAULT_SCOPE, one.id)
    assert found.executions.keys() == {one.execution_id, two.execution_id}


def test_compare(desk: Desk) -> None:
    data, base = add(desk, "set", ArtifactKind.DATASET), add(desk, "old")
    models = [train(desk, data, base, f"m{i}", lr=f"0.{i}") for i in range(1, 4)]
    for i, model in enumerate(models):
        desk.metrics.record(
            model.execution_id,
            [Metric("loss", i / 10, now(), k) for k in range(5)],
            [Tag("t", str(i))],
            [CustomInfo("c", "{}")],
        )
    asked = [models[2].id, base.id, models[0].id]
    subjects = desk.compare.artifacts(DEFAULT_SCOPE, asked)
    assert [s.id for s in subjects] == asked
    assert subjects[1].execution is None
    assert subjects[0].configuration is not None
    assert subjects[0].configuration.parameters["lr"] == "0.3"
    assert (subjects[0].series[0].last, subjects[0].tags, subjects[0].custom_info) == (
        0.2,
        {"t": "2"},
        {"c": "{}"},
    )
    by_execution = desk.compare.executions(DEFAULT_SCOPE, [m.execution_id for m in models])
    assert [s.tags["t"] for s in by_execution] == ["0", "1", "2"]
    with pytest.raises(NotFound):
        desk.compare.artifacts(DEFAULT_SCOPE, [base.id, "no-such-id"])
    kept = desk.metrics.resource(models[0].execution_id)
    assert (len(kept.metrics), kept.tags) == (5, (Tag("t", "0"),))
    assert kept.created_at is not None


def pending(desk: Desk, at: int) -> Execution:
    timestamp = now() + timedelta(seconds=at)
    created = Execution(
        new_execution_id(),
        "c",
        "c",
        "sc",
        "train",
        "1",
        Status.PENDING,
        TargetStatus.COMPLETED,
        "",
        timestamp,
        timestamp,
    )
    executions.create(desk.registry, DEFAULT_SCOPE, created)
    return created


def test_the_queue_is_processed_in_order_and_once(desk: Desk) -> None:
    waiting = [pending(desk, i) for i in range(8)]
    claimed: list[str] = []

    def claim() -> None:
        while (found := executions.claim_next(desk.registry, 5, 123, "boot")) is not None:
            claimed.append(found[1].id)

    threads = [threading.Thread(target=claim) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(claimed) == sorted(e.id for e in waiting[:5])
    executions.transition(desk.registry, DEFAULT_SCOPE, claimed[0], Status.DEAD, "x" * 1000)
    again = executions.claim_next(desk.registry, 5, 123, "boot")
    assert again is not None
    assert again[1].id == waiting[5].id
    left = executions.unfinished(desk.registry)
    assert [u.execution.id for u in left if u.claim is None] == [waiting[6].id, waiting[7].id]
    assert len(executions.execution(desk.registry, DEFAULT_SCOPE, claimed[0]).status_message) == 256


def test_invalid_status_transitions_are_rejected(desk: Desk) -> None:
    one = pending(desk, 0)
    for wrong in (Status.COMPLETED, Status.PENDING):
        with pytest.raises(Conflict):
            executions.transition(desk.registry, DEFAULT_SCOPE, one.id, wrong)
    with pytest.raises(Conflict):
        executions.delete(desk.registry, DEFAULT_SCOPE, one.id)
    stopped = executions.set_target(desk.registry, DEFAULT_SCOPE, one.id, TargetStatus.STOPPED)
    assert stopped.target_status is TargetStatus.STOPPED
    executions.transition(desk.registry, DEFAULT_SCOPE, one.id, Status.STOPPED, completed_at=now())
    with pytest.raises(Conflict):
        executions.set_target(desk.registry, DEFAULT_SCOPE, one.id, TargetStatus.STOPPED)
    assert executions.claim_next(desk.registry, 5, 1, "b") is None


def test_completion_is_atomic(desk: Desk) -> None:
    one = pending(desk, 0)
    at = now()
    model = Artifact(
        "m-one", "m", ArtifactKind.MODEL, "ai://default/x", "", "sc", one.id, (), None, at, at
    )
    with pytest.raises(Conflict):
        completion.finish_completed(desk.registry, DEFAULT_SCOPE, one.id, [(model, [])], at)
    with pytest.raises(NotFound):
        desk.artifacts.get(DEFAULT_SCOPE, "m-one")


def test_preferences_and_changes(desk: Desk, tmp_path: Path) -> None:
    desk.changes.poll()
    other = open_desk(Home.at(tmp_path / "home"))
    other.preferences.set("board.a", {"x": [1, None]})
    assert desk.changes.poll() == {"preferences"}
    assert desk.preferences.get("board.a") == {"x": [1, None]}
    assert desk.preferences.keys("board.") == ["board.a"]
    desk.preferences.set("board.a", None)
    assert desk.preferences.get("board.a", "none") == "none"
    other.close()


async def test_lanes_return_results_and_cancel_queued_calls_on_close(desk: Desk) -> None:
    lane = Lane("test")
    assert await lane.run(desk.connections.current) == DEFAULT_SCOPE
    with pytest.raises(NotFound):
        await lane.run(desk.connections.get, "nobody")
    running, release = threading.Event(), threading.Event()

    def wait() -> bool:
        running.set()
        return release.wait(30)

    slow = lane.submit(wait)
    assert running.wait(30)
    waiting = lane.submit(time.time)
    started = time.monotonic()
    lane.close()
    assert time.monotonic() - started < 20
    assert waiting.cancelled()
    release.set()
    assert await asyncio.wrap_future(slow)
    with pytest.raises(RuntimeError):
        lane.submit(time.time)
