"""Deleted and archived objects, and policies that select models to delete."""

from __future__ import annotations

from datetime import datetime

from launchpad_tui.domain.artifact import Artifact
from launchpad_tui.domain.numbers import size_text
from launchpad_tui.records import record

CONFIGURATION, EXECUTABLE = "configuration", "executable"


@record
class TrashEntry:
    """An object that was deleted or archived and can be restored.

    Attributes:
        kind: the kind of an artifact, ``configuration`` or ``executable``.
        url: the URL of an artifact, otherwise empty.
        size: the size of the files of an artifact in bytes, None if it is unknown.
        with_files: whether its files are deleted together with the entry.
        archived: whether the entry is kept until it is restored.
        deleted_by: the user and the machine.
        version: the number of a model among those of its name, otherwise None.
    """

    kind: str
    id: str
    name: str
    url: str
    size: int | None
    with_files: bool
    archived: bool
    deleted_at: datetime
    deleted_by: str
    version: int | None = None

    @property
    def title(self) -> str:
        """The name, of a model with its version: ``churn v3``."""
        return self.name if self.version is None else f"{self.name} v{self.version}"


@record
class Removal:
    """What deleting artifacts would do.

    Attributes:
        blockers: why artifacts must not be deleted unless that is forced, a sentence for each.
        remarks: further consequences, a sentence for each.
        kept_files: the artifacts whose files are never deleted, because other artifacts use them.
        size: the size in bytes of the files that are deleted with the trash; 0 without files.
        unknown: the number of artifacts among them whose size is unknown.
        days: the days after which an entry of the trash is deleted.
    """

    artifacts: tuple[Artifact, ...]
    blockers: tuple[str, ...]
    remarks: tuple[str, ...]
    kept_files: tuple[str, ...]
    size: int
    unknown: int
    days: int
    with_files: bool

    @property
    def text(self) -> str:
        """Sentences that say what is deleted, what is kept and what depends on it."""
        until = f"They can be restored for {self.days} days."
        if not self.with_files:
            files = "The files are kept."
        else:
            unknown = f" and {self.unknown:,} of unknown size" if self.unknown else ""
            files = f"After that the files are deleted: {size_text(self.size) or '0 B'}{unknown}."
            if self.kept_files:
                files += f" Files that other artifacts use are kept: {len(self.kept_files):,}."
        return " ".join((until, files, *self.remarks))


@record
class Emptied:
    """The result of deleting entries of the trash.

    Attributes:
        entries, files: the numbers of deleted entries and files.
        size: the size of the files in bytes, as far as it was known.
        failures: what could not be deleted, with the reason.
    """

    entries: int
    files: int
    size: int
    failures: tuple[str, ...] = ()


@record
class PrunePolicy:
    """Which of the models of a list are deleted.

    Attributes:
        keep_best: the number of models with the best value of ``metric`` that are kept.
        lower: whether lower values of the metric are better.
        keep_latest: the number of newest models that are kept.
        before: only models that were created before this time are deleted; None for all.
    """

    keep_best: int = 0
    metric: str = ""
    lower: bool = True
    keep_latest: int = 0
    before: datetime | None = None


@record
class PrunePlan:
    """The result of a policy: the models to delete, and how many are kept for which reason."""

    models: tuple[Artifact, ...]
    kept: tuple[tuple[str, int], ...]
