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
from launchpad_tui.server.api.call import Answer, Call, Entries, Entry
from launchpad_tui.server.api.errors import Refusal
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


def _guarded(handler: Callable[[Call], Answer]) -> Callable[[Call], Answer]:
    """A handler whose stores' errors have the statuses of HTTP."""

    def guarded(call: Call) -> Answer:
        try:
            _admit(call)
            return handler(call)
        except ObjectMissing as error:
            raise Refusal(404, f"{error.title}.") from error
        except NotFound as error:
            raise Refusal(
                404, f"{error.title}.", code="ObjectStoreNotFound", field="objectStore"
            ) from error
        except PermissionDenied as error:
            raise Refusal(403, f"{error.title}.") from error
        except StorageFull as error:
            raise Refusal(507, f"{error.title}.", code="InsufficientStorage") from error

    return guarded


def _admit(call: Call) -> None:
    """Raises Refusal where a client of one resource group would reach the files of another."""
    if not call.client.group:
        return
    name = DEFAULT_STORE if PATH in call.parts else _name(call)
    if other := call.desk.served_files.shared_with(call.scope, name):
        raise Refusal(
            403,
            f"The object store {name[:80]} lies where one of {other} does. This client belongs to {call.client.group}: "
            "its files can be given once the group has an object store of its own.",
        )


def _get(call: Call) -> Answer:
    return _content(call, call.desk.served_files.store(call.scope, DEFAULT_STORE), _named(call))


def _put(call: Call) -> Answer:
    assert call.sent is not None, "its entry says so"
    path, replace = _named(call), call.query.flag("overwrite")
    call.desk.served_files.put(call.scope, DEFAULT_STORE, path, call.sent.file, replace=replace)
    url = f"ai://{DEFAULT_STORE}/{path}"
    return Answer(
        201, {"message": "File creation acknowledged", "url": url}, headers={"Location": url}
    )


def _delete(call: Call) -> Answer:
    store, path = call.desk.served_files.store(call.scope, DEFAULT_STORE), _named(call)
    store.stat(path)
    store.delete(path)
    return Answer(204)


def _look(call: Call) -> Answer:
    store, path = _store(call), call.query.text("path")
    view = call.query.word("view", "folder", "tree", "file")
    if view == "folder":
        page = store.browse(
            path, call.query.text("token"), call.query.number("limit", 1000, 1, 1000)
        )
        return Answer(
            data={
                "folders": page.folders,
                "files": [_file(each) for each in page.objects],
                "next": page.next,
            }
        )
    if view == "tree":
        found = store.list(path)
        first = list(islice(found, _LINES))
        return Answer(chunks=_lines(first, found), media="application/x-ndjson")
    return Answer(data=_file(store.stat(path))) if view == "file" else _content(call, store, path)


def _store_file(call: Call) -> Answer:
    assert call.sent is not None, "its entry says so"
    path, upload, wanted = (
        call.query.text("path"),
        call.query.text("upload"),
        call.query.text("sha256"),
    )
    if wanted not in {"", call.sent.sha256}:
        raise Conflict(
            "What came is not what was sent",
            f"It has SHA-256 {call.sent.sha256}, not {wanted[:64]}",
        )
    if upload:
        call.desk.served_files.keep(upload, path, call.sent.file)
        return Answer(201, {"sha256": call.sent.sha256})
    name, replace = _name(call), call.query.flag("overwrite")
    return Answer(
        201,
        _file(call.desk.served_files.put(call.scope, name, path, call.sent.file, replace=replace)),
    )


def _publish(call: Call) -> Answer:
    name = _name(call)
    path, upload = call.query.text("path"), call.query.text("upload")
    stored = call.desk.served_files.publish(call.scope, name, path, upload)
    return Answer(201, {"files": [_file(each) for each in stored]})


def _remove(call: Call) -> Answer:
    if upload := call.query.text("upload"):
        call.desk.served_files.discard(upload)
        return Answer(data={"count": 0})
    store, path = _store(call), call.query.text("path")
    if call.query.word("view", "tree", "file") == "tree":
        return Answer(data={"count": store.delete_prefix(path)})
    store.delete(path)
    return Answer(data={"count": 1})


def _name(call: Call) -> str:
    return call.query.text("objectStore") or DEFAULT_STORE


def _store(call: Call) -> ObjectStore:
    return call.desk.served_files.store(call.scope, _name(call))


def _named(call: Call) -> str:
    path = call.parts[PATH]
    if not _AI_API.fullmatch(path):
        hint = "Letters, digits, '_', '.' and '-', with / between its parts."
        raise InvalidInput("The path is none of the AI API", repr(path[:80]), hint, field="path")
    return path


def _content(call: Call, store: ObjectStore, path: str) -> Answer:
    """The file's bytes, or the range of them that is asked for; an If-Match that does not hold is 412."""
    found = store.stat(path)
    meant = call.headers.get("if-match", "").strip().strip('"')
    if meant not in {"", "*", found.version}:
        raise Refusal(412, "It is another version now.")
    headers = {**_SAFE, "Accept-Ranges": "bytes", "ETag": f'"{found.version}"'}
    asked = _RANGE.fullmatch(call.headers.get("range", "").strip())
    start, stop, status = 0, found.size, 200
    if asked is not None:
        start, stop, status = (
            int(asked[1]),
            min(int(asked[2]) + 1 if asked[2] else found.size, found.size),
            206,
        )
        if start >= stop:
            headers = {"Content-Range": f"bytes */{found.size}"}
            raise Refusal(416, "It has no such bytes.", code="RangeNotSatisfiable", headers=headers)
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{found.size}"
    headers["Content-Length"] = str(stop - start)
    pieces = store.read(path, start, stop - start, found.version)
    # What is wrong with it shows with its first bytes, while there is still another answer.
    first = next(pieces, b"")
    return Answer(
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
ENTRIES: Entries = (
    Entry("GET", _ONE, _guarded(_get), listed=True),
    Entry("PUT", _ONE, _guarded(_put), listed=True, limit=LIMIT, file=True),
    Entry("DELETE", _ONE, _guarded(_delete), listed=True),
    Entry("GET", _ALL, _guarded(_look), listed=True),
    Entry("PUT", _ALL, _guarded(_store_file), listed=True, limit=LIMIT, file=True),
    Entry("POST", _ALL, _guarded(_publish), listed=True),
    Entry("DELETE", _ALL, _guarded(_remove), listed=True),
)
