"""Object store of kind ``gcs``: a bucket of Google Cloud Storage, through its JSON API.

https://cloud.google.com/storage/docs/json_api/v1

`launchpad_tui.stores.bucket` describes how folders are published. Large files are sent as resumable
uploads, part by part. Each part begins at the offset that Google reported for the previous one. A
failed upload is cancelled. If that fails too, Google removes the upload after a week; it is never
listed.
"""

from __future__ import annotations

import contextlib
import functools
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

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
from launchpad_tui.stores.base import Abilities, Progress, server_of
from launchpad_tui.stores.bucket import BucketStore
from launchpad_tui.stores.bucket_protocol import PAGE, BucketPage, Upload
from launchpad_tui.stores.gcs_credentials import authenticator_of
from launchpad_tui.stores.key_encoding import KeyEncoding
from launchpad_tui.stores.rest_client import RestClient
from launchpad_tui.stores.store_errors import (
    at_path,
    explain_status,
    permission_denied,
    rate_limited,
    store_missing,
    unexpected_response,
)
from launchpad_tui.stores.uploads import PART_SIZE, FilePart, ParallelRequests

_GOOGLE = "https://storage.googleapis.com"
_FIELDS = "name,size,updated,generation,metadata/sha256"
#: characters that "Object names" excludes
_NAMES = KeyEncoding("\r\n")
_BOUNDARY = "launchpad-4b1fbd4bd2c64ef19d0b8a6f"
_MULTIPART = {"Content-Type": f"multipart/related; boundary={_BOUNDARY}"}
#: number of parallel deletions
_DELETIONS = 8
#: message of requests without a project to a bucket that charges the requester
_NO_PROJECT = "requester pays bucket but no user project provided"
_RATE = {"rateLimitExceeded", "userRateLimitExceeded"}


class GcsStore(BucketStore):
    """A bucket, or the objects below a path prefix in it.

    Args:
        values: by the names of the catalog's fields.
    """

    def __init__(self, values: Mapping[str, str]) -> None:
        super().__init__(_GcsBucket(values), values.get("path_prefix", ""))


class _GcsBucket:
    """See `Bucket`. The version of an object is its generation."""

    abilities = Abilities(copy=True, checksum="crc32c", keeps_sha256=True)

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = dict(values)
        self._name = values.get("bucket", "")
        self._base = _base(values.get("endpoint", ""))
        self.where = f"bucket {self._name!r}"
        bucket = f"/storage/v1/b/{quote(self._name, safe='')}/o"
        self._objects = self._base + bucket
        self._uploads = f"{self._base}/upload{bucket}"
        # https://cloud.google.com/storage/docs/requester-pays
        project = values.get("user_project", "").strip()
        charged = {"userProject": project} if project else {}
        self._http = RestClient(
            self.where, values, authenticator_of(values, self.where), _error, charged
        )

    def endpoint(self) -> ServerAddress | None:
        return server_of(self._base, self._values)

    def check(self, prefix: str) -> str:
        self.page(prefix, limit=1)
        return f"{self._base}, bucket {self._name}" + (f", {prefix.rstrip('/')}" if prefix else "")

    def page(
        self, prefix: str, *, delimiter: str = "", token: str = "", limit: int = PAGE
    ) -> BucketPage:
        query = {"prefix": _NAMES.key(prefix), "maxResults": str(limit)}
        query |= {"delimiter": delimiter} if delimiter else {}
        query |= {"pageToken": token} if token else {}
        query["fields"] = "items(name,size,updated,generation),prefixes,nextPageToken"
        data = self._parsed(self._http.call("GET", self._objects, query))
        with self._translated():
            return BucketPage(
                tuple(_object(each) for each in data.get("items", ())),
                tuple(_NAMES.path(each) for each in data.get("prefixes", ())),
                str(data.get("nextPageToken", "")),
            )

    def head(self, key: str) -> StoredObject:
        data = self._parsed(self._http.call("GET", self._url(key), {"fields": _FIELDS}, path=key))
        with self._translated():
            return _object(data)

    def read(self, key: str, offset: int, length: int | None, version: str) -> Iterator[bytes]:
        if length == 0:
            self.head(key)
            return
        query = {"alt": "media"} | ({"ifGenerationMatch": version} if version else {})
        # Otherwise objects that were stored compressed would be decompressed in transit, and ranges
        # would refer to the decompressed content.
        headers = {"Accept-Encoding": "gzip"}
        part = (offset, length) if offset or length is not None else None
        if part is not None:
            headers["Range"] = f"bytes={offset}-{'' if length is None else offset + length - 1}"
        try:
            with self._http.content(
                self._url(key),
                query,
                headers,
                path=key,
                replaced=bool(version),
                part=part,
                range_ignored=self._range_ignored,
            ) as pieces:
                yield from pieces
        except RuntimeRejected as error:
            # The range begins after the end of the object.
            if error.status != 416:
                raise

    def _range_ignored(self) -> None:
        self.abilities = replace(self.abilities, ranges=False)

    def upload(self, plan: Sequence[Upload], progress: Progress | None) -> None:
        requests = ParallelRequests(progress)
        requests.run(
            [
                functools.partial(
                    self._put if each.size <= PART_SIZE else self._send, each, requests
                )
                for each in plan
            ]
        )

    def create(self, key: str, body: bytes) -> str:
        return self._put_small(key, body, {"ifGenerationMatch": "0"}, retry=False)

    def write(self, key: str, body: bytes, version: str = "") -> str:
        return self._put_small(key, body, {"ifGenerationMatch": version} if version else {})

    def _put_small(
        self, key: str, body: bytes, condition: Mapping[str, str], *, retry: bool = True
    ) -> str:
        before, after = _around({"name": _NAMES.key(key)})
        response = self._http.call(
            "POST",
            self._uploads,
            {"uploadType": "multipart", **condition},
            _MULTIPART,
            before + body + after,
            path=key,
            replaced=condition.get("ifGenerationMatch", "0") != "0",
            retry=retry,
        )
        return str(self._parsed(response).get("generation", ""))

    def copy(self, source: str, target: str) -> None:
        destination = self._url(target).removeprefix(f"{self._base}/storage/v1")
        url = f"{self._url(source)}/rewriteTo{destination}"
        query: dict[str, str] = {}
        while True:
            data = self._parsed(self._http.call("POST", url, query, path=source))
            if data.get("done"):
                return
            if not data.get("rewriteToken"):
                raise unexpected_response(
                    self.where,
                    "Google Cloud Storage",
                    at_path("The response to a copy has no rewriteToken.", source),
                )
            query = {"rewriteToken": str(data["rewriteToken"])}

    def checksum(self, key: str) -> str:
        data = self._parsed(self._http.call("GET", self._url(key), {"fields": "crc32c"}, path=key))
        return str(data.get("crc32c", ""))

    def delete(self, keys: Sequence[str]) -> None:
        ParallelRequests(None).run(
            [functools.partial(self._delete, key) for key in keys], _DELETIONS
        )

    def abandon(self, prefix: str, before: datetime | None = None) -> None:
        """Do nothing, because Google removes incomplete uploads itself."""

    def _url(self, key: str) -> str:
        return f"{self._objects}/{quote(_NAMES.key(key), safe='')}"

    def _delete(self, key: str) -> None:
        with contextlib.suppress(ObjectMissing):
            self._http.call("DELETE", self._url(key), path=key)

    def _put(self, file: Upload, requests: ParallelRequests) -> None:
        part = FilePart(file.file, 0, file.size, requests, _around(_metadata(file)))
        self._http.call(
            "POST", self._uploads, {"uploadType": "multipart"}, _MULTIPART, part, path=file.key
        )

    def _send(self, file: Upload, requests: ParallelRequests) -> None:
        query = {"uploadType": "resumable", "name": _NAMES.key(file.key)}
        headers = {
            "Content-Type": "application/json; charset=UTF-8",
            "X-Upload-Content-Type": "application/octet-stream",
            "X-Upload-Content-Length": str(file.size),
        }
        response = self._http.call(
            "POST",
            self._uploads,
            query,
            headers,
            json.dumps(_metadata(file)).encode(),
            path=file.key,
        )
        # Only the session of the returned address is used, so that nothing is sent to another host.
        location = urlsplit(response.headers.get("location", ""))
        session = parse_qs(location.query).get("upload_id", [""])[0]
        if not session:
            raise unexpected_response(
                self.where, "Google Cloud Storage", "The response to an upload has no upload_id."
            )
        query["upload_id"] = session
        try:
            self._send_parts(file, query, requests)
        except BaseException:
            # Incomplete uploads are never listed. Google confirms the cancellation with status 499.
            with contextlib.suppress(LaunchpadError):
                self._http.call(
                    "DELETE", self._uploads, query, path=file.key, retry=False, allowed=(499,)
                )
            raise

    def _send_parts(
        self, file: Upload, query: Mapping[str, str], requests: ParallelRequests
    ) -> None:
        offset, stalls = 0, 0
        while True:
            size = min(PART_SIZE, file.size - offset)
            part = FilePart(file.file, offset, size, requests)
            headers = {"Content-Range": f"bytes {offset}-{offset + size - 1}/{file.size}"}
            response = self._http.call(
                "PUT", self._uploads, query, headers, part, path=file.key, allowed=(308,)
            )
            if response.status != 308:
                return
            kept = re.fullmatch(r"bytes=0-(\d+)", response.headers.get("range", ""))
            stored = min(int(kept[1]) + 1, file.size - 1) if kept else 0
            stalls = 0 if stored > offset else stalls + 1
            if stalls == 3:
                raise Unreachable(
                    f"An upload to {self.where} has stalled",
                    at_path(f"{stored:,} bytes were stored.", file.key),
                    "Try again later.",
                )
            requests.report(stored - offset - size)
            offset = stored

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
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise unexpected_response(
                self.where, "Google Cloud Storage", f"{type(error).__name__}: {error}"
            ) from error


def _base(endpoint: str) -> str:
    try:
        parts = urlsplit(endpoint.strip() or _GOOGLE)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or parts.query or parts.fragment or "@" in parts.netloc:
        raise ConfigError(
            "Invalid endpoint",
            "It is not an HTTP address without query and user name.",
            "Example: https://storage.googleapis.com",
        )
    return (endpoint.strip() or _GOOGLE).rstrip("/")


def _metadata(file: Upload) -> dict[str, Any]:
    return {"name": _NAMES.key(file.key), "metadata": {"sha256": file.sha256}}


def _around(metadata: Mapping[str, Any]) -> tuple[bytes, bytes]:
    """Return the parts before and after the content of a multipart request."""
    before = (
        f"--{_BOUNDARY}\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n"
        f"{json.dumps(metadata)}\r\n"
        f"--{_BOUNDARY}\r\nContent-Type: application/octet-stream\r\n\r\n"
    )
    return before.encode(), f"\r\n--{_BOUNDARY}--\r\n".encode()


def _object(data: Mapping[str, Any]) -> StoredObject:
    return StoredObject(
        _NAMES.path(data["name"]),
        int(data["size"]),
        datetime.fromisoformat(data["updated"]),
        str((data.get("metadata") or {}).get("sha256", "")),
        str(data.get("generation", "")),
    )


def _error(response: HttpResponse, where: str, path: str, replaced: bool) -> LaunchpadError:
    """Explain an error response: https://cloud.google.com/storage/docs/json_api/v1/status-codes."""
    status, (reason, message) = response.status, _reason_and_message(response.body)
    detail = at_path(f"{reason or 'HTTP'} ({status}): {message}", path)
    if reason in _RATE:
        return rate_limited(where, detail)
    if status == 404 and (not path or "bucket does not exist" in message):
        return store_missing(where, detail, "Check the bucket's name and the endpoint.")
    if status == 400 and _NO_PROJECT in message:
        return permission_denied(
            where,
            detail,
            "Set the field Billing project to the ID of a project that may be charged.",
        )
    return explain_status(
        status,
        reason,
        detail,
        where,
        path,
        replaced=replaced,
        hint="Check the service account key.",
    )


def _reason_and_message(body: bytes) -> tuple[str, str]:
    """Return reason and first line of the message; the plain text if the response is not JSON."""
    try:
        data = json.loads(body)["error"]
        reason = str((data.get("errors") or [{}])[0].get("reason", "")) or str(
            data.get("status", "")
        )
        message = str(data.get("message", ""))
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError):
        reason, message = "", body[:400].decode(errors="replace")
    return reason[:80], (message.strip().splitlines() or [""])[0][:400]
