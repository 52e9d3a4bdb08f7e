"""Dialogs that edit artifacts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from launchpad_tui.domain.artifact import LABEL_PREFIX, Artifact, parse_labels
from launchpad_tui.domain.artifact_attributes import ArtifactAttributes, AttributeKind
from launchpad_tui.domain.metric import CustomInfo, Metric, Tag
from launchpad_tui.domain.model_version import ArtifactEdit
from launchpad_tui.domain.timestamps import now
from launchpad_tui.errors import InvalidInput, LaunchpadError
from launchpad_tui.ui.widgets.choose_dialog import Choice, ChooseDialog
from launchpad_tui.ui.widgets.dialogs import PromptDialog

if TYPE_CHECKING:
    from launchpad_tui.services.desk import Desk
    from launchpad_tui.ui.screens.common.screen import LaunchpadScreen

_METRICS, _PARAMETERS, _TAGS, _INFO, _REMOVE = "metrics", "parameters", "tags", "info", "values"
#: what is added: the title of the prompt and its hint
_VALUES = {
    _METRICS: ("Metrics", "name=number, several separated by spaces: accuracy=0.93 loss=0.21"),
    _PARAMETERS: ("Parameters", 'name=value, several separated by spaces; quote values: a="b c"'),
    _TAGS: ("Tags", 'name=value, several separated by spaces; quote values: a="b c"'),
    _INFO: ("Custom info", "name=text; a text with the same name is replaced"),
}


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
                *_value_choices(found),
            ],
        )
    )
    if not chosen:
        return False
    if chosen[0] in _VALUES or chosen[0] == _REMOVE:
        return await _edit_values(screen, chosen[0], what, found)
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
    where = f", {local}" if local else ""
    app.say(f"Changed {what}{where}; press z to undo", "good", 8)
    return True


def _value_choices(found: Sequence[Artifact]) -> list[Choice]:
    """Return the choices that add or remove metrics, parameters, tags and custom info."""
    reason = "set by the configuration" if any(one.execution_id for one in found) else ""
    return [
        Choice(_METRICS, "Add metrics", "name=number …"),
        Choice(_PARAMETERS, "Add parameters", "name=value …", reason=reason),
        Choice(_TAGS, "Add tags", "name=value …"),
        Choice(_INFO, "Add custom info", "name=text"),
        Choice(_REMOVE, "Remove added values", "metrics, parameters, tags and custom info"),
    ]


async def _edit_values(
    screen: LaunchpadScreen, part: str, what: str, found: Sequence[Artifact]
) -> bool:
    """Ask for values to add or to remove, change the artifacts, and return whether it was done."""
    app, service, scope = screen.launchpad, screen.desk.annotations, screen.scope
    if part == _REMOVE:
        added = {
            one.id: await screen.read(service.attribute_sources, scope, one.id) for one in found
        }
        keys = sorted({key for sources in added.values() for key in sources})
        picked = await app.ask(
            ChooseDialog(
                f"Remove values of {what}",
                [Choice(f"{number}", f"{each} {name}") for number, (each, name) in enumerate(keys)],
                multi=True,
                empty="No values were added",
            )
        )
        chosen = [keys[int(one)] for one in picked or ()]
        for one in found if chosen else ():
            names: dict[AttributeKind, list[str]] = {}
            for each, name in chosen:
                if (each, name) in added[one.id]:
                    names.setdefault(each, []).append(name)
            await app.act(service.remove_attributes, scope, one.id, names)
        if chosen:
            app.say(f"Changed {what}{_undo_hint(found)}", "good", 8)
        return bool(chosen)
    title, hint = _VALUES[part]
    typed = await app.ask(PromptDialog(f"{title} of {what}", "", hint, verb="add"))
    if not typed or not typed.strip():
        return False
    new = typed_attributes(part, typed)
    for one in found:
        await app.act(service.add_attributes, scope, one.id, new)
    app.say(f"Added {new.counts} to {what}{_undo_hint(found)}", "good", 8)
    return True


def _undo_hint(found: Sequence[Artifact]) -> str:
    """Return how changed values are undone; each artifact is a change of its own."""
    return "; press z to undo" + (" one by one" if len(found) > 1 else "")


def typed_attributes(part: str, typed: str) -> ArtifactAttributes:
    """Return what a user typed as pairs of names and values.

    Args:
        part: what is added: ``metrics``, ``parameters``, ``tags`` or ``info``.
        typed: pairs ``name=value`` separated by spaces, with quotes as in a shell; of custom info
            one pair.

    Raises:
        InvalidInput: the text cannot be parsed, or the value of a metric is not a number.
    """
    import shlex

    try:
        words = [typed.strip()] if part == _INFO else shlex.split(typed)
    except ValueError as error:
        raise InvalidInput(
            "The values cannot be parsed", str(error), "Close all quotes."
        ) from error
    pairs: dict[str, str] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name:
            raise InvalidInput(
                f"{word[:80]!r} is not a value",
                "The name or the = is missing.",
                "Write NAME=VALUE.",
            )
        pairs[name] = value
    if part == _PARAMETERS:
        return ArtifactAttributes(parameters=pairs)
    if part == _TAGS:
        return ArtifactAttributes(tags=[Tag(*pair) for pair in pairs.items()])
    if part == _INFO:
        return ArtifactAttributes(custom_info=[CustomInfo(*pair) for pair in pairs.items()])
    at = now()
    points = []
    for name, value in pairs.items():
        try:
            points.append(Metric(name, float(value), at))
        except ValueError as error:
            raise InvalidInput(
                f"The value of {name[:80]!r} is not a number",
                f"The text is {value[:80]!r}.",
                "Use a decimal point, for example accuracy=0.93.",
            ) from error
    return ArtifactAttributes(points)


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
