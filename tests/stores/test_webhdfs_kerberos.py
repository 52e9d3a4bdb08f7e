"""WebHDFS with Kerberos, against a KDC of MIT and Hadoop in secure mode."""

from __future__ import annotations

import io
import json
import logging
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from launchpad_tui.domain.connection_check import CheckPart
from launchpad_tui.errors import (
    AuthenticationFailed,
    ConfigError,
    DependencyMissing,
    LaunchpadError,
    PermissionDenied,
    Unreachable,
)
from launchpad_tui.services.store_check import check_store
from launchpad_tui.stores import webhdfs_users
from launchpad_tui.stores.base import SourceFile, open_store
from launchpad_tui.stores.catalog import KINDS
from launchpad_tui.stores.kerberos import read_keytab
from launchpad_tui.stores.webhdfs import WebHdfsStore
from launchpad_tui.stores.webhdfs_errors import explain_response
from launchpad_tui.stores.webhdfs_users import KerberosUser
from tests.stores import secure_hdfs, shared_server
from tests.stores.http_server import Handler, listening
from tests.stores.secure_hdfs import ALICE, BOB, REALM


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[secure_hdfs.Server]:
    """The secured cluster, without a default ticket."""
    server = secure_hdfs.shared()
    monkeypatch.setenv("KRB5_CONFIG", server.krb5_conf)
    monkeypatch.setenv("KRB5CCNAME", f"FILE:{tmp_path / 'no-ticket'}")
    yield server
    webhdfs_users.cancel_all()


@pytest.fixture
def source(tmp_path: Path) -> Path:
    source = tmp_path / "source"
    source.write_bytes(b"x" * 200_000)
    return source


def opened(values: dict[str, str]) -> WebHdfsStore:
    store = open_store(KINDS["webhdfs"], values)
    assert isinstance(store, WebHdfsStore)
    return store


def user_of(store: WebHdfsStore) -> KerberosUser:
    user = store._client._authenticator
    assert isinstance(user, KerberosUser)
    return user


def token_of(store: WebHdfsStore) -> str:
    return user_of(store).authorize().query["delegation"]


def operations(store: WebHdfsStore, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list to which the store's operations on delegation tokens are added."""
    user, sent = user_of(store), list[str]()
    send = user._send

    def record(method: str, op: str, *arguments: object) -> dict[str, object]:
        sent.append(op)
        return send(method, op, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(user, "_send", record)
    return sent


def round_trip(store: WebHdfsStore, name: str, source: Path) -> None:
    store.put(f"{name}/a", source)
    store.publish(f"{name}/m", [SourceFile("b", source)])
    target = io.BytesIO()
    store.get(f"{name}/m/b", target)
    assert target.getvalue() == source.read_bytes()
    assert [each.path for each in store.list(name)] == [f"{name}/a", f"{name}/m/b"]
    assert store.checksum(f"{name}/a")
    assert store.delete_prefix(name) == 2


@pytest.mark.parametrize("principal", [ALICE, "alice", ""])
def test_a_keytab(server: secure_hdfs.Server, source: Path, principal: str) -> None:
    round_trip(opened(server.values(principal=principal)), f"keytab-{principal}", source)


def test_a_ticket(
    server: secure_hdfs.Server, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = server.ticket(tmp_path / "ticket")
    values = server.values(authentication="ticket", keytab="", principal="")
    round_trip(opened({**values, "ticket_cache": cache}), "ticket", source)
    round_trip(opened({**values, "ticket_cache": cache, "principal": ALICE}), "named", source)
    monkeypatch.setenv("KRB5CCNAME", cache)
    round_trip(opened(values), "default", source)


def test_a_missing_ticket(server: secure_hdfs.Server, tmp_path: Path) -> None:
    values = server.values(authentication="ticket", keytab="")
    for more in ({}, {"ticket_cache": f"FILE:{tmp_path / 'nothing'}"}, {"principal": ""}):
        with pytest.raises(AuthenticationFailed, match="No Kerberos ticket found") as caught:
            opened(values | more).check()
        assert "kinit" in caught.value.hint


def test_the_ticket_of_another_principal(server: secure_hdfs.Server, tmp_path: Path) -> None:
    cache = server.ticket(tmp_path / "ticket")
    values = server.values(authentication="ticket", ticket_cache=cache, principal=BOB)
    with pytest.raises(AuthenticationFailed, match=f"no ticket of {BOB}") as caught:
        opened(values).check()
    assert f"kinit {BOB}" in caught.value.hint


def test_an_expired_ticket(server: secure_hdfs.Server, tmp_path: Path) -> None:
    cache = server.ticket(tmp_path / "ticket", "-l", "1s")
    time.sleep(2)
    store = opened(server.values(authentication="ticket", ticket_cache=cache))
    with pytest.raises(AuthenticationFailed, match=f"ticket of {ALICE} has expired") as caught:
        store.check()
    assert f"kinit {ALICE}" in caught.value.hint
    server.ticket(tmp_path / "ticket")
    assert store.check(), "a new ticket is used without opening the store again"


def test_a_wrong_clock(server: secure_hdfs.Server, tmp_path: Path) -> None:
    if shutil.which("faketime") is None:
        pytest.skip("requires the program faketime: apt-get install faketime")
    cache = server.ticket(tmp_path / "ticket")
    values = server.values(authentication="ticket", ticket_cache=cache)
    program = (
        "import json, sys\n"
        "from launchpad_tui.errors import LaunchpadError\n"
        "from launchpad_tui.stores.webhdfs import WebHdfsStore\n"
        "try:\n"
        "    print(WebHdfsStore(json.loads(sys.argv[1])).check())\n"
        "except LaunchpadError as error:\n"
        "    print(type(error).__name__, error)\n"
    )
    command = ["faketime", "-f", "+2h", sys.executable, "-c", program, json.dumps(values)]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    assert result.stdout.startswith("AuthenticationFailed"), result.stderr
    assert "Clock skew too great" in result.stdout
    assert "Synchronize the clocks" in result.stdout


def test_the_principal_is_not_in_the_keytab(server: secure_hdfs.Server) -> None:
    with pytest.raises(ConfigError, match=f"The keytab has no key of {BOB}") as caught:
        opened(server.values(principal=BOB)).check()
    assert ALICE in caught.value.detail


@pytest.mark.parametrize(
    ("keytab", "principal", "title"),
    [
        ("ghost", f"ghost@{REALM}", f"The KDC does not know the principal ghost@{REALM}"),
        ("stale", f"carol@{REALM}", f"The KDC rejects the keytab of carol@{REALM}"),
    ],
)
def test_principals_that_the_kdc_rejects(
    server: secure_hdfs.Server, keytab: str, principal: str, title: str
) -> None:
    file = str(Path(server.folder) / f"{keytab}.keytab")
    with pytest.raises(AuthenticationFailed) as caught:
        opened(server.values(keytab=file, principal=principal)).check()
    assert caught.value.title == title
    assert caught.value.hint


def test_keytabs_that_cannot_be_read(server: secure_hdfs.Server, tmp_path: Path) -> None:
    for content, title in (
        (b"no keytab", "The file is not a keytab"),
        (b"\x05\x02\x00\x00\x00\x09\x00\x01\x00\xff", "The file is not a keytab"),
        (b"\x05\x02", "The keytab is empty"),
        (b"", "The file is not a keytab"),
    ):
        (tmp_path / "keytab").write_bytes(content)
        with pytest.raises(ConfigError) as caught:
            opened(server.values(keytab=str(tmp_path / "keytab"))).check()
        assert caught.value.title == title
    for path in (tmp_path / "nothing", tmp_path):
        with pytest.raises(ConfigError, match="The keytab cannot be read"):
            opened(server.values(keytab=str(path))).check()
    with pytest.raises(ConfigError, match="The keytab is missing"):
        opened(server.values(keytab=""))


def test_the_principals_of_a_keytab(server: secure_hdfs.Server) -> None:
    assert read_keytab(Path(server.alice_keytab)) == [ALICE]
    services = [f"hdfs/localhost@{REALM}", f"HTTP/localhost@{REALM}"]
    assert read_keytab(Path(server.service_keytab)) == services


def test_a_namenode_without_a_service_principal(server: secure_hdfs.Server) -> None:
    values = server.values()
    values["namenode"] = values["namenode"].replace("localhost", "127.0.0.1")
    with pytest.raises(AuthenticationFailed, match=r"service HTTP/127\.0\.0\.1") as caught:
        opened(values).check()
    assert "name of the NameNode" in caught.value.hint


def test_an_unreachable_kdc(
    server: secure_hdfs.Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (port,) = shared_server.free_ports(1)
    text = re.sub(r"(kdc = .*:)\d+", rf"\g<1>{port}", Path(server.krb5_conf).read_text())
    (tmp_path / "krb5.conf").write_text(text)
    monkeypatch.setenv("KRB5_CONFIG", str(tmp_path / "krb5.conf"))
    with pytest.raises(Unreachable, match="No response from the Kerberos KDC"):
        opened(server.values()).check()


def test_kerberos_without_configuration(
    server: secure_hdfs.Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KRB5_CONFIG", str(tmp_path / "nothing"))
    with pytest.raises(LaunchpadError) as caught:
        opened(server.values(principal="alice")).check()
    assert "krb5.conf" in caught.value.hint


def test_a_user_without_permission(server: secure_hdfs.Server, source: Path) -> None:
    store = opened(server.values(keytab=server.bob_keytab, principal=BOB))
    assert store.check()
    with pytest.raises(PermissionDenied, match="user=bob"):
        store.put("a", source)


def test_a_secured_cluster_rejects_users_without_kerberos(server: secure_hdfs.Server) -> None:
    values = server.values(authentication="simple", user="alice", keytab="", principal="")
    with pytest.raises(AuthenticationFailed) as caught:
        opened(values).check()
    assert "requires Kerberos" in caught.value.hint
    with pytest.raises(AuthenticationFailed):
        opened({**values, "delegation_token": "bm90IGEgdG9rZW4"}).check()


def test_one_token_is_used_for_all_requests(
    server: secure_hdfs.Server, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = opened(server.values())
    sent = operations(store, monkeypatch)
    round_trip(store, "tokens", source)
    assert sent == ["GETDELEGATIONTOKEN", "RENEWDELEGATIONTOKEN"]
    token = token_of(store)
    user = user_of(store)
    assert 0 < user._renew_at - time.monotonic() <= secure_hdfs.TOKEN_SECONDS / 2
    user._renew_at = 0.0
    assert token_of(store) == token
    assert sent == ["GETDELEGATIONTOKEN", "RENEWDELEGATIONTOKEN", "RENEWDELEGATIONTOKEN"]
    assert user._renew_at > time.monotonic()


def test_a_rejected_token_is_replaced(server: secure_hdfs.Server, source: Path) -> None:
    store, other = opened(server.values()), opened(server.values())
    first = token_of(store)
    user_of(other)._token = first
    user_of(other).cancel()
    store.put("replaced/a", source)
    assert token_of(store) != first
    # A token that can no longer be renewed is replaced as well.
    second = token_of(store)
    user_of(other)._token = second
    user_of(other).cancel()
    user_of(store)._renew_at = 0.0
    assert token_of(store) not in {first, second}
    assert store.delete_prefix("replaced") == 1


def test_tokens_are_canceled_at_the_end_of_the_program(server: secure_hdfs.Server) -> None:
    program = (
        "import json, sys\n"
        "from launchpad_tui.stores.webhdfs import WebHdfsStore\n"
        "store = WebHdfsStore(json.loads(sys.argv[1]))\n"
        "store.check()\n"
        "print(store._client._authenticator.authorize().query['delegation'])\n"
    )
    command = [sys.executable, "-c", program, json.dumps(server.values())]
    token = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    values = server.values(authentication="simple", keytab="", principal="")
    with pytest.raises(AuthenticationFailed, match="can't be found") as caught:
        opened({**values, "delegation_token": token}).check()
    assert token not in str(caught.value)


def test_a_server_that_issues_no_tokens(
    server: secure_hdfs.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    requests: list[tuple[str, str]] = []

    class WithoutTokens(Handler):
        def serve(self) -> None:
            requests.append((self.path, self.headers.get("authorization", "")))
            if "DELEGATIONTOKEN" in self.path:
                error = {"exception": "IllegalArgumentException", "message": "Invalid operation"}
                self.reply(400, json.dumps({"RemoteException": error}).encode())
            else:
                self.reply(200, b'{"FileChecksum": {}}')

    with listening(WithoutTokens) as port:
        store = opened(server.values(namenode=f"http://localhost:{port}"))
        for _ in range(2):
            store._client.call("GET", "/a", "GETFILECHECKSUM")
    assert [path.partition("?")[0] for path, _ in requests] == [
        "/webhdfs/v1/",
        "/webhdfs/v1/a",
        "/webhdfs/v1/a",
    ]
    headers = [header for _, header in requests]
    assert all(header.startswith("Negotiate ") for header in headers)
    assert len(set(headers)) == 3, "a SPNEGO token is never sent twice"


def test_no_token_in_messages_and_logs(
    server: secure_hdfs.Server, source: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    store = opened(server.values())
    token = token_of(store)
    calls: list[Callable[[], object]] = [
        lambda: store.stat("nothing"),
        lambda: store.put(".snapshot/x", source),
        lambda: opened(server.values(prefix="user")).put("a", source),
    ]
    for call in calls:
        with pytest.raises(LaunchpadError) as caught:
            call()
        assert token not in str(caught.value)
    assert token not in caplog.text
    assert "Negotiate" not in caplog.text


def test_the_check_of_a_store_reports_logins(server: secure_hdfs.Server) -> None:
    found = list(check_store(lambda: opened(server.values())))
    assert not any(step.error for step in found)
    assert [step.name for step in found] == list(CheckPart)
    *_, last = check_store(lambda: opened(server.values(authentication="ticket")))
    assert last.name is CheckPart.CREDENTIALS
    assert last.message.startswith("No Kerberos ticket found")


def test_gssapi_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gssapi", None)
    store = opened({"namenode": "http://localhost:9", "authentication": "ticket"})
    with pytest.raises(DependencyMissing) as caught:
        store.check()
    assert caught.value.extra == "kerberos"
    assert "launchpad-tui[kerberos]" in caught.value.hint
    assert "libkrb5-dev" in caught.value.hint


def test_gssapi_is_imported_only_on_use() -> None:
    program = (
        "import sys\n"
        "from launchpad_tui.stores.webhdfs import WebHdfsStore\n"
        "for authentication in ('simple', 'ticket'):\n"
        "    WebHdfsStore({'namenode': 'http://localhost:9', 'authentication': authentication})\n"
        "print('gssapi' in sys.modules)\n"
    )
    command = [sys.executable, "-c", program]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "False\n"


def test_pages_of_the_authentication_filter_are_explained() -> None:
    page = (
        "<html><head><title>Error 403 GSSException: Failure (Clock skew too great)</title></html>"
    )
    error = explain_response(403, page.encode(), "HDFS at nn", "/a")
    assert isinstance(error, AuthenticationFailed)
    assert "Clock skew too great" in error.detail
    assert "Synchronize the clocks" in error.hint


def test_the_environment_is_unchanged(server: secure_hdfs.Server) -> None:
    before = dict(os.environ)
    opened(server.values()).check()
    assert dict(os.environ) == before
