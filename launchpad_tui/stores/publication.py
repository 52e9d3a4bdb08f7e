"""Publication of folders in buckets, which cannot store several objects in one step.

A folder is published under a marker: the object ``.launchpad-staging/<SHA-256 of its path>.json``
is stored before the first object of the folder and deleted after the last one. Readers hide
everything below the path of a marker, for which they need only the names of the markers. The
deletion of the marker is one step, with which the folder appears.

A publisher renews its marker while it uploads. If the publisher fails, its marker and its objects
remain until another publication of the same path takes the marker over: at once if the publisher
has ended on this machine, otherwise when the marker has not been renewed for `LEASE_SECONDS` by the
clock of the server. To take over a marker, a process creates a marker of the next generation
(``<SHA-256>.<generation>.json``) on the condition that it does not exist, which only one process
can do, and checks that the previous marker has not changed.

Objects are deleted only for a marker whose content states that its owner was uploading. A marker
starts without this statement, because the path may have been published between the last check of
the path and the creation of the marker.

Former versions stored markers without an owner and did not renew them. Such a marker counts as
renewed whenever an object of the path is stored. A publication of the same path takes it over after
`_UNOWNED_SECONDS`, and an explicit deletion at once. Other publications remove it only after
`_ABANDONED_SECONDS`, because a publisher of a former version may be uploading a large file.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import uuid
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import lru_cache
from itertools import accumulate

from launchpad_tui.domain.stored_object import StoredObject
from launchpad_tui.domain.timestamps import now
from launchpad_tui.errors import Conflict, LaunchpadError, ObjectMissing
from launchpad_tui.records import record
from launchpad_tui.stores.base import STAGING
from launchpad_tui.stores.outages import wait_through_outages
from launchpad_tui.stores.process_identity import ProcessIdentity
from launchpad_tui.stores.publication_lease import LEASE_SECONDS, Lease, MarkerBucket
from launchpad_tui.stores.store_errors import already_exists, upload_in_progress

#: Seconds without activity after which a marker without an owner may be taken over by another
#: publication of the same path, and by any other publication.
_UNOWNED_SECONDS, _ABANDONED_SECONDS = 600.0, 7 * 86400.0
#: How often the creation of a marker is tried while other processes create and delete it.
_ATTEMPTS = 10
_NAME = re.compile(r"([0-9a-f]{64})(?:\.(\d{1,9}))?\.json")
#: The publications of this process by ID, and whether they are still running.
_own: dict[str, bool] = {}


@record
class Marker:
    """A marker in a listing. Its values change when it is renewed."""

    key: str
    digest: str
    generation: int
    modified: datetime
    version: str


@record
class _Content:
    """The content of a marker.

    Attributes:
        publication: The random ID of the publication; empty for a marker of a former version.
        uploading: Whether objects below the path may belong to the publication.
        owner: The process; None if it is unknown.
    """

    path: str = ""
    publication: str = ""
    uploading: bool = False
    owner: ProcessIdentity | None = None

    @property
    def is_unowned(self) -> bool:
        """Whether a former version has stored the marker."""
        return bool(self.path) and not self.publication


class Publications:
    """The markers of a bucket, or of the objects below a path prefix in it. Thread-safe.

    Args:
        bucket: The bucket.
        root: The key of the staging folder, with a slash at the end.
        objects: Yields all objects below a prefix of keys.
        exists: Returns whether there is an object at or below a path, also a hidden one.
        remove: Deletes the objects and incomplete uploads at and below a path.
    """

    def __init__(
        self,
        bucket: MarkerBucket,
        root: str,
        objects: Callable[[str], Iterator[StoredObject]],
        exists: Callable[[str], bool],
        remove: Callable[[str], None],
    ) -> None:
        self._bucket = bucket
        self._root = root
        self._objects = objects
        self._exists = exists
        self._remove = remove

    def unfinished(self) -> frozenset[str]:
        """Return the digests of the paths that are being published."""
        return frozenset(each.digest for each in self._markers())

    @contextmanager
    def publishing(self, path: str) -> Iterator[Lease]:
        """Hide a path in a ``with`` block, which uploads the objects below it.

        The objects appear at the end of the block, or are deleted if the block raises an error.

        Raises:
            Conflict: There are objects at the path, or another process is publishing it.
        """
        lease = wait_through_outages(lambda: self._acquire(path))
        removed = False
        try:
            with lease.renewed():
                try:
                    yield lease
                    lease.check()
                except BaseException:
                    # What cannot be deleted now, for example without a network, stays hidden.
                    if not lease.lost:
                        with contextlib.suppress(Exception):
                            self._remove(path)
                            removed = True
                    raise
            # A renewal must not follow the deletion, so they have ended here.
            wait_through_outages(lambda: self._check_owner(lease))
            wait_through_outages(lambda: self._bucket.delete([lease.key]))
        except BaseException:
            if removed:
                with contextlib.suppress(Exception):
                    self._bucket.delete([lease.key])
            raise
        finally:
            _own[lease.publication] = False

    def sweep(self, path: str, *, unowned: float = _UNOWNED_SECONDS) -> frozenset[str]:
        """Remove what failed publications have left, as far as possible.

        Args:
            path: The path that is published or deleted.
            unowned: Seconds without activity after which a marker without an owner is removed, if
                it is that of the path, a parent of it or a path below it.

        Returns:
            The digests of the paths that are still being published.
        """
        latest: dict[str, Marker] = {}
        for each in self._markers():
            latest[each.digest] = each
        left = set(latest)
        # The path of a marker without a readable content is known from its digest.
        paths = {digest_of(each): each for each in accumulate(path.split("/"), "{}/{}".format)}
        for digest, marker in latest.items():
            with contextlib.suppress(LaunchpadError):
                content = self._content(marker)
                found = content.path or paths.get(digest, "")
                recent = (now() - marker.modified).total_seconds() < LEASE_SECONDS / 2
                related = found.startswith(f"{path}/") or f"{path}/".startswith(f"{found}/")
                expired = _has_ended(content) or (content.is_unowned and related and not unowned)
                if not found or (recent and not expired):
                    continue
                if self._clear(found, unowned if related else _ABANDONED_SECONDS):
                    left.discard(digest)
        return frozenset(left)

    def clear(self, path: str) -> None:
        """Remove the markers and hidden objects that failed publications of a path have left.

        A marker without an owner is removed at once.

        Raises:
            Conflict: Another process is publishing the path.
        """
        if not self._clear(path, 0.0):
            raise self._in_progress(path, self._markers(digest_of(path)))

    def _clear(self, path: str, unowned: float) -> bool:
        """Remove the rest of failed publications; return False if one may still be running."""
        with contextlib.suppress(Conflict):
            lease = self._take_over(path, unowned)
            if lease is not None:
                self._release(lease)
            return True
        return not self._markers(digest_of(path))

    def _acquire(self, path: str) -> Lease:
        for _ in range(_ATTEMPTS):
            if (lease := self._take_over(path)) is not None:
                return lease
            if self._exists(path):
                raise already_exists(self._bucket.where, path)
            lease = self._create(path, 0)
            if lease is None:
                continue
            with _ended_after_errors(lease):
                if self._exists(path):
                    # Another process has published the path since it was checked.
                    self._bucket.delete([lease.key])
                    raise already_exists(self._bucket.where, path)
                lease.write(uploading=True)
            return lease
        raise self._in_progress(path, self._markers(digest_of(path)))

    def _take_over(self, path: str, unowned: float = _UNOWNED_SECONDS) -> Lease | None:
        """Take over the marker of a failed publication and delete its objects; None if the path has
        no marker.

        Args:
            path: The path of the publication.
            unowned: Seconds without activity after which a marker without an owner is taken over.

        Raises:
            Conflict: Another process is publishing the path, or has published it.
        """
        for _ in range(_ATTEMPTS):
            markers = self._markers(digest_of(path))
            if not markers:
                return None
            last = markers[-1]
            # The last owner may have ended before it has deleted the objects of the one before.
            contents = [self._content(each) for each in markers]
            if not self._has_expired(last, contents[-1], unowned):
                raise self._in_progress(path, markers)
            lease = self._create(path, last.generation + 1)
            if lease is None:
                continue
            with _ended_after_errors(lease):
                current = self._markers(digest_of(path))
                if last not in current:
                    # Another process has renewed, taken over or finished the publication.
                    self._release(lease)
                    continue
                older = [each.key for each in current if each.key != lease.key]
                if any(each.uploading for each in contents):
                    self._remove(path)
                elif self._exists(path):
                    self._bucket.delete(older)
                    self._bucket.delete([lease.key])
                    raise already_exists(self._bucket.where, path)
                lease.write(uploading=True)
                self._bucket.delete(older)
            return lease
        raise self._in_progress(path, self._markers(digest_of(path)))

    def _create(self, path: str, generation: int) -> Lease | None:
        """Create a marker; None if it exists."""
        suffix = f".{generation}" if generation else ""
        lease = Lease(self._bucket, f"{self._root}{digest_of(path)}{suffix}.json", path)
        _own[lease.publication] = True
        # The marker may exist after an error, if only the response was lost.
        with _ended_after_errors(lease):
            try:
                lease.version = self._bucket.create(lease.key, lease.body(uploading=False))
            except Conflict:
                # If the response to a repeated request was lost, the marker is that of this lease.
                if self._content_of(lease.key).publication != lease.publication:
                    _own[lease.publication] = False
                    return None
        return lease

    def _release(self, lease: Lease) -> None:
        """Delete the marker of a lease that has hidden nothing."""
        _own[lease.publication] = False
        self._bucket.delete([lease.key])

    def _check_owner(self, lease: Lease) -> None:
        """Raise Conflict if another process has taken over the marker."""
        markers = self._markers(digest_of(lease.path))
        if not markers or markers[-1].key != lease.key:
            raise lease.replaced()

    def _markers(self, digest: str = "") -> list[Marker]:
        """Return all markers, or those of one path, ordered by generation."""
        found = []
        for each in self._objects(f"{self._root}{digest}"):
            match = _NAME.fullmatch(each.path.removeprefix(self._root))
            if match is not None:
                generation = int(match[2] or 0)
                found.append(Marker(each.path, match[1], generation, each.modified, each.version))
        return sorted(found, key=lambda each: each.generation)

    def _content(self, marker: Marker) -> _Content:
        content = self._content_of(marker.key)
        if digest_of(content.path) != marker.digest:
            return _Content()
        if not content.publication:
            # Former versions stored only the path, after they had checked it.
            return _Content(content.path, "", uploading=True)
        return content

    def _content_of(self, key: str) -> _Content:
        """Return the content of a marker, as far as it can be read: not every user may."""
        try:
            data = json.loads(b"".join(self._bucket.read(key, 0, None, "")))
            return _Content(
                str(data["path"]),
                str(data.get("publication", "")),
                data.get("uploading") is True,
                ProcessIdentity.from_json(data.get("owner")),
            )
        except (ObjectMissing, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return _Content()
        except LaunchpadError as error:
            if error.retryable:
                raise
            return _Content()

    def _has_expired(self, marker: Marker, content: _Content, unowned: float) -> bool:
        if _own.get(content.publication, False):
            return False
        if _has_ended(content):
            return True
        if content.is_unowned and not unowned:
            return True
        at = self._server_time()
        if not content.is_unowned:
            return (at - marker.modified).total_seconds() > LEASE_SECONDS
        return (at - marker.modified).total_seconds() > unowned and not any(
            (at - each.modified).total_seconds() <= unowned
            for each in self._objects(self._root.removesuffix(f"{STAGING}/") + content.path)
        )

    def _server_time(self) -> datetime:
        """Return the time of the server's clock, from which that of this machine may differ."""
        key = f"{self._root}clock-{uuid.uuid4().hex}"
        self._bucket.write(key, b"")
        try:
            return max(each.modified for each in self._objects(key))
        finally:
            self._bucket.delete([key])

    def _in_progress(self, path: str, markers: Collection[Marker]) -> Conflict:
        renewed = max((each.modified for each in markers), default=None)
        return upload_in_progress(self._bucket.where, path, renewed, LEASE_SECONDS)


@contextmanager
def _ended_after_errors(lease: Lease) -> Iterator[None]:
    """Note that a publication has ended if the ``with`` block raises an error."""
    try:
        yield
    except BaseException:
        _own[lease.publication] = False
        raise


def _has_ended(content: _Content) -> bool:
    """Return whether the publication of a marker is known to have ended."""
    if content.publication in _own:
        return not _own[content.publication]
    return content.owner is not None and content.owner.has_ended()


@lru_cache(maxsize=4096)
def digest_of(path: str) -> str:
    """Return the digest with which the markers of a path are named."""
    return hashlib.sha256(path.encode()).hexdigest()


def covers(digests: Collection[str], path: str) -> bool:
    """Return whether a path or one of its parents has a marker with one of these digests."""
    if not digests:
        return False
    parts = path.split("/")
    return any(digest_of("/".join(parts[:count])) in digests for count in range(1, len(parts) + 1))
