"""Servers that stores of restricted clients may reach: checked at connect time, for every kind."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from launchpad_tui.errors import LaunchpadError
from launchpad_tui.net.address_policy import POLICY, AddressPolicy, AddressRefused, policy_of
from launchpad_tui.net.client import HttpClient
from launchpad_tui.net.tls import create_context
from launchpad_tui.stores.base import open_store
from launchpad_tui.stores.catalog import KINDS

PUBLIC = AddressPolicy()


@dataclass
class Listener:
    """A server that counts connections, sends one response and closes."""

    port: int
    response: bytes = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    connections: list[bytes] = field(default_factory=list)


@contextlib.contextmanager
def listening(host: str = "127.0.0.1") -> Iterator[Listener]:
    """Listen on a free port of a loopback address."""
    with socket.create_server((host, 0)) as server:
        listener = Listener(server.getsockname()[1])

        def work() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection, contextlib.suppress(OSError):
                    connection.settimeout(5)
                    listener.connections.append(connection.recv(1 << 16))
                    connection.sendall(listener.response)

        threading.Thread(target=work, daemon=True).start()
        yield listener
        with contextlib.suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def listener() -> Iterator[Listener]:
    with listening() as found:
        yield found


@pytest.mark.parametrize(
    "address",
    [
        "8.8.8.8",
        "2001:4860:4860::8888",
        "::ffff:8.8.8.8",
        "64:ff9b::808:808",
    ],
)
def test_public_addresses_are_allowed(address: str) -> None:
    assert PUBLIC.allows("example.com", address)


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",
        "10.1.2.3",
        "100.64.0.1",
        "127.0.0.1",
        "127.255.0.9",
        "169.254.169.254",
        "172.16.0.1",
        "192.0.2.1",
        "192.168.1.1",
        "192.88.99.1",
        "198.18.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:0:127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b:1::1",
        "2002:7f00:1::",
        "2001:db8::1",
        "fc00::1",
        "fd12:3456::1",
        "fe80::1%eth0",
        "fec0::1",
        "ff02::1",
    ],
)
def test_other_addresses_are_refused(address: str) -> None:
    assert not PUBLIC.allows("example.com", address)


def test_the_administrator_may_allow_hosts_and_networks() -> None:
    policy = AddressPolicy.parse(["10.1.0.0/16", " fd00::/8", ".corp.example", "S3.internal."])
    assert policy.allows("x", "10.1.2.3")
    assert policy.allows("x", "::ffff:10.1.2.3")
    assert policy.allows("x", "fd00::5")
    assert policy.allows("a.b.corp.example", "192.168.0.1")
    assert policy.allows("s3.INTERNAL", "192.168.0.1")
    assert not policy.allows("x", "10.2.2.3")
    assert not policy.allows("corp.example", "10.2.2.3")
    assert not policy.allows("evilcorp.example", "10.2.2.3")
    assert policy_of({POLICY: policy.text()}) == policy
    assert policy_of({POLICY: PUBLIC.text()}) == PUBLIC
    assert policy_of({}) is None


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "2130706433",
        "0x7f000001",
        "127.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "nobody.invalid",
    ],
)
def test_every_spelling_and_unknown_names_get_the_same_error(listener: Listener, host: str) -> None:
    client = HttpClient("the server", create_context, policy=PUBLIC)
    with pytest.raises(AddressRefused) as caught:
        client.send("GET", f"http://{host}:{listener.port}/")
    assert str(caught.value) == str(_refusal())
    assert listener.connections == []
    client.close()


@pytest.mark.parametrize("host", ["0177.0.0.1", "0x7f.1", "017700000001", "127.0.1"])
def test_octal_and_short_addresses_are_resolved_before_the_check(host: str) -> None:
    with pytest.raises(AddressRefused):
        PUBLIC.connect(host, 80, 1)


def _refusal() -> AddressRefused:
    with pytest.raises(AddressRefused) as caught:
        PUBLIC.resolve("127.0.0.1", 80)
    return caught.value


def test_a_name_is_checked_when_the_socket_connects(
    listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = [["8.8.8.8"], ["8.8.8.8", "127.0.0.1"], ["127.0.0.1"]]

    def resolve(host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        return [(socket.AF_INET, 0, 0, "", (each, port)) for each in answers.pop(0)]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    assert PUBLIC.resolve("rebinding.example", 80) == [(socket.AF_INET, "8.8.8.8")]
    for _ in range(2):
        with pytest.raises(AddressRefused):
            PUBLIC.connect("rebinding.example", listener.port, 1)
    assert listener.connections == []


def test_proxies_are_not_used(listener: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{listener.port}")
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{listener.port}")
    for store in _stores(f"http://localhost:{listener.port}", PUBLIC):
        with pytest.raises(AddressRefused):
            list(store.list(""))
    assert listener.connections == []


def _service_account() -> dict[str, str]:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    text = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()
    return {"client_email": "a@example.com", "private_key": text}


ACCOUNT = _service_account()


def _values(url: str) -> dict[str, Mapping[str, str]]:
    """Return values by kind whose server is at a URL."""
    keys = {"access_key_id": "an-id", "secret_access_key": "a-secret"}
    client = {"client_id": "me", "client_secret": "a-secret"}
    return {
        "s3": {"bucket": "b", "endpoint": url, **keys},
        "oss": {"bucket": "bucket", "endpoint": url, "region": "eu-central-1", **keys},
        "webhdfs": {"namenode": url},
        "azure": {"container_uri": f"{url}/account/c", "sas_token": "sv=2021&sig=x"},
        "gcs": {
            "bucket": "b",
            "endpoint": url,
            "private_key": json.dumps({**ACCOUNT, "token_uri": f"{url}/token"}),
        },
        "launchpad": {"base_url": f"{url}/v2", "auth_url": f"{url}/oauth/token", **client},
    }


def _stores(url: str, policy: AddressPolicy) -> list[Any]:
    values = _values(url)
    # A new kind of store that calls servers must be covered.
    assert set(values) == {kind.id for kind in KINDS.values() if not kind.folder_field}
    return [open_store(KINDS[kind], each, policy) for kind, each in values.items()]


def test_every_kind_of_store_connects_as_the_policy_allows(listener: Listener) -> None:
    url = f"http://127.0.0.1:{listener.port}"
    for store in _stores(url, PUBLIC):
        for call in (
            store.check,
            lambda store=store: list(store.list("")),
            lambda store=store: store.stat("a"),
        ):
            with pytest.raises(AddressRefused):
                call()
    assert listener.connections == []
    for number, store in enumerate(_stores(url, AddressPolicy.parse(["127.0.0.0/8"]))):
        with contextlib.suppress(LaunchpadError):
            store.stat("a")
        assert len(listener.connections) > number, store


def test_every_kind_of_store_uploads_as_the_policy_allows(
    listener: Listener, tmp_path: Path
) -> None:
    source = tmp_path / "file"
    source.write_bytes(b"x" * 40_000_000)
    for store in _stores(f"http://127.0.0.1:{listener.port}", PUBLIC):
        with pytest.raises(AddressRefused):
            store.put("a", source)
    assert listener.connections == []


def test_redirects_to_data_nodes_are_checked(listener: Listener) -> None:
    with listening("127.0.0.2") as inner:
        target = f"http://127.0.0.2:{inner.port}/webhdfs/v1/a?op=OPEN"
        listener.response = (
            f"HTTP/1.1 307 Temporary Redirect\r\nLocation: {target}\r\n"
            "Content-Length: 0\r\nConnection: close\r\n\r\n"
        ).encode()
        store = open_store(
            KINDS["webhdfs"],
            {"namenode": f"http://127.0.0.1:{listener.port}"},
            AddressPolicy.parse(["127.0.0.1"]),
        )
        with pytest.raises(AddressRefused):
            list(store.read("a"))
        assert listener.connections
        assert inner.connections == []
