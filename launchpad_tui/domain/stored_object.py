"""Objects in an object store, and the paths that name them."""

from __future__ import annotations

from datetime import datetime

from launchpad_tui.records import record


@record
class StoredObject:
    """An object in a store.

    Attributes:
        size: the size in bytes.
        sha256: the checksum in hexadecimal; empty if the store does not have it.
        version: an identifier of the content, for example an ETag, or size and time; empty if the
            store does not report one.
    """

    path: str
    size: int
    modified: datetime
    sha256: str = ""
    version: str = ""


@record
class FolderPage:
    """A page of the direct content of a folder: paths of folders, and objects.

    Attributes:
        next: the token of the next page; empty for the last page.
        missing: whether there is no such folder. A bucket has no empty folders.
    """

    folders: tuple[str, ...]
    objects: tuple[StoredObject, ...]
    next: str = ""
    missing: bool = False


def join(path: str, relative: str) -> str:
    """Return the path of a relative path inside another path; ``.`` is the other path itself."""
    if relative == ".":
        return path
    return f"{path}/{relative}" if path else relative


def relative_to(path: str, base: str) -> str:
    """Return the path relative to ``base``, the inverse of `join`."""
    if path == base:
        return "."
    return path[len(base) + 1 :] if base else path
