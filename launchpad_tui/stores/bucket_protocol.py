"""The operations of a bucket service on which `launchpad_tui.stores.bucket` is built."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol

from launchpad_tui.domain.stored_object import StoredObject
from launchpad_tui.net.server_check import ServerAddress
from launchpad_tui.records import record
from launchpad_tui.stores.base import Abilities, Progress

#: The largest number of objects of a page.
PAGE = 1000


@record
class BucketPage:
    """A page of a listing: objects, whose ``path`` is the whole key, and common prefixes.

    Args:
        next: token of the next page; empty for the last one.
    """

    objects: tuple[StoredObject, ...]
    prefixes: tuple[str, ...] = ()
    next: str = ""


@record
class Upload:
    """A file to upload. ``size`` in bytes; ``sha256`` in hexadecimal, stored as metadata."""

    key: str
    file: Path
    size: int
    sha256: str


class Bucket(Protocol):
    """The operations of one service that `BucketStore` is built on. Safe for threads.

    Keys are complete, with the path prefix. Errors are those of `ObjectStore`.
    """

    #: name of the store in the middle of a sentence, such as ``bucket 'models'``
    where: str

    @property
    def abilities(self) -> Abilities:
        """What the service can do."""

    def endpoint(self) -> ServerAddress | None:
        """See `ObjectStore.endpoint`."""

    def check(self, prefix: str) -> str:
        """Check access by listing one object below the prefix.

        Returns:
            A short description of the location.
        """

    def page(
        self, prefix: str, *, delimiter: str = "", token: str = "", limit: int = PAGE
    ) -> BucketPage:
        """Return a page of the objects whose keys begin with the prefix, by one request.

        Args:
            delimiter: ``/`` to combine keys with a further ``/`` to a common prefix.
        """

    def head(self, key: str) -> StoredObject:
        """Return the object with this key. Raises ObjectMissing."""

    def read(self, key: str, offset: int, length: int | None, version: str) -> Iterator[bytes]:
        """Yield the bytes of one response.

        Raises:
            ObjectMissing: there is no such object.
            Conflict: it has another version.
            Unreachable: the download was interrupted.
        """

    def upload(self, plan: Sequence[Upload], progress: Progress | None) -> None:
        """Upload files, each completely or not at all.

        If one fails, or ``progress`` raises, the others are cancelled and their parts removed.
        """

    def create(self, key: str, body: bytes) -> str:
        """Store a small object; return its version, see `write`. Raises Conflict if the key
        exists."""

    def write(self, key: str, body: bytes, version: str = "") -> str:
        """Store a small object, replacing an existing one.

        Args:
            version: only an object with this version is replaced; empty for any. Ignored by
                services without such a condition.

        Returns:
            The version of the new object for another call of `write`; empty for services without
            such a condition.

        Raises:
            Conflict, ObjectMissing: the object with this version was replaced or deleted.
        """

    def copy(self, source: str, target: str) -> None:
        """See `ObjectStore.copy`."""

    def checksum(self, key: str) -> str:
        """See `ObjectStore.checksum`."""

    def delete(self, keys: Sequence[str]) -> None:
        """Delete at most `PAGE` objects; keys without an object are ignored."""

    def abandon(self, prefix: str, before: datetime | None = None) -> None:
        """Remove the parts of incomplete uploads below the prefix, if the service keeps them.

        Args:
            before: only uploads that began before this time; None for all.
        """
