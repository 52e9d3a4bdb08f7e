"""Files of object stores for clients of the served AI API; uploads are staged until complete."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from launchpad_tui.config.paths import Home
from launchpad_tui.domain.connection import ObjectStoreRecord, Scope
from launchpad_tui.domain.stored_object import StoredObject
from launchpad_tui.errors import InvalidInput
from launchpad_tui.registry import connections
from launchpad_tui.services.files import FileService
from launchpad_tui.services.local_files import local_error, source_files
from launchpad_tui.stores.base import ObjectStore, SourceFile, check_path
from launchpad_tui.stores.catalog import store_kind

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

    def shared_with(self, scope: Scope, name: str) -> str:
        """Return the name of another resource group whose object stores overlap with this one: in
        the same location, or one inside the other. Empty if there is none. Raises NotFound."""
        registry = self._files.registry
        location = self._location(connections.store(registry, scope, name))
        for group in connections.groups(registry, scope.connection):
            other = Scope(scope.connection, group.name)
            if other != scope and any(
                _overlap(location, self._location(each))
                for each in connections.stores(registry, other)
            ):
                return group.name
        return ""

    def _location(self, store: ObjectStoreRecord) -> tuple[object, str]:
        """Return the location of a store: an identifier of its bucket or container, and the folder
        in it."""
        values = {key: text for key, text in store.settings.items() if text}
        kind = store_kind(store.kind)
        if kind.folder_field:
            return kind.id, os.path.realpath(values.get(kind.folder_field) or self._home.files)
        container = (kind.id, *(values.get(name, "") for name in kind.location_fields))
        return container, values.get("path_prefix", "").strip("/")

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

    def stage(self, upload: str, path: str, source: Path) -> None:
        """Stage a file until its upload is published, replacing a staged file with the same path.

        Raises:
            InvalidInput: The upload ID or the path is not valid, or a part of the path is a file.
            StorageFull, PermissionDenied: The file cannot be staged.
        """
        target = self._folder(upload) / check_path(path)
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
        folder = self._folder(upload)
        files = source_files(folder) if folder.is_dir() else []
        if not files:
            raise InvalidInput(
                f"The upload {upload} has no files",
                "No file was uploaded, or the upload was published or discarded.",
                "Upload the files before publishing them.",
                field="upload",
            )
        try:
            return self._files.store(scope, store).publish(path, files)
        finally:
            self.discard(upload)

    def discard(self, upload: str) -> None:
        """Delete the staged files of an upload."""
        shutil.rmtree(self._folder(upload), ignore_errors=True)

    def _folder(self, upload: str) -> Path:
        if not _UPLOAD.fullmatch(upload):
            raise InvalidInput(
                "The ID of the upload is not valid",
                f"It is {upload[:80]!r}.",
                "Use 32 hexadecimal digits (0-9, a-f).",
                field="upload",
            )
        return self._base / upload

    def _delete_abandoned(self) -> None:
        with contextlib.suppress(OSError):
            for entry in self._base.iterdir():
                if time.time() - entry.lstat().st_mtime > ABANDONED_SECONDS:
                    shutil.rmtree(entry, ignore_errors=True)
                    if entry.is_file():
                        entry.unlink(missing_ok=True)


def _overlap(one: tuple[object, str], other: tuple[object, str]) -> bool:
    """Return whether two locations are the same, or one is inside the other."""
    if one[0] != other[0]:
        return False
    first, second = (f"{folder.rstrip('/')}/" if folder else "" for folder in (one[1], other[1]))
    return first.startswith(second) or second.startswith(first)
