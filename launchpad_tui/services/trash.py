"""Deletes, archives and restores objects, and empties the trash."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from launchpad_tui.domain.artifact import Artifact, ArtifactKind, parse_url
from launchpad_tui.domain.timestamps import now
from launchpad_tui.domain.trash import (
    CONFIGURATION,
    Emptied,
    PrunePlan,
    PrunePolicy,
    Removal,
    TrashEntry,
)
from launchpad_tui.errors import Conflict, InvalidInput, LaunchpadError, NotFound
from launchpad_tui.registry import artifacts, configurations, dependents, trash, undo
from launchpad_tui.services.annotations import counted_title, current_user

if TYPE_CHECKING:
    from launchpad_tui.domain.connection import Scope
    from launchpad_tui.domain.query import ArtifactRow, MetricColumn
    from launchpad_tui.registry.database import Registry
    from launchpad_tui.services.files import FileService
    from launchpad_tui.services.runtimes import Runtimes

#: the number of artifacts that share files that are looked for: one is enough to keep them
_SHARING = 2


class TrashService:
    """Moves artifacts and configurations into the trash and back. Thread-safe.

    Args:
        days: The days after which an entry of the trash is deleted for good.
    """

    def __init__(
        self,
        registry: Registry,
        files: Callable[[], FileService],
        runtimes: Callable[[], Runtimes],
        days: int,
    ) -> None:
        self._registry = registry
        self._files = files
        self._runtimes = runtimes
        self.days = days

    def removal(self, scope: Scope, ids: Sequence[str], *, with_files: bool) -> Removal:
        """Return what deleting artifacts would do.

        Raises:
            NotFound: An artifact does not exist.
        """
        found = [artifacts.artifact(self._registry, scope, one) for one in dict.fromkeys(ids)]
        blockers: list[str] = []
        used = 0
        for one in found:
            if one.aliases:
                aliases = ", ".join(one.aliases)
                blockers.append(f"{_title(one)} has the alias {aliases}.")
            uses = dependents.of_artifact(self._registry, scope, one.id)
            if uses.schedules:
                names = ", ".join(uses.schedules)
                blockers.append(f"{_title(one)} is an input of the schedule {names}.")
            used += uses.executions > 0
        remarks = []
        if used:
            some = "It is" if len(found) == 1 else f"{used:,} of them are"
            remarks.append(f"{some} used by executions, whose lineage shows a deleted input.")
        if self._runtimes().is_remote(scope):
            remarks.append("The remote runtime keeps them; they are hidden on this machine.")
        kept: list[str] = []
        deleted: list[Artifact] = []
        if with_files:
            removed = {one.id for one in found}
            for one in found:
                shared = self._sharing(scope, one.url, removed)
                (kept.append(one.id) if shared else deleted.append(one))
        return Removal(
            tuple(found),
            tuple(blockers),
            tuple(remarks),
            tuple(kept),
            sum(one.size or 0 for one in deleted),
            sum(one.size is None for one in deleted),
            self.days,
            with_files,
        )

    def delete(
        self, scope: Scope, removal: Removal, *, force: bool = False, archived: bool = False
    ) -> None:
        """Move the artifacts of a plan into the trash, or into the archive.

        Args:
            force: Whether to ignore what depends on them.
            archived: Whether to keep the entries until they are restored.

        Raises:
            NotFound: An artifact does not exist.
            Conflict: Aliases or schedules depend on an artifact.
        """
        if removal.blockers and not force:
            shown = list(removal.blockers[:10])
            if len(removal.blockers) > len(shown):
                shown.append("…")
            raise Conflict(
                "Other objects depend on the artifacts",
                "\n".join(shown),
                "Move the alias or change the schedule first, or force it: --force.",
            )
        kept = set(removal.kept_files)
        with self._registry.write():
            for one in removal.artifacts:
                trash.put(
                    self._registry,
                    scope,
                    "artifacts",
                    [one.id],
                    current_user(),
                    with_files=removal.with_files and one.id not in kept,
                    archived=archived,
                )
            what = counted_title(removal.artifacts)
            pairs = [(str(one.kind), one.id) for one in removal.artifacts]
            title = f"{'archiving' if archived else 'deletion'} of {what}"
            undo.record_deletion(self._registry, scope, title, pairs, current_user())

    def delete_configurations(self, scope: Scope, ids: Sequence[str]) -> None:
        """Move configurations into the trash, all or none.

        Raises:
            NotFound: A configuration does not exist.
            Conflict: An execution or a schedule uses a configuration.
        """
        names = []
        for one in ids:
            found = configurations.configuration(self._registry, scope, one)
            names.append(found.name)
            uses = dependents.of_configuration(self._registry, scope, one)
            if uses.executions or uses.schedules:
                users = [f"{uses.executions:,} executions"] if uses.executions else []
                users += [f"the schedule {name}" for name in uses.schedules]
                raise Conflict(
                    f"The configuration {found.name} ({one}) cannot be deleted",
                    f"It is used by {' and '.join(users)}.",
                    "The parameters and inputs of executions belong to their configuration. "
                    "Delete the executions and their outputs first.",
                )
        with self._registry.write():
            trash.put(self._registry, scope, "configurations", ids, current_user())
            what = f"configuration {names[0]}" if len(ids) == 1 else f"{len(ids):,} configurations"
            pairs = [(CONFIGURATION, one) for one in ids]
            undo.record_deletion(
                self._registry, scope, f"deletion of {what}", pairs, current_user()
            )

    def entries(self, scope: Scope) -> list[TrashEntry]:
        """Return the entries of the trash and the archive, newest first. Raises NotFound."""
        return trash.entries(self._registry, scope)

    def resolve(self, scope: Scope, text: str) -> TrashEntry:
        """Return the entry with this ID, unique name, name with a version such as ``churn@v2``, or
        unique ID prefix of at least 4 characters.

        Raises:
            NotFound: No entry matches.
            Conflict: Several entries match.
        """
        text = text.strip()
        found = self.entries(scope)
        for matches in (
            [one for one in found if one.id == text],
            [one for one in found if one.name == text],
            [
                one
                for one in found
                if one.version is not None
                and text in {f"{one.name}@v{one.version}", f"{one.name}@{one.version}"}
            ],
            [one for one in found if len(text) >= 4 and one.id.startswith(text)],
        ):
            if len(matches) > 1:
                raise Conflict(
                    f"{text!r} matches several entries of the trash",
                    "\n".join(
                        f"{one.id}  {one.kind} {one.name}"
                        + ("" if one.version is None else f"@v{one.version}")
                        for one in matches[:10]
                    ),
                    "Use one of these IDs, or a version, for example NAME@v2.",
                )
            if matches:
                return matches[0]
        raise NotFound(
            f"The trash has no entry {text!r}",
            "It may have been restored or deleted already.",
            "List the trash with: launchpad trash list",
        )

    def restore(self, scope: Scope, entries: Sequence[TrashEntry]) -> None:
        """Restore entries, all or none. Raises NotFound, Conflict."""
        with self._registry.write():
            for entry in entries:
                trash.restore(self._registry, scope, entry)

    def empty(self, scope: Scope, entries: Sequence[TrashEntry]) -> Emptied:
        """Delete entries for good, with the files of those that were deleted with their files.

        An entry whose files cannot be deleted is kept. Files that another artifact uses are kept.
        """
        remote = self._runtimes().is_remote(scope)
        count = files = size = 0
        failures: list[str] = []
        for entry in entries:
            try:
                removed = 0
                if entry.with_files and not self._sharing(scope, entry.url, {entry.id}):
                    removed = self._files().delete_output(scope, entry.url)
                trash.purge(self._registry, scope, entry, keep_mark=remote)
            except LaunchpadError as error:
                failures.append(f"{entry.kind} {entry.name} ({entry.id}): {error.title}")
                continue
            count += 1
            files += removed
            size += (entry.size or 0) if removed else 0
        return Emptied(count, files, size, tuple(failures))

    def empty_expired(self, scope: Scope) -> Emptied:
        """Delete the entries for good whose time to be restored has ended. Raises NotFound."""
        before = now() - timedelta(days=self.days)
        found = trash.entries(self._registry, scope, before)
        return self.empty(scope, found) if found else Emptied(0, 0, 0)

    def prune_plan(
        self, rows: Sequence[ArtifactRow], policy: PrunePolicy, column: MetricColumn | None
    ) -> PrunePlan:
        """Return which of the models a policy deletes.

        Pinned models, models with an alias, the best and the newest ones, those that are not old
        enough, and those without a value of the metric are kept.

        Args:
            rows: The models, with the metric column of the policy.
            policy: The policy.
            column: The metric column; None if the policy has no metric.
        """
        kept: dict[str, int] = {}
        newest = sorted(rows, key=lambda row: row.artifact.created_at, reverse=True)
        protected = {row.artifact.id: "newest" for row in newest[: policy.keep_latest]}
        measured: list[tuple[float, ArtifactRow]] = []
        if column is not None:
            for row in newest:
                value = row.metrics.get(column)
                if value is None or math.isnan(value):
                    protected.setdefault(row.artifact.id, f"without {policy.metric}")
                else:
                    measured.append((value if policy.lower else -value, row))
            measured.sort(key=lambda pair: pair[0])
            for _, row in measured[: policy.keep_best]:
                protected[row.artifact.id] = "best"
        models: list[Artifact] = []
        for row in newest:
            one = row.artifact
            reason = protected.get(one.id, "")
            if one.aliases:
                reason = "with an alias"
            elif one.pinned_at is not None:
                reason = "pinned"
            elif not reason and policy.before is not None and one.created_at >= policy.before:
                reason = "not old enough"
            if reason:
                kept[reason] = kept.get(reason, 0) + 1
            else:
                models.append(one)
        return PrunePlan(tuple(models), tuple(kept.items()))

    def _sharing(self, scope: Scope, url: str, without: set[str]) -> bool:
        """Return whether files at a URL belong to another artifact, also one of the trash, or
        cannot be reached at all."""
        limit = len(without) + _SHARING
        try:
            parsed = parse_url(url)
            found, _ = self._files().references(scope, parsed.store, [parsed.path], limit)
        except (InvalidInput, NotFound):
            # The object store was removed, or the runtime uses other URLs than those of the AI API.
            return True
        if any(one.id not in without or one.scope != scope for one in found):
            return True
        own = url.rstrip("/") + "/"
        return any(
            artifact_id not in without
            and ((other := other_url.rstrip("/") + "/").startswith(own) or own.startswith(other))
            for artifact_id, other_url in trash.urls(self._registry)
        )


def _title(one: Artifact) -> str:
    model = one.kind is ArtifactKind.MODEL and one.version is not None
    return f"{one.name} v{one.version} ({one.id})" if model else f"{one.name} ({one.id})"
