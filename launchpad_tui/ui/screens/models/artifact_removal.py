"""Dialogs that delete artifacts and restore what was deleted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from launchpad_tui.domain.artifact import ArtifactKind
from launchpad_tui.domain.numbers import size_text
from launchpad_tui.domain.trash import CONFIGURATION
from launchpad_tui.ui.screens.common.cells import kind_text, timestamp_text
from launchpad_tui.ui.widgets.choose_dialog import Choice, ChooseDialog
from launchpad_tui.ui.widgets.dialogs import ConfirmDialog

if TYPE_CHECKING:
    from launchpad_tui.domain.trash import TrashEntry
    from launchpad_tui.ui.screens.common.screen import LaunchpadScreen

#: the lists that show restored objects, by the kind of the entry
_ROUTES = {
    ArtifactKind.MODEL: "models",
    ArtifactKind.DATASET: "datasets",
    ArtifactKind.RESULTSET: "resultsets",
    ArtifactKind.OTHER: "others",
    CONFIGURATION: "configurations",
}
_KEEP, _FILES, _ARCHIVE = "keep files", "delete files", "archive"


async def delete_artifacts(screen: LaunchpadScreen, ids: Sequence[str]) -> bool:
    """Ask how to delete artifacts, move them into the trash, and return whether that was done."""
    app, service, scope = screen.launchpad, screen.desk.trash, screen.scope
    if not ids:
        return False
    plan = await app.files(service.removal, scope, ids, with_files=True)
    one = plan.artifacts[0]
    what = one.name_with_version if len(plan.artifacts) == 1 else f"{len(plan.artifacts)} artifacts"
    chosen = await app.ask(
        ChooseDialog(
            f"Delete {what}",
            [
                Choice(_KEEP, "Keep the files", f"can be restored for {plan.days} days"),
                Choice(
                    _FILES,
                    "Delete the files too",
                    f"{size_text(plan.size) or '0 B'} after {plan.days} days",
                    reason="Other artifacts use the files"
                    if len(plan.kept_files) == len(plan.artifacts)
                    else "",
                ),
                Choice(_ARCHIVE, "Archive", "hide until it is restored"),
            ],
        )
    )
    if not chosen:
        return False
    plan = await app.files(service.removal, scope, ids, with_files=chosen[0] == _FILES)
    consequences = [*plan.blockers[:5], *plan.remarks]
    if plan.kept_files:
        consequences.append(f"Files that other artifacts use are kept: {len(plan.kept_files):,}.")
    if consequences and not await app.ask(
        ConfirmDialog(f"Delete {what}?", " ".join(consequences), yes="delete", danger=True)
    ):
        return False
    archived = chosen[0] == _ARCHIVE
    await app.act(service.delete, scope, plan, force=True, archived=archived)
    await app.files(service.empty_expired, scope)
    verb = "Archived" if archived else "Deleted"
    app.say(f"{verb} {what}; press z to undo, or Z to restore", "good", 10)
    return True


async def restore_deleted(screen: LaunchpadScreen) -> None:
    """Ask which objects of the trash are restored, and restore them."""
    app, service, scope = screen.launchpad, screen.desk.trash, screen.scope
    await app.files(service.empty_expired, scope)
    entries = await screen.read(service.entries, scope)
    if not entries:
        app.say("The trash is empty")
        return
    by_key = {f"{one.kind} {one.id}": one for one in entries}
    chosen = await app.ask(
        ChooseDialog(
            "Restore from the trash",
            [Choice(key, f"{_kind(one)} {one.title}", _note(one)) for key, one in by_key.items()],
            multi=True,
        )
    )
    if chosen:
        await app.act(service.restore, scope, [by_key[key] for key in chosen])
        count = len(chosen)
        first = by_key[chosen[0]]
        what = first.title if count == 1 else f"{count} objects"
        if first.kind in _ROUTES:
            app.point_at(_ROUTES[first.kind], first.id)
        app.say(f"Restored {what}", "good")


def _kind(one: TrashEntry) -> str:
    return kind_text(ArtifactKind(one.kind)) if one.kind in set(ArtifactKind) else one.kind


def _note(one: TrashEntry) -> str:
    state = "archived" if one.archived else "deleted with files" if one.with_files else "deleted"
    return f"{state} {timestamp_text(one.deleted_at)}  {size_text(one.size)}".rstrip()
