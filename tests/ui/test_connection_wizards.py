"""The wizards of connections to SAP AI Core: service keys, other credentials, object stores."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from launchpad_tui.bootstrap import open_desk
from launchpad_tui.config.paths import Home
from launchpad_tui.domain.connection import Scope
from launchpad_tui.ui import messages
from launchpad_tui.ui.screens.common import probe_dialog
from launchpad_tui.ui.screens.common.probe_dialog import ProbeDialog
from launchpad_tui.ui.widgets.form import Form
from tests.scenes.harness import paste, press, running, screen_text
from tests.services import tenant_server
from tests.services.tenant_server import SECRET, Answer, Tenant


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
def connected(home: Home, tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A home with the synchronized connection ``core``."""
    monkeypatch.setenv("LAUNCHPAD_CREDENTIALS", "file")
    desk = open_desk(home)
    desk.connections.add("core", "sap-ai-core", desk.connections.service_key(tenant.service_key))
    desk.sync.sync(Scope("core", "default"))
    desk.runtimes.close()
    desk.close()
    return home


def flat_text(pilot: Any) -> str:
    """Return the text of the screen without borders and line breaks."""
    return " ".join(screen_text(pilot).replace("│", " ").split())


def log_text(home: Home) -> str:
    return "".join(path.read_text(errors="replace") for path in home.root.rglob("*.log*"))


async def test_missing_part_of_a_service_key_is_reported_below_the_field(home: Home) -> None:
    incomplete = json.dumps(
        {"clientid": "me", "clientsecret": SECRET, "url": "https://example.com"}, indent=1
    )
    async with running(home, "connections", (80, 24)) as pilot:
        await press(pilot, "a", "down")
        await paste(pilot, incomplete)
        await press(pilot, "ctrl+n")
        assert "serviceurls.AI_API_URL is missing" in flat_text(pilot)
        assert pilot.app.screen.query_one(Form).values()["service key"] == incomplete
        assert SECRET not in screen_text(pilot)
    assert SECRET not in log_text(home)


async def test_service_key_is_read_from_a_file(home: Home, tenant: Tenant, tmp_path: Path) -> None:
    file = tmp_path / "key.json"
    file.write_text(json.dumps(json.loads(tenant.service_key), indent=2))
    async with running(home, "connections", (100, 40)) as pilot:
        await press(pilot, "a", "down")
        await paste(pilot, "~nobody-of-this-name/key.json")
        await press(pilot, "ctrl+n")
        assert "cannot be read. No such file" in flat_text(pilot)
        await press(pilot, "ctrl+u")
        await paste(pilot, str(tmp_path))
        await press(pilot, "ctrl+n")
        assert "Is a directory" in flat_text(pilot)
        await press(pilot, "ctrl+u")
        await paste(pilot, str(file))
        await press(pilot, "ctrl+n")
        assert f"http://127.0.0.1:{tenant.port}/oauth/token" in screen_text(pilot)
        assert SECRET not in screen_text(pilot)
        await press(pilot, "escape")
        assert pilot.app.screen.query_one(Form).values()["service key"] == ""


async def test_secret_that_looks_like_a_path_is_not_shown(home: Home) -> None:
    async with running(home, "connections", (100, 40)) as pilot:
        await press(pilot, "a", "down")
        await paste(pilot, f"/{SECRET}")
        await press(pilot, "ctrl+n")
        assert "cannot be read" in flat_text(pilot)
        assert SECRET not in screen_text(pilot)
    assert SECRET not in log_text(home)


async def test_certificate_replaces_the_client_secret(connected: Home) -> None:
    async with running(connected, "connections", (100, 40)) as pilot:
        app: Any = pilot.app
        await press(pilot, "end", "up", "e")
        text = flat_text(pilot)
        assert "Leave empty to keep the stored value." in text
        assert SECRET not in text
        assert "Name" not in text
        await press(pilot, "down", "down", "down", "down", "down")
        await paste(pilot, "-----BEGIN\ncertificate")
        await press(pilot, "ctrl+n")
        assert "Private key is missing. Enter either a client secret" in flat_text(pilot)
        assert app.desk.connections.kept("core") == {"client_secret"}
        await paste(pilot, "-----BEGIN\nkey")
        await press(pilot, "ctrl+n", "ctrl+n")
        assert app.desk.connections.kept("core") == {"certificate", "private_key"}
    assert "BEGIN\\ncertificate" in connected.credentials_path.read_text()


async def test_credentials_of_the_environment_replace_stored_ones(connected: Home) -> None:
    async with running(connected, "connections", (100, 40)) as pilot:
        app: Any = pilot.app
        await press(pilot, "end", "up", "e", "right")
        assert "Client secret" not in screen_text(pilot)
        await press(pilot, "ctrl+n")
        assert "The credentials stored on this machine will be removed" in flat_text(pilot)
        assert app.desk.connections.kept("core")
        await press(pilot, "ctrl+n")
        assert app.desk.connections.get("core").settings == {"credentials": "environment"}
        assert app.desk.connections.kept("core") == frozenset()


async def test_profile_is_selected_from_those_on_this_machine(
    home: Home, tenant: Tenant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AICORE_HOME", str(tmp_path))
    key = json.loads(tenant.service_key)
    profile = {
        "AICORE_CLIENT_ID": key["clientid"],
        "AICORE_CLIENT_SECRET": key["clientsecret"],
        "AICORE_AUTH_URL": key["url"],
        "AICORE_BASE_URL": key["serviceurls"]["AI_API_URL"],
    }
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "config_lab.json").write_text(json.dumps(profile))
    async with running(home, "connections", (100, 40)) as pilot:
        await press(pilot, "a", "ctrl+n", *"core", "down", "right", "right", "down")
        assert "default" in flat_text(pilot)
        await press(pilot, "right")
        assert pilot.app.screen.query_one(Form).values()["profile"] == "lab"
        await press(pilot, "ctrl+n", "ctrl+n")
        assert "All steps succeeded" in screen_text(pilot)
        assert SECRET not in screen_text(pilot)
        (tmp_path / "config_lab.json").unlink()
        await press(pilot, "escape", "e", "down")
        text = flat_text(pilot)
        assert "lab" in text
        assert "The file of this profile does not exist" in text
    desk = open_desk(home)
    assert desk.connections.get("core").settings["profile"] == "lab"
    desk.close()


async def test_store_is_updated_in_the_runtime_on_request(connected: Home, tenant: Tenant) -> None:
    desk = open_desk(connected)
    scope = Scope("core", "default")
    values = {
        "bucket": "models",
        "endpoint": "http://127.0.0.1:9",
        "access_key_id": "AKIA",
        "secret_access_key": "old",
    }
    desk.stores.add(scope, "lake", "s3", values)
    desk.connections.choose(scope)
    desk.close()
    (secret,) = tenant.groups["default"].stores
    async with running(connected, "stores", (100, 40)) as pilot:
        await press(pilot, "e", "ctrl+u", *"other", "ctrl+n")
        assert "Saved in this machine" in flat_text(pilot)
        assert "and the runtime" not in flat_text(pilot)
        await press(pilot, "escape")
        form = pilot.app.screen.query_one(Form)
        form.set_value("at the runtime", "true")
        await press(pilot, "ctrl+n")
        assert "Saved in this machine and the runtime" in flat_text(pilot)
        assert secret["posted"]["bucket"] == "models"
        await press(pilot, "ctrl+n")
        assert secret["posted"]["bucket"] == "other"
        assert secret["posted"]["data"]["AWS_SECRET_ACCESS_KEY"] == "old"


async def test_store_is_added_on_this_machine_or_also_in_the_runtime(
    connected: Home, tenant: Tenant, tmp_path: Path
) -> None:
    desk = open_desk(connected)
    desk.connections.choose(Scope("core", "default"))
    desk.close()
    keys = {"endpoint": "http://127.0.0.1:9", "access_key_id": "AKIA", "secret_access_key": "old"}
    async with running(connected, "stores", (100, 40)) as pilot:
        await press(pilot, "a", "ctrl+n")
        assert "the store is added on this machine only" in flat_text(pilot)
        await press(pilot, *"disk", "down", *str(tmp_path), "ctrl+n")
        assert "Added in this machine only" in flat_text(pilot)
        await press(pilot, "ctrl+n")
        assert tenant.groups["default"].stores == []
        for name, at_runtime in (("lake", "true"), ("mine", "false")):
            await press(pilot, "a", "right", "ctrl+n")
            form = pilot.app.screen.query_one(Form)
            assert form.values()["at the runtime"] == "true"
            for field, value in {
                "new name": name,
                "bucket": "b",
                "at the runtime": at_runtime,
                **keys,
            }.items():
                form.set_value(field, value)
            await press(pilot, "ctrl+n")
            assert ("and the runtime" in flat_text(pilot)) is (at_runtime == "true")
            await press(pilot, "ctrl+n")
            assert name in flat_text(pilot)
    assert [each["posted"]["name"] for each in tenant.groups["default"].stores] == ["lake"]


async def test_removing_a_connection_counts_its_data(connected: Home) -> None:
    async with running(connected, "connections", (80, 24)) as pilot:
        await press(pilot, "end", "up", "D")
        text = flat_text(pilot)
        assert "(1 model, 1 execution) and the stored credentials are removed." in text
        await press(pilot, "n")
        assert "core" in screen_text(pilot)


async def test_long_error_leaves_room_for_the_hint(connected: Home, tenant: Tenant) -> None:
    said = {
        "error": {
            "code": "403",
            "message": "The client is not allowed to. " * 40,
            "requestId": "req-77",
        }
    }

    def refuse(_method: str, path: str, _number: int) -> Answer | None:
        answer = (403, {"Content-Type": "application/json"}, json.dumps(said).encode())
        return answer if "artifacts" in path else None

    tenant.answer = refuse
    async with running(connected, "connections", (80, 24)) as pilot:
        await press(pilot, "end", "up", "V")
        text = flat_text(pilot)
        for part in (
            "Test of core",
            "✗ group",
            "req-77",
            "Check the roles",
            "esc close y copy",
        ):
            assert part in text
        await press(pilot, "y")
        assert pilot.app.clipboard.count("The client is not allowed to.") > text.count(
            "The client is not allowed to."
        )


async def wait_for(pilot: Any, *texts: str) -> None:
    """Wait until the screen shows all of the texts."""
    for _ in range(3000):
        if all(text in screen_text(pilot) for text in texts):
            return
        await pilot.pause(0.02)
    raise AssertionError(screen_text(pilot))


async def test_a_server_that_does_not_answer_is_waited_for_visibly(
    connected: Home, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = threading.Event()

    def hang(_method: str, path: str, _number: int) -> Answer | None:
        if path.endswith("/meta"):
            free.wait(60)
        return None

    monkeypatch.setattr(messages, "_NOTICED_SECONDS", 0.05)
    monkeypatch.setattr(probe_dialog, "_SLOW", 0)
    tenant.answer = hang
    try:
        async with running(connected, "connections", (80, 24)) as pilot:
            await pilot.press("end", "up", "r")
            await wait_for(pilot, "Waiting for an answer, ")
            await pilot.press("V")
            await wait_for(pilot, "✓ network", "◌ waiting for an answer, ")
            free.set()
            await wait_for(pilot, "All steps succeeded")
            await press(pilot, "escape")
            assert "aiting" not in screen_text(pilot)
    finally:
        free.set()


async def test_a_connection_that_was_never_refreshed_says_so_once(
    home: Home, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAUNCHPAD_CREDENTIALS", "file")
    desk = open_desk(home)
    desk.connections.add("core", "sap-ai-core", desk.connections.service_key(tenant.service_key))
    desk.runtimes.close()
    desk.close()
    async with running(home, "connections", (80, 40)) as pilot:
        await press(pilot, "end", "up", "i")
        text = screen_text(pilot)
        assert "never" in text
        assert text.count("The connection was never refreshed") == 1
        await press(pilot, "r")
        assert "Create executions" in screen_text(pilot)


async def test_connection_test_can_be_closed_while_it_waits(
    connected: Home, tenant: Tenant
) -> None:
    asked, free = threading.Event(), threading.Event()

    def hang(_method: str, path: str, _number: int) -> Answer | None:
        if path.endswith("/meta"):
            asked.set()
            free.wait(20)
        return None

    tenant.answer = hang
    try:
        async with running(connected, "connections", (80, 24)) as pilot:
            await pilot.press("end", "up", "V")
            for _ in range(400):
                if asked.is_set() and "✓ token" in screen_text(pilot):
                    break
                await pilot.pause(0.02)
            assert isinstance(pilot.app.screen, ProbeDialog)
            assert "testing" in screen_text(pilot)
            await pilot.press("escape")
            await pilot.pause()
            assert type(pilot.app.screen) is not ProbeDialog
            free.set()
            await press(pilot, "V")
            assert "All steps succeeded" in screen_text(pilot)
    finally:
        free.set()
