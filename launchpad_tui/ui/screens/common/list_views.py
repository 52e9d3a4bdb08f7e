"""Dialogs of lists: saved views, and the export to a file."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from launchpad_tui.domain.query import Query
from launchpad_tui.errors import Conflict
from launchpad_tui.ui.widgets.choose_dialog import Choice, ChooseDialog
from launchpad_tui.ui.widgets.dialogs import ConfirmDialog, PromptDialog

if TYPE_CHECKING:
    from launchpad_tui.ui.screens.common.screen import LaunchpadScreen

_SAVE, _DELETE = "save", "delete"


async def ask_for_view(
    screen: LaunchpadScreen, name: str, query: Query, sorts: Collection[str]
) -> Query | None:
    """Ask for a view of a list and return its query; None if a view was saved, deleted or none was
    selected.

    Args:
        name: the name of the list, under which its views are saved.
        query: the current query, which is saved as a new view.
        sorts: the attributes by which the list can be sorted.
    """
    app, views = screen.launchpad, screen.desk.views
    saved = await screen.read(views.list, name)
    picked = await app.ask(
        ChooseDialog(
            "Views of this list",
            [
                *(Choice(f"view {one.name}", one.name, one.text) for one in saved),
                Choice(_SAVE, "Save this view…", "search, conditions, order and columns"),
                Choice(
                    _DELETE, "Delete a view…", reason="" if saved else "There are no saved views"
                ),
            ],
        )
    )
    if not picked:
        return None
    if picked[0] == _SAVE:
        hint = "A view of the same name is replaced"
        typed = await app.ask(PromptDialog("Name of the view", "", hint, verb="save"))
        if typed and typed.strip():
            await app.act(views.save, name, typed, query)
            app.say(f"View {typed.strip()} saved", "good")
        return None
    if picked[0] == _DELETE:
        choices = [Choice(one.name, one.name, one.text) for one in saved]
        for one in await app.ask(ChooseDialog("Delete views", choices, multi=True)) or ():
            await app.act(views.delete, name, one)
            app.say(f"View {one} deleted", "good")
        return None
    selected = picked[0].partition(" ")[2]
    return (await screen.read(views.get, name, selected, sorts)).query


async def export_rows(
    screen: LaunchpadScreen, title: str, rows: Callable[[], Iterable[Any]], query: Query
) -> None:
    """Ask for a file, and write rows to it as CSV, JSON or Markdown.

    Args:
        title: the name of the list, from which the name of the file is proposed.
        rows: returns the rows; called on the lane for files.
        query: its columns are written beside the fields of the rows.
    """
    app, service = screen.launchpad, screen.desk.list_files
    proposed = f"{title.lower().replace(' ', '-')}.csv"
    typed = await app.ask(
        PromptDialog(
            "Export the list to", proposed, "A .csv, .json or .md file", verb="export", path=True
        )
    )
    if not typed or not typed.strip():
        return
    path = Path(typed.strip()).expanduser().absolute()
    try:
        count = await app.files(service.write, path, rows, query)
    except Conflict:
        question = ConfirmDialog(f"Replace {path.name}?", str(path), yes="replace", danger=True)
        if not await app.ask(question):
            return
        count = await app.files(service.replace, path, rows, query)
    app.say(f"{count:,} rows exported to {path}", "good", 10)
