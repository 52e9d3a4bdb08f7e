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

#: seconds after which an upload that was not published is deleted
ABANDONED = 24 * 3600
_UPLOAD = re.compile(r"[0-9a-f]{32}")


class ServedFiles:
    """Stores uploaded files atomically. Safe for several threads and processes."""

    def __init__(self, home: Home, files: FileService) -> None:
        self._home = home
        self._base = home.root / "uploads"
        self._files = files

    def store(self, scope: Scope, name: str) -> ObjectStore:
        """Return the object store with a name. Raises as `FileService.store`."""
        return self._files.store(scope, name)

    def shared_with(self, scope: Scope, name: str) -> str:
        """Return another resource group with an object store in the same, an enclosing or an inner
        location; empty if there is none. Raises NotFound."""
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
        """Return where a store is: an identifier of its bucket or container, and the folder in it."""
        values = {key: text for key, text in store.settings.items() if text}
        kind = store_kind(store.kind)
        if kind.folder_field:
            return kind.id, os.path.realpath(values.get(kind.folder_field) or self._home.files)
        container = (kind.id, *(values.get(name, "") for name in kind.location_fields))
        return container, values.get("path_prefix", "").strip("/")

    @contextlib.contextmanager
    def incoming(self) -> Iterator[Path]:
        """Yield an empty file for an upload; it is deleted afterwards unless it was moved.

        Raises:
            StorageFull, PermissionDenied: the file cannot be created.
        """
        self._sweep()
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
            Conflict: the path exists, and ``replace`` is not set.
            As `ObjectStore.put`.
        """
        target = self._files.store(scope, store)
        if replace:
            return target.put(path, source)
        (stored,) = target.publish(path, [SourceFile(".", source)])
        return stored

    def stage(self, upload: str, path: str, source: Path) -> None:
        """Stage a file until its upload is published; it replaces a staged file of the same path.

        Raises:
            InvalidInput: the upload ID or the path is not valid, or a part of the path is a file.
            StorageFull, PermissionDenied: the file cannot be staged.
        """
        target = self._folder(upload) / check_path(path)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            source.rename(target)
        except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
            raise InvalidInput(
                f"{path[:200]!r} cannot be both a file and a folder", field="path"
            ) from error
        except OSError as error:
            raise local_error(error, target) from error

    def publish(self, scope: Scope, store: str, path: str, upload: str) -> tuple[StoredObject, ...]:
        """Store all files of an upload below a path at once. Raises as `ObjectStore.publish`."""
        folder = self._folder(upload)
        files = source_files(folder) if folder.is_dir() else []
        if not files:
            raise InvalidInput("The upload has no files", field="upload")
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
                "upload is not a valid ID", hint="Use 32 hexadecimal digits.", field="upload"
            )
        return self._base / upload

    def _sweep(self) -> None:
        with contextlib.suppress(OSError):
            for entry in self._base.iterdir():
                if time.time() - entry.lstat().st_mtime > ABANDONED:
                    shutil.rmtree(entry, ignore_errors=True)
                    if entry.is_file():
                        entry.unlink(missing_ok=True)


def _overlap(one: tuple[object, str], other: tuple[object, str]) -> bool:
    """Return whether one of two locations is the other or within it."""
    if one[0] != other[0]:
        return False
    first, second = (f"{folder.rstrip('/')}/" if folder else "" for folder in (one[1], other[1]))
    return first.startswith(second) or second.startswith(first)
