"""Verification of the files of artifacts against recorded checksums."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from launchpad_tui.domain.artifact import (
    Artifact,
    ArtifactFile,
    ArtifactKind,
    FileCheck,
    FilesState,
    FileState,
    parse_url,
    state_of,
)
from launchpad_tui.domain.connection import Scope
from launchpad_tui.domain.query import Query
from launchpad_tui.domain.stored_object import StoredObject, relative_to
from launchpad_tui.domain.transfer import Progress
from launchpad_tui.errors import LaunchpadError, ObjectMissing
from launchpad_tui.records import record
from launchpad_tui.registry import artifacts
from launchpad_tui.registry.database import Registry
from launchpad_tui.registry.pages import artifact_lister
from launchpad_tui.services.files import hash_of
from launchpad_tui.services.stored_files import list_files
from launchpad_tui.services.transfer_meter import Meter

if TYPE_CHECKING:
    from launchpad_tui.services.files import FileService

#: Number of artifacts that are verified in parallel: most of the time is spent waiting for the
#: object store.
_WORKERS = 4
#: Number of artifacts that are read from the registry at once.
_PAGE = 200


@record
class Verified:
    """Progress of the verification of many artifacts.

    Attributes:
        done: The number of verified artifacts.
        artifact: The artifact that was verified last.
        state: The state of its files; the previous state if it could not be verified.
        error: Why it could not be verified; empty if it was.
    """

    done: int
    artifact: Artifact
    state: FilesState
    error: str = ""


class VerificationService:
    """Verifies files of artifacts and stores the results. Thread-safe."""

    def __init__(self, registry: Registry, files: FileService) -> None:
        self._registry = registry
        self._files = files

    def verify(
        self,
        scope: Scope,
        artifact_id: str,
        progress: Progress | None = None,
        *,
        content: bool = True,
    ) -> tuple[FileCheck, ...]:
        """Compare the files of an artifact with the recorded ones and store the resulting state.

        A file is INTACT, CHANGED (in size or SHA-256), MISSING or EXTRA (not recorded). If no file
        was recorded, all are UNRECORDED; `record` records them.

        Args:
            scope: The connection and resource group.
            artifact_id: The ID of the artifact.
            progress: Called with the progress.
            content: Whether to read all recorded files. Otherwise only files are read whose version
                in the object store differs from the recorded one.

        Returns:
            One check per file, sorted by path.

        Raises:
            NotFound: The artifact or its object store does not exist.
            Unreachable: The object store does not respond. The previous state is kept.
        """
        store, url = self._files.locate(scope, artifact_id)
        known = {each.path: each for each in self._files.recorded(scope, artifact_id)}
        found = {relative_to(each.path, url.path): each for each in list_files(store, url)}
        reads = {
            path
            for path, each in found.items()
            if _to_read(each, known.get(path), bool(known), content)
        }
        meter = Meter(progress, sum(found[path].size for path in reads))
        checks: list[FileCheck] = []
        versions: dict[str, str] = {}
        for path in sorted({*known, *found}):
            there, record = found.get(path), known.get(path)
            if there is None:
                checks.append(FileCheck(known[path], FileState.MISSING))
                continue
            sha256 = (
                record.sha256
                if record is not None and path not in reads and there.size == record.size
                else ""
            )
            if path in reads:
                try:
                    sha256 = hash_of(store, there, meter.at(path))
                except ObjectMissing:
                    checks.append(
                        FileCheck(record or ArtifactFile(path, there.size, ""), FileState.MISSING)
                    )
                    continue
            checks.append(_check_file(path, there, sha256, record, bool(known)))
            if (
                record is not None
                and checks[-1].state is FileState.INTACT
                and there.version != record.version
            ):
                versions[path] = there.version
        artifacts.set_checked(self._registry, scope, artifact_id, state_of(checks), versions)
        return tuple(checks)

    def record(
        self, scope: Scope, artifact_id: str, progress: Progress | None = None
    ) -> tuple[ArtifactFile, ...]:
        """Read all files of an artifact and record their sizes and checksums, replacing earlier
        records.

        Raises:
            ObjectMissing: There are no files at the URL. Recorded files are kept.
            NotFound, Unreachable: As for `verify`.
        """
        url = artifacts.artifact(self._registry, scope, artifact_id).url
        files = self.read_files(scope, url, progress)
        artifacts.record_files(self._registry, scope, artifact_id, files)
        return files

    def record_read(self, scope: Scope, artifact_id: str, files: Sequence[ArtifactFile]) -> None:
        """Record the files that `read_files` has returned for the URL of an artifact. Raises
        NotFound."""
        artifacts.record_files(self._registry, scope, artifact_id, files)

    def read_files(
        self, scope: Scope, url: str, progress: Progress | None = None
    ) -> tuple[ArtifactFile, ...]:
        """Read all files at a URL and return them with their sizes and checksums.

        Raises:
            ObjectMissing: There are no files at the URL.
            NotFound, Unreachable: As for `verify`.
        """
        parsed = parse_url(url)
        store = self._files.store(scope, parsed.store)
        found = list_files(store, parsed)
        if not found:
            raise ObjectMissing(
                f"No files at {parsed}",
                "The object store has no object at this path.",
                "Check the URL of the artifact.",
            )
        meter = Meter(progress, sum(each.size for each in found))
        files = []
        for each in found:
            path = relative_to(each.path, parsed.path)
            sha256 = hash_of(store, each, meter.at(path))
            files.append(ArtifactFile(path, each.size, sha256, each.version))
        return tuple(files)

    def verify_all(
        self,
        scope: Scope,
        kind: ArtifactKind | None,
        report: Callable[[Verified], None],
        *,
        content: bool = False,
    ) -> dict[FilesState, int]:
        """Verify all artifacts of a kind in parallel and return the number of artifacts by state.

        Artifacts whose object store cannot be reached keep their state; the error is reported.

        Args:
            scope: The connection and resource group.
            kind: The kind of the artifacts; None for all kinds.
            report: Called after each artifact, from any thread, by one thread at a time. An
                exception that it raises ends the verification.
            content: As for `verify`.
        """
        rows = self._all(scope, kind)
        counts = dict.fromkeys(FilesState, 0)
        lock = threading.Lock()
        failed: list[BaseException] = []
        done = 0

        def work() -> None:
            nonlocal done
            while True:
                with lock:
                    one = None if failed else next(rows, None)
                if one is None:
                    return
                try:
                    result = self._verify_one(scope, one, content)
                    with lock:
                        done += 1
                        state, error = result
                        counts[state] += 1
                        report(Verified(done, one, state, error))
                except BaseException as error:  # noqa: BLE001  raised again in the calling thread
                    failed.append(error)
                    return

        threads = [
            threading.Thread(target=work, name="verify", daemon=True) for _ in range(_WORKERS)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if failed:
            raise failed[0]
        return counts

    def _all(self, scope: Scope, kind: ArtifactKind | None) -> Iterator[Artifact]:
        pager = artifact_lister(self._registry, scope, kind, Query())
        cursor = None
        while True:
            page = pager.page(cursor, _PAGE)
            yield from (row.artifact for row in page.rows)
            if len(page.rows) < _PAGE:
                return
            cursor = page.cursors[-1]

    def _verify_one(self, scope: Scope, one: Artifact, content: bool) -> tuple[FilesState, str]:
        try:
            return state_of(self.verify(scope, one.id, content=content)), ""
        except LaunchpadError as error:
            return one.files_state, error.title


def _to_read(
    there: StoredObject, record: ArtifactFile | None, any_recorded: bool, content: bool
) -> bool:
    """Return whether the content of a file has to be read to know its state."""
    if record is None:
        return content and not any_recorded
    if there.size != record.size or not record.sha256:
        return False
    return content or not there.version or there.version != record.version


def _check_file(
    path: str, there: StoredObject, sha256: str, record: ArtifactFile | None, any_recorded: bool
) -> FileCheck:
    if record is None:
        state = FileState.EXTRA if any_recorded else FileState.UNRECORDED
        return FileCheck(ArtifactFile(path, there.size, sha256), state, there.size, sha256)
    same = there.size == record.size
    if record.sha256:
        same = same and sha256 == record.sha256
    elif record.version and there.version:
        # An imported file was never read, so that only its version can be compared.
        same = same and there.version == record.version
    return FileCheck(record, FileState.INTACT if same else FileState.CHANGED, there.size, sha256)
