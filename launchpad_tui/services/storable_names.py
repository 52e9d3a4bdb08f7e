"""Names of objects that a folder of this machine cannot contain.

A bucket has no folders, so its keys can be longer than names of files, differ only in case, or name
an object and a folder at once.
"""

from __future__ import annotations

import contextlib
import errno
import os
import unicodedata
import uuid
from collections.abc import Iterable, Sequence
from pathlib import Path

from launchpad_tui.errors import InvalidInput
from launchpad_tui.stores.base import check_path

#: errors of a file system for names that it does not allow
_NOT_ALLOWED = {errno.ENAMETOOLONG, errno.EINVAL, errno.EILSEQ}


def reasons_to_skip(folder: Path, paths: Sequence[str]) -> dict[str, str]:
    """Return why files cannot be stored in a folder, by their paths; empty if all can.

    Args:
        folder: An existing folder.
        paths: The paths of the files relative to the folder.
    """
    reasons: dict[str, str] = {}
    parts: dict[str, str] = {}
    folders = {parent for path in paths for parent in _parents(path)}
    for path in paths:
        reason = _invalid(path) or next(
            filter(None, (_refused(folder, part, parts) for part in path.split("/"))), ""
        )
        if not reason and path in folders:
            reason = "Other files are in a folder of the same name."
        if reason or (reason := _refused(folder, path, {})):
            reasons[path] = reason
    return reasons | _same_names(folder, [path for path in paths if path not in reasons])


def _parents(path: str) -> Iterable[str]:
    parent = path.rpartition("/")[0]
    while parent:
        yield parent
        parent = parent.rpartition("/")[0]


def _invalid(path: str) -> str:
    try:
        check_path(path)
    except InvalidInput as error:
        return error.detail
    return ""


def _refused(folder: Path, name: str, known: dict[str, str]) -> str:
    """Return why the file system does not allow a name; ``known`` has the names asked before."""
    if name not in known:
        known[name] = ""
        try:
            os.lstat(folder / name)
        except OSError as error:
            if error.errno in _NOT_ALLOWED:
                known[name] = f"{error.strerror}."
    return known[name]


def _same_names(folder: Path, paths: Sequence[str]) -> dict[str, str]:
    first: dict[str, str] = {}
    same: dict[str, str] = {}
    for path in paths:
        other = first.setdefault(_folded(path), path)
        if other != path:
            same[path] = f"The file system does not distinguish it from {other[:200]!r}."
    return same if same and folds_names(folder) else {}


def _folded(path: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", path).casefold())


def folds_names(folder: Path) -> bool:
    """Return whether the file system of a folder does not distinguish upper and lower case."""
    probe = folder / f".launchpad-{uuid.uuid4().hex}-a"
    try:
        probe.touch(exist_ok=False)
        return os.path.lexists(folder / f"{probe.name[:-1]}A")
    except OSError:
        return False
    finally:
        with contextlib.suppress(OSError):
            probe.unlink()
