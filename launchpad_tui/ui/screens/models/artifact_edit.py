"""Dialogs that edit artifacts, and promote models."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from launchpad_tui.domain.artifact import LABEL_PREFIX, Artifact, parse_labels
from launchpad_tui.domain.model_version import ArtifactEdit
from launchpad_tui.errors import LaunchpadError
from launchpad_tui.ui.widgets.dialogs import Choice, ChooseDialog, PromptDialog

if TYPE_CHECKING:
    from launchpad_tui.services.desk import Desk
    from launchpad_tui.ui.screens.common.screen import LaunchpadScreen

#: aliases that are offered before any other is known
_USUAL = ("champion", "production", "staging")
_OTHER = "other alias"


async def edit_artifacts(screen: LaunchpadScreen, ids: Sequence[str]) -> bool:
    """Ask what to change, change the artifacts, and return whether they were changed."""
    app, desk, scope = screen.launchpad, screen.desk, screen.scope
    found = [await screen.read(desk.artifacts.get, scope, one) for one in ids]
    if not found:
        return False
    what = found[0].name_with_version if len(found) == 1 else f"{len(found)} artifacts"
    pin = not all(one.pinned_at is not None for one in found)
    local = "kept on this machine" if desk.runtimes.is_remote(scope) else ""
    chosen = await app.ask(
        ChooseDialog(
            f"Edit {what}",
            [
                Choice("name", "Name", _common([one.name for one in found])),
                Choice("description", "Description", _common([one.description for one in found])),
                Choice("labels", "Set labels", local or "key=value …"),
                Choice(
                    "remove", "Remove labels", reason="" if _keys(found) else "There are no labels"
                ),
                Choice(
                    "notes",
                    "Notes",
                    "in the editor",
                    reason="" if len(found) == 1 else "Select one artifact to edit its notes",
                ),
                Choice("pin", "Pin" if pin else "Unpin", "pinned artifacts are marked"),
            ],
        )
    )
    if not chosen:
        return False
    changes = (
        ArtifactEdit(pinned=pin)
        if chosen[0] == "pin"
        else await _asked(screen, chosen[0], what, found)
    )
    if changes is None:
        return False
    try:
        await app.act(desk.annotations.edit, scope, [one.id for one in found], changes)
    except LaunchpadError as error:
        if changes.notes is None:
            raise
        kept = await app.files(_kept_notes, desk, found[0].id, changes.notes)
        raise LaunchpadError(
            error.title, error.detail, f"Your notes are kept in {kept}."
        ) from error
    app.say(f"Changed {what}" + (f", {local}" if local else ""), "good")
    return True


async def promote_model(screen: LaunchpadScreen, artifact_id: str) -> bool:
    """Ask for an alias, point it at the model, and return whether it changed."""
    app, desk, scope = screen.launchpad, screen.desk, screen.scope
    model = await screen.read(desk.artifacts.get, scope, artifact_id)
    known = dict(await screen.read(desk.annotations.aliases, scope, model.name))
    everywhere = {alias for alias, _ in await screen.read(desk.annotations.aliases, scope)}
    names = sorted(everywhere | set(_USUAL))
    chosen = await app.ask(
        ChooseDialog(
            f"Promote {model.name_with_version}",
            [
                *(Choice(alias, alias, _holder(model, known.get(alias))) for alias in names),
                Choice(_OTHER, "Other…", "type another alias"),
            ],
        )
    )
    if not chosen:
        return False
    alias = chosen[0]
    if alias == _OTHER:
        typed = await app.ask(PromptDialog("Alias", "", "for example production", verb="promote"))
        if not typed:
            return False
        alias = typed
    if alias in model.aliases:
        await app.act(desk.annotations.remove_alias, scope, model.id, alias)
        app.say(f"Removed the alias {alias} from {model.name_with_version}", "good")
        return True
    change = await app.act(desk.annotations.promote, scope, model.id, alias)
    before = f", before v{change.previous_version}" if change.previous_id else ""
    app.say(f"{change.name}@{change.alias} is now v{change.version}{before}", "good")
    return True


async def _asked(
    screen: LaunchpadScreen, part: str, what: str, found: Sequence[Artifact]
) -> ArtifactEdit | None:
    """Ask for the new value of a part; None if the user cancelled."""
    app = screen.launchpad
    if part == "remove":
        keys = await app.ask(
            ChooseDialog(
                f"Remove labels of {what}",
                [Choice(key, key.removeprefix(LABEL_PREFIX)) for key in _keys(found)],
                multi=True,
            )
        )
        return ArtifactEdit(remove_labels=keys) if keys else None
    if part == "notes":
        before = await screen.read(screen.desk.annotations.notes, screen.scope, found[0].id)
        notes = app.edit_text(before)
        return ArtifactEdit(notes=notes) if notes is not None and notes != before else None
    title, value, hint = {
        "name": ("Name", _common([one.name for one in found]), "Empty restores the original name"),
        "description": ("Description", _common([one.description for one in found]), ""),
        "labels": ("Labels", "", 'key=value, several separated by spaces; quote values: a="b c"'),
    }[part]
    typed = await app.ask(PromptDialog(f"{title} of {what}", value, hint, verb="save"))
    if typed is None or (part == "labels" and not typed.strip()):
        return None
    if part == "labels":
        return ArtifactEdit(set_labels=parse_labels(typed))
    return ArtifactEdit(name=typed) if part == "name" else ArtifactEdit(description=typed)


def _kept_notes(desk: Desk, artifact_id: str, notes: str) -> Path:
    """Write notes that could not be saved to a file, and return its path."""
    path = desk.home.root / f"notes-{artifact_id[:8]}.md"
    desk.home.root.mkdir(parents=True, exist_ok=True)
    path.write_text(notes, encoding="utf-8")
    return path


def _common(values: Sequence[str]) -> str:
    """Return the value that all have, empty if they differ."""
    return values[0] if len(set(values)) == 1 else ""


def _keys(found: Sequence[Artifact]) -> list[str]:
    return sorted({key for one in found for key, _ in one.labels})


def _holder(model: Artifact, holder: Artifact | None) -> str:
    if holder is None:
        return ""
    return "remove from this version" if holder.id == model.id else f"now v{holder.version}"
