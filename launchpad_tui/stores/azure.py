"""Object store of kind ``azure``: a container of Azure Blob Storage, through its REST API.

https://learn.microsoft.com/en-us/rest/api/storageservices/blob-service-rest-api

`launchpad_tui.stores.bucket` describes how folders are published. Large files are uploaded in
blocks and appear when the list of their blocks is committed. Uncommitted blocks cannot be deleted;
they are not listed, and Azure removes them after a week.
"""

from __future__ import annotations

import base64
import functools
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from email.utils import parsedate_to_datetime
from urllib.parse import quote, unquote
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from launchpad_tui.domain.stored_object import StoredObject
from launchpad_tui.errors import (
    ConfigError,
    LaunchpadError,
    ObjectMissing,
    RuntimeRejected,
    Unreachable,
)
from launchpad_tui.net.client import HttpResponse
from launchpad_tui.net.server_check import ServerAddress
from launchpad_tui.stores.azure_account import VERSION, AzureContainer, authenticator_of
from launchpad_tui.stores.base import Abilities, Progress, server_of
from launchpad_tui.stores.bucket import BucketStore
from launchpad_tui.stores.bucket_protocol import PAGE, BucketPage, Upload
from launchpad_tui.stores.key_encoding import KeyEncoding
from launchpad_tui.stores.rest_client import RestClient
from launchpad_tui.stores.store_errors import (
    already_exists,
    at_path,
    authentication_failed,
    explain_status,
    has_document_type,
    object_archived,
    rate_limited,
    store_missing,
    unexpected_response,
)
from launchpad_tui.stores.uploads import PART_SIZE, FilePart, ParallelRequests, part_size

#: https://learn.microsoft.com/en-us/rest/api/storageservices/put-block
_MOST_BLOCKS = 50_000
#: seconds between two polls of a running copy, and seconds without progress after which it fails
_COPY_PAUSE = 0.5
_COPY_TIMEOUT = 120
#: number of parallel deletions
_DELETIONS = 8
_AUTHENTICATION = {
    "AuthenticationFailed",
    "InvalidAuthenticationInfo",
    "NoAuthenticationInformation",
    "KeyBasedAuthenticationNotPermitted",
}
#: Control characters are not allowed, a backslash becomes a slash, and full stops at the end of a
#: part may be removed ("Naming and referencing containers, blobs, and metadata").
_NAMES = KeyEncoding("".join(map(chr, range(1, 32))) + "\x7f\\", dots=True)


class AzureStore(BucketStore):
    """A container, or the objects below a path prefix in it.

    Args:
        values: by the names of the catalog's fields.
    """

    def __init__(self, values: Mapping[str, str]) -> None:
        super().__init__(_AzureBucket(values), values.get("path_prefix", ""))


class _AzureBucket:
    """See `Bucket`."""

    # Azure keeps an MD5 only of files that were uploaded in one request.
    abilities = Abilities(copy=True, keeps_sha256=True)

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = dict(values)
        self._container = AzureContainer.of(values.get("container_uri", ""))
        self.where = self._container.shown
        self._authenticator = authenticator_of(self._container, values)
        self._http = RestClient(self.where, values, self._authenticator, _error)

    def endpoint(self) -> ServerAddress | None:
        return server_of(self._container.url, self._values)

    def check(self, prefix: str) -> str:
        self.page(prefix, limit=1)
        return self._container.url + (f", {prefix.rstrip('/')}" if prefix else "")

    def page(
        self, prefix: str, *, delimiter: str = "", token: str = "", limit: int = PAGE
    ) -> BucketPage:
        query = {
            "restype": "container",
            "comp": "list",
            "prefix": _NAMES.key(prefix),
            "maxresults": str(limit),
        }
        query |= {"delimiter": delimiter} if delimiter else {}
        query |= {"marker": token} if token else {}
        response = self._http.call("GET", self._container.url, query, _HEADERS, path=prefix)
        return _page(response.body, self.where)

    def head(self, key: str) -> StoredObject:
        headers = self._head(key).headers
        try:
            return _object(key, headers)
        except (ValueError, TypeError, OverflowError) as error:
            detail = at_path("Its size or its time is not valid.", key)
            raise unexpected_response(self.where, "Azure Blob Storage", detail) from error

    def read(self, key: str, offset: int, length: int | None, version: str) -> Iterator[bytes]:
        headers = dict(_HEADERS)
        part = (offset, length) if offset or length is not None else None
        if offset or length is not None:
            # Azure rejects an empty range.
            if length == 0:
                self.head(key)
                return
            headers["x-ms-range"] = (
                f"bytes={offset}-{'' if length is None else offset + length - 1}"
            )
        if version:
            headers["If-Match"] = f'"{version}"'
        try:
            with self._http.content(
                self._blob(key),
                {},
                headers,
                path=key,
                replaced=bool(version),
                part=part,
                range_ignored=self._range_ignored,
            ) as pieces:
                yield from pieces
        except RuntimeRejected as error:
            if error.status != 416:
                raise

    def _range_ignored(self) -> None:
        self.abilities = replace(self.abilities, ranges=False)

    def upload(self, plan: Sequence[Upload], progress: Progress | None) -> None:
        requests = ParallelRequests(progress)
        works: list[Callable[[], None]] = []
        ends: list[Callable[[], None]] = []
        for each in plan:
            if each.size <= PART_SIZE:
                works.append(functools.partial(self._put, each, requests))
                continue
            size = part_size(each.size, _MOST_BLOCKS)
            upload = uuid.uuid4().hex
            blocks = []
            for number, offset in enumerate(range(0, each.size, size)):
                blocks.append(base64.b64encode(f"{upload}-{number:06}".encode()).decode())
                part = FilePart(each.file, offset, min(size, each.size - offset), requests)
                works.append(functools.partial(self._put_block, each.key, blocks[-1], part))
            ends.append(functools.partial(self._commit, each, blocks))
        requests.run([*works])
        requests.run(ends)

    def create(self, key: str, body: bytes) -> str:
        headers = {**_HEADERS, "x-ms-blob-type": "BlockBlob", "If-None-Match": "*"}
        response = self._http.call("PUT", self._blob(key), {}, headers, body, path=key, retry=False)
        return _version(response.headers)

    def write(self, key: str, body: bytes, version: str = "") -> str:
        headers = {**_HEADERS, "x-ms-blob-type": "BlockBlob"}
        if version:
            headers["If-Match"] = f'"{version}"'
        response = self._http.call(
            "PUT", self._blob(key), {}, headers, body, path=key, replaced=bool(version)
        )
        return _version(response.headers)

    def copy(self, source: str, target: str) -> None:
        auth = self._authenticator.authorize()
        origin = self._blob(source)
        if auth.query:
            origin += "?" + "&".join(
                f"{name}={quote(value, safe='')}" for name, value in auth.query.items()
            )
        headers = {**_HEADERS, "x-ms-copy-source": origin}
        try:
            response = self._http.call("PUT", self._blob(target), {}, headers, path=source)
        except ObjectMissing:
            # The response is the same if the container is missing; `check` reports that instead.
            self.check("")
            raise
        self._wait_for_copy(response.headers, target)

    def checksum(self, key: str) -> str:
        self.head(key)
        return ""

    def delete(self, keys: Sequence[str]) -> None:
        ParallelRequests(None).run(
            [functools.partial(self._delete, key) for key in keys], _DELETIONS
        )

    def abandon(self, prefix: str, before: datetime | None = None) -> None:
        """Do nothing, because Azure removes uncommitted blocks itself."""

    def _blob(self, key: str) -> str:
        return self._container.blob(_NAMES.key(key))

    def _head(self, key: str) -> HttpResponse:
        return self._http.call("HEAD", self._blob(key), {}, _HEADERS, path=key)

    def _put(self, file: Upload, requests: ParallelRequests) -> None:
        headers = {**_HEADERS, **_stored_headers(file), "x-ms-blob-type": "BlockBlob"}
        part = FilePart(file.file, 0, file.size, requests)
        self._http.call("PUT", self._blob(file.key), {}, headers, part, path=file.key)

    def _put_block(self, key: str, block: str, part: FilePart) -> None:
        query = {"comp": "block", "blockid": block}
        self._http.call("PUT", self._blob(key), query, _HEADERS, part, path=key)

    def _commit(self, file: Upload, blocks: Sequence[str]) -> None:
        listed = "".join(f"<Latest>{escape(block)}</Latest>" for block in blocks)
        body = f'<?xml version="1.0" encoding="utf-8"?><BlockList>{listed}</BlockList>'.encode()
        headers = {**_HEADERS, **_stored_headers(file)}
        self._http.call(
            "PUT", self._blob(file.key), {"comp": "blocklist"}, headers, body, path=file.key
        )

    def _delete(self, key: str) -> None:
        try:
            headers = {**_HEADERS, "x-ms-delete-snapshots": "include"}
            self._http.call("DELETE", self._blob(key), {}, headers, path=key)
        except ObjectMissing:
            pass

    def _wait_for_copy(self, headers: Mapping[str, str], target: str) -> None:
        """Wait for a copy in the background of Azure as long as it makes progress."""
        progress, until = "", time.monotonic() + _COPY_TIMEOUT
        while (status := headers.get("x-ms-copy-status", "success")) == "pending":
            if headers.get("x-ms-copy-progress", "") != progress:
                progress = headers.get("x-ms-copy-progress", "")
                until = time.monotonic() + _COPY_TIMEOUT
            if time.monotonic() > until:
                raise Unreachable(
                    f"A copy in {self.where} has stalled",
                    at_path(f"{progress} bytes were copied.", target),
                    "Try again later.",
                )
            time.sleep(_COPY_PAUSE)
            headers = self._head(target).headers
        if status != "success":
            raise Unreachable(
                f"A copy in {self.where} failed",
                at_path(f"Its status is {status[:40]}.", target),
                "Try again later.",
            )


_HEADERS = {"x-ms-version": VERSION}


def _stored_headers(file: Upload) -> dict[str, str]:
    return {"x-ms-meta-sha256": file.sha256, "x-ms-blob-content-type": "application/octet-stream"}


def _object(key: str, headers: Mapping[str, str]) -> StoredObject:
    return StoredObject(
        key,
        int(headers.get("content-length", "0")),
        _parse_time(headers.get("last-modified", "")),
        headers.get("x-ms-meta-sha256", ""),
        _version(headers),
    )


def _version(headers: Mapping[str, str]) -> str:
    """Return the ETag of a response without its quotation marks."""
    return headers.get("etag", "").strip('"')


def _parse_time(text: str) -> datetime:
    return parsedate_to_datetime(text)


def _page(body: bytes, where: str) -> BucketPage:
    """Parse a page of a listing.

    https://learn.microsoft.com/en-us/rest/api/storageservices/list-blobs
    """
    try:
        if has_document_type(body):
            raise ValueError("it is a page, not a list")
        root = ElementTree.fromstring(body.removeprefix(b"\xef\xbb\xbf"))
        if root.tag != "EnumerationResults":
            raise ValueError(f"{root.tag[:80]} instead of EnumerationResults")
        objects = tuple(
            StoredObject(
                _name(each),
                int(each.findtext("Properties/Content-Length") or ""),
                _parse_time(each.findtext("Properties/Last-Modified") or ""),
                "",
                (each.findtext("Properties/Etag") or "").strip('"'),
            )
            for each in root.iterfind("Blobs/Blob")
            # Accounts with a hierarchical namespace list directories among the objects.
            if each.findtext("Properties/ResourceType") != "directory"
        )
        prefixes = tuple(_name(each) for each in root.iterfind("Blobs/BlobPrefix"))
        return BucketPage(objects, prefixes, root.findtext("NextMarker") or "")
    except (ElementTree.ParseError, ValueError) as error:
        raise unexpected_response(
            where, "Azure Blob Storage", f"Invalid listing: {error}"
        ) from error


def _name(entry: ElementTree.Element) -> str:
    name = entry.find("Name")
    if name is None or not name.text:
        raise ValueError("an entry has no name")
    # Names with characters that XML does not allow are percent-encoded.
    return _NAMES.path(unquote(name.text) if name.get("Encoded") == "true" else name.text)


def _error(response: HttpResponse, where: str, path: str, replaced: bool) -> LaunchpadError:
    """Explain an error response.

    https://learn.microsoft.com/en-us/rest/api/storageservices/blob-service-error-codes
    """
    status, (code, message) = response.status, _code_and_message(response.body)
    # A response to HEAD has no body.
    code = code or response.headers.get("x-ms-error-code", "")
    detail = at_path(f"{code or 'HTTP'} ({status}): {message}", path)
    hint = "Check the credentials, the expiry of the SAS, and the clock of this machine."
    # Azurite reports a wrong signature as AuthorizationFailure, by which Azure means a forbidden
    # network.
    unsigned = code == "AuthorizationFailure" and "failed to authenticate" in message
    if code in _AUTHENTICATION or unsigned:
        return authentication_failed(where, detail, hint)
    if code in {"ContainerNotFound", "ContainerBeingDeleted", "ContainerDisabled"}:
        return store_missing(where, detail, "Check the container URI.")
    if code in {"InvalidResourceName", "InvalidUri"} and not path:
        return ConfigError(f"Invalid settings for {where}", detail, "Check the container URI.")
    if code == "BlobAlreadyExists":
        return already_exists(where, path, detail)
    if code == "BlobArchived":
        return object_archived(where, path, detail)
    if code == "ServerBusy":
        return rate_limited(where, detail)
    return explain_status(status, code, detail, where, path, replaced=replaced, hint=hint)


def _code_and_message(body: bytes) -> tuple[str, str]:
    """Return code and first line of the message; empty if the response is not one of Azure."""
    if has_document_type(body):
        return "", ""
    try:
        root = ElementTree.fromstring(body.removeprefix(b"\xef\xbb\xbf"))
    except ElementTree.ParseError:
        return "", ""
    message = (root.findtext("Message") or "").strip().splitlines() or [""]
    more = (root.findtext("AuthenticationErrorDetail") or "").strip().splitlines() or [""]
    return root.findtext("Code") or "", " ".join(filter(None, (message[0][:400], more[0][:200])))
