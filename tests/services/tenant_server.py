"""A tenant of SAP AI Core in memory, served over HTTP, with optional latency and faults.

It uses no code of launchpad. As a program, it serves a large tenant and prints its service key::

    python tests/services/tenant_server.py --artifacts 100000 --latency 0.3 --failures 0.05
"""

from __future__ import annotations

import argparse
import json
import random
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

SECRET = "hush-hush-this-is-secret"
_EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
Json = dict[str, Any]
#: Status, headers and body of a response.
Answer = tuple[int, dict[str, str], bytes]


def timestamp(seconds: float) -> str:
    """Return the time some seconds after the start of 2026, in the format of the AI API."""
    return (_EPOCH + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass
class Group:
    """The content of a resource group; lists are returned in this order."""

    artifacts: list[Json] = field(default_factory=list)
    configurations: list[Json] = field(default_factory=list)
    executions: list[Json] = field(default_factory=list)
    schedules: list[Json] = field(default_factory=list)
    stores: list[Json] = field(default_factory=list)
    metrics: dict[str, Json] = field(default_factory=dict)
    logs: dict[str, list[Json]] = field(default_factory=dict)

    def train(
        self, number: int, *, status: str = "COMPLETED", points: int = 3, model: bool = True
    ) -> str:
        """Add an execution with its configuration and metrics, and its model if it is COMPLETED;
        return the ID of the execution."""
        configuration = {
            "id": f"c0f16000-0000-4000-8000-{number:012d}",
            "name": f"train {number}",
            "scenarioId": "churn",
            "executableId": "churn-train",
            "parameterBindings": [{"key": "rate", "value": str(number / 1000)}],
            "inputArtifactBindings": [],
            "createdAt": timestamp(number),
        }
        execution = {
            "id": f"e{number:015x}",
            "configurationId": configuration["id"],
            "configurationName": configuration["name"],
            "scenarioId": "churn",
            "executableId": "churn-train",
            "status": status,
            "targetStatus": "COMPLETED",
            "statusMessage": "",
            "outputArtifacts": [],
            "createdAt": timestamp(number),
            "modifiedAt": timestamp(number + 60),
            "submissionTime": timestamp(number),
            "startTime": timestamp(number + 1),
        }
        if status == "COMPLETED":
            execution["completionTime"] = timestamp(number + 60)
        self.configurations.append(configuration)
        self.executions.append(execution)
        execution_id = str(execution["id"])
        if points:
            values = [
                {
                    "name": "loss",
                    "value": 1 / (step + 1),
                    "timestamp": timestamp(number + step),
                    "step": step,
                    "labels": [],
                }
                for step in range(points)
            ]
            self.metrics[execution_id] = {
                "executionId": execution_id,
                "metrics": values,
                "tags": [],
                "customInfo": [],
            }
        if model and status == "COMPLETED":
            self.artifacts.append(artifact(number, execution_id=execution_id))
        return execution_id


def artifact(number: int, kind: str = "model", execution_id: str = "") -> Json:
    """Return an artifact."""
    found: Json = {
        "id": f"a47f0000-0000-4000-8000-{number:012d}",
        "name": f"{kind} {number}",
        "kind": kind,
        "url": f"ai://default/{execution_id or 'by-hand'}/{kind}{number}",
        "description": f"The {kind} of training {number}.",
        "scenarioId": "churn",
        "labels": [{"key": "ext.ai.sap.com/stage", "value": ("test", "production")[number % 2]}],
        "createdAt": timestamp(number),
        "modifiedAt": timestamp(number),
    }
    if execution_id:
        found["executionId"] = execution_id
    return found


def _executable() -> Json:
    return {
        "id": "churn-train",
        "name": "Train",
        "description": "Trains.",
        "scenarioId": "churn",
        "versionId": "1.0",
        "deployable": False,
        "parameters": [{"name": "rate", "type": "string", "default": "0.1"}],
        "inputArtifacts": [],
        "outputArtifacts": [{"name": "model", "kind": "model"}],
        "createdAt": timestamp(0),
        "modifiedAt": timestamp(0),
    }


class ApiError(Exception):
    """An error response."""

    def __init__(self, status: int, message: str = "rejected") -> None:
        super().__init__(message)
        self.status = status


class Tenant:
    """A tenant, and the faults of its server.

    Attributes:
        latency: Seconds before each response.
        failures: The share of requests to the API that are answered with 503.
        answer: Called with method, path and number of each request. May return another response or
            raise `ApiError`.
        top: The maximum number of entries of a page.
        life: The number of requests for which a token is valid.
    """

    def __init__(self) -> None:
        self.groups: dict[str, Group] = {"default": Group()}
        self.scenarios = [
            {
                "id": "churn",
                "name": "Churn",
                "description": "",
                "createdAt": timestamp(0),
                "modifiedAt": timestamp(0),
            }
        ]
        #: the status of each application by its name
        self.applications: dict[str, Json] = {}
        self.capabilities: Json = {"executionSchedules": True, "bulkUpdates": {"executions": True}}
        self.latency = 0.0
        self.failures = 0.0
        self.top = 100_000
        self.life = 1_000_000
        self.answer: Callable[[str, str, int], Answer | None] = lambda *_: None
        self.requests: list[str] = []
        self.bodies: list[tuple[str, str, Any]] = []
        self.port = 0
        self.lock = threading.RLock()
        self._random = random.Random(1)
        self._tokens: dict[str, int] = {}

    @property
    def service_key(self) -> str:
        """The service key."""
        url = f"http://127.0.0.1:{self.port}"
        return json.dumps(
            {
                "clientid": "me",
                "clientsecret": SECRET,
                "url": url,
                "serviceurls": {"AI_API_URL": url},
            }
        )

    def handle(self, method: str, target: str, headers: dict[str, str], body: bytes) -> Answer:
        """Answer a request."""
        parts = urlsplit(target)
        query = {
            name.removeprefix("$"): values[-1] for name, values in parse_qs(parts.query).items()
        }
        time.sleep(self.latency)
        with self.lock:
            if parts.path == "/oauth/token":
                token = uuid.uuid4().hex
                self._tokens[token] = self.life
                return _json({"access_token": token, "expires_in": 43199})
            self.requests.append(f"{method} {target}")
            number = len(self.requests)
            other = self.answer(method, parts.path, number)
            if other is not None:
                return other
            if self._random.random() < self.failures:
                return _json({"error": {"code": "503", "message": "busy"}}, 503)
            token = headers.get("authorization", "").removeprefix("Bearer ")
            if self._tokens.get(token, 0) <= 0:
                return _json({"error": {"code": "401", "message": "no token"}}, 401)
            self._tokens[token] -= 1
            try:
                return self._api(
                    method, unquote(parts.path).removeprefix("/v2"), query, headers, body
                )
            except ApiError as error:
                details = {
                    "code": str(error.status),
                    "message": str(error),
                    "requestId": "req-1",
                    "target": parts.path,
                }
                return _json({"error": details}, error.status)

    def _api(
        self, method: str, path: str, query: dict[str, str], headers: dict[str, str], body: bytes
    ) -> Answer:
        data = json.loads(body) if body else None
        if method != "GET":
            self.bodies.append((method, path, data))
        segments = path.strip("/").split("/")
        if segments[:2] == ["admin", "resourceGroups"]:
            return self._resource_groups(method, segments, data)
        if segments[:2] == ["admin", "applications"]:
            if len(segments) == 4 and segments[2] in self.applications:
                return _json(self.applications[segments[2]])
            return _list([{"applicationName": each} for each in self.applications])
        name = headers.get("ai-resource-group", "default")
        if name not in self.groups:
            raise ApiError(404, f"no group {name}")
        group = self.groups[name]
        if segments == ["lm", "meta"]:
            capabilities = {
                "logs": {"executions": True},
                "userExecutions": True,
                **self.capabilities,
            }
            return _json(
                {
                    "runtimeIdentifier": "tenant of the tests",
                    "aiApi": {"version": "2.42.0", "capabilities": capabilities},
                    "extensions": {
                        "resourceGroups": {"version": "1.0"},
                        "metrics": {"version": "1.0"},
                    },
                }
            )
        if segments[:2] == ["lm", "scenarios"]:
            return self._scenarios(segments)
        if segments[:2] == ["lm", "metrics"] and method != "GET":
            self._change_metrics(method, query, group, data)
            return 204, {}, b""
        if segments[:2] == ["lm", "metrics"]:
            ids = query.get("executionIds", "").split(",")
            if not ids[0] or len(ids) > 10:
                raise ApiError(400, "executionIds")
            return _list([group.metrics[one] for one in ids if one in group.metrics])
        if segments[:2] == ["admin", "objectStoreSecrets"]:
            return self._stores(method, segments, group, data)
        return self._lists(method, segments, query, group, data)

    @staticmethod
    def _stores(method: str, segments: list[str], group: Group, data: Any) -> Answer:
        if method == "GET":
            return _list(
                [{key: each[key] for key in ("name", "metadata")} for each in group.stores]
            )
        if method == "POST":
            metadata = {
                f"storage.ai.sap.com/{key}": data[key]
                for key in data
                if key not in {"name", "data"}
            }
            name = f"{data['name']}-object-store-secret"
            group.stores.append({"name": name, "metadata": metadata, "posted": data})
        elif method == "PATCH":
            (changed,) = [
                each
                for each in group.stores
                if each["name"] == f"{segments[2]}-object-store-secret"
            ]
            changed["posted"] = data
        else:
            found = [
                each
                for each in group.stores
                if each["name"].removesuffix("-object-store-secret") == segments[2]
            ]
            if not found:
                raise ApiError(404, segments[2])
            group.stores.remove(found[0])
        return _json({"message": "done"}, 202)

    def _resource_groups(self, method: str, segments: list[str], data: Any) -> Answer:
        if method == "PATCH":
            return _json({"id": segments[2], "message": "changed"}, 202)
        if method == "POST":
            self.groups.setdefault(data["resourceGroupId"], Group())
            return _json(
                {"resourceGroupId": data["resourceGroupId"], "tenantId": "t", "zoneId": "z"}, 202
            )
        if method == "DELETE":
            if segments[2] not in self.groups:
                raise ApiError(404, "no such group")
            del self.groups[segments[2]]
            return _json({"id": segments[2], "message": "scheduled"}, 202)
        found = [
            {
                "resourceGroupId": name,
                "tenantId": "t",
                "zoneId": "z",
                "createdAt": timestamp(0),
                "status": "PROVISIONED",
            }
            for name in self.groups
        ]
        return _list(found)

    def _scenarios(self, segments: list[str]) -> Answer:
        if len(segments) == 2:
            return _list(self.scenarios)
        if segments[3:] == ["executables"]:
            return _list([_executable()] if segments[2] == "churn" else [])
        version = {
            "id": "1.0",
            "scenarioId": segments[2],
            "createdAt": timestamp(0),
            "modifiedAt": timestamp(0),
        }
        return _list([version])

    def _lists(
        self, method: str, segments: list[str], query: dict[str, str], group: Group, data: Any
    ) -> Answer:
        lists = {
            "artifacts": group.artifacts,
            "configurations": group.configurations,
            "executions": group.executions,
            "executionSchedules": group.schedules,
        }
        if len(segments) < 2 or segments[0] != "lm" or segments[1] not in lists:
            raise ApiError(404, "/".join(segments))
        found = lists[segments[1]]
        if method == "POST":
            return self._create(segments[1], found, data)
        if len(segments) == 2 and method == "PATCH":
            results = [
                self._change_one(found, each["id"], each["targetStatus"])
                for each in data["executions"]
            ]
            return _json({"executions": results}, 202)
        if len(segments) > 2 and segments[2] != "$count":
            one = next((each for each in found if each["id"] == segments[2]), None)
            if one is None:
                raise ApiError(404, segments[2])
            if segments[3:] == ["logs"]:
                return _json(
                    {"data": {"result": self._logs(group.logs.get(segments[2], []), query)}}
                )
            return self._single(method, segments[1], found, one, data)
        for name, key in (("kind", "kind"), ("status", "status"), ("scenarioId", "scenarioId")):
            if name in query:
                found = [each for each in found if each.get(key) == query[name]]
        if segments[2:] == ["$count"]:
            return 200, {"Content-Type": "text/plain"}, str(len(found)).encode()
        skip, top = int(query.get("skip", 0)), min(int(query.get("top", 10_000)), self.top)
        page = found[skip : skip + top]
        if query.get("select") == "status":
            kept = ("id", "configurationId", "status", "statusDetails", "createdAt", "modifiedAt")
            page = [{key: each[key] for key in kept if key in each} for each in page]
        return _list(page)

    def _single(self, method: str, kind: str, found: list[Json], one: Json, data: Any) -> Answer:
        if method == "GET":
            return _json(one)
        if kind == "executionSchedules":
            one.update(data or {})
            if method == "DELETE":
                found.remove(one)
        else:
            self._change(
                found, one["id"], "DELETED" if method == "DELETE" else data["targetStatus"]
            )
        return _json({"id": one["id"], "message": "scheduled"}, 202)

    def _create(self, kind: str, found: list[Json], data: Json) -> Answer:
        one = f"e{uuid.uuid4().hex[:15]}" if kind == "executions" else str(uuid.uuid4())
        created: Json = {
            "id": one,
            "createdAt": timestamp(9e6),
            "modifiedAt": timestamp(9e6),
            **data,
        }
        if kind == "executions":
            bound = [
                each
                for group in self.groups.values()
                for each in group.configurations
                if each["id"] == data["configurationId"]
            ]
            if not bound:
                raise ApiError(400, "no such configuration")
            created |= {
                "configurationName": bound[0]["name"],
                "scenarioId": bound[0]["scenarioId"],
                "executableId": bound[0]["executableId"],
                "status": "PENDING",
                "targetStatus": "COMPLETED",
            }
        if kind == "executionSchedules":
            created["status"] = "ACTIVE"
        found.append(created)
        status = 202 if kind.startswith("execution") else 201
        return _json(
            {
                "id": one,
                "message": "created",
                **({"url": data["url"]} if kind == "artifacts" else {}),
            },
            status,
        )

    def _change_one(self, found: list[Json], one: str, target: str) -> Json:
        """Change an execution of a bulk request, which reports an error for each of them."""
        try:
            self._change(found, one, target)
        except ApiError as refused:
            return {"id": one, "error": {"code": str(refused.status), "message": str(refused)}}
        return {"id": one, "message": "scheduled"}

    @staticmethod
    def _change_metrics(method: str, query: dict[str, str], group: Group, data: Any) -> None:
        if method == "DELETE":
            group.metrics.pop(query.get("executionId", ""), None)
            return
        kept = group.metrics.setdefault(
            data["executionId"], {"executionId": data["executionId"], "metrics": []}
        )
        kept["metrics"] += data.get("metrics", [])
        for name in ("tags", "customInfo"):
            if name in data:
                kept[name] = data[name]

    def _change(self, found: list[Json], one: str, target: str) -> None:
        execution = next((each for each in found if each["id"] == one), None)
        if execution is None:
            raise ApiError(404, one)
        if target == "DELETED":
            if execution["status"] in {"PENDING", "RUNNING", "STOPPING"}:
                raise ApiError(412, "the execution has not ended")
            found.remove(execution)
            return
        if execution["status"] not in {"PENDING", "RUNNING"}:
            raise ApiError(412, "the execution has ended")
        execution |= {
            "targetStatus": "STOPPED",
            "status": "STOPPED",
            "modifiedAt": timestamp(9.1e6),
        }

    @staticmethod
    def _logs(lines: list[Json], query: dict[str, str]) -> list[Json]:
        found = [
            each
            for each in lines
            if query.get("start", "") <= each["timestamp"] <= query.get("end", "9999")
        ]
        found.sort(key=lambda each: each["timestamp"], reverse=query.get("order") == "desc")
        return found[: int(query.get("top", 1000))]


def _json(data: object, status: int = 200) -> Answer:
    return status, {"Content-Type": "application/json"}, json.dumps(data).encode()


def _list(found: list[Json]) -> Answer:
    return _json({"count": len(found), "resources": found})


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    tenant: Tenant

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        status, sent, content = self.tenant.handle(self.command, self.path, headers, body)
        self.send_response(status)
        length = sent.pop("Cut-At", None)
        for name, value in sent.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content if length is None else content[: int(length)])
        self.wfile.flush()
        if length is not None:
            self.close_connection = True

    do_GET = do_POST = do_PATCH = do_DELETE = _serve  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Do not log requests."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: object, client_address: object) -> None:
        """Ignore clients that close the connection."""


@contextmanager
def serve(tenant: Tenant | None = None) -> Iterator[Tenant]:
    """Serve a tenant on a free port of this machine until the block ends."""
    tenant = tenant or Tenant()
    handler = type("Handler", (_Handler,), {"tenant": tenant})
    server = _Server(("127.0.0.1", 0), handler)
    tenant.port = server.server_port
    thread = threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
    )
    thread.start()
    try:
        yield tenant
    finally:
        server.shutdown()
        server.server_close()


def large(artifacts: int, executions: int) -> Tenant:
    """Return a tenant with many artifacts, of which the newest are outputs of its executions."""
    tenant = Tenant()
    group = tenant.groups["default"]
    for number in range(artifacts - executions):
        group.artifacts.append(artifact(10_000_000 + number, "dataset" if number % 3 else "model"))
    for number in range(executions):
        group.train(number)
    return tenant


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--artifacts", type=int, default=100_000)
    parser.add_argument("--executions", type=int, default=20_000)
    parser.add_argument("--latency", type=float, default=0.3)
    parser.add_argument("--failures", type=float, default=0.05)
    options = parser.parse_args()
    tenant = large(options.artifacts, options.executions)
    tenant.latency, tenant.failures = options.latency, options.failures
    with serve(tenant):
        print(tenant.service_key, flush=True)
        while True:
            time.sleep(5)
            print(len(tenant.requests), flush=True)


if __name__ == "__main__":
    main()
