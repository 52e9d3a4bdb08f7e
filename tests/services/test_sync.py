"""Synchronization of a remote tenant over real HTTP, with and without faults of its server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from launchpad_tui.bootstrap import open_desk
from launchpad_tui.config.paths import Home
from launchpad_tui.domain.artifact import ArtifactKind
from launchpad_tui.domain.connection import Scope
from launchpad_tui.domain.execution import Status
from launchpad_tui.domain.query import Query
from launchpad_tui.errors import (
    AuthenticationFailed,
    CapabilityMissing,
    LaunchpadError,
    RuntimeRejected,
    Unreachable,
)
from launchpad_tui.net import retry
from launchpad_tui.registry import mirror_tenant
from launchpad_tui.services.desk import Desk
from tests.services import tenant_server
from tests.services.tenant_server import Tenant, artifact, timestamp

SCOPE = Scope("core", "default")


@pytest.fixture(autouse=True)
def quick_repetitions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Repeat failed requests without a pause."""
    monkeypatch.setattr(retry, "MAX_PAUSE", 0.01)


@pytest.fixture
def tenant() -> Iterator[Tenant]:
    """A tenant with 30 completed executions and their models, a running one, and a dataset."""
    with tenant_server.serve() as server:
        group = server.groups["default"]
        for number in range(30):
            group.train(number)
        group.train(30, status="RUNNING")
        group.artifacts.append(artifact(31, "dataset"))
        yield server


@pytest.fixture
def desk(tenant: Tenant, tmp_path: Path) -> Iterator[Desk]:
    """A desk with a connection to the tenant."""
    created = connected(tenant, tmp_path)
    yield created
    created.runtimes.close()
    created.close()


def connected(tenant: Tenant, home: Path) -> Desk:
    desk = open_desk(Home.at(home / "home"))
    desk.connections.add("core", "sap-ai-core", desk.connections.service_key(tenant.service_key))
    return desk


def models(desk: Desk, scope: Scope = SCOPE) -> list[str]:
    """Return the IDs of all artifacts that are not deleted."""
    rows = desk.artifacts.listing(scope, None, Query()).slice(0, 100_000)
    return sorted(
        row.artifact.id for row in rows if row is not None and row.artifact.deleted_at is None
    )


def executions(desk: Desk) -> dict[str, Status]:
    """Return the status of all executions that are not deleted, by ID."""
    rows = desk.executions.listing(SCOPE, Query()).slice(0, 100_000)
    return {
        row.execution.id: row.execution.status
        for row in rows
        if row is not None and row.execution.deleted_at is None
    }


def same(desk: Desk, tenant: Tenant) -> bool:
    """Return whether registry and tenant have the same artifacts and executions."""
    group = tenant.groups["default"]
    return models(desk) == sorted(one["id"] for one in group.artifacts) and executions(desk) == {
        one["id"]: Status(one["status"]) for one in group.executions
    }


def test_all_resources_are_synchronized(desk: Desk, tenant: Tenant) -> None:
    desk.sync.sync(SCOPE)
    assert same(desk, tenant)
    found = desk.executions.get(SCOPE, "e000000000000005")
    assert found.configuration is not None
    assert found.configuration.parameters == {"rate": "0.005"}
    assert found.executable_name == "Train"
    assert [one.name for one in found.outputs] == ["model 5"]
    model = found.outputs[0]
    assert dict(model.labels) == {"ext.ai.sap.com/stage": "production"}
    source = desk.lineage.lineage(SCOPE, model.id).source(model.id)
    assert source is not None
    assert source.execution.id == "e000000000000005"
    series = desk.metrics.series(SCOPE, "e000000000000005")
    assert [(one.name, one.count, one.last) for one in series] == [("loss", 3, 1 / 3)]
    assert [one.id for one in desk.scenarios.scenarios(SCOPE)] == ["churn"]
    assert [one.id for one in mirror_tenant.versions(desk.registry, "core", "churn")] == ["1.0"]
    assert desk.connections.capabilities("core").schedules
    assert desk.sync.freshness(SCOPE).done_at is not None


def test_a_second_sync_sends_few_requests(desk: Desk, tenant: Tenant) -> None:
    desk.sync.sync(SCOPE)
    tenant.groups["default"].executions[-1] |= {
        "status": "COMPLETED",
        "modifiedAt": timestamp(5000),
    }
    desk.sync.sync(SCOPE)
    tenant.requests.clear()
    desk.sync.sync(SCOPE)
    assert len(tenant.requests) < 20, tenant.requests
    assert not any("/executables" in one or "/metrics" in one for one in tenant.requests)


def test_only_new_resources_are_requested(desk: Desk, tenant: Tenant) -> None:
    desk.sync.sync(SCOPE)
    tenant.groups["default"].train(40)
    tenant.requests.clear()
    desk.sync.sync(SCOPE)
    assert same(desk, tenant)
    lists = [one for one in tenant.requests if "/artifacts?" in one]
    assert len(lists) == 1
    assert "skip=31" in lists[0]


def test_new_resources_at_the_start_of_a_list_are_found(desk: Desk, tenant: Tenant) -> None:
    """The server lists the newest resources first."""
    desk.sync.sync(SCOPE)
    group = tenant.groups["default"]
    group.train(40)
    group.artifacts.insert(0, group.artifacts.pop())
    group.configurations.insert(0, group.configurations.pop())
    desk.sync.sync(SCOPE)
    assert same(desk, tenant)
    assert desk.executions.get(SCOPE, f"e{40:015x}").configuration is not None


def test_a_full_sync_reads_all_resources_again(desk: Desk, tenant: Tenant) -> None:
    desk.sync.sync(SCOPE)
    group = tenant.groups["default"]
    group.artifacts[5]["name"] = "another name"
    desk.sync.sync(SCOPE)
    assert desk.artifacts.get(SCOPE, group.artifacts[5]["id"]).name != "another name"
    desk.sync.sync(SCOPE, full=True)
    assert desk.artifacts.get(SCOPE, group.artifacts[5]["id"]).name == "another name"
    assert same(desk, tenant)


def test_deleted_resources_are_marked_and_kept(desk: Desk, tenant: Tenant) -> None:
    desk.sync.sync(SCOPE)
    group = tenant.groups["default"]
    removed = group.executions.pop(3)
    desk.sync.sync(SCOPE)
    found = desk.executions.get(SCOPE, removed["id"])
    assert found.execution.deleted_at is not None
    assert len(found.outputs) == 1
    assert desk.metrics.series(SCOPE, removed["id"])
    group.executions.append(removed)
    desk.sync.sync(SCOPE)
    assert desk.executions.get(SCOPE, removed["id"]).execution.deleted_at is None
    group.executions[:] = group.executions[25:]
    desk.sync.sync(SCOPE)
    assert same(desk, tenant)
    assert desk.executions.count(SCOPE, Query()) == 31


def test_one_resource_deleted_and_one_added(desk: Desk, tenant: Tenant) -> None:
    """The count is the same, but the content differs."""
    desk.sync.sync(SCOPE)
    tenant.groups["default"].executions.pop(0)
    tenant.groups["default"].train(50)
    desk.sync.sync(SCOPE)
    assert same(desk, tenant)


def test_running_executions_are_polled(desk: Desk, tenant: Tenant) -> None:
    desk.sync.sync(SCOPE)
    group = tenant.groups["default"]
    one = group.executions[-1]
    points = group.metrics[one["id"]]["metrics"]
    points.append({"name": "loss", "value": 0.01, "timestamp": timestamp(500), "step": 99})
    desk.sync.sync(SCOPE)
    assert desk.metrics.series(SCOPE, one["id"])[0].last == 0.01
    one |= {"status": "COMPLETED", "modifiedAt": timestamp(5000), "completionTime": timestamp(5000)}
    points.append({"name": "loss", "value": 0.001, "timestamp": timestamp(501), "step": 100})
    group.artifacts.append(artifact(77, execution_id=one["id"]))
    desk.sync.sync(SCOPE)
    found = desk.executions.get(SCOPE, one["id"])
    assert found.execution.status is Status.COMPLETED
    assert [each.name for each in found.outputs] == ["model 77"]
    assert desk.metrics.series(SCOPE, one["id"])[0].count == 5
    tenant.requests.clear()
    desk.sync.sync(SCOPE)
    assert not any("/metrics" in each for each in tenant.requests)


def test_metrics_of_old_executions_are_fetched_on_request(desk: Desk, tenant: Tenant) -> None:
    group = tenant.groups["default"]
    for number in range(100, 250):
        group.train(number)
    desk.sync.sync(SCOPE)
    old = group.executions[2]["id"]
    assert not desk.metrics.series(SCOPE, old)
    assert desk.sync.metrics_due(SCOPE, [old])
    assert desk.sync.read_metrics(SCOPE, [old])
    assert desk.metrics.series(SCOPE, old)[0].count == 3
    tenant.requests.clear()
    assert not desk.sync.read_metrics(SCOPE, [old])
    assert not tenant.requests


def test_an_interrupted_sync_is_resumed(desk: Desk, tenant: Tenant) -> None:
    group = tenant.groups["default"]
    group.artifacts += [artifact(1000 + number, "dataset") for number in range(5000)]
    tenant.top = 1000

    def fail(method: str, path: str, number: int) -> None:
        if path.endswith("/lm/artifacts") and number > 10:
            raise tenant_server.ApiError(503)

    tenant.answer = fail
    with pytest.raises(Unreachable):
        desk.sync.sync(SCOPE)
    at = desk.sync.freshness(SCOPE)
    assert at.part == "artifacts"
    assert 1000 <= at.position < 5000
    assert at.error
    assert len(models(desk)) >= at.position
    tenant.answer = lambda *_: None
    tenant.requests.clear()
    desk.sync.sync(SCOPE)
    assert same(desk, tenant)
    requests = [one for one in tenant.requests if "/artifacts?" in one]
    assert f"skip={at.position}" in requests[0]
    assert desk.sync.freshness(SCOPE).error == ""


def test_pages_that_shift_while_they_are_read(desk: Desk, tenant: Tenant) -> None:
    group = tenant.groups["default"]
    group.artifacts += [artifact(1000 + number, "dataset") for number in range(3000)]
    tenant.top = 1000
    moved: list[int] = []

    def reorder(method: str, path: str, number: int) -> None:
        if path.endswith("/lm/artifacts") and len(moved) < 2:
            moved.append(number)
            group.artifacts[:] = group.artifacts[-700:] + group.artifacts[:-700]

    tenant.answer = reorder
    desk.sync.sync(SCOPE)
    assert same(desk, tenant)


@pytest.mark.parametrize("fault", ["503", "429", "cut", "token"])
def test_faulty_servers_do_not_change_the_result(
    tenant: Tenant, tmp_path: Path, fault: str
) -> None:
    group = tenant.groups["default"]
    for number in range(100, 600):
        group.train(number)
    tenant.top = 100
    if fault == "503":
        tenant.failures = 0.05
    elif fault == "token":
        tenant.life = 4

    def answer(method: str, path: str, number: int) -> tenant_server.Answer | None:
        if fault == "429" and number % 5 == 0:
            return 429, {"Retry-After": "0"}, b"{}"
        if fault == "cut" and number % 4 == 0:
            return (
                200,
                {"Content-Type": "application/json", "Cut-At": "9"},
                b'{"count": 1, "resources": []}',
            )
        return None

    tenant.answer = answer
    desk = connected(tenant, tmp_path)
    for _ in range(20):
        try:
            desk.sync.sync(SCOPE)
            break
        except LaunchpadError as error:
            if not error.retryable:
                raise
    assert same(desk, tenant)
    desk.close()


def test_an_html_page_instead_of_json(desk: Desk, tenant: Tenant) -> None:
    desk.sync.sync(SCOPE)
    tenant.answer = lambda *_: (200, {"Content-Type": "text/html"}, b"<html>Please log in</html>")
    with pytest.raises(RuntimeRejected, match="not JSON"):
        desk.sync.sync(SCOPE)
    assert same(desk, tenant)
    assert "not JSON" in desk.sync.freshness(SCOPE).error
    assert "not JSON" in desk.connections.get("core").last_error


def test_a_rejected_service_key(desk: Desk, tenant: Tenant) -> None:
    tenant.life = 0
    with pytest.raises(AuthenticationFailed):
        desk.sync.sync(SCOPE)
    assert desk.sync.freshness(SCOPE).done_at is None


def test_unknown_values_are_tolerated(desk: Desk, tenant: Tenant) -> None:
    group = tenant.groups["default"]
    group.executions[0] |= {"status": "HIBERNATING", "mood": {"deep": [1]}}
    group.artifacts[0] |= {"kind": "hologram"}
    group.artifacts.append({"id": "", "name": "no ID"})
    desk.sync.sync(SCOPE)
    assert desk.executions.get(SCOPE, group.executions[0]["id"]).execution.status is Status.UNKNOWN
    assert desk.artifacts.get(SCOPE, group.artifacts[0]["id"]).kind is ArtifactKind.OTHER
    tenant.requests.clear()
    desk.sync.sync(SCOPE)
    # An entry that cannot be read does not cause all others to be read again.
    assert not any("/artifacts?" in one for one in tenant.requests)
    tenant.requests.clear()
    desk.sync.sync(SCOPE)
    # An entry that cannot be read does not cause all others to be read again.
    assert not any("/artifacts?" in one for one in tenant.requests)


def test_stores_are_known_and_bound_once(desk: Desk, tenant: Tenant) -> None:
    metadata = {
        "type": "S3",
        "bucket": "models",
        "endpoint": "s3.example.com",
        "region": "eu",
        "pathPrefix": "prod",
    }
    stored_metadata = {f"storage.ai.sap.com/{name}": value for name, value in metadata.items()}
    tenant.groups["default"].stores.append(
        {"name": "default-object-store-secret", "metadata": stored_metadata}
    )
    tenant.groups["default"].stores.append(
        {"name": "odd", "metadata": {"storage.ai.sap.com/type": "tape"}}
    )
    desk.sync.sync(SCOPE)
    (store,) = desk.stores.list(SCOPE)
    assert (store.name, store.kind, store.remote) == ("default", "s3", True)
    assert store.settings["bucket"] == "models"
    values = {
        **store.settings,
        "credentials": "keys",
        "access_key_id": "AKIA",
        "secret_access_key": "hush",
    }
    desk.stores.edit(SCOPE, "default", values)
    stored_metadata["storage.ai.sap.com/region"] = "us"
    desk.sync.sync(SCOPE)
    (store,) = desk.stores.list(SCOPE)
    assert store.settings["region"] == "us"
    assert store.settings["credentials"] == "keys"
    assert desk.stores.kept(SCOPE, "default") == {
        "access_key_id",
        "secret_access_key",
    }
    tenant.groups["default"].stores.clear()
    desk.sync.sync(SCOPE)
    assert desk.stores.list(SCOPE)[0].deleted_at is not None


def test_credentials_that_a_runtime_returns_are_not_stored(desk: Desk, tenant: Tenant) -> None:
    headers = json.dumps({"Authorization": tenant_server.SECRET, "x-sap-filecontainer": "c"})
    uri = f"https://a.blob.core.windows.net/c?sv=2021&sig={tenant_server.SECRET}"
    for name, metadata in (
        ("hdfs", {"type": "webhdfs", "hdfsNameNode": "http://n:9870", "headers": headers}),
        ("azure", {"type": "azure", "containerUri": uri}),
    ):
        stored = {f"storage.ai.sap.com/{key}": value for key, value in metadata.items()}
        tenant.groups["default"].stores.append({"name": name, "metadata": stored})
    desk.sync.sync(SCOPE)
    stores = {each.name: each.settings for each in desk.stores.list(SCOPE)}
    assert stores["azure"]["container_uri"] == "https://a.blob.core.windows.net/c"
    assert stores["azure"]["credentials"] == "environment"
    assert json.loads(stores["hdfs"]["headers"])["x-sap-filecontainer"] == "c"
    desk.close()
    assert tenant_server.SECRET.encode() not in b"".join(
        each.read_bytes() for each in desk.home.root.glob("registry.db*")
    )


def test_groups_are_independent(desk: Desk, tenant: Tenant) -> None:
    desk.sync.sync(SCOPE)
    other = tenant.groups["vision"] = tenant_server.Group()
    other.train(7)
    desk.sync.sync(SCOPE)
    assert {one.name for one in desk.connections.groups("core")} == {"default", "vision"}
    vision = Scope("core", "vision")
    desk.sync.sync(vision)
    assert models(desk, vision) == [other.artifacts[0]["id"]]
    assert same(desk, tenant)
    del tenant.groups["vision"]
    desk.sync.sync(SCOPE)
    assert [one.deleted_at is not None for one in desk.connections.groups("core")] == [False, True]


def test_no_secrets_are_stored(desk: Desk, tenant: Tenant) -> None:
    desk.sync.sync(SCOPE)
    tenant.answer = lambda *_: (
        500,
        {},
        json.dumps({"error": {"message": tenant_server.SECRET}}).encode(),
    )
    with pytest.raises(LaunchpadError) as error:
        desk.sync.sync(SCOPE)
    assert tenant_server.SECRET not in str(error.value)
    desk.close()
    for path in desk.home.root.rglob("*"):
        if path.is_file() and path != desk.home.credentials_path:
            assert tenant_server.SECRET.encode() not in path.read_bytes(), path


def test_timestamps_are_preserved(desk: Desk, tenant: Tenant) -> None:
    desk.sync.sync(SCOPE)
    found = desk.executions.get(SCOPE, "e000000000000002").execution
    assert found.completed_at is not None
    assert found.completed_at - found.created_at == timedelta(seconds=60)


def test_the_sources_of_templates_are_recorded(desk: Desk, tenant: Tenant) -> None:
    commit = "0123456789abcdef0123456789abcdef01234567"
    tenant.applications["churn"] = {
        "syncFinishedAt": timestamp(20),
        "source": {
            "repoURL": "https://me:secret@example.com/churn.git",
            "path": "templates",
            "revision": commit,
        },
        "syncResourcesStatus": [
            {"name": "churn-train", "kind": "WorkflowTemplate", "status": "Synced"},
            {"name": "churn-serve", "kind": "ServingTemplate", "status": "Synced"},
        ],
    }
    desk.sync.sync(SCOPE)
    desk.sync.sync(SCOPE, all_executables=True)
    ids = sorted(executions(desk))
    # Executions that are older than the last synchronization may have had another revision.
    assert desk.executions.provenance(SCOPE, ids[19]) == {}
    expected = {
        "template": {
            "application": "churn",
            "repository": "https://example.com/churn.git",
            "path": "templates",
            "revision": commit,
        }
    }
    assert desk.executions.provenance(SCOPE, ids[20]) == expected
    assert desk.reproduction.why_not(SCOPE, ids[20]) == "No snapshot of its code is stored"
    # A later revision does not replace what is recorded.
    source = tenant.applications["churn"]["source"]
    tenant.applications["churn"] |= {
        "syncFinishedAt": timestamp(40),
        "source": {**source, "revision": "other"},
    }
    new = tenant.groups["default"].train(50)
    desk.sync.sync(SCOPE)
    desk.sync.sync(SCOPE, all_executables=True)
    assert desk.executions.provenance(SCOPE, ids[20]) == expected
    assert desk.executions.provenance(SCOPE, new)["template"]["revision"] == "other"
    one, other = desk.compare.executions(SCOPE, [ids[20], new])
    assert one.code["template revision"] == commit[:12]
    assert other.code["template revision"] == "other"
    with pytest.raises(CapabilityMissing):
        desk.reproduction.create(SCOPE, new)


def test_applications_that_may_not_be_read(desk: Desk, tenant: Tenant) -> None:
    def answer(_method: str, path: str, _number: int) -> tenant_server.Answer | None:
        if path.endswith("/admin/applications"):
            return 403, {}, json.dumps({"error": {"code": "403", "message": "no"}}).encode()
        return None

    tenant.answer = answer
    desk.sync.sync(SCOPE)
    assert same(desk, tenant)
