"""The dialog that promotes a model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from launchpad_tui.ui.widgets.choose_dialog import Choice, ChooseDialog
from launchpad_tui.ui.widgets.dialogs import PromptDialog

if TYPE_CHECKING:
    from launchpad_tui.domain.artifact import Artifact
    from launchpad_tui.ui.screens.common.screen import LaunchpadScreen

#: aliases that are offered before any other is known
_USUAL = ("champion", "production", "staging")
_OTHER = "other alias"


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
        what = model.name_with_version
        app.say(f"Removed the alias {alias} from {what}; press z to undo", "good", 8)
        return True
    change = await app.act(desk.annotations.promote, scope, model.id, alias)
    before = f", before v{change.previous_version}" if change.previous_id else ""
    app.say(
        f"{change.name}@{change.alias} is now v{change.version}{before}; press z to undo", "good", 8
    )
    return True


def _holder(model: Artifact, holder: Artifact | None) -> str:
    if holder is None:
        return ""
    return "remove from this version" if holder.id == model.id else f"now v{holder.version}"
