"""Object store of kind ``gcs``: a bucket of Google Cloud Storage, by its JSON API.

https://cloud.google.com/storage/docs/json_api/v1

How folders appear at once stands in `launchpad_tui.stores.bucket`. Large files are sent as resumable uploads: one after
the other part, taken up where Google says that it stands. One that fails is cancelled; where even that fails, Google
removes it after a week, and it shows nowhere.
"""

from __future__ import annotations

import contextlib
import functools
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from launchpad_tui.errors import (
    ConfigError,
    LaunchpadError,
    ObjectMissing,
    RateLimited,
    RuntimeRejected,
    Unreachable,
)
from launchpad_tui.net.client import HttpResponse
from launchpad_tui.stores.base import Abilities, Endpoint, Progress, StoredObject, server_of
from launchpad_tui.stores.bucket import PAGE, BucketPage, BucketStore, Upload
from launchpad_tui.stores.gcs_credentials import authenticator_of
from launchpad_tui.stores.key_encoding import KeyEncoding
from launchpad_tui.stores.rest_client import RestClient
from launchpad_tui.stores.store_errors import numbered
from launchpad_tui.stores.uploads import PART_SIZE, FilePart, ParallelRequests

_GOOGLE = "https://storage.googleapis.com"
_FIELDS = "name,size,updated,generation,metadata/sha256"
#: "Object names": neither of these
_NAMES = KeyEncoding("\r\n")
_BOUNDARY = "launchpad-4b1fbd4bd2c64ef19d0b8a6f"
_MULTIPART = {"Content-Type": f"multipart/related; boundary={_BOUNDARY}"}
#: at the same time
_DELETIONS = 8
_RATE = {"rateLimitExceeded", "userRateLimitExceeded"}


class GcsStore(BucketStore):
    """A bucket, or what lies below a path prefix in it; ``values`` by the fields of the catalog."""

    def __init__(self, values: Mapping[str, str]) -> None:
        super().__init__(_GcsBucket(values), values.get("path_prefix", ""))


class _GcsBucket:
    """See `Bucket`. Versions are generations."""

    abilities = Abilities(copy=True, checksum="crc32c", keeps_sha256=True)

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = dict(values)
        self._name = values.get("bucket", "")
        self._base = _base(values.get("endpoint", ""))
        self.where = f"The bucket {self._name!r}"
        bucket = f"/storage/v1/b/{quote(self._name, safe='')}/o"
        self._objects = self._base + bucket
        self._uploads = f"{self._base}/upload{bucket}"
        self._http = RestClient(self.where, values, authenticator_of(values), _error)

    def endpoint(self) -> Endpoint | None:
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
        told = self._told(self._http.call("GET", self._objects, query))
        with self._expected():
            return BucketPage(
                tuple(_object(each) for each in told.get("items", ())),
                tuple(_NAMES.path(each) for each in told.get("prefixes", ())),
                str(told.get("nextPageToken", "")),
            )

    def head(self, key: str) -> StoredObject:
        told = self._told(self._http.call("GET", self._url(key), {"fields": _FIELDS}, path=key))
        with self._expected():
            return _object(told)

    def read(self, key: str, offset: int, length: int | None, version: str) -> Iterator[bytes]:
        if length == 0:
            self.head(key)
            return
        query = {"alt": "media"} | ({"ifGenerationMatch": version} if version else {})
        # Else what others stored compressed would be unpacked on its way, and ranges would not be what they say.
        headers = {"Accept-Encoding": "gzip"}
        if offset or length is not None:
            headers["Range"] = f"bytes={offset}-{'' if length is None else offset + length - 1}"
        try:
            with self._http.content(
                self._url(key), query, headers, path=key, replaced=bool(version)
            ) as pieces:
                yield from pieces
        except RuntimeRejected as error:
            # Beyond the end there is nothing.
            if error.status != 416:
                raise

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

    def create(self, key: str, body: bytes) -> None:
        before, after = _around({"name": _NAMES.key(key)})
        query = {"uploadType": "multipart", "ifGenerationMatch": "0"}
        self._http.call(
            "POST", self._uploads, query, _MULTIPART, before + body + after, path=key, retry=False
        )

    def copy(self, source: str, target: str) -> None:
        url = f"{self._url(source)}/rewriteTo{self._url(target).removeprefix(f'{self._base}/storage/v1')}"
        query: dict[str, str] = {}
        while True:
            told = self._told(self._http.call("POST", url, query, path=source))
            if told.get("done"):
                return
            if not told.get("rewriteToken"):
                raise RuntimeRejected(f"{self.where} did not copy", f"Of {source[:200]!r}.")
            query = {"rewriteToken": str(told["rewriteToken"])}

    def checksum(self, key: str) -> str:
        told = self._told(self._http.call("GET", self._url(key), {"fields": "crc32c"}, path=key))
        return str(told.get("crc32c", ""))

    def delete(self, keys: Sequence[str]) -> None:
        ParallelRequests(None).run(
            [functools.partial(self._delete, key) for key in keys], _DELETIONS
        )

    def abandon(self, prefix: str, before: datetime | None = None) -> None:
        """Nothing to do: see this module's beginning."""

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
        answer = self._http.call(
            "POST",
            self._uploads,
            query,
            headers,
            json.dumps(_metadata(file)).encode(),
            path=file.key,
        )
        # Of the address that is given only the session is taken, so that nothing goes to another server.
        session = parse_qs(urlsplit(answer.headers.get("location", "")).query).get(
            "upload_id", [""]
        )[0]
        if not session:
            raise RuntimeRejected(
                f"{self.where} answers what Google's does not", "An upload without upload_id."
            )
        query["upload_id"] = session
        try:
            self._send_parts(file, query, requests)
        except BaseException:
            # What is left over shows nowhere; 499 is how Google says that it is cancelled.
            with contextlib.suppress(LaunchpadError):
                self._http.call(
                    "DELETE", self._uploads, query, path=file.key, retry=False, allowed=(499,)
                )
            raise

    def _send_parts(
        self, file: Upload, query: Mapping[str, str], requests: ParallelRequests
    ) -> None:
        offset, still = 0, 0
        while True:
            size = min(PART_SIZE, file.size - offset)
            part = FilePart(file.file, offset, size, requests)
            headers = {"Content-Range": f"bytes {offset}-{offset + size - 1}/{file.size}"}
            answer = self._http.call(
                "PUT", self._uploads, query, headers, part, path=file.key, allowed=(308,)
            )
            if answer.status != 308:
                return
            kept = re.fullmatch(r"bytes=0-(\d+)", answer.headers.get("range", ""))
            stands = min(int(kept[1]) + 1, file.size - 1) if kept else 0
            still = 0 if stands > offset else still + 1
            if still == 3:
                raise Unreachable(
                    f"{self.where} does not go on", f"With {file.key[:200]!r}, at {stands:,} bytes."
                )
            requests.report(stands - offset - size)
            offset = stands

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
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise RuntimeRejected(
                f"{self.where} answers what Google's does not", f"{type(error).__name__}: {error}"
            ) from error


def _base(endpoint: str) -> str:
    try:
        parts = urlsplit(endpoint.strip() or _GOOGLE)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or parts.query or parts.fragment or "@" in parts.netloc:
        raise ConfigError(
            "The endpoint is not valid", hint="Such as https://storage.googleapis.com."
        )
    return (endpoint.strip() or _GOOGLE).rstrip("/")


def _metadata(file: Upload) -> dict[str, Any]:
    return {"name": _NAMES.key(file.key), "metadata": {"sha256": file.sha256}}


def _around(metadata: Mapping[str, Any]) -> tuple[bytes, bytes]:
    """What stands before and after the content where both are sent in one request."""
    before = (
        f"--{_BOUNDARY}\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n{json.dumps(metadata)}\r\n"
        f"--{_BOUNDARY}\r\nContent-Type: application/octet-stream\r\n\r\n"
    )
    return before.encode(), f"\r\n--{_BOUNDARY}--\r\n".encode()


def _object(told: Mapping[str, Any]) -> StoredObject:
    return StoredObject(
        _NAMES.path(told["name"]),
        int(told["size"]),
        datetime.fromisoformat(told["updated"]),
        str((told.get("metadata") or {}).get("sha256", "")),
        str(told.get("generation", "")),
    )


def _error(answer: HttpResponse, where: str, path: str, replaced: bool) -> LaunchpadError:
    """https://cloud.google.com/storage/docs/json_api/v1/status-codes"""
    status, (reason, message) = answer.status, _said(answer.body)
    detail = f"{reason or 'HTTP'} ({status}): {message}" + (f"\nAt {path[:200]!r}." if path else "")
    if reason in _RATE:
        return RateLimited(f"{where} asks to be called less often", detail)
    if status == 404 and (not path or "bucket does not exist" in message):
        return ConfigError(
            f"{where} does not exist", detail, "Check the bucket's name and the endpoint."
        )
    return numbered(
        status,
        reason,
        detail,
        where,
        path,
        replaced=replaced,
        hint="Check the service account's key.",
    )


def _said(body: bytes) -> tuple[str, str]:
    """Reason and the message's first line; where the answer is no JSON of Google's, the text that it is."""
    try:
        told = json.loads(body)["error"]
        reason = str((told.get("errors") or [{}])[0].get("reason", "")) or str(
            told.get("status", "")
        )
        message = str(told.get("message", ""))
    except (ValueError, KeyError, TypeError, AttributeError, IndexError):
        reason, message = "", body[:400].decode(errors="replace")
    return reason[:80], (message.strip().splitlines() or [""])[0][:400]
