"""Commands that synchronize this machine with remote runtimes."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from launchpad_tui.aiapi.values import rfc3339
from launchpad_tui.cli.command import Command, argument
from launchpad_tui.cli.first_sync import synchronize
from launchpad_tui.cli.table import TableColumn
from launchpad_tui.errors import CapabilityMissing, LaunchpadError

if TYPE_CHECKING:
    from launchpad_tui.cli.context import CommandContext
    from launchpad_tui.domain.connection import Scope


def _sync(context: CommandContext, options: argparse.Namespace) -> int:
    """Synchronize one resource group or all of the connection; return 1 if one failed."""
    from launchpad_tui.domain.connection import Scope

    scope = context.scope
    _remote_connection(context)
    results = [_sync_group(context, scope, options.full)]
    if options.all:
        for group in context.desk.connections.groups(scope.connection):
            if group.name != scope.resource_group and group.deleted_at is None:
                results.append(
                    _sync_group(context, Scope(scope.connection, group.name), options.full)
                )
    context.resources(
        results,
        lambda row: dict(
            zip(
                ("connection", "resourceGroup", "artifacts", "executions", "error"),
                row,
                strict=True,
            )
        ),
        (
            "CONNECTION",
            "GROUP",
            TableColumn("ARTIFACTS", right=True),
            TableColumn("EXECUTIONS", right=True),
            "ERROR",
        ),
        lambda row: tuple(str(each) for each in row),
    )
    return 1 if any(row[-1] for row in results) else 0


def _sync_group(
    context: CommandContext, scope: Scope, full: bool
) -> tuple[str, str, int, int, str]:
    from launchpad_tui.domain.query import Query

    failed = ""
    try:
        synchronize(context.desk, scope, quiet=context.quiet, full=full)
    except LaunchpadError as error:
        failed = error.title
        lines = [f"launchpad: Synchronizing {scope} failed: {error.title}"]
        context.note("\n".join([*lines, *filter(None, (error.detail, error.hint))]))
    artifacts = context.desk.artifacts.listing(scope, None, Query()).count()
    executions = context.desk.executions.count(scope, Query())
    return scope.connection, scope.resource_group, artifacts, executions, failed


def _status(context: CommandContext, _options: argparse.Namespace) -> None:
    from launchpad_tui.domain.connection import Scope

    rows = [
        (scope, context.desk.sync.freshness(scope))
        for name in context.desk.sync.remote_connections()
        for scope in (Scope(name, group.name) for group in context.desk.connections.groups(name))
    ]
    context.resources(
        rows,
        lambda row: {
            "connection": row[0].connection,
            "resourceGroup": row[0].resource_group,
            "syncedAt": rfc3339(row[1].done_at),
            "error": row[1].error,
            "progress": {"part": row[1].part, "position": row[1].position, "total": row[1].total}
            if row[1].part
            else None,
        },
        ("CONNECTION", "GROUP", "LAST SYNC", "IN PROGRESS", "LAST ERROR"),
        lambda row: (
            row[0].connection,
            row[0].resource_group,
            context.time(row[1].done_at) or "never",
            f"{row[1].part} {row[1].position:,} of {row[1].total:,}" if row[1].part else "",
            row[1].error,
        ),
    )


def _pause(context: CommandContext, _options: argparse.Namespace) -> None:
    context.desk.sync.pause(_remote_connection(context))
    context.done(
        f"Paused background sync of {context.scope.connection}.",
        id=context.scope.connection,
    )


def _resume(context: CommandContext, _options: argparse.Namespace) -> None:
    context.desk.sync.resume(_remote_connection(context))
    context.done(
        f"Resumed background sync of {context.scope.connection}.", id=context.scope.connection
    )


def _remote_connection(context: CommandContext) -> str:
    """Return the name of the connection. Raises CapabilityMissing if it is not remote."""
    if not context.desk.sync.is_remote(context.scope):
        raise CapabilityMissing(
            f"Connection {context.scope.connection} has nothing to synchronize",
            "It is the embedded runtime of this machine.",
            "Select a remote connection with --connection.",
        )
    return context.scope.connection


COMMANDS = (
    Command(
        ("sync", "now"),
        "Synchronize a resource group of a remote runtime",
        (
            "launchpad sync now --connection core",
            "launchpad sync now --connection core --all --json",
        ),
        _sync,
        (
            argument(
                "--all",
                action="store_true",
                help="Synchronize all resource groups of the connection",
            ),
            argument(
                "--full",
                action="store_true",
                help="Fetch everything again, including lists that appear unchanged",
            ),
        ),
        details=("Synchronized data is available offline. The exit code is 1 if the sync failed."),
    ),
    Command(
        ("sync", "status"),
        "Show the sync status of remote resource groups",
        ("launchpad sync status", "launchpad sync status --json"),
        _status,
        details="Shows the last sync and the last error of each resource group.",
    ),
    Command(
        ("sync", "pause"),
        "Pause background sync of a connection",
        (
            "launchpad sync pause --connection core",
            "launchpad sync pause --connection core --quiet",
        ),
        _pause,
        details="A sync in progress is interrupted. launchpad sync now still works.",
    ),
    Command(
        ("sync", "resume"),
        "Resume background sync of a connection",
        (
            "launchpad sync resume --connection core",
            "launchpad sync resume --connection core --quiet",
        ),
        _resume,
    ),
)
