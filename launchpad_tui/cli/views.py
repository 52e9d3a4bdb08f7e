"""Commands on saved views of lists."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from launchpad_tui.cli.command import Command, argument
from launchpad_tui.errors import NotFound

if TYPE_CHECKING:
    from launchpad_tui.cli.context import CommandContext
    from launchpad_tui.services.views import SavedView


def _serialized(one: SavedView) -> dict[str, Any]:
    from launchpad_tui.domain.stored_query import view_form

    return {"list": one.list_name, "name": one.name, **view_form(one.query)}


def _list(context: CommandContext, options: argparse.Namespace) -> None:
    context.resources(
        context.desk.views.list(options.list or ""),
        _serialized,
        ("LIST", "NAME", "VIEW", "COLUMNS"),
        lambda one: (one.list_name, one.name, one.text, ", ".join(map(str, one.columns))),
        name=lambda one: one.name,
    )


def _delete(context: CommandContext, options: argparse.Namespace) -> None:
    views = context.desk.views
    found = [one for one in views.list(options.list or "") if one.name == options.name]
    if not found:
        known = ", ".join(dict.fromkeys(one.name for one in views.list(options.list or "")))
        raise NotFound(
            f"View {options.name[:80]!r} not found",
            f"Saved views: {known or 'none'}.",
            "List them with: launchpad views list",
        )
    for one in found:
        views.delete(one.list_name, one.name)
    lists = ", ".join(one.list_name for one in found)
    context.done(f"Deleted view {options.name} of {lists}.", id=options.name)


_LIST = argument(
    "--list",
    metavar="NAME",
    help="Only views of this list: models, datasets, resultsets, artifacts or executions",
)
COMMANDS = (
    Command(
        ("views", "list"),
        "List the saved views of lists",
        ("launchpad views list", "launchpad views list --list models --json"),
        _list,
        (_LIST,),
        details=(
            "A view has search, conditions, order and columns of a list. The option --save-view of "
            "models list, executions list and the other lists saves one."
        ),
    ),
    Command(
        ("views", "delete"),
        "Delete a saved view",
        ("launchpad views delete best", "launchpad views delete best --list models"),
        _delete,
        (argument("name", help="Name of the view"), _LIST),
    ),
)
