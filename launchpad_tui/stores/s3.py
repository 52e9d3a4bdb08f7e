"""Object store of kind ``s3``: a bucket of Amazon S3 or an S3-compatible server, through boto3.

`launchpad_tui.stores.bucket` describes how folders are published.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from launchpad_tui.domain.stored_object import StoredObject
from launchpad_tui.errors import RuntimeRejected
from launchpad_tui.net.server_check import ServerAddress
from launchpad_tui.stores.base import Abilities, Progress, server_of
from launchpad_tui.stores.bucket import BucketStore
from launchpad_tui.stores.bucket_protocol import PAGE, BucketPage, Upload
from launchpad_tui.stores.object_keys import ListingCheck
from launchpad_tui.stores.s3_client import (
    UPLOAD_ATTEMPTS,
    connect,
    download,
    extra_arguments,
    upload,
)
from launchpad_tui.stores.s3_errors import translate_errors

if TYPE_CHECKING:
    from botocore.client import BaseClient

#: error codes of servers that reject the checksum of a request that deletes many objects
_NO_BATCH = {
    "InvalidRequest",
    "MissingContentMD5",
    "NotImplemented",
    "InvalidDigest",
    "MalformedXML",
    "501",
}
#: largest object that `copy_object` copies in one request (bytes; Amazon S3 API, CopyObject)
_COPY_LIMIT = 5 << 30


class S3Store(BucketStore):
    """A bucket, or the objects below a path prefix in it.

    Args:
        values: by the names of the catalog's fields.
    """

    def __init__(self, values: Mapping[str, str]) -> None:
        super().__init__(_S3Bucket(values), values.get("path_prefix", ""))


class _S3Bucket:
    """See `Bucket`."""

    abilities = Abilities(copy=True, keeps_sha256=True)

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = dict(values)
        self._name = values["bucket"]
        self.where = f"bucket {self._name!r}"
        self._connecting = threading.Lock()
        self._connected: BaseClient | None = None
        self._uploading: BaseClient | None = None

    def endpoint(self) -> ServerAddress | None:
        return server_of(self._client.meta.endpoint_url, self._values)

    def check(self, prefix: str) -> str:
        with translate_errors(self.where):
            # The response to a listing contains an error code; that to HEAD is only a status.
            self._client.list_objects_v2(Bucket=self._name, Prefix=prefix, MaxKeys=1)
            endpoint = self._client.meta.endpoint_url
        return f"{endpoint}, bucket {self._name}" + (f", {prefix.rstrip('/')}" if prefix else "")

    def page(
        self, prefix: str, *, delimiter: str = "", token: str = "", limit: int = PAGE
    ) -> BucketPage:
        request: dict[str, Any] = {"Prefix": prefix, "MaxKeys": limit}
        request |= {"Delimiter": delimiter} if delimiter else {}
        request |= {"ContinuationToken": token} if token else {}
        with translate_errors(self.where):
            answer = self._client.list_objects_v2(Bucket=self._name, **request)
            return BucketPage(
                tuple(
                    StoredObject(
                        each["Key"],
                        int(each["Size"]),
                        each["LastModified"],
                        "",
                        each.get("ETag", ""),
                    )
                    for each in answer.get("Contents", ())
                ),
                tuple(each["Prefix"] for each in answer.get("CommonPrefixes", ())),
                # An incomplete response has no IsTruncated, unlike an empty listing.
                answer["NextContinuationToken"] if answer["IsTruncated"] else "",
            )

    def head(self, key: str) -> StoredObject:
        with translate_errors(self.where, key):
            found = self._client.head_object(Bucket=self._name, Key=key)
            sha256 = str(found.get("Metadata", {}).get("sha256", ""))
            return StoredObject(
                key,
                int(found["ContentLength"]),
                found["LastModified"],
                sha256,
                found.get("ETag", ""),
            )

    def read(self, key: str, offset: int, length: int | None, version: str) -> Iterator[bytes]:
        with translate_errors(self.where, key, replaced=bool(version)):
            yield from download(
                self._client, self._name, key, offset, length, version, self._range_ignored
            )

    def _range_ignored(self) -> None:
        self.abilities = replace(self.abilities, ranges=False)

    def upload(self, plan: Sequence[Upload], progress: Progress | None) -> None:
        with translate_errors(self.where, plan[0].key if plan else ""):
            upload(
                self._uploading_client, self._name, plan, extra_arguments(self._values), progress
            )

    def create(self, key: str, body: bytes) -> str:
        return self._put(key, body, {"IfNoneMatch": "*"})

    def write(self, key: str, body: bytes, version: str = "") -> str:
        return self._put(key, body, {"IfMatch": version} if version else {})

    def _put(self, key: str, body: bytes, condition: Mapping[str, str]) -> str:
        arguments = {**extra_arguments(self._values), **condition}
        with translate_errors(self.where, key, replaced="IfMatch" in condition):
            answer = self._client.put_object(Bucket=self._name, Key=key, Body=body, **arguments)
            return str(answer.get("ETag", ""))

    def copy(self, source: str, target: str) -> None:
        found = self.head(source)
        arguments = extra_arguments(self._values)
        with translate_errors(self.where, source):
            origin = {"Bucket": self._name, "Key": source}
            if found.size > _COPY_LIMIT:
                metadata = {"Metadata": {"sha256": found.sha256}} if found.sha256 else {}
                self._client.copy(origin, self._name, target, ExtraArgs={**arguments, **metadata})
            else:
                self._client.copy_object(
                    Bucket=self._name, Key=target, CopySource=origin, **arguments
                )

    def checksum(self, key: str) -> str:
        # ETags of multipart uploads and composite CRCs are not hashes of the content.
        self.head(key)
        return ""

    def delete(self, keys: Sequence[str]) -> None:
        if len(keys) == 1:
            with translate_errors(self.where, keys[0]):
                self._client.delete_object(Bucket=self._name, Key=keys[0])
            return
        try:
            with translate_errors(self.where):
                request = {"Objects": [{"Key": key} for key in keys], "Quiet": True}
                failed = self._client.delete_objects(Bucket=self._name, Delete=request).get(
                    "Errors", ()
                )
        except RuntimeRejected as error:
            if error.code not in _NO_BATCH:
                raise
            failed = [{"Key": key} for key in keys]
        for each in failed:
            # A single deletion either succeeds or raises the reason of the failure.
            self.delete([each["Key"]])

    def abandon(self, prefix: str, before: datetime | None = None) -> None:
        with translate_errors(self.where, prefix):
            pages = self._client.get_paginator("list_multipart_uploads").paginate(
                Bucket=self._name, Prefix=prefix
            )
            uploads, listing = [], ListingCheck(self.where)
            for page in pages:
                listing.add_marker(page.get("NextKeyMarker"), page.get("NextUploadIdMarker"))
                uploads += page.get("Uploads", ())
            for each in uploads:
                if before is not None and each["Initiated"] >= before:
                    continue
                self._client.abort_multipart_upload(
                    Bucket=self._name, Key=each["Key"], UploadId=each["UploadId"]
                )

    @property
    def _client(self) -> Any:
        with self._connecting:
            if self._connected is None:
                with translate_errors(self.where):
                    self._connected = connect(self._values)
            return self._connected

    @property
    def _uploading_client(self) -> Any:
        with self._connecting:
            if self._uploading is None:
                self._uploading = connect(self._values, attempts=UPLOAD_ATTEMPTS)
            return self._uploading
