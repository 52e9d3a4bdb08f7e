"""A bucket in memory, the storage of the simulated OSS and Google servers.

Objects are stored completely or not at all, and listed by the bytes of their names. The modules of
each server implement its protocol.
"""

from __future__ import annotations

import bisect
import hashlib
import itertools
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

MOST_PARTS = 10_000
_generations = itertools.count(time.time_ns() // 1000)


class Rejected(Exception):
    """A rejected request, with the status and error code of the response."""

    def __init__(self, status: int, code: str, message: str = "") -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.message = message or code


def md5(content: bytes) -> str:
    """Return the MD5 in hexadecimal, of which ETags consist."""
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


@dataclass(frozen=True)
class Stored:
    """An object.

    Args:
        headers: headers of the metadata, with names in lower case.
        parts: number of parts of a multipart upload; 0 for a single request.
        generation: greater than that of every object stored before.
    """

    content: bytes
    etag: str
    headers: Mapping[str, str]
    parts: int = 0
    modified: datetime = field(default_factory=lambda: datetime.now(UTC))
    generation: int = field(default_factory=lambda: next(_generations))


#: Receives the existing object, if any; raises `Rejected` if it must not be replaced.
Condition = Callable[[Stored | None], None]


@dataclass(frozen=True)
class Part:
    content: bytes
    etag: str
    modified: datetime = field(default_factory=lambda: datetime.now(UTC))


@dataclass
class Upload:
    """A multipart upload that is neither completed nor aborted."""

    key: str
    headers: Mapping[str, str]
    id: str
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    parts: dict[int, Part] = field(default_factory=dict)


@dataclass(frozen=True)
class BucketPage:
    """A page of a listing: keys, common prefixes, and the last entry (empty on the last page)."""

    keys: tuple[str, ...]
    prefixes: tuple[str, ...]
    last: str


class Bucket:
    """Objects and uploads. Safe for threads.

    Args:
        smallest_part: minimum size (bytes) of all parts of an upload except the last.
    """

    def __init__(self, smallest_part: int) -> None:
        self._smallest_part = smallest_part
        self._lock = threading.RLock()
        self._objects: dict[str, Stored] = {}
        self._order: list[bytes] | None = []
        self._uploads: dict[str, Upload] = {}

    def find(self, key: str) -> Stored | None:
        """Return the object; None if it does not exist."""
        with self._lock:
            return self._objects.get(key)

    def get(self, key: str) -> Stored:
        """Return the object.

        Raises:
            Rejected: it does not exist.
        """
        stored = self.find(key)
        if stored is None:
            raise Rejected(404, "NoSuchKey", "The specified key does not exist.")
        return stored

    def put(self, key: str, stored: Stored, condition: Condition | None = None) -> None:
        """Store an object and replace an existing one, unless the condition raises `Rejected`."""
        with self._lock:
            if condition is not None:
                condition(self._objects.get(key))
            if key not in self._objects:
                self._order = None
            self._objects[key] = stored

    def delete(self, key: str) -> bool:
        """Delete an object; return whether it existed."""
        with self._lock:
            if self._objects.pop(key, None) is None:
                return False
            self._order = None
            return True

    def page(
        self, prefix: str, delimiter: str, limit: int, *, after_key: str = "", after_entry: str = ""
    ) -> BucketPage:
        """Return a page of the keys and common prefixes that begin with a prefix.

        Args:
            after_key: only keys greater than this one.
            after_entry: the last key or common prefix of the previous page.
        """
        keys: list[str] = []
        prefixes: list[str] = []
        last = ""
        with self._lock:
            for key in self._from(prefix, max(after_key, after_entry, key=str.encode)):
                end = key.find(delimiter, len(prefix)) if delimiter else -1
                entry = key if end < 0 else key[: end + len(delimiter)]
                if (
                    key == after_key
                    or (after_entry and entry.encode() <= after_entry.encode())
                    or entry == last
                ):
                    continue
                if len(keys) + len(prefixes) == limit:
                    return BucketPage(tuple(keys), tuple(prefixes), last)
                (keys if end < 0 else prefixes).append(entry)
                last = entry
        return BucketPage(tuple(keys), tuple(prefixes), "")

    def _from(self, prefix: str, start: str) -> Iterator[str]:
        if self._order is None:
            self._order = sorted(key.encode() for key in self._objects)
        begin = prefix.encode()
        for position in range(
            bisect.bisect_left(self._order, max(begin, start.encode())), len(self._order)
        ):
            key = self._order[position]
            if not key.startswith(begin):
                return
            yield key.decode()

    def begin(
        self, key: str, headers: Mapping[str, str], condition: Condition | None = None
    ) -> Upload:
        """Begin a multipart upload."""
        with self._lock:
            if condition is not None:
                condition(self._objects.get(key))
            upload = Upload(key, headers, uuid.uuid4().hex.upper())
            self._uploads[upload.id] = upload
            return upload

    def upload(self, key: str, identity: str) -> Upload:
        """Return the upload of this key with this ID.

        Raises:
            Rejected: there is no such upload.
        """
        with self._lock:
            upload = self._uploads.get(identity)
        if upload is None or upload.key != key:
            raise Rejected(404, "NoSuchUpload", "The specified upload does not exist.")
        return upload

    def uploads(self, prefix: str) -> list[Upload]:
        """Return the uploads that are neither completed nor aborted, by key and ID."""
        with self._lock:
            found = [upload for upload in self._uploads.values() if upload.key.startswith(prefix)]
        return sorted(found, key=lambda upload: (upload.key.encode(), upload.id))

    def abort(self, upload: Upload) -> None:
        """Abort an upload and discard its parts."""
        with self._lock:
            self._uploads.pop(upload.id, None)

    def complete(
        self, upload: Upload, parts: Sequence[tuple[int, str]], condition: Condition | None = None
    ) -> Stored:
        """Combine parts to an object.

        Args:
            parts: number and ETag of each part, in ascending order.

        Raises:
            Rejected: a part is missing, has another ETag or is too small, the order is wrong, or
                the condition is not met.
        """
        numbers = [number for number, _ in parts]
        if not numbers or numbers != sorted(set(numbers)):
            raise Rejected(400, "InvalidPartOrder", "The list of parts was not in ascending order.")
        selected = []
        for number, etag in parts:
            part = upload.parts.get(number)
            if part is None or part.etag != etag.strip('"').lower():
                raise Rejected(
                    400, "InvalidPart", "One or more of the specified parts could not be found."
                )
            selected.append(part)
        if any(len(part.content) < self._smallest_part for part in selected[:-1]):
            raise Rejected(
                400,
                "EntityTooSmall",
                "Your proposed upload is smaller than the minimum allowed size.",
            )
        content = b"".join(part.content for part in selected)
        digest = md5(b"".join(bytes.fromhex(part.etag) for part in selected))
        stored = Stored(content, f"{digest}-{len(selected)}", upload.headers, len(selected))
        with self._lock:
            self.upload(upload.key, upload.id)
            self.put(upload.key, stored, condition)
            self.abort(upload)
        return stored
