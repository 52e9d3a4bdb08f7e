"""The sync daemon, started as the user interface starts it."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from launchpad_tui.bootstrap import open_desk
from launchpad_tui.config.paths import Home
from launchpad_tui.domain.connection import Scope
from launchpad_tui.domain.query import Query
from launchpad_tui.services.desk import Desk
from tests.services import tenant_server
from tests.services.execution_support import until
from tests.services.tenant_server import Tenant, artifact

SCOPE = Scope("core", "default")
Start = Callable[[], "subprocess.Popen[bytes]"]


@pytest.fixture
def tenant() -> Iterator[Tenant]:
    """A tenant with a few models."""
    with tenant_server.serve() as server:
        for number in range(5):
            server.groups["default"].train(number)
        yield server


@pytest.fixture
def desk(tenant: Tenant, tmp_path: Path) -> Iterator[Desk]:
    """A desk with a connection that was never synchronized."""
    created = open_desk(Home.at(tmp_path / "home"))
    created.connections.add(
        "core", "sap-ai-core", created.connections.service_key(tenant.service_key)
    )
    yield created
    created.close()


@pytest.fixture
def start(desk: Desk) -> Iterator[Start]:
    """A function that starts a sync daemon for the home folder."""
    with ExitStack() as stack:

        def begin() -> subprocess.Popen[bytes]:
            daemon = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "launchpad_tui",
                    "_sync_daemon",
                    str(desk.home.root),
                    str(desk.home.settings_path),
                ],
                stdin=subprocess.PIPE,
            )
            stack.callback(end, daemon)
            return daemon

        yield begin


def end(daemon: subprocess.Popen[bytes]) -> int:
    """End a daemon by closing its standard input, as the end of its parent process does."""
    assert daemon.stdin is not None
    daemon.stdin.close()
    try:
        return daemon.wait(10)
    except subprocess.TimeoutExpired:
        daemon.kill()
        raise


def count(desk: Desk, scope: Scope = SCOPE) -> int:
    return desk.artifacts.listing(scope, None, Query()).count()


def test_viewed_scopes_are_synchronized(desk: Desk, tenant: Tenant, start: Start) -> None:
    daemon = start()
    desk.sync.mark_displayed(SCOPE)
    until(lambda: desk.sync.freshness(SCOPE).done_at is not None)
    assert count(desk) == 5
    before = desk.sync.freshness(SCOPE).done_at
    with tenant.lock:
        tenant.groups["default"].artifacts.append(artifact(9))
    desk.sync.request(SCOPE)
    until(lambda: count(desk) == 6)
    until(lambda: desk.sync.freshness(SCOPE).done_at != before)
    assert end(daemon) == 0


def test_unviewed_scopes_are_not_synchronized(desk: Desk, tenant: Tenant, start: Start) -> None:
    daemon = start()
    desk.connections.add("other", "sap-ai-core", desk.connections.service_key(tenant.service_key))
    desk.sync.mark_displayed(Scope("other", "default"))
    until(lambda: count(desk, Scope("other", "default")) == 5)
    assert desk.sync.freshness(SCOPE).done_at is None
    assert count(desk) == 0
    assert end(daemon) == 0


def test_another_process_takes_over_the_sync(desk: Desk, tenant: Tenant, start: Start) -> None:
    first, second = start(), start()
    desk.sync.mark_displayed(SCOPE)
    until(lambda: count(desk) == 5)
    assert end(first) == 0 or end(second) == 0
    with tenant.lock:
        tenant.groups["default"].artifacts.append(artifact(9))

    def synchronized() -> bool:
        desk.sync.request(SCOPE)
        return count(desk) == 6

    until(synchronized)


def test_an_error_is_reported_until_sync_succeeds(desk: Desk, tenant: Tenant, start: Start) -> None:
    tenant.answer = lambda *_: (403, {}, b'{"error": {"code": "403", "message": "not for you"}}')
    start()
    desk.sync.mark_displayed(SCOPE)
    until(lambda: desk.sync.freshness(SCOPE).error != "")
    assert "core" in [one.name for one in desk.connections.list() if one.last_error]
    tenant.answer = lambda *_: None
    desk.sync.request(SCOPE)
    until(lambda: desk.sync.freshness(SCOPE).done_at is not None)
    assert desk.sync.freshness(SCOPE).error == ""
    assert desk.connections.get("core").last_error == ""


def test_an_interrupted_sync_is_resumed(desk: Desk, tenant: Tenant, start: Start) -> None:
    tenant.top = 500
    tenant.latency = 0.1
    tenant.groups["default"].artifacts += [
        artifact(100 + number, "dataset") for number in range(20_000)
    ]
    daemon = start()
    desk.sync.mark_displayed(SCOPE)
    until(lambda: desk.sync.freshness(SCOPE).position > 0)
    desk.sync.pause("core")
    assert desk.sync.freshness(SCOPE).paused

    def idle() -> bool:
        before = len(tenant.requests)
        time.sleep(0.6)
        return len(tenant.requests) == before

    until(idle)
    assert 0 < count(desk) < 20_005
    tenant.latency = 0.0
    tenant.requests.clear()
    desk.sync.resume("core")
    until(lambda: desk.sync.freshness(SCOPE).done_at is not None)
    assert count(desk) == 20_005
    assert not any("/artifacts?" in one and "skip=0" in one for one in tenant.requests)
    assert daemon.poll() is None


def test_a_connection_deleted_during_sync(desk: Desk, tenant: Tenant, start: Start) -> None:
    tenant.latency = 0.2
    daemon = start()
    desk.sync.mark_displayed(SCOPE)
    until(lambda: bool(tenant.requests))
    desk.connections.delete("core")
    desk.connections.add("next", "sap-ai-core", desk.connections.service_key(tenant.service_key))
    desk.sync.mark_displayed(Scope("next", "default"))
    until(lambda: count(desk, Scope("next", "default")) == 5)
    assert daemon.poll() is None
    assert end(daemon) == 0
    log = desk.home.log_path.read_text() if desk.home.log_path.exists() else ""
    assert "Traceback" not in log
