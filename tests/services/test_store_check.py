"""Checks of object stores on real servers, and on servers that fail."""

from __future__ import annotations

import contextlib
import socket
import time
import uuid
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

import pytest

from launchpad_tui.domain.connection_check import CheckPart, CheckStep
from launchpad_tui.errors import (
    AuthenticationFailed,
    ConfigError,
    LaunchpadError,
    PermissionDenied,
    Unreachable,
)
from launchpad_tui.net.timeouts import within
from launchpad_tui.services import store_check
from launchpad_tui.services.store_check import check_store
from launchpad_tui.stores.base import open_store
from launchpad_tui.stores.catalog import KINDS
from tests.stores import hadoop, hadoop_relay, seaweed

KEY_FIELDS = ("access_key_id", "secret_access_key")


def steps(kind: str, values: dict[str, str]) -> list[CheckStep]:
    return list(check_store(lambda: open_store(KINDS[kind], values)))


def values(**others: str) -> dict[str, str]:
    return seaweed.shared().values(f"probe/{uuid.uuid4()}") | others


def names(found: list[CheckStep]) -> list[StrEnum]:
    return [step.name for step in found]


def test_a_working_store_passes_the_check(tmp_path: Path) -> None:
    found = steps("s3", values())
    assert names(found) == [name for name in CheckPart if name is not CheckPart.TLS]
    assert not any(step.error for step in found)
    assert found[-2].message == "empty"
    assert found[-1].message == "a test file was written, read and deleted"
    found = steps("file", {"root": str(tmp_path)})
    assert names(found) == [
        CheckPart.SETTINGS,
        CheckPart.PERMISSION,
        CheckPart.PLACE,
        CheckPart.PREFIX,
        CheckPart.WRITE,
    ]
    assert list(tmp_path.glob("launchpad-test-*")) == []


def test_a_working_store_over_tls_passes_the_check() -> None:
    server = seaweed.shared()
    if not server.tls_endpoint:
        pytest.skip("openssl is not installed")
    found = steps("s3", values(endpoint=server.tls_endpoint, ca_file=server.ca_file))
    assert names(found) == list(CheckPart)
    assert found[3].message.startswith("TLSv1")
    untrusted = steps("s3", values(endpoint=server.tls_endpoint))
    assert names(untrusted)[-1] is CheckPart.TLS
    assert isinstance(untrusted[-1].error, Unreachable)
    assert "verification failed" in untrusted[-1].message
    assert steps("s3", values(endpoint=server.tls_endpoint, verify_tls="false"))[
        3
    ].message.endswith("not verified")
    plain = steps("s3", values(endpoint=server.endpoint.replace("http:", "https:")))
    assert names(plain)[-1] is CheckPart.TLS


@pytest.mark.parametrize(
    ("wrong", "part", "error"),
    [
        ({"endpoint": "not a url"}, CheckPart.SETTINGS, ConfigError),
        ({"endpoint": "http://no-such-host.invalid:9"}, CheckPart.NAME, Unreachable),
        ({"endpoint": "http://127.0.0.1:9"}, CheckPart.NETWORK, Unreachable),
        ({"secret_access_key": "wrong"}, CheckPart.CREDENTIALS, AuthenticationFailed),
        ({"access_key_id": "AKIANOBODY"}, CheckPart.CREDENTIALS, AuthenticationFailed),
        ({"bucket": "no-such-bucket"}, CheckPart.PLACE, (ConfigError, PermissionDenied)),
    ],
)
def test_failed_steps_are_reported(
    wrong: dict[str, str], part: CheckPart, error: type[LaunchpadError]
) -> None:
    *right, last = steps("s3", values(**wrong))
    assert not any(step.error for step in right)
    assert last.name is part
    assert isinstance(last.error, error)
    assert last.message
    assert seaweed.ADMIN[1] not in str(last.error)


@pytest.fixture
def silent() -> Iterator[str]:
    """A server that accepts connections and never responds."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_a_silent_server(silent: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_check, "_REQUEST_SECONDS", 0.5)
    started = time.monotonic()
    found = steps("s3", values(endpoint=silent))
    assert time.monotonic() - started < 60
    assert found[-1].name is CheckPart.NETWORK
    assert isinstance(found[-1].error, Unreachable)


def test_the_proxy_from_the_environment(silent: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_check, "_REQUEST_SECONDS", 0.2)
    monkeypatch.setenv("http_proxy", silent)
    monkeypatch.delenv("no_proxy", raising=False)
    found = steps("s3", values(endpoint="http://s3.somewhere.invalid"))
    assert names(found)[:3] == [CheckPart.SETTINGS, CheckPart.NAME, CheckPart.NETWORK]
    assert "the proxy to s3.somewhere.invalid" in found[2].message


def test_a_file_store_that_is_not_mounted(tmp_path: Path) -> None:
    last = steps("file", {"root": str(tmp_path / "nothing")})[-1]
    assert isinstance(last.error, Unreachable)
    assert [step.name for step in steps("file", {"root": "relative"})] == [CheckPart.SETTINGS]


def test_calls_are_limited_in_time() -> None:
    assert within(5, lambda: 3) == 3
    with pytest.raises(ConfigError):
        within(5, _fail)
    with contextlib.suppress(Unreachable):
        within(0.01, lambda: time.sleep(5))
        pytest.fail("The call was not limited.")


def test_a_read_only_store_passes_the_check() -> None:
    store = values()
    found = steps("s3", store | dict(zip(KEY_FIELDS, seaweed.READER, strict=True)))
    assert not any(step.error for step in found)
    assert found[-1].name is CheckPart.WRITE
    assert found[-1].message.startswith("read only: AccessDenied (403)")


def test_a_user_who_may_only_read_from_hdfs(tmp_path: Path) -> None:
    server = hadoop.shared()
    store = server.values(f"probe-{uuid.uuid4()}")
    (tmp_path / "a").write_bytes(b"x")
    open_store(KINDS["webhdfs"], store).put("a", tmp_path / "a")
    found = steps("webhdfs", store | {"user": hadoop.VISITOR})
    assert not any(step.error for step in found)
    assert found[-1].message.startswith("read only: AccessControlException (403)")
    assert server.names(store["path_prefix"]) == [".launchpad-staging", "a"]


@pytest.mark.usefixtures("skipped_pauses")
@pytest.mark.parametrize("user", ["", hadoop.VISITOR])
def test_an_unresolvable_datanode_fails_the_check(user: str, tmp_path: Path) -> None:
    server = hadoop.shared()
    store = server.values(f"probe-{uuid.uuid4()}")
    (tmp_path / "a").write_bytes(b"x")
    open_store(KINDS["webhdfs"], store).put("a", tmp_path / "a")
    with hadoop_relay.relaying(server.namenode) as relay:
        relay.rewrite = hadoop_relay.moved_to("http://datanode-7.invalid:9864")
        changed = {"namenode": relay.address} | ({"user": user} if user else {})
        *passed, last = steps("webhdfs", store | changed)
    assert not any(step.error for step in passed)
    assert last.name is CheckPart.WRITE
    assert isinstance(last.error, Unreachable)
    assert last.error.title == "The DataNode datanode-7.invalid:9864 cannot be reached"
    assert "NameNode redirects" in last.error.hint


def _fail() -> None:
    raise ConfigError("wrong")


def test_a_server_that_requires_a_client_certificate() -> None:
    tls = hadoop.shared().tls_values(f"probe-{uuid.uuid4()}")
    found = steps("webhdfs", tls)
    assert names(found) == list(CheckPart)
    assert not any(step.error for step in found)
    assert found[3].message.startswith("TLSv1")
    stranger = steps("webhdfs", {**tls, "client_cert": "", "client_key": ""})
    assert names(stranger)[-1] in {CheckPart.TLS, CheckPart.CREDENTIALS}
    assert stranger[-1].error is not None
    broken = steps("webhdfs", {**tls, "client_cert": "no certificate"})
    assert names(broken)[-1] in {CheckPart.SETTINGS, CheckPart.TLS}
    assert isinstance(broken[-1].error, ConfigError)
