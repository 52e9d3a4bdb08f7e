"""Downloads of the files at a URL of an object store into a folder.

Files that are complete already are not downloaded again: their content has the checksum that is
recorded for the artifact or that the store reports, an interrupted download has written them, or
they are equal when they are compared. Those of an interrupted download are listed in a hidden file
in the folder (``.launchpad-<hash>.done``, one JSON array a line) until all files are complete.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Generator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from launchpad_tui.domain.artifact import ArtifactUrl
from launchpad_tui.domain.stored_object import StoredObject, relative_to
from launchpad_tui.domain.text import safe_text
from launchpad_tui.domain.transfer import Progress
from launchpad_tui.errors import FilesExist, FilesSkipped, LaunchpadError, ObjectMissing
from launchpad_tui.records import record
from launchpad_tui.services.downloads import DownloadItem, fetch
from launchpad_tui.services.local_files import local_error, target_path
from launchpad_tui.services.storable_names import reasons_to_skip
from launchpad_tui.services.stored_files import list_files
from launchpad_tui.services.transfer_meter import Meter
from launchpad_tui.stores.base import CHUNK, ObjectStore
from launchpad_tui.stores.outages import wait_through_outages

#: Number of existing files that an error message lists.
_LISTED = 10


@record
class _PlannedFile:
    """An object, its paths relative to the URL and to the folder, and its target file."""

    found: StoredObject
    relative: str
    path_in_folder: str
    target: Path


def download_folder(
    store: ObjectStore,
    url: ArtifactUrl,
    folder: Path,
    checksums: Mapping[str, str],
    progress: Progress | None,
    *,
    overwrite: bool,
) -> tuple[dict[str, Path], int]:
    """Download the files at a URL into a folder, which is created if missing.

    Returns:
        The files by their paths relative to the URL, and the number of those that were not
        complete already.

    Args:
        store: The object store of the URL.
        url: The URL of a file or folder.
        folder: The target folder.
        checksums: Recorded SHA-256 checksums by path relative to the URL.
        progress: Called with the progress; files that are complete already count as transferred.
        overwrite: Whether to replace files with other content.

    Raises:
        ObjectMissing: There are no files at the URL.
        RuntimeRejected, InvalidInput: See `list_files`; nothing was downloaded.
        FilesExist: Files with other content exist and ``overwrite`` is not set; nothing was
            downloaded.
        Conflict: The content of a file does not match its recorded checksum.
        StorageFull, PermissionDenied: The folder cannot be written.
        InvalidInput: A path in the store would leave the folder by a symbolic link.
        FilesSkipped: The folder cannot contain some of the files; the others were downloaded.
    """
    found = wait_through_outages(lambda: list_files(store, url))
    if not found:
        raise ObjectMissing(
            f"No files at {url}",
            "The object store has no object at this path.",
            "Check the URL.",
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise local_error(error, folder) from error
    plan = [_planned(each, url, folder) for each in found]
    skipped = reasons_to_skip(folder, [each.path_in_folder for each in plan])
    plan = [
        replace(each, target=target_path(folder, each.path_in_folder))
        for each in plan
        if each.path_in_folder not in skipped
    ]
    journal = _Journal(folder, url)
    meter = Meter(progress, sum(each.found.size for each in plan))
    left: list[DownloadItem] = []
    taken: list[Path] = []
    for each in plan:
        exists = os.path.lexists(each.target)
        if exists and (journal.has_written(each) or _is_identical(store, each, checksums, meter)):
            meter.at(each.relative)(each.found.size)
            continue
        replaceable = exists and journal.may_replace(each)
        if exists and not replaceable:
            taken.append(each.target)
        checksum = checksums.get(each.relative, "")
        left.append(DownloadItem(each.found, each.target, checksum, replace=replaceable))
    if taken and not overwrite:
        shown = [str(path) for path in taken[:_LISTED]]
        more = len(taken) - len(shown)
        raise FilesExist(
            f"Files already exist in {folder}",
            "\n".join([*shown, f"and {more:,} more"] if more else shown),
            "Select another folder, or allow replacing files.",
        )
    fetch(
        store,
        left,
        lambda count, path: meter.at(relative_to(path, url.path))(count),
        overwrite=overwrite,
        finished=journal.add if len(plan) > 1 else lambda _: None,
    )
    journal.remove()
    if skipped:
        raise _files_skipped(skipped, folder, len(plan))
    return {each.relative: each.target for each in plan}, len(left)


def _planned(found: StoredObject, url: ArtifactUrl, folder: Path) -> _PlannedFile:
    relative = relative_to(found.path, url.path)
    name = url.path.rpartition("/")[2] if relative == "." else relative
    return _PlannedFile(found, relative, name, folder)


def _files_skipped(skipped: Mapping[str, str], folder: Path, downloaded: int) -> FilesSkipped:
    count = len(skipped)
    lines = [f"{safe_text(path, 200)}: {reason}" for path, reason in skipped.items()]
    more = [f"and {count - _LISTED:,} more"] if count > _LISTED else []
    others = [f"The other {downloaded:,} files are in {folder}."] if downloaded else []
    return FilesSkipped(
        f"{count:,} file{'s' * (count != 1)} cannot be stored in {folder}",
        "\n".join([*lines[:_LISTED], *more, *others]),
        "Download them one by one, or use a file system that allows these names.",
        paths=tuple(skipped),
        downloaded=downloaded,
    )


def _is_identical(
    store: ObjectStore, file: _PlannedFile, checksums: Mapping[str, str], meter: Meter
) -> bool:
    """Return whether a target file has the content of its object; False if that is unknown.

    Without a checksum, the object is read up to the first difference.
    """
    try:
        if file.target.is_symlink() or file.target.stat().st_size != file.found.size:
            return False
        expected = checksums.get(file.relative, "") or file.found.sha256
        if not expected and store.abilities.keeps_sha256:
            expected = store.stat(file.found.path).sha256
        if expected:
            return _sha256(file, meter) == expected
        return _has_content_of(store, file, meter)
    except (OSError, LaunchpadError):
        return False


def _has_content_of(store: ObjectStore, file: _PlannedFile, meter: Meter) -> bool:
    report = meter.at(file.relative)
    with file.target.open("rb") as target:
        pieces = store.read(file.found.path, 0, None, file.found.version)
        for piece in pieces:
            if target.read(len(piece)) != piece:
                if isinstance(pieces, Generator):
                    pieces.close()
                return False
            report(0)
        return not target.read(1)


def _sha256(file: _PlannedFile, meter: Meter) -> str:
    digest = hashlib.sha256()
    report = meter.at(file.relative)
    with file.target.open("rb", buffering=0) as source:
        while chunk := source.read(CHUNK):
            digest.update(chunk)
            # Hashing can take minutes, and may be canceled.
            report(0)
    return digest.hexdigest()


class _Journal:
    """The files that an unfinished download has written, with their versions in the store."""

    def __init__(self, folder: Path, url: ArtifactUrl) -> None:
        digest = hashlib.sha256(str(url).encode()).hexdigest()[:20]
        self._path = folder / f".launchpad-{digest}.done"
        self._folder = folder
        #: Size, modification time, and version in the store by target file.
        self._entries: dict[str, tuple[int, int, str]] = {}
        with contextlib.suppress(OSError):
            for line in self._path.read_text("utf-8", "replace").splitlines():
                # The last line is incomplete if the process was killed.
                with contextlib.suppress(ValueError, TypeError, RecursionError):
                    name, size, modified, version = json.loads(line)
                    self._entries[str(name)] = (int(size), int(modified), str(version))

    def has_written(self, file: _PlannedFile) -> bool:
        """Return whether the target file is complete and the object has not been replaced."""
        entry = self._unchanged(file.target)
        return entry is not None and bool(entry[2]) and entry[2] == file.found.version

    def may_replace(self, file: _PlannedFile) -> bool:
        """Return whether the target file was written by the unfinished download, and by nothing
        else since."""
        return self._unchanged(file.target) is not None

    def add(self, item: DownloadItem) -> None:
        """Add a file that is complete. An error only means that it is downloaded again."""
        with contextlib.suppress(OSError):
            status = item.target.stat()
            values: Sequence[object] = (
                str(item.target.relative_to(self._folder)),
                status.st_size,
                status.st_mtime_ns,
                item.found.version,
            )
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW
            with open(os.open(self._path, flags, 0o600), "a", encoding="utf-8") as file:
                file.write(json.dumps(values) + "\n")

    def remove(self) -> None:
        """Remove the journal, because all files are complete."""
        with contextlib.suppress(OSError):
            self._path.unlink()

    def _unchanged(self, target: Path) -> tuple[int, int, str] | None:
        entry = self._entries.get(str(target.relative_to(self._folder)))
        with contextlib.suppress(OSError):
            status = target.lstat()
            if entry is not None and entry[:2] == (status.st_size, status.st_mtime_ns):
                return entry
        return None
