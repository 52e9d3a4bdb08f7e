"""Operations of a remote runtime over real HTTP, and the records in the registry after them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from launchpad_tui.bootstrap import open_desk
from launchpad_tui.config.paths import Home
from launchpad_tui.domain.artifact import ArtifactKind
from launchpad_tui.domain.connection import Scope
from launchpad_tui.domain.execution import Configuration, Status
from launchpad_tui.domain.metric import CustomInfo, Metric, Tag
from launchpad_tui.domain.model_version import ArtifactEdit
from launchpad_tui.domain.query import Query
from launchpad_tui.domain.timestamps import to_rfc3339
from launchpad_tui.errors import CapabilityMissing, Conflict, InvalidInput, LaunchpadError, NotFound
from launchpad_tui.registry import mirror, references
from launchpad_tui.services.desk import Desk
from tests.services import tenant_server
from tests.services.execution_support import until
from tests.services.tenant_server import Tenant, timestamp

SCOPE = Scope("core", "default")


@pytest.fixture
def tenant() -> Iterator[Tenant]:
    """A tenant with a completed execution and two running ones."""
    with tenant_server.serve() as server:
        group = server.groups["default"]
        group.train(0)
        group.train(1, status="RUNNING")
        group.train(2, status="RUNNING")
        yield server


@pytest.fixture
def desk(tenant: Tenant, tmp_path: Path) -> Iterator[Desk]:
    """A desk with a synchronized connection to the tenant."""
    created = open_desk(Home.at(tmp_path / "home"))
    created.connections.add(
        "core", "sap-ai-core", created.connections.service_key(tenant.service_key)
    )
    created.sync.sync(SCOPE)
    yield created
    created.runtimes.close()
    created.close()


def ids(tenant: Tenant) -> list[str]:
    return [one["id"] for one in tenant.groups["default"].executions]


def test_a_model_is_registered_in_the_runtime(desk: Desk, tenant: Tenant) -> None:
    labels = [("ext.ai.sap.com/stage", "test")]
    created = desk.artifacts.add(
        SCOPE, ArtifactKind.MODEL, "by hand", "ai://default/m/1", "churn", "mine", labels
    )
    there = tenant.groups["default"].artifacts[-1]
    assert (there["id"], there["name"], there["url"]) == (created.id, "by hand", "ai://default/m/1")
    assert there["labels"] == [{"key": "ext.ai.sap.com/stage", "value": "test"}]
    assert desk.artifacts.get(SCOPE, created.id).description == "mine"


def test_a_configuration_and_its_execution_are_created(desk: Desk, tenant: Tenant) -> None:
    created = desk.configurations.create(SCOPE, "slow", "churn-train", {"rate": "0.01"}, {})
    assert desk.configurations.get(SCOPE, created.id).parameters == {"rate": "0.01"}
    execution = desk.executions.create(SCOPE, created.id)
    assert execution.status is Status.PENDING
    assert ids(tenant)[-1] == execution.id
    again = desk.executions.create_again(SCOPE, execution.id, {"rate": "0.02"})
    found = desk.executions.get(SCOPE, again.id)
    assert found.configuration is not None
    assert found.configuration.parameters == {"rate": "0.02"}


def test_configurations_of_deployments_are_not_executed(desk: Desk, tenant: Tenant) -> None:
    at = datetime(2026, 1, 31, tzinfo=UTC)
    serving = Configuration("c" * 36, "serve churn", "churn", "churn-serve", {}, {}, at)
    mirror.put_configurations(desk.registry, SCOPE, [serving])
    before = ids(tenant)
    with pytest.raises(InvalidInput, match="'serve churn' cannot be executed") as caught:
        desk.executions.create(SCOPE, serving.id)
    assert "churn-serve" in caught.value.detail
    assert ids(tenant) == before


def test_a_successful_test_of_a_new_connection_fetches_its_capabilities(
    tenant: Tenant, tmp_path: Path
) -> None:
    desk = open_desk(Home.at(tmp_path / "other"))
    desk.connections.add("core", "sap-ai-core", desk.connections.service_key(tenant.service_key))
    assert not desk.connections.capabilities("core").executions
    assert desk.connections.test("core", "", lambda _step: None)
    assert desk.connections.capabilities("core").executions
    assert desk.connections.get("core").synced_at is not None
    desk.runtimes.close()
    desk.close()


def test_stop_and_delete_depend_on_the_status(desk: Desk, tenant: Tenant) -> None:
    over, running, _ = ids(tenant)
    (outcome,) = desk.executions.stop(SCOPE, [over])
    assert isinstance(outcome.error, Conflict)
    (outcome,) = desk.executions.stop(SCOPE, [running])
    assert outcome.error is None
    assert desk.executions.get(SCOPE, running).execution.status is Status.STOPPED
    (outcome,) = desk.executions.delete(SCOPE, [over])
    assert outcome.error is None
    found = desk.executions.get(SCOPE, over)
    assert found.execution.deleted_at is not None
    assert len(found.outputs) == 1
    (outcome,) = desk.executions.delete(SCOPE, ["e-not-there"])
    assert isinstance(outcome.error, NotFound)


def test_bulk_operations_if_the_runtime_supports_them(desk: Desk, tenant: Tenant) -> None:
    _, *running = ids(tenant)
    tenant.bodies.clear()
    assert [one.error for one in desk.executions.stop(SCOPE, running)] == [None, None]
    assert len(tenant.bodies) == 1
    tenant.capabilities = {}
    desk.sync.sync(SCOPE, all_executables=True)
    assert not desk.connections.capabilities("core").bulk
    tenant.bodies.clear()
    assert [one.error for one in desk.executions.delete(SCOPE, running)] == [None, None]
    assert len(tenant.bodies) == 2


def test_missing_capabilities_are_not_requested(desk: Desk, tenant: Tenant) -> None:
    tenant.capabilities = {"userExecutions": False}
    desk.sync.sync(SCOPE, all_executables=True)
    tenant.bodies.clear()
    with pytest.raises(CapabilityMissing, match="does not support this"):
        desk.executions.stop(SCOPE, ids(tenant)[1:2])
    assert not tenant.bodies


def log_messages(desk: Desk, execution: str) -> list[str]:
    log = desk.executions.log(SCOPE, execution)
    log.whole()
    return [line.message for line in log.slice(0, log.count())]


def test_a_log_is_fetched_once_and_stored(desk: Desk, tenant: Tenant) -> None:
    over = ids(tenant)[0]
    lines = [
        {
            "timestamp": timestamp(i // 3),
            "msg": f"line {i}\n",
            "stream": "stdout",
            "container": "main",
            "pod": "p",
        }
        for i in range(50)
    ]
    tenant.groups["default"].logs[over] = lines
    log = desk.executions.log(SCOPE, over)
    until(lambda: log.count() == 50 and log.finished)
    assert [line.message for line in log.slice(0, 3)] == ["line 0", "line 1", "line 2"]
    assert to_rfc3339(log.slice(3, 4)[0].timestamp).startswith("2026-01-01T00:00:01")
    assert log.slice(0, 1)[0].step == "main"
    assert log.matching("line 49") == [49]
    tenant.requests.clear()
    assert len(log_messages(desk, over)) == 50
    assert not tenant.requests


def test_a_growing_log_has_no_duplicate_lines(
    desk: Desk, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("launchpad_tui.services.remote_log.POLL_SECONDS", 0.0)
    running = ids(tenant)[1]
    lines = tenant.groups["default"].logs[running] = []
    log = desk.executions.log(SCOPE, running)
    for number in range(30):
        with tenant.lock:
            # Equal texts with the same timestamp are separate lines.
            lines.append(
                {
                    "timestamp": timestamp(5 + number // 10),
                    "msg": "again",
                    "stream": "stderr",
                    "pod": "p",
                }
            )
        until(lambda number=number: log.count() == number + 1)  # type: ignore[misc]
    assert not log.finished
    assert len(log_messages(desk, running)) == 30
    with tenant.lock:
        tenant.groups["default"].executions[1] |= {
            "status": "COMPLETED",
            "modifiedAt": timestamp(99),
        }
        lines.append({"timestamp": timestamp(50), "msg": "the end", "stream": "stdout", "pod": "p"})
    desk.sync.sync(SCOPE)
    log = desk.executions.log(SCOPE, running)
    until(lambda: log.count() == 31 and log.finished)
    assert log_messages(desk, running)[-1] == "the end"


def test_an_unavailable_log_is_reported_and_keeps_stored_lines(desk: Desk, tenant: Tenant) -> None:
    running = ids(tenant)[1]
    tenant.groups["default"].logs[running] = [
        {"timestamp": timestamp(5), "msg": "first", "pod": "p"}
    ]
    assert log_messages(desk, running) == ["first"]
    tenant.answer = lambda *_: (403, {}, b'{"error": {"code": "403", "message": "no"}}')
    log = desk.executions.log(SCOPE, running)
    with pytest.raises(LaunchpadError):
        log.count()
    assert [line.message for line in log.slice(0, 5)] == ["first"]
    assert log.count() == 1


def test_a_server_that_hangs_blocks_no_caller(
    desk: Desk, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("launchpad_tui.services.remote_log.FIRST_SECONDS", 0.2)
    free = threading.Event()

    def hangs(*_: object) -> None:
        free.wait(20)

    tenant.answer = hangs
    try:
        assert desk.executions.log(SCOPE, ids(tenant)[1]).count() == 0
    finally:
        free.set()


def test_object_stores_are_created_and_deleted_in_the_runtime(desk: Desk, tenant: Tenant) -> None:
    values = {
        "bucket": "models",
        "region": "eu",
        "endpoint": "https://s3.example.com",
        "path_prefix": "prod",
        "credentials": "keys",
        "access_key_id": "AKIA",
        "secret_access_key": "hush",
        "verify_tls": "true",
    }
    with pytest.raises(InvalidInput, match="access_key_id is missing"):
        desk.stores.add(SCOPE, "lake", "s3", {"bucket": "models", "credentials": "environment"})
    with pytest.raises(InvalidInput, match="does not support object stores of type file"):
        desk.stores.add(SCOPE, "lake", "file", {"root": "/tmp"})
    assert desk.stores.list(SCOPE) == []
    desk.stores.add(SCOPE, "lake", "s3", values)
    posted = tenant.groups["default"].stores[-1]["posted"]
    assert posted == {
        "name": "lake",
        "type": "S3",
        "bucket": "models",
        "region": "eu",
        "endpoint": "s3.example.com",
        "pathPrefix": "prod",
        "usehttps": "1",
        "verifyssl": "1",
        "data": {"AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "hush"},
    }
    assert desk.stores.kept(SCOPE, "lake") == {"access_key_id", "secret_access_key"}
    desk.sync.sync(SCOPE)
    (store,) = desk.stores.list(SCOPE)
    assert (store.remote, store.settings["endpoint"]) == (True, "https://s3.example.com")
    assert store.settings["credentials"] == "keys"
    desk.stores.delete(SCOPE, "lake")
    assert tenant.groups["default"].stores == []
    assert desk.stores.list(SCOPE) == []


def test_metrics_logged_from_outside_an_execution(desk: Desk, tenant: Tenant) -> None:
    over = ids(tenant)[0]
    points = [Metric("accuracy", 0.93, datetime(2026, 3, 1, tzinfo=UTC), 10)]
    desk.metrics.record(over, points, [Tag("reviewed", "yes")], [CustomInfo("note", "good")], SCOPE)
    (_, _, body) = tenant.bodies[-1]
    assert body["executionId"] == over
    assert [each["value"] for each in body["metrics"]] == [0.93]
    assert body["tags"] == [{"name": "reviewed", "value": "yes"}]
    assert desk.metrics.tags(SCOPE, over)[0].value == "yes"
    assert "accuracy" in {one.name for one in desk.metrics.series(SCOPE, over)}
    desk.metrics.delete(over, SCOPE)
    assert tenant.bodies[-1][:2] == ("DELETE", "/lm/metrics")
    assert desk.metrics.series(SCOPE, over) == ()


def test_labels_of_a_group(desk: Desk, tenant: Tenant) -> None:
    desk.connections.label_group(SCOPE, {"team": "vision"})
    assert tenant.bodies[-1] == (
        "PATCH",
        "/admin/resourceGroups/default",
        {"labels": [{"key": "ext.ai.sap.com/team", "value": "vision"}]},
    )
    assert desk.connections.groups("core")[0].labels == {"ext.ai.sap.com/team": "vision"}


def test_deleting_a_connection_deletes_its_stored_data(desk: Desk, tenant: Tenant) -> None:
    over = ids(tenant)[0]
    tenant.groups["default"].logs[over] = [{"timestamp": timestamp(1), "msg": "line", "pod": "p"}]
    desk.executions.log(SCOPE, over).whole()
    kept = desk.home.root / "remote" / "core" / "default" / over
    assert kept.is_dir()
    desk.executions.delete(SCOPE, [over])
    assert not kept.exists()
    running = ids(tenant)[0]
    tenant.groups["default"].logs[running] = [
        {"timestamp": timestamp(1), "msg": "line", "pod": "p"}
    ]
    desk.executions.log(SCOPE, running).whole()
    desk.connections.delete("core")
    assert not (desk.home.root / "remote" / "core").exists()


def test_models_are_annotated_and_deleted_on_this_machine_only(desk: Desk, tenant: Tenant) -> None:
    requests = len(tenant.bodies)
    (row,) = desk.artifacts.listing(SCOPE, ArtifactKind.MODEL, Query()).slice(0, 10)
    model = row.artifact
    assert model.version == 1
    changes = ArtifactEdit(name="shown", set_labels=(("ext.ai.sap.com/stage", "prod"),))
    (edited,) = desk.annotations.edit(SCOPE, [model.id], changes)
    assert edited.local_changes == ("name", "labels")
    desk.annotations.promote(SCOPE, model.id, "production")
    desk.sync.sync(SCOPE, full=True)
    again = desk.artifacts.resolve(SCOPE, "shown@production")
    assert (again.id, again.runtime_name) == (model.id, model.name)
    assert ("ext.ai.sap.com/stage", "prod") in again.labels
    # Metrics are assigned to the model by its name in the runtime.
    assert desk.metrics.series_of_artifact(SCOPE, model.id)
    removal = desk.trash.removal(SCOPE, [model.id], with_files=False)
    assert "has the alias production" in removal.blockers[0]
    desk.trash.delete(SCOPE, removal, force=True)
    desk.sync.sync(SCOPE, full=True)
    assert desk.artifacts.listing(SCOPE, ArtifactKind.MODEL, Query()).count() == 0
    desk.trash.restore(SCOPE, desk.trash.entries(SCOPE))
    assert desk.artifacts.resolve(SCOPE, "shown@production") == again
    assert len(tenant.bodies) == requests


def test_a_reference_creates_a_configuration_in_the_runtime(desk: Desk, tenant: Tenant) -> None:
    first = desk.artifacts.add(SCOPE, ArtifactKind.MODEL, "base", "ai://default/b/1", "churn")
    created = desk.configurations.create(SCOPE, "slow", "churn-train", {"rate": "0.01"}, {})
    with desk.registry.write() as db:
        db.execute(
            "INSERT INTO configuration_inputs (configuration_pk, position, name, artifact_id) "
            "SELECT pk, 0, 'base', ? FROM configurations WHERE id = ?",
            (first.id, created.id),
        )
    references.put(desk.registry, SCOPE, created.id, {"base": "base@latest"})
    assert desk.executions.create(SCOPE, created.id).configuration_id == created.id
    second = desk.artifacts.add(SCOPE, ArtifactKind.MODEL, "base", "ai://default/b/2", "churn")
    execution = desk.executions.create(SCOPE, created.id)
    found = desk.executions.get(SCOPE, execution.id)
    assert found.configuration is not None
    assert found.configuration.inputs == {"base": second.id}
    assert found.references == {"base": "base@latest"}
    there = next(
        one
        for one in tenant.groups["default"].configurations
        if one["id"] == found.configuration.id
    )
    assert there["inputArtifactBindings"] == [{"key": "base", "artifactId": second.id}]


def test_a_sweep_runs_in_the_runtime(desk: Desk, tenant: Tenant) -> None:
    rates = [{"rate": "0.1"}, {"rate": "0.2"}]
    sweep = desk.sweeps.create(SCOPE, "rates", "churn-train", {}, {}, rates, {"rate": "0.1,0.2"})
    assert [one.execution_id for one in sweep.members] == ids(tenant)[-2:]
    assert sweep.progress == "0 of 2 completed, 2 pending"
    assert [one.error for one in desk.sweeps.stop(SCOPE, sweep)] == [None, None]
    stopped = desk.sweeps.get(SCOPE, sweep.id)
    assert [one.resumable for one in stopped.members] == [True, True]
    resumed = desk.sweeps.resume(SCOPE, stopped)
    assert [one.execution_id for one in resumed.members] == ids(tenant)[-2:]
    assert [one.configuration_id for one in resumed.members] == [
        one.configuration_id for one in sweep.members
    ]
