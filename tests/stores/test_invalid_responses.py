"""Invalid numbers and timestamps in responses of servers are reported as such."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from launchpad_tui.errors import LaunchpadError
from launchpad_tui.stores.base import ObjectStore, open_store
from launchpad_tui.stores.catalog import store_kind

#: values of a size and of a timestamp
VALUES = (("x", "never"), ("5", "never"), ("9" * 30, "Mon, 01 Jan 99999 00:00:00 GMT"))
_LISTS = {
    "s3": "<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>a</Key>"
    "<Size>{size}</Size><LastModified>{time}</LastModified></Contents></ListBucketResult>",
    "azure": "<EnumerationResults><Blobs><Blob><Name>a</Name><Properties>"
    "<Content-Length>{size}</Content-Length><Last-Modified>{time}</Last-Modified>"
    "</Properties></Blob></Blobs></EnumerationResults>",
}
_SETTINGS: Mapping[str, Callable[[str], Mapping[str, str]]] = {
    "s3": lambda url: {
        "bucket": "models",
        "endpoint": url,
        "region": "us-east-1",
        "access_key_id": "id",
        "secret_access_key": "secret",
    },
    "azure": lambda url: {"container_uri": f"{url}/account/models", "sas_token": "sv=1&sig=eA=="},
    "webhdfs": lambda url: {"namenode": url},
}


@pytest.fixture(params=VALUES, ids=["size", "time", "large"])
def values(request: pytest.FixtureRequest) -> tuple[str, str]:
    """A size and a timestamp of an object, as the server sends them."""
    found: tuple[str, str] = request.param
    return found


@pytest.fixture(params=list(_SETTINGS))
def store(request: pytest.FixtureRequest, values: tuple[str, str]) -> Iterator[ObjectStore]:
    """A store whose server sends an invalid object."""
    size, time = values
    kind = str(request.param)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  of the base class
            """Log nothing."""

        def do_GET(self) -> None:
            if kind == "webhdfs":
                status = {
                    "pathSuffix": "",
                    "type": "FILE",
                    "length": size,
                    "modificationTime": time if size == "x" else 10**18,
                }
                body = json.dumps({"FileStatus": status})
            else:
                body = _LISTS[kind].format(size=size, time=time)
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Last-Modified", time)
            self.send_header("Content-Length", size if self.command == "HEAD" else str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body.encode())
            self.close_connection = True

        do_HEAD = do_GET  # noqa: N815

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield open_store(store_kind(kind), _SETTINGS[kind](f"http://127.0.0.1:{server.server_port}"))
    server.shutdown()
    server.server_close()


def test_invalid_values_are_reported(store: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("launchpad_tui.stores.outages.OUTAGE_SECONDS", 0)
    with pytest.raises(LaunchpadError):
        store.stat("a")
    with pytest.raises(LaunchpadError):
        list(store.list(""))
