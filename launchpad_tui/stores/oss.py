"""Object store of kind ``oss``: a bucket of Alibaba Cloud OSS, through its SDK.

`launchpad_tui.stores.bucket` describes how folders are published. In a bucket with versioning OSS
ignores the condition that a marker must not replace another one: there, two processes that publish
the same path at the same time are not detected.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from launchpad_tui.domain.stored_object import StoredObject
from launchpad_tui.errors import RuntimeRejected
from launchpad_tui.net.server_check import ServerAddress
from launchpad_tui.stores.base import Abilities, Progress, check_path, resumed
from launchpad_tui.stores.bucket import BucketStore
from launchpad_tui.stores.bucket_protocol import PAGE, BucketPage, Upload
from launchpad_tui.stores.object_keys import ListingCheck, key_of
from launchpad_tui.stores.oss_client import address, connect
from launchpad_tui.stores.oss_errors import invalid_response, sdk, translate_errors
from launchpad_tui.stores.oss_transfers import compare, copy, download, put, upload


class OssStore(BucketStore):
    """A bucket, or the objects below a path prefix in it.

    Args:
        values: by the names of the catalog's fields.
    """

    def __init__(self, values: Mapping[str, str]) -> None:
        self._oss = _OssBucket(values)
        super().__init__(self._oss, values.get("path_prefix", ""))

    def read(
        self, path: str, offset: int = 0, length: int | None = None, version: str = ""
    ) -> Iterator[bytes]:
        """See `ObjectStore.read`.

        The content of a whole object is compared with the checksum that OSS recorded for it;
        Unreachable is raised after the last byte if they differ.
        """
        key = key_of(self._key(check_path(path)))
        if offset or length is not None:
            return super().read(path, offset, length, version)
        return self._whole(key, version)

    def _whole(self, key: str, version: str) -> Iterator[bytes]:
        checksums: list[str] = []

        def open_at(at: int, count: int | None) -> Iterator[bytes]:
            return self._oss.read(key, at, count, version, checksums)

        crc = None
        for chunk in resumed(open_at, 0, None):
            crc = crc or sdk().crc.Crc64(0)
            crc.update(chunk)
            yield chunk
        if crc is not None and checksums:
            compare(crc.sum64(), checksums[0], key)


class _OssBucket:
    """See `Bucket`."""

    abilities = Abilities(copy=True, checksum="crc64-ecma", keeps_sha256=True)

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = dict(values)
        self._name = values["bucket"]
        self.where = f"bucket {self._name!r}"
        self._connecting = threading.Lock()
        self._connected: Any = None

    def endpoint(self) -> ServerAddress | None:
        return address(self._values).server

    def check(self, prefix: str) -> str:
        self.page(prefix, limit=1)
        url = address(self._values).url
        return f"{url}, bucket {self._name}" + (f", {prefix.rstrip('/')}" if prefix else "")

    def page(
        self, prefix: str, *, delimiter: str = "", token: str = "", limit: int = PAGE
    ) -> BucketPage:
        client = self._client
        with translate_errors(self.where):
            answer = client.list_objects_v2(
                sdk().models.ListObjectsV2Request(
                    bucket=self._name,
                    prefix=prefix or None,
                    delimiter=delimiter or None,
                    continuation_token=token or None,
                    max_keys=limit,
                    encoding_type="url",
                )
            )
        incomplete = answer.is_truncated and not answer.next_continuation_token
        if answer.name != self._name or incomplete:
            raise invalid_response(self.where)
        return BucketPage(
            tuple(
                StoredObject(each.key, int(each.size), each.last_modified, "", each.etag or "")
                for each in answer.contents or ()
            ),
            tuple(each.prefix for each in answer.common_prefixes or ()),
            answer.next_continuation_token if answer.is_truncated else "",
        )

    def head(self, key: str) -> StoredObject:
        found = self._head(key)
        sha256 = str((found.metadata or {}).get("sha256", ""))
        return StoredObject(
            key, int(found.content_length), found.last_modified, sha256, found.etag or ""
        )

    def read(
        self,
        key: str,
        offset: int,
        length: int | None,
        version: str,
        checksums: list[str] | None = None,
    ) -> Iterator[bytes]:
        """See `Bucket.read`.

        The checksum of the whole object, if OSS reports it, is appended to ``checksums``.
        """
        client = self._client
        if length == 0:
            return
        try:
            with translate_errors(self.where, key, replaced=bool(version)):
                chunks, checksum = download(
                    client, self._name, key, offset, length, version, self._range_ignored
                )
                if checksums is not None and checksum:
                    checksums.append(checksum)
                yield from chunks
        except RuntimeRejected as error:
            # The range begins after the end of the object.
            if error.code != "InvalidRange":
                raise

    def _range_ignored(self) -> None:
        self.abilities = replace(self.abilities, ranges=False)

    def upload(self, plan: Sequence[Upload], progress: Progress | None) -> None:
        client = self._client
        with translate_errors(self.where, plan[0].key if plan else ""):
            upload(client, self._name, plan, progress)

    def create(self, key: str, body: bytes) -> str:
        client = self._client
        with translate_errors(self.where, key):
            put(client, self._name, key, body, {}, new=True)
        return ""

    def write(
        self,
        key: str,
        body: bytes,
        version: str = "",  # noqa: ARG002  OSS has no condition for what is replaced
    ) -> str:
        client = self._client
        with translate_errors(self.where, key):
            put(client, self._name, key, body, {})
        return ""

    def copy(self, source: str, target: str) -> None:
        found = self._head(source)
        with translate_errors(self.where, source, replaced=True):
            copy(self._client, self._name, source, target, found)

    def checksum(self, key: str) -> str:
        return self._head(key).hash_crc64 or ""

    def delete(self, keys: Sequence[str]) -> None:
        client, models = self._client, sdk().models
        # The request to delete many objects is XML, which cannot contain control characters.
        single = [key for key in keys if len(keys) == 1 or not key.isprintable()]
        several = [key for key in keys if key not in set(single)]
        for key in single:
            with translate_errors(self.where, key):
                client.delete_object(models.DeleteObjectRequest(bucket=self._name, key=key))
        if several:
            with translate_errors(self.where):
                answer = client.delete_multiple_objects(
                    models.DeleteMultipleObjectsRequest(
                        bucket=self._name, objects=[models.DeleteObject(key=key) for key in several]
                    )
                )
            # The response lists what was deleted; the remaining objects are deleted one by one.
            left = set(several) - {each.key for each in answer.deleted_objects or ()}
            for key in left:
                self.delete([key])

    def abandon(self, prefix: str, before: datetime | None = None) -> None:
        client, models = self._client, sdk().models
        with translate_errors(self.where, prefix):
            key_marker = upload_marker = None
            listing = ListingCheck(self.where)
            while True:
                answer = client.list_multipart_uploads(
                    models.ListMultipartUploadsRequest(
                        bucket=self._name,
                        prefix=prefix,
                        key_marker=key_marker,
                        upload_id_marker=upload_marker,
                    )
                )
                for each in answer.uploads or ():
                    if before is not None and (each.initiated is None or each.initiated >= before):
                        continue
                    client.abort_multipart_upload(
                        models.AbortMultipartUploadRequest(
                            bucket=self._name, key=each.key, upload_id=each.upload_id
                        )
                    )
                if not answer.is_truncated:
                    return
                key_marker, upload_marker = answer.next_key_marker, answer.next_upload_id_marker
                listing.add_marker(key_marker, upload_marker)

    def _head(self, key: str) -> Any:
        client = self._client
        with translate_errors(self.where, key):
            found = client.head_object(sdk().models.HeadObjectRequest(bucket=self._name, key=key))
        if found.content_length is None or found.last_modified is None:
            raise invalid_response(self.where)
        return found

    @property
    def _client(self) -> Any:
        with self._connecting:
            if self._connected is None:
                self._connected = connect(self._values)
            return self._connected
