"""Object store of kind ``launchpad``: a store of another machine that runs ``launchpad serve``.

`launchpad_tui.server.api.files` describes the API. The server has the credentials of the store and
stores each file completely or not at all. The files of a folder are sent one by one, staged on the
server, and then published in one step. The server removes the staged files of an unfinished
publication after a day; they are never listed.

Requests are sent again while the server restarts. If the response to the first one was lost, the
repeated one is rejected, because the files exist: then the upload succeeded if their content is
that of the sent files.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import os
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urlsplit

from launchpad_tui.domain.stored_object import FolderPage, StoredObject, join
from launchpad_tui.domain.timestamps import now, parse_rfc3339
from launchpad_tui.errors import (
    CapabilityMissing,
    ConfigError,
    Conflict,
    InvalidInput,
    ObjectMissing,
    RateLimited,
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
from launchpad_tui.stores.launchpad_errors import explain_response
from launchpad_tui.stores.outages import Outage, wait_through_outages
from launchpad_tui.stores.request_auth import BearerAuthenticator
from launchpad_tui.stores.rest_client import RestClient
from launchpad_tui.stores.staging import check_unchanged, open_source
from launchpad_tui.stores.store_errors import (
    already_exists,
    hash_mismatch,
    object_replaced,
    unexpected_response,
)
from launchpad_tui.stores.uploads import FilePart, ParallelRequests

_FILES = "/lm/dataset/files"
_ATTEMPTS = 3
#: Seconds in which the server stores the files of a publication, in a bucket for example.
STORING_SECONDS = 3600.0
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
        fields = {"ca_file": values.get("ca_file", ""), POLICY: values.get(POLICY, "")}
        self._http = RestClient(self.where, fields, authenticator, explain_response)
        # The server responds when its object store, a bucket for example, has all files.
        self._storing = RestClient(
            self.where, fields, authenticator, explain_response, read_timeout=STORING_SECONDS
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
                tuple(str(each) for each in data["folders"]),
                objects,
                str(data["next"]),
                # Earlier versions of the server do not report it.
                data.get("missing") is True,
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
        if wait_through_outages(lambda: next(self.list(path, limit=1), None)) is not None:
            raise already_exists(self.where, path)
        requests = ParallelRequests(progress)
        if [each.path for each in files] == ["."]:
            return (self._store({"path": path}, files[0].file, requests),)
        upload = uuid.uuid4().hex
        try:
            sent: dict[str, str] = {}
            requests.run(
                [functools.partial(self._stage, upload, each, requests, sent) for each in files]
            )
            stored = self._publish(path, upload, sent)
        except BaseException:
            # What cannot be removed now, without a network for example, is removed after a day.
            with contextlib.suppress(Exception):
                self._call("DELETE", {"upload": upload}, retry=False)
            raise
        with self._translated():
            return tuple(stored[join(path, each.path)] for each in files)

    def _publish(self, path: str, upload: str, sent: Mapping[str, str]) -> dict[str, StoredObject]:
        """Publish staged files, whose SHA-256 are given; return the objects by their paths."""

        def request() -> Sequence[StoredObject]:
            query = {"path": path, "upload": upload}
            data = self._parsed(self._call("POST", query, path=path, retry=False))
            with self._translated():
                return [_object(each) for each in data["files"]]

        full = {join(path, each): sha256 for each, sha256 in sent.items()}
        return {each.path: each for each in self._repeated(request, full)}

    def _repeated(
        self, request: Callable[[], Sequence[StoredObject]], sent: Mapping[str, str]
    ) -> Sequence[StoredObject]:
        """Send a request that stores files until the server responds, for a bounded time.

        Args:
            request: Sends the request once and returns the stored objects.
            sent: The SHA-256 of the files by their paths; empty if the request replaces files.

        Raises:
            LaunchpadError: The error of the last attempt.
        """
        outage, repeated = Outage(), False
        while True:
            try:
                return request()
            except (Conflict, InvalidInput, RuntimeRejected):
                # The repeated request of a success finds the files, or no staged ones.
                stored = self._stored(sent) if repeated and sent else ()
                if not stored:
                    raise
                return stored
            except (Unreachable, RateLimited) as error:
                if not outage.wait(error):
                    raise
                repeated = True

    def _stored(self, sent: Mapping[str, str]) -> Sequence[StoredObject]:
        """Return the objects at these paths; empty if one is missing or has another SHA-256."""
        with contextlib.suppress(ObjectMissing):
            found = [wait_through_outages(functools.partial(self.stat, path)) for path in sent]
            if all(self._sha256(each) == sent[each.path] for each in found):
                return [replace(each, sha256=sent[each.path]) for each in found]
        return ()

    def _sha256(self, one: StoredObject) -> str:
        """Return the SHA-256 of an object, which is read if the store does not keep it."""
        if one.sha256:
            return one.sha256
        digest = hashlib.sha256()
        for piece in self.read(one.path, 0, one.size, one.version):
            digest.update(piece)
        return digest.hexdigest()

    def _store(
        self, query: Mapping[str, str], source: Path, requests: ParallelRequests, sha256: str = ""
    ) -> StoredObject:
        stored: list[StoredObject] = []
        requests.run([lambda: stored.append(self._send(query, source, requests, _object, sha256))])
        return stored[0]

    def _stage(
        self, upload: str, one: SourceFile, requests: ParallelRequests, sent: dict[str, str]
    ) -> None:
        def staged(data: Mapping[str, Any]) -> StoredObject:
            sent[one.path] = str(data["sha256"])
            return StoredObject(one.path, 0, now(), sent[one.path])

        self._send({"path": one.path, "upload": upload}, one.file, requests, staged)

    def _send(
        self,
        query: Mapping[str, str],
        source: Path,
        requests: ParallelRequests,
        parse: Callable[[Mapping[str, Any]], StoredObject],
        sha256: str = "",
    ) -> StoredObject:
        """Send a file; remove it again if the source changed during the upload.

        Args:
            query: The parameters of the request.
            source: The file.
            requests: The upload to which the request belongs.
            parse: Returns the object that a response describes.
            sha256: The expected SHA-256 of the file; empty for any.
        """
        path = query["path"]
        handle = open_source(source)
        try:
            before = os.fstat(handle)
            with open(handle, "rb", closefd=False) as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
            if sha256 and found != sha256:
                raise hash_mismatch(str(source), found, sha256)

            def request() -> Sequence[StoredObject]:
                body = FilePart(source, 0, before.st_size, requests)
                response = self._call(
                    "PUT", {**query, "sha256": found}, body, path=path, retry=False
                )
                data = self._parsed(response)
                with self._translated():
                    return [parse(data)]

            # Only a request that creates a file fails if it is repeated.
            creates = not {"upload", "overwrite"} & query.keys()
            (stored,) = self._repeated(request, {path: found} if creates else {})
            try:
                check_unchanged(source, handle, before, before.st_size)
            except Conflict:
                if "upload" not in query:
                    self.delete(path)
                raise
            return stored
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
        # A staged file is only written to the disk of the server.
        stores = method == "POST" or (method == "PUT" and "upload" not in query)
        client = self._storing if stores else self._http
        return client.call(method, self._url, self._query(query), {}, body, path=path, retry=retry)

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
        except (
            ValueError,
            KeyError,
            TypeError,
            AttributeError,
            OverflowError,
            RecursionError,
        ) as error:
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
