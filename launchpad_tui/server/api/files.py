"""``/lm/dataset/files``: the files of object stores.

With a path behind it, it is the AI API's extension ``dataset``: one file of the object store ``default`` is sent, given
or deleted. Without one it is launchpad's own, by which another launchpad reads and writes any object store of the
group, ranges and folders too; the path stands in the query, and any that a store takes is allowed::

    GET    ?path=&view=folder[&token=&limit=]  {"folders": […], "files": […], "next": ""}
    GET    ?path=&view=tree                    a JSON text a line, the last one {"end": true}
    GET    ?path=&view=file                    {"path", "size", "modifiedAt", "sha256", "version"}
    GET    ?path=                              content; Range, If-Match with the version
    PUT    ?path=[&sha256=][&overwrite=][&upload=]
                                               store; with an upload's ID it is laid aside until that is published
    POST   ?path=&upload=                      publish all files of an upload below the path, at once
    DELETE ?path=[&upload=]                    delete the file, or all below; or throw an upload away

``objectStore`` names the store; without it, ``default``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from itertools import chain, islice

from launchpad_tui.aiapi.values import Json
from launchpad_tui.domain.connection import DEFAULT_STORE
from launchpad_tui.domain.timestamps import to_rfc3339
from launchpad_tui.errors import (
    Conflict,
    InvalidInput,
    NotFound,
    ObjectMissing,
    PermissionDenied,
    StorageFull,
)
from launchpad_tui.server.api.endpoint import ApiRequest, ApiResponse, Endpoint, Endpoints
from launchpad_tui.server.api.errors import ApiError
from launchpad_tui.stores.base import ObjectStore, StoredObject

#: the name of the place in a path that holds a file's path
PATH = "file"
#: bytes of a file
LIMIT = 1 << 40
#: AI API, ``DSetpath``
_AI_API = re.compile(r"(([\w.-]+):([\w.-]+)|([\w.-]+))(/([\w./-]+[\w.-]+)?)?", re.ASCII)
_RANGE = re.compile(r"bytes=(\d{1,18})-(\d{0,18})")
_LINES = 500
#: AI API: what every content comes with, so that no browser takes it for a page
_SAFE = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Content-Disposition": "attachment",
}


def _guarded(handler: Callable[[ApiRequest], ApiResponse]) -> Callable[[ApiRequest], ApiResponse]:
    """A handler whose stores' errors have the statuses of HTTP."""

    def guarded(request: ApiRequest) -> ApiResponse:
        try:
            _admit(request)
            return handler(request)
        except ObjectMissing as error:
            raise ApiError(404, f"{error.title}.") from error
        except NotFound as error:
            raise ApiError(
                404, f"{error.title}.", code="ObjectStoreNotFound", field="objectStore"
            ) from error
        except PermissionDenied as error:
            raise ApiError(403, f"{error.title}.") from error
        except StorageFull as error:
            raise ApiError(507, f"{error.title}.", code="InsufficientStorage") from error

    return guarded


def _admit(request: ApiRequest) -> None:
    """Raises Refusal where a client of one resource group would reach the files of another."""
    if not request.client.group:
        return
    name = DEFAULT_STORE if PATH in request.path_parameters else _name(request)
    if other := request.desk.served_files.shared_with(request.scope, name):
        raise ApiError(
            403,
            f"The object store {name[:80]} shares its location with one of the resource group {other}. "
            f"This client belongs to {request.client.group}. Give the resource group an object store "
            "of its own.",
        )


def _get(request: ApiRequest) -> ApiResponse:
    return _content(
        request, request.desk.served_files.store(request.scope, DEFAULT_STORE), _named(request)
    )


def _put(request: ApiRequest) -> ApiResponse:
    assert request.received is not None, "its entry says so"
    path, replace = _named(request), request.query.flag("overwrite")
    request.desk.served_files.put(
        request.scope, DEFAULT_STORE, path, request.received.file, replace=replace
    )
    url = f"ai://{DEFAULT_STORE}/{path}"
    return ApiResponse(
        201, {"message": "File creation acknowledged", "url": url}, headers={"Location": url}
    )


def _delete(request: ApiRequest) -> ApiResponse:
    store, path = request.desk.served_files.store(request.scope, DEFAULT_STORE), _named(request)
    store.stat(path)
    store.delete(path)
    return ApiResponse(204)


def _look(request: ApiRequest) -> ApiResponse:
    store, path = _store(request), request.query.text("path")
    view = request.query.word("view", "folder", "tree", "file")
    if view == "folder":
        page = store.browse(
            path, request.query.text("token"), request.query.number("limit", 1000, 1, 1000)
        )
        return ApiResponse(
            data={
                "folders": page.folders,
                "files": [_file(each) for each in page.objects],
                "next": page.next,
            }
        )
    if view == "tree":
        found = store.list(path)
        first = list(islice(found, _LINES))
        return ApiResponse(chunks=_lines(first, found), media="application/x-ndjson")
    return (
        ApiResponse(data=_file(store.stat(path)))
        if view == "file"
        else _content(request, store, path)
    )


def _store_file(request: ApiRequest) -> ApiResponse:
    assert request.received is not None, "its entry says so"
    path, upload, wanted = (
        request.query.text("path"),
        request.query.text("upload"),
        request.query.text("sha256"),
    )
    if wanted not in {"", request.received.sha256}:
        raise Conflict(
            "What came is not what was sent",
            f"It has SHA-256 {request.received.sha256}, not {wanted[:64]}",
        )
    if upload:
        request.desk.served_files.keep(upload, path, request.received.file)
        return ApiResponse(201, {"sha256": request.received.sha256})
    name, replace = _name(request), request.query.flag("overwrite")
    return ApiResponse(
        201,
        _file(
            request.desk.served_files.put(
                request.scope, name, path, request.received.file, replace=replace
            )
        ),
    )


def _publish(request: ApiRequest) -> ApiResponse:
    name = _name(request)
    path, upload = request.query.text("path"), request.query.text("upload")
    stored = request.desk.served_files.publish(request.scope, name, path, upload)
    return ApiResponse(201, {"files": [_file(each) for each in stored]})


def _remove(request: ApiRequest) -> ApiResponse:
    if upload := request.query.text("upload"):
        request.desk.served_files.discard(upload)
        return ApiResponse(data={"count": 0})
    store, path = _store(request), request.query.text("path")
    if request.query.word("view", "tree", "file") == "tree":
        return ApiResponse(data={"count": store.delete_prefix(path)})
    store.delete(path)
    return ApiResponse(data={"count": 1})


def _name(request: ApiRequest) -> str:
    return request.query.text("objectStore") or DEFAULT_STORE


def _store(request: ApiRequest) -> ObjectStore:
    return request.desk.served_files.store(request.scope, _name(request))


def _named(request: ApiRequest) -> str:
    path = request.path_parameters[PATH]
    if not _AI_API.fullmatch(path):
        hint = "Letters, digits, '_', '.' and '-', with / between its parts."
        raise InvalidInput("The path is none of the AI API", repr(path[:80]), hint, field="path")
    return path


def _content(request: ApiRequest, store: ObjectStore, path: str) -> ApiResponse:
    """The file's bytes, or the range of them that is asked for; an If-Match that does not hold is 412."""
    found = store.stat(path)
    meant = request.headers.get("if-match", "").strip().strip('"')
    if meant not in {"", "*", found.version}:
        raise ApiError(412, "It is another version now.")
    headers = {**_SAFE, "Accept-Ranges": "bytes", "ETag": f'"{found.version}"'}
    asked = _RANGE.fullmatch(request.headers.get("range", "").strip())
    start, stop, status = 0, found.size, 200
    if asked is not None:
        start, stop, status = (
            int(asked[1]),
            min(int(asked[2]) + 1 if asked[2] else found.size, found.size),
            206,
        )
        if start >= stop:
            headers = {"Content-Range": f"bytes */{found.size}"}
            raise ApiError(
                416, "It has no such bytes.", code="RangeNotSatisfiable", headers=headers
            )
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{found.size}"
    headers["Content-Length"] = str(stop - start)
    pieces = store.read(path, start, stop - start, found.version)
    # What is wrong with it shows with its first bytes, while there is still another answer.
    first = next(pieces, b"")
    return ApiResponse(
        status, chunks=chain((first,), pieces), headers=headers, media="application/octet-stream"
    )


def _lines(first: list[StoredObject], rest: Iterator[StoredObject]) -> Iterator[bytes]:
    some = first
    while some:
        yield "".join(f"{json.dumps(_file(each))}\n" for each in some).encode()
        some = list(islice(rest, _LINES))
    yield b'{"end": true}\n'


def _file(one: StoredObject) -> Json:
    return {
        "path": one.path,
        "size": one.size,
        "modifiedAt": to_rfc3339(one.modified),
        "sha256": one.sha256,
        "version": one.version,
    }


_ALL = "/lm/dataset/files"
_ONE = f"{_ALL}/{{{PATH}:anypath}}"
ENDPOINTS: Endpoints = (
    Endpoint("GET", _ONE, _guarded(_get), listed_details=True),
    Endpoint("PUT", _ONE, _guarded(_put), listed_details=True, body_limit=LIMIT, body_to_file=True),
    Endpoint("DELETE", _ONE, _guarded(_delete), listed_details=True),
    Endpoint("GET", _ALL, _guarded(_look), listed_details=True),
    Endpoint(
        "PUT", _ALL, _guarded(_store_file), listed_details=True, body_limit=LIMIT, body_to_file=True
    ),
    Endpoint("POST", _ALL, _guarded(_publish), listed_details=True),
    Endpoint("DELETE", _ALL, _guarded(_remove), listed_details=True),
)
