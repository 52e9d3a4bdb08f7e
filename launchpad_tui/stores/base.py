"""The protocol of object stores, and helpers that the adapters of all kinds share.

Paths are relative to the root of the store (bucket and path prefix, or folder). Their parts are
separated by ``/``, without one at either end, and they are valid UTF-8. Adapters raise only errors
of `launchpad_tui.errors`: Unreachable, AuthenticationFailed, PermissionDenied, ObjectMissing,
StorageFull, Conflict, InvalidInput, CapabilityMissing, RateLimited, RuntimeRejected, ConfigError.
"""

from __future__ import annotations

import contextlib
import errno
import importlib
import threading
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Protocol
from urllib.parse import urlsplit

from launchpad_tui.domain.connection import StoreKind
from launchpad_tui.domain.stored_object import FolderPage, StoredObject
from launchpad_tui.errors import (
    ConfigError,
    DependencyMissing,
    InvalidInput,
    PermissionDenied,
    RateLimited,
    StorageFull,
    Unreachable,
)
from launchpad_tui.net.address_policy import POLICY, AddressPolicy
from launchpad_tui.net.server_check import ServerAddress
from launchpad_tui.records import record
from launchpad_tui.stores.outages import Outage

#: Receives the number of bytes transferred since the last call, from any thread. The number is
#: negative if a part is sent again. If the callback raises an exception, the transfer ends and
#: leaves nothing in the store.
Progress = Callable[[int], None]

#: folder in the root of a store that contains uploads until they are complete; it is never listed
STAGING = ".launchpad-staging"

#: the longest path that S3 and OSS allow (bytes of UTF-8)
PATH_LIMIT = 1024


@record
class Abilities:
    """The optional capabilities of a store.

    Args:
        copy: the store copies objects without a transfer through this machine.
        checksum: algorithm of the checksum that the store records for each object; empty if none.
        keeps_sha256: `ObjectStore.stat` returns the SHA-256 of objects that launchpad uploaded.
        rename: a published folder appears in one step for every program. Otherwise it appears in
            one step for launchpad only.
        ranges: parallel downloads of parts of one object are faster than a single download.
    """

    copy: bool = False
    checksum: str = ""
    keeps_sha256: bool = False
    rename: bool = False
    ranges: bool = True


@record
class SourceFile:
    """A file to publish: ``path`` is relative to the published path, ``.`` for a single file."""

    path: str
    file: Path


class ObjectStore(Protocol):
    """An object store. All calls block and may be made from any thread."""

    @property
    def abilities(self) -> Abilities:
        """The optional capabilities; does not call the store."""

    def endpoint(self) -> ServerAddress | None:
        """Return the server of the store; sends no request.

        None if the store has no server, or several of which some may not respond.

        Raises:
            ConfigError: the address is invalid.
        """

    def check(self) -> str:
        """Check that the store can be reached and read; return a short description of its location.

        Raises:
            Unreachable, AuthenticationFailed, PermissionDenied, ConfigError: the check failed.
        """

    def list(self, path: str = "", *, limit: int | None = None) -> Iterator[StoredObject]:
        """Yield the object at this path and all objects below it, in a stable order.

        The order is that of the bytes of their paths; some S3-compatible servers have their own.
        Nothing at the path means no objects, not an error. ``a/b`` does not include ``a/bc``.

        Args:
            limit: the most objects to yield; None for all. Pages are requested as needed.
        """

    def browse(self, path: str = "", token: str = "", limit: int = 1000) -> FolderPage:
        """Return a page of the direct content of a folder, by a single request if possible.

        Args:
            token: ``next`` of the previous page; empty for the first.
            limit: the most folders and objects together, 1 to 1000. A page may have fewer and
                still not be the last.
        """

    def stat(self, path: str) -> StoredObject:
        """Return the object at this path.

        Raises:
            ObjectMissing: there is no such object.
        """

    def get(self, path: str, target: BinaryIO, progress: Progress | None = None) -> StoredObject:
        """Download an object into an open file; return it with the size and SHA-256 written.

        Raises:
            ObjectMissing: there is no such object.
            StorageFull: the disk of the target is full.
        """

    def read(
        self, path: str, offset: int = 0, length: int | None = None, version: str = ""
    ) -> Iterator[bytes]:
        """Yield the bytes of an object from an offset, in pieces of at most 1 MiB.

        An interrupted download is resumed.

        Args:
            length: the most bytes to read; None for all that follow. At the end there are fewer.
            version: the version to read, as `stat` returned it; empty for the current one.

        Raises:
            ObjectMissing: there is no such object.
            Conflict: the object was replaced by another version.
        """

    def put(
        self, path: str, source: Path, sha256: str = "", progress: Progress | None = None
    ) -> StoredObject:
        """Upload a file to this path, completely or not at all; an existing object is replaced.

        Args:
            sha256: the expected SHA-256 of the content; empty for any.

        Raises:
            Conflict: the source changed during the upload or has another SHA-256, or a parent of
                the path is an object.
            StorageFull: the store has no space left.
        """

    def copy(self, source: str, target: str) -> None:
        """Copy an object within the store; an existing object at the target is replaced.

        Raises:
            ObjectMissing: there is no such object.
            CapabilityMissing: the store does not copy, see `abilities`.
        """

    def checksum(self, path: str) -> str:
        """Return the checksum that the store recorded for the object; empty if there is none.

        The algorithm is that of `abilities`.

        Raises:
            ObjectMissing: there is no such object.
        """

    def delete(self, path: str) -> None:
        """Delete the object at this path, if there is one."""

    def delete_prefix(self, path: str) -> int:
        """Delete the object at this path and all below it; return their number."""

    def publish(
        self, path: str, files: Sequence[SourceFile], progress: Progress | None = None
    ) -> tuple[StoredObject, ...]:
        """Upload a folder of files, or one file; `list` and `stat` show all of it or nothing.

        An incomplete folder is never shown, even after an error, a full disk or ``kill -9``. A
        later call removes what an interrupted one left. The module of each adapter describes how.

        Args:
            path: where the files are stored; their own paths are relative to it.

        Returns:
            The objects as stored, with ``sha256``, in the order of ``files``.

        Raises:
            Conflict: something exists at this path, or a source changed while it was read.
            StorageFull: the store has no space left.
        """


#: number of bytes that are read at a time
CHUNK = 1 << 20


def resumed(
    open_at: Callable[[int, int | None], Iterator[bytes]], offset: int, length: int | None
) -> Iterator[bytes]:
    """Yield the bytes of a download, which is resumed after an interruption.

    It fails if the server does not send any bytes for `outages.OUTAGE_SECONDS`.

    Args:
        open_at: reads a number of bytes (None: to the end) from an offset; raises Unreachable if
            the download is interrupted.
    """
    outage, at = Outage(), offset
    end = None if length is None else offset + length
    while True:
        start = at
        try:
            for chunk in open_at(at, None if end is None else end - at):
                at += len(chunk)
                yield chunk
            return
        except (Unreachable, RateLimited) as error:
            if at > start:
                outage.reset()
            if not outage.wait(error):
                raise


def part_of(chunks: Iterator[bytes], offset: int, length: int | None) -> Iterator[bytes]:
    """Yield a part of the bytes of an object.

    Servers and proxies may ignore the range of a request and send the whole object (RFC 9110,
    section 14.2).

    Args:
        chunks: The whole object.
        offset: The number of bytes to skip.
        length: The maximum number of bytes to yield; None for all that follow.
    """
    left = length
    with contextlib.ExitStack() as stack:
        if isinstance(chunks, Generator):
            # The rest of the object is not received.
            stack.callback(chunks.close)
        for chunk in chunks:
            piece = chunk[offset:]
            offset = max(0, offset - len(chunk))
            if left is not None:
                piece = piece[:left]
                left -= len(piece)
            if piece:
                yield piece
            if left == 0:
                return


class Receiver:
    """The target file of a download; computes size and SHA-256.

    The bytes must be written in order, because the target cannot seek.
    """

    def __init__(self, target: BinaryIO, progress: Progress | None = None) -> None:
        # Loads OpenSSL, which takes 4 MB; the pages of artifacts import this module for its types.
        import hashlib

        self._target = target
        self._progress = progress
        self._digest = hashlib.sha256()
        self._size = 0

    def write(self, chunk: bytes) -> int:
        """Write the next bytes.

        Raises:
            StorageFull: the disk is full.
            PermissionDenied: the file cannot be written.
        """
        try:
            self._target.write(chunk)
        except OSError as error:
            if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
                raise StorageFull(
                    "No space left for the file",
                    error.strerror or "",
                    "Free some space and try again.",
                ) from error
            raise PermissionDenied(
                "The file cannot be written",
                error.strerror or str(error),
                "Check the permissions of its folder.",
            ) from error
        self._digest.update(chunk)
        self._size += len(chunk)
        if self._progress is not None:
            self._progress(len(chunk))
        return len(chunk)

    def received(self, path: str, modified: datetime) -> StoredObject:
        """Return the downloaded object, with the size and SHA-256 of the written bytes."""
        return StoredObject(path, self._size, modified, self._digest.hexdigest())


def check_path(path: str, *, empty: bool = False) -> str:
    """Check that every kind of store allows the path, and return it.

    Args:
        empty: whether the empty path, the root of the store, is allowed.

    Raises:
        InvalidInput: it contains ``..``, is absolute, longer than 1024 bytes, not UTF-8, or in the
            staging folder.
    """
    if not path and empty:
        return path
    parts = path.split("/")
    if any(part in {"", ".", ".."} for part in parts) or "\0" in path:
        raise InvalidInput(
            f"The path {path[:80]!r} is not allowed",
            "It is empty or absolute, or contains //, . or .. as a part.",
            "Use a relative path such as models/churn.",
            field="path",
        )
    if parts[0] == STAGING:
        raise InvalidInput(
            f"The path {path[:80]!r} is not allowed",
            f"The folder {STAGING} is reserved.",
            "Choose another path.",
            field="path",
        )
    try:
        length = len(path.encode())
    except UnicodeEncodeError as error:
        raise InvalidInput(
            f"The path {path[:80]!r} is not valid UTF-8",
            f"It cannot be encoded: {error.reason}.",
            "Choose another path.",
            field="path",
        ) from error
    if length > PATH_LIMIT:
        raise InvalidInput(
            f"The path {path[:80]!r} is too long",
            f"It has {length} bytes; at most {PATH_LIMIT} are allowed.",
            "Choose a shorter path.",
            field="path",
        )
    return path


def server_of(url: str, values: Mapping[str, str]) -> ServerAddress:
    """Return the server of a URL, with TLS settings from the fields verify_tls and ca_file.

    Raises:
        ConfigError: the URL has no host, or an invalid port.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise ConfigError(
            "Invalid address of the object store",
            f"{url[:200]}: {error}",
            "Example: https://host.example:443",
        ) from error
    if not host or parts.scheme not in {"http", "https"}:
        raise ConfigError(
            "Invalid address of the object store",
            url[:200],
            "Example: https://host.example:443",
        )
    tls = parts.scheme == "https"
    verify = values.get("verify_tls", "true") != "false"
    return ServerAddress(
        host, port or (443 if tls else 80), tls, verify, values.get("ca_file", "") if verify else ""
    )


_loading = threading.Lock()


def open_store(
    kind: StoreKind, values: Mapping[str, str], policy: AddressPolicy | None = None
) -> ObjectStore:
    """Return a store of this kind; sends no request.

    Args:
        values: settings and secrets together; a missing field has its default value.
        policy: the servers that the store may reach; None for all.

    Raises:
        DependencyMissing: a package that the kind requires is not installed.
        ConfigError: a value is invalid.
    """
    module, _, name = kind.adapter.partition(":")
    complete = {field.name: values.get(field.name) or field.default for field in kind.fields}
    if policy is not None:
        complete[POLICY] = policy.text()
    with _loading:
        try:
            adapter = getattr(importlib.import_module(module), name)
        except ModuleNotFoundError as error:
            hint = (
                f"Install it with: pip install 'launchpad-tui[{kind.extra}]', or in a clone: "
                f"pip install '.[{kind.extra}]'"
                if kind.extra
                else ""
            )
            raise DependencyMissing(
                f"{kind.title} requires the package {error.name}", hint=hint, extra=kind.extra
            ) from error
    store: ObjectStore = adapter(complete)
    return store
