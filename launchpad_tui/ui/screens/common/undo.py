"""The question before the last change is undone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from launchpad_tui.domain.timestamps import age_text, now
from launchpad_tui.ui.widgets.dialogs import ConfirmDialog

if TYPE_CHECKING:
    from launchpad_tui.ui.shell import Shell


async def undo_last(app: Shell) -> None:
    """Ask, then undo the last change of the current resource group."""
    service, scope = app.desk.undo, app.scope
    last = await app.read(service.last, scope)
    if last is None:
        app.say(f"Nothing to undo in {scope}")
        return
    age = age_text((now() - last.changed_at).total_seconds())
    question = ConfirmDialog(
        f"Undo the {last.title}?", f"Changed {age} ago by {last.changed_by}.", yes="undo"
    )
    if await app.ask(question):
        await app.act(service.undo, scope, last)
        app.say(f"Undid the {last.title}", "good")
