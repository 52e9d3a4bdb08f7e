"""A connection to SAP AI Core: added with a service key, tested step by step, refreshed."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from launchpad_tui.domain.connection_check import CheckPart, CheckStep
from launchpad_tui.errors import (
    AuthenticationFailed,
    ConfigError,
    InvalidInput,
    LaunchpadError,
    NotFound,
    RuntimeRejected,
    Unreachable,
)
from launchpad_tui.runtimes.aicore.client import AICoreClient
from launchpad_tui.runtimes.aicore.connection_check import ApiCheckPart, check_connection
from launchpad_tui.runtimes.aicore.runtime import AICoreRuntime
from tests.cli.cli_support import Result, spawn
from tests.runtimes.aicore import fake_core
from tests.runtimes.aicore.fake_core import SECRET, Core, Reply, Request, refused, reply
from tests.stores import certificates

META = {"runtimeIdentifier": "aicore", "aiApi": {"version": "2.42.0"}, "extensions": {}}


def tenant(request: Request) -> Reply:
    """Respond like a tenant with two resource groups."""
    if request.path == "/v2/lm/meta":
        return reply(META)
    if request.path == "/v2/admin/resourceGroups":
        names = {"default": "PROVISIONED", "broken": "ERROR"}
        groups = [{"resourceGroupId": name, "status": status} for name, status in names.items()]
        return reply({"count": 2, "resources": groups})
    if request.path == "/v2/lm/artifacts/$count":
        return Reply(200, b"12", {"Content-Type": "text/plain"})
    return refused(404, "x", "no such path")


@pytest.fixture(autouse=True)
def _tenant(core: Core) -> None:
    core.answer = tenant


def service_key(core: Core, **more: object) -> dict[str, object]:
    return {
        "clientid": "me",
        "clientsecret": SECRET,
        "url": core.url,
        "serviceurls": {"AI_API_URL": core.url},
        **more,
    }


def steps(settings: dict[str, str], secrets: dict[str, str], group: str = "") -> list[CheckStep]:
    return list(check_connection(AICoreRuntime(settings, secrets, pause=0.01), group))


def fields(core: Core, **more: str) -> tuple[dict[str, str], dict[str, str]]:
    found = core.key().fields()
    return {**found, **more}, {"client_secret": more.pop("client_secret", SECRET)}


def test_a_check_reports_all_steps(core: Core) -> None:
    found = steps(*fields(core))
    names = [
        CheckPart.SETTINGS,
        CheckPart.NAME,
        CheckPart.NETWORK,
        CheckPart.TLS,
        ApiCheckPart.TOKEN,
        ApiCheckPart.API,
        ApiCheckPart.GROUP,
    ]
    assert [each.name for each in found] == names
    assert not any(each.error for each in found)
    assert "a loopback address" in found[3].message
    assert found[5].message == "aicore provides AI API 2.42.0"
    assert found[6].message == "default is PROVISIONED, with 12 artifacts"
    other_host = steps(*fields(core, base_url=core.url.replace("localhost", "127.0.0.1")))
    assert [each.name for each in other_host] == [*names[:5], *names[1:4], *names[5:]]


@pytest.mark.parametrize(
    ("change", "part", "kind"),
    [
        ({"client_id": ""}, CheckPart.SETTINGS, InvalidInput),
        ({"client_secret": "wrong"}, ApiCheckPart.TOKEN, AuthenticationFailed),
        ({"auth_url": "http://nobody.invalid/"}, CheckPart.NAME, Unreachable),
        ({"auth_url": "http://127.0.0.1:1/"}, CheckPart.NETWORK, Unreachable),
        ({"base_url": "http://127.0.0.1:1/"}, CheckPart.NETWORK, Unreachable),
    ],
)
def test_a_check_stops_at_the_first_failure(
    core: Core, change: dict[str, str], part: str, kind: type[LaunchpadError]
) -> None:
    found = steps(*fields(core, **change))
    assert (found[-1].name, type(found[-1].error)) == (part, kind)
    assert not any(each.error for each in found[:-1])
    assert found[-1].error is not None
    assert found[-1].error.hint
    assert SECRET not in str(found[-1].error)


def test_an_unknown_resource_group(core: Core) -> None:
    missing = steps(*fields(core), "vision")[-1].error
    assert isinstance(missing, NotFound)
    assert missing.hint == "There are: broken, default."
    assert isinstance(steps(*fields(core), "broken")[-1].error, RuntimeRejected)
    assert isinstance(steps(*fields(core), "x")[-1].error, InvalidInput)


def test_a_client_without_permission_to_list_groups(core: Core) -> None:
    core.answer = lambda request: (
        refused(403, "x", "no") if "/admin" in request.path else tenant(request)
    )
    assert steps(*fields(core), "vision")[-1].message == "vision answers, with 12 artifacts"


def test_a_wrong_api_url(core: Core) -> None:
    core.answer = lambda _: Reply(200, b"<html>hello</html>", {"Content-Type": "text/html"})
    found = steps(*fields(core))[-1]
    assert (found.name, type(found.error)) == (ApiCheckPart.API, RuntimeRejected)
    core.answer = lambda _: Reply(404, b"<html>no</html>", {"Content-Type": "text/html"})
    found = steps(*fields(core))[-1]
    assert (found.name, type(found.error)) == (ApiCheckPart.API, NotFound)
    assert found.error is not None
    assert "/v2" in found.error.hint


def test_authentication_by_certificate(
    made: certificates.Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    with fake_core.serve(made) as core:
        core.answer = tenant
        # The certificate is for the token server only, so the API is a second server without TLS.
        with fake_core.serve() as api:
            api.answer = tenant
            secrets = {
                "certificate": made.client.read_text(),
                "private_key": made.client_key.read_text(),
            }
            settings = {
                "base_url": api.url,
                "auth_url": core.url,
                "client_id": "me",
                "ca_file": str(made.ca),
            }
            api.valid.add("token-0-of-the-tests")
            found = steps(settings, secrets)
            assert not any(each.error for each in found)
            assert "by certificate" in found[0].message
            assert b"client_secret" not in core.token_requests[0].body
            # An unknown certificate, a key of another certificate, an authority that is not
            # trusted.
            stranger = {
                "certificate": made.stranger.read_text(),
                "private_key": made.stranger_key.read_text(),
            }
            assert isinstance(steps(settings, stranger)[-1].error, Unreachable)
            crossed = {**secrets, "private_key": stranger["private_key"]}
            error = steps(settings, crossed)[-1].error
            assert isinstance(error, ConfigError)
            assert "PRIVATE" not in str(error)
            untrusted = steps({**settings, "ca_file": ""}, secrets)[-1]
            assert untrusted.name is CheckPart.TLS
            assert "CA file" in str(untrusted.error)
            wrong = steps({**settings, "ca_file": "/nowhere"}, secrets)[-1]
            assert isinstance(wrong.error, ConfigError)
            # The authorities that the package requests, and thus SAP's SDK, trusts.
            monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(made.ca))
            api.valid.update(f"token-{number}-of-the-tests" for number in range(9))
            assert not any(each.error for each in steps({**settings, "ca_file": ""}, secrets))


def test_a_server_that_requires_client_certificates(made: certificates.Certificates) -> None:
    with fake_core.serve(made) as core:
        client = AICoreClient(core.key(), ca_file=str(made.ca), pause=0.01)
        with pytest.raises(Unreachable):
            client.meta()
        client.close()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def run(home: Path) -> Callable[..., Result]:
    """Return a function that runs a command in a separate process."""
    return lambda *words, stdin="": spawn(home, *words, stdin=stdin)


def test_connection_commands(
    core: Core, home: Path, tmp_path: Path, run: Callable[..., Result]
) -> None:
    key = tmp_path / "key.json"
    key.write_text(json.dumps(service_key(core)))
    added = run(
        "connections", "add", "core", "--type", "sap-ai-core", "--service-key", str(key), "--json"
    )
    assert added.code == 0, added.err
    assert added.json["kind"] == "sap-ai-core"
    assert added.json["settings"] == {
        "credentials": "keys",
        "base_url": f"{core.url}/v2",
        "auth_url": f"{core.url}/oauth/token",
        "client_id": "me",
    }
    before = run("connections", "show", "core", "--json").json
    assert before["capabilities"]["executions"] is False
    tested = run("connections", "test", "core")
    assert tested.code == 0, tested.out + tested.err
    assert "ok     API          aicore provides AI API 2.42.0" in tested.out
    assert run("connections", "test", "core", "--group", "vision").code == 1
    # A test that passes has fetched what the runtime can do.
    known = run("connections", "show", "core", "--json").json
    assert known["capabilities"]["executions"] is True
    assert known["syncedAt"]
    refreshed = run("connections", "refresh", "core", "--json")
    assert refreshed.code == 0, refreshed.err
    assert refreshed.json["executions"] is True
    after = run("connections", "show", "core", "--json").json
    assert (after["capabilities"]["logs"], after["lastError"]) == (True, None)
    assert after["syncedAt"]
    assert after["capabilities"]["reasons"]["addExecutable"]
    core.answer = lambda _: refused(403, "x", "no")
    failed = run("connections", "refresh", "core")
    assert failed.code != 0
    shown = run("connections", "show", "core", "--json")
    assert "Permission denied" in shown.json["lastError"]
    everything = "".join(each.out + each.err for each in (added, tested, refreshed, failed, shown))
    assert SECRET not in everything
    assert SECRET in (home / "credentials.json").read_text()
    assert SECRET.encode() not in b"".join(each.read_bytes() for each in home.glob("*.db*"))
    assert SECRET not in "".join(each.read_text() for each in home.rglob("*.log"))


def test_a_service_key_on_standard_input_is_added_and_replaced(
    core: Core, home: Path, run: Callable[..., Result], made: certificates.Certificates
) -> None:
    text = json.dumps(service_key(core))
    assert run("connections", "add", "core", "--service-key", "-", stdin=text).code == 0
    refused_key = run("connections", "add", "other", "--service-key", "-", stdin=text[:-4])
    assert refused_key.code == 2
    assert SECRET not in refused_key.err
    # A key in place of the path of its file is not repeated.
    for given in (text, text[:-4], f"client_secret={SECRET}", f"/{text}"):
        typed = run("connections", "add", "other", "--service-key", given)
        assert typed.code == 2
        assert SECRET not in typed.out + typed.err
        assert "Traceback" not in typed.err
    assert SECRET not in run("connections", "add", "other", "--secrets", f"token={SECRET}").err
    assert (
        run("connections", "add", "other", "--type", "local", "--service-key", "-", stdin=text).code
        == 2
    )
    assert run("connections", "add", "other").code == 2
    by_certificate = service_key(
        core, certurl=core.url, certificate=made.client.read_text(), key="the key itself"
    )
    del by_certificate["clientsecret"]
    changed = run(
        "connections", "edit", "core", "--service-key", "-", stdin=json.dumps(by_certificate)
    )
    assert changed.code == 0, changed.err
    kept = json.loads((home / "credentials.json").read_text())
    assert SECRET not in json.dumps(kept)
    assert "the key itself" in json.dumps(kept)


def test_credentials_from_the_environment(
    core: Core, run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (
        run(
            "connections",
            "add",
            "core",
            "--type",
            "sap-ai-core",
            "--set",
            "credentials=environment",
        ).code
        == 0
    )
    nothing = run("connections", "test", "core")
    assert nothing.code == 1
    assert "AICORE_SERVICE_KEY" in nothing.out
    monkeypatch.setitem(os.environ, "AICORE_SERVICE_KEY", json.dumps(service_key(core)))
    right = run("connections", "test", "core", "--json")
    assert right.json["reachable"] is True
    assert SECRET not in right.out


def test_a_connection_of_an_earlier_version(core: Core, home: Path) -> None:
    from launchpad_tui.bootstrap import open_desk
    from launchpad_tui.config.paths import Home
    from launchpad_tui.registry import connections

    desk = open_desk(Home(home, home / "settings.toml"))
    connections.add_connection(
        desk.registry, "old", "aicore", core.key().fields() | {"client_secret": ""}
    )
    assert desk.connections.get("old").kind == "sap-ai-core"
    assert [each.kind for each in desk.connections.list()] == ["local", "sap-ai-core"]
    desk.connections.edit("old", {**desk.connections.get("old").settings, "client_secret": SECRET})
    assert desk.connections.refresh("old").executions


def test_a_server_that_never_responds(monkeypatch: pytest.MonkeyPatch) -> None:
    from launchpad_tui.runtimes.aicore import connection_check

    monkeypatch.setattr(connection_check, "_REQUEST_SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        settings = {"base_url": url, "auth_url": url, "client_id": "me"}
        found = steps(settings, {"client_secret": SECRET})[-1]
    assert (found.name, type(found.error)) == (ApiCheckPart.TOKEN, Unreachable)
