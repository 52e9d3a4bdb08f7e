"""Files and folders of HDFS by their whole paths: pages of folders, folders for what is not complete yet, renames.

The option ``renameoptions`` of Hadoop's RENAME makes that safe: ``OVERWRITE`` replaces a file at once, and never a
folder that has something in it. A server that does not know the option (HttpFS) answers with a boolean; then a file
that is replaced is moved aside first, and put back where the rename fails. Staging folders whose makers died are taken
away after a week.
"""

from __future__ import annotations

import contextlib
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from launchpad_tui.errors import Conflict, LaunchpadError, ObjectMissing, RuntimeRejected
from launchpad_tui.stores.base import STAGING, StoredObject
from launchpad_tui.stores.webhdfs_client import WebHdfsClient

#: another process may remove a parent folder that became empty just before a rename into it
_ATTEMPTS = 20
#: milliseconds; when staging folders are old, and seconds: how often they are looked for
_OLD = 7 * 86400 * 1000
_SWEEP = 3600.0


@dataclass(frozen=True, slots=True)
class HdfsEntry:
    """A file's or folder's status: ``name`` as HDFS has it, ``size`` in bytes, ``modified`` in milliseconds."""

    name: str
    folder: bool
    size: int
    modified: int
    number: int

    @property
    def key(self) -> bytes:
        """What it sorts by: a folder as what is in it, that is, in the order of whole paths."""
        return self.name.encode() + (b"/" if self.folder else b"")

    def stored(self, path: str, sha256: str = "") -> StoredObject:
        """The file as an object of this path; its version is another when the file is."""
        moment = datetime.fromtimestamp(self.modified / 1000, UTC)
        return StoredObject(
            path, self.size, moment, sha256, f"{self.number:x}-{self.size:x}-{self.modified:x}"
        )


class HdfsTree:
    """What is below a folder of HDFS. All paths are whole, as HDFS has them; may be used from any thread.

    Args:
        root: the folder without a slash at its end, hence empty for ``/``.
    """

    def __init__(self, client: WebHdfsClient, root: str) -> None:
        self.client = client
        self.root = root
        self._batches = True
        self._sweeping = threading.Lock()
        self._swept: float | None = None

    def status(self, full: str) -> HdfsEntry:
        """What is at a path. Raises ObjectMissing."""
        return _entry(self.client.call("GET", full, "GETFILESTATUS").get("FileStatus"))

    def page(self, full: str, after: str) -> tuple[list[HdfsEntry], bool]:
        """A folder's next entries, by their names, and whether there are more; a file has one, without a name.

        Args:
            after: the name that the page before ended with; empty for the first.

        Raises:
            ObjectMissing: nothing is there.
        """
        if self._batches:
            with contextlib.suppress(RuntimeRejected, KeyError, TypeError):
                answer = self.client.call(
                    "GET", full, "LISTSTATUS_BATCH", {"startAfter": after} if after else {}
                )
                listing = answer["DirectoryListing"]
                entries = [
                    _entry(each) for each in listing["partialListing"]["FileStatuses"]["FileStatus"]
                ]
                return entries, bool(listing["remainingEntries"]) and bool(entries)
        try:
            statuses = self.client.call("GET", full, "LISTSTATUS")["FileStatuses"]["FileStatus"]
        except (KeyError, TypeError) as error:
            raise _strange("LISTSTATUS") from error
        # Data lake Files, and Hadoop before 2.9, do not know the other one.
        self._batches = False
        found = sorted((_entry(each) for each in statuses), key=lambda each: each.name.encode())
        return [each for each in found if not after or each.name.encode() > after.encode()], False

    def entries(self, full: str) -> Iterator[HdfsEntry]:
        """All entries of a folder, as `page` gives them. Raises ObjectMissing."""
        after, more = "", True
        while more:
            page, more = self.page(full, after)
            yield from page
            after = page[-1].name if page else ""

    @contextmanager
    def staging(self) -> Iterator[tuple[str, str]]:
        """A new empty folder in the store's root, removed at the end with what is still in it; and a path in it, for
        what is to be moved, whose name is nowhere else (a rename without options is known by it)."""
        base = f"{self.root}/{STAGING}"
        token = uuid.uuid4().hex
        folder = f"{base}/{token}"
        self.client.call("PUT", folder, "MKDIRS", writing=True)
        try:
            self._sweep(base, folder)
            yield folder, f"{folder}/{token}"
        finally:
            # What cannot be removed now (the network may be gone) is old some day.
            with contextlib.suppress(LaunchpadError):
                self.client.call("DELETE", folder, "DELETE", {"recursive": "true"})

    def _sweep(self, base: str, own: str) -> None:
        with self._sweeping:
            moment = time.monotonic()
            if self._swept is not None and moment - self._swept < _SWEEP:
                return
            self._swept = moment
        with contextlib.suppress(LaunchpadError):
            # By the server's clock.
            oldest = self.status(own).modified - _OLD
            for each in list(self.entries(base)):
                if each.modified < oldest:
                    self.client.call(
                        "DELETE", f"{base}/{each.name}", "DELETE", {"recursive": "true"}
                    )

    def move(self, ready: str, final: str, *, replace: bool) -> None:
        """Give what is ready its final name.

        Args:
            replace: whether a file may replace a file, or a folder an empty folder.

        Raises:
            Conflict: something is there.
        """
        options = {"destination": final, "renameoptions": "OVERWRITE" if replace else "NONE"}
        parent = final.rpartition("/")[0] or "/"
        for attempt in range(_ATTEMPTS):
            self.client.call("PUT", parent, "MKDIRS", writing=True)
            try:
                answer = self.client.call("PUT", ready, "RENAME", options, writing=True)
            except ObjectMissing:
                if attempt == _ATTEMPTS - 1:
                    raise
                continue
            except Conflict:
                # A folder without anything in it is nothing.
                if attempt or not self._remove_folder(final):
                    raise
                continue
            if "boolean" not in answer or self._plain_rename(
                ready, final, answer["boolean"] is True, replace
            ):
                return
        raise self.taken(final)

    def _plain_rename(self, ready: str, final: str, moved: bool, replace: bool) -> bool:
        """Look at what a rename without options did, and mend it: whether ``ready`` is at ``final`` now."""
        within = f"{final}/{ready.rpartition('/')[2]}"
        if moved:
            # Into a folder that was there: the name tells.
            with contextlib.suppress(ObjectMissing):
                self.status(within)
                self.client.call("PUT", within, "RENAME", {"destination": ready}, writing=True)
                if not self._remove_folder(final):
                    raise self.taken(final)
                return False
            return True
        try:
            there = self.status(final)
        except ObjectMissing:
            return False
        if there.folder or not replace or self.status(ready).folder:
            raise self.taken(final)
        aside = f"{ready}.old"
        self.client.call("PUT", final, "RENAME", {"destination": aside}, writing=True)
        answer: dict[str, Any] = {}
        try:
            answer = self.client.call("PUT", ready, "RENAME", {"destination": final}, writing=True)
        finally:
            if answer.get("boolean") is not True:
                self.client.call("PUT", aside, "RENAME", {"destination": final}, writing=True)
        return answer.get("boolean") is True

    def _remove_folder(self, full: str) -> bool:
        """Remove a folder that is empty; says whether it was."""
        try:
            if not self.status(full).folder:
                return False
            self.client.call("DELETE", full, "DELETE", {"recursive": "false"})
        except ObjectMissing:
            return True
        except LaunchpadError:
            return False
        return True

    def remove_empty(self, full: str) -> None:
        """Remove the folders above a path, up to the root, that are empty."""
        parent = full.rpartition("/")[0]
        while len(parent) > len(self.root) and self._remove_folder(parent):
            parent = parent.rpartition("/")[0]

    def taken(self, path: str) -> Conflict:
        """The error that something is there already."""
        return Conflict(
            f"{self.client.where} has something at {path[:200]!r} already",
            hint="Delete it, or take another path.",
        )


def _entry(status: object) -> HdfsEntry:
    """A FileStatus. Raises RuntimeRejected: it is none, or its name leads elsewhere."""
    if isinstance(status, dict):
        with contextlib.suppress(KeyError, TypeError, ValueError):
            name = str(status.get("pathSuffix") or "")
            if "/" not in name and name not in {".", ".."}:
                return HdfsEntry(
                    name,
                    status["type"] == "DIRECTORY",
                    int(status["length"]),
                    int(status["modificationTime"]),
                    int(status.get("fileId") or 0),
                )
    raise _strange("GETFILESTATUS")


def _strange(op: str) -> RuntimeRejected:
    return RuntimeRejected("The object store answers what WebHDFS does not", f"To {op}.")
