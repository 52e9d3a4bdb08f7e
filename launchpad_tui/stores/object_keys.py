"""Keys of objects that are not valid paths, such as ``a//b``, ``/a``, ``a/../b`` or ``a/``.

A bucket allows almost every text as a key, but paths have only parts that can be names of files. So
a part that cannot be one is replaced by a name, by which the object is listed, read, downloaded and
deleted like any other:

===============  =====================================
part of the key  part of the path
===============  =====================================
(empty)          ``／`` (U+FF0F)
``.``            ``．`` (U+FF0E)
``..``           ``．．``
with a NUL       ``␀`` and the part with ``%00`` for NUL
===============  =====================================

A part that reads like one of these names is preceded by ``‛`` (U+201B), so that every key has a
path of its own. The symbols are those of rclone (https://rclone.org/overview/).

An empty object whose key ends with ``/`` is the folder that web consoles create; its key is not
changed, and the stores do not list it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from launchpad_tui.domain.stored_object import StoredObject
from launchpad_tui.net.server_check import ServerAddress
from launchpad_tui.stores.base import Abilities, Progress
from launchpad_tui.stores.bucket_protocol import PAGE, Bucket, BucketPage, Upload
from launchpad_tui.stores.store_errors import invalid_listing

_QUOTE = "‛"
_NAMES = {"": "／", ".": "．", "..": "．．"}
_PARTS = {name: part for part, name in _NAMES.items()}
_NUL = "␀"
#: parts of paths that stand for another part of a key
_REPLACED = re.compile(f"{_QUOTE}*(?:／|．|．．|{_NUL}.*%00.*)", re.DOTALL)


def path_of(key: str) -> str:
    """Return the path of a key; see the description of the module."""
    return "/".join(map(_name, key.split("/")))


def key_of(path: str) -> str:
    """Return the key of a path, the inverse of `path_of`."""
    if not any(symbol in path for symbol in ("／", "．", _NUL)):
        return path
    return "/".join(map(_part, path.split("/")))


def _name(part: str) -> str:
    if part in _NAMES:
        return _NAMES[part]
    if "\0" in part:
        return _NUL + part.replace("%", "%25").replace("\0", "%00")
    return f"{_QUOTE}{part}" if _REPLACED.fullmatch(part) else part


def _part(name: str) -> str:
    if not _REPLACED.fullmatch(name):
        return name
    if name.startswith(_QUOTE):
        return name[1:]
    if name in _PARTS:
        return _PARTS[name]
    return name[1:].replace("%00", "\0").replace("%25", "%")


def _folder_path(prefix: str) -> str:
    """Return the path of a common prefix or of an empty object, which ends with ``/``."""
    return f"{path_of(prefix[:-1])}/"


class PathBucket:
    """A `Bucket` whose keys are paths.

    Listings are checked: a page that does not follow the protocol raises RuntimeRejected.

    Args:
        bucket: the bucket with the keys of the service.
    """

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket
        self.where = bucket.where

    @property
    def abilities(self) -> Abilities:
        """See `Bucket.abilities`; they change when the server is found to lack one."""
        return self._bucket.abilities

    def endpoint(self) -> ServerAddress | None:
        """See `Bucket.endpoint`."""
        return self._bucket.endpoint()

    def check(self, prefix: str) -> str:
        """See `Bucket.check`."""
        return self._bucket.check(key_of(prefix))

    def page(
        self, prefix: str, *, delimiter: str = "", token: str = "", limit: int = PAGE
    ) -> BucketPage:
        """See `Bucket.page`.

        Raises:
            RuntimeRejected: the page has another prefix, or refers to itself.
        """
        key = key_of(prefix)
        page = self._bucket.page(key, delimiter=delimiter, token=token, limit=limit)
        for found in [*(each.path for each in page.objects), *page.prefixes]:
            if not found.startswith(key):
                raise invalid_listing(
                    self.where, f"{found[:200]!r} does not begin with {key[:200]!r}."
                )
        for each in page.objects:
            if each.size < 0:
                raise invalid_listing(
                    self.where, f"{each.path[:200]!r} has a negative size: {each.size}."
                )
        if page.next and page.next == token:
            raise invalid_listing(self.where, "A page refers to itself as the next one.")
        return replace(
            page,
            objects=tuple(map(_with_path, page.objects)),
            prefixes=tuple(map(_folder_path, page.prefixes)),
        )

    def head(self, key: str) -> StoredObject:
        """See `Bucket.head`."""
        return replace(self._bucket.head(key_of(key)), path=key)

    def read(self, key: str, offset: int, length: int | None, version: str) -> Iterator[bytes]:
        """See `Bucket.read`."""
        return self._bucket.read(key_of(key), offset, length, version)

    def upload(self, plan: Sequence[Upload], progress: Progress | None) -> None:
        """See `Bucket.upload`."""
        self._bucket.upload([replace(each, key=key_of(each.key)) for each in plan], progress)

    def create(self, key: str, body: bytes) -> str:
        """See `Bucket.create`."""
        return self._bucket.create(key_of(key), body)

    def write(self, key: str, body: bytes, version: str = "") -> str:
        """See `Bucket.write`."""
        return self._bucket.write(key_of(key), body, version)

    def copy(self, source: str, target: str) -> None:
        """See `Bucket.copy`."""
        self._bucket.copy(key_of(source), key_of(target))

    def checksum(self, key: str) -> str:
        """See `Bucket.checksum`."""
        return self._bucket.checksum(key_of(key))

    def delete(self, keys: Sequence[str]) -> None:
        """See `Bucket.delete`."""
        self._bucket.delete([key_of(each) for each in keys])

    def abandon(self, prefix: str, before: datetime | None = None) -> None:
        """See `Bucket.abandon`."""
        self._bucket.abandon(key_of(prefix), before)


def _with_path(found: StoredObject) -> StoredObject:
    folder = found.path.endswith("/") and not found.size
    return replace(found, path=_folder_path(found.path) if folder else path_of(found.path))


class ListingCheck:
    """Checks that the pages of a listing make progress, so that a listing always ends.

    Args:
        where: name of the store in the middle of a sentence.
    """

    #: number of empty pages in a row after which a listing is considered endless; services that
    #: skip deleted objects return a few
    EMPTY_PAGES = 1000

    def __init__(self, where: str) -> None:
        self._where = where
        self._tokens: set[str] = set()
        self._first: set[str] = set()
        self._empty = 0

    def add(self, page: BucketPage) -> None:
        """Check the next page.

        Raises:
            RuntimeRejected: the page or the token of the next page was returned before, or too many
                pages in a row are empty.
        """
        keys = [*(each.path for each in page.objects[:1]), *page.prefixes[:1]]
        if self._first.intersection(keys):
            raise invalid_listing(self._where, f"{keys[0][:200]!r} is listed more than once.")
        self._first.update(keys)
        self._empty = 0 if keys else self._empty + 1
        if self._empty > self.EMPTY_PAGES:
            raise invalid_listing(self._where, f"{self._empty:,} pages in a row are empty.")
        if page.next in self._tokens:
            raise invalid_listing(self._where, "Two pages refer to the same next page.")
        if page.next:
            self._tokens.add(page.next)

    def add_marker(self, key: str | None, upload: str | None) -> None:
        """Check the marker of the next page of a list of incomplete uploads, None on the last page.

        Raises:
            RuntimeRejected: the marker was returned before, or there are too many pages.
        """
        self.add(BucketPage((), (), f"{key}\n{upload}" if key else ""))
