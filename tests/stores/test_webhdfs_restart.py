"""Restarts of NameNodes, and responses of servers that cannot serve a request for some time."""

from __future__ import annotations

import hashlib
import io
import json
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from launchpad_tui.errors import LaunchpadError, PermissionDenied, RuntimeRejected, Unreachable
from launchpad_tui.net import retry
from launchpad_tui.stores.base import open_store
from launchpad_tui.stores.catalog import KINDS
from launchpad_tui.stores.webhdfs import WebHdfsStore
from launchpad_tui.stores.webhdfs_errors import explain_response
from tests.stores import hadoop
from tests.stores.http_server import Handler, listening
from tests.stores.shared_server import Missing

#: seconds between the stop and the start of a NameNode
DOWNTIME = 2.0


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[hadoop.Cluster]:
    try:
        with hadoop.cluster(tmp_path_factory.mktemp("hdfs")) as started:
            yield started
    except Missing as missing:
        pytest.skip(str(missing))


@pytest.fixture
def store(cluster: hadoop.Cluster) -> WebHdfsStore:
    return opened(cluster.server.values("restart"))


@pytest.fixture
def large(tmp_path: Path) -> Path:
    file = tmp_path / "large"
    file.write_bytes(os.urandom(3 * hadoop.BLOCK))
    return file


def opened(values: dict[str, str]) -> WebHdfsStore:
    store = open_store(KINDS["webhdfs"], values)
    assert isinstance(store, WebHdfsStore)
    return store


def restart(cluster: hadoop.Cluster) -> threading.Thread:
    """Kill the NameNode; start it again after `DOWNTIME` on the returned thread."""
    cluster.stop_namenode()

    def start() -> None:
        time.sleep(DOWNTIME)
        cluster.start_namenode()

    thread = threading.Thread(target=start)
    thread.start()
    return thread


def test_requests_survive_a_restart_of_the_namenode(
    cluster: hadoop.Cluster, store: WebHdfsStore, tmp_path: Path
) -> None:
    (tmp_path / "a").write_bytes(b"content")
    store.put("a", tmp_path / "a")
    thread = restart(cluster)
    try:
        assert store.stat("a").size == 7
        # The DataNode may not have registered with the new NameNode yet.
        store.put("b", tmp_path / "a")
        assert [each.path for each in store.list()] == ["a", "b"]
    finally:
        thread.join()
        cluster.wait()


def test_an_upload_survives_a_restart_of_the_namenode(
    cluster: hadoop.Cluster, store: WebHdfsStore, large: Path
) -> None:
    threads: list[threading.Thread] = []
    moved: list[int] = []

    def progress(count: int) -> None:
        moved.append(count)
        if not threads and sum(moved) > hadoop.BLOCK // 2:
            threads.append(restart(cluster))

    try:
        stored = store.put("large", large, progress=progress)
    finally:
        for thread in threads:
            thread.join()
        cluster.wait()
    assert threads
    assert sum(moved) == large.stat().st_size
    assert stored.sha256 == hashlib.sha256(large.read_bytes()).hexdigest()
    target = io.BytesIO()
    assert store.get("large", target).sha256 == stored.sha256
    assert cluster.server.names("restart/.launchpad-staging") == []


def test_a_namenode_that_stays_down_is_reported(
    cluster: hadoop.Cluster, store: WebHdfsStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert store.check()
    monkeypatch.setattr(retry, "MAX_PAUSE", 0.05)
    cluster.stop_namenode()
    try:
        with pytest.raises(Unreachable) as caught:
            store.check()
    finally:
        cluster.start_namenode()
        cluster.wait()
    assert cluster.server.namenode.removeprefix("http://") in caught.value.title


def remote_exception(name: str, message: str) -> bytes:
    return json.dumps({"RemoteException": {"exception": name, "message": message}}).encode()


@pytest.mark.parametrize(
    ("status", "name", "message", "expected"),
    [
        (
            403,
            "EOFException",
            "End of File Exception between local host is: dn/10.0.0.2; destination host is: nn",
            Unreachable,
        ),
        (403, "IOException", "Failed on local exception: Connection reset by peer", Unreachable),
        (403, "IOException", "No space: java.net.ConnectException: refused", Unreachable),
        (403, "StandbyException", "Operation category READ is not supported", Unreachable),
        (
            401,
            "SecurityException",
            "Failed to obtain user group information: InvalidToken: StandbyException",
            Unreachable,
        ),
        (503, "SafeModeException", "Cannot create file. Name node is in safe mode.", Unreachable),
        (
            403,
            "IOException",
            "File /a could only be written to 0 of the 1 minReplication nodes. There are 0 "
            "datanode(s) running and 0 node(s) are excluded in this operation.",
            Unreachable,
        ),
        (403, "AccessControlException", "Permission denied: user=visitor", PermissionDenied),
        (403, "AuthorizationException", "User: a is not allowed to impersonate", PermissionDenied),
        (403, "", "", PermissionDenied),
        (403, "IOException", "Delegation Token can be issued only with kerberos", RuntimeRejected),
    ],
)
def test_exceptions_are_mapped_to_errors(
    status: int, name: str, message: str, expected: type[LaunchpadError]
) -> None:
    body = remote_exception(name, message) if name else b"<html>Forbidden</html>"
    assert type(explain_response(status, body, "HDFS at nn", "/a")) is expected


@pytest.mark.parametrize(
    ("status", "name"),
    [
        (403, "EOFException"),
        (403, "IOException"),
        (503, "SafeModeException"),
        (403, "StandbyException"),
    ],
)
def test_a_rejected_request_is_repeated_for_a_bounded_time(
    status: int, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retry, "MAX_PAUSE", 0.05)
    failures = [3]
    calls: list[str] = []

    class Starting(Handler):
        def serve(self) -> None:
            self.body()
            calls.append(self.command)
            if failures[0]:
                failures[0] -= 1
                self.reply(status, remote_exception(name, "The server is starting."))
            else:
                self.reply(200, b'{"boolean": true}')

    with listening(Starting) as port:
        store = opened({"namenode": f"http://127.0.0.1:{port}"})
        store._client.call("PUT", "/a", "MKDIRS")
        assert calls == ["PUT"] * 4
        failures[0] = 1_000
        calls.clear()
        with pytest.raises(Unreachable, match="The server is starting"):
            store._client.call("PUT", "/a", "MKDIRS")
        assert len(calls) == 9
