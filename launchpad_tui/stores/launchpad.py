"""Object store of kind ``launchpad``: one of another machine, through its ``launchpad serve``.

What is called stands in `launchpad_tui.server.api.files`. The server has the store's credentials, and stores whole or
not at all; a folder is sent file by file, laid aside there, and then published at once. What was sent for a publication
that did not end is thrown away by the server after a day, and shows nowhere.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import os
import uuid
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urlsplit

from launchpad_tui.domain.timestamps import parse_rfc3339
from launchpad_tui.errors import (
    CapabilityMissing,
    ConfigError,
    Conflict,
    LaunchpadError,
    RuntimeRejected,
    Unreachable,
)
from launchpad_tui.net.client import HttpResponse
from launchpad_tui.net.oauth import AccessToken, request_token_once
from launchpad_tui.stores.base import (
    Abilities,
    Endpoint,
    FolderPage,
    Progress,
    Receiver,
    SourceFile,
    StoredObject,
    check_path,
    join,
    resumed,
    server_of,
)
from launchpad_tui.stores.request_auth import BearerAuthenticator
from launchpad_tui.stores.rest_client import RestClient
from launchpad_tui.stores.staging import check_unchanged, open_source
from launchpad_tui.stores.store_errors import numbered
from launchpad_tui.stores.uploads import FilePart, ParallelRequests

_FILES = "/lm/dataset/files"
_ATTEMPTS = 3
_NEEDED = ("base_url", "auth_url", "client_id", "client_secret")


class LaunchpadStore:
    """An object store of another launchpad; ``values`` by the fields of the catalog."""

    abilities = Abilities()

    def __init__(self, values: Mapping[str, str]) -> None:
        lacking = next((name for name in _NEEDED if not values.get(name)), "")
        if lacking:
            hint = "In a connection to launchpad serve they are the connection's; elsewhere all four are needed."
            raise ConfigError(
                "The object store has no address and credentials", f"{lacking} is missing.", hint
            )
        self._values = dict(values)
        self._base = values["base_url"].rstrip("/")
        self._name = values.get("object_store") or "default"
        self._group = values.get("resource_group") or "default"
        self.where = f"The object store {self._name!r} of {urlsplit(self._base).netloc}"
        authenticator = BearerAuthenticator(self._fetch_token, {"AI-Resource-Group": self._group})
        self._http = RestClient(
            self.where, {"ca_file": values.get("ca_file", "")}, authenticator, _error
        )

    def endpoint(self) -> Endpoint | None:
        """See `ObjectStore.endpoint`."""
        return server_of(self._base, {"ca_file": self._values.get("ca_file", "")})

    def check(self) -> str:
        """See `ObjectStore.check`."""
        self.browse(limit=1)
        return f"{self._base}, object store {self._name} of {self._group}"

    def list(self, path: str = "", *, limit: int | None = None) -> Iterator[StoredObject]:
        """See `ObjectStore.list`; a list that breaks off is asked for again, as long as nothing of it was taken."""
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
            with self._expected():
                told = json.loads(line)
                if told.get("end"):
                    return
                one = _object(told)
            yield one
        raise Unreachable(f"{self.where} broke its list off", "The server's log file says more.")

    def browse(self, path: str = "", token: str = "", limit: int = 1000) -> FolderPage:
        """See `ObjectStore.browse`."""
        query = {
            "path": check_path(path, empty=True),
            "view": "folder",
            "token": token,
            "limit": str(limit),
        }
        told = self._told(self._call("GET", query))
        with self._expected():
            objects = tuple(_object(each) for each in told["files"])
            return FolderPage(
                tuple(str(each) for each in told["folders"]), objects, str(told["next"])
            )

    def stat(self, path: str) -> StoredObject:
        """See `ObjectStore.stat`."""
        told = self._told(self._call("GET", {"path": check_path(path), "view": "file"}, path=path))
        with self._expected():
            return _object(told)

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
                raise Conflict(
                    f"{self.where} has another version of {path[:200]!r} now", "", "Start again."
                )
            return iter(())
        return resumed(functools.partial(self._read, path, version), offset, length)

    def put(
        self, path: str, source: Path, sha256: str = "", progress: Progress | None = None
    ) -> StoredObject:
        """See `ObjectStore.put`; the source is read twice, since its hash is sent first."""
        check_path(path)
        return self._store(
            {"path": path, "overwrite": "true"}, source, ParallelRequests(progress), sha256
        )

    def copy(self, source: str, target: str) -> None:
        """See `ObjectStore.copy`: it cannot."""
        check_path(source)
        check_path(target)
        raise CapabilityMissing(
            "Another launchpad's object store does not copy", "Files pass this machine."
        )

    def checksum(self, path: str) -> str:
        """See `ObjectStore.checksum`: none is kept."""
        self.stat(path)
        return ""

    def delete(self, path: str) -> None:
        """See `ObjectStore.delete`."""
        self._call("DELETE", {"path": check_path(path), "view": "file"}, path=path)

    def delete_prefix(self, path: str) -> int:
        """See `ObjectStore.delete_prefix`."""
        told = self._told(
            self._call("DELETE", {"path": check_path(path), "view": "tree"}, path=path)
        )
        with self._expected():
            return int(told["count"])

    def publish(
        self, path: str, files: Sequence[SourceFile], progress: Progress | None = None
    ) -> tuple[StoredObject, ...]:
        """See `ObjectStore.publish`, and this module's beginning."""
        check_path(path)
        for each in files:
            check_path(join(path, each.path))
        if next(self.list(path, limit=1), None) is not None:
            raise Conflict(
                f"{self.where} has something at {path[:200]!r} already",
                hint="Delete it, or take another path.",
            )
        requests = ParallelRequests(progress)
        if [each.path for each in files] == ["."]:
            return (self._store({"path": path}, files[0].file, requests),)
        upload = uuid.uuid4().hex
        try:
            requests.run(
                [functools.partial(self._lay_aside, upload, each, requests) for each in files]
            )
            told = self._told(
                self._call("POST", {"path": path, "upload": upload}, path=path, retry=False)
            )
        except BaseException:
            # What cannot be thrown away now (the network may be gone) is so after a day.
            with contextlib.suppress(Exception):
                self._call("DELETE", {"upload": upload}, retry=False)
            raise
        with self._expected():
            stored = {each.path: each for each in map(_object, told["files"])}
            return tuple(stored[join(path, each.path)] for each in files)

    def _store(
        self, query: Mapping[str, str], source: Path, requests: ParallelRequests, sha256: str = ""
    ) -> StoredObject:
        answers: list[HttpResponse] = []
        requests.run([lambda: answers.append(self._send(query, source, requests, sha256))])
        told = self._told(answers[0])
        with self._expected():
            return _object(told)

    def _lay_aside(self, upload: str, one: SourceFile, requests: ParallelRequests) -> None:
        self._send({"path": one.path, "upload": upload}, one.file, requests)

    def _send(
        self, query: Mapping[str, str], source: Path, requests: ParallelRequests, sha256: str = ""
    ) -> HttpResponse:
        """Send a file; what is not the same at the end as at the beginning does not stay there."""
        handle = open_source(source)
        try:
            before = os.fstat(handle)
            with open(handle, "rb", closefd=False) as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
            if sha256 and found != sha256:
                raise Conflict(
                    "A file is not what it was", f"{source} has SHA-256 {found}, not {sha256}."
                )
            body = FilePart(source, 0, before.st_size, requests)
            answer = self._call("PUT", {**query, "sha256": found}, body, path=query["path"])
            try:
                check_unchanged(source, handle, before, before.st_size)
            except Conflict:
                if "upload" not in query:
                    self.delete(query["path"])
                raise
            return answer
        finally:
            os.close(handle)

    def _read(self, path: str, version: str, offset: int, length: int | None) -> Iterator[bytes]:
        headers = {"If-Match": f'"{version}"'} if version else {}
        if offset or length is not None:
            headers["Range"] = f"bytes={offset}-{'' if length is None else offset + length - 1}"
        query = self._query({"path": path})
        try:
            yield from self._pieces(query, headers, path, replaced=bool(version))
        except RuntimeRejected as error:
            # Beyond the end there is nothing.
            if error.status != 416:
                raise

    def _lines(self, path: str) -> Iterator[bytes]:
        """The lines of a list, as they come."""
        held = b""
        for piece in self._pieces(
            self._query({"path": path, "view": "tree"}), {}, "", replaced=False
        ):
            *whole, held = (held + piece).split(b"\n")
            yield from whole

    def _pieces(
        self, query: Mapping[str, str], headers: Mapping[str, str], path: str, *, replaced: bool
    ) -> Iterator[bytes]:
        with self._http.content(self._url, query, headers, path=path, replaced=replaced) as pieces:
            yield from pieces

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
        )

    def _told(self, answer: HttpResponse) -> dict[str, Any]:
        with self._expected():
            told = json.loads(answer.body)
            if isinstance(told, dict):
                return told
            raise ValueError("no object")

    @contextlib.contextmanager
    def _expected(self) -> Iterator[None]:
        try:
            yield
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
            raise RuntimeRejected(
                f"{self.where} answers what launchpad serve does not",
                f"{type(error).__name__}: {error}",
            ) from error


def _object(told: Mapping[str, Any]) -> StoredObject:
    path, version = told["path"], told.get("version", "")
    if not isinstance(path, str) or not isinstance(version, str):
        raise TypeError("a path or version is no text")
    return StoredObject(
        check_path(path),
        int(told["size"]),
        parse_rfc3339(told["modifiedAt"]),
        str(told.get("sha256", "")),
        version,
    )


def _error(answer: HttpResponse, where: str, path: str, replaced: bool) -> LaunchpadError:
    """See `launchpad_tui.server.api.errors`."""
    status, (code, message) = answer.status, _said(answer.body)
    detail = f"{code or 'HTTP'} ({status}): {message}"
    if status == 404 and code in {"ObjectStoreNotFound", "ResourceGroupNotFound"}:
        return ConfigError(
            f"{where} does not exist", detail, "Check its name and the resource group."
        )
    if status == 404 and (not path or not code):
        return ConfigError(
            f"{where} cannot be reached", detail, "An older launchpad serve gives no files."
        )
    if status == 409:
        return Conflict(f"{where} did not take {path[:200]!r}", detail)
    return numbered(
        status, code, detail, where, path, replaced=replaced, hint="Check the client's secret."
    )


def _said(body: bytes) -> tuple[str, str]:
    """Code and message; where the answer is none of launchpad's, the text that it is."""
    try:
        told = json.loads(body)["error"]
        code, message = str(told["code"]), str(told["message"])
    except (ValueError, KeyError, TypeError):
        code, message = "", body[:400].decode(errors="replace")
    return code[:80], (message.strip().splitlines() or [""])[0][:400]
