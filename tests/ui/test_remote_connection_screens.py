"""The screens of connections to SAP AI Core: add, test, resource groups, background sync."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from launchpad_tui.bootstrap import open_desk
from launchpad_tui.config.paths import Home
from launchpad_tui.domain.connection import Scope
from tests.scenes.harness import paste, press, running, screen_text, settled
from tests.services import tenant_server
from tests.services.tenant_server import SECRET, Tenant


@pytest.fixture
def tenant() -> Iterator[Tenant]:
    """A tenant with a model."""
    with tenant_server.serve() as server:
        server.groups["default"].train(1)
        yield server


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """An empty home."""
    place = Home.at(tmp_path / "home").ensure()
    open_desk(place).close()
    return place


@pytest.fixture
def connected(home: Home, tenant: Tenant) -> Home:
    """A home with the synchronized connection ``core``."""
    desk = open_desk(home)
    desk.connections.add("core", "sap-ai-core", desk.connections.service_key(tenant.service_key))
    desk.sync.sync(Scope("core", "default"))
    desk.runtimes.close()
    desk.close()
    return home


async def test_connection_is_added_with_a_pasted_service_key(home: Home, tenant: Tenant) -> None:
    async with running(home, "connections", (100, 40)) as pilot:
        await press(pilot, "a", "down")
        await paste(pilot, json.dumps({"clientid": "x"}))
        await press(pilot, "ctrl+n")
        assert "Service key" in screen_text(pilot)
        assert "✗" in screen_text(pilot)
        await press(pilot, "ctrl+u")
        await paste(pilot, json.dumps(json.loads(tenant.service_key), indent=2))
        await press(pilot, "ctrl+n")
        text = screen_text(pilot)
        assert f"http://127.0.0.1:{tenant.port}/oauth/token" in text
        assert SECRET not in text
        await press(pilot, *"core", "ctrl+n", "ctrl+n")
        text = screen_text(pilot)
        assert "Test of core" in text
        assert "All steps succeeded" in text
        assert "default is PROVISIONED, with 1 artifact" in text
        assert "1 artifacts" not in text
        await press(pilot, "escape")
        assert "set, not shown" in screen_text(pilot)


async def test_failed_connection_test_shows_the_failed_step(
    connected: Home, tenant: Tenant
) -> None:
    tenant.life = 0
    async with running(connected, "connections", (100, 40)) as pilot:
        await press(pilot, "down", "down", "V")
        text = screen_text(pilot)
        assert "✓ token" in text
        assert "✗ API" in text
        assert SECRET not in text
        await press(pilot, "y")
        assert "Test of core" in pilot.app.clipboard
        await press(pilot, "escape")
        assert "Test of core" not in screen_text(pilot)


async def test_removing_a_connection_shows_what_is_removed(connected: Home) -> None:
    async with running(connected, "connections", (100, 30)) as pilot:
        await press(pilot, "down", "D")
        text = " ".join(screen_text(pilot).split())
        assert "1 model, 1 execution" in text
        assert "Nothing is deleted in the runtime" in text


async def test_resource_groups_are_created_and_deleted_in_the_runtime(
    connected: Home, tenant: Tenant
) -> None:
    async with running(connected, "connections", (100, 30)) as pilot:
        await press(pilot, "down", "down", "+", *"vision", "ctrl+n", "ctrl+n")
        assert "vision" in tenant.groups
        pilot.app.screen.reload()
        await settled(pilot)
        text = screen_text(pilot)
        assert "provisioning" in text
        await press(pilot, "down", "down", "D")
        assert "for all users" in " ".join(screen_text(pilot).split())
        await press(pilot, *"visio", "enter")
        assert "vision" in tenant.groups
        text = " ".join(screen_text(pilot).split())
        assert "Type vision to confirm" in text
        assert "esc cancel" in text
        await press(pilot, "escape")
        assert "Nothing was deleted" in screen_text(pilot)
        await press(pilot, "D", *"visio", "enter", "n", "enter")
        assert "vision" not in tenant.groups
        assert "Resource group core/vision deleted" in screen_text(pilot)


async def test_background_sync_is_paused_and_resumed(connected: Home) -> None:
    async with running(connected, "connections", (100, 30)) as pilot:
        await press(pilot, "H")
        assert "This connection has no background sync" in screen_text(pilot)
        await press(pilot, "down", "down", "enter", "0", "H")
        assert "Background sync of core paused" in screen_text(pilot)
        await pilot.app.sync_status.update()
        await settled(pilot)
        assert "sync paused, synced" in screen_text(pilot)
        await press(pilot, "H")
        assert "Background sync of core resumed" in screen_text(pilot)
