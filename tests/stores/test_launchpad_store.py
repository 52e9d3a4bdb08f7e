"""Uploads to ``launchpad serve`` whose responses are lost, for example when the server restarts."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from launchpad_tui.errors import Conflict
from launchpad_tui.net.client import HttpResponse
from launchpad_tui.stores.base import SourceFile, open_store
from launchpad_tui.stores.catalog import KINDS
from launchpad_tui.stores.launchpad import LaunchpadStore
from tests.stores import faulty_relay, launchpad_serve


class LostResponses:
    """A store behind a relay that loses the response to one request and is down for a second."""

    def __init__(self, values: dict[str, str], relay: faulty_relay.Relay) -> None:
        self._relay = relay
        address = urlsplit(values["base_url"])
        url = address._replace(netloc=f"{address.hostname}:{relay.port}").geturl()
        store = open_store(KINDS["launchpad"], {**values, "base_url": url})
        assert isinstance(store, LaunchpadStore)
        self.store = store
        self.lost = 0

    def lose_response(self) -> None:
        """Lose the next response; the connection of its request exists already."""
        if self.lost:
            return
        self.lost += 1
        self._relay.down = True

        def restart() -> None:
            time.sleep(1.0)
            self._relay.down = False

        threading.Thread(target=restart, daemon=True).start()

    def delay_responses(self, seconds: float) -> None:
        """Delay the responses from now on."""
        self._relay.delay = seconds


@pytest.fixture
def losing() -> Iterator[LostResponses]:
    values = launchpad_serve.shared().values()
    with faulty_relay.relaying(urlsplit(values["base_url"]).port or 80) as relay:
        yield LostResponses(values, relay)


def test_the_response_to_the_upload_of_a_file_is_lost(
    losing: LostResponses, tmp_path: Path
) -> None:
    (tmp_path / "a").write_bytes(b"content")
    losing.store.check()
    files = [SourceFile(".", tmp_path / "a")]
    (stored,) = losing.store.publish("one/a", files, lambda _: losing.lose_response())
    assert losing.lost
    assert (stored.path, stored.size) == ("one/a", 7)
    # A file that another upload has stored is not replaced.
    with pytest.raises(Conflict):
        losing.store.publish("one/a", files)


def test_the_response_to_the_publication_of_a_folder_is_lost(
    losing: LostResponses, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in "ab":
        (tmp_path / name).write_text(name)
    call = losing.store._call

    def losing_call(method: str, *arguments: Any, **named: Any) -> HttpResponse:
        if method == "POST":
            losing.lose_response()
        return call(method, *arguments, **named)

    monkeypatch.setattr(losing.store, "_call", losing_call)
    files = [SourceFile(name, tmp_path / name) for name in "ab"]
    stored = losing.store.publish("folder", files)
    assert losing.lost
    assert [each.path for each in stored] == ["folder/a", "folder/b"]
    assert all(len(each.sha256) == 64 for each in stored)
    assert [each.path for each in losing.store.list()] == ["folder/a", "folder/b"]


def test_another_content_at_the_path_is_a_conflict(losing: LostResponses, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"content")
    (tmp_path / "b").write_bytes(b"CONTENT")
    losing.store.put("a", tmp_path / "b")

    def request() -> list[Any]:
        if not losing.lost:
            losing.lose_response()
            losing.store._call("GET", {"path": "a"}, retry=False)
        raise Conflict("The path exists")

    with pytest.raises(Conflict):
        losing.store._repeated(request, {"a": "0" * 64})


def test_a_server_may_take_long_to_store_a_file(
    losing: LostResponses, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("launchpad_tui.net.client.READ_TIMEOUT", 0.5)
    # Nothing is sent again, so a timeout is an error.
    monkeypatch.setattr("launchpad_tui.stores.outages.OUTAGE_SECONDS", 0.0)
    (tmp_path / "a").write_bytes(b"content")
    losing.store.check()
    files = [SourceFile(".", tmp_path / "a")]
    (stored,) = losing.store.publish("slow/a", files, lambda _: losing.delay_responses(1.5))
    assert (stored.path, stored.size) == ("slow/a", 7)
