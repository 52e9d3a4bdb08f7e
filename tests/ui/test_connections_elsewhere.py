"""Connections to SAP AI Core on the screens: added by a service key, tested, their groups made and deleted."""

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
    """A home with the connection ``core`` that was read."""
    desk = open_desk(home)
    desk.connections.add("core", "sap-ai-core", desk.connections.service_key(tenant.service_key))
    desk.sync.sync(Scope("core", "default"))
    desk.runtimes.close()
    desk.close()
    return home


async def test_a_service_key_that_is_pasted(home: Home, tenant: Tenant) -> None:
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


async def test_a_test_that_fails_says_where(connected: Home, tenant: Tenant) -> None:
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


async def test_deleting_reports_what_is_removed(connected: Home) -> None:
    async with running(connected, "connections", (100, 30)) as pilot:
        await press(pilot, "down", "D")
        text = " ".join(screen_text(pilot).split())
        assert "1 model, 1 execution" in text
        assert "Nothing is deleted in the runtime" in text


async def test_groups_are_made_and_deleted_there(connected: Home, tenant: Tenant) -> None:
    async with running(connected, "connections", (100, 30)) as pilot:
        await press(pilot, "down", "down", "n", *"vision", "ctrl+n", "ctrl+n")
        assert "vision" in tenant.groups
        pilot.app.screen.reload()
        await settled(pilot)
        text = screen_text(pilot)
        assert "provisioning" in text
        await press(pilot, "down", "down", "D")
        assert "for everybody" in " ".join(screen_text(pilot).split())
        await press(pilot, *"visio", "enter")
        assert "vision" in tenant.groups
        text = " ".join(screen_text(pilot).split())
        assert "Type vision to confirm" in text
        assert "esc cancel" in text
        await press(pilot, "escape")
        assert "Nothing was deleted" in screen_text(pilot)
        await press(pilot, "D", *"visio", "enter", "n", "enter")
        assert "vision" not in tenant.groups
        assert "Deleted the resource group core/vision" in screen_text(pilot)


async def test_a_connection_is_held_and_let_go(connected: Home) -> None:
    async with running(connected, "connections", (100, 30)) as pilot:
        await press(pilot, "H")
        assert "It is not read in the background" in screen_text(pilot)
        await press(pilot, "down", "down", "enter", "0", "H")
        assert "Background sync of core paused" in screen_text(pilot)
        await pilot.app.sync_status.update()
        await settled(pilot)
        assert "sync paused, synced" in screen_text(pilot)
        await press(pilot, "H")
        assert "Background sync of core resumed" in screen_text(pilot)
