"""Randomly corrupted responses of a runtime: a sync ends with an error for users or with the
records that could be read, and the next sync with valid responses corrects all records."""

from __future__ import annotations

import contextlib
import copy
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from launchpad_tui.bootstrap import open_desk
from launchpad_tui.config.paths import Home
from launchpad_tui.domain.connection import Scope
from launchpad_tui.domain.query import Query
from launchpad_tui.errors import LaunchpadError
from launchpad_tui.net import retry
from launchpad_tui.services.desk import Desk
from tests.services import tenant_server
from tests.services.tenant_server import Answer, Tenant

CORE = Scope("core", "default")
ODD_VALUES: list[Any] = [
    None,
    0,
    -1,
    1.5,
    10**30,
    float("inf"),
    True,
    False,
    "",
    "x" * 3000,
    "\0",
    "\ud800",
    "a\x1b[31mred",
    "../../etc",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59.999999999Z",
    "2026-01-01T00:00:00+23:59",
    "2026-13-45T99:99:99Z",
    "NaN",
    "2026-01-01",
    "COMPLETED",
    "FUTURE_STATUS",
    [],
    {},
    [[]],
    [None],
    {"a": {"b": [1]}},
]


class CorruptingTenant(Tenant):
    """A tenant that corrupts a percentage of its responses."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.random = random.Random(seed)
        self.percentage = 0

    def handle(self, method: str, target: str, headers: dict[str, str], body: bytes) -> Answer:
        """Return the response of the tenant, possibly corrupted."""
        status, sent, content = super().handle(method, target, headers, body)
        with self.lock:
            if "oauth" in target or self.random.randrange(100) >= self.percentage:
                return status, sent, content
            fault = self.random.randrange(100)
            if fault < 85 and sent.get("Content-Type") == "application/json":
                content = json.dumps(self._corrupted(json.loads(content))).encode()
            elif fault < 90:
                sent, content = {"Content-Type": "text/html"}, b"<html>Please log in"
            elif fault < 94:
                content = content[: len(content) // 2]
            elif fault < 97:
                status = self.random.choice([204, 302, 404, 418, 429, 500, 503])
            else:
                content = self.random.randbytes(50)
            return status, sent, content

    def _corrupted(self, data: Any) -> Any:
        for _ in range(self.random.choice([1, 1, 2, 5, 20])):
            path = self.random.choice(list(_paths(data)))
            if not path:
                continue
            parent = data
            for step in path[:-1]:
                parent = parent[step]
            change = self.random.randrange(20)
            if change < 4 and isinstance(parent, dict):
                del parent[path[-1]]
            elif change < 6 and isinstance(parent, dict):
                parent["newField"] = self.random.choice(ODD_VALUES)
            elif change < 7 and isinstance(parent, list):
                parent.append(copy.deepcopy(self.random.choice(parent)))
            else:
                parent[path[-1]] = copy.deepcopy(self.random.choice(ODD_VALUES))
        return data if self.random.randrange(20) else self.random.choice(ODD_VALUES)


def _paths(data: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the paths to all values in JSON."""
    yield path
    items = (
        data.items()
        if isinstance(data, dict)
        else enumerate(data)
        if isinstance(data, list)
        else ()
    )
    for step, value in items:
        yield from _paths(value, (*path, step))


@pytest.fixture(autouse=True)
def quick_repetitions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Repeat failed requests without a pause, and store secrets in a file."""
    monkeypatch.setattr(retry, "MAX_PAUSE", 0.001)
    monkeypatch.setenv("LAUNCHPAD_CREDENTIALS", "file")


def _read_all(desk: Desk) -> None:
    """Read everything that the screens show."""
    executions = desk.executions.listing(CORE, Query()).slice(0, 100)
    desk.artifacts.listing(CORE, None, Query()).slice(0, 100)
    desk.configurations.list(CORE)
    desk.schedules.list(CORE)
    desk.stores.list(CORE)
    desk.connections.groups("core")
    for scenario in desk.scenarios.scenarios(CORE):
        desk.scenarios.executables(CORE, scenario.id)
    for row in executions:
        desk.metrics.resource(row.execution.id, CORE)


@pytest.mark.parametrize("seed", range(30))
def test_invalid_responses_never_cause_unexpected_errors(tmp_path: Path, seed: int) -> None:
    tenant = CorruptingTenant(seed)
    group = tenant.groups["default"]
    for number in range(12):
        group.train(number, status=("COMPLETED", "RUNNING", "DEAD")[number % 3])
    metadata = {
        "storage.ai.sap.com/type": "S3",
        "storage.ai.sap.com/bucket": "b",
        "storage.ai.sap.com/endpoint": "e",
    }
    group.stores.append({"name": "lake-object-store-secret", "metadata": metadata})
    with tenant_server.serve(tenant):
        desk = open_desk(Home.at(tmp_path / "home"))
        desk.connections.add(
            "core", "sap-ai-core", desk.connections.service_key(tenant.service_key)
        )
        if seed % 2:
            desk.sync.sync(CORE)
        tenant.percentage = (10, 30, 100)[seed % 3]
        for _ in range(3):
            with contextlib.suppress(LaunchpadError):
                desk.sync.sync(CORE)
            _read_all(desk)
        tenant.percentage = 0
        desk.sync.sync(CORE, all_executables=True, full=True)
        desk.sync.sync(CORE)
        rows = desk.executions.listing(CORE, Query()).slice(0, 100)
        known = {
            row.execution.id: str(row.execution.status)
            for row in rows
            if row.execution.deleted_at is None
        }
        assert known == {each["id"]: each["status"] for each in group.executions}
        models = desk.artifacts.listing(CORE, None, Query()).slice(0, 100)
        named = {
            row.artifact.id: row.artifact.name for row in models if row.artifact.deleted_at is None
        }
        assert named == {each["id"]: each["name"] for each in group.artifacts}
        desk.runtimes.close()
        desk.close()
