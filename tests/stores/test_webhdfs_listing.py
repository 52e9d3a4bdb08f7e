"""Listings of WebHDFS that do not follow the protocol."""

from __future__ import annotations

import json
from urllib.parse import unquote, urlsplit

import pytest

from launchpad_tui.errors import InvalidInput, LaunchpadError, RuntimeRejected
from launchpad_tui.stores import webhdfs
from launchpad_tui.stores.base import open_store
from launchpad_tui.stores.catalog import KINDS
from tests.stores.cloud_helpers import responding
from tests.stores.http_server import Handler

JSON = {"Content-Type": "application/json"}
FILE: dict[str, object] = {
    "pathSuffix": "a",
    "type": "FILE",
    "length": 1,
    "modificationTime": 1,
    "fileId": 1,
    "permission": "644",
    "owner": "me",
}


def test_repeated_page_is_an_error() -> None:
    page = {
        "DirectoryListing": {
            "partialListing": {"FileStatuses": {"FileStatus": [FILE]}},
            "remainingEntries": 1,
        }
    }
    body = json.dumps(page).encode()
    headers = {"Content-Type": "application/json"}
    with responding(lambda handler: handler.reply(200, body, headers)) as (port, seen):
        store = open_store(KINDS["webhdfs"], {"namenode": f"http://127.0.0.1:{port}"})
        with pytest.raises(RuntimeRejected, match="Unexpected response"):
            list(store.list("folder"))
        assert len(seen) < 10


def _listing(*entries: dict[str, object]) -> bytes:
    listing = {"FileStatuses": {"FileStatus": list(entries)}}
    return json.dumps(
        {"DirectoryListing": {"partialListing": listing, "remainingEntries": 0}}
    ).encode()


def _folder(name: str) -> dict[str, object]:
    return {**FILE, "pathSuffix": name, "type": "DIRECTORY"}


def test_files_of_deep_folders_are_listed() -> None:
    def answer(handler: Handler) -> None:
        depth = unquote(urlsplit(handler.path).path).count("/a")
        inner = [_folder("a")] if depth < 500 else []
        handler.reply(200, _listing(*inner, {**FILE, "pathSuffix": "z"}), JSON)

    with responding(answer) as (port, _):
        store = open_store(KINDS["webhdfs"], {"namenode": f"http://127.0.0.1:{port}"})
        found = [each.path for each in store.list()]
    assert len(found) == 501
    assert found[0] == "a/" * 500 + "z"


@pytest.mark.parametrize("names", [("a",), ("a", "b")], ids=["deep", "wide"])
def test_folders_without_end_are_an_error(
    names: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    if len(names) > 1:
        monkeypatch.setattr(webhdfs, "_FOLDER_LIMIT", 100)
    body = _listing(*map(_folder, names))
    with responding(lambda handler: handler.reply(200, body, JSON)) as (port, _):
        store = open_store(KINDS["webhdfs"], {"namenode": f"http://127.0.0.1:{port}"})
        with pytest.raises(InvalidInput if len(names) == 1 else RuntimeRejected):
            list(store.list())


def test_deeply_nested_json_is_an_error() -> None:
    body = b'{"a":' + b"[" * 100_000
    with responding(lambda handler: handler.reply(200, body, JSON)) as (port, _):
        store = open_store(KINDS["webhdfs"], {"namenode": f"http://127.0.0.1:{port}"})
        with pytest.raises(LaunchpadError, match="Unexpected response"):
            list(store.list("folder"))
