"""Listings of WebHDFS that do not follow the protocol."""

from __future__ import annotations

import json

import pytest

from launchpad_tui.errors import RuntimeRejected
from launchpad_tui.stores.base import open_store
from launchpad_tui.stores.catalog import KINDS
from tests.stores.cloud_helpers import responding

FILE = {
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
