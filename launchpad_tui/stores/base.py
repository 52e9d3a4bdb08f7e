"""What an object store can do. Adapters keep to this; nothing else is known of them.

Paths are relative to the store's root (bucket and path prefix, or folder), ``/`` between their parts, without one at
either end, and valid UTF-8. Whatever an adapter meets leaves it as an error of `launchpad_tui.errors`: Unreachable,
AuthenticationFailed, PermissionDenied, ObjectMissing, StorageFull, Conflict, InvalidInput, ConfigError.
"""

from __future__ import annotations

import errno
import hashlib
import importlib
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Protocol

from launchpad_tui.domain.connection import StoreKind
from launchpad_tui.errors import DependencyMissing, InvalidInput, PermissionDenied, StorageFull

#: told the bytes that moved since the last call, from any thread (negative where a part is sent again); what it raises
#: ends the transfer and leaves nothing behind
Progress = Callable[[int], None]

#: the folder in a store's root where things wait until they are complete; no list shows it
STAGING = ".launchpad-staging"

#: the longest path that S3 and OSS take (bytes of UTF-8)
PATH_LIMIT = 1024


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object. ``size`` in bytes; ``sha256`` hexadecimal, empty where the store does not keep one."""

    path: str
    size: int
    modified: datetime
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file to publish: ``path`` relative to what is published, ``.`` where that is the file itself."""

    path: str
    file: Path


class ObjectStore(Protocol):
    """An object store. All calls block and may be made from any thread."""

    def check(self) -> str:
        """Look whether the store answers and lets us in; says in a few words where it is.

        Raises:
            Unreachable, AuthenticationFailed, PermissionDenied, ConfigError: it does not.
        """

    def list(self, path: str = "", *, limit: int | None = None) -> Iterator[StoredObject]:
        """The object at this path, and all objects below it as a folder, in an order that stays the same.

        (By the bytes of their paths; some servers that speak S3 keep to an order of their own.) Nothing there means no
        objects, not an error. ``a/b`` does not stand for ``a/bc``.

        Args:
            limit: at most so many; None for all. They are fetched as they are taken.
        """

    def stat(self, path: str) -> StoredObject:
        """The object at this path.

        Raises:
            ObjectMissing: there is none.
        """

    def get(self, path: str, target: BinaryIO, progress: Progress | None = None) -> StoredObject:
        """Write the object into an open file; the answer's ``sha256`` and ``size`` are of the bytes written.

        Raises:
            ObjectMissing: there is none.
            StorageFull: the target has no room.
        """

    def put(self, path: str, source: Path, sha256: str = "", progress: Progress | None = None) -> StoredObject:
        """Store a file under this path, whole or not at all; what was there before is replaced.

        Args:
            sha256: what the content must be; computed where it is empty.

        Raises:
            Conflict: the source changed meanwhile or is not what ``sha256`` says; or a part of the path is an object.
            StorageFull: the store has no room.
        """

    def delete(self, path: str) -> None:
        """Delete the object at this path; none there is fine."""

    def delete_prefix(self, path: str) -> int:
        """Delete the object at this path and all below it; says how many there were."""

    def publish(
        self, path: str, files: Sequence[SourceFile], progress: Progress | None = None
    ) -> tuple[StoredObject, ...]:
        """Store a folder of files, or one file, so that `list` and `stat` show all of it or nothing of it.

        However it ends (an error, a full disk, ``kill -9``), nothing half-made is shown; what is left over is removed
        by a later call. How an adapter does it stands in its module.

        Args:
            path: where ``files`` go; their own paths are below it.

        Returns:
            The objects as stored, with ``sha256``, in the order of ``files``.

        Raises:
            Conflict: something is at this path already, or a source changed while it was read.
            StorageFull: the store has no room.
        """


class Receiver:
    """A file that is written to, with size and SHA-256 of what passed. It cannot seek, so that order is kept."""

    def __init__(self, target: BinaryIO, progress: Progress | None = None) -> None:
        self._target = target
        self._progress = progress
        self._digest = hashlib.sha256()
        self._size = 0

    def write(self, chunk: bytes) -> int:
        """Take the next bytes.

        Raises:
            StorageFull: no room where the file is.
            PermissionDenied: the file cannot be written.
        """
        try:
            self._target.write(chunk)
        except OSError as error:
            if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
                raise StorageFull("No room for the file", error.strerror or "", "Make room and try again.") from error
            raise PermissionDenied("The file cannot be written", error.strerror or str(error)) from error
        self._digest.update(chunk)
        self._size += len(chunk)
        if self._progress is not None:
            self._progress(len(chunk))
        return len(chunk)

    def received(self, path: str, modified: datetime) -> StoredObject:
        """The object as it was written."""
        return StoredObject(path, self._size, modified, self._digest.hexdigest())


def check_path(path: str, *, empty: bool = False) -> str:
    """The path where it is one that every store takes.

    Args:
        empty: whether the empty path, the store's root, is allowed.

    Raises:
        InvalidInput: it climbs (``..``), is absolute, longer than 1024 bytes, not UTF-8, or the staging folder's.
    """
    if not path and empty:
        return path
    parts = path.split("/")
    if any(part in {"", ".", ".."} for part in parts) or "\0" in path:
        raise InvalidInput(
            f"The path {path[:80]!r} is not allowed", "It is empty or absolute, or has //, . or .. in it.", field="path"
        )
    if parts[0] == STAGING:
        raise InvalidInput(f"The path {path[:80]!r} is not allowed", f"{STAGING} is launchpad's own.", field="path")
    try:
        length = len(path.encode())
    except UnicodeEncodeError as error:
        raise InvalidInput(f"The path {path[:80]!r} is not valid UTF-8", field="path") from error
    if length > PATH_LIMIT:
        raise InvalidInput(
            f"The path {path[:80]!r} is too long", f"{length} bytes; at most {PATH_LIMIT}.", field="path"
        )
    return path


def join(path: str, relative: str) -> str:
    """The path of an object below another; ``.`` is the other itself."""
    if relative == ".":
        return path
    return f"{path}/{relative}" if path else relative


def relative_to(path: str, base: str) -> str:
    """The inverse of `join`."""
    if path == base:
        return "."
    return path[len(base) + 1 :] if base else path


_loading = threading.Lock()


def open_store(kind: StoreKind, values: Mapping[str, str]) -> ObjectStore:
    """The store of this kind with these values (settings and secrets together); does not call it yet.

    Fields without a value take their defaults.

    Raises:
        DependencyMissing: a package that the kind needs is not installed.
        ConfigError: a value is wrong.
    """
    module, _, name = kind.adapter.partition(":")
    complete = {field.name: values.get(field.name) or field.default for field in kind.fields}
    with _loading:
        try:
            adapter = getattr(importlib.import_module(module), name)
        except ModuleNotFoundError as error:
            hint = f"Install it with: pip install 'launchpad-tui[{kind.extra}]'" if kind.extra else ""
            raise DependencyMissing(f"{kind.title} needs {error.name}", hint=hint, extra=kind.extra) from error
    store: ObjectStore = adapter(complete)
    return store
