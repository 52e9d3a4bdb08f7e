"""What the screens of object stores have in common: browse, rename, replace, delete, and secrets from a file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from launchpad_tui.domain.connection import DEFAULT_SCOPE, DEFAULT_STORE
from launchpad_tui.services.input_files import read_text
from launchpad_tui.ui.screens.common.probe_dialog import ProbeDialog
from launchpad_tui.ui.screens.common.screen import LaunchpadScreen
from launchpad_tui.ui.screens.stores.store_items import StoreLine
from launchpad_tui.ui.widgets.dialogs import ConfirmDialog, PromptDialog

if TYPE_CHECKING:
    from launchpad_tui.ui.screens.common.screen import LaunchpadScreen

KEEPS_OUTPUTS = "Outputs of executions go to this object store"


def keeps_outputs(screen: LaunchpadScreen, name: str) -> bool:
    """Whether executions store their outputs there: it can be replaced, but neither deleted nor renamed."""
    return name == DEFAULT_STORE and screen.scope.connection == DEFAULT_SCOPE.connection


async def delete_store(screen: LaunchpadScreen, name: str) -> bool:
    """Ask whether to delete an object store, and do it; says whether it was."""
    stores = await screen.read(screen.desk.stores.list, screen.scope)
    remote = any(
        store.name == name and store.remote and store.deleted_at is None for store in stores
    )
    detail = "Its settings and credentials are removed. Its files are kept, but artifacts in it can no longer be read."
    if remote:
        detail = f"The runtime deletes its object store secret, for everybody in {screen.scope}. {detail}"
    question = ConfirmDialog(f"Delete the object store {name}?", detail, yes="delete", danger=True)
    if not await screen.launchpad.ask(question):
        return False
    await screen.launchpad.act(screen.desk.stores.delete, screen.scope, name)
    screen.launchpad.say(f"Deleted the object store {name}", "good")
    return True


async def rename_store(screen: LaunchpadScreen, name: str) -> str:
    """Ask for another name, and give it; the new name, or empty where it was left."""
    hint = "The URLs of the artifacts in it follow."
    typed = await screen.launchpad.ask(PromptDialog(f"Another name for {name}", name, hint))
    if not typed or typed.strip() == name:
        return ""
    count = await screen.read(screen.desk.stores.rename, screen.scope, name, typed.strip())
    followed = f"; the URLs of {count:,} artifact{'s' * (count != 1)} follow" if count else ""
    screen.launchpad.say(f"Renamed {name} to {typed.strip()}{followed}", "good", 8)
    return typed.strip()


async def import_secrets(screen: LaunchpadScreen) -> None:
    """Ask for a file with object store secrets in the AI API's form, and add the stores."""
    hint = "JSON as for /admin/objectStoreSecrets: one secret, a list of them, or resources."
    typed = await screen.launchpad.ask(PromptDialog("Object store secrets from the file", "", hint))
    if not typed:
        return

    def add() -> list[str]:
        text = read_text("secrets", Path(typed).expanduser())
        return [one.name for one in screen.desk.stores.import_secrets(screen.scope, text)]

    names = await screen.read(add)
    screen.launchpad.say(f"Added {', '.join(names)}", "good", 8)


async def probe_store(screen: LaunchpadScreen, line: StoreLine) -> StoreLine:
    """Test a store in a dialog, and return its line with the result; unchanged if the test was not finished."""
    plain, probe, scope = StoreLine(line.store, line.kind), screen.desk.browsing.probe, screen.scope
    name = line.store.name
    found = await screen.launchpad.ask(ProbeDialog(name, lambda report: probe(scope, name, report)))
    if found is None or found.ok is None:
        return line
    if found.error is not None:
        return replace(plain, problem=found.error.title)
    if found.ok:
        return replace(
            plain,
            found=next(step.message for step in reversed(found.steps) if step.name == "bucket"),
        )
    last = found.steps[-1]
    return replace(plain, problem=f"{last.name}: {last.message}")
