"""Object stores that are buckets (objects under keys, no folders, no rename) as `ObjectStore`: `BucketStore`.

A folder of objects cannot appear in a bucket at once. So it is published under a notice: before its first object is
sent, ``.launchpad-staging/<hash of its path>.json`` is stored, and removed after the last one. `list`, `browse` and
`stat` leave out what a notice stands for; removing it is one step, and by it the folder appears. Notices whose makers
died are taken away after a week, with what they hid. A single file needs none: an object appears whole. (Programs that
know nothing of notices see the objects as they come.)

Objects carry their SHA-256 in the metadata ``sha256``, since what a bucket says of an object's content (an ETag, a CRC)
is no strong hash of it.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO, Protocol

from launchpad_tui.domain.timestamps import now
from launchpad_tui.errors import (
    Conflict,
    LaunchpadError,
    ObjectMissing,
    PermissionDenied,
    Unreachable,
)
from launchpad_tui.stores.base import (
    STAGING,
    Abilities,
    Endpoint,
    FolderPage,
    Progress,
    Receiver,
    SourceFile,
    StoredObject,
    check_path,
    join,
    relative_to,
    resumed,
)
from launchpad_tui.stores.staging import check_unchanged, open_source

PAGE = 1000
_NOTICE_AGE = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class BucketPage:
    """A page of a bucket's listing: objects (``path`` is the whole key) and common prefixes, by their keys."""

    objects: tuple[StoredObject, ...]
    prefixes: tuple[str, ...] = ()
    next: str = ""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file to send. ``size`` in bytes, ``sha256`` hexadecimal, kept as metadata."""

    key: str
    file: Path
    size: int
    sha256: str


class Bucket(Protocol):
    """What an adapter does for `BucketStore`. Keys are whole: with the path prefix. All calls may come from any thread,
    and leave only errors of launchpad behind, as they stand in `ObjectStore`."""

    #: how messages name it, such as ``The bucket 'models'``
    where: str
    abilities: Abilities

    def endpoint(self) -> Endpoint | None:
        """See `ObjectStore.endpoint`."""

    def check(self, prefix: str) -> str:
        """List one object below the prefix, so that an error tells what is wrong; says in a few words where it is."""

    def page(
        self, prefix: str, *, delimiter: str = "", token: str = "", limit: int = PAGE
    ) -> BucketPage:
        """A page of the objects whose keys begin with the prefix, in the bucket's own order, in one call.

        Args:
            delimiter: ``/`` so that what lies below a further one becomes a common prefix.
        """

    def head(self, key: str) -> StoredObject:
        """The object of this key. Raises ObjectMissing."""

    def read(self, key: str, offset: int, length: int | None, version: str) -> Iterator[bytes]:
        """One answer's bytes. Raises ObjectMissing, Conflict (another version), Unreachable (it broke off)."""

    def upload(self, plan: Sequence[Upload], progress: Progress | None) -> None:
        """Send files, each whole or not at all. Where one fails, or ``progress`` raises, the others are given up, and
        parts that were sent are taken back."""

    def create(self, key: str, body: bytes) -> None:
        """Store a small object. Raises Conflict: there is one of this key."""

    def copy(self, source: str, target: str) -> None:
        """See `ObjectStore.copy`."""

    def checksum(self, key: str) -> str:
        """See `ObjectStore.checksum`."""

    def delete(self, keys: Sequence[str]) -> None:
        """Delete at most `PAGE` objects; those that are not there are fine."""

    def abandon(self, prefix: str, before: datetime | None = None) -> None:
        """Take away parts below the prefix that were never put together, where the bucket keeps such: of all uploads,
        or of those begun before a moment."""


class BucketStore:
    """A bucket, or what lies below a path prefix in it, as an `ObjectStore`."""

    def __init__(self, bucket: Bucket, prefix: str) -> None:
        self._bucket = bucket
        self.prefix = check_path(prefix.strip("/"), empty=True)

    @property
    def abilities(self) -> Abilities:
        """See `ObjectStore.abilities`."""
        return self._bucket.abilities

    def endpoint(self) -> Endpoint | None:
        """See `ObjectStore.endpoint`."""
        return self._bucket.endpoint()

    def check(self) -> str:
        """See `ObjectStore.check`."""
        return self._bucket.check(f"{self.prefix}/" if self.prefix else "")

    def list(self, path: str = "", *, limit: int | None = None) -> Iterator[StoredObject]:
        """See `ObjectStore.list`; ``sha256`` is empty, as listings hold none."""
        check_path(path, empty=True)
        for number, each in enumerate(self._list(path)):
            if limit is not None and number >= limit:
                return
            yield each

    def browse(self, path: str = "", token: str = "", limit: int = PAGE) -> FolderPage:
        """See `ObjectStore.browse`."""
        prefix = self._key(check_path(path, empty=True))
        before = self._notices()
        page = self._bucket.page(
            f"{prefix}/" if prefix else "", delimiter="/", token=token, limit=limit
        )
        hidden = {*before, *self._notices()}
        folders = [
            relative_to(each.rstrip("/"), self.prefix) for each in page.prefixes if each.strip("/")
        ]
        return FolderPage(
            tuple(each for each in folders if each != STAGING and not _covers(hidden, each)),
            tuple(self._visible(page, hidden)),
            page.next,
        )

    def stat(self, path: str) -> StoredObject:
        """See `ObjectStore.stat`; ``sha256`` as its metadata says."""
        if _covers(self._notices(), check_path(path)):
            raise ObjectMissing(
                f"{self._bucket.where} has nothing at {path[:200]!r}", "It is being stored."
            )
        return self._head(path)

    def get(self, path: str, target: BinaryIO, progress: Progress | None = None) -> StoredObject:
        """See `ObjectStore.get`."""
        found = self._head(check_path(path))
        receiver = Receiver(target, progress)
        for chunk in self.read(path, version=found.version):
            receiver.write(chunk)
        got = receiver.received(path, found.modified)
        if got.size != found.size:
            raise Unreachable(
                f"{self._bucket.where} broke off",
                f"{got.size:,} of {found.size:,} bytes of {path[:200]!r} came.",
            )
        return got

    def read(
        self, path: str, offset: int = 0, length: int | None = None, version: str = ""
    ) -> Iterator[bytes]:
        """See `ObjectStore.read`."""
        key = self._key(check_path(path))
        # What is taken up again must be of the same object.
        version = version or self._head(path).version
        return resumed(lambda at, count: self._bucket.read(key, at, count, version), offset, length)

    def put(
        self, path: str, source: Path, sha256: str = "", progress: Progress | None = None
    ) -> StoredObject:
        """See `ObjectStore.put`; the source is read twice, since its hash is sent first."""
        check_path(path)
        (stored,) = self._upload([(path, source)], progress, sha256)
        return stored

    def copy(self, source: str, target: str) -> None:
        """See `ObjectStore.copy`."""
        self._bucket.copy(self._key(check_path(source)), self._key(check_path(target)))

    def checksum(self, path: str) -> str:
        """See `ObjectStore.checksum`."""
        return self._bucket.checksum(self._key(check_path(path)))

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
                f"{self._bucket.where} has something at {path[:200]!r} already",
                hint="Delete it, or take another path.",
            )
        sources = [(join(path, each.path), each.file) for each in files]
        if [each.path for each in files] == ["."]:
            return self._upload(sources, progress)
        notice = self._notice_key(path)
        self._bucket.create(notice, json.dumps({"path": path}).encode())
        try:
            stored = self._upload(sources, progress)
        except BaseException:
            # What cannot be removed now (the network may be gone) stays hidden until the notice is old.
            with contextlib.suppress(Exception):
                self._discard(path, notice)
            raise
        self._bucket.delete([notice])
        return stored

    def delete(self, path: str) -> None:
        """See `ObjectStore.delete`."""
        self._bucket.delete([self._key(check_path(path))])

    def delete_prefix(self, path: str) -> int:
        """See `ObjectStore.delete_prefix`."""
        keys = [self._key(each.path) for each in self._list(check_path(path), hidden=False)]
        for start in range(0, len(keys), PAGE):
            self._bucket.delete(keys[start : start + PAGE])
        return len(keys)

    def _key(self, path: str) -> str:
        return join(self.prefix, path or ".") if self.prefix else path

    def _head(self, path: str) -> StoredObject:
        try:
            found = self._bucket.head(self._key(path))
        except PermissionDenied:
            # The answer to HEAD has no body, hence no code: a listing tells a wrong key from a forbidden object.
            with contextlib.suppress(PermissionDenied):
                self.check()
            raise
        except ObjectMissing:
            self.check()
            raise
        return StoredObject(path, found.size, found.modified, found.sha256, found.version)

    def _list(self, path: str, *, hidden: bool = True) -> Iterator[StoredObject]:
        prefix = self._key(path)
        before = self._notices() if hidden else set()
        if path:
            # The path itself sorts before all that begins with it.
            page = self._bucket.page(prefix, limit=1)
            yield from (each for each in self._visible(page, before) if each.path == path)
        token = ""
        while True:
            page = self._bucket.page(f"{prefix}/" if prefix else "", token=token)
            after = self._notices() if hidden and page.objects else before
            yield from self._visible(page, {*before, *after})
            token, before = page.next, after
            if not token:
                return

    def _visible(self, page: BucketPage, notices: Collection[str]) -> Iterator[StoredObject]:
        for each in page.objects:
            path = relative_to(each.path, self.prefix)
            # Consoles make an object "folder/" for a folder.
            if (
                not path.endswith("/")
                and not path.startswith(f"{STAGING}/")
                and not _covers(notices, path)
            ):
                yield StoredObject(path, each.size, each.modified, "", each.version)

    def _notice_key(self, path: str) -> str:
        return self._key(f"{STAGING}/{hashlib.sha256(path.encode()).hexdigest()}.json")

    def _notices(self, older_than: datetime | None = None) -> set[str]:
        """Paths that are being published."""
        notices: set[str] = set()
        for each in self._bucket.page(f"{self._key(STAGING)}/").objects:
            if older_than is not None and each.modified > older_than:
                continue
            with contextlib.suppress(ObjectMissing, ValueError, KeyError):
                path = str(json.loads(b"".join(self._bucket.read(each.path, 0, None, "")))["path"])
                if self._notice_key(path) == each.path:
                    notices.add(path)
        return notices

    def _sweep(self) -> None:
        """Take away what makers that died left behind a week ago."""
        old = now() - _NOTICE_AGE
        for path in self._notices(older_than=old):
            self._discard(path, self._notice_key(path))
        # Some keys may store, but not list what is being stored.
        with contextlib.suppress(LaunchpadError):
            self._bucket.abandon(f"{self.prefix}/" if self.prefix else "", old)

    def _discard(self, path: str, notice: str) -> None:
        """Take away what a publication left, its parts that were never put together, and its notice, in this order."""
        self.delete_prefix(path)
        with contextlib.suppress(LaunchpadError):
            self._bucket.abandon(f"{self._key(path)}/")
        self._bucket.delete([notice])

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
                    raise Conflict(
                        "A file is not what it was", f"{source} has SHA-256 {found}, not {sha256}."
                    )
                checks.append((path, source, handle, before))
                plan.append(Upload(self._key(path), source, before.st_size, found))
                stored.append(StoredObject(path, before.st_size, now(), found))
            self._bucket.upload(plan, progress)
            for path, source, handle, before in checks:
                try:
                    check_unchanged(source, handle, before, before.st_size)
                except Conflict:
                    self.delete(path)
                    raise
        return tuple(stored)


def _covers(notices: Collection[str], path: str) -> bool:
    return any(path == notice or path.startswith(f"{notice}/") for notice in notices)
