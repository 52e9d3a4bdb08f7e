"""The marker of a publication that this process owns, see `publication`."""

from __future__ import annotations

import contextlib
import json
import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

from launchpad_tui.domain.stored_object import StoredObject
from launchpad_tui.errors import Conflict, LaunchpadError, ObjectMissing, Unreachable
from launchpad_tui.stores.base import Progress
from launchpad_tui.stores.process_identity import ProcessIdentity

#: Seconds between two renewals of a marker, and after a failed renewal.
RENEW_SECONDS, RETRY_SECONDS = 15.0, 3.0
#: Seconds without a renewal after which a publisher stops, and after which others may take over.
#: The difference covers requests that are still on their way.
VALID_SECONDS, LEASE_SECONDS = 60.0, 180.0


class MarkerBucket(Protocol):
    """The operations of a bucket that markers require; see `bucket_protocol.Bucket`."""

    where: str

    def read(self, key: str, offset: int, length: int | None, version: str) -> Iterator[bytes]:
        """Yield the content of an object."""

    def head(self, key: str) -> StoredObject:
        """Return the object with this key. Raises ObjectMissing."""

    def create(self, key: str, body: bytes) -> str:
        """See `bucket_protocol.Bucket.create`."""

    def write(self, key: str, body: bytes, version: str = "") -> str:
        """See `bucket_protocol.Bucket.write`."""

    def delete(self, keys: Sequence[str]) -> None:
        """Delete objects."""


class Lease:
    """A marker that this process owns, and renews while it uploads.

    A renewal replaces only the marker of the previous one where the service can check that.
    Otherwise a renewal that arrives late, after the marker was deleted, would create it again, and
    another process would take the published folder for the rest of a failed publication.

    Attributes:
        version: The version of the marker, empty if it is unknown; see `Bucket.write`.
    """

    def __init__(self, bucket: MarkerBucket, key: str, path: str) -> None:
        self._bucket = bucket
        self.key = key
        self.path = path
        self.publication = uuid.uuid4().hex
        self.version = ""
        self._renewals = 0
        self._renewed_at = _clock()
        self._expired = False
        self._replaced = False

    @property
    def lost(self) -> bool:
        """Whether another process may have taken over the marker."""
        self._expired = self._expired or _clock() - self._renewed_at > VALID_SECONDS
        return self._expired or self._replaced

    def replaced(self) -> Conflict:
        """Note that another process has taken over the marker; return the error to raise."""
        self._replaced = True
        return Conflict(
            f"The upload to {self._bucket.where} was interrupted",
            f"Another process has taken over the upload of {self.path[:200]!r}.",
            "Wait until that upload has ended.",
        )

    def check(self) -> None:
        """Raise Unreachable if the marker could not be renewed in time, Conflict if another process
        has taken it over."""
        if self._replaced:
            raise self.replaced()
        if self.lost:
            raise Unreachable(
                f"The upload to {self._bucket.where} was interrupted",
                f"The server did not respond for {VALID_SECONDS:.0f} seconds.",
                "Check the network, and try again.",
            )

    def reporting(self, progress: Progress | None) -> Progress:
        """Return a progress callback that ends the upload when the lease is lost."""

        def report(count: int) -> None:
            self.check()
            if progress is not None:
                progress(count)

        return report

    def write(self, *, uploading: bool) -> None:
        """Store the content of the marker, which renews it.

        Raises:
            Conflict: Another process has taken over the marker.
        """
        at = _clock()
        body = self.body(uploading=uploading)
        try:
            self.version = self._bucket.write(self.key, body, self.version)
        except (Conflict, ObjectMissing):
            # If the response to a repeated request was lost, the marker is that of this lease.
            self.version = self._stored_version()
            self.version = self._bucket.write(self.key, body, self.version)
        self._renewed_at = at

    def _stored_version(self) -> str:
        """Return the version of the stored marker. Raises Conflict if it is not that of this
        lease."""
        with contextlib.suppress(ObjectMissing, ValueError, KeyError, TypeError):
            version = self._bucket.head(self.key).version
            data = json.loads(b"".join(self._bucket.read(self.key, 0, None, version)))
            if data["publication"] == self.publication:
                return version
        raise self.replaced()

    def body(self, *, uploading: bool) -> bytes:
        """Return the content of the marker."""
        self._renewals += 1
        content = {
            "path": self.path,
            "publication": self.publication,
            "uploading": uploading,
            "owner": ProcessIdentity.current().to_json(),
            "renewals": self._renewals,
        }
        return json.dumps(content).encode()

    @contextmanager
    def renewed(self) -> Iterator[None]:
        """Renew the marker on a thread during a ``with`` block."""
        stop = threading.Event()
        thread = threading.Thread(target=self._renew, args=(stop,), name="lease", daemon=True)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()

    def _renew(self, stop: threading.Event) -> None:
        pause = RENEW_SECONDS
        while not stop.wait(pause) and not self.lost:
            try:
                self.write(uploading=True)
                pause = RENEW_SECONDS
            except LaunchpadError:
                pause = RETRY_SECONDS


def _clock() -> float:
    """Return seconds, which also pass while the machine is suspended if the system counts them."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))
