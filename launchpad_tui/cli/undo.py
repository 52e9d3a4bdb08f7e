"""The command that undoes the last change."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from launchpad_tui.aiapi.values import rfc3339
from launchpad_tui.cli.command import COMMAND_GROUPS, Command, argument
from launchpad_tui.cli.table import TableColumn
from launchpad_tui.errors import NotFound

if TYPE_CHECKING:
    from launchpad_tui.cli.context import CommandContext
    from launchpad_tui.domain.undo import UndoEntry


def _undo(context: CommandContext, options: argparse.Namespace) -> None:
    scope, service = context.scope, context.desk.undo
    if options.list:
        context.resources(
            service.entries(scope),
            _serialized,
            (TableColumn("CHANGE", cut_last=True), "TIME", TableColumn("BY", optional=1)),
            lambda one: (one.title, context.time(one.changed_at), one.changed_by),
            name=lambda one: str(one.number),
        )
        return
    last = service.last(scope)
    if last is None:
        raise NotFound(
            f"Nothing to undo in {scope}",
            "No edit, promotion or deletion was recorded that has not been undone.",
            "Show further changes of aliases with: launchpad models aliases --history",
        )
    if options.dry_run:
        when = f"{context.time(last.changed_at)} by {last.changed_by}"
        context.done(f"Dry run: the {last.title} ({when}) would be undone.", _serialized(last))
        return
    service.undo(scope, last)
    context.done(f"Undid the {last.title}.", _serialized(last), id=str(last.number))


def _serialized(one: UndoEntry) -> dict[str, Any]:
    return {
        "id": one.number,
        "kind": str(one.kind),
        "title": one.title,
        "changedAt": rfc3339(one.changed_at),
        "changedBy": one.changed_by,
    }


COMMANDS = (
    Command(
        ("undo",),
        COMMAND_GROUPS["undo"].help,
        ("launchpad undo", "launchpad undo --dry-run", "launchpad undo --list"),
        _undo,
        (
            argument("--list", action="store_true", help="List the changes that can be undone"),
            argument("--dry-run", action="store_true", help="Show what would be undone"),
        ),
        details=(
            "Edits of artifacts, changes of aliases, deletions that went into the trash, and the "
            "removal of sweeps are undone, one by each call, also those of the terminal interface. "
            "A change is not undone if its object was changed since."
        ),
    ),
)
