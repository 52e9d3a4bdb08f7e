"""Operations on object stores that several screens offer: test, rename, remove, import secrets."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from launchpad_tui.services.input_files import read_text
from launchpad_tui.ui.screens.common.probe_dialog import ProbeDialog
from launchpad_tui.ui.screens.common.screen import LaunchpadScreen
from launchpad_tui.ui.screens.stores.store_items import StoreLine
from launchpad_tui.ui.widgets.dialogs import ConfirmDialog, PromptDialog

_HOLDS_OUTPUTS = "Executions store their outputs in this object store"


def why_not_removable(line: StoreLine | None) -> str | None:
    """Return why an object store cannot be removed, or None if it can."""
    if line is not None and line.holds_outputs:
        return f"{_HOLDS_OUTPUTS}, so it cannot be removed"
    return None


def why_not_renamable(line: StoreLine | None) -> str | None:
    """Return why an object store cannot be renamed, or None if it can."""
    if line is not None and line.holds_outputs:
        return f"{_HOLDS_OUTPUTS}, so it cannot be renamed; press R to replace it"
    return None


async def remove_store(screen: LaunchpadScreen, name: str) -> bool:
    """Remove an object store after a confirmation, and return whether it was removed."""
    stores = await screen.read(screen.desk.stores.list, screen.scope)
    remote = any(
        store.name == name and store.remote and store.deleted_at is None for store in stores
    )
    detail = (
        "Its settings and credentials are removed. "
        "Its files are kept, but artifacts in it can no longer be read."
    )
    if remote:
        detail = (
            f"The runtime deletes its object store secret, for all users of {screen.scope}. "
            f"{detail}"
        )
    question = ConfirmDialog(f"Remove the object store {name}?", detail, yes="remove", danger=True)
    if not await screen.launchpad.ask(question):
        return False
    await screen.launchpad.act(screen.desk.stores.delete, screen.scope, name)
    screen.launchpad.say(f"Object store {name} removed", "good")
    return True


async def rename_store(screen: LaunchpadScreen, name: str) -> str:
    """Ask for a new name, rename the store, and return the name; empty if it was not renamed."""
    hint = "The URLs of the artifacts in it are adapted."
    typed = await screen.launchpad.ask(
        PromptDialog(f"New name of {name}", name, hint, verb="rename")
    )
    if not typed or typed.strip() == name:
        return ""
    new_name = typed.strip()
    count = await screen.read(screen.desk.stores.rename, screen.scope, name, new_name)
    text = f"Object store {name} renamed to {new_name}"
    if count:
        text += f"; URLs of {count:,} artifact{'s' * (count != 1)} adapted"
    screen.launchpad.say(text, "good", 8)
    return new_name


async def import_secrets(screen: LaunchpadScreen) -> None:
    """Ask for a file of object store secrets in the AI API's format, and add the stores."""
    hint = (
        "JSON in the format of /admin/objectStoreSecrets: a secret, a list of secrets, or an "
        "object with resources."
    )
    typed = await screen.launchpad.ask(
        PromptDialog(
            "Import object store secrets from the file", "", hint, verb="import", path=True
        )
    )
    if not typed:
        return

    def add() -> list[str]:
        text = read_text("secrets", Path(typed).expanduser())
        return [store.name for store in screen.desk.stores.import_secrets(screen.scope, text)]

    names = await screen.read(add)
    stores = "Object store" if len(names) == 1 else "Object stores"
    screen.launchpad.say(f"{stores} {', '.join(names)} added", "good", 8)


async def run_store_test(screen: LaunchpadScreen, line: StoreLine) -> StoreLine:
    """Test a store in a dialog, and return its line with the result.

    The line is returned unchanged if the user closes the dialog before the test has finished.
    """
    plain = replace(line, found="", problem="")
    probe, scope, name = screen.desk.browsing.probe, screen.scope, line.store.name
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
