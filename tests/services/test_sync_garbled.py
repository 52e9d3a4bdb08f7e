"""Answers that are garbled at random: whatever a runtime says, reading it ends with an error for people or with what
could be read, and the first whole answers put everything right."""

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
ODD: list[Any] = [
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


class Garbler(Tenant):
    """A tenant whose answers are garbled: so many of a hundred."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.dice = random.Random(seed)
        self.garbled = 0

    def handle(self, method: str, target: str, headers: dict[str, str], body: bytes) -> Answer:
        """As the tenant answers, then garbled."""
        status, sent, content = super().handle(method, target, headers, body)
        with self.lock:
            if "oauth" in target or self.dice.randrange(100) >= self.garbled:
                return status, sent, content
            way = self.dice.randrange(100)
            if way < 85 and sent.get("Content-Type") == "application/json":
                content = json.dumps(self._changed(json.loads(content))).encode()
            elif way < 90:
                sent, content = {"Content-Type": "text/html"}, b"<html>Please log in"
            elif way < 94:
                content = content[: len(content) // 2]
            elif way < 97:
                status = self.dice.choice([204, 302, 404, 418, 429, 500, 503])
            else:
                content = self.dice.randbytes(50)
            return status, sent, content

    def _changed(self, data: Any) -> Any:
        for _ in range(self.dice.choice([1, 1, 2, 5, 20])):
            way = self.dice.choice(list(_ways(data)))
            if not way:
                continue
            place = data
            for step in way[:-1]:
                place = place[step]
            what = self.dice.randrange(20)
            if what < 4 and isinstance(place, dict):
                del place[way[-1]]
            elif what < 6 and isinstance(place, dict):
                place["newField"] = self.dice.choice(ODD)
            elif what < 7 and isinstance(place, list):
                place.append(copy.deepcopy(self.dice.choice(place)))
            else:
                place[way[-1]] = copy.deepcopy(self.dice.choice(ODD))
        return data if self.dice.randrange(20) else self.dice.choice(ODD)


def _ways(data: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The ways to all values in JSON."""
    yield way
    items = (
        data.items()
        if isinstance(data, dict)
        else enumerate(data)
        if isinstance(data, list)
        else ()
    )
    for step, value in items:
        yield from _ways(value, (*way, step))


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Repetitions without waiting, secrets in a file."""
    monkeypatch.setattr(retry, "MAX_PAUSE", 0.001)
    monkeypatch.setenv("LAUNCHPAD_CREDENTIALS", "file")


def _shown(desk: Desk) -> None:
    """Everything that the screens would show can be shown."""
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
    tenant = Garbler(seed)
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
        tenant.garbled = (10, 30, 100)[seed % 3]
        for _ in range(3):
            with contextlib.suppress(LaunchpadError):
                desk.sync.sync(CORE)
            _shown(desk)
        tenant.garbled = 0
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
