"""Authentication, permissions and secrets of the served API."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from launchpad_tui.config.api_clients import ApiClients
from launchpad_tui.domain.api_client import ApiClient
from launchpad_tui.domain.connection import Scope
from launchpad_tui.domain.timestamps import now
from launchpad_tui.errors import ConfigError, Conflict, NotFound, PermissionDenied
from launchpad_tui.server.api.tokens import LIFETIME, IssuedTokens
from tests.server.api.served import (
    SECONDS,
    SharedServer,
    add_client,
    command,
    environment,
    error_of,
    serving,
)


def test_tokens_are_issued_for_client_id_and_secret(shared: SharedServer) -> None:
    url, key = f"{shared.server.url}/oauth/token", shared.server.key
    form = {
        "grant_type": "client_credentials",
        "client_id": key.client_id,
        "client_secret": key.secret,
    }
    answer = requests.post(url, data=form, timeout=SECONDS)
    data = answer.json()
    assert set(data) == {"access_token", "token_type", "expires_in", "scope", "jti"}
    assert (data["token_type"], data["expires_in"]) == ("bearer", 43199)
    assert answer.headers["Cache-Control"] == "no-store"
    basic = requests.post(
        url, data=form | {"client_secret": "x"}, auth=(key.client_id, key.secret), timeout=SECONDS
    )
    assert basic.status_code == 200
    assert basic.json()["access_token"] != data["access_token"]
    for wrong in (
        {"client_secret": "x"},
        {"client_id": "x"},
        {"client_secret": ""},
        {"client_id": ""},
    ):
        error_of(requests.post(url, data=form | wrong, timeout=SECONDS), 401, "Unauthorized")
    error_of(requests.post(url, data=form, auth=(key.client_id, "x"), timeout=SECONDS), 401)
    error_of(
        requests.post(url, data=form, headers={"Authorization": "Basic %%"}, timeout=SECONDS), 401
    )
    error_of(requests.post(url, data=form | {"grant_type": "password"}, timeout=SECONDS), 400)
    error_of(requests.post(url, json=form, timeout=SECONDS), 400)
    error_of(requests.post(url, data={"x": "y" * 100_000}, timeout=SECONDS), 413)
    error_of(requests.get(url, timeout=SECONDS), 405)


def test_every_request_must_carry_a_token(shared: SharedServer) -> None:
    for path in ("/v2/lm/scenarios", "/lm/meta", "/v2/admin/resourceGroups", "/v2/nothing", "/"):
        for sent in (
            {},
            {"Authorization": "Bearer x"},
            {"Authorization": shared.server.token()},
            {"Authorization": "Basic eDp5"},
        ):
            answer = requests.get(shared.server.url + path, headers=sent, timeout=SECONDS)
            error_of(answer, 401, "Unauthorized")
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    answer = requests.post(
        f"{shared.server.url}/v2/lm/artifacts", data=b"x" * 5_000_000, timeout=SECONDS
    )
    error_of(answer, 401)


def test_tokens_expire_and_end_with_their_client() -> None:
    at, known = [0.0], {"a": ApiClient("n", "a", "", now())}
    tokens = IssuedTokens(known.get, lambda: at[0])
    token = tokens.issue(known["a"])
    assert tokens.client(token) == known["a"]
    assert tokens.client(token + "x") is None
    at[0] = LIFETIME - 1
    second = tokens.issue(known["a"])
    assert tokens.client(token) == known["a"]
    at[0] = LIFETIME
    assert tokens.client(token) is None
    assert tokens.client(second) == known["a"]
    del known["a"]
    assert tokens.client(second) is None


def test_a_client_of_one_group_cannot_access_others(shared: SharedServer) -> None:
    server = shared.server
    assert (
        server.call("POST", "/admin/resourceGroups", json={"resourceGroupId": "bound"}).status_code
        == 202
    )
    key = add_client(server.home, "bound", "--group", "bound")
    assert server.call("GET", "/lm/artifacts", key=key, group="bound").status_code == 200
    assert server.call("GET", "/lm/artifacts", key=key, group=None).status_code == 200
    error_of(server.call("GET", "/lm/artifacts", key=key), 403, "Forbidden")
    error_of(server.call("GET", "/lm/executions/$count", key=key, group="nowhere"), 403)
    error_of(server.call("GET", "/admin/objectStoreSecrets", key=key), 403)
    seen = server.call("GET", "/admin/resourceGroups", key=key).json()["resources"]
    assert [each["resourceGroupId"] for each in seen] == ["bound"]
    error_of(server.call("GET", "/admin/resourceGroups/default", key=key), 403)
    error_of(
        server.call("POST", "/admin/resourceGroups", key=key, json={"resourceGroupId": "more"}), 403
    )
    error_of(server.call("PATCH", "/admin/resourceGroups/bound", key=key, json={"labels": []}), 403)
    error_of(server.call("DELETE", "/admin/resourceGroups/bound", key=key), 403)
    # By default the stores of all groups are one folder, in which files may be those of others.
    body = {"name": "m", "kind": "model", "url": "ai://default/m", "scenarioId": "houses"}
    error_of(server.call("POST", "/lm/artifacts", key=key, group="bound", json=body), 403)
    own = server.home / "bound"
    own.mkdir()
    shared.bench.desk.stores.edit(Scope("local", "bound"), "default", {"root": str(own)})
    # A model that a client of another group registers there does not show.
    made = server.call("POST", "/lm/artifacts", key=key, group="bound", json=body)
    assert made.status_code == 201
    error_of(server.call("GET", f"/lm/artifacts/{made.json()['id']}"), 404)
    # At once, whatever tokens were given.
    assert command(server.home, "serve", "clients", "delete", "bound").returncode == 0
    error_of(server.call("GET", "/lm/artifacts", key=key, group="bound"), 401)
    assert server.call("DELETE", "/admin/resourceGroups/bound").status_code == 202


def test_no_secret_is_stored_or_logged(shared: SharedServer) -> None:
    server = shared.server
    token = server.token()
    form = {
        "grant_type": "client_credentials",
        "client_id": server.key.client_id,
        "client_secret": "a-wrong-secret",
    }
    requests.post(
        f"{server.url}/oauth/token?client_secret=in-the-query", data=form, timeout=SECONDS
    )
    server.call("GET", "/lm/artifacts", params={"name": "in-the-query"})
    stored = {
        "name": "lake",
        "type": "S3",
        "bucket": "b",
        "data": {"AWS_ACCESS_KEY_ID": "an-access-key", "AWS_SECRET_ACCESS_KEY": "a-kept-secret"},
    }
    assert server.call("POST", "/admin/objectStoreSecrets", json=stored).status_code == 202
    shown = (
        server.call("GET", "/admin/objectStoreSecrets").text
        + server.call("GET", "/admin/objectStoreSecrets/lake").text
    )
    error_of(
        server.call("POST", "/admin/objectStoreSecrets", json=stored | {"name": "Wrong!"}), 400
    )
    refused = server.call(
        "PATCH", "/admin/objectStoreSecrets/lake", json=stored | {"type": "oss"}
    ).text
    refused += server.call(
        "POST", "/admin/objectStoreSecrets", data='{"data": {"k": "a-kept-secret"'
    ).text
    assert server.call("DELETE", "/admin/objectStoreSecrets/lake").status_code == 202
    with shared.bench.desk.registry.read() as db:
        dump = "\n".join(db.iterdump())
    log = server.log()
    assert "GET /v2/lm/artifacts 200" in log
    assert "POST /oauth/token 401" in log
    clients = (server.home / "clients.json").read_text()
    for secret in (token, server.key.secret, "a-wrong-secret", "in-the-query", "a-kept-secret"):
        assert secret not in log
        assert secret not in dump
        assert secret not in shown + refused
        assert secret not in clients
    assert "an-access-key" not in log + shown + refused


def test_the_file_of_clients(tmp_path: Path) -> None:
    clients = ApiClients(tmp_path / "clients.json")
    assert list(clients.list()) == []
    assert clients.get("x") is None
    first, secret = clients.add("first", "")
    second, other = clients.add("second", "vision")
    assert stat.S_IMODE(clients.path.stat().st_mode) == 0o600
    again = ApiClients(clients.path)
    assert list(again.list()) == [first, second]
    assert again.check(first.id, secret) == first
    assert again.check(second.id, other) == second
    assert again.check(first.id, other) is None
    assert again.check("nobody", secret) is None
    assert secret not in clients.path.read_text()
    with pytest.raises(Conflict):
        again.add("first", "")
    again.delete("first")
    assert clients.get(first.id) is None
    assert clients.get(second.id) == second
    with pytest.raises(NotFound):
        clients.delete("first")
    clients.path.chmod(0o644)
    with pytest.raises(PermissionDenied):
        clients.get(second.id)
    clients.path.chmod(0o600)
    for text in ("", "[]", '{"clients": [{}]}', '{"clients": [{"name": 1}]}', "\xff"):
        clients.path.write_text(text)
        with pytest.raises(ConfigError):
            clients.list()


def test_commands_on_clients(tmp_path: Path) -> None:
    home = tmp_path / "home"
    done = command(
        home, "serve", "clients", "add", "gpu", "--json", "--url", "https://gpu.example.com:7070/"
    )
    key = json.loads(done.stdout)
    assert key["url"] == key["serviceurls"]["AI_API_URL"] == "https://gpu.example.com:7070"
    (tmp_path / "key.json").write_text(done.stdout)
    added = command(
        home,
        "connections",
        "add",
        "gpu",
        "--type",
        "sap-ai-core",
        "--service-key",
        str(tmp_path / "key.json"),
    )
    assert added.returncode == 0, added.stderr
    shown = command(home, "serve", "clients", "add", "notebook")
    assert "client secret" in shown.stdout
    listed = command(home, "serve", "clients", "list", "--json")
    assert [each["name"] for each in json.loads(listed.stdout)["resources"]] == ["gpu", "notebook"]
    assert key["clientsecret"] not in listed.stdout
    for words in (
        ("add", "gpu"),
        ("add", "No!"),
        ("add", "x1", "--group", "nowhere"),
        ("delete", "nobody"),
    ):
        assert command(home, "serve", "clients", *words).returncode == 2
    listed = command(home, "serve", "clients")
    assert (listed.returncode, listed.stderr) == (0, "")
    assert listed.stdout == command(home, "serve", "clients", "list").stdout
    completions: tuple[tuple[tuple[str, ...], str], ...] = (
        (("serve", ""), "clients"),
        (("serve", "clients", "d"), "delete"),
        (("serve", "--ho"), "--host"),
    )
    for typed, offered in completions:
        assert command(home, "_complete", "--", *typed).stdout.startswith(f"{offered}\t")


def test_serving_other_machines_requires_clients_and_tls(tmp_path: Path) -> None:
    home = tmp_path / "home"
    open_door = command(home, "serve", "--host", "0.0.0.0", "--port", "0", "--insecure-http")
    assert open_door.returncode == 2
    assert "serve clients add" in open_door.stderr
    key = add_client(home, "one")
    plain = command(home, "serve", "--host", "0.0.0.0", "--port", "0")
    assert plain.returncode == 2
    assert "--insecure-http" in plain.stderr
    with serving(home, "--host", "0.0.0.0", "--insecure-http", key=key) as server:
        port = server.url.rpartition(":")[2]
        assert (
            requests.get(f"http://127.0.0.1:{port}/v2/lm/meta", timeout=SECONDS).status_code == 401
        )
    half = command(home, "serve", "--tls-cert", "x.pem", "--port", "0")
    assert (half.returncode, "--tls-key" in half.stderr) == (2, True)
    missing = command(home, "serve", "--tls-cert", "x.pem", "--tls-key", "y.pem", "--port", "0")
    assert (missing.returncode, "x.pem" in missing.stderr) == (2, True)


def test_tls(tmp_path: Path) -> None:
    certificate, private = tmp_path / "cert.pem", tmp_path / "key.pem"
    made = subprocess.run(
        [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=localhost",
            "-addext",
            "subjectAltName=DNS:localhost",
            "-keyout",
            str(private),
            "-out",
            str(certificate),
        ],
        capture_output=True,
        check=False,
    )
    if made.returncode:
        pytest.skip("openssl is not there")
    words = ("--host", "localhost", "--tls-cert", str(certificate), "--tls-key", str(private))
    with serving(tmp_path / "home", *words) as server:
        assert server.url.startswith("https://localhost:")
        answer = requests.get(f"{server.url}/v2/lm/meta", verify=str(certificate), timeout=SECONDS)
        error_of(answer, 401)
        # A handshake that is never completed ends.
        parts = urlsplit(server.url)
        with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=30) as half:
            assert half.recv(100) == b""


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_signals_stop_the_server(tmp_path: Path, number: signal.Signals, code: int) -> None:
    with serving(tmp_path / "home") as server:
        assert server.call("GET", "/lm/meta").status_code == 200
        os.kill(server.process.pid, number)
        assert server.process.wait(SECONDS) == code


def test_invalid_addresses_are_rejected(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = command(home, "serve", "--port", str(taken.getsockname()[1]))
    assert done.returncode == 2
    assert "in use" in done.stderr
    assert command(home, "serve", "--port", "99999999").returncode == 2
    assert (
        command(home, "serve", "--host", "192.0.2.1", "--port", "0", "--insecure-http").returncode
        == 2
    )


def test_missing_packages_are_named(tmp_path: Path) -> None:
    program = """\
import sys
sys.modules['uvicorn'] = None
from launchpad_tui.__main__ import main
sys.exit(main(['serve']))
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=environment(tmp_path / "home"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "launchpad-tui[serve]" in done.stderr


def test_the_first_line_is_readable_by_programs(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "launchpad_tui", "serve", "--port", "0", "--json"],
        env=environment(tmp_path / "home"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    output = json.loads(process.stdout.readline())
    process.terminate()
    _, told_beside = process.communicate(timeout=SECONDS)
    assert output["baseUrl"] == output["environment"]["AICORE_BASE_URL"] == f"{output['url']}/v2"
    assert "serve clients add" in told_beside
    assert process.returncode == 0
