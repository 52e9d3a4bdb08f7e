"""Connections to SAP AI Core: credentials, resource groups and object stores in the runtime, and
the data that is removed with a connection."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from launchpad_tui.bootstrap import open_desk
from launchpad_tui.config.paths import Home
from launchpad_tui.domain.connection import Scope
from launchpad_tui.domain.query import Query
from launchpad_tui.errors import Conflict, InvalidInput, NotFound, PermissionDenied
from launchpad_tui.services.desk import Desk
from tests.services import tenant_server
from tests.services.tenant_server import SECRET, Answer, Tenant

URLS = {
    "base_url": "https://api.example.com/v2",
    "auth_url": "https://example.com/oauth/token",
    "client_id": "me",
}
PAIR = {"certificate": "the certificate", "private_key": "the key"}
S3 = {
    "bucket": "models",
    "region": "eu",
    "credentials": "keys",
    "access_key_id": "AKIA",
    "secret_access_key": "hush",
}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A desk over an empty home folder."""
    created = open_desk(Home.at(tmp_path / "home"))
    yield created
    created.runtimes.close()
    created.close()


@pytest.fixture
def tenant() -> Iterator[Tenant]:
    """A tenant with one model."""
    with tenant_server.serve() as server:
        server.groups["default"].train(1)
        yield server


@pytest.fixture
def connected(desk: Desk, tenant: Tenant) -> Desk:
    """A desk with a synchronized connection to the tenant."""
    desk.connections.add("core", "sap-ai-core", desk.connections.service_key(tenant.service_key))
    desk.sync.sync(Scope("core", "default"))
    return desk


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({}, "client_secret"),
        ({"certificate": "x"}, "private_key"),
        ({"private_key": "x"}, "certificate"),
        ({"client_secret": "x", "certificate": "x"}, "certificate"),
        ({"client_secret": "x", **PAIR}, "certificate"),
    ],
)
def test_invalid_combinations_of_credentials_are_rejected(
    desk: Desk, given: dict[str, str], field: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        desk.connections.add("core", "sap-ai-core", {**URLS, **given})
    assert caught.value.field == field
    assert [one.name for one in desk.connections.list()] == ["local"]


def test_the_type_of_credentials_changes(desk: Desk) -> None:
    service = desk.connections
    service.add("core", "sap-ai-core", {**URLS, "client_secret": "x"})
    with pytest.raises(InvalidInput) as caught:
        service.edit("core", {**URLS, "certificate": "half"})
    assert caught.value.field == "private_key"
    assert service.kept("core") == {"client_secret"}
    service.edit("core", {**URLS, **PAIR})
    assert service.kept("core") == set(PAIR)
    service.edit("core", {**URLS, "private_key": "another"})
    assert service.kept("core") == set(PAIR)
    assert service.edit("core", {"credentials": "profile", "profile": "work"}).settings == {
        "credentials": "profile",
        "profile": "work",
    }
    assert service.kept("core") == frozenset()
    with pytest.raises(InvalidInput, match="Client secret is missing"):
        service.edit("core", URLS)
    service.edit("core", {"credentials": "environment"})
    service.edit("core", {**URLS, "client_secret": "y"})
    assert service.kept("core") == {"client_secret"}


def test_resource_groups_are_created_labelled_and_deleted_in_the_runtime(
    connected: Desk, tenant: Tenant
) -> None:
    service = connected.connections
    created = service.add_group("core", "vision", {"team": "eyes", "ext.ai.sap.com/stage": "test"})
    named = {"ext.ai.sap.com/team": "eyes", "ext.ai.sap.com/stage": "test"}
    assert (created.status, created.labels) == ("PROVISIONING", named)
    method, path, body = tenant.bodies[-1]
    assert (method, path, body["resourceGroupId"]) == ("POST", "/admin/resourceGroups", "vision")
    assert {each["key"]: each["value"] for each in body["labels"]} == named
    assert service.groups("core")[-1] == created
    assert connected.stores.list(Scope("core", "vision")) == []
    service.label_group(Scope("core", "vision"), {"team": "ears"})
    assert service.groups("core")[-1].labels == {"ext.ai.sap.com/team": "ears"}
    with pytest.raises(Conflict):
        service.delete_group(Scope("core", "default"))
    assert "default" in tenant.groups
    service.delete_group(Scope("core", "vision"))
    assert "vision" not in tenant.groups
    assert [group.name for group in service.groups("core")] == ["default"]


def test_changes_rejected_by_the_runtime_are_not_stored(connected: Desk, tenant: Tenant) -> None:
    service, scope = connected.connections, Scope("core", "vision")
    service.add_group("core", "vision")
    connected.stores.add(scope, "lake", "s3", S3)
    connected.sync.sync(scope)

    def refuse(method: str, _path: str, _number: int) -> Answer | None:
        body = json.dumps({"error": {"code": "403", "message": "no"}}).encode()
        return None if method == "GET" else (403, {"Content-Type": "application/json"}, body)

    tenant.answer = refuse
    with pytest.raises(PermissionDenied):
        service.add_group("core", "other")
    with pytest.raises(PermissionDenied):
        service.delete_group(scope)
    with pytest.raises(PermissionDenied):
        service.label_group(scope, {"team": "ears"})
    with pytest.raises(PermissionDenied):
        connected.stores.add(scope, "pond", "s3", S3)
    with pytest.raises(PermissionDenied):
        connected.stores.delete(scope, "lake")
    assert [group.name for group in service.groups("core")] == ["default", "vision"]
    assert service.groups("core")[-1].labels == {}
    assert [store.name for store in connected.stores.list(scope)] == ["lake"]
    assert connected.stores.kept(scope, "pond") == frozenset()
    assert connected.stores.kept(scope, "lake") == {"access_key_id", "secret_access_key"}


def test_deleting_a_connection_does_not_change_the_runtime(connected: Desk, tenant: Tenant) -> None:
    service = connected.connections
    assert service.known("core") == {"models": 1, "other artifacts": 0, "executions": 1}
    assert service.keeps_secrets("core")
    assert not service.keeps_secrets("local")
    connected.stores.add(Scope("core", "default"), "lake", "s3", S3)
    service.edit("core", {"credentials": "environment"})
    assert service.keeps_secrets("core")
    before = list(tenant.bodies)
    service.delete("core")
    assert tenant.bodies == before
    assert [store["posted"]["name"] for store in tenant.groups["default"].stores] == ["lake"]
    kept = connected.home.credentials_path.read_text()
    assert SECRET not in kept
    assert "hush" not in kept


def test_names_of_stores_in_the_runtime(connected: Desk, tenant: Tenant) -> None:
    scope = Scope("core", "default")
    connected.stores.add(scope, "lake", "s3", S3)
    for operation in (
        lambda: connected.stores.add(scope, "lake", "s3", S3),
        lambda: connected.stores.rename(scope, "lake", "pond"),
        lambda: connected.stores.replace(scope, "lake", "s3", S3, "old"),
    ):
        with pytest.raises(Conflict):
            operation()
    assert [store["posted"]["name"] for store in tenant.groups["default"].stores] == ["lake"]
    assert [store.name for store in connected.stores.list(scope)] == ["lake"]
    assert connected.stores.kept(scope, "lake") == {"access_key_id", "secret_access_key"}


def test_a_store_that_exists_only_on_this_machine(
    connected: Desk, tenant: Tenant, tmp_path: Path
) -> None:
    scope = Scope("core", "default")
    (model,) = (
        row.artifact for row in connected.artifacts.listing(scope, None, Query()).slice(0, 5)
    )
    mounted = tmp_path / "mounted" / model.url.removeprefix("ai://default/")
    mounted.mkdir(parents=True)
    (mounted / "weights").write_bytes(b"1")
    with pytest.raises(InvalidInput, match="does not support object stores of type file") as caught:
        connected.stores.add(scope, "default", "file", {"root": str(tmp_path / "mounted")})
    assert "on this machine only" in caught.value.hint
    with pytest.raises(NotFound, match="no object store 'default'"):
        connected.files.store(scope, "default")
    before = list(tenant.bodies)
    connected.stores.add(scope, "default", "file", {"root": str(tmp_path / "mounted")}, here=True)
    assert [
        each.path.rpartition("/")[2] for each in connected.files.store(scope, "default").list("")
    ] == ["weights"]
    connected.sync.sync(scope)
    (kept,) = connected.stores.list(scope)
    assert (kept.remote, kept.deleted_at) == (False, None)
    _, followed = connected.stores.replace(scope, "default", "file", {"root": str(tmp_path)}, "old")
    assert followed == 1
    connected.stores.delete(scope, "default")
    assert tenant.bodies == before


def test_a_store_is_changed_in_the_runtime_only_on_request(connected: Desk, tenant: Tenant) -> None:
    scope = Scope("core", "default")
    connected.stores.add(scope, "lake", "s3", S3)
    (there,) = tenant.groups["default"].stores
    connected.stores.edit(scope, "lake", {**S3, "secret_access_key": "my own"})
    assert there["posted"]["data"]["AWS_SECRET_ACCESS_KEY"] == "hush"
    settings = {
        name: value for name, value in S3.items() if "key_id" not in name and "secret" not in name
    }
    changed = connected.stores.edit(
        scope, "lake", {**settings, "bucket": "other", "access_key_id": "AKIB"}, at_runtime=True
    )
    assert changed.settings["bucket"] == there["posted"]["bucket"] == "other"
    assert there["posted"]["data"] == {
        "AWS_ACCESS_KEY_ID": "AKIB",
        "AWS_SECRET_ACCESS_KEY": "my own",
    }

    def refuse(method: str, _path: str, _number: int) -> Answer | None:
        body = json.dumps({"error": {"code": "403", "message": "no"}}).encode()
        return None if method == "GET" else (403, {"Content-Type": "application/json"}, body)

    tenant.answer = refuse
    with pytest.raises(PermissionDenied):
        connected.stores.edit(scope, "lake", {**settings, "bucket": "third"}, at_runtime=True)
    (kept,) = connected.stores.list(scope)
    assert kept.settings["bucket"] == "other"
    with pytest.raises(Conflict, match="has no secret in a runtime"):
        connected.stores.edit(Scope("local", "default"), "default", {}, at_runtime=True)


def test_secrets_are_created_in_the_runtime_all_or_none(connected: Desk, tenant: Tenant) -> None:
    scope = Scope("core", "default")
    data = {"AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "hush"}
    secrets = [
        {"name": name, "type": "S3", "bucket": "models", "region": "eu", "data": data}
        for name in ("a1", "b2")
    ]
    created = connected.stores.import_secrets(scope, json.dumps(secrets))
    assert [store.name for store in created] == ["a1", "b2"]
    others = [{**secrets[0], "name": "c3"}, {**secrets[0], "name": "a1"}]
    with pytest.raises(Conflict):
        connected.stores.import_secrets(scope, json.dumps(others))
    assert [store["posted"]["name"] for store in tenant.groups["default"].stores] == ["a1", "b2"]
    assert [store.name for store in connected.stores.list(scope)] == ["a1", "b2"]
    assert connected.stores.kept(scope, "c3") == frozenset()
    assert connected.stores.kept(scope, "a1") == {"access_key_id", "secret_access_key"}
