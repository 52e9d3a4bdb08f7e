"""Commands on resource groups and object stores of a remote runtime."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.cli_support import Cli, read_until, running, watching
from tests.services import tenant_server
from tests.services.tenant_server import SECRET, Tenant


@pytest.fixture
def tenant() -> Iterator[Tenant]:
    """Start a server with a tenant."""
    with tenant_server.serve() as server:
        yield server


@pytest.fixture
def core(tenant: Tenant, cli: Cli, tmp_path: Path) -> Cli:
    """Return the command line of a home with the connection ``core`` to the tenant."""
    key = tmp_path / "key.json"
    key.write_text(tenant.service_key)
    assert cli("connections", "add", "core", "--service-key", str(key)).code == 0
    assert cli("connections", "refresh", "core").code == 0
    return cli


def test_deleting_a_group_requires_its_name(core: Cli, tenant: Tenant) -> None:
    added = core(
        "groups", "add", "vision", "--connection", "core", "--label", "team=eyes", "--json"
    )
    assert added.json["status"] == "PROVISIONING"
    assert added.json["labels"] == [{"key": "ext.ai.sap.com/team", "value": "eyes"}]
    for words in ((), ("--yes", "visio"), ("--yes", "")):
        refused = core("groups", "delete", "vision", "--connection", "core", *words)
        assert refused.code == 2
        assert "--yes vision" in refused.err
    assert "vision" in tenant.groups
    assert core("groups", "delete", "vision", "--connection", "core", "--yes", "vision").code == 0
    assert "vision" not in tenant.groups
    assert core("groups", "list", "--connection", "core", "--quiet").lines == ["default"]


def test_stores_are_created_and_removed_in_the_runtime(
    core: Cli, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"AKIA\n{SECRET}\n"))
    words = [
        "stores",
        "add",
        "lake",
        "--connection",
        "core",
        "--type",
        "s3",
        "--set",
        "bucket=models",
    ]
    secrets = (
        "--set",
        "credentials=keys",
        "--secret",
        "access_key_id",
        "--secret",
        "secret_access_key",
    )
    added = core(*words, *secrets)
    assert added.code == 0, added.err
    (posted,) = (each["posted"] for each in tenant.groups["default"].stores)
    assert (posted["name"], posted["type"], posted["bucket"]) == ("lake", "S3", "models")
    assert posted["data"] == {"AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": SECRET}
    shown = core("stores", "show", "lake", "--connection", "core", "--json")
    assert shown.json["secrets"] == ["access_key_id", "secret_access_key"]
    assert SECRET not in added.out + added.err + shown.out
    deleted = core("stores", "remove", "lake", "--connection", "core")
    assert deleted.code == 0, deleted.err
    assert core("stores", "list", "--connection", "core", "--quiet").lines == []
    assert tenant.groups["default"].stores == []


def test_credentials_are_required(cli: Cli) -> None:
    words = [
        "connections",
        "add",
        "core",
        "--type",
        "sap-ai-core",
        "--set",
        "base_url=https://a.example.com",
    ]
    refused = cli(*words, "--set", "auth_url=https://b.example.com", "--set", "client_id=me")
    assert refused.code == 2
    assert "Client secret is missing" in refused.err
    assert cli("connections", "list", "--quiet").lines == ["local"]


def test_the_first_list_of_a_runtime_fetches_its_records(core: Cli, tenant: Tenant) -> None:
    tenant.groups["default"].train(1)
    listed = core("models", "list", "--connection", "core", "--json")
    assert listed.code == 0, listed.err
    assert listed.json["count"] == 1


def test_a_runtime_that_was_never_reached_is_not_an_empty_list(core: Cli, tenant: Tenant) -> None:
    words = ["connections", "edit", "core", "--set", "base_url=http://127.0.0.1:9/v2"]
    assert core(*words, "--set", "auth_url=http://127.0.0.1:9").code == 0
    listed = core("models", "list", "--connection", "core")
    assert listed.code == 2
    assert "No response" in listed.err
    assert listed.out == ""
    # Records of this machine do not need the runtime.
    assert core("models", "list").code == 0


def test_watched_lists_fetch_what_is_new_in_the_runtime(
    core: Cli, tenant: Tenant, home: Path
) -> None:
    tenant.groups["default"].train(1)
    (known,) = core("executions", "list", "--connection", "core", "-q").lines
    with watching(home, "executions", "list", "--connection", "core", "-q") as child:
        read_until(child, lambda text: known in text)
        new = tenant.groups["default"].train(2)
        read_until(child, lambda text: new in text)
        # An outage is reported, with the age of what is shown.
        tenant.answer = lambda *_: (503, {}, b"")
        assert child.stderr is not None
        assert re.search(r"Synchronized \d+s ago\. Trying again\.", child.stderr.readline())


def test_a_wait_reports_that_the_runtime_does_not_respond(
    core: Cli, tenant: Tenant, home: Path
) -> None:
    one = tenant.groups["default"].train(1, status="RUNNING")
    assert core("executions", "list", "--connection", "core", "-q").lines == [one]
    tenant.answer = lambda *_: (503, {}, b"")
    with running(home, "executions", "wait", one, "--connection", "core") as child:
        assert child.stderr is not None
        assert "Trying again until it responds" in child.stderr.readline()
        tenant.answer = lambda *_: None
        assert "core/default responds again" in child.stderr.readline()


def test_records_that_are_not_known_yet_may_be_newer_than_the_last_sync(
    core: Cli, tenant: Tenant
) -> None:
    tenant.groups["default"].train(1)
    assert core("executions", "list", "--connection", "core").code == 0
    new = tenant.groups["default"].train(2)
    missing = core("executions", "show", new, "--connection", "core")
    assert missing.code == 2
    assert "To fetch newer records: launchpad sync now" in missing.err
    assert core("sync", "now", "--connection", "core").code == 0
    shown = core("executions", "show", new, "--connection", "core")
    assert shown.code == 0
    # A remote runtime may not report the version of the executable.
    assert [line for line in shown.lines if line != line.rstrip()] == []
    # Records of this machine are always current.
    assert "sync now" not in core("executions", "show", new).err


def test_a_failed_sync_is_reported_like_other_errors(core: Cli) -> None:
    words = ["connections", "edit", "core", "--set", "base_url=http://127.0.0.1:9/v2"]
    assert core(*words, "--set", "auth_url=http://127.0.0.1:9").code == 0
    failed = core("sync", "now", "--connection", "core")
    assert failed.code == 1
    title, detail, hint = failed.err.splitlines()
    assert title.startswith("launchpad: Synchronizing core/default failed: No response")
    assert detail.startswith("  127.0.0.1:9: ")
    assert hint == "  Check the network, the proxy and the address."


def test_an_invalid_service_key_is_named_by_its_file(cli: Cli, tmp_path: Path) -> None:
    key = tmp_path / "cut.json"
    key.write_text('{"clientid":')
    refused = cli("connections", "add", "core", "--service-key", str(key))
    assert refused.code == 2
    assert f"{key}: line 1, column 13" in refused.err
