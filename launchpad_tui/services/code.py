"""The recorded code of executions: what differs, and the snapshots on this machine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from launchpad_tui.domain.code_text import SHORT, code_facts
from launchpad_tui.domain.connection import Scope
from launchpad_tui.domain.difference import ChangedFile
from launchpad_tui.errors import Conflict, LaunchpadError
from launchpad_tui.records import record
from launchpad_tui.registry import provenance
from launchpad_tui.registry.database import Registry
from launchpad_tui.runtimes.code_snapshots import (
    CodeSnapshot,
    CodeSnapshotStore,
    RemovedSnapshots,
    SnapshotFile,
)

#: The path under which differences show the workflow template.
TEMPLATE = "workflow template"
#: The largest size in bytes of a file whose lines are compared.
_TEXT_LIMIT = 2_000_000
#: The number of differing files whose lines are compared; others are only named.
_MOST_TEXTS = 200
#: The number of manifests that are kept in memory.
_MANIFESTS = 64


@record
class SnapshotRow:
    """A stored code snapshot.

    Attributes:
        id: Its ID.
        stored_at: When it was stored last.
        executions: The number of executions that refer to it.
        newest: When the newest of them recorded it; None if there is none.
        files: The number of files; None if the snapshot is damaged.
        size: Their size in bytes; None if the snapshot is damaged.
    """

    id: str
    stored_at: datetime
    executions: int
    newest: datetime | None
    files: int | None
    size: int | None


class CodeService:
    """Reads what was recorded about the code of executions. Thread-safe."""

    def __init__(self, registry: Registry, store: CodeSnapshotStore) -> None:
        self._registry = registry
        self._store = store
        # A manifest never changes.
        self._load = lru_cache(_MANIFESTS)(store.load)

    def facts(self, scope: Scope, ids: Iterable[str]) -> dict[str, dict[str, str]]:
        """Return what comparisons show about code and environment of executions, by ID."""
        found = provenance.of_many(self._registry, scope, ids)
        return {one: code_facts(each, self._file_texts(each)) for one, each in found.items()}

    def changed_files(self, scope: Scope, one: str, other: str) -> tuple[ChangedFile, ...]:
        """Return the files of the code that differ between two executions, with their texts.

        Without snapshots, the uncommitted changes are compared.
        """
        found = provenance.of_many(self._registry, scope, (one, other))
        first, second = (found.get(each, {}) for each in (one, other))
        before, after = self._snapshot(first), self._snapshot(second)
        if before is None or after is None:
            patches = [str(each.get("patch", "")) for each in (first, second)]
            if not first or not second or patches[0] == patches[1]:
                return ()
            return (ChangedFile("uncommitted changes", *patches),)
        if before.id == after.id:
            return ()
        old, new = _contents(before), _contents(after)
        names = sorted({*old, *new}, key=lambda name: (name == TEMPLATE, name))
        different = [name for name in names if old.get(name) != new.get(name)]
        # Comparing thousands of files line by line would take minutes.
        rest = different[_MOST_TEXTS:]
        note = f"differs; of more than {_MOST_TEXTS} files the lines are not compared"
        return (
            *(
                self._changed(name, (before, old.get(name)), (after, new.get(name)))
                for name in different[:_MOST_TEXTS]
            ),
            *(ChangedFile(name, note=note) for name in rest),
        )

    def listing(self) -> list[SnapshotRow]:
        """Return the stored snapshots, the last stored first."""
        used = provenance.snapshots(self._registry)
        rows = []
        for one, at in self._store.ids().items():
            count, newest = used.get(one, (0, None))
            files = size = None
            try:
                snapshot = self._load(one)
                files, size = len(snapshot.files), snapshot.size
            except LaunchpadError:
                # It is listed, so that it can be seen and removed.
                pass
            rows.append(
                SnapshotRow(one, datetime.fromtimestamp(at, UTC), count, newest, files, size)
            )
        return sorted(rows, key=lambda row: row.stored_at, reverse=True)

    def size(self) -> int:
        """Return the size in bytes of all snapshots on the disk, equal files counted once."""
        return self._store.size()

    def prune(self, before: datetime | None = None, *, dry_run: bool = False) -> RemovedSnapshots:
        """Remove the snapshots that no execution refers to.

        Args:
            before: Remove those, too, to which executions refer that all started before; None keeps
                them.
            dry_run: Whether nothing is removed.
        """
        used = provenance.snapshots(self._registry)
        kept = {one for one, (_, newest) in used.items() if before is None or newest >= before}
        return self._store.remove_others(kept, dry_run=dry_run)

    def export(self, scope: Scope, execution_id: str, target: Path) -> CodeSnapshot:
        """Write the code of an execution and its workflow template into a new folder.

        Raises:
            Conflict: There is no snapshot of its code.
            NotFound: The snapshot was removed.
            ConfigError: The folder has files, or the snapshot is damaged.
            StorageFull: The disk is full.
        """
        found = provenance.of(self._registry, scope, execution_id)
        snapshot_id = found.get("snapshot", {}).get("id")
        if not snapshot_id:
            raise Conflict(
                f"There is no snapshot of the code of execution {execution_id}",
                str(found.get("snapshotMissing", "")) or "Its code was not recorded.",
                "Use the commit that launchpad executions show names.",
            )
        snapshot = self._store.load(snapshot_id)
        self._store.export(snapshot, target)
        return snapshot

    def why_not_reproducible(self, recorded: Mapping[str, Any]) -> str | None:
        """Return why an execution cannot be reproduced, None if it can.

        Args:
            recorded: What was recorded about its code.
        """
        if not recorded.get("snapshot"):
            return str(recorded.get("snapshotMissing") or "No snapshot of its code is stored")
        if not self._store.has(recorded["snapshot"]["id"]):
            return "The snapshot of its code was removed"
        return None

    def _snapshot(self, recorded: Mapping[str, Any]) -> CodeSnapshot | None:
        """Return the snapshot of an execution; None if there is none or it cannot be read."""
        snapshot_id = recorded.get("snapshot", {}).get("id")
        try:
            return self._load(snapshot_id) if snapshot_id else None
        except LaunchpadError:
            return None

    def _file_texts(self, recorded: Mapping[str, Any]) -> dict[str, str]:
        snapshot = self._snapshot(recorded)
        if snapshot is None:
            return {}
        texts = {
            name: f"link to {each.link}"
            if each.link
            else f"{each.size:,} B {each.sha256[:SHORT]}" + (", executable" * each.executable)
            for name, each in _contents(snapshot).items()
        }
        if snapshot.template:
            texts[TEMPLATE] = snapshot.template[:SHORT]
        return texts

    def _changed(
        self,
        path: str,
        before: tuple[CodeSnapshot, SnapshotFile | None],
        after: tuple[CodeSnapshot, SnapshotFile | None],
    ) -> ChangedFile:
        old, new = before[1], after[1]
        if old and new and (old.sha256, old.link) == (new.sha256, new.link):
            return ChangedFile(path, note="only the permission to execute differs")
        try:
            texts = [
                None if file is None else self._text(snapshot, file)
                for snapshot, file in (before, after)
            ]
        except _NotText as error:
            return ChangedFile(path, note=str(error))
        except LaunchpadError as error:
            return ChangedFile(path, note=f"{error.title}: {error.detail}")
        return ChangedFile(path, texts[0], texts[1])

    def _text(self, snapshot: CodeSnapshot, file: SnapshotFile) -> str:
        if file.link:
            return f"link to {file.link}"
        if file.size > _TEXT_LIMIT:
            raise _NotText(f"differs; too large to compare: {file.size:,} B")
        data = self._store.content(snapshot, file.sha256)
        if b"\0" in data:
            raise _NotText("differs; not text")
        return data.decode("utf-8", "replace")


class _NotText(Exception):
    """A file whose lines cannot be compared."""


def _contents(snapshot: CodeSnapshot) -> dict[str, SnapshotFile]:
    """Return the files of a snapshot and its workflow template by the paths that are shown."""
    found = {_shown(name): file for name, file in snapshot.files.items()}
    if snapshot.template:
        found[TEMPLATE] = SnapshotFile(snapshot.template, 0)
    return found


def _shown(name: str) -> str:
    """Return the path of a file in the code folder; other folders keep their names."""
    return name.removeprefix("code/")
