"""Object store of kind ``s3``: a bucket of Amazon S3, or of a server that speaks its protocol; boto3 does the talking.

S3 has no rename, and a folder of objects cannot appear at once. So a folder is published under a notice: before its
first object is sent, ``.launchpad-staging/<hash of its path>.json`` is stored, and removed after the last one. `list`
and `stat` leave out what a notice stands for; removing it is one step, and by it the folder appears. Notices whose
makers died are taken away after a week, with what they hid. A single file needs none: an object appears whole.
(Programs that know nothing of notices see the objects as they come.)

Objects carry their SHA-256 in the metadata ``sha256``, since an ETag of a multipart upload is no hash of the content.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from launchpad_tui.domain.moments import now
from launchpad_tui.errors import (
    Conflict,
    ObjectMissing,
    PermissionDenied,
    RuntimeRejected,
)
from launchpad_tui.stores.base import (
    STAGING,
    Progress,
    Receiver,
    SourceFile,
    StoredObject,
    check_path,
    join,
    relative_to,
)
from launchpad_tui.stores.s3_client import connect, download, upload
from launchpad_tui.stores.s3_errors import translated
from launchpad_tui.stores.staging import check_unchanged, open_source

if TYPE_CHECKING:
    from botocore.client import BaseClient

_PAGE = 1000
_NOTICE_AGE = timedelta(days=7)
#: S3 asks for a checksum where many objects are deleted at once; servers that know another one only answer with these
_NO_BATCH = {"InvalidRequest", "MissingContentMD5", "NotImplemented", "InvalidDigest", "MalformedXML", "501"}


class S3Store:
    """A bucket, or what lies below a path prefix in it; ``values`` by the fields of the catalog."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = dict(values)
        self.bucket = values["bucket"]
        self.prefix = check_path(values.get("path_prefix", "").strip("/"), empty=True)
        self._where = f"The bucket {self.bucket!r}"
        self._connecting = threading.Lock()
        self._connected: BaseClient | None = None

    def check(self) -> str:
        """See `ObjectStore.check`."""
        with translated(self._where):
            # A listing answers with a code in its body; HEAD would only say 403.
            self._client.list_objects_v2(Bucket=self.bucket, Prefix=self._key(""), MaxKeys=1)
            endpoint = self._client.meta.endpoint_url
        return f"{endpoint}, bucket {self.bucket}" + (f", {self.prefix}" if self.prefix else "")

    def list(self, path: str = "", *, limit: int | None = None) -> Iterator[StoredObject]:
        """See `ObjectStore.list`; ``sha256`` is empty, as S3's listings hold none."""
        check_path(path, empty=True)
        for number, each in enumerate(self._list(path)):
            if limit is not None and number >= limit:
                return
            yield each

    def stat(self, path: str) -> StoredObject:
        """See `ObjectStore.stat`; ``sha256`` as its metadata says."""
        if _covers(self._notices(), check_path(path)):
            raise ObjectMissing(f"{self._where} has nothing at {path[:200]!r}", "It is being stored.")
        return self._head(path)

    def get(self, path: str, target: BinaryIO, progress: Progress | None = None) -> StoredObject:
        """See `ObjectStore.get`."""
        found = self._head(check_path(path))
        receiver = Receiver(target, progress)
        with translated(self._where, path):
            download(self._client, self.bucket, self._key(path), receiver)
        return receiver.received(path, found.modified)

    def put(self, path: str, source: Path, sha256: str = "", progress: Progress | None = None) -> StoredObject:
        """See `ObjectStore.put`; the source is read twice, since its hash is sent first."""
        check_path(path)
        (stored,) = self._upload([(path, source)], progress, sha256)
        return stored

    def publish(
        self, path: str, files: Sequence[SourceFile], progress: Progress | None = None
    ) -> tuple[StoredObject, ...]:
        """See `ObjectStore.publish`, and this module's beginning."""
        check_path(path)
        for each in files:
            check_path(join(path, each.path))
        self._sweep()
        if next(self._list(path, hidden=False), None) is not None:
            raise Conflict(
                f"{self._where} has something at {path[:200]!r} already", hint="Delete it, or take another path."
            )
        sources = [(join(path, each.path), each.file) for each in files]
        if [each.path for each in files] == ["."]:
            return self._upload(sources, progress)
        notice = self._notice_key(path)
        with translated(self._where, path):
            body = json.dumps({"path": path}).encode()
            self._client.put_object(Bucket=self.bucket, Key=notice, Body=body, IfNoneMatch="*")
        try:
            stored = self._upload(sources, progress)
        except BaseException:
            # What cannot be removed now (the network may be gone) stays hidden until the notice is old.
            with contextlib.suppress(Exception):
                self._discard(path, notice)
            raise
        with translated(self._where, path):
            self._client.delete_object(Bucket=self.bucket, Key=notice)
        return stored

    def delete(self, path: str) -> None:
        """See `ObjectStore.delete`."""
        with translated(self._where, path):
            self._client.delete_object(Bucket=self.bucket, Key=self._key(check_path(path)))

    def delete_prefix(self, path: str) -> int:
        """See `ObjectStore.delete_prefix`."""
        keys = [self._key(each.path) for each in self._list(check_path(path), hidden=False)]
        for start in range(0, len(keys), _PAGE):
            self._delete(keys[start : start + _PAGE])
        return len(keys)

    @property
    def _client(self) -> Any:
        with self._connecting:
            if self._connected is None:
                with translated(self._where):
                    self._connected = connect(self._values)
            return self._connected

    def _key(self, path: str) -> str:
        return join(self.prefix, path) if self.prefix else path

    def _head(self, path: str) -> StoredObject:
        try:
            with translated(self._where, path):
                found = self._client.head_object(Bucket=self.bucket, Key=self._key(path))
        except PermissionDenied:
            # The answer to HEAD has no body, hence no code: a listing tells a wrong key from a forbidden object.
            with contextlib.suppress(PermissionDenied):
                self.check()
            raise
        except ObjectMissing:
            self.check()
            raise
        sha256 = str(found.get("Metadata", {}).get("sha256", ""))
        return StoredObject(path, int(found["ContentLength"]), found["LastModified"], sha256)

    def _list(self, path: str, *, hidden: bool = True) -> Iterator[StoredObject]:
        if path:
            # The path itself sorts before all that begins with it.
            for each in self._page({"Prefix": self._key(path), "MaxKeys": 1}, hidden)[0]:
                if each.path == path:
                    yield each
        prefix = self._key(path)
        request: dict[str, Any] = {"Prefix": f"{prefix}/" if prefix else ""}
        while True:
            objects, token = self._page({**request, "MaxKeys": _PAGE}, hidden)
            yield from objects
            if not token:
                return
            request = {"Prefix": request["Prefix"], "ContinuationToken": token}

    def _page(self, request: Mapping[str, Any], hidden: bool) -> tuple[Sequence[StoredObject], str]:
        before = self._notices() if hidden else ()
        with translated(self._where):
            answer = self._client.list_objects_v2(Bucket=self.bucket, **request)
        found = []
        for each in answer.get("Contents", ()):
            path = relative_to(each["Key"], self.prefix)
            # Consoles make an object "folder/" for a folder.
            if not path.endswith("/") and not path.startswith(f"{STAGING}/"):
                found.append(StoredObject(path, int(each["Size"]), each["LastModified"]))
        if found and hidden:
            notices = {*before, *self._notices()}
            found = [each for each in found if not _covers(notices, each.path)]
        return found, answer.get("NextContinuationToken", "") if answer.get("IsTruncated") else ""

    def _notice_key(self, path: str) -> str:
        return self._key(f"{STAGING}/{hashlib.sha256(path.encode()).hexdigest()}.json")

    def _notices(self, older_than: datetime | None = None) -> dict[str, str]:
        """Paths that are being published, with the keys of their notices."""
        notices = {}
        with translated(self._where):
            answer = self._client.list_objects_v2(Bucket=self.bucket, Prefix=self._key(f"{STAGING}/"), MaxKeys=_PAGE)
        for each in answer.get("Contents", ()):
            if older_than is not None and each["LastModified"] > older_than:
                continue
            with contextlib.suppress(ObjectMissing, ValueError, KeyError), translated(self._where, each["Key"]):
                body = self._client.get_object(Bucket=self.bucket, Key=each["Key"])["Body"].read()
                notices[str(json.loads(body)["path"])] = str(each["Key"])
        return notices

    def _sweep(self) -> None:
        for path, notice in self._notices(older_than=now() - _NOTICE_AGE).items():
            if self._notice_key(path) == notice:
                self._discard(path, notice)

    def _discard(self, path: str, notice: str) -> None:
        """Take away what a publication left, its parts that were never put together, and its notice, in this order."""
        self.delete_prefix(path)
        with contextlib.suppress(RuntimeRejected, PermissionDenied), translated(self._where, path):
            uploads = self._client.list_multipart_uploads(Bucket=self.bucket, Prefix=f"{self._key(path)}/")
            for each in uploads.get("Uploads", ()):
                self._client.abort_multipart_upload(Bucket=self.bucket, Key=each["Key"], UploadId=each["UploadId"])
        with translated(self._where, path):
            self._client.delete_object(Bucket=self.bucket, Key=notice)

    def _upload(
        self, sources: Sequence[tuple[str, Path]], progress: Progress | None, sha256: str = ""
    ) -> tuple[StoredObject, ...]:
        stored, plan = [], []
        with contextlib.ExitStack() as held:
            checks = []
            for path, source in sources:
                handle = open_source(source)
                held.callback(os.close, handle)
                before = os.fstat(handle)
                with open(handle, "rb", closefd=False) as file:
                    found = hashlib.file_digest(file, "sha256").hexdigest()
                if sha256 and found != sha256:
                    raise Conflict("A file is not what it was", f"{source} has SHA-256 {found}, not {sha256}.")
                checks.append((path, source, handle, before))
                plan.append((self._key(path), source, found))
                stored.append(StoredObject(path, before.st_size, now(), found))
            with translated(self._where, sources[0][0] if sources else ""):
                upload(self._client, self.bucket, plan, progress)
            for path, source, handle, before in checks:
                try:
                    check_unchanged(source, handle, before, before.st_size)
                except Conflict:
                    self.delete(path)
                    raise
        return tuple(stored)

    def _delete(self, keys: Sequence[str]) -> None:
        try:
            with translated(self._where):
                request = {"Objects": [{"Key": key} for key in keys], "Quiet": True}
                failed = self._client.delete_objects(Bucket=self.bucket, Delete=request).get("Errors", ())
        except RuntimeRejected as error:
            if error.code not in _NO_BATCH:
                raise
            failed = [{"Key": key} for key in keys]
        for each in failed:
            # Again, one by one: either it works or it raises what is wrong.
            with translated(self._where, each["Key"]):
                self._client.delete_object(Bucket=self.bucket, Key=each["Key"])


def _covers(notices: Mapping[str, str] | set[str], path: str) -> bool:
    return any(path == notice or path.startswith(f"{notice}/") for notice in notices)
