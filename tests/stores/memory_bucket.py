"""A bucket's objects in memory, behind those servers that are our own: stored whole or not at all, listed by the bytes
of their names. What a server's protocol calls things stands in its own modules."""

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
_moments = itertools.count(time.time_ns() // 1000)


class Refused(Exception):
    """A request that is not carried out, with the status and the code of its answer."""

    def __init__(self, status: int, code: str, message: str = "") -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.message = message or code


def md5(content: bytes) -> str:
    """As ETags are made of, hexadecimal."""
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


@dataclass(frozen=True)
class Stored:
    """An object. ``headers``: those of its metadata, lower case; ``parts``: how many it was made of, 0 for none;
    ``generation``: greater than that of whatever was stored before."""

    content: bytes
    etag: str
    headers: Mapping[str, str]
    parts: int = 0
    modified: datetime = field(default_factory=lambda: datetime.now(UTC))
    generation: int = field(default_factory=lambda: next(_moments))


#: looks at what is there now and raises `Refused` where it must not be replaced
Condition = Callable[[Stored | None], None]


@dataclass(frozen=True)
class Part:
    content: bytes
    etag: str
    modified: datetime = field(default_factory=lambda: datetime.now(UTC))


@dataclass
class Upload:
    """An upload in parts, until it is completed or given up."""

    key: str
    headers: Mapping[str, str]
    id: str
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    parts: dict[int, Part] = field(default_factory=dict)


@dataclass(frozen=True)
class BucketPage:
    """A page of a listing: keys and common prefixes, and the entry to go on after (empty at the end)."""

    keys: tuple[str, ...]
    prefixes: tuple[str, ...]
    last: str


class Bucket:
    """Objects and uploads. Safe for threads.

    Args:
        smallest_part: bytes that every part of an upload but its last must have.
    """

    def __init__(self, smallest_part: int) -> None:
        self._smallest_part = smallest_part
        self._lock = threading.RLock()
        self._objects: dict[str, Stored] = {}
        self._order: list[bytes] | None = []
        self._uploads: dict[str, Upload] = {}

    def find(self, key: str) -> Stored | None:
        """The object, None where there is none."""
        with self._lock:
            return self._objects.get(key)

    def get(self, key: str) -> Stored:
        """The object.

        Raises:
            Refused: there is none.
        """
        stored = self.find(key)
        if stored is None:
            raise Refused(404, "NoSuchKey", "The specified key does not exist.")
        return stored

    def put(self, key: str, stored: Stored, condition: Condition | None = None) -> None:
        """Store an object, replacing what is there unless the condition refuses."""
        with self._lock:
            if condition is not None:
                condition(self._objects.get(key))
            if key not in self._objects:
                self._order = None
            self._objects[key] = stored

    def delete(self, key: str) -> bool:
        """Delete an object; says whether there was one."""
        with self._lock:
            if self._objects.pop(key, None) is None:
                return False
            self._order = None
            return True

    def page(
        self, prefix: str, delimiter: str, limit: int, *, after_key: str = "", after_entry: str = ""
    ) -> BucketPage:
        """A page of what begins with a prefix.

        Args:
            after_key: only keys greater than this one.
            after_entry: goes on after this key or common prefix.
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
        """Begin an upload in parts."""
        with self._lock:
            if condition is not None:
                condition(self._objects.get(key))
            upload = Upload(key, headers, uuid.uuid4().hex.upper())
            self._uploads[upload.id] = upload
            return upload

    def upload(self, key: str, identity: str) -> Upload:
        """The upload with this ID.

        Raises:
            Refused: there is none of this key.
        """
        with self._lock:
            upload = self._uploads.get(identity)
        if upload is None or upload.key != key:
            raise Refused(404, "NoSuchUpload", "The specified upload does not exist.")
        return upload

    def uploads(self, prefix: str) -> list[Upload]:
        """Those that are neither completed nor given up, by key and ID."""
        with self._lock:
            found = [upload for upload in self._uploads.values() if upload.key.startswith(prefix)]
        return sorted(found, key=lambda upload: (upload.key.encode(), upload.id))

    def abort(self, upload: Upload) -> None:
        """Give an upload up, with its parts."""
        with self._lock:
            self._uploads.pop(upload.id, None)

    def complete(
        self, upload: Upload, parts: Sequence[tuple[int, str]], condition: Condition | None = None
    ) -> Stored:
        """Make an object of parts.

        Args:
            parts: their numbers, ascending, and ETags.

        Raises:
            Refused: parts are missing, others, too small or in no order, or the condition says so.
        """
        numbers = [number for number, _ in parts]
        if not numbers or numbers != sorted(set(numbers)):
            raise Refused(400, "InvalidPartOrder", "The list of parts was not in ascending order.")
        chosen = []
        for number, etag in parts:
            part = upload.parts.get(number)
            if part is None or part.etag != etag.strip('"').lower():
                raise Refused(
                    400, "InvalidPart", "One or more of the specified parts could not be found."
                )
            chosen.append(part)
        if any(len(part.content) < self._smallest_part for part in chosen[:-1]):
            raise Refused(
                400,
                "EntityTooSmall",
                "Your proposed upload is smaller than the minimum allowed size.",
            )
        content = b"".join(part.content for part in chosen)
        digest = md5(b"".join(bytes.fromhex(part.etag) for part in chosen))
        stored = Stored(content, f"{digest}-{len(chosen)}", upload.headers, len(chosen))
        with self._lock:
            self.upload(upload.key, upload.id)
            self.put(upload.key, stored, condition)
            self.abort(upload)
        return stored
