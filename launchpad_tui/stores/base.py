"""What an object store can do. Adapters keep to this; nothing else is known of them.

Paths are relative to the store's root (bucket and path prefix, or folder), ``/`` between their parts, without one at
either end, and valid UTF-8. Whatever an adapter meets leaves it as an error of `launchpad_tui.errors`: Unreachable,
AuthenticationFailed, PermissionDenied, ObjectMissing, StorageFull, Conflict, InvalidInput,
CapabilityMissing, ConfigError.
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
from typing import TYPE_CHECKING, BinaryIO, Protocol
from urllib.parse import urlsplit

from launchpad_tui.domain.connection import StoreKind
from launchpad_tui.errors import (
    ConfigError,
    DependencyMissing,
    InvalidInput,
    PermissionDenied,
    StorageFull,
    Unreachable,
)
from launchpad_tui.net.server_check import Endpoint as Endpoint  # noqa: PLC0414  the stores import it from here

if TYPE_CHECKING:
    pass

#: told the bytes that moved since the last call, from any thread (negative where a part is sent again); what it raises
#: ends the transfer and leaves nothing behind
Progress = Callable[[int], None]

#: the folder in a store's root where things wait until they are complete; no list shows it
STAGING = ".launchpad-staging"

#: the longest path that S3 and OSS take (bytes of UTF-8)
PATH_LIMIT = 1024


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object. ``size`` in bytes; ``sha256`` hexadecimal, empty where the store does not keep one; ``version`` is
    another when the content was replaced (an ETag, or size and time), empty where the store does not tell."""

    path: str
    size: int
    modified: datetime
    sha256: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class FolderPage:
    """A page of what is directly in a folder: paths of folders, and objects. ``next`` goes on; empty at the end."""

    folders: tuple[str, ...]
    objects: tuple[StoredObject, ...]
    next: str = ""


@dataclass(frozen=True, slots=True)
class Abilities:
    """What a store can do beyond what every store does.

    Args:
        copy: whether an object is copied without its bytes passing here.
        checksum: the algorithm of the checksum that the store keeps of an object's content, empty for none.
        keeps_sha256: whether `ObjectStore.stat` gives the SHA-256 of what launchpad stored.
        rename: whether a folder appears in one step for every program; else for launchpad alone.
        ranges: whether parts of one object are worth fetching side by side.
    """

    copy: bool = False
    checksum: str = ""
    keeps_sha256: bool = False
    rename: bool = False
    ranges: bool = True


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file to publish: ``path`` relative to what is published, ``.`` where that is the file itself."""

    path: str
    file: Path


class ObjectStore(Protocol):
    """An object store. All calls block and may be made from any thread."""

    @property
    def abilities(self) -> Abilities:
        """What it can do; does not call the store."""

    def endpoint(self) -> Endpoint | None:
        """The server that is called; None where there is none. Does not call it.

        Raises:
            ConfigError: it is no address.
        """

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

    def browse(self, path: str = "", token: str = "", limit: int = 1000) -> FolderPage:
        """A page of what is directly in a folder, a single call to the store wherever it can be one.

        Args:
            token: ``next`` of the page before; empty for the first.
            limit: at most so many folders and objects together, 1 to 1000. A page may have fewer and yet go on.
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

    def read(
        self, path: str, offset: int = 0, length: int | None = None, version: str = ""
    ) -> Iterator[bytes]:
        """The object's bytes from an offset on, in pieces of at most 1 MiB; fewer than asked for at its end.

        A connection that breaks off is taken up again where it broke.

        Args:
            length: bytes; None for all that follow.
            version: of the object that is meant, as `stat` told; empty for whichever is there.

        Raises:
            ObjectMissing: there is none.
            Conflict: it is another version now.
        """

    def put(
        self, path: str, source: Path, sha256: str = "", progress: Progress | None = None
    ) -> StoredObject:
        """Store a file under this path, whole or not at all; what was there before is replaced.

        Args:
            sha256: what the content must be; computed where it is empty.

        Raises:
            Conflict: the source changed meanwhile or is not what ``sha256`` says; or a part of the path is an object.
            StorageFull: the store has no room.
        """

    def copy(self, source: str, target: str) -> None:
        """Copy an object within the store; what was at the target is replaced.

        Raises:
            ObjectMissing: there is none.
            CapabilityMissing: the store cannot; see `abilities`.
        """

    def checksum(self, path: str) -> str:
        """The checksum of the content that the store itself keeps, by the algorithm that `abilities` names; empty where
        it keeps none of this object.

        Raises:
            ObjectMissing: there is none.
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


#: bytes that are read at a time
CHUNK = 1 << 20
#: how often a read may break off without having moved on
_ATTEMPTS = 3


def resumed(
    open_at: Callable[[int, int | None], Iterator[bytes]], offset: int, length: int | None
) -> Iterator[bytes]:
    """Read on where a connection broke off, as long as it moves.

    Args:
        open_at: reads from an offset so many bytes (None: to the end); Unreachable where it breaks off.
    """
    failures, at = 0, offset
    end = None if length is None else offset + length
    while True:
        start = at
        try:
            for chunk in open_at(at, None if end is None else end - at):
                at += len(chunk)
                yield chunk
            return
        except Unreachable:
            failures = 1 if at > start else failures + 1
            if failures >= _ATTEMPTS:
                raise


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
                raise StorageFull(
                    "No room for the file", error.strerror or "", "Make room and try again."
                ) from error
            raise PermissionDenied(
                "The file cannot be written", error.strerror or str(error)
            ) from error
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
            f"The path {path[:80]!r} is not allowed",
            "It is empty or absolute, or has //, . or .. in it.",
            field="path",
        )
    if parts[0] == STAGING:
        raise InvalidInput(
            f"The path {path[:80]!r} is not allowed", f"{STAGING} is launchpad's own.", field="path"
        )
    try:
        length = len(path.encode())
    except UnicodeEncodeError as error:
        raise InvalidInput(f"The path {path[:80]!r} is not valid UTF-8", field="path") from error
    if length > PATH_LIMIT:
        raise InvalidInput(
            f"The path {path[:80]!r} is too long",
            f"{length} bytes; at most {PATH_LIMIT}.",
            field="path",
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


def server_of(url: str, values: Mapping[str, str]) -> Endpoint:
    """The server that a URL names, with the fields ``verify_tls`` and ``ca_file`` of a store.

    Raises:
        ConfigError: the URL has no host, or a port that is none.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise ConfigError(
            "The address of the object store is not valid", f"{url[:200]}: {error}"
        ) from error
    if not host or parts.scheme not in {"http", "https"}:
        raise ConfigError(
            "The address of the object store is not valid",
            url[:200],
            "Such as https://host.example:443.",
        )
    tls = parts.scheme == "https"
    verify = values.get("verify_tls", "true") != "false"
    return Endpoint(
        host, port or (443 if tls else 80), tls, verify, values.get("ca_file", "") if verify else ""
    )


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
            hint = (
                f"Install it with: pip install 'launchpad-tui[{kind.extra}]'" if kind.extra else ""
            )
            raise DependencyMissing(
                f"{kind.title} needs {error.name}", hint=hint, extra=kind.extra
            ) from error
    store: ObjectStore = adapter(complete)
    return store
