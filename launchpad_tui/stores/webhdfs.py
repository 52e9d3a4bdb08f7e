"""Object store of kind ``webhdfs``: a folder of HDFS or of data lake Files, over HTTP.

Files are written below `STAGING` in the root of the store and then renamed to their final paths. A
rename publishes a whole folder in one step; see `launchpad_tui.stores.webhdfs_tree`.

HDFS does not allow colons in names. A colon is stored as U+F03A of Unicode's private use area, as
other programs do on file systems that do not allow colons.
"""

from __future__ import annotations

import contextlib
import hashlib
import heapq
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

from launchpad_tui.domain.stored_object import FolderPage, StoredObject, join
from launchpad_tui.errors import (
    CapabilityMissing,
    ConfigError,
    InvalidInput,
    ObjectMissing,
    RuntimeRejected,
    Unreachable,
)
from launchpad_tui.net.server_check import ServerAddress
from launchpad_tui.stores.base import (
    CHUNK,
    STAGING,
    Abilities,
    Progress,
    Receiver,
    SourceFile,
    check_path,
    resumed,
)
from launchpad_tui.stores.staging import check_unchanged, open_source
from launchpad_tui.stores.store_errors import (
    hash_mismatch,
    invalid_listing,
    object_missing,
    object_replaced,
)
from launchpad_tui.stores.webhdfs_client import WebHdfsClient
from launchpad_tui.stores.webhdfs_tree import HdfsEntry, HdfsTree

_COLON = "\uf03a"
#: number of folders in a row without a file after which a listing is considered endless
_FOLDER_LIMIT = 100_000


class WebHdfsStore:
    """A folder of HDFS.

    Args:
        values: by the names of the catalog's fields.
    """

    def __init__(self, values: Mapping[str, str]) -> None:
        self._client = WebHdfsClient(values)
        self._root = f"/{check_path(values.get('path_prefix', '').strip('/'), empty=True)}".rstrip(
            "/"
        )
        self._tree = HdfsTree(self._client, self._root)

    @property
    def abilities(self) -> Abilities:
        """See `ObjectStore.abilities`; the checksum of Hadoop also depends on the block size."""
        return Abilities(checksum="MD5-of-MD5-of-CRC", rename=True)

    def endpoint(self) -> ServerAddress | None:
        """See `ObjectStore.endpoint`."""
        return None if self._client.several else self._client.endpoint

    def check(self) -> str:
        """See `ObjectStore.check`.

        A missing folder is not an error, because the first upload creates it.
        """
        server = self._client.endpoint
        scheme = "https" if server.tls else "http"
        where = f"{scheme}://{server.host}:{server.port}, folder {self._root or '/'}"
        try:
            entries, _ = self._tree.page(self._root or "/", "")
        except ObjectMissing:
            return f"{where}, does not exist yet"
        if any(not each.name for each in entries):
            raise ConfigError(
                "The folder of the object store is a file", self._root, "Choose another folder."
            )
        return where

    def list(self, path: str = "", *, limit: int | None = None) -> Iterator[StoredObject]:
        """See `ObjectStore.list`."""
        self._full(path, empty=True)
        for number, each in enumerate(self._walk(path)):
            if limit is not None and number >= limit:
                return
            yield each

    def browse(self, path: str = "", token: str = "", limit: int = 1000) -> FolderPage:
        """See `ObjectStore.browse`.

        ``token`` is the last name of the previous page, as stored in HDFS.
        """
        try:
            entries, more = self._tree.page(self._full(path, empty=True), token)
        except ObjectMissing:
            return FolderPage((), (), missing=bool(path))
        more = more or len(entries) > limit
        shown = [each for each in entries[:limit] if each.name]
        visible = [
            (join(path, _decode(each.name)), each) for each in shown if path or each.name != STAGING
        ]
        return FolderPage(
            tuple(here for here, each in visible if each.folder),
            tuple(each.stored(here) for here, each in visible if not each.folder),
            shown[-1].name if more and shown else "",
            # For a file, HDFS lists the file itself, without a name.
            missing=bool(path and entries and not shown),
        )

    def stat(self, path: str) -> StoredObject:
        """See `ObjectStore.stat`."""
        return self._file(path).stored(path)

    def get(self, path: str, target: BinaryIO, progress: Progress | None = None) -> StoredObject:
        """See `ObjectStore.get`."""
        found = self.stat(path)
        receiver = Receiver(target, progress)
        for chunk in self.read(path, version=found.version):
            receiver.write(chunk)
        return receiver.received(path, found.modified)

    def read(
        self, path: str, offset: int = 0, length: int | None = None, version: str = ""
    ) -> Iterator[bytes]:
        """See `ObjectStore.read`."""
        self._full(path)
        return resumed(lambda at, count: self._read(path, at, count, version), offset, length)

    def put(
        self, path: str, source: Path, sha256: str = "", progress: Progress | None = None
    ) -> StoredObject:
        """See `ObjectStore.put`."""
        final = self._full(path)
        with self._tree.staging() as (_, ready):
            entry, found = self._send(source, ready, progress)
            if sha256 and found != sha256:
                raise hash_mismatch(str(source), found, sha256)
            self._tree.move(ready, final, replace=True)
            return entry.stored(path, found)

    def publish(
        self, path: str, files: Sequence[SourceFile], progress: Progress | None = None
    ) -> tuple[StoredObject, ...]:
        """See `ObjectStore.publish`."""
        final = self._full(path)
        for each in files:
            self._full(join(path, each.path))
        if next(self._walk(path), None) is not None:
            raise self._tree.exists_error(path)
        stored = []
        single = [each.path for each in files] == ["."]
        with self._tree.staging() as (folder, ready):
            created = {folder}
            for each in files:
                target = ready if single else f"{ready}/{_encode(each.path)}"
                parent = target.rpartition("/")[0]
                if parent not in created:
                    self._client.call("PUT", parent, "MKDIRS", writing=True)
                    created.add(parent)
                entry, sha256 = self._send(each.file, target, progress)
                stored.append(entry.stored(join(path, each.path), sha256))
            if files:
                self._tree.move(ready, final, replace=not single)
        return tuple(stored)

    def copy(self, source: str, target: str) -> None:
        """Raise CapabilityMissing: WebHDFS has no operation to copy files."""
        self._full(source)
        self._full(target)
        raise CapabilityMissing(
            "WebHDFS does not copy files",
            "Their content has to be transferred through this machine.",
            "Download the object and upload it again.",
        )

    def checksum(self, path: str) -> str:
        """See `ObjectStore.checksum`.

        The checksum is ``<algorithm>:<hexadecimal>``, because the algorithm depends on the settings
        of Hadoop.
        """
        self._file(path)
        try:
            answer = self._client.call("GET", self._full(path), "GETFILECHECKSUM")
        except RuntimeRejected:
            return ""
        found = answer.get("FileChecksum") or {}
        algorithm, digest = found.get("algorithm"), found.get("bytes")
        return f"{algorithm}:{digest}" if algorithm and digest else ""

    def delete(self, path: str) -> None:
        """See `ObjectStore.delete`.

        Folders that become empty are removed, because object stores have no folders.
        """
        full = self._full(path)
        with contextlib.suppress(ObjectMissing):
            if self._tree.status(full).folder:
                return
            self._client.call("DELETE", full, "DELETE", {"recursive": "false"})
            self._tree.remove_empty(full)

    def delete_prefix(self, path: str) -> int:
        """See `ObjectStore.delete_prefix`; a folder is deleted in one step."""
        full = self._full(path)
        count = sum(1 for _ in self._walk(path))
        with contextlib.suppress(ObjectMissing):
            self._client.call("DELETE", full, "DELETE", {"recursive": "true"})
            self._tree.remove_empty(full)
        return count

    def _full(self, path: str, *, empty: bool = False) -> str:
        """Check a path and return it as an absolute path of HDFS."""
        check_path(path, empty=empty)
        if _COLON in path:
            raise InvalidInput(
                f"The path {path[:80]!r} is not allowed",
                "It contains U+F03A, which stands for a colon in HDFS.",
                "Choose another path.",
                field="path",
            )
        return f"{self._root}/{_encode(path)}" if path else self._root or "/"

    def _file(self, path: str) -> HdfsEntry:
        found = self._tree.status(self._full(path))
        if found.folder:
            raise object_missing(self._client.where, path, "It is a folder.")
        return found

    def _walk(self, path: str) -> Iterator[StoredObject]:
        # A recursive generator would exceed Python's limit in folders of a few hundred levels.
        levels = [self._sorted(path)]
        empty = 0
        while levels:
            here, entry = next(levels[-1], ("", None))
            if entry is None:
                levels.pop()
            elif entry.folder:
                empty += 1
                if empty > _FOLDER_LIMIT:
                    raise invalid_listing(
                        self._client.where, f"{empty:,} folders in a row contain no files."
                    )
                levels.append(self._sorted(here))
            else:
                empty = 0
                yield entry.stored(here)

    def _sorted(self, path: str) -> Iterator[tuple[str, HdfsEntry]]:
        """Yield the entries of a folder with their paths, sorted like the paths of all files."""
        # A folder is yielded after all names that sort before its content.
        waiting: list[tuple[bytes, HdfsEntry]] = []
        with contextlib.suppress(ObjectMissing):
            for each in self._tree.entries(self._full(path, empty=True)):
                if not each.name:
                    if not each.folder:
                        yield path, each
                    return
                if not path and each.name == STAGING:
                    continue
                while waiting and waiting[0][0] < each.name.encode():
                    yield self._placed(path, heapq.heappop(waiting)[1])
                heapq.heappush(waiting, (each.key, each))
        while waiting:
            yield self._placed(path, heapq.heappop(waiting)[1])

    @staticmethod
    def _placed(folder: str, entry: HdfsEntry) -> tuple[str, HdfsEntry]:
        return join(folder, _decode(entry.name)), entry

    def _read(self, path: str, offset: int, length: int | None, version: str) -> Iterator[bytes]:
        found = self._file(path)
        left = max(found.size - offset, 0)
        left = left if length is None else min(length, left)
        self._require_version(path, found, version)
        if left:
            with self._client.content(self._full(path), offset, left) as pieces:
                if version:
                    # The file is open. If the path still has this version, so does the open file.
                    self._require_version(path, self._file(path), version)
                yield from pieces

    def _require_version(self, path: str, found: HdfsEntry, version: str) -> None:
        if version and found.stored(path).version != version:
            raise object_replaced(self._client.where, path)

    def _send(self, source: Path, target: str, progress: Progress | None) -> tuple[HdfsEntry, str]:
        """Upload a file to a new path; return its status and the SHA-256 of the bytes sent."""
        reading = open_source(source)
        try:
            before = os.fstat(reading)
            digest = hashlib.sha256()
            sent = 0

            def pieces() -> Iterator[bytes]:
                nonlocal digest, sent
                if sent and progress is not None:
                    progress(-sent)
                digest, sent = hashlib.sha256(), 0
                os.lseek(reading, 0, os.SEEK_SET)
                while sent < before.st_size and (
                    chunk := os.read(reading, min(CHUNK, before.st_size - sent))
                ):
                    digest.update(chunk)
                    yield chunk
                    sent += len(chunk)
                    if progress is not None:
                        progress(len(chunk))
                check_unchanged(source, reading, before, sent)

            self._client.create(target, before.st_size, pieces)
            check_unchanged(source, reading, before, before.st_size)
        finally:
            os.close(reading)
        entry = self._tree.status(target)
        if entry.size != before.st_size:
            raise Unreachable(
                f"The upload to {self._client.where} is incomplete",
                f"{entry.size:,} of {before.st_size:,} bytes were stored.",
                "Try again.",
            )
        return entry, digest.hexdigest()


def _encode(path: str) -> str:
    return path.replace(":", _COLON)


def _decode(name: str) -> str:
    return name.replace(_COLON, ":")
