"""The server against SAP's specification: random requests, and responses about known resources."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import schemathesis
import yaml
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from launchpad_tui.domain.artifact import ArtifactKind
from launchpad_tui.domain.connection import DEFAULT_SCOPE
from launchpad_tui.domain.execution import Status
from launchpad_tui.domain.metric import CustomInfo, Metric, Tag
from tests.server.api.served import SECONDS, Server, serving
from tests.services.execution_support import Bench, shell_template

SPECIFICATION = Path(__file__).parents[2] / "runtimes" / "aicore" / "spec" / "AI_CORE_API.yaml"
#: what this server offers of the specification
OFFERED = re.compile(
    r"/lm/(artifacts|configurations|dataset|executions|executionSchedules|scenarios|meta|metrics)(/|$)"
    r"|/admin/(objectStoreSecrets|resourceGroups)(/|$)"
)
NOT_OFFERED = {"/lm/scenarios/{scenarioId}/models"}
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


def specification() -> dict[str, Any]:
    """Return the supported part of the specification, with one of its gaps corrected."""
    data: dict[str, Any] = yaml.safe_load(SPECIFICATION.read_text(encoding="utf-8"))
    data["paths"] = {
        path: item
        for path, item in data["paths"].items()
        if OFFERED.match(path) and path not in NOT_OFFERED
    }
    schemas = data["components"]["schemas"]
    # An artifact's scenario is "a scenario, or anything".
    for name in ("AiArtifact", "AiConfiguration"):
        schemas[name]["properties"]["scenario"] = {"$ref": "#/components/schemas/AiScenario"}
    return data


def schema(mode: str) -> Any:
    """Return the specification as a source of ``positive`` (valid) or ``negative`` requests."""
    config = schemathesis.Config.from_dict({"seed": 20, "generation": {"mode": mode}})
    return schemathesis.openapi.from_dict(specification(), config=config)


@dataclass
class PopulatedServer:
    """A server with one resource of each kind; ``ids`` are by the specification's parameters."""

    server: Server
    ids: dict[str, str]

    def headers(self) -> dict[str, str]:
        """Return the headers of every request."""
        return {"Authorization": f"Bearer {self.server.token()}", "AI-Resource-Group": "default"}


@pytest.fixture(scope="module")
def populated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PopulatedServer]:
    """Return a server with one resource of each kind."""
    bench = Bench(tmp_path_factory.mktemp("judged"))
    try:
        desk, scope = bench.desk, DEFAULT_SCOPE
        executable = bench.add(
            shell_template("shared-shell", "echo one; echo two > /app/model/file")
        )
        execution = bench.create(executable)
        assert bench.wait(execution).status is Status.COMPLETED
        at = datetime.now(UTC)
        metrics = [
            Metric("loss", 0.5, at, 1, (("phase", "test"),)),
            Metric("Error Rate", 1e300, at),
        ]
        desk.metrics.record(
            execution, metrics, [Tag("team", "red")], [CustomInfo("note", "[]")], scope
        )
        labels = [("ext.ai.sap.com/stage", "a, b")]
        artifact = desk.artifacts.add(
            scope, ArtifactKind.MODEL, "m", "ai://default/m", "houses", "of hand", labels
        )
        configuration = desk.configurations.list(scope)[0]
        schedule = desk.schedules.create(
            scope, "nightly", "0 3 * * *", configuration.id, at.replace(microsecond=0)
        )
        desk.connections.add_group("local", "vision", {"ext.ai.sap.com/team": "red"})
        desk.stores.add(
            scope,
            "lake",
            "s3",
            {
                "bucket": "b",
                "endpoint": "http://s3.example.com",
                "access_key_id": "k",
                "secret_access_key": "s",
            },
        )
        ids = {
            "scenarioId": "houses",
            "executableId": executable,
            "artifactId": artifact.id,
            "executionId": execution,
            "configurationId": configuration.id,
            "executionScheduleId": schedule.id,
            "resourceGroupId": "vision",
            "objectStoreName": "lake",
        }
        with serving(desk.home.root) as server:
            yield PopulatedServer(server, ids)
    finally:
        bench.close()


ALLOWED, FORBIDDEN = schema("positive"), schema("negative")
MODEST = settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)


@ALLOWED.parametrize()  # type: ignore[untyped-decorator]
@MODEST
def test_responses_conform_to_the_specification(case: Any, populated: PopulatedServer) -> None:
    response = case.call(
        base_url=f"{populated.server.url}/v2", headers=populated.headers(), timeout=SECONDS
    )
    case.validate_response(response, checks=CHECKS)


@FORBIDDEN.parametrize()  # type: ignore[untyped-decorator]
@MODEST
def test_invalid_requests_never_cause_server_errors(case: Any, populated: PopulatedServer) -> None:
    response = case.call(
        base_url=f"{populated.server.url}/v2", headers=populated.headers(), timeout=SECONDS
    )
    case.validate_response(response, checks=[not_a_server_error])
    if response.status_code >= 400 and response.headers["content-type"] == ["application/json"]:
        error = response.json()["error"]
        assert isinstance(error["code"], str)
        assert isinstance(error["message"], str)


READ = [
    ("/lm/scenarios", {}),
    ("/lm/scenarios/{scenarioId}", {}),
    ("/lm/scenarios/{scenarioId}/executables", {"versionId": "1.0"}),
    ("/lm/scenarios/{scenarioId}/executables/{executableId}", {}),
    ("/lm/scenarios/{scenarioId}/versions", {}),
    (
        "/lm/artifacts",
        {"$expand": "scenario", "artifactLabelSelector": "ext.ai.sap.com/stage=a{comma} b"},
    ),
    ("/lm/artifacts", {"executionId": "executionId", "$top": 1}),
    ("/lm/artifacts/$count", {"scenarioId": "houses"}),
    ("/lm/artifacts/{artifactId}", {"$expand": "scenario"}),
    ("/lm/configurations", {"$expand": "scenario"}),
    ("/lm/configurations/$count", {}),
    ("/lm/configurations/{configurationId}", {"$expand": "scenario"}),
    ("/lm/executions", {}),
    ("/lm/executions", {"$select": "status", "status": "COMPLETED"}),
    ("/lm/executions/$count", {}),
    ("/lm/executions/{executionId}", {}),
    ("/lm/executions/{executionId}", {"$select": "status"}),
    ("/lm/executions/{executionId}/logs", {"$order": "desc"}),
    ("/lm/executionSchedules", {"status": "ACTIVE"}),
    ("/lm/executionSchedules/$count", {}),
    ("/lm/executionSchedules/{executionScheduleId}", {}),
    ("/lm/metrics", {"executionIds": "executionId"}),
    ("/lm/meta", {}),
    ("/admin/objectStoreSecrets", {"$count": "true"}),
    ("/admin/objectStoreSecrets/{objectStoreName}", {}),
    ("/admin/resourceGroups", {"labelSelector": "ext.ai.sap.com/team=red"}),
    ("/admin/resourceGroups/{resourceGroupId}", {}),
]


@pytest.mark.parametrize(("path", "query"), READ, ids=str)
def test_existing_resources_conform_to_the_specification(
    path: str, query: dict[str, Any], populated: PopulatedServer
) -> None:
    places = {name: populated.ids[name] for name in re.findall(r"{(\w+)}", path)}
    asked = {name: populated.ids.get(str(value), value) for name, value in query.items()}
    case = ALLOWED[path]["GET"].Case(path_parameters=places, query=asked)
    response = case.call(
        base_url=f"{populated.server.url}/v2", headers=populated.headers(), timeout=SECONDS
    )
    assert response.status_code == 200
    if path.endswith("$count"):
        assert int(response.text) > 0
    elif path.endswith("logs"):
        assert response.json()["data"]["result"]
    elif "{" not in path and path != "/lm/meta":
        assert response.json()["count"] == len(response.json()["resources"]) > 0
    case.validate_response(response, checks=CHECKS)


@pytest.mark.parametrize("method", ["PATCH", "POST", "PUT", "DELETE"])
@pytest.mark.parametrize(
    "what", ["artifacts", "configurations", "executions", "executionSchedules"]
)
def test_count_is_not_an_id(method: str, what: str, populated: PopulatedServer) -> None:
    response = populated.server.call(method, f"/lm/{what}/$count", data=b"{}")
    assert response.status_code == 405
    assert "GET" in response.headers["allow"]
    assert "DELETE" not in response.headers["allow"]


@pytest.mark.parametrize("name", ["abc", "x" * 100])
def test_groups_and_stores_with_short_names_are_deleted(
    name: str, populated: PopulatedServer
) -> None:
    case = ALLOWED["/admin/resourceGroups/{resourceGroupId}"]["DELETE"].Case(
        path_parameters={"resourceGroupId": name}
    )
    populated.server.call("POST", "/admin/resourceGroups", json={"resourceGroupId": name})
    response = case.call(
        base_url=f"{populated.server.url}/v2", headers=populated.headers(), timeout=SECONDS
    )
    assert response.status_code == 202
    case.validate_response(response, checks=CHECKS)


@pytest.mark.parametrize("query", [{}, {"executionId": ""}, {"executionId": ["e012", "e013"]}])
def test_metrics_of_unknown_executions_are_not_found(
    query: dict[str, Any], populated: PopulatedServer
) -> None:
    case = ALLOWED["/lm/metrics"]["DELETE"].Case(query=query)
    response = case.call(
        base_url=f"{populated.server.url}/v2", headers=populated.headers(), timeout=SECONDS
    )
    assert response.status_code == 404
    case.validate_response(response, checks=CHECKS)


def test_responses_to_changes_conform_to_the_specification(populated: PopulatedServer) -> None:
    ids = populated.ids

    def change(method: str, path: str, status: int, body: Any = None, **more: Any) -> Any:
        places = {name: ids[name] for name in re.findall(r"{(\w+)}", path)}
        kinds = ALLOWED[path][method].definition.raw.get("requestBody", {}).get("content", {"": {}})
        case = ALLOWED[path][method].Case(
            path_parameters=places,
            media_type=next(iter(kinds)) or None,
            **({} if body is None else {"body": body}),
            **more,
        )
        response = case.call(
            base_url=f"{populated.server.url}/v2", headers=populated.headers(), timeout=SECONDS
        )
        assert response.status_code == status, response.text
        case.validate_response(response, checks=CHECKS)
        return response

    model = {"name": "n", "kind": "model", "url": "ai://default/n", "scenarioId": "houses"}
    made = change("POST", "/lm/artifacts", 201, model)
    (place,) = made.headers["location"]
    assert place == f"/v2/lm/artifacts/{made.json()['id']}"
    assert populated.server.call("GET", place.removeprefix("/v2")).json()["name"] == "n"
    bound = {"name": "c", "scenarioId": "houses", "executableId": ids["executableId"]}
    change("POST", "/lm/configurations", 201, bound)
    created = change(
        "POST", "/lm/executions", 202, {"configurationId": ids["configurationId"]}
    ).json()
    assert (created["status"], created["targetStatus"]) == ("UNKNOWN", "COMPLETED")
    many = [
        {"id": one, "targetStatus": "STOPPED"} for one in (ids["executionId"], "e0123456789abcde")
    ]
    change("PATCH", "/lm/executions", 202, {"executions": many})
    change("PATCH", "/lm/executions/{executionId}", 412, {"targetStatus": "STOPPED"})
    change("PATCH", "/lm/executions/{executionId}", 400, {"targetStatus": "RUNNING"})
    nightly = {"name": "x", "cron": "0 4 * * *", "configurationId": ids["configurationId"]}
    change("POST", "/lm/executionSchedules", 202, nightly)
    change("PATCH", "/lm/executionSchedules/{executionScheduleId}", 202, {"status": "INACTIVE"})
    change(
        "PATCH",
        "/lm/metrics",
        204,
        {"executionId": ids["executionId"], "tags": [{"name": "a", "value": "b"}]},
    )
    change(
        "PATCH",
        "/lm/metrics",
        413,
        {"executionId": "e0123456789abcde", "tags": [{"name": "a", "value": "b"}] * 101},
    )
    change("DELETE", "/lm/metrics", 200, query={"executionId": ids["executionId"]})
    change("POST", "/admin/resourceGroups", 202, {"resourceGroupId": "more"})
    labels = [{"key": "ext.ai.sap.com/team", "value": "blue"}]
    change("PATCH", "/admin/resourceGroups/{resourceGroupId}", 202, {"labels": labels})
    assert populated.server.call("GET", "/admin/resourceGroups/vision").json()["labels"] == labels
    secret = {
        "name": "lake",
        "type": "S3",
        "bucket": "c",
        "endpoint": "s3.example.com",
        "data": {"AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s"},
    }
    change("POST", "/admin/objectStoreSecrets", 409, secret)
    change("POST", "/admin/objectStoreSecrets", 202, secret | {"name": "pond"})
    change("PATCH", "/admin/objectStoreSecrets/{objectStoreName}", 202, secret)
    shown = populated.server.call("GET", "/admin/objectStoreSecrets/lake").json()["metadata"]
    assert shown["storage.ai.sap.com/bucket"] == "c"
    assert (shown["storage.ai.sap.com/type"], shown["serving.kubeflow.org/s3-usehttps"]) == (
        "S3",
        "1",
    )
    change("DELETE", "/admin/objectStoreSecrets/{objectStoreName}", 202)
    change("DELETE", "/lm/executionSchedules/{executionScheduleId}", 202)
    change("DELETE", "/admin/resourceGroups/{resourceGroupId}", 202)
    change("DELETE", "/lm/executions/{executionId}", 202)
    change("DELETE", "/lm/executions/{executionId}", 404)
