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
from collections.abc import Iterator
from pathlib import Path

from launchpad_tui.config.paths import Home
from launchpad_tui.domain.connection import Scope
from launchpad_tui.domain.stored_object import StoredObject
from launchpad_tui.errors import InvalidInput
from launchpad_tui.services.files import FileService
from launchpad_tui.services.local_files import local_error, source_files
from launchpad_tui.stores.base import ObjectStore, SourceFile, check_path

#: Seconds after which an upload that was not published is deleted.
ABANDONED_SECONDS = 24 * 3600
_UPLOAD = re.compile(r"[0-9a-f]{32}")


class ServedFiles:
    """Stores uploaded files atomically. Safe for several threads and processes."""

    def __init__(self, home: Home, files: FileService) -> None:
        self._home = home
        self._base = home.root / "uploads"
        self._files = files

    def store(self, scope: Scope, name: str) -> ObjectStore:
        """Return the object store with this name. Raises the errors of `FileService.store`."""
        return self._files.store(scope, name)

    @contextlib.contextmanager
    def incoming(self) -> Iterator[Path]:
        """Yield an empty file for an upload. It is deleted afterwards unless it was moved.

        Raises:
            StorageFull, PermissionDenied: The file cannot be created.
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
            yield path
        finally:
            path.unlink(missing_ok=True)

    def put(
        self, scope: Scope, store: str, path: str, source: Path, *, replace: bool = False
    ) -> StoredObject:
        """Store a file.

        Raises:
            Conflict: An object exists at the path and ``replace`` is not set.
            Unreachable and others: As for `ObjectStore.put`.
        """
        target = self._files.store(scope, store)
        if replace:
            return target.put(path, source)
        (stored,) = target.publish(path, [SourceFile(".", source)])
        return stored

    def stage(self, scope: Scope, upload: str, path: str, source: Path) -> None:
        """Stage a file until its upload is published, replacing a staged file with the same path.

        Raises:
            InvalidInput: The upload ID or the path is not valid, or a part of the path is a file.
            StorageFull, PermissionDenied: The file cannot be staged.
        """
        target = self._folder(scope, upload) / check_path(path)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
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

    def publish(self, scope: Scope, store: str, path: str, upload: str) -> tuple[StoredObject, ...]:
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
            stored = self._files.store(scope, store).publish(path, files)
            shutil.rmtree(folder, ignore_errors=True)
            return stored

    def discard(self, scope: Scope, upload: str) -> None:
        """Delete the staged files of an upload; if it is being published, wait until it is."""
        folder = self._folder(scope, upload)
        with _locked(folder):
            shutil.rmtree(folder, ignore_errors=True)

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
                    shutil.rmtree(entry, ignore_errors=True)
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
