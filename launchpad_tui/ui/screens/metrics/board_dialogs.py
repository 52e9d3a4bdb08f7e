"""Dialogs for boards of charts: open, copy, rename, delete, export, import."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from launchpad_tui.domain.board import Board
from launchpad_tui.errors import Conflict
from launchpad_tui.ui.screens.common.screen import LaunchpadScreen
from launchpad_tui.ui.widgets.dialogs import Choice, ChooseDialog, ConfirmDialog, PromptDialog

#: the name of the board that shows a chart for each metric, as long as the user has not changed it
PROPOSED = "All metrics"


async def manage_boards(screen: LaunchpadScreen, board: Board, *, kept: bool) -> str | None:
    """Let the user select a board or change the boards.

    Args:
        screen: the screen that shows the board.
        board: the board that is shown.
        kept: whether it is one of the user's boards.

    Returns:
        The name of the board to open, empty for the proposed one; None to stay with the present
        board.
    """
    desk, scope = screen.desk, screen.scope
    names = await screen.read(desk.boards.names, scope)
    here = "shown now"
    choices = [
        Choice(
            "open/",
            PROPOSED,
            here if not kept else "a chart for each metric that was logged",
        )
    ]
    choices += [
        Choice(f"open/{name}", name, here if kept and name == board.name else "open")
        for name in names
    ]
    mine = "" if kept else "Change something first: then the board is yours"
    choices += [
        Choice("", "This board"),
        Choice("copy", "Copy …", "keep this board under a name"),
        Choice("rename", "Rename …", "", mine),
        Choice("export", "Export …", "into a file"),
        Choice("import", "Import …", "from a file"),
        Choice("delete", "Delete …", "", mine),
    ]
    picked = await screen.launchpad.ask(ChooseDialog("Boards", choices))
    if not picked or not picked[0]:
        return None
    what, slash, name = picked[0].partition("/")
    if slash:
        return name
    if what == "import":
        return await _import_board(screen)
    operations = {
        "copy": _copy_board,
        "rename": _rename_board,
        "delete": _delete_board,
        "export": _export_board,
    }
    return await operations[what](screen, board)


async def _copy_board(screen: LaunchpadScreen, board: Board) -> str | None:
    typed = await screen.launchpad.ask(PromptDialog("Keep this board as", f"{board.name} copy"))
    if not typed:
        return None
    await _save_as(screen, board, typed.strip())
    return typed.strip()


async def _rename_board(screen: LaunchpadScreen, board: Board) -> str | None:
    typed = await screen.launchpad.ask(PromptDialog("The board's name", board.name))
    if not typed or typed.strip() == board.name:
        return None
    await _save_as(screen, board, typed.strip())
    await screen.read(screen.desk.boards.delete, screen.scope, board.name)
    return typed.strip()


async def _save_as(screen: LaunchpadScreen, board: Board, name: str) -> None:
    renamed = replace(board, name=name)
    await screen.read(screen.desk.boards.save, screen.scope, renamed, replace=False)


async def _delete_board(screen: LaunchpadScreen, board: Board) -> str | None:
    question = ConfirmDialog(
        f"Delete the board {board.name!r}?", "Its charts are deleted.", yes="delete", danger=True
    )
    if not await screen.launchpad.ask(question):
        return None
    await screen.read(screen.desk.boards.delete, screen.scope, board.name)
    return ""


async def _export_board(screen: LaunchpadScreen, board: Board) -> None:
    start = "".join(char if char.isalnum() or char in "-_" else "-" for char in board.name)
    typed = await screen.launchpad.ask(
        PromptDialog("Write the board into the file", f"{start}.board.json")
    )
    if not typed:
        return
    path, export = Path(typed), screen.desk.boards.export
    try:
        written = await screen.launchpad.files(export, board, path)
    except Conflict as error:
        question = ConfirmDialog(error.title, "It is replaced.", yes="replace")
        if not await screen.launchpad.ask(question):
            return
        written = await screen.launchpad.files(export, board, path, overwrite=True)
    screen.launchpad.say(f"Written to {written}", "good", 8)


async def _import_board(screen: LaunchpadScreen) -> str | None:
    typed = await screen.launchpad.ask(
        PromptDialog("Read a board from the file", "", "A file that was exported")
    )
    if not typed:
        return None
    board = await screen.launchpad.files(screen.desk.boards.read_file, Path(typed))
    names = await screen.read(screen.desk.boards.names, screen.scope)
    if board.name in names:
        question = ConfirmDialog(
            f"Replace the board {board.name!r}?", "There is one of that name.", yes="replace"
        )
        if not await screen.launchpad.ask(question):
            return None
    await screen.read(screen.desk.boards.save, screen.scope, board)
    screen.launchpad.say(f"Imported {board.name!r} with {len(board.charts)} charts", "good")
    return board.name
