"""Objects of an object store as its adapters list them, and the paths that name them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object in a store.

    Args:
        size: bytes.
        sha256: hexadecimal; empty if the store does not keep it.
        version: differs after the content was replaced (an ETag, or size and time); empty if the
            store does not report one.
    """

    path: str
    size: int
    modified: datetime
    sha256: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class FolderPage:
    """A page of the direct content of a folder: paths of folders, and objects.

    Args:
        next: token of the next page; empty for the last one.
    """

    folders: tuple[str, ...]
    objects: tuple[StoredObject, ...]
    next: str = ""


def join(path: str, relative: str) -> str:
    """Return a path relative to another one; ``.`` is the other one itself."""
    if relative == ".":
        return path
    return f"{path}/{relative}" if path else relative


def relative_to(path: str, base: str) -> str:
    """Return the path relative to ``base``, the inverse of `join`."""
    if path == base:
        return "."
    return path[len(base) + 1 :] if base else path
