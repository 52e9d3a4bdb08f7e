"""Object store of kind ``file``: a folder, with an object for each file in it.

A folder of files is published by a rename: it is built under `STAGING` on the same file system, its files and folders
are synced to disk, and then it gets its final name in one step. A crash at any point leaves it wholly there or, in the
staging folder, wholly out of sight.

Symbolic links in the store are followed where they stay in it; those that lead out are not shown and not opened.
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

from launchpad_tui.errors import (
    ConfigError,
    Conflict,
    InvalidInput,
    LaunchpadError,
    ObjectMissing,
    PermissionDenied,
    StorageFull,
    Unreachable,
)
from launchpad_tui.stores.base import (
    CHUNK,
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
)
from launchpad_tui.stores.staging import copy_hashed, make_folders, staging, sync_folder, sync_tree

#: another process may remove a parent folder that became empty just before a rename into it
_ATTEMPTS = 20


class FileStore:
    """A folder as an object store; ``values["root"]`` is its absolute path."""

    def __init__(self, values: Mapping[str, str]) -> None:
        root = values.get("root", "")
        if not root.startswith("/"):
            raise ConfigError("The folder of the object store is not an absolute path", repr(root))
        self.root = Path(root)

    @property
    def abilities(self) -> Abilities:
        """See `ObjectStore.abilities`."""
        return Abilities(copy=True, rename=True, ranges=False)

    def endpoint(self) -> Endpoint | None:
        """None: no server is called."""
        return None

    def check(self) -> str:
        """See `ObjectStore.check`; also how much room is left."""
        root = self._root()
        with _translated(str(root)):
            os.listdir(root)
            space = os.statvfs(root)
        mode = "" if os.access(root, os.W_OK) else ", read only"
        return f"{root}, {space.f_bavail * space.f_frsize / 1e9:,.1f} GB free{mode}"

    def list(self, path: str = "", *, limit: int | None = None) -> Iterator[StoredObject]:
        """See `ObjectStore.list`. Raises InvalidInput at a name that is not UTF-8."""
        check_path(path, empty=True)
        for number, each in enumerate(self._list(path)):
            if limit is not None and number >= limit:
                return
            yield each

    def browse(self, path: str = "", token: str = "", limit: int = 1000) -> FolderPage:
        """See `ObjectStore.browse`; ``token`` is the path that the page before ended with."""
        full = self._inside(check_path(path, empty=True))
        with _translated(path):
            try:
                with os.scandir(full) as found:
                    names = sorted(each.name for each in found)
            except (FileNotFoundError, NotADirectoryError):
                names = []
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
        with _translated(path):
            status = full.stat()
        if not stat.S_ISREG(status.st_mode):
            raise _missing(path, "It is no file.")
        return _stored(path, status)

    def get(self, path: str, target: BinaryIO, progress: Progress | None = None) -> StoredObject:
        """See `ObjectStore.get`."""
        found = self.stat(path)
        receiver = Receiver(target, progress)
        with _translated(path), open(self._inside(path), "rb", buffering=0) as source:
            while chunk := source.read(CHUNK):
                receiver.write(chunk)
        return receiver.received(path, found.modified)

    def read(
        self, path: str, offset: int = 0, length: int | None = None, version: str = ""
    ) -> Iterator[bytes]:
        """See `ObjectStore.read`."""
        full = self._inside(check_path(path))
        self.stat(path)
        with _translated(path), open(full, "rb", buffering=0) as source:
            if version and _version(os.fstat(source.fileno())) != version:
                raise Conflict("The file is another version now", path[:200], "Start again.")
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
        with _translated(path, writing=True), staging(self._root()) as folder:
            size, found = copy_hashed(source, folder / "object", progress)
            if sha256 and found != sha256:
                raise Conflict(
                    "A file is not what it was", f"{source} has SHA-256 {found}, not {sha256}."
                )
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
            raise _taken(path)
        stored = []
        with _translated(path, writing=True), staging(self._root()) as folder:
            ready = folder / "ready"
            for each in files:
                target = ready if each.path == "." else ready / each.path
                target.parent.mkdir(parents=True, exist_ok=True)
                size, sha256 = copy_hashed(each.file, target, progress)
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
        """Empty: a file system keeps none."""
        self.stat(path)
        return ""

    def delete(self, path: str) -> None:
        """See `ObjectStore.delete`. Folders that become empty go too, as no object store knows an empty folder."""
        full = self._inside(check_path(path), writing=True)
        with _translated(path, writing=True):
            try:
                if full.is_dir() and not full.is_symlink():
                    return
                full.unlink()
            except (FileNotFoundError, NotADirectoryError):
                return
            self._remove_empty(full.parent)

    def delete_prefix(self, path: str) -> int:
        """See `ObjectStore.delete_prefix`. A folder vanishes in one step."""
        full = self._inside(check_path(path), writing=True)
        count = sum(1 for _ in self._list(path))
        with _translated(path, writing=True), staging(self._root()) as folder:
            try:
                os.rename(full, folder / "gone")
            except (FileNotFoundError, NotADirectoryError):
                return count
            self._remove_empty(full.parent)
        return count

    def _root(self) -> Path:
        with _translated(str(self.root)):
            real = os.path.realpath(self.root)
            if not os.path.isdir(real):
                raise Unreachable(
                    "The folder of the object store is not there",
                    str(self.root),
                    "Make or mount it.",
                )
        return Path(real)

    def _inside(self, path: str, *, writing: bool = False) -> Path:
        """Where a checked path is, links resolved; for writing, its last part is not (a link is replaced itself)."""
        root = self._root()
        name = root / path
        with _translated(path, writing=writing):
            real = (
                Path(os.path.realpath(name.parent), name.name)
                if writing
                else Path(os.path.realpath(name))
            )
        if not real.is_relative_to(root) or real.is_relative_to(root / STAGING):
            raise PermissionDenied(
                "The path leaves the object store", f"{path[:200]} is a link that leads out of it."
            )
        return real

    def _list(self, path: str) -> Iterator[StoredObject]:
        full = self._inside(path)
        with _translated(path):
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
        with _translated(path):
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
        """Sort key, path, folder (None: a file) and status of an entry; None where it is not to be shown."""
        name = join(path, entry.name)
        if name == STAGING:
            return None
        try:
            name.encode()
        except UnicodeEncodeError as error:
            raise InvalidInput(
                f"A name in the object store is not UTF-8: {name!r:.200}", field="path"
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
            # A folder sorts as what is in it does: in the order of whole paths, as S3 lists them.
            return name.encode() + b"/", name, entry, status
        return (name.encode(), name, None, status) if stat.S_ISREG(status.st_mode) else None

    def _move(self, ready: Path, final: Path, *, replace: bool) -> None:
        for attempt in range(_ATTEMPTS):
            made = make_folders(final.parent)
            try:
                if replace or ready.is_dir():
                    os.rename(ready, final)
                else:
                    _link(ready, final)
            except OSError as error:
                if isinstance(error, FileNotFoundError) and attempt < _ATTEMPTS - 1:
                    continue
                for folder in reversed(made):
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
    """Give a file its final name unless that is taken."""
    try:
        os.link(ready, final)
    except OSError as error:
        if error.errno not in {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}:
            raise
        # FAT and some network file systems have no links.
        if os.path.lexists(final):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(final)) from error
        os.rename(ready, final)


def _modified(status: os.stat_result) -> datetime:
    return datetime.fromtimestamp(status.st_mtime, UTC)


def _stored(path: str, status: os.stat_result) -> StoredObject:
    return StoredObject(path, status.st_size, _modified(status), "", _version(status))


def _version(status: os.stat_result) -> str:
    return f"{status.st_ino:x}-{status.st_size:x}-{status.st_mtime_ns:x}"


def _missing(path: str, detail: str = "") -> ObjectMissing:
    return ObjectMissing(f"The object store has nothing at {path[:200]!r}", detail)


def _taken(path: str) -> Conflict:
    return Conflict(
        f"The object store has something at {path[:200]!r} already",
        hint="Delete it, or take another path.",
    )


@contextmanager
def _translated(path: str, *, writing: bool = False) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _translation(error, path, writing) from error


def _translation(error: OSError, path: str, writing: bool) -> LaunchpadError:
    detail = f"{error.filename or path}: {error.strerror or error}"
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT | errno.EFBIG:
            return StorageFull(
                "The object store has no room left", detail, "Make room and try again."
            )
        case errno.EACCES | errno.EPERM | errno.EROFS:
            return PermissionDenied("The object store does not allow it", detail)
        case errno.EEXIST | errno.ENOTEMPTY | errno.EISDIR:
            return _taken(path)
        case errno.ENOTDIR if writing:
            return _taken(path)
        case errno.ENOENT | errno.ENOTDIR | errno.ELOOP:
            return _missing(path, detail)
        case errno.ENAMETOOLONG | errno.EINVAL | errno.EILSEQ:
            return InvalidInput(f"The path {path[:80]!r} is not allowed", detail, field="path")
        case errno.EXDEV:
            return ConfigError("The object store's folder holds another file system", detail)
        case _:
            return Unreachable("The object store did not answer", detail)
