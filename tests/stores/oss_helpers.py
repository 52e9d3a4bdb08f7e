"""Helpers for the tests of the OSS store."""

from __future__ import annotations

import http.client
import io
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from launchpad_tui.stores.base import SourceFile, open_store
from launchpad_tui.stores.catalog import KINDS
from launchpad_tui.stores.oss import OssStore
from launchpad_tui.stores.oss_client import connect
from tests.stores import oss_server
from tests.stores.http_server import Handler
from tests.stores.oss_server import BUCKET, REGION

# The tests of the adapter require its extra.
pytest.importorskip("alibabacloud_oss_v2")

ENDPOINT = "https://oss-cn-hangzhou.aliyuncs.com"
NOBODY = {"bucket": "bucket", "access_key_id": "a", "secret_access_key": "s", "region": REGION}


def opened(values: dict[str, str]) -> OssStore:
    store = open_store(KINDS["oss"], values)
    assert isinstance(store, OssStore)
    return store


def calls(store: OssStore, source: Path) -> list[Any]:
    return [
        store.check,
        lambda: list(store.list("a")),
        lambda: store.stat("a"),
        lambda: store.get("a", io.BytesIO()),
        lambda: store.put("a", source),
        lambda: store.publish("b", [SourceFile("c", source)]),
        lambda: store.delete_prefix("a"),
        lambda: store.checksum("a"),
        lambda: store.copy("a", "b"),
    ]


class Raw:
    """Direct access to the bucket, including markers and incomplete uploads."""

    def __init__(self, server: oss_server.Server) -> None:
        import alibabacloud_oss_v2

        self.models: Any = alibabacloud_oss_v2.models
        self.client = connect(server.values(""))

    def keys(self, prefix: str) -> list[str]:
        answer = self.client.list_objects_v2(
            self.models.ListObjectsV2Request(bucket=BUCKET, prefix=prefix)
        )
        return [each.key for each in answer.contents or ()]

    def uploads(self, prefix: str) -> list[str]:
        request = self.models.ListMultipartUploadsRequest(bucket=BUCKET, prefix=prefix)
        return [each.key for each in self.client.list_multipart_uploads(request).uploads or ()]

    def begin(self, key: str) -> None:
        self.client.initiate_multipart_upload(
            self.models.InitiateMultipartUploadRequest(bucket=BUCKET, key=key)
        )

    def put(self, key: str, body: bytes, **more: str) -> None:
        self.client.put_object(
            self.models.PutObjectRequest(bucket=BUCKET, key=key, body=body, **more)
        )


def responding(
    status: int,
    body: bytes = b"",
    headers: dict[str, str] | None = None,
    paths: list[str] | None = None,
) -> Any:
    """Return a handler class that gives one response and records the requested paths."""

    class Responding(Handler):
        def serve(self) -> None:
            if paths is not None:
                paths.append(self.path)
            self.body()
            self.reply(status, body, headers or {})

    return Responding


def error_body(code: str, message: str = "Something.") -> bytes:
    """Return the body of an error response."""
    error = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    return f"<?xml version='1.0'?>{error}".encode()


def forward(handler: Handler, server: oss_server.Server) -> tuple[int, bytes, dict[str, str]]:
    """Forward a request of another handler to the server; return the response."""
    assert handler.command is not None
    upstream = http.client.HTTPConnection(urlsplit(server.endpoint).netloc)
    upstream.request(handler.command, handler.path, handler.body(), dict(handler.headers))
    answer = upstream.getresponse()
    body = answer.read()
    upstream.close()
    return answer.status, body, dict(answer.getheaders())
