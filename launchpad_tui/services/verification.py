"""Whether the files of artifacts are still there, and still the same."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from launchpad_tui.domain.artifact import (
    Artifact,
    ArtifactFile,
    ArtifactKind,
    FileCheck,
    FilesState,
    FileState,
    state_of,
)
from launchpad_tui.domain.connection import Scope
from launchpad_tui.domain.query import Query
from launchpad_tui.domain.transfer import Progress
from launchpad_tui.errors import LaunchpadError, ObjectMissing
from launchpad_tui.registry import artifacts
from launchpad_tui.registry.database import Registry
from launchpad_tui.registry.pages import artifact_lister
from launchpad_tui.services.files import Meter, hash_of
from launchpad_tui.stores.base import StoredObject, relative_to

if TYPE_CHECKING:
    from launchpad_tui.services.files import FileService

#: artifacts that are looked at side by side: a look is mostly a wait for the store's answer
_WORKERS = 4
_PAGE = 200


@dataclass(frozen=True, slots=True)
class Verified:
    """How far the look at many artifacts is. ``error`` says why the last one could not be looked at; its state is then
    what was known before."""

    done: int
    artifact: Artifact
    state: FilesState
    error: str = ""


class VerificationService:
    """Looks at the files of artifacts, and keeps what was found. Safe for threads."""

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
        """Compare the files that are there with what was recorded, by path; what they come to is kept.

        A file is INTACT, CHANGED (size or SHA-256), MISSING, or EXTRA (not recorded). Where nothing was ever recorded,
        all are UNRECORDED, and `record` may remember them.

        Args:
            content: read every recorded file whole; else only those of which the store says, by another version, that
                they may have been replaced since they were last read.

        Raises:
            NotFound: there is no such artifact or store.
            Unreachable and others: the store does not answer or does not let us in; what was known stays.
        """
        store, url = self._files.locate(scope, artifact_id)
        known = {each.path: each for each in self._files.recorded(scope, artifact_id)}
        found = {relative_to(each.path, url.path): each for each in store.list(url.path)}
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
            checks.append(_judged(path, there, sha256, record, bool(known)))
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
        """Read the files that are there now, and remember their sizes and hashes in place of those known before.

        Raises:
            ObjectMissing: nothing is at the artifact's URL; what was recorded stays.
            NotFound, Unreachable and others: as for `verify`.
        """
        store, url = self._files.locate(scope, artifact_id)
        found = list(store.list(url.path))
        if not found:
            raise ObjectMissing(f"Nothing is at {url}")
        meter = Meter(progress, sum(each.size for each in found))
        files = []
        for each in found:
            path = relative_to(each.path, url.path)
            sha256 = hash_of(store, each, meter.at(path))
            files.append(ArtifactFile(path, each.size, sha256, each.version))
        artifacts.record_files(self._registry, scope, artifact_id, files)
        return tuple(files)

    def verify_all(
        self,
        scope: Scope,
        kind: ArtifactKind | None,
        tell: Callable[[Verified], None],
        *,
        content: bool = False,
    ) -> dict[FilesState, int]:
        """`verify` of all artifacts of a kind (None: of all), several at a time; says how many are in which state.

        Artifacts whose store cannot be asked keep the state that they had, and ``tell`` hears why.

        Args:
            tell: told after each artifact, from any thread, one at a time; what it raises ends the look.
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
                    result = self._look(scope, one, content)
                    with lock:
                        done += 1
                        state, error = result
                        counts[state] += 1
                        tell(Verified(done, one, state, error))
                except BaseException as error:  # noqa: BLE001  raised on the caller's thread
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

    def _look(self, scope: Scope, one: Artifact, content: bool) -> tuple[FilesState, str]:
        try:
            return state_of(self.verify(scope, one.id, content=content)), ""
        except LaunchpadError as error:
            return one.files_state, error.title


def _to_read(
    there: StoredObject, record: ArtifactFile | None, any_recorded: bool, content: bool
) -> bool:
    """Whether a file's content has to be looked at: not where the listing tells enough."""
    if record is None:
        return content and not any_recorded
    if there.size != record.size or not record.sha256:
        return False
    return content or not there.version or there.version != record.version


def _judged(
    path: str, there: StoredObject, sha256: str, record: ArtifactFile | None, any_recorded: bool
) -> FileCheck:
    if record is None:
        state = FileState.EXTRA if any_recorded else FileState.UNRECORDED
        return FileCheck(ArtifactFile(path, there.size, sha256), state, there.size, sha256)
    same = there.size == record.size
    if record.sha256:
        same = same and sha256 == record.sha256
    elif record.version and there.version:
        # Never read, as of a model that was found in its store: the store's own word is what there is.
        same = same and there.version == record.version
    return FileCheck(record, FileState.INTACT if same else FileState.CHANGED, there.size, sha256)
