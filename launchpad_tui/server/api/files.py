"""The endpoints of ``/lm/dataset/files``: files of object stores.

With a path, this is the AI API's extension ``dataset``: upload, download or delete one file of the
object store ``default``. Without a path it is an extension of launchpad: another launchpad reads
and writes any object store of the resource group, with ranges and folders. The path is a query
parameter and may be any that a store allows::

    GET    ?path=&view=folder[&token=&limit=]  {"folders": […], "files": […], "next": "",
                                              "missing": false}
    GET    ?path=&view=tree                    one JSON text per line, the last one {"end": true}
    GET    ?path=&view=file                    {"path", "size", "modifiedAt", "sha256", "version"}
    GET    ?path=                              content; Range, If-Match with the version
    PUT    ?path=[&sha256=][&overwrite=][&upload=]
                                               store; with an upload ID, stage until it is published
    POST   ?path=&upload=                      publish all files of an upload below the path at once
    DELETE ?path=[&upload=]                    delete a file, a folder, or an upload

``objectStore`` names the store; the default is ``default``.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Iterator
from itertools import chain, islice

from launchpad_tui.aiapi.values import Json
from launchpad_tui.domain.connection import DEFAULT_STORE
from launchpad_tui.domain.stored_object import StoredObject
from launchpad_tui.domain.timestamps import to_rfc3339
from launchpad_tui.errors import (
    AuthenticationFailed,
    CapabilityMissing,
    ConfigError,
    Conflict,
    DependencyMissing,
    InvalidInput,
    LaunchpadError,
    NotFound,
    ObjectMissing,
    PermissionDenied,
    RateLimited,
    RuntimeRejected,
    StorageFull,
    Unreachable,
)
from launchpad_tui.net.address_policy import AddressRefused
from launchpad_tui.server.api import authorization
from launchpad_tui.server.api.endpoint import ApiRequest, ApiResponse, Endpoint, Endpoints
from launchpad_tui.server.api.errors import ApiError
from launchpad_tui.stores.base import ObjectStore

#: maximum size of a file in bytes
LIMIT = 1 << 40
#: paths that the specification allows (``DSetpath``)
_API_PATH = re.compile(r"(([\w.-]+):([\w.-]+)|([\w.-]+))(/([\w./-]+[\w.-]+)?)?", re.ASCII)
_RANGE = re.compile(r"bytes=(\d{1,18})-(\d{0,18})")
#: errors that a store causes, not the request for a file
_STORE_FAILURES = (
    AddressRefused,
    AuthenticationFailed,
    CapabilityMissing,
    ConfigError,
    DependencyMissing,
    PermissionDenied,
    RateLimited,
    RuntimeRejected,
    Unreachable,
)
_log = logging.getLogger(__name__)
#: lines of a listing that are sent at once
_LINES = 500
#: headers that the API requires with any content, so that no browser renders it as a page
_CONTENT_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Content-Disposition": "attachment",
}


def _translated(
    handler: Callable[[ApiRequest], ApiResponse],
) -> Callable[[ApiRequest], ApiResponse]:
    """Return a handler that translates errors of object stores into HTTP statuses."""

    def translated(request: ApiRequest) -> ApiResponse:
        try:
            return handler(request)
        except _STORE_FAILURES as error:
            raise _store_failure(request, error) from error
        except ObjectMissing as error:
            raise ApiError(404, f"{error.title}.") from error
        except NotFound as error:
            raise ApiError(
                404, f"{error.title}.", code="ObjectStoreNotFound", field="objectStore"
            ) from error
        except StorageFull as error:
            raise ApiError(507, f"{error.title}.", code="InsufficientStorage") from error

    return translated


def _store_failure(request: ApiRequest, error: LaunchpadError) -> Exception:
    """Return the error response for a store that cannot be used.

    Whoever added the store caused the error: it is not one of this server. A client of one resource
    group always gets the same response, so that it cannot explore a network by object stores.
    """
    name = authorization.store_name(request)
    if request.desk.stores.get(request.scope, name).restricted:
        _log.warning("the object store %r cannot be used: %s", name[:80], error.title)
        return ApiError(
            424,
            f"The object store {name[:80]} cannot be used. Check its server, location and "
            "credentials.",
        )
    if isinstance(error, PermissionDenied):
        return ApiError(403, f"{error.title}.")
    return error if error.retryable else ApiError(424, f"{error.title}. {error.hint}".strip())


def _get(request: ApiRequest) -> ApiResponse:
    return _content(
        request, request.desk.served_files.store(request.scope, DEFAULT_STORE), _api_path(request)
    )


def _put(request: ApiRequest) -> ApiResponse:
    assert request.received is not None, "the endpoint writes the body to a file"
    path, replace = _api_path(request), request.query.flag("overwrite")
    request.desk.served_files.put(
        request.scope,
        DEFAULT_STORE,
        path,
        request.received.file,
        request.client.id,
        replace=replace,
    )
    url = f"ai://{DEFAULT_STORE}/{path}"
    return ApiResponse(
        201, {"message": "File creation acknowledged", "url": url}, headers={"Location": url}
    )


def _delete(request: ApiRequest) -> ApiResponse:
    store, path = request.desk.served_files.store(request.scope, DEFAULT_STORE), _api_path(request)
    store.stat(path)
    request.desk.served_files.delete(request.scope, DEFAULT_STORE, path)
    return ApiResponse(204)


def _read(request: ApiRequest) -> ApiResponse:
    store, path = _store(request), request.query.text("path")
    view = request.query.one_of("view", "folder", "tree", "file")
    if view == "folder":
        page = store.browse(
            path, request.query.text("token"), request.query.number("limit", 1000, 1, 1000)
        )
        return ApiResponse(
            data={
                "folders": page.folders,
                "missing": page.missing,
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
    assert request.received is not None, "the endpoint writes the body to a file"
    path, upload, expected = (
        request.query.text("path"),
        request.query.text("upload"),
        request.query.text("sha256"),
    )
    if expected not in {"", request.received.sha256}:
        raise Conflict(
            "The received file differs from the sent file",
            f"Its SHA-256 is {request.received.sha256}, not {expected[:64]}.",
            "Send the file again.",
        )
    if upload:
        request.desk.served_files.stage(
            request.scope, upload, path, request.received.file, request.client.id
        )
        return ApiResponse(201, {"sha256": request.received.sha256})
    name, replace = authorization.store_name(request), request.query.flag("overwrite")
    return ApiResponse(
        201,
        _file(
            request.desk.served_files.put(
                request.scope,
                name,
                path,
                request.received.file,
                request.client.id,
                replace=replace,
            )
        ),
    )


def _publish(request: ApiRequest) -> ApiResponse:
    name = authorization.store_name(request)
    path, upload = request.query.text("path"), request.query.text("upload")
    stored = request.desk.served_files.publish(request.scope, name, path, upload, request.client.id)
    return ApiResponse(201, {"files": [_file(each) for each in stored]})


def _remove(request: ApiRequest) -> ApiResponse:
    if upload := request.query.text("upload"):
        request.desk.served_files.discard(request.scope, upload)
        return ApiResponse(data={"count": 0})
    name, path = authorization.store_name(request), request.query.text("path")
    served = request.desk.served_files
    if request.query.one_of("view", "tree", "file") == "tree":
        return ApiResponse(data={"count": served.delete_prefix(request.scope, name, path)})
    served.delete(request.scope, name, path)
    return ApiResponse(data={"count": 1})


def _store(request: ApiRequest) -> ObjectStore:
    return request.desk.served_files.store(request.scope, authorization.store_name(request))


def _api_path(request: ApiRequest) -> str:
    path = request.path_parameters[authorization.FILE]
    if not _API_PATH.fullmatch(path):
        hint = "Use letters, digits, '_', '.' and '-', with / between the parts."
        raise InvalidInput(
            "The AI API does not allow this path", repr(path[:80]), hint, field="path"
        )
    return path


def _content(request: ApiRequest, store: ObjectStore, path: str) -> ApiResponse:
    """Return a file's content or the requested range; a different If-Match is answered with 412."""
    found = store.stat(path)
    expected = request.headers.get("if-match", "").strip().strip('"')
    if expected not in {"", "*", found.version}:
        raise ApiError(412, "The file has changed: its version is not that of If-Match.")
    headers = {**_CONTENT_HEADERS, "Accept-Ranges": "bytes", "ETag": f'"{found.version}"'}
    requested = _RANGE.fullmatch(request.headers.get("range", "").strip())
    start, stop, status = 0, found.size, 200
    if requested is not None:
        start, stop, status = (
            int(requested[1]),
            min(int(requested[2]) + 1 if requested[2] else found.size, found.size),
            206,
        )
        if start >= stop:
            headers = {"Content-Range": f"bytes */{found.size}"}
            raise ApiError(
                416,
                "The file does not have the requested range.",
                code="RangeNotSatisfiable",
                headers=headers,
            )
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{found.size}"
    headers["Content-Length"] = str(stop - start)
    pieces = store.read(path, start, stop - start, found.version)
    # Errors of the store occur with the first piece, while the status can still be changed.
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
_ONE = f"{_ALL}/{{{authorization.FILE}:anypath}}"
ENDPOINTS: Endpoints = (
    Endpoint("GET", _ONE, _translated(_get), authorization.files, listed_details=True),
    Endpoint(
        "PUT",
        _ONE,
        _translated(_put),
        authorization.files,
        listed_details=True,
        body_limit=LIMIT,
        body_to_file=True,
    ),
    Endpoint("DELETE", _ONE, _translated(_delete), authorization.files, listed_details=True),
    Endpoint("GET", _ALL, _translated(_read), authorization.files, listed_details=True),
    Endpoint(
        "PUT",
        _ALL,
        _translated(_store_file),
        authorization.files,
        listed_details=True,
        body_limit=LIMIT,
        body_to_file=True,
    ),
    Endpoint("POST", _ALL, _translated(_publish), authorization.files, listed_details=True),
    Endpoint("DELETE", _ALL, _translated(_remove), authorization.files, listed_details=True),
)
