"""The API by its specification: Prism, a mock server from npm that validates every request.

A relay in front of it issues tokens, removes ``/v2`` from the path and records the violations that
Prism reports. Prism also rejects some of its own responses: examples of the specification that
violate it, and counts as text. In these cases the request was valid, and the relay responds instead
of Prism.
"""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from launchpad_tui.runtimes.aicore.credentials import ServiceKey
from tests.stores import http_server
from tests.stores.shared_server import call, free_ports, prepared, running, tool, wait_until

_VERSION = "5.14.2"
SPECIFICATION = Path(__file__).parent / "spec" / "AI_CORE_API.yaml"
TOKEN = "a-token-of-the-tests"
_META = {
    "runtimeIdentifier": "aicore",
    "aiApi": {
        "version": "2.42.0",
        "capabilities": {
            "executionSchedules": True,
            "logs": {"executions": True},
            "bulkUpdates": {"executions": True},
        },
    },
    "extensions": {"metrics": {"version": "1.1.0"}, "resourceGroups": {"version": "1.2.0"}},
}


@dataclass
class SpecificationServer:
    """The server.

    Args:
        calls: method, path without query, and Prism's status of each request, in their order.
        violations: the violations in requests that Prism reported.
    """

    port: int = 0
    calls: list[tuple[str, str, int]] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)

    def key(self) -> ServiceKey:
        """Return credentials for the server."""
        url = f"http://127.0.0.1:{self.port}"
        return ServiceKey(f"{url}/v2", f"{url}/oauth/token", "client", "a secret of the tests")


def ready() -> Path:
    """Return the folder in which Prism is installed.

    Raises:
        Missing: Node, npm or the network is missing.
    """
    tool("node", "apt-get install nodejs npm")

    def install(folder: Path) -> None:
        quiet = ["--no-audit", "--no-fund", "--ignore-scripts", "--omit=dev", "--no-package-lock"]
        call(
            [
                tool("npm", "apt-get install npm"),
                "install",
                *quiet,
                f"@stoplight/prism-cli@{_VERSION}",
            ],
            cwd=folder,
        )

    return prepared(f"prism-{_VERSION}", install)


@contextmanager
def serve(folder: Path) -> Iterator[SpecificationServer]:
    """Run the server until the block ends.

    Raises:
        Missing: Node is missing, or Prism cannot be installed.
        Broken: Prism does not start.
    """
    program = ready() / "node_modules/@stoplight/prism-cli/dist/index.js"
    (port,) = free_ports(1)
    log = folder / "log"
    command = [
        tool("node", ""),
        str(program),
        "mock",
        "--errors",
        "-h",
        "127.0.0.1",
        "-p",
        str(port),
    ]
    with running([*command, str(SPECIFICATION)], log, cwd=folder) as process:
        wait_until(lambda: _ask(port, "GET", "/lm/scenarios", {}, b"")[0] > 0, {log: process})
        server = SpecificationServer()

        class Relay(http_server.Handler):
            def serve(self) -> None:
                body = self.body()
                if self.path == "/oauth/token":
                    token = {"access_token": TOKEN, "expires_in": 43199, "token_type": "bearer"}
                    self.reply(
                        200, json.dumps(token).encode(), {"Content-Type": "application/json"}
                    )
                    return
                path = self.path.removeprefix("/v2")
                assert path != self.path, "a request outside /v2"
                headers = {
                    name: value for name, value in self.headers.items() if name.lower() != "host"
                }
                status, kind, body = _ask(port, self.command, path, headers, body)
                status, kind, body = _relayed(server, self.command, path, status, kind, body)
                server.calls.append((self.command, path.partition("?")[0], status))
                self.reply(status, body, {"Content-Type": kind} if kind else {})

        with http_server.listening(Relay) as server.port:
            yield server


def _relayed(
    server: SpecificationServer, method: str, path: str, status: int, kind: str, body: bytes
) -> tuple[int, str, bytes]:
    if "problem" not in kind:
        return status, kind, body
    problem = json.loads(body)
    violations = problem.get("validation", [])
    in_request = [each for each in violations if each["location"][:1] != ["response"]]
    only_in_response = violations and not in_request
    if only_in_response and path == "/lm/meta":
        return 200, "application/json", json.dumps(_META).encode()
    if only_in_response and method != "GET":
        return (
            202,
            "application/json",
            b'{"id": "aa97b177-9383-4934-8543-0f91b7a0283a", "message": "accepted"}',
        )
    if "NO_COMPLEX_OBJECT_TEXT" in problem["type"] and path.partition("?")[0].endswith("/$count"):
        return 200, "text/plain", b"7"
    server.violations.append(f"{method} {path}: {json.dumps(in_request or violations or problem)}")
    return status, kind, body


def _ask(
    port: int, method: str, path: str, headers: dict[str, str], body: bytes
) -> tuple[int, str, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request(method, path, body or None, headers)
        answer = connection.getresponse()
        return answer.status, answer.getheader("Content-Type") or "", answer.read()
    finally:
        connection.close()
