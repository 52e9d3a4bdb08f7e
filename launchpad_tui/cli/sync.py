"""The command that reads runtimes elsewhere."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from launchpad_tui.aiapi.values import rfc3339
from launchpad_tui.cli.command import Command, arg
from launchpad_tui.errors import CapabilityMissing, LaunchpadError

if TYPE_CHECKING:
    from launchpad_tui.cli.context import Context
    from launchpad_tui.domain.connection import Scope
    from launchpad_tui.services.sync.lists import Progress


def _sync(context: Context, options: argparse.Namespace) -> int:
    """Read the scope, or all of the connection's groups; 1 where one could not be read."""
    from launchpad_tui.domain.connection import Scope

    scope = context.scope
    _remote(context)
    done = [_one(context, scope, options.thorough)]
    if options.all:
        for group in context.desk.connections.groups(scope.connection):
            if group.name != scope.resource_group and group.deleted_at is None:
                done.append(_one(context, Scope(scope.connection, group.name), options.thorough))
    context.resources(
        done,
        lambda row: dict(
            zip(
                ("connection", "resourceGroup", "artifacts", "executions", "error"),
                row,
                strict=True,
            )
        ),
        ("CONNECTION", "GROUP", "ARTIFACTS", "EXECUTIONS", "ERROR"),
        lambda row: tuple(str(each) for each in row),
    )
    return 1 if any(row[-1] for row in done) else 0


def _one(context: Context, scope: Scope, thorough: bool) -> tuple[str, str, int, int, str]:
    from launchpad_tui.cli.progress import counted
    from launchpad_tui.domain.query import Query

    failed = ""
    with counted(f"Reading {scope}:", quiet=context.quiet) as tell:

        def told(progress: Progress) -> None:
            if tell is not None:
                of = "" if progress.total is None else f"of {progress.total:,} "
                tell(progress.done, f"{of}{progress.part}")

        try:
            context.desk.sync.sync(scope, told, thorough=thorough, again=thorough)
        except LaunchpadError as error:
            failed = error.title
            context.note(
                f"{scope}: "
                + ". ".join(
                    part.rstrip(".") for part in (error.title, error.detail, error.hint) if part
                )
            )
    artifacts = context.desk.artifacts.listing(scope, None, Query()).count()
    executions = context.desk.executions.count(scope, Query())
    return scope.connection, scope.resource_group, artifacts, executions, failed


def _status(context: Context, _options: argparse.Namespace) -> None:
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
            "readAt": rfc3339(row[1].done_at),
            "error": row[1].error,
            "reading": {"part": row[1].part, "position": row[1].position, "total": row[1].total}
            if row[1].part
            else None,
        },
        ("CONNECTION", "GROUP", "READ", "GOES ON", "LAST ERROR"),
        lambda row: (
            row[0].connection,
            row[0].resource_group,
            rfc3339(row[1].done_at) or "never",
            f"{row[1].part} {row[1].position:,} of {row[1].total:,}" if row[1].part else "",
            row[1].error,
        ),
    )


def _hold(context: Context, _options: argparse.Namespace) -> None:
    context.desk.sync.hold(_remote(context), True)
    context.done(
        f"{context.scope.connection} is read no more in the background.",
        id=context.scope.connection,
    )


def _resume(context: Context, _options: argparse.Namespace) -> None:
    context.desk.sync.hold(_remote(context), False)
    context.done(f"{context.scope.connection} is kept fresh again.", id=context.scope.connection)


def _remote(context: Context) -> str:
    """The connection. Raises CapabilityMissing where it is this machine."""
    if not context.desk.sync.is_remote(context.scope):
        raise CapabilityMissing(
            f"{context.scope.connection} is this machine: there is nothing to read",
            hint="Name another connection with --connection.",
        )
    return context.scope.connection


COMMANDS = (
    Command(
        ("sync", "now"),
        "read a resource group of a runtime elsewhere, so that it is there without a network",
        (
            "launchpad sync now --connection core",
            "launchpad sync now --connection core --all --json",
        ),
        _sync,
        (
            arg("--all", action="store_true", help="all resource groups of the connection"),
            arg(
                "--thorough",
                action="store_true",
                help="all from its beginning, also what seems not to have changed",
            ),
        ),
    ),
    Command(
        ("sync", "status"),
        "show when each resource group elsewhere was read, and what failed",
        ("launchpad sync status", "launchpad sync status --json"),
        _status,
    ),
    Command(
        ("sync", "hold"),
        "read a connection no more in the background; what is being read is broken off",
        ("launchpad sync hold --connection core", "launchpad sync hold --connection core --quiet"),
        _hold,
    ),
    Command(
        ("sync", "resume"),
        "keep a connection fresh again",
        (
            "launchpad sync resume --connection core",
            "launchpad sync resume --connection core --quiet",
        ),
        _resume,
    ),
)
