"""An S3 server for tests with any keys, pages and error responses, which real servers refuse.

It follows the Amazon S3 API reference (ListObjectsV2, GetObject, HeadObject, PutObject,
DeleteObject), without verifying signatures.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qs, quote, unquote, urlsplit
from xml.sax.saxutils import escape

from tests.stores.http_server import Handler, listening

BUCKET = "scripted"


@dataclass(frozen=True)
class Reply:
    """A response in place of the one of the API."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


def error(status: int, code: str, message: str = "", more: str = "", **headers: str) -> Reply:
    """Return an error response.

    Args:
        status: the HTTP status.
        code: the error code.
        message: the text for humans.
        more: further XML elements.
        headers: headers, with ``_`` for ``-``.
    """
    body = f"<Error><Code>{code}</Code><Message>{escape(message)}</Message>{more}</Error>"
    return Reply(status, body.encode(), {key.replace("_", "-"): headers[key] for key in headers})


@dataclass
class Server:
    """A running server.

    Attributes:
        objects: the content of the objects by their keys.
        answer: returns the response to a request (method, key, query, headers), or None for the
            response of the API.
    """

    port: int = 0
    objects: dict[str, bytes] = field(default_factory=dict)
    answer: Callable[[str, str, dict[str, str], Mapping[str, str]], Reply | None] = lambda *_: None

    def values(self, **more: str) -> dict[str, str]:
        """Return the fields of a store of this server."""
        return {
            "bucket": BUCKET,
            "endpoint": f"http://127.0.0.1:{self.port}",
            "access_key_id": "any",
            "secret_access_key": "any",
            **more,
        }


def listing(objects: Mapping[str, bytes], query: Mapping[str, str]) -> bytes:
    """Return the response to ListObjectsV2."""
    prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
    start, limit = query.get("continuation-token", ""), int(query.get("max-keys", "1000"))
    entries: dict[str, str] = {}
    for key in sorted(objects, key=str.encode):
        if key.startswith(prefix):
            head, found, _ = key[len(prefix) :].partition(delimiter) if delimiter else (key, "", "")
            shown = f"{prefix}{head}{delimiter}" if found else key
            if shown > start:
                entries.setdefault(shown, "" if found else key)
    page = list(entries)[:limit]
    more = len(entries) > len(page)
    xml = [f"<IsTruncated>{str(more).lower()}</IsTruncated><EncodingType>url</EncodingType>"]
    if more:
        xml.append(f"<NextContinuationToken>{escape(page[-1])}</NextContinuationToken>")
    for shown in page:
        if key := entries[shown]:
            xml.append(
                f"<Contents><Key>{quote(key)}</Key><Size>{len(objects[key])}</Size>"
                "<LastModified>2026-01-01T00:00:00.000Z</LastModified>"
                f"<ETag>&quot;{_etag(objects[key])}&quot;</ETag></Contents>"
            )
        else:
            xml.append(f"<CommonPrefixes><Prefix>{quote(shown)}</Prefix></CommonPrefixes>")
    return f"<ListBucketResult>{''.join(xml)}</ListBucketResult>".encode()


def _etag(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def _respond(server: Server, request: Handler) -> Reply:
    parts = urlsplit(request.path)
    query = {key: each[0] for key, each in parse_qs(parts.query, keep_blank_values=True).items()}
    key = unquote(parts.path).removeprefix(f"/{BUCKET}").removeprefix("/")
    reply = server.answer(request.command, key, query, dict(request.headers))
    if reply is not None:
        return reply
    if not key:
        return Reply(200, listing(server.objects, query))
    if request.command == "PUT":
        server.objects[key] = request.body()
        return Reply(200, b"", {"ETag": f'"{_etag(server.objects[key])}"'})
    if request.command == "DELETE":
        server.objects.pop(key, None)
        return Reply(204, b"")
    if key not in server.objects:
        return error(404, "NoSuchKey")
    content = server.objects[key]
    headers = {
        "ETag": f'"{_etag(content)}"',
        "Last-Modified": "Thu, 01 Jan 2026 00:00:00 GMT",
    }
    if wanted := request.headers.get("Range"):
        first, _, last = wanted.removeprefix("bytes=").partition("-")
        start, end = int(first), min(int(last or len(content)), len(content) - 1)
        headers["Content-Range"] = f"bytes {start}-{end}/{len(content)}"
        return Reply(206, content[start : end + 1], headers)
    return Reply(200, content, headers)


@contextmanager
def serve(objects: Mapping[str, bytes] | None = None) -> Iterator[Server]:
    """Run a server until the end of the block."""
    server = Server(objects=dict(objects or {}))

    class Requests(Handler):
        def serve(self) -> None:
            reply = _respond(server, self)
            self.reply(reply.status, reply.body, reply.headers)

    with listening(Requests) as port:
        server.port = port
        yield server
