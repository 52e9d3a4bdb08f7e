from __future__ import annotations

import io
import json
import logging
import os
import ssl
import subprocess
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from launchpad_tui.errors import (
    AuthenticationFailed,
    ConfigError,
    LaunchpadError,
    PermissionDenied,
    Unreachable,
)
from launchpad_tui.stores import outages
from launchpad_tui.stores.base import SourceFile, open_store
from launchpad_tui.stores.catalog import KINDS
from launchpad_tui.stores.webhdfs import WebHdfsStore
from tests.stores import certificates, hadoop, hadoop_relay, http_server, shared_server

TOKEN = "HAAEcm9vdC1zZWNyZXQtdG9rZW4"


@pytest.fixture
def server() -> hadoop.Server:
    return hadoop.shared()


@pytest.fixture
def prefix() -> str:
    return f"own/{uuid.uuid4()}"


@pytest.fixture
def values(server: hadoop.Server, prefix: str) -> dict[str, str]:
    return server.values(prefix)


@pytest.fixture
def tls(server: hadoop.Server, prefix: str) -> dict[str, str]:
    return server.tls_values(prefix)


@pytest.fixture
def relay(server: hadoop.Server) -> Iterator[hadoop_relay.Relay]:
    with hadoop_relay.relaying(server.namenode) as relay:
        yield relay


@pytest.fixture
def source(tmp_path: Path) -> Path:
    source = tmp_path / "source"
    source.write_bytes(b"x" * 200_000)
    return source


def opened(values: dict[str, str]) -> WebHdfsStore:
    store = open_store(KINDS["webhdfs"], values)
    assert isinstance(store, WebHdfsStore)
    return store


def read(store: WebHdfsStore, path: str) -> bytes:
    target = io.BytesIO()
    store.get(path, target)
    return target.getvalue()


@pytest.mark.parametrize("kind", ["none", "stranger"])
def test_a_client_without_access(
    tls: dict[str, str], server: hadoop.Server, kind: str, source: Path
) -> None:
    known = kind == "stranger"
    tls["client_cert"] = server.stranger_certificate if known else ""
    tls["client_key"] = server.stranger_key if known else ""
    store = opened(tls)
    for call in (store.check, lambda: store.put("a", source)):
        with pytest.raises(AuthenticationFailed, match="client certificate"):
            call()


def test_only_the_configured_certificate_authority_is_trusted(
    tls: dict[str, str], server: hadoop.Server, monkeypatch: pytest.MonkeyPatch, source: Path
) -> None:
    files = certificates.within(Path(server.ca_file).parent)
    other = str(files.ca.parent / "other-ca.pem")
    for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.setenv(name, other)
    for name in ("HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    opened(tls).put("a", source)
    for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.setenv(name, server.ca_file)
    with pytest.raises(Unreachable, match="certificate"):
        opened({**tls, "ca_file": other}).check()
    assert opened({**tls, "ca_file": other, "verify_tls": "false"}).check()


def test_a_host_name_missing_from_the_certificate(tls: dict[str, str]) -> None:
    tls["namenode"] = tls["namenode"].replace("localhost", "127.1")
    with pytest.raises(Unreachable) as raised:
        opened(tls).check()
    assert "127.1" in str(raised.value)
    assert "certificate" in raised.value.title


def test_keys_leave_no_file_open(tls: dict[str, str]) -> None:
    opened(tls).check()
    before = len(os.listdir("/proc/self/fd"))
    stores = [opened(tls) for _ in range(3)]
    for store in stores:
        store.check()
    # Each store has one open connection.
    assert len(os.listdir("/proc/self/fd")) <= before + len(stores)


def test_keys_are_loaded_without_memfd(
    tls: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "memfd_create")
    assert opened(tls).check()


def test_headers_are_sent_only_to_the_namenode(
    relay: hadoop_relay.Relay, server: hadoop.Server, values: dict[str, str], source: Path
) -> None:
    secret = {"Authorization": "Basic c2VjcmV0", "X-Other": "secret too"}
    store = opened({**values, "namenode": relay.address, "headers": json.dumps(secret)})
    with hadoop_relay.relaying(server.datanode, "localhost") as other_host:
        relay.rewrite = hadoop_relay.moved_to(other_host.address)
        store.put("a", source)
        assert read(store, "a") == source.read_bytes()
        assert store.checksum("a")
    assert {each.query["op"] for each in other_host.requests} == {
        "CREATE",
        "OPEN",
        "GETFILECHECKSUM",
    }
    for request in other_host.requests:
        assert not {"authorization", "x-other", "cookie"} & set(request.headers)
    assert len(relay.requests) >= 5
    for request in relay.requests:
        assert request.headers["authorization"] == secret["Authorization"]
        assert request.headers["x-other"] == secret["X-Other"]


def test_the_client_certificate_is_not_presented_to_other_hosts(
    server: hadoop.Server, values: dict[str, str], source: Path
) -> None:
    files = certificates.within(Path(server.ca_file).parent)
    presented: list[object] = []

    class OtherHost(http_server.Handler):
        def serve(self) -> None:
            assert isinstance(self.connection, ssl.SSLSocket)
            presented.append(self.connection.getpeercert())
            self.reply(403)

    optional_certificate = http_server.server_context(files, demand_client=True)
    optional_certificate.verify_mode = ssl.CERT_OPTIONAL
    required_certificate = http_server.server_context(files, demand_client=True)
    with (
        http_server.listening(OtherHost, optional_certificate) as port,
        hadoop_relay.relaying(server.namenode, tls=required_certificate) as relay,
    ):
        tls = {
            "ca_file": server.ca_file,
            "client_cert": server.client_certificate,
            "client_key": server.client_key,
        }
        store = opened({**values, **tls, "namenode": relay.address})
        relay.rewrite = hadoop_relay.moved_to(f"https://localhost:{port}")
        with pytest.raises(PermissionDenied):
            store.put("a", source)
        relay.rewrite = hadoop_relay.moved_to(f"https://127.0.0.1:{port}")
        with pytest.raises(PermissionDenied):
            store.put("a", source)
    assert presented[0] in ({}, None)
    assert presented[1]


def test_redirects_from_tls_to_plain_http_are_not_followed(
    server: hadoop.Server, values: dict[str, str], source: Path
) -> None:
    files = certificates.within(Path(server.ca_file).parent)
    with hadoop_relay.relaying(
        server.namenode, "localhost", http_server.server_context(files)
    ) as relay:
        store = opened({**values, "namenode": relay.address, "ca_file": server.ca_file})
        with pytest.raises(ConfigError, match="without TLS"):
            store.put("a", source)
        for location in ("", "ftp://localhost/", "//", "https://[", "https://localhost:0/"):
            relay.rewrite = hadoop_relay.always(location or " ")
            with pytest.raises(ConfigError):
                store.put("a", source)


def test_redirect_loops_are_ended(
    relay: hadoop_relay.Relay, values: dict[str, str], source: Path
) -> None:
    opened(values).put("a", source)
    relay.rewrite = lambda location: (
        f"/webhdfs/v1/{values['path_prefix']}/a?op=OPEN&user.name={values['user']}"
    )
    with pytest.raises(ConfigError, match="Too many redirects"):
        read(opened({**values, "namenode": relay.address}), "a")


def test_unreachable_server(values: dict[str, str], source: Path) -> None:
    (port,) = shared_server.free_ports(1)
    store = opened({**values, "namenode": f"http://127.0.0.1:{port}"})
    for call in (
        store.check,
        lambda: store.put("a", source),
        lambda: store.stat("a"),
        lambda: list(store.list()),
    ):
        start = time.monotonic()
        with pytest.raises(Unreachable) as raised:
            call()
        assert f"127.0.0.1:{port}" in raised.value.title
        assert time.monotonic() - start < 30


def test_a_server_without_webhdfs(server: hadoop.Server, values: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match="No WebHDFS"):
        opened({**values, "namenode": f"{server.namenode}/other"}).check()
    assert opened({**values, "namenode": f"{server.namenode}/webhdfs/v1/"}).check()


def test_an_interrupted_download_is_resumed(
    relay: hadoop_relay.Relay,
    values: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    content = os.urandom(3_000_000)
    (tmp_path / "source").write_bytes(content)
    opened(values).put("a", tmp_path / "source")
    store = opened({**values, "namenode": relay.address})
    with hadoop_relay.relaying(hadoop.shared().datanode) as data:
        relay.rewrite = hadoop_relay.moved_to(data.address)
        data.cut_after = [1_200_000, 0, 1_100_000, 0]
        assert read(store, "a") == content
        assert data.cut_after == []
        offsets = [int(each.query["offset"]) for each in data.requests]
        assert offsets[0] == 0
        assert offsets[-1] > 2_000_000
        monkeypatch.setattr(outages, "OUTAGE_SECONDS", 1.0)
        data.cut_after = [0] * 1000
        with pytest.raises(Unreachable):
            read(store, "a")
        assert 900 < len(data.cut_after) < 999


def test_requests_without_a_response_are_repeated(
    relay: hadoop_relay.Relay, values: dict[str, str], source: Path
) -> None:
    store = opened({**values, "namenode": relay.address})
    store.put("a", source)
    relay.dropped = 2
    assert store.stat("a").size == 200_000
    for operation in ("MKDIRS", "CREATE", "GETFILESTATUS", "RENAME"):
        relay.lost.append(operation)
        store.put("a", source)
        assert not relay.lost
        relay.lost.append(operation)
        store.publish(f"folder-{operation}", [SourceFile("b", source)])
        assert not relay.lost
    relay.lost.append("DELETE")
    store.delete("a")
    assert not relay.lost
    names = [each.path for each in store.list()]
    assert names == sorted(
        f"folder-{each}/b" for each in ("CREATE", "GETFILESTATUS", "MKDIRS", "RENAME")
    )


def test_a_rename_without_a_response_is_not_repeated_if_it_was_executed(
    relay: hadoop_relay.Relay, values: dict[str, str], source: Path
) -> None:
    store = opened({**values, "namenode": relay.address})
    store.put("a", source)
    del relay.requests[:]
    relay.lost.append("RENAME")
    store.put("b", source)
    assert [each.query["op"] for each in relay.requests].count("RENAME") == 1
    # The response to a rename that was not executed looks the same.
    tree = store._tree
    with tree.staging() as (_, ready):
        store._send(source, ready, None)
        relay.dropped = 1
        tree._rename(ready, {"destination": f"{tree.root}/c"})
    assert [each.path for each in store.list()] == ["a", "b", "c"]


def test_no_token_in_messages_and_logs(
    relay: hadoop_relay.Relay,
    values: dict[str, str],
    source: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    with_token = {**values, "user": "", "delegation_token": TOKEN, "namenode": relay.address}
    store = opened(with_token)
    store.put("a", source)
    assert {each.query["delegation"] for each in relay.requests} == {TOKEN}
    assert all("user.name" not in each.query for each in relay.requests)
    messages = []
    (port,) = shared_server.free_ports(1)
    stopped = opened({**with_token, "namenode": f"http://127.0.0.1:{port}"})
    for call in (
        lambda: store.put("a/b", source),
        lambda: store.stat("nothing"),
        lambda: store.put(".snapshot/x", source),
        stopped.check,
        lambda: stopped.put("a", source),
    ):
        with pytest.raises(LaunchpadError) as raised:
            call()
        messages.append(str(raised.value))
    relay.rewrite = lambda location: f"http://[{TOKEN}"
    with pytest.raises(LaunchpadError) as raised:
        read(store, "a")
    messages.append(str(raised.value))

    class EchoingUrl(http_server.Handler):
        def serve(self) -> None:
            error = {"exception": "AccessControlException", "message": f"not allowed: {self.path}"}
            self.reply(403, json.dumps({"RemoteException": error}).encode())

    with (
        http_server.listening(EchoingUrl) as port,
        pytest.raises(PermissionDenied, match="not allowed") as raised,
    ):
        opened({**with_token, "namenode": f"http://127.0.0.1:{port}"}).check()
    messages.append(str(raised.value))
    assert all(TOKEN not in message for message in messages)
    assert TOKEN not in caplog.text


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("namenode", "namenode:9870"),
        ("namenode", "http://alice:secret@namenode:9870"),
        ("namenode", "http://namenode:9870?delegation=secret"),
        ("namenode", "http://"),
        ("headers", "secret"),
        ("headers", '["secret"]'),
        ("headers", '{"x": 1}'),
        ("headers", '{"x": "secret\\nEvil: 1"}'),
        ("headers", '{"x y": "secret"}'),
        ("client_cert", "secret"),
        ("client_key", "secret"),
        ("ca_file", "/nowhere/ca.pem"),
    ],
)
def test_invalid_values_are_rejected(tls: dict[str, str], field: str, value: str) -> None:
    with pytest.raises(ConfigError) as raised:
        opened({**tls, field: value}).check()
    assert "secret" not in str(raised.value)


def test_a_key_with_a_password(tls: dict[str, str], server: hadoop.Server) -> None:
    command = ["openssl", "pkcs8", "-topk8", "-passout", "pass:hidden"]
    tls["client_key"] = subprocess.run(
        command, input=tls["client_key"], capture_output=True, check=True, text=True
    ).stdout
    assert "ENCRYPTED" in tls["client_key"]
    with pytest.raises(ConfigError, match="password"):
        opened(tls).check()
