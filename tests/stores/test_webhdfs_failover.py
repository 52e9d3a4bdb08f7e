"""Clusters with two NameNodes, of which one is on standby."""

from __future__ import annotations

import io
import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from launchpad_tui.errors import ConfigError, Unreachable
from launchpad_tui.net import retry
from launchpad_tui.services.store_check import check_store
from launchpad_tui.stores.base import SourceFile, open_store
from launchpad_tui.stores.catalog import KINDS
from launchpad_tui.stores.webhdfs import WebHdfsStore
from launchpad_tui.stores.webhdfs_namenodes import NameNodes
from tests.stores import hadoop
from tests.stores.http_server import Handler, listening
from tests.stores.shared_server import Missing, free_ports


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[hadoop.PairOfNameNodes]:
    try:
        with hadoop.high_availability(tmp_path_factory.mktemp("pair")) as started:
            yield started
    except Missing as missing:
        pytest.skip(str(missing))


def opened(values: dict[str, str]) -> WebHdfsStore:
    store = open_store(KINDS["webhdfs"], values)
    assert isinstance(store, WebHdfsStore)
    return store


def test_a_failover_during_an_upload(pair: hadoop.PairOfNameNodes, tmp_path: Path) -> None:
    (tmp_path / "small").write_bytes(b"small")
    (tmp_path / "large").write_bytes(os.urandom(2 * hadoop.BLOCK))
    store = opened(pair.values("models"))
    store.put("first", tmp_path / "small")
    assert pair.addresses[0].endswith(f":{store._client.endpoint.port}")
    # A store whose first NameNode is on standby finds the active one.
    reverse = {**pair.values("models"), "namenode": " , ".join(reversed(pair.addresses))}
    assert [each.path for each in opened(reverse).list()] == ["first"]
    threads: list[threading.Thread] = []

    def fail_over(_: int) -> None:
        if not threads:
            pair.kill(0)
            threads.append(
                threading.Thread(target=pair.activate, args=(1,), kwargs={"other_runs": False})
            )
            threads[0].start()

    files = [SourceFile("small", tmp_path / "small"), SourceFile("large", tmp_path / "large")]
    store.publish("model", files, fail_over)
    threads[0].join()
    assert [each.path for each in store.list()] == ["first", "model/large", "model/small"]
    # The test of a store does not require that all NameNodes respond.
    steps = list(check_store(lambda: opened(pair.values("models"))))
    assert [each.message for each in steps if each.error is not None] == []
    target = io.BytesIO()
    store.get("model/large", target)
    assert target.getvalue() == (tmp_path / "large").read_bytes()
    assert store.delete_prefix("model") == 2


class NameNodeState:
    """A NameNode that answers as Hadoop does on standby, until it becomes active."""

    def __init__(self) -> None:
        self.active = False
        self.requests = 0


def handler(state: NameNodeState) -> type[Handler]:
    class Answering(Handler):
        def serve(self) -> None:
            self.body()
            state.requests += 1
            if state.active:
                self.reply(200, b'{"boolean": true}')
                return
            message = "Operation category WRITE is not supported in state standby"
            error = {"exception": "StandbyException", "message": message}
            self.reply(403, json.dumps({"RemoteException": error}).encode())

    return Answering


def test_the_active_namenode_is_remembered() -> None:
    states = [NameNodeState(), NameNodeState()]
    states[1].active = True
    with listening(handler(states[0])) as first, listening(handler(states[1])) as second:
        store = opened({"namenode": f"http://127.0.0.1:{first},http://127.0.0.1:{second}"})
        for _ in range(5):
            store._client.call("PUT", "/a", "MKDIRS")
        assert [each.requests for each in states] == [1, 5]
        states[0].active, states[1].active = True, False
        store._client.call("PUT", "/a", "RENAME")
        assert [each.requests for each in states] == [2, 6]


def test_no_namenode_is_active_or_reachable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "MAX_PAUSE", 0.02)
    (closed,) = free_ports(1)
    with listening(handler(NameNodeState())) as standby:
        store = opened({"namenode": f"http://127.0.0.1:{closed},http://127.0.0.1:{standby}"})
        with pytest.raises(Unreachable, match=f"127.0.0.1:{closed}, 127.0.0.1:{standby}"):
            store._client.call("PUT", "/a", "MKDIRS")
    with pytest.raises(Unreachable):
        store._client.call("PUT", "/a", "MKDIRS")


def test_addresses_of_namenodes() -> None:
    nodes = NameNodes({"namenode": " https://a:1/, https://b.example ,https://a:1/ "})
    assert len(nodes) == 2
    assert nodes.title == "a:1, b.example:443"
    first = nodes.active
    nodes.leave(first)
    # Another thread that has met the same error does not return to the first one.
    nodes.leave(first)
    assert nodes.active.base == "https://b.example/webhdfs/v1"
    for invalid in ("", ",", "http://a,https://b", "http://a,b", "http://a,http://u:p@b"):
        with pytest.raises(ConfigError):
            NameNodes({"namenode": invalid})
