"""Dialogs for boards of charts: open, copy, rename, delete, export, import."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from launchpad_tui.domain.board import Board
from launchpad_tui.errors import Conflict
from launchpad_tui.ui.screens.common.screen import LaunchpadScreen
from launchpad_tui.ui.widgets.choose_dialog import Choice, ChooseDialog
from launchpad_tui.ui.widgets.dialogs import ConfirmDialog, PromptDialog

#: name of the generated board with one chart per metric, which is shown until the user changes it
PROPOSED = "All metrics"


async def manage_boards(screen: LaunchpadScreen, board: Board, *, saved: bool) -> str | None:
    """Let the user select a board or change the boards.

    Args:
        screen: the screen that shows the board.
        board: the board that is shown.
        saved: whether it is one of the user's boards.

    Returns:
        The name of the board to open, empty for the generated one; None to stay on the board that
        is shown.
    """
    desk, scope = screen.desk, screen.scope
    names = await screen.read(desk.boards.names, scope)
    current = "current board"
    choices = [
        Choice("open/", PROPOSED, "one chart per logged metric" if saved else current),
    ]
    choices += [
        Choice(f"open/{name}", name, current if saved and name == board.name else "open")
        for name in names
    ]
    not_saved = "" if saved else "This board is generated; change or copy it to save it as yours"
    choices += [
        Choice("", "This board", heading=True),
        Choice("copy", "Copy …", "save a copy under another name"),
        Choice("rename", "Rename …", "", not_saved),
        Choice("export", "Export …", "to a file"),
        Choice("import", "Import …", "from a file"),
        Choice("delete", "Delete …", "", not_saved),
    ]
    picked = await screen.launchpad.ask(ChooseDialog("Boards", choices))
    if not picked or not picked[0]:
        return None
    operation, slash, name = picked[0].partition("/")
    if slash:
        return name
    if operation == "import":
        return await _import_board(screen)
    operations = {
        "copy": _copy_board,
        "rename": _rename_board,
        "delete": _delete_board,
        "export": _export_board,
    }
    return await operations[operation](screen, board)


async def _copy_board(screen: LaunchpadScreen, board: Board) -> str | None:
    typed = await screen.launchpad.ask(
        PromptDialog("Save the board as", f"{board.name} copy", verb="save")
    )
    if not typed:
        return None
    await _save_as(screen, board, typed.strip())
    return typed.strip()


async def _rename_board(screen: LaunchpadScreen, board: Board) -> str | None:
    typed = await screen.launchpad.ask(PromptDialog("Name of the board", board.name, verb="save"))
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
    stem = "".join(char if char.isalnum() or char in "-_" else "-" for char in board.name)
    typed = await screen.launchpad.ask(
        PromptDialog("Export the board to the file", f"{stem}.board.json", verb="export", path=True)
    )
    if not typed:
        return
    path, export = Path(typed).expanduser(), screen.desk.boards.export
    try:
        written = await screen.launchpad.files(export, board, path)
    except Conflict as error:
        question = ConfirmDialog(error.title, "The file is replaced.", yes="replace")
        if not await screen.launchpad.ask(question):
            return
        written = await screen.launchpad.files(export, board, path, overwrite=True)
    screen.launchpad.say(f"Board {board.name!r} exported to {written}", "good", 8)


async def _import_board(screen: LaunchpadScreen) -> str | None:
    typed = await screen.launchpad.ask(
        PromptDialog(
            "Import a board from the file",
            "",
            "A file that a board was exported to",
            verb="import",
            path=True,
        )
    )
    if not typed:
        return None
    board = await screen.launchpad.files(screen.desk.boards.read_file, Path(typed).expanduser())
    names = await screen.read(screen.desk.boards.names, screen.scope)
    if board.name in names:
        question = ConfirmDialog(
            f"Replace the board {board.name!r}?",
            "A board with this name exists already.",
            yes="replace",
        )
        if not await screen.launchpad.ask(question):
            return None
    await screen.read(screen.desk.boards.save, screen.scope, board)
    count = len(board.charts)
    charts = f"{count} chart{'s' * (count != 1)}"
    screen.launchpad.say(f"Board {board.name!r} with {charts} imported", "good")
    return board.name
