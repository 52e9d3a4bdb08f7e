"""Where object stores keep their files, comparable across stores, kinds and spellings.

Two stores of which one may contain files of the other must be recognized even if their addresses
are written differently. So servers are not compared: the same server has many names. Buckets of
the same name are taken for the same one, and so are all clusters of Hadoop.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

from launchpad_tui.domain.connection import StoreKind
from launchpad_tui.records import record

_FOLDER, _BUCKET, _HDFS, _SERVED = "folder", "bucket", "hdfs", "served"


@record
class StoreLocation:
    """A folder of a container: of a file system, a bucket, a Hadoop cluster or another launchpad.

    ``folders`` are the parts of the path, in a form in which equal parts are equal.
    """

    container: tuple[str, ...]
    folders: tuple[str, ...]

    def overlaps(self, other: StoreLocation) -> bool:
        """Return whether one of two locations is the other, or inside it."""
        length = min(len(self.folders), len(other.folders))
        return self.container == other.container and self.folders[:length] == other.folders[:length]


def store_location(
    kind: StoreKind, values: Mapping[str, str], default_folder: str
) -> StoreLocation:
    """Return the location of a store.

    Args:
        values: the settings of the store.
        default_folder: the folder of a file store without one.
    """
    if kind.folder_field:
        folder = os.path.realpath(values.get(kind.folder_field) or default_folder)
        return StoreLocation((_FOLDER,), _parts(folder))
    return StoreLocation(_container(kind, values), _parts(values.get("path_prefix", "")))


def _container(kind: StoreKind, values: Mapping[str, str]) -> tuple[str, ...]:
    if kind.served:
        names = (values.get("resource_group", ""), values.get("object_store", ""))
        return (_SERVED, *map(_comparable, names))
    if values.get("bucket"):
        return _BUCKET, _comparable(values["bucket"])
    if uri := values.get("container_uri"):
        parts = _parts(urlsplit(uri).path)
        return _BUCKET, parts[-1] if parts else ""
    return (_HDFS,)


def _parts(path: str) -> tuple[str, ...]:
    """Return the parts of a path without ``.`` and ``..``; percent-encoding is removed."""
    parts: list[str] = []
    for part in unquote(path).replace("\\", "/").split("/"):
        if part == "..":
            parts = parts[:-1]
        elif part not in {"", "."}:
            parts.append(_comparable(part))
    return tuple(parts)


def _comparable(text: str) -> str:
    """Return a text in which case and composition of characters make no difference.

    Some file systems make none. For others, this takes different folders for the same one.
    """
    return unicodedata.normalize("NFC", unquote(text).strip().casefold())
