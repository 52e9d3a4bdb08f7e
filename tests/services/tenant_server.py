"""A tenant of SAP AI Core in memory: the AI API's lists, counts and single things over HTTP, slow and rude on demand.

It knows nothing of launchpad. Run as a program it serves a large tenant and prints its port::

    python tests/services/tenant_server.py --artifacts 100000 --executions 20000 --latency 0.3 --failures 0.05
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
_BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
Json = dict[str, Any]
#: status, headers, body
Answer = tuple[int, dict[str, str], bytes]


def moment(seconds: float) -> str:
    """So many seconds behind the beginning, as the API writes it."""
    return (_BEGIN + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass
class Group:
    """What is in a resource group, each list in its order."""

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
        """Add an execution with its configuration, what it logged, and where it is over, its model; gives its ID."""
        configuration = {
            "id": f"c0f16000-0000-4000-8000-{number:012d}",
            "name": f"train {number}",
            "scenarioId": "churn",
            "executableId": "churn-train",
            "parameterBindings": [{"key": "rate", "value": str(number / 1000)}],
            "inputArtifactBindings": [],
            "createdAt": moment(number),
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
            "createdAt": moment(number),
            "modifiedAt": moment(number + 60),
            "submissionTime": moment(number),
            "startTime": moment(number + 1),
        }
        if status == "COMPLETED":
            execution["completionTime"] = moment(number + 60)
        self.configurations.append(configuration)
        self.executions.append(execution)
        one = str(execution["id"])
        if points:
            values = [
                {
                    "name": "loss",
                    "value": 1 / (step + 1),
                    "timestamp": moment(number + step),
                    "step": step,
                    "labels": [],
                }
                for step in range(points)
            ]
            self.metrics[one] = {
                "executionId": one,
                "metrics": values,
                "tags": [],
                "customInfo": [],
            }
        if model and status == "COMPLETED":
            self.artifacts.append(artifact(number, execution_id=one))
        return one


def artifact(number: int, kind: str = "model", execution_id: str = "") -> Json:
    """An artifact."""
    found: Json = {
        "id": f"a47f0000-0000-4000-8000-{number:012d}",
        "name": f"{kind} {number}",
        "kind": kind,
        "url": f"ai://default/{execution_id or 'by-hand'}/{kind}{number}",
        "description": f"The {kind} of training {number}.",
        "scenarioId": "churn",
        "labels": [{"key": "ext.ai.sap.com/stage", "value": ("test", "production")[number % 2]}],
        "createdAt": moment(number),
        "modifiedAt": moment(number),
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
        "createdAt": moment(0),
        "modifiedAt": moment(0),
    }


class Refused(Exception):
    """An answer that is an error."""

    def __init__(self, status: int, message: str = "refused") -> None:
        super().__init__(message)
        self.status = status


class Tenant:
    """The tenant and how it behaves.

    ``latency``: seconds before each answer; ``failures``: the share of requests of the API that get a 503 instead;
    ``answer``: called with method, path and number of the request, may give a whole other answer (status, headers,
    body) or raise `Refused`; ``top``: the most entries of a page; ``life``: requests that a token holds.
    """

    def __init__(self) -> None:
        self.groups: dict[str, Group] = {"default": Group()}
        self.scenarios = [
            {
                "id": "churn",
                "name": "Churn",
                "description": "",
                "createdAt": moment(0),
                "modifiedAt": moment(0),
            }
        ]
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
            except Refused as error:
                said = {
                    "code": str(error.status),
                    "message": str(error),
                    "requestId": "req-1",
                    "target": parts.path,
                }
                return _json({"error": said}, error.status)

    def _api(
        self, method: str, path: str, query: dict[str, str], headers: dict[str, str], body: bytes
    ) -> Answer:
        data = json.loads(body) if body else None
        if method != "GET":
            self.bodies.append((method, path, data))
        words = path.strip("/").split("/")
        if words[:2] == ["admin", "resourceGroups"]:
            return self._resource_groups(method, words, data)
        name = headers.get("ai-resource-group", "default")
        if name not in self.groups:
            raise Refused(404, f"no group {name}")
        group = self.groups[name]
        if words == ["lm", "meta"]:
            able = {"logs": {"executions": True}, "userExecutions": True, **self.capabilities}
            return _json(
                {
                    "runtimeIdentifier": "tenant of the tests",
                    "aiApi": {"version": "2.42.0", "capabilities": able},
                    "extensions": {
                        "resourceGroups": {"version": "1.0"},
                        "metrics": {"version": "1.0"},
                    },
                }
            )
        if words[:2] == ["lm", "scenarios"]:
            return self._scenarios(words)
        if words[:2] == ["lm", "metrics"] and method != "GET":
            self._change_metrics(method, query, group, data)
            return 204, {}, b""
        if words[:2] == ["lm", "metrics"]:
            ids = query.get("executionIds", "").split(",")
            if not ids[0] or len(ids) > 10:
                raise Refused(400, "executionIds")
            return _list([group.metrics[one] for one in ids if one in group.metrics])
        if words[:2] == ["admin", "objectStoreSecrets"]:
            return self._stores(method, words, group, data)
        return self._lists(method, words, query, group, data)

    @staticmethod
    def _stores(method: str, words: list[str], group: Group, data: Any) -> Answer:
        if method == "GET":
            return _list(
                [{key: each[key] for key in ("name", "metadata")} for each in group.stores]
            )
        if method == "POST":
            told = {
                f"storage.ai.sap.com/{key}": data[key]
                for key in data
                if key not in {"name", "data"}
            }
            name = f"{data['name']}-object-store-secret"
            group.stores.append({"name": name, "metadata": told, "posted": data})
        elif method == "PATCH":
            (changed,) = [
                each for each in group.stores if each["name"] == f"{words[2]}-object-store-secret"
            ]
            changed["posted"] = data
        else:
            found = [
                each
                for each in group.stores
                if each["name"].removesuffix("-object-store-secret") == words[2]
            ]
            if not found:
                raise Refused(404, words[2])
            group.stores.remove(found[0])
        return _json({"message": "done"}, 202)

    def _resource_groups(self, method: str, words: list[str], data: Any) -> Answer:
        if method == "PATCH":
            return _json({"id": words[2], "message": "changed"}, 202)
        if method == "POST":
            self.groups.setdefault(data["resourceGroupId"], Group())
            return _json(
                {"resourceGroupId": data["resourceGroupId"], "tenantId": "t", "zoneId": "z"}, 202
            )
        if method == "DELETE":
            if words[2] not in self.groups:
                raise Refused(404, "no such group")
            del self.groups[words[2]]
            return _json({"id": words[2], "message": "scheduled"}, 202)
        found = [
            {
                "resourceGroupId": name,
                "tenantId": "t",
                "zoneId": "z",
                "createdAt": moment(0),
                "status": "PROVISIONED",
            }
            for name in self.groups
        ]
        return _list(found)

    def _scenarios(self, words: list[str]) -> Answer:
        if len(words) == 2:
            return _list(self.scenarios)
        if words[3:] == ["executables"]:
            return _list([_executable()] if words[2] == "churn" else [])
        version = {
            "id": "1.0",
            "scenarioId": words[2],
            "createdAt": moment(0),
            "modifiedAt": moment(0),
        }
        return _list([version])

    def _lists(
        self, method: str, words: list[str], query: dict[str, str], group: Group, data: Any
    ) -> Answer:
        lists = {
            "artifacts": group.artifacts,
            "configurations": group.configurations,
            "executions": group.executions,
            "executionSchedules": group.schedules,
        }
        if len(words) < 2 or words[0] != "lm" or words[1] not in lists:
            raise Refused(404, "/".join(words))
        found = lists[words[1]]
        if method == "POST":
            return self._create(words[1], found, data)
        if len(words) == 2 and method == "PATCH":
            done = [
                self._change_one(found, each["id"], each["targetStatus"])
                for each in data["executions"]
            ]
            return _json({"executions": done}, 202)
        if len(words) > 2 and words[2] != "$count":
            one = next((each for each in found if each["id"] == words[2]), None)
            if one is None:
                raise Refused(404, words[2])
            if words[3:] == ["logs"]:
                return _json({"data": {"result": self._logs(group.logs.get(words[2], []), query)}})
            return self._single(method, words[1], found, one, data)
        for name, key in (("kind", "kind"), ("status", "status"), ("scenarioId", "scenarioId")):
            if name in query:
                found = [each for each in found if each.get(key) == query[name]]
        if words[2:] == ["$count"]:
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
        made: Json = {"id": one, "createdAt": moment(9e6), "modifiedAt": moment(9e6), **data}
        if kind == "executions":
            bound = [
                each
                for group in self.groups.values()
                for each in group.configurations
                if each["id"] == data["configurationId"]
            ]
            if not bound:
                raise Refused(400, "no such configuration")
            made |= {
                "configurationName": bound[0]["name"],
                "scenarioId": bound[0]["scenarioId"],
                "executableId": bound[0]["executableId"],
                "status": "PENDING",
                "targetStatus": "COMPLETED",
            }
        if kind == "executionSchedules":
            made["status"] = "ACTIVE"
        found.append(made)
        status = 202 if kind.startswith("execution") else 201
        return _json(
            {"id": one, "message": "made", **({"url": data["url"]} if kind == "artifacts" else {})},
            status,
        )

    def _change_one(self, found: list[Json], one: str, target: str) -> Json:
        """Change an execution of a bulk request, which reports an error for each of them."""
        try:
            self._change(found, one, target)
        except Refused as refused:
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
            raise Refused(404, one)
        if target == "DELETED":
            if execution["status"] in {"PENDING", "RUNNING", "STOPPING"}:
                raise Refused(412, "it goes on")
            found.remove(execution)
            return
        if execution["status"] not in {"PENDING", "RUNNING"}:
            raise Refused(412, "it does not go on")
        execution |= {"targetStatus": "STOPPED", "status": "STOPPED", "modifiedAt": moment(9.1e6)}

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
        """Nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is no news."""


@contextmanager
def serve(tenant: Tenant | None = None) -> Iterator[Tenant]:
    """Run a tenant until the block ends."""
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
    """A tenant with so many of each; the newest executions made the newest models."""
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
