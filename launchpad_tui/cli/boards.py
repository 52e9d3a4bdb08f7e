"""Commands on boards of charts."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from launchpad_tui.cli.arguments import SIZE_OPTIONS, SUBJECTS
from launchpad_tui.cli.charts import draw_chart
from launchpad_tui.cli.command import Command, argument

if TYPE_CHECKING:
    from launchpad_tui.cli.context import CommandContext


def _list(context: CommandContext, _options: argparse.Namespace) -> None:
    boards = [
        context.desk.boards.get(context.scope, name)
        for name in context.desk.boards.names(context.scope)
    ]
    context.resources(
        boards,
        lambda one: one.to_json(),
        ("NAME", "CHARTS", "DESCRIPTION"),
        lambda one: (one.name, str(len(one.charts)), one.description),
    )


def _show(context: CommandContext, options: argparse.Namespace) -> None:
    board = context.desk.boards.get(context.scope, options.name)
    lines = [("name", board.name), ("description", board.description)]
    lines += [
        (f"chart {number}", f"{one.title} ({one.kind})")
        for number, one in enumerate(board.charts, 1)
    ]
    context.resource(board.to_json(), lines)


def _export(context: CommandContext, options: argparse.Namespace) -> None:
    board = context.desk.boards.get(context.scope, options.name)
    path = context.desk.boards.export(board, Path(options.file), overwrite=options.overwrite)
    context.done(
        f"Exported board {board.name} to {path}.",
        {"name": board.name, "path": str(path)},
        id=board.name,
    )


def _import(context: CommandContext, options: argparse.Namespace) -> None:
    board = context.desk.boards.read_file(Path(options.file))
    context.desk.boards.save(context.scope, board, replace=options.overwrite)
    context.done(
        f"Imported board {board.name} with {len(board.charts)} charts.",
        board.to_json(),
        id=board.name,
    )


def _delete(context: CommandContext, options: argparse.Namespace) -> None:
    context.desk.boards.delete(context.scope, options.name)
    context.done(f"Deleted board {options.name}.", id=options.name)


def _draw(context: CommandContext, options: argparse.Namespace) -> None:
    from launchpad_tui.cli.compare import find_subjects

    board = context.desk.boards.get(context.scope, options.name)
    subjects = find_subjects(context, options.ids)
    for number, chart in enumerate(board.charts):
        if number:
            context.line("")
        draw_chart(context, subjects, chart, options)


def _edit_board(context: CommandContext, options: argparse.Namespace) -> None:
    from launchpad_tui.cli.editing import edit_board

    edit_board(context, options)


_NAME = argument("name", help="Name of the board")
COMMANDS = (
    Command(
        ("boards", "list"),
        "List the boards",
        ("launchpad boards list", "launchpad boards list --json"),
        _list,
    ),
    Command(
        ("boards", "show"),
        "Show the charts of a board",
        ("launchpad boards show 'My board'", "launchpad boards show 'My board' --json"),
        _show,
        (_NAME,),
    ),
    Command(
        ("boards", "draw"),
        "Draw the charts of a board for models or executions",
        (
            "launchpad boards draw 'My board' churn-1 churn-2",
            "launchpad boards draw 'My board' e0123 --width 120",
        ),
        _draw,
        (
            _NAME,
            SUBJECTS,
            *SIZE_OPTIONS,
        ),
    ),
    Command(
        ("boards", "export"),
        "Export a board to a JSON file",
        (
            "launchpad boards export 'My board' board.json",
            "launchpad boards export 'My board' board.json --overwrite",
        ),
        _export,
        (
            _NAME,
            argument("file", help="JSON file to write", completes="files"),
            argument("--overwrite", action="store_true", help="Replace an existing file"),
        ),
    ),
    Command(
        ("boards", "import"),
        "Import a board from a JSON file",
        ("launchpad boards import board.json", "launchpad boards import board.json --overwrite"),
        _import,
        (
            argument("file", help="Exported JSON file", completes="files"),
            argument(
                "--overwrite",
                action="store_true",
                help="Replace an existing board of the same name",
            ),
        ),
    ),
    Command(
        ("boards", "edit"),
        "Edit a board in an editor",
        ("launchpad boards edit 'My board'", "launchpad boards edit 'My board' --json"),
        _edit_board,
        (_NAME,),
        details=(
            "Opens the board as JSON, with its name, description and charts, in the program that "
            "VISUAL or EDITOR names."
        ),
    ),
    Command(
        ("boards", "delete"),
        "Delete a board",
        ("launchpad boards delete 'My board'", "launchpad boards delete 'My board' --quiet"),
        _delete,
        (_NAME,),
    ),
)
