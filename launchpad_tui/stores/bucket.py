"""Object stores that are buckets: objects under keys, without folders and renames.

A folder is published under a marker, as `launchpad_tui.stores.publication` describes: `list`,
`browse` and `stat` hide it until it is complete. A single file needs no marker, because an object
appears completely. (Other programs see the objects as they are uploaded.)

The SHA-256 of each object is stored in its metadata ``sha256``, because the checksums of buckets
(an ETag, a CRC) are not strong hashes of the content.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import threading
from collections.abc import Collection, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO

from launchpad_tui.domain.stored_object import FolderPage, StoredObject, join, relative_to
from launchpad_tui.domain.timestamps import now
from launchpad_tui.errors import (
    Conflict,
    InvalidInput,
    LaunchpadError,
    ObjectMissing,
    PermissionDenied,
    RateLimited,
    Unreachable,
)
from launchpad_tui.net.server_check import ServerAddress
from launchpad_tui.stores.base import (
    STAGING,
    Abilities,
    Progress,
    Receiver,
    SourceFile,
    check_path,
    resumed,
)
from launchpad_tui.stores.bucket_protocol import PAGE, Bucket, BucketPage, Upload
from launchpad_tui.stores.object_keys import ListingCheck, PathBucket
from launchpad_tui.stores.outages import Outage, wait_through_outages
from launchpad_tui.stores.publication import Publications, covers
from launchpad_tui.stores.publication_lease import LEASE_SECONDS
from launchpad_tui.stores.staging import check_unchanged, open_source
from launchpad_tui.stores.store_errors import (
    already_exists,
    hash_mismatch,
    interrupted,
    invalid_content,
    invalid_listing,
    object_missing,
    upload_in_progress,
)

#: Age after which parts of an incomplete upload are deleted.
_ABANDONED = timedelta(days=7)
#: The greatest number of markers of publications, all of which are kept in memory.
_MARKER_LIMIT = 100_000
#: The greatest number of objects that one call deletes, all of whose keys are kept in memory.
DELETE_LIMIT = 1_000_000


class BucketStore:
    """A bucket, or the objects below a path prefix in it, as an `ObjectStore`."""

    def __init__(self, bucket: Bucket, prefix: str) -> None:
        self._bucket = PathBucket(bucket)
        self.prefix = check_path(prefix.strip("/"), empty=True)
        self._publications = Publications(
            self._bucket,
            f"{self._key(STAGING)}/",
            self._objects,
            self._has_objects,
            self._remove,
        )

    @property
    def abilities(self) -> Abilities:
        """See `ObjectStore.abilities`."""
        return self._bucket.abilities

    def endpoint(self) -> ServerAddress | None:
        """See `ObjectStore.endpoint`."""
        return self._bucket.endpoint()

    def check(self) -> str:
        """See `ObjectStore.check`."""
        return self._bucket.check(f"{self.prefix}/" if self.prefix else "")

    def list(self, path: str = "", *, limit: int | None = None) -> Iterator[StoredObject]:
        """See `ObjectStore.list`; ``sha256`` is empty, because listings do not contain it."""
        check_path(path, empty=True)
        for number, each in enumerate(self._list(path)):
            if limit is not None and number >= limit:
                return
            yield each

    def browse(self, path: str = "", token: str = "", limit: int = PAGE) -> FolderPage:
        """See `ObjectStore.browse`."""
        prefix = self._key(check_path(path, empty=True))
        before = self._publications.unfinished()
        page = self._bucket.page(
            f"{prefix}/" if prefix else "", delimiter="/", token=token, limit=limit
        )
        hidden = before | self._publications.unfinished()
        folders = [
            relative_to(each.rstrip("/"), self.prefix) for each in page.prefixes if each.strip("/")
        ]
        return FolderPage(
            tuple(each for each in folders if each != STAGING and not covers(hidden, each)),
            tuple(self._visible(page, hidden)),
            page.next,
            missing=bool(path and not (token or page.next or page.prefixes or page.objects)),
        )

    def stat(self, path: str) -> StoredObject:
        """See `ObjectStore.stat`; ``sha256`` is read from the metadata."""
        if covers(self._publications.unfinished(), check_path(path)):
            raise object_missing(self._bucket.where, path, "It is being stored.")
        return self._head(path)

    def get(self, path: str, target: BinaryIO, progress: Progress | None = None) -> StoredObject:
        """See `ObjectStore.get`."""
        found = self._head(check_path(path))
        receiver = Receiver(target, progress)
        size = 0
        for chunk in self.read(path, version=found.version):
            size += len(chunk)
            if size > found.size:
                raise invalid_content(self._bucket.where, path, found.size)
            receiver.write(chunk)
        got = receiver.received(path, found.modified)
        if got.size != found.size:
            raise interrupted(self._bucket.where, path, got.size, found.size)
        return got

    def read(
        self, path: str, offset: int = 0, length: int | None = None, version: str = ""
    ) -> Iterator[bytes]:
        """See `ObjectStore.read`."""
        key = self._key(check_path(path))
        # A resumed download must continue with the same version.
        version = version or wait_through_outages(lambda: self._head(path)).version
        return resumed(lambda at, count: self._bucket.read(key, at, count, version), offset, length)

    def put(
        self, path: str, source: Path, sha256: str = "", progress: Progress | None = None
    ) -> StoredObject:
        """See `ObjectStore.put`; the source is read twice, because its hash is sent first."""
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
        """See `ObjectStore.publish` and the docstring of this module."""
        check_path(path)
        for each in files:
            check_path(join(path, each.path))
        unfinished = wait_through_outages(lambda: self._publications.sweep(path))
        # Some credentials may store objects, but not list incomplete uploads.
        with contextlib.suppress(LaunchpadError):
            root = f"{self.prefix}/" if self.prefix else ""
            self._bucket.abandon(root, now() - _ABANDONED)
        if covers(unfinished, path.rpartition("/")[0]):
            raise upload_in_progress(
                self._bucket.where, path.rpartition("/")[0], None, LEASE_SECONDS
            )
        sources = [(join(path, each.path), each.file) for each in files]
        if [each.path for each in files] == ["."] and not covers(unfinished, path):
            if wait_through_outages(lambda: self._has_objects(path)):
                raise already_exists(self._bucket.where, path)
            return self._upload(sources, progress)
        with self._publications.publishing(path) as lease:
            return self._upload(sources, lease.reporting(progress))

    def delete(self, path: str) -> None:
        """See `ObjectStore.delete`."""
        self._bucket.delete([self._key(check_path(path))])

    def delete_prefix(self, path: str) -> int:
        """See `ObjectStore.delete_prefix`."""
        check_path(path)
        self._publications.clear(path)
        unfinished = self._publications.sweep(path, unowned=0.0)
        for each in self._list(path, hidden=False) if unfinished else ():
            if covers(unfinished, each.path):
                raise upload_in_progress(self._bucket.where, each.path, None, LEASE_SECONDS)
        return self._delete_objects(path)

    def _delete_objects(self, path: str) -> int:
        # Objects are not deleted while they are listed: the listing could skip some.
        keys: dict[str, None] = {}
        more = False
        for each in self._list(path, hidden=False):
            more = len(keys) == DELETE_LIMIT
            if more:
                break
            keys[self._key(each.path)] = None
        names = list(keys)
        for start in range(0, len(names), PAGE):
            self._bucket.delete(names[start : start + PAGE])
        if more:
            raise InvalidInput(
                f"{path[:200]} has more than {DELETE_LIMIT:,} files",
                f"{DELETE_LIMIT:,} of them were deleted.",
                "Repeat the deletion for the other ones.",
                field="path",
            )
        return len(names)

    def _remove(self, path: str) -> None:
        """Delete the objects and incomplete uploads at and below a path, also hidden ones."""
        self._delete_objects(path)
        with contextlib.suppress(LaunchpadError):
            self._bucket.abandon(f"{self._key(path)}/")

    def _has_objects(self, path: str) -> bool:
        return next(self._list(path, hidden=False), None) is not None

    def _objects(self, prefix: str) -> Iterator[StoredObject]:
        """Yield all objects whose keys begin with a prefix; their paths are the keys."""
        token, listing, count = "", ListingCheck(self._bucket.where), 0
        while True:
            page = self._bucket.page(prefix, token=token)
            listing.add(page)
            count += len(page.objects)
            if count > _MARKER_LIMIT and prefix.startswith(self._key(STAGING)):
                raise invalid_listing(
                    self._bucket.where, f"There are more than {_MARKER_LIMIT:,} unfinished uploads."
                )
            yield from page.objects
            token = page.next
            if not token:
                return

    def _key(self, path: str) -> str:
        return join(self.prefix, path or ".") if self.prefix else path

    def _head(self, path: str) -> StoredObject:
        try:
            found = self._bucket.head(self._key(path))
        except PermissionDenied:
            # The response to HEAD has no body: only a listing distinguishes wrong credentials from
            # a forbidden object.
            with contextlib.suppress(PermissionDenied):
                self.check()
            raise
        except ObjectMissing:
            self.check()
            raise
        return StoredObject(path, found.size, found.modified, found.sha256, found.version)

    def _list(self, path: str, *, hidden: bool = True) -> Iterator[StoredObject]:
        prefix = self._key(path)
        nothing: frozenset[str] = frozenset()
        before = self._publications.unfinished() if hidden else nothing
        if path:
            # The path itself comes before all keys that begin with it.
            page = self._bucket.page(prefix, limit=1)
            yield from (each for each in self._visible(page, before) if each.path == path)
        token, listing = "", ListingCheck(self._bucket.where)
        while True:
            page = self._bucket.page(f"{prefix}/" if prefix else "", token=token)
            listing.add(page)
            after = self._publications.unfinished() if hidden and page.objects else before
            yield from self._visible(page, before | after)
            token, before = page.next, after
            if not token:
                return

    def _visible(self, page: BucketPage, unfinished: Collection[str]) -> Iterator[StoredObject]:
        for each in page.objects:
            path = relative_to(each.path, self.prefix)
            # Web consoles create an object "folder/" for a folder.
            if (
                not path.endswith("/")
                and not path.startswith(f"{STAGING}/")
                and not covers(unfinished, path)
            ):
                yield StoredObject(path, each.size, each.modified, "", each.version)

    def _send(self, plan: Sequence[Upload], progress: Progress | None) -> None:
        """Upload files. Those that are not stored after an outage of the server are sent again."""
        outage = Outage()
        left = list(plan)
        while True:
            counter = _Counter(progress)
            try:
                self._bucket.upload(left, counter.report if progress is not None else None)
                return
            except (Unreachable, RateLimited) as error:
                if not outage.wait(error):
                    raise
            stored = wait_through_outages(functools.partial(self._stored, left))
            if progress is not None:
                progress(sum(each.size for each in stored) - counter.count)
            if stored:
                outage.reset()
            left = [each for each in left if each not in stored]
            if not left:
                return

    def _stored(self, plan: Sequence[Upload]) -> Sequence[Upload]:
        """Return the files that are already stored with their content."""
        stored = []
        for each in plan:
            with contextlib.suppress(ObjectMissing):
                found = self._bucket.head(each.key)
                if (found.size, found.sha256) == (each.size, each.sha256):
                    stored.append(each)
        return stored

    def _upload(
        self, sources: Sequence[tuple[str, Path]], progress: Progress | None, sha256: str = ""
    ) -> tuple[StoredObject, ...]:
        stored, plan = [], []
        with contextlib.ExitStack() as open_files:
            checks = []
            for path, source in sources:
                handle = open_source(source)
                open_files.callback(os.close, handle)
                before = os.fstat(handle)
                with open(handle, "rb", closefd=False) as file:
                    found = hashlib.file_digest(file, "sha256").hexdigest()
                if sha256 and found != sha256:
                    raise hash_mismatch(str(source), found, sha256)
                checks.append((path, source, handle, before))
                plan.append(Upload(self._key(path), source, before.st_size, found))
                stored.append(StoredObject(path, before.st_size, now(), found))
            self._send(plan, progress)
            for path, source, handle, before in checks:
                try:
                    check_unchanged(source, handle, before, before.st_size)
                except Conflict:
                    self.delete(path)
                    raise
        return tuple(stored)


class _Counter:
    """Counts the progress of an upload that may have to be sent again."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress = progress
        self._lock = threading.Lock()
        self.count = 0

    def report(self, count: int) -> None:
        with self._lock:
            self.count += count
        if self._progress is not None:
            self._progress(count)
