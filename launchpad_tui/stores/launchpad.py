"""Object store of kind ``launchpad``: a store of another machine that runs ``launchpad serve``.

`launchpad_tui.server.api.files` describes the API. The server has the credentials of the store and
stores each file completely or not at all. The files of a folder are sent one by one, staged on the
server, and then published in one step. The server removes the staged files of an unfinished
publication after a day; they are never listed.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import os
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urlsplit

from launchpad_tui.domain.stored_object import FolderPage, StoredObject, join
from launchpad_tui.domain.timestamps import parse_rfc3339
from launchpad_tui.errors import (
    CapabilityMissing,
    ConfigError,
    Conflict,
    LaunchpadError,
    RuntimeRejected,
    Unreachable,
)
from launchpad_tui.net.address_policy import POLICY, policy_of
from launchpad_tui.net.client import HttpResponse
from launchpad_tui.net.oauth import AccessToken, request_token_once
from launchpad_tui.net.server_check import ServerAddress
from launchpad_tui.stores.base import (
    Abilities,
    Progress,
    Receiver,
    SourceFile,
    check_path,
    resumed,
    server_of,
)
from launchpad_tui.stores.request_auth import BearerAuthenticator
from launchpad_tui.stores.rest_client import RestClient
from launchpad_tui.stores.staging import check_unchanged, open_source
from launchpad_tui.stores.store_errors import (
    already_exists,
    explain_status,
    hash_mismatch,
    object_replaced,
    store_missing,
    unexpected_response,
)
from launchpad_tui.stores.uploads import FilePart, ParallelRequests

_FILES = "/lm/dataset/files"
_ATTEMPTS = 3
_REQUIRED = ("base_url", "auth_url", "client_id", "client_secret")


class LaunchpadStore:
    """An object store behind ``launchpad serve``.

    Args:
        values: by the names of the catalog's fields.
    """

    abilities = Abilities()

    def __init__(self, values: Mapping[str, str]) -> None:
        missing = next((name for name in _REQUIRED if not values.get(name)), "")
        if missing:
            raise ConfigError(
                "The object store has no address or credentials",
                f"Missing: {missing}.",
                "Enter AI API URL, token URL, client ID and client secret. They may be empty only "
                "in a connection to launchpad serve, which provides them.",
            )
        self._values = dict(values)
        self._base = values["base_url"].rstrip("/")
        self._name = values.get("object_store") or "default"
        self._group = values.get("resource_group") or "default"
        self.where = f"object store {self._name!r} of {urlsplit(self._base).netloc}"
        authenticator = BearerAuthenticator(self._fetch_token, {"AI-Resource-Group": self._group})
        self._http = RestClient(
            self.where,
            {"ca_file": values.get("ca_file", ""), POLICY: values.get(POLICY, "")},
            authenticator,
            _error,
        )

    def endpoint(self) -> ServerAddress | None:
        """See `ObjectStore.endpoint`."""
        return server_of(self._base, {"ca_file": self._values.get("ca_file", "")})

    def check(self) -> str:
        """See `ObjectStore.check`."""
        self.browse(limit=1)
        return f"{self._base}, object store {self._name} of {self._group}"

    def list(self, path: str = "", *, limit: int | None = None) -> Iterator[StoredObject]:
        """See `ObjectStore.list`; an interrupted listing is repeated if nothing was yielded yet."""
        check_path(path, empty=True)
        if limit == 0:
            return
        for attempt in range(1, _ATTEMPTS + 1):
            count = 0
            try:
                for one in self._listed(path):
                    yield one
                    count += 1
                    if count == limit:
                        return
                return
            except Unreachable:
                if count or attempt == _ATTEMPTS:
                    raise

    def _listed(self, path: str) -> Iterator[StoredObject]:
        for line in self._lines(path):
            with self._translated():
                data = json.loads(line)
                if data.get("end"):
                    return
                one = _object(data)
            yield one
        raise Unreachable(
            f"Incomplete listing from {self.where}",
            "The server closed the response before the last entry.",
            "Check the log file of the server.",
        )

    def browse(self, path: str = "", token: str = "", limit: int = 1000) -> FolderPage:
        """See `ObjectStore.browse`."""
        query = {
            "path": check_path(path, empty=True),
            "view": "folder",
            "token": token,
            "limit": str(limit),
        }
        data = self._parsed(self._call("GET", query))
        with self._translated():
            objects = tuple(_object(each) for each in data["files"])
            return FolderPage(
                tuple(str(each) for each in data["folders"]), objects, str(data["next"])
            )

    def stat(self, path: str) -> StoredObject:
        """See `ObjectStore.stat`."""
        data = self._parsed(
            self._call("GET", {"path": check_path(path), "view": "file"}, path=path)
        )
        with self._translated():
            return _object(data)

    def get(self, path: str, target: BinaryIO, progress: Progress | None = None) -> StoredObject:
        """See `ObjectStore.get`."""
        found = self.stat(path)
        receiver = Receiver(target, progress)
        for piece in self.read(path, 0, found.size, found.version):
            receiver.write(piece)
        return receiver.received(path, found.modified)

    def read(
        self, path: str, offset: int = 0, length: int | None = None, version: str = ""
    ) -> Iterator[bytes]:
        """See `ObjectStore.read`."""
        check_path(path)
        if length == 0:
            found = self.stat(path)
            if version not in {"", found.version}:
                raise object_replaced(self.where, path)
            return iter(())
        return resumed(functools.partial(self._read, path, version), offset, length)

    def put(
        self, path: str, source: Path, sha256: str = "", progress: Progress | None = None
    ) -> StoredObject:
        """See `ObjectStore.put`; the source is read twice, because its hash is sent first."""
        check_path(path)
        return self._store(
            {"path": path, "overwrite": "true"}, source, ParallelRequests(progress), sha256
        )

    def copy(self, source: str, target: str) -> None:
        """Raise CapabilityMissing: the API has no operation to copy objects."""
        check_path(source)
        check_path(target)
        raise CapabilityMissing(
            "launchpad serve does not copy objects",
            "Their content has to be transferred through this machine.",
            "Download the object and upload it again.",
        )

    def checksum(self, path: str) -> str:
        """See `ObjectStore.checksum`; always empty."""
        self.stat(path)
        return ""

    def delete(self, path: str) -> None:
        """See `ObjectStore.delete`."""
        self._call("DELETE", {"path": check_path(path), "view": "file"}, path=path)

    def delete_prefix(self, path: str) -> int:
        """See `ObjectStore.delete_prefix`."""
        data = self._parsed(
            self._call("DELETE", {"path": check_path(path), "view": "tree"}, path=path)
        )
        with self._translated():
            return int(data["count"])

    def publish(
        self, path: str, files: Sequence[SourceFile], progress: Progress | None = None
    ) -> tuple[StoredObject, ...]:
        """See `ObjectStore.publish` and the docstring of this module."""
        check_path(path)
        for each in files:
            check_path(join(path, each.path))
        if next(self.list(path, limit=1), None) is not None:
            raise already_exists(self.where, path)
        requests = ParallelRequests(progress)
        if [each.path for each in files] == ["."]:
            return (self._store({"path": path}, files[0].file, requests),)
        upload = uuid.uuid4().hex
        try:
            requests.run([functools.partial(self._stage, upload, each, requests) for each in files])
            data = self._parsed(
                self._call("POST", {"path": path, "upload": upload}, path=path, retry=False)
            )
        except BaseException:
            # What cannot be removed now, without a network for example, is removed after a day.
            with contextlib.suppress(Exception):
                self._call("DELETE", {"upload": upload}, retry=False)
            raise
        with self._translated():
            stored = {each.path: each for each in map(_object, data["files"])}
            return tuple(stored[join(path, each.path)] for each in files)

    def _store(
        self, query: Mapping[str, str], source: Path, requests: ParallelRequests, sha256: str = ""
    ) -> StoredObject:
        responses: list[HttpResponse] = []
        requests.run([lambda: responses.append(self._send(query, source, requests, sha256))])
        data = self._parsed(responses[0])
        with self._translated():
            return _object(data)

    def _stage(self, upload: str, one: SourceFile, requests: ParallelRequests) -> None:
        self._send({"path": one.path, "upload": upload}, one.file, requests)

    def _send(
        self, query: Mapping[str, str], source: Path, requests: ParallelRequests, sha256: str = ""
    ) -> HttpResponse:
        """Send a file; remove it again if the source changed during the upload."""
        handle = open_source(source)
        try:
            before = os.fstat(handle)
            with open(handle, "rb", closefd=False) as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
            if sha256 and found != sha256:
                raise hash_mismatch(str(source), found, sha256)
            body = FilePart(source, 0, before.st_size, requests)
            response = self._call("PUT", {**query, "sha256": found}, body, path=query["path"])
            try:
                check_unchanged(source, handle, before, before.st_size)
            except Conflict:
                if "upload" not in query:
                    self.delete(query["path"])
                raise
            return response
        finally:
            os.close(handle)

    def _read(self, path: str, version: str, offset: int, length: int | None) -> Iterator[bytes]:
        headers = {"If-Match": f'"{version}"'} if version else {}
        if offset or length is not None:
            headers["Range"] = f"bytes={offset}-{'' if length is None else offset + length - 1}"
        query = self._query({"path": path})
        part = (offset, length) if "Range" in headers else None
        try:
            yield from self._pieces(query, headers, path, replaced=bool(version), part=part)
        except RuntimeRejected as error:
            # The range begins after the end of the object.
            if error.status != 416:
                raise

    def _lines(self, path: str) -> Iterator[bytes]:
        """Yield the lines of a listing as they are received."""
        rest = b""
        for piece in self._pieces(
            self._query({"path": path, "view": "tree"}), {}, "", replaced=False
        ):
            *whole, rest = (rest + piece).split(b"\n")
            yield from whole

    def _pieces(
        self,
        query: Mapping[str, str],
        headers: Mapping[str, str],
        path: str,
        *,
        replaced: bool,
        part: tuple[int, int | None] | None = None,
    ) -> Iterator[bytes]:
        with self._http.content(
            self._url,
            query,
            headers,
            path=path,
            replaced=replaced,
            part=part,
            range_ignored=self._range_ignored,
        ) as pieces:
            yield from pieces

    def _range_ignored(self) -> None:
        self.abilities = replace(self.abilities, ranges=False)

    @property
    def _url(self) -> str:
        return self._base + _FILES

    def _query(self, query: Mapping[str, str]) -> dict[str, str]:
        return {
            "objectStore": self._name,
            **{name: value for name, value in query.items() if value},
        }

    def _call(
        self,
        method: str,
        query: Mapping[str, str],
        body: FilePart | None = None,
        *,
        path: str = "",
        retry: bool = True,
    ) -> HttpResponse:
        return self._http.call(
            method, self._url, self._query(query), {}, body, path=path, retry=retry
        )

    def _fetch_token(self) -> AccessToken:
        values = self._values
        form = {
            "grant_type": "client_credentials",
            "client_id": values["client_id"],
            "client_secret": values["client_secret"],
        }
        server = f"the token server {urlsplit(values['auth_url']).netloc}"
        # `launchpad serve` without TLS is used on trusted networks and through tunnels.
        return request_token_once(
            values["auth_url"],
            form,
            values.get("ca_file", ""),
            (values["client_secret"],),
            server,
            require_tls=False,
            policy=policy_of(values),
        )

    def _parsed(self, response: HttpResponse) -> dict[str, Any]:
        with self._translated():
            data = json.loads(response.body)
            if isinstance(data, dict):
                return data
            raise ValueError("not a JSON object")

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
            raise unexpected_response(
                self.where, "launchpad serve", f"{type(error).__name__}: {error}"
            ) from error


def _object(data: Mapping[str, Any]) -> StoredObject:
    path, version = data["path"], data.get("version", "")
    if not isinstance(path, str) or not isinstance(version, str):
        raise TypeError("a path or version is not a string")
    return StoredObject(
        check_path(path),
        int(data["size"]),
        parse_rfc3339(data["modifiedAt"]),
        str(data.get("sha256", "")),
        version,
    )


def _error(response: HttpResponse, where: str, path: str, replaced: bool) -> LaunchpadError:
    """Explain an error response, see `launchpad_tui.server.api.errors`."""
    status, (code, message) = response.status, _code_and_message(response.body)
    detail = f"{code or 'HTTP'} ({status}): {message}"
    if status == 404 and code in {"ObjectStoreNotFound", "ResourceGroupNotFound"}:
        return store_missing(where, detail, "Check its name and the resource group.")
    if status == 404 and (not path or not code):
        return ConfigError(
            f"Files of {where} are not available",
            detail,
            "The server may run a version of launchpad that does not serve files: upgrade it.",
        )
    if status == 409:
        return Conflict(
            f"{path[:200]!r} was not stored in {where}", detail, "Check the path, and try again."
        )
    return explain_status(
        status, code, detail, where, path, replaced=replaced, hint="Check the client secret."
    )


def _code_and_message(body: bytes) -> tuple[str, str]:
    """Return code and message; if the response is not one of launchpad, its text as message."""
    try:
        data = json.loads(body)["error"]
        code, message = str(data["code"]), str(data["message"])
    except (ValueError, KeyError, TypeError):
        code, message = "", body[:400].decode(errors="replace")
    return code[:80], (message.strip().splitlines() or [""])[0][:400]
