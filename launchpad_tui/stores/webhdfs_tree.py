"""Files and folders of HDFS by their absolute paths: listings, staging folders, renames.

The option ``renameoptions`` of Hadoop's RENAME makes publishing safe: ``OVERWRITE`` replaces a file
in one step, but never a folder with content. A server that does not support the option (HttpFS)
returns a boolean. Then a file that is replaced is renamed first, and restored if the rename fails.
Staging folders of processes that died are removed after a week.
"""

from __future__ import annotations

import contextlib
import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from launchpad_tui.domain.stored_object import StoredObject
from launchpad_tui.errors import (
    Conflict,
    LaunchpadError,
    ObjectMissing,
    RuntimeRejected,
    Unreachable,
)
from launchpad_tui.records import record
from launchpad_tui.stores.base import STAGING
from launchpad_tui.stores.store_errors import (
    already_exists,
    unexpected_response,
)
from launchpad_tui.stores.webhdfs_client import WebHdfsClient

#: attempts of a rename, as another process may remove an empty parent folder just before it
_ATTEMPTS = 20
#: lost responses to a rename after which it fails
_LOST_RESPONSES = 3
#: age (milliseconds) at which staging folders are removed, and seconds between two searches
_OLD = 7 * 86400 * 1000
_SWEEP = 3600.0


@record
class HdfsEntry:
    """The status of a file or folder.

    Args:
        name: as stored in HDFS.
        size: bytes.
        modified: milliseconds since the epoch.
        number: the file ID.
    """

    name: str
    folder: bool
    size: int
    modified: int
    number: int

    @property
    def key(self) -> bytes:
        """The sort key, by which a folder sorts like the paths of its content."""
        return self.name.encode() + (b"/" if self.folder else b"")

    def stored(self, path: str, sha256: str = "") -> StoredObject:
        """Return the file as an object at this path; replacing the file changes its version."""
        try:
            at = datetime.fromtimestamp(self.modified / 1000, UTC)
        except (ValueError, OverflowError, OSError) as error:
            raise _unexpected("GETFILESTATUS") from error
        return StoredObject(
            path, self.size, at, sha256, f"{self.number:x}-{self.size:x}-{self.modified:x}"
        )


class HdfsTree:
    """The files and folders below a folder of HDFS, by their absolute paths. Safe for threads.

    Args:
        root: the folder without a trailing slash, hence empty for ``/``.
    """

    def __init__(self, client: WebHdfsClient, root: str) -> None:
        self.client = client
        self.root = root
        self._batches = True
        self._sweeping = threading.Lock()
        self._swept: float | None = None

    def status(self, full: str) -> HdfsEntry:
        """Return the status of a path. Raises ObjectMissing."""
        return _entry(self.client.call("GET", full, "GETFILESTATUS").get("FileStatus"))

    def page(self, full: str, after: str) -> tuple[list[HdfsEntry], bool]:
        """Return a page of the entries of a folder, sorted by name, and whether there are more.

        For a file there is a single entry without a name.

        Args:
            after: the last name of the previous page; empty for the first.

        Raises:
            ObjectMissing: nothing is at this path.
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
            raise _unexpected("LISTSTATUS") from error
        # Data lake Files, and Hadoop before 2.9, do not support LISTSTATUS_BATCH.
        self._batches = False
        found = sorted((_entry(each) for each in statuses), key=lambda each: each.name.encode())
        return [each for each in found if not after or each.name.encode() > after.encode()], False

    def entries(self, full: str) -> Iterator[HdfsEntry]:
        """Yield all entries of a folder, see `page`. Raises ObjectMissing."""
        after, more = "", True
        while more:
            page, more = self.page(full, after)
            yield from page
            last = page[-1].name if page else ""
            # The entries are sorted, so a server that repeats them would never end the listing.
            if more and last.encode() <= after.encode():
                raise _unexpected("LISTSTATUS_BATCH")
            after = last

    @contextmanager
    def staging(self) -> Iterator[tuple[str, str]]:
        """Create a staging folder that is removed at the end of the block.

        Yields:
            The folder, and a path in it for the content to publish. The name of the path is unique,
            so the result of a rename without options can be recognized.
        """
        base = f"{self.root}/{STAGING}"
        token = uuid.uuid4().hex
        folder = f"{base}/{token}"
        self.client.call("PUT", folder, "MKDIRS", writing=True)
        try:
            self._sweep(base, folder)
            yield folder, f"{folder}/{token}"
        finally:
            # A folder that cannot be removed now (no network) is removed after a week.
            with contextlib.suppress(LaunchpadError):
                self.client.call("DELETE", folder, "DELETE", {"recursive": "true"}, retry=False)

    def _sweep(self, base: str, own: str) -> None:
        with self._sweeping:
            at = time.monotonic()
            if self._swept is not None and at - self._swept < _SWEEP:
                return
            self._swept = at
        with contextlib.suppress(LaunchpadError):
            # The age is determined by the server's clock.
            oldest = self.status(own).modified - _OLD
            for each in list(self.entries(base)):
                if each.modified < oldest:
                    self.client.call(
                        "DELETE", f"{base}/{each.name}", "DELETE", {"recursive": "true"}
                    )

    def move(self, ready: str, final: str, *, replace: bool) -> None:
        """Rename a staged file or folder to its final path.

        Args:
            replace: whether a file may replace a file, or a folder an empty folder.

        Raises:
            Conflict: the final path exists.
        """
        options = {"destination": final, "renameoptions": "OVERWRITE" if replace else "NONE"}
        parent = final.rpartition("/")[0] or "/"
        for attempt in range(_ATTEMPTS):
            self.client.call("PUT", parent, "MKDIRS", writing=True)
            try:
                answer = self._rename(ready, options)
            except ObjectMissing:
                if attempt == _ATTEMPTS - 1:
                    raise
                continue
            except Conflict:
                # An empty folder does not count as existing.
                if attempt or not self._remove_folder(final):
                    raise
                continue
            if "boolean" not in answer or self._plain_rename(
                ready, final, answer["boolean"] is True, replace
            ):
                return
        raise self.exists_error(final)

    def _rename(self, source: str, parameters: Mapping[str, str]) -> dict[str, Any]:
        """Rename a path, and return the response.

        If the response is lost, the rename was executed exactly if the source no longer exists:
        then the response is that of a server without options.
        """
        for attempt in range(1, _LOST_RESPONSES + 2):
            try:
                return self.client.call("PUT", source, "RENAME", parameters, writing=True)
            except (ObjectMissing, Unreachable) as error:
                lost = isinstance(error, Unreachable) or attempt > 1
                if not lost or attempt > _LOST_RESPONSES:
                    raise
            try:
                self.status(source)
            except ObjectMissing:
                break
        return {"boolean": True}

    def _plain_rename(self, ready: str, final: str, moved: bool, replace: bool) -> bool:
        """Check the result of a rename without options, and repair it if necessary.

        Returns:
            Whether ``ready`` is at ``final`` now.
        """
        within = f"{final}/{ready.rpartition('/')[2]}"
        if moved:
            # The rename may have moved it into an existing folder, where it keeps its name.
            with contextlib.suppress(ObjectMissing):
                self.status(within)
                self._rename(within, {"destination": ready})
                if not self._remove_folder(final):
                    raise self.exists_error(final)
                return False
            return True
        try:
            there = self.status(final)
        except ObjectMissing:
            return False
        if there.folder or not replace or self.status(ready).folder:
            raise self.exists_error(final)
        aside = f"{ready}.old"
        self._rename(final, {"destination": aside})
        answer: dict[str, Any] = {}
        try:
            answer = self._rename(ready, {"destination": final})
        finally:
            if answer.get("boolean") is not True:
                self._rename(aside, {"destination": final})
        return answer.get("boolean") is True

    def _remove_folder(self, full: str) -> bool:
        """Remove a folder if it is empty; return whether it no longer exists."""
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
        """Remove the empty folders above a path, up to the root."""
        parent = full.rpartition("/")[0]
        while len(parent) > len(self.root) and self._remove_folder(parent):
            parent = parent.rpartition("/")[0]

    def exists_error(self, path: str) -> Conflict:
        """Return the error for a path at which an object or folder already exists."""
        return already_exists(self.client.where, path)


def _entry(status: object) -> HdfsEntry:
    """Parse a FileStatus. Raises RuntimeRejected if it is invalid, or its name contains a path."""
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
    raise _unexpected("GETFILESTATUS")


def _unexpected(op: str) -> RuntimeRejected:
    return unexpected_response("the object store", "WebHDFS", f"Invalid response to {op}.")
