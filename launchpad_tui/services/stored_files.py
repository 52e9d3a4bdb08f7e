"""Listings of object stores that end: a server can repeat itself, or list files without end."""

from __future__ import annotations

from collections.abc import Iterator

from launchpad_tui.domain.artifact import ArtifactUrl
from launchpad_tui.domain.stored_object import StoredObject
from launchpad_tui.errors import InvalidInput, RuntimeRejected
from launchpad_tui.stores.base import ObjectStore

#: The greatest number of files of an artifact, and of a listing without a limit of its own.
FILE_LIMIT = 1_000_000


class ListedOnce:
    """Checks that a listing has every path once, and not more paths than allowed.

    Args:
        what: What is listed, for messages: ``ai://store/path``.
        limit: The greatest number of paths; None for `FILE_LIMIT`.
        hint: What to do if there are more.
    """

    def __init__(self, what: str, limit: int | None = None, hint: str = "") -> None:
        self._what = what
        self._limit = FILE_LIMIT if limit is None else limit
        self._hint = hint or "Use the URLs of its folders, or store the files in an archive."
        # Hashes take a fraction of the memory of paths.
        self._seen: set[int] = set()

    def add(self, path: str) -> None:
        """Check the next path.

        Raises:
            RuntimeRejected: The path was listed before.
            InvalidInput: There are more paths than allowed.
        """
        count, key = len(self._seen), hash(path)
        if count == self._limit and key not in self._seen:
            raise InvalidInput(
                f"Too many files at {self._what}",
                f"There are more than {self._limit:,} files.",
                self._hint,
                field="url",
            )
        self._seen.add(key)
        if len(self._seen) == count:
            raise RuntimeRejected(
                f"Invalid listing of {self._what}",
                f"{path[:200]!r} is listed more than once.",
                "Check the endpoint, and that the server supports the protocol of this type.",
            )


def files_at(
    store: ObjectStore, url: ArtifactUrl, *, limit: int | None = None, hint: str = ""
) -> Iterator[StoredObject]:
    """Yield the files at and below a URL.

    Args:
        store: The object store of the URL.
        url: The URL of a file or folder.
        limit: The maximum number of files to yield; None for all, which may be `FILE_LIMIT`.
        hint: What to do if there are more than `FILE_LIMIT` files.

    Raises:
        RuntimeRejected: The object store lists a file twice.
        InvalidInput: There are more than `FILE_LIMIT` files, and no limit was given.
    """
    once = ListedOnce(str(url), limit, hint)
    for each in store.list(url.path, limit=limit):
        once.add(each.path)
        yield each


def list_files(store: ObjectStore, url: ArtifactUrl) -> list[StoredObject]:
    """Return all files at and below a URL. Raises as `files_at`."""
    return list(files_at(store, url))
