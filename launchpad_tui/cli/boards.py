"""Commands on boards of charts."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from launchpad_tui.cli.charts import SIZE_ARGS, draw_chart
from launchpad_tui.cli.command import Command, arg

if TYPE_CHECKING:
    from launchpad_tui.cli.context import Context


def _list(context: Context, _options: argparse.Namespace) -> None:
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


def _show(context: Context, options: argparse.Namespace) -> None:
    board = context.desk.boards.get(context.scope, options.name)
    lines = [("name", board.name), ("description", board.description)]
    lines += [
        (f"chart {number}", f"{one.title} ({one.kind})")
        for number, one in enumerate(board.charts, 1)
    ]
    context.resource(board.to_json(), lines)


def _export(context: Context, options: argparse.Namespace) -> None:
    board = context.desk.boards.get(context.scope, options.name)
    path = context.desk.boards.export(board, Path(options.file), overwrite=options.force)
    context.done(f"Written to {path}.", {"name": board.name, "path": str(path)}, id=board.name)


def _import(context: Context, options: argparse.Namespace) -> None:
    board = context.desk.boards.read_file(Path(options.file))
    context.desk.boards.save(context.scope, board, replace=options.force)
    context.done(
        f"Imported {board.name} with {len(board.charts)} charts.", board.to_json(), id=board.name
    )


def _delete(context: Context, options: argparse.Namespace) -> None:
    context.desk.boards.delete(context.scope, options.name)
    context.done(f"Deleted board {options.name}.", id=options.name)


def _draw(context: Context, options: argparse.Namespace) -> None:
    from launchpad_tui.cli.compare import find

    board = context.desk.boards.get(context.scope, options.name)
    subjects = find(context, options.ids)
    for number, chart in enumerate(board.charts):
        if number:
            context.line("")
        draw_chart(context, subjects, chart, options)


_NAME = arg("name", help="the board's name")
COMMANDS = (
    Command(
        ("boards", "list"),
        "list the boards of charts",
        ("launchpad boards list", "launchpad boards list --json"),
        _list,
    ),
    Command(
        ("boards", "show"),
        "show the charts of a board",
        ("launchpad boards show 'My board'", "launchpad boards show 'My board' --json"),
        _show,
        (_NAME,),
    ),
    Command(
        ("boards", "draw"),
        "draw a board's charts of models or executions",
        (
            "launchpad boards draw 'My board' churn-1 churn-2",
            "launchpad boards draw 'My board' e0123 --width 120",
        ),
        _draw,
        (
            _NAME,
            arg(
                "ids",
                nargs="+",
                metavar="id",
                completes="artifacts",
                help="models or executions: IDs, beginnings of them, or unique names",
            ),
            *SIZE_ARGS,
        ),
    ),
    Command(
        ("boards", "export"),
        "write a board into a file",
        (
            "launchpad boards export 'My board' board.json",
            "launchpad boards export 'My board' board.json --force",
        ),
        _export,
        (
            _NAME,
            arg("file", help="the file (JSON)", completes="files"),
            arg("--force", action="store_true", help="replace a file that is there"),
        ),
    ),
    Command(
        ("boards", "import"),
        "keep the board that a file holds",
        ("launchpad boards import board.json", "launchpad boards import board.json --force"),
        _import,
        (
            arg("file", help="a file that was exported", completes="files"),
            arg("--force", action="store_true", help="replace a board of that name"),
        ),
    ),
    Command(
        ("boards", "delete"),
        "forget a board",
        ("launchpad boards delete 'My board'", "launchpad boards delete 'My board' --quiet"),
        _delete,
        (_NAME,),
    ),
)
