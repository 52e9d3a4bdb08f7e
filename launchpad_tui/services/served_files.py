"""Files of object stores for clients of the served AI API; uploads are staged until complete."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from launchpad_tui.config.atomic import make_private_folder
from launchpad_tui.config.paths import Home
from launchpad_tui.domain.connection import Scope
from launchpad_tui.domain.stored_object import StoredObject
from launchpad_tui.errors import InvalidInput
from launchpad_tui.registry import connections
from launchpad_tui.services.files import FileService
from launchpad_tui.services.local_files import local_error, source_files
from launchpad_tui.services.storage_quota import Reservation, StorageQuota
from launchpad_tui.stores.base import ObjectStore, SourceFile, check_path

#: Seconds after which an upload that was not published is deleted.
ABANDONED_SECONDS = 24 * 3600
_UPLOAD = re.compile(r"[0-9a-f]{32}")


class ServedFiles:
    """Stores uploaded files atomically. Safe for several threads and processes."""

    def __init__(self, home: Home, files: FileService, quota: StorageQuota) -> None:
        self._base = home.root / "uploads"
        self._files = files
        self._quota = quota

    def store(self, scope: Scope, name: str) -> ObjectStore:
        """Return the object store with this name. Raises the errors of `FileService.store`."""
        return self._files.store(scope, name)

    @contextlib.contextmanager
    def incoming(self, client: str) -> Iterator[tuple[Path, Reservation]]:
        """Yield an empty file for an upload, and the reservation that has to grow with it.

        The file is deleted afterwards unless it was moved.

        Args:
            client: The ID of the client.

        Raises:
            StorageFull, PermissionDenied: The file cannot be created.
            StorageQuotaExceeded: The client may not store more files.
        """
        self._delete_abandoned()
        try:
            self._base.mkdir(mode=0o700, exist_ok=True)
            handle, name = tempfile.mkstemp(prefix="part-", dir=self._base)
        except OSError as error:
            raise local_error(error, self._base) from error
        os.close(handle)
        path = Path(name)
        try:
            with self._quota.receiving(client) as reservation:
                yield path, reservation
        finally:
            path.unlink(missing_ok=True)

    def put(
        self,
        scope: Scope,
        store: str,
        path: str,
        source: Path,
        client: str,
        *,
        replace: bool = False,
    ) -> StoredObject:
        """Store a file of a client.

        Raises:
            Conflict: An object exists at the path and ``replace`` is not set.
            StorageQuotaExceeded: The disk of the store has too little free space.
            Unreachable and others: As for `ObjectStore.put`.
        """
        target = self._files.store(scope, store)
        self._require_space(scope, store, [source])
        if replace:
            stored = target.put(path, source)
        else:
            (stored,) = target.publish(path, [SourceFile(".", source)])
        self._record(scope, store, client, [stored])
        return stored

    def delete(self, scope: Scope, store: str, path: str) -> None:
        """Delete a file. Raises the errors of `ObjectStore.delete`."""
        self._files.store(scope, store).delete(path)
        self._forget(scope, store, path)

    def delete_prefix(self, scope: Scope, store: str, path: str) -> int:
        """Delete a file or folder; return the number of files."""
        count = self._files.store(scope, store).delete_prefix(path)
        self._forget(scope, store, path)
        return count

    def stage(self, scope: Scope, upload: str, path: str, source: Path, client: str) -> None:
        """Stage a file until its upload is published, replacing a staged file with the same path.

        Raises:
            InvalidInput: The upload ID or the path is not valid, or a part of the path is a file.
            StorageFull, PermissionDenied: The file cannot be staged.
        """
        folder = self._folder(scope, upload)
        target = folder / check_path(path)
        try:
            make_private_folder(target.parent)
            size = source.stat().st_size
            source.rename(target)
        except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
            raise InvalidInput(
                f"{path[:200]!r} cannot be uploaded",
                "The upload already has a file or folder at this path or at a part of it.",
                "Use another path.",
                field="path",
            ) from error
        except OSError as error:
            raise local_error(error, target) from error
        self._quota.stored(client, folder, [(path, size)])

    def publish(
        self, scope: Scope, store: str, path: str, upload: str, client: str
    ) -> tuple[StoredObject, ...]:
        """Store all files of an upload below a path at once. Raises the errors of
        `ObjectStore.publish`."""
        folder = self._folder(scope, upload)
        with _locked(folder):
            files = source_files(folder) if folder.is_dir() else []
            if not files:
                raise InvalidInput(
                    f"The upload {upload} has no files",
                    "No file was uploaded, or the upload was published or discarded.",
                    "Upload the files before publishing them.",
                    field="upload",
                )
            self._require_space(scope, store, [each.file for each in files])
            stored = self._files.store(scope, store).publish(path, files)
            self._record(scope, store, client, stored)
            self._remove(folder)
            return stored

    def discard(self, scope: Scope, upload: str) -> None:
        """Delete the staged files of an upload; if it is being published, wait until it is."""
        folder = self._folder(scope, upload)
        with _locked(folder):
            self._remove(folder)

    def _remove(self, folder: Path) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        self._quota.deleted(folder)

    def _require_space(self, scope: Scope, store: str, files: Iterable[Path]) -> None:
        if root := self._root(scope, store):
            self._quota.require_space(root, sum(each.stat().st_size for each in files))

    def _record(
        self, scope: Scope, store: str, client: str, stored: Iterable[StoredObject]
    ) -> None:
        if root := self._root(scope, store):
            self._quota.stored(client, root, ((each.path, each.size) for each in stored))

    def _forget(self, scope: Scope, store: str, path: str) -> None:
        if root := self._root(scope, store):
            self._quota.deleted(root / path)

    def _root(self, scope: Scope, store: str) -> Path | None:
        """Return the folder of a store on this machine, None for other stores."""
        folder = self._files.folder(connections.store(self._files.registry, scope, store))
        return Path(os.path.realpath(folder)) if folder else None

    def _folder(self, scope: Scope, upload: str) -> Path:
        if not _UPLOAD.fullmatch(upload):
            raise InvalidInput(
                "The ID of the upload is not valid",
                f"It is {upload[:80]!r}.",
                "Use 32 hexadecimal digits (0-9, a-f).",
                field="upload",
            )
        # A resource group cannot reach the uploads of another one by their IDs.
        owner = hashlib.sha256(f"{scope.resource_group}/{upload}".encode()).hexdigest()
        return self._base / owner[:32]

    def _delete_abandoned(self) -> None:
        with contextlib.suppress(OSError):
            for entry in self._base.iterdir():
                if time.time() - entry.lstat().st_mtime > ABANDONED_SECONDS:
                    self._remove(entry)
                    if entry.is_file():
                        entry.unlink(missing_ok=True)


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Lock an upload in a ``with`` block: a client repeats a request to which it got no response.

    The kernel releases the lock when this process ends. A missing folder is not locked.
    """
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except FileNotFoundError:
        yield
        return
    try:
        # File systems without locks have no protection against a repeated request.
        with contextlib.suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
