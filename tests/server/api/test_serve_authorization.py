"""A client of one resource group reaches nothing of another one, by any endpoint of the API."""

from __future__ import annotations

import inspect
import json
import socket
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from launchpad_tui.domain.artifact import ArtifactKind
from launchpad_tui.domain.connection import DEFAULT_SCOPE, Scope
from launchpad_tui.domain.execution import Status
from launchpad_tui.server.api import authorization
from launchpad_tui.server.api.app import ENDPOINTS
from launchpad_tui.server.api.endpoint import Endpoint
from tests.server.api.served import Key, SharedServer, add_client, error_of

MINE = Scope("local", "attacker")
FILES = "/lm/dataset/files"
#: occurs in files, names, logs and metrics of the victim
SECRET = "belongs-to-the-victim"


@dataclass
class Victim:
    """Resources of the resource group ``default``, by the names of path parameters."""

    ids: dict[str, str]
    dataset_url: str
    model_url: str


@dataclass
class Attack:
    """A server, a client that belongs to another resource group, and the victim."""

    shared: SharedServer
    key: Key
    victim: Victim

    def call(self, method: str, path: str, **more: Any) -> Any:
        """Send a request as the attacker, for the attacker's resource group by default."""
        return self.shared.server.call(
            method, path, key=self.key, **{"group": MINE.resource_group, **more}
        )


@pytest.fixture(scope="module")
def attack(shared: SharedServer) -> Iterator[Attack]:
    """Return an attack on a resource group with an execution, models, files and a schedule."""
    bench, desk = shared.bench, shared.bench.desk
    dataset = bench.dataset("victims-rows", {"train.csv": SECRET})
    text = f"echo {SECRET}; echo {SECRET} > /app/model/m; echo :: {SECRET}=0.5"
    configuration = desk.configurations.create(
        DEFAULT_SCOPE, SECRET, "shared-shell", {"text": text}, {}
    )
    execution = desk.executions.create(DEFAULT_SCOPE, configuration.id).id
    bench.wait(execution, Status.COMPLETED)
    schedule = desk.schedules.create(DEFAULT_SCOPE, SECRET, "0 3 * * *", configuration.id)
    keys = {"access_key_id": SECRET, "secret_access_key": SECRET}
    desk.stores.add(
        DEFAULT_SCOPE, "lake", "s3", {"bucket": "the-lake", "path_prefix": "prod", **keys}
    )
    desk.connections.add_group(MINE.connection, MINE.resource_group)
    (model,) = desk.serving.execution(DEFAULT_SCOPE, execution).outputs
    url = desk.artifacts.get(DEFAULT_SCOPE, dataset).url
    ids = {
        "artifactId": dataset,
        "configurationId": configuration.id,
        "executionId": execution,
        "executionScheduleId": schedule.id,
        "resourceGroupId": "default",
        "objectStoreName": "lake",
        "scenarioId": "houses",
        "executableId": "shared-shell",
        authorization.FILE: url.removeprefix("ai://default/") + "/train.csv",
    }
    key = add_client(shared.server.home, "attacker", "--group", MINE.resource_group)
    yield Attack(shared, key, Victim(ids, url, model.url))
    desk.schedules.delete(DEFAULT_SCOPE, schedule.id)
    desk.stores.delete(DEFAULT_SCOPE, "lake")


def _path(endpoint: Endpoint, ids: dict[str, str]) -> str:
    """Return the endpoint's path with the victim's IDs; fails for an unknown path parameter."""
    return endpoint.path.replace(":anypath", "").format_map(ids)


def _bodies(attack: Attack) -> list[dict[str, Any]]:
    """Return bodies that name the victim's resources, one for each form of the API."""
    ids = attack.victim.ids
    binding = [{"key": "housedataset", "artifactId": ids["artifactId"]}]
    return [
        {},
        {"name": "x", "kind": "model", "url": attack.victim.dataset_url, "scenarioId": "houses"},
        {
            "name": "x",
            "scenarioId": "houses",
            "executableId": "shared-train",
            "parameterBindings": [],
            "inputArtifactBindings": binding,
        },
        {"configurationId": ids["configurationId"]},
        {"name": "x", "cron": "0 3 * * *", "configurationId": ids["configurationId"]},
        {"status": "INACTIVE"},
        {"targetStatus": "STOPPED"},
        {"executions": [{"id": ids["executionId"], "targetStatus": "DELETED"}]},
        {"executionId": ids["executionId"], "tags": [{"name": "hacked", "value": "1"}]},
        {"resourceGroupId": "default", "labels": [{"key": "ext.ai.sap.com/x", "value": "1"}]},
        {"name": "lake", "type": "S3", "bucket": "the-lake", "data": _KEYS},
    ]


_KEYS = {"AWS_ACCESS_KEY_ID": "an-id", "AWS_SECRET_ACCESS_KEY": "a-secret"}


def test_every_endpoint_declares_a_check() -> None:
    checks = {
        each
        for name, each in inspect.getmembers(authorization, inspect.isfunction)
        if each.__module__ == authorization.__name__ and not name.startswith("_")
    }
    for endpoint in ENDPOINTS:
        assert endpoint.authorize in checks, endpoint.path
        # Nothing else than reading is allowed without a look at the client's resource group.
        if endpoint.authorize is authorization.shared_by_all or endpoint.tenant_wide:
            assert endpoint.method == "GET" or endpoint.authorize is authorization.tenant


def _state(attack: Attack) -> str:
    """Return everything of the victim, as the victim sees it."""
    server = attack.shared.server
    ids = attack.victim.ids
    paths = [
        f"/lm/artifacts/{ids['artifactId']}",
        f"/lm/configurations/{ids['configurationId']}",
        f"/lm/executions/{ids['executionId']}",
        f"/lm/executionSchedules/{ids['executionScheduleId']}",
        f"/lm/metrics?executionIds={ids['executionId']}",
        "/admin/objectStoreSecrets/lake",
        "/admin/resourceGroups/default",
        f"{FILES}?path={ids['file']}",
    ]
    return "\n".join(server.call("GET", path).text for path in paths)


@pytest.mark.parametrize(
    "endpoint", ENDPOINTS, ids=[f"{each.method} {each.path}" for each in ENDPOINTS]
)
@pytest.mark.parametrize("group", ["attacker", "default", "", None, "Default", "default/"])
def test_no_endpoint_reads_or_changes_anything_of_another_group(
    attack: Attack, endpoint: Endpoint, group: str | None
) -> None:
    before = _state(attack)
    ids = attack.victim.ids
    query = {
        "executionIds": ids["executionId"],
        "executionId": ids["executionId"],
        "path": ids["file"],
    }
    shared = endpoint.authorize is authorization.shared_by_all
    for body in _bodies(attack) if endpoint.method in {"POST", "PATCH"} else [{}]:
        sent = {"json": body} if endpoint.method in {"POST", "PATCH", "PUT"} else {}
        response = attack.call(
            endpoint.method, _path(endpoint, ids), group=group, params=query, **sent
        )
        assert response.status_code < 500, response.text
        assert SECRET not in response.text
        if group not in {"attacker", "", None} and not endpoint.tenant_wide:
            assert response.status_code == 403
        elif "{" in endpoint.path and not shared:
            assert response.status_code in {400, 403, 404}, response.text
    assert _state(attack) == before


def _register(attack: Attack, url: str) -> Any:
    body = {"name": "stolen", "kind": "dataset", "url": url, "scenarioId": "houses"}
    return attack.call("POST", "/lm/artifacts", json=body)


def test_files_of_another_group_cannot_be_registered(attack: Attack) -> None:
    victim = attack.victim
    path = victim.dataset_url.removeprefix("ai://default/")
    model = victim.model_url.removeprefix("ai://default/")
    execution = victim.ids["executionId"]
    own = _own_execution(attack)
    texts = {}
    for url in (
        path,
        f"{path}/train.csv",
        f"/{path}",
        f"//{path}",
        f"./{path}",
        f"x/../{path}",
        path.replace("/", "%2F"),
        path.upper(),
        model,
        execution,
        f"{own}/../{model}",
        f"{own}/%2e%2e/{model}",
        f"{own}//../{model}",
        f"{own.upper()}/housemodel",
        own,
        f"{own}x/housemodel",
        "does/not/exist",
    ):
        response = _register(attack, f"ai://default/{url}")
        assert response.status_code in {400, 403}, url
        if response.status_code == 403:
            texts[url] = response.json()["error"]["message"]
    # Responses do not depend on what is there.
    assert len(set(texts.values())) == 1
    assert _register(attack, f"ai://lake/{path}").status_code == 400
    assert _register(attack, f"ai://default/{own}/housemodel").status_code == 201


def _own_execution(attack: Attack) -> str:
    """Return the ID of a completed execution of the attacker's resource group."""
    body = {
        "name": "own",
        "scenarioId": "houses",
        "executableId": "shared-shell",
        "parameterBindings": [{"key": "text", "value": "echo own > /app/model/m"}],
    }
    created = attack.call("POST", "/lm/configurations", json=body)
    assert created.status_code == 201, created.text
    configuration = {"configurationId": created.json()["id"]}
    started = attack.call("POST", "/lm/executions", json=configuration)
    assert started.status_code == 202, started.text
    _ended(attack, started.json()["id"], "COMPLETED")
    return str(started.json()["id"])


def _ended(attack: Attack, execution_id: str, status: str) -> dict[str, Any]:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        found: dict[str, Any] = attack.call("GET", f"/lm/executions/{execution_id}").json()
        if found["status"] in {"COMPLETED", "DEAD", "STOPPED"}:
            assert found["status"] == status, found
            return found
        time.sleep(0.1)
    raise AssertionError(found)


def test_outputs_of_own_executions_are_readable_in_a_shared_store(attack: Attack) -> None:
    own = _own_execution(attack)
    path = f"{own}/housemodel/m"
    assert attack.call("GET", f"{FILES}/{path}").text == "own\n"
    assert attack.call("GET", FILES, params={"path": path}).text == "own\n"
    for method in ("PUT", "DELETE"):
        assert attack.call(method, f"{FILES}/{path}").status_code == 403
    for other in (own, f"{own}/..", f"{own}/../{attack.victim.ids['file']}", "", own[:-1]):
        response = attack.call("GET", FILES, params={"path": other, "view": "folder"})
        assert response.status_code == 403, other
    # Models of a deleted execution are kept, for its resource group.
    assert attack.call("DELETE", f"/lm/executions/{own}").status_code == 202
    assert attack.call("GET", f"{FILES}/{path}").text == "own\n"


def test_a_link_in_the_store_does_not_lead_to_other_files(attack: Attack) -> None:
    own = _own_execution(attack)
    folder = attack.shared.server.home / "files"
    target = (folder / attack.victim.ids["file"]).parent
    (folder / own / "link").symlink_to(target)
    assert attack.call("GET", f"{FILES}/{own}/link/train.csv").status_code == 403
    assert _register(attack, f"ai://default/{own}/link").status_code == 403


def test_inputs_of_executions_are_checked_again_before_they_are_downloaded(
    attack: Attack, tmp_path: Path
) -> None:
    desk = attack.shared.bench.desk
    folder = tmp_path / "own"
    (folder / "data").mkdir(parents=True)
    (folder / "data" / "train.csv").write_text("1\n2\n")
    desk.stores.add(MINE, "moving", "file", {"root": str(folder)})
    try:
        registered = _register(attack, "ai://moving/data")
        assert registered.status_code == 201, registered.text
        body = {
            "name": "own",
            "scenarioId": "houses",
            "executableId": "shared-train",
            "inputArtifactBindings": [
                {"key": "housedataset", "artifactId": registered.json()["id"]}
            ],
        }
        configuration = {
            "configurationId": attack.call("POST", "/lm/configurations", json=body).json()["id"]
        }
        allowed = attack.call("POST", "/lm/executions", json=configuration).json()["id"]
        _ended(attack, allowed, "COMPLETED")
        # From now on, the name of the store leads to the files of all groups.
        victim = (desk.home.files / attack.victim.ids["file"]).parent
        (desk.home.files / "data").symlink_to(victim)
        desk.stores.edit(MINE, "moving", {})
        refused = attack.call("POST", "/lm/executions", json=configuration).json()["id"]
        found = _ended(attack, refused, "DEAD")
        assert "may not use" in json.dumps(found)
        work = desk.home.root / "executions" / refused
        assert not any(SECRET in each.read_text("utf-8", "replace") for each in _files(work))
        # Whatever is registered on this machine, its user may use.
        artifact = desk.artifacts.add(MINE, ArtifactKind.DATASET, "d", "ai://moving/data", "houses")
        bound = desk.configurations.create(
            MINE, "own", "shared-train", {}, {"housedataset": artifact.id}
        )
        _ended(attack, desk.executions.create(MINE, bound.id).id, "COMPLETED")
    finally:
        (desk.home.files / "data").unlink(missing_ok=True)
        desk.stores.delete(MINE, "moving")


def _files(folder: Path) -> Iterator[Path]:
    return (each for each in folder.rglob("*") if each.is_file() and not each.is_symlink())


def _secret(**more: Any) -> dict[str, Any]:
    return {"name": f"mine-{uuid.uuid4().hex[:8]}", "type": "S3", "data": _KEYS, **more}


@pytest.mark.parametrize(
    "location",
    [
        {"bucket": "the-lake"},
        {"bucket": "The-Lake", "pathPrefix": "prod"},
        {"bucket": "the-lake", "pathPrefix": "/prod/"},
        {"bucket": "the-lake", "pathPrefix": "PROD/models"},
        {"bucket": "the-lake", "pathPrefix": "x/../prod"},
        {"bucket": "the-lake", "pathPrefix": "p%72od"},
        {"bucket": "the-lake", "pathPrefix": "prod//a"},
        {"bucket": "the-lake", "endpoint": "8.8.8.8"},
        {"type": "oss", "bucket": "the-lake", "endpoint": "8.8.8.8", "region": "eu-central-1"},
    ],
)
def test_object_stores_cannot_overlap_with_those_of_another_group(
    attack: Attack, location: dict[str, str]
) -> None:
    body = _secret(**location)
    if body["type"] == "oss":
        body["data"] = {"ACCESS_KEY_ID": "an-id", "SECRET_ACCESS_KEY": "a-secret"}
    error = error_of(attack.call("POST", "/admin/objectStoreSecrets", json=body), 403)
    assert "default" not in str(error["message"])
    own = _secret(bucket="mine")
    assert attack.call("POST", "/admin/objectStoreSecrets", json=own).status_code == 202
    change = attack.call(
        "PATCH", f"/admin/objectStoreSecrets/{own['name']}", json={**body, "name": own["name"]}
    )
    assert change.status_code in {400, 403}, change.text
    (kept,) = [
        each for each in attack.shared.bench.desk.stores.list(MINE) if each.name == own["name"]
    ]
    assert kept.settings["bucket"] == "mine"
    assert attack.call("DELETE", f"/admin/objectStoreSecrets/{own['name']}").status_code == 202


def test_a_location_beside_that_of_another_group_is_allowed(attack: Attack) -> None:
    for location in ({"bucket": "the-lake", "pathPrefix": "production"}, {"bucket": "the-lake2"}):
        body = _secret(**location)
        assert attack.call("POST", "/admin/objectStoreSecrets", json=body).status_code == 202
        attack.call("DELETE", f"/admin/objectStoreSecrets/{body['name']}")


def test_uploads_belong_to_a_group(attack: Attack) -> None:
    upload = uuid.uuid4().hex
    server = attack.shared.server
    query = {"path": "a", "upload": upload}
    assert server.call("PUT", FILES, params=query, data=b"1").status_code == 201
    assert attack.call("DELETE", FILES, params=query).status_code == 403
    assert attack.call("PUT", FILES, params=query, data=b"2").status_code == 403
    published = server.call("POST", FILES, params={"path": f"up/{upload}", "upload": upload})
    assert published.status_code == 201
    assert server.call("GET", FILES, params={"path": f"up/{upload}/a"}).text == "1"


@pytest.mark.parametrize("kind", ["S3", "webhdfs", "azure", "gcs"])
def test_responses_do_not_tell_what_is_at_an_internal_address(attack: Attack, kind: str) -> None:
    desk = attack.shared.bench.desk
    account = json.dumps({"client_email": "a@example.com", "private_key": "x"})
    forms: dict[str, tuple[str, dict[str, str], dict[str, str]]] = {
        "S3": ("endpoint", {"bucket": "mine"}, _KEYS),
        "webhdfs": ("namenode", {}, {}),
        "azure": ("container_uri", {}, {"STORAGE_ACCESS_KEY": "sv=2021&sig=x"}),
        "gcs": ("endpoint", {"bucket": "mine"}, {"PRIVATE_KEY": account}),
    }
    field, settings, secrets = forms[kind]
    created, used = set(), set()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        for host in (f"127.0.0.1:{port}", "127.0.0.1:1", "nobody.invalid", "169.254.169.254"):
            url = f"http://{host}" + ("/account/mine" if kind == "azure" else "")
            keys = {"webhdfs": "HDFS_NAMENODE", "azure": "CONTAINER_URI"}
            data = {**secrets, **({keys[kind]: url} if kind in keys else {})}
            more = {} if kind in keys else {"endpoint": url}
            if kind != "gcs":
                body = {"name": "probe", "type": kind, **settings, **more, "data": data}
                response = attack.call("POST", "/admin/objectStoreSecrets", json=body)
                created.add((response.status_code, response.json()["error"]["message"]))
            # The name of a server may lead elsewhere later.
            fields = {
                "S3": {"access_key_id": "an-id", "secret_access_key": "a-secret"},
                "azure": {"sas_token": "sv=2021&sig=x"},
                "gcs": {"private_key": account},
            }.get(kind, {})
            desk.stores.add(
                MINE, "probe", kind.lower(), {**settings, field: url, **fields}, restricted=True
            )
            for method in ("GET", "PUT", "DELETE"):
                query = {"objectStore": "probe", "path": "a"}
                response = attack.call(method, FILES, params=query)
                used.add((response.status_code, response.json()["error"]["message"]))
            desk.stores.delete(MINE, "probe")
    assert len(created) == (kind != "gcs")
    assert {status for status, _ in created} <= {400}
    assert len(used) == 1
    assert {status for status, _ in used} == {424}
