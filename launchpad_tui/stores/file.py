"""Object store of kind ``file``: a folder, with an object for each file in it.

A folder of files is published by a rename: it is built in `STAGING` on the same file system, its
files and folders are synced to disk, and then it is renamed to its final path in one step. After a
crash it is either complete, or still in the staging folder and not listed.

Symbolic links are followed within the store. Links to targets outside of it are neither listed nor
opened.
"""

from __future__ import annotations

import bisect
import contextlib
import errno
import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from launchpad_tui.domain.stored_object import FolderPage, StoredObject, join
from launchpad_tui.errors import (
    ConfigError,
    InvalidInput,
    LaunchpadError,
    PermissionDenied,
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
)
from launchpad_tui.stores.staging import (
    copy_hashed,
    granted,
    make_folders,
    staging,
    sync_folder,
    sync_tree,
)
from launchpad_tui.stores.store_errors import (
    already_exists,
    hash_mismatch,
    object_missing,
    object_replaced,
    permission_denied,
    storage_full,
)

#: attempts of a rename, as another process may remove an empty parent folder just before it
_ATTEMPTS = 20
#: name of the store in messages
_STORE = "the object store"


class FileStore:
    """A folder as an object store; ``values["root"]`` is its absolute path."""

    def __init__(self, values: Mapping[str, str]) -> None:
        root = values.get("root", "")
        if not root.startswith("/"):
            raise ConfigError(
                "The folder of the object store is not an absolute path",
                repr(root),
                "Enter a path that begins with /.",
            )
        self.root = Path(root)

    @property
    def abilities(self) -> Abilities:
        """See `ObjectStore.abilities`."""
        return Abilities(copy=True, rename=True, ranges=False)

    def endpoint(self) -> ServerAddress | None:
        """Return None: there is no server."""
        return None

    def check(self) -> str:
        """See `ObjectStore.check`; the description contains the free space."""
        root = self._root()
        with _translate_errors(str(root)):
            os.listdir(root)
            space = os.statvfs(root)
        mode = "" if os.access(root, os.W_OK) else ", read only"
        return f"{root}, {space.f_bavail * space.f_frsize / 1e9:,.1f} GB free{mode}"

    def list(self, path: str = "", *, limit: int | None = None) -> Iterator[StoredObject]:
        """See `ObjectStore.list`; raises InvalidInput for a name that is not UTF-8."""
        check_path(path, empty=True)
        for number, each in enumerate(self._list(path)):
            if limit is not None and number >= limit:
                return
            yield each

    def browse(self, path: str = "", token: str = "", limit: int = 1000) -> FolderPage:
        """See `ObjectStore.browse`; ``token`` is the last path of the previous page."""
        full = self._inside(check_path(path, empty=True))
        with _translate_errors(path):
            try:
                with os.scandir(full) as found:
                    names = sorted(each.name for each in found)
            except (FileNotFoundError, NotADirectoryError):
                return FolderPage((), (), missing=bool(path))
        start = bisect.bisect_right(names, token.rpartition("/")[2]) if token else 0
        folders, objects = [], []
        for name in names[start : start + limit]:
            entry = self._entry(full / name, path)
            if entry is None:
                continue
            _, here, subfolder, status = entry
            if subfolder is None:
                objects.append(_stored(here, status))
            else:
                folders.append(here)
        more = join(path, names[start + limit - 1]) if start + limit < len(names) else ""
        return FolderPage(tuple(folders), tuple(objects), more)

    def stat(self, path: str) -> StoredObject:
        """See `ObjectStore.stat`."""
        full = self._inside(check_path(path))
        with _translate_errors(path):
            status = full.stat()
        if not stat.S_ISREG(status.st_mode):
            raise object_missing(_STORE, path, "It is not a regular file.")
        return _stored(path, status)

    def get(self, path: str, target: BinaryIO, progress: Progress | None = None) -> StoredObject:
        """See `ObjectStore.get`."""
        found = self.stat(path)
        receiver = Receiver(target, progress)
        with _translate_errors(path), open(self._inside(path), "rb", buffering=0) as source:
            while chunk := source.read(CHUNK):
                receiver.write(chunk)
        return receiver.received(path, found.modified)

    def read(
        self, path: str, offset: int = 0, length: int | None = None, version: str = ""
    ) -> Iterator[bytes]:
        """See `ObjectStore.read`."""
        full = self._inside(check_path(path))
        self.stat(path)
        with _translate_errors(path), open(full, "rb", buffering=0) as source:
            if version and _version(os.fstat(source.fileno())) != version:
                raise object_replaced(_STORE, path)
            source.seek(offset)
            left = length
            while (left is None or left > 0) and (
                chunk := source.read(CHUNK if left is None else min(CHUNK, left))
            ):
                yield chunk
                left = None if left is None else left - len(chunk)

    def put(
        self, path: str, source: Path, sha256: str = "", progress: Progress | None = None
    ) -> StoredObject:
        """See `ObjectStore.put`."""
        final = self._inside(check_path(path), writing=True)
        with _translate_errors(path, writing=True), staging(self._root()) as folder:
            size, found = copy_hashed(source, folder / "object", progress, granted(self._root()))
            if sha256 and found != sha256:
                raise hash_mismatch(str(source), found, sha256)
            self._move(folder / "object", final, replace=True)
            return StoredObject(path, size, _modified(final.stat()), found)

    def publish(
        self, path: str, files: Sequence[SourceFile], progress: Progress | None = None
    ) -> tuple[StoredObject, ...]:
        """See `ObjectStore.publish`."""
        final = self._inside(check_path(path), writing=True)
        for each in files:
            check_path(join(path, each.path))
        if next(self.list(path), None) is not None:
            raise already_exists(_STORE, path)
        stored = []
        with _translate_errors(path, writing=True), staging(self._root()) as folder:
            ready, permissions = folder / "ready", granted(self._root())
            for each in files:
                target = ready if each.path == "." else ready / each.path
                make_folders(target.parent, permissions)
                size, sha256 = copy_hashed(each.file, target, progress, permissions)
                stored.append(
                    StoredObject(join(path, each.path), size, _modified(target.stat()), sha256)
                )
            sync_tree(ready)
            if files:
                self._move(ready, final, replace=False)
        return tuple(stored)

    def copy(self, source: str, target: str) -> None:
        """See `ObjectStore.copy`."""
        check_path(target)
        self.stat(source)
        self.put(target, self._inside(source))

    def checksum(self, path: str) -> str:
        """Return an empty string, because file systems record no checksums."""
        self.stat(path)
        return ""

    def delete(self, path: str) -> None:
        """See `ObjectStore.delete`.

        Folders that become empty are removed, because object stores have no folders.
        """
        full = self._inside(check_path(path), writing=True)
        with _translate_errors(path, writing=True):
            try:
                if full.is_dir() and not full.is_symlink():
                    return
                full.unlink()
            except (FileNotFoundError, NotADirectoryError):
                return
            self._remove_empty(full.parent)

    def delete_prefix(self, path: str) -> int:
        """See `ObjectStore.delete_prefix`; a folder disappears in one step."""
        full = self._inside(check_path(path), writing=True)
        count = sum(1 for _ in self._list(path))
        with _translate_errors(path, writing=True), staging(self._root()) as folder:
            try:
                os.rename(full, folder / "deleted")
            except (FileNotFoundError, NotADirectoryError):
                return count
            self._remove_empty(full.parent)
        return count

    def _root(self) -> Path:
        with _translate_errors(str(self.root)):
            real = os.path.realpath(self.root)
            if not os.path.isdir(real):
                raise Unreachable(
                    "The folder of the object store does not exist",
                    str(self.root),
                    "Create or mount it.",
                )
        return Path(real)

    def _inside(self, path: str, *, writing: bool = False) -> Path:
        """Return the real path of a checked path in the store.

        Args:
            writing: whether a link at the path itself will be replaced, so that it is not resolved.
        """
        root = self._root()
        name = root / path
        with _translate_errors(path, writing=writing):
            real = (
                Path(os.path.realpath(name.parent), name.name)
                if writing
                else Path(os.path.realpath(name))
            )
        if not real.is_relative_to(root) or real.is_relative_to(root / STAGING):
            raise PermissionDenied(
                "The path leads out of the object store",
                f"{path[:200]} contains a symbolic link to another folder.",
                "Choose another path.",
            )
        return real

    def _list(self, path: str) -> Iterator[StoredObject]:
        full = self._inside(path)
        with _translate_errors(path):
            try:
                status = full.stat()
            except (FileNotFoundError, NotADirectoryError):
                return
        if stat.S_ISREG(status.st_mode):
            yield _stored(path, status)
        elif stat.S_ISDIR(status.st_mode):
            yield from self._walk(full, path, frozenset())

    def _walk(
        self, folder: Path, path: str, above: frozenset[tuple[int, int]]
    ) -> Iterator[StoredObject]:
        entries: list[tuple[bytes, str, Path | None, os.stat_result]] = []
        with _translate_errors(path):
            try:
                status = folder.stat()
                with os.scandir(folder) as found:
                    entries = [
                        entry
                        for each in found
                        if (entry := self._entry(Path(each.path), path)) is not None
                    ]
            except FileNotFoundError:
                return
        here = (status.st_dev, status.st_ino)
        for _, name, subfolder, entry_status in sorted(entries, key=lambda entry: entry[0]):
            if subfolder is None:
                yield _stored(name, entry_status)
            elif here not in above:
                yield from self._walk(subfolder, name, above | {here})

    def _entry(
        self, entry: Path, path: str
    ) -> tuple[bytes, str, Path | None, os.stat_result] | None:
        """Return sort key, path, folder (None for a file) and status of an entry.

        None means that the entry is hidden: the staging folder, special files, and links that are
        broken or lead out of the store.
        """
        name = join(path, entry.name)
        if name == STAGING:
            return None
        try:
            name.encode()
        except UnicodeEncodeError as error:
            raise InvalidInput(
                "A file name in the object store is not UTF-8",
                f"{name!r:.200}",
                "Rename the file.",
                field="path",
            ) from error
        try:
            status = entry.stat()
            if entry.is_symlink():
                self._inside(name)
        except (FileNotFoundError, PermissionDenied):
            return None
        except OSError as error:
            if error.errno == errno.ELOOP:
                return None
            raise
        if stat.S_ISDIR(status.st_mode):
            # A folder sorts like the paths of its content, in the order in which S3 lists them.
            return name.encode() + b"/", name, entry, status
        return (name.encode(), name, None, status) if stat.S_ISREG(status.st_mode) else None

    def _move(self, ready: Path, final: Path, *, replace: bool) -> None:
        for attempt in range(_ATTEMPTS):
            created = make_folders(final.parent, granted(self._root()))
            try:
                if replace or ready.is_dir():
                    os.rename(ready, final)
                else:
                    _link(ready, final)
            except OSError as error:
                if isinstance(error, FileNotFoundError) and attempt < _ATTEMPTS - 1:
                    continue
                for folder in reversed(created):
                    with contextlib.suppress(OSError):
                        folder.rmdir()
                raise
            sync_folder(final.parent)
            return

    def _remove_empty(self, folder: Path) -> None:
        root = self._root()
        with contextlib.suppress(OSError):
            while folder != root and root in folder.parents:
                folder.rmdir()
                folder = folder.parent


def _link(ready: Path, final: Path) -> None:
    """Move a file to its final path unless the path exists."""
    try:
        os.link(ready, final)
    except OSError as error:
        if error.errno not in {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}:
            raise
        # FAT and some network file systems have no hard links.
        if os.path.lexists(final):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(final)) from error
        os.rename(ready, final)


def _modified(status: os.stat_result) -> datetime:
    return datetime.fromtimestamp(status.st_mtime, UTC)


def _stored(path: str, status: os.stat_result) -> StoredObject:
    return StoredObject(path, status.st_size, _modified(status), "", _version(status))


def _version(status: os.stat_result) -> str:
    return f"{status.st_ino:x}-{status.st_size:x}-{status.st_mtime_ns:x}"


@contextmanager
def _translate_errors(path: str, *, writing: bool = False) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _explain(error, path, writing) from error


def _explain(error: OSError, path: str, writing: bool) -> LaunchpadError:
    detail = f"{error.filename or path}: {error.strerror or error}"
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT | errno.EFBIG:
            return storage_full(_STORE, detail)
        case errno.EACCES | errno.EPERM | errno.EROFS:
            return permission_denied(_STORE, detail, "Check the permissions of the folder.")
        case errno.EEXIST | errno.ENOTEMPTY | errno.EISDIR:
            return already_exists(_STORE, path)
        case errno.ENOTDIR if writing:
            return already_exists(_STORE, path)
        case errno.ENOENT | errno.ENOTDIR | errno.ELOOP:
            return object_missing(_STORE, path, detail)
        case errno.ENAMETOOLONG | errno.EINVAL | errno.EILSEQ:
            return InvalidInput(
                f"The path {path[:80]!r} is not allowed",
                detail,
                "Choose another path.",
                field="path",
            )
        case errno.EXDEV:
            return ConfigError(
                "The folder of the object store spans several file systems",
                detail,
                "Choose a folder on one file system.",
            )
        case _:
            return Unreachable(
                "The object store cannot be accessed",
                detail,
                "Check that its file system is mounted.",
            )
